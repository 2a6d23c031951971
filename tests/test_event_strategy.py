"""Logs of events drawn for a policy: accepted as they are, near the boundaries of its watches, shrunk to the least."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings

import admission
from admission.backends.rete.matcher import EngineMissingError, engine
from admission.events import DAY, to_moment
from admission.testing import events
from profiles import examples
from small import write

try:
    engine()
except EngineMissingError:
    pytest.skip("durable-rules cannot be imported here", allow_module_level=True)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BEIJING = admission.load(ROOT / "policies" / "beijing")
LATER = "2190-01-01"
FIND = settings(
    max_examples=3000,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
SUPERVISOR = BEIJING.supervise()
Log = list[dict[str, Any]]


def raised(log: Log) -> set[str]:
    """The watches of the Beijing pack that raise a notice at any moment, the far future included."""
    SUPERVISOR.restore({"events": []})
    found = [notice for event in log for notice in SUPERVISOR.observe(event)]
    return {notice.watch for notice in (*found, *SUPERVISOR.advance(LATER)) if notice.change == "raised"}


@pytest.mark.parametrize("name", ["beijing", "xicheng"])
def test_every_log_is_accepted(name: str) -> None:
    """Whatever is drawn, `supervise()` takes it, in the order in which it came."""
    policy = admission.load(ROOT / "policies" / name)

    @settings(max_examples=examples(150), deadline=None)
    @given(events(policy))
    def accepted(log: Log) -> None:
        supervisor = policy.supervise()
        for event in log:
            supervisor.observe(event)
        assert {event["id"] for event in log} == {e["id"] for e in supervisor.snapshot()["events"]}  # type: ignore[attr-defined]

    accepted()


LEAST = {
    "unfunded_by_due": ["decided"],
    "started_before_funds": ["decided", "started"],
    "started_without_admission": ["started"],
    "repeated_complaints": ["complaint", "complaint", "complaint"],
    "forms_over_limit": ["decided"],
    "scope_drift": ["decided", "started"],
}
"""The events of the smallest log that raises each watch."""


@pytest.mark.parametrize("watch", LEAST)
def test_every_watch_is_raised_by_a_log_that_shrinks_to_the_least(watch: str) -> None:
    """Each watch is raised by some log, and the smallest has only the events it takes, none late or withdrawn."""
    log = find(events(BEIJING, max_size=4), lambda log: watch in raised(log), settings=FIND)
    assert sorted(str(event["event"]) for event in log) == LEAST[watch]
    assert len({event["id"] for event in log}) == len(log)
    assert len({event["task"] for event in log if "task" in event}) <= 1


def test_the_table_of_least_logs_names_every_watch() -> None:
    """No watch of the pack is left out."""
    assert set(LEAST) == set(BEIJING.checked.watches)


NEAR_MISSES = {
    "unfunded_by_due": {"decided", "funds_transferred"},
    "started_before_funds": {"decided", "funds_transferred", "started"},
    "started_without_admission": {"decided", "started"},
    "repeated_complaints": {"complaint"},
    "forms_over_limit": {"decided"},
    "scope_drift": {"decided", "started"},
}
"""Events with which each watch could have been raised."""


def draw_logs(count: int, number: int) -> list[Log]:
    """So many logs of the Beijing pack, other ones for each number."""
    found: list[Log] = []

    @seed(number)
    @settings(FIND, max_examples=count, phases=[Phase.generate])
    @given(events(BEIJING))
    def collect(log: Log) -> None:
        found.append(log)

    collect()
    return found


def test_generation_reaches_every_watch_and_everything_that_may_happen_to_a_log() -> None:
    """Each watch is raised and not raised; events come out of order, twice, withdrawn, and on the edge of a period."""
    by_log: list[tuple[Log, set[str]]] = []
    for number in range(6):  # one round in eight misses the rarest watch, for what one draws resembles what it drew
        by_log += [(log, raised(log)) for log in draw_logs(600, number)]
        if {watch for _, found in by_log for watch in found} >= NEAR_MISSES.keys():
            break
    logs = [log for log, _ in by_log]
    for watch, types in NEAR_MISSES.items():
        assert any(watch in found for _, found in by_log), watch
        assert any(watch not in found and types <= {e["event"] for e in log} for log, found in by_log), watch
    assert any([e["at"] for e in log] != sorted(e["at"] for e in log) for log in logs)
    assert any(len({e["id"] for e in log}) < len(log) for log in logs)
    withdrawals = [(log, e) for log in logs for e in log if e["event"] == "withdrawn"]
    places = [([other["id"] for other in log].index(e["withdraws"]), log.index(e)) for log, e in withdrawals]
    assert any(named < place for named, place in places)
    assert any(named > place for named, place in places)
    gaps = {abs(to_moment(a["at"]) - to_moment(b["at"])) for log in logs for a in log for b in log}
    for days in (30, 365):
        assert {days * DAY - 1, days * DAY, days * DAY + 1} <= gaps
    ends = {event["at"][5:19] for log in logs for event in log}
    assert {"12-31T23:59:59", "01-01T00:00:00"} <= ends


def test_a_policy_without_events_has_no_logs(tmp_path: Path) -> None:
    """Asking for the logs of a policy that declares no events is said to be one."""
    policy = admission.load(write(tmp_path / "small"))
    with pytest.raises(ValueError, match="policy small declares no events"):
        events(policy)
