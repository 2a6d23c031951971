"""Working days in China: the one table that every interpreter shares.

The days are those of the yearly notices of the General Office of the State Council
(国务院办公厅关于部分节假日安排的通知), read from `workday_table`, which is generated from the maintained
library `chinesecalendar`: public holidays rest, make-up Saturdays and Sundays (调休上班) count. Before the
first published calendar and after the last, the working days are Monday to Friday.

Nothing here reads a file or the clock. The functions are exact on every day that `datetime.date` can hold;
a search costs the logarithm of the number of exceptions, whatever the distance in days.
"""

from bisect import bisect_left, bisect_right
from datetime import date
from itertools import accumulate
from typing import Final

from admission import workday_table

FIRST: Final = date.fromisoformat(workday_table.FIRST)
"""The first day whose calendar was published and is in the table."""

LAST: Final = date.fromisoformat(workday_table.LAST)
"""The last such day. A later notice may still move days of its December, as that for 2006 did in 2005."""


def _ordinals(days: str) -> list[int]:
    return [date.fromisoformat(day).toordinal() for day in days.split()]


EXCEPTIONS: Final[tuple[tuple[int, bool], ...]] = tuple(
    sorted(
        [(day, False) for day in _ordinals(workday_table.RESTS)]
        + [(day, True) for day in _ordinals(workday_table.MAKE_UPS)]
    )
)
"""Every day that differs from Monday to Friday, in order: `date.toordinal()`, and whether it is worked."""

_IS_WORKDAY: Final = dict(EXCEPTIONS)
_DAYS: Final = tuple(_IS_WORKDAY)
# INVARIANT: _SHIFTS[i] is what the first i exceptions add to the count of Mondays to Fridays.
_SHIFTS: Final = tuple(accumulate((1 if works else -1 for _, works in EXCEPTIONS), initial=0))


def is_workday(day: date) -> bool:
    """Whether China works on `day`.

    >>> (
    ...     is_workday(date(2019, 10, 1)),
    ...     is_workday(date(2019, 10, 12)),
    ... )  # a holiday; a make-up Saturday
    (False, True)
    """
    return _IS_WORKDAY.get(day.toordinal(), day.isoweekday() <= 5)  # noqa: PLR2004 Friday is 5


def published(day: date) -> bool:
    """Whether the calendar of `day` was published; if not, Monday to Friday is an assumption.

    >>> published(date(2019, 10, 1)), published(date(2100, 1, 1))
    (True, False)
    """
    return FIRST <= day <= LAST


def workday(day: date, n: int) -> date:
    """The `n`-th working day after `day`; `day` itself never counts, whether China works on it or not.

    Args:
        day: the day to count from.
        n: how many working days, at least 1.

    Raises:
        ValueError: `n` is below 1, or the answer is past 9999-12-31.

    >>> workday(date(2019, 9, 30), 1)  # the seven days of National Day come between
    datetime.date(2019, 10, 8)
    """
    if n < 1:
        raise ValueError(f"workday counts forward: n must be at least 1, but n={n}")
    wanted = _workdays_to(day.toordinal()) + n
    passed = bisect_left(_COUNTS, wanted)
    found = _nth_weekday(wanted - _SHIFTS[passed])
    # Between two exceptions only weekdays count; where they do not suffice, the next exception is the answer.
    return date.fromordinal(min([found, *_DAYS[passed : passed + 1]]))


def _weekdays_to(ordinal: int) -> int:
    """How many Mondays to Fridays there are from 0001-01-01, a Monday, to that day, both included."""
    weeks, rest = divmod(ordinal, 7)
    return 5 * weeks + min(rest, 5)


def _nth_weekday(n: int) -> int:
    """The ordinal of the `n`-th Monday to Friday counted from 0001-01-01: the inverse of `_weekdays_to`."""
    weeks, rest = divmod(n - 1, 5)
    return 7 * weeks + rest + 1


def _workdays_to(ordinal: int) -> int:
    """How many working days there are from 0001-01-01 to that day, both included."""
    return _weekdays_to(ordinal) + _SHIFTS[bisect_right(_DAYS, ordinal)]


# INVARIANT: ascending, so that the exceptions before a count of working days are found by bisection.
_COUNTS: Final = tuple(_workdays_to(day) for day in _DAYS)
