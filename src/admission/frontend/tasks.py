"""Files of tasks: YAML, JSON, JSON Lines and CSV, each record with its place.

JSON Lines and CSV are read line by line, so a file may be of any size; YAML and JSON are read whole and bounded.
Numbers are exact: nothing passes through a float.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

from admission.datatypes import shown
from admission.diagnostics import Collector, Diagnostic, InputError, Source, Span, TaskError, why
from admission.frontend import loader
from admission.intake import CELL, DOCUMENT, Door
from admission.records import record

FORMATS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}
LONGEST_LINE = 1_000_000  # characters
BOM = b"\xef\xbb\xbf"


@record
class Record:
    """One task of a file: its values, its place in the input from 1, and where it was written."""

    place: int
    values: object
    door: Door
    span: Span
    spans: Mapping[str, Span] = field(default_factory=dict)
    keys: Mapping[str, Span] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    """What keeps it from being read; then `values` means nothing."""

    def diagnose(self, error: TaskError) -> tuple[Diagnostic, ...]:
        """The faults of the task as diagnostics at their places in the file."""
        return tuple(
            Diagnostic(
                fault.code,
                self.keys.get(fault.fact)
                if fault.code == "A910" and fault.fact in self.keys
                else self.place_of(fault.fact),
                {"fact": fault.fact, "expected": fault.expectation, "given": fault.given},
                fault.near,
            )
            for fault in error.faults
        )

    def place_of(self, fact: str) -> Span:
        """Where a key was written, or the whole record where nothing says it."""
        if fact in self.spans:
            return self.spans[fact]
        if (
            self.door is DOCUMENT
            and (at := self.span.source.text.find(f'"{fact}"', self.span.start, self.span.end)) >= 0
        ):
            return Span(self.span.source, at, at + len(fact) + 2)
        return self.span


def read_tasks(
    path: str | Path, *, stdin: IO[bytes] | None = None, kind: str | None = None
) -> Iterator[Record | Diagnostic]:
    """The records of a file, in order; a `Diagnostic` between them says what is wrong with the file itself.

    `-` reads `stdin`. `kind` is yaml, json, jsonl or csv; by default the file's ending says it, and for standard
    input its first character. Raises `InputError` where the file cannot be read at all.
    """
    name = str(path)
    if name == "-" and stdin is not None:
        yield from _from_stream(stdin, "<stdin>", kind)
        return
    known = kind or FORMATS.get(Path(name).suffix.lower())
    if known is None:
        raise InputError([Diagnostic("A904", None, {"suffix": Path(name).suffix or name}, path=name)])
    try:
        with Path(name).open("rb") as stream:
            yield from read_stream(stream, name, known)
    except OSError as error:
        raise InputError([Diagnostic("A101", None, {"path": name, "why": why(error)}, path=name)]) from None


def _from_stream(stream: IO[bytes], name: str, kind: str | None) -> Iterator[Record | Diagnostic]:
    if kind is None:
        start = stream.read(4096)
        kind = _guess(start)
        yield from read_stream(_Rejoined(start, stream), name, kind)
        return
    yield from read_stream(stream, name, kind)


class _Rejoined(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _guess(start: bytes) -> str:
    text = start.removeprefix(BOM).lstrip()
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "jsonl"
    first = text.split(b"\n", 1)[0]
    return "csv" if b"," in first and b":" not in first else "yaml"


def read_stream(stream: Any, name: str, kind: str) -> Iterator[Record | Diagnostic]:
    """The records of a binary stream of a known kind; `name` is what diagnostics call it."""
    match kind:
        case "jsonl":
            return _json_lines(stream, name)
        case "csv":
            return _csv(stream, name)
        case "json":
            return _json(_whole(stream), name)
        case _:
            return _yaml(_whole(stream), name)


def _whole(stream: Any) -> bytes:
    reader = io.BufferedReader(stream) if isinstance(stream, _Rejoined) else stream
    data: bytes = reader.read(loader.LARGEST + 1)
    return data


# -------------------------------------------------------------------------------------------------- YAML


def _yaml(data: bytes, name: str) -> Iterator[Record | Diagnostic]:
    source = loader.decode(data, name)
    faults = Collector()
    root = loader.parse(source, faults)
    yield from (Diagnostic("A927", fault.span) if fault.code == "A104" else fault for fault in faults)
    if root is None:
        return
    nodes = root.items if isinstance(root, loader.Sequence) else (root,)
    for place, node in enumerate(nodes, 1):
        if isinstance(node, loader.Mapping):
            spans = {key: child.span for key, child in node.items.items()}
            keys = {key: scalar.span for key, scalar in node.keys.items()}
            yield Record(place, loader.plain(node), DOCUMENT, node.span, spans, keys)
        else:
            yield _not_a_task(place, node.span, loader.plain(node))


def _not_a_task(place: int, span: Span, value: object) -> Record:
    return Record(place, None, DOCUMENT, span, diagnostics=(Diagnostic("A902", span, {"found": shown(value)}),))


# -------------------------------------------------------------------------------------------------- JSON


class _DuplicateError(ValueError):
    pass


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateError(next(key for key in keys if keys.count(key) > 1))
    return found


_DIGITS = 400  # of one number; more cannot be a value of any type


def _integer(text: str) -> object:
    return int(text) if len(text) <= _DIGITS else text


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=Decimal, parse_int=_integer, parse_constant=Decimal)  # type: ignore[call-arg, unused-ignore]


def _decode(source: Source, start: int) -> tuple[object, int]:
    """One JSON value at an offset; raises `_Bad` with what is wrong and where."""
    try:
        return _DECODER.raw_decode(source.text, start)
    except _DuplicateError as error:
        raise _Bad(Diagnostic("A903", Span(source, start, start + 1), {"key": str(error)[:60]})) from None
    except json.JSONDecodeError as error:
        at = min(error.pos, len(source.text))
        raise _Bad(Diagnostic("A901", Span(source, at, at + 1), {"problem": error.msg})) from None
    except RecursionError:
        span = Span(source, start, start + 1)
        raise _Bad(Diagnostic("A111", span, {"deepest": loader.DEEPEST})) from None


_LINES_LOST = ("A103", "A906")
"""A line that cannot be read: in JSON Lines one task, which keeps its place; in CSV the end: it may hold a quote."""


class _Bad(Exception):  # noqa: N818 - carries the diagnostic to the reader
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


_SPACE = re.compile(r"[ \t\r\n]*")


def _skip(source: Source, at: int) -> int:
    found = _SPACE.match(source.text, at)
    return found.end() if found else at


def _json(data: bytes, name: str) -> Iterator[Record | Diagnostic]:
    if data.startswith(BOM):
        yield Diagnostic("A905", None, {}, path=name)
    source = loader.decode(data, name)
    at = _skip(source, 0)
    if at == len(source.text):
        yield Diagnostic("A927", Span(source, 0, 0))
        return
    if source.text[at] != "[":
        try:
            value, end = _decode(source, at)
            _nothing_after(source, end)
        except _Bad as bad:
            yield bad.diagnostic
            return
        yield _record(1, value, Span(source, at, end))
        return
    yield from _elements(source, at + 1)


def _nothing_after(source: Source, end: int) -> None:
    rest = _skip(source, end)
    if rest < len(source.text):
        raise _Bad(Diagnostic("A901", Span(source, rest, rest + 1), {"problem": "Extra data"}))


def _elements(source: Source, at: int) -> Iterator[Record | Diagnostic]:
    place, at = 1, _skip(source, at)
    if source.text[at : at + 1] == "]":
        return
    while True:
        at = _skip(source, at)
        try:
            value, end = _decode(source, at)
        except _Bad as bad:
            yield bad.diagnostic
            return
        yield _record(place, value, Span(source, at, end))
        place, at = place + 1, _skip(source, end)
        if source.text[at : at + 1] != ",":
            break
        at += 1
    if source.text[at : at + 1] != "]":
        yield Diagnostic("A901", Span(source, at, at + 1), {"problem": "Expecting ',' or ']'"})


def _record(place: int, value: object, span: Span) -> Record:
    return Record(place, value, DOCUMENT, span) if isinstance(value, dict) else _not_a_task(place, span, value)


def _lines(stream: Any, name: str) -> Iterator[tuple[int, str] | Diagnostic]:
    """The lines of a stream with their numbers; one that is too long or not UTF-8 becomes a diagnostic."""
    reader = io.BufferedReader(stream) if isinstance(stream, _Rejoined) else stream
    number = 0
    while line := reader.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            yield Diagnostic("A906", Span(Source(name, "", number), 0, 0), {"most": LONGEST_LINE})
            _skip_line(reader, line)
            continue
        if number == 1 and line.startswith(BOM):
            yield Diagnostic("A905", Span(Source(name, "", 1), 0, 0), {})
            line = line.removeprefix(BOM)
        try:
            yield number, line.decode("utf-8")
        except UnicodeDecodeError:
            yield Diagnostic("A103", Span(Source(name, "", number), 0, 0), {"path": name, "line": number})


def _skip_line(reader: Any, line: bytes) -> None:
    """Read a line that is too long to its end, a piece at a time."""
    while line and not line.endswith(b"\n"):
        line = reader.readline(LONGEST_LINE)


def _json_lines(stream: Any, name: str) -> Iterator[Record | Diagnostic]:
    place, is_faulty = 0, False
    for item in _lines(stream, name):
        if isinstance(item, Diagnostic):
            is_faulty = True
            place += item.code in _LINES_LOST
            yield item
            continue
        number, line = item
        if not line.strip():
            continue
        place += 1
        source = Source(name, line.rstrip("\n"), number)
        try:
            value, end = _decode(source, _skip(source, 0))
            _nothing_after(source, end)
        except _Bad as bad:
            span = Span(source, 0, len(source.text))
            yield Record(place, None, DOCUMENT, span, diagnostics=(bad.diagnostic,))
            continue
        yield _record(place, value, Span(source, 0, len(source.text)))
    if place == 0 and not is_faulty:
        yield Diagnostic("A927", None, {}, path=name)


# --------------------------------------------------------------------------------------------------- CSV


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
                if item.code in _LINES_LOST:
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


def _csv(stream: Any, name: str) -> Iterator[Record | Diagnostic]:
    raw = _Raw(_lines(stream, name))
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
