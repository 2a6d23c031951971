"""Which routes can never both be true, as their texts alone show; what is not seen here is counted row by row."""

from __future__ import annotations

from admission import ir
from admission.datatypes import Value


def exclude(one: ir.Route, other: ir.Route) -> bool:
    """Whether two routes are never both true, as their texts alone show: a fact cannot be two things at once."""
    if one.id in other.overrides or other.id in one.overrides:
        return True
    held, against = ({} if route.when is None else allowed(route.when) for route in (one, other))
    return any(held[name].isdisjoint(against[name]) for name in held.keys() & against.keys())


def allowed(expr: ir.Expr) -> dict[str, frozenset[Value]]:
    """By fact: the only values with which a condition can be true, where its text shows them."""
    match expr:
        case ir.And(operands):
            found: dict[str, frozenset[Value]] = {}
            for part in operands:
                for name, values in allowed(part).items():
                    found[name] = found.get(name, values) & values
            return found
        case ir.OneOf(ir.ReadFact(name), options):
            return {name: frozenset(option.value for option in options)}
        case ir.Compare("==", ir.ReadFact(name), ir.Literal(value)):
            return {name: frozenset([value])}
        case ir.ReadFact(name):
            return {name: frozenset([True])}
        case ir.Not(ir.ReadFact(name)):
            return {name: frozenset([False])}
        case _:
            return {}
