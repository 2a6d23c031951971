"""Making a witness minimal: as few facts as possible, plain values, each step decided again by the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from admission import ir
from admission.datatypes import FEN_PER_YUAN, Kind, Type, Value

Facts = Mapping[str, Value]
Test = Callable[[Facts, date], bool]
"""Whether a task still shows what was found."""
ROUNDS = 4
"""A plainer value can make another fact needless, so both are tried again."""


def shrink(policy: ir.Policy, facts: Facts, day: date, shows: Test, keep: Iterable[str] = ()) -> tuple[Facts, date]:
    """The facts and the day with whatever is not needed taken out; `keep` are facts that stay as they are.

    INVARIANT: what is returned shows what was found if what was given does.
    """
    kept = set(keep)
    for _ in range(ROUNDS):
        fewer = simpler(policy, without(dict(facts), day, shows, kept), day, shows, kept)
        plain = next((d for d in plain_days(policy, day) if shows(fewer, d)), day)
        if (fewer, plain) == (facts, day):
            break
        facts, day = fewer, plain
    return facts, day


def without(facts: dict[str, Value], day: date, shows: Test, kept: set[str]) -> dict[str, Value]:
    """The facts less those that are not needed."""
    for name in [name for name in facts if name not in kept]:
        fewer = {n: v for n, v in facts.items() if n != name}
        if shows(fewer, day):
            facts = fewer
    return facts


def simpler(policy: ir.Policy, facts: dict[str, Value], day: date, shows: Test, kept: set[str]) -> dict[str, Value]:
    """The facts with plainer values, and sets with fewer elements."""
    for name in [name for name in facts if name not in kept and name in policy.facts]:
        candidates = plainer(policy.facts[name].type, facts[name])
        facts[name] = next((v for v in candidates if shows({**facts, name: v}, day)), facts[name])
        value = facts[name]
        for element in sorted(value) if isinstance(value, frozenset) else ():
            fewer = facts[name] - {element}  # type: ignore[operator] # a set
            if shows({**facts, name: fewer}, day):
                facts[name] = fewer
    return facts


def plainer(declared: Type, value: Value) -> Iterator[Value]:
    """Values of a type that are plainer than one, the plainest first."""
    candidates: list[Value] = []
    match declared.kind:
        case Kind.BOOL:
            candidates = [False]
        case Kind.INT | Kind.MONEY:
            unit = FEN_PER_YUAN if declared.kind is Kind.MONEY else 1
            candidates = [n * unit for n in (0, 1, 2, 5, 10, 100, 1000, 10_000, 100_000)]
        case Kind.DATE:
            candidates = [date(2020, 1, 1), date(2020, 6, 1), date(2021, 1, 1)]
        case Kind.TEXT:
            candidates = ["a"]
        case Kind.ENUM:
            candidates = list(declared.values)
        case Kind.SET:
            candidates = [frozenset(), *(frozenset((element,)) for element in declared.values)]
    for candidate in candidates:
        if candidate == value:
            return
        if declared.low is None or declared.high is None or declared.low <= candidate <= declared.high:  # type: ignore[operator] # of one kind
            yield candidate


def plain_days(policy: ir.Policy, day: date) -> Iterator[date]:
    """Days that are plainer than one: the first of the policy's period, and the first of a year."""
    if policy.period.start:
        yield policy.period.start
    for year in (2020, 2022, 2026, 2030):
        first = date(year, 1, 1)
        if first != day and first in policy.period:
            yield first
