"""The expressions of a watch or a rule as Python functions of its rows. Unknown is None; the logic is strong Kleene's.

Rows are what it reads, by name: an `Event` (None where none was found, `UNKNOWN` where nobody can say), a total,
a register's row as a mapping, the moment `due`, and the day `as_of` whose parameters hold; for a rule the facts and
definitions too.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, assert_never

from admission import ir, workdays
from admission.datatypes import Value
from admission.events import Event, day_of, end_of

Rows = Mapping[str, Any]
Read = Callable[[Rows], Any]
UNKNOWN = Event("", "", 0, {})
"""Stands for an event of which it is not known whether there is one."""

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compiled(expr: ir.Expr, policy: ir.Policy, events: frozenset[str] | None = frozenset()) -> Read:
    """The expression as a function of rows; `events` are the rows that are events and not rows of registers.

    None is for a rule, which knows no events and no moments: a fact may be called `due` there.
    """
    return _Compiler(policy, events).read(expr)


def is_moment(expr: ir.Expr, events: frozenset[str] | None) -> bool:
    """Whether it is a moment rather than a day: an event's `at`, `due`, or one of them and a number of days."""
    if events is None:
        return False
    match expr:
        case ir.ReadColumn(row, column):
            return column == ir.AT and row in events
        case ir.ReadFact(name):
            return name == ir.DUE
        case ir.Add(left) | ir.Subtract(left):
            return is_moment(left, events)
        case _:
            return False


def as_moment(expr: ir.Expr, policy: ir.Policy, events: frozenset[str]) -> Read:
    """The expression as a moment: a day is its last second."""
    read = compiled(expr, policy, events)
    if is_moment(expr, events):
        return read

    def last_second(rows: Rows) -> int | None:
        found = read(rows)
        return None if found is None else end_of(found)

    return last_second


class _Compiler:
    def __init__(self, policy: ir.Policy, events: frozenset[str] | None) -> None:
        self.policy = policy
        self.events = events

    def read(self, expr: ir.Expr) -> Read:
        match expr:
            case ir.Literal(value):
                return lambda _: value
            case ir.ReadFact(name) | ir.ReadDefinition(name):
                return lambda rows: rows[name]
            case ir.ReadParameter(name):
                return _parameter(self.policy.parameters[name])
            case ir.ReadColumn(row, column):
                return self.column(row, column)
            case ir.And(operands):
                return _all(tuple(map(self.read, operands)))
            case ir.Or(operands):
                return _any(tuple(map(self.read, operands)))
            case ir.Not(operand):
                return _strict(operator.not_, self.read(operand))
            case ir.Compare(op, left, right):
                return _strict(_ORDER[op], *self.sides(left, right))
            case ir.In(item, container):
                return _strict(lambda value, held: value in held, self.read(item), self.read(container))
            case ir.OneOf(item, options):
                constants = frozenset(option.value for option in options)
                return _strict(constants.__contains__, self.day(item))
            case ir.Count(operand):
                return _strict(len, self.read(operand))
            case ir.Add(left, right):
                return _strict(self.sum(left, 1), self.read(left), self.read(right))
            case ir.Subtract(left, right):
                return _strict(self.sum(left, -1), self.read(left), self.read(right))
            case ir.Multiply(operand, factor):
                return _strict(operator.mul, self.read(operand), self.read(factor))
            case ir.Workday(start, days):
                return _strict(workdays.workday, self.day(start), self.read(days))
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                raise TypeError(f"not resolved: {expr}")
            case _:
                assert_never(expr)

    def column(self, row: str, column: str) -> Read:
        if self.events is None or row not in self.events:
            return lambda rows: None if rows[row] is None else rows[row][column]
        if column == ir.FOUND:
            return lambda rows: None if rows[row] is UNKNOWN else rows[row] is not None
        if column == ir.AT:
            return lambda rows: None if rows[row] is None or rows[row] is UNKNOWN else rows[row].at
        return lambda rows: None if rows[row] is None else rows[row].values.get(column)

    def sides(self, left: ir.Expr, right: ir.Expr) -> tuple[Read, Read]:
        """The two sides of a comparison; a moment beside a day is its day."""
        if is_moment(left, self.events) and is_moment(right, self.events):
            return self.read(left), self.read(right)
        return self.day(left), self.day(right)

    def day(self, expr: ir.Expr) -> Read:
        return _strict(day_of, self.read(expr)) if is_moment(expr, self.events) else self.read(expr)

    def sum(self, left: ir.Expr, sign: int) -> Callable[[Any, Any], Any]:
        """Numbers add up; a day or moment and a number of days give another, days being of 24 hours."""
        if is_moment(left, self.events):
            return lambda moment, days: moment + sign * days * 86_400
        return lambda a, b: a + sign * (timedelta(b) if isinstance(a, date) else b)


def _parameter(parameter: ir.Parameter) -> Read:
    def read(rows: Rows) -> Value | None:
        held = None
        for since, value in parameter.values:
            if since <= rows[ir.AS_OF]:
                held = value
        return held

    return read


def _strict(apply: Callable[..., Any], *reads: Read) -> Read:
    def read(rows: Rows) -> Any:
        values = [read(rows) for read in reads]
        return None if None in values else apply(*values)

    return read


def _all(reads: tuple[Read, ...]) -> Read:
    def read(rows: Rows) -> bool | None:
        values = [read(rows) for read in reads]
        return False if False in values else None if None in values else True

    return read


def _any(reads: tuple[Read, ...]) -> Read:
    def read(rows: Rows) -> bool | None:
        values = [read(rows) for read in reads]
        return True if True in values else None if None in values else False

    return read
