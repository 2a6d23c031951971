"""From a drawn task to one that is what was aimed at, by changing one fact at a time: a local search.

It walks as WalkSAT does (B. Selman, H. Kautz, B. Cohen, 1994): pick a demand that is not met, and of the changes that
meet it the one that leaves the fewest demands unmet, or at times any. Numbers and dates move to where a comparison
turns, so what it finds lies on the boundaries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any, TypeVar

from admission import ir, reference
from admission.datatypes import BOOL, Kind, Type, Value
from admission.testing.aims import Aim, demanded
from admission.testing.constants import Constants, constants_of, is_within, neighbours

STEPS = 24
MOST_VALUES = 8  # of one fact that are tried for one part of a demand
ONE_IN = 6  # steps that take any change
Facts = dict[str, Value]
T = TypeVar("T")


class _Demand:
    """A condition that is to have a truth, and the facts that it reads."""

    def __init__(self, policy: ir.Policy, expr: ir.Expr, *, wanted: bool) -> None:
        self.policy, self.expr, self.wanted = policy, expr, wanted
        self.reads = reads(expr, policy)
        self.is_unmet = True

    def is_met(self, facts: Mapping[str, Value], day: date) -> bool:
        return reference.evaluate(self.expr, reference.World(self.policy, facts, day)) is self.wanted

    @cached_property
    def parts(self) -> list[_Demand]:
        """The parts that help the whole to its truth."""
        found = atoms(self.expr, self.policy, wanted=self.wanted)
        return [_Demand(self.policy, expr, wanted=wanted) for expr, wanted in found]


@dataclass(slots=True)
class Walk:
    """One walk; a fact that has no value may be given one.

    `below` draws a whole number below another; smaller ones are plainer.
    """

    below: Callable[[int], int]
    policy: ir.CheckedPolicy
    constants: Constants
    day: date
    facts: Facts
    demands: list[_Demand] = field(default_factory=list)

    def towards(self, aims: Iterable[Aim]) -> Facts:
        """The facts changed until every aim is true, or the steps are used up."""
        self.demands = [
            _Demand(aim.policy, expr, wanted=wanted) for aim in aims for expr, wanted in demanded(aim.expr, aim.policy)
        ]
        self.look(self.demands)
        for _ in range(STEPS):
            unmet = [demand for demand in self.demands if demand.is_unmet]
            if not unmet:
                break
            self.step(self.pick(unmet))
        return self.facts

    def look(self, demands: Iterable[_Demand]) -> None:
        """Find out which demands are met."""
        for demand in demands:
            demand.is_unmet = not demand.is_met(self.facts, self.day)

    def step(self, demand: _Demand) -> None:
        """One change towards a demand; none where nothing changes it."""
        options = list(self.options(demand))
        if not options:
            self.demands = [other for other in self.demands if other is not demand]
            return
        if self.below(ONE_IN) < ONE_IN - 1:
            costs = [self.cost(name, value) for name, value in options]
            options = [option for option, cost in zip(options, costs, strict=True) if cost == min(costs)]
        name, value = self.pick(options)
        self.facts[name] = value
        self.look(other for other in self.demands if name in other.reads)

    def pick(self, options: Sequence[T]) -> T:
        """One of several, drawn; the first is the plainest."""
        return options[0] if len(options) == 1 else options[self.below(len(options))]

    def cost(self, name: str, value: Value) -> int:
        """How many more demands would be unmet if a fact had another value."""
        after = {**self.facts, name: value}
        concerned = [demand for demand in self.demands if name in demand.reads]
        return sum((not demand.is_met(after, self.day)) - demand.is_unmet for demand in concerned)

    def options(self, demand: _Demand) -> Iterator[tuple[str, Value]]:
        """The changes of one fact that give some part of a demand the truth that it wants."""
        for part in demand.parts:
            if part.is_met(self.facts, self.day):
                continue
            for name in sorted(part.reads & set(self.policy.facts)):
                found = (v for v in self.candidates(name, part.expr, part.policy) if v != self.facts.get(name))
                helpful = (v for v in found if part.is_met({**self.facts, name: v}, self.day))
                yield from ((name, value) for value in islice(helpful, MOST_VALUES))

    def candidates(self, name: str, atom: ir.Expr, policy: ir.Policy) -> Iterable[Value]:
        """Values of a fact that may change an atom."""
        declared, held = self.policy.facts[name].type, self.facts.get(name)
        match declared.kind:
            case Kind.BOOL:
                return (False, True)
            case Kind.ENUM:
                return declared.values
            case Kind.SET:
                return _sets(declared, held, atom)
            case Kind.TEXT:
                return (*self.constants.of(declared), "", "a")
            case Kind.INT | Kind.MONEY | Kind.DATE:
                turns = self.turns(name, atom, policy)
                return dict.fromkeys([*turns, *self.constants.of(declared)])

    def plain(self, declared: Type) -> Value:
        """A number or date to start from."""
        return self.day if declared.kind is Kind.DATE else max(0, int(str(declared.low or 0)))

    def turns(self, name: str, atom: ir.Expr, policy: ir.Policy) -> list[Value]:
        """The values of a number or date at which a comparison turns, for a comparison that is linear in it."""
        if not isinstance(atom, ir.Compare) or not ir.type_of(atom.left).is_ordered:
            return []
        declared = self.policy.facts[name].type
        held = self.facts[name] if name in self.facts else self.plain(declared)

        def gap(value: Value) -> int | None:
            world = reference.World(policy, {**self.facts, name: value}, self.day)
            sides = [reference.evaluate(side, world) for side in (atom.left, atom.right)]
            return None if None in sides else as_number(sides[0]) - as_number(sides[1])

        beside = next((value for value in neighbours(held) if value != held and is_within(declared, value)), held)
        here, there = gap(held), gap(beside)
        if here is None or there is None or here == there:
            return []
        slope = (there - here) // (as_number(beside) - as_number(held))
        turn = as_number(held) - here // slope if slope else as_number(held)
        near = (as_value(turn + step, held) for step in (0, 1, -1))
        return [value for value in near if value is not None and is_within(declared, value)]


def alternatives(
    policy: ir.CheckedPolicy, facts: Facts, day: date, name: str, beside: Iterable[ir.Expr] = ()
) -> dict[Value, None]:
    """Other values of one fact, at which some condition of the rules in force, or one beside them, may change."""
    walk = Walk(_no_number, policy, constants_of(policy), day, facts)
    exprs = [expr for expr in (*ir.expressions_in_force(policy, day), *beside) if name in reads(expr, policy)]
    parts = [atom for expr in exprs if ir.type_of(expr) == BOOL for atom, _ in atoms(expr, policy, wanted=True)]
    concerned = [atom for atom in parts if name in reads(atom, policy)]
    return dict.fromkeys(value for atom in concerned for value in walk.candidates(name, atom, policy))


def _no_number(below: int) -> int:
    raise AssertionError(f"nothing is drawn here, and no number below {below}")


def atoms(expr: ir.Expr, policy: ir.Policy, *, wanted: bool) -> Iterator[tuple[ir.Expr, bool]]:
    """The parts of a condition without `and`, `or` and `not`, each with the truth that helps the whole to its own."""
    match expr:
        case ir.Not(operand):
            yield from atoms(operand, policy, wanted=not wanted)
        case ir.And(operands) | ir.Or(operands):
            for operand in operands:
                yield from atoms(operand, policy, wanted=wanted)
        case ir.ReadDefinition(name):
            yield from atoms(policy.definitions[name].expr, policy, wanted=wanted)
        case _:
            yield expr, wanted


def reads(expr: ir.Expr, policy: ir.Policy) -> frozenset[str]:
    """The facts that an expression reads, the keys of its look-ups among them."""
    found: set[str] = set()
    for node in ir.walk([expr], policy.definitions):
        match node:
            case ir.ReadFact(name):
                found.add(name)
            case ir.ReadColumn(look_up):
                found |= set(policy.look_ups[look_up].match.values())
            case _:
                pass
    return frozenset(found)


def _sets(declared: Type, held: Value | None, atom: ir.Expr) -> Iterator[Value]:
    """Sets with one element more or less, and the meets and joins with the constants of an atom."""
    now = held if isinstance(held, frozenset) else frozenset()
    yield from (now ^ {value} for value in declared.values)
    for node in ir.walk([atom]):
        if isinstance(node, ir.Literal) and isinstance(node.value, frozenset):
            yield from (node.value, now & node.value, now | node.value)


def as_number(value: Any) -> int:
    """A number, or a date as the number of its day."""
    return value.toordinal() if isinstance(value, date) else int(value)


def as_value(number: int, like: Value) -> Value | None:
    """The value of a number, of the kind of another value; None where there is no such day."""
    if not isinstance(like, date):
        return number
    return date.fromordinal(number) if 0 < number <= date.max.toordinal() else None
