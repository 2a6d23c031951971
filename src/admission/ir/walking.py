"""What a policy holds, one by one: its rules, and the expressions in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from admission.datatypes import BOOL, Kind, Type
from admission.ir.declarations import Definition, Fact
from admission.ir.expressions import Expr, ReadDefinition, children
from admission.ir.names import CALENDAR_YEAR, CHANNEL, NO_ROUTE, VERDICT, VERDICTS, violated
from admission.ir.policy import Policy
from admission.ir.rules import ExceptionRule, ObligationRule, Requirement, Route, Rule
from admission.ir.watches import Watch


def walk(exprs: Iterable[Expr], definitions: Mapping[str, Definition] | None = None) -> Iterator[Expr]:
    """Every node of some expressions; with `definitions`, the bodies of those that are read too, each once."""
    stack, entered = list(exprs), set[str]()
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))
        if definitions is not None and isinstance(node, ReadDefinition) and node.name not in entered:
            entered.add(node.name)
            stack.append(definitions[node.name].expr)


def expressions_in_force(policy: Policy, day: date) -> Iterator[Expr]:
    """Every expression of the rules in force on a day, and of the reported definitions."""
    for rule in rules(policy):
        if day in rule.period:
            yield from parts(rule).values()
    yield from (definition.expr for definition in policy.definitions.values() if definition.report)


def rules(policy: Policy) -> Iterator[Rule]:
    """Routes, requirements, exceptions and obligations, each in the order of the file."""
    yield from policy.routes.values()
    yield from policy.requirements.values()
    yield from policy.exceptions.values()
    yield from policy.obligations.values()


def parts(rule: Rule) -> dict[str, Expr]:
    """The expressions that a rule holds, by the key they are written under."""
    found: dict[str, Expr | None] = {"when": rule.when}
    match rule:
        case Requirement():
            found["require"] = rule.require
        case ObligationRule():
            found |= {"amount": rule.amount, "due": rule.due}
        case Route() | ExceptionRule():
            pass
    return {key: expr for key, expr in found.items() if expr is not None}


def parts_of_watch(watch: Watch) -> Iterator[Expr]:
    """Every expression that a watch holds."""
    yield watch.when
    if watch.due is not None:
        yield watch.due
    for look_up in watch.look_ups.values():
        yield from look_up.match.values()
    for gathered in watch.gathered.values():
        held = (gathered.where, gathered.until, gathered.window)
        yield from (part for part in held if part is not None and part != CALENDAR_YEAR)


def facts_of_decision(policy: Policy) -> dict[str, Fact]:
    """What an invariant may read of the decision, declared like facts; no fact of a policy has such a name."""
    types = {VERDICT: VERDICTS, CHANNEL: Type(Kind.ENUM, tuple(policy.channels))}
    types |= {violated(rule): BOOL for rule in (*policy.requirements, NO_ROUTE)}
    return {name: Fact(name, declared, {}) for name, declared in types.items()}
