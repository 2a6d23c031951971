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
  help_never_hurts: {favourable: kind == help, reason: {zh: 协助无妨, en: Help never hurts}}
  any_unit: {irrelevant: unit, reason: {zh: 单位不论, en: The unit does not matter}}
"""
BESIDE = """\
parameters:
  soon: {type: int, values: {2019-01-01: 5}, own: {zh: 自, en: own}, zh: 近, en: soon}
definitions:
  is_duty: {is: kind == duty, zh: 职责, en: a duty}
  is_urgent_duty: {is: is_duty and urgent, zh: 急的职责, en: an urgent duty}
registers:
  plan:
    key: [unit]
    columns: {unit: unit, budget: {type: money, min: 0, absent: 0}}
    file: registers/plan.csv
    own: {zh: 自, en: own}
look_ups: {plan: {register: plan, match: {unit: unit}}}
"""


def test_an_invariant_reads_the_facts_and_the_decision(tmp_path: Path) -> None:
    """`verdict`, `channel` and `violated(rule)` are read in an invariant, and print as they were written."""
    invariants = admission.load(write(tmp_path / "small", SMALL + INVARIANTS)).checked.invariants
    assert [(i.id, i.promise, i.fact) for i in invariants.values()] == [
        ("funded_only", "never", None),
        ("refused_for_a_reason", "always", None),
        ("more_money", "monotone", "funds"),
        ("fewer_actions", "antitone", "actions"),
        ("help_never_hurts", "favourable", "kind"),
        ("any_unit", "irrelevant", "unit"),
    ]
    texts = [printer.expression(i.expr) for i in invariants.values() if i.expr is not None]
    assert texts == [
        "verdict == admit and channel == community and funds < cost",
        "verdict in {admit, redirect} or violated(funded) or violated(no_route)",
        "kind == help",
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
    ("favourable: kind == help", "favourable: kind == halp", "A400"),
    ("favourable: kind == help", "favourable: kind", "A410"),
    ("favourable: kind == help", "favourable: kind == help, irrelevant: kind", "A210"),
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


def favoured(folder: Path, condition: str) -> admission.Policy:
    """A policy with a promise that a condition is favourable."""
    promise = f'invariants:\n  p: {{favourable: "{condition}", reason: {{zh: 甲, en: a}}}}\n'
    return admission.load(write(folder / "small", SMALL + BESIDE + promise, registers__plan_csv="unit,budget\na,5\n"))


@pytest.mark.parametrize(("condition", "fact"), [
    ("kind in {help, duty}", "kind"),
    ("urgent", "urgent"),
    ("not is_duty and kind != sale", "kind"),
    ("start_on >= workday(as_of, soon)", "start_on"),
    ("count(actions) <= 1 or persuade not in actions", "actions"),
])  # fmt: skip
def test_a_favourable_condition_reads_one_fact(tmp_path: Path, condition: str, fact: str) -> None:
    """It may read one fact, however often, with constants, parameters, `as_of`, and definitions of that fact alone."""
    policy = favoured(tmp_path, condition)
    assert policy.checked.invariants["p"].fact == fact


@pytest.mark.parametrize(("condition", "found"), [
    ("kind == help and urgent", "`kind`, `urgent`"),
    ("not is_urgent_duty", "`kind`, `urgent`"),
    ("plan.found", "`plan.found`"),
    ("cost <= plan.budget", "`cost`, `plan.budget`"),
    ("verdict == admit", "`verdict`"),
    ("kind == help and not violated(funded)", "`kind`, `violated(funded)`"),
    ("as_of >= date('2020-01-01')", "nothing"),
    ("soon > 3", "nothing"),
])  # fmt: skip
def test_a_favourable_condition_on_anything_else_is_reported(tmp_path: Path, condition: str, found: str) -> None:
    """No fact, two facts, a look-up and the decision are refused, through a definition too, with what was read."""
    with pytest.raises(admission.PolicyError) as caught:
        favoured(tmp_path, condition)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.message) == (
        "A432",
        f"a favourable condition reads exactly one fact; here it reads {found}",
    )


def test_a_layer_inherits_what_is_favourable(tmp_path: Path) -> None:
    """A layer keeps the promise of the layer below, with the fact that it reads."""
    favoured(tmp_path, "kind == help")
    layer = (
        'policy: layer\nversion: "1"\ntitle: {zh: 层, en: Layer}\nextends: small\n'
        "in_force: {from: 2019-01-01, until: 2025-12-31}\nlanguages: [zh, en]\n"
    )
    promise = admission.load(write(tmp_path / "layer", layer)).checked.invariants["p"]
    assert (promise.promise, promise.fact, promise.layer) == ("favourable", "kind", "small")


def test_the_digest_tells_one_favourable_condition_from_another(tmp_path: Path) -> None:
    """Another condition is another policy; the same one is not."""
    digests = [
        favoured(tmp_path / str(n), text).digest
        for n, text in enumerate(["kind == help", "kind == help", "kind == duty"])
    ]
    assert digests[0] == digests[1] != digests[2]
