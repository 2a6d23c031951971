"""Rows of registers that can never match, and days on which a key has none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from admission import ir
from admission.datatypes import Type, Value, expectation, to_text
from admission.lints.remarks import Layer, Remark, meet, remark

_DAY = timedelta(days=1)


def rows(layer: Layer) -> Iterator[Remark]:
    """A008: a row whose days lie outside the policy's, or whose key no fact that looks it up can have."""
    for register in layer.own("registers"):
        keys = list(_keys(layer.policy, register))
        for row in register.rows:
            why = _outside(row, layer.policy.period) or _unmatched(register, row, keys)
            if why:
                yield remark("A008", "registers", register.name, row.span, register=register.name, why=why)


def _outside(row: ir.Row, period: ir.Period) -> tuple[str, str] | None:
    if meet(row.period, period) is not None:
        return None
    return "其有效期不在本规则的有效期内", "its days lie outside the policy's"


def _keys(policy: ir.Policy, register: ir.Register) -> Iterator[dict[str, Type]]:
    """For each look-up of the register, the types of the facts that its key columns are matched with."""
    for look_up in policy.look_ups.values():
        if look_up.register == register.name:
            yield {column: policy.facts[fact].type for column, fact in look_up.match.items()}
    for watch in policy.watches.values():
        for watched in watch.look_ups.values():
            if watched.register == register.name:
                yield {column: ir.type_of(expr) for column, expr in watched.match.items()}


def _unmatched(register: ir.Register, row: ir.Row, keys: list[dict[str, Type]]) -> tuple[str, str] | None:
    """Why no look-up can ask for the row's key; None where one can, or where there is no look-up."""
    cells = dict(zip(register.columns, row.cells, strict=True))
    barred = [next((c for c in register.key if not _has(types[c], cells[c])), None) for types in keys]
    column = barred[0] if barred else None
    if column is None or None in barred:
        return None
    given = to_text(register.columns[column].type, cells[column])  # type: ignore[arg-type] # a key is never empty
    zh, en = expectation(keys[0][column])
    return (
        f"`{column}` 为 {given}，所查的事实是{zh}",
        f"`{column}` is {given}, but the fact takes {en}",
    )


def _has(declared: Type, value: Value | None) -> bool:
    if declared.values:
        return value in declared.values
    low, high = declared.low, declared.high
    return low is None or high is None or low <= value <= high  # type: ignore[operator] # of one kind


def gaps(layer: Layer) -> Iterator[Remark]:
    """A009: days within the policy's on which a key has no row, though it has one before and one after."""
    for register in layer.own("registers"):
        for key, listed in _by_key(register).items():
            for one, other in pairwise(listed):
                gap = _between(one.period, other.period)
                days = meet(gap, layer.policy.period) if gap else None
                if days:
                    shown = ", ".join(map(str, key))
                    data = {"register": register.name, "key": shown, "start": days.start, "end": days.end}
                    yield remark("A009", "registers", register.name, other.span, **data)


def _by_key(register: ir.Register) -> dict[tuple[Value | None, ...], list[ir.Row]]:
    places = [list(register.columns).index(column) for column in register.key]
    found: dict[tuple[Value | None, ...], list[ir.Row]] = {}
    for row in sorted(register.rows, key=lambda row: row.period.start or date.min):
        found.setdefault(tuple(row.cells[place] for place in places), []).append(row)
    return found


def _between(one: ir.Period, other: ir.Period) -> ir.Period | None:
    """The days after one period and before the next; None where they touch."""
    if one.end is None or other.start is None or one.end + _DAY >= other.start:
        return None
    return ir.Period(one.end + _DAY, other.start - _DAY)
