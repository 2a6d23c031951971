"""The sections of a page about what rules read and rest on: facts, parameters, registers, definitions, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Protocol

from admission import ir
from admission.datatypes import LIMITS, Kind, Type, Value, to_text
from admission.pages import anchors, references
from admission.pages.drafting import Draft, Row
from admission.pages.nodes import Badge, Blocks, Code, Entry, Inlines, Items, Link, Section, Spoken, Table, Terms, Web
from admission.pages.phrases import Phrases, amount
from admission.pages.rules import party
from admission.pages.speech import joined, line, spaced
from admission.pages.words import word

FIRST_ROWS = 10  # of a register; the whole table lies beside the policy


class Labelled(Protocol):
    """A fact, a column or a field of an event: something with a type whose values may have labels."""

    @property
    def type(self) -> Type:
        """Its type."""

    @property
    def value_labels(self) -> Mapping[str, ir.Label]:
        """The labels of its values."""


def sections(draft: Draft) -> Iterator[Section]:
    """One section a kind of declaration that there is; sources come last."""
    policy, read = draft.policy, references.readers(draft.policy)
    asked, cited = references.readers_of_facts(policy), references.citers(policy)
    kinds = {
        "facts": [fact(draft, each, asked[name]) for name, each in policy.facts.items()],
        "parameters": [parameter(draft, each, read.get(name, [])) for name, each in policy.parameters.items()],
        "definitions": [definition(draft, each, read.get(name, [])) for name, each in policy.definitions.items()],
        "registers": [register(draft, each) for each in policy.registers.values()],
        "look_ups": [look_up(draft, each, read.get(name, [])) for name, each in policy.look_ups.items()],
        "sources": [source(draft, each, cited[name]) for name, each in policy.sources.items()],
    }
    for kind, entries in kinds.items():
        if entries:
            yield Section(kind, draft.speech.word(kind), tuple(entries))


# ------------------------------------------------------------------------------------------------- facts


def fact(draft: Draft, declared: ir.Fact, read_by: list[Inlines]) -> Entry:
    """A fact: what is asked, what it can be, who may change it."""
    speech = draft.speech
    rows: list[Row] = []
    if declared.ask:
        rows.append((speech.word("question"), speech.lines(declared.ask)))
    rows.append(draft.row("type", type_in_words(draft, declared.type)))
    if declared.type.values:
        rows.append((speech.word("values"), values(draft, declared)))
    if declared.filled_by is not None:
        rows.append((speech.word("filled_by"), draft.amount(declared.filled_by)))
    unknown = speech.word("unknown")
    rows.append(draft.row("assumed", value(draft, declared, declared.assume.value) if declared.assume else unknown))
    changers = joined([party(draft, name) for name in declared.changed_by], " · ")
    rows.append(draft.row("changed_by", changers or speech.word("nobody")))
    rows.append(draft.row("read_by", joined(read_by, ", ") or speech.word("read_by_none")))
    title = draft.title("fact", declared.name, draft.layer_of("facts", declared.name))
    return Entry(
        anchors.fact(declared.name), "fact", title, (*speech.lines(declared.label, "reason"), Terms(tuple(rows)))
    )


def values(draft: Draft, declared: Labelled) -> Blocks:
    """The values that can be taken, by label and name."""
    labels = declared.value_labels
    rows = [spaced(draft.speech.label(labels.get(name, {})), (Code(name),)) for name in declared.type.values]
    return (Items(tuple(line(*row) for row in rows)),)


def value(draft: Draft, declared: Labelled, given: Value) -> Inlines:
    """A value in the words of each language; once where they say the same."""
    said = {
        lang: Phrases(draft.policy, lang).constant(declared.type, declared.value_labels, given)
        for lang in draft.speech.languages
    }
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return spaced(*((Spoken(lang, words),) for lang, words in said.items()))


def type_in_words(draft: Draft, declared: Type) -> Inlines:
    """A type with its unit, and its bounds where the policy declares some."""
    low, high = (_bound(declared, place) for place in (0, 1))
    key = f"type_{declared.kind.value}"
    if low is None and high is None:
        return draft.speech.word(key)
    bounds = "between" if low and high else "at_least" if low else "at_most"
    parts = {
        lang: word(key, lang) + word("comma", lang) + word(bounds, lang).format(low=low, high=high)
        for lang in draft.speech.languages
    }
    return draft.speech.label(parts)


def _bound(declared: Type, place: int) -> str | None:
    """A declared bound as text; None where it is only the widest of the kind."""
    if declared.kind not in LIMITS:
        return None
    bound = declared.high if place else declared.low
    if bound is None or bound == LIMITS[declared.kind][place]:
        return None
    return amount(bound) if declared.kind is Kind.MONEY and isinstance(bound, int) else to_text(declared, bound)


# -------------------------------------------------------------------------------- parameters, definitions


def parameter(draft: Draft, declared: ir.Parameter, read_by: list[Inlines]) -> Entry:
    """A parameter: its value in each period, and what it rests on."""
    speech = draft.speech
    header = (speech.word("from"), speech.word("until"), speech.word("value"))
    table = Table(speech.word("parameters"), header, tuple(_periods(draft, declared)))
    rows = [draft.row("type", type_in_words(draft, declared.type))]
    if read_by:
        rows.append(draft.row("read_by", joined(read_by, ", ")))
    title = draft.title("parameter", declared.name, draft.layer_of("parameters", declared.name))
    blocks: Blocks = (*speech.lines(declared.label, "reason"), table, Terms(tuple(rows)))
    return Entry(anchors.parameter(declared.name), "parameter", title, blocks, draft.basis(declared.basis))


def _periods(draft: Draft, declared: ir.Parameter) -> Iterator[tuple[Blocks, ...]]:
    """Each period with its value; the one in force on the page's day is marked."""
    starts = [start for start, _ in declared.values]
    for (start, given), following in zip(declared.values, [*starts[1:], None], strict=True):
        end = following - timedelta(days=1) if following else None
        said = value(draft, ir.Fact(declared.name, declared.type, {}), given)
        yield line(str(start)), line(*_end(draft, end)), line(*said, *_today(draft, start, end))


def _end(draft: Draft, end: date | None) -> Inlines:
    return (str(end),) if end else draft.speech.word("onwards")


def _today(draft: Draft, start: date, end: date | None) -> Inlines:
    if draft.day is None or draft.day not in ir.Period(start, end):
        return ()
    return (" ", Badge("today", (f"✓ {draft.day}",)))


def definition(draft: Draft, declared: ir.Definition, read_by: list[Inlines]) -> Entry:
    """A condition or amount with a name."""
    speech = draft.speech
    is_condition = ir.type_of(declared.expr).kind is Kind.BOOL
    said = draft.condition(declared.expr) if is_condition else draft.amount(declared.expr)
    rows = [(speech.word("value"), said), *draft.reads(declared), draft.code(declared.expr)]
    if read_by:
        rows.append(draft.row("read_by", joined(read_by, ", ")))
    reported: Inlines = (Badge("today", speech.word("reported")),) if declared.report else ()
    title = draft.title("definition", declared.name, draft.layer_of("definitions", declared.name), reported)
    return Entry(
        anchors.definition(declared.name),
        "definition",
        title,
        (*speech.lines(declared.label, "reason"), Terms(tuple(rows))),
    )


# ---------------------------------------------------------------------------------------------- registers


def register(draft: Draft, declared: ir.Register) -> Entry:
    """A register: its columns, its size, its first rows."""
    speech = draft.speech
    rows = [
        draft.row("key", joined([(Code(name),) for name in declared.key], ", ")),
        (speech.word("columns"), (Items(tuple(_column(draft, each) for each in declared.columns.values())),)),
        draft.row("rows", (f"{len(declared.rows):,}",)),
    ]
    if declared.partial:
        rows.append(draft.row("partial", ()))
    title = draft.title("register", declared.name, draft.layer_of("registers", declared.name))
    blocks: Blocks = (Terms(tuple(rows)), *_rows(draft, declared))
    return Entry(anchors.register(declared.name), "register", title, blocks, draft.basis(declared.basis))


def _column(draft: Draft, column: ir.Column) -> Blocks:
    said = spaced((Code(column.name),), type_in_words(draft, column.type))
    if column.absent is None:
        return line(*said)
    return line(*said, " · ", *draft.speech.word("absent"), " ", *value(draft, column, column.absent.value))


def _rows(draft: Draft, declared: ir.Register) -> Blocks:
    total, speech = len(declared.rows), draft.speech
    shown = declared.rows[:FIRST_ROWS]
    if not shown:
        return line(*speech.word("no_rows"))
    is_dated = any(row.period != ir.ALWAYS for row in shown)
    columns = list(declared.columns.values())
    header = [(Code(column.name),) for column in columns] + ([speech.word("in_force")] if is_dated else [])
    table = []
    for row in shown:
        cells = [
            line(*(value(draft, column, cell) if cell is not None else ("—",)))
            for column, cell in zip(columns, row.cells, strict=True)
        ]
        table.append((*cells, *([line(draft.days(row.period))] if is_dated else [])))
    key = "all_rows" if total <= FIRST_ROWS else "first_rows"
    return (Table(speech.word(key, shown=FIRST_ROWS, total=f"{total:,}"), tuple(header), tuple(table)),)


def look_up(draft: Draft, declared: ir.LookUp, read_by: list[Inlines]) -> Entry:
    """Which row of a register belongs to a task."""
    where = [(Code(key), " = ", *draft.fact(name)) for key, name in declared.match.items()]
    rows = [
        draft.row("register", (Link(anchors.register(declared.register), (Code(declared.register),)),)),
        draft.row("match", *where),
    ]
    if read_by:
        rows.append(draft.row("read_by", joined(read_by, ", ")))
    title = draft.title("look_up", declared.name, draft.layer_of("look_ups", declared.name))
    return Entry(anchors.look_up(declared.name), "look_up", title, (Terms(tuple(rows)),))


# ------------------------------------------------------------------------------------------------ sources


def source(draft: Draft, declared: ir.Source, cited_by: list[Inlines]) -> Entry:
    """A source: its title, date, number and address, and what cites it."""
    speech = draft.speech
    rows: list[Row] = []
    if declared.number:
        rows.append(draft.row("number", (declared.number,)))
    if declared.date:
        rows.append(draft.row("date", (str(declared.date),)))
    if declared.url:
        rows.append(draft.row("address", (Web(declared.url),)))
    rows.append(draft.row("cited_by", joined(cited_by, ", ") or speech.word("not_cited")))
    kept: Inlines = (Badge("today", speech.word("kept")),) if declared.text else ()
    title = draft.title("source", declared.id, draft.layer_of("sources", declared.id), kept)
    return Entry(
        anchors.source(declared.id), "source", title, (*speech.lines(declared.title, "reason"), Terms(tuple(rows)))
    )
