"""A folder of policies as one book."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from admission import intake, ir
from admission.decision import Decision
from admission.diagnostics import Collector, Diagnostic, InputError, PolicyError, TaskError
from admission.engine.loading import load, policy_folders
from admission.engine.policy import Policy, mapping_of

if TYPE_CHECKING:
    from admission.task_model import TaskModel


class Book:
    """A folder of policies: picks one by subject, place and date.

    >>> from datetime import date
    >>> book = load_book("policies")
    >>> book.decide({"nature": "market_service"}, place="beijing", as_of=date(2019, 8, 3)).verdict
    <Verdict.REDIRECT: 'redirect'>
    """

    def __init__(self, policies_of: Iterable[Policy]) -> None:
        self.policies: tuple[Policy, ...] = tuple(policies_of)

    def places(self, subject: str = "task") -> tuple[str, ...]:
        """The places that have a policy for the subject, sorted."""
        return tuple(sorted({p.checked.place for p in self.policies if p.checked.subject == subject}))

    def pick(self, place: str, as_of: date, *, subject: str = "task") -> Policy:
        """The policy in force at a place on a day, else that of the nearest place around it.

        A place lies within the place of the policy that its own policy extends.
        Raises `InputError` where there is none, or more than one.
        """
        here = [p for p in self.policies if p.checked.subject == subject and p.checked.place == place]
        found = [p for p in here if as_of in p.checked.period]
        if len(found) > 1:
            names = ", ".join(sorted(p.id for p in found))
            raise InputError([Diagnostic("A609", None, {"place": place, "day": as_of, "names": names})])
        if found:
            return found[0]
        around = {p.checked.below.place for p in here if p.checked.below} - {place}
        if not around:
            known = ", ".join(self.places(subject))
            raise InputError([Diagnostic("A608", None, {"place": place, "day": as_of, "known": known})])
        return self.pick(min(around), as_of, subject=subject)

    def decide(
        self,
        task: Mapping[str, object] | TaskModel,
        *,
        place: str,
        as_of: date | None = None,
        subject: str = "task",
    ) -> Decision:
        """The decision of the policy for the place and day. Raises `TaskError`, `InputError`."""
        own = mapping_of(task).get(ir.AS_OF) if isinstance(mapping_of(task), Mapping) else None
        day = as_of if as_of is not None else own
        if not isinstance(day, date):
            # Any policy says what is wrong with the day, or that there is none.
            intake.accept(self.policies[0].checked, mapping_of(task), as_of)
            raise TaskError(())
        return self.pick(place, day, subject=subject).decide(task, as_of=as_of)


def load_book(path: str | PathLike[str]) -> Book:
    """Every policy in a folder of policies.

    Raises `PolicyError` with the faults of all of them, or where there is none.
    """
    folders = policy_folders(Path(path))
    if not folders:
        raise PolicyError([Diagnostic("A610", None, {"path": path}, path=str(path))])
    loaded, faults = [], Collector()
    for folder in folders:
        try:
            loaded.append(load(folder))
        except PolicyError as error:
            for fault in error.diagnostics:
                faults.keep(fault)
    if len(faults):
        raise PolicyError(faults.sorted())
    return Book(loaded)
