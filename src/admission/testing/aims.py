"""What a drawn task can aim at: a verdict, a channel, a broken promise, each as conditions over the facts alone.

They are conditions on complete tasks, of the rules in force on one day; all of them true is what is aimed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Protocol, TypeVar

from admission import ir, reference
from admission.datatypes import BOOL
from admission.testing.memory import kept

T = TypeVar("T")


class Choose(Protocol):
    """Picks one of several; the plainest come first."""

    def __call__(self, options: Sequence[T], /) -> T:
        """The one."""


NEVER = ir.Literal(value=False, type=BOOL)


@dataclass(frozen=True, slots=True)
class Aim:
    """A condition that is to be true, in the policy that it belongs to."""

    policy: ir.Policy
    expr: ir.Expr


class Rules:
    """The rules of a policy in force on a day, read as conditions."""

    def __init__(self, policy: ir.Policy, day: date) -> None:
        self.policy = policy
        self._world = reference.World(policy, {}, day)
        self._routes = {route.id: route for route in policy.routes.values() if day in route.period}
        self._requirements = [
            rule for rule in policy.requirements.values() if day in rule.period and rule.effect == "refuse"
        ]
        self._taken: dict[str, ir.Expr] = {}
        self._settled: dict[str, ir.Expr] = {}
        self._demands: dict[str, dict[str, ir.Expr]] = {}

    @classmethod
    def on(cls, policy: ir.Policy, day: date) -> Rules:
        """The rules in force on a day, and the very same conditions on each day with the same rules."""
        same = _rules_by_what_is_in_force(policy)
        key = frozenset(rule.id for rule in ir.rules(policy) if day in rule.period)
        if key not in same:
            same[key] = cls(policy, day)
        return same[key]

    def taken(self, route: str) -> ir.Expr:
        """The route is effectively true."""
        if route not in self._taken:
            self._taken[route] = reference.effective(self._routes[route], self._routes)
        return self._taken[route]

    def nowhere(self) -> ir.Expr:
        """No route takes the task."""
        return ir.And(tuple(ir.Not(self.taken(name)) for name in self._routes))

    def settled(self, channel: str) -> ir.Expr:
        """Exactly one route takes the task, and to this channel."""
        if channel not in self._settled:
            self._settled[channel] = any_of(
                ir.And((self.taken(one.id), *(ir.Not(self.taken(name)) for name in self._routes if name != one.id)))
                for one in self._routes.values()
                if one.to == channel
            )
        return self._settled[channel]

    def demands(self, channel: str) -> dict[str, ir.Expr]:
        """What each requirement of a channel demands."""
        if channel not in self._demands:
            self._demands[channel] = {
                rule.id: reference.demand(rule, self._world) for rule in self._requirements if channel in rule.channels
            }
        return self._demands[channel]

    def passes(self, channel: str) -> ir.Expr:
        """The task goes to the channel, and nothing stands against it."""
        return ir.And((self.settled(channel), *self.demands(channel).values()))

    def violates(self, channel: str, rule: str) -> ir.Expr:
        """The task goes to the channel, and violates the requirement."""
        return ir.And((self.settled(channel), ir.Not(self.demands(channel)[rule])))

    def clashes(self) -> list[ir.Expr]:
        """Two routes take the task, for each two."""
        return [ir.And((self.taken(one), self.taken(other))) for one, other in combinations(self._routes, 2)]

    def verdict(self, verdict: object, channels: Iterable[str] | None = None) -> list[ir.Expr]:
        """The ways in which a complete task comes by a verdict, on some channels or on any and on none."""
        among = [name for name in self.policy.channels if channels is None or name in channels]
        if verdict == "refuse":
            against = [self.violates(c, rule) for c in among for rule in self.demands(c)]
            return [*against, self.nowhere()] if channels is None else against
        return [self.passes(name) for name in among if self.policy.channels[name].outcome == verdict]

    def while_applied(self, fact: str) -> list[ir.Expr]:
        """The ways to pass on a channel of a requirement that reads a fact, while it applies as far as others say."""
        found: list[ir.Expr] = []
        for rule in self._requirements:
            turns_on_it = rule.when is not None and self._is_read(fact, rule.when)
            if turns_on_it or self._is_read(fact, rule.require):
                applies = () if rule.when is None or turns_on_it else (rule.when,)
                found += [ir.And((self.passes(channel), *applies)) for channel in rule.channels]
        return found

    def _is_read(self, fact: str, expr: ir.Expr) -> bool:
        nodes = ir.walk([expr], self.policy.definitions)
        return any(isinstance(node, ir.ReadFact) and node.name == fact for node in nodes)

    def ways(self, channel: str | None, verdict: str | None) -> list[ir.Expr]:
        """The ways to a verdict on a channel; on any channel, or to any verdict, where none is given."""
        if verdict == "undetermined":
            return [] if channel is None else [self.settled(channel)]
        if channel is None:
            return self.verdict(verdict)
        against = [self.violates(channel, rule) for rule in self.demands(channel)]
        if verdict is None:
            return [self.settled(channel), self.passes(channel), *against]
        return against if verdict == "refuse" else [self.passes(channel)]

    def channel(self, channel: object) -> ir.Expr:
        """The task goes to the channel, or to none."""
        return self.nowhere() if channel == ir.NO_CHANNEL else self.settled(str(channel))

    def violated(self, rule: str) -> ir.Expr:
        """The requirement is violated, on whichever channel."""
        if rule == ir.NO_ROUTE:
            return self.nowhere()
        return any_of(self.violates(c, rule) for c in self.policy.channels if rule in self.demands(c))

    def over_facts(self, expr: ir.Expr, choose: Choose, channels: frozenset[str] | None = None) -> ir.Expr:
        """A condition over the decision, said of the facts; of several ways to a verdict one is chosen.

        `channels` are those that a condition beside this one leaves, so that no way to the verdict on another is taken.
        """
        match expr:
            case ir.And(operands):
                left = _channels_left(operands, channels)
                return ir.And(tuple(self.over_facts(operand, choose, left) for operand in operands))
            case ir.Or(operands):
                return ir.Or(tuple(self.over_facts(operand, choose, channels) for operand in operands))
            case ir.Not(operand):
                return ir.Not(self.over_facts(operand, choose))
            case ir.Compare(op, ir.ReadFact(name), ir.Literal(value)) if name in (ir.VERDICT, ir.CHANNEL):
                held = self._decided(name, [value], choose, channels)
                return held if op == "==" else ir.Not(held)
            case ir.OneOf(ir.ReadFact(name), options) if name in (ir.VERDICT, ir.CHANNEL):
                return self._decided(name, [option.value for option in options], choose, channels)
            case ir.ReadFact(name) if name in ir.facts_of_decision(self.policy):
                return self.violated(name.removeprefix("violated(").removesuffix(")"))
            case _:
                return expr

    def _decided(self, name: str, values: Iterable[object], choose: Choose, channels: frozenset[str] | None) -> ir.Expr:
        if name == ir.CHANNEL:
            return any_of(self.channel(value) for value in values)
        ways = [way for value in values for way in self.verdict(value, channels)]
        return choose(ways) if ways else NEVER


def _channels_left(operands: Iterable[ir.Expr], channels: frozenset[str] | None) -> frozenset[str] | None:
    """The channels that conditions leave which are all to be true."""
    for operand in operands:
        match operand:
            case ir.Compare("==", ir.ReadFact(ir.CHANNEL), ir.Literal(value)):
                named = frozenset({str(value)})
            case ir.OneOf(ir.ReadFact(ir.CHANNEL), options):
                named = frozenset(str(option.value) for option in options)
            case _:
                continue
        channels = named if channels is None else channels & named
    return channels


@kept(16)
def _rules_by_what_is_in_force(_policy: ir.Policy) -> dict[frozenset[str], Rules]:
    """Where the rules of a policy are kept, by what is in force of them."""
    return {}


def any_of(exprs: Iterable[ir.Expr]) -> ir.Expr:
    """Some condition holds."""
    found = tuple(exprs)
    return found[0] if len(found) == 1 else ir.Or(found)


def demanded(expr: ir.Expr, policy: ir.Policy, *, wanted: bool = True) -> Iterator[tuple[ir.Expr, bool]]:
    """The conditions that must all have their truth for the whole to have its own."""
    match expr:
        case ir.Not(operand):
            yield from demanded(operand, policy, wanted=not wanted)
        case ir.ReadDefinition(name) if name in policy.definitions:
            yield from demanded(policy.definitions[name].expr, policy, wanted=wanted)
        case ir.And(operands) if wanted:
            for operand in operands:
                yield from demanded(operand, policy, wanted=True)
        case ir.Or(operands) if not wanted:
            for operand in operands:
                yield from demanded(operand, policy, wanted=False)
        case _:
            yield expr, wanted
