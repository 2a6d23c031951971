"""Working days in China: the table against two libraries, the arithmetic against a loop."""

import importlib.util
import sys
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from admission import workday_table
from admission.workdays import EXCEPTIONS, FIRST, LAST, is_workday, published, workday

DAY = timedelta(days=1)
PUBLISHED = [FIRST + n * DAY for n in range((LAST - FIRST).days + 1)]

# 国办发明电〔2005〕35号 makes this Saturday a working day; chinesecalendar 1.11 does not have it.
OVERLOOKED_BY_CHINESECALENDAR = [date(2005, 12, 31)]

days = st.one_of(
    st.dates(FIRST - 400 * DAY, LAST + 400 * DAY),
    st.dates(date(1, 1, 1), date(9900, 1, 1)),
    st.sampled_from([date.fromordinal(day) for day, _ in EXCEPTIONS]),
)
counts = st.integers(1, 60)


def counted(day: date, n: int) -> date:
    """The n-th working day after `day`, found by walking: slow and plainly right."""
    while n > 0:
        day += DAY
        n -= is_workday(day)
    return day


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """The script that writes the table."""
    path = Path(__file__).parents[1] / "tools" / "generate_workdays.py"
    spec = importlib.util.spec_from_file_location("generate_workdays", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_published_day_is_that_of_chinesecalendar() -> None:
    """The table is chinesecalendar's, day by day, but for the days listed above with their notice."""
    differing = [day for day in PUBLISHED if is_workday(day) != chinese_calendar.is_workday(day)]
    assert differing == OVERLOOKED_BY_CHINESECALENDAR


def test_every_published_day_is_that_of_holidays() -> None:
    """A second library, transcribed independently from the same notices, has the same days, every one."""
    china = holidays.country_holidays("CN", years=range(FIRST.year, LAST.year + 1))
    assert [day for day in PUBLISHED if is_workday(day) != china.is_working_day(day)] == []


def test_the_table_has_every_year_that_the_library_knows(generator: ModuleType) -> None:
    """When a new calendar is out, this says what to do."""
    assert generator.last_published() <= LAST, (
        f"chinesecalendar {chinese_calendar.__version__} knows the days up to {generator.last_published()},"
        f" the table ends on {LAST}: run `python tools/generate_workdays.py` and note it in CHANGELOG.md"
    )


def test_the_table_is_what_the_generator_writes(generator: ModuleType) -> None:
    """Nobody edits the table by hand."""
    written = Path(sys.modules[workday_table.__name__].__file__ or "").read_text(encoding="utf-8")
    assert written == generator.page(LAST)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2019-10-01", False),  # 国办发明电〔2018〕15号: 10月1日至7日放假调休,
        ("2019-10-07", False),
        ("2019-09-29", True),  # 9月29日（星期日）、10月12日（星期六）上班
        ("2019-10-12", True),
        ("2019-10-13", False),  # an ordinary Sunday
        ("2020-01-31", False),  # 国办发明电〔2020〕1号: the Spring Festival of 2020 extended to 2 February,
        ("2020-02-02", False),
        ("2020-02-03", True),
        ("2005-12-31", True),  # 国办发明电〔2005〕35号: 12月31日（星期六）上班
    ],
)
def test_a_day_is_as_its_notice_says(day: str, works: bool) -> None:
    """Holidays, make-up days and the extension of 2020 are as the State Council announced them."""
    assert is_workday(date.fromisoformat(day)) is works


@pytest.mark.parametrize("day", [FIRST - DAY, LAST + DAY, date(1, 1, 1), date(9999, 12, 31)])
def test_outside_the_published_calendars_nothing_is_published(day: date) -> None:
    """Before the first calendar and after the last, Monday to Friday is an assumption."""
    assert not published(day)
    assert is_workday(day) is (day.weekday() < 5)


def test_the_first_and_the_last_day_are_published() -> None:
    """The table includes both its ends, which are whole years."""
    assert published(FIRST)
    assert published(LAST)
    assert (FIRST.month, FIRST.day, LAST.month, LAST.day) == (1, 1, 12, 31)


def test_exceptions_are_exactly_what_differs_from_monday_to_friday() -> None:
    """EXCEPTIONS is ascending, without repeats, within the table, and each entry contradicts its weekday."""
    ordinals = [day for day, _ in EXCEPTIONS]
    assert ordinals == sorted(set(ordinals))
    assert all(published(date.fromordinal(day)) for day in ordinals)
    assert all(works is (date.fromordinal(day).weekday() >= 5) for day, works in EXCEPTIONS)


@pytest.mark.parametrize(
    ("day", "n", "answer"),
    [
        ("2019-09-30", 1, "2019-10-08"),  # National Day: seven days off
        ("2019-09-28", 1, "2019-09-29"),  # from a Saturday to the make-up Sunday
        ("2019-10-11", 1, "2019-10-12"),  # the make-up Saturday counts
        ("2019-10-11", 2, "2019-10-14"),
        ("2019-08-03", 1, "2019-08-05"),  # from a Saturday that is just a Saturday
        # August 5-9, 12-16, 19-23, 26-30, September 2-6, 9-12 (13 is Mid-Autumn): 29 days; then Monday
        ("2019-08-03", 30, "2019-09-16"),
        ("2026-12-31", 1, "2027-01-01"),  # past the last calendar: a Friday, assumed to be worked
        ("0001-01-01", 1, "0001-01-02"),  # a Monday
        ("9999-12-30", 1, "9999-12-31"),  # the last day there is, a Friday
    ],
)
def test_workdays_are_counted_from_the_day_after(day: str, n: int, answer: str) -> None:
    """`workday(d, n)` is the n-th working day after d, holidays left out and make-up days counted."""
    assert workday(date.fromisoformat(day), n) == date.fromisoformat(answer)


@given(days, counts)
def test_workday_is_the_walk_from_day_to_day(day: date, n: int) -> None:
    """The search gives the day that walking from one day to the next gives."""
    assert workday(day, n) == counted(day, n)


def test_workday_is_the_walk_on_every_published_day() -> None:
    """The next working day is right from every day of the table and of the weeks around it."""
    around = [FIRST + n * DAY for n in range(-40, (LAST - FIRST).days + 40)]
    assert [day for day in around if workday(day, 1) != counted(day, 1)] == []


@given(days, st.integers(1, 10_000))
def test_a_workday_is_worked_and_lies_ahead(day: date, n: int) -> None:
    """The answer is a working day after the day asked about."""
    answer = workday(day, n)
    assert is_workday(answer)
    assert answer > day


@given(days, st.integers(1, 500), st.integers(1, 500))
def test_counting_goes_on_where_it_stopped(day: date, some: int, more: int) -> None:
    """`workday(workday(d, a), b)` is `workday(d, a + b)`."""
    assert workday(workday(day, some), more) == workday(day, some + more)


@given(days, days, counts)
def test_a_later_start_never_ends_earlier(one: date, other: date, n: int) -> None:
    """`workday` is monotone in its day, which the provers rely on."""
    assert workday(min(one, other), n) <= workday(max(one, other), n)


@pytest.mark.parametrize("n", [0, -1])
def test_workday_does_not_count_back(n: int) -> None:
    """Below one there is no n-th working day after a day."""
    with pytest.raises(ValueError, match=rf"^workday counts forward: n must be at least 1, but n={n}$"):
        workday(date(2019, 8, 3), n)
