"""Logs of events drawn towards what matters to a policy's watches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from hypothesis import strategies as st

from admission import ir, workdays
from admission.datatypes import FIRST_DAY, LAST_DAY, Kind, Type, Value, to_json
from admission.engine import Policy
from admission.events import DAY, Moment, day_of, end_of, moment_text, start_of
from admission.testing.constants import Constants, constants_with
from admission.testing.tasks import values

Log = list[dict[str, object]]
_KEYS = ("a", "a", "b")  # few, so that events meet
_NEAR = (0, 1, -1)  # seconds beside a boundary


@dataclass(frozen=True, slots=True)
class _Step:
    """How an event's moment follows from the log's first: so much later, or a day of its own, and seconds."""

    by: Literal["days", "working days", "day"] = "days"
    days: int = 0
    day: date = FIRST_DAY
    seconds: int = 0

    def after(self, moment: Moment) -> Moment:
        return min(max(self._boundary(moment) + self.seconds, start_of(FIRST_DAY)), end_of(LAST_DAY))

    def _boundary(self, moment: Moment) -> Moment:
        match self.by:
            case "days":
                return moment + self.days * DAY
            case "working days":
                return end_of(workdays.workday(day_of(moment), max(1, self.days)))
            case "day":
                return start_of(self.day)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """One event before its moment and id are known, and how it arrives.

    Each is drawn by itself, so that a change to one leaves the others as they are.
    """

    type: str
    of: int
    """Which event it withdraws."""
    step: _Step
    values: dict[str, Value]
    late: int
    """How many others it lets pass."""
    twice: bool
    kept: bool
    """Leaving it out is one small change, so that a log shrinks quickly."""


def events(policy: Policy, *, max_size: int = 10) -> st.SearchStrategy[Log]:
    """Logs of events of a policy, in the order of their arrival, that `policy.supervise()` takes as they are.

    Each event is a mapping as in JSON. Events share few keys, so that they meet; they lie on the boundaries of the
    watches' windows, deadlines and calendar years, and a second beside; some are withdrawn, before or after they
    arrive; some arrive twice; they arrive in any order. Logs shrink to the fewest events, in order, with the plainest
    values.

    Args:
        policy: whose events they are.
        max_size: the most events, those that withdraw another included; those that arrive twice come on top.

    Raises:
        ValueError: for a policy that declares no events.
    """
    if not policy.checked.events:
        raise ValueError(f"policy {policy.id} declares no events")
    checked, watches = policy.checked, tuple(policy.checked.watches.values())
    about = [_logs(checked, [watch], sorted(_types(watch, checked)), max_size) for watch in watches]
    return st.one_of(*about, _logs(checked, watches, list(checked.events), max_size))


def _logs(
    policy: ir.CheckedPolicy, watches: Sequence[ir.Watch], types: Sequence[str], most: int
) -> st.SearchStrategy[Log]:
    """Logs of some event types, for some watches."""
    drawn = st.lists(_event(policy, watches, types), max_size=most)
    return drawn.map(lambda found: _resolved(policy, found))


def _types(watch: ir.Watch, policy: ir.Policy) -> set[str]:
    """The event types that a watch reads."""
    return {watch.each} & set(policy.events) | {gathered.event for gathered in watch.gathered.values()}


def _event(policy: ir.CheckedPolicy, watches: Sequence[ir.Watch], types: Sequence[str]) -> st.SearchStrategy[_Drawn]:
    exprs = [expr for watch in watches for expr in ir.parts_of_watch(watch)]
    constants, steps = constants_with(policy, exprs), st.sampled_from(list(_steps(policy, exprs)))
    keys = {name for watch in watches for g in watch.gathered.values() for name in g.same} | {w.each for w in watches}
    back, late = st.integers(0, 3), st.sampled_from((0, 0, 0, 1, 2, 4))
    twice = st.integers(0, 9).map(lambda n: n == 9)  # noqa: PLR2004 - one in ten
    arrival = (late, twice, st.integers(0, 4).map(bool))

    def of_type(name: str) -> st.SearchStrategy[_Drawn]:
        fields = policy.events[name].fields.values()
        drawn = {f.name: _value(f.type, constants, exprs, is_key=f.name in keys) for f in fields}
        return st.builds(_Drawn, st.just(name), back, steps, st.fixed_dictionaries(drawn), *arrival)

    taken_back = st.builds(_Drawn, st.just(ir.WITHDRAWN), back, steps, st.just({}), *arrival)
    typed = [of_type(name) for name in types]
    # However few the types are, one in five or less withdraws another.
    choices = [*typed * -(-4 // len(typed)), taken_back]
    return st.integers(0, len(choices) - 1).flatmap(choices.__getitem__)


def _value(declared: Type, constants: Constants, exprs: Sequence[ir.Expr], *, is_key: bool) -> st.SearchStrategy[Any]:
    """A value of a field: one of a few for a key, else near what the watches compare with."""
    if is_key and declared.kind is Kind.TEXT:
        return st.sampled_from(_KEYS)
    near: Sequence[Value] = constants.of(declared)
    if declared.kind in (Kind.ENUM, Kind.SET):
        found = [node.value for node in ir.walk(exprs) if isinstance(node, ir.Literal)]
        near = [value for value in dict.fromkeys(found) if _is_of(declared, value)]
    return st.sampled_from(near) | values(declared) if near else values(declared)


def _is_of(declared: Type, value: Value) -> bool:
    if declared.kind is Kind.SET:
        return isinstance(value, frozenset) and value <= set(declared.values)
    return isinstance(value, str) and value in declared.values


def _steps(policy: ir.CheckedPolicy, exprs: Iterable[ir.Expr]) -> Iterator[_Step]:
    """Steps from a log's first moment: none, a day, the numbers of days that watches read, turns of years."""
    numbers = dict.fromkeys([0, 1, *_numbers(policy, exprs)])
    for days in numbers:
        yield from (_Step("days", days, seconds=seconds) for seconds in _NEAR)
        yield from (_Step("working days", days, seconds=seconds) for seconds in _NEAR if days)
    turns = {since for parameter in policy.parameters.values() for since, _ in parameter.values}
    first = min(turns, default=policy.period.start or FIRST_DAY)
    for day in sorted(turns | {date(first.year + 1, 1, 1)}):
        yield from (_Step("day", day=day, seconds=seconds) for seconds in _NEAR)


def _numbers(policy: ir.CheckedPolicy, exprs: Iterable[ir.Expr]) -> Iterator[int]:
    for node in ir.walk(exprs):
        match node:
            case ir.Literal(int() as value, declared) if declared.kind is Kind.INT:
                yield min(abs(value), 3660)
            case ir.ReadParameter(name, declared) if declared.kind is Kind.INT:
                yield from (min(abs(int(str(value))), 3660) for _, value in policy.parameters[name].values)
            case _:
                pass


def _resolved(policy: ir.CheckedPolicy, drawn: Sequence[_Drawn]) -> Log:
    """The events with their moments and ids, as they arrive."""
    arriving: list[tuple[int, dict[str, object]]] = []
    first = start_of(policy.period.start or date(2019, 1, 1))
    known: list[str] = []
    for number, event in enumerate((event for event in drawn if event.kept), 1):
        at = moment_text(event.step.after(first))
        held: dict[str, object] = {"event": event.type, "id": f"e{number}", ir.AT: at}
        if event.type != ir.WITHDRAWN:
            fields = policy.events[event.type].fields
            held |= {name: to_json(fields[name].type, value) for name, value in event.values.items()}
            known.append(f"e{number}")
        elif known:
            held[ir.WITHDRAWS] = known[event.of % len(known)]
        else:
            continue
        arriving += [(number + event.late, held)] * (2 if event.twice else 1)
    # Stable: events that are not late arrive in the order in which they were drawn.
    return [held for _, held in sorted(arriving, key=lambda pair: pair[0])]
