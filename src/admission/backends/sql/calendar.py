"""China's working days as a table of the query; days outside the published ones are counted in closed form."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from admission import workdays
from admission.backends.sql import terms
from admission.backends.sql.dialects import Dialect
from admission.backends.sql.tables import Table, rows_of
from admission.backends.sql.terms import Term
from admission.datatypes import INT

CALENDAR = "calendar"
FIRST, LAST = workdays.FIRST.toordinal(), workdays.LAST.toordinal()
DIGITS = 4  # the published days have numbers of so many digits


def calendar_tables(dialect: Dialect) -> list[Table]:
    """Each published day as `calendar_day`, whether it `is_worked`, and the working days `passed` since 0001-01-01."""
    exceptions = rows_of(
        dialect, [("n", INT), ("works", INT)], ((day - FIRST, int(works)) for day, works in workdays.EXCEPTIONS)
    )
    digits = rows_of(dialect, [("d", INT)], ([digit] for digit in range(10)))
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
    found = terms.selected(terms.named(number, "n"), source=terms.table("digits", "d0"))
    for place in range(1, DIGITS):
        found = found.join(terms.table("digits", f"d{place}"), join_type="cross", copy=False)
    return found.where(exp.LTE(this=exp.paren(number.copy()), expression=terms.number(LAST - FIRST)), copy=False)


def _worked_days() -> exp.Query:
    """Each published day, and whether China works on it: 1 or 0."""
    number = terms.column("n", "day_numbers")
    in_week = exp.Mod(
        this=exp.paren(exp.Add(this=number, expression=terms.number(FIRST - 1))), expression=terms.number(7)
    )
    weekday = terms.case([(exp.LT(this=in_week, expression=terms.number(5)), terms.number(1))], terms.number(0))
    worked = terms.coalesce(terms.column("works", "moved_days"), weekday)
    joined = exp.EQ(this=terms.column("n", "moved_days"), expression=number.copy())
    found = terms.selected(terms.named(number.copy(), "n"), terms.named(worked, "worked"), source="day_numbers")
    return found.join("moved_days", on=joined, join_type="left", copy=False)


def _calendar(dialect: Dialect) -> exp.Query:
    number, worked = terms.column("n"), terms.column("worked")
    before = terms.number(weekdays_before_first())
    summed = exp.Window(this=exp.Sum(this=worked), order=exp.Order(expressions=[number]))
    passed = terms.cast(exp.Add(this=before, expression=summed), "BIGINT")
    first = dialect.day(workdays.FIRST)
    return terms.selected(
        terms.named(dialect.plus_days(first, number.copy()), "calendar_day"),
        terms.named(worked.copy(), "is_worked"),
        terms.named(passed, "passed"),
        source="worked_days",
    )


def weekdays_before_first() -> int:
    """Mondays to Fridays from 0001-01-01, a Monday, to the day before the first published one."""
    weeks, rest = divmod(FIRST - 1, 7)
    return 5 * weeks + min(rest, 5)


def workdays_until_last() -> int:
    """Working days from 0001-01-01 to the last published day."""
    worked = sum(workdays.is_workday(date.fromordinal(day)) for day in range(FIRST, LAST + 1))
    return weekdays_before_first() + worked


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
    return terms.cast(exp.Div(this=exp.paren(dividend), expression=terms.number(divisor)), "BIGINT")


def weekdays_until_last() -> int:
    """Mondays to Fridays from 0001-01-01 to the last published day."""
    weeks, rest = divmod(LAST, 7)
    return 5 * weeks + min(rest, 5)


def counted(dialect: Dialect, start: Term, alias: str) -> Term:
    """How many working days there are up to a day, the calendar being joined to it under an alias."""
    number = dialect.days_since_1(start.copy())
    weekdays = weekdays_until(number)
    late = exp.GT(this=exp.paren(number.copy()), expression=terms.number(LAST))
    after = exp.Add(this=weekdays, expression=exp.paren(terms.number(_shift())))
    return terms.coalesce(terms.column("passed", alias), terms.case([(late, after)], weekdays.copy()))


def joins_day(day: Term, alias: str) -> Term:
    """Joins the calendar by its day."""
    return exp.EQ(this=terms.column("calendar_day", alias), expression=terms.wrapped(day))


def found(dialect: Dialect, wanted: Term, alias: str) -> Term:
    """The working day up to which so many are counted, the calendar being joined to that count under an alias."""
    late = exp.GT(this=wanted.copy(), expression=terms.number(workdays_until_last()))
    after = exp.Sub(this=wanted.copy(), expression=exp.paren(terms.number(_shift())))
    number = nth_weekday(terms.case([(late, after)], wanted.copy()))
    first = dialect.dates[0]
    since = exp.Sub(this=exp.paren(number), expression=terms.number(first.toordinal()))
    outside = dialect.plus_days(dialect.day(first), since)
    return terms.coalesce(terms.column("calendar_day", alias), outside)


def joins_count(wanted: Term, alias: str) -> Term:
    """Joins the calendar by its count of working days, which only a working day is the first to reach."""
    worked = exp.EQ(this=terms.column("is_worked", alias), expression=terms.number(1))
    return terms.all_of([exp.EQ(this=terms.column("passed", alias), expression=wanted), worked])


def _shift() -> int:
    """What the published days add to the count of Mondays to Fridays."""
    return workdays_until_last() - weekdays_until_last()
