"""A rule set as small frozen values, and the engine's JSON made of them. No text of a policy is part of it.

A rule joins one fact a condition. Each condition names its tag, then literal tests, then equality joins, then joins
by order, and always ends on the join that is true of all facts: without it the engine reads past an array.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from admission.backends.rete.guard import MOST_FIELDS, GuardError, check_name, check_names, check_value

Order = Literal["<", "<=", ">", ">="]
ORDERS: Mapping[str, str] = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte"}
MOST_CONDITIONS = 8
MOST_JOINS = 20
MOST_RULES = 200
MOST_SIBLINGS = 400
MOST_RULES_OF_A_TAG = 50
REF = "ref"
"""The field under which every fact bears its own number, so that another can point to it."""
INIT = "init"
"""The tag and the rule of the fact that is asserted first; the engine's state may be freed only after a firing."""


@dataclass(frozen=True, slots=True)
class Equals:
    """The fact's field has this value."""

    field: str
    value: int


@dataclass(frozen=True, slots=True)
class Same:
    """The fact's field equals a field of an earlier condition's fact; conditions are counted from 0."""

    field: str
    earlier: int
    other: str


@dataclass(frozen=True, slots=True)
class Ordered:
    """The fact's field is less than (and so on) a field of an earlier condition's fact."""

    field: str
    order: Order
    earlier: int
    other: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact that a rule joins."""

    tag: str
    tests: tuple[Equals, ...] = ()
    same: tuple[Same, ...] = ()
    ordered: tuple[Ordered, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires for each choice of facts that fulfils all its conditions, each of a tag of its own."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules, and the fields that each tag's facts have: all of them, always.

    Raises `GuardError` where it would leave the safe subset.
    """

    tags: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        _check(self)

    @property
    def document(self) -> str:
        """The rule set as the engine's JSON, the rule of the first fact included."""
        first = Rule(INIT, (Condition(INIT),))
        return json.dumps({rule.name: {"all": _conditions(rule)} for rule in (first, *self.rules)})


def alias(place: int) -> str:
    """The engine's name of a condition: `e`, `a1`, `a2`, ..."""
    return f"a{place}" if place else "e"


def _conditions(rule: Rule) -> list[dict[str, object]]:
    return [{alias(place): {"$and": list(_parts(place, c))}} for place, c in enumerate(rule.conditions)]


def _parts(place: int, condition: Condition) -> Iterator[dict[str, object]]:
    # INVARIANT: tag, literal tests, equality, order, and last the join that is true of all facts.
    yield {"_t": condition.tag}
    for test in condition.tests:
        yield {test.field: test.value}
    for same in condition.same:
        yield {same.field: {alias(same.earlier): same.other}}
    for ordered in condition.ordered:
        yield {ORDERS[ordered.order]: {ordered.field: {alias(ordered.earlier): ordered.other}}}
    if place:
        yield {"_k": {alias(0): "_k"}}


def _check(rules: RuleSet) -> None:
    check_names((*rules.tags, INIT))
    for fields in rules.tags.values():
        check_names(fields)
        _within("fields of a fact", len(fields), MOST_FIELDS)
    check_names((INIT, *(rule.name for rule in rules.rules)))
    _within("rules", len(rules.rules), MOST_RULES)
    for rule in rules.rules:
        _check_rule(rule, rules.tags)
    uses = Counter(condition.tag for rule in rules.rules for condition in rule.conditions)
    _within("rules of one tag", max(uses.values(), default=0), MOST_RULES_OF_A_TAG)
    tests = sum(1 + len(condition.tests) for rule in rules.rules for condition in rule.conditions)
    _within("tests side by side", tests, MOST_SIBLINGS)


def _check_rule(rule: Rule, tags: Mapping[str, tuple[str, ...]]) -> None:
    _within("conditions of a rule", len(rule.conditions), MOST_CONDITIONS)
    if not rule.conditions or rule.conditions[0].same or rule.conditions[0].ordered:
        raise GuardError(f"rule {rule.name} needs a first condition, and that one joins nothing")
    if len({condition.tag for condition in rule.conditions}) < len(rule.conditions):
        raise GuardError(f"rule {rule.name} has two conditions of one tag, and the engine never joins a fact to itself")
    _within("joins of a rule", sum(len(c.same) + len(c.ordered) + 1 for c in rule.conditions), MOST_JOINS)
    for place, condition in enumerate(rule.conditions):
        _check_condition(place, condition, rule, tags)


def _check_condition(place: int, condition: Condition, rule: Rule, tags: Mapping[str, tuple[str, ...]]) -> None:
    if place and not condition.same:
        raise GuardError(f"condition {place} of rule {rule.name} joins no earlier one by equality")
    for test in condition.tests:
        _declared(condition.tag, test.field, tags)
        check_value(test.value)
    joins: tuple[Same | Ordered, ...] = (*condition.same, *condition.ordered)
    for join in joins:
        if not 0 <= join.earlier < place:
            raise GuardError(f"condition {place} of rule {rule.name} joins one that is not before it")
        _declared(condition.tag, join.field, tags)
        _declared(rule.conditions[join.earlier].tag, join.other, tags)


def _declared(tag: str, name: str, tags: Mapping[str, tuple[str, ...]]) -> None:
    if check_name(name) != REF and name not in tags.get(tag, ()):
        raise GuardError(f"facts of {tag} have no field {name}")


def _within(what: str, found: int, most: int) -> None:
    if found > most:
        raise GuardError(f"too many {what}: {found}, and {most} is what the engine was found to bear")
