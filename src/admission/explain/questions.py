"""What to ask: the question for each fact, and which to ask next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from admission import ir, reference
from admission.datatypes import Type
from admission.decision import Decision, in_language


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for, with the question in each language and the answers it can take."""

    fact: str
    asks: ir.Label
    type: Type
    choices: dict[str, ir.Label] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """The question, in `zh` or `en`; without `lang` in the policy's first language."""
        return in_language(self.asks, lang)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "fact": self.fact,
            "type": self.type.kind.value,
            "ask": dict(self.asks),
            "choices": {value: dict(label) for value, label in self.choices.items()},
        }


def question_of(fact: ir.Fact) -> Question:
    """The question that asks for a fact; its label where the author wrote none."""
    return Question(fact.name, fact.ask or fact.label, fact.type, dict(fact.value_labels))


def next_question(policy: ir.CheckedPolicy, decision: Decision) -> Question | None:
    """The missing fact that most open conditions wait for; those of routes come first: they say where to look."""
    if not decision.missing:
        return None
    world = reference.World(policy, decision.given.facts, decision.as_of)
    weight = Counter[str]()
    routes = {route.id: route for route in policy.routes.values() if decision.as_of in route.period}
    for route in routes.values():
        weight.update(dict.fromkeys(reference.unknown_facts(reference.effective(route, routes), world), 1000))
    for requirement in policy.requirements.values():
        if decision.as_of in requirement.period:
            weight.update(set(reference.unknown_facts(reference.demand(requirement, world), world)))
    best = min(decision.missing, key=lambda name: (-weight[name], name))
    return question_of(policy.facts[best])
