"""The meaning of a policy, slow and plainly right: every other interpreter must give these answers.

Unknown is None, and conditions follow strong Kleene logic (S. C. Kleene, Introduction to Metamathematics, 1952, § 64).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, assert_never

from admission import ir, workdays
from admission.datatypes import BOOL, Value, to_python, yuan
from admission.decision import (
    Answer,
    Decision,
    Details,
    Given,
    Obligation,
    Verdict,
    citations_of,
    identity_of,
    violations_of,
)
from admission.records import record

TRUE = ir.Literal(value=True, type=BOOL)
ORDER = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@record
class World:
    """One task on one day: the policy, the facts that were given, and the date of the decision."""

    policy: ir.Policy
    given: Mapping[str, Value]
    day: date


def evaluate(expr: ir.Expr, world: World) -> Any:
    """The value of an expression, or None where it is unknown."""

    def strict(apply: Callable[..., Any], *operands: ir.Expr) -> Any:
        values = [evaluate(operand, world) for operand in operands]
        return None if None in values else apply(*values)

    match expr:
        case ir.Literal(value):
            return value
        case ir.ReadFact(name):
            return world.day if name == ir.AS_OF else fact(name, world)
        case ir.ReadParameter(name):
            return [v for since, v in world.policy.parameters[name].values if since <= world.day][-1]
        case ir.ReadDefinition(name):
            return evaluate(world.policy.definitions[name].expr, world)
        case ir.ReadColumn(look_up, column):
            return cell(world.policy.look_ups[look_up], column, world)
        case ir.And(operands) | ir.Or(operands):
            decisive, values = isinstance(expr, ir.Or), [evaluate(operand, world) for operand in operands]
            return decisive if decisive in values else None if None in values else not decisive
        case ir.Not(operand):
            return strict(operator.not_, operand)
        case ir.Compare(op, left, right):
            return strict(ORDER[op], left, right)
        case ir.In(item, container):
            return strict(lambda value, elements: value in elements, item, container)
        case ir.OneOf(item, options):
            return strict(lambda value, *constants: value in constants, item, *options)
        case ir.Count(operand):
            return strict(len, operand)
        case ir.Add(left, right):
            return strict(lambda a, b: a + (timedelta(b) if isinstance(a, date) else b), left, right)
        case ir.Subtract(left, right):
            return strict(lambda a, b: a - (timedelta(b) if isinstance(a, date) else b), left, right)
        case ir.Multiply(operand, factor):
            return strict(operator.mul, operand, factor)
        case ir.Workday(start, days):
            return strict(workdays.workday, start, days)
        case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
            raise TypeError(f"not resolved: {expr}")
        case _:
            assert_never(expr)


def fact(name: str, world: World) -> Value | None:
    """What was given, else what a look-up fills in, else what is assumed, else unknown."""
    declared = world.policy.facts[name]
    found = world.given.get(name)
    found = evaluate(declared.filled_by, world) if found is None and declared.filled_by else found
    return declared.assume.value if found is None and declared.assume else found


def cell(look_up: ir.LookUp, column: str, world: World) -> Value | None:
    """A column of the one row that matches the task's key on the day."""
    register = world.policy.registers[look_up.register]
    key = {part: fact(name, world) for part, name in look_up.match.items()}
    if None in key.values():
        return None
    rows = [(dict(zip(register.columns, row.cells, strict=True)), row.period) for row in register.rows]
    found = [cells for cells, period in rows if world.day in period and all(cells[k] == key[k] for k in key)]
    if column == ir.FOUND or (not found and register.partial):
        return True if found else None if register.partial else False
    value, absent = found[0][column] if found else None, register.columns[column].absent
    return absent.value if value is None and absent else value


def decide(policy: ir.Policy, given: Mapping[str, Value], day: date, id: str = "") -> Decision:  # noqa: A002 - the key
    """The decision of section 5, for facts in their inner form (see `datatypes`); absent is unknown."""
    world, routes = World(policy, given, day), {r.id: r for r in policy.routes.values() if day in r.period}
    truth = {name: evaluate(effective(route, routes), world) for name, route in routes.items()}
    taken, unsettled = ({name for name in truth if truth[name] is answer} for answer in (True, None))
    conflict = taken if len(taken) > 1 else set()
    candidates: set[str | None] = {routes[name].to for name in taken | unsettled}
    if not any(evaluate(own(route), world) for route in routes.values()):
        candidates.add(None)
    against = {channel: judged(channel, False, world) for channel in candidates}
    still_open = {channel: judged(channel, None, world) for channel in candidates if not against[channel]}
    channel = None if conflict or unsettled else next(iter(candidates))
    verdict, violations = Verdict.UNDETERMINED, set[str]()
    if not conflict and all(against.values()):
        verdict, violations = Verdict.REFUSE, set.intersection(*against.values()) or {ir.EVERY_ROUTE_REFUSES}
    elif channel and not still_open[channel]:
        verdict = Verdict(policy.channels[channel].outcome)
    asked = [effective(routes[name], routes) for name in unsettled]
    asked += [demand(policy.requirements[name], world) for names in still_open.values() for name in names]
    missing = {name for expr in asked for name in unknown_facts(expr, world)}
    notes = judged(channel, False, world, effect="note") if channel else set()
    answer = Answer(
        verdict, channel, violations_of(policy, violations),
        tuple(sorted(missing)) if verdict is Verdict.UNDETERMINED and not conflict else (),
        tuple(sorted(conflict)), violations_of(policy, notes), identity_of(policy), is_past_calendar(world),
    )  # fmt: skip
    assumed = tuple(sorted(assumptions(world)))
    return Decision.of(answer, Given(given, day, id), assumed, details=details(verdict, world))


def own(rule: ir.Rule) -> ir.Expr:
    """A rule's own condition; none is true."""
    return TRUE if rule.when is None else rule.when


def effective(route: ir.Route, routes: Mapping[str, ir.Route]) -> ir.Expr:
    """The route's own condition, and not the own condition of any route above it, directly or through others."""
    above = {route.id}
    while more := {r.id for r in routes.values() if above & set(r.overrides)} - above:
        above |= more
    return ir.And((own(route), *(ir.Not(own(routes[name])) for name in sorted(above - {route.id}))))


def demand(requirement: ir.Requirement, world: World) -> ir.Expr:
    """False where the requirement is violated: it applies, is not met, and no exception waives it."""
    exceptions = world.policy.exceptions.values()
    waivers = [own(e) for e in exceptions if requirement.id in e.waives and world.day in e.period]
    return ir.Or((ir.Not(own(requirement)), requirement.require, *waivers))


def judged(channel: str | None, answer: bool | None, world: World, effect: str = "refuse") -> set[str]:
    """The requirements of a channel whose demand has this answer; no channel at all violates `no_route`."""
    if channel is None:
        return set() if answer is None else {ir.NO_ROUTE}
    rules = [r for r in world.policy.requirements.values() if channel in r.channels and world.day in r.period]
    return {r.id for r in rules if r.effect == effect and evaluate(demand(r, world), world) is answer}


def unknown_facts(expr: ir.Expr, world: World) -> Iterator[str]:
    """The unknown facts read by the unknown parts of an expression; an unknown look-up names its key facts."""
    if evaluate(expr, world) is not None:
        return
    parts: tuple[ir.Expr, ...] = ir.children(expr)
    match expr:
        case ir.ReadFact(name):
            yield name
            filler = world.policy.facts[name].filled_by
            parts = (filler,) if filler else ()
        case ir.ReadDefinition(name):
            parts = (world.policy.definitions[name].expr,)
        case ir.ReadColumn(look_up):
            keys = world.policy.look_ups[look_up].match.values()
            parts = tuple(ir.ReadFact(key, BOOL) for key in keys)
    for part in parts:
        yield from unknown_facts(part, world)


def obligations(verdict: Verdict, world: World) -> Iterator[Obligation]:
    """The duties that come with the verdict, by id; one whose condition is unknown is not certain."""
    for name, rule in sorted(world.policy.obligations.items()):
        attached = evaluate(own(rule), world)
        if world.day in rule.period and verdict in rule.verdicts and attached is not False:
            fen, due = (evaluate(part, world) if part else None for part in (rule.amount, rule.due))
            amount, cited = None if fen is None else yuan(fen), citations_of(world.policy, rule.basis)
            yield Obligation(name, bool(attached), rule.debtor, rule.creditor, amount, due, rule.reason, cited)


def details(verdict: Verdict, world: World) -> Details:
    """The obligations of a decision and its figures: the reported definitions by name, None where unknown."""
    reported = {name: d.expr for name, d in sorted(world.policy.definitions.items()) if d.report}
    figures = {name: to_python(ir.type_of(expr), evaluate(expr, world)) for name, expr in reported.items()}
    return Details(tuple(obligations(verdict, world)), figures)


def assumptions(world: World) -> Iterator[str]:
    """The facts that took their declared assumption."""
    for name, declared in world.policy.facts.items():
        filled = evaluate(declared.filled_by, world) if declared.filled_by else None
        if declared.assume and filled is None and world.given.get(name) is None:
            yield name


def is_past_calendar(world: World) -> bool:
    """Whether a working day that a rule in force or a figure reads is counted outside the published calendars."""
    read = ir.walk(ir.expressions_in_force(world.policy, world.day), world.policy.definitions)
    workday_nodes = [node for node in read if isinstance(node, ir.Workday)]
    counted = [evaluate(day, world) for node in workday_nodes for day in (node, node.start) if evaluate(node, world)]
    return not all(workdays.published(day) for day in counted)
