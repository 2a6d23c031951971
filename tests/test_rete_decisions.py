"""Decisions by durable-rules are those of the reference, on complete tasks."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import admission
from admission.backends.rete.decisions import DecisionMatcher, IncompleteTaskError
from admission.backends.rete.matcher import EngineMissingError, engine
from admission.decision import Given
from small import FACTS, HEAD, RULES, write

try:
    engine()
    HAS_ENGINE = True
except EngineMissingError:
    HAS_ENGINE = False
pytestmark = pytest.mark.skipif(not HAS_ENGINE, reason="durable-rules cannot be imported here")

PACKS = Path(__file__).parents[1] / "policies"


DAY = date(2019, 8, 3)
COMPLETE = dict[str, Any](
    kind="help", cost=500, funds=400, forms=0, urgent=False, start_on=DAY, unit="u", actions=frozenset[str]()
)


def decide(tmp_path: Path, text: str, **facts: Any) -> admission.Decision:
    """What the engine decides for a complete task of the small policy, with some facts changed."""
    policy = admission.load(write(tmp_path / "small", text))
    return DecisionMatcher(policy.checked).decide(Given({**COMPLETE, **facts}, DAY))


def test_a_task_that_leaves_a_fact_unknown_is_not_decided(tmp_path: Path) -> None:
    """The engine knows no unknowns: a fact neither given, nor found, nor assumed is said by name."""
    with pytest.raises(IncompleteTaskError, match="urgent"):
        decide(tmp_path, HEAD + FACTS + RULES, urgent=None)


def test_one_fen_short_is_violated(tmp_path: Path) -> None:
    """Amounts are whole fen in the engine: one fen short is short, equal is enough."""
    short = decide(tmp_path, HEAD + FACTS + RULES, cost=500, funds=499)
    assert (short.verdict, [v.rule for v in short.violations]) == ("refuse", ["funded"])
    assert decide(tmp_path, HEAD + FACTS + RULES, cost=500, funds=500).verdict == "admit"
    assert decide(tmp_path, HEAD + FACTS + RULES, kind="sale").violations[0].rule == "no_route"


def test_a_fact_called_due_is_a_day_like_any_other(tmp_path: Path) -> None:
    """`due` is a moment in a watch; in a rule it is the name of a fact."""
    text = (HEAD + FACTS + RULES).replace("start_on", "due").replace("funds >= cost", "due < as_of")
    facts = {"due": date(2019, 8, 2)}
    assert decide(tmp_path, text, **facts).verdict == "admit"
    assert decide(tmp_path, text, due=DAY).verdict == "refuse"


def test_policies_too_large_for_one_matcher_are_spread_over_several(tmp_path: Path) -> None:
    """Two hundred requirements and sixty routes, each above those after it, are decided all the same."""
    rules = [
        f'  rule{i}: {{for: [community], when: unit != "u{i}", require: forms < {i} or urgent, '
        "reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}"
        for i in range(200)
    ]
    routes = [
        f"  route{i}: {{to: department, when: forms == {i + 20} and kind == help, overrides: [to_community], "
        "reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}"
        for i in range(60)
    ]
    text = HEAD + FACTS + RULES.replace("requirements:", "\n".join([*routes, "requirements:", *rules]))
    found = decide(tmp_path, text, forms=7, unit="u5", funds=500)
    assert {v.rule for v in found.violations} == {f"rule{i}" for i in range(8) if i != 5}
    assert decide(tmp_path, text, forms=79).channel == "department"


def test_a_condition_with_too_many_clauses_is_one_field(tmp_path: Path) -> None:
    """A condition that would make too many rules is computed before the fact is asserted, and decides alike."""
    pairs = " and ".join(f"(forms == {i} or forms == {i + 50} or urgent)" for i in range(12))
    text = (HEAD + FACTS + RULES).replace("funds >= cost", pairs)
    assert decide(tmp_path, text, urgent=True).verdict == "admit"
    assert decide(tmp_path, text, urgent=False).verdict == "refuse"
    differ = " and ".join(f'unit != "u{i}"' for i in range(9))
    text = (HEAD + FACTS + RULES).replace("funds >= cost", differ)
    assert [decide(tmp_path, text, unit=unit).verdict for unit in ("u8", "u9")] == ["refuse", "admit"]
