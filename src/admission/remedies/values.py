"""What may be changed, and which values are worth trying: those at which a condition changes its answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from typing import NamedTuple

from admission import ir, reference
from admission.datatypes import Kind, Type, Value
from admission.remedies.goals import All, Either, Goal, Leaf

SMALL = 64  # a number with no more values than this is tried at each of them, where numbers depend on one another
MOST_TRIED = 512  # values of other facts with which one condition is solved for a number
NEAR_DAYS = 366


class Variable(NamedTuple):
    """A fact, or one element of a set fact: what one change changes."""

    fact: str
    element: str | None = None


Change = tuple[Variable, Value | None]
"""A variable and its value; for an element of a set, whether it is in it. None is unknown."""


@dataclass(slots=True)
class Space:
    """The facts that may be changed on one task: their current values, and those worth trying."""

    world: reference.World
    facts: Mapping[str, ir.Fact]
    current: dict[Variable, Value | None] = field(default_factory=dict)
    domains: dict[Variable, tuple[Value | None, ...]] = field(default_factory=dict)
    readings: dict[int, tuple[Variable, ...]] = field(default_factory=dict)
    """What each leaf reads, by its identity: hashing an expression walks all of it."""

    def value(self, expr: ir.Expr, given: Mapping[str, Value]) -> Value | None:
        """The value of an expression with some facts given otherwise."""
        world = reference.World(self.world.policy, {**self.world.given, **given}, self.world.day)
        found: Value | None = reference.evaluate(expr, world)
        return found

    def as_given(self, choice: Iterable[Change]) -> dict[str, Value]:
        """The facts that a choice sets, in their inner form."""
        given: dict[str, Value] = {}
        for (name, element), value in choice:
            if element is None:
                if value is not None:
                    given[name] = value
                continue
            held = given.get(name, reference.fact(name, self.world)) or frozenset()
            elements = held if isinstance(held, frozenset) else frozenset[str]()
            given[name] = elements | {element} if value else elements - {element}
        return given

    def distance(self, variable: Variable, value: Value | None) -> int:
        """How far a number or date is from what it is now; from zero, or the day of the decision, where unknown."""
        if value is None:
            return -1
        return abs(number(value) - number(self.base(variable)))

    def base(self, variable: Variable) -> Value:
        """What a number or date is now, else zero or the day of the decision, within bounds."""
        now = self.current[variable]
        if now is not None:
            return now
        declared = self.facts[variable.fact].type
        plain: Value = self.world.day if declared.kind is Kind.DATE else 0
        return _of_number(declared, min(max(number(plain), _low(declared)), _high(declared)))

    def is_ordered(self, variable: Variable) -> bool:
        """Whether the nearest value counts: numbers and dates."""
        return variable.element is None and self.facts[variable.fact].type.is_ordered


def changeable(world: reference.World, parties: frozenset[str]) -> dict[str, ir.Fact]:
    """The facts that some parties may change: no key of a look-up, and none whose value a register holds."""
    keys = {name for look_up in world.policy.look_ups.values() for name in look_up.match.values()}
    return {f.name: f for f in world.policy.facts.values() if f.name not in keys and _may_change(f, world, parties)}


def space_of(world: reference.World, goal: Goal, facts: Mapping[str, ir.Fact]) -> Space:
    """Those of some facts that a goal reads, each with the values worth trying."""
    space = Space(world, facts)
    leaves = list({id(leaf.expr): leaf.expr for leaf in leaves_of(goal)}.values())
    for leaf in leaves:
        for name in _changeable(leaf, space):
            _enter(space, name)
    for leaf in leaves:
        space.readings[id(leaf)] = tuple(_variables(leaf, space))
    _Solver(space, leaves).run()
    return space


def _may_change(fact: ir.Fact, world: reference.World, parties: frozenset[str]) -> bool:
    """Whether one of the parties may change it, and no register holds its value: against that it cannot be given."""
    held = reference.evaluate(fact.filled_by, world) if fact.filled_by else None
    return held is None and bool(parties & set(fact.changed_by))


def leaves_of(goal: Goal) -> Iterator[Leaf]:
    """Every leaf of a goal."""
    match goal:
        case Leaf():
            yield goal
        case All(parts) | Either(parts):
            for part in parts:
                yield from leaves_of(part)


def _enter(space: Space, name: str) -> None:
    """Put a fact's variables into the space; a set that is unknown has no element to add or take out."""
    declared, now = space.facts[name].type, reference.fact(name, space.world)
    if declared.kind is Kind.SET:
        if isinstance(now, frozenset):
            for element in declared.values:
                space.current[Variable(name, element)] = element in now
                space.domains[Variable(name, element)] = (element in now, element not in now)
        return
    variable = Variable(name)
    space.current[variable] = now
    values: tuple[Value, ...] = (False, True) if declared.kind is Kind.BOOL else declared.values
    space.domains[variable] = tuple(dict.fromkeys((now, *values)))


def _changeable(expr: ir.Expr, space: Space) -> Iterator[str]:
    """The changeable facts that a condition reads, definitions written out."""
    for node in written_out(expr, space.world.policy):
        if isinstance(node, ir.ReadFact) and node.name in space.facts:
            yield node.name


def written_out(expr: ir.Expr, policy: ir.Policy) -> Iterator[ir.Expr]:
    """Every node of an expression and of the definitions it reads."""
    yield expr
    inner = (policy.definitions[expr.name].expr,) if isinstance(expr, ir.ReadDefinition) else ir.children(expr)
    for child in inner:
        yield from written_out(child, policy)


def _variables(expr: ir.Expr, space: Space) -> Iterator[Variable]:
    """What a leaf reads; of a set only the one element it asks for, where it asks for one."""
    if isinstance(expr, ir.In) and isinstance(expr.item, ir.Literal) and isinstance(expr.container, ir.ReadFact):
        element = Variable(expr.container.name, str(expr.item.value))
        if element in space.current:
            yield element
        return
    names = set(_changeable(expr, space))
    yield from (variable for variable in space.current if variable.fact in names)


# ------------------------------------------------------------------------------- numbers, dates and texts


@dataclass
class _Solver:
    """Finds, for every number, date and text, the values at which a condition changes its answer."""

    space: Space
    leaves: list[ir.Expr]

    def run(self) -> None:
        space = self.space
        ordered = [variable for variable in space.current if space.is_ordered(variable)]
        for variable in ordered:
            declared = space.facts[variable.fact].type
            if variable in self.coupled and _high(declared) - _low(declared) < SMALL:
                every = range(_low(declared), _high(declared) + 1)
                self.enter(variable, (_of_number(declared, value) for value in every))
            else:
                self.enter(variable, [space.base(variable)])
        # A second round solves each number with the others at the values that the first round found.
        for _ in range(2 if self.coupled else 1):
            found = {variable: list(self.turns(variable)) for variable in ordered}
            for variable, values in found.items():
                self.enter(variable, values)
        for variable in space.current:
            if variable.element is None and space.facts[variable.fact].type.kind is Kind.TEXT:
                self.enter(variable, self.texts(variable))

    @cached_property
    def coupled(self) -> set[Variable]:
        """The numbers that share a condition with another changeable number or set."""
        found = set[Variable]()
        for leaf in self.leaves:
            inside = [variable for variable in self.space.readings[id(leaf)] if not self.is_plain(variable)]
            if len({variable.fact for variable in inside}) > 1:
                found.update(inside)
        return found

    def is_plain(self, variable: Variable) -> bool:
        return variable.element is None and not self.space.is_ordered(variable)

    def enter(self, variable: Variable, values: Iterable[Value]) -> None:
        self.space.domains[variable] = tuple(dict.fromkeys((*self.space.domains[variable], *values)))

    def texts(self, variable: Variable) -> Iterator[Value]:
        """The texts that a text is compared with."""
        for leaf in self.leaves:
            if variable in self.space.readings[id(leaf)]:
                for node in written_out(leaf, self.space.world.policy):
                    is_text = not isinstance(node, ir.Unresolved) and ir.type_of(node).kind is Kind.TEXT
                    value = self.space.value(node, {}) if is_text else None
                    if value is not None:
                        yield value

    def turns(self, variable: Variable) -> Iterator[Value]:
        """The values of a number or date at which a condition turns, and their neighbours."""
        declared = self.space.facts[variable.fact].type
        for leaf in self.leaves:
            if variable in self.space.readings[id(leaf)]:
                for left, right in _sides(leaf):
                    for others in self.others(leaf, variable):
                        for point in self.solve(left, right, variable, others):
                            if _low(declared) <= point <= _high(declared):
                                yield _of_number(declared, point)

    def others(self, leaf: ir.Expr, variable: Variable) -> Iterator[dict[str, Value]]:
        """The other changeable numbers and sets of a condition, at the values known so far; bounded."""
        names = dict.fromkeys(v.fact for v in self.space.readings[id(leaf)] if not self.is_plain(v) and v != variable)
        options = [list(self.options(name)) for name in names]
        for number_of, values in enumerate(product(*options)):
            if number_of >= MOST_TRIED:
                return
            yield {name: value for name, value in zip(names, values, strict=True) if value is not None}

    def options(self, name: str) -> Iterator[Value | None]:
        declared = self.space.facts[name].type
        if declared.kind is Kind.SET:  # a number reads of a set only how many elements it has
            yield from (frozenset(declared.values[:size]) for size in range(len(declared.values) + 1))
        else:
            yield from self.space.domains[Variable(name)]

    def solve(self, left: ir.Expr, right: ir.Expr, variable: Variable, others: dict[str, Value]) -> Iterator[int]:
        """Where `left - right` passes zero as one fact grows, the others fixed."""
        declared = self.space.facts[variable.fact].type

        def gap(point: int) -> int | None:
            given = {**others, variable.fact: _of_number(declared, point)}
            a, b = self.space.value(left, given), self.space.value(right, given)
            return None if a is None or b is None else number(a) - number(b)

        low, high = _low(declared), _high(declared)
        first, last = gap(low), gap(high)
        if first is None or last is None or low == high:
            return
        policy = self.space.world.policy
        if not any(isinstance(n, ir.Workday) for side in (left, right) for n in written_out(side, policy)):
            slope, rest = divmod(last - first, high - low)
            assert not rest, "sums and multiples by constants are straight lines"  # noqa: S101 - an invariant
            if slope:
                point = low - first // slope
                yield from range(point - 2, point + 3)
            return
        # Working days rise by steps, so every day near enough is looked at.
        base = number(self.space.base(variable))
        days = range(max(low, base - NEAR_DAYS), min(high, base + NEAR_DAYS) + 1)
        yield from _steps({day: found for day in days if (found := gap(day)) is not None})
        if (first > 0) != (last > 0):
            yield from _crossing(gap, low, high)


def _sides(leaf: ir.Expr) -> Iterator[tuple[ir.Expr, ir.Expr]]:
    match leaf:
        case ir.Compare(_, left, right):
            yield left, right
        case ir.OneOf(item, options):
            yield from ((item, option) for option in options)
        case _:
            return


def _steps(gaps: Mapping[int, int]) -> Iterator[int]:
    """The days on either side of each change of sign."""
    for day, found in gaps.items():
        before = gaps.get(day - 1)
        if before is not None and ((before > 0) != (found > 0) or (before < 0) != (found < 0)):
            yield from (day - 1, day)


def _crossing(gap: object, low: int, high: int) -> Iterator[int]:
    """The two neighbours between which a rising or falling gap changes its sign, by halving."""
    assert callable(gap)  # noqa: S101 - narrows the type
    upward = gap(high) > 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if (gap(middle) > 0) == upward else (middle, high)
    yield from range(low - 1, high + 2)


def number(value: Value) -> int:
    """A number as it is, a date as its day number."""
    if isinstance(value, date):
        return value.toordinal()
    assert isinstance(value, int)  # noqa: S101 - of an ordered type
    return value


def _of_number(declared: Type, value: int) -> Value:
    return date.min + timedelta(value - 1) if declared.kind is Kind.DATE else value


def _low(declared: Type) -> int:
    return number(declared.low or 0)


def _high(declared: Type) -> int:
    return number(declared.high or 0)
