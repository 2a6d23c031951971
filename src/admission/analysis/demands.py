"""Questions about requirements, exceptions and obligations: dead, redundant, or letting everything through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from admission import ir
from admission.analysis.findings import Finding
from admission.analysis.inquiry import Inquiry, about
from admission.backends.smt.terms import both, either

_APPLIES = ("该规则能够适用", "the rule can apply")


def idle_requirements(inquiry: Inquiry) -> Iterator[Finding]:
    """Requirements that never apply, and those that are never violated."""
    for rule in inquiry.policy.requirements.values():
        yield from inquiry.asked(rule.id, _APPLIES, rule.span, lambda: _idle_requirement(inquiry, rule))  # noqa: B023 - asked at once


def _idle_requirement(inquiry: Inquiry, rule: ir.Requirement) -> Finding | None:
    if inquiry.possible(_reached(inquiry, rule), inquiry.decision.broken[rule.id]):
        return None
    if not inquiry.possible(_reached(inquiry, rule), inquiry.model.own(rule).true):
        return about("A803", rule)
    # Where only exceptions keep it from ever being violated, they are what is reported.
    return None if inquiry.possible(_unwaived(inquiry, rule)) else about("A804", rule)


def idle_exceptions(inquiry: Inquiry) -> Iterator[Finding]:
    """Exceptions that waive nothing, and those that waive all there is to a requirement."""
    for rule in inquiry.policy.exceptions.values():
        yield from inquiry.asked(rule.id, _APPLIES, rule.span, lambda: _idle_exception(inquiry, rule))  # noqa: B023 - asked at once


def _idle_exception(inquiry: Inquiry, rule: ir.ExceptionRule) -> Finding | None:
    own, force = inquiry.model.own(rule), inquiry.model.in_force(rule)
    waived = [inquiry.policy.requirements[name] for name in rule.waives]
    if not any(inquiry.possible(force, own.true, _unwaived(inquiry, requirement)) for requirement in waived):
        return about("A803", rule)
    for requirement in waived:
        stopped = both(force, _unwaived(inquiry, requirement))
        if inquiry.possible(stopped) and not inquiry.possible(stopped, own.false):
            return about("A806", rule, waived=requirement.id)
    return None


def idle_obligations(inquiry: Inquiry) -> Iterator[Finding]:
    """Obligations that come with no decision."""
    for rule in inquiry.policy.obligations.values():
        yield from inquiry.asked(rule.id, _APPLIES, rule.span, lambda: _idle_obligation(inquiry, rule))  # noqa: B023 - asked at once


def _idle_obligation(inquiry: Inquiry, rule: ir.ObligationRule) -> Finding | None:
    attached = inquiry.model.duty(rule, inquiry.decision).certain
    return None if inquiry.possible(attached) else about("A803", rule)


def _reached(inquiry: Inquiry, rule: ir.Requirement) -> Any:
    """That a task is settled on one of the requirement's channels while it is in force."""
    channels = inquiry.decision.channel
    return both(inquiry.model.in_force(rule), either(*(channels[name] for name in rule.channels)))


def _unwaived(inquiry: Inquiry, rule: ir.Requirement) -> Any:
    """That the requirement would be violated were there no exceptions."""
    model = inquiry.model
    return both(_reached(inquiry, rule), model.own(rule).true, model.evaluate(rule.require).false)
