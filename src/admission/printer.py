"""The intermediate representation as canonical text: what an author would write, with as few brackets as can be."""

from __future__ import annotations

from typing import assert_never

from admission import ir
from admission.datatypes import FEN_PER_YUAN, Kind, Type, Value, to_text

# How tightly each construct binds; a part that binds less than its place demands is bracketed.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ATOM = range(7)


def expression(expr: ir.Expr) -> str:
    """The expression as text.

    >>> from admission.datatypes import BOOL
    >>> expression(ir.Not(ir.And((ir.ReadFact("a", BOOL), ir.ReadFact("b", BOOL)))))
    'not (a and b)'
    """
    return _bound(expr)[0]


def _at(expr: ir.Expr, least: int) -> str:
    text, binding = _bound(expr)
    return f"({text})" if binding < least else text


def _bound(expr: ir.Expr) -> tuple[str, int]:
    """The text of an expression, and how tightly it binds."""
    match expr:
        case ir.Literal(value, declared):
            return literal(declared, value), _ATOM
        case ir.Name(name) | ir.ReadFact(name) | ir.ReadParameter(name) | ir.ReadDefinition(name):
            return name, _ATOM
        case ir.Member(row, column) | ir.ReadColumn(row, column):
            return f"{row}.{column}", _ATOM
        case ir.Display(items):
            return "{" + ", ".join(expression(item) for item in items) + "}", _ATOM
        case ir.Negative(operand):
            return f"-{_at(operand, _ATOM)}", _SUM
        case ir.And(operands):
            return " and ".join(_at(operand, _NOT) for operand in operands) or "true", _AND
        case ir.Or(operands):
            return " or ".join(_at(operand, _AND) for operand in operands) or "false", _OR
        case ir.Not(ir.In(item, container)):
            return f"{_at(item, _SUM)} not in {_at(container, _SUM)}", _COMPARE
        case ir.Not(ir.OneOf(item, options)):
            return f"{_at(item, _SUM)} not in {_options(options)}", _COMPARE
        case ir.Not(operand):
            return f"not {_at(operand, _NOT)}", _NOT
        case ir.Compare(op, left, right):
            return f"{_at(left, _SUM)} {op} {_at(right, _SUM)}", _COMPARE
        case ir.In(item, container):
            return f"{_at(item, _SUM)} in {_at(container, _SUM)}", _COMPARE
        case ir.OneOf(item, options):
            return f"{_at(item, _SUM)} in {_options(options)}", _COMPARE
        case ir.Count(operand):
            return f"count({expression(operand)})", _ATOM
        case ir.Workday(start, days):
            return f"workday({expression(start)}, {expression(days)})", _ATOM
        case ir.Add(left, right):
            return f"{_at(left, _SUM)} + {_at(right, _PRODUCT)}", _SUM
        case ir.Subtract(left, right):
            return f"{_at(left, _SUM)} - {_at(right, _PRODUCT)}", _SUM
        case ir.Multiply(operand, factor):
            return f"{_at(operand, _PRODUCT)} * {_at(factor, _ATOM)}", _PRODUCT
        case _:
            assert_never(expr)


def _options(options: tuple[ir.Literal, ...]) -> str:
    return "{" + ", ".join(expression(option) for option in options) + "}"


def literal(declared: Type, value: Value) -> str:
    """A constant as it stands in an expression: whole yuan without decimals, dates and text in quotes.

    >>> from admission.datatypes import MONEY, TEXT
    >>> literal(MONEY, 800000), literal(MONEY, 1250), literal(TEXT, "a")
    ('8000', '12.50', "'a'")
    """
    match declared.kind:
        case Kind.MONEY if isinstance(value, int) and value % FEN_PER_YUAN == 0:
            return str(value // FEN_PER_YUAN)
        case Kind.DATE:
            return f'date("{to_text(declared, value)}")'
        case Kind.TEXT:
            return repr(value)
        case _:
            return to_text(declared, value)
