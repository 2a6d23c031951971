"""Random conditions, type by type, over what a policy declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from hypothesis import strategies as st

from admission import ir
from admission.datatypes import BOOL, DATE, INT, MONEY, TEXT, Kind, Type, bounded
from admission.engine import Policy

P = ParamSpec("P")
R = TypeVar("R")
START, END = date(2019, 1, 1), date(2026, 12, 31)
TURN = date(2022, 7, 1)
COLOURS = Type(Kind.ENUM, ("red", "green", "blue"))
SEVERAL = Type(Kind.SET, COLOURS.values)
WORDS = ("", "a", "b", "某单位")

TYPES: tuple[Type, ...] = (
    BOOL,
    bounded(Kind.INT, 0, 9),
    INT,
    bounded(Kind.MONEY, 0, 1_000_00),
    bounded(Kind.DATE, date(2018, 12, 1), date(2027, 3, 1)),
    TEXT,
    COLOURS,
    Type(Kind.ENUM, ("green", "blue", "black")),
    SEVERAL,
    Type(Kind.SET, ("sun", "moon")),
)


def conditions(policy: Policy, *, depth: int = 3) -> st.SearchStrategy[ir.Expr]:
    """Well-typed conditions over the facts, parameters, look-ups and definitions of a policy.

    `depth` bounds how deeply they nest.
    """
    checked = policy.checked
    return Draw(checked.facts, checked.parameters, checked.registers, checked.look_ups, checked.definitions).of(
        BOOL, depth
    )


def once(make: Callable[Concatenate[Draw, P], R], /) -> Callable[Concatenate[Draw, P], R]:
    """A strategy that is made once for the same arguments: Hypothesis takes longer to make one than to draw from it."""

    @wraps(make)
    def ask(self: Draw, /, *args: P.args, **named: P.kwargs) -> R:
        key = (make.__name__, *args)
        if key not in self.made:
            self.made[key] = make(self, *args, **named)
        found: R = self.made[key]
        return found

    return ask


@dataclass(frozen=True, slots=True)
class Draw:
    """Draws expressions over some declarations."""

    facts: Mapping[str, ir.Fact]
    parameters: Mapping[str, ir.Parameter] = field(default_factory=dict)
    registers: Mapping[str, ir.Register] = field(default_factory=dict)
    look_ups: Mapping[str, ir.LookUp] = field(default_factory=dict)
    definitions: Mapping[str, ir.Definition] = field(default_factory=dict)
    made: dict[tuple[object, ...], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @once
    def leaves(self, kind: Kind) -> list[ir.Expr]:
        """Everything with a value of the kind."""
        found: list[ir.Expr] = [ir.ReadFact(f.name, f.type) for f in self.facts.values() if f.type.kind is kind]
        found += [ir.ReadParameter(p.name, p.type) for p in self.parameters.values() if p.type.kind is kind]
        found += [
            ir.ReadDefinition(d.name, ir.type_of(d.expr))
            for d in self.definitions.values()
            if ir.type_of(d.expr).kind is kind
        ]
        if kind is Kind.DATE:
            found.append(ir.ReadFact(ir.AS_OF, DATE))
        return found + [column for column in self.columns() if column.type.kind is kind]

    def columns(self) -> list[ir.ReadColumn]:
        """The columns that a condition may read."""
        found = []
        for look_up in self.look_ups.values():
            register = self.registers[look_up.register]
            if register.partial:
                continue
            found.append(ir.ReadColumn(look_up.name, ir.FOUND, BOOL))
            found += [
                ir.ReadColumn(look_up.name, column.name, column.type)
                for column in register.columns.values()
                if column.absent is not None
            ]
        return found

    def of(self, declared: Type, depth: int) -> st.SearchStrategy[ir.Expr]:
        """Expressions of a kind."""
        match declared.kind:
            case Kind.BOOL:
                return self.condition(depth)
            case Kind.INT:
                return self.number(Kind.INT, depth)
            case Kind.MONEY:
                return self.number(Kind.MONEY, depth)
            case Kind.DATE:
                return self.day(depth)
            case Kind.TEXT | Kind.ENUM | Kind.SET:
                return st.sampled_from(self.leaves(declared.kind))

    @once
    def condition(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """True or false."""
        atoms = [self.atom(depth), *([st.sampled_from(found)] if (found := self.leaves(Kind.BOOL)) else [])]
        if depth == 0:
            return st.one_of(*atoms)
        inner = st.deferred(lambda: self.condition(depth - 1))
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(*atoms, inner.map(ir.Not), several.map(ir.And), several.map(ir.Or))

    @once
    def atom(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A comparison of two values, or a membership."""
        kinds = [kind for kind in Kind if kind is not Kind.BOOL and self.leaves(kind)]
        if not kinds:
            return st.booleans().map(lambda value: ir.Literal(value, BOOL))
        return st.sampled_from(kinds).flatmap(lambda kind: self.comparison(kind, depth))

    @once
    def comparison(self, kind: Kind, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A comparison of values of one kind."""
        match kind:
            case Kind.INT | Kind.MONEY | Kind.DATE:
                side = self.of(Type(kind), min(depth, 1)).filter(lambda e: not isinstance(e, ir.Literal))
                other = self.of(Type(kind), 0) | self.constant(kind)
                ordered = st.builds(ir.Compare, st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), side, other)
                listed = st.builds(ir.OneOf, side, self.options(kind))
                return ordered | listed
            case Kind.TEXT:
                side = st.sampled_from(self.leaves(kind))
                same = st.builds(ir.Compare, st.sampled_from(("==", "!=")), side, self.constant(kind))
                return same | st.builds(ir.OneOf, side, self.options(kind))
            case Kind.ENUM:
                return st.sampled_from(self.leaves(kind)).flatmap(self.of_enum)
            case Kind.SET | Kind.BOOL:
                return st.sampled_from(self.leaves(kind)).flatmap(self.of_set)

    def constant(self, kind: Kind) -> st.SearchStrategy[ir.Expr]:
        """A literal of a number, date or text."""
        plain: dict[Kind, st.SearchStrategy[Any]] = {
            Kind.INT: st.integers(-3, 12),
            Kind.MONEY: st.sampled_from((0, 1, 99, 100, 500_00, 1_000_00)),
            Kind.DATE: st.sampled_from((START, TURN, date(2020, 2, 29), date(2026, 12, 25))),
            Kind.TEXT: st.sampled_from(WORDS),
        }
        declared = {Kind.INT: INT, Kind.MONEY: MONEY, Kind.DATE: DATE, Kind.TEXT: TEXT}[kind]
        return plain[kind].map(lambda value: ir.Literal(value, declared))

    def options(self, kind: Kind) -> st.SearchStrategy[tuple[ir.Expr, ...]]:
        """The constants of a set display."""
        return st.lists(self.constant(kind), min_size=1, max_size=3, unique=True).map(tuple)

    @once
    def of_enum(self, side: ir.Expr) -> st.SearchStrategy[ir.Expr]:
        """An enum against its values, or another enum that shares one."""
        declared = ir.type_of(side)
        literals = st.sampled_from([ir.Literal(value, declared) for value in declared.values])
        others = [e for e in self.leaves(Kind.ENUM) if set(ir.type_of(e).values) & set(declared.values)]
        same = st.builds(ir.Compare, st.sampled_from(("==", "!=")), st.just(side), literals | st.sampled_from(others))
        options = st.lists(literals, min_size=1, max_size=3, unique=True).map(tuple)
        sets = [e for e in self.leaves(Kind.SET) if set(ir.type_of(e).values) & set(declared.values)]
        member = [st.builds(ir.In, st.just(side), st.sampled_from(sets))] if sets else []
        return st.one_of(same, st.builds(ir.OneOf, st.just(side), options), *member)

    @once
    def of_set(self, side: ir.Expr) -> st.SearchStrategy[ir.Expr]:
        """A set against a display or another set, an element of it, or its size."""
        declared = ir.type_of(side)
        element = Type(Kind.ENUM, declared.values)
        display = st.frozensets(st.sampled_from(declared.values), min_size=1).map(lambda v: ir.Literal(v, declared))
        others = [e for e in self.leaves(Kind.SET) if set(ir.type_of(e).values) & set(declared.values)]
        pair = st.builds(
            ir.Compare, st.sampled_from(("==", "!=", "<=", ">=")), st.just(side), display | st.sampled_from(others)
        )
        literals = st.sampled_from([ir.Literal(value, element) for value in declared.values])
        enums = [e for e in self.leaves(Kind.ENUM) if set(ir.type_of(e).values) & set(declared.values)]
        item = literals | st.sampled_from(enums) if enums else literals
        size = st.builds(
            ir.Compare, st.sampled_from(("==", "<", ">=")), st.just(ir.Count(side)), self.constant(Kind.INT)
        )
        return pair | st.builds(ir.In, item, st.just(side)) | size

    @once
    def number(self, kind: Kind, depth: int) -> st.SearchStrategy[ir.Expr]:
        """An amount or whole number; arithmetic only where it stays in bounds."""
        leaves = list(self.leaves(kind))
        if kind is Kind.INT:
            leaves += [ir.Count(e) for e in self.leaves(Kind.SET)]
        base: st.SearchStrategy[ir.Expr] = st.sampled_from(leaves) if leaves else self.constant(kind)
        if depth == 0 or not leaves:
            # A sum of constants alone would be read as whole numbers, whatever it was meant to be.
            return base
        other = base | self.constant(kind)
        factors: st.SearchStrategy[ir.Expr] = st.integers(-2, 3).map(lambda value: ir.Literal(value, INT))
        if parameters := [
            ir.ReadParameter(p.name, p.type) for p in self.parameters.values() if p.type.kind is Kind.INT
        ]:
            factors = factors | st.sampled_from(parameters)
        return st.one_of(
            base,
            st.builds(ir.Add, base, other),
            st.builds(ir.Subtract, base, other),
            st.builds(ir.Multiply, base, factors),
        )

    @once
    def day(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A date, moved by days or working days."""
        base = st.sampled_from(self.leaves(Kind.DATE))
        if depth == 0:
            return base
        moved: st.SearchStrategy[ir.Expr] = st.integers(0, 40).map(lambda value: ir.Literal(value, INT))
        small = [f for f in self.facts.values() if f.type.kind is Kind.INT and f.type.high == 9]  # noqa: PLR2004
        if small:
            moved = moved | st.sampled_from([ir.ReadFact(f.name, f.type) for f in small])
        working = st.integers(1, 40).map(lambda value: ir.Literal(value, INT))
        return st.one_of(
            base,
            st.builds(ir.Add, base, moved),
            st.builds(ir.Subtract, base, moved),
            st.builds(ir.Workday, base, working),
        )
