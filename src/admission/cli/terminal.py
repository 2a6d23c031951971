"""What goes to the terminal: diagnostics, tables that know the width of Chinese text, progress, colour."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from shutil import get_terminal_size
from typing import Literal, TypeVar

from admission.diagnostics import Diagnostic, Language
from admission.diagnostics.rendering import render_all, width

T = TypeVar("T")
Colour = Literal["red", "green", "yellow", "blue", "bold", "dim"]
_CODES: dict[Colour, str] = {
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "bold": "1",
    "dim": "2",
}


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    BAD_NEWS = 1
    WRONG = 2


def language_of_locale() -> Language:
    """`zh` where the environment's locale is Chinese, else `en`."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def report(diagnostics: Iterable[Diagnostic], lang: Language) -> None:
    """Diagnostics to stderr."""
    sys.stderr.write(render_all(diagnostics, lang) + "\n")


def is_colourful() -> bool:
    """Whether stdout is a terminal that wants colour (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def coloured(text: str, colour: Colour) -> str:
    """The text in a colour where stdout shows colours, else as it is."""
    return f"\033[{_CODES[colour]}m{text}\033[0m" if is_colourful() else text


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, colours: Sequence[Colour | None] = ()) -> str:
    """Rows under a header, columns aligned by their width in a terminal; the last column wraps.

    `colours` has one colour a row, for its second column.
    """
    listed = [list(row) for row in rows]
    widths = [max(width(row[i]) for row in [list(header), *listed]) for i in range(len(header))]
    room = max(20, _room() - sum(widths[:-1]) - 2 * (len(widths) - 1))
    lines = [_line(header, widths).rstrip()]
    lines.append("  ".join("─" * min(w, room) for w in widths))
    for number, row in enumerate(listed):
        colour = colours[number] if number < len(colours) else None
        last, *more = wrap(row[-1], room)
        lines.append(_line([*row[:-1], last], widths, colour).rstrip())
        indent = " " * (sum(widths[:-1]) + 2 * (len(widths) - 1))
        lines += [indent + piece for piece in more]
    return "\n".join(lines)


def _room() -> int:
    return get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 10_000


def _line(cells: Sequence[str], widths: Sequence[int], colour: Colour | None = None) -> str:
    padded = [cell + " " * (w - width(cell)) for cell, w in zip(cells[:-1], widths, strict=False)]
    if colour and len(padded) > 1:
        padded[1] = coloured(padded[1], colour)
    return "  ".join([*padded, cells[-1]])


def wrap(text: str, room: int) -> list[str]:
    """The text in pieces no wider than `room` columns; never empty.

    >>> wrap("经费未到位", 6)
    ['经费未', '到位']
    """
    pieces, piece = [], ""
    for character in text:
        if width(piece + character) > room:
            pieces.append(piece.rstrip())
            piece = ""
        piece += character
    return [*pieces, piece] if piece or not pieces else pieces


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Pass items through, with a count and rate on stderr once a second has gone by; on a terminal only."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = shown = time.monotonic()
    for count, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - start > 1 and now - shown > 0.2:  # noqa: PLR2004 - seconds
            shown = now
            sys.stderr.write(f"\r\033[K{_bar(count, total)} {count:,} {what}, {count / (now - start):,.0f}/s")
            sys.stderr.flush()
    if shown > start:
        sys.stderr.write("\r\033[K")


class Gauge:
    """What share of some work is done, its rate and the time left, on stderr once a second has gone by.

    It shows on a terminal only. A share that goes back begins another piece of work.
    """

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._total = total
        self._share = 0.0
        self._start = time.monotonic()
        self._is_shown = False

    def __call__(self, share: float) -> None:
        """Show that so much is done, from 0 to 1."""
        if share < self._share:
            self._start = time.monotonic()
        self._share = share
        gone = time.monotonic() - self._start
        if share > 0 and gone > 1 and sys.stderr.isatty():
            self._is_shown = True
            sys.stderr.write(f"\r\033[K{_bar(round(share * 1000), 1000)}{self._rate(gone)}, {self._left(gone)}")
            sys.stderr.flush()

    def _rate(self, gone: float) -> str:
        if not self._total:
            return ""
        count = self._share * self._total
        return f" {count:,.0f} {self._what}, {count / gone:,.0f}/s"

    def _left(self, gone: float) -> str:
        seconds = round(gone / self._share - gone)
        return f"{seconds // 60}:{seconds % 60:02} left"

    def close(self) -> None:
        """Take it off the screen."""
        if self._is_shown:
            sys.stderr.write("\r\033[K")


def _bar(count: int, total: int | None) -> str:
    if not total:
        return "…"
    filled = round(20 * count / total)
    return f"[{'#' * filled}{'.' * (20 - filled)}] {100 * count // total}%"
