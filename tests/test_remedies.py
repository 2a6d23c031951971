"""Remedies: law 6, against a brute force that knows nothing of how they are searched for."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace as with_changes
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission import ir, reference
from admission.datatypes import Kind, Type, Value, bounded
from admission.remedies import Remedy, TooManyRemediesError, remedies
from admission.testing import conditions, policies, tasks, values
from admission.testing.reports import inner
from profiles import examples

DAY = date(2019, 8, 3)
ROOT = Path(__file__).parents[1]
BEIJING = admission.load(ROOT / "policies/beijing")
XICHENG = admission.load(ROOT / "policies/xicheng")
Step = tuple[str, str | None]
Choice = Mapping[Step, Value | None]


# ------------------------------------------------------------------------------------------- brute force


def changeable(policy: ir.CheckedPolicy, facts: Mapping[str, Value], day: date) -> Iterator[ir.Fact]:
    """The facts that a change may set."""
    world = reference.World(policy, facts, day)
    keys = {key for look_up in policy.look_ups.values() for key in look_up.match.values()}
    for fact in policy.facts.values():
        held = reference.evaluate(fact.filled_by, world) if fact.filled_by else None
        if fact.changed_by and fact.name not in keys and held is None:
            yield fact


def steps(policy: ir.CheckedPolicy, facts: Mapping[str, Value], day: date) -> dict[Step, list[Value]]:
    """Every value that one change could set, by what it changes."""
    world = reference.World(policy, facts, day)
    found: dict[Step, list[Value]] = {}
    for fact in changeable(policy, facts, day):
        now = reference.fact(fact.name, world)
        if fact.type.kind is Kind.SET:
            for element in fact.type.values if isinstance(now, frozenset) else ():
                found[fact.name, element] = [element not in now]  # type: ignore[operator] # it is a set here
        else:
            found[fact.name, None] = [value for value in every(fact.type) if value != now]
    return found


def every(declared: Type) -> list[Value]:
    """All values of a small type."""
    match declared.kind:
        case Kind.BOOL:
            return [False, True]
        case Kind.INT | Kind.MONEY:
            return list(range(declared.low, declared.high + 1))  # type: ignore[arg-type,operator] # of a number
        case Kind.DATE:
            low, high = declared.low, declared.high
            assert isinstance(low, date)
            assert isinstance(high, date)
            return [low + timedelta(n) for n in range((high - low).days + 1)]
        case _:
            return list(declared.values)


def changed(policy: ir.CheckedPolicy, facts: Mapping[str, Value], day: date, choice: Choice) -> dict[str, Value]:
    """The facts with some changes made."""
    after = dict(facts)
    world = reference.World(policy, facts, day)
    for (name, element), value in choice.items():
        if element is None:
            after[name] = value  # type: ignore[assignment] # a change sets a value
        else:
            held: Any = after.get(name, reference.fact(name, world))
            after[name] = held | {element} if value else held - {element}
    return after


def minimal_by_brute_force(
    policy: ir.CheckedPolicy, facts: Mapping[str, Value], day: date, want: str
) -> set[frozenset[tuple[Step, Value]]]:
    """Law 6 to the letter: every set of changes is tried, of every size."""
    world = reference.World(policy, facts, day)
    options = steps(policy, facts, day)
    verdicts: dict[frozenset[tuple[Step, Value]], bool] = {}
    for size in range(len(options) + 1):
        for chosen in itertools.combinations(options, size):
            for picked in itertools.product(*(options[step] for step in chosen)):
                choice = dict(zip(chosen, picked, strict=True))
                after = changed(policy, facts, day, choice)
                verdicts[frozenset(choice.items())] = reference.decide(policy, after, day).verdict == want

    def is_nearest(changes: frozenset[tuple[Step, Value]]) -> bool:
        for (name, element), value in changes:
            declared = policy.facts[name].type
            if element is not None or not declared.is_ordered:
                continue
            now: Any = reference.fact(name, world)
            base: Any = now if now is not None else day if declared.kind is Kind.DATE else 0
            base = min(max(base, declared.low), declared.high) if now is None else base
            rest = changes - {((name, element), value)}
            for other in options[name, None]:
                nearer = abs(other - base) < abs(value - base)
                if nearer and verdicts[rest | {((name, None), other)}]:
                    return False
        return True

    def is_minimal(changes: frozenset[tuple[Step, Value]]) -> bool:
        smaller = (frozenset(s) for n in range(len(changes)) for s in itertools.combinations(changes, n))
        return not any(verdicts[less] for less in smaller)

    return {changes for changes, works in verdicts.items() if works and is_minimal(changes) and is_nearest(changes)}


def as_steps(found: Iterable[Remedy]) -> set[frozenset[tuple[Step, Value]]]:
    """Remedies in the form of the brute force."""
    return {frozenset(map(as_step, remedy.changes)) for remedy in found}


def as_step(change: Any) -> tuple[Step, Value]:
    """One change in the form of the brute force."""
    if change.action == "set":
        return (change.fact, None), change.inner[1]
    element = change.after if change.action == "add" else change.before
    return (change.fact, element), change.action == "add"


def shrunk(policy: ir.CheckedPolicy, most: int) -> ir.CheckedPolicy | None:
    """The policy with at most `most` changeable facts, all of which have few values; None where none is left."""
    small = [
        f.name
        for f in policy.facts.values()
        if f.type.kind in (Kind.BOOL, Kind.ENUM, Kind.SET)
        or (f.type.kind is Kind.INT and int(f.type.high or 0) - int(f.type.low or 0) < 20)  # type: ignore[arg-type]
    ][:most]
    facts = {n: with_changes(f, changed_by=("issuer",) if n in small else ()) for n, f in policy.facts.items()}
    parties = {"issuer": {"zh": "甲", "en": "a"}}
    return ir.CheckedPolicy(with_changes(policy, facts=facts, parties=parties)) if small else None


TYPES = {
    "b": Type(Kind.BOOL),
    "e": Type(Kind.ENUM, ("red", "green", "blue")),
    "n": bounded(Kind.INT, 0, 9),
    "m": bounded(Kind.INT, 0, 4),
    "s": Type(Kind.SET, ("red", "green", "blue")),
    "d": bounded(Kind.DATE, date(2018, 12, 26), date(2019, 1, 6)),
}
LABEL = {"zh": "甲", "en": "a"}
OWN = ir.Basis(own=LABEL)
HERE = date(2019, 1, 3)
LETTERS = ir.Policy(
    id="letters",
    version="1",
    subject="task",
    place="letters",
    title=LABEL,
    period=ir.Period(date(2019, 1, 1)),
    languages=("zh", "en"),
    parties={"issuer": LABEL},
    facts={name: ir.Fact(name, declared, LABEL) for name, declared in TYPES.items()},
    channels={"in": ir.Channel("in", "admit", LABEL), "out": ir.Channel("out", "redirect", LABEL)},
)
CONDITIONS = conditions(admission.Policy(ir.CheckedPolicy(LETTERS)), depth=2)


def demands(name: str, channel: str, when: ir.Expr | None, require: ir.Expr) -> ir.Requirement:
    """A requirement of the made-up policy."""
    return ir.Requirement(name, (channel,), when, require, "refuse", LABEL, {}, OWN)


@st.composite
def lettered(draw: st.DrawFn) -> tuple[ir.CheckedPolicy, dict[str, Value]]:
    """A policy over six small facts, some of which may be changed, and a task."""
    routes = {
        "there": ir.Route("there", "out", draw(CONDITIONS), ("here",), LABEL, OWN),
        "here": ir.Route("here", "in", draw(st.none() | CONDITIONS), (), LABEL, OWN),
    }
    if draw(st.booleans()):  # a third that may clash with the others
        routes["also"] = ir.Route("also", draw(st.sampled_from(("in", "out"))), draw(CONDITIONS), (), LABEL, OWN)
    rules = [
        demands(f"r{n}", draw(st.sampled_from(("in", "in", "out"))), draw(st.none() | CONDITIONS), draw(CONDITIONS))
        for n in range(draw(st.integers(1, 3)))
    ]
    free = draw(st.sets(st.sampled_from(sorted(TYPES)), min_size=1, max_size=3))
    facts = {n: ir.Fact(n, t, LABEL, changed_by=("issuer",) if n in free else ()) for n, t in TYPES.items()}
    given = {name: draw(values(declared)) for name, declared in TYPES.items() if draw(st.integers(0, 5))}
    requirements = {rule.id: rule for rule in rules}
    changed_policy = with_changes(LETTERS, facts=facts, routes=routes, requirements=requirements)
    return ir.CheckedPolicy(changed_policy), given


@settings(suppress_health_check=list(HealthCheck))
@given(lettered(), st.sampled_from(("admit", "admit", "redirect", "refuse")))
def test_remedies_are_all_minimal_sets_of_changes(drawn: tuple[ir.CheckedPolicy, dict[str, Value]], want: str) -> None:
    """Law 6: the remedies are exactly what trying every set of changes to every value gives."""
    policy, facts = drawn
    found = remedies(policy, reference.decide(policy, facts, HERE), want)
    assert as_steps(found) == minimal_by_brute_force(policy, facts, HERE, want)


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_remedies_know_registers_and_layers(data: st.DataObject) -> None:
    """Law 6 holds of whole policies, with registers, look-ups, definitions, exceptions and layers."""
    drawn = data.draw(policies())
    policy = shrunk(drawn.checked, 3)
    if policy is None:
        return
    task = data.draw(tasks(drawn))
    facts, day = inner(drawn, task), task[ir.AS_OF]
    want = data.draw(st.sampled_from(("admit", "redirect", "refuse")))
    assert isinstance(day, date)
    found = remedies(policy, reference.decide(policy, facts, day), want)
    assert as_steps(found) == minimal_by_brute_force(policy, facts, day, want)


# ---------------------------------------------------------------------------------------- the shipped packs


ASSISTANCE = {
    "nature": "assistance",
    "plan_status": "annual_plan",
    "actions": {"persuade"},
    "cost": 80_000,
    "funding": 80_000,
    "funding_source": "issuer_budget",
    "conditions_provided": True,
    "issuer_level": "district",
}


def texts(task: Mapping[str, object], **options: Any) -> list[str]:
    """The remedies of a task of Beijing, in English."""
    return [remedy.text("en") for remedy in BEIJING.remedies(task, as_of=DAY, **options)]


def test_what_is_admitted_needs_no_change() -> None:
    """If the verdict is already the wanted one the only remedy is the empty one."""
    (remedy,) = BEIJING.remedies(ASSISTANCE, as_of=DAY)
    assert remedy.changes == ()
    assert (remedy.text("en"), remedy.text("zh")) == ("nothing needs to change", "无需改变")


def test_an_amount_is_raised_to_what_is_needed() -> None:
    """For a number the change is to the nearest value that works: one fen short is raised by one fen."""
    task = {**ASSISTANCE, "funding": Decimal("79999.99")}
    assert texts(task) == ["raise “funds provided” to 80,000.00 (the unit that asks)"]
    (remedy,) = BEIJING.remedies(task, as_of=DAY)
    (change,) = remedy.changes
    assert (change.fact, change.before, change.after, change.by) == (
        "funding",
        Decimal("79999.99"),
        Decimal("80000.00"),
        ("issuer",),
    )
    assert remedy.rules == ("funds_follow_task",)
    assert remedy.advice("en") == ("Provide the whole cost from your budget or a special fund",)


def test_a_number_is_lowered_no_further_than_it_must_be() -> None:
    """Nine forms where five may stand and two stand already: three are left, not none."""
    task = {**ASSISTANCE, "forms": 9, "forms_in_use": 2}
    assert texts(task) == ["lower “forms added” to 3 (the unit that asks)"]


def test_each_element_of_a_set_is_a_change_of_its_own() -> None:
    """For a set a change adds or removes one element; two that are barred are two changes, in Chinese too."""
    task = {**ASSISTANCE, "actions": {"persuade", "enforce", "collect_fees"}}
    (remedy,) = BEIJING.remedies(task, as_of=DAY)
    assert [(c.fact, c.action, c.before, c.after) for c in remedy.changes] == [
        ("actions", "remove", "collect_fees", None),
        ("actions", "remove", "enforce", None),
    ]
    first = "从“要求社区做的事”中删去“收取费用”（申请单位）"
    assert remedy.text("zh") == f"{first}；从“要求社区做的事”中删去“行政执法”（申请单位）"


def test_alternatives_are_all_given_in_a_fixed_order() -> None:
    """Off the plan, two standings would do, and either fund would pay: four remedies, by fact and value."""
    task = {**ASSISTANCE, "plan_status": "not_listed", "funding_source": "community_public_fund"}
    found = BEIJING.remedies(task, as_of=DAY)
    assert [[c.after for c in remedy.changes] for remedy in found] == [
        ["issuer_budget", "adhoc_approved"],
        ["issuer_budget", "annual_plan"],
        ["special_fund", "adhoc_approved"],
        ["special_fund", "annual_plan"],
    ]


def test_only_the_parties_who_may_act_are_counted_on() -> None:
    """With `by`, only those parties change anything: what needs the reviewer has no remedy of the issuer's."""
    task = {**ASSISTANCE, "plan_status": "not_listed"}
    assert len(texts(task, by="reviewer")) == 2
    assert texts(task, by=["issuer"]) == []


def test_what_is_unknown_and_not_changed_stays_unknown() -> None:
    """An unknown fact that a party may change can be settled; one that nobody may change stays in the way."""
    task = {key: value for key, value in ASSISTANCE.items() if key != "conditions_provided"}
    assert texts(task) == ["see to it that “necessary conditions provided” is “yes” (the unit that asks)"]
    assert texts({key: value for key, value in ASSISTANCE.items() if key != "cost"}) == []


def test_a_refusal_can_be_wanted() -> None:
    """`want="refuse"` says which single changes would bring a refusal; the nearest amount is one fen short."""
    found = BEIJING.remedies(ASSISTANCE, as_of=DAY, want="refuse")
    assert {len(remedy.changes) for remedy in found} == {1}
    assert [r.changes[0].after for r in found if r.changes[0].fact == "funding"] == [Decimal("79999.99")]
    assert [r.changes[0].after for r in found if r.changes[0].fact == "forms"] == [6]


def test_a_date_is_put_off_to_the_thirtieth_working_day() -> None:
    """A date moves to the nearest day that works: the thirtieth working day after the application."""
    policy = with_changes(XICHENG.checked, facts=dict(XICHENG.checked.facts))
    start = with_changes(policy.facts["start_on"], changed_by=("issuer",))
    policy = ir.CheckedPolicy(with_changes(policy, facts={**policy.facts, "start_on": start}))
    task = {**ASSISTANCE, "plan_status": "adhoc_approved"}
    task |= {"submitted_on": date(2019, 8, 5), "start_on": date(2019, 8, 20)}
    (remedy,) = admission.Policy(policy).remedies(task, as_of=DAY, by="issuer")
    # 5 August 2019 is a Monday: 19 working days to the end of August, the 30th is Monday 16 September but for
    # Mid-Autumn (Friday 13 September), which puts it on Tuesday the 17th.
    assert remedy.changes[0].after == date(2019, 9, 17)
    assert remedy.changes[0].text("en").startswith("put “")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"want": "undetermined"}, "want='undetermined': expected admit, redirect or refuse"),
        ({"by": "isuer"}, "by='isuer': expected one of community, issuer, reviewer; did you mean 'issuer'?"),
    ],
)
def test_a_wrong_call_says_what_was_expected(options: dict[str, Any], said: str) -> None:
    """A verdict that cannot be wanted, or a party that is not declared, is refused by name."""
    with pytest.raises(ValueError, match="expected") as caught:
        BEIJING.remedies(ASSISTANCE, as_of=DAY, **options)
    assert str(caught.value) == said


@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
@given(tasks(BEIJING))
def test_every_remedy_of_a_pack_does_what_it_promises(task: dict[str, object]) -> None:
    """Applying a remedy gives the verdict it promises, no proper subset does, and all are in order of cost."""
    found = BEIJING.remedies(task)
    assert list(found) == sorted(found, key=lambda remedy: len(remedy.changes))
    for remedy in found:
        assert BEIJING.decide(remedy.apply()).verdict == "admit"
    before = BEIJING.decide(task)
    smallest = found[0].changes if found else ()
    for n in range(len(smallest)):
        for some in itertools.combinations(smallest, n):
            partly = with_changes(found[0], changes=some)
            after = reference.decide(BEIJING.checked, partly.facts, before.as_of)
            assert after.verdict != "admit"


def test_remedies_stand_in_the_explanation_and_on_request_in_the_decision() -> None:
    """`explain` gives the remedies in its language and in `to_dict`; a decision's `to_dict` where it is asked to."""
    decision = BEIJING.decide({**ASSISTANCE, "funding": 0}, as_of=DAY)
    assert "raise “funds provided” to 80,000.00" in str(decision.explain("en"))
    assert "把“到位经费”提高到 80,000.00" in str(decision.explain("zh"))
    expected = [
        {
            "changes": [
                {
                    "fact": "funding",
                    "action": "set",
                    "from": "0.00",
                    "to": "80000.00",
                    "by": ["issuer"],
                    "text": {"zh": "把“到位经费”提高到 80,000.00", "en": "raise “funds provided” to 80,000.00"},
                }
            ],
            "rules": ["funds_follow_task"],
            "text": {
                "zh": "把“到位经费”提高到 80,000.00（申请单位）",
                "en": "raise “funds provided” to 80,000.00 (the unit that asks)",
            },
        }
    ]
    assert decision.explain("zh").to_dict()["remedies"] == expected
    assert decision.to_dict(remedies=True)["remedies"] == expected
    assert "remedies" not in decision.to_dict()


def test_a_refusal_that_nobody_can_mend_says_so() -> None:
    """Where nothing that a party may change leads to `admit`, the explanation says so."""
    decision = BEIJING.decide({**ASSISTANCE, "government_data_suffices": True}, as_of=DAY)
    assert decision.remedies() == ()
    task = {"nature": "assistance", "actions": {"enforce"}}
    lawless = with_changes(
        BEIJING.checked, facts={n: with_changes(f, changed_by=()) for n, f in BEIJING.checked.facts.items()}
    )
    said = str(admission.Policy(ir.CheckedPolicy(lawless)).decide(task, as_of=DAY).explain("en"))
    assert "nothing that a party may change would make it “not admitted”" not in said
    assert "nothing that a party may change would make it “admitted”" in said


def test_too_many_ways_are_said_to_be_too_many() -> None:
    """Where there are thousands of minimal sets, the search stops and says so; the explanation leaves them out."""
    declared = Type(Kind.SET, tuple(f"e{n}" for n in range(24)))
    elements = ir.Fact("many", declared, LABEL, changed_by=("issuer",))
    half = ir.Compare("==", ir.Count(ir.ReadFact("many", declared)), ir.Literal(12, bounded(Kind.INT)))
    here = ir.Route("here", "in", None, (), LABEL, OWN)
    policy = with_changes(
        LETTERS,
        facts={"many": elements},
        routes={"here": here},
        requirements={"half": demands("half", "in", None, half)},
    )
    loaded = admission.Policy(ir.CheckedPolicy(policy))
    with pytest.raises(TooManyRemediesError):
        loaded.remedies({"many": set()}, as_of=HERE)
    assert "refuse" in str(loaded.decide({"many": set()}, as_of=HERE).explain("en"))


def test_a_size_of_a_set_is_reached_by_every_smallest_choice() -> None:
    """Where a set must have at least two elements and has none of three, there are three ways to add two."""
    size = ir.Compare(">=", ir.Count(ir.ReadFact("s", TYPES["s"])), ir.Literal(2, bounded(Kind.INT)))
    fact = ir.Fact("s", TYPES["s"], LABEL, changed_by=("issuer",))
    rules = {"two": demands("two", "in", None, size)}
    routes = {"here": ir.Route("here", "in", None, (), LABEL, OWN)}
    policy = with_changes(LETTERS, facts={"s": fact}, routes=routes, requirements=rules)
    found = admission.Policy(ir.CheckedPolicy(policy)).remedies({"s": set()}, as_of=HERE)
    assert [[c.after for c in r.changes] for r in found] == [["blue", "green"], ["blue", "red"], ["green", "red"]]
