"""One thing that is wrong, and the collector that keeps all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Literal

from admission.diagnostics.catalogue import KINDS, Kind
from admission.diagnostics.source import Span
from admission.records import record

Severity = Literal["error", "warning"]
Language = Literal["zh", "en"]

LONGEST_WORD = 80  # characters; longer ones are not compared
CAP = 100  # diagnostics shown of one run; the rest are counted
# A Chinese template, and a Latin word or back-ticked one put into it: they are set apart by a space.
_SEAM = "\0"
_UNSPACED = re.compile(rf"(?<=[\u4e00-\u9fff]){_SEAM}(?=[A-Za-z0-9`])")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None.

    >>> nearest("assistence", ["assistance", "market_service"])
    'assistance'
    """
    if len(word) > LONGEST_WORD:
        return None
    import difflib

    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


@record
class Diagnostic:
    """One fault or warning: a kind from the catalogue, its place, and the words that fill its message."""

    code: str
    span: Span | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    near: str | None = None
    path: str | None = None
    """The file, where there is no span to say it."""

    @property
    def kind(self) -> Kind:
        """The catalogue's entry for the code."""
        return KINDS[self.code]

    @property
    def severity(self) -> Severity:
        """`error` or `warning`."""
        return self.kind.severity

    @property
    def file(self) -> str:
        """The file's name as it was given, or empty."""
        return self.span.source.name if self.span else self.path or ""

    @property
    def line(self) -> int:
        """Line, from 1."""
        return self.span.source.position(self.span.start)[0] if self.span else 1

    @property
    def column(self) -> int:
        """Column in characters, from 1."""
        return self.span.source.position(self.span.start)[1] if self.span else 1

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return self.text("en")

    @property
    def help(self) -> str:
        """What to do, in English; may be empty."""
        return self.advice("en")

    def text(self, lang: Language) -> str:
        """What is wrong, in `zh` or `en`."""
        return fill(self.kind.zh if lang == "zh" else self.kind.en, self.data, lang)

    def advice(self, lang: Language) -> str:
        """What to do, in `zh` or `en`; may be empty."""
        # What to do depends on what was found, here and there; then the fault itself says it.
        of_kind = self.kind.help_zh if lang == "zh" else self.kind.help_en
        advice = fill(of_kind or ("{advice}" if "advice" in self.data else ""), self.data, lang)
        if self.near is None:
            return advice
        meant = f"是否指 `{self.near}`？" if lang == "zh" else f"did you mean `{self.near}`?"
        return f"{meant}{'' if lang == 'zh' else ' '}{advice}".rstrip()

    def to_dict(self) -> dict[str, object]:
        """JSON-ready, with both languages."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.text("en"),
            "message_zh": self.text("zh"),
            "help": self.advice("en"),
            "help_zh": self.advice("zh"),
        }


def fill(template: str, data: Mapping[str, object], lang: Language) -> str:
    """Put the words into a message; a word given as a pair is (Chinese, English)."""
    words = {key: _say(value, lang) for key, value in data.items()}
    if lang == "en":
        return template.format_map(words)
    marked = template.format_map({key: f"{_SEAM}{word}" for key, word in words.items()})
    return _UNSPACED.sub(" ", marked).replace(_SEAM, "")


def _say(value: object, lang: Language) -> str:
    if isinstance(value, tuple):
        zh, en = value
        return str(zh if lang == "zh" else en)
    return str(value)


class Collector:
    """Keeps every diagnostic of a run; the same fault at the same place is kept once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], Diagnostic] = {}

    def add(self, code: str, span: Span | None = None, /, near: str | None = None, **data: object) -> None:
        """Report one fault."""
        self.keep(Diagnostic(code, span, data, near))

    def keep(self, diagnostic: Diagnostic) -> None:
        """Report one diagnostic that is already made."""
        key = (diagnostic.code, diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message)
        self._kept.setdefault(key, diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self._kept)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """By file, line, column, code."""
        return tuple(sorted(self._kept.values(), key=lambda d: (d.file, d.line, d.column, d.code, d.message)))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that keep a policy from loading."""
        return tuple(d for d in self.sorted() if d.severity == "error")
