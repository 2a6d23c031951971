"""The seven watches of the shipped packs, straight from their table: nested loops over the whole log.

Nothing here knows policies, engines or increments: raw events in, the notices that stand at a moment out. And logs
to try it on: out of order, with repeats, withdrawals that come first, equal times, and the last second of a period.
"""

import random
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

from admission.workdays import workday

RawEvent = dict[str, Any]
Found = tuple[str, str, str, str]
"""Since, watch, the subject's kind (event or task), the subject."""

ZONE = timezone(timedelta(hours=8))
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
START = datetime(2019, 1, 2, tzinfo=ZONE)
ACTIONS = ("contact_residents", "publicise", "mobilise", "enforce", "fill_form")
LEVELS = ("central", "city", "district", "subdistrict")
LIMITS = {"central": 7, "city": 7}


def moment(text: str) -> datetime:
    """The moment of ISO 8601 text; without an offset it is Shanghai time."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=ZONE)).astimezone(ZONE)


def known(log: Iterable[RawEvent], now: datetime) -> list[RawEvent]:
    """The events that count at a moment: begun, each once, and not withdrawn by then."""
    once = {event["id"]: event for event in log if moment(event["at"]) <= now}
    gone = {event["withdraws"] for event in once.values() if event["event"] == "withdrawn"}
    return [event for event in once.values() if event["id"] not in gone and event["event"] != "withdrawn"]


class Table:
    """The contract's last table, one method a row."""

    def __init__(self, log: Iterable[RawEvent], now: datetime) -> None:
        self.now = now
        self.of: dict[str, list[RawEvent]] = {}
        for event in sorted(known(log, now), key=when):
            self.of.setdefault(event["event"], []).append(event)

    def all(self, event: str, **same: str) -> list[RawEvent]:
        """The events of a type, in order, that have these fields."""
        return [e for e in self.of.get(event, []) if all(e[key] == value for key, value in same.items())]

    def latest(self, task: str, until: datetime) -> RawEvent | None:
        """The task's latest decision at a moment."""
        decided = [e for e in self.all("decided", task=task) if moment(e["at"]) <= until]
        return max(decided, key=when) if decided else None

    def received(self, task: str, until: datetime) -> int:
        """The task's money at a moment, in fen."""
        return sum(fen(e["amount"]) for e in self.all("funds_transferred", task=task) if moment(e["at"]) <= until)

    def unfunded_by_due(self) -> Iterator[Found]:
        """Owed money that was not there after 30 days."""
        for task in sorted({e["task"] for e in self.all("decided")}):
            decision = self.latest(task, self.now)
            assert decision
            due = moment(decision["at"]) + 30 * DAY
            owed = fen(decision.get("owed", 0))
            if decision["verdict"] == "admit" and owed > 0 and self.received(task, due) < owed and self.now > due:
                yield text(due + SECOND), "unfunded_by_due", "task", task

    def started_before_funds(self) -> Iterator[Found]:
        """Work begun before the money."""
        for started in self.all("started"):
            at = moment(started["at"])
            decision = self.latest(started["task"], at)
            owed = fen(decision.get("owed", 0)) if decision and decision["verdict"] == "admit" else 0
            if owed > 0 and self.received(started["task"], at) < owed:
                yield text(at), "started_before_funds", "event", started["id"]

    def started_without_admission(self) -> Iterator[Found]:
        """Work begun that was not admitted."""
        for started in self.all("started"):
            at = moment(started["at"])
            decision = self.latest(started["task"], at)
            if decision is None or decision["verdict"] != "admit":
                yield text(at), "started_without_admission", "event", started["id"]

    def repeated_complaints(self) -> Iterator[Found]:
        """The third upheld complaint in 365 days, and each after it."""
        for complaint in self.all("complaint"):
            at = moment(complaint["at"])
            others = [
                other
                for other in self.all("complaint", unit=complaint["unit"])
                if other["upheld"] and at - 365 * DAY <= moment(other["at"]) and when(other) < when(complaint)
            ]
            if complaint["upheld"] and len(others) >= 2:
                yield text(at), "repeated_complaints", "event", complaint["id"]

    def forms_over_limit(self) -> Iterator[Found]:
        """Decisions that bring the year's forms over the limit."""
        for decided in self.all("decided"):
            if decided["verdict"] != "admit" or decided.get("forms", 0) <= 0:
                continue
            at = moment(decided["at"])
            same = self.all("decided", community=decided["community"], level=decided["level"])
            year = [e for e in same if moment(e["at"]).year == at.year and when(e) <= when(decided)]
            asked = sum(e.get("forms", 0) for e in year if e["verdict"] == "admit")
            if asked > LIMITS.get(decided["level"], 5):
                yield text(at), "forms_over_limit", "event", decided["id"]

    def scope_drift(self) -> Iterator[Found]:
        """Work begun with actions that were not admitted."""
        for started in self.all("started"):
            at = moment(started["at"])
            decision = self.latest(started["task"], at)
            if decision is None or decision["verdict"] != "admit":
                continue
            if set(started.get("actions", [])) - set(decision.get("actions", [])):
                yield text(at), "scope_drift", "event", started["id"]

    def decided_late(self) -> Iterator[Found]:
        """Applications not decided within 15 working days."""
        for task in sorted({e["task"] for e in self.all("applied")}):
            applied = min(self.all("applied", task=task), key=when)
            last = workday(moment(applied["at"]).date(), 15)
            end = datetime(last.year, last.month, last.day, tzinfo=ZONE) + DAY
            in_time = [e for e in self.all("decided", task=task) if moment(e["at"]) < end]
            if not in_time and self.now >= end:
                yield text(end), "decided_late", "task", task


BEIJING = (
    *("unfunded_by_due", "started_before_funds", "started_without_admission"),
    *("repeated_complaints", "forms_over_limit", "scope_drift"),
)
XICHENG = (*BEIJING, "decided_late")


def notices(log: Iterable[RawEvent], now: datetime, watches: Iterable[str] = XICHENG) -> list[Found]:
    """The notices that stand at a moment, sorted."""
    table = Table(log, now)
    return sorted(found for watch in watches for found in getattr(table, watch)())


def when(event: RawEvent) -> tuple[datetime, str]:
    """Where an event stands among others: by `at`, then id."""
    return moment(event["at"]), event["id"]


def fen(amount: object) -> int:
    """Yuan as whole fen."""
    return round(float(str(amount)) * 100)


def text(at: datetime) -> str:
    """A moment as notices spell it."""
    return at.isoformat()


def random_log(seed: int, *, events: int, tasks: int, units: int) -> list[RawEvent]:
    """A log in a random order of arrival, some of it twice."""
    rng = random.Random(seed)  # noqa: S311 - a test's log is no secret
    made: list[RawEvent] = []
    while len(made) < events:
        made.append(_event(rng, made, f"e{len(made):06d}", tasks, units))
    twice = rng.sample(made, len(made) // 20)
    arrived = [*made, *twice]
    rng.shuffle(arrived)
    return arrived


def _event(rng: random.Random, made: list[RawEvent], identity: str, tasks: int, units: int) -> RawEvent:
    kind = rng.choices(
        ("applied", "decided", "funds_transferred", "started", "complaint", "withdrawn"), (2, 3, 3, 4, 3, 1)
    )[0]
    task, unit = f"t{rng.randrange(tasks)}", f"u{rng.randrange(units)}"
    head = {"event": kind, "id": identity, "at": random_moment(rng, made)}
    actions = rng.sample(ACTIONS, rng.randrange(4))
    others = [event for event in made[-200:] if event["event"] != "withdrawn"]
    match kind:
        case "applied":
            return {**head, "task": task, "unit": unit}
        case "decided":
            level = rng.choice(LEVELS)
            verdict = rng.choices(("admit", "refuse", "undetermined", "redirect"), (8, 2, 1, 1))[0]
            owed = rng.choice(("0", "0.01", "100.00", "99.99"))
            more = {"level": level, "verdict": verdict, "owed": owed, "forms": rng.randrange(4), "actions": actions}
            return {**head, "task": task, "unit": unit, "community": f"c{rng.randrange(units)}", **more}
        case "funds_transferred":
            return {**head, "task": task, "amount": rng.choice(("0.01", "50.00", "100.00"))}
        case "started":
            return {**head, "task": task, "actions": actions}
        case "withdrawn" if others:
            return {**head, "withdraws": rng.choice(others)["id"]}
        case _:
            return {**head, "event": "complaint", "unit": unit, "upheld": rng.random() < 0.6}


def random_moment(rng: random.Random, made: list[RawEvent]) -> str:
    """A moment of three years; often that of another event, or just before, at, or after a period from it."""
    if not made or rng.random() < 0.5:
        return text(START + rng.randrange(3 * 365 * 86_400) * SECOND)
    other = moment(rng.choice(made[-50:])["at"])
    day = datetime.combine(other.date(), datetime.min.time(), ZONE)
    start = rng.choice(
        (other, other + 30 * DAY, other + 365 * DAY, day, datetime(other.year, 12, 31, 23, 59, 59, 0, ZONE))
    )
    review = workday(date(other.year, other.month, other.day), 15)
    start = rng.choice((start, datetime(review.year, review.month, review.day, 23, 59, 59, 0, ZONE)))
    return text(start + rng.choice((-1, 0, 0, 1)) * SECOND)
