"""A broken law as a reader sees it: the task as a case to paste, both decisions, and why each came out as it did."""

from __future__ import annotations

from collections.abc import Mapping

from admission import ir
from admission.datatypes import Value, from_python, to_json
from admission.decision import Decision
from admission.engine import Policy
from admission.testing.tasks import Task


class LawBroken(AssertionError):  # noqa: N818 - it is the law's name that is read
    """A policy, or an interpreter, breaks a law: says which, on which task, and shows both decisions."""


def broken(
    law: str, policy: Policy, first: tuple[Task, Decision], second: tuple[Task, Decision] | None = None
) -> LawBroken:
    """The report of a broken law: the task as a case, both decisions, and why each came out as it did."""
    (task, before), (other, after) = first, second or first
    parts = [
        f"{law}: broken by policy {policy.id}",
        "",
        case_of(policy, task),
        "",
        side_by_side(before, after),
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


def side_by_side(before: Decision, after: Decision) -> str:
    """Two decisions, key by key."""
    left, right = before.to_dict(), after.to_dict()
    rows = [
        f"  {key:12} {left[key]!s:40.40} {right[key]!s:40.40}{'   <-- differs' if left[key] != right[key] else ''}"
        for key in ("verdict", "channel", "violations", "missing", "conflict", "notes", "obligations", "assumed")
    ]
    return "\n".join([f"  {'':12} {'first':40} {'second':40}", *rows])


def inner(policy: Policy, task: Mapping[str, object]) -> dict[str, Value]:
    """The facts of a task in their inner form."""
    facts = policy.checked.facts
    return {n: from_python(facts[n].type, v) for n, v in task.items() if n not in ("id", ir.AS_OF) and v is not None}
