"""From a drawn task to one that is what was aimed at, by changing one fact at a time: a local search.

It walks as WalkSAT does (B. Selman, H. Kautz, B. Cohen, 1994): pick a demand that is not met, and of the changes that
meet it the one that leaves the fewest demands unmet, or at times any. Numbers and dates move to where a comparison
turns, so what it finds lies on the boundaries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any, TypeVar

from admission import ir, reference
from admission.datatypes import BOOL, Kind, Type, Value
from admission.testing.aims import Aim, demanded
from admission.testing.constants import Constants, constants_of, is_within, neighbours
from admission.testing.demands import Demand, atoms, demand, reads
from admission.testing.drawing import Below, pick
from admission.testing.memory import kept

STEPS = 24
MOST_VALUES = 8  # of one fact that are tried for one part of a demand
ONE_IN = 6  # steps that take any change
Facts = dict[str, Value]
T = TypeVar("T")


@dataclass(slots=True)
class Walk:
    """One walk; a fact that has no value may be given one.

    `below` draws a whole number below another; smaller ones are plainer.
    """

    below: Below
    policy: ir.CheckedPolicy
    constants: Constants
    day: date
    facts: Facts
    free: frozenset[str] | None = None
    """The facts that may be changed; None is all."""
    demands: list[Demand] = field(default_factory=list)
    unmet: set[Demand] = field(default_factory=set)

    def towards(self, aims: Iterable[Aim]) -> Facts:
        """The facts changed until every aim is true, or the steps are used up."""
        self.demands = [each for aim in aims for each in self.demanded(aim)]
        self.look(self.demands)
        for _ in range(STEPS):
            unmet = [each for each in self.demands if each in self.unmet]
            if not unmet:
                break
            self.step(self.pick(unmet))
        return self.facts

    def demanded(self, aim: Aim) -> list[Demand]:
        """What an aim demands."""
        return [demand(aim.policy, expr, wanted) for expr, wanted in demanded(aim.expr, aim.policy)]

    def is_open(self, aim: Aim) -> bool:
        """Whether no demand of an aim is refused by facts that may not be changed."""
        free = self.policy.facts.keys() if self.free is None else self.free
        return all(each.reads & free or each.is_met(self.facts, self.day) for each in self.demanded(aim))

    def look(self, demands: Iterable[Demand]) -> None:
        """Find out which demands are met."""
        for each in demands:
            (self.unmet.discard if each.is_met(self.facts, self.day) else self.unmet.add)(each)

    def step(self, towards: Demand) -> None:
        """One change towards a demand; none where nothing changes it."""
        options = list(self.options(towards))
        if not options:
            self.demands = [other for other in self.demands if other is not towards]
            return
        if self.below(ONE_IN) < ONE_IN - 1:
            costs = [self.cost(name, value) for name, value in options]
            options = [option for option, cost in zip(options, costs, strict=True) if cost == min(costs)]
        name, value = self.pick(options)
        self.facts[name] = value
        self.look(other for other in self.demands if name in other.reads)

    def pick(self, options: Sequence[T]) -> T:
        """One of several, drawn; the first is the plainest."""
        return pick(self.below, options)

    def cost(self, name: str, value: Value) -> int:
        """How many more demands would be unmet if a fact had another value."""
        after = {**self.facts, name: value}
        concerned = [each for each in self.demands if name in each.reads]
        return sum((not each.is_met(after, self.day)) - (each in self.unmet) for each in concerned)

    def options(self, towards: Demand) -> Iterator[tuple[str, Value]]:
        """The changes of one fact that give some part of a demand the truth that it wants."""
        for part in towards.parts:
            if part.is_met(self.facts, self.day):
                continue
            for name in sorted(part.reads & (self.policy.facts.keys() if self.free is None else self.free)):
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


def half_known(below: Below, policy: ir.CheckedPolicy, facts: Facts) -> Facts:
    """One comparison of several facts with one of them unknown, and a set or number in it as plain as can be.

    What says too soon that nothing is in an empty set, or that nothing times a number is nothing, shows here.
    """
    names = pick(below, found) if (found := _compared(policy)) else ()
    plain = {name: value for name in names if (value := _plainest(policy.facts[name].type)) is not None}
    unknown = pick(below, [name for name in names if name not in plain] or names) if names else None
    return {name: value for name, value in (facts | plain).items() if name != unknown}


@kept(16)
def _compared(policy: ir.CheckedPolicy) -> list[tuple[str, ...]]:
    """The facts of each comparison that reads several."""
    whole = [expr for rule in ir.rules(policy) for expr in ir.parts(rule).values() if ir.type_of(expr) == BOOL]
    parts = (
        sorted(reads(atom, policy) & policy.facts.keys())
        for expr in whole
        for atom, _ in atoms(expr, policy, wanted=True)
    )
    return list(dict.fromkeys(tuple(names) for names in parts if len(names) > 1))


def _plainest(declared: Type) -> Value | None:
    """The empty set, or 0; of other kinds no value is plainer than another."""
    if declared.kind is Kind.SET:
        return frozenset()
    return 0 if declared.is_number and is_within(declared, 0) else None


def _no_number(below: int) -> int:
    raise AssertionError(f"nothing is drawn here, and no number below {below}")


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
