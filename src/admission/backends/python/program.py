"""The generated functions of a policy: one module of source for each stretch of days on which nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from admission import ir
from admission.backends.python.filling import fill_source, filled
from admission.backends.python.indexing import InForce
from admission.backends.python.reading import Readers, reader_source
from admission.datatypes import Value
from admission.decision import Answer

Row = tuple[Value | None, ...]
Taken = tuple[str, ...]
Decide = Callable[[Row, date], Answer | None]
Fill = Callable[[Row, Taken], tuple[Row, Taken] | None]
Source = tuple[str, dict[str, Any]]
ONE_DAY = timedelta(days=1)


class Program:
    """A policy's generated functions, compiled for a stretch of days when a task of it first comes."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self.policy = policy
        self.names = tuple(policy.facts)
        self.turns = turns(policy)
        self.fills = bool(filled(policy))
        """Whether a register fills in some fact: then a row goes through `fill` before it is decided."""
        self._epochs: dict[int, Decide] = {}
        self._days: dict[date, Decide] = {}
        self._fills: dict[int, Fill] = {}
        self.readers = Readers(policy)
        self.read = self.readers.read
        # What a look-up may fill in is not assumed before it was looked up.
        self._assumed = {
            name: fact.assume.value if fact.assume and fact.filled_by is None else None
            for name, fact in policy.facts.items()
        }

    def on(self, day: date) -> Decide:
        """The function of a day: facts in the policy's order, filled in, to their answer.

        It gives None where only the reference can tell: where Python cannot hold the source.
        """
        found = self._days.get(day)
        return self._find(day) if found is None else found

    def _find(self, day: date) -> Decide:
        epoch = bisect_right(self.turns, day)
        found = self._epochs.get(epoch) or self.compile(epoch)
        self._days[day] = found
        return found

    # INVARIANT: threads may compile at once; they make functions that give the same answers, and the last one stays.

    def compile(self, epoch: int) -> Decide:
        """The function for a stretch of days; it calls the slower one, compiled then, where a fact is unknown."""
        from admission.backends.python.deciding import Writer  # a policy that is only loaded needs none

        rules = self._in_force(epoch)
        weigh = Weigh(rules)
        decide: Decide = compiled(Writer(rules).module, "decide", {"weigh": weigh}) or weigh
        self._epochs[epoch] = decide
        return decide

    def fill(self, row: Row, taken: Taken, day: date) -> tuple[Row, Taken] | None:
        """A row with what registers fill in, and what had to be assumed; None where a register contradicts it."""
        if not self.fills:
            return row, taken
        epoch = bisect_right(self.turns, day)
        if epoch not in self._fills:
            rules = self._in_force(epoch)
            self._fills[epoch] = compiled(lambda: fill_source(rules), "fill", {}) or give_up
        return self._fills[epoch](row, taken)

    def _in_force(self, epoch: int) -> InForce:
        return InForce(self.policy, self.turns[epoch - 1] if epoch else date.min)

    def whole_source(self) -> str:
        """The source of every stretch of days within the policy's period, in order."""
        from admission.backends.python.deciding import Writer
        from admission.backends.python.weighing import WeighingWriter

        parts = [reader_source(self.policy)[0]]
        for epoch in range(len(self.turns) + 1):
            start = self.turns[epoch - 1] if epoch else None
            if start is None and self.policy.period.start is not None:
                continue
            rules = self._in_force(epoch)
            sources = [fill_source(rules)] if self.fills else []
            sources += [Writer(rules).module(), WeighingWriter(rules).module()]
            parts += [f"# from {start or 'the first day'}", *(source for source, _ in sources)]
        return "\n\n".join(parts)

    def facts(self, row: Row, taken: Taken) -> dict[str, Value]:
        """The facts of a row that were given."""
        return {n: v for n, v in zip(self.names, row, strict=True) if v is not None and n not in taken}

    def row(self, facts: Mapping[str, Value]) -> tuple[Row, Taken]:
        """The facts in the policy's order with assumptions taken, and the names of those that took theirs."""
        taken = tuple(sorted(n for n, v in self._assumed.items() if v is not None and n not in facts))
        return tuple(facts.get(name, assumed) for name, assumed in self._assumed.items()), taken


class Weigh:
    """The slower function of a stretch of days, compiled when a task that needs it first comes."""

    def __init__(self, rules: InForce) -> None:
        self.rules = rules
        self._weigh: Decide | None = None

    def __call__(self, row: Row, day: date) -> Answer | None:
        """The answer; None where Python cannot hold the source."""
        if self._weigh is None:
            from admission.backends.python.weighing import WeighingWriter

            self._weigh = compiled(WeighingWriter(self.rules).module, "weigh", {}) or give_up
        return self._weigh(row, day)


def compiled(write: Callable[[], Source], name: str, besides: Mapping[str, Any]) -> Any:
    """The function of a name in some source; None where Python cannot hold it."""
    try:
        source, names = write()
        names |= besides
        exec(compile(source, "<policy>", "exec"), names)  # noqa: S102 - see expressions
    except (SyntaxError, RecursionError, MemoryError):
        return None
    return names[name]


def give_up(*_: object) -> None:
    """No answer: the caller asks the reference."""


def turns(policy: ir.CheckedPolicy) -> list[date]:
    """The first days of the stretches on which rules, parameters and register rows stay the same."""
    found: set[date] = set()
    periods = [rule.period for rule in ir.rules(policy)]
    periods += [row.period for register in policy.registers.values() for row in register.rows]
    for period in periods:
        if period.start:
            found.add(period.start)
        if period.end and period.end < date.max:
            found.add(period.end + ONE_DAY)
    for parameter in policy.parameters.values():
        found.update(since for since, _ in parameter.values)
    return sorted(found)
