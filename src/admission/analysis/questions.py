"""Every question that `admission check` asks the solver about one policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from admission import ir
from admission.analysis import SECONDS, demands, promises, routing
from admission.analysis.findings import Finding
from admission.analysis.inquiry import Inquiry, not_proved
from admission.backends.smt import Unsupported

Question = Callable[[Inquiry], Iterator[Finding]]

QUESTIONS: dict[str, Question] = {
    "conflict": routing.conflicts,
    "gap": routing.gaps,
    "dead routes": routing.idle_routes,
    "dead requirements": demands.idle_requirements,
    "dead exceptions": demands.idle_exceptions,
    "dead obligations": demands.idle_obligations,
    "invariants": promises.invariants,
    "tightens": promises.tightening,
    "totality": routing.totality,
}
"""By name, in the order in which they are asked."""


def analyse(
    policy: ir.CheckedPolicy, *, seconds: float = SECONDS, ask: Iterable[str] = tuple(QUESTIONS)
) -> Iterator[Finding]:
    """What the solver finds wrong with a policy: conflicts, gaps, idle rules, broken promises.

    Args:
        policy: a checked policy.
        seconds: how long one question may take; one that takes longer is found to be not proved (A899).
        ask: which of `QUESTIONS`.

    Every witness was decided by the reference interpreter and made minimal. Raises `MissingExtraError` without Z3.
    """
    try:
        inquiry = Inquiry(policy, seconds)
    except Unsupported as unsupported:
        # Nothing is proved of a policy that the solver cannot be told.
        yield not_proved(policy.id, (str(unsupported), str(unsupported)), policy.span, seconds)
        return
    for name in ask:
        yield from QUESTIONS[name](inquiry)
