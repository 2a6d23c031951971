"""What the solver says, decided again by the reference interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace as with_changes
from datetime import date

from admission import intake, ir, reference
from admission.analysis.findings import Witness
from admission.datatypes import BOOL, Value
from admission.decision import Decision
from admission.diagnostics import TaskError

Facts = Mapping[str, Value]


def decide(policy: ir.CheckedPolicy, facts: Facts, day: date) -> Decision | None:
    """The decision for the policy's own facts among some; None for a task that it does not take."""
    own = {name: value for name, value in facts.items() if name in policy.facts}
    if day not in policy.period or not is_agreed(policy, own, day):
        return None
    return reference.decide(policy, own, day)


def is_agreed(policy: ir.CheckedPolicy, facts: Facts, day: date) -> bool:
    """Whether no given fact contradicts a look-up that could have filled it."""
    if not any(fact.filled_by for fact in policy.facts.values()):
        return True
    try:
        intake.agree(policy, facts, day)
    except TaskError:
        return False
    return True


def evaluate(policy: ir.CheckedPolicy, expr: ir.Expr, facts: Facts, decision: Decision) -> object:
    """A condition over the facts and the decision, as an invariant holds it."""
    read = ir.facts_of_decision(policy)
    known: dict[str, Value] = {name: False for name, fact in read.items() if fact.type == BOOL}
    known |= {ir.VERDICT: decision.verdict.value, ir.CHANNEL: decision.channel or ir.NO_CHANNEL}
    known |= {ir.violated(violation.rule): True for violation in decision.violations}
    extended = with_changes(policy, facts={**policy.facts, **read})
    return reference.evaluate(expr, reference.World(extended, {**facts, **known}, decision.as_of))


def witness(policy: ir.CheckedPolicy, facts: Facts, day: date) -> Witness | None:
    """A task with its decision; None for one that the policy does not take."""
    own = {name: value for name, value in facts.items() if name in policy.facts}
    decision = decide(policy, own, day)
    return None if decision is None else Witness(policy, own, day, decision)
