"""What an analysis found: a diagnostic, and the tasks that show it, as cases to paste into a case file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from admission import ir
from admission.datatypes import Value, to_json
from admission.decision import Decision
from admission.diagnostics import Diagnostic

_READ_OTHERWISE = frozenset(("true", "false", "null"))
_NOTE = {"zh": "目前的决定，请核对", "en": "as decided today; confirm or correct"}


@dataclass(frozen=True, slots=True)
class Witness:
    """A task, facts in their inner form, with the decision that the reference gives it."""

    policy: ir.CheckedPolicy
    facts: Mapping[str, Value]
    day: date
    decision: Decision

    def case(self, name: str = "found", lang: str = "en") -> str:
        """The task as a case in YAML; what it expects is the decision of today, marked as to be confirmed."""
        return case_text(self.policy, self.facts, self.day, name, self.expect(lang))

    def expect(self, lang: str) -> list[str]:
        """The lines that expect the decision of today."""
        said = self.decision.to_dict()
        listed = ", ".join(self.decision.to_dict()["violations"])  # type: ignore[arg-type] # a list of ids
        channel = "null" if said["channel"] is None else said["channel"]
        return [f"  expect: {{verdict: {said['verdict']}, channel: {channel}, violations: [{listed}]}} # {_NOTE[lang]}"]

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        types = self.policy.facts
        facts = {name: to_json(types[name].type, value) for name, value in self.facts.items() if name in types}
        return {"as_of": self.day.isoformat(), "task": facts, "decision": self.decision.to_dict()}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of an analysis; `A899` is the third answer, neither shown nor proved in time."""

    diagnostic: Diagnostic
    witnesses: tuple[Witness, ...] = ()

    @property
    def code(self) -> str:
        """The code of the catalogue."""
        return self.diagnostic.code

    @property
    def rule(self) -> str:
        """The rule or invariant that it is about, or empty."""
        return str(self.diagnostic.data.get("name", ""))

    def cases(self, lang: str = "en") -> str:
        """The witnesses as cases."""
        many = len(self.witnesses) > 1
        names = [f"found_{self.rule or self.code}{f'_{n}' if many else ''}" for n in range(1, len(self.witnesses) + 1)]
        return "\n".join(w.case(name, lang) for w, name in zip(self.witnesses, names, strict=True))

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: the diagnostic, and each witness with its decision."""
        return {**self.diagnostic.to_dict(), "witnesses": [witness.to_dict() for witness in self.witnesses]}


def case_text(policy: ir.Policy, facts: Mapping[str, Value], day: date, name: str, expect: list[str]) -> str:
    """A case in YAML; `expect` are the lines after the task."""
    types = policy.facts
    lines = [f"- id: {name}", f"  as_of: {day}", "  task:" if facts else "  task: {}"]
    lines += [f"    {fact}: {spelt(to_json(types[fact].type, facts[fact]))}" for fact in types if fact in facts]
    return "\n".join([*lines, *expect])


def spelt(value: object) -> str:
    """A JSON value as YAML, in quotes where a plain word would be read otherwise."""
    if isinstance(value, list):
        return "[" + ", ".join(spelt(item) for item in value) + "]"
    if isinstance(value, str) and value.isidentifier() and value not in _READ_OTHERWISE:
        return value
    return json.dumps(value, ensure_ascii=False)
