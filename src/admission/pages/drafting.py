"""What the entries of a page have in common: conditions, what a rule rests on, badges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from admission import ir, printer
from admission.explain.words import word as explained
from admission.pages import anchors, references
from admission.pages.nodes import (
    Badge,
    Blocks,
    Code,
    Inline,
    Inlines,
    Items,
    Link,
    Mark,
    Paragraph,
    Quote,
    Spoken,
    Web,
    plain,
)
from admission.pages.phrases import Phrases
from admission.pages.speech import Speech, joined, line, spaced

Row = tuple[Inlines, Blocks]
SURROUNDINGS = 200  # characters of a kept text shown on either side of a quote


@dataclass(frozen=True, slots=True)
class Draft:
    """The policy, the languages of the page, and the day it is read for (None: every day)."""

    policy: ir.CheckedPolicy
    speech: Speech
    day: date | None = None

    # ------------------------------------------------------------------------------ conditions

    def condition(self, expr: ir.Expr | None, phrases: tuple[Phrases, ...] = ()) -> Blocks:
        """A condition in the words of each language."""
        if expr is None:
            return line(*self.speech.word("always"))
        return tuple(block for phrase in phrases or self.phrases() for block in phrase.blocks(expr))

    def amount(self, expr: ir.Expr, phrases: tuple[Phrases, ...] = ()) -> Blocks:
        """An amount or a day in the words of each language."""
        return tuple(Paragraph((Spoken(p.lang, p.value(expr)),)) for p in phrases or self.phrases())

    def phrases(self) -> tuple[Phrases, ...]:
        """One that says expressions in each language."""
        return tuple(Phrases(self.policy, lang) for lang in self.speech.languages)

    def code(self, *exprs: ir.Expr | None) -> Row:
        """The conditions as they are written."""
        written = [(Paragraph((Code(printer.expression(expr)),))) for expr in exprs if expr is not None]
        return self.speech.word("code"), tuple(written)

    def row(self, key: str, *parts: Inlines) -> Row:
        """A term, and a line about it."""
        return self.speech.word(key), tuple(Paragraph(part) for part in parts)

    def linked(self, key: str, anchors_of: list[str]) -> list[Row]:
        """A term and references; nothing where there are none."""
        return [self.row(key, references.links(anchors_of))] if anchors_of else []

    def reads(self, declared: object) -> list[Row]:
        """The facts that a rule rests on, by label."""
        names = references.facts_read(self.policy, declared)
        return [self.row("reads", joined([self.fact(name) for name in names], " · "))] if names else []

    def fact(self, name: str) -> Inlines:
        """A fact by label and name, linked."""
        return (Link(anchors.fact(name), self.speech.label(self.policy.facts[name].label)), " ", Code(name))

    # --------------------------------------------------------------------------------- badges

    def kind(self, kind: str) -> Badge:
        """What kind of thing it is."""
        return Badge(kind, self.speech.word(f"one_{kind}"))

    def layer(self, name: str) -> Inlines:
        """Which layer says it; nothing where there is one layer only, or none is named."""
        if self.policy.below is None or not name:
            return ()
        return (Badge("layer", (Link(anchors.layer(name), (Code(name),)),)),)

    def layer_of(self, section: str, name: str) -> Inlines:
        """Which layer says what a declaration is."""
        return self.layer(references.layer_of(self.policy, section, name))

    def in_force(self, period: ir.Period, layer: str) -> Inlines:
        """A rule's period where it is not that of its layer, and whether the page's day is outside."""
        usual = {each.id: each.period for each in references.layers(self.policy)}.get(layer, ir.ALWAYS)
        said: Inlines = (Badge("period", (self.days(period),)),) if period not in (ir.ALWAYS, usual) else ()
        if self.day is not None and self.day not in period:
            said = (*said, Badge("idle", self.speech.word("not_in_force")))
        return said

    def days(self, period: ir.Period) -> str:
        """A stretch of days, both ends included."""
        return f"{period.start or '…'} – {period.end or '…'}"

    def title(self, kind: str, name: str, *badges: Inlines) -> Inlines:
        """The heading of an entry: its name, what it is, and what else there is to say."""
        return spaced((Code(name),), (self.kind(kind),), *badges)

    def verdict(self, name: str) -> ir.Label:
        """A verdict in the policy's own words, else in those of an explanation."""
        ours = {lang: explained(f"verdict_{name}", lang) for lang in self.speech.languages}
        return self.policy.wording.get(name) or ours

    # ---------------------------------------------------------------------------------- basis

    def basis(self, basis: ir.Basis) -> Blocks:
        """What a rule rests on: passages, or the author's own reason."""
        cited = tuple(block for citation in basis.citations for block in self.citation(citation))
        if basis.own is None:
            return cited
        own = (Badge("own", self.speech.word("own")),)
        return (*cited, Paragraph(own), *self.speech.lines(basis.own))

    def citation(self, citation: ir.Citation) -> Blocks:
        """A source, the place in it, the words, the address."""
        source = self.policy.sources[citation.source]
        title: Inlines = (Link(anchors.source(source.id), self.speech.label(source.title)),)
        said: Blocks = (Paragraph(title), *line(*original(citation.at)))
        if citation.quote:
            said = (*said, Quote(original(*passage(citation.quote, source.text))))
        return (*said, *line(Web(source.url))) if source.url else said

    def listed(self, rows: list[Inlines]) -> Blocks:
        """Lines as a list."""
        return (Items(tuple(line(*row) for row in rows)),) if rows else ()


def original(*content: Inline) -> Inlines:
    """Words of a source, said to be Chinese where there is a Chinese character among them.

    >>> original("第一条"), original("Article 1")
    ((Spoken(lang='zh', content=('第一条',)),), ('Article 1',))
    """
    is_chinese = any("\u4e00" <= character <= "\u9fff" for character in plain(content))
    return (Spoken("zh", content),) if is_chinese else content


def passage(quote: str, text: str | None) -> Inlines:
    r"""The words quoted, within the paragraph of the kept text where that has them letter for letter.

    >>> passage("b c", "x\na b c d\ny")
    ('a ', Mark(text='b c'), ' d')
    """
    for paragraph in (text or "").splitlines():
        before, found, after = paragraph.partition(quote)
        if found:
            cut = "…" if len(before) > SURROUNDINGS else ""
            tail = "…" if len(after) > SURROUNDINGS else ""
            around = (cut + before[-SURROUNDINGS:].lstrip(), Mark(quote), after[:SURROUNDINGS].rstrip() + tail)
            return tuple(part for part in around if part)
    return (Mark(quote),)
