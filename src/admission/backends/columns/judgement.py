"""The decision of semantics, section 5, for one combination of truths: of the routes, and of the demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import polars as pl

from admission import ir
from admission.backends.columns.answers import Answer
from admission.backends.columns.numbering import is_tabled
from admission.backends.columns.terms import repeated

Judged = bool | None
MOST_TABLES = 16  # of answers, of up to a MiB each


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that can speak on a day."""

    routes: Mapping[str, ir.Route]
    requirements: Mapping[str, ir.Requirement]
    """Those of effect note too, of the channels that some route leads to."""
    waivers: Mapping[str, tuple[ir.ExceptionRule, ...]]
    above: Mapping[str, tuple[str, ...]]
    """The routes above each route, directly or through others."""

    @classmethod
    def on(cls, policy: ir.CheckedPolicy, day: date) -> InForce:
        """The rules in force on a day."""
        routes = {name: route for name, route in sorted(policy.routes.items()) if day in route.period}
        reached = {route.to for route in routes.values()}
        requirements = {
            name: rule
            for name, rule in sorted(policy.requirements.items())
            if day in rule.period and reached & set(rule.channels)
        }
        exceptions = [rule for rule in policy.exceptions.values() if day in rule.period]
        waivers = {name: tuple(e for e in exceptions if name in e.waives) for name in requirements}
        return cls(routes, requirements, waivers, {name: _above(name, routes) for name in routes})

    def leading_to(self, requirement: ir.Requirement) -> list[str]:
        """The routes to the channels of a requirement."""
        return [name for name, route in self.routes.items() if route.to in requirement.channels]


def _above(name: str, routes: Mapping[str, ir.Route]) -> tuple[str, ...]:
    found = {name}
    while more := {other for other, route in routes.items() if found & set(route.overrides)} - found:
        found |= more
    return tuple(sorted(found - {name}))


class State(NamedTuple):
    """What the answer of a task depends on: one of the combinations of truths that occur."""

    routes: tuple[Judged, ...]
    """The effective condition of each route in force."""
    demands: tuple[Judged, ...]
    """The demand of each requirement; true where no route leads to its channels."""
    is_nowhere: bool
    """Whether no route's own condition is true."""


class Judgement(NamedTuple):
    """An answer, and what is unknown behind it where it is undetermined."""

    answer: Answer
    unknown_routes: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the answer is to say which facts are missing."""
        return bool(self.unknown_routes or self.answer.open)


@dataclass(frozen=True, slots=True)
class Bench:
    """The rules in force on a day, and what was judged under them. Threads may share it."""

    policy: ir.CheckedPolicy
    rules: InForce
    judged: dict[tuple[bool | None, ...], dict[int, Judgement]] = field(default_factory=dict, repr=False)
    """By the conditions that are the same on every row, and the bits of the others."""
    answered: dict[tuple[bool | None, ...], pl.Series] = field(default_factory=dict, repr=False)
    """By the same conditions a table of the numbers of answers by those bits; null where none is known, or where the
    answer says what is missing, which the bits do not tell."""

    @classmethod
    def on(cls, policy: ir.CheckedPolicy, day: date) -> Bench:
        """The bench of a day."""
        return cls(policy, InForce.on(policy, day))

    def learn(self, constants: tuple[bool | None, ...], width: int, found: Mapping[int, int]) -> None:
        """Put the numbers of answers by their bits, of which there are `width`, into the table, where it holds them."""
        table = self.answered.get(constants)
        if not is_tabled(width) or (table is None and len(self.answered) >= MOST_TABLES):
            return
        keys = pl.Series(found.keys(), dtype=pl.UInt32)
        table = repeated(None, pl.UInt32, 1 << width) if table is None else table
        if table[keys].null_count():
            # INVARIANT: threads may learn at once; each table is true, and what one of them lacks is learnt again.
            self.answered[constants] = table.clone().scatter(keys, pl.Series(found.values(), dtype=pl.UInt32))


def judge(policy: ir.CheckedPolicy, rules: InForce, state: State) -> Judgement:
    """The answer of a state, but for the facts that are missing."""
    truth = dict(zip(rules.routes, state.routes, strict=True))
    taken, unsettled = ([name for name in truth if truth[name] is told] for told in (True, None))
    if len(taken) > 1:
        return Judgement(Answer("undetermined", conflict=tuple(taken)))
    candidates: set[str | None] = {rules.routes[name].to for name in (*taken, *unsettled)}
    candidates |= {None} if state.is_nowhere else set()
    demands = dict(zip(rules.requirements, state.demands, strict=True))

    def judged(channel: str | None, told: Judged, effect: str = "refuse") -> set[str]:
        if channel is None:
            return set() if told is None else {ir.NO_ROUTE}
        found = (rules.requirements[name] for name, held in demands.items() if held is told)
        return {rule.id for rule in found if channel in rule.channels and rule.effect == effect}

    against = {channel: judged(channel, False) for channel in candidates}
    channel = None if unsettled else next(iter(candidates))
    notes = tuple(sorted(judged(channel, False, "note"))) if channel else ()
    if all(against.values()):
        shared = set.intersection(*against.values()) or {ir.EVERY_ROUTE_REFUSES}
        return Judgement(Answer("refuse", channel, tuple(sorted(shared)), notes=notes))
    left = {name for candidate, found in against.items() if not found for name in judged(candidate, None)}
    if channel and not left:
        return Judgement(Answer(policy.channels[channel].outcome, channel, notes=notes))
    return Judgement(Answer("undetermined", channel, open=tuple(sorted(left)), notes=notes), tuple(unsettled))
