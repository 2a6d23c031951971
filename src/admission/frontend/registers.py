"""Rows of registers: from a CSV file beside the policy, from the policy itself, or handed in by the program."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from admission import ir
from admission.datatypes import DATE, Type, Unfit, Value, from_cell, from_document, from_python
from admission.diagnostics import Collector, InputError, Source, Span, nearest
from admission.frontend.document import Fields
from admission.frontend.loader import Scalar, plain, read_source

VALID_FROM, VALID_UNTIL = "valid_from", "valid_until"
LONGEST_CELL = 100_000
MOST_ROWS = 1_000_000

_Read = Callable[[Type, Any], Value]


@dataclass(frozen=True, slots=True)
class Rows:
    """Reads the rows of one register, reporting every fault at its place."""

    register: ir.Register
    faults: Collector

    def row(
        self, cells: Mapping[str, object], spans: Mapping[str, Span], place: Span | None, read: _Read
    ) -> ir.Row | None:
        """One row; None where a cell does not fit."""
        columns = self.register.columns
        values = {
            name: self._cell(column, cells.get(name), spans.get(name) or place, read)
            for name, column in columns.items()
        }
        days = [self._day(name, cells.get(name), spans.get(name) or place, read) for name in (VALID_FROM, VALID_UNTIL)]
        if _BAD in values.values() or _BAD in days:
            return None
        period = ir.Period(*days)  # type: ignore[arg-type] # a day or None once _BAD is gone
        if period.start and period.end and period.end < period.start:
            self.faults.add("A504", place, start=period.start, end=period.end)
            return None
        return ir.Row(tuple(values.values()), period, place)  # type: ignore[arg-type]

    def _cell(self, column: ir.Column, given: object, span: Span | None, read: _Read) -> object:
        if given is None or given == "":
            if column.absent is None or column.name in self.register.key:
                self.faults.add("A507", span, column=column.name, register=self.register.name)
                return _BAD
            return None
        return self._value(column.type, column.name, given, span, read)

    def _day(self, name: str, given: object, span: Span | None, read: _Read) -> object:
        return None if given is None or given == "" else self._value(DATE, name, given, span, read)

    def _value(self, declared: Type, name: str, given: object, span: Span | None, read: _Read) -> object:
        try:
            return read(declared, given)
        except Unfit as unfit:
            words = {
                "fact": f"{self.register.name}.{name}",
                "expected": unfit.expectation,
                "given": unfit.given,
            }
            self.faults.add(unfit.code, span, unfit.near, **words)
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
        row = rows.row(cells, {}, rows.register.span, from_python)
        if row:
            yield row


def _from_document(rows: Rows, listed: list[Fields]) -> Iterator[ir.Row]:
    for fields in listed:
        days = {key: value.isoformat() for key in (VALID_FROM, VALID_UNTIL) if (value := fields.get(key))}
        nodes = {key: node for key, node in fields.values.items() if key not in (VALID_FROM, VALID_UNTIL)}
        rows.unknown_columns(nodes, lambda name, fields=fields: fields.keys[name])  # type: ignore[misc]
        cells = {key: None if _empty(node) else plain(node) for key, node in nodes.items()} | days
        spans = {key: node.span for key, node in nodes.items()}
        row = rows.row(cells, spans, fields.span, from_document)
        if row:
            yield row


def _empty(node: object) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _from_csv(rows: Rows, folder: Path, fields: Fields) -> Iterator[ir.Row]:
    source = read_file(folder, fields.get("file"), fields.keys["file"], rows.faults)
    if source is None:
        return
    header, records = _records(source, rows.faults)
    if not header:
        return
    spans = {
        name: Span(source, 0, source.text.find("\n") if "\n" in source.text else len(source.text)) for name in header
    }
    rows.unknown_columns(header, lambda name: spans[name])
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        rows.faults.add("A510", spans[twice], column=twice)
        return
    if not set(rows.register.key) <= set(header):
        rows.faults.add("A511", Span(source, 0, 0), columns=", ".join(k for k in rows.register.key if k not in header))
        return
    for line, record in records:
        start = source.offset(line, 1)
        place = Span(source, start, start + len(source.line(line)))
        if len(record) != len(header):
            rows.faults.add("A512", place, found=len(record), expected=len(header))
            continue
        row = rows.row(dict(zip(header, record, strict=True)), {}, place, from_cell)
        if row:
            yield row


def _records(source: Source, faults: Collector) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header and the records, each with its first line; a fault ends the reading where it stands."""
    reader = csv.reader(io.StringIO(source.text, newline=""), strict=True)
    records = []
    try:
        header = [name.strip() for name in next(reader, [])]
        line = reader.line_num + 1
        for record in reader:
            if record:
                records.append((line, [cell.strip() for cell in record]))
            line = reader.line_num + 1
    except csv.Error as error:
        start = source.offset(max(1, reader.line_num), 1)
        faults.add("A515", Span(source, start, start + 1), problem=error)
        return [], []
    return header, records


def read_file(folder: Path, name: str, span: Span, faults: Collector) -> Source | None:
    """A file that a policy names, which must lie inside the policy's folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        faults.add("A514", span, path=name)
        return None
    try:
        return read_source(path, str(folder / name))
    except InputError as error:
        problem = error.diagnostics[0]
        why = problem.data.get("why", (problem.text("zh"), problem.text("en")))
        faults.add("A513", span, path=name, why=why)
        return None
