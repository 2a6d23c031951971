"""Tasks drawn towards what matters to a policy."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from admission import ir
from admission.datatypes import FEN_PER_YUAN, Kind, Type, Value, to_python
from admission.engine import Policy
from admission.testing.constants import Constants, constants_of, is_within, neighbours

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
        ValueError: for a channel or verdict that the policy does not have.
    """
    if channel is not None and channel not in policy.checked.channels:
        raise ValueError(f"channel={channel!r}: the policy has {', '.join(policy.checked.channels)}")
    if verdict is not None and verdict not in _VERDICTS:
        raise ValueError(f"verdict={verdict!r}: expected one of {', '.join(_VERDICTS)}")
    drawn = _tasks(policy.checked, constants_of(policy.checked), complete, near_boundaries)
    drawn = drawn.filter(lambda task: _is_consistent(policy, task))
    if channel is None and verdict is None:
        return drawn

    def wanted(task: Task) -> bool:
        decision = policy.decide(task)
        return channel in (None, decision.channel) and verdict in (None, decision.verdict)

    return drawn.filter(wanted)


_VERDICTS = ("admit", "redirect", "refuse", "undetermined")


def _is_consistent(policy: Policy, task: Task) -> bool:
    """Whether no given value contradicts a look-up, which would be an input error."""
    from admission.diagnostics import TaskError

    if not any(fact.filled_by for fact in policy.checked.facts.values()):
        return True
    try:
        policy.decide(task)
    except TaskError:
        return False
    return True


@st.composite
def _tasks(
    draw: st.DrawFn, policy: ir.CheckedPolicy, constants: Constants, complete: bool | None, is_near: bool
) -> Task:
    task: Task = {ir.AS_OF: draw(days(policy, constants))}
    if complete:
        left_out = set[str]()
    else:
        names = list(policy.facts)
        least = 1 if complete is False else 0
        # Shrinks towards leaving everything out: what is given is drawn, and nothing is plainest.
        given = draw(st.sets(st.sampled_from(names), max_size=max(0, len(names) - least))) if names else set()
        left_out = set(names) - given
    drawn: dict[Kind, list[Value]] = {}
    for name, fact in policy.facts.items():
        if name in left_out:
            continue
        value = draw(near(fact.type, constants, drawn.get(fact.type.kind, [])) if is_near else values(fact.type))
        drawn.setdefault(fact.type.kind, []).append(value)
        task[name] = to_python(fact.type, value)
    return task


def days(policy: ir.CheckedPolicy, constants: Constants) -> st.SearchStrategy[date]:
    """Days in the policy's period, drawn towards those on which it changes."""
    start, end = constants.days[0], policy.period.end or date(2199, 12, 31)
    return st.sampled_from(constants.days) | st.dates(start, end)


def near(declared: Type, constants: Constants, drawn: list[Value]) -> st.SearchStrategy[Value]:
    """A value near a constant, or one that meets a value drawn before, or any."""
    pools: list[st.SearchStrategy[Any]] = []
    if declared.kind in (Kind.INT, Kind.MONEY, Kind.DATE, Kind.TEXT):
        if known := constants.of(declared):
            pools.append(st.sampled_from(known))
        meets = [near for value in drawn for near in neighbours(value) if is_within(declared, near)]
        if meets:
            pools.append(st.sampled_from(list(dict.fromkeys(meets))))
    return st.one_of(*pools, values(declared)) if pools else values(declared)


def values(declared: Type) -> st.SearchStrategy[Any]:
    """Any value of a type, in its inner form (money in fen), plain ones first."""
    match declared.kind:
        case Kind.BOOL:
            return st.booleans()
        case Kind.INT | Kind.MONEY:
            return _numbers(declared)
        case Kind.DATE:
            return st.dates(declared.low, declared.high)  # type: ignore[arg-type] # bounds of a date are dates
        case Kind.TEXT:
            return st.sampled_from(("", "a", "某单位")) | st.text(max_size=8)
        case Kind.ENUM:
            return st.sampled_from(declared.values)
        case Kind.SET:
            return st.frozensets(st.sampled_from(declared.values))


def _numbers(declared: Type) -> st.SearchStrategy[int]:
    low, high = int(declared.low or 0), int(declared.high or 0)  # type: ignore[arg-type] # bounds of a number
    small = (max(low, 0), min(high, max(low, 0) + 20 * (FEN_PER_YUAN if declared.kind is Kind.MONEY else 1)))
    return st.one_of(st.integers(*small), st.integers(low, high)) if small[0] <= small[1] else st.integers(low, high)
