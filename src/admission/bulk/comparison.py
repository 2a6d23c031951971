"""What would change: the tasks of a file as two policies decide them, and the changes counted."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from admission import ir
from admission.backends.sql import to_sql
from admission.bulk.database import Row, Workspace, identifier, literal_path, reading
from admission.bulk.examination import SOUND, Examination
from admission.bulk.review import Reject
from admission.bulk.sources import PLACE, Source, kind_of, open_file, readable_again
from admission.diagnostics import Diagnostic
from admission.frontend.tasks import Record

EXAMPLES = 3  # ids that are kept of a class of change
MOST_VALUES = 1_000  # values of one fact that changes are counted by


class Said(NamedTuple):
    """What a decision says that is compared. Obligations are not: they are no columns of a table."""

    verdict: str
    channel: str | None
    violations: tuple[str, ...]
    notes: tuple[str, ...]


class ChangeClass(NamedTuple):
    """The tasks of which one policy says this, and the other that."""

    old: Said
    new: Said
    tasks: int
    examples: tuple[str, ...] = ()
    """The ids of the first few."""


@dataclass(slots=True)
class Changes:
    """The changes among the tasks of some files."""

    total: int = 0
    """How many tasks both policies decide."""
    classes: list[ChangeClass] = field(default_factory=list)
    """The greatest first."""
    by: dict[str, list[tuple[str | None, ChangeClass]]] = field(default_factory=dict)
    """For each fact that is counted by, its values with their changes, the greatest first."""
    rejects: list[tuple[str, Reject]] = field(default_factory=list)
    """The rows that are no tasks, each with its file: the first few."""
    rejected: int = 0
    notes: list[Diagnostic] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many tasks are decided differently."""
        return sum(found.tasks for found in self.classes)

    @property
    def rules(self) -> Mapping[str, tuple[int, int]]:
        """For each requirement, how many tasks no longer violate it and how many newly do, sorted by name."""
        lost: Counter[str] = Counter()
        gained: Counter[str] = Counter()
        for found in self.classes:
            old, new = ({*said.violations, *said.notes} for said in (found.old, found.new))
            lost.update(dict.fromkeys(old - new, found.tasks))
            gained.update(dict.fromkeys(new - old, found.tasks))
        return {name: (lost[name], gained[name]) for name in sorted({*lost, *gained})}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two policies, the day it decides on where that is fixed, and the facts that only the other has."""

    name: str
    policy: ir.CheckedPolicy
    day: date | None
    foreign: frozenset[str]

    def own(self, source: Source) -> Source:
        """The tasks as they are for this policy."""
        left_out = self.foreign | ({ir.AS_OF} if self.day else frozenset())
        columns = {name: kind for name, kind in source.columns.items() if name not in left_out}
        records = source.records
        if records is None:
            return replace(source, columns=columns)
        return replace(source, columns=columns, records=lambda: _without(left_out, records()))


def _without(names: frozenset[str], records: Iterable[Record | Diagnostic]) -> Iterator[Record | Diagnostic]:
    for record in records:
        if isinstance(record, Record) and isinstance(record.values, Mapping):
            kept = {name: value for name, value in record.values.items() if name not in names}
            yield replace(record, values=kept)
        else:
            yield record


class Comparison:
    """Compares two policies on the tasks of files: `old` and `new`, each on its day or on the tasks' own.

    `by` names the facts to count by. A task is compared where it is one of both policies, each seeing the facts that
    it declares; every other row is counted in `changes.rejected`.
    """

    def __init__(
        self,
        workspace: Workspace,
        policies: tuple[ir.CheckedPolicy, ir.CheckedPolicy],
        days: tuple[date | None, date | None],
        by: Iterable[str] = (),
    ) -> None:
        old, new = policies
        self.workspace = workspace
        self.sides = (
            Side("old", old, days[0], frozenset(new.facts.keys() - old.facts.keys())),
            Side("new", new, days[1], frozenset(old.facts.keys() - new.facts.keys())),
        )
        self.by = tuple(by)
        self.changes = Changes()
        self._rejected: set[int] = set()

    def read(self, path: Path, kind: str | None = None) -> None:
        """Decide the tasks of one file twice and keep those that differ.

        Raises `InputError`, `MissingExtraError`.
        """
        self._rejected.clear()
        kept, kind = readable_again(self.workspace, path), kind or kind_of(path)
        for side in self.sides:
            self._decide(side, kept, kind, str(path))
        with reading(str(path)):
            self._compare()

    def _decide(self, side: Side, path: Path, kind: str, name: str) -> None:
        """Write what one policy says of each row to disk, in two files with the same rows: what, and of which."""
        with Workspace() as own:
            own.watch = self.workspace.watch
            source = side.own(open_file(own, path, kind, name))
            examined = Examination(own, side.policy, source, lambda reject: self._refuse(name, reject), side.day)
            examined.run()
            with reading(name):
                self._keep(side.name, own, examined)
        if side.name == "new":
            self.changes.notes += examined.notes

    def _refuse(self, path: str, reject: Reject) -> None:
        if reject.row not in self._rejected:
            self.changes.rejected += 1
            self._rejected.add(reject.row)
            self.changes.rejects += [(path, reject)] if len(self.changes.rejects) < EXAMPLES else []

    def _keep(self, name: str, own: Workspace, examined: Examination) -> None:
        there = {*examined.columns}
        by = (
            f"CAST({identifier(fact)} AS VARCHAR) AS {identifier(fact)}"
            if fact in there
            else f"CAST(NULL AS VARCHAR) AS {identifier(fact)}"
            for fact in self.by
        )
        place = identifier(PLACE)
        own.copy(f"SELECT {', '.join([place, 'id', *by])} FROM {SOUND}", self._file(name, "rows"))
        own.run(f"CREATE VIEW placed AS SELECT * REPLACE (CAST({place} AS VARCHAR) AS id) FROM {SOUND}")
        query = to_sql(examined.policy, "duckdb", "placed", examined.day, examined.columns)
        said = f"SELECT CAST(id AS BIGINT) AS {place}, verdict, channel, violations, notes FROM ({query})"
        own.copy(said, self._file(name, "said"))
        self._put_in_order(name, own)

    def _put_in_order(self, name: str, own: Workspace) -> None:
        """Sort what is said like the rows. The engine's joins keep the order as a rule, but promise nothing."""
        place, rows, said = identifier(PLACE), self._table(name, "rows"), self._table(name, "said")
        differs = f"FROM {rows} r POSITIONAL JOIN {said} s WHERE r.{place} IS DISTINCT FROM s.{place}"
        if own.one(f"SELECT 1 {differs} LIMIT 1") is not None:
            in_order = own.folder / "in_order.parquet"
            own.copy(f"SELECT * FROM {said} ORDER BY {place}", in_order)
            shutil.move(in_order, self._file(name, "said"))

    def _file(self, side: str, what: str) -> Path:
        return self.workspace.folder / f"{side}_{what}.parquet"

    def _table(self, side: str, what: str) -> str:
        return f"read_parquet({literal_path(self._file(side, what))})"

    # ------------------------------------------------------------------------------------------- counting

    def _compare(self) -> None:
        """Count the tasks of one file, and add those that differ to the table of changes."""
        columns = [f"{side}.{name} AS {side}_{name}" for side in ("o", "n") for name in Said._fields]
        facts = [f"r.{identifier(name)}" for name in ("id", PLACE, *self.by)]
        joined = self._joined()
        counted = self.workspace.one(f"SELECT count(*) {joined}")
        self.changes.total += counted[0] if counted else 0
        differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in Said._fields)
        select = f"SELECT {', '.join([*facts, *columns])} {joined} WHERE {differs}"
        is_first = self.workspace.one("SELECT 1 FROM duckdb_tables() WHERE table_name = 'changed'") is None
        self.workspace.run(f"CREATE TABLE changed AS {select}" if is_first else f"INSERT INTO changed {select}")

    def _joined(self) -> str:
        """Each row `r` with what the old policy says of it, `o`, and the new one, `n`."""
        rows, old, new = (self._table(*what) for what in (("new", "rows"), ("old", "said"), ("new", "said")))
        if not self._rejected:
            return f"FROM {rows} r POSITIONAL JOIN {old} o POSITIONAL JOIN {new} n"
        place = identifier(PLACE)
        return f"FROM {rows} r JOIN {old} o ON r.{place} = o.{place} JOIN {new} n ON r.{place} = n.{place}"

    def count(self) -> Changes:
        """The changes in all files that were read."""
        said = ", ".join(f"{side}_{name}" for side in ("o", "n") for name in Said._fields)
        examples = f"arg_min(id, {identifier(PLACE)}, {EXAMPLES})"
        order = f"ORDER BY count(*) DESC, {said}"
        rows = self.workspace.rows(f"SELECT {said}, count(*), {examples} FROM changed GROUP BY {said} {order}")
        self.changes.classes = [_class(row) for row in rows]
        for fact in self.by:
            column = identifier(fact)
            query = f"SELECT {said}, count(*), [], {column} FROM changed GROUP BY {said}, {column} {order}, {column}"
            found = self.workspace.rows(f"{query} LIMIT {MOST_VALUES}")
            self.changes.by[fact] = [(row[-1], _class(row)) for row in found]
        return self.changes


def _class(row: Row) -> ChangeClass:
    width = len(Said._fields)
    tasks, examples = row[2 * width : 2 * width + 2]
    return ChangeClass(_said(row[:width]), _said(row[width : 2 * width]), tasks, tuple(examples))


def _said(cells: Iterable[object]) -> Said:
    verdict, channel, violations, notes = cells
    return Said(str(verdict), None if channel is None else str(channel), _names(violations), _names(notes))


def _names(listed: object) -> tuple[str, ...]:
    assert isinstance(listed, list)  # noqa: S101 - the columns of rules are lists, and never NULL
    return tuple(map(str, listed))
