"""What must hold for a verdict, as a tree over conditions: the sections of the decision, read backwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from admission import ir, reference
from admission.datatypes import Kind, Type

Truth = bool | None
Wanted = Literal["admit", "redirect", "refuse"]
TRUE, FALSE = frozenset({True}), frozenset({False})
NOT_TRUE, NOT_FALSE = frozenset({False, None}), frozenset({True, None})
_TURNED = {TRUE: FALSE, FALSE: TRUE, NOT_TRUE: NOT_FALSE, NOT_FALSE: NOT_TRUE}


@dataclass(frozen=True, slots=True)
class All:
    """Every part must hold."""

    parts: tuple[Goal, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part must hold."""

    parts: tuple[Goal, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A condition without `and`, `or`, `not` must come out as one of some truth values."""

    expr: ir.Expr
    truths: frozenset[Truth]


Goal = All | Either | Leaf


def goal_of(world: reference.World, want: Wanted) -> Goal:
    """What must hold for the wanted verdict, of the rules in force on the day."""
    routes = {route.id: route for route in world.policy.routes.values() if world.day in route.period}
    reach = {name: reference.effective(route, routes) for name, route in routes.items()}
    if want != "refuse":
        return Either(tuple(_settled(world, routes, reach, want)))
    clash = [Either((_is(a, NOT_TRUE, world), _is(b, NOT_TRUE, world))) for a, b in combinations(reach.values(), 2)]
    closed = []
    for channel in {route.to: None for route in routes.values()}:
        unreached = All(tuple(_is(reach[name], FALSE, world) for name in routes if routes[name].to == channel))
        violated = tuple(_is(expr, FALSE, world) for expr in demands(world, channel))
        closed.append(Either((unreached, *violated)))
    return All((*clash, *closed))


def _settled(
    world: reference.World, routes: dict[str, ir.Route], reach: dict[str, ir.Expr], want: Wanted
) -> Iterator[Goal]:
    """For each route to a channel with the outcome: it alone is taken, and every demand of the channel is met."""
    for name, route in routes.items():
        if world.policy.channels[route.to].outcome == want:
            taken = [_is(reach[other], TRUE if other == name else FALSE, world) for other in routes]
            yield All((*taken, *(_is(expr, TRUE, world) for expr in demands(world, route.to))))


def demands(world: reference.World, channel: str) -> list[ir.Expr]:
    """The demands of a channel that can refuse a task."""
    rules = [r for r in world.policy.requirements.values() if channel in r.channels and world.day in r.period]
    return [reference.demand(rule, world) for rule in rules if rule.effect == "refuse"]


def _is(expr: ir.Expr, truths: frozenset[Truth], world: reference.World) -> Goal:
    """An expression must come out as one of the truth values, taken apart down to its leaves."""
    match expr:
        case ir.Not(operand):
            return _is(operand, _TURNED[truths], world)
        case ir.And(operands):
            parts = tuple(_is(operand, truths, world) for operand in operands)
            return All(parts) if truths in (TRUE, NOT_FALSE) else Either(parts)
        case ir.Or(operands):
            parts = tuple(_is(operand, truths, world) for operand in operands)
            return Either(parts) if truths in (TRUE, NOT_FALSE) else All(parts)
        case ir.ReadDefinition(name):
            return _is(world.policy.definitions[name].expr, truths, world)
        case ir.Compare(op, left, right) if ir.type_of(left).kind is Kind.SET:
            plain = _by_element(op, left, right, world)
            return Leaf(expr, truths) if plain is None else _is(plain, truths, world)
        case ir.In(item, container) if not isinstance(item, ir.Literal):
            # The item stays known when it is changed, so the membership is that of one of its values.
            known = None not in (reference.evaluate(item, world), reference.evaluate(container, world))
            return _is(_one_by_one(item, container), truths, world) if known else Leaf(expr, truths)
        case _:
            return Leaf(expr, truths)


def _one_by_one(item: ir.Expr, container: ir.Expr) -> ir.Expr:
    declared = ir.type_of(item)
    values = ir.type_of(container).values
    same = {value: ir.Compare("==", item, ir.Literal(value, declared)) for value in values}
    return ir.Or(tuple(ir.And((same[value], _holds(value, container))) for value in values))


def _by_element(op: str, left: ir.Expr, right: ir.Expr, world: reference.World) -> ir.Expr | None:
    """A comparison of two known sets, element by element; None where one is unknown, and the comparison with it."""
    sets = [reference.evaluate(side, world) for side in (left, right)]
    if None in sets:
        return None
    values = dict.fromkeys((*ir.type_of(left).values, *ir.type_of(right).values))

    def within(a: ir.Expr, b: ir.Expr) -> ir.Expr:
        return ir.And(tuple(ir.Or((ir.Not(_holds(value, a)), _holds(value, b))) for value in values))

    match op:
        case "<=":
            return within(left, right)
        case ">=":
            return within(right, left)
        case _:
            same = ir.And((within(left, right), within(right, left)))
            return same if op == "==" else ir.Not(same)


def _holds(value: str, elements: ir.Expr) -> ir.Expr:
    return ir.In(ir.Literal(value, Type(Kind.ENUM, (value,))), elements)
