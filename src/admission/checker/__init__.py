"""Names, types and cycles: a policy in, a checked policy and everything that is wrong out."""

from __future__ import annotations

from dataclasses import replace as with_changes
from typing import Any, TypeVar

from admission import ir
from admission.checker import structure
from admission.checker.bounds import Bounds
from admission.checker.definitions import check_definitions
from admission.checker.expressions import Typer
from admission.checker.names import collect
from admission.checker.promises import promised
from admission.checker.watches import check_watch, check_windows
from admission.datatypes import DATE, MONEY
from admission.diagnostics import Collector

R = TypeVar("R", bound=ir.Rule)


def check(policy: ir.Policy, faults: Collector, poisoned: frozenset[str] = frozenset()) -> ir.CheckedPolicy | None:
    """The policy with every name resolved and every type right; None where there was an error.

    `poisoned` are names whose declaration is at fault already, so that their uses are not reported again.
    """
    names = collect(policy, poisoned, faults)
    typer = Typer(names, faults)
    structure.check_rule_ids(policy, faults)
    structure.check_references(policy, poisoned, faults)
    structure.check_override_cycles(policy, faults)
    structure.check_parameters(policy, faults)
    structure.check_look_ups(policy, poisoned, faults)
    structure.check_layer(policy, faults)
    fillers = structure.check_fillers(policy, typer, faults)
    faulty = check_definitions(policy.definitions, faults)
    typer.definitions.update(dict.fromkeys(faulty))
    for name in faulty:
        typer.typed(policy.definitions[name].expr)
    definitions = {name: typer.definition(name) for name in policy.definitions}
    checked = with_changes(
        policy,
        facts={n: _filled(fact, fillers) for n, fact in policy.facts.items()},
        definitions={n: d for n, d in definitions.items() if d is not None},
        routes={n: _typed(rule, typer) for n, rule in policy.routes.items()},
        requirements={n: _typed(rule, typer) for n, rule in policy.requirements.items()},
        exceptions={n: _typed(rule, typer) for n, rule in policy.exceptions.items()},
        obligations={n: _typed(rule, typer) for n, rule in policy.obligations.items()},
    )
    typer.of_decision = ir.facts_of_decision(policy)
    checked = with_changes(checked, invariants={n: promised(i, checked, typer) for n, i in policy.invariants.items()})
    watches = {n: check_watch(watch, names, faults) for n, watch in policy.watches.items()}
    checked = with_changes(checked, watches={n: watch for n, watch in watches.items() if watch is not None})
    if faults.errors:
        return None
    bounds = Bounds(checked.definitions, checked.parameters, faults)
    for definition in checked.definitions.values():
        bounds.check(definition.expr)
    for rule in ir.rules(checked):
        for expr in ir.parts(rule).values():
            bounds.check(expr)
    for invariant in checked.invariants.values():
        if invariant.expr:
            bounds.check(invariant.expr)
    for watch in checked.watches.values():
        for expr in ir.parts_of_watch(watch):
            bounds.check(expr)
        check_windows(watch, bounds)
    return None if faults.errors else ir.CheckedPolicy(checked)


def _filled(fact: ir.Fact, fillers: dict[str, ir.ReadColumn | None]) -> ir.Fact:
    return with_changes(fact, filled_by=fillers[fact.name]) if fact.name in fillers else fact


def _typed(rule: R, typer: Typer) -> R:
    """The rule with its expressions typed; where one is at fault it stays as it was, and no policy is returned."""
    kinds = {"amount": MONEY, "due": DATE}
    changes: dict[str, Any] = {}
    for key, expr in ir.parts(rule).items():
        typed = typer.of_type(expr, kinds[key]) if key in kinds else typer.condition(expr)
        changes[key] = expr if typed is None else typed
    return with_changes(rule, **changes)
