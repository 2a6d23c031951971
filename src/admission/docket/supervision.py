"""Supervision: notices as a function of the set of events and the clock, kept up to date as either moves on.

Time comes from the events and from `advance`, never from the machine's clock. An event is known from its `at` until
a withdrawal takes it back; at each step the subjects whose rows may have changed are asked about again.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from threading import RLock
from typing import Literal

from admission import ir
from admission.backends.rete.watches import WatchMatcher
from admission.datatypes import Unfit, Value, shown, to_json
from admission.decision import Citation, citations_of, in_language
from admission.diagnostics import Diagnostic, InputError
from admission.docket.gathering import Shelf, Subject, Watched
from admission.events import DOCUMENT, Event, Moment, accept_event, moment_text, to_clock

Mark = tuple[str, Subject]
"""A watch and the subject it is about."""
_Change = tuple[Mark, Moment, Literal["raised", "revoked"]]


@dataclass(frozen=True, slots=True)
class Notice:
    """What a watch says about a subject: who broke which rule, since when, and the events that show it.

    A `revoked` notice is one that was raised before and stands no longer; it rests on no event.
    """

    watch: str
    subject: Mapping[str, object] = field(hash=False)
    """`{"event": id}`, or the key: `{"task": ...}`."""
    since: str
    """The moment it came to stand, ISO 8601."""
    events: tuple[str, ...]
    change: Literal["raised", "revoked"] = "raised"
    severity: Literal["low", "medium", "high"] = field(default="medium", compare=False)
    notify: tuple[str, ...] = field(default=(), compare=False)
    reasons: ir.Label = field(default_factory=dict, compare=False, repr=False)
    citations: tuple[Citation, ...] = field(default=(), compare=False, repr=False)

    def reason(self, lang: str | None = None) -> str:
        """Why, in `zh` or `en`; without `lang` in the policy's first language."""
        return in_language(self.reasons, lang)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: watch, subject, since, events."""
        return {
            "watch": self.watch,
            "subject": dict(self.subject),
            "since": self.since,
            "events": list(self.events),
        }


@dataclass(frozen=True, slots=True)
class Open:
    """A deadline that runs: unless something comes, the watch raises a notice about the subject after `until`."""

    watch: str
    subject: Mapping[str, object] = field(hash=False)
    until: str
    """The last moment in time, ISO 8601."""


class Supervisor:
    """Watches over the events of one policy. Safe to share between threads.

    Raises `EngineMissingError` where durable-rules cannot be imported, and says what to run; `InputError` where the
    policy has no watches.
    """

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        if not policy.watches:
            raise InputError([Diagnostic("A711", None, {"name": policy.id}, path=policy.id)])
        self._policy = policy
        self._lock = RLock()
        self._matcher = WatchMatcher(policy)
        self._clear()

    def _clear(self) -> None:
        self._shelf = Shelf(self._policy)
        self._watched = {n: Watched(w, self._policy, self._shelf) for n, w in self._policy.watches.items()}
        self._interested = _interests(self._policy, self._watched)
        self._clock: Moment | None = None
        self._log: dict[str, Event] = {}
        self._withdrawn: dict[str, Moment] = {}
        self._named: dict[str, str] = {}
        """The ids that withdrawals name, each with the first withdrawal that named it."""
        self._known: set[str] = set()
        self._turns: list[tuple[Moment, str]] = []
        """When an event comes to be known or is taken back: a heap of moments and ids."""
        self._deadlines: list[tuple[Moment, str, str]] = []
        self._waiting: dict[tuple[str, str], Mark] = {}
        self._since: dict[Mark, Moment] = {}
        self._open: dict[Mark, Moment] = {}

    # ----------------------------------------------------------------------------------- in

    @property
    def clock(self) -> str | None:
        """The moment up to which events count, ISO 8601; None before the first."""
        return None if self._clock is None else moment_text(self._clock)

    def observe(self, event: Mapping[str, object]) -> tuple[Notice, ...]:
        """Take in one event; the clock moves on to its `at` if that is later. What it raised and revoked.

        Values are as in JSON or Python: money as `Decimal`, `int` or text in yuan, a date as `date` or ISO text, a
        set as a list. The same event again changes nothing.

        Raises `InputError` with every fault of the event.
        """
        with self._lock:
            taken = self.record(event)
            return self._moved_to(taken.at if self._clock is None else max(self._clock, taken.at))

    def record(self, event: Mapping[str, object] | Event) -> Event:
        """File one event and leave the clock; what it changes shows at the next `observe` or `advance`.

        Raises `InputError` with every fault of the event.
        """
        with self._lock:
            taken = event if isinstance(event, Event) else accept_event(self._policy, event, DOCUMENT)
            if not isinstance(taken, Event):
                raise InputError(taken)
            if self._log.get(taken.id) != taken:
                self._file(taken)
            return taken

    def advance(self, to: date | str) -> tuple[Notice, ...]:
        """Move the clock; the notices that the passing of time raised and revoked.

        `to` is a `datetime` or ISO 8601 text, without an offset in Asia/Shanghai time; a `date` means its end.

        Raises `InputError` where it is no moment, or before the clock.
        """
        with self._lock:
            return self._moved_to(self._moment(to))

    def _moment(self, to: object, name: str = "to") -> Moment:
        try:
            moment = to_clock(to)
        except Unfit as unfit:
            words = {"fact": name, "expected": unfit.expectation, "given": unfit.given}
            raise InputError([Diagnostic(unfit.code, None, words)]) from None
        if self._clock is not None and moment < self._clock:
            words = {"expected": moment_text(self._clock), "given": moment_text(moment)}
            raise InputError([Diagnostic("A937", None, words)])
        return moment

    def _file(self, event: Event) -> None:
        withdraws = event.values.get(ir.WITHDRAWS) if event.type == ir.WITHDRAWN else None
        target = self._log.get(withdraws) if isinstance(withdraws, str) else None
        if event.id in self._log:
            raise InputError([Diagnostic("A935", None, {"fact": "id", "given": event.id})])
        if withdraws is not None and (event.id in self._named or (target and target.type == ir.WITHDRAWN)):
            given = event.id if event.id in self._named else withdraws
            raise InputError([Diagnostic("A936", None, {"fact": ir.WITHDRAWS, "given": given})])
        if withdraws == event.id:
            raise InputError([Diagnostic("A936", None, {"fact": ir.WITHDRAWS, "given": event.id})])
        self._log[event.id] = event
        turned = event.id
        if isinstance(withdraws, str):
            self._named.setdefault(withdraws, event.id)
            self._withdrawn[withdraws] = min(event.at, self._withdrawn.get(withdraws, event.at))
            turned = withdraws
        elif event.id in self._withdrawn:
            heapq.heappush(self._turns, (self._withdrawn[event.id], event.id))
        heapq.heappush(self._turns, (event.at, turned))

    # ------------------------------------------------------------------------------- the clock

    def _moved_to(self, clock: Moment) -> tuple[Notice, ...]:
        """Move the clock; the changes, with what each rests on now."""
        changes = [self._notice(*change) for change in self._moved(clock)]
        return tuple(sorted(changes, key=_order))

    def _moved(self, clock: Moment) -> list[_Change]:
        self._clock = clock
        marks: dict[Mark, None] = {}
        while self._turns and self._turns[0][0] <= clock:
            marks |= dict.fromkeys(self._turn(heapq.heappop(self._turns)[1], clock))
        while self._deadlines and self._deadlines[0][0] < clock:
            _, watch, subject = heapq.heappop(self._deadlines)
            marks[self._waiting[watch, subject]] = None
        return [change for mark in marks for change in self._asked(mark, clock)]

    def _turn(self, identity: str, clock: Moment) -> Iterable[Mark]:
        """An event comes to be known, or is taken back: the marks that it may change."""
        event = self._log.get(identity)
        if event is None or event.type == ir.WITHDRAWN:
            return ()
        is_known = event.at <= clock and not self._withdrawn.get(identity, clock + 1) <= clock
        if is_known == (identity in self._known):
            return ()
        if is_known:
            self._known.add(identity)
            self._shelf.add(event)
        else:
            self._known.discard(identity)
            self._shelf.remove(event)
        watches = self._interested.get(event.type, ())
        return [(name, subject) for name in watches for subject in self._watched[name].affected(event)]

    def _asked(self, mark: Mark, clock: Moment) -> Iterable[_Change]:
        """Ask about one subject again: at most one notice revoked and one raised."""
        before, after = self._since.pop(mark, None), self._answer(mark, clock)
        if after is not None:
            self._since[mark] = after
        if before == after:
            return
        if before is not None:
            yield mark, before, "revoked"
        if after is not None:
            yield mark, after, "raised"

    def _answer(self, mark: Mark, clock: Moment) -> Moment | None:
        """Since when the notice stands; None where it does not. A deadline that runs is kept in mind."""
        waited_for = self._open.pop(mark, None)
        name, subject = mark
        found = self._subject(mark)
        rows = None if found is None else self._watched[name].rows(found)
        if rows is None:
            return None
        match self._matcher.ask(name, rows, clock):
            case "stands":
                return rows[ir.DUE] + 1 if ir.DUE in rows else found.at if isinstance(found, Event) else None
            case "open":
                self._open[mark] = rows[ir.DUE]
                if waited_for != rows[ir.DUE]:
                    waiting = (name, repr(subject))
                    self._waiting[waiting] = mark
                    heapq.heappush(self._deadlines, (rows[ir.DUE], *waiting))
        return None

    def _subject(self, mark: Mark) -> Event | Value | None:
        """The subject's event, None where it is not known; or the key's value."""
        name, subject = mark
        if self._watched[name].is_keyed:
            return subject
        return self._log[str(subject)] if subject in self._known else None

    # ---------------------------------------------------------------------------------- out

    def notices(self) -> tuple[Notice, ...]:
        """The notices that stand, sorted by since, watch and subject."""
        with self._lock:
            return tuple(self._standing())

    def notices_at(self, to: date | str) -> Iterator[Notice]:
        """Move the clock, and go through the notices that stand then: one at a time, however many events each has.

        What changed is not listed. The supervisor must not be given anything before the last notice was taken.

        Raises `InputError` as `advance` does.
        """
        with self._lock:
            self._moved(self._moment(to))
        yield from self._standing()

    def _standing(self) -> Iterator[Notice]:
        """The notices that stand, by since, watch and subject."""
        marks = sorted(self._since.items(), key=lambda found: (found[1], found[0][0], str(found[0][1])))
        for mark, since in marks:
            yield self._notice(mark, since, "raised")

    def open(self) -> tuple[Open, ...]:
        """The deadlines that run, the nearest first: what is waited for, and until when."""
        with self._lock:
            found = [Open(m[0], self._shown(m), moment_text(until)) for m, until in self._open.items()]
            return tuple(sorted(found, key=lambda o: (o.until, o.watch, *map(str, o.subject.values()))))

    def snapshot(self) -> dict[str, object]:
        """The log in the order of arrival, and the clock: JSON-ready, all that `restore` needs."""
        with self._lock:
            return {
                "policy": self._policy.id,
                "version": self._policy.version,
                "clock": self.clock,
                "events": [event.to_dict(self._policy) for event in self._log.values()],
            }

    def restore(self, snapshot: Mapping[str, object]) -> None:
        """Start over from a snapshot of this policy, in this version or another; nothing is raised again.

        Raises `InputError` with every fault where it is none; the supervisor is then as it was.
        """
        with self._lock:
            kept = dict(self.__dict__)
            try:
                self._clear()
                self._replay(_log_of(snapshot, self._policy), snapshot.get("clock"))
            except BaseException:
                self.__dict__.update(kept)
                raise

    def _replay(self, events: list[Mapping[str, object]], clock: object) -> None:
        faults: list[Diagnostic] = []
        for place, event in enumerate(events):
            try:
                self.record(event)
            except InputError as error:
                faults += [Diagnostic(d.code, None, d.data, d.near, path=f"events[{place}]") for d in error.diagnostics]
        if faults:
            raise InputError(faults)
        if clock is not None:
            self._moved(self._moment(clock, "clock"))

    def _notice(self, mark: Mark, since: Moment, change: Literal["raised", "revoked"]) -> Notice:
        watched = self._watched[mark[0]]
        subject = self._subject(mark)
        rests_on = watched.evidence(subject) if change == "raised" and subject is not None else ()
        return Notice(
            watch=mark[0],
            subject=self._shown(mark),
            since=moment_text(since),
            events=rests_on,
            change=change,
            severity=watched.watch.severity,
            notify=watched.watch.notify,
            reasons=watched.watch.reason,
            citations=citations_of(self._policy, watched.watch.basis),
        )

    def _shown(self, mark: Mark) -> dict[str, object]:
        """The subject as a notice shows it."""
        watch = self._watched[mark[0]].watch
        if not self._watched[mark[0]].is_keyed:
            return {"event": mark[1]}
        event = next(iter(watch.gathered.values())).event
        return {watch.each: to_json(self._policy.events[event].fields[watch.each].type, mark[1])}


def _order(notice: Notice) -> tuple[bool, str, str, str]:
    # A notice that moves is revoked before it is raised anew, be it since an earlier moment. Moments of one offset
    # sort as text.
    shown = next(iter(notice.subject.values()))
    return notice.change == "raised", notice.since, notice.watch, str(shown)


def _log_of(snapshot: object, policy: ir.Policy) -> list[Mapping[str, object]]:
    """The events of a snapshot. Raises `InputError` where it is none, or one of another policy."""
    if not isinstance(snapshot, Mapping):
        problem = f"`{shown(snapshot)}`"
        raise InputError([Diagnostic("A938", None, {"problem": (f"给出的是 {problem}", f"given {problem}")})])
    problems = []
    if snapshot.get("policy", policy.id) != policy.id:
        given = shown(snapshot.get("policy"))
        problems.append(
            (f"policy 应为 {policy.id}，而给出的是 `{given}`", f"`policy` is {policy.id} here, not `{given}`")
        )
    events = snapshot.get("events")
    if not isinstance(events, list):
        problems.append(("没有 events 列表", "there is no list `events`"))
    if problems or not isinstance(events, list):
        raise InputError([Diagnostic("A938", None, {"problem": problem}) for problem in problems])
    return events


def _interests(policy: ir.CheckedPolicy, watched: Mapping[str, Watched]) -> dict[str, list[str]]:
    """For each event type, the watches that it may concern."""
    found: dict[str, list[str]] = {}
    for name, watch in policy.watches.items():
        types = {watch.each} & set(policy.events) | {g.event for g in watched[name].watch.gathered.values()}
        for event in sorted(types):
            found.setdefault(event, []).append(name)
    return found
