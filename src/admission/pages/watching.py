"""The sections of a page about what happens after a decision: events, and the watches over them."""

from __future__ import annotations

from collections.abc import Iterator

from admission import ir
from admission.decision import in_language
from admission.pages import anchors
from admission.pages.declarations import type_in_words, value
from admission.pages.drafting import Draft, Row
from admission.pages.nodes import Blocks, Code, Entry, Inlines, Link, Paragraph, Section, Spoken, Table
from admission.pages.phrases import Phrases
from admission.pages.rules import entry, party
from admission.pages.speech import filled, joined, line


def sections(draft: Draft) -> Iterator[Section]:
    """Watches, then the events that they read."""
    policy = draft.policy
    if policy.watches:
        yield Section("watches", draft.speech.word("watch"), tuple(watch(draft, w) for w in policy.watches.values()))
    if policy.events:
        yield Section("events", draft.speech.word("events"), tuple(event(draft, e) for e in policy.events.values()))


def event(draft: Draft, declared: ir.EventType) -> Entry:
    """An event type with its fields."""
    speech = draft.speech
    rows = tuple(
        (
            line(Code(field.name)),
            line(*type_in_words(draft, field.type)),
            line(*(speech.word("must_be_given") if field.assume is None else value(draft, field, field.assume.value))),
        )
        for field in declared.fields.values()
    )
    header = (speech.word("name"), speech.word("type"), speech.word("assumed"))
    title = draft.title("event", declared.name, draft.layer_of("events", declared.name))
    table = (Table(speech.word("fields"), header, rows),) if rows else ()
    return Entry(anchors.event(declared.name), "event", title, (*speech.lines(declared.label, "reason"), *table))


def watch(draft: Draft, rule: ir.Watch) -> Entry:
    """What a watch gathers, when it gives notice, and to whom."""
    speech, told = draft.speech, phrases(draft, rule)
    rows: list[Row] = [draft.row("each", _subject(draft, rule))]
    rows += [
        (joined([speech.word("gathers"), (Code(name),)], " "), _gathered(draft, gathered, told))
        for name, gathered in rule.gathered.items()
    ]
    rows += [(_title(draft, name), _looked_up(found, told)) for name, found in rule.look_ups.items()]
    if rule.due is not None:
        rows.append((speech.word("due"), draft.amount(rule.due, told)))
    rows.append((speech.word("notice_when"), draft.condition(rule.when, told)))
    rows.append(draft.row("severity", speech.word(f"severity_{rule.severity}")))
    if rule.notify:
        rows.append(draft.row("notify", joined([party(draft, name) for name in rule.notify], " · ")))
    return entry(draft, "watch", rule, [*rows, draft.code(rule.when, rule.due)])


def phrases(draft: Draft, rule: ir.Watch) -> tuple[Phrases, ...]:
    """Those that know what the watch reads."""
    fields: dict[str, ir.EventField] = {}
    rows = {name: gathered.event for name, gathered in rule.gathered.items()} | {rule.each: rule.each}
    for row, kind in rows.items():
        if kind in draft.policy.events:
            fields |= {f"{row}.{name}": field for name, field in draft.policy.events[kind].fields.items()}
    return tuple(Phrases(draft.policy, lang, is_watch=True, fields=fields) for lang in draft.speech.languages)


def _title(draft: Draft, name: str) -> Inlines:
    return joined([draft.speech.word("look_ups"), (Code(name),)], " ")


def _subject(draft: Draft, rule: ir.Watch) -> Inlines:
    """The event type that is looked at one by one, or the key field."""
    if rule.each in draft.policy.events:
        label = draft.speech.label(draft.policy.events[rule.each].label)
        return (Link(anchors.event(rule.each), label), " ", Code(rule.each))
    return (Code(rule.each),)


def _gathered(draft: Draft, gathered: ir.Gathered, told: tuple[Phrases, ...]) -> Blocks:
    return tuple(Paragraph((Spoken(p.lang, _gathered_in(draft, gathered, p)),)) for p in told)


def _gathered_in(draft: Draft, gathered: ir.Gathered, told: Phrases) -> Inlines:
    """What is gathered, in one language."""
    lang, event_type = told.lang, draft.policy.events.get(gathered.event)
    parts: list[Inlines] = [
        filled(
            f"gather_{gathered.kind}",
            lang,
            event=_event(draft, gathered.event, lang),
            column=(Code(gathered.column or ""),),
        )
    ]
    if gathered.same:
        parts.append(filled("same", lang, fields=joined([(Code(name),) for name in gathered.same], ", ")))
    if gathered.where is not None:
        own = Phrases(draft.policy, lang, is_watch=True, fields=event_type.fields if event_type else {})
        parts.append(filled("where_field", lang, condition=own.line(gathered.where)))
    if gathered.until is not None:
        parts.append(filled("until_moment", lang, moment=told.value(gathered.until)))
    if gathered.up_to is not None:
        parts.append(filled("up_to", lang, event=_event(draft, gathered.up_to, lang)))
    parts.append(_window(gathered, told))
    return tuple(inline for part in parts for inline in part)


def _window(gathered: ir.Gathered, told: Phrases) -> Inlines:
    match gathered.window:
        case None:
            return ()
        case str():
            return filled("calendar_year", told.lang)
        case expr:
            return filled("window", told.lang, days=told.value(expr))


def _event(draft: Draft, name: str, lang: str) -> Inlines:
    declared = draft.policy.events.get(name)
    return (Link(anchors.event(name), (in_language(declared.label, lang),)),) if declared else (Code(name),)


def _looked_up(found: ir.WatchLookUp, told: tuple[Phrases, ...]) -> Blocks:
    """The row that a watch looks up."""
    register: Inlines = (Link(anchors.register(found.register), (Code(found.register),)),)
    blocks: list[Paragraph] = []
    for phrase in told:
        where = [(Code(key), " = ", *phrase.value(expr)) for key, expr in found.match.items()]
        said = (*filled("looked_up_in", phrase.lang, register=register), ": ", *joined(where, ", "))
        blocks.append(Paragraph((Spoken(phrase.lang, said),)))
    return tuple(blocks)
