"""The tables of constants that a query brings along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from admission.backends.sql import terms
from admission.backends.sql.dialects import Dialect
from admission.backends.sql.terms import Term
from admission.datatypes import Type, Value


@dataclass(frozen=True, slots=True)
class Table:
    """A named table of the query: `name AS (body)`."""

    name: str
    body: exp.Query

    def of(self, column: str) -> Term:
        """One of its columns."""
        return terms.column(column, self.name)


def rows_of(dialect: Dialect, types: Sequence[tuple[str, Type]], rows: Iterable[Sequence[Value | None]]) -> exp.Query:
    """A table of constants, at least one row."""
    written = [
        [_plain(dialect, declared, cell) for cell, (_, declared) in zip(row, types, strict=True)] for row in rows
    ]
    values = exp.Values(expressions=[exp.Tuple(expressions=row) for row in written])
    names = [name for name, _ in types]
    places = range(1, len(names) + 1)
    if dialect.rows == "array":
        body: Term = exp.alias_(exp.Subquery(this=_unfolded(written)), "v", table=True)
        cells = [_element(place) for place in places]
    elif dialect.rows == "numbered":
        body = exp.alias_(values, "v", table=True)
        cells = [terms.column(f"column{place}") for place in places]
    else:
        body = exp.alias_(values, "v", table=names, quoted=True)
        cells = [terms.column(name) for name in names]
    typed = [
        terms.named(terms.cast(cell, dialect.type(declared)), name)
        for cell, (name, declared) in zip(cells, types, strict=True)
    ]
    return terms.selected(*typed, source=body)


def _unfolded(rows: Sequence[Sequence[Term]]) -> exp.Select:
    """Rows out of an array of tuples: ClickHouse plans a long union, and has no VALUES with names."""
    tuples = [exp.Anonymous(this="tuple", expressions=list(row)) for row in rows]
    return exp.select(terms.named(exp.Anonymous(this="arrayJoin", expressions=[exp.array(*tuples)]), "r"))


def _element(place: int) -> Term:
    return exp.Anonymous(this="tupleElement", expressions=[terms.column("r"), terms.number(place)])


def _plain(dialect: Dialect, declared: Type, cell: Value | None) -> Term:
    """A cell before its column is given a type."""
    match cell:
        case None:
            return exp.null()
        case date():
            return terms.text(cell.isoformat())
        case _:
            return dialect.constant(declared, cell)
