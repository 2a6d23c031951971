"""What one watch gathers: from the events known at a moment to the rows that its condition reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from admission import ir
from admission.backends.rete.expressions import UNKNOWN, Rows, as_moment, compiled, is_moment
from admission.datatypes import Value
from admission.docket.series import Group, Key, Series
from admission.events import DAY, Event, Moment, day_of, end_of, start_of

Subject = Value
"""An event's id, or the value of a key."""
Signature = tuple[str, ir.Expr | None, tuple[str, ...], str | None]


class Shelf:
    """The series that the watches of a policy need; those that are the same are kept once."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self._policy = policy
        self._series: dict[Signature, Series] = {}
        self._of_type: dict[str, list[Series]] = {}

    def series(self, event: str, where: ir.Expr | None, same: tuple[str, ...], field: str | None) -> Series:
        """The series of an event type, made when it is first asked for."""
        signature = (event, where, same, field)
        if signature not in self._series:
            made = Series(same, _condition(where, self._policy), field)
            self._series[signature] = made
            self._of_type.setdefault(event, []).append(made)
        return self._series[signature]

    def add(self, event: Event) -> None:
        """Put an event into every series of its type."""
        for series in self._of_type.get(event.type, ()):
            series.add(event)

    def remove(self, event: Event) -> None:
        """Take an event out of every series of its type."""
        for series in self._of_type.get(event.type, ()):
            series.remove(event)


def _condition(where: ir.Expr | None, policy: ir.CheckedPolicy) -> Callable[[Event], bool]:
    """A `where` as a question about an event; the parameters are those of the event's own day."""
    if where is None:
        return lambda _: True
    read = compiled(where, policy)
    return lambda event: read({**event.values, ir.AS_OF: day_of(event.at)}) is True


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events of a group between two places; None where the end is not known."""

    group: Group
    start: int
    end: int

    @property
    def events(self) -> list[Event]:
        """The events, in order."""
        return self.group.events[self.start : self.end]


class Gathering:
    """One name under `with`: where its events are, and from when to when they count."""

    def __init__(self, watch: ir.Watch, gathered: ir.Gathered, policy: ir.CheckedPolicy, shelf: Shelf) -> None:
        events = events_of(watch, policy)
        self.gathered = gathered
        self.series = shelf.series(gathered.event, gathered.where, gathered.same, gathered.column)
        self._is_keyed = watch.each not in policy.events
        self.subjects = None if self._is_keyed else shelf.series(watch.each, None, gathered.same, None)
        self._until = None if gathered.until is None else as_moment(gathered.until, policy, events)
        self.ends_with_subject = gathered.up_to is not None or gathered.until == _at(watch.each, gathered.until)
        self._window = _days(gathered.window, policy)
        self._longest = _longest(gathered.window, policy)

    def affected(self, event: Event) -> Iterator[Subject]:
        """The subjects whose rows an event may change by coming or going."""
        if event.type != self.gathered.event or not self.series.holds(event):
            return
        key = self.series.key(event)
        if self.subjects is None:
            yield from (value for value in key if value is not None)
            return
        group = self.subjects.group(key)
        start, end = 0, len(group.events)
        if self.ends_with_subject:
            start = group.from_moment(event.at)
            end = group.after_moment(self._last(event.at))
        yield from (subject.id for subject in group.events[start:end])

    def _last(self, at: Moment) -> Moment:
        """The last moment whose window reaches back to another."""
        if self.gathered.window == ir.CALENDAR_YEAR:
            return end_of(date(day_of(at).year, 12, 31))
        return at + self._longest * DAY

    def stretch(self, subject: Event | Value, rows: Rows) -> Stretch | None:
        """The events that count for a subject; None where nobody can say when they end."""
        key: Key = self.series.key(subject) if isinstance(subject, Event) else (subject,)
        group = self.series.group(key)
        if self.gathered.up_to is not None and isinstance(subject, Event):
            return Stretch(group, self._start(group, subject.at, rows), group.after(subject.order))
        if self._until is None:
            return Stretch(group, 0, len(group.events))
        until = self._until(rows)
        if until is None:
            return None
        start, end = self._start(group, until, rows), group.after_moment(until)
        return Stretch(group, min(start, end), end)

    def _start(self, group: Group, end: Moment, rows: Rows) -> int:
        if self._window is None:
            return 0
        if self.gathered.window == ir.CALENDAR_YEAR:
            return group.from_moment(start_of(date(day_of(end).year, 1, 1)))
        return group.from_moment(end - self._window(rows) * DAY)

    def value(self, stretch: Stretch | None) -> object:
        """What the condition reads: an event, None or `UNKNOWN`; or a total, None where it is unknown."""
        kind = self.gathered.kind
        if stretch is None:
            return UNKNOWN if kind in ("first", "latest") else None
        match kind:
            case "count":
                return stretch.end - stretch.start
            case "sum":
                return stretch.group.total(stretch.start, stretch.end)
            case "first" | "latest":
                place = stretch.start if kind == "first" else stretch.end - 1
                return stretch.group.events[place] if stretch.end > stretch.start else None

    def evidence(self, stretch: Stretch | None) -> list[Event]:
        """The events that the value rests on."""
        if stretch is None:
            return []
        value = self.value(stretch)
        return stretch.events if self.gathered.kind in ("sum", "count") else [value] if isinstance(value, Event) else []


def events_of(watch: ir.Watch, policy: ir.Policy) -> frozenset[str]:
    """The rows of a watch that are events."""
    singular = {name for name, gathered in watch.gathered.items() if gathered.kind in ("first", "latest")}
    return frozenset(singular | ({watch.each} & set(policy.events)))


def _at(subject: str, until: ir.Expr | None) -> ir.Expr | None:
    """`subject.at`, in the type that `until` has."""
    return ir.ReadColumn(subject, ir.AT, ir.type_of(until)) if until is not None else ir.Name("")


def _days(window: object, policy: ir.CheckedPolicy) -> Callable[[Rows], int] | None:
    if window is None:
        return None
    return (lambda _: 0) if isinstance(window, str) else compiled(window, policy)  # type: ignore[arg-type]


def _longest(window: object, policy: ir.CheckedPolicy) -> int:
    """The most days that a window has on any day; as good as no bound where there is no window."""
    days = 10**6
    if isinstance(window, (ir.Literal, ir.ReadParameter)):
        values = [window.value] if isinstance(window, ir.Literal) else []
        if isinstance(window, ir.ReadParameter):
            values = [value for _, value in policy.parameters[window.name].values]
        days = max(int(value) for value in values if isinstance(value, int))
    return days


class RegisterIndex:
    """The rows of a register by key, each with its period."""

    def __init__(self, register: ir.Register) -> None:
        names = tuple(register.columns)
        key = [names.index(name) for name in register.key]
        self._absent = {c.name: c.absent.value for c in register.columns.values() if c.absent is not None}
        self._rows: dict[Key, list[tuple[ir.Period, dict[str, Value]]]] = {}
        for row in register.rows:
            cells = {n: c for n, c in zip(names, row.cells, strict=True) if c is not None}
            self._rows.setdefault(tuple([row.cells[i] for i in key]), []).append((row.period, cells))

    def row(self, key: Key, day: date) -> Mapping[str, Value]:
        """The row for a key on a day; where there is none, what each column reads then."""
        found = [cells for period, cells in self._rows.get(key, ()) if day in period]
        return {**self._absent, **(found[0] if found else {}), ir.FOUND: bool(found)}


class Watched:
    """One watch at work: finds the rows of a subject."""

    def __init__(self, watch: ir.Watch, policy: ir.CheckedPolicy, shelf: Shelf) -> None:
        self.watch = watch
        self.is_keyed = watch.each not in policy.events
        events = events_of(watch, policy)
        self.gatherings = {n: Gathering(watch, g, policy, shelf) for n, g in watch.gathered.items()}
        late = {n for n, g in watch.gathered.items() if _is_late(g, watch)}
        self._early = tuple(n for n in watch.gathered if n not in late)
        self._late = tuple(n for n in watch.gathered if n in late)
        self._due = None if watch.due is None else as_moment(watch.due, policy, events)
        self._anchor = _anchor(watch) if self.is_keyed else None
        self._look_ups = {n: _reader(look_up, policy, events) for n, look_up in watch.look_ups.items()}

    def affected(self, event: Event) -> Iterator[Subject]:
        """The subjects whose notice an event may change by coming or going."""
        if event.type == self.watch.each:
            yield event.id
        for gathering in self.gatherings.values():
            yield from gathering.affected(event)

    def rows(self, subject: Event | Value) -> dict[str, Any] | None:
        """What the condition reads of a subject; None where the watch is not in force for it, or has no `due`."""
        rows: dict[str, Any] = {}
        anchor: object = subject
        if isinstance(subject, Event):
            rows[self.watch.each] = subject
        elif self._anchor is not None:
            gathering = self.gatherings[self._anchor]
            anchor = gathering.value(gathering.stretch(subject, rows))
        if not isinstance(anchor, Event) or day_of(anchor.at) not in self.watch.period:
            return None
        rows[ir.AS_OF] = day_of(anchor.at)
        self._fill(rows, self._early, subject)
        for name, read in self._look_ups.items():
            rows[name] = read(rows)
        if self._due is not None:
            rows[ir.DUE] = self._due(rows)
        self._fill(rows, self._late, subject)
        return rows

    def _fill(self, rows: dict[str, Any], names: tuple[str, ...], subject: Event | Value) -> None:
        for name in names:
            gathering = self.gatherings[name]
            rows[name] = gathering.value(gathering.stretch(subject, rows))

    def evidence(self, subject: Event | Value) -> tuple[str, ...]:
        """The ids of the events that the subject's rows rest on, by `at` and then id."""
        rows = self.rows(subject)
        found = {subject.order} if isinstance(subject, Event) else set()
        if rows is not None:
            for gathering in self.gatherings.values():
                found |= {event.order for event in gathering.evidence(gathering.stretch(subject, rows))}
        return tuple(identity for _, identity in sorted(found))


def _is_late(gathered: ir.Gathered, watch: ir.Watch) -> bool:
    """Whether the moment it ends at depends on `due` or on something else that is gathered."""
    parts = [] if gathered.until is None else list(ir.walk([gathered.until]))
    return any(
        (isinstance(part, ir.ReadFact) and part.name in (ir.DUE, *watch.gathered))
        or (isinstance(part, ir.ReadColumn) and part.look_up in (*watch.gathered, *watch.look_ups))
        for part in parts
    )


def _anchor(watch: ir.Watch) -> str | None:
    """The one event that `due` reads."""
    parts = [] if watch.due is None else ir.walk([watch.due])
    return next((p.look_up for p in parts if isinstance(p, ir.ReadColumn) and p.look_up in watch.gathered), None)


def _reader(
    look_up: ir.WatchLookUp, policy: ir.CheckedPolicy, events: frozenset[str]
) -> Callable[[Rows], Mapping[str, Value] | None]:
    """The look-up as a function of rows; None where a key is unknown."""
    register = policy.registers[look_up.register]
    index = RegisterIndex(register)
    keys = [_key(look_up.match[name], policy, events) for name in register.key]

    def read(rows: Rows) -> Mapping[str, Value] | None:
        key = tuple([read_key(rows) for read_key in keys])
        return None if None in key else index.row(key, rows[ir.AS_OF])

    return read


def _key(expr: ir.Expr, policy: ir.CheckedPolicy, events: frozenset[str]) -> Callable[[Rows], Any]:
    read = compiled(expr, policy, events)
    if not is_moment(expr, events):
        return read
    return lambda rows: None if (moment := read(rows)) is None else day_of(moment)
