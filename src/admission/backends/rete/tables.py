"""A decision table as rules: whole numbers in, the lines that fit out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import Condition, Equals, Rule


@dataclass(frozen=True, slots=True)
class Table:
    """Fields, and lines that each demand a value of some of them, under names that the engine can bear."""

    name: str
    fields: tuple[str, ...]
    lines: Mapping[str, Mapping[str, int]]

    @property
    def tags(self) -> dict[str, tuple[str, ...]]:
        """The fact that it asserts."""
        return {self.name: self.fields}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One rule a line."""
        return tuple(
            Rule(f"{self.name}{line}", (Condition(self.name, tuple(Equals(f, v) for f, v in wanted.items())),))
            for line, wanted in self.lines.items()
        )

    def fits(self, matcher: Matcher, *values: int) -> frozenset[str]:
        """The lines that fit the values, which stand in the order of the fields."""
        matcher.make_room(1)
        fired = matcher.fired(matcher.put(self.name, values))
        return frozenset(rule.removeprefix(self.name) for rule in fired)
