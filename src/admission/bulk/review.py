"""Rows in doubt, each put to the reader of tasks, which alone says what is wrong with a task."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from admission import intake, ir
from admission.decision import Given
from admission.diagnostics import Diagnostic, Fault, InputError, TaskError
from admission.frontend.tasks import Record


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is no task of the policy."""

    row: int
    """Its place in the input, from 1."""
    id: str | None
    """What it gives as its id, where it gives one."""
    diagnostics: tuple[Diagnostic, ...]
    """Everything that is wrong with it."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The same as the faults of a `TaskError`; `line` is the row."""
        return tuple(_fault(diagnostic, self.row) for diagnostic in self.diagnostics)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready, with both languages."""
        return {"row": self.row, "id": self.id, "faults": [_said(found) for found in self.diagnostics]}


def _fault(found: Diagnostic, row: int) -> Fault:
    fact, expected, given = (found.data.get(key, "") for key in ("fact", "expected", "given"))
    pair = expected if isinstance(expected, tuple) else (str(expected),) * 2
    return Fault(found.code, str(fact), pair, str(given), found.near, row)


def _said(found: Diagnostic) -> dict[str, object]:
    words = found.to_dict()
    fact = {"fact": found.data["fact"]} if "fact" in found.data else {}
    return {"code": found.code} | fact | {key: words[key] for key in ("message", "message_zh", "help", "help_zh")}


class Days(NamedTuple):
    """The days of tasks that give none: that of the call, and today, where it is the day when nobody gives one."""

    as_of: date | None = None
    today: date | None = None


NO_DAYS = Days()


@dataclass(frozen=True, slots=True)
class Review:
    """Reads rows for a policy."""

    policy: ir.CheckedPolicy
    days: Days = NO_DAYS

    def take(self, record: Record) -> Given | Reject:
        """The task of a row, or why it is none."""
        if record.diagnostics:
            return refused(record, record.diagnostics)
        day = self.days.today if self.is_undated(record) else self.days.as_of
        try:
            return intake.accept(self.policy, record.values, day, door=record.door, place=str(record.place))
        except TaskError as error:
            return refused(record, record.diagnose(error))

    def is_undated(self, record: Record) -> bool:
        """Whether nobody gives a day for a row."""
        own = record.values.get(ir.AS_OF) if isinstance(record.values, dict) else None
        return self.days.as_of is None and own is None


def refused(record: Record, diagnostics: tuple[Diagnostic, ...]) -> Reject:
    """A row with what is wrong with it."""
    own = record.values.get("id") if isinstance(record.values, dict) else None
    return Reject(record.place, own if isinstance(own, str) else None, diagnostics)


def check_day(policy: ir.CheckedPolicy, day: date | None, name: str) -> None:
    """Raises `InputError` where a day is none of the policy's."""
    period = policy.period
    if day is not None and day not in period:
        words = f"{period.start} – {period.end or '…'}"
        data = {"given": day, "expected": words, "fact": ir.AS_OF}
        raise InputError([Diagnostic("A922", None, data, path=name or None)])


def absent(policy: ir.CheckedPolicy, columns: Collection[str]) -> tuple[str, ...]:
    """The facts that rules read and that no row gives, no assumption fills and no register knows, sorted."""
    conditions = (part for rule in ir.rules(policy) for part in ir.parts(rule).values())
    nodes = list(ir.walk(conditions, policy.definitions))
    looked_up = (policy.look_ups[node.look_up] for node in nodes if isinstance(node, ir.ReadColumn))
    read = {node.name for node in nodes if isinstance(node, ir.ReadFact)}
    read |= {fact for look_up in looked_up for fact in look_up.match.values()}
    facts = (fact for name, fact in policy.facts.items() if name in read and name not in columns)
    return tuple(sorted(fact.name for fact in facts if fact.assume is None and fact.filled_by is None))
