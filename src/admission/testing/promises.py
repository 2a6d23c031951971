"""What a policy promises, tested: its invariants, and that a layer which says so only tightens."""

from __future__ import annotations

from dataclasses import replace as with_changes
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from admission import ir, reference
from admission.checker import check
from admission.datatypes import Type, Value, from_python, to_python
from admission.decision import Decision, Verdict
from admission.diagnostics import Collector, TaskError
from admission.engine import Policy
from admission.testing.constants import constants_of
from admission.testing.reports import broken, inner
from admission.testing.tasks import Task, near, tasks

if TYPE_CHECKING:
    from hypothesis import strategies as st


def invariants(policy: Policy, data: st.DataObject) -> None:
    """The policy's own promises hold of every complete task, and of every two that differ in one fact."""
    if not policy.checked.invariants:
        return
    task = data.draw(tasks(policy, complete=True), label="task")
    decision = policy.decide(task)
    for invariant in policy.checked.invariants.values():
        if invariant.fact is not None:
            _pair(policy, data, invariant, (task, decision))
        elif not _is_kept(policy, invariant, task, decision):
            raise broken(f"invariant {invariant.id}", policy, (task, decision), (task, decision))


def _is_kept(policy: Policy, invariant: ir.Invariant, task: Task, decision: Decision) -> bool:
    """Whether a promise over the facts and the decision holds; the decision is read like facts."""
    if invariant.expr is None:
        return True
    said = ir.facts_of_decision(policy.checked)
    outcome: dict[str, Value] = dict.fromkeys(said, False)
    outcome |= {ir.violated(violation.rule): True for violation in decision.violations}
    outcome |= {ir.VERDICT: decision.verdict.value, ir.CHANNEL: decision.channel or ir.NO_CHANNEL}
    extended = with_changes(policy.checked, facts={**policy.checked.facts, **said})
    world = reference.World(extended, inner(policy, task) | outcome, decision.as_of)
    held = reference.evaluate(invariant.expr, world)
    return held is not True if invariant.promise == "never" else held is not False


def _pair(policy: Policy, data: st.DataObject, invariant: ir.Invariant, first: tuple[Task, Decision]) -> None:
    """Two tasks alike but for one fact keep what the invariant promises of them."""
    task, before = first
    name = str(invariant.fact)
    declared = policy.checked.facts[name].type
    one = from_python(declared, task[name])
    other = data.draw(_changed(policy, declared, one, invariant), label=f"changed {name}")
    if not _is_related(invariant, one, other):
        return
    changed = {**task, name: to_python(declared, other)}
    try:
        after = policy.decide(changed)
    except TaskError:
        return
    if _is_broken(invariant, before, after):
        raise broken(f"invariant {invariant.id}", policy, first, (changed, after))


def _changed(policy: Policy, declared: Type, one: Value, invariant: ir.Invariant) -> st.SearchStrategy[Value]:
    """Another value of the fact, on the side that the promise speaks of where that is easily said."""
    drawn = near(declared, constants_of(policy.checked), [one])
    match one, invariant.promise:
        case frozenset(), "monotone":
            return drawn.map(lambda value: one | _set(value))
        case frozenset(), "antitone":
            return drawn.map(lambda value: one & _set(value))
        case _:
            return drawn


def _set(value: Value) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _is_related(invariant: ir.Invariant, one: Any, other: Any) -> bool:
    match invariant.promise:
        case "monotone":
            return bool(one < other)
        case "antitone":
            return bool(other < one)
        case _:
            return bool(one != other)


def _is_broken(invariant: ir.Invariant, before: Decision, after: Decision) -> bool:
    if invariant.promise == "irrelevant":
        said = [(d.verdict, d.channel, d.violations, d.conflict) for d in (before, after)]
        return said[0] != said[1]
    return before.verdict in (Verdict.ADMIT, Verdict.REDIRECT) and after.verdict is Verdict.REFUSE


def tightening(policy: Policy, data: st.DataObject) -> None:
    """A layer that says it tightens admits no complete task that the layer below does not, on the facts it has."""
    lower = below(policy) if policy.checked.tightens else None
    if lower is None:
        return
    task = data.draw(tasks(policy, complete=True), label="task")
    decision = policy.decide(task)
    if decision.verdict is not Verdict.ADMIT or decision.as_of not in lower.checked.period:
        return
    restricted = {name: value for name, value in task.items() if name == ir.AS_OF or name in lower.checked.facts}
    try:
        under = lower.decide(restricted)
    except TaskError:
        return
    if under.verdict in (Verdict.REFUSE, Verdict.REDIRECT):
        raise broken("tightening", policy, (task, decision), (task, under))


@lru_cache(maxsize=16)
def below(policy: Policy) -> Policy | None:
    """The layer below as a policy of its own; None where there is none that passes the checker."""
    lower = policy.checked.below
    checked = None if lower is None else check(lower, Collector())
    return None if checked is None else Policy(checked)
