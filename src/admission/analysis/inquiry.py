"""One policy under the solver: what every question shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from admission import ir
from admission.analysis import replay
from admission.analysis.findings import Finding, Witness
from admission.analysis.shrinking import Facts, shrink
from admission.backends.smt import Codes, Model, NotProved, Prover, SymbolicTask, Unsupported
from admission.diagnostics import Diagnostic, Span

Shows = Callable[[Facts, date], bool]
Words = tuple[str, str]


class Inquiry:
    """Complete tasks of one policy on every day of its period."""

    def __init__(self, policy: ir.CheckedPolicy, seconds: float) -> None:
        self.policy = policy
        self.seconds = seconds
        self.codes = Codes()
        self.task = SymbolicTask.of(self.codes, [policy])
        self.model = Model(policy, self.task)
        self.prover = Prover([self.model], seconds, self.model.complete())

    @property
    def decision(self) -> Any:
        """The decision as formulas."""
        return self.model.decision

    def possible(self, *conditions: Any) -> bool:
        """Whether a complete task fulfils the conditions. Raises `NotProved`."""
        return self.prover.is_possible(*conditions)

    def find(self, *conditions: Any) -> tuple[Facts, date] | None:
        """A complete task that fulfils the conditions. Raises `NotProved`."""
        found = self.prover.find(*conditions)
        return None if found is None else self.task.read(found)

    def witness(self, task: tuple[Facts, date], shows: Shows, keep: Iterable[str] = ()) -> Witness:
        """The task made minimal, with its decision; the reference has seen that it shows what was found."""
        return confirmed(self.policy, task, shows, keep)

    def asked(self, name: str, what: Words, span: Span | None, ask: Callable[[], Finding | None]) -> Iterator[Finding]:
        """What a question found; where it was not settled in time, that is what was found."""
        try:
            found = ask()
        except NotProved:
            found = not_proved(name, what, span, self.seconds)
        except Unsupported as unsupported:
            reason = str(unsupported)
            found = not_proved(name, (f"{what[0]}（{reason}）", f"{what[1]} ({reason})"), span, self.seconds)
        if found is not None:
            yield found


def confirmed(policy: ir.CheckedPolicy, task: tuple[Facts, date], shows: Shows, keep: Iterable[str] = ()) -> Witness:
    """A witness made minimal; raises `AssertionError` where the solver and the reference disagree."""
    facts, day = task
    if not shows(facts, day):
        raise AssertionError(f"the solver's witness is not confirmed: {dict(facts)} on {day}")
    facts, day = shrink(policy, facts, day, shows, keep)
    found = replay.witness(policy, facts, day)
    if found is None:
        raise AssertionError(f"the witness is not a task of {policy.id}: {dict(facts)} on {day}")
    return found


def not_proved(name: str, what: Words, span: Span | None, seconds: float) -> Finding:
    """The third answer."""
    return Finding(Diagnostic("A899", span, {"name": name, "what": what, "seconds": f"{seconds:g}"}))


def about(code: str, rule: Any, *witnesses: Witness, **data: object) -> Finding:
    """A finding about a rule or invariant, at the place where it is declared."""
    return Finding(Diagnostic(code, rule.span, {"name": rule.id, **data}), witnesses)
