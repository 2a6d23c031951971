"""One run over a file: examine, decide, write, count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from errno import EINVAL, EISDIR, ENOENT
from os import strerror
from pathlib import Path
from typing import TYPE_CHECKING

from admission import ir
from admission.bulk import batches
from admission.bulk.database import Workspace, unwritable
from admission.bulk.decisions import Spelled
from admission.bulk.examination import Examination
from admission.bulk.review import NO_DAYS, Days, Reject
from admission.bulk.sources import Source, kind_of
from admission.bulk.stream import Decided, Stream
from admission.bulk.writing import FORMATS, beside, settle, write
from admission.diagnostics import Diagnostic, InputError

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5  # rejects that are kept to be shown
DEVICES = ("/dev", "/dev/fd")  # where a link may lead to a file by way of the standard output
NO_FILE = "Not a regular file"  # a pipe or a device, which cannot be put into place whole or not at all


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
        if path.is_dir():
            raise unwritable(path, OSError(EISDIR, strerror(EISDIR)))
        if path.exists() and (not path.is_file() or str(path.absolute().parent) in DEVICES):
            raise unwritable(path, OSError(EINVAL, NO_FILE))
        if not path.parent.is_dir():
            raise unwritable(path, OSError(ENOENT, strerror(ENOENT)))
        if path.exists() and source.exists() and path.samefile(source):
            raise InputError([Diagnostic("A945", None, {"path": path}, path=str(path))])
    if target.absolute() == rejects.absolute():
        raise InputError([Diagnostic("A945", None, {"path": rejects}, path=str(rejects))])


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions of a source, and what is to be said of it once they are made."""

    stream: Stream
    examined: Examination | Stream
    """Who looked at the rows first."""
    notes: list[Diagnostic]

    @property
    def absent(self) -> tuple[str, ...]:
        """The facts that rules read and that are unknown in every row, sorted."""
        return self.examined.absent

    @property
    def undated(self) -> bool:
        """Whether `today` is the day of some row."""
        return self.examined.undated


def decisions_of(
    workspace: Workspace,
    policy: ir.CheckedPolicy,
    source: Source,
    refuse: Callable[[Reject], None],
    days: Days,
) -> Decisions:
    """The decisions of a source: read as it is where its columns are plain, else brought into such a form first.

    Raises `InputError` where the source is at fault as a whole.
    """
    in_batches = source.batches() if source.batches else None
    if in_batches is not None:
        stream = Stream(policy, in_batches, refuse, days, workspace.watch)
        if stream.is_plain:
            return Decisions(stream, stream, [*source.notes])
    examined = Examination(workspace, policy, source, refuse, *days)
    examined.run()
    kept = batches.of_parquet(examined.file(), source.name, {"id", ir.AS_OF, *policy.facts})
    assert kept is not None  # noqa: S101 - the file is the engine's own
    stream = Stream(policy, kept, refuse, Days(examined.day), workspace.watch)
    return Decisions(stream, examined, examined.notes)


@dataclass(slots=True)
class Run:
    """Decides every task of a source into a file; what is no task goes to a side file, which is there only then."""

    workspace: Workspace
    policy: ir.CheckedPolicy
    source: Source
    days: Days = NO_DAYS
    outcome: Outcome = field(default_factory=Outcome)

    def write(self, target: Path, rejects: Path, *, is_counted: bool = False) -> Outcome:
        """Raises `InputError`, and then neither file has changed."""
        outcome = self.outcome
        with beside(rejects) as side, beside(target) as part:
            with side.open("w", encoding="utf-8", errors="backslashreplace") as lines:

                def refuse(reject: Reject) -> None:
                    lines.write(json.dumps(reject.to_dict(), ensure_ascii=False) + "\n")
                    outcome.rejected += 1
                    outcome.first += [reject] if outcome.rejected <= SHOWN else []

                decisions = decisions_of(self.workspace, self.policy, self.source, refuse, self.days)
                outcome.decided = write(self.workspace, self._decided(decisions.stream, is_counted), target, part)
            outcome.notes, outcome.absent, outcome.undated = decisions.notes, decisions.absent, decisions.undated
            self.workspace.watch(1)  # the last moment at which the run may still be stopped
            if outcome.rejected:
                settle(side, rejects)
            else:
                rejects.unlink(missing_ok=True)
            settle(part, target)
        return outcome

    def _decided(self, stream: Stream, is_counted: bool) -> Iterator[pa.RecordBatch]:
        """The decisions as they come, counted."""
        spelled = Spelled(self.policy, stream.answers)
        counts: Counter[int] = Counter()

        def finish(decided: Decided) -> tuple[pa.RecordBatch, dict[int, int]]:
            return spelled.batch(decided), dict(decided.codes.value_counts().iter_rows()) if is_counted else {}

        with closing(stream.map(finish)) as parts:
            for batch, counted in parts:
                counts.update(counted)
                yield batch
        for code, count in counts.items():
            self.outcome.answers[stream.answers[code][:3]] += count
