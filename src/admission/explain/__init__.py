"""Why a decision came out as it did: the evaluation itself as a tree, and what is still to be asked.

Every leaf is a condition that was evaluated, with the values it read; every reason is the rule's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from admission import ir, reference
from admission.decision import Advised, Decision
from admission.explain.questions import Question, question_of
from admission.explain.tree import Reading, Step, Teller
from admission.explain.writing import Writer

__all__ = ["Explanation", "Question", "Reading", "Step", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The evaluation of one decision as a tree, in one language; `str()` of it is text to read."""

    decision: Decision
    lang: str
    steps: tuple[Step, ...]
    questions: tuple[Question, ...] = ()
    assumed: tuple[Reading, ...] = ()
    remedies: tuple[Advised, ...] = ()
    text: str = field(default="", compare=False, repr=False)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: the decision, the tree, the questions, the assumptions, what would lead to `admit`."""
        return {
            "decision": self.decision.to_dict(),
            "lang": self.lang,
            "steps": [step.to_dict() for step in self.steps],
            "questions": [question.to_dict() for question in self.questions],
            "assumed": [reading.to_dict() for reading in self.assumed],
            "remedies": [remedy.to_dict() for remedy in self.remedies],
        }

    def __str__(self) -> str:
        return self.text


def explain(
    policy: ir.CheckedPolicy, decision: Decision, lang: str, remedies: Sequence[Advised] | None = None
) -> Explanation:
    """The evaluation behind a decision: the candidates it could go to, their rules, and every value read.

    `remedies` are what would lead to `admit`, cheapest first; None where that was not asked for or cannot be listed.
    """
    world = reference.World(policy, decision.given.facts, decision.as_of)
    teller = Teller(policy, world, lang)
    steps = tuple(_steps(teller, decision))
    assumed = tuple(teller.fact(name) for name in decision.assumed if name in policy.facts)
    questions = tuple(question_of(policy.facts[name]) for name in decision.missing)
    text = "\n".join(Writer(policy, decision, lang).lines(steps, questions, assumed, remedies))
    return Explanation(decision, lang, steps, questions, assumed, tuple(remedies or ()), text=text)


def _steps(teller: Teller, decision: Decision) -> Iterator[Step]:
    policy, world = teller.policy, teller.world
    if decision.conflict:
        yield from (teller.route(policy.routes[name]) for name in decision.conflict)
        return
    if decision.channel is not None:
        yield teller.channel(decision.channel)
        return
    routes = {route.id: route for route in policy.routes.values() if world.day in route.period}
    truth = {r.id: reference.evaluate(reference.effective(r, routes), world) for r in routes.values()}
    channels = dict.fromkeys(routes[name].to for name, value in truth.items() if value is not False)
    yield from (teller.channel(channel) for channel in channels)
    if not any(reference.evaluate(reference.own(route), world) for route in routes.values()):
        yield teller.channel(None)
    if not channels:
        yield from (teller.route(route) for route in routes.values())
