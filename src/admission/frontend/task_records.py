"""One task of a file, and the lines of a stream: what the readers of every kind of file share."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import IO, Any

from admission.datatypes import shown
from admission.diagnostics import Diagnostic, Source, Span, TaskError
from admission.frontend import loader
from admission.intake import DOCUMENT, Door
from admission.records import record

LONGEST_LINE = 1_000_000  # characters
BOM = b"\xef\xbb\xbf"
LINES_LOST = ("A103", "A906")
"""A line that cannot be read: in JSON Lines one task, which keeps its place; in CSV the end: it may hold a quote."""


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


def not_a_task(place: int, span: Span, value: object) -> Record:
    """The record of a value that has no keys."""
    return Record(place, None, DOCUMENT, span, diagnostics=(Diagnostic("A902", span, {"found": shown(value)}),))


class Rejoined(io.RawIOBase):
    """A stream whose beginning was read already."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on, into a buffer."""
        data = self._start[: len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def whole(stream: Any) -> bytes:
    """All that a stream holds, up to one byte more than is read of any file."""
    reader = io.BufferedReader(stream) if isinstance(stream, Rejoined) else stream
    data: bytes = reader.read(loader.LARGEST + 1)
    return data


def lines_of(stream: Any, name: str) -> Iterator[tuple[int, str] | Diagnostic]:
    """The lines of a stream with their numbers; one that is too long or not UTF-8 becomes a diagnostic."""
    reader = io.BufferedReader(stream) if isinstance(stream, Rejoined) else stream
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
