"""A decision as formulas: section 5 of the meaning, one formula for each thing that a decision can say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from admission import ir
from admission.backends.smt.terms import Formula, Term, both, either, opposite

if TYPE_CHECKING:
    from admission.backends.smt.model import Model

Formulas = dict[str, Formula]


@dataclass(slots=True)
class Duty:
    """An obligation in a decision: whether it is attached, whether that is certain, its amount and day."""

    attached: Formula
    certain: Formula
    amount: Term | None
    due: Term | None


@dataclass(slots=True)
class SymbolicDecision:
    """A decision as formulas, by verdict, channel, and rule."""

    conflict: Formula
    taken: Formulas
    """Routes effectively true."""
    broken: Formulas
    """Requirements in force whose demand is false."""
    verdict: Formulas
    channel: Formulas
    violated: Formulas
    notes: Formulas


@dataclass(slots=True)
class _Routing:
    """Where the task goes: the routes that are true, the channels it may go to, and whether that is settled."""

    taken: Formulas
    conflict: Formula
    settled: Formula
    candidate: Formulas
    no_route: Formula
    """That "no route" is a candidate: no route's own condition is true."""


@dataclass(slots=True)
class _Demands:
    """Requirements in force that are violated, and that are open; those that refuse on each channel."""

    broken: Formulas
    unmet: Formulas
    refusing: Mapping[str, list[str]]


def decide(model: Model) -> SymbolicDecision:
    """The decision of a policy on a task."""
    policy, routing, demands = model.policy, route(model), demand(model)
    candidate, channels = routing.candidate, policy.channels
    against = {c: either(*(demands.broken[name] for name in names)) for c, names in demands.refusing.items()}
    refuse = both(opposite(routing.conflict), *(either(opposite(candidate[c]), against[c]) for c in channels))
    channel = {c: both(routing.settled, candidate[c]) for c in channels}
    verdict = {"refuse": refuse}
    for word in ("admit", "redirect"):
        there = (both(channel[c], unopposed(demands, c)) for c, d in channels.items() if d.outcome == word)
        verdict[word] = both(opposite(refuse), either(*there))
    verdict["undetermined"] = opposite(either(*verdict.values()))
    violated = violations(model, routing, demands, refuse)
    notes = {
        name: both(demands.broken[name], either(*(channel[c] for c in rule.channels)))
        for name, rule in policy.requirements.items()
        if rule.effect == "note"
    }
    return SymbolicDecision(routing.conflict, routing.taken, demands.broken, verdict, channel, violated, notes)


def route(model: Model) -> _Routing:
    """Which routes are true, and what follows for the channels."""
    routes = model.policy.routes.values()
    force = {r.id: model.in_force(r) for r in routes}
    truth = {r.id: model.effective(r) for r in routes}
    taken = {name: both(force[name], term.true) for name, term in truth.items()}
    unsettled = {name: both(force[name], opposite(term.known)) for name, term in truth.items()}
    listed = list(taken.values())
    conflict = either(*(both(a, b) for n, a in enumerate(listed) for b in listed[n + 1 :]))
    settled = both(opposite(conflict), *(opposite(f) for f in unsettled.values()))
    candidate = {
        c: either(*(either(taken[r.id], unsettled[r.id]) for r in routes if r.to == c)) for c in model.policy.channels
    }
    no_route = both(*(opposite(both(force[r.id], model.own(r).true)) for r in routes))
    return _Routing(taken, conflict, settled, candidate, no_route)


def demand(model: Model) -> _Demands:
    """What the requirements in force come to."""
    rules = model.policy.requirements
    here = {name: model.in_force(r) for name, r in rules.items()}
    demands = {name: model.demand(r) for name, r in rules.items()}
    broken = {name: both(here[name], term.false) for name, term in demands.items()}
    unmet = {name: both(here[name], opposite(term.known)) for name, term in demands.items()}
    refusing = {
        c: [r.id for r in rules.values() if c in r.channels and r.effect == "refuse"] for c in model.policy.channels
    }
    return _Demands(broken, unmet, refusing)


def unopposed(demands: _Demands, channel: str) -> Formula:
    """That nothing is open on a channel."""
    return both(*(opposite(demands.unmet[name]) for name in demands.refusing[channel]))


def violations(model: Model, routing: _Routing, demands: _Demands, refuse: Formula) -> Formulas:
    """What a refusal reports: the violations common to all candidates, or one of the two built in."""
    channels, candidate = model.policy.channels, routing.candidate
    found = {
        name: both(
            refuse,
            opposite(routing.no_route),
            demands.broken[name],
            *(opposite(candidate[c]) for c in channels if name not in demands.refusing[c]),
        )
        for name, rule in model.policy.requirements.items()
        if rule.effect == "refuse"
    }
    found[ir.NO_ROUTE] = both(refuse, routing.no_route, *(opposite(f) for f in candidate.values()))
    found[ir.EVERY_ROUTE_REFUSES] = both(refuse, *(opposite(f) for f in found.values()))
    return found
