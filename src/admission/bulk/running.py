"""One run over a file: examine, decide, write, count."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from errno import EISDIR, ENOENT
from os import strerror
from pathlib import Path

from admission import ir
from admission.bulk.database import Workspace, literal_path, reading
from admission.bulk.examination import Examination, Reject
from admission.bulk.sources import Source, kind_of
from admission.bulk.tables import query_of
from admission.bulk.writing import FORMATS, beside, settle, unwritable, write
from admission.diagnostics import Diagnostic, InputError

SHOWN = 5  # rejects that are kept to be shown


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    decided: int = 0
    rejected: int = 0
    first: list[Reject] = field(default_factory=list)
    """The first few rejects."""
    notes: list[Diagnostic] = field(default_factory=list)
    undated: bool = False
    """Whether today was taken as the day of some tasks."""
    absent: tuple[str, ...] = ()
    """The facts that have no column and no assumption, so that they are unknown in every row."""
    answers: Counter[tuple[str, str | None, tuple[str, ...]]] = field(default_factory=Counter)
    """Verdict, channel and violations, and how many tasks have them; empty where nobody asked."""


def check_paths(source: Path, target: Path, rejects: Path) -> None:
    """Raises `InputError` where a file cannot be written, or would be two things at once."""
    kind_of(target, FORMATS)
    for path in (target, rejects):
        if path.is_dir() or not path.parent.is_dir():
            error = IsADirectoryError(EISDIR, strerror(EISDIR)) if path.is_dir() else OSError(ENOENT, strerror(ENOENT))
            raise unwritable(path, error)
        if path.exists() and source.exists() and path.samefile(source):
            raise InputError([Diagnostic("A945", None, {"path": path}, path=str(path))])
    if target.absolute() == rejects.absolute():
        raise InputError([Diagnostic("A945", None, {"path": rejects}, path=str(rejects))])


@dataclass(slots=True)
class Run:
    """Decides every task of a source into a file; what is no task goes to a side file, which is there only then."""

    workspace: Workspace
    policy: ir.CheckedPolicy
    source: Source
    as_of: date | None = None
    today: date | None = None
    """The day of a task for which nobody gives one."""
    outcome: Outcome = field(default_factory=Outcome)

    def write(self, target: Path, rejects: Path, *, is_counted: bool = False) -> Outcome:
        """Raises `InputError`, and then neither file has changed."""
        outcome = self.outcome
        with beside(rejects) as side, beside(target) as part:
            examined = self._examine(side)
            query = query_of(examined)
            with reading(self.source.name):
                outcome.decided = write(self.workspace, query, target, part)
                if is_counted:
                    self._count(f"({query})" if target.suffix != ".parquet" else f"read_parquet({literal_path(part)})")
            if outcome.rejected:
                settle(side, rejects)
            else:
                rejects.unlink(missing_ok=True)
            settle(part, target)
        return outcome

    def _examine(self, side: Path) -> Examination:
        outcome = self.outcome
        with side.open("w", encoding="utf-8", errors="backslashreplace") as lines:

            def refuse(reject: Reject) -> None:
                lines.write(json.dumps(reject.to_dict(), ensure_ascii=False) + "\n")
                outcome.rejected += 1
                outcome.first += [reject] if outcome.rejected <= SHOWN else []

            examined = Examination(self.workspace, self.policy, self.source, refuse, self.as_of, self.today)
            examined.run()
        outcome.notes = examined.notes
        outcome.absent = examined.absent
        outcome.undated = examined.undated
        return examined

    def _count(self, decided: str) -> None:
        query = f"SELECT verdict, channel, violations, count(*) FROM {decided} GROUP BY ALL"
        for verdict, channel, violations, count in self.workspace.rows(query):
            self.outcome.answers[verdict, channel, tuple(violations)] += count
