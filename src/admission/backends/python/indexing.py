"""The rules of a policy on one stretch of days, and which of them can apply for which value of a fact."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from datetime import date
from functools import cached_property
from itertools import islice, product
from typing import Any

from admission import ir
from admission.datatypes import Value
from admission.records import record

INDEXED = 32  # rules of one kind from which on an index is worth its look-up
MOST_KEYS = 16  # of one rule in an index


class InForce:
    """The rules of a policy that are in force from a day on, until the next day on which one of them changes."""

    def __init__(self, policy: ir.CheckedPolicy, day: date) -> None:
        self.policy = policy
        self.day = day
        self.routes = {r.id: r for r in policy.routes.values() if day in r.period}
        self.channels = list(policy.channels)
        self._waivers: dict[str, list[ir.ExceptionRule]] = {}
        for exception in policy.exceptions.values():
            if day in exception.period:
                for rule in dict.fromkeys(exception.waives):
                    self._waivers.setdefault(rule, []).append(exception)
        self._overriding: dict[str, list[str]] = {}
        for route in self.routes.values():
            for name in route.overrides:
                self._overriding.setdefault(name, []).append(route.id)

    def requirements(self, channel: str) -> list[ir.Requirement]:
        """The requirements of a channel, in the policy's order."""
        return [r for r in self.policy.requirements.values() if channel in r.channels and self.day in r.period]

    def waivers(self, rule: ir.Requirement) -> list[ir.ExceptionRule]:
        """The exceptions that waive a requirement."""
        return self._waivers.get(rule.id, [])

    def above(self, name: str) -> list[str]:
        """The routes that override a route, directly or through others, sorted."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            more = set(self._overriding.get(waiting.pop(), ())) - found
            found |= more
            waiting += more
        return sorted(found - {name})

    def leads_to(self, channel: str) -> bool:
        """Whether any route leads to a channel."""
        return any(route.to == channel for route in self.routes.values())

    def free_routes(self) -> list[str]:
        """The routes that override none and that none overrides."""
        return [name for name, route in self.routes.items() if not route.overrides and name not in self._overriding]

    def indexed_routes(self) -> Index:
        """The free routes by the values of one fact, where there are many."""
        free = self.free_routes()
        return index([(name, self.routes[name].when) for name in free]) if len(free) >= INDEXED else Index()

    def tabled_routes(self, *, besides: Collection[str]) -> list[Tabled]:
        """Routes that take the place of one another by the value of one fact, where there are several."""
        groups: dict[tuple[str, tuple[str, ...]], dict[str, tuple[Value, ...]]] = {}
        for name, route in self.routes.items():
            if not route.overrides and name not in besides and (tested := sole_equality(route.when)):
                groups.setdefault((tested[0], tuple(self.above(name))), {})[name] = tested[1]
        found = []
        for (fact, above), routes in groups.items():
            to = {value: self.routes[name].to for name, values in routes.items() for value in values}
            if len(routes) > 1 and len(to) == sum(map(len, routes.values())):
                found.append(Tabled(fact, above, tuple(routes), to))
        return found

    @cached_property
    def workdays(self) -> list[ir.Workday]:
        """Every working day that the rules in force and the figures count."""
        exprs = ir.expressions_in_force(self.policy, self.day)
        return [node for node in ir.walk(exprs, self.policy.definitions) if isinstance(node, ir.Workday)]


@record
class Index:
    """Rules that can apply only where some facts have some values, by those values; none where it is not worth it."""

    facts: tuple[str, ...] = ()
    groups: Mapping[tuple[Value, ...], list[Any]] = field(default_factory=dict)

    def rules(self) -> dict[Any, None]:
        """The rules that are indexed, each once, in order."""
        return {rule: None for listed in self.groups.values() for rule in listed}

    def refined(self, conditions: Mapping[Any, ir.Expr | None]) -> Index:
        """The same by every fact that each of the rules tests so: fewer rules are left to try, mostly one."""
        tests = {rule: equalities(conditions[rule]) for rule in self.rules()}
        if not tests:
            return self
        facts = [name for name in next(iter(tests.values())) if all(name in tested for tested in tests.values())]
        groups: dict[tuple[Value, ...], list[Any]] = {}
        for rule, tested in tests.items():
            keys = list(islice(product(*(tested[name] for name in facts)), MOST_KEYS + 1))
            if len(keys) > MOST_KEYS:
                return self
            for key in keys:
                groups.setdefault(key, []).append(rule)
        return Index(tuple(facts), groups)


@record
class Tabled:
    """Routes of which the value of one fact lets through one at most: where it leads to, by that value."""

    fact: str
    above: tuple[str, ...]
    """The routes that override them, all of them alike."""
    routes: tuple[str, ...]
    to: Mapping[Value, str]


def index_requirements(rules: list[ir.Requirement]) -> Index:
    """The places of requirements by the values of one fact, where there are many."""
    found = index([(place, rule.when) for place, rule in enumerate(rules)])
    return found if len(found.rules()) >= INDEXED else Index()


def index(rules: list[tuple[Any, ir.Expr | None]]) -> Index:
    """The rules that can apply only where a fact has some value, by that fact's values.

    The fact is the one that most rules test so, of several the one with most values; what tests another is left out.
    """
    tested: dict[str, list[tuple[Any, tuple[Value, ...]]]] = {}
    for rule, when in rules:
        for fact, values in equalities(when).items():
            tested.setdefault(fact, []).append((rule, values))
    if not tested:
        return Index()
    fact = max(tested, key=lambda name: (len(tested[name]), len({v for _, vs in tested[name] for v in vs}), name))
    groups: dict[tuple[Value, ...], list[Any]] = {}
    for rule, values in tested[fact]:
        for value in values:
            groups.setdefault((value,), []).append(rule)
    return Index((fact,), groups)


def equalities(when: ir.Expr | None) -> dict[str, tuple[Value, ...]]:
    """The facts that a condition holds only for some values of, with those values."""
    found: dict[str, tuple[Value, ...]] = {}
    for part in when.operands if isinstance(when, ir.And) else (when,):
        if tested := sole_equality(part):
            found.setdefault(*tested)
    return found


def without(condition: ir.Expr | None, facts: Iterable[str]) -> ir.Expr | None:
    """What is left of a condition where the equalities are known to hold by which it was found (see `equalities`)."""
    found, left = set(facts), []
    for part in condition.operands if isinstance(condition, ir.And) else (condition,):
        tested = sole_equality(part)
        if tested and tested[0] in found:
            found.remove(tested[0])
        elif part is not None:
            left.append(part)
    return ir.And(tuple(left)) if len(left) > 1 else left[0] if left else None


def sole_equality(when: ir.Expr | None) -> tuple[str, tuple[Value, ...]] | None:
    """The fact, and the values, of a condition that says that a fact has one of some values, and nothing else."""
    match when:
        case ir.Compare("==", ir.ReadFact(name), ir.Literal(value)) | ir.Compare(
            "==", ir.Literal(value), ir.ReadFact(name)
        ) if name != ir.AS_OF and not isinstance(value, frozenset):
            return name, (value,)
        case ir.OneOf(ir.ReadFact(name), options) if name != ir.AS_OF:
            return name, tuple(dict.fromkeys(option.value for option in options))
        case _:
            return None
