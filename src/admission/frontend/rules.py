"""Routes, requirements, exceptions, obligations and invariants as they were read, to the representation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admission import ir
from admission.frontend.document import Entry, Fields, Word
from admission.frontend.shapes import INVARIANT

if TYPE_CHECKING:
    from admission.frontend.lowering import Lowering


def shared_by_rules(lowering: Lowering, entry: Entry) -> dict[str, Any]:
    """What every rule has."""
    fields: Fields = entry.value
    return {
        "id": entry.name,
        "when": lowering.condition(fields, "when"),
        "reason": fields.get("reason") or {},
        "basis": lowering.basis(fields),
        "period": lowering.rule_period(fields),
        "layer": lowering.head.get("policy").text,
        "span": entry.span,
    }


def route(lowering: Lowering, entry: Entry) -> ir.Route | None:
    """A route; overriding one of the layer below weakens it."""
    fields: Fields = entry.value
    shared = shared_by_rules(lowering, entry)
    overrides = _weakens(lowering, fields.get("overrides"), "routes")
    if fields.broken:
        return None
    return ir.Route(to=fields.get("to").text, overrides=overrides, **shared)


def requirement(lowering: Lowering, entry: Entry) -> ir.Requirement | None:
    """A requirement."""
    fields: Fields = entry.value
    shared, require = shared_by_rules(lowering, entry), lowering.condition(fields, "require")
    if fields.broken or require is None:
        return None
    return ir.Requirement(
        channels=tuple(word.text for word in fields.get("for")),
        require=require,
        effect=fields.get("effect") or "refuse",
        remedy=fields.get("remedy") or {},
        **shared,
    )


def exception(lowering: Lowering, entry: Entry) -> ir.ExceptionRule | None:
    """An exception; waiving a requirement of the layer below weakens it."""
    fields: Fields = entry.value
    shared = shared_by_rules(lowering, entry)
    waives = _weakens(lowering, fields.get("waives"), "requirements")
    return None if fields.broken else ir.ExceptionRule(waives=waives, **shared)


def obligation(lowering: Lowering, entry: Entry) -> ir.ObligationRule | None:
    """An obligation."""
    fields: Fields = entry.value
    shared = shared_by_rules(lowering, entry)
    amount, due = lowering.condition(fields, "amount"), lowering.condition(fields, "due")
    if fields.broken:
        return None
    debtor, creditor = (fields.get(side).text if fields.get(side) else None for side in ("debtor", "creditor"))
    verdicts = tuple(dict.fromkeys(fields.get("verdicts")))
    return ir.ObligationRule(verdicts=verdicts, debtor=debtor, creditor=creditor, amount=amount, due=due, **shared)


def invariant(lowering: Lowering, entry: Entry) -> ir.Invariant | None:
    """A promise: of a condition, or of what a fact may change."""
    fields: Fields = entry.value
    held = [(key, fields.get(key)) for key in INVARIANT.one_of if fields.get(key) is not None]
    if len(held) != 1:
        return None
    promise, value = held[0]
    is_condition = promise in ("never", "always", "favourable")
    expr = lowering.condition(fields, promise) if is_condition else None
    fact = None if is_condition else value.text
    reason, layer = fields.get("reason") or {}, lowering.head.get("policy").text
    if fields.broken:
        return None
    return ir.Invariant(entry.name, promise, expr, fact, reason, layer, entry.span)  # type: ignore[arg-type] # a key above


def _weakens(lowering: Lowering, words: list[Word] | None, section: str) -> tuple[str, ...]:
    """The rules named; each that the layer below declares must be named in `replaces`."""
    for word in words or ():
        own = any(entry.name == word.text for entry in lowering.sections.get(section, ()))
        if lowering.below and not own and word.text in getattr(lowering.below, section):
            lowering.redefines(word.text, word.span)
    return tuple(word.text for word in words or ())
