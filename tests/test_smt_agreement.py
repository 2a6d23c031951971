"""The solver's model of a policy gives the decisions of the reference."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission import reference
from admission.backends.smt import Codes, Model, Prover, SymbolicTask
from admission.decision import Decision
from admission.engine import Policy
from admission.testing import policies, tasks
from admission.testing.laws import inner

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "policies"
TASKS_A_POLICY = 8


def said(policy: Policy, model: Model, prover: Prover, task: dict[str, object]) -> dict[str, object]:
    """What the model says of one task."""
    # What is asked of a model of the formulas must be said before it is found.
    decision = model.decision
    duties = {name: model.duty(rule, decision) for name, rule in policy.checked.obligations.items()}
    figures = {n: model.evaluate(d.expr).known for n, d in policy.checked.definitions.items() if d.report}
    fixed = model.task.fixed(inner(policy, task), task["as_of"])  # type: ignore[arg-type] # a date
    found = prover.find(fixed)
    assert found is not None, task

    def holds(formula: object) -> bool:
        return str(found.eval(formula, model_completion=True)) == "True"

    def number(term: object) -> int | None:
        if term is None or not holds(term.known):  # type: ignore[attr-defined] # a Term
            return None
        return int(found.eval(term.value, model_completion=True).as_long())  # type: ignore[attr-defined]

    return {
        "verdict": [name for name, formula in decision.verdict.items() if holds(formula)],
        "channel": [name for name, formula in decision.channel.items() if holds(formula)],
        "violations": sorted(name for name, formula in decision.violated.items() if holds(formula)),
        "notes": sorted(name for name, formula in decision.notes.items() if holds(formula)),
        "conflict": sorted(n for n, f in decision.taken.items() if holds(f)) if holds(decision.conflict) else [],
        "obligations": [
            (name, holds(duty.certain), number(duty.amount), number(duty.due))
            for name, duty in sorted(duties.items())
            if holds(duty.attached)
        ],
        "figures": {name: holds(formula) for name, formula in figures.items()},
    }


def decided(decision: Decision) -> dict[str, object]:
    """What the reference says, in the same words."""
    return {
        "verdict": [decision.verdict.value],
        "channel": [decision.channel] if decision.channel else [],
        "violations": [violation.rule for violation in decision.violations],
        "notes": [note.rule for note in decision.notes],
        "conflict": list(decision.conflict),
        "obligations": [
            (o.rule, o.certain, None if o.amount is None else int(o.amount * 100), o.due and o.due.toordinal())
            for o in decision.obligations
        ],
        "figures": {name: value is not None for name, value in decision.figures.items()},
    }


def agree(policy: Policy, data: st.DataObject, count: int) -> None:
    """Draw tasks and compare."""
    model = Model(policy.checked, SymbolicTask.of(Codes(), [policy.checked]))
    prover = Prover([model], 20)
    for _ in range(count):
        task = data.draw(tasks(policy))
        day: Any = task["as_of"]
        expected = reference.decide(policy.checked, inner(policy, task), day)
        assert said(policy, model, prover, task) == decided(expected), task


def test_the_model_and_the_reference_agree_on_generated_policies() -> None:
    """Verdict, channel, violations, notes, conflict, obligations: the same for any policy and task."""

    @settings(max_examples=130, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        agree(data.draw(policies(conflict_free=data.draw(st.booleans()))), data, TASKS_A_POLICY)

    holds()


@pytest.mark.parametrize("name", ["china", "beijing", "xicheng"])
def test_the_model_and_the_reference_agree_on_the_packs(name: str) -> None:
    """The same for the policies that ship."""
    policy = admission.load(PACKS / name)

    @settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        agree(policy, data, 15)

    holds()
