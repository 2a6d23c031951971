"""Look-ups on columns: the row of a register that each task's key and day find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from admission import ir
from admission.backends.columns.encoding import Tasks
from admission.backends.columns.kleene import Truth, all_of, is_true
from admission.backends.columns.matching import FOUND, ROW, SHORT, matched, scattered
from admission.backends.columns.terms import Places, Term, column_of, days_of, known_where, repeated, spread
from admission.datatypes import BOOL, FIRST_DAY, LAST_DAY, Type

SINCE, UNTIL = "since", "until"


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
            return tuple(word[self.places] for word in held if isinstance(word, pl.Series))
        return held[self.places] if isinstance(held, pl.Series) else held


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
        nothing = table.nothing(key, tasks.height)
        return Row(table.cells, (table.compared if table.size <= SHORT else table.joined)(key, tasks, nothing))


class _Table:
    """A register as columns. After its last row stands one more, what is read where there is none."""

    def __init__(self, register: ir.Register, places: Places) -> None:
        self.register = register
        self.places = places
        self.size = len(register.rows)
        self.is_dated = any(row.period != ir.ALWAYS for row in register.rows)
        self.cells = {ir.FOUND: self._column(BOOL, [True] * self.size, absent=False)}
        for place, column in enumerate(register.columns.values()):
            absent = None if column.absent is None else column.absent.value
            cells = [absent if row.cells[place] is None else row.cells[place] for row in register.rows]
            self.cells[column.name] = self._column(column.type, cells, absent)
        keys = {name: self.cells[name] for name in register.key}
        held = {part: column.head(self.size) for part, column in self._parts(keys, self.size + 1)}
        self.keys = pl.DataFrame(held | self._periods() | {FOUND: pl.int_range(self.size, dtype=pl.UInt32, eager=True)})

    def _column(self, declared: Type, cells: list[Any], absent: Any) -> Term:
        return column_of(declared, [self.places.inner(cell) for cell in (*cells, absent)], self.places)

    def _periods(self) -> dict[str, pl.Series]:
        first, last = zip(*map(_days, self.register.rows), strict=True) if self.register.rows else ((), ())
        return {SINCE: pl.Series(first, dtype=pl.Int64), UNTIL: pl.Series(last, dtype=pl.Int64)}

    def _parts(self, key: Mapping[str, Term], height: int) -> Iterator[tuple[str, pl.Series]]:
        """The columns of a key: a set has one for each of its words."""
        for place, name in enumerate(self.register.key):
            term, declared = key[name], self.register.columns[name].type
            for number, word in enumerate(term if isinstance(term, tuple) else (term,)):
                yield f"key {place} {number}", spread(word, declared, height)

    def nothing(self, key: Mapping[str, Term], height: int) -> pl.Series:
        """What is read where no row is found: that after the last, but none where nothing or the key is unknown."""
        absent = repeated(None if self.register.partial else self.size, pl.UInt32, height)
        known = all_of(map(known_where, key.values()))
        return absent.zip_with(known, pl.Series([None], dtype=pl.UInt32)) if isinstance(known, pl.Series) else absent

    def compared(self, key: Mapping[str, Term], tasks: Tasks, found: pl.Series) -> pl.Series:
        """The rows found, where there are few: each is held against every task, which is faster than a join."""
        for place, row in enumerate(self.register.rows):
            held = spread(is_true(all_of(self._conditions(row, key, tasks))), BOOL, tasks.height)
            found = pl.Series([place], dtype=pl.UInt32).zip_with(held, found)
        return found

    def _conditions(self, row: ir.Row, key: Mapping[str, Term], tasks: Tasks) -> Iterator[Truth]:
        """What makes it the row of a task."""
        if self.is_dated:
            first, last = _days(row)
            yield from (tasks.day >= first, tasks.day <= last)
        cells = dict(zip(self.register.columns, row.cells, strict=True))
        for name, term in key.items():
            yield tasks.equal(term, self.places.inner(cells[name]))

    def joined(self, key: Mapping[str, Term], tasks: Tasks, nothing: pl.Series) -> pl.Series:
        """The same by a join."""
        pairs = matched(dict(self._parts(key, tasks.height)), self.keys, (SINCE, UNTIL) if self.is_dated else ())
        found = scattered(_on_the_day(pairs, tasks) if self.is_dated else pairs, tasks.height)
        return found.zip_with(found.is_not_null(), nothing)


def _days(row: ir.Row) -> tuple[int, int]:
    """The first day of a row and the last, as in columns."""
    return days_of(row.period.start or FIRST_DAY), days_of(row.period.end or LAST_DAY)


def _on_the_day(pairs: pl.DataFrame, tasks: Tasks) -> pl.DataFrame:
    day = tasks.day if isinstance(tasks.day, int) else tasks.day[pairs[ROW]]
    return pairs.filter((pairs[SINCE] <= day) & (pairs[UNTIL] >= day))
