"""The laws that every checked policy keeps (docs/meaning.md, section 6), as checks on drawn tasks."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace as with_changes
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from admission import ir, reference
from admission.datatypes import Value, from_python, to_json, to_python
from admission.decision import Decision, Verdict
from admission.diagnostics import TaskError
from admission.engine import Policy
from admission.testing.tasks import Task, tasks, values

Law = Callable[[Policy, st.DataObject], None]
K = TypeVar("K")
V = TypeVar("V")


class LawBroken(AssertionError):  # noqa: N818 - it is the law's name that is read
    """A policy, or an interpreter, breaks a law: says which, on which task, and shows both decisions."""


def _broken(law: str, policy: Policy, first: tuple[Task, Decision], second: tuple[Task, Decision]) -> LawBroken:
    (task, before), (other, after) = first, second
    parts = [
        f"{law}: broken by policy {policy.id}",
        "",
        case_of(policy, task),
        "",
        _side_by_side(before, after),
        "",
        "first task:",
        str(before.explain()),
    ]
    if other != task:
        parts += ["", "second task:", case_of(policy, other), "", str(after.explain())]
    return LawBroken("\n".join(parts))


def case_of(policy: Policy, task: Mapping[str, object]) -> str:
    """The task as a case to paste into a case file, its expectation left to the author."""
    facts = {
        name: to_json(policy.checked.facts[name].type, from_python(policy.checked.facts[name].type, value))
        for name, value in task.items()
        if name not in ("id", ir.AS_OF) and value is not None
    }
    lines = ["- id: found", f"  as_of: {task[ir.AS_OF]}", "  task:" if facts else "  task: {}"]
    lines += [f"    {name}: {_yaml(value)}" for name, value in facts.items()]
    return "\n".join(lines)


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(str(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if not value.isidentifier() else value
    return str(value)


def _side_by_side(before: Decision, after: Decision) -> str:
    left, right = before.to_dict(), after.to_dict()
    rows = [
        f"  {key:12} {left[key]!s:40.40} {right[key]!s:40.40}{'   <-- differs' if left[key] != right[key] else ''}"
        for key in ("verdict", "channel", "violations", "missing", "conflict", "notes", "obligations", "assumed")
    ]
    return "\n".join([f"  {'':12} {'first':40} {'second':40}", *rows])


def _said(decision: Decision) -> dict[str, object]:
    """What a decision says, less the digest."""
    return {key: value for key, value in decision.to_dict().items() if key != "digest"}


# ------------------------------------------------------------------------------------------------ laws


def determinism(policy: Policy, data: st.DataObject) -> None:
    """Law 1: the same policy, registers, task and date give the same decision."""
    task = data.draw(tasks(policy), label="task")
    before, after = policy.decide(task), pickle.loads(pickle.dumps(policy)).decide(task)  # noqa: S301 - our own bytes
    if before.to_dict() != after.to_dict():
        raise _broken("determinism", policy, (task, before), (task, after))


def order_independence(policy: Policy, data: st.DataObject) -> None:
    """Law 2: the order of rules, facts and register rows changes nothing."""
    task = data.draw(tasks(policy), label="task")
    shuffled = Policy(permuted(policy.checked, data))
    before, after = policy.decide(task), shuffled.decide(task)
    if _said(before) != _said(after):
        raise _broken("order independence", policy, (task, before), (task, after))


def permuted(policy: ir.CheckedPolicy, data: st.DataObject) -> ir.CheckedPolicy:
    """The policy with its sections, and the rows of its registers, in another order."""

    def shuffle(section: Mapping[K, V]) -> dict[K, V]:
        return dict(data.draw(st.permutations(list(section.items()))))

    registers = {
        name: with_changes(register, rows=tuple(data.draw(st.permutations(register.rows))))
        if len(register.rows) <= 20  # noqa: PLR2004 - a draw a row is dear
        else with_changes(register, rows=register.rows[::-1])
        for name, register in policy.registers.items()
    }
    sections = ("facts", "routes", "requirements", "exceptions", "obligations", "definitions", "look_ups")
    changes: dict[str, Any] = {name: shuffle(getattr(policy, name)) for name in sections}
    return ir.CheckedPolicy(with_changes(policy, registers=registers, **changes))


def honest_unknowns(policy: Policy, data: st.DataObject) -> None:
    """Law 3: an answer never takes back a settled verdict, a settled channel, or a violation found on it."""
    task = data.draw(tasks(policy), label="task")
    before = policy.decide(task)
    unknown = unknown_facts(policy, task)
    filled, after = _answered(policy, task, data, unknown, partly=True)
    if after is None or before.conflict:
        return
    if before.verdict is not Verdict.UNDETERMINED and after.verdict is not before.verdict:
        raise _broken("honest unknowns (verdict)", policy, (task, before), (filled, after))
    if before.channel is not None and after.channel != before.channel:
        raise _broken("honest unknowns (channel)", policy, (task, before), (filled, after))
    if before.channel is not None and not _rules(before) <= _rules(after):
        raise _broken("honest unknowns (violations)", policy, (task, before), (filled, after))


def _rules(decision: Decision) -> set[str]:
    return {violation.rule for violation in decision.violations}


def right_questions(policy: Policy, data: st.DataObject) -> None:
    """Law 4: answering what is missing settles the verdict; answering anything else changes nothing."""
    task = data.draw(tasks(policy), label="task")
    before = policy.decide(task)
    if before.verdict is not Verdict.UNDETERMINED or before.conflict:
        return
    settled, after = _answered(policy, task, data, before.missing, partly=False)
    if after is not None and after.verdict is Verdict.UNDETERMINED:
        raise _broken("right questions (settle)", policy, (task, before), (settled, after))
    others = [name for name in unknown_facts(policy, task) if name not in before.missing]
    beside, same = _answered(policy, task, data, others, partly=True)
    keys = ("verdict", "channel", "violations", "missing")
    if same is not None and any(before.to_dict()[key] != same.to_dict()[key] for key in keys):
        raise _broken("right questions (nothing else)", policy, (task, before), (beside, same))


def unknown_facts(policy: Policy, task: Mapping[str, object]) -> list[str]:
    """The facts of a task that stay unknown after look-ups and assumptions."""
    given = inner(policy, task)
    world = reference.World(policy.checked, given, task[ir.AS_OF])  # type: ignore[arg-type] # a date
    return [name for name in policy.checked.facts if reference.fact(name, world) is None]


def inner(policy: Policy, task: Mapping[str, object]) -> dict[str, Value]:
    """The facts of a task in their inner form."""
    facts = policy.checked.facts
    return {n: from_python(facts[n].type, v) for n, v in task.items() if n not in ("id", ir.AS_OF) and v is not None}


def _answered(
    policy: Policy, task: Task, data: st.DataObject, names: Iterable[str], *, partly: bool
) -> tuple[Task, Decision | None]:
    """The task with some facts filled in, and its decision; None where the answers contradict a register."""
    answered = dict(task)
    for name in names:
        if not partly or data.draw(st.booleans(), label=f"answer {name}"):
            declared = policy.checked.facts[name].type
            answered[name] = to_python(declared, data.draw(values(declared), label=name))
    try:
        return answered, policy.decide(answered)
    except TaskError:
        return answered, None


def agreement(policy: Policy, data: st.DataObject) -> None:
    """Law 5: what `policy.decide` says is what the reference interpreter says."""
    task = data.draw(tasks(policy), label="task")
    before = policy.decide(task)
    after = reference.decide(policy.checked, inner(policy, task), before.as_of, before.id)
    if before.to_dict() != after.to_dict():
        raise _broken("agreement", policy, (task, before), (task, after.made_by(policy)))


def totality(policy: Policy, data: st.DataObject) -> None:
    """Law 8: a checked policy never fails on a well-typed task, and decides every complete one."""
    task = data.draw(tasks(policy, complete=True), label="task")
    decision = policy.decide(task)
    if decision.verdict is Verdict.UNDETERMINED:
        raise _broken("totality", policy, (task, decision), (task, decision))


def invariants(policy: Policy, data: st.DataObject) -> None:
    """The policy's own promises hold of every complete task, and raising a monotone fact never brings a refusal."""
    if not policy.checked.invariants:
        return
    task = data.draw(tasks(policy, complete=True), label="task")
    decision = policy.decide(task)
    for invariant in policy.checked.invariants.values():
        if invariant.fact is not None:
            _monotone(policy, data, invariant, (task, decision))
        elif not _is_kept(policy, invariant, task, decision):
            raise _broken(f"invariant {invariant.id}", policy, (task, decision), (task, decision))


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


def _monotone(policy: Policy, data: st.DataObject, invariant: ir.Invariant, first: tuple[Task, Decision]) -> None:
    task, before = first
    name = str(invariant.fact)
    declared = policy.checked.facts[name].type
    low = from_python(declared, task[name])
    high = data.draw(values(declared), label=f"raised {name}")
    if not low < high:
        return
    raised = {**task, name: to_python(declared, high)}
    try:
        after = policy.decide(raised)
    except TaskError:
        return
    if before.verdict in (Verdict.ADMIT, Verdict.REDIRECT) and after.verdict is Verdict.REFUSE:
        raise _broken(f"invariant {invariant.id}", policy, first, (raised, after))


LAWS: Mapping[str, Law] = {
    "determinism": determinism,
    "order_independence": order_independence,
    "honest_unknowns": honest_unknowns,
    "right_questions": right_questions,
    "agreement": agreement,
    "totality": totality,
    "invariants": invariants,
}
"""The laws by name; each takes a policy and Hypothesis's `data()`, and raises `LawBroken`."""


def check_laws(policy: Policy, *, laws: Iterable[str] = tuple(LAWS), max_examples: int = 100) -> None:
    """Test laws on a policy; raises `LawBroken` with the shrunk task of the first that does not hold.

    Args:
        policy: a policy that `admission.load` gave.
        laws: which of `LAWS`; all of them by default.
        max_examples: tasks drawn for each law.
    """
    for name in laws:
        run_law(policy, LAWS[name], max_examples=max_examples)


def run_law(
    policy: Policy, law: Law, *, max_examples: int = 100, derandomize: bool = True, seed: int | None = None
) -> None:
    """Test one law; by default on the same tasks at every run, else on those of a seed, or on random ones."""

    @settings(
        max_examples=max_examples,
        derandomize=derandomize and seed is None,
        database=None,
        deadline=None,
        phases=[phase for phase in Phase if phase is not Phase.explain],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        law(policy, data)

    (run if seed is None else with_seed(seed)(run))()
