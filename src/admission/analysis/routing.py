"""Questions about routes: conflicts, gaps, routes that never take a task, tasks that are not decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from admission import ir
from admission.analysis import replay
from admission.analysis.findings import Finding
from admission.analysis.inquiry import Inquiry, about
from admission.analysis.shrinking import Facts
from admission.backends.smt.terms import both, either, opposite
from admission.datatypes import BOOL
from admission.diagnostics import Diagnostic

MOST_CONFLICTS = 20


def conflicts(inquiry: Inquiry) -> Iterator[Finding]:
    """Two routes true for one task: each pair once."""
    policy, taken = inquiry.policy, inquiry.decision.taken
    # A group of more than two routes is told by its pairs: two that clash and a third are two clashes.
    names = sorted(taken)
    pairs = [(a, b) for n, a in enumerate(names) for b in names[n + 1 :]]
    if next(inquiry.asked(policy.id, _WHAT["conflict"], policy.span, lambda: _any_conflict(inquiry)), None) is None:
        return
    found = 0
    for first, second in pairs:
        for finding in inquiry.asked(first, _WHAT["conflict"], policy.span, lambda: _conflict(inquiry, first, second)):  # noqa: B023 - asked at once
            yield finding
            found += 1
        if found >= MOST_CONFLICTS:
            return


def _any_conflict(inquiry: Inquiry) -> Finding | None:
    possible = inquiry.possible(inquiry.decision.conflict)
    return Finding(Diagnostic("A801", None, {"names": ""})) if possible else None


def _conflict(inquiry: Inquiry, first: str, second: str) -> Finding | None:
    policy, taken = inquiry.policy, inquiry.decision.taken
    task = inquiry.find(taken[first], taken[second])
    if task is None:
        return None

    def shows(facts: Facts, day: date) -> bool:
        decision = replay.decide(policy, facts, day)
        return decision is not None and {first, second} <= set(decision.conflict)

    return about("A801", policy.routes[second], inquiry.witness(task, shows), names=f"`{first}`, `{second}`")


def gaps(inquiry: Inquiry) -> Iterator[Finding]:
    """A task that no route takes; not asked where an invariant promises that there is none."""
    policy = inquiry.policy
    promised = ir.ReadFact(ir.violated(ir.NO_ROUTE), BOOL)
    if any(i.promise == "never" and i.expr == promised for i in policy.invariants.values()):
        return
    yield from inquiry.asked(policy.id, _WHAT["gap"], policy.span, lambda: _gap(inquiry))


def _gap(inquiry: Inquiry) -> Finding | None:
    policy = inquiry.policy
    task = inquiry.find(inquiry.decision.violated[ir.NO_ROUTE])
    if task is None:
        return None

    def shows(facts: Facts, day: date) -> bool:
        decision = replay.decide(policy, facts, day)
        return decision is not None and [v.rule for v in decision.violations] == [ir.NO_ROUTE]

    return Finding(Diagnostic("A802", policy.span, {"name": policy.id}), (inquiry.witness(task, shows),))


def idle_routes(inquiry: Inquiry) -> Iterator[Finding]:
    """Routes whose condition is never true, and routes that others always override."""
    for route in inquiry.policy.routes.values():
        yield from inquiry.asked(route.id, _WHAT["dead"], route.span, lambda: _idle_route(inquiry, route))  # noqa: B023 - asked at once


def _idle_route(inquiry: Inquiry, route: ir.Route) -> Finding | None:
    if inquiry.possible(inquiry.decision.taken[route.id]):
        return None
    model = inquiry.model
    if not inquiry.possible(model.in_force(route), model.own(route).true):
        return about("A803", route)
    above = sorted(name for name, upper in inquiry.policy.routes.items() if route.id in upper.overrides)
    return about("A805", route, above=", ".join(f"`{name}`" for name in above))


def totality(inquiry: Inquiry) -> Iterator[Finding]:
    """A complete task that is not decided, though no routes clash."""
    policy = inquiry.policy
    yield from inquiry.asked(policy.id, _WHAT["totality"], policy.span, lambda: _undecided(inquiry))


def _undecided(inquiry: Inquiry) -> Finding | None:
    policy, decision = inquiry.policy, inquiry.decision
    task = inquiry.find(both(decision.verdict["undetermined"], opposite(either(decision.conflict))))
    if task is None:
        return None

    def shows(facts: Facts, day: date) -> bool:
        found = replay.decide(policy, facts, day)
        return found is not None and found.verdict == "undetermined" and not found.conflict

    everything = tuple(policy.facts)
    return Finding(Diagnostic("A810", policy.span, {"name": policy.id}), (inquiry.witness(task, shows, everything),))


_WHAT = {
    "conflict": ("没有两条分流规则同时成立", "no two routes take the same task"),
    "gap": ("每件事项都有去向", "every task has a route"),
    "dead": ("该规则能够适用", "the rule can apply"),
    "totality": ("情况完整的事项都能决定", "every complete task is decided"),
}
