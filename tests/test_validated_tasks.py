"""A task that was validated is decided by what was validated, and by nothing that came before or after."""

import copy
import enum
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import admission
from admission import reference
from admission.engine import Policy
from admission.intake import accept
from profiles import examples
from small import SMALL, write

DAY = date(2019, 8, 3)
PACKS = Path(__file__).parents[1] / "policies"
REFUSED = {"kind": "help", "cost": 5, "funds": 4}
DAYS = [DAY, DAY + timedelta(1), date(2020, 1, 1), date(1890, 1, 1), date(2200, 1, 1), None]


class Kind(str, enum.Enum):  # noqa: UP042 - as programs before Python 3.11 write it: str() of it is "Kind.HELP"
    """An enum of the embedding program."""

    HELP = "help"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The small policy."""
    return admission.load(write(tmp_path_factory.mktemp("validated") / "small", SMALL))


def said(decide: Callable[[], admission.Decision]) -> object:
    """What a call decides, or every fault that it raises."""
    try:
        return decide().to_dict()
    except admission.TaskError as error:
        return [fault.to_dict() for fault in error.faults]


def by_reference(policy: Policy, facts: dict[str, Any], as_of: date | None) -> admission.Decision:
    """What the careful reader and the reference decide."""
    accepted = accept(policy.checked, facts, as_of)
    return reference.decide(policy.checked, accepted.facts, accepted.as_of, accepted.id)


@settings(max_examples=examples(200), deadline=None)
@given(
    facts=st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(["help", "duty"]),
            "cost": st.integers(0, 3),
            "funds": st.integers(0, 3),
            "urgent": st.booleans(),
            "id": st.sampled_from(["", "a"]),
            "as_of": st.sampled_from(DAYS[:3]),
        },
    ),
    asked=st.lists(st.sampled_from(DAYS), max_size=6),
)
def test_a_task_asked_again_for_other_days(policy: Policy, facts: dict[str, Any], asked: list[date | None]) -> None:
    """One task, asked for one day after another, is decided each time as the reference decides it for that day."""
    task = policy.Task(**facts)
    for day in asked:
        ask = partial(policy.decide, task, as_of=day)
        expected = said(partial(by_reference, policy, facts, day))
        assert said(ask) == expected
        assert said(partial(next, policy.decide_many([task], as_of=day))) == expected


def test_a_decision_is_handed_out_again(policy: Policy) -> None:
    """The same task and day get the same decision, not made anew; also once someone has asked more of it."""
    task = policy.Task(**REFUSED, as_of=DAY)
    first = policy.decide(task)
    assert first.given.facts == {"kind": "help", "cost": 500, "funds": 400}
    assert policy.decide(task) is first
    by_day = policy.decide(task, as_of=DAY)
    assert by_day == first
    assert by_day.given == first.given
    assert policy.decide(task) == first
    without = policy.Task(**REFUSED)
    assert policy.decide(without, as_of=DAY) is policy.decide(without, as_of=DAY)
    assert policy.decide(without, as_of=date(2019, 8, 3)) == first


def test_a_decision_does_not_change(policy: Policy) -> None:
    """Nobody who is handed a decision can change what the next one is handed."""
    decision = policy.decide(policy.Task(**REFUSED, as_of=DAY))
    for name in ("verdict", "channel", "violations", "answer", "as_of", "id", "given", "figures"):
        with pytest.raises(AttributeError):
            setattr(decision, name, None)
    with pytest.raises(TypeError):
        decision.figures["x"] = 1  # type: ignore[index] # that is the point


def test_a_task_is_frozen(policy: Policy) -> None:
    """A validated task refuses other values, and so does what it holds."""
    task = policy.Task(**REFUSED, actions=["visit"], as_of=DAY)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        task.cost = 3  # type: ignore[attr-defined] # the fields come from the policy
    assert isinstance(task.actions, frozenset)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda task: task.model_copy(), lambda task: pickle.loads(pickle.dumps(task))],
    ids=["copy", "deepcopy", "model_copy", "pickle"],
)
def test_copies_are_decided_alike(policy: Policy, copied: Callable[[Any], Any]) -> None:
    """A copy of a task is the same task, before and after the task was decided."""
    task = policy.Task(**REFUSED, as_of=DAY)
    for _ in range(2):
        other = copied(task)
        assert other == task
        assert policy.decide(other) == policy.decide(task)
    assert len({policy.decide(task), policy.decide(copied(task))}) == 1


def test_a_copy_with_other_facts_is_another_task(policy: Policy) -> None:
    """What pydantic copies without validation is validated when it is decided, and nothing old is handed out."""
    task = policy.Task(**REFUSED, as_of=DAY)
    assert policy.decide(task).verdict == "refuse"
    assert policy.decide(task.model_copy(update={"funds": 5})).verdict == "admit"
    with pytest.raises(admission.TaskError, match="funds"):
        policy.decide(task.model_copy(update={"funds": "much"}))


def test_a_task_made_without_validation_is_validated_when_it_is_decided(policy: Policy) -> None:
    """A task made by `model_construct` is read each time, faults and later changes of its values included."""
    actions = ["visit"]
    facts: dict[str, Any] = {**REFUSED, "actions": actions, "as_of": DAY}
    made = policy.Task.model_construct(**facts)
    assert policy.decide(made).given.facts["actions"] == {"visit"}
    actions.append("enforce")
    assert policy.decide(made).given.facts["actions"] == {"visit", "enforce"}
    with pytest.raises(admission.TaskError, match="kind"):
        policy.decide(policy.Task.model_construct(kind=5, as_of=DAY))


def test_a_task_of_an_equal_policy_is_decided_alike(policy: Policy) -> None:
    """A task that an equal policy validated, in this process or in another, gets the same decision."""
    other = pickle.loads(pickle.dumps(policy))
    task = policy.Task(**REFUSED, as_of=DAY)
    assert other == policy
    assert other.Task is policy.Task
    assert other.decide(task) == policy.decide(task)
    assert policy.decide(other.Task(**REFUSED, as_of=DAY)) == policy.decide(task)
    assert policy.decide(pickle.loads(pickle.dumps(task))) == policy.decide(task)


def test_policies_that_claim_one_digest_keep_their_tasks_apart(policy: Policy) -> None:
    """A policy put together in a program may claim a digest that is not its own: its tasks are no other's."""
    assert policy.Task
    fewer = {name: fact for name, fact in policy.checked.facts.items() if name != "start_on"}
    other = Policy(replace(policy.checked, facts=fewer))
    assert other.digest == policy.digest
    assert other.Task is not policy.Task
    task = policy.Task(**REFUSED, as_of=DAY)
    assert other.decide(task).to_dict() == policy.decide(task).to_dict()
    assert other.decide(other.Task(**REFUSED, as_of=DAY)).given.facts == policy.decide(task).given.facts


def test_a_task_of_another_policy_is_read_as_a_mapping(policy: Policy) -> None:
    """A task of another policy is validated by this one's facts."""
    task = admission.load(PACKS / "beijing").Task(nature="market_service", as_of=DAY)
    with pytest.raises(admission.TaskError, match="nature"):
        policy.decide(task)


def test_an_enum_that_is_text_is_its_text(policy: Policy) -> None:
    """A member of an enum of the program's own counts as the text that it is equal to, whatever `str` says of it."""
    expected = policy.decide({**REFUSED, "unit": "help"}, as_of=DAY)
    task = {**REFUSED, "kind": Kind.HELP, "unit": Kind.HELP}
    assert policy.decide(task, as_of=DAY) == expected
    assert policy.decide(policy.Task(**task), as_of=DAY) == expected
    assert policy.Task(**task).unit == "help"
    assert type(policy.Task(**task).unit) is str


def test_threads_that_share_tasks_never_get_another_s_day(policy: Policy) -> None:
    """Threads that ask the same tasks for different days at once each get the decision for the day they asked."""
    days = [DAY + timedelta(number) for number in range(4)]
    tasks = [policy.Task(kind="help", cost=number % 7, funds=3) for number in range(50)]
    expected = {
        day: [policy.decide({"kind": "help", "cost": n % 7, "funds": 3}, as_of=day) for n in range(50)] for day in days
    }
    barrier = Barrier(len(days))

    def ask(day: date) -> bool:
        barrier.wait()
        return all([policy.decide(task, as_of=day) for task in tasks] == expected[day] for _ in range(30))

    with ThreadPoolExecutor(len(days)) as pool:
        assert all(pool.map(ask, days))


def test_threads_that_share_new_tasks_all_get_an_answer(policy: Policy) -> None:
    """Threads that are the first to decide the same tasks, with and without naming their day, decide alike."""
    barrier = Barrier(4)

    def ask(day: date | None) -> list[admission.Decision]:
        barrier.wait()
        return [policy.decide(task, as_of=day) for task in tasks]

    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            tasks = [policy.Task(kind="help", cost=number, funds=3, as_of=DAY) for number in range(20)]
            first, *others = pool.map(ask, [None, DAY, None, DAY])
            assert all(other == first for other in others)
            assert [str(decision.verdict) for decision in first] == ["admit"] * 4 + ["refuse"] * 16
