"""Dated events: one that was given to one that fits its declared type, every fault found, nothing coerced.

A moment is a whole number of seconds since 1970-01-01T00:00:00Z. Its day is that of China standard time, eight
hours ahead of UTC, which Asia/Shanghai has kept since 1991.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

from admission import ir
from admission.datatypes import (
    DATE,
    FIRST_DAY,
    LAST_DAY,
    TEXT,
    Type,
    Unfit,
    Value,
    expectation,
    from_cell,
    from_document,
    from_python,
    shown,
    to_json,
)
from admission.diagnostics import Diagnostic, nearest

Moment = int
Door = Callable[[Type, object], Value]
PYTHON: Door = from_python
DOCUMENT: Door = from_document
CELL: Door = from_cell  # type: ignore[assignment] # the reader of CSV hands it text only

DAY = 86_400  # seconds
ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
_OFFSET = 8 * 3_600
_EPOCH = date(1970, 1, 1).toordinal()
_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII)
_EXPECTED = (
    "1900 至 2199 年间的时刻，精确到秒，如 2019-08-03T09:00:00",
    "a moment from 1900 to 2199, to the second, such as 2019-08-03T09:00:00",
)
_OWN = ("event", "id", ir.AT)


def day_of(moment: Moment) -> date:
    """The day a moment falls on, in Asia/Shanghai.

    >>> day_of(0)
    datetime.date(1970, 1, 1)
    """
    return date.fromordinal((moment + _OFFSET) // DAY + _EPOCH)


def start_of(day: date) -> Moment:
    """The first second of a day."""
    return (day.toordinal() - _EPOCH) * DAY - _OFFSET


def end_of(day: date) -> Moment:
    """The last second of a day."""
    return start_of(day) + DAY - 1


def moment_text(moment: Moment) -> str:
    """The moment as ISO 8601 with its offset.

    >>> moment_text(start_of(date(2019, 9, 1)))
    '2019-09-01T00:00:00+08:00'
    """
    return (datetime(1970, 1, 1, tzinfo=ZONE) + timedelta(seconds=moment + _OFFSET)).isoformat()


def to_moment(given: object) -> Moment:
    """The moment of ISO 8601 text or a `datetime`; without an offset it is Asia/Shanghai time.

    >>> to_moment("2019-09-01T00:00:00Z") - to_moment("2019-09-01T00:00:00")
    28800

    Raises `Unfit` for anything else, fractions of a second included.
    """
    found = given
    if isinstance(given, str) and len(given) <= 30 and _TEXT.fullmatch(given):  # noqa: PLR2004 - the longest that fits
        try:
            found = datetime.fromisoformat(given)
        except ValueError:
            found = None
    if not isinstance(found, datetime) or found.microsecond:
        raise Unfit("A934", _EXPECTED, shown(str(given)))
    local = found if found.tzinfo else found.replace(tzinfo=ZONE)
    delta = local - datetime(1970, 1, 1, tzinfo=ZONE)
    moment = delta.days * DAY + delta.seconds - _OFFSET
    if delta.microseconds or not FIRST_DAY <= _day_or_last(moment) <= LAST_DAY:
        raise Unfit("A934", _EXPECTED, shown(str(given)))
    return moment


def to_clock(given: object) -> Moment:
    """Where a clock is set: a moment, or a day (a `date` or ISO text), which means its last second.

    >>> to_clock("2019-08-31") == to_clock(date(2019, 8, 31)) == to_moment("2019-08-31T23:59:59")
    True

    Raises `Unfit` for anything else.
    """
    if not isinstance(given, datetime):
        try:
            day = from_document(DATE, given)
        except Unfit:
            return to_moment(given)
        if isinstance(day, date):
            return end_of(day)
    return to_moment(given)


def _day_or_last(moment: Moment) -> date:
    try:
        return day_of(moment)
    except ValueError:  # the year 0 or 10000, by an offset
        return date.max


@dataclass(frozen=True, slots=True)
class Event:
    """An event that fits: its type, id, moment, and every field in its inner form; assumptions filled in."""

    type: str
    id: str
    at: Moment
    values: Mapping[str, Value] = field(hash=False)

    @property
    def order(self) -> tuple[Moment, str]:
        """Where it stands among events: by `at`, then by id."""
        return self.at, self.id

    def to_dict(self, policy: ir.Policy) -> dict[str, object]:
        """JSON-ready, as it could be given again."""
        types = fields_of(policy, self.type)
        values = {name: to_json(types[name].type, value) for name, value in self.values.items()}
        return {"event": self.type, "id": self.id, ir.AT: moment_text(self.at), **values}


_WITHDRAWN = {ir.WITHDRAWS: ir.EventField(ir.WITHDRAWS, TEXT)}


def fields_of(policy: ir.Policy, event: str) -> Mapping[str, ir.EventField]:
    """The fields of an event type, the built-in one included; raises `KeyError`."""
    return _WITHDRAWN if event == ir.WITHDRAWN else policy.events[event].fields


@dataclass(slots=True)
class _Intake:
    policy: ir.Policy
    door: Door
    faults: list[Diagnostic] = field(default_factory=list)

    def fault(self, code: str, fact: str, expected: object, given: object, near: str | None = None) -> None:
        words = {"fact": fact, "expected": expected, "given": given}
        self.faults.append(Diagnostic(code, None, words, near))

    def unfit(self, name: str, unfit: Unfit) -> None:
        self.fault(unfit.code, name, unfit.expectation, unfit.given, unfit.near)

    def type(self, given: object) -> str | None:
        known = (*self.policy.events, ir.WITHDRAWN)
        listed = ", ".join(known)
        if given is None:
            self.fault("A931", "event", (f"事件类型：{listed}", f"one of {listed}"), "null")
        elif isinstance(given, str) and given in known:
            return given
        else:
            near = nearest(given, known) if isinstance(given, str) else None
            self.fault("A932", "event", listed, shown(given), near)
        return None

    def text(self, name: str, given: object) -> str:
        if given is None or given == "":
            self.fault("A931", name, ("文字", "a text"), "null")
            return ""
        found = self.value(name, TEXT, given)
        return found if isinstance(found, str) else ""

    def moment(self, given: object) -> Moment:
        if given is None:
            self.fault("A931", ir.AT, _EXPECTED, "null")
            return 0
        try:
            return to_moment(given)
        except Unfit as unfit:
            self.unfit(ir.AT, unfit)
            return 0

    def value(self, name: str, declared: Type, given: object) -> Value | None:
        try:
            return self.door(declared, given)
        except Unfit as unfit:
            self.unfit(name, unfit)
            return None

    def fields(self, event: str, given: Mapping[str, object]) -> dict[str, Value]:
        declared = fields_of(self.policy, event)
        known = (*_OWN, *declared)
        for name, value in given.items():
            if name not in known and value is not None:
                text = shown(name)
                self.fault("A933", text, ", ".join(known), "", nearest(text, known))
        found = {name: self.field(declared[name], given.get(name)) for name in declared}
        return {name: value for name, value in found.items() if value is not None}

    def field(self, declared: ir.EventField, given: object) -> Value | None:
        if given is not None:
            return self.value(declared.name, declared.type, given)
        if declared.assume is not None:
            return declared.assume.value
        self.fault("A931", declared.name, expectation(declared.type), "null")
        return None


def accept_event(policy: ir.Policy, given: object, door: Door = PYTHON) -> Event | tuple[Diagnostic, ...]:
    """The event, or everything that is wrong with it."""
    intake = _Intake(policy, door)
    if not isinstance(given, Mapping):
        intake.fault("A930", "", "", shown(given))
        return tuple(intake.faults)
    event = intake.type(given.get("event"))
    identity, moment = intake.text("id", given.get("id")), intake.moment(given.get(ir.AT))
    values = intake.fields(event, given) if event is not None else {}
    if intake.faults or event is None:
        return tuple(intake.faults)
    return Event(event, identity, moment, values)
