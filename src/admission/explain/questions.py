"""What to ask: the question for each fact."""

from __future__ import annotations

from dataclasses import dataclass, field

from admission import ir
from admission.datatypes import Type
from admission.decision import in_language


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
