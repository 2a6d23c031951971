"""Any watch, evaluated as it reads: nested loops over the whole log, for every subject, at one moment.

Shares nothing with the library but the checked watch and the calendar: its own logic of unknowns, its own moments
(`datetime`, to the second), no increments, no rules.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from admission import ir
from admission.datatypes import Kind, from_document
from admission.workdays import workday
from supervision_oracle import DAY, SECOND, ZONE, RawEvent, known, moment

Rows = Mapping[str, Any]
HIDDEN = object()
"""Nobody can say which event it is."""


def standing(policy: ir.Policy, log: Iterable[RawEvent], now: datetime) -> list[tuple[str, str, str]]:
    """The notices that stand at a moment: since, watch, subject."""
    events = sorted((parsed(policy, event) for event in known(log, now)), key=order)
    found = [
        (since.isoformat(), name, str(subject))
        for name, watch in policy.watches.items()
        for subject, since in notices(policy, watch, events, now)
    ]
    return sorted(found)


def parsed(policy: ir.Policy, event: RawEvent) -> RawEvent:
    """The event with its moment and its values in their inner form."""
    fields = policy.events[event["event"]].fields
    values = {
        name: from_document(f.type, event[name]) if name in event else f.assume.value if f.assume else None
        for name, f in fields.items()
    }
    return {"event": event["event"], "id": event["id"], **values, "at": moment(event["at"])}


def order(event: RawEvent) -> tuple[datetime, str]:
    """By `at`, then id."""
    return event["at"], event["id"]


def notices(
    policy: ir.Policy, watch: ir.Watch, events: list[RawEvent], now: datetime
) -> Iterator[tuple[Any, datetime]]:
    """The subjects about which the notice stands, each with since when."""
    subjects: list[tuple[object, RawEvent | None]] = []
    if watch.each in policy.events:
        subjects = [(event["id"], event) for event in events if event["event"] == watch.each]
    else:
        types = {g.event for g in watch.gathered.values()}
        subjects += [(key, None) for key in {e[watch.each] for e in events if e["event"] in types}]
    for subject, event in subjects:
        rows = rows_of(policy, watch, events, subject, event)
        if rows is None or value(policy, watch.when, rows) is not True:
            continue
        if watch.due is None:
            assert event
            yield subject, event["at"]
        elif rows["due"] is not None and now > rows["due"]:
            yield subject, rows["due"] + SECOND


def rows_of(
    policy: ir.Policy, watch: ir.Watch, events: list[RawEvent], key: object, subject: RawEvent | None
) -> dict[str, Any] | None:
    """What the watch reads; None where it is not in force. Rows are found again until nothing is left to find."""
    rows: dict[str, Any] = {watch.each: subject} if subject else {}
    anchor = subject or anchored(policy, watch, events, key)
    if anchor is None or anchor["at"].date() not in watch.period:
        return None
    rows["as_of"] = anchor["at"].date()
    case = Case(policy, watch, events, key)
    left = [*watch.gathered, *watch.look_ups, *(["due"] if watch.due is not None else [])]
    while left:
        for name in [*left]:
            try:
                rows[name] = found(case, name, rows)
            except KeyError:
                continue
            left.remove(name)
    return rows


def anchored(policy: ir.Policy, watch: ir.Watch, events: list[RawEvent], key: object) -> RawEvent | None:
    """The one event that `due` reads."""
    assert watch.due is not None
    names = {p.look_up for p in ir.walk([watch.due]) if isinstance(p, ir.ReadColumn)} & set(watch.gathered)
    event = found(Case(policy, watch, events, key), names.pop(), {})
    return event if isinstance(event, dict) else None


@dataclass(frozen=True)
class Case:
    """One watch and one subject: the key, or the subject event's id."""

    policy: ir.Policy
    watch: ir.Watch
    events: list[RawEvent]
    key: object


def found(case: Case, name: str, rows: Rows) -> Any:
    """One row; raises `KeyError` where it needs another first."""
    policy, watch = case.policy, case.watch
    if name == "due":
        assert watch.due is not None
        return instant(value(policy, watch.due, rows))
    if name in watch.look_ups:
        return looked_up(policy, watch.look_ups[name], rows)
    gathered = watch.gathered[name]
    end = (
        instant(value(policy, gathered.until, rows))
        if gathered.until is not None
        else datetime.max.replace(tzinfo=ZONE)
    )
    if end is None:
        return HIDDEN if gathered.kind in ("first", "latest") else None
    chosen = [e for e in case.events if counts(case, gathered, e, rows, end)]
    match gathered.kind:
        case "first":
            return min(chosen, key=order) if chosen else None
        case "latest":
            return max(chosen, key=order) if chosen else None
        case "count":
            return len(chosen)
        case "sum":
            return sum(e[gathered.column or ""] for e in chosen)


def counts(case: Case, g: ir.Gathered, event: RawEvent, rows: Rows, end: datetime) -> bool:
    """Whether an event is one of those gathered."""
    policy, subject = case.policy, rows.get(case.watch.each)
    if event["event"] != g.event or event["at"] > end:
        return False
    if any(event[name] != (subject[name] if subject else case.key) for name in g.same):
        return False
    if g.where is not None and value(policy, g.where, {**event, "as_of": event["at"].date()}) is not True:
        return False
    if g.up_to is not None:
        assert subject
        end = subject["at"]
        if order(event) > order(subject):
            return False
    if g.window == "calendar_year":
        return bool(event["at"].year == end.year)
    return g.window is None or event["at"] >= end - value(policy, g.window, rows) * DAY


def looked_up(policy: ir.Policy, look_up: ir.WatchLookUp, rows: Rows) -> dict[str, Any] | None:
    """The register's row for a key."""
    register = policy.registers[look_up.register]
    key = {name: value(policy, expr, rows) for name, expr in look_up.match.items()}
    key = {name: k.date() if isinstance(k, datetime) else k for name, k in key.items()}
    if None in key.values():
        return None
    absent = {c.name: c.absent.value for c in register.columns.values() if c.absent}
    for row in register.rows:
        cells = dict(zip(register.columns, row.cells, strict=True))
        if rows["as_of"] in row.period and all(cells[k] == v for k, v in key.items()):
            return {**absent, **{n: c for n, c in cells.items() if c is not None}, "found": True}
    return {**absent, "found": False}


def instant(given: Any) -> datetime | None:
    """A moment; a day is its last second."""
    if given is None or isinstance(given, datetime):
        return given
    return datetime(given.year, given.month, given.day, tzinfo=ZONE) + DAY - SECOND


def value(policy: ir.Policy, expr: ir.Expr, rows: Rows) -> Any:
    """The value of an expression, None where it is unknown: strong Kleene logic, one case a node."""
    match expr:
        case ir.Literal(constant):
            return constant
        case ir.ReadFact(name):
            return rows[name]
        case ir.ReadParameter(name):
            return [v for since, v in policy.parameters[name].values if since <= rows["as_of"]][-1]
        case ir.ReadColumn(row, column):
            return cell(rows[row], column)
        case ir.Not(operand):
            inner = value(policy, operand, rows)
            return None if inner is None else not inner
        case ir.And(operands) | ir.Or(operands):
            decisive = isinstance(expr, ir.Or)
            values = [value(policy, operand, rows) for operand in operands]
            return decisive if decisive in values else None if None in values else not decisive
        case ir.OneOf(item, options):
            one = value(policy, item, rows)
            return None if one is None else plain(one, None) in [option.value for option in options]
        case ir.Count(operand):
            held = value(policy, operand, rows)
            return None if held is None else len(held)
    left, right = (value(policy, part, rows) for part in ir.children(expr))
    return None if left is None or right is None else two(expr, left, right)


def cell(row: Any, column: str) -> Any:
    """A field of an event or register row."""
    if column == "found" and (row is None or row is HIDDEN or "found" not in row):
        return None if row is HIDDEN else row is not None
    return None if row is None or row is HIDDEN else row[column]


def plain(a: Any, b: Any) -> Any:
    """A moment beside a day is its day."""
    return a.date() if isinstance(a, datetime) and not isinstance(b, datetime) else a


def two(expr: ir.Expr, a: Any, b: Any) -> Any:
    """An operation on two known values."""
    match expr:
        case ir.Compare(op):
            x, y = plain(a, b), plain(b, a)
            answers = {"==": x == y, "!=": x != y}
            if op in answers:
                return answers[op]
            return {"<": lambda: x < y, "<=": lambda: x <= y, ">": lambda: x > y, ">=": lambda: x >= y}[op]()
        case ir.In():
            return a in b
        case ir.Add():
            return a + timedelta(b) if isinstance(a, date) else a + b
        case ir.Subtract():
            return a - timedelta(b) if isinstance(a, date) else a - b
        case ir.Multiply():
            return a * b
        case ir.Workday():
            return workday(plain(a, None), b)
    raise AssertionError(expr, Kind)
