"""A page as a tree, free of how it is written down: every writer renders the same nodes.

Text stands in nodes as it is; escaping is the writer's, so that no text can be escaped twice or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# --------------------------------------------------------------------------------------------- in a line


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words in one language, `zh` or `en`."""

    lang: str
    content: Inlines


@dataclass(frozen=True, slots=True)
class Code:
    """A name or an expression of the policy."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to an anchor of the same page."""

    anchor: str
    content: Inlines


@dataclass(frozen=True, slots=True)
class Web:
    """An address outside the page; a link where it is one of the web, else text."""

    address: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The words that are quoted, within their passage."""

    text: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A word or two about the thing beside which it stands; `kind` chooses the colour."""

    kind: str
    content: Inlines


Inline = str | Spoken | Code | Link | Web | Mark | Badge
Inlines = tuple[Inline, ...]

# ---------------------------------------------------------------------------------------------- in blocks


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    content: Inlines
    role: Literal["", "lead", "reason", "group", "note"] = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage of a source, word for word."""

    content: Inlines


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    rows: tuple[Blocks, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms and what is said of each."""

    rows: tuple[tuple[Inlines, Blocks], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is the row's header."""

    caption: Inlines
    header: tuple[Inlines, ...]
    rows: tuple[tuple[Blocks, ...], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One declaration, with what it rests on beside it."""

    anchor: str
    kind: str
    title: Inlines
    blocks: Blocks
    beside: Blocks = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section with a heading; sections in it are one level deeper."""

    anchor: str
    title: Inlines
    blocks: Blocks


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing for wide and for narrow pages, as SVG, and the same in text for where there are no drawings."""

    label: str
    wide: str
    narrow: str
    caption: Inlines
    text: Blocks


Block = Paragraph | Quote | Items | Terms | Table | Entry | Section | Picture
Blocks = tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page. `languages` are those it is written in, the main one first."""

    languages: tuple[str, ...]
    title: Inlines
    contents: Inlines
    """The heading of the table of contents."""
    blocks: Blocks
    sections: tuple[Section, ...]


def plain(content: Inlines) -> str:
    """The text of a line alone.

    >>> plain((Spoken("en", ("cost ", Link("fact-cost", (Code("cost"),)))),))
    'cost cost'
    """
    return "".join(_plain(inline) for inline in content)


def _plain(inline: Inline) -> str:
    match inline:
        case str():
            return inline
        case Code(text) | Web(text) | Mark(text):
            return text
        case Spoken(_, content) | Link(_, content) | Badge(_, content):
            return plain(content)


def subsections(section: Section) -> Iterator[Section]:
    """The sections directly in a section."""
    return (block for block in section.blocks if isinstance(block, Section))
