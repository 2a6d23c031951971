"""Tasks drawn towards what matters to a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from random import Random
from typing import Any

from hypothesis import strategies as st

from admission import ir
from admission.datatypes import FEN_PER_YUAN, Type, Value, to_python
from admission.datatypes import Kind as DataKind
from admission.diagnostics import TaskError
from admission.engine import Policy
from admission.testing.aims import Aim, Choose, Rules
from admission.testing.constants import Constants, constants_of, is_within, neighbours
from admission.testing.steering import Walk

Task = dict[str, object]


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
    kind = _Kind(policy.checked, constants_of(policy.checked), complete=complete, is_near=near_boundaries)
    if channel is None and verdict is None:
        return _consistent(policy, _tasks(kind, anything if near_boundaries else None))
    drawn = _consistent(policy, _tasks(kind, _wanted(channel, verdict)))

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


Aims = Callable[[Rules, Choose], Iterable[Aim]]
"""What a task is steered towards, of the rules in force on its day."""


class _Kind:
    """Which tasks are drawn. No dataclass: Hypothesis would print the whole policy with every strategy."""

    def __init__(self, policy: ir.CheckedPolicy, constants: Constants, *, complete: bool | None, is_near: bool) -> None:
        self.policy, self.constants = policy, constants
        self.complete, self.is_near = complete, is_near

    def __repr__(self) -> str:
        return f"tasks({self.policy.id}, complete={self.complete}, near_boundaries={self.is_near})"


def aimed(policy: Policy, aims: Aims) -> st.SearchStrategy[Task]:
    """Complete tasks, each steered towards an aim, which not every one reaches; they do not shrink well.

    Hypothesis repeats parts of what it drew before, and would aim at a few of many things again and again. So what
    is chosen on the way follows from a digest of the task at its start.
    """
    kind = _Kind(policy.checked, constants_of(policy.checked), complete=True, is_near=True)
    return _consistent(
        policy, st.tuples(days(policy.checked, kind.constants), _facts(kind)).map(partial(_led, kind, aims))
    )


def _led(kind: _Kind, aims: Aims, start: tuple[date, dict[str, Value]]) -> Task:
    day, facts = start
    told = sorted((name, sorted(v) if isinstance(v, frozenset) else str(v)) for name, v in facts.items())
    walk = Walk(Random(repr((day, told))).randrange, kind.policy, kind.constants, day, dict(facts))  # noqa: S311 - no secret
    return _task(kind.policy, day, walk.towards(aims(Rules(kind.policy, day), walk.pick)))


def anything(rules: Rules, choose: Choose) -> Iterator[Aim]:
    """Half of the tasks as they were drawn; of the others, as many for each way to each verdict."""
    if choose((False, True)):
        yield from _wanted(None, choose(_VERDICTS))(rules, choose)


def _wanted(channel: str | None, verdict: str | None) -> Aims:
    """The ways to a channel and verdict, one of them chosen."""

    def aims(rules: Rules, choose: Choose) -> Iterator[Aim]:
        ways = rules.ways(channel, verdict)
        if ways:
            yield Aim(rules.policy, choose(ways))

    return aims


def _consistent(policy: Policy, drawn: st.SearchStrategy[Task]) -> st.SearchStrategy[Task]:
    """The tasks without those where a given value contradicts a look-up, which would be an input error."""
    if not any(fact.filled_by for fact in policy.checked.facts.values()):
        return drawn

    def is_consistent(task: Task) -> bool:
        try:
            policy.decide(task)
        except TaskError:
            return False
        return True

    return drawn.filter(is_consistent)


@st.composite
def _tasks(draw: st.DrawFn, kind: _Kind, aims: Aims | None) -> Task:
    policy = kind.policy
    day = draw(days(policy, kind.constants))
    facts = draw(_facts(kind))
    if aims is not None:
        walk = Walk(lambda below: draw(st.integers(0, below - 1)), policy, kind.constants, day, facts)
        facts = walk.towards(aims(Rules(policy, day), walk.pick))
        if kind.complete is False and len(facts) == len(policy.facts):
            del facts[draw(st.sampled_from(list(facts)))]
    return _task(policy, day, facts)


def _task(policy: ir.Policy, day: date, facts: Mapping[str, Value]) -> Task:
    """The task of some facts, in the order in which the policy declares them."""
    return {ir.AS_OF: day} | {n: to_python(f.type, facts[n]) for n, f in policy.facts.items() if n in facts}


@st.composite
def _facts(draw: st.DrawFn, kind: _Kind) -> dict[str, Value]:
    """Values of all facts, or of some, in their inner form."""
    declared = kind.policy.facts
    if kind.complete:
        given = set(declared)
    else:
        most = len(declared) - 1 if kind.complete is False else len(declared)
        # Shrinks towards leaving everything out: what is given is drawn, and nothing is plainest.
        given = draw(st.sets(st.sampled_from(list(declared)), max_size=most)) if most > 0 else set()
    facts: dict[str, Value] = {}
    drawn: dict[DataKind, list[Value]] = {}
    for name in (name for name in declared if name in given):
        wanted = declared[name].type
        met = drawn.setdefault(wanted.kind, [])
        facts[name] = draw(near(wanted, kind.constants, met) if kind.is_near else values(wanted))
        met.append(facts[name])
    return facts


def days(policy: ir.CheckedPolicy, constants: Constants) -> st.SearchStrategy[date]:
    """Days in the policy's period, drawn towards those on which it changes."""
    start, end = constants.days[0], policy.period.end or date(2199, 12, 31)
    return st.sampled_from(constants.days) | st.dates(start, end)


def near(declared: Type, constants: Constants, drawn: list[Value]) -> st.SearchStrategy[Value]:
    """A value near a constant, or one that meets a value drawn before, or any."""
    pools: list[st.SearchStrategy[Any]] = []
    if declared.kind in (DataKind.INT, DataKind.MONEY, DataKind.DATE, DataKind.TEXT):
        if known := constants.of(declared):
            pools.append(st.sampled_from(known))
        meets = [near for value in drawn for near in neighbours(value) if is_within(declared, near)]
        if meets:
            pools.append(st.sampled_from(list(dict.fromkeys(meets))))
    return st.one_of(*pools, values(declared)) if pools else values(declared)


def values(declared: Type) -> st.SearchStrategy[Any]:
    """Any value of a type, in its inner form (money in fen), plain ones first."""
    match declared.kind:
        case DataKind.BOOL:
            return st.booleans()
        case DataKind.INT | DataKind.MONEY:
            return _numbers(declared)
        case DataKind.DATE:
            return st.dates(declared.low, declared.high)  # type: ignore[arg-type] # bounds of a date are dates
        case DataKind.TEXT:
            return st.sampled_from(("", "a", "某单位")) | st.text(max_size=8)
        case DataKind.ENUM:
            return st.sampled_from(declared.values)
        case DataKind.SET:
            return st.frozensets(st.sampled_from(declared.values))


def _numbers(declared: Type) -> st.SearchStrategy[int]:
    low, high = int(declared.low or 0), int(declared.high or 0)  # type: ignore[arg-type] # bounds of a number
    small = (max(low, 0), min(high, max(low, 0) + 20 * (FEN_PER_YUAN if declared.kind is DataKind.MONEY else 1)))
    return st.one_of(st.integers(*small), st.integers(low, high)) if small[0] <= small[1] else st.integers(low, high)
