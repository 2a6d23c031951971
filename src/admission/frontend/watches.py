"""Events and watches as read, to the intermediate representation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from admission import ir
from admission.datatypes import Type
from admission.frontend import rules
from admission.frontend.document import Entry, Fields, Word

if TYPE_CHECKING:
    from admission.frontend.lowering import Lowering

KINDS: tuple[Literal["first", "latest", "sum", "count"], ...] = ("first", "latest", "sum", "count")
OWN_FIELDS = ("id", ir.AT, "event", ir.FOUND, ir.AS_OF, ir.DUE)
"""What every event has already, or what a watch reads of one; no field may have such a name."""


def event(lowering: Lowering, entry: Entry) -> ir.EventType | None:
    """An event type; None where a field is at fault."""
    if entry.name == ir.WITHDRAWN:
        lowering.faults.add("A404", entry.span, name=entry.name)
        return None
    entries: list[Entry] | None = entry.value.get("fields")
    if entries is None:
        return None
    fields = {part.name: _field(lowering, part) for part in entries}
    if None in fields.values():
        return None
    return ir.EventType(entry.name, fields, entry.value.label, entry.span)  # type: ignore[arg-type] # none is None


def _field(lowering: Lowering, entry: Entry) -> ir.EventField | None:
    if entry.name in OWN_FIELDS:
        lowering.faults.add("A404", entry.span, name=entry.name)
        return None
    fields: Fields | Word | None = entry.value
    if isinstance(fields, Word):
        fields = Fields(fields.span, {"type": fields})
    word = fields.get("type") if fields else None
    if fields is None or word is None:
        return None
    resolved = _type(lowering, word, fields, entry.name)
    if resolved is None:
        return None
    assume = lowering.constant(resolved[0], fields, "assume", entry.name)
    return None if fields.broken else ir.EventField(entry.name, resolved[0], assume, resolved[1], entry.span)


def _type(lowering: Lowering, word: Word, fields: Fields, name: str) -> tuple[Type, Mapping[str, ir.Label]] | None:
    """The type of a field; `verdict` is that of decisions."""
    if word.text != ir.VERDICT:
        return lowering.type_in(fields, name)
    lowering.no_key(fields, "values")
    return ir.VERDICTS, {}


def watch(lowering: Lowering, entry: Entry) -> ir.Watch | None:
    """A watch; None where a part is at fault."""
    fields: Fields = entry.value
    shared = rules.shared_by_rules(lowering, entry)
    due = lowering.condition(fields, ir.DUE)
    gathered = {part.name: _gathered(lowering, part) for part in fields.get("with") or ()}
    look_ups = {part.name: _look_up(lowering, part) for part in fields.get("look_ups") or ()}
    if fields.broken or shared["when"] is None or None in (*gathered.values(), *look_ups.values()):
        return None
    return ir.Watch(
        each=fields.get("each").text,
        gathered=gathered,  # type: ignore[arg-type] # none is None
        look_ups=look_ups,  # type: ignore[arg-type]
        due=due,
        severity=fields.get("severity") or "medium",
        notify=tuple(word.text for word in fields.get("notify") or ()),
        **shared,
    )


def _gathered(lowering: Lowering, entry: Entry) -> ir.Gathered | None:
    fields: Fields | None = entry.value
    if fields is None:
        return None
    where, until = (lowering.condition(fields, key) for key in ("where", "until"))
    window = fields.get("window")
    if window is not None and window.text.strip() != ir.CALENDAR_YEAR:
        window = lowering.condition(fields, "window")
    elif window is not None:
        window = ir.CALENDAR_YEAR
    kind = next((kind for kind in KINDS if fields.get(kind) is not None), None)
    if fields.broken or kind is None:
        return None
    named = fields.get(kind)
    of, column = (named[0].text, named[1].text) if kind == "sum" else (named.text, None)
    same = tuple(word.text for word in fields.get("same") or ())
    up_to = fields.get("up_to")
    if up_to is not None and until is not None:
        lowering.faults.add("A210", fields.keys["up_to"], keys="until / up_to")
        return None
    return ir.Gathered(
        entry.name, kind, of, column, same, where, until, up_to.text if up_to else None, window, entry.span
    )


def _look_up(lowering: Lowering, entry: Entry) -> ir.WatchLookUp | None:
    fields: Fields | None = entry.value
    if fields is None or fields.broken:
        return None
    match: Mapping[str, ir.Expr | None] = {
        part.name: _expression(lowering, part) for part in fields.get("match") if part.value is not None
    }
    if None in match.values():
        return None
    return ir.WatchLookUp(entry.name, fields.get("register").text, match, entry.span)  # type: ignore[arg-type]


def _expression(lowering: Lowering, entry: Entry) -> ir.Expr | None:
    return lowering.condition(Fields(entry.span, {"is": entry.value}), "is")
