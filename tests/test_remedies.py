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
from small import FACTS, HEAD, write

import admission
from admission import ir, reference
from admission.datatypes import Kind, Type, Value
from admission.remedies import Remedy, TooManyRemediesError, remedies
from admission.testing import policies, tasks
from admission.testing.laws import inner

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
            return [low + timedelta(n) for n in range((high - low).days + 1)]  # type: ignore[operator,union-attr]
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
            for values in itertools.product(*(options[step] for step in chosen)):
                choice = dict(zip(chosen, values, strict=True))
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
                nearer = abs(other - base) < abs(value - base)  # type: ignore[operator] # of one ordered type
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


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_remedies_are_all_minimal_sets_of_changes(data: st.DataObject) -> None:
    """Law 6: on any small policy, the remedies are exactly what trying every set of changes gives."""
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
