"""Questions about what a policy promises: its invariants, and that a layer only tightens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from admission import ir
from admission.analysis import replay
from admission.analysis.findings import Finding, Witness
from admission.analysis.inquiry import Inquiry, about, confirmed
from admission.analysis.shrinking import Facts
from admission.backends.smt import Model, Prover
from admission.backends.smt.decision import SymbolicDecision
from admission.backends.smt.terms import Formula, Payload, both, either, equal, is_at_most, opposite
from admission.checker import check
from admission.decision import Decision, Verdict
from admission.diagnostics import Collector, Diagnostic

PASSED = (Verdict.ADMIT, Verdict.REDIRECT)


def invariants(inquiry: Inquiry) -> Iterator[Finding]:
    """Invariants that a task, or a pair of tasks, breaks."""
    for invariant in inquiry.policy.invariants.values():
        ask = _pair if invariant.fact is not None else _condition
        what = (invariant.reason.get("zh", ""), invariant.reason.get("en", ""))
        yield from inquiry.asked(invariant.id, what, invariant.span, lambda: ask(inquiry, invariant))  # noqa: B023 - asked at once


def _condition(inquiry: Inquiry, invariant: ir.Invariant) -> Finding | None:
    """A task for which what never holds does, or what always holds does not."""
    expr, policy = invariant.expr, inquiry.policy
    if expr is None:
        return None
    term = inquiry.model.evaluate(expr)
    broken = invariant.promise == "never"
    task = inquiry.find(term.true if broken else term.false)
    if task is None:
        return None
    full = replay.decide(policy, *task)

    def shows(facts: Facts, day: date) -> bool:
        decision = replay.decide(policy, facts, day)
        if decision is None or full is None or not is_same(decision, full):
            return False
        return replay.evaluate(policy, expr, facts, decision) is broken

    return about("A807", invariant, inquiry.witness(task, shows), reason=words(invariant))


def is_same(one: Decision, other: Decision) -> bool:
    """Whether two decisions say the same of what an invariant can read."""
    return (one.verdict, one.channel, one.violations, one.conflict) == (
        other.verdict,
        other.channel,
        other.violations,
        other.conflict,
    )


def words(invariant: ir.Invariant) -> tuple[str, str]:
    """The invariant's reason in Chinese and English, whichever there are."""
    first = next(iter(invariant.reason.values()), "")
    return invariant.reason.get("zh", first), invariant.reason.get("en", first)


_RELATED: dict[str, Callable[[Payload, Payload], Formula]] = {
    "monotone": is_at_most,
    "antitone": lambda one, other: is_at_most(other, one),
    "irrelevant": lambda one, other: opposite(equal(one, other)),
}
"""How the fact of the second task stands to that of the first."""
_CODES = {"monotone": "A808", "antitone": "A813", "irrelevant": "A814", "favourable": "A815"}


def _pair(inquiry: Inquiry, invariant: ir.Invariant) -> Finding | None:
    """Two tasks, alike but for one fact, of which the second is decided as was promised never to be."""
    policy, name = inquiry.policy, str(invariant.fact)
    other = inquiry.task.but(policy.facts[name], "other ")
    changed = Model(policy, other)
    prover = Prover([inquiry.model, changed], inquiry.seconds, inquiry.model.complete(), changed.complete())
    found = prover.find(
        _related(inquiry.model, changed, invariant), _hurts(inquiry.decision, changed.decision, invariant)
    )
    if found is None:
        return None
    task, (others, _) = inquiry.task.read(found), other.read(found)

    def change_it(facts: Facts) -> Facts:
        kept = {key: value for key, value in facts.items() if key != name}
        return kept if others.get(name) is None else {**kept, name: others[name]}

    def shows(facts: Facts, day: date) -> bool:
        one, two = replay.decide(policy, facts, day), replay.decide(policy, change_it(facts), day)
        if one is None or two is None or not breaks(invariant, one, two):
            return False
        return _is_favoured(policy, invariant, (facts, one), (change_it(facts), two))

    first = confirmed(policy, task, shows, [name])
    second = replay.witness(policy, change_it(first.facts), first.day)
    if second is None:
        raise AssertionError(f"the second task is not one of {policy.id}")
    return about(_CODES[invariant.promise], invariant, first, second, fact=name, reason=words(invariant))


def _related(one: Model, other: Model, invariant: ir.Invariant) -> Formula:
    """That the second task is what the first may become without harm."""
    if invariant.expr is not None:
        return both(one.evaluate(invariant.expr).false, other.evaluate(invariant.expr).true)
    name = str(invariant.fact)
    return _RELATED[invariant.promise](one.fact(name).value, other.fact(name).value)


def _is_favoured(
    policy: ir.CheckedPolicy, invariant: ir.Invariant, one: tuple[Facts, Decision], other: tuple[Facts, Decision]
) -> bool:
    """Whether a favourable condition is false of one task and true of the other, which may depend on the day."""
    if invariant.expr is None:
        return True
    return [replay.evaluate(policy, invariant.expr, *task) for task in (one, other)] == [False, True]


def _hurts(before: SymbolicDecision, after: SymbolicDecision, invariant: ir.Invariant) -> Formula:
    """That the second decision is one that the promise rules out."""
    if invariant.promise != "irrelevant":
        return both(either(before.verdict["admit"], before.verdict["redirect"]), after.verdict["refuse"])
    said = [(d.verdict, d.channel, d.violated) for d in (before, after)]
    pairs = [(one[key], two[key]) for one, two in zip(*said, strict=True) for key in one]
    return either(*(either(both(a, opposite(b)), both(b, opposite(a))) for a, b in pairs))


def breaks(invariant: ir.Invariant, one: Decision, two: Decision) -> bool:
    """Whether the decisions of two tasks that the promise relates are what it rules out."""
    if invariant.promise == "irrelevant":
        return not is_same(one, two)
    return one.verdict in PASSED and two.verdict is Verdict.REFUSE


def tightening(inquiry: Inquiry) -> Iterator[Finding]:
    """A task that a layer admits and the layer below does not, though the layer promises only to tighten."""
    policy = inquiry.policy
    if not policy.tightens or policy.below is None:
        return
    below = check(policy.below, Collector())
    if below is None:
        return
    what = ("只收紧不放宽", f"it admits only what {below.id} admits")
    yield from inquiry.asked(policy.id, what, policy.span, lambda: _loosened(inquiry, below))


def _loosened(inquiry: Inquiry, below: ir.CheckedPolicy) -> Finding | None:
    policy = inquiry.policy
    lower = Model(below, inquiry.task)
    prover = Prover([inquiry.model, lower], inquiry.seconds, inquiry.model.complete())
    found = prover.find(inquiry.decision.verdict["admit"], opposite(lower.decision.verdict["admit"]))
    if found is None:
        return None

    def shows(facts: Facts, day: date) -> bool:
        upper, under = replay.decide(policy, facts, day), replay.decide(below, facts, day)
        if upper is None or under is None:
            return False
        return upper.verdict is Verdict.ADMIT and under.verdict in (Verdict.REFUSE, Verdict.REDIRECT)

    task = inquiry.task.read(found)
    witnesses = [inquiry.witness(task, shows)] if shows(*task) else _undecided_below(policy, task)
    return Finding(Diagnostic("A809", policy.span, {"name": policy.id, "below": below.id}), tuple(witnesses))


def _undecided_below(policy: ir.CheckedPolicy, task: tuple[Facts, date]) -> list[Witness]:
    """The whole task, where the layer below cannot decide it."""
    found = replay.witness(policy, *task)
    return [found] if found else []
