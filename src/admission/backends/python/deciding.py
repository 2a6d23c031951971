"""The function for tasks of which every fact that decides is known: the short way, which most tasks take."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from admission import ir, workdays
from admission.backends.python.answers import Answers
from admission.backends.python.expressions import Emitter
from admission.backends.python.indexing import Index, InForce, Tabled, index_requirements, without
from admission.datatypes import Kind
from admission.decision import Answer, Verdict, identity_of, violation_of

MOST_BITS = 64  # requirements whose violation is one bit each; of more, the places of those violated are listed
FEWEST_UNPACKED = 1 / 4  # of a row's facts: to unpack it whole is faster than to take so many of them one by one
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
        self.tests: dict[str, str] = {}

    def module(self) -> tuple[str, dict[str, Any]]:
        """The source, and the objects that it names."""
        lines = ["def decide(row, day):", *(f"    {line}" for line in (*self.routing(), *self.refusals()))]
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
        wanted = [name for name in names if name not in known]
        known.update(wanted)
        places = [self.places[name] for name in wanted]
        lines = [f"f{place} = row[{place}]" for place in places]
        if len(places) > FEWEST_UNPACKED * len(self.places):
            lines = [f"{''.join(f'f{place}, ' for place in self.places.values())}= row"]
        asked = [name for name in wanted if self.policy.facts[name].assume is None]
        return lines + [f"if f{self.places[name]} is None: {GIVE_UP}" for name in asked]

    # ---------------------------------------------------------------------------------- routing

    def routing(self) -> list[str]:
        """Lines that settle the channel as `channel`, or give up on a conflict."""
        routes, index = self.rules.routes, self.rules.indexed_routes()
        self.known: set[str] = set()
        lines = self.read(self.facts_of(r.when for r in routes.values() if r.when is not None), self.known)
        indexed, tabled = index.rules(), self.rules.tabled_routes(besides=index.rules())
        found_otherwise = {*indexed, *(name for routed in tabled for name in routed.routes)}
        own = {name: f"r{place}" for place, name in enumerate(routes) if name not in found_otherwise}
        lines += [f"{local} = {own_condition(routes[name].when, self.emit)}" for name, local in own.items()]
        if not indexed and len(tabled) == 1 and len(own) <= 1 and set(tabled[0].above) == {*own}:
            return [*lines, *self.one_of_two(tabled[0], own)]
        lines.append("channel = taken = -1")
        for name, local in own.items():
            lines += [self.unless(self.rules.above(name), own, local), "    taken += 1"]
            lines.append(f"    channel = {self.to(name)}")
        for routed in tabled:
            is_found = f"(to := {self.route_table(routed)}) >= 0"
            lines += [self.unless(routed.above, own, is_found), "    taken += 1", "    channel = to"]
        if indexed:
            lines += self.indexed_routes(index)
        return [*lines, f"if taken > 0: {GIVE_UP}"]

    def one_of_two(self, tabled: Tabled, own: dict[str, str]) -> list[str]:
        """Lines for what most policies have: a table of routes, and one route above it or none. They cannot clash."""
        channel = self.route_table(tabled)
        for name, local in own.items():
            channel = f"{self.to(name)} if {local} else {channel}"
        return [f"channel = {channel}"]

    def to(self, route: str) -> int:
        """The place of the channel that a route leads to."""
        return self.rules.channels.index(self.rules.routes[route].to)

    @staticmethod
    def unless(above: Iterable[str], own: dict[str, str], condition: str) -> str:
        """The line that asks for a condition and for none of the routes above."""
        return f"if {' and '.join([*(f'not {own[other]}' for other in above), condition])}:"

    def route_table(self, tabled: Tabled) -> str:
        """The source of the channel that the value of a fact leads to, -1 where it leads nowhere."""
        fact, table = self.policy.facts[tabled.fact], f"i{len(self.functions)}"
        to = {value: self.rules.channels.index(channel) for value, channel in tabled.to.items()}
        is_whole = fact.type.kind is Kind.ENUM
        values = dict.fromkeys(fact.type.values if is_whole else (), -1) | to
        rows = [f"    {self.emit.value(value)}: {place}," for value, place in values.items()]
        self.functions.append("\n".join([f"{table} = {{", *rows, "}"]))
        local = f"f{self.places[tabled.fact]}"
        return f"{table}[{local}]" if is_whole else f"{table}.get({local}, -1)"

    def indexed_routes(self, index: Index) -> list[str]:
        """Lines that try only the routes whose equality on some facts can hold."""
        routes = self.rules.routes
        index = index.refined({name: routes[name].when for name in index.rules()})
        rest = {name: without(routes[name].when, index.facts) for name in index.rules()}
        return [
            self.candidates(
                index, {name: f"{self.to(name)}, {self.test(partial(own_condition, rest[name]))}" for name in rest}
            ),
            "    if test(row, day, k):",
            "        taken += 1",
            "        channel = place",
        ]

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
        tried = {place: rule for place, rule in enumerate(rules) if place not in indexed}
        is_listed = bool(indexed) or len(tried) > MOST_BITS
        lines.append("hits = []" if is_listed else "bits = 0")
        lines += self.tries(tried, "hits.append({})" if is_listed else "bits |= {:#x}")
        if indexed:
            lines += self.hits(index, rules)
        answers, past = self.emit.constants.name("a", Answers(self.policy, channel, rules)), self.past_calendar()
        if is_listed:
            lines += [f"if not hits: return {answers}[0]"] if past == "False" else []
            return [*lines, f"return {answers}[0, tuple(hits), {past}]"]
        return [*lines, f"return {answers}[bits]" if past == "False" else f"return {answers}[bits, (), {past}]"]

    def tries(self, rules: dict[int, ir.Requirement], hit: str) -> list[str]:
        """Lines that try each requirement; those that apply on the same condition, under that condition."""
        by_condition: dict[str, list[tuple[int, ir.Requirement]]] = {}
        for place, rule in rules.items():
            by_condition.setdefault(self.applies(rule, self.emit), []).append((place, rule))
        lines = []
        for condition, listed in by_condition.items():
            own = [
                (f"{self.unmet(rule, self.emit)}", hit.format(place if "append" in hit else 1 << place))
                for place, rule in listed
            ]
            if condition and len(own) > 1:
                lines += [f"if {condition}:", *(f"    if {unmet}: {then}" for unmet, then in own)]
            else:
                lines += [f"if {' and '.join(filter(None, (condition, unmet)))}: {then}" for unmet, then in own]
        return lines

    def violated(self, rule: ir.Requirement, emit: Emitter) -> str:
        """The source of: it applies, is not met, and nothing waives it."""
        return " and ".join(filter(None, (self.applies(rule, emit), self.unmet(rule, emit))))

    @staticmethod
    def applies(rule: ir.Requirement, emit: Emitter) -> str:
        """The source of a requirement's own condition; empty where it has none."""
        return "" if rule.when is None else emit.expression(rule.when)

    def unmet(self, rule: ir.Requirement, emit: Emitter) -> str:
        """The source of: it is not met, and nothing waives it."""
        waivers = self.rules.waivers(rule)
        parts = [f"not {emit.expression(rule.require)}"]
        parts += ["False" if waiver.when is None else f"not {emit.expression(waiver.when)}" for waiver in waivers]
        return " and ".join(parts)

    def hits(self, index: Index, rules: list[ir.Requirement]) -> list[str]:
        """Lines that add those requirements, of the ones whose equality on some facts can hold, that are violated."""
        index = index.refined({place: rules[place].when for place in index.rules()})
        rest = {p: replace(rules[p], when=without(rules[p].when, index.facts)) for p in index.rules()}
        return [
            self.candidates(index, {p: f"{p}, {self.test(partial(self.violated, rule))}" for p, rule in rest.items()}),
            "    if test(row, day, k): hits.append(place)",
        ]

    def candidates(self, index: Index, entries: dict[Any, str]) -> str:
        """The line that goes through the rules that can apply, by a dictionary of them."""
        emit, name = self.emit, f"i{len(self.functions)}"
        is_single = len(index.facts) == 1
        lines = []
        for key, rules in index.groups.items():
            values = ", ".join(emit.value(value) for value in key)
            listed = "".join(f"({entries[rule]}), " for rule in rules)
            lines.append(f"    {values if is_single else f'({values})'}: ({listed}),")
        self.functions.append("\n".join([f"{name} = {{", *lines, "}.get"]))
        facts = ", ".join(f"f{self.places[fact]}" for fact in index.facts)
        return f"for place, test, k in {name}({facts if is_single else f'({facts})'}, ()):"

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

    # ------------------------------------------------------------------------------ the calendar

    def past_calendar(self) -> str:
        """The source of: some working day whose operands are known lies outside the published calendars."""
        parts = []
        for node in self.rules.workdays:
            known = [f"{self.by_row.read(name)} is not None" for name in self.facts_of([node])]
            start, end = self.by_row.expression(node.start), self.by_row.expression(node)
            parts.append(f"({' and '.join([*known, f'not (FIRST <= {start} and {end} <= LAST)'])})")
        return " or ".join(parts) or "False"


def own_condition(when: ir.Expr | None, emit: Emitter) -> str:
    """The source of a route's own condition; none is true."""
    return "True" if when is None else emit.expression(when)
