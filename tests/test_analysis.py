"""What the prover says of a policy, and how: witnesses, the third answer, large registers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import admission
from admission.analysis import Finding
from admission.analysis.difference import Comparison, Unproved
from admission.analysis.questions import analyse
from admission.backends.smt import model as smt_model
from admission.cases import read_cases, run_cases
from admission.cli import main
from admission.diagnostics import Collector
from admission.engine import Policy
from small import SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
PROMISES = """\
invariants:
  never_urgent:
    never: verdict == admit and urgent
    reason: {zh: 急事不准入, en: Nothing urgent is admitted}
  cheap_is_fine:
    monotone: cost
    reason: {zh: 成本越高越好, en: A higher cost never hurts}
"""
FACT_NAMES = frozenset(("actions", "cost", "forms", "kind", "start_on", "unit"))
PLAN = """\
registers:
  plan:
    key: [unit]
    columns: {unit: unit, budget: {type: money, min: 0, absent: 0}}
    file: registers/plan.csv
    own: {zh: 自, en: own}
look_ups: {plan: {register: plan, match: {unit: unit}}}
requirements:
  planned:
    for: [community]
    require: plan.found and cost <= plan.budget
    reason: {zh: 清单, en: planned}
    own: {zh: 自, en: own}
"""


def small(folder: Path, text: str = SMALL, **files: str) -> Policy:
    """A small policy."""
    return admission.load(write(folder / "small", text, **files))


def found(policy: Policy, code: str) -> Finding:
    """The one finding with a code."""
    (finding,) = [finding for finding in analyse(policy.checked) if finding.code == code]
    return finding


def test_a_refuted_invariant_comes_with_the_smallest_task(tmp_path: Path) -> None:
    """The witness has only the facts that are needed, plain values, and the decision of the reference."""
    finding = found(small(tmp_path, SMALL + PROMISES), "A807")
    assert finding.diagnostic.message == "invariant `never_urgent` does not hold: Nothing urgent is admitted"
    assert finding.cases() == (
        "- id: found_never_urgent\n"
        "  as_of: 2019-01-01\n"
        "  task:\n"
        "    kind: help\n"
        '    cost: "0.00"\n'
        "    urgent: true\n"
        "  expect: {verdict: admit, channel: community, violations: []} # as decided today; confirm or correct"
    )


def test_a_refuted_monotone_comes_with_a_pair(tmp_path: Path) -> None:
    """Two tasks that differ in one fact: the first passes, the second, with more of it, is refused."""
    first, second = found(small(tmp_path, SMALL + PROMISES), "A808").witnesses
    assert (first.decision.verdict, second.decision.verdict) == ("admit", "refuse")
    assert {name: value for name, value in second.facts.items() if first.facts.get(name) != value}.keys() == {"cost"}
    assert first.facts["cost"] < second.facts["cost"]  # type: ignore[operator] # amounts


@pytest.mark.parametrize(("require", "promise", "code"), [
    ("count(actions) >= 1", "antitone: actions", "A813"),
    ("forms != 3", "antitone: forms", "A813"),
    ("start_on > as_of", "antitone: start_on", "A813"),
    ('unit != "a"', "irrelevant: unit", "A814"),
    ("persuade not in actions", "irrelevant: actions", "A814"),
    ("forms < 3 or forms > 9", "favourable: forms == 3 or forms == 9", "A815"),
    ("actions != {persuade}", "favourable: visit not in actions", "A815"),
    ("start_on > as_of", "favourable: start_on <= as_of", "A815"),
])  # fmt: skip
def test_a_promise_about_two_tasks_is_refuted_by_a_pair(tmp_path: Path, require: str, promise: str, code: str) -> None:
    """The two tasks differ in the one fact alone, and the reference decides them as the promise rules out."""
    text = SMALL.replace("require: funds >= cost", f"require: {require}")
    promised = f"invariants: {{promise: {{{promise}, reason: {{zh: 甲, en: a}}}}}}\n"
    first, second = found(small(tmp_path, text + promised), code).witnesses
    name = next(word for word in promise.split() if word in FACT_NAMES)
    assert {key for key in {**first.facts, **second.facts} if first.facts.get(key) != second.facts.get(key)} == {name}
    verdicts = {first.decision.verdict.value, second.decision.verdict.value}
    assert verdicts == {"admit", "refuse"}
    if code == "A813":
        assert second.facts[name] < first.facts[name]  # type: ignore[operator] # of one kind
        assert second.decision.verdict == "refuse"


@pytest.mark.parametrize("promise", [
    "antitone: cost", "irrelevant: unit", "irrelevant: actions", "monotone: funds",
    "favourable: cost == 0", "favourable: kind == duty", "favourable: unit != 'a'", "favourable: start_on > as_of",
])  # fmt: skip
def test_a_promise_about_two_tasks_is_proved(tmp_path: Path, promise: str) -> None:
    """Where no two tasks break it, a promise is proved and nothing is said of it."""
    promised = f"invariants: {{promise: {{{promise}, reason: {{zh: 甲, en: a}}}}}}\n"
    codes = {finding.code for finding in analyse(small(tmp_path, SMALL + promised).checked)}
    assert not codes & {"A808", "A813", "A814", "A815", "A899"}


def test_a_favourable_condition_may_turn_on_the_day(tmp_path: Path) -> None:
    """The pair that is shown is a pair on the day that is shown: false of the first task, true of the second."""
    text = SMALL.replace("require: funds >= cost", 'require: start_on <= date("2024-06-01")')
    promised = "invariants: {p: {favourable: start_on > as_of, reason: {zh: 甲, en: a}}}\n"
    first, second = found(small(tmp_path, text + promised), "A815").witnesses
    assert first.day == second.day
    assert first.facts["start_on"] <= first.day < second.facts["start_on"]  # type: ignore[operator] # dates
    assert (first.decision.verdict, second.decision.verdict) == ("admit", "refuse")


EVERY_TASK: list[dict[str, Any]] = [
    {"kind": kind, "urgent": urgent, "forms": forms, "cost": 0, "as_of": date(2020, 1, 1)}
    for kind, urgent, forms in product(("help", "duty", "sale"), (False, True), range(4))
]
"""As far as the rules of the next test tell tasks apart: 3 forms stand for any more, the other facts decide nothing."""


@pytest.mark.parametrize(("condition", "fact", "holds"), [
    ("urgent", "urgent", lambda urgent: urgent),
    ("not urgent", "urgent", lambda urgent: not urgent),
    ("kind == help", "kind", lambda kind: kind == "help"),
    ("kind != sale", "kind", lambda kind: kind != "sale"),
    ("kind == duty", "kind", lambda kind: kind == "duty"),
    ("forms == 0", "forms", lambda forms: forms == 0),
    ("forms >= 2", "forms", lambda forms: forms >= 2),
    ("forms == 1 or forms > 2", "forms", lambda forms: forms in (1, 3)),
])  # fmt: skip
@pytest.mark.parametrize("require", [
    "urgent", "not urgent", "forms <= 1", "forms != 2", "forms <= 1 or urgent", "forms >= 1 and not urgent",
    "forms >= 0",
])  # fmt: skip
def test_what_is_favourable_is_what_no_two_tasks_deny(
    tmp_path: Path, require: str, condition: str, fact: str, holds: Callable[[Any], bool]
) -> None:
    """The prover says of a promise what comes of looking at every two tasks that differ in the one fact."""
    promised = f'invariants: {{p: {{favourable: "{condition}", reason: {{zh: 甲, en: a}}}}}}\n'
    policy = small(tmp_path, SMALL.replace("funds >= cost", require) + promised)
    verdicts = [(task, policy.decide(task).verdict) for task in EVERY_TASK]
    hurt = any(
        {**one, fact: None} == {**other, fact: None} and not holds(one[fact]) and holds(other[fact])
        for (one, before), (other, after) in product(verdicts, verdicts)
        if before != "refuse" and after == "refuse"
    )
    codes = {finding.code for finding in analyse(policy.checked)} & {"A815", "A899"}
    assert codes == ({"A815"} if hurt else set())


def test_a_gap_is_found_and_can_be_forbidden(tmp_path: Path) -> None:
    """Work that no route takes is a warning; where an invariant promises that there is none, the promise is broken."""
    gap = found(small(tmp_path / "a"), "A802")
    assert (gap.diagnostic.severity, dict(gap.witnesses[0].facts)) == ("warning", {"kind": "sale"})
    promise = "invariants: {all: {never: violated(no_route), reason: {zh: 全, en: all}}}\n"
    codes = [finding.code for finding in analyse(small(tmp_path / "b", SMALL + promise).checked)]
    assert codes == ["A807"]


def test_a_layer_that_loosens_is_found(tmp_path: Path) -> None:
    """A layer that says it tightens and admits what the layer below refuses is found, with the task."""
    write(tmp_path / "small")
    layer = """\
policy: layer
version: "1"
title: {zh: 层, en: Layer}
extends: small
tightens: true
replaces: [funded]
in_force: {from: 2019-01-01, until: 2025-12-31}
languages: [zh, en]
exceptions:
  unless_urgent:
    waives: [funded]
    when: urgent
    reason: {zh: 急, en: urgent}
    own: {zh: 自, en: own}
"""
    finding = found(admission.load(write(tmp_path / "layer", layer)), "A809")
    (witness,) = finding.witnesses
    assert witness.decision.verdict == "admit"
    assert witness.facts["urgent"] is True
    assert admission.load(tmp_path / "small").decide({"kind": "help", "cost": 1}, as_of=witness.day).verdict == "refuse"


@pytest.mark.parametrize("name", ["china", "beijing"])
def test_a_witness_is_a_case_to_paste(tmp_path: Path, name: str) -> None:
    """A witness is read as a case of the policy and passes."""
    policy = admission.load(PACKS / name)
    changes = list(Comparison(admission.load(PACKS / "china").checked, policy.checked).changes())
    cases = [c.case(policy.checked, f"w{n}") for n, c in enumerate(changes) if not isinstance(c, Unproved)]
    (tmp_path / "cases.yaml").write_text("\n".join(cases) + "\n", encoding="utf-8") if cases else None
    faults = Collector()
    read = read_cases(policy.checked, [tmp_path / "cases.yaml"], faults) if cases else ()
    assert (list(faults), len(read)) == ([], len(cases))
    assert all(result.is_passed for result in run_cases(policy.decide_given, read))
    assert bool(cases) is (name == "beijing")


def test_what_is_not_settled_in_time_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """A question that takes too long is answered `not proved within N s`, and that is a finding."""
    from admission.backends.smt.prover import NotProved, Prover

    def too_late(*_: object) -> None:
        raise NotProved

    monkeypatch.setattr(Prover, "find", too_late)
    findings = list(analyse(admission.load(PACKS / "china").checked, seconds=2, ask=["invariants"]))
    assert {finding.code for finding in findings} == {"A899"}
    assert findings[0].diagnostic.severity == "error"
    assert findings[0].diagnostic.message.startswith("`community_never_leads`: not proved within 2 s: No assistance")


@pytest.fixture(params=["written out", "halved", "consulted"])
def rows_said(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways in which the rows of a register are told to the solver."""
    few, most = {"written out": (1000, 1000), "halved": (2, 1000), "consulted": (2, 2)}[request.param]
    monkeypatch.setattr(smt_model, "FEW_ROWS", few)
    monkeypatch.setattr(smt_model, "MOST_ROWS", most)
    return str(request.param)


def test_registers_are_read_exactly(tmp_path: Path, rows_said: str) -> None:
    """An amount that one row alone allows is found among many, and none beyond the largest."""
    rows = "unit,budget,valid_from\n" + "".join(f"u{n},{n},2020-01-01\n" for n in range(40))
    promise = "invariants:\n" + "".join(
        f"  to_{most}: {{never: verdict == admit and cost >= {most}, reason: {{zh: 甲, en: a}}}}\n" for most in (39, 40)
    )
    text = SMALL.replace("requirements:\n", PLAN) + promise
    policy = small(tmp_path, text, registers__plan_csv=rows)
    (finding,) = analyse(policy.checked, ask=["invariants"])
    assert (rows_said, finding.rule) == (rows_said, "to_39")
    assert finding.witnesses[0].facts["unit"] == "u39"
    assert finding.witnesses[0].day >= date(2020, 1, 1)


def test_what_the_solver_cannot_say_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A construct that the model does not say is refused by name, and nothing is said to be proved."""
    monkeypatch.setattr(smt_model, "MOST_ROWS", 0)
    sets = PLAN.replace("budget: {type: money, min: 0, absent: 0}", "budget: {type: actions, absent: []}")
    text = SMALL.replace("requirements:\n", sets.replace("cost <= plan.budget", "actions <= plan.budget"))
    policy = small(tmp_path, text, registers__plan_csv="unit,budget\nu1,visit\n")
    (finding,) = analyse(policy.checked)
    assert finding.code == "A899"
    assert "set column plan.budget of a register" in finding.diagnostic.message


def test_a_row_more_is_a_difference(tmp_path: Path, rows_said: str) -> None:
    """Two versions of a register differ on the unit that one of them lacks, and on no other."""
    rows = "unit,budget\n" + "".join(f"u{n},{n}\n" for n in range(12))
    text = SMALL.replace("requirements:\n", PLAN)
    old = small(tmp_path / "old", text, registers__plan_csv=rows).checked
    new = small(tmp_path / "new", text, registers__plan_csv=rows + "late,5\n").checked
    assert not list(Comparison(old, old).changes()), rows_said
    changes = [change for change in Comparison(old, new).changes() if not isinstance(change, Unproved)]
    assert changes
    assert {change.facts["unit"] for change in changes} == {"late"}


def test_check_shows_the_witness_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` prints each finding with its witness, exits 1, and leaves proofs out where it is told to."""
    folder = str(write(tmp_path / "small", SMALL + PROMISES))
    assert main(["check", folder, "--lang", "en"]) == 1
    said = capsys.readouterr()
    assert "- id: found_never_urgent\n" in said.out
    assert "error[A807]" in said.err
    assert main(["check", folder, "--format", "json"]) == 1
    codes = [json.loads(line)["code"] for line in capsys.readouterr().out.splitlines()]
    # What is unused in the small policy is said too, ahead of what the prover finds.
    assert [code for code in codes if not code.startswith("A0")] == ["A802", "A807", "A808"]
    assert main(["check", folder, "--no-proofs"]) == 0


def test_diff_of_a_policy_with_itself_is_a_proof(capsys: pytest.CaptureFixture[str]) -> None:
    """`diff` says that no task is decided differently only where that is proved, and exits 0."""
    assert main(["diff", str(PACKS / "beijing"), str(PACKS / "beijing"), "--lang", "en"]) == 0
    assert capsys.readouterr().out == "beijing 2019.1 → beijing 2019.1: proved: no task is decided differently\n"


def test_diff_between_two_days_names_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """From 2020 on a law may require a plaque: every change rests on that exception, and nothing else changes."""
    beijing = str(PACKS / "beijing")
    days = ["--as-of-old", "2019-12-31", "--as-of-new", "2020-01-01"]
    assert main(["diff", beijing, beijing, *days, "--format", "json"]) == 1
    changes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(c["old"]["verdict"], c["new"]["verdict"]) for c in changes} == {
        ("refuse", "admit"),
        ("refuse", "undetermined"),
        ("refuse", "refuse"),
    }
    for change in changes:
        assert change["rules"]["plaque_by_law"] == {"old": "absent", "new": "waives"}
        assert (change["task"]["plaque_or_body"], change["task"]["required_by_law"]) == (True, True)


def test_diff_speaks_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    """In Chinese the classes of change are told in the policy's own words."""
    beijing = str(PACKS / "beijing")
    assert (
        main(["diff", beijing, beijing, "--as-of-old", "2019-12-31", "--as-of-new", "2020-01-01", "--lang", "zh"]) == 1
    )
    said = capsys.readouterr().out
    assert (
        "结论改变: 不予准入（社区） → 准予准入（社区）\n   no_plaque: 违反 → 符合\n   plaque_by_law: 无 → 免除\n"
        in said
    )
    assert said.endswith("beijing 2019.1 → beijing 2019.1: 有 3 类事项的决定会不同\n")


def test_diff_counts_among_tasks_by_issuer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With tasks `diff` counts the changes by class and issuer; facts that one policy lacks are left to the other."""
    tasks = tmp_path / "tasks.jsonl"
    task = {"nature": "assistance", "plan_status": "adhoc_approved", "actions": ["mobilise"], "cost": 0,
            "conditions_provided": True, "submitted_on": "2019-08-01", "start_on": "2019-08-05"}  # fmt: skip
    listed = [
        {**task, "id": "late", "issuer": "甲"},
        {**task, "id": "soon", "issuer": "甲", "start_on": "2019-12-01"},
        {**task, "id": "open", "issuer": "乙", "start_on": None},
    ]
    tasks.write_text("\n".join(json.dumps(one) for one in listed), encoding="utf-8")
    pair = [str(PACKS / "beijing"), str(PACKS / "xicheng")]
    assert main(["diff", *pair, str(tasks), "--as-of", "2019-08-03", "--format", "json"]) == 1
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert said == [
        {"change": "admit (community) → refuse (community)", "issuer": "甲", "tasks": 1, "example": "late"},
        {"change": "admit (community) → undetermined (community)", "issuer": "乙", "tasks": 1, "example": "open"},
        {"total": 3, "changed": 2},
    ]


def test_diff_needs_a_day_on_which_both_are_in_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Policies of different years are compared on a day each; without, `diff` says so and exits 2."""
    old = write(tmp_path / "old")
    new = write(tmp_path / "new", SMALL.replace("{from: 2019-01-01, until: 2025-12-31}", "{from: 2026-01-01}"))
    assert main(["diff", str(old), str(new), "--lang", "en"]) == 2
    assert "error[A811]: the two policies are in force on no common day" in capsys.readouterr().err
    assert main(["diff", str(old), str(new), "--as-of-old", "2025-12-31", "--as-of-new", "2026-01-01"]) == 0


def test_generated_cases_cover_what_was_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Generated cases leave the expectation to the author; with it confirmed, nothing is left to cover."""
    folder = write(tmp_path / "small")
    assert main(["test", str(folder), "--generate", "--lang", "en"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("- id: generated_1\n  as_of: 2019-01-01\n  task:\n    kind: help\n")
    assert "\n  expect:" not in text
    (folder / "cases").mkdir()
    (folder / "cases" / "all.yaml").write_text(text, encoding="utf-8")
    assert main(["test", str(folder)]) == 2
    capsys.readouterr()
    (folder / "cases" / "all.yaml").write_text(text.replace("  # expect:", "  expect:"), encoding="utf-8")
    assert main(["test", str(folder)]) == 0
    capsys.readouterr()
    assert main(["test", str(folder), "--generate", "--lang", "en"]) == 0
    assert capsys.readouterr().out == "# the cases cover every outcome\n"


JUDGED = """
exceptions:
  early:
    waives: [funded]
    when: urgent and cost > 10
    reason: {zh: 乙, en: b}
    own: {zh: 自, en: own}
  idle:
    waives: [funded]
    when: urgent and cost > 0
    reason: {zh: 乙, en: b}
    own: {zh: 自, en: own}
obligations:
  pay:
    verdicts: [admit]
    when: cost > 5 and not urgent
    amount: cost
    reason: {zh: 丙, en: c}
    own: {zh: 自, en: own}
"""


def test_what_is_generated_covers_what_coverage_asks_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once confirmed, the cases show every condition true and false, but for those of which it says that no task can.

    An exception is asked only where what it waives is not met, a duty only where its verdict is: `cost > 0` cannot be
    false where funds, which are never negative, fall short of the cost.
    """
    folder = write(tmp_path / "p", SMALL + JUDGED, cases__c_yaml="[]\n")
    main(["test", str(folder), "--generate", "--lang", "en"])
    text = capsys.readouterr().out
    (folder / "cases" / "c.yaml").write_text(text.replace("# expect", "expect"), encoding="utf-8")
    impossible = [line for line in text.splitlines() if line.startswith("#")]
    assert impossible == ["# no task does this: idle: cost > 0 false"]
    main(["test", str(folder), "--coverage", "--format", "json"])
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    unseen = [
        (row["rule"], row["condition"], value)
        for row in said["coverage"]["rows"]
        for value in ("true", "false")
        if row["condition"] and row[value] is False
    ]
    assert unseen == [("idle", "cost > 0", "false")]
