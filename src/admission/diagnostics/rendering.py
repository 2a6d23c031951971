"""Diagnostics as people read them: place, code, source line, caret, help."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import combining, east_asian_width

from admission.diagnostics.report import CAP, Diagnostic, Language

WORDS = {
    "error": ("错误", "error"),
    "warning": ("警告", "warning"),
    "help": ("帮助", "help"),
}
LINE_SHOWN = 160


def width(text: str) -> int:
    """Columns a text takes in a terminal: East Asian wide and full-width characters take two (Unicode UAX #11).

    >>> width("计划清单 ok")
    11
    """
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def render(diagnostic: Diagnostic, lang: Language = "en") -> str:
    """`path:line:column: error[A012]: ...`, the source line, a caret, and the help."""
    place = f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}: " if diagnostic.file else ""
    lines = [f"{place}{_word(diagnostic.severity, lang)}[{diagnostic.code}]: {diagnostic.text(lang)}"]
    lines += _excerpt(diagnostic)
    if advice := diagnostic.advice(lang):
        lines.append(f"  = {_word('help', lang)}: {advice}")
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], lang: Language = "en") -> str:
    """All of them, the first hundred whole and the rest counted."""
    found = list(diagnostics)
    shown = [render(d, lang) for d in found[:CAP]]
    if (rest := len(found) - CAP) and rest > 0:
        shown.append(f"……另有 {rest} 处" if lang == "zh" else f"... and {rest} more")
    return "\n".join(shown)


def _word(word: str, lang: Language) -> str:
    # The severity stays English in the first line of every language: editors and scripts match on it.
    if word in ("error", "warning"):
        return word
    return WORDS[word][0 if lang == "zh" else 1]


def _excerpt(diagnostic: Diagnostic) -> list[str]:
    if diagnostic.span is None:
        return []
    source, start, end = diagnostic.span
    number, column = source.position(start)
    line = source.line(number)
    if not line.strip():
        return []
    marked = max(1, width(line[column - 1 : column - 1 + max(1, end - start)]))
    if len(line) > LINE_SHOWN:
        cut = max(0, column - 1 - LINE_SHOWN // 2)
        line, column = line[cut : cut + LINE_SHOWN], column - cut
        marked = min(marked, max(1, width(line) - width(line[: column - 1])))
    gutter = str(number)
    pad = " " * width(line[: column - 1])
    return [f"  {gutter} | {line.expandtabs(1)}", f"  {' ' * len(gutter)} | {pad}{'^' * marked}"]
