"""The function for tasks of which every fact that decides is known: the short way, which most tasks take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from admission import ir, workdays
from admission.backends.python.answers import Answers
from admission.backends.python.expressions import Emitter
from admission.backends.python.indexing import Index, InForce, index_requirements
from admission.decision import Answer, Verdict, identity_of, violation_of

MOST_BITS = 64  # requirements whose violation is one bit each; of more, the places of those violated are listed
MOST_UNPACKED = 40  # facts
GIVE_UP = "return weigh(row, day)"


class Writer:
    """Writes the module for one stretch of days."""

    def __init__(self, rules: InForce) -> None:
        self.rules = rules
        self.policy = rules.policy
        self.places = {name: place for place, name in enumerate(self.policy.facts)}
        self.emit = Emitter(self.policy, rules.day, self.places)
        # The same expressions, read from the row itself, for functions that no local name is known to.
        self.by_row = Emitter(self.policy, rules.day, self.places, "row[{}]", self.emit.constants)
        self.functions: list[str] = []
        # To unpack a short row is faster than to take most of its facts one by one.
        self.is_unpacked = 0 < len(self.places) <= MOST_UNPACKED
        self.tests: dict[str, str] = {}

    def module(self) -> tuple[str, dict[str, Any]]:
        """The source, and the objects that it names."""
        unpacked = [f"{''.join(f'f{place}, ' for place in self.places.values())}= row"] if self.is_unpacked else []
        body = [*unpacked, *self.routing(), *self.refusals()]
        lines = ["def decide(row, day):", *(f"    {line}" for line in body)]
        source = "\n".join([*self.functions, *lines, ""])
        names: dict[str, Any] = {"timedelta": timedelta, "workday": workdays.workday, "LAST": workdays.LAST}
        return source, names | {"FIRST": workdays.FIRST} | self.emit.constants

    # ------------------------------------------------------------------------------------ facts

    def facts_of(self, exprs: Iterable[ir.Expr]) -> list[str]:
        """The facts that some expressions read, look-up keys and definitions included, in the policy's order."""
        found = set()
        for node in ir.walk(exprs, self.policy.definitions):
            if isinstance(node, ir.ReadFact) and node.name != ir.AS_OF:
                found.add(node.name)
            elif isinstance(node, ir.ReadColumn):
                found.update(self.policy.look_ups[node.look_up].match.values())
        return sorted(found, key=self.places.__getitem__)

    def read(self, names: Iterable[str], known: set[str]) -> list[str]:
        """Lines that read facts into locals, and give up where one is unknown."""
        lines = []
        for name in names:
            if name not in known:
                place = self.places[name]
                lines += [] if self.is_unpacked else [f"f{place} = row[{place}]"]
                if self.policy.facts[name].assume is None:
                    lines.append(f"if f{place} is None: {GIVE_UP}")
        known.update(names)
        return lines

    # ---------------------------------------------------------------------------------- routing

    def routing(self) -> list[str]:
        """Lines that settle the channel as `channel`, or give up on a conflict."""
        routes, index = self.rules.routes, self.rules.indexed_routes()
        self.known: set[str] = set()
        lines = self.read(self.facts_of(r.when for r in routes.values() if r.when is not None), self.known)
        indexed, places = index.rules(), {name: place for place, name in enumerate(routes)}
        own = {name: f"r{place}" for name, place in places.items() if name not in indexed}
        lines += [f"{local} = {self.own(name, self.emit)}" for name, local in own.items()]
        lines.append("channel = taken = -1")
        for name, local in own.items():
            above = [f"not {own[other]}" for other in self.rules.above(name)]
            lines += [f"if {' and '.join([local, *above])}:", "    taken += 1"]
            lines.append(f"    channel = {self.rules.channels.index(routes[name].to)}")
        if indexed:
            lines += self.indexed_routes(index)
        return [*lines, f"if taken > 0: {GIVE_UP}"]

    def indexed_routes(self, index: Index) -> list[str]:
        """Lines that try only the routes whose equality on a fact can hold."""
        to = {name: self.rules.channels.index(self.rules.routes[name].to) for name in index.rules()}
        table = self.table(index, {name: f"({to[name]}, {self.test(partial(self.own, name))})" for name in to})
        return [
            f"for to, test, k in {table}(f{self.places[index.fact]}, ()):",
            "    if test(row, day, k):",
            "        taken += 1",
            "        channel = to",
        ]

    def own(self, name: str, emit: Emitter) -> str:
        """A route's own condition; none is true."""
        when = self.rules.routes[name].when
        return "True" if when is None else emit.expression(when)

    # ------------------------------------------------------------------------------ requirements

    def refusals(self) -> list[str]:
        """Lines that collect what stands against the channel and hand out its answer."""
        lines = []
        for place, channel in enumerate(self.rules.channels):
            if self.rules.leads_to(channel):
                lines += [f"if channel == {place}:", *(f"    {line}" for line in self.refusal(channel))]
        violations = (violation_of(self.policy, ir.NO_ROUTE),)
        nowhere = Answer(Verdict.REFUSE, None, violations, (), (), (), identity_of(self.policy))
        if self.rules.workdays:
            return [*lines, GIVE_UP]
        return [*lines, f"return {self.emit.constants.name('a', nowhere)}"]

    def refusal(self, channel: str) -> list[str]:
        """The lines of one channel."""
        rules = self.rules.requirements(channel)
        parts = [part for rule in rules for part in (rule.when, rule.require)]
        parts += [waiver.when for rule in rules for waiver in self.rules.waivers(rule)]
        lines = self.read(self.facts_of(part for part in parts if part is not None), set(self.known))
        index = index_requirements(rules)
        indexed = index.rules()
        tried = [place for place in range(len(rules)) if place not in indexed]
        is_listed = bool(indexed) or len(tried) > MOST_BITS
        lines.append("hits = []" if is_listed else "bits = 0")
        lines += self.shared([rules[place] for place in tried])
        for place in tried:
            hit = f"hits.append({place})" if is_listed else f"bits |= {1 << place:#x}"
            lines.append(f"if {self.violated(rules[place], self.emit)}: {hit}")
        self.emit.shared.clear()
        if indexed:
            lines.append(self.hits(index, rules))
        answers, past = self.emit.constants.name("a", Answers(self.policy, channel, rules)), self.past_calendar()
        if is_listed:
            return [*lines, f"return {answers}[0, tuple(hits), {past}]"]
        return [*lines, f"return {answers}[bits]" if past == "False" else f"return {answers}[bits, (), {past}]"]

    def shared(self, rules: list[ir.Requirement]) -> list[str]:
        """Lines for the conditions that several rules have in common: each is evaluated once."""
        counted = Counter(self.emit.expression(rule.when) for rule in rules if rule.when is not None)
        common = [source for source, count in counted.items() if count > 1]
        self.emit.shared = {source: f"s{place}" for place, source in enumerate(common)}
        return [f"{local} = {source}" for source, local in self.emit.shared.items()]

    def violated(self, rule: ir.Requirement, emit: Emitter) -> str:
        """The source of: it applies, is not met, and nothing waives it."""
        waivers = self.rules.waivers(rule)
        when = "" if rule.when is None else emit.expression(rule.when)
        parts = [emit.shared.get(when, when)] if when else []
        parts.append(f"not {emit.expression(rule.require)}")
        parts += ["False" if waiver.when is None else f"not {emit.expression(waiver.when)}" for waiver in waivers]
        return " and ".join(parts)

    def hits(self, index: Index, rules: list[ir.Requirement]) -> str:
        """The line that adds those requirements, of the ones whose equality on a fact can hold, that are violated."""
        entries = {p: f"({p}, {self.test(partial(self.violated, rules[p]))})" for p in index.rules()}
        fact = f"f{self.places[index.fact]}"
        return f"hits += [place for place, test, k in {self.table(index, entries)}({fact}, ()) if test(row, day, k)]"

    def test(self, write: Callable[[Emitter], str]) -> str:
        """A function for one condition, by its name, and the constants that it is handed.

        Conditions that differ in their constants only have one function: thousands compile as fast as a few.
        """
        emit = Emitter(self.policy, self.rules.day, self.places, "row[{}]", self.emit.constants, handed=[])
        source = write(emit)
        if source not in self.tests:
            self.tests[source] = f"q{len(self.functions)}"
            self.functions.append(f"def {self.tests[source]}(row, day, k): return {source}")
        return f"{self.tests[source]}, ({''.join(f'{constant}, ' for constant in emit.handed or ())})"

    def table(self, index: Index, entries: dict[Any, str]) -> str:
        """A dictionary's `get` for an index, by its name."""
        name = f"i{len(self.functions)}"
        listed = ((value, ", ".join(entries[rule] for rule in rules)) for value, rules in index.groups.items())
        lines = (f"    {self.emit.value(value)}: ({found},)," for value, found in listed)
        self.functions.append("\n".join([f"{name} = {{", *lines, "}.get"]))
        return name

    # ------------------------------------------------------------------------------ the calendar

    def past_calendar(self) -> str:
        """The source of: some working day whose operands are known lies outside the published calendars."""
        parts = []
        for node in self.rules.workdays:
            known = [f"{self.by_row.read(name)} is not None" for name in self.facts_of([node])]
            start, end = self.by_row.expression(node.start), self.by_row.expression(node)
            parts.append(f"({' and '.join([*known, f'not (FIRST <= {start} and {end} <= LAST)'])})")
        return " or ".join(parts) or "False"
