"""Tasks drawn towards what matters to a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

from hypothesis import reject
from hypothesis import strategies as st

from admission import ir
from admission.datatypes import Type, Value, to_python
from admission.diagnostics import TaskError
from admission.engine import Policy
from admission.testing import drawing
from admission.testing.aims import Aim, Choose, Rules
from admission.testing.constants import Constants, constants_of
from admission.testing.drawing import Below
from admission.testing.steering import Walk, half_known

Task = dict[str, object]
T = TypeVar("T")


def tasks(
    policy: Policy,
    *,
    complete: bool | None = None,
    near_boundaries: bool = True,
    channel: str | None = None,
    verdict: str | None = None,
) -> st.SearchStrategy[Task]:
    """Well-typed tasks of a policy, `as_of` included, that `policy.decide` takes as they are.

    Args:
        policy: whose facts the tasks have.
        complete: True gives every fact, False leaves at least one out, None is either.
        near_boundaries: draw towards the policy's constants and their neighbours, its register keys and near
            misses, the days around its changes, and sums and amounts that meet; False draws evenly.
        channel: only tasks that are settled on this channel.
        verdict: only tasks with this verdict.

    They shrink to the fewest facts and the plainest values.

    Raises:
        ValueError: for an option that is none of these, a channel or verdict that the policy does not have, or a
            verdict that is not to be had on the channel.
    """
    _check_options(policy, complete=complete, near_boundaries=near_boundaries, channel=channel, verdict=verdict)
    is_any = channel is None and verdict is None
    kind = _Kind(policy.checked, complete=complete, is_near=near_boundaries, is_any=is_any)
    if is_any:
        return _consistent(policy, _tasks(kind, anything(policy.checked) if near_boundaries else None))
    drawn = _consistent(policy, _tasks(kind, _wanted(policy.checked, channel, verdict)))

    def wanted(task: Task) -> bool:
        decision = policy.decide(task)
        return channel in (None, decision.channel) and verdict in (None, decision.verdict)

    return drawn.filter(wanted)


_VERDICTS = ("admit", "redirect", "refuse", "undetermined")


def _check_options(policy: object, *, channel: object, verdict: object, **flags: object) -> None:
    """Raises `ValueError` for what no task can be drawn of."""
    if not isinstance(policy, Policy):
        raise ValueError(f"policy={policy!r}: expected a policy, as admission.load gives it")  # noqa: TRY004 - as the others
    for name, value in flags.items():
        if not isinstance(value, bool) and not (name == "complete" and value is None):
            raise ValueError(f"{name}={value!r}: expected {'True, False or None' if name == 'complete' else 'a bool'}")
    channels = policy.checked.channels
    if channel is not None and channel not in channels:
        raise ValueError(f"channel={channel!r}: the policy has {', '.join(channels)}")
    if verdict is not None and verdict not in _VERDICTS:
        raise ValueError(f"verdict={verdict!r}: expected one of {', '.join(_VERDICTS)}")
    if channel is not None and verdict in ("admit", "redirect") and channels[str(channel)].outcome != verdict:
        raise ValueError(
            f"verdict={verdict!r}: with channel={channel!r} it is {channels[str(channel)].outcome} or refuse"
        )


Aims = Callable[[date, Choose], Iterable[Aim]]
"""What a task is steered towards on its day."""


class _Kind:
    """Which tasks are drawn. No dataclass: Hypothesis would print the whole policy with every strategy."""

    def __init__(self, policy: ir.CheckedPolicy, *, complete: bool | None, is_near: bool, is_any: bool) -> None:
        self.policy, self.constants = policy, constants_of(policy)
        self.complete, self.is_near, self.is_any = complete, is_near, is_any

    def __repr__(self) -> str:
        return f"tasks({self.policy.id}, complete={self.complete}, near_boundaries={self.is_near})"

    def task(self, below: Below, aims: Aims | None) -> Task:
        """One task, led towards what is aimed at."""
        policy, constants = self.policy, self.constants
        day = drawing.day(below, policy, constants)
        facts = drawing.facts(below, policy, constants if self.is_near else None, complete=self.complete)
        if aims is not None:
            walk = Walk(below, policy, constants, day, facts)
            facts = walk.towards(aims(day, walk.pick))
            if self.is_any and not self.complete and below(2):
                facts = half_known(below, policy, facts)
            if self.complete is False and len(facts) == len(policy.facts):
                del facts[drawing.pick(below, list(facts))]
        return {ir.AS_OF: day} | {n: to_python(f.type, facts[n]) for n, f in policy.facts.items() if n in facts}


NUMBERS = st.integers(0, 2**64 - 1)
"""One number an example, from which all else follows by chance.

Of many draws Hypothesis repeats most, so as to find what can be made smaller: it would aim at few of many things, again
and again. One it does not repeat. And to draw thirty facts takes Hypothesis longer than to steer them.
"""
AT_ONCE = 8  # aims, of which one has its turn in an example
MOST_TRIES = 20  # tasks drawn before it is given up to find one that contradicts no register


def aimed(policy: Policy, aims: Aims, below: Below, *, complete: bool | None = True) -> Task:
    """A task steered towards an aim, which not every one reaches."""
    kind = _Kind(policy.checked, complete=complete, is_near=True, is_any=True)
    drawn = (kind.task(below, aims) for _ in range(MOST_TRIES))
    found = next((task for task in drawn if _is_consistent(policy, task)), None)
    return found if found is not None else reject()


def in_turn(aims: Sequence[T]) -> Sequence[T]:
    """As many of some aims as have their turn in one example: however many there are, each has as many tasks."""
    return aims[: -(-len(aims) // AT_ONCE)]


def anything(policy: ir.CheckedPolicy) -> Aims:
    """Half of the tasks as they were drawn; of the others, as many for each way to each verdict."""
    to_verdicts = [_wanted(policy, None, verdict) for verdict in _VERDICTS]

    def aims(day: date, choose: Choose) -> Iterable[Aim]:
        return choose(to_verdicts)(day, choose) if choose((False, True)) else ()

    return aims


def _wanted(policy: ir.CheckedPolicy, channel: str | None, verdict: str | None) -> Aims:
    """The ways to a channel and verdict, one of them chosen."""

    def aims(day: date, choose: Choose) -> Iterable[Aim]:
        ways = Rules.on(policy, day).ways(channel, verdict)
        return [Aim(policy, choose(ways))] if ways else []

    return aims


def _consistent(policy: Policy, drawn: st.SearchStrategy[Task]) -> st.SearchStrategy[Task]:
    """The tasks without those where a given value contradicts a look-up, which would be an input error."""
    if not any(fact.filled_by for fact in policy.checked.facts.values()):
        return drawn
    return drawn.filter(partial(_is_consistent, policy))


def _is_consistent(policy: Policy, task: Task) -> bool:
    try:
        policy.decide(task)
    except TaskError:
        return False
    return True


@st.composite
def _tasks(draw: st.DrawFn, kind: _Kind, aims: Aims | None) -> Task:
    return kind.task(_by(draw), aims)


def _by(draw: st.DrawFn) -> Below:
    """Whole numbers as Hypothesis draws them."""
    return lambda most: draw(st.integers(0, most - 1))


@st.composite
def values(draw: st.DrawFn, declared: Type) -> Value:
    """Any value of a type, in its inner form (money in fen), plain ones first."""
    return drawing.value(_by(draw), declared)


@st.composite
def near(draw: st.DrawFn, declared: Type, constants: Constants, met: Iterable[Value] = ()) -> Value:
    """A value near a constant, or one that meets a value drawn before, or any."""
    return drawing.near(_by(draw), declared, constants, met)
