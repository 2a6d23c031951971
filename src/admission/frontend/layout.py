"""The canonical layout of a YAML file: two spaces a level, comments kept, nothing else said than before.

Lists and mappings stay as they were written, in brackets or a line an entry; one in brackets that holds a comment
becomes a line an entry, and one too long for its line is broken between entries. Single blank lines stay, and values
keep the spelling of their author.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from admission.diagnostics import Collector, Source
from admission.frontend.loader import Mapping, Node, Scalar, Sequence, parse

WIDTH = 120  # characters of a line
STEP = 2
_HEADER = re.compile(r"([|>])([-+]?)([1-9]?)([-+]?)")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: where it begins, what it says with its `#`, whether a blank line and nothing else stands before it."""

    offset: int
    text: str
    has_own_line: bool
    column: int


def formatted(source: Source, faults: Collector) -> str | None:
    """The file in canonical layout; None where it cannot be parsed, and then a fault says why.

    INVARIANT: the result says what the source says and has all its comments; otherwise the source is given back.
    """
    root = parse(source, faults)
    if root is None:
        return None
    comments = list(comments_of(source, root))
    text = laid_out(source, root)
    again = Source(source.name, text)
    reread = parse(again, Collector())
    is_same = reread is not None and said(reread) == said(root)
    kept = reread is not None and sorted(c.text for c in comments_of(again, reread)) == sorted(c.text for c in comments)
    return text if is_same and kept else source.text


def laid_out(source: Source, root: Node) -> str:
    """The lines of a file that was parsed."""
    return "\n".join(_Layout(source, list(comments_of(source, root))).document(root)) + "\n"


def said(node: Node) -> object:
    """What a node says, wherever and however it is written; the order of keys counts."""
    match node:
        case Scalar():
            return node.value, type(node.value)
        case Sequence():
            return [said(item) for item in node.items]
        case Mapping():
            return {"": [(key, said(value)) for key, value in node.items.items()]}


def comments_of(source: Source, root: Node) -> Iterator[Comment]:
    """Every comment, in the order of the file."""
    text, scalars = source.text, sorted((s.span.start, s.span.end, s.style) for s in _scalars(root))
    at, ends = 0, [*scalars, (len(text), len(text), None)]
    for start, end, style in ends:
        yield from _between(text, at, start)
        if style in ("|", ">"):
            newline = text.find("\n", start)
            yield from _between(text, start + 1, newline if newline >= 0 else end)
        at = max(at, end)


def _between(text: str, start: int, end: int) -> Iterator[Comment]:
    """The comments in a stretch that holds no value."""
    at = start
    while (at := text.find("#", at, end)) >= 0:
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text.rfind("\n", 0, at) + 1
        if at == line or text[at - 1] in " \t":
            yield Comment(at, text[at:stop].rstrip(), not text[line:at].strip(), at - line)
            at = stop
        else:
            at += 1


def _scalars(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case Sequence():
            for item in node.items:
                yield from _scalars(item)
        case Mapping():
            yield from node.keys.values()
            for item in node.items.values():
                yield from _scalars(item)


@dataclass(slots=True)
class _Layout:
    """Writes the lines of one document; comments wait in a queue until the place where they stand is reached."""

    source: Source
    waiting: list[Comment]
    written: int = field(default=0)
    """The offset up to which the source has been written, for the blank lines in between."""

    def document(self, root: Node) -> Iterator[str]:
        """All lines."""
        end = len(self.source.text)
        lines = [*self.block(root, 0, end), *self._written(self._take(end), 0)]
        while lines and not lines[0]:
            lines.pop(0)
        yield from lines

    # ------------------------------------------------------------------------------------- collections

    def block(self, node: Node, indent: int, limit: int) -> Iterator[str]:
        """The lines of a node that begins a line of its own; what follows it begins at `limit`."""
        if isinstance(node, Scalar) or not self._is_block(node):
            yield from self._above(node.span.start, indent)
            yield from self._inline(" " * indent, node, indent)
            return
        starts = [start for start, _, _ in self._entries(node)]
        for (start, key, value), following in zip(self._entries(node), [*starts[1:], limit], strict=True):
            yield from self._above(start, indent)
            yield from self._entry(key, value, indent, following)
        yield from self._below(node, indent, limit)

    def _entries(self, node: Node) -> list[tuple[int, Scalar | None, Node]]:
        """The entries of a collection: where each begins, its key, its value."""
        if isinstance(node, Mapping):
            return [(node.keys[key].span.start, node.keys[key], value) for key, value in node.items.items()]
        assert isinstance(node, Sequence)  # noqa: S101 - a scalar has none
        return [(item.span.start, None, item) for item in node.items]

    def _entry(self, key: Scalar | None, value: Node, indent: int, limit: int) -> Iterator[str]:
        if key is None:
            yield from self._item(value, indent, limit)
            return
        prefix = f"{' ' * indent}{self._text(key)}:"
        self.written = key.span.end
        if not self._is_block(value):
            yield from self._inline(prefix, value, indent)
            return
        yield prefix + self._beside(key.span.end, key.span.end, value.span.start)
        yield from self.block(value, indent + STEP, limit)

    def _item(self, value: Node, indent: int, limit: int) -> Iterator[str]:
        """An item of a list: its first line stands beside the dash."""
        if not self._is_block(value):
            yield from self._inline(" " * indent + "-", value, indent)
            return
        lines = list(self.block(value, indent + STEP, limit))
        # What stands between the dash and the first entry moves above the dash.
        while not (first := lines.pop(0)) or first.lstrip().startswith("#"):
            if first:
                yield first[STEP:]
        rest = lines
        yield f"{' ' * indent}- {first[indent + STEP :]}"
        yield from rest

    def _is_block(self, node: Node) -> bool:
        """Whether a node is written a line an entry."""
        if isinstance(node, Scalar) or not self._entries(node):
            return False
        start, end = node.span.start, node.span.end
        if self.source.text[start] not in "{[":
            return True
        return any(start <= comment.offset < end for comment in self.waiting)

    # ------------------------------------------------------------------------------------------- values

    def _inline(self, prefix: str, value: Node, indent: int) -> Iterator[str]:
        """A value on the line of its key or dash."""
        lines = self._value(value, len(prefix) + 1, indent)
        first, *rest = lines
        head = f"{prefix} {first}".rstrip() if prefix.strip() else f"{prefix}{first}"
        is_long = isinstance(value, Scalar) and value.style in ("|", ">")
        # The lines below `|` belong to the text, so a comment can stand on its first line only.
        beside = self._beside(self.written, value.span.start if is_long else value.span.end)
        end = value.span.end if is_long and "+" in first else len(self.source.text[: value.span.end].rstrip())
        self.written = max(self.written, end)
        yield head + (beside if is_long or not rest else "")
        yield from rest[:-1]
        if rest:
            yield rest[-1] + ("" if is_long else beside)

    def _value(self, node: Node, column: int, indent: int) -> list[str]:
        if not isinstance(node, Scalar):
            return self._filled(node, column)
        raw = self.source.text[node.span.start : node.span.end]
        if node.style in ("|", ">"):
            return self._literal(raw, indent + STEP)
        if "\n" not in raw:
            return [raw.strip()]
        if node.style is None and "\n" not in node.text:
            wide = textwrap.wrap(
                node.text, WIDTH - indent - STEP, break_long_words=False, break_on_hyphens=False,
                initial_indent=" " * max(0, column - indent - STEP),
            )  # fmt: skip
            return [wide[0].lstrip(), *(" " * (indent + STEP) + line for line in wide[1:])]
        return [json.dumps(node.text, ensure_ascii=False)]

    def _literal(self, raw: str, indent: int) -> list[str]:
        """A text of several lines under its `|` or `>`, moved to its place."""
        head, _, body = raw.partition("\n")
        match = _HEADER.match(head)
        assert match is not None  # noqa: S101 - the parser read it as one
        style, chomping, deep, after = match.groups()
        lines = body.split("\n")
        keep = chomping or after
        if keep != "+":
            while lines and not lines[-1].strip():
                lines.pop()
        elif lines and not lines[-1]:
            lines.pop()
        depth = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
        if deep:
            # Deeper lines begin with spaces of their own: how many is known from the value alone.
            depth = min(depth, self._depth_before(raw) + int(deep))
        moved = [" " * indent + line[depth:] if line.strip() else "" for line in lines]
        return [style + (str(STEP) if deep else "") + keep, *moved]

    def _depth_before(self, raw: str) -> int:
        start = self.source.text.find(raw)
        line = self.source.text.rfind("\n", 0, start) + 1
        text = self.source.text[line:start]
        return len(text) - len(text.lstrip(" -"))

    def _filled(self, node: Mapping | Sequence, column: int) -> list[str]:
        """A collection in brackets, as many entries on a line as fit, each line below the first entry."""
        whole = self._flow(node)
        lines, line, taken = [], whole[0], column
        for place, entry in enumerate(parts := self._parts(node)):
            text = entry + (", " if place < len(parts) - 1 else whole[-1])
            if len(line) > 1 and taken + len(line) + len(text.rstrip()) > WIDTH:
                lines.append(line.rstrip())
                line, taken = " " * (column + 1), 0
            line += text
        return [*lines, line] if parts else [whole]

    def _parts(self, node: Mapping | Sequence) -> list[str]:
        if isinstance(node, Sequence):
            return [self._flow(item) for item in node.items]
        return [f"{self._text(node.keys[key])}: {self._flow(value)}" for key, value in node.items.items()]

    def _flow(self, node: Node) -> str:
        """A node on one line, in brackets."""
        match node:
            case Scalar():
                return self._text(node) or "null"
            case Sequence():
                return f"[{', '.join(self._parts(node))}]"
            case Mapping():
                return f"{{{', '.join(self._parts(node))}}}"

    def _text(self, scalar: Scalar) -> str:
        raw = self.source.text[scalar.span.start : scalar.span.end].strip()
        if "\n" not in raw:
            return raw
        return json.dumps(scalar.text, ensure_ascii=False) if scalar.style else " ".join(raw.split())

    # ----------------------------------------------------------------------------------------- comments

    def _take(self, before: int) -> Iterator[Comment]:
        while self.waiting and self.waiting[0].offset < before:
            yield self.waiting.pop(0)

    def _above(self, start: int, indent: int) -> Iterator[str]:
        """The comments that stand before an entry, and a blank line where the source has one."""
        yield from self._written(self._take(start), indent)
        yield from self._blank(start)
        self.written = max(self.written, start)

    def _blank(self, before: int) -> Iterator[str]:
        """A blank line where the source has one or more since what was written last."""
        gap = self.source.text[self.written : before] if before > self.written else ""
        if self.written and re.search(r"\n[ \t]*\n", gap):
            yield ""

    def _beside(self, start: int, end: int, before: int | None = None) -> str:
        """The comment at the end of the line on which `end` lies; those on lines before it are joined to it."""
        stop = self.source.text.find("\n", end)
        stop = len(self.source.text) if stop < 0 else stop
        taken = list(self._take(stop if before is None else min(stop, before)))
        if not taken:
            return ""
        if taken[-1].offset < start:
            self.waiting[:0] = taken
            return ""
        self.written = max(self.written, taken[-1].offset + len(taken[-1].text))
        return "  " + " ".join(comment.text for comment in taken)

    def _below(self, node: Node, indent: int, limit: int) -> Iterator[str]:
        """The comments that stand after the last entry of a collection, and no further left than it."""
        first = self._entries(node)[0][0]
        column = first - (self.source.text.rfind("\n", 0, first) + 1)
        column -= STEP if isinstance(node, Sequence) else 0
        while self.waiting and self.waiting[0].offset < limit and self.waiting[0].column >= max(column, 1):
            yield from self._written([self.waiting.pop(0)], indent)

    def _written(self, comments: Iterable[Comment], indent: int) -> Iterator[str]:
        """Comments on lines of their own."""
        for comment in comments:
            yield from self._blank(comment.offset)
            yield " " * indent + comment.text
            self.written = comment.offset + len(comment.text)
