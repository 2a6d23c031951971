"""The generated functions of a policy: one module of source for each stretch of days on which nothing changes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from admission import ir, workdays
from admission.backends.python.expressions import Emitter
from admission.backends.python.reading import Accepted, Readers, reader_source
from admission.datatypes import Value
from admission.decision import Answer, PolicyIdentity, Verdict, identity_of, violation_of

Row = tuple[Value | None, ...]
Decide = Callable[[Row, date], Answer | None]
ONE_DAY = timedelta(days=1)
MOST_ANSWERS = 4096  # kept for a channel: whoever sends the tasks chooses what stands against them
INDEXED = 32  # rules of one kind from which on an index is worth its look-up


class Program:
    """A policy's generated functions, compiled for a stretch of days when a task of it first comes."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self.policy = policy
        self.names = tuple(policy.facts)
        self.turns = turns(policy)
        self._epochs: dict[int, Decide] = {}
        self._days: dict[date, Decide] = {}
        self._readers = Readers(policy)
        assumed = [fact.assume.value if fact.assume else None for fact in policy.facts.values()]
        self._assumed = dict(zip(self.names, assumed, strict=True))
        self.is_filled = self._readers.is_filled

    def on(self, day: date) -> Decide:
        """The function of a day: facts in the policy's order, assumptions filled in, to their answer.

        It gives None where only the reference can tell.
        """
        found = self._days.get(day)
        return self._find(day) if found is None else found

    def _find(self, day: date) -> Decide:
        epoch = bisect_right(self.turns, day)
        found = self._epochs.get(epoch) or self.compile(epoch)
        self._days[day] = found
        return found

    def compile(self, epoch: int) -> Decide:
        """The function for a stretch of days; the reference's, where Python cannot hold the source."""
        # INVARIANT: threads may compile at once; they make the same function, and the last one stays.
        try:
            source, names = self.source(epoch)
            exec(compile(source, f"<policy {epoch}>", "exec"), names)  # noqa: S102 - see expressions
            decide: Decide = names["decide"]
        except (SyntaxError, RecursionError, MemoryError):
            decide = ask_the_reference
        self._epochs[epoch] = decide
        return decide

    def source(self, epoch: int) -> tuple[str, dict[str, Any]]:
        """The source for a stretch of days, and the objects that it names."""
        day = self.turns[epoch - 1] if epoch else date.min
        return Writer(self.policy, day).module()

    def whole_source(self) -> str:
        """The source of every stretch of days within the policy's period, in order."""
        parts = [reader_source(self.policy)[0]]
        for epoch in range(len(self.turns) + 1):
            start = self.turns[epoch - 1] if epoch else None
            if start is None and self.policy.period.start is not None:
                continue
            parts.append(f"# from {start or 'the first day'}\n{self.source(epoch)[0]}")
        return "\n\n".join(parts)

    def read(self, task: Mapping[str, Any]) -> Accepted | None:
        """A mapping of Python values as a row of facts; None where it is not plainly a task that fits."""
        try:
            found = self._readers[tuple(task)](task)
        except TypeError:
            return None
        if found is None and any(value is None for value in task.values()):
            return self.read({name: value for name, value in task.items() if value is not None})
        return found

    def facts(self, row: Row, taken: tuple[str, ...]) -> dict[str, Value]:
        """The facts of a row that were given."""
        return {n: v for n, v in zip(self.names, row, strict=True) if v is not None and n not in taken}

    def row(self, facts: Mapping[str, Value]) -> tuple[Row, tuple[str, ...]]:
        """The facts in the policy's order with assumptions filled in, and the names of those that took theirs."""
        taken = tuple(sorted(n for n, v in self._assumed.items() if v is not None and n not in facts))
        return tuple(facts.get(name, assumed) for name, assumed in self._assumed.items()), taken


def ask_the_reference(row: Row, day: date) -> None:
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
        broken = [rule for place, rule in enumerate(self.rules) if bits >> place & 1 or place in hits]
        ids = {effect: sorted(r.id for r in broken if r.effect == effect) for effect in ("refuse", "note")}
        outcome = "refuse" if ids["refuse"] else self.policy.channels[self.channel].outcome
        violations, notes = (tuple(violation_of(self.policy, rule) for rule in listed) for listed in ids.values())
        answer = Answer(Verdict(outcome), self.channel, violations, (), (), notes, self.identity, past)
        if len(self) < MOST_ANSWERS:
            self[key] = answer
        return answer


class Writer:
    """Writes the module for one stretch of days."""

    def __init__(self, policy: ir.CheckedPolicy, day: date) -> None:
        self.policy = policy
        self.day = day
        self.places = {name: place for place, name in enumerate(policy.facts)}
        self.emit = Emitter(policy, day, self.places)
        # The same expressions, read from the row itself, for functions that no local name is known to.
        self.by_row = Emitter(policy, day, self.places, "row[{}]", self.emit.constants)
        self.routes = {r.id: r for r in policy.routes.values() if day in r.period}
        self.functions: list[str] = []

    def module(self) -> tuple[str, dict[str, Any]]:
        """The source, and the objects that it names."""
        body = [*self.routing(), *self.refusals()]
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
                lines.append(f"f{place} = row[{place}]")
                if self.policy.facts[name].assume is None:
                    lines.append(f"if f{place} is None: return None")
        known.update(names)
        return lines

    # ---------------------------------------------------------------------------------- routing

    def routing(self) -> list[str]:
        """Lines that settle the channel as `channel`, or give up on a conflict."""
        channels = list(self.policy.channels)
        own = {name: route.when for name, route in self.routes.items()}
        self.known: set[str] = set()
        lines = self.read(self.facts_of(when for when in own.values() if when is not None), self.known)
        free = {name for name in own if not self.above(name) and not self.routes[name].overrides}
        groups = index([(name, own[name]) for name in free])
        indexed = {name for names in groups[1].values() for name in names} if len(free) >= INDEXED else set()
        for place, name in enumerate(own):
            if name not in indexed:
                lines.append(f"r{place} = {self.own(name, self.emit)}")
        lines.append("channel = taken = -1")
        for place, (name, route) in enumerate(self.routes.items()):
            if name not in indexed:
                above = [f"not r{list(own).index(other)}" for other in sorted(self.above(name))]
                lines.append(f"if {' and '.join([f'r{place}', *above])}:")
                lines.append("    taken += 1")
                lines.append(f"    channel = {channels.index(route.to)}")
        if indexed:
            lines += self.indexed_routes(groups[0], groups[1], channels)
        return [*lines, "if taken > 0: return None"]

    def indexed_routes(self, fact: str, groups: Mapping[object, list[str]], channels: list[str]) -> list[str]:
        """Lines that try only the routes whose equality on a fact can hold."""
        indexed = {name for names in groups.values() for name in names}
        tests = {name: self.test(partial(self.own, name)) for name in sorted(indexed)}
        table = self.table(
            {v: [f"({channels.index(self.routes[n].to)}, {tests[n]})" for n in names] for v, names in groups.items()}
        )
        return [
            f"for to, test in {table}(f{self.places[fact]}, ()):",
            "    if test(row, day):",
            "        taken += 1",
            "        channel = to",
        ]

    def own(self, name: str, emit: Emitter) -> str:
        """A route's own condition; none is true."""
        when = self.routes[name].when
        return "True" if when is None else emit.expression(when)

    def above(self, name: str) -> set[str]:
        """The routes that override a route, directly or through others."""
        found = {name}
        while more := {r.id for r in self.routes.values() if found & set(r.overrides)} - found:
            found |= more
        return found - {name}

    # ------------------------------------------------------------------------------ requirements

    def refusals(self) -> list[str]:
        """Lines that collect what stands against the channel and hand out its answer."""
        lines = []
        for place, channel in enumerate(self.policy.channels):
            if any(route.to == channel for route in self.routes.values()):
                lines += [f"if channel == {place}:", *(f"    {line}" for line in self.refusal(channel))]
        violations = (violation_of(self.policy, ir.NO_ROUTE),)
        nowhere = Answer(Verdict.REFUSE, None, violations, (), (), (), identity_of(self.policy))
        if self.workdays():
            return [*lines, "return None"]
        return [*lines, f"return {self.emit.constant('a', nowhere)}"]

    def refusal(self, channel: str) -> list[str]:
        """The lines of one channel."""
        rules = [r for r in self.policy.requirements.values() if channel in r.channels and self.day in r.period]
        waivers = {rule.id: [e for e in self.policy.exceptions.values() if self.counts(e, rule)] for rule in rules}
        parts = [rule.when for rule in rules] + [rule.require for rule in rules]
        parts += [e.when for listed in waivers.values() for e in listed]
        lines = self.read(self.facts_of(part for part in parts if part is not None), set(self.known))
        fact, groups = index([(place, rule.when) for place, rule in enumerate(rules)])
        indexed = {place for places in groups.values() for place in places}
        if len(indexed) < INDEXED:
            groups, indexed = {}, set()
        lines.append("bits = 0")
        for place, rule in enumerate(rules):
            if place not in indexed:
                lines.append(f"if {self.violated(rule, waivers[rule.id], self.emit)}: bits |= {1 << place:#x}")
        hits = "()"
        if groups:

            def violated(place: int, emit: Emitter) -> str:
                return self.violated(rules[place], waivers[rules[place].id], emit)

            hits = self.hits(fact, groups, violated)
        answers = self.emit.constant("a", Answers(self.policy, channel, rules))
        past = self.past_calendar()
        if not groups and past == "False":
            return [*lines, f"return {answers}[bits]"]
        return [*lines, f"return {answers}[bits, {hits}, {past}]"]

    def counts(self, exception: ir.ExceptionRule, rule: ir.Requirement) -> bool:
        """Whether an exception in force waives a requirement."""
        return rule.id in exception.waives and self.day in exception.period

    def violated(self, rule: ir.Requirement, waivers: list[ir.ExceptionRule], emit: Emitter) -> str:
        """The source of: it applies, is not met, and nothing waives it."""
        parts = [] if rule.when is None else [emit.expression(rule.when)]
        parts.append(f"not {emit.expression(rule.require)}")
        parts += ["False" if waiver.when is None else f"not {emit.expression(waiver.when)}" for waiver in waivers]
        return " and ".join(parts)

    def hits(self, fact: str, groups: Mapping[object, list[int]], violated: Callable[[int, Emitter], str]) -> str:
        """The source of: which of the requirements whose equality on a fact can hold are violated."""
        tests = {p: self.test(partial(violated, p)) for p in {p for places in groups.values() for p in places}}
        table = self.table({v: [f"({p}, {tests[p]})" for p in places] for v, places in groups.items()})
        return f"tuple([place for place, test in {table}(f{self.places[fact]}, ()) if test(row, day)])"

    def test(self, write: Callable[[Emitter], str]) -> str:
        """A function of its own for one condition, by its name."""
        name = f"q{len(self.functions)}"
        self.functions.append(f"def {name}(row, day): return {write(self.by_row)}")
        return name

    def table(self, groups: Mapping[object, list[str]]) -> str:
        """A dictionary's `get` for an index, by its name."""
        name = f"i{len(self.functions)}"
        entries = (f"    {self.emit.value(value)}: ({', '.join(found)},)," for value, found in groups.items())  # type: ignore[arg-type]
        self.functions.append("\n".join([f"{name} = {{", *entries, "}.get"]))
        return name

    # ------------------------------------------------------------------------------ the calendar

    def workdays(self) -> list[ir.Workday]:
        """Every working day that the rules in force and the figures count."""
        exprs = ir.expressions_in_force(self.policy, self.day)
        return [node for node in ir.walk(exprs, self.policy.definitions) if isinstance(node, ir.Workday)]

    def past_calendar(self) -> str:
        """The source of: some working day whose operands are known lies outside the published calendars."""
        parts = []
        for node in self.workdays():
            known = [f"{self.by_row.read(name)} is not None" for name in self.facts_of([node])]
            start, end = self.by_row.expression(node.start), self.by_row.expression(node)
            parts.append(f"({' and '.join([*known, f'not (FIRST <= {start} and {end} <= LAST)'])})")
        return " or ".join(parts) or "False"


def index(rules: list[tuple[Any, ir.Expr | None]]) -> tuple[str, dict[object, list[Any]]]:
    """The rules that can apply only where a fact has some value, by that fact's values.

    The fact is the one that most rules test so, of several the one with most values; what tests another is left out.
    """
    tested: dict[str, list[tuple[Any, tuple[Value, ...]]]] = {}
    for rule, when in rules:
        for fact, values in equalities(when).items():
            tested.setdefault(fact, []).append((rule, values))
    if not tested:
        return "", {}
    fact = max(tested, key=lambda name: (len(tested[name]), len({v for _, vs in tested[name] for v in vs}), name))
    groups: dict[object, list[Any]] = {}
    for rule, values in tested[fact]:
        for value in values:
            groups.setdefault(value, []).append(rule)
    return fact, groups


def equalities(when: ir.Expr | None) -> dict[str, tuple[Value, ...]]:
    """The facts that a condition holds only for some values of, with those values."""
    found: dict[str, tuple[Value, ...]] = {}
    parts = when.operands if isinstance(when, ir.And) else () if when is None else (when,)
    for part in parts:
        match part:
            case ir.Compare("==", ir.ReadFact(name), ir.Literal(value)) | ir.Compare(
                "==", ir.Literal(value), ir.ReadFact(name)
            ) if not isinstance(value, frozenset):
                found.setdefault(name, (value,))
            case ir.OneOf(ir.ReadFact(name), options):
                found.setdefault(name, tuple(dict.fromkeys(option.value for option in options)))
            case _:
                pass
    found.pop(ir.AS_OF, None)
    return found
