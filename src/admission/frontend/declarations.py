"""Sources, facts, parameters, registers, look-ups, definitions and channels as read, to the representation."""

from __future__ import annotations

from dataclasses import replace as with_changes
from datetime import date
from typing import TYPE_CHECKING, Any

from admission import ir
from admission.diagnostics import nearest
from admission.frontend.document import Entry, Fields, Word
from admission.frontend.registers import Rows, read_file, read_rows

if TYPE_CHECKING:
    from admission.frontend.lowering import Lowering


def source(lowering: Lowering, entry: Entry) -> ir.Source | None:
    """A declared source, its kept text read."""
    fields: Fields = entry.value
    path = fields.get("text")
    kept = read_file(lowering.folder, path, lowering.faults) if path else None
    return ir.Source(
        entry.name,
        fields.get("title") or {},
        fields.get("date"),
        fields.get("number"),
        fields.get("url"),
        kept.text if kept else None,
        entry.span,
        kept,
    )


def fact(lowering: Lowering, entry: Entry) -> ir.Fact | None:
    """A declared fact."""
    fields: Fields = entry.value
    resolved = lowering.type_of_fact(entry.name)
    if resolved is None:
        return None
    declared, value_labels = resolved
    filled = fields.get("filled_by")
    if "assume" not in fields.keys and "ask" not in fields.keys:
        lowering.faults.add("A215", entry.span, name=entry.name)
    return ir.Fact(
        name=entry.name,
        type=declared,
        label=fields.label,
        value_labels=value_labels,
        ask=fields.get("ask") or {},
        changed_by=tuple(word.text for word in fields.get("changed_by") or ()),
        assume=lowering.constant(declared, fields, "assume", entry.name),
        filled_by=ir.Member(filled[0].text, filled[1].text, filled[0].span) if filled else None,
        span=entry.span,
    )


def parameter(lowering: Lowering, entry: Entry) -> ir.Parameter | None:
    """A parameter; its values sorted by the day from which each holds."""
    fields: Fields = entry.value
    resolved = lowering.type_in(fields, entry.name, dated=True)
    if resolved is None or fields.get("values") is None:
        return None
    dated = [(day.name, lowering.value(resolved[0], day.value, entry.name)) for day in fields.get("values")]
    values = tuple(sorted((_day(day), value) for day, value in dated if value is not None))
    if len(values) < len(dated) or not values:
        if not dated:
            lowering.faults.add("A207", fields.keys["values"])
        return None
    return ir.Parameter(entry.name, resolved[0], values, lowering.basis(fields), fields.label, entry.span)


def _day(day: Any) -> date:
    """The key of a dated value: the reader has made it a date."""
    return day  # type: ignore[no-any-return]


def register(lowering: Lowering, entry: Entry) -> ir.Register | None:
    """A register with its rows."""
    fields: Fields = entry.value
    columns = _columns(lowering, fields)
    if columns is None or fields.get("key") is None:
        return None
    key = tuple(word.text for word in fields.get("key"))
    for word in fields.get("key"):
        if word.text not in columns:
            near = nearest(word.text, columns)
            lowering.faults.add("A401", word.span, near, name=word.text, what=("列", "column"))
            return None
    register = ir.Register(
        entry.name,
        key,
        columns,
        (),
        bool(fields.get("partial")),
        lowering.basis(fields),
        entry.span,
        _file(lowering, fields),
    )
    rows = Rows(register, lowering.faults)
    return with_changes(register, rows=read_rows(rows, fields, lowering.folder, lowering.handed.get(entry.name)))


def _file(lowering: Lowering, fields: Fields) -> str | None:
    """The file that a register's rows stand in."""
    named = fields.get("file")
    return str(lowering.folder / named.text) if named else None


def _columns(lowering: Lowering, fields: Fields) -> dict[str, ir.Column] | None:
    """The columns of a register; None where one is at fault."""
    found: dict[str, ir.Column] = {}
    for entry in fields.get("columns") or ():
        value = entry.value
        if isinstance(value, Word):
            value = Fields(value.span, {"type": value})
        resolved = lowering.type_in(value, entry.name) if value else None
        if resolved is None or entry.name == ir.FOUND:
            if entry.name == ir.FOUND:
                lowering.faults.add("A404", entry.span, name=entry.name)
            return None
        absent = lowering.constant(resolved[0], value, "absent", entry.name)
        if absent is None and "absent" in value.keys:
            return None
        found[entry.name] = ir.Column(entry.name, resolved[0], absent, resolved[1], entry.span)
    return found or None


def look_up(entry: Entry) -> ir.LookUp | None:
    """A look-up; the checker sees to its names."""
    fields: Fields = entry.value
    if fields.broken:
        return None
    match = {part.name: part.value.text for part in fields.get("match") if part.value}
    return ir.LookUp(entry.name, fields.get("register").text, match, entry.span)


def definition(lowering: Lowering, entry: Entry) -> ir.Definition | None:
    """A named condition or amount."""
    fields: Fields = entry.value
    expr = lowering.condition(fields, "is")
    if expr is None:
        return None
    return ir.Definition(entry.name, expr, fields.label, bool(fields.get("report")), entry.span)


def channel(entry: Entry) -> ir.Channel | None:
    """A channel."""
    fields: Fields = entry.value
    if fields.broken:
        return None
    return ir.Channel(entry.name, fields.get("outcome"), fields.label, entry.span)
