"""One condition of a policy as rules: true of a complete task exactly if one of them fires.

Each clause that makes it true becomes a rule. The engine does the comparisons: their left sides stand in one fact,
their right sides in another that the first points to. What it cannot say (sets, membership, sums past 2^53) is a field
of the first, 0 or 1, computed before the fact is asserted; texts and enum values are numbers that stand for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

from admission import ir
from admission.backends.rete.clauses import Clause, clauses
from admission.backends.rete.expressions import Read, Rows, compiled
from admission.backends.rete.guard import saturated
from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import REF, Condition, Equals, Order, Ordered, Rule, Same
from admission.datatypes import Kind

INVERSE: dict[str, ir.Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
FLIPPED: dict[str, Order] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOST_RULES = 16
_MOST_ATOMS = 40  # of one condition; its facts stay well within what the engine bears
_SURE = (ir.ReadFact, ir.ReadColumn, ir.ReadParameter, ir.Literal, ir.Count)


@dataclass(frozen=True, slots=True)
class _Way:
    """How an atom comes to have a truth value: a test of the first fact, or an order of the two facts' fields."""

    number: int
    order: ir.Comparison | None = None
    wanted: int = 1


@dataclass(slots=True)
class Question:
    """A condition under a name that the engine can bear."""

    name: str
    expr: ir.Expr
    policy: ir.Policy
    tests: dict[int, Read] = field(default_factory=dict)
    pairs: dict[int, tuple[Read, Read]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        atoms = {node: number for number, node in enumerate(ir.walk([self.expr]))}
        chosen = [ways for clause in clauses(self.expr) for ways in self.choices(clause, atoms)]
        if len(chosen) > _MOST_RULES or len(self.tests) + len(self.pairs) > _MOST_ATOMS:
            self.tests, self.pairs = {}, {}
            chosen = [(self.test(self.expr, 0, wanted=True),)]
        self.rules = tuple(self.rule(number, ways) for number, ways in enumerate(chosen))

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """The facts that it asserts, with their fields."""
        left = (*(f"t{n}" for n in self.tests), *(f"p{n}" for n in self.pairs))
        return {f"{self.name}l": (*left, "right"), f"{self.name}r": tuple(f"q{n}" for n in self.pairs)}

    def holds(self, matcher: Matcher, rows: Rows) -> bool:
        """Whether a rule fires for the rows of a complete task."""
        tokens: dict[object, int] = {}
        sides = [[_number(read(rows), tokens) for read in pair] for pair in self.pairs.values()]
        # The facts number two; where they would be too many, both are asserted afresh.
        matcher.make_room(2)
        right = matcher.put(f"{self.name}r", tuple(pair[1] for pair in sides))
        left = (*(int(read(rows)) for read in self.tests.values()), *(pair[0] for pair in sides), right)
        return bool(matcher.fired(matcher.put(f"{self.name}l", left)))

    def choices(self, clause: Clause, atoms: dict[ir.Expr, int]) -> Iterator[tuple[_Way, ...]]:
        """The ways of a clause's atoms, each with each; what differs is less or greater, two ways."""
        parts = sorted(clause, key=lambda part: atoms[part[0]])
        yield from product(*(self.ways(atom, atoms[atom], wanted=wanted) for atom, wanted in parts))

    def ways(self, atom: ir.Expr, number: int, *, wanted: bool) -> list[_Way]:
        """How one atom comes to have a truth value."""
        if not isinstance(atom, ir.Compare) or not _is_compared(atom):
            return [self.test(atom, number, wanted=wanted)]
        self.pairs[number] = self.read(atom.left), self.read(atom.right)
        order = atom.op if wanted else INVERSE[atom.op]
        return [_Way(number, "<"), _Way(number, ">")] if order == "!=" else [_Way(number, order)]

    def test(self, atom: ir.Expr, number: int, *, wanted: bool) -> _Way:
        """A test of what is computed before the fact is asserted."""
        self.tests[number] = self.read(atom)
        return _Way(number, None, int(wanted))

    def read(self, expr: ir.Expr) -> Read:
        """An expression as a function of rows."""
        return compiled(expr, self.policy, None)

    def rule(self, number: int, ways: tuple[_Way, ...]) -> Rule:
        """The rule of one choice."""
        tests = tuple(Equals(f"t{way.number}", way.wanted) for way in ways if way.order is None)
        first = Condition(f"{self.name}l", tests)
        same = tuple(Same(f"q{way.number}", 0, f"p{way.number}") for way in ways if way.order == "==")
        ordered = tuple(
            Ordered(f"q{way.number}", FLIPPED[way.order], 0, f"p{way.number}")
            for way in ways
            if way.order in FLIPPED and way.order is not None
        )
        second = Condition(f"{self.name}r", (), (Same(REF, 0, "right"), *same), ordered)
        return Rule(f"{self.name}n{number}", (first, second))


def _is_compared(atom: ir.Compare) -> bool:
    """Whether the engine can compare the sides: numbers, one of which is surely within 2^53, or what stands for one."""
    kinds = {ir.type_of(atom.left).kind, ir.type_of(atom.right).kind}
    if Kind.SET in kinds:
        return False
    return kinds == {Kind.DATE} or isinstance(atom.left, _SURE) or isinstance(atom.right, _SURE)


def _number(value: Any, tokens: dict[object, int]) -> int:
    """A value as the engine compares it: the number of days, of fen, or one that stands for a text."""
    match value:
        case bool() | int():
            return saturated(int(value))
        case date():
            return value.toordinal()
        case _:
            return tokens.setdefault(value, len(tokens))
