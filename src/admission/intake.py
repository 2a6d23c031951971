"""A task as it was given to facts in their inner form: every fault found, nothing coerced.

Three doors: Python objects, YAML or JSON values, and CSV cells (see `datatypes`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from admission import ir, reference
from admission.datatypes import (
    DATE,
    TEXT,
    Type,
    Unfit,
    Value,
    from_cell,
    from_document,
    from_python,
    shown,
    to_text,
)
from admission.decision import Given
from admission.diagnostics import Fault, TaskError, nearest

Door = Callable[[Type, object], Value]
PYTHON: Door = from_python
DOCUMENT: Door = from_document
CELL: Door = from_cell  # type: ignore[assignment] # the reader of CSV hands it text only
RESERVED = ("id", ir.AS_OF)


@dataclass(slots=True)
class _Intake:
    policy: ir.Policy
    door: Door
    faults: list[Fault] = field(default_factory=list)

    def value(self, name: str, declared: Type, given: object) -> Value | None:
        try:
            return self.door(declared, given)
        except Unfit as unfit:
            self.faults.append(Fault(unfit.code, name, unfit.expectation, unfit.given, unfit.near))
            return None

    def facts(self, task: Mapping[str, object]) -> dict[str, Value]:
        found = {}
        for name, given in task.items():
            if given is None or name in RESERVED:
                continue
            declared = self.policy.facts.get(name)
            if declared is None:
                self.unknown(name)
                continue
            value = self.value(name, declared.type, given)
            if value is not None:
                found[name] = value
        return found

    def unknown(self, name: object) -> None:
        text = shown(name)
        near = nearest(text, (*self.policy.facts, *RESERVED))
        self.faults.append(Fault("A910", text, ("已声明的事实", "a declared fact"), text, near))

    def day(self, task: Mapping[str, object], called: object) -> date | None:
        own = task.get(ir.AS_OF)
        days = [
            self.value(ir.AS_OF, DATE, own) if own is not None else None,
            self.called(called) if called is not None else None,
        ]
        if own is None and called is None:
            self.faults.append(Fault("A920", ir.AS_OF, ("日期", "a date"), "null"))
            return None
        known = [day for day in days if isinstance(day, date)]
        if len(set(known)) > 1:
            self.faults.append(Fault("A921", ir.AS_OF, (str(known[1]), str(known[1])), str(known[0])))
            return None
        return self.in_period(known[0]) if known else None

    def called(self, given: object) -> Value | None:
        """The day that comes with the call is always a Python date."""
        try:
            return from_python(DATE, given)
        except Unfit as unfit:
            self.faults.append(Fault(unfit.code, ir.AS_OF, unfit.expectation, unfit.given))
            return None

    def in_period(self, day: date) -> date | None:
        period = self.policy.period
        if day in period:
            return day
        words = f"{period.start} – {period.end or '…'}"
        self.faults.append(Fault("A922", ir.AS_OF, (words, words), str(day)))
        return None

    def contradictions(self, facts: Mapping[str, Value], day: date) -> None:
        """A given value that contradicts the look-up that could have filled it is an input error."""
        world = reference.World(self.policy, facts, day)
        for name, value in facts.items():
            declared = self.policy.facts[name]
            held = reference.evaluate(declared.filled_by, world) if declared.filled_by else None
            if held is not None and held != value:
                words = to_text(declared.type, held)
                self.faults.append(Fault("A923", name, (words, words), to_text(declared.type, value)))


def agree(policy: ir.Policy, facts: Mapping[str, Value], day: date) -> None:
    """Raises `TaskError` where a fact contradicts the look-up that could have filled it."""
    intake = _Intake(policy, PYTHON)
    intake.contradictions(facts, day)
    if intake.faults:
        raise TaskError(intake.faults)


def accept(
    policy: ir.Policy, task: object, as_of: date | None = None, *, door: Door = PYTHON, place: str = "1"
) -> Given:
    """The task's facts, day and id; `place` (counted from 1) is its id where it gives none.

    Raises `TaskError` with every fault at once.
    """
    intake = _Intake(policy, door)
    if not isinstance(task, Mapping):
        raise TaskError([Fault("A924", "", ("映射", "a mapping"), shown(task))])
    facts = intake.facts(task)
    day = intake.day(task, as_of)
    own = task.get("id")
    identity = intake.value("id", TEXT, own) if own is not None else place
    if day is not None:
        intake.contradictions(facts, day)
    if intake.faults or day is None:
        raise TaskError(intake.faults)
    return Given(facts, day, str(identity))
