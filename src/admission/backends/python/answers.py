"""Answers, each made once: few exist, and what stands against a task is a handful of numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from admission import ir
from admission.backends.python.indexing import InForce
from admission.decision import Answer, PolicyIdentity, Verdict, identity_of, violation_of, violations_of

Row = tuple[Any, ...]
Marks = tuple[int, ...]
Judge = Callable[[Row, Marks, date], tuple[list[int], int]]
MOST_ANSWERS = 4096  # kept for a channel: whoever sends the tasks chooses what stands against them
NOWHERE = -1  # the channel of work that no route lets in


class Answers(dict[Any, Answer]):
    """The answers of one channel by what stands against it; each is made when it is first given, and the first kept."""

    def __init__(self, policy: ir.CheckedPolicy, channel: str, rules: list[ir.Requirement]) -> None:
        super().__init__()
        self.policy = policy
        self.channel = channel
        self.rules = rules
        self.identity: PolicyIdentity = identity_of(policy)

    def __missing__(self, key: tuple[int, tuple[int, ...], bool] | int) -> Answer:
        bits, hits, past = (key, (), False) if isinstance(key, int) else key
        broken = [rule for place, rule in enumerate(self.rules) if bits >> place & 1] if bits else []
        broken += [self.rules[place] for place in hits]
        ids = {effect: sorted(r.id for r in broken if r.effect == effect) for effect in ("refuse", "note")}
        outcome = "refuse" if ids["refuse"] else self.policy.channels[self.channel].outcome
        violations, notes = (tuple(violation_of(self.policy, rule) for rule in listed) for listed in ids.values())
        answer = Answer(Verdict(outcome), self.channel, violations, (), (), notes, self.identity, past)
        if len(self) < MOST_ANSWERS:
            self[key] = answer
        return answer


Key = tuple[Verdict, str | None, tuple[str, ...], int, tuple[str, ...], tuple[str, ...], bool]
"""Verdict, channel, violations, missing facts as bits, clashing routes, notes, whether past the calendar."""


class Scales:
    """Settles a task of which not every fact is known, from what the generated functions found.

    They say of each route and requirement whether it holds as one number: -1 true, 0 false, else the bits of the facts
    that would tell. What is done with those numbers is section 5 of the meaning, line by line.
    """

    def __init__(self, rules: InForce) -> None:
        self.policy = rules.policy
        self.facts = tuple(rules.policy.facts)
        self.routes = [(route.id, rules.channels.index(route.to)) for route in rules.routes.values()]
        self.channels = rules.channels
        self.requirements = [rules.requirements(channel) for channel in rules.channels]
        self.notes = [
            frozenset(place for place, rule in enumerate(listed) if rule.effect == "note")
            for listed in self.requirements
        ]
        self.kept: dict[Key, Answer] = {}

    def settle(  # noqa: PLR0913, PLR0917 - what the generated function has, as it has it
        self, found: list[tuple[int, int]], is_let_in: bool, judges: dict[int, Judge],
        row: Row, marks: Marks, day: date, past: bool,
    ) -> Answer:  # fmt: skip
        """The answer. `found` has the routes that are not ruled out, by place; `judges` the functions of channels."""
        taken = [place for place, truth in found if truth < 0]
        candidates = {self.routes[place][1] for place, _ in found}
        against: dict[int, tuple[str, ...]] = {} if is_let_in else {NOWHERE: (ir.NO_ROUTE,)}
        notes: tuple[str, ...] = ()
        asked = open_facts = 0
        for channel in candidates:
            broken, unknown = judges[channel](row, marks, day)
            against[channel], notes = self.names(channel, broken)
            open_facts |= 0 if against[channel] else unknown
        for _, truth in found:
            asked |= max(0, truth)
        conflict = tuple(sorted(self.routes[place][0] for place in taken)) if len(taken) > 1 else ()
        is_settled = not (conflict or asked)
        settled = self.channels[next(iter(candidates))] if is_settled and candidates else None
        verdict, violations = self.verdict(against, conflict, settled, open_facts)
        is_open = verdict is Verdict.UNDETERMINED and not conflict
        missing = asked | open_facts if is_open else 0
        return self.answer((verdict, settled, violations, missing, conflict, notes if settled else (), past))

    def names(self, channel: int, broken: list[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids of a channel's violated requirements: those that refuse, and those that note."""
        rules, notes = self.requirements[channel], self.notes[channel]
        if not notes:
            return tuple([rules[place].id for place in broken]), ()
        refusing = tuple([rules[place].id for place in broken if place not in notes])
        return refusing, tuple([rules[place].id for place in broken if place in notes])

    def verdict(
        self, against: dict[int, tuple[str, ...]], conflict: tuple[str, ...], settled: str | None, open_facts: int
    ) -> tuple[Verdict, tuple[str, ...]]:
        """The verdict, and what stands against the task wherever it goes."""
        if not conflict and all(against.values()):
            first, *rest = against.values()
            common = set(first).intersection(*rest) if rest else first
            return Verdict.REFUSE, tuple(sorted(common)) or (ir.EVERY_ROUTE_REFUSES,)
        if settled and not open_facts:
            return Verdict(self.policy.channels[settled].outcome), ()
        return Verdict.UNDETERMINED, ()

    def answer(self, key: Key) -> Answer:
        """The answer, made when it is first given."""
        found = self.kept.get(key)
        if found is None:
            verdict, channel, violations, missing, conflict, notes, past = key
            facts = tuple(sorted(name for place, name in enumerate(self.facts) if missing >> place & 1))
            broken, noted = (violations_of(self.policy, rules) for rules in (violations, notes))
            found = Answer(verdict, channel, broken, facts, conflict, noted, identity_of(self.policy), past)
            if len(self.kept) < MOST_ANSWERS:
                self.kept[key] = found
        return found
