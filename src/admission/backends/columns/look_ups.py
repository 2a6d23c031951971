"""Look-ups on columns: the row of a register that each task's key and day find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from admission import ir
from admission.backends.columns.encoding import Tasks
from admission.backends.columns.kleene import all_of
from admission.backends.columns.matching import FOUND, ROW, matched, scattered
from admission.backends.columns.terms import Places, Term, column_of, days_of, known_where, spread
from admission.datatypes import BOOL, FIRST_DAY, LAST_DAY, Type

SINCE, UNTIL, DAY = "since", "until", "day"


@dataclass(frozen=True, slots=True)
class Row:
    """The rows that a look-up finds; None where no task's key is known."""

    cells: Mapping[str, Term]
    places: pl.Series | None

    def cell(self, column: str) -> Term:
        """A column of the rows."""
        if self.places is None:
            return None
        held = self.cells[column]
        if isinstance(held, tuple):
            return tuple(word.gather(self.places) for word in held if isinstance(word, pl.Series))
        return held.gather(self.places) if isinstance(held, pl.Series) else held


class LookUps:
    """The registers of a policy, ready to be looked up."""

    def __init__(self, policy: ir.CheckedPolicy, places: Places) -> None:
        self.policy = policy
        read = {look_up.register for look_up in policy.look_ups.values()}
        self.tables = {name: _Table(policy.registers[name], places) for name in read}

    def find(self, name: str, key: Mapping[str, Term], tasks: Tasks) -> Row:
        """The rows for the values of a key."""
        table = self.tables[self.policy.look_ups[name].register]
        if any(term is None for term in key.values()):
            return Row(table.cells, None)
        pairs = matched(dict(table.parts(key, tasks.height)), table.keys, (SINCE, UNTIL) if table.is_dated else ())
        found = scattered(_on_the_day(pairs, tasks) if table.is_dated else pairs, tasks.height)
        return Row(table.cells, table.completed(found, key))


def _on_the_day(pairs: pl.DataFrame, tasks: Tasks) -> pl.DataFrame:
    day = tasks.day if isinstance(tasks.day, int) else tasks.day.gather(pairs[ROW])
    return pairs.filter((pairs[SINCE] <= day) & (pairs[UNTIL] >= day))


class _Table:
    """A register as columns. After its last row stands one more, what is read where there is none."""

    def __init__(self, register: ir.Register, places: Places) -> None:
        self.register = register
        self.size = len(register.rows)
        self.is_dated = any(row.period != ir.ALWAYS for row in register.rows)
        self.cells = {ir.FOUND: self._column(BOOL, [True] * self.size, absent=False, places=places)}
        for place, column in enumerate(register.columns.values()):
            absent = None if column.absent is None else column.absent.value
            cells = [absent if row.cells[place] is None else row.cells[place] for row in register.rows]
            self.cells[column.name] = self._column(column.type, cells, absent, places)
        keys = {name: self.cells[name] for name in register.key}
        held = {part: column.head(self.size) for part, column in self.parts(keys, self.size + 1)}
        self.keys = pl.DataFrame(held | self._periods() | {FOUND: pl.int_range(self.size, dtype=pl.UInt32, eager=True)})

    def _column(self, declared: Type, cells: list[Any], absent: Any, places: Places) -> Term:
        return column_of(declared, [places.inner(cell) for cell in (*cells, absent)], places)

    def _periods(self) -> dict[str, pl.Series]:
        periods = [row.period for row in self.register.rows]
        first, last = ([days_of(p.start or FIRST_DAY) for p in periods], [days_of(p.end or LAST_DAY) for p in periods])
        return {SINCE: pl.Series(first, dtype=pl.Int64), UNTIL: pl.Series(last, dtype=pl.Int64)}

    def parts(self, key: Mapping[str, Term], height: int) -> Iterator[tuple[str, pl.Series]]:
        """The columns of a key: a set has one for each of its words."""
        for place, name in enumerate(self.register.key):
            term, declared = key[name], self.register.columns[name].type
            for number, word in enumerate(term if isinstance(term, tuple) else (term,)):
                yield f"key {place} {number}", spread(word, declared, height)

    def completed(self, found: pl.Series, key: Mapping[str, Term]) -> pl.Series:
        """Where a known key finds nothing, the row after the last, unless nothing means unknown."""
        if self.register.partial:
            return found
        known = all_of(map(known_where, key.values()))
        whole = found.fill_null(self.size)
        nothing = pl.Series([None], dtype=whole.dtype)
        return whole.zip_with(known, nothing) if isinstance(known, pl.Series) else whole
