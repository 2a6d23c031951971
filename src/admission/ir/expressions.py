"""Expressions: one node an operator. `Name`, `Member`, `Display`, `Negative` are what the parser leaves to resolve."""

from __future__ import annotations

from dataclasses import field
from typing import Literal as Choice

from admission.datatypes import BOOL, DATE, INT, Type, Value, bounded
from admission.diagnostics.source import Span
from admission.records import record

Comparison = Choice["==", "!=", "<", "<=", ">", ">="]


@record
class Literal:
    """A constant. The type is part of its equality, for `True == 1` in Python."""

    value: Value
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Name:
    """A name not yet resolved."""

    id: str
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Member:
    """`row.column`, not yet resolved."""

    row: str
    column: str
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Display:
    """`{a, b}`, not yet resolved."""

    items: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Negative:
    """`-x` for a number literal, not yet resolved: the checker folds it into the literal."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadFact:
    """The value of a fact, or of the built-in date `as_of`."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadParameter:
    """The value of a parameter in force on `as_of`."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadDefinition:
    """The value of a definition."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadColumn:
    """A column of a look-up, or its built-in column `found`."""

    look_up: str
    column: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Not:
    """`not x`."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class And:
    """True when every operand is, false when one is false, else unknown; true without operands."""

    operands: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Or:
    """False when every operand is, true when one is true, else unknown; false without operands."""

    operands: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Compare:
    """Equality of two values of one type, order of two numbers or dates, or `<=`, `>=` (subset) of two sets."""

    op: Comparison
    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class In:
    """Whether an enum value is an element of a set."""

    item: Expr
    container: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class OneOf:
    """Whether a value is one of the constants of a set display, all of one type."""

    item: Expr
    options: tuple[Literal, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Count:
    """How many elements a set has."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Add:
    """Sum of two ints, of two amounts, or a date and a number of days."""

    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Subtract:
    """Difference of two ints, of two amounts, or a date less a number of days."""

    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Multiply:
    """A number times an int literal or int parameter, so that nothing is ever rounded.

    `factor` is that literal or parameter, whichever side it was written on.
    """

    operand: Expr
    factor: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Workday:
    """The n-th working day after a date, in China."""

    start: Expr
    days: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


Unresolved = Name | Member | Display | Negative
Expr = (
    Unresolved
    | Literal
    | ReadFact
    | ReadParameter
    | ReadDefinition
    | ReadColumn
    | Not
    | And
    | Or
    | Compare
    | In
    | OneOf
    | Count
    | Add
    | Subtract
    | Multiply
    | Workday
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The parts of an expression, in the order they were written; a definition's body is not one of them."""
    match expr:
        case And(operands) | Or(operands):
            return operands
        case Display(items):
            return items
        case Not(operand) | Count(operand) | Negative(operand):
            return (operand,)
        case Compare(_, left, right) | Add(left, right) | Subtract(left, right):
            return (left, right)
        case Multiply(operand, factor):
            return (operand, factor)
        case In(item, container):
            return (item, container)
        case OneOf(item, options):
            return (item, *options)
        case Workday(start, days):
            return (start, days)
        case Literal() | Name() | Member() | ReadFact() | ReadParameter() | ReadDefinition() | ReadColumn():
            return ()


def type_of(expr: Expr) -> Type:
    """The type of a resolved expression; raises `TypeError` for one that is not."""
    match expr:
        case Literal() | ReadFact() | ReadParameter() | ReadDefinition() | ReadColumn():
            return expr.type
        case Not() | And() | Or() | Compare() | In() | OneOf():
            return BOOL
        case Count():
            return INT
        case Workday():
            return DATE
        case Add(left) | Subtract(left):
            return widest(type_of(left))
        case Multiply(operand):
            return widest(type_of(operand))
        case Name() | Member() | Display() | Negative():
            raise TypeError(f"not resolved: {expr}")


def widest(declared: Type) -> Type:
    """The type without its declared bounds, as arithmetic gives it."""
    return bounded(declared.kind) if declared.is_ordered else declared
