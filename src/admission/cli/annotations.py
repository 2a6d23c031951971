"""Diagnostics as other programs read them: one JSON object a line, SARIF 2.1.0, GitHub's workflow commands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from admission import __version__
from admission.analysis import Finding
from admission.diagnostics import Diagnostic, Language
from admission.diagnostics.catalogue import KINDS

Said = Diagnostic | Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def diagnostic_of(said: Said) -> Diagnostic:
    """The diagnostic of a finding, or the diagnostic itself."""
    return said.diagnostic if isinstance(said, Finding) else said


def as_json(said: Iterable[Said], lang: Language) -> str:  # noqa: ARG001 - an object holds both languages
    """One object a line; a finding of the prover has its witnesses too."""
    return "".join(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in said)


def as_github(said: Iterable[Said], lang: Language) -> str:
    """Workflow commands, which GitHub shows beside the lines (docs.github.com, "Workflow commands")."""
    lines = []
    for one in map(diagnostic_of, said):
        place = {"file": one.file, "line": one.line, "col": one.column} if one.file else {}
        shown = {**place, "title": f"admission {one.code}"}
        properties = ",".join(f"{key}={_escaped(str(value), _IN_PROPERTY)}" for key, value in shown.items())
        lines.append(f"::{one.severity} {properties}::{_escaped(_message(one, lang), _IN_MESSAGE)}\n")
    return "".join(lines)


_IN_MESSAGE: Mapping[str, str] = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY: Mapping[str, str] = {**_IN_MESSAGE, ":": "%3A", ",": "%2C"}


def _escaped(text: str, codes: Mapping[str, str]) -> str:
    return "".join(codes.get(character, character) for character in text)


def _message(diagnostic: Diagnostic, lang: Language) -> str:
    advice = diagnostic.advice(lang)
    return diagnostic.text(lang) + (f"\n{advice}" if advice else "")


def as_sarif(said: Iterable[Said], lang: Language) -> str:
    """A log in the Static Analysis Results Interchange Format 2.1.0 (OASIS), with one run."""
    diagnostics = [diagnostic_of(one) for one in said]
    codes = sorted({one.code for one in diagnostics})
    driver = {
        "name": "admission",
        "version": __version__,
        "rules": [_rule(code, lang) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, codes, lang) for one in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str, lang: Language) -> dict[str, Any]:
    from admission.cli.codes import title

    kind = KINDS[code]
    return {
        "id": code,
        "shortDescription": {"text": title(code, lang)},
        "help": {"text": f"admission check --explain {code}"},
        "defaultConfiguration": {"level": kind.severity},
    }


def _result(diagnostic: Diagnostic, codes: Sequence[str], lang: Language) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": _message(diagnostic, lang)},
    }
    if diagnostic.file:
        location = {"artifactLocation": {"uri": _uri(diagnostic.file)}, "region": _region(diagnostic)}
        result["locations"] = [{"physicalLocation": location}]
    return result


def _uri(file: str) -> str:
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _region(diagnostic: Diagnostic) -> dict[str, int]:
    region = {"startLine": diagnostic.line, "startColumn": diagnostic.column}
    if diagnostic.span is None:
        return region
    source, start, end = diagnostic.span
    line, column = source.position(max(start, end))
    return region | {"endLine": line, "endColumn": column}


FORMATS: Mapping[str, Callable[[Iterable[Said], Language], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
}
"""What each value of `--format` prints; `human` is what the terminal shows."""
