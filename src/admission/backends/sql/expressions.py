"""Conditions and amounts as SQL terms, three-valued as SQL is; unknown is NULL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import assert_never

from sqlglot import exp

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.dialects import WIDE_AMOUNT, Dialect, has_text
from admission.backends.sql.terms import Term
from admission.datatypes import Kind, Type

COMPARISONS = {"==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}

Item = tuple[str, ...] | ir.Workday
"""What has a column: `("fact", name)`, `("definition", name)`, `("cell", look_up, column)`, or a working day."""


@dataclass(frozen=True, slots=True)
class Emitter:
    """Writes expressions over the columns that earlier stages of the query made."""

    policy: ir.CheckedPolicy
    dialect: Dialect
    as_of: date | None
    """The day of the decision; None: the row's own."""
    columns: Mapping[Item, str]
    is_known: bool = False
    """Whether every operand is known, so that none is asked for being NULL."""

    @property
    def day(self) -> Term:
        """The day of the decision."""
        return terms.column("day") if self.as_of is None else self.dialect.day(self.as_of)

    def read(self, item: Item) -> Term:
        """The column of an item."""
        return terms.column(self.columns[item])

    def fact(self, name: str) -> Term:
        """The value of a fact."""
        return self.day if name == ir.AS_OF else self.read(("fact", name))

    def expression(self, expr: ir.Expr) -> Term:
        """The term of an expression."""
        match expr:
            case ir.Literal(value, declared):
                return self.dialect.constant(declared, value)
            case ir.ReadFact(name):
                return self.fact(name)
            case ir.ReadParameter(name, declared):
                return self.parameter(name, declared)
            case ir.ReadDefinition(name):
                return self.read(("definition", name))
            case ir.ReadColumn(look_up, column):
                return self.read(("cell", look_up, column))
            case ir.And(operands):
                return terms.all_of(self.expression(part) for part in operands)
            case ir.Or(operands):
                return terms.any_of(self.expression(part) for part in operands)
            case ir.Not(operand):
                return terms.negated(self.expression(operand))
            case ir.Compare(op, left, right) if ir.type_of(left).kind is Kind.SET:
                return self.sets(op, left, right)
            case ir.Compare(op, left, right):
                return terms.binary(COMPARISONS[op], self.expression(left), self.expression(right))
            case ir.In(item, container):
                return self.element(item, container)
            case ir.OneOf(item, options):
                return self.one_of(item, options)
            case ir.Count(operand):
                return self.count(operand)
            case ir.Add(left, right) | ir.Subtract(left, right):
                return self.sum(left, right, exp.Add if isinstance(expr, ir.Add) else exp.Sub)
            case ir.Multiply(operand, factor):
                return terms.binary(exp.Mul, self.amount(operand), self.amount(factor))
            case ir.Workday():
                return self.read(expr)
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                raise TypeError(f"not resolved: {expr}")
            case _:
                assert_never(expr)

    def parameter(self, name: str, declared: Type) -> Term:
        """The value in force on the day."""
        values = self.policy.parameters[name].values
        if self.as_of is not None:
            return self.dialect.constant(declared, [value for since, value in values if since <= self.as_of][-1])
        first, later = values[0], values[1:]
        branches = [(self.since(start), self.dialect.constant(declared, value)) for start, value in reversed(later)]
        return terms.case(branches, self.dialect.constant(declared, first[1]))

    def since(self, start: date) -> Term:
        """Whether the day is not before another."""
        return exp.GTE(this=self.day, expression=self.dialect.day(start))

    def within(self, period: ir.Period) -> Term:
        """Whether the day lies in a period."""
        if self.as_of is not None:
            return terms.TRUE if self.as_of in period else terms.FALSE
        first, last = self.policy.period.start, self.policy.period.end
        starts_later = period.start is not None and (first is None or period.start > first)
        ends_earlier = period.end is not None and (last is None or period.end < last)
        start = [self.since(period.start)] if starts_later and period.start else []
        end = [exp.LTE(this=self.day, expression=self.dialect.day(period.end))] if ends_earlier and period.end else []
        return terms.all_of([*start, *end])

    # ------------------------------------------------------------------------------------------- numbers

    def sum(self, left: ir.Expr, right: ir.Expr, node: type[exp.Binary]) -> Term:
        """A sum or difference; of a date, so many days later or earlier."""
        if ir.type_of(left).kind is not Kind.DATE:
            return terms.binary(node, self.amount(left), self.amount(right))
        days = self.expression(right)
        days = terms.binary(exp.Mul, days, terms.number(-1)) if node is exp.Sub else days
        return self.dialect.plus_days(self.expression(left), days)

    def amount(self, expr: ir.Expr) -> Term:
        """A number wide enough for the engine to calculate with."""
        kind = ir.type_of(expr).kind
        wide = WIDE_AMOUNT if kind is Kind.MONEY and self.dialect.money == "decimal" else "BIGINT"
        return terms.cast(self.expression(expr), wide)

    def strict(self, term: Term, operands: list[Term], kind: str) -> Term:
        """A term that is unknown where an operand is."""
        unknown = terms.FALSE if self.is_known else terms.any_of(terms.is_unknown(operand) for operand in operands)
        return terms.case([(unknown, terms.null(kind))], term)

    # ---------------------------------------------------------------------------------------------- sets

    def one_of(self, item: ir.Expr, options: tuple[ir.Literal, ...]) -> Term:
        """Whether a value is one of some constants."""
        found = self.expression(item)
        constants = [self.expression(option) for option in options]
        # DuckDB makes a join of a longer IN, for every row, whatever condition it stands under.
        size = self.dialect.longest_in or len(constants)
        parts = [constants[start : start + size] for start in range(0, len(constants), size)]
        return terms.any_of(exp.In(this=terms.wrapped(found.copy()), expressions=part) for part in parts)

    def element(self, item: ir.Expr, container: ir.Expr) -> Term:
        """Whether a set has an element."""
        found, held = self.expression(item), self.expression(container)
        has = self.dialect.has or has_text
        return self.strict(has(held, found), [found, held], "BOOLEAN")

    def sets(self, op: str, left: ir.Expr, right: ir.Expr) -> Term:
        """Whether a set is the other, or lies within it."""
        sides = (left, right) if op != ">=" else (right, left)
        term = self.subset(*sides)
        if op in ("==", "!="):
            term = terms.all_of([term, self.subset(right, left)])
        operands = [self.expression(side) for side in sides]
        return self.strict(terms.negated(term) if op == "!=" else term, operands, "BOOLEAN")

    def subset(self, inner: ir.Expr, outer: ir.Expr) -> Term:
        """Whether a known set lies within another."""
        if self.dialect.within is not None:
            return self.dialect.within(self.expression(inner), self.expression(outer))
        return terms.all_of(
            terms.any_of([terms.negated(self.holds(inner, value)), self.holds(outer, value)])
            for value in ir.type_of(inner).values
        )

    def holds(self, container: ir.Expr, value: str) -> Term:
        """Whether a set that is text has a value."""
        if isinstance(container, ir.Literal) and isinstance(container.value, frozenset):
            return terms.TRUE if value in container.value else terms.FALSE
        if value not in ir.type_of(container).values:
            return terms.FALSE
        return has_text(self.expression(container), terms.text(value))

    def count(self, operand: ir.Expr) -> Term:
        """How many elements a set has."""
        if self.dialect.count is not None:
            return self.dialect.count(self.expression(operand))
        held = self.expression(operand)
        places = [(0, self.holds(operand, value)) for value in ir.type_of(operand).values]
        return self.strict(exp.paren(terms.bits(places)), [held], "BIGINT")


def reads(expr: ir.Expr) -> Iterator[Item]:
    """The items that an expression reads itself; what those read in turn is not among them."""
    for node in nodes(expr):
        match node:
            case ir.ReadFact(name) if name != ir.AS_OF:
                yield "fact", name
            case ir.ReadDefinition(name):
                yield "definition", name
            case ir.ReadColumn(look_up, column):
                yield "cell", look_up, column
            case ir.Workday():
                yield node
            case _:
                pass


def nodes(expr: ir.Expr) -> Iterator[ir.Expr]:
    """The nodes of an expression down to working days, which have columns of their own."""
    yield expr
    if not isinstance(expr, ir.Workday):
        for child in ir.children(expr):
            yield from nodes(child)
