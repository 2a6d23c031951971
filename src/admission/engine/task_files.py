"""Files of tasks, read for a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from os import PathLike
from typing import IO, TYPE_CHECKING, Any

from admission import intake, ir
from admission.datatypes import to_python
from admission.diagnostics import Diagnostic, TaskError
from admission.engine.policy import Policy

if TYPE_CHECKING:
    from admission.frontend.tasks import Record


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """One task of a file: Python values for `Policy.decide`, or None and everything that is wrong with it."""

    place: int | None
    """Its place in the input, from 1; None where the input itself is at fault."""
    task: Mapping[str, object] | None
    diagnostics: tuple[Diagnostic, ...] = ()


def read_tasks(
    source: str | PathLike[str] | IO[bytes], policy: Policy, *, as_of: date | None = None, kind: str | None = None
) -> Iterator[TaskRecord]:
    """The tasks of a file or binary stream, lazily and in order; those at fault among them, none dropped.

    `kind` is yaml, json, jsonl or csv; by default a file's ending says it, or a stream's first character.
    `as_of` is the day of the decision, for tasks that do not give one.

    Raises `InputError` where there is nothing that can be read.

    >>> import admission
    >>> policy = admission.load("policies/beijing")
    >>> [record.place for record in read_tasks("examples/work_items_2019.csv", policy)][:3]
    [1, 2, 3]
    """
    from admission.frontend import tasks

    stream: Any = source if hasattr(source, "read") else None
    for record in tasks.read_tasks("-" if stream else str(source), stdin=stream, kind=kind):
        if isinstance(record, Diagnostic):
            yield TaskRecord(None, None, (record,))
        elif record.diagnostics:
            yield TaskRecord(record.place, None, record.diagnostics)
        else:
            yield _accepted(policy.checked, record, as_of)


def _accepted(policy: ir.CheckedPolicy, record: Record, as_of: date | None) -> TaskRecord:
    try:
        given = intake.accept(policy, record.values, as_of, door=record.door, place=str(record.place))
    except TaskError as error:
        return TaskRecord(record.place, None, record.diagnose(error))
    facts = {name: to_python(policy.facts[name].type, value) for name, value in given.facts.items()}
    return TaskRecord(record.place, facts | {"id": given.id, ir.AS_OF: given.as_of})
