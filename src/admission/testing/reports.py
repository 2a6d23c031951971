"""A broken law as a reader sees it: the task as a case to paste, both decisions, and why each came out as it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from admission import ir
from admission.analysis.findings import case_text, spelt
from admission.datatypes import Value, from_python
from admission.decision import Decision
from admission.engine import Policy
from admission.testing.tasks import Task

SHOWN = ("verdict", "channel", "violations", "missing", "conflict", "notes", "obligations", "assumed")
EXPECTED = ("verdict", "channel", "violations", "missing", "conflict")
Expectation = Mapping[str, object]


class LawBroken(AssertionError):  # noqa: N818 - it is the law's name that is read
    """A policy, or an interpreter, breaks a law: says which, on which task, and shows both decisions.

    `case` is the task as a case that fails until the law is kept; empty where the law is about no task.
    """

    def __init__(self, text: str, case: str = "") -> None:
        super().__init__(text)
        self.case = case

    def __reduce__(self) -> tuple[type[LawBroken], tuple[str, str]]:
        return type(self), (str(self), self.case)


@dataclass(frozen=True, slots=True)
class Said:
    """A task, what was decided of it, and whose decision it is."""

    task: Task
    decision: Decision
    title: str = "the decision"


def broken(law: str, policy: Policy, *said: Said, expect: Expectation) -> LawBroken:
    """The report of a broken law: the last task as a case, the decisions side by side, and why they came out so.

    `expect` is what the law asks of the last task, by key; the case fails as long as the policy decides otherwise.
    """
    case = case_of(policy, said[-1].task, expect)
    parts = [f"{law}: broken by policy {policy.id}", case, side_by_side(*said)]
    is_same = all(each.task == said[-1].task for each in said)
    for each in said:
        parts.append(f"{each.title}:" if is_same else f"{each.title}:\n{case_of(policy, each.task, {})}")
        parts.append(str(each.decision.explain()))
    return LawBroken("\n\n".join(parts), case)


def pair(
    law: str,
    policy: Policy,
    first: tuple[Task, Decision],
    second: tuple[Task, Decision],
    expect: Expectation | None = None,
) -> LawBroken:
    """The report of two decisions that a law relates; without more, it asks of the second what the first says."""
    titles = ("first", "second") if first[0] == second[0] else ("first task", "second task")
    said = [Said(*each, title) for each, title in zip((first, second), titles, strict=True)]
    return broken(law, policy, *said, expect=expect or differing(second[1], first[1]))


def differing(decision: Decision, right: Decision) -> dict[str, object]:
    """What another decision says otherwise, of what a case may expect."""
    said, wanted = decision.to_dict(), right.to_dict()
    return {key: wanted[key] for key in EXPECTED if said[key] != wanted[key]}


def case_of(policy: Policy, task: Mapping[str, object], expect: Expectation) -> str:
    """The task as a case to paste into a case file."""
    facts, day = inner(policy, task), task[ir.AS_OF]
    asked = ", ".join(f"{key}: {spelt(value)}" for key, value in expect.items())
    lines = [f"  expect: {{{asked}}}  # what the law asks for: confirm or correct it"] if asked else []
    return case_text(policy.checked, facts, day, "found", lines)  # type: ignore[arg-type] # a date


def side_by_side(*said: Said) -> str:
    """Decisions, key by key."""
    shown = [{key: _short(each.decision.to_dict()[key]) for key in SHOWN} for each in said]
    widths = [max(len(text) for text in [each.title, *texts.values()]) for each, texts in zip(said, shown, strict=True)]
    rows = [[key, *(texts[key] for texts in shown)] for key in SHOWN]
    lines = [
        "  ".join([f"  {key:12}", *(text.ljust(width) for text, width in zip(texts, widths, strict=True))])
        + ("  <-- differs" if len(set(texts)) > 1 else "")
        for key, *texts in [["", *(each.title for each in said)], *rows]
    ]
    lines[0] = lines[0].removesuffix("  <-- differs")
    return "\n".join(line.rstrip() for line in lines)


def _short(value: object) -> str:
    """What a decision says under one key: names, several with commas."""
    if isinstance(value, list):
        return ", ".join(str(item["rule"]) if isinstance(item, dict) else str(item) for item in value) or "-"
    return "-" if value is None else str(value)


def inner(policy: Policy, task: Mapping[str, object]) -> dict[str, Value]:
    """The facts of a task in their inner form."""
    facts = policy.checked.facts
    return {n: from_python(facts[n].type, v) for n, v in task.items() if n not in ("id", ir.AS_OF) and v is not None}
