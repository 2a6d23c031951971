"""What matters to a policy: the constants it compares with, its register rows, and the days on which it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain

from admission import ir, workdays
from admission.datatypes import Kind, Type, Value
from admission.testing.memory import kept

ONE_DAY = timedelta(days=1)
LATEST = date(2199, 12, 31)


@dataclass(slots=True)
class Constants:
    """Values worth trying, by kind, plainest first; and days on which an answer may change."""

    by_kind: dict[Kind, list[Value]] = field(default_factory=dict)
    days: list[date] = field(default_factory=list)
    _of: dict[Type, tuple[Value, ...]] = field(default_factory=dict, init=False, repr=False)

    def of(self, declared: Type) -> tuple[Value, ...]:
        """The constants that a type admits, with the neighbours of numbers and dates, in bounds."""
        if declared not in self._of:
            near = (near for value in self.by_kind.get(declared.kind, ()) for near in neighbours(value))
            self._of[declared] = tuple(dict.fromkeys(value for value in near if is_within(declared, value)))
        return self._of[declared]


def neighbours(value: Value) -> Iterator[Value]:
    """A value, and what lies one unit beside it; near misses of a text."""
    yield value
    match value:
        case bool():
            return
        case int():
            yield from (value - 1, value + 1)
        case date():
            if date.min < value < date.max:
                yield from (value - ONE_DAY, value + ONE_DAY)
        case str():
            yield f"{value}x"
        case frozenset():
            return


def is_within(declared: Type, value: Value) -> bool:
    """Whether a value of the type's kind is one of the type."""
    if declared.low is None or declared.high is None:
        return True
    return declared.low <= value <= declared.high  # type: ignore[operator] # of one kind


@kept(16)
def constants_of(policy: ir.CheckedPolicy) -> Constants:
    """Every literal, parameter value and register cell of a policy, and every day on which it changes."""
    return constants_with(policy, ())


def constants_with(policy: ir.CheckedPolicy, besides: Iterable[ir.Expr]) -> Constants:
    """The constants of a policy and of expressions that stand in no rule, as those of watches."""
    found: dict[Kind, dict[Value, None]] = {}
    for kind, value in _values(policy, besides):
        found.setdefault(kind, {}).setdefault(value)
    by_kind = {kind: sorted(values, key=_plainness) for kind, values in found.items()}
    period = policy.period
    start = period.start or date(2000, 1, 1)
    end = period.end or LATEST
    named = [day for day in by_kind.get(Kind.DATE, ()) if isinstance(day, date)]
    turns = {start} | {day for day in (*_turns(policy), *named) if day in period}
    days = {near for day in turns for near in (day - ONE_DAY, day, day + ONE_DAY)}
    return Constants(by_kind, sorted(day for day in days if start <= day <= end))


def _plainness(value: Value) -> tuple[int, str]:
    return len(str(value)), str(value)


def _values(policy: ir.CheckedPolicy, besides: Iterable[ir.Expr]) -> Iterator[tuple[Kind, Value]]:
    for expr in chain(expressions(policy), ir.walk(promised(policy)), ir.walk(besides)):
        if isinstance(expr, ir.Literal):
            yield expr.type.kind, expr.value
        elif isinstance(expr, ir.Workday):
            yield Kind.DATE, workdays.LAST
    for parameter in policy.parameters.values():
        for _, value in parameter.values:
            yield parameter.type.kind, value
    for register in policy.registers.values():
        for row in register.rows[:200]:
            for column, cell in zip(register.columns.values(), row.cells, strict=True):
                if cell is not None:
                    yield column.type.kind, cell
        for column in register.columns.values():
            if column.absent:
                yield column.type.kind, column.absent.value


def _turns(policy: ir.CheckedPolicy) -> Iterator[date]:
    periods = [rule.period for rule in ir.rules(policy)]
    periods += [row.period for register in policy.registers.values() for row in register.rows[:200]]
    for period in periods:
        yield from (day for day in (period.start, period.end) if day)
    for parameter in policy.parameters.values():
        yield from (day for day, _ in parameter.values)


def expressions(policy: ir.Policy) -> Iterator[ir.Expr]:
    """Every node of every expression of a policy."""
    whole = [expr for rule in ir.rules(policy) for expr in ir.parts(rule).values()]
    yield from ir.walk([*whole, *(definition.expr for definition in policy.definitions.values())])


def promised(policy: ir.Policy) -> list[ir.Expr]:
    """The conditions of a policy's invariants."""
    return [invariant.expr for invariant in policy.invariants.values() if invariant.expr is not None]
