"""Rows of registers: from a CSV file beside the policy, from the policy itself, or handed in by the program."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from admission import ir
from admission.datatypes import DATE, Type, Unfit, Value, from_cell, from_document, from_python
from admission.diagnostics import Collector, Diagnostic, InputError, Source, Span, nearest
from admission.frontend.document import Fields, Word
from admission.frontend.loader import Node, Scalar, plain, read_source

VALID_FROM, VALID_UNTIL = "valid_from", "valid_until"
MOST_ROWS = 1_000_000

_Read = Callable[[Type, Any], Value]
_PlaceOf = Callable[[str], Span | None]


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads the rows of one register, reporting every fault at its place."""

    register: ir.Register
    faults: Collector

    def row(
        self, cells: Mapping[str, object], place: Span | None, read: _Read, place_of: _PlaceOf | None = None
    ) -> ir.Row | None:
        """One row; None where a cell does not fit, and `place_of` says where the cell of a column stands."""
        place_of = place_of or (lambda _: place)
        columns = self.register.columns
        values = {name: self._cell(column, cells.get(name), place_of, read) for name, column in columns.items()}
        days = [self._day(name, cells.get(name), place_of, read) for name in (VALID_FROM, VALID_UNTIL)]
        if _BAD in values.values() or _BAD in days:
            return None
        period = ir.Period(*days)  # type: ignore[arg-type] # a day or None once _BAD is gone
        if period.start and period.end and period.end < period.start:
            self.faults.add("A504", place, start=period.start, end=period.end)
            return None
        return ir.Row(tuple(values.values()), period, place)  # type: ignore[arg-type]

    def _cell(self, column: ir.Column, given: object, place_of: _PlaceOf, read: _Read) -> object:
        if given is None or given == "":
            if column.absent is None or column.name in self.register.key:
                self.faults.add("A507", place_of(column.name), column=column.name, register=self.register.name)
                return _BAD
            return None
        return self._value(column.type, column.name, given, place_of, read)

    def _day(self, name: str, given: object, place_of: _PlaceOf, read: _Read) -> object:
        return None if given is None or given == "" else self._value(DATE, name, given, place_of, read)

    def _value(self, declared: Type, name: str, given: object, place_of: _PlaceOf, read: _Read) -> object:
        try:
            return read(declared, given)
        except Unfit as unfit:
            words = {
                "fact": f"{self.register.name}.{name}",
                "expected": unfit.expectation,
                "given": unfit.given,
            }
            self.faults.add(unfit.code, place_of(name), unfit.near, **words)
            return _BAD

    def unknown_columns(self, names: Iterable[str], place: Callable[[str], Span | None]) -> None:
        """Report names that are no column of the register."""
        known = (*self.register.columns, VALID_FROM, VALID_UNTIL)
        for name in names:
            if name not in known:
                self.faults.add("A401", place(name), nearest(name, known), name=name[:60], what=("列", "column"))

    def distinct(self, rows: list[ir.Row]) -> tuple[ir.Row, ...]:
        """The rows, once it is seen that no two match one key on one day."""
        places = [list(self.register.columns).index(name) for name in self.register.key]
        last: dict[tuple[Value | None, ...], ir.Row] = {}
        for row in sorted(rows, key=lambda row: row.period.start or date.min):
            key = tuple(row.cells[place] for place in places)
            before = last.get(key)
            if before and (before.period.end is None or (row.period.start or date.min) <= before.period.end):
                line = before.span.source.position(before.span.start)[0] if before.span else "?"
                shown = ", ".join(str(part) for part in key)
                self.faults.add("A508", row.span, key=shown, line=line, register=self.register.name)
            if before is None or (before.period.end and (row.period.end is None or row.period.end > before.period.end)):
                last[key] = row
        return tuple(rows)


_BAD = object()


def read_rows(
    rows: Rows, fields: Fields, folder: Path, handed: Iterable[Mapping[str, object]] | None
) -> tuple[ir.Row, ...]:
    """The register's rows, from wherever they come."""
    there = [key for key in ("file", "rows") if key in fields.keys]
    if handed is not None:
        return rows.distinct(list(_handed(rows, handed)))
    if len(there) > 1:
        rows.faults.add("A210", fields.keys[there[1]], keys="file / rows")
        return ()
    if fields.get("file"):
        return rows.distinct(list(_from_csv(rows, folder, fields)))
    if fields.get("rows") is not None:
        return rows.distinct(list(_from_document(rows, fields.get("rows"))))
    if not there:
        rows.faults.add("A509", rows.register.span, register=rows.register.name)
    return ()


def _handed(rows: Rows, handed: Iterable[Mapping[str, object]]) -> Iterator[ir.Row]:
    for cells in handed:
        rows.unknown_columns((str(name) for name in cells), lambda _: rows.register.span)
        row = rows.row(cells, rows.register.span, from_python)
        if row:
            yield row


def _from_document(rows: Rows, listed: list[Fields]) -> Iterator[ir.Row]:
    for fields in listed:
        days = {key: value.isoformat() for key in (VALID_FROM, VALID_UNTIL) if (value := fields.get(key))}
        nodes = {key: node for key, node in fields.values.items() if key not in (VALID_FROM, VALID_UNTIL)}
        rows.unknown_columns(nodes, lambda name, fields=fields: fields.keys[name])  # type: ignore[misc]
        cells = {key: None if _empty(node) else plain(node) for key, node in nodes.items()} | days
        row = rows.row(cells, fields.span, from_document, _in_document(nodes, fields.span))
        if row:
            yield row


def _in_document(nodes: Mapping[str, Node], place: Span) -> _PlaceOf:
    """Where the cells of a row written in the policy stand; one left out, where the row does."""
    return lambda name: nodes[name].span if name in nodes else place


def _empty(node: object) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _from_csv(rows: Rows, folder: Path, fields: Fields) -> Iterator[ir.Row]:
    source = read_file(folder, fields.get("file"), rows.faults)
    found = _records(source, rows.faults) if source else None
    if source is None or found is None:
        return
    header, records = found[0] if found else _Record((), Span(source, 0, 0)), found[1:]
    if not _is_sound(rows, header, records):
        return
    for record in records:
        if len(record.cells) != len(header.cells):
            rows.faults.add("A512", record.span, found=len(record.cells), expected=len(header.cells))
            continue
        cells = dict(zip(header.cells, record.cells, strict=True))
        if row := rows.row(cells, record.span, from_cell, _in_record(header, record)):
            yield row


def _in_record(header: _Record, record: _Record) -> _PlaceOf:
    """Where the cells of a line stand, looked for where one is at fault."""
    return lambda name: dict(zip(header.cells, record.spans(), strict=True)).get(name, record.span)


def _is_sound(rows: Rows, header: _Record, records: list[_Record]) -> bool:
    """Whether the first line names columns of the register, each once, none that rows must fill left out."""
    names, (others, *more) = header.cells, {len(record.cells) for record in records} or {len(header.cells)}
    if len(names) == 1 and (mark := next((mark for mark in _SEPARATORS if mark in names[0]), None)):
        rows.faults.add("A518", header.span, mark=_SEPARATORS[mark])
        return False
    if names and len(records) > 1 and not more and others != len(names):
        # Every other line has as many cells as the next: it is the first that has too few or too many.
        rows.faults.add("A512", header.span, found=len(names), expected=others)
        return False
    spans = dict(zip(names, header.spans(), strict=True))
    rows.unknown_columns(names, lambda name: spans[name])
    if len(spans) < len(names):
        rows.faults.add("A510", header.span, column=next(name for name in names if names.count(name) > 1))
        return False
    is_needed = (column.name for column in rows.register.columns.values() if column.absent is None)
    missing = [name for name in dict.fromkeys((*rows.register.key, *is_needed)) if name not in spans]
    if missing and not set(names) - {*rows.register.columns, VALID_FROM, VALID_UNTIL}:
        rows.faults.add("A511", header.span, columns=", ".join(missing))
    return not missing


# What stands between the cells of files that are called CSV all the same.
_SEPARATORS = {";": ("分号", "semicolons"), "\t": ("制表符", "tabs"), "，": ("全角逗号", "full-width commas")}


@dataclass(frozen=True, slots=True)
class _Record:
    """The cells of one line, or of several where a cell in quotes runs over lines."""

    cells: tuple[str, ...]
    span: Span

    def spans(self) -> tuple[Span, ...]:
        """Where each cell stands."""
        source, start, end = self.span
        found = _CELL.finditer(source.text, start, end)
        spans = tuple(Span(source, cell.start(), max(cell.end(), cell.start() + 1)) for cell in found)
        return spans if len(spans) == len(self.cells) else (self.span,) * len(self.cells)


# One match a cell in text that the strict reader took, the empty one at the end of a line too.
_CELL = re.compile(r'(?:(?<=,)|(?<![^\n]))(?:"(?:[^"]|"")*"|[^,"\n][^,\n]*|)(?=,|$|\n)', re.MULTILINE)


def _records(source: Source, faults: Collector) -> list[_Record] | None:
    """The records, the header first; None where the file is no CSV, told at the line where the record begins."""
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    records, line = [], 1
    try:
        for record in reader:
            if record:
                start, last = source.offset(line, 1), source.offset(reader.line_num, 1)
                place = Span(source, start, last + len(source.line(reader.line_num)))
                records.append(_Record(tuple(cell.strip() for cell in record), place))
            line = reader.line_num + 1
    except csv.Error as error:
        start = source.offset(line, 1)
        faults.add("A515", Span(source, start, start + len(source.line(line))), problem=_problem(error))
        return None
    return records


def _problem(error: csv.Error) -> tuple[str, str]:
    """What the reader complains of, in words for authors."""
    said = str(error)
    if "unexpected end of data" in said:
        return "引号没有闭合", "a quote that is never closed"
    if "expected after" in said:
        return "引号之后还有文字", "text after the closing quote"
    return said, said


def read_file(folder: Path, name: Word, faults: Collector) -> Source | None:
    """A file that a policy names, which must lie inside the policy's folder."""
    path = (folder / name.text).resolve()
    if not path.is_relative_to(folder.resolve()):
        faults.add("A514", name.span, path=name.text)
        return None
    try:
        return read_source(path, str(folder / name.text))
    except InputError as error:
        problem = error.diagnostics[0]
        if problem.span:
            faults.keep(problem)
        else:
            faults.add("A513", name.span, path=name.text, why=problem.data.get("why") or _texts(problem))
        return None


def _texts(problem: Diagnostic) -> tuple[str, str]:
    return problem.text("zh"), problem.text("en")
