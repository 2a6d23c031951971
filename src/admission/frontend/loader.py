"""Strict YAML with marks: text in, a tree of nodes out, each knowing where it was written.

Scalars are those of the YAML 1.2 core schema without its octal and hexadecimal forms: `no` is text, `12:30` is
text, `010` is ten, a date is text. Anchors, aliases, merge keys and tags are refused, so that a document says
what it shows; its size, depth and number of nodes are bounded, so that none can blow up.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import yaml

from admission.diagnostics import Collector, Diagnostic, InputError, Source, Span, why
from admission.frontend import yaml_faults
from admission.records import record

LARGEST = 16 * 1024 * 1024  # bytes of one file
DEEPEST = 50  # levels of nesting
MOST_NODES = 2_000_000

ScalarValue = str | int | Decimal | bool | None

# Line ends that only some programs see, and what turns the direction of writing round: a file must read as it shows.
_HIDDEN = re.compile("[\x85\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# The C parser of libyaml where PyYAML was built with it: the same events, ten times as fast.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@record
class Scalar:
    """A single value; `style` is YAML's: None for plain, `'`, `"`, `|`, `>`."""

    value: ScalarValue
    text: str
    style: str | None
    span: Span


@record
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@record
class Mapping:
    """Keys in the order of the file; each key's own scalar keeps its place."""

    items: dict[str, Node]
    keys: dict[str, Scalar]
    span: Span
    named: Span | None = None
    """The key that the mapping itself stands under."""


Node = Scalar | Sequence | Mapping


def read_source(path: Path, name: str | None = None) -> Source:
    """The text of a file. Raises `InputError` where it is missing, too large, or not UTF-8."""
    shown = name or str(path)
    try:
        if path.stat().st_size > LARGEST:
            raise _unreadable("A102", shown, size=LARGEST // 1024 // 1024)
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable("A101", shown, why=why(error)) from None
    return decode(data, shown)


def decode(data: bytes, name: str) -> Source:
    """UTF-8 bytes as a source, its byte-order mark dropped. Raises `InputError` with the line that is not UTF-8."""
    if len(data) > LARGEST:
        raise _unreadable("A102", name, size=LARGEST // 1024 // 1024)
    try:
        return Source(name, _with_line_ends(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        shown = Source(name, _with_line_ends(data.removeprefix(BOM_UTF8).decode(errors="replace")))
        start = len(_with_line_ends(error.object[: error.start].decode()))
        line = shown.position(start)[0]
        found = Diagnostic("A103", Span(shown, start, start + 1), {"path": name, "line": line})
        raise InputError([found]) from None


def _with_line_ends(text: str) -> str:
    """The text with every line ended by a line feed alone, as Windows and old Macintoshes do not."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unreadable(code: str, path: str, **data: object) -> InputError:
    return InputError([Diagnostic(code, None, {"path": path, **data}, path=path)])


def parse(source: Source, faults: Collector) -> Node | None:
    """The document's root node; None where it is empty or cannot be parsed, and then a fault says why."""
    if hidden := list(_HIDDEN.finditer(source.text)):
        for found in hidden:
            faults.add("A105", Span(source, *found.span()), char=f"U+{ord(found.group()):04X}")
        return None
    try:
        root = _compose(source, faults)
    except yaml.YAMLError as error:
        faults.keep(yaml_faults.fault(source, error))
        return None
    except _TooMuch:
        return None
    if root is None:
        faults.add("A104", Span(source, 0, 0))
    return root


def _compose(source: Source, faults: Collector) -> Node | None:
    try:
        return _Composer(source, faults).compose(source.text)
    except yaml.MarkedYAMLError as error:
        # From 6.0.4 on the parser reads ahead, meets its own bound of a thousand levels and gives up before it has
        # told of the first: the text up to there is deeper than ours.
        deepest = yaml_faults.nested_until(source, error)
        if deepest is None:
            raise
        return _Composer(source, faults).compose(source.text[:deepest])


def _offset(source: Source, mark: Any) -> int:
    # INVARIANT: both parsers count characters, and the source has neither a byte-order mark nor carriage returns.
    return min(int(mark.index), len(source.text))


class _TooMuch(Exception):  # noqa: N818 - ends the parse of a document past its bounds
    pass


@dataclass
class _Open:
    """A collection whose end has not been read yet."""

    start: int
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    key: Scalar | None = None
    awaits_key: bool = True


class _Composer:
    """Builds the tree from the parser's events, without recursion, watching the bounds."""

    def __init__(self, source: Source, faults: Collector) -> None:
        self.source = source
        self.faults = faults
        self.stack: list[_Open] = []
        self.nodes = 0
        self.root: Node | None = None

    def compose(self, text: str) -> Node | None:
        documents = 0
        for event in self._events(text):
            match event:
                case yaml.ScalarEvent():  # three events in five
                    self._add(self._scalar(event))
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self._stop("A112", event)
                case yaml.AliasEvent():
                    self._stop("A109", event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._open(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._close(event)
                case _:
                    pass
        if isinstance(self.root, Scalar) and self.root.value is None:
            return None
        return self.root

    def _events(self, text: str) -> Iterator[Any]:
        parser = _Parser(text)
        try:
            yield from iter(parser.get_event, None)
        finally:
            parser.dispose()

    def _stop(self, code: str, event: Any, **data: object) -> NoReturn:
        start = _offset(self.source, event.start_mark)
        span = Span(self.source, start, max(start + 1, _offset(self.source, event.end_mark)))
        self.faults.keep(Diagnostic(code, span, data))
        raise _TooMuch

    def _count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._stop("A110", event, most=MOST_NODES)
        if event.anchor is not None:
            self._stop("A109", event)
        if event.tag is not None and event.tag != "!":
            written = self.source.text[_offset(self.source, event.start_mark) :].split(maxsplit=1)[0]
            self._stop("A113", event, tag=written[:60])

    def _open(self, event: Any) -> None:
        self._count(event)
        if len(self.stack) >= DEEPEST:
            self._stop("A111", event, deepest=DEEPEST)
        self.stack.append(_Open(_offset(self.source, event.start_mark), isinstance(event, yaml.MappingStartEvent)))

    def _close(self, event: Any) -> None:
        done = self.stack.pop()
        end = _offset(self.source, event.end_mark)
        span = Span(self.source, done.start, end)
        if not done.is_mapping:
            self._add(Sequence(tuple(done.items), span))
            return
        key = self.stack[-1].key if self.stack and not self.stack[-1].awaits_key else None
        self._add(Mapping(done.values, done.keys, span, key.span if key else None))

    def _scalar(self, event: Any) -> Scalar:
        self._count(event)
        start, end = _offset(self.source, event.start_mark), _offset(self.source, event.end_mark)
        value = event.value if event.style else core_value(event.value)
        return Scalar(value, event.value, event.style or None, Span(self.source, start, end))

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if not top.is_mapping:
            top.items.append(node)
        elif top.awaits_key:
            top.key = self._key(node)
            top.awaits_key = False
        else:
            self._put(top, node)

    def _key(self, node: Node) -> Scalar | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            if node.value == "<<" and node.style is None:
                self.faults.add("A109", node.span)
                return None
            return node
        self.faults.add("A115", node.span, found=_kind_of(node))
        return None

    def _put(self, top: _Open, node: Node) -> None:
        key, top.awaits_key = top.key, True
        if key is None:
            return
        name = str(key.value)
        if name in top.values:
            first = top.keys[name].span
            self.faults.add("A114", key.span, key=name, line=first.source.position(first.start)[0])
            return
        top.values[name] = node
        top.keys[name] = key


def _kind_of(node: Node) -> tuple[str, str]:
    match node:
        case Mapping():
            return "一个映射", "a mapping"
        case Sequence():
            return "一个列表", "a list"
        case Scalar(_, text):
            return f"`{text[:40]}`", f"`{text[:40]}`"


_INT = re.compile(r"[-+]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_WORDS: dict[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), Decimal("NaN")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), Decimal("Infinity")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), Decimal("-Infinity")),
}
_LONGEST_NUMBER = 100


def core_value(text: str) -> ScalarValue:
    """What a plain scalar means in the YAML 1.2 core schema; numbers are exact.

    >>> core_value("NO"), core_value("12:30"), core_value("010"), core_value("0.10")
    ('NO', '12:30', 10, Decimal('0.10'))
    """
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER or text[0] not in "-+.0123456789":
        return text
    if _INT.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def plain(node: Node) -> object:
    """The node as plain Python: dict, list, str, int, Decimal, bool, None."""
    match node:
        case Scalar(value):
            return value
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(items):
            return {key: plain(item) for key, item in items.items()}
