"""Tasks in JSON and in JSON Lines. Numbers are exact: nothing passes through a float."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from admission.diagnostics import Diagnostic, Source, Span
from admission.frontend import loader
from admission.frontend.task_records import BOM, LINES_LOST, Record, lines_of, not_a_task
from admission.intake import DOCUMENT

_DIGITS = 400  # of one number; more cannot be a value of any type
_SPACE = re.compile(r"[ \t\r\n]*")


class _DuplicateError(ValueError):
    pass


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateError(next(key for key in keys if keys.count(key) > 1))
    return found


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


class _Bad(Exception):  # noqa: N818 - carries the diagnostic to the reader
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


def _skip(source: Source, at: int) -> int:
    found = _SPACE.match(source.text, at)
    return found.end() if found else at


def json_of(data: bytes, name: str) -> Iterator[Record | Diagnostic]:
    """The tasks of a JSON document: a list of them, or one."""
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
    return Record(place, value, DOCUMENT, span) if isinstance(value, dict) else not_a_task(place, span, value)


def json_lines_of(stream: Any, name: str) -> Iterator[Record | Diagnostic]:
    """The tasks of JSON Lines, one a line."""
    place, is_faulty = 0, False
    for item in lines_of(stream, name):
        if isinstance(item, Diagnostic):
            is_faulty = True
            place += item.code in LINES_LOST
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
