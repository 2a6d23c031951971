"""Every task of a source is sound, mended or refused, and what is left is a table that SQL may decide.

The engine looks at all rows at once and only doubts. A row in doubt is read by the task reader, which alone says what
is wrong with a task, so that its words are the same everywhere; what it accepts is put back in its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import IO, NamedTuple

from admission import intake, ir
from admission.bulk import cells
from admission.bulk.cells import Cell
from admission.bulk.database import Workspace, identifier, literal_path, reading, text
from admission.bulk.review import Days, Reject, Review, absent, check_day, refused
from admission.bulk.sources import DAMAGE, PLACE, Source, parquet
from admission.datatypes import DATE, FIRST_DAY, LAST_DAY, TEXT, Kind, Type, bounded, expectation, to_json
from admission.decision import Given
from admission.diagnostics import Diagnostic, InputError, Span, UnsupportedError, nearest
from admission.diagnostics import Source as TextSource
from admission.frontend.tasks import Record
from admission.intake import CELL

SOUND = "sound"
"""The view of the tasks that may be decided."""
SIFTED = "is sound"  # no fact has a name with a space in it


class _Table(NamedTuple):
    """The rows of a source as the engine reads them."""

    relation: str
    values: Mapping[str, str]
    """What gives the value of each column."""
    sound: str
    """The condition under which a row is plainly sound."""


@dataclass(slots=True)
class Examination:
    """Examines a source for a policy and leaves the view `SOUND` of what may be decided.

    `as_of` is the day of the call; `today`, where given, is the day of a row for which nobody gives one.
    Each refused row is handed to `refuse` as it is met.
    """

    workspace: Workspace
    policy: ir.CheckedPolicy
    source: Source
    refuse: Callable[[Reject], None]
    as_of: date | None = None
    today: date | None = None
    columns: tuple[str, ...] = ()
    """The columns of `SOUND`."""
    notes: list[Diagnostic] = field(default_factory=list)
    """What is to be said of the source though it can be read."""

    _is_undated: bool = False
    _table: _Table = field(init=False, repr=False)
    _review: Review = field(init=False, repr=False)
    _file: Path | None = None

    def __post_init__(self) -> None:
        self.notes.extend(self.source.notes)
        self._review = Review(self.policy, Days(self.as_of, self.today))

    def run(self) -> None:
        """Look at every row. Raises `InputError` where the source is at fault as a whole."""
        self._check_day(self.as_of)
        self._check_names()
        with reading(self.source.name):
            if self.source.relation:
                self._check_columns()
            elif unknown := [self._unknown(name) for name in self.source.header if self._declared(name) is None]:
                raise InputError(unknown)
            if self.source.relation and self._sift():
                self._settle()
            else:
                self._read_records()
                self._keep([self._mended()])
                self.columns = ("id", ir.AS_OF, *self.policy.facts)

    @property
    def absent(self) -> tuple[str, ...]:
        """The facts that rules read and that are unknown in every row, sorted."""
        return absent(self.policy, self.columns)

    @property
    def undated(self) -> bool:
        """Whether `today` is the day of some row."""
        if self.today is None or self.as_of is not None:
            return False
        return self._is_undated or self.day == self.today

    def _settle(self) -> None:
        """The view of a source that the engine can read."""
        self.columns = ("id", ir.AS_OF, *(name for name in self._cells() if name not in intake.RESERVED))
        if self._weigh():
            self._keep([f"{self._given()} WHERE {self._table.sound}", self._mended()])
        else:
            self.workspace.run(f"CREATE VIEW {SOUND} AS {self._given()}")

    @property
    def day(self) -> date | None:
        """The day of every row, where all have the same; None where each has its own."""
        has_own = not self.source.relation or ir.AS_OF in self.source.columns
        return self.as_of if self.as_of is not None or has_own else self.today

    def file(self) -> Path:
        """What may be decided as a Parquet file in native types; the rows in their order.

        It may have more columns, and lack `id` and `as_of` where no row gives them.
        """
        if self._file is None:
            self._file = self.workspace.folder / "sound.parquet"
            self.workspace.copy(f"SELECT * FROM {SOUND}", self._file)
        return self._file

    # ------------------------------------------------------------------------------------ as a whole

    def _check_day(self, day: date | None) -> None:
        check_day(self.policy, day, self.source.name)

    def _check_names(self) -> None:
        """Raises `UnsupportedError` for names that differ in case alone, which the engine takes for one column's."""
        seen: dict[str, str] = {}
        for name in self.policy.facts:
            other = seen.setdefault(name.casefold(), name)
            if other != name and not (self.source.relation and {name, other} - self.source.columns.keys()):
                raise UnsupportedError(
                    "duckdb",
                    f"列名不分大小写，`{other}` 与 `{name}` 不能分辨",
                    f"it cannot tell the columns `{other}` and `{name}` apart: they differ in case alone",
                )

    def _check_columns(self) -> None:
        """Raises `InputError` for columns that no row can be sound with."""
        faults = []
        for name, kind in self.source.columns.items():
            declared = self._declared(name)
            if declared is None:
                faults.append(self._unknown(name))
            elif not self._is_fit(declared, kind) and self._is_given(name):
                data = {"fact": name, "expected": expectation(declared), "found": kind, "type": _native(declared)}
                faults.append(self._fault("A942", data))
        if self.as_of is None and self.today is None and not self._is_given(ir.AS_OF):
            faults.append(self._fault("A920", {"fact": ir.AS_OF}))
        if faults:
            raise InputError(faults)
        fit = {n: kind for n, kind in self.source.columns.items() if self._is_fit(self._declared(n) or TEXT, kind)}
        self.source = replace(self.source, columns=fit)  # what is left out holds nothing
        self._check_day(self.day)

    def _unknown(self, name: str) -> Diagnostic:
        return self._fault("A910", {"fact": name}, nearest(name, (*self.policy.facts, *intake.RESERVED)))

    def _fault(self, code: str, data: Mapping[str, object], near: str | None = None) -> Diagnostic:
        return Diagnostic(code, None, data, near, path=self.source.name or None)

    def _is_fit(self, declared: Type, kind: str) -> bool:
        return self.source.door is CELL or cells.is_fit(declared, kind)

    def _is_given(self, name: str) -> bool:
        """Whether there is a column that holds anything."""
        held = f"SELECT 1 FROM {self.source.relation} WHERE {identifier(name)} IS NOT NULL LIMIT 1"
        return name in self.source.columns and self.workspace.one(held) is not None

    def _declared(self, name: str) -> Type | None:
        if name in intake.RESERVED:
            return TEXT if name == "id" else DATE
        fact = self.policy.facts.get(name)
        return fact.type if fact else None

    # -------------------------------------------------------------------------------------- row by row

    def _cells(self) -> dict[str, Cell]:
        """The columns by name."""
        found = {}
        for name, kind in self.source.columns.items():
            declared = self._declared(name)
            assert declared is not None  # noqa: S101 - the columns were checked
            held = self._day_type() if name == ir.AS_OF else declared
            found[name] = cells.written(held, name) if self.source.door is CELL else cells.native(held, name, kind)
        return found

    def _day_type(self) -> Type:
        """A day on which the policy is in force."""
        period = self.policy.period
        return bounded(Kind.DATE, max(period.start or FIRST_DAY, FIRST_DAY), min(period.end or LAST_DAY, LAST_DAY))

    def _is_sound(self) -> str:
        """The condition under which a row is plainly sound."""
        conditions = []
        for name, cell in self._cells().items():
            fact = self.policy.facts.get(name)
            # A given value must agree with the look-up that could have filled it, which the task reader compares.
            sound = cell.sound if fact is None or fact.filled_by is None else "NULL::BOOLEAN"
            if sound != "TRUE":
                conditions.append(f"coalesce({sound}, {self._is_empty(name)})")
        conditions += self._day_conditions()
        return " AND ".join(conditions) or "TRUE"

    def _is_empty(self, name: str) -> str:
        column = identifier(name)
        return f"NULLIF({column}, '') IS NULL" if self.source.door is CELL else f"{column} IS NULL"

    def _day_conditions(self) -> Iterator[str]:
        own = self._cells().get(ir.AS_OF)
        if own is not None and self.as_of is not None:
            yield f"coalesce({own.value} = {_day(self.as_of)}, TRUE)"
        elif own is not None:
            yield f"{own.value} IS NOT NULL"

    def _sift(self) -> bool:
        """Set the rows in doubt aside; False for a damaged CSV file."""
        doubtful = f"SELECT * FROM {self.source.relation} WHERE NOT ({self._is_sound()})"
        if self.source.door is not CELL:
            self._table = _Table(
                self.source.relation, {name: cell.value for name, cell in self._cells().items()}, self._is_sound()
            )
        else:
            if self._convert():
                return False
            is_any = self.workspace.one(f"SELECT 1 FROM {self._table.relation} WHERE NOT {self._table.sound} LIMIT 1")
            doubtful += "" if is_any else " LIMIT 0"
        self.workspace.run(f"CREATE TABLE doubtful AS {doubtful}")
        return True

    def _convert(self) -> int:
        """Convert a CSV file to native values on disk, which is read with many threads; how many lines are damaged."""
        spool = self.workspace.folder / "native.parquet"
        found = self._cells()
        values = [f"{cell.value} AS {identifier(name)}" for name, cell in found.items()]
        columns = ", ".join([*values, f"({self._is_sound()}) AS {identifier(SIFTED)}"])
        converted = f"SELECT {columns} FROM {self.source.unnumbered}"
        damage = f"SELECT count(*) FROM {DAMAGE}"
        damaged = self.workspace.copy(converted, spool, then=damage)
        self._table = _Table(parquet(spool), {name: identifier(name) for name in found}, identifier(SIFTED))
        self._file = spool
        return damaged

    def _weigh(self) -> bool:
        """Put every row in doubt to the task reader; whether there was any."""
        names = list(self.source.columns)
        columns = ", ".join(identifier(name) for name in (PLACE, *names))
        is_any, nowhere = False, Span(TextSource(self.source.name, ""), 0, 0)
        with self._mended_file() as lines:
            for place, *values in self.workspace.rows(f"SELECT {columns} FROM doubtful ORDER BY {identifier(PLACE)}"):
                is_any = True
                given = {n: v for n, v in zip(names, values, strict=True) if v != "" or self.source.door is not CELL}
                self._take(Record(place, given, self.source.door, nowhere), lines)
        return is_any

    def _read_records(self) -> None:
        """The whole source by the task reader. Raises `InputError` for what is wrong with the source itself."""
        assert self.source.records is not None  # noqa: S101 - every source has a relation or records
        with self._mended_file() as lines:
            for record in self.source.records():
                if isinstance(record, Record):
                    self._take(record, lines)
                elif record.severity == "error" and record.code != "A905":
                    raise InputError([record])
                elif not self.notes:
                    self.notes.append(record)

    def _take(self, record: Record, lines: IO[str]) -> None:
        """Mend or refuse one row."""
        found = self._review.take(record)
        if isinstance(found, Reject):
            self.refuse(found)
            return
        self._is_undated |= self._review.is_undated(record)
        try:
            lines.write(json.dumps(self._canonical(record.place, found), ensure_ascii=False) + "\n")
        except UnicodeEncodeError:
            self.refuse(refused(record, (Diagnostic("A943", record.span, {}),)))

    def _canonical(self, place: int, given: Given) -> dict[str, object]:
        facts = {name: to_json(self.policy.facts[name].type, value) for name, value in given.facts.items()}
        return {PLACE: place, "id": given.id, ir.AS_OF: given.as_of.isoformat(), **facts}

    # -------------------------------------------------------------------------------- what may be decided

    def _given(self) -> str:
        """The rows as the engine reads them, each value in its native type."""
        found = self._table.values
        place = identifier(PLACE)
        number = f"CAST({place} AS VARCHAR)"
        identity = f"coalesce({found['id']}, {number})" if "id" in found else number
        day = _day(self.day) if self.day else found[ir.AS_OF]
        facts = [f"{value} AS {identifier(name)}" for name, value in found.items() if name in self.policy.facts]
        columns = ", ".join([place, f"{identity} AS id", f"{day} AS {ir.AS_OF}", *facts])
        return f"SELECT {columns} FROM {self._table.relation}"

    def _mended_file(self) -> IO[str]:
        return (self.workspace.folder / "mended.jsonl").open("w", encoding="utf-8")

    def _mended(self) -> str:
        """The rows that the task reader accepted."""
        path = literal_path(self.workspace.folder / "mended.jsonl")
        types = {PLACE: "BIGINT", "id": "VARCHAR", ir.AS_OF: "DATE"}
        declared = {name: cells.NATIVE[fact.type.kind] for name, fact in self.policy.facts.items()}
        kept = self.columns or declared
        types |= {name: kind for name, kind in declared.items() if name in kept}
        struct = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in types.items())
        return f"SELECT * FROM read_json({path}, format = 'newline_delimited', columns = {{{struct}}})"

    def _keep(self, parts: list[str]) -> None:
        """Write what may be decided to disk, in the order of the rows."""
        self._file = spool = self.workspace.folder / "sound.parquet"
        query = f"SELECT * FROM ({' UNION ALL BY NAME '.join(parts)}) ORDER BY {identifier(PLACE)}"
        self.workspace.copy(query, spool)
        self.workspace.run(f"CREATE VIEW {SOUND} AS SELECT * FROM read_parquet({literal_path(spool)})")


def _day(day: date) -> str:
    return f"DATE {text(day.isoformat())}"


def _native(declared: Type) -> str:
    return cells.NATIVE[declared.kind]
