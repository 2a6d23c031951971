"""The row of a register that a look-up finds: tried one by one where there are few, else joined."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlglot import exp

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.expressions import Emitter
from admission.backends.sql.tables import Table, rows_of
from admission.backends.sql.terms import Term
from admission.datatypes import BOOL, DATE, Type, Value

LONGEST_LIST = 8  # rows that are tried one by one
SINCE, UNTIL = "since", "until"


@dataclass(frozen=True, slots=True)
class LookUp:
    """One look-up of a policy, over the columns that its keys have in the query."""

    policy: ir.CheckedPolicy
    emit: Emitter
    name: str

    @property
    def register(self) -> ir.Register:
        """The register that it reads."""
        return self.policy.registers[self.policy.look_ups[self.name].register]

    @property
    def match(self) -> list[tuple[int, ir.Column, Term]]:
        """Each key: its place among the columns, itself, and the fact that must equal it."""
        facts = self.policy.look_ups[self.name].match
        columns = list(self.register.columns)
        return [
            (columns.index(key), self.register.columns[key], self.emit.fact(facts[key])) for key in self.register.key
        ]

    @property
    def in_force(self) -> list[ir.Row]:
        """The rows that can be found on the days of the query."""
        day = self.emit.as_of
        return [row for row in self.register.rows if day is None or day in row.period]

    @property
    def is_short(self) -> bool:
        """Whether its rows are few enough to be tried one by one."""
        return len(self.in_force) <= LONGEST_LIST

    @property
    def alias(self) -> str:
        """The name of the row that is joined."""
        return f"row_{list(self.policy.look_ups).index(self.name)}"

    @property
    def rows(self) -> str:
        """The name of the table of its rows."""
        return f"{self.alias}_rows"

    # --------------------------------------------------------------------------------------------- cells

    def cell(self, column: str) -> Term:
        """A cell: unknown with an unknown key, and where a partial register has no row."""
        unknown_key = terms.any_of(terms.is_unknown(fact) for _, _, fact in self.match)
        nothing, missed = self._none(column)
        rows = [(self._fits(row), self._value(row, column)) for row in self.in_force]
        found = rows if self.is_short else [(self._is_joined(), self._joined(column))]
        return terms.case([(unknown_key, nothing), *found], nothing if self.register.partial else missed)

    def _none(self, column: str) -> tuple[Term, Term]:
        """What a cell is where it is unknown, and where there is no row."""
        if column == ir.FOUND:
            return self.emit.dialect.unknown(BOOL), terms.FALSE
        declared = self.register.columns[column]
        nothing = self.emit.dialect.unknown(declared.type)
        return nothing, self._absent(declared) or nothing

    def _absent(self, column: ir.Column) -> Term | None:
        return None if column.absent is None else self._constant(column.type, column.absent.value)

    def _constant(self, declared: Type, value: Value) -> Term:
        return self.emit.dialect.constant(declared, value)

    def _fits(self, row: ir.Row) -> Term:
        """Whether a row is the one that is looked for."""
        keys = [(row.cells[place], key, fact) for place, key, fact in self.match]
        fits = [
            exp.EQ(this=fact, expression=self._constant(key.type, cell)) for cell, key, fact in keys if cell is not None
        ]
        return terms.all_of([*fits, self.emit.within(row.period)])

    def _value(self, row: ir.Row, column: str) -> Term:
        if column == ir.FOUND:
            return terms.TRUE
        declared = self.register.columns[column]
        cell = row.cells[list(self.register.columns).index(column)]
        return self._none(column)[1] if cell is None else self._constant(declared.type, cell)

    # ---------------------------------------------------------------------------------------------- join

    def table(self, read: Collection[str]) -> Table:
        """Its rows, with the keys and the columns that are read, and their periods where each row has a day of its own.

        Columns are named by their places.
        """
        kept = [(n, c) for n, c in enumerate(self.register.columns.values()) if self._is_kept(c.name, read)]
        types = [(f"c{place}", column.type) for place, column in kept]
        types += [] if self.emit.as_of else [(SINCE, DATE), (UNTIL, DATE)]
        rows = [
            [*(row.cells[n] for n, _ in kept), *([] if self.emit.as_of else [row.period.start, row.period.end])]
            for row in self.in_force
        ]
        return Table(self.rows, rows_of(self.emit.dialect, types, rows))

    def _is_kept(self, column: str, read: Collection[str]) -> bool:
        return column in read or column in self.register.key

    def joins(self) -> Term:
        """The condition that joins the row."""
        keys = [exp.EQ(this=terms.column(f"c{place}", self.alias), expression=fact) for place, _, fact in self.match]
        return terms.all_of([*keys, *([] if self.emit.as_of else [self._holds_the_day()])])

    def _holds_the_day(self) -> Term:
        start, end = terms.column(SINCE, self.alias), terms.column(UNTIL, self.alias)
        begun = terms.any_of([terms.is_unknown(start), exp.LTE(this=start.copy(), expression=self.emit.day)])
        lasts = terms.any_of([terms.is_unknown(end), exp.GTE(this=end.copy(), expression=self.emit.day)])
        return terms.all_of([begun, lasts])

    def _is_joined(self) -> Term:
        return terms.is_known(terms.column(f"c{self.match[0][0]}", self.alias))

    def _joined(self, column: str) -> Term:
        if column == ir.FOUND:
            return terms.TRUE
        cell = terms.column(f"c{list(self.register.columns).index(column)}", self.alias)
        absent = self._absent(self.register.columns[column])
        return cell if absent is None else terms.coalesce(cell, absent)
