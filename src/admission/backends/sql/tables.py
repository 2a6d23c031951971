"""The tables that a query brings along: the rows of registers, and China's published working days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from admission import ir, workdays
from admission.backends.sql import terms
from admission.backends.sql.dialects import Dialect
from admission.backends.sql.terms import Term
from admission.datatypes import DATE, INT, Type, Value

SINCE, UNTIL, HIT = "since", "until", "hit"
CALENDAR = "calendar"
FIRST, LAST = workdays.FIRST.toordinal(), workdays.LAST.toordinal()
DIGITS = 4  # the published days have numbers of so many digits


@dataclass(frozen=True, slots=True)
class Table:
    """A named table of the query: `name AS (body)`."""

    name: str
    body: exp.Query

    def of(self, column: str) -> Term:
        """One of its columns."""
        return terms.column(column, self.name)


def rows_of(
    dialect: Dialect, types: Sequence[tuple[str, Type]], rows: Iterable[Sequence[Value | None]]
) -> exp.Query | None:
    """A table of constants; None where it has no rows, which SQL cannot write."""
    written = [
        [_plain(dialect, declared, cell) for cell, (_, declared) in zip(row, types, strict=True)] for row in rows
    ]
    if not written:
        return None
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
        terms.named(exp.cast(cell, dialect.type(declared)), name)
        for cell, (name, declared) in zip(cells, types, strict=True)
    ]
    return exp.select(*typed).from_(body)


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


def register(
    dialect: Dialect, declared: ir.Register, name: str, columns: Sequence[str], day: date | None
) -> Table | None:
    """The rows of a register that may be found, with the columns asked for; None where there are none.

    With a fixed day only the rows in force on it; else each row's period stands in `since` and `until`.
    """
    places = [list(declared.columns).index(column) for column in columns]
    types = [(f"c{place}", declared.columns[column].type) for place, column in zip(places, columns, strict=True)]
    if day is None:
        types += [(SINCE, DATE), (UNTIL, DATE)]
    rows = [
        [*(row.cells[place] for place in places), *([] if day else [row.period.start, row.period.end])]
        for row in declared.rows
        if day is None or day in row.period
    ]
    body = rows_of(dialect, types, rows)
    return None if body is None else Table(name, body)


# --------------------------------------------------------------------------------------------- working days


def calendar(dialect: Dialect) -> list[Table]:
    """Each published day as `calendar_day`, whether it `is_worked`, and the working days `passed` since 0001-01-01."""
    exceptions = rows_of(
        dialect, [("n", INT), ("works", INT)], ((day - FIRST, int(works)) for day, works in workdays.EXCEPTIONS)
    )
    digits = rows_of(dialect, [("d", INT)], ([digit] for digit in range(10)))
    assert exceptions is not None  # noqa: S101 - both are constants with rows
    assert digits is not None  # noqa: S101
    return [
        Table("moved_days", exceptions),
        Table("digits", digits),
        Table("day_numbers", _day_numbers()),
        Table("worked_days", _worked_days()),
        Table(CALENDAR, _calendar(dialect)),
    ]


def _day_numbers() -> exp.Query:
    """The numbers of the published days, from 0."""
    parts = [
        exp.Mul(this=terms.column("d", f"d{place}"), expression=terms.number(10**place)) for place in range(DIGITS)
    ]
    number = terms.total(parts)
    found = exp.select(terms.named(number, "n")).from_(exp.alias_(exp.to_table("digits"), "d0", table=True))
    for place in range(1, DIGITS):
        found = found.join(exp.alias_(exp.to_table("digits"), f"d{place}", table=True), join_type="cross")
    return found.where(exp.LTE(this=exp.paren(number.copy()), expression=terms.number(LAST - FIRST)))


def _worked_days() -> exp.Query:
    """Each published day, and whether China works on it: 1 or 0."""
    number = terms.column("n", "day_numbers")
    in_week = exp.Mod(
        this=exp.paren(exp.Add(this=number, expression=terms.number(FIRST - 1))), expression=terms.number(7)
    )
    weekday = terms.case([(exp.LT(this=in_week, expression=terms.number(5)), terms.number(1))], terms.number(0))
    worked = terms.coalesce(terms.column("works", "moved_days"), weekday)
    joined = exp.EQ(this=terms.column("n", "moved_days"), expression=number.copy())
    return (
        exp.select(terms.named(number.copy(), "n"), terms.named(worked, "worked"))
        .from_("day_numbers")
        .join("moved_days", on=joined, join_type="left")
    )


def _calendar(dialect: Dialect) -> exp.Query:
    number, worked = terms.column("n"), terms.column("worked")
    before = terms.number(workdays_before_first())
    summed = exp.Window(this=exp.Sum(this=worked), order=exp.Order(expressions=[number]))
    passed = exp.cast(exp.Add(this=before, expression=summed), "BIGINT")
    first = dialect.day(workdays.FIRST)
    return exp.select(
        terms.named(dialect.plus_days(first, number.copy()), "calendar_day"),
        terms.named(worked.copy(), "is_worked"),
        terms.named(passed, "passed"),
    ).from_("worked_days")


def workdays_before_first() -> int:
    """Mondays to Fridays from 0001-01-01, a Monday, to the day before the first published one."""
    weeks, rest = divmod(FIRST - 1, 7)
    return 5 * weeks + min(rest, 5)


def workdays_until_last() -> int:
    """Working days from 0001-01-01 to the last published day."""
    worked = sum(workdays.is_workday(date.fromordinal(day)) for day in range(FIRST, LAST + 1))
    return workdays_before_first() + worked


def weekdays_until(day: Term) -> Term:
    """How many Mondays to Fridays there are up to a day, by its number."""
    rest = exp.Mod(this=exp.paren(day), expression=terms.number(7))
    least = terms.case([(exp.LT(this=rest, expression=terms.number(5)), rest.copy())], terms.number(5))
    weeks = exp.Sub(this=day.copy(), expression=rest.copy())
    return exp.Add(this=exact(exp.Mul(this=exp.paren(weeks), expression=terms.number(5)), 7), expression=least)


def nth_weekday(count: Term) -> Term:
    """The number of the day that is the n-th of the Mondays to Fridays."""
    less = exp.paren(exp.Sub(this=exp.paren(count), expression=terms.number(1)))
    rest = exp.Mod(this=less, expression=terms.number(5))
    weeks = exp.paren(exp.Sub(this=less.copy(), expression=rest))
    return terms.total([exact(exp.Mul(this=weeks, expression=terms.number(7)), 5), rest.copy(), terms.number(1)])


def exact(dividend: Term, divisor: int) -> Term:
    """A division that leaves no rest, whatever the engine's `/` makes of whole numbers."""
    return exp.cast(exp.Div(this=exp.paren(dividend), expression=terms.number(divisor)), "BIGINT")


def weekdays_until_last() -> int:
    """Mondays to Fridays from 0001-01-01 to the last published day."""
    weeks, rest = divmod(LAST, 7)
    return 5 * weeks + min(rest, 5)
