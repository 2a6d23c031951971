"""Put policy files, case files and any other YAML of a policy in their canonical layout; comments stay.

Folders are searched for `.yaml` and `.yml`. A file is rewritten whole or not at all, and never says anything else than
before. `-` reads standard input and prints the result. With `--check` nothing is written: what would change is shown,
and the exit code is 1 if anything would. With `--format json` each file is one object a line: `file`, `changed`, and
`diff` with `--check`, or `text` for standard input.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from admission.cli.terminal import Exit, report
from admission.diagnostics import Collector, Diagnostic, InputError, Source
from admission.frontend.layout import formatted
from admission.frontend.loader import LARGEST, decode, read_source

EXAMPLE = "admission fmt --check policies/beijing"
SUFFIXES = (".yaml", ".yml")


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+", help="files, folders of them, or - for standard input")
    parser.add_argument("--check", action="store_true", help="write nothing; show what would change")
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to say what changed")


def run(options: argparse.Namespace) -> int:
    """Format each file; those that cannot be parsed are reported, and the others formatted all the same."""
    faults, changed = Collector(), 0
    for name in options.files:
        for source, path in _sources(name, faults):
            text = formatted(source, faults)
            if text is not None:
                changed += _deliver(source, path, text, options)
    if len(faults):
        report(faults.sorted(), options.lang)
        return Exit.WRONG
    return Exit.BAD_NEWS if options.check and changed else Exit.DONE


def _sources(name: str, faults: Collector) -> Iterator[tuple[Source, Path | None]]:
    """The files that an argument names, each with where it is written to: nowhere for standard input."""
    if name == "-":
        yield decode(sys.stdin.buffer.read(LARGEST + 1), "<stdin>"), None
        return
    path = Path(name)
    found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES) if path.is_dir() else [path]
    if not found:
        faults.keep(Diagnostic("A610", None, {"path": path}, path=name))
    for file in found:
        try:
            yield read_source(file), file
        except InputError as error:
            for fault in error.diagnostics:
                faults.keep(fault)


def _deliver(source: Source, path: Path | None, text: str, options: argparse.Namespace) -> int:
    """Write or show one file's layout; 1 where it was another."""
    has_changed = text != source.text or (path is not None and path.read_bytes() != text.encode())
    if has_changed and path is not None and not options.check:
        _replace(path, text)
    said = _in_json if options.format == "json" else _in_words
    sys.stdout.writelines(said(source, path, text, has_changed, options))
    return int(has_changed)


def _in_words(
    source: Source, path: Path | None, text: str, has_changed: bool, options: argparse.Namespace
) -> Iterator[str]:
    if options.check:
        yield from _difference(source, text)
    elif path is None:
        yield text
    elif has_changed:
        yield {"zh": f"已整理 {path}\n", "en": f"formatted {path}\n"}[options.lang]


def _in_json(
    source: Source, path: Path | None, text: str, has_changed: bool, options: argparse.Namespace
) -> Iterator[str]:
    said: dict[str, object] = {"file": source.name, "changed": has_changed}
    if options.check:
        said["diff"] = "".join(_difference(source, text))
    elif path is None:
        said["text"] = text
    yield json.dumps(said, ensure_ascii=False) + "\n"


def _difference(source: Source, text: str) -> Iterator[str]:
    before, after = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    yield from difflib.unified_diff(before, after, source.name, source.name)


def _replace(path: Path, text: str) -> None:
    """Write a file beside the old one and put it in its place, with the old one's permissions."""
    target = path.resolve()
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n", dir=target.parent, delete=False) as file:
        file.write(text)
    written = Path(file.name)
    written.chmod(target.stat().st_mode)
    written.replace(target)
