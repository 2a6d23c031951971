"""Supervision: notices are a function of the set of events and the clock, whatever the order and pace of arrival."""

import json
import random
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

import admission
import supervision_oracle as oracle
import watch_oracle
from admission.backends.rete.matcher import EngineMissingError, engine
from admission.docket import Notice, Supervisor
from admission.events import day_of, moment_text, to_moment
from supervision_oracle import DAY, SECOND, ZONE, RawEvent, moment, random_log, text
from watch_generator import Watches, generated_log

try:
    engine()
except EngineMissingError:
    pytest.skip("durable-rules cannot be imported here", allow_module_level=True)

ROOT = Path(__file__).parents[1]
BEIJING = admission.load(ROOT / "policies" / "beijing")
XICHENG = admission.load(ROOT / "policies" / "xicheng")
LATER = "2040-01-01T00:00:00+08:00"


def found(notices: Iterable[Notice]) -> list[oracle.Found]:
    """Notices as the oracle spells them, sorted."""
    return sorted((n.since, n.watch, *map(str, next(iter(n.subject.items())))) for n in notices)  # type: ignore[misc]


def standing_after(events: Iterable[RawEvent], until: str, policy: admission.Policy = BEIJING) -> list[tuple[str, str]]:
    """Watch and since of the notices that stand at a moment."""
    supervisor = policy.supervise()
    for event in events:
        supervisor.record(event)
    supervisor.advance(until)
    return [(notice.watch, notice.since) for notice in supervisor.notices()]


def decided(identity: str, at: str, **more: Any) -> RawEvent:
    """A decision that admits task t and owes nothing."""
    whole = {"task": "t", "unit": "u", "community": "c", "level": "district", "verdict": "admit"}
    return {"event": "decided", "id": identity, "at": at, **whole, **more}


def paid(identity: str, at: str, amount: str) -> RawEvent:
    """Money for task t."""
    return {"event": "funds_transferred", "id": identity, "at": at, "task": "t", "amount": amount}


def started(identity: str, at: str, *actions: str) -> RawEvent:
    """Work on task t begins."""
    return {"event": "started", "id": identity, "at": at, "task": "t", "actions": list(actions)}


def complaint(identity: str, at: str, *, upheld: bool = True) -> RawEvent:
    """A complaint about unit u."""
    return {"event": "complaint", "id": identity, "at": at, "unit": "u", "upheld": upheld}


def withdrawn(identity: str, at: str, withdraws: str) -> RawEvent:
    """Takes another event back."""
    return {"event": "withdrawn", "id": identity, "at": at, "withdraws": withdraws}


# ----------------------------------------------------------------------------------- against the oracles


@pytest.mark.parametrize("seed", range(12))
def test_notices_are_those_of_the_table_at_every_step(seed: int) -> None:
    """After each event, early or late, the notices that stand are those of the contract's table."""
    log = random_log(seed, events=120, tasks=8, units=4)
    supervisor, standing = XICHENG.supervise(), set[oracle.Found]()
    for count, event in enumerate(log, 1):
        for notice in supervisor.observe(event):
            (one,) = found([notice])
            assert (one in standing) == (notice.change == "revoked")
            standing ^= {one}
        assert sorted(standing) == found(supervisor.notices())
        if count % 10 == 0 or count == len(log):
            assert supervisor.clock is not None
            assert found(supervisor.notices()) == oracle.notices(log[:count], moment(supervisor.clock))


def test_a_large_log_gives_the_notices_of_the_table() -> None:
    """A large log, out of order and partly twice: none missing, none extra."""
    log = random_log(99, events=4_000, tasks=300, units=80)
    supervisor = XICHENG.supervise()
    for event in log:
        supervisor.record(event)
    supervisor.advance("2021-06-30T12:00:00")
    standing = found(supervisor.notices())
    assert standing == oracle.notices(log, moment("2021-06-30T12:00:00"))
    assert {watch for _, watch, _, _ in standing} == set(oracle.XICHENG)


@pytest.mark.parametrize("seed", range(40))
def test_generated_watches_agree_with_nested_loops(seed: int, tmp_path: Path) -> None:
    """On generated watches and logs, the notices at each step are those of a naive evaluator of the whole log."""
    (tmp_path / "generated.yaml").write_text(Watches(seed).policy(4), encoding="utf-8")
    policy = admission.load(tmp_path / "generated.yaml")
    supervisor, log = policy.supervise(), generated_log(policy.checked, seed, 30)
    for count, event in enumerate(log, 1):
        supervisor.observe(event)
        if count % 6 == 0:
            assert_naive(supervisor, policy, log[:count])
    supervisor.advance(LATER)
    assert_naive(supervisor, policy, log)


def assert_naive(supervisor: Supervisor, policy: admission.Policy, log: list[RawEvent]) -> None:
    """The supervisor's notices are the naive evaluator's."""
    got = sorted((n.since, n.watch, str(next(iter(n.subject.values())))) for n in supervisor.notices())
    assert supervisor.clock is not None
    assert got == watch_oracle.standing(policy.checked, log, moment(supervisor.clock))


@pytest.mark.parametrize("seed", range(5))
def test_any_chunks_and_any_order_give_the_same_notices(seed: int) -> None:
    """Replayed in another order, with the clock moved in between or not, the log comes to the same notices."""
    log, rng = random_log(seed, events=150, tasks=6, units=3), random.Random(seed)  # noqa: S311
    whole = XICHENG.supervise()
    for event in log:
        whole.record(event)
    whole.advance(LATER)
    chunked = XICHENG.supervise()
    for event in rng.sample(log, len(log)):
        (chunked.observe if rng.random() < 0.5 else chunked.record)(event)
        if chunked.clock is not None and rng.random() < 0.3:
            chunked.advance(chunked.clock)
    chunked.advance(LATER)
    assert chunked.notices() == whole.notices()


# ---------------------------------------------------------------------------------- the watches, to the second

T0 = "2019-09-01T09:00:00"
OWING = decided("d", T0, owed="100.00")
DUE = moment(T0) + 30 * DAY


def test_funds_are_late_one_second_after_the_thirtieth_day() -> None:
    """The notice stands after `decided.at` + 30 days, since the second after, and not at that moment."""
    assert standing_after([OWING], text(DUE)) == []
    assert standing_after([OWING], text(DUE + SECOND)) == [("unfunded_by_due", text(DUE + SECOND))]


@pytest.mark.parametrize(("late", "amount", "stands"), [(0, "100.00", False), (1, "100.00", True), (0, "99.99", True)])
def test_funds_count_up_to_the_last_second(late: int, amount: str, stands: bool) -> None:
    """Money that arrives at the last second is in time, a second later it is not, and a fen short is short."""
    log = [OWING, paid("f", text(DUE + late * SECOND), amount)]
    assert bool(standing_after(log, LATER)) == stands


def test_the_latest_decision_counts_and_of_equal_times_the_greater_id() -> None:
    """A later refusal, or one of the same second with a greater id, ends what was owed; a smaller id does not."""
    refuse = {"verdict": "refuse"}
    assert standing_after([OWING, decided("c", T0, **refuse)], LATER) == [("unfunded_by_due", text(DUE + SECOND))]
    assert standing_after([OWING, decided("e", T0, **refuse)], LATER) == []
    assert standing_after([OWING, decided("c", "2019-10-20T00:00:00", **refuse)], text(DUE + DAY)) != []
    assert standing_after([OWING, decided("c", "2019-10-20T00:00:00", **refuse)], LATER) == []


def test_work_and_money_of_the_same_second_are_in_order() -> None:
    """Money with `at` equal to the start has arrived; a second later it has not."""
    log = [OWING, started("s", "2019-09-05T09:00:00")]
    assert standing_after([*log, paid("f", "2019-09-05T09:00:00", "100.00")], LATER) == []
    assert standing_after([*log, paid("f", "2019-09-05T09:00:01", "100.00")], LATER) == [
        ("started_before_funds", "2019-09-05T09:00:00+08:00")
    ]


def test_work_begun_at_the_second_of_the_decision_is_admitted() -> None:
    """A decision with `at` equal to the start counts; one a second later does not."""
    assert standing_after([decided("d", T0), started("s", T0)], LATER) == []
    early = started("s", text(moment(T0) - SECOND))
    assert standing_after([decided("d", T0), early], LATER) == [("started_without_admission", early["at"])]


def test_scope_is_that_of_the_decision_in_force_at_the_start() -> None:
    """Actions within the decision are no drift; one more is; a wider decision later does not mend it."""
    wide = decided("d", T0, actions=["publicise", "mobilise"])
    later = decided("e", "2019-12-01T00:00:00", actions=["enforce"])
    assert standing_after([wide, started("s", "2019-09-02T00:00:00", "mobilise")], LATER) == []
    assert standing_after([wide, later, started("s", "2019-09-02T00:00:00", "enforce")], LATER) == [
        ("scope_drift", "2019-09-02T00:00:00+08:00")
    ]


@pytest.mark.parametrize(("back", "stands"), [(0, True), (1, False)])
def test_complaints_count_for_365_days_both_ends_included(back: int, stands: bool) -> None:
    """The third upheld complaint gives notice if the first is no more than 365 times 24 hours back."""
    last = moment("2020-09-01T09:00:00")
    log = [complaint("a", text(last - 365 * DAY - back * SECOND)), complaint("b", "2020-01-01T00:00:00")]
    assert bool(standing_after([*log, complaint("c", text(last))], LATER)) == stands


def test_of_complaints_at_one_second_only_smaller_ids_count() -> None:
    """Of three at once the one with the greatest id gives notice, and no other; those not upheld never count."""
    log = [complaint(identity, T0) for identity in "bca"]
    supervisor = BEIJING.supervise()
    raised = [notice for event in log for notice in supervisor.observe(event)]
    assert [(n.subject, n.events) for n in raised] == [({"event": "c"}, ("a", "b", "c"))]
    assert standing_after([*log[:2], complaint("d", T0, upheld=False)], LATER) == []


def test_forms_add_up_within_a_calendar_year_of_shanghai() -> None:
    """Six forms of one district in one year are over five; the last second of the year still counts, the next not."""
    first, last = decided("a", "2019-03-01T00:00:00", forms=3), "2019-12-31T23:59:59"
    assert standing_after([first, decided("b", last, forms=3)], LATER) == [("forms_over_limit", f"{last}+08:00")]
    assert standing_after([first, decided("b", "2020-01-01T00:00:00", forms=3)], LATER) == []
    assert standing_after([first, decided("b", "2019-12-31T16:00:00Z", forms=3)], LATER) == []
    assert standing_after([first, decided("b", last, forms=3, level="city")], LATER) == []
    assert standing_after([first, decided("b", last, forms=2)], LATER) == []


def test_a_decision_is_late_after_fifteen_working_days() -> None:
    """The review may last to the end of the 15th working day, holidays not counted; then the notice stands."""
    applied = {"event": "applied", "id": "a", "at": "2019-09-30T17:00:00", "task": "t", "unit": "u"}
    # 8 to 11, 12 (a make-up Saturday), 14 to 18, 21 to 25 October: fifteen working days.
    assert standing_after([applied], "2019-10-25T23:59:59", XICHENG) == []
    assert standing_after([applied], "2019-10-26T00:00:00", XICHENG) == [("decided_late", "2019-10-26T00:00:00+08:00")]
    assert standing_after([applied, decided("d", "2019-10-25T23:59:59")], LATER, XICHENG) == []
    late = [applied, decided("d", "2019-10-26T00:00:00")]
    assert standing_after(late, LATER, XICHENG) == [("decided_late", "2019-10-26T00:00:00+08:00")]


def test_a_watch_is_as_if_not_written_before_its_policy_is_in_force() -> None:
    """An event of the day before the policy's first gives no notice; one of the first day does."""
    assert standing_after([started("s", "2018-12-31T23:59:59")], LATER) == []
    assert standing_after([started("s", "2019-01-01T00:00:00")], LATER) != []


# ------------------------------------------------------------------------------------ late news, corrections


def test_late_news_revokes_and_raises() -> None:
    """A transfer that is reported late revokes the notice; its withdrawal raises it again."""
    supervisor = BEIJING.supervise()
    supervisor.observe(OWING)
    (raised,) = supervisor.advance(text(DUE + SECOND))
    (revoked,) = supervisor.observe(paid("f", text(DUE), "100.00"))
    assert (raised.change, revoked.change) == ("raised", "revoked")
    assert (raised.watch, raised.subject, raised.since) == (revoked.watch, revoked.subject, revoked.since)
    assert raised.events == ("d",)
    (again,) = supervisor.observe(withdrawn("w", text(DUE + DAY), "f"))
    assert (again.change, again.since) == ("raised", raised.since)


def test_a_withdrawal_may_come_before_the_event_it_names() -> None:
    """Arriving first or last, a withdrawal has the same effect, from its own `at` on."""
    early, gone = started("s", T0), withdrawn("w", "2019-09-03T00:00:00", "s")
    for log in ([early, gone], [gone, early]):
        assert standing_after(log, "2019-09-02T23:59:59") == [("started_without_admission", f"{T0}+08:00")]
        assert standing_after(log, "2019-09-03T00:00:00") == []


def test_a_withdrawal_dated_before_the_event_leaves_nothing_of_it() -> None:
    """Taken back from a moment before its own, the event never counts."""
    assert standing_after([started("s", T0), withdrawn("w", "2019-08-01T00:00:00", "s")], LATER) == []


def test_the_same_event_again_changes_nothing() -> None:
    """Same id and content: ignored, spelt differently or not."""
    supervisor = BEIJING.supervise()
    assert supervisor.observe(OWING | {"owed": "100.00", "forms": 0}) == ()
    again = OWING | {"owed": 100, "at": "2019-09-01T01:00:00Z", "actions": []}
    assert supervisor.observe(again) == ()
    assert len(supervisor.snapshot()["events"]) == 1  # type: ignore[arg-type] # a list


def codes(error: pytest.ExceptionInfo[admission.InputError]) -> list[str]:
    """The codes of an error's faults."""
    return [fault.code for fault in error.value.diagnostics]


def test_the_same_id_with_other_content_is_an_error() -> None:
    """The event is refused and the log is as it was."""
    supervisor = BEIJING.supervise()
    supervisor.observe(OWING)
    with pytest.raises(admission.InputError, match="another event with other content has the id `d`") as error:
        supervisor.observe(OWING | {"owed": "1.00"})
    assert codes(error) == ["A935"]
    assert supervisor.snapshot()["events"] == [
        OWING | {"at": f"{T0}+08:00", "forms": 0, "actions": []},
    ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_withdrawal_is_not_withdrawn(order: tuple[int, int]) -> None:
    """In either order of arrival, the second of the two is refused; so is one that names itself."""
    both = [withdrawn("w", T0, "s"), withdrawn("v", T0, "w")]
    supervisor = BEIJING.supervise()
    supervisor.observe(both[order[0]])
    with pytest.raises(admission.InputError, match="`w` is itself a withdrawal"):
        supervisor.observe(both[order[1]])
    with pytest.raises(admission.InputError, match="`x` is itself a withdrawal"):
        supervisor.observe(withdrawn("x", T0, "x"))


# ---------------------------------------------------------------------------------------- what goes in


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("x", ["A930"]),
        ({}, ["A931", "A931", "A931"]),
        ({"event": "startd", "id": "a", "at": T0}, ["A932"]),
        ({"event": ["started"], "id": 7, "at": 9}, ["A932", "A911", "A934"]),
        (started("s", "2019-09-01"), ["A934"]),
        (started("s", "2019-02-30T00:00:00"), ["A934"]),
        (started("s", "2019-09-01T00:00:00.5"), ["A934"]),
        (started("s", "2019-09-01T24:00:00"), ["A934"]),
        (started("s", "0001-01-01T00:00:00+14:00"), ["A934"]),
        (started("s", "9999-12-31T23:59:59-12:00"), ["A934"]),
        (started("s", T0, "nap"), ["A913"]),
        (started("s", T0, "mobilise", "mobilise"), ["A914"]),
        (started("s", T0) | {"taks": "t"}, ["A933"]),
        (paid("f", T0, "1.001"), ["A918"]),
        (paid("f", T0, "x") | {"task": None}, ["A931", "A911"]),
        (complaint("c", T0) | {"upheld": 1}, ["A911"]),
        (complaint("c", T0) | {"unit": "u" * 10_001}, ["A915"]),
        (complaint("", T0), ["A931"]),
        (withdrawn("w", T0, ""), []),
    ],
)
def test_every_fault_of_an_event_is_said_at_once(event: Any, expected: list[str]) -> None:
    """Nothing is coerced; a field that is missing, unknown, or not of its type is named."""
    supervisor = BEIJING.supervise()
    if not expected:
        assert supervisor.observe(event) == ()
        return
    with pytest.raises(admission.InputError) as error:
        supervisor.observe(event)
    assert codes(error) == expected


def test_a_misspelt_event_type_is_answered_with_what_was_meant() -> None:
    """The message names what was given, what there is, and the nearest."""
    with pytest.raises(admission.InputError) as error:
        BEIJING.supervise().observe({"event": "startd", "id": "a", "at": T0})
    (fault,) = error.value.diagnostics
    assert fault.message == "there is no event type `startd`"
    listed = "applied, decided, funds_transferred, started, complaint, withdrawn"
    assert fault.help == f"did you mean `started`? there are: {listed}"


HOSTILE = ["\x00", "\ud800", '"', "\\", "{}", "$nex", "10", "é" * 9_000, "a" * 9_999, "_t", "项" * 3_000, "\n", " "]


def test_hostile_texts_are_only_texts() -> None:
    """Keys and ids with quotes, nulls, lone surrogates, or digits are told apart exactly."""
    supervisor = BEIJING.supervise()
    for number, value in enumerate(HOSTILE):
        for _ in range(2):
            supervisor.observe(complaint(f"{value}{number}", T0) | {"unit": value})
    assert supervisor.notices() == ()
    for count, value in enumerate(HOSTILE):
        supervisor.observe(complaint(f"second{count}", T0) | {"unit": value})
        (notice,) = supervisor.observe(complaint(f"third{count}", T0) | {"unit": value})
        assert notice.watch == "repeated_complaints"


def test_sums_far_past_64_bits_are_exact() -> None:
    """Many of the largest amounts add up without overflow, and one fen decides."""
    largest = 2**53 // 100
    owed = decided("d", T0, owed=largest)
    huge = [paid(f"f{i}", T0, str(largest)) for i in range(3_000)]
    back = [paid(f"b{i}", T0, str(-largest)) for i in range(2_999)]
    start = started("s", "2019-09-02T00:00:00")
    assert standing_after([owed, *huge, start], LATER) == []
    assert standing_after([owed, *huge, *back, start], LATER) == []
    short = [owed, *huge, *back, paid("short", T0, "-0.01"), start]
    assert [watch for watch, _ in standing_after(short, LATER)] == ["started_before_funds", "unfunded_by_due"]


# --------------------------------------------------------------------------------------- the clock, the log


def test_the_clock_does_not_go_back() -> None:
    """Moving it to an earlier moment is an error that says where it is; to the same moment is none."""
    assert BEIJING.supervise().clock is None
    supervisor = BEIJING.supervise()
    assert supervisor.advance(datetime(2019, 9, 1, tzinfo=ZONE)) == ()
    assert supervisor.advance("2019-09-01T00:00:00") == ()
    assert supervisor.advance(date(2019, 9, 1)) == ()
    assert supervisor.clock == "2019-09-01T23:59:59+08:00"
    assert supervisor.advance("2019-09-01") == ()
    with pytest.raises(admission.InputError, match=r"it is 2019-09-01T23:59:59\+08:00, given 2019-08-31T23:59:59"):
        supervisor.advance("2019-08-31T23:59:59")
    with pytest.raises(admission.InputError, match="`to` takes a moment from 1900 to 2199"):
        supervisor.advance("tomorrow")


def test_an_event_of_the_future_waits_for_its_day() -> None:
    """Filed without moving the clock, it counts once the clock is there."""
    supervisor = BEIJING.supervise()
    supervisor.advance("2019-01-01T00:00:00")
    supervisor.record(started("s", T0))
    assert supervisor.advance("2019-09-01T08:59:59") == ()
    assert [notice.watch for notice in supervisor.advance(T0)] == ["started_without_admission"]


def test_what_is_waited_for_is_listed_until_it_comes() -> None:
    """A debt is open until its due moment, gone once it is paid, and open again when the payment is withdrawn."""
    supervisor = BEIJING.supervise()
    supervisor.observe(OWING)
    (waiting,) = supervisor.open()
    assert (waiting.watch, waiting.subject, waiting.until) == ("unfunded_by_due", {"task": "t"}, text(DUE))
    supervisor.observe(paid("f", "2019-09-02T00:00:00", "100.00"))
    assert supervisor.open() == ()
    supervisor.observe(withdrawn("w", "2019-09-03T00:00:00", "f"))
    assert supervisor.open() == (waiting,)
    supervisor.advance(text(DUE + SECOND))
    assert supervisor.open() == ()


def test_a_deadline_that_moves_is_met_where_it_moved_to() -> None:
    """A later decision moves the deadline on; once it is withdrawn the earlier one runs again. Neither is missed."""
    moved = BEIJING.supervise()
    moved.observe(OWING)
    moved.observe(decided("e", "2019-09-20T09:00:00", owed="5.00"))
    assert moved.advance(text(DUE + DAY)) == ()
    assert [notice.since for notice in moved.advance(LATER)] == ["2019-10-20T09:00:01+08:00"]
    supervisor = BEIJING.supervise()
    supervisor.observe(OWING)
    supervisor.observe(decided("e", "2019-09-20T09:00:00", owed="5.00"))
    assert [waiting.until for waiting in supervisor.open()] == ["2019-10-20T09:00:00+08:00"]
    supervisor.observe(withdrawn("w", "2019-09-21T00:00:00", "e"))
    assert [waiting.until for waiting in supervisor.open()] == [text(DUE)]
    assert [notice.since for notice in supervisor.advance(text(DUE + SECOND))] == [text(DUE + SECOND)]


def test_a_snapshot_is_a_plain_log_that_restores_everything() -> None:
    """Through JSON and back: the same clock, notices, deadlines and log; and the same changes from then on."""
    log = random_log(5, events=200, tasks=8, units=4)
    first, second = XICHENG.supervise(), XICHENG.supervise()
    for event in log[:150]:
        first.observe(event)
    first.record(started("future", LATER))
    second.observe(started("other", T0))
    second.restore(json.loads(json.dumps(first.snapshot())))
    assert (second.clock, second.notices(), second.open()) == (first.clock, first.notices(), first.open())
    assert second.snapshot() == first.snapshot()
    for event in log[150:]:
        assert second.observe(event) == first.observe(event)
    assert second.advance(LATER) == first.advance(LATER)


BROKEN = "error[A938]: not a snapshot of supervision: "
MOMENT = "a moment from 1900 to 2199, to the second, such as 2019-08-03T09:00:00"
SOUND = {"policy": "beijing", "version": "2019.1", "clock": None}


@pytest.mark.parametrize(
    ("snapshot", "says"),
    [
        (None, [BROKEN + "given `null`"]),
        ([], [BROKEN + "given `list []`"]),
        ({}, [BROKEN + "there is no list `events`"]),
        ({**SOUND, "policy": "xicheng", "events": []}, [BROKEN + "`policy` is beijing here, not `xicheng`"]),
        ({**SOUND, "events": "x"}, [BROKEN + "there is no list `events`"]),
        (
            {**SOUND, "events": [OWING, None, {**OWING, "owed": 7}]},
            [
                "events[1]:1:1: error[A930]: an event must be a mapping of fields to values, not `null`",
                "events[2]:1:1: error[A935]: another event with other content has the id `d`",
            ],
        ),
        (
            {**SOUND, "events": [], "clock": "soon"},
            [f"error[A934]: `clock` takes {MOMENT}, not `soon`"],
        ),
    ],
)
def test_a_broken_snapshot_leaves_the_supervisor_as_it_was(snapshot: Any, says: list[str]) -> None:
    """One that is none, or of another policy, is refused with all that is wrong, and nothing is lost."""
    supervisor = BEIJING.supervise()
    supervisor.observe(OWING)
    before = supervisor.snapshot()
    with pytest.raises(admission.InputError) as refused:
        supervisor.restore(snapshot)
    assert [line for line in str(refused.value).splitlines() if "error[" in line] == says
    assert supervisor.snapshot() == before
    assert len(supervisor.open()) == 1


def test_a_snapshot_of_another_version_is_replayed() -> None:
    """The log is of the policy, whatever its version: a new version judges the same events."""
    first, second = BEIJING.supervise(), BEIJING.supervise()
    first.observe(started("s", T0))
    second.restore({**first.snapshot(), "version": "2018"})
    assert found(second.notices()) == found(first.notices()) != []


def test_a_notice_that_moves_to_an_earlier_moment_is_revoked_first() -> None:
    """What is told can be applied in the order told: a notice is never raised while it still stands."""
    supervisor = XICHENG.supervise()
    applied = {"event": "applied", "task": "t", "unit": "u"}
    supervisor.observe({**applied, "id": "a2", "at": "2019-10-08T09:00:00"})
    supervisor.advance("2020-01-01")
    changes = supervisor.observe({**applied, "id": "a1", "at": "2019-09-02T09:00:00"})
    assert [(n.change, n.since) for n in changes] == [
        ("revoked", "2019-10-29T00:00:00+08:00"),
        ("raised", "2019-09-25T00:00:00+08:00"),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_changes_told_add_up_to_what_stands(seed: int) -> None:
    """Raised and revoked in turn for each subject, in any chunks, restored half-way: the sum is what stands."""
    rng = random.Random(seed)  # noqa: S311 - a log, no secret
    standing = dict[tuple[str, str], str]()
    supervisor, told = XICHENG.supervise(), list[Notice]()
    for event in random_log(seed, events=150, tasks=4, units=3):
        if rng.random() < 0.5:
            supervisor.record(event)
        else:
            told += supervisor.observe(event)
        if rng.random() < 0.05 and supervisor.clock is not None:
            told += supervisor.advance(supervisor.clock)
            snapshot, supervisor = supervisor.snapshot(), XICHENG.supervise()
            supervisor.restore(snapshot)
    told += supervisor.advance(LATER)
    for notice in told:
        mark = (notice.watch, str(notice.subject))
        if notice.change == "raised":
            assert mark not in standing
            standing[mark] = notice.since
        else:
            assert standing.pop(mark) == notice.since
    assert standing == {(n.watch, str(n.subject)): n.since for n in supervisor.notices()}
    assert len(standing) > 5


def test_a_supervisor_may_be_shared_between_threads() -> None:
    """Four threads observe parts of a log; the notices are those of the whole."""
    log = random_log(3, events=400, tasks=10, units=5)
    supervisor = XICHENG.supervise()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(supervisor.observe, log))
    supervisor.advance(LATER)
    assert found(supervisor.notices()) == oracle.notices(log, moment(LATER))


def test_a_notice_says_whom_to_tell_why_and_by_what_law() -> None:
    """Severity, parties, reason in both languages, and citations come with it."""
    supervisor = BEIJING.supervise()
    (notice,) = supervisor.observe(started("s", T0))
    assert (notice.severity, notice.notify) == ("high", ("issuer", "reviewer"))
    assert notice.reason() == notice.reason("zh") == "没有准入，就开始了工作"
    assert notice.reason("en") == "Work began that had not been admitted"
    assert [citation.at for citation in notice.citations] == ["年度计划清单", "第四十七条"]
    assert notice.to_dict() == {
        "watch": "started_without_admission",
        "subject": {"event": "s"},
        "since": "2019-09-01T09:00:00+08:00",
        "events": ["s"],
    }


def test_a_policy_without_watches_cannot_supervise() -> None:
    """The error names the policy."""
    with pytest.raises(admission.InputError, match="policy `china` has no watches"):
        admission.load(ROOT / "policies" / "china").supervise()


@pytest.mark.parametrize("moment_", ["1900-01-01T00:00:00", "1969-12-31T23:59:59", "2000-02-29T12:00:00", LATER])
def test_a_moment_is_that_of_the_standard_library(moment_: str) -> None:
    """Our whole seconds and days of Shanghai are those of `datetime` at eight hours ahead of UTC."""
    ours, theirs = to_moment(moment_), moment(moment_)
    assert ours == int(theirs.timestamp())
    assert (day_of(ours), moment_text(ours)) == (theirs.date(), theirs.isoformat())
