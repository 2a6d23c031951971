"""Cases for what a policy's cases do not cover yet (extra `verify`); what they should expect is left to the author.

Covered are: every route taken, every requirement met and violated, every exception that waives, every obligation
owed, and both outcomes of every condition of a rule, each on a task that is settled where the rule matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from admission import ir, printer, reference
from admission.analysis import SECONDS, replay
from admission.analysis.findings import case_text
from admission.analysis.inquiry import Inquiry
from admission.analysis.shrinking import Facts
from admission.backends.smt import NotProved
from admission.backends.smt.terms import FALSE, Formula, both, either
from admission.cases.conditions import conditions_of
from admission.decision import Decision, Given

Rule = ir.Route | ir.Requirement | ir.ExceptionRule | ir.ObligationRule
_COVERS = {"zh": "覆盖", "en": "covers"}
_CONFIRM = {"zh": "目前的决定；核对后去掉 # 号", "en": "as decided today; confirm it, then remove the #"}
_IMPOSSIBLE = {"zh": "没有事项能够做到", "en": "no task does this"}
_LATE = {"zh": "限时内未能查清", "en": "not settled in time"}


@dataclass(frozen=True, slots=True, order=True)
class Outcome:
    """One thing to cover: a rule, what happens to it, and for a condition its text."""

    rule: str
    happens: str
    condition: str = ""

    def __str__(self) -> str:
        return f"{self.rule}: {self.condition + ' ' if self.condition else ''}{self.happens}"


@dataclass(frozen=True, slots=True)
class Generated:
    """A task for outcomes that no case covers; without facts where no task has the outcome, or none was found."""

    outcomes: tuple[Outcome, ...]
    facts: Facts
    decision: Decision | None
    is_settled: bool = True
    """False where the solver ran out of time."""

    def text(self, policy: ir.Policy, name: str, lang: str = "en") -> str:
        """A case to paste; what it expects is a comment, so that it cannot pass before the author confirms it."""
        covers = [f"  # {_COVERS[lang]}: {outcome}" for outcome in self.outcomes]
        if self.decision is None:
            return f"# {_IMPOSSIBLE[lang] if self.is_settled else _LATE[lang]}: {self.outcomes[0]}"
        said = self.decision
        listed = ", ".join(violation.rule for violation in said.violations)
        channel = "null" if said.channel is None else said.channel
        expect = f"  # expect: {{verdict: {said.verdict}, channel: {channel}, violations: [{listed}]}}"
        return case_text(policy, self.facts, said.as_of, name, [*covers, f"{expect} # {_CONFIRM[lang]}"])


def generate(policy: ir.CheckedPolicy, given: Iterable[Given], *, seconds: float = SECONDS) -> Iterator[Generated]:
    """Tasks for the outcomes that the given ones do not cover, one after the other until all are covered.

    Every task was decided by the reference interpreter and has few facts. Raises `MissingExtraError` without Z3.
    """
    covered: set[Outcome] = set()
    for task in given:
        covered |= outcomes_of(policy, task.facts, task.as_of)
    inquiry = Inquiry(policy, seconds)
    for outcome, formula in formulas(inquiry):
        if outcome in covered:
            continue
        found = attempt(inquiry, outcome, formula)
        covered |= {outcome, *found.outcomes}
        if found.decision is not None:
            fresh = outcomes_of(policy, found.facts, found.decision.as_of)
            covered |= fresh
        yield found


def attempt(inquiry: Inquiry, outcome: Outcome, formula: Formula) -> Generated:
    """A task with an outcome."""
    policy = inquiry.policy
    try:
        task = inquiry.find(formula)
    except NotProved:
        return Generated((outcome,), {}, None, is_settled=False)
    if task is None:
        return Generated((outcome,), {}, None)
    full = replay.decide(policy, *task)

    def shows(facts: Facts, day: date) -> bool:
        decision = replay.decide(policy, facts, day)
        if decision is None or full is None or (decision.verdict, decision.channel) != (full.verdict, full.channel):
            return False
        return outcome in outcomes_of(policy, facts, day)

    witness = inquiry.witness(task, shows)
    return Generated((outcome,), witness.facts, witness.decision)


# ------------------------------------------------------------------------------------ as formulas


def formulas(inquiry: Inquiry) -> Iterator[tuple[Outcome, Formula]]:
    """Every outcome, and the formula of the tasks that have it."""
    model, decision = inquiry.model, inquiry.decision
    for rule in ir.rules(inquiry.policy):
        here = matters(inquiry, rule)
        match rule:
            case ir.Route():
                yield Outcome(rule.id, "taken"), both(here, decision.taken[rule.id])
            case ir.Requirement():
                yield Outcome(rule.id, "violated"), both(here, decision.broken[rule.id])
                yield Outcome(rule.id, "met"), both(here, model.own(rule).true, model.evaluate(rule.require).true)
            case ir.ExceptionRule():
                here = both(here, either(*(unmet(inquiry, name) for name in rule.waives)))
                yield Outcome(rule.id, "waives"), both(here, model.own(rule).true)
            case ir.ObligationRule():
                here = both(here, either(*(decision.verdict[verdict] for verdict in rule.verdicts)))
                yield Outcome(rule.id, "owed"), model.duty(rule, decision).certain
        for leaf in conditions_of(inquiry.policy, rule):
            term = model.evaluate(leaf)
            yield Outcome(rule.id, "true", printer.expression(leaf)), both(here, term.true)
            yield Outcome(rule.id, "false", printer.expression(leaf)), both(here, term.false)


def unmet(inquiry: Inquiry, name: str) -> Formula:
    """That a requirement would be violated were there no exceptions: only then are they asked."""
    model, rule = inquiry.model, inquiry.policy.requirements[name]
    return both(matters(inquiry, rule), model.own(rule).true, model.evaluate(rule.require).false)


def matters(inquiry: Inquiry, rule: Rule) -> Formula:
    """That a task is settled where a rule in force has a say."""
    model, channel = inquiry.model, inquiry.decision.channel
    places = {name: channel[name] for name in where(inquiry.policy, rule) if name in channel}
    return both(model.in_force(rule), either(*places.values()) if places else FALSE)


# --------------------------------------------------------------------------------- on one task


def outcomes_of(policy: ir.CheckedPolicy, facts: Facts, day: date) -> set[Outcome]:
    """The outcomes that a task covers."""
    decision = replay.decide(policy, facts, day)
    if decision is None or decision.channel is None:
        return set()
    world = reference.World(policy, facts, day)
    said = {entry.rule for entry in (*decision.violations, *decision.notes)}
    owed = {duty.rule for duty in decision.obligations if duty.certain}
    routes = {route.id: route for route in policy.routes.values() if day in route.period}
    found = {Outcome(name, "violated") for name in said} | {Outcome(name, "owed") for name in owed}
    for rule in ir.rules(policy):
        if day not in rule.period or decision.channel not in where(policy, rule):
            continue
        holds = reference.evaluate(reference.own(rule), world)
        match rule:
            case ir.Route() if reference.evaluate(reference.effective(rule, routes), world):
                found.add(Outcome(rule.id, "taken"))
            case ir.Requirement() if holds and reference.evaluate(rule.require, world):
                found.add(Outcome(rule.id, "met"))
            case ir.ExceptionRule():
                if not any(is_unmet(policy, name, decision.channel, world) for name in rule.waives):
                    continue
                if holds:
                    found.add(Outcome(rule.id, "waives"))
            case ir.ObligationRule() if decision.verdict not in rule.verdicts:
                continue
            case _:
                pass
        for leaf in conditions_of(policy, rule):
            value = reference.evaluate(leaf, world)
            if value is not None:
                found.add(Outcome(rule.id, "true" if value else "false", printer.expression(leaf)))
    return found


def is_unmet(policy: ir.Policy, name: str, channel: str, world: reference.World) -> bool:
    """Whether a requirement on a channel would be violated were there no exceptions."""
    rule = policy.requirements[name]
    if channel not in rule.channels or world.day not in rule.period:
        return False
    own, require = reference.evaluate(reference.own(rule), world), reference.evaluate(rule.require, world)
    return bool(own) and require is False


def where(policy: ir.Policy, rule: Rule) -> tuple[str, ...]:
    """The channels on which a rule has a say."""
    match rule:
        case ir.Requirement():
            return rule.channels
        case ir.ExceptionRule():
            return tuple(c for name in rule.waives for c in policy.requirements[name].channels)
        case ir.Route() | ir.ObligationRule():
            return tuple(policy.channels)
