"""Words and labels in the languages that a page is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from admission import ir
from admission.pages.nodes import Block, Blocks, Inline, Inlines, Paragraph, Spoken, plain
from admission.pages.words import word

_PLACES = re.compile(r"\{(\w+)\}")


def filled(key: str, lang: str, **parts: Inlines) -> Inlines:
    """One of the words, with lines in its places; a space between two Chinese characters is left out.

    >>> filled("yuan", "en", it=("8",)), filled("days", "zh", it=("期限",))
    (('8', ' yuan'), ('期限', '天'))
    """
    found: list[Inline] = []
    for place, text in enumerate(_PLACES.split(word(key, lang))):
        if place % 2:
            _close(found, _is_chinese(plain(parts[text])[:1]))
            found += parts[text]
        elif text:
            is_inside = _is_chinese(plain(tuple(found))[-1:]) and _is_chinese(text.lstrip()[:1])
            found.append(text.lstrip() if is_inside else text)
    return tuple(found)


def _close(found: list[Inline], is_chinese: bool) -> None:
    """Take the space away that would stand between two Chinese characters."""
    if is_chinese and found and isinstance(found[-1], str) and _is_chinese(found[-1].rstrip()[-1:]):
        found[-1] = found[-1].rstrip()


def _is_chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


@dataclass(frozen=True, slots=True)
class Speech:
    """The languages of a page, the main one first."""

    languages: tuple[str, ...]

    def word(self, key: str, **parts: object) -> Inlines:
        """One of the words, in each language."""
        return self.label({lang: word(key, lang).format_map(parts) for lang in self.languages})

    def label(self, label: ir.Label) -> Inlines:
        """A label in each language, in one line; in whichever it has where it has none of them."""
        spoken = [Spoken(lang, (text,)) for lang, text in self.texts(label).items()]
        return spaced(*((one,) for one in spoken))

    def lines(self, label: ir.Label, role: str = "") -> Blocks:
        """A label as a paragraph for each language."""
        texts = self.texts(label).items()
        return tuple(Paragraph((Spoken(lang, (text,)),), role) for lang, text in texts)  # type: ignore[arg-type] # a role

    def texts(self, label: ir.Label) -> Mapping[str, str]:
        """What a label says in the page's languages; what it says at all where that is nothing."""
        return {lang: label[lang] for lang in self.languages if lang in label} or dict(label)


def spaced(*parts: Inlines) -> Inlines:
    """Lines joined by a space."""
    return joined(parts, " ")


def joined(parts: tuple[Inlines, ...] | list[Inlines], by: str) -> Inlines:
    """Lines joined into one.

    >>> joined((("a",), ("b", "c")), ", ")
    ('a', ', ', 'b', 'c')
    """
    found: list[Inline] = []
    for part in parts:
        if found and part:
            found.append(by)
        found += part
    return tuple(found)


def line(*parts: Inline) -> tuple[Block, ...]:
    """One paragraph as a block."""
    return (Paragraph(parts),)
