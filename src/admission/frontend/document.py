"""A tree of nodes checked against the shapes: every fault reported, what is sound kept.

A part that does not fit is left out of the result and its owner marked as broken, so that later passes can go on
and say the rest without repeating themselves.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from admission.diagnostics import Collector, Span, nearest
from admission.frontend import shapes
from admission.frontend.loader import Mapping, Node, Scalar, Sequence
from admission.frontend.shapes import LANGUAGES
from admission.records import record

LONGEST_NAME = 100
_TRUTHS = {
    **dict.fromkeys(("yes", "y", "on", "是", "1"), "true"),
    **dict.fromkeys(("no", "n", "off", "否", "0"), "false"),
}
_RUN_ON = re.compile(r"(\w+)([：:])")
Labels = dict[str, str]


@dataclass(slots=True)
class Fields:
    """A record as read: its sound keys, and whether a required one is missing or unfit."""

    span: Span
    values: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    label: Labels = field(default_factory=dict)
    broken: bool = False

    def get(self, key: str) -> Any:
        """What stands under a key, or None."""
        return self.values.get(key)


@record
class Entry:
    """One entry of a mapping whose keys the author chose."""

    name: str
    span: Span
    value: Any
    """What was read; None where it does not fit."""


@record
class Word:
    """A name or word, and where it stands."""

    text: str
    span: Span


class Reader:
    """Reads nodes by their shapes; `languages` are those that every label must have."""

    def __init__(self, faults: Collector, languages: Iterable[str]) -> None:
        self.faults = faults
        self.languages = tuple(languages)

    def read(self, shape: shapes.Shape, node: Node) -> Any:
        """What the node says in this shape; None where it does not fit, and then a fault says why."""
        match shape:
            case shapes.Text():
                return self._text(node)
            case shapes.File():
                text = self._text(node)
                return None if text is None else Word(text, node.span)
            case shapes.Flag():
                return self._flag(node)
            case shapes.Day():
                return self._day(node)
            case shapes.Name():
                return self._name(node)
            case shapes.Path():
                return self._path(shape.of, node)
            case shapes.Choice(words):
                return self._choice(words, node)
            case shapes.Expression():
                return self._expression(node)
            case shapes.Constant():
                return node
            case shapes.Labels():
                return self._labels(node)
            case shapes.ListOf(item, least):
                return self._list(item, least, node)
            case shapes.MapOf(item, key):
                return self._map(item, key, node)
            case shapes.Record():
                return self._record(shape, node)
            case shapes.Either(word, mapping):
                return self.read(mapping if isinstance(node, Mapping) else word, node)
            case _:
                assert_never(shape)

    # ---------------------------------------------------------------------------------- scalars

    def _unfit(self, node: Node, zh: str, en: str, advice: tuple[str, str] = ("", "")) -> None:
        self.faults.add("A201", node.span, expected=(zh, en), found=found(node), advice=advice)

    def _text(self, node: Node) -> str | None:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
            return " ".join(node.value.split())
        if isinstance(node, Scalar) and node.value is not None and not isinstance(node.value, str):
            self.faults.add("A202", node.span, found=node.text)
        else:
            self._unfit(node, "文字", "a text")
        return None

    def _flag(self, node: Node) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        word = _TRUTHS.get(str(node.value).lower()) if isinstance(node, Scalar) else None
        self._unfit(node, "true 或 false", "true or false", (f"请写 {word}", f"write {word}") if word else ("", ""))
        return None

    def _day(self, node: Node) -> Any:
        from admission.datatypes import DATE, Unfit, from_document

        if isinstance(node, Scalar) and isinstance(node.value, str):
            try:
                return from_document(DATE, node.value)
            except Unfit:
                pass
        advice = (
            "年写四位，月、日各写两位，1900 至 2199 年之间",
            "four digits of the year, 1900 to 2199, two of month and day",
        )
        self._unfit(node, "日期，如 2019-01-01", "a date such as 2019-01-01", advice)
        return None

    def _name(self, node: Node) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return self.name(node)
        self._unfit(node, "名称", "a name")
        return None

    def name(self, node: Scalar) -> Word | None:
        """The name a scalar spells, in NFKC; None where it is no name, and then a fault says why."""
        text = unicodedata.normalize("NFKC", str(node.value))
        if text.isidentifier() and not keyword.iskeyword(text) and len(text) <= LONGEST_NAME:
            return Word(text, node.span)
        self.faults.add("A203", node.span, found=str(node.value)[:60])
        return None

    def _path(self, of: str, node: Node) -> tuple[Word, Word] | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            row, dot, column = unicodedata.normalize("NFKC", node.value).partition(".")
            if dot and row.isidentifier() and column.isidentifier():
                return Word(row, node.span), Word(column, node.span)
        self._unfit(node, "「查询.列」" if of == "look_up.column" else f"「{of}」", of)
        return None

    def _choice(self, words: tuple[str, ...], node: Node) -> str | None:
        if isinstance(node, Scalar) and node.value in words:
            return str(node.value)
        near = nearest(str(node.value), words) if isinstance(node, Scalar) else None
        listed = ", ".join(words)
        self.faults.add("A204", node.span, near, expected=listed, found=found(node))
        return None

    def _expression(self, node: Node) -> Scalar | None:
        if isinstance(node, Scalar) and node.value is not None:
            return node
        if isinstance(node, Mapping):
            self.faults.add("A205", node.span)
        else:
            self._unfit(node, "条件或算式", "an expression")
        return None

    # ------------------------------------------------------------------------------- collections

    def _labels(self, node: Node) -> Labels | None:
        if not isinstance(node, Mapping):
            expected = ", ".join(f"{lang}: ..." for lang in self.languages)
            self._unfit(node, f"各语言的文字 {{{expected}}}", f"a text for each language, {{{expected}}}")
            return None
        node = self._unknown_keys(node, self.languages)
        texts = {lang: self._text(node.items[lang]) for lang in self.languages if lang in node.items}
        self._translations(texts, head(node))
        return {lang: text or "" for lang, text in texts.items()}

    def _translations(self, texts: Iterable[str], span: Span) -> None:
        there = set(texts)
        for lang in self.languages:
            if lang not in there:
                self.faults.add("A206", span, lang=lang)

    def _list(self, item: shapes.Shape, least: int, node: Node) -> list[Any] | None:
        if not isinstance(node, Sequence):
            is_word = isinstance(node, Scalar) and node.text.isidentifier()
            advice = (f"请写 [{node.text}]", f"write [{node.text}]") if is_word else ("", "")  # type: ignore[union-attr] # a scalar
            self._unfit(node, "列表，如 [a, b]", "a list such as [a, b]", advice)
            return None
        if len(node.items) < least:
            self.faults.add("A207", node.span)
            return None
        read = [self.read(item, child) for child in node.items]
        self._repeats(read)
        return [value for value in read if value is not None]

    def _repeats(self, items: list[Any]) -> None:
        seen = set()
        for item in items:
            if isinstance(item, Word):
                if item.text in seen:
                    self.faults.add("A208", item.span, found=item.text)
                seen.add(item.text)

    def _map(self, item: shapes.Shape, key: str, node: Node) -> list[Entry] | None:
        if not isinstance(node, Mapping):
            self._unfit(node, "映射（名称: 内容）", "a mapping, name: content")
            return None
        read = list(self._entries(item, key, node))
        # What a list of days lacks is not to be taken for a gap.
        return None if key == "day" and len(read) < len(node.items) else read

    def _entries(self, item: shapes.Shape, key: str, node: Mapping) -> Iterator[Entry]:
        seen: dict[str, Span] = {}
        for text, child in node.items.items():
            scalar = node.keys[text]
            name = self._day(scalar) if key == "day" else self.name(scalar)
            if name is None:
                continue
            said = name.text if isinstance(name, Word) else name
            if said in seen:
                self.faults.add("A114", scalar.span, key=text, line=seen[said].source.position(seen[said].start)[0])
                continue
            seen[said] = scalar.span
            yield Entry(said, scalar.span, self.read(item, child))

    def _record(self, shape: shapes.Record, node: Node) -> Fields | None:
        if not isinstance(node, Mapping):
            keys = ", ".join(name for name, key in shape.keys.items() if key.required)
            self._unfit(
                node,
                f"映射，含 {keys}" if keys else "映射",
                f"a mapping with {keys}" if keys else "a mapping",
            )
            return None
        if not shape.open:
            labels = () if shape.labelled == "no" else self.languages
            node = self._unknown_keys(node, (*shape.keys, *labels))
        read = Fields(head(node), keys={name: scalar.span for name, scalar in node.keys.items()})
        for name, key in shape.keys.items():
            self._field(name, key, node, read)
        if shape.open:
            read.values |= {name: child for name, child in node.items.items() if name not in shape.keys}
        self._record_labels(shape, node, read)
        self._exactly_one(shape, node)
        return read

    def _field(self, name: str, key: shapes.Key, node: Mapping, read: Fields) -> None:
        if name in node.items:
            read.values[name] = value = self.read(key.shape, node.items[name])
            read.broken |= value is None
        elif key.required:
            self.faults.add("A209", head(node), key=name, says=key.says)
            read.broken = True

    def _record_labels(self, shape: shapes.Record, node: Mapping, read: Fields) -> None:
        if shape.labelled == "no":
            return
        texts = {lang: self._text(node.items[lang]) for lang in self.languages if lang in node.items}
        if texts or shape.labelled == "required":
            self._translations(texts, head(node))
        read.label = {lang: text or "" for lang, text in texts.items()}

    def _exactly_one(self, shape: shapes.Record, node: Mapping) -> None:
        there = [name for name in shape.one_of if name in node.items]
        if len(there) > 1:
            self.faults.add("A210", node.keys[there[1]].span, keys=" / ".join(shape.one_of))
        elif shape.one_of and not there:
            self.faults.add(
                "A211" if "cite" in shape.one_of else "A217",
                head(node),
                keys=" / ".join(f"`{name}`" for name in shape.one_of),
            )

    def _unknown_keys(self, node: Mapping, known: Iterable[str]) -> Mapping:
        """Reports them; what is misspelt is then read as what was meant, so that nothing follows from it."""
        known = tuple(known)
        items: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        for name, scalar in node.keys.items():
            if name not in known:
                near, said = self._unknown_key(scalar, node.items[name], known)
                if near is not None and near not in node.items:
                    items.setdefault(near, said)
                    keys.setdefault(near, scalar)
        return replace(node, items=node.items | items, keys=node.keys | keys) if items else node

    def _unknown_key(self, scalar: Scalar, said: Node, known: tuple[str, ...]) -> tuple[str | None, Node]:
        """Reports a key that does not stand here; what was probably meant, or None, and what it holds."""
        name = str(scalar.value)
        if name in LANGUAGES and name not in self.languages:
            self.faults.add("A212", scalar.span, lang=name)
            return None, said
        run_on = _RUN_ON.match(name)
        if run_on and run_on[1] in known:
            return run_on[1], self._run_on(scalar, run_on)
        near = nearest(name, known)
        self.faults.add("A213", scalar.span, near, key=name[:60], known=", ".join(known))
        return near, said

    def _run_on(self, scalar: Scalar, found: re.Match[str]) -> Scalar:
        """Reports the colon of `{zh：文字}` or `{zh:文字}`, which YAML takes for a key; what was to stand under it."""
        at = scalar.span.start + found.start(2) + (scalar.style is not None)
        place = Span(scalar.span.source, at, at + 1)
        if found[2] == "：":
            self.faults.add("A107", place, char="：", plain=":")
        else:
            self.faults.add("A106", place, problem=("冒号后缺空格", "no space after the colon"))
        text = found.string[found.end() :]
        return Scalar(text, text, None, Span(place.source, at + 1, scalar.span.end))


def head(node: Mapping) -> Span:
    """The place to point at for a whole mapping: the key above it, or its first line."""
    source, start, end = node.span
    if node.named and source.position(node.named.start)[0] < source.position(start)[0]:
        return node.named
    line_end = source.text.find("\n", start)
    return Span(source, start, min(end, line_end if line_end >= 0 else end))


_LONGEST_FOUND = 40


def found(node: Node) -> tuple[str, str]:
    """What stands there, in words."""
    match node:
        case Mapping(items):
            return ("映射", "a mapping") if items else ("空映射", "an empty mapping")
        case Sequence():
            return "列表", "a list"
        case Scalar(None):
            return "空", "nothing"
        case Scalar(_, text):
            if not text.strip():
                return "空文字", "an empty text"
            short = re.sub(r"\s+", " ", text)[:_LONGEST_FOUND]
            return f"`{short}`", f"`{short}`"
