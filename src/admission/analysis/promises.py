"""Questions about what a policy promises: its invariants, and that a layer only tightens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from admission import ir
from admission.analysis import replay
from admission.analysis.findings import Finding, Witness
from admission.analysis.inquiry import Inquiry, about, confirmed
from admission.analysis.shrinking import Facts
from admission.backends.smt import Model, Prover
from admission.backends.smt.terms import either, is_at_most, opposite
from admission.checker import check
from admission.decision import Decision, Verdict
from admission.diagnostics import Collector, Diagnostic

PASSED = (Verdict.ADMIT, Verdict.REDIRECT)


def invariants(inquiry: Inquiry) -> Iterator[Finding]:
    """Invariants that a task, or a pair of tasks, breaks."""
    for invariant in inquiry.policy.invariants.values():
        ask = _monotone if invariant.promise == "monotone" else _condition
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


def _monotone(inquiry: Inquiry, invariant: ir.Invariant) -> Finding | None:
    """Two tasks, alike but for more of one fact, of which the second only is refused."""
    policy, name = inquiry.policy, str(invariant.fact)
    more = inquiry.task.but(policy.facts[name], "more ")
    raised = Model(policy, more)
    prover = Prover([inquiry.model, raised], inquiry.seconds, inquiry.model.complete(), raised.complete())
    before = inquiry.decision.verdict
    found = prover.find(
        is_at_most(inquiry.model.fact(name).value, raised.fact(name).value),
        either(before["admit"], before["redirect"]),
        raised.decision.verdict["refuse"],
    )
    if found is None:
        return None
    (facts, day), (others, _) = inquiry.task.read(found), more.read(found)
    pair = {key: others.get(name) for key in (name,)}

    def raise_it(facts: Facts) -> Facts:
        kept = {key: value for key, value in facts.items() if key != name}
        return kept if pair[name] is None else {**kept, name: pair[name]}  # type: ignore[dict-item] # not None

    def shows(facts: Facts, day: date) -> bool:
        one, two = replay.decide(policy, facts, day), replay.decide(policy, raise_it(facts), day)
        return one is not None and two is not None and one.verdict in PASSED and two.verdict is Verdict.REFUSE

    first = confirmed(policy, (facts, day), shows, [name])
    second = replay.witness(policy, raise_it(first.facts), first.day)
    if second is None:
        raise AssertionError(f"the second task is not one of {policy.id}")
    return about("A808", invariant, first, second, fact=name, reason=words(invariant))


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
