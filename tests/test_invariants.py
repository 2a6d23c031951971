"""Invariants in the language: how they are written, what they may read, what keeps them from being read."""

from pathlib import Path

import pytest

import admission
from admission import ir, printer
from small import SMALL, write

INVARIANTS = """\
invariants:
  funded_only:
    never: verdict == admit and channel == community and funds < cost
    reason: {zh: 无经费不准入, en: Nothing unfunded is admitted}
  refused_for_a_reason:
    always: verdict in {admit, redirect} or violated(funded) or violated(no_route)
    reason: {zh: 不准入必有理由, en: A refusal has a reason}
  more_money: {monotone: funds, reason: {zh: 经费越多越好, en: More money never hurts}}
  fewer_actions: {antitone: actions, reason: {zh: 越少越好, en: Fewer actions never hurt}}
  any_unit: {irrelevant: unit, reason: {zh: 单位不论, en: The unit does not matter}}
"""


def test_an_invariant_reads_the_facts_and_the_decision(tmp_path: Path) -> None:
    """`verdict`, `channel` and `violated(rule)` are read in an invariant, and print as they were written."""
    invariants = admission.load(write(tmp_path / "small", SMALL + INVARIANTS)).checked.invariants
    assert [(i.id, i.promise, i.fact) for i in invariants.values()] == [
        ("funded_only", "never", None),
        ("refused_for_a_reason", "always", None),
        ("more_money", "monotone", "funds"),
        ("fewer_actions", "antitone", "actions"),
        ("any_unit", "irrelevant", "unit"),
    ]
    texts = [printer.expression(i.expr) for i in invariants.values() if i.expr is not None]
    assert texts == [
        "verdict == admit and channel == community and funds < cost",
        "verdict in {admit, redirect} or violated(funded) or violated(no_route)",
    ]


@pytest.mark.parametrize(("old", "new", "code"), [
    ("when: kind == help", "when: verdict == admit", "A430"),
    ("when: kind == help", "when: violated(funded)", "A430"),
    ("violated(funded)", "violated(fundet)", "A401"),
    ("violated(funded)", "violated(1)", "A308"),
    ("channel == community", "channel == comunity", "A400"),
    ("channel == community", "channel == 3", "A422"),
    ("monotone: funds", "monotone: fonds", "A401"),
    ("monotone: funds", "monotone: kind", "A431"),
    ("antitone: actions", "antitone: action", "A401"),
    ("antitone: actions", "antitone: unit", "A431"),
    ("irrelevant: unit", "irrelevant: unitt", "A401"),
    ("irrelevant: unit", "irrelevant: unit, antitone: funds", "A210"),
    ("monotone: funds", "monotone: funds, never: urgent", "A210"),
    ("more_money:", "funded:", "A403"),
    ("monotone: funds, ", "", "A217"),
])  # fmt: skip
def test_a_faulty_invariant_is_reported(tmp_path: Path, old: str, new: str, code: str) -> None:
    """What an invariant alone may read is refused elsewhere; names it gets wrong are reported where they stand."""
    text = SMALL + INVARIANTS
    assert old in text
    with pytest.raises(admission.PolicyError) as caught:
        admission.load(write(tmp_path / "small", text.replace(old, new)))
    assert code in [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_a_fact_cannot_stand_for_the_decision() -> None:
    """No fact has the name under which an invariant reads the decision."""
    policy = admission.load(Path(__file__).parents[1] / "policies" / "beijing").checked
    assert not ir.facts_of_decision(policy).keys() & policy.facts.keys()
