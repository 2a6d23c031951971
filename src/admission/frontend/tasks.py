"""Files of tasks: YAML, JSON, JSON Lines and CSV, each record with its place.

JSON Lines and CSV are read line by line, so a file may be of any size; YAML and JSON are read whole and bounded.
Numbers are exact: nothing passes through a float.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from admission.diagnostics import Collector, Diagnostic, InputError, why
from admission.frontend import loader
from admission.frontend.task_csv import csv_of
from admission.frontend.task_json import json_lines_of, json_of
from admission.frontend.task_records import BOM, LONGEST_LINE, Record, Rejoined, not_a_task, whole
from admission.intake import DOCUMENT

__all__ = ["BOM", "FORMATS", "LONGEST_LINE", "Record", "read_stream", "read_tasks"]

FORMATS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}


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
        yield from read_stream(Rejoined(start, stream), name, kind)
        return
    yield from read_stream(stream, name, kind)


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
            return json_lines_of(stream, name)
        case "csv":
            return csv_of(stream, name)
        case "json":
            return json_of(whole(stream), name)
        case _:
            return _yaml(whole(stream), name)


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
            yield not_a_task(place, node.span, loader.plain(node))
