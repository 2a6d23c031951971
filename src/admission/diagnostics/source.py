"""Where a thing was written: a text, and a stretch of it."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Source:
    r"""A named text that positions point into; lines and columns count from 1, columns in characters.

    `first_line` is the number of the text's first line, where it is an excerpt of a longer file.

    >>> Source("policy.yaml", "a\nbc").position(3)
    (2, 2)
    """

    __slots__ = ("_starts", "first_line", "name", "text")

    def __init__(self, name: str, text: str, first_line: int = 1) -> None:
        self.name = name
        self.text = text
        self.first_line = first_line
        self._starts: list[int] | None = None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line - 1 + self.first_line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of one line, without its end; empty past the last line."""
        starts = self._line_starts()
        number -= self.first_line - 1
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")

    def offset(self, line: int, column: int) -> int:
        """The character offset of a line and column, both from 1."""
        return self._line_starts()[line - self.first_line] + column - 1

    def _line_starts(self) -> list[int]:
        if self._starts is None:
            self._starts = [0]
            find, at = self.text.find, -1
            while (at := find("\n", at + 1)) >= 0:
                self._starts.append(at + 1)
        return self._starts

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """A stretch of a source, from `start` up to but not including `end`, in characters."""

    source: Source
    start: int
    end: int

    @property
    def place(self) -> str:
        """`path:line`, for a message that points to another place."""
        return f"{self.source.name}:{self.source.position(self.start)[0]}"
