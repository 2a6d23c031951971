"""Tasks in CSV: the first line names the facts, every other is a task."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from admission.diagnostics import Diagnostic, Source, Span
from admission.frontend.task_records import LINES_LOST, Record, lines_of
from admission.intake import CELL


@dataclass(slots=True)
class _Raw:
    """Feeds lines to the CSV reader and keeps those of the record being read."""

    lines: Iterator[tuple[int, str] | Diagnostic]
    first: int = 0
    text: str = ""
    problems: list[Diagnostic] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for item in self.lines:
            if isinstance(item, Diagnostic):
                self.problems.append(item)
                if item.code in LINES_LOST:
                    return
                continue
            number, line = item
            if not self.text:
                self.first = number
            self.text += line
            yield line

    def take(self, name: str) -> Source:
        source = Source(name, self.text.rstrip("\r\n"), max(1, self.first))
        self.text = ""
        return source


def csv_of(stream: Any, name: str) -> Iterator[Record | Diagnostic]:
    """The tasks of a CSV file, one a row."""
    raw = _Raw(lines_of(stream, name))
    records = _csv_records(raw, name)
    first = next(records, None)
    yield from _drain(raw)
    if first is None or isinstance(first, Diagnostic):
        yield first or Diagnostic("A927", None, {}, path=name)
        return
    source, cells = first
    header = [cell.strip() for cell in cells]
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        yield Diagnostic("A510", Span(source, 0, len(source.text)), {"column": repeated[0]})
        return
    place = 0
    for item in records:
        yield from _drain(raw)
        if isinstance(item, Diagnostic):
            yield item
            return
        if item[1]:
            place += 1
            yield _row(place, header, *item)
    yield from _drain(raw)


def _drain(raw: _Raw) -> Iterator[Diagnostic]:
    while raw.problems:
        yield raw.problems.pop(0)


def _csv_records(raw: _Raw, name: str) -> Iterator[tuple[Source, list[str]] | Diagnostic]:
    reader = csv.reader(iter(raw), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            source = raw.take(name)
            yield Diagnostic("A515", Span(source, 0, min(1, len(source.text))), {"problem": error})
            return
        yield raw.take(name), cells


def _row(place: int, header: list[str], source: Source, cells: list[str]) -> Record:
    span = Span(source, 0, len(source.text))
    if len(cells) != len(header):
        found = {"found": len(cells), "expected": len(header)}
        return Record(place, None, CELL, span, diagnostics=(Diagnostic("A512", span, found),))
    values = {column: cell for column, cell in zip(header, cells, strict=True) if cell != ""}
    return Record(place, values, CELL, span, dict(zip(header, cell_spans(source), strict=False)))


def cell_spans(source: Source) -> Iterable[Span]:
    """Where each cell of a CSV record stands."""
    start, quoted = 0, False
    for at, character in enumerate(source.text):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            yield Span(source, start, at)
            start = at + 1
    yield Span(source, start, len(source.text))
