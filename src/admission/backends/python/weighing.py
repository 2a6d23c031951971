"""The function for tasks of which not every fact is known: three-valued, slower, and asked only where it has to be.

A condition is one number: -1 true, 0 false, and where it is unknown the bits of the unknown facts that its unknown
parts read. So `a or b` is `a | b`, and what to ask for comes with the truth. A negation is pushed down to the
comparisons, where it costs nothing: `not (a and b)` is `not a or not b`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from admission import ir, workdays
from admission.backends.python.answers import Scales
from admission.backends.python.expressions import Constants, Emitter
from admission.backends.python.indexing import Index, InForce, index_requirements
from admission.datatypes import Kind


@dataclass(slots=True)
class Weigher(Emitter):
    """Writes three-valued conditions for one function; `lines` are those that come before what was asked for.

    INVARIANT: the source of a value is evaluated only where none of the facts that it reads is unknown.
    """

    lines: list[str] = field(default_factory=list)
    locals: dict[str, str] = field(default_factory=dict)

    def truth(self, expr: ir.Expr | None, *, holds: bool = True) -> str:
        """The number that says whether a condition holds, or whether it does not; none is true."""
        match expr:
            case None:
                return "-1" if holds else "0"
            case ir.Literal(value):
                return "-1" if value is holds else "0"
            case ir.Not(operand):
                return self.truth(operand, holds=not holds)
            case ir.Or(operands):
                source = self.any_of(operands, holds=True)
                return source if holds else opposite(source)
            case ir.And(operands):
                source = self.any_of(operands, holds=False)
                return opposite(source) if holds else source
            case ir.ReadDefinition(name):
                return self.local_definition(name) if holds else opposite(self.local_definition(name))
            case _:
                unknown, settled = self.unknown([expr]), self.expression(expr)
                number = f"-{settled}" if holds else f"-(not {settled})"
                return f"({unknown} or {number})" if unknown else f"({number})"

    def any_of(self, operands: Iterable[ir.Expr], *, holds: bool) -> str:
        """The number that says whether some operand holds, or some does not."""
        parts = [self.truth(operand, holds=holds) for operand in operands]
        return f"({' | '.join(parts)})" if parts else "0"

    def unknown(self, exprs: Iterable[ir.Expr]) -> str:
        """The bits of the unknown facts that strict expressions read, 0 where there are none; empty if never."""
        return " | ".join(dict.fromkeys(mark for expr in exprs for mark in self.marks(expr)))

    def marks(self, expr: ir.Expr) -> list[str]:
        """The parts of `unknown`, each the bits of one fact, definition or condition."""
        match expr:
            case ir.ReadFact(name):
                return self.marks_of([name])
            case ir.ReadColumn(look_up):
                return self.marks_of(self.policy.look_ups[look_up].match.values())
            case ir.And() | ir.Or() | ir.Not():
                return [positive(self.local_condition(expr))]
            case ir.ReadDefinition(name):
                local = self.local_definition(name)
                if ir.type_of(expr).kind is Kind.BOOL:
                    return [positive(local)]
                return [f"m{local}"] if f"m{local}" in self.locals else []
            case _:
                return [mark for part in ir.children(expr) for mark in self.marks(part)]

    def marks_of(self, names: Iterable[str]) -> list[str]:
        """The marks of facts; what has an assumption is never unknown."""
        facts = self.policy.facts
        return [f"mark[{self.places[n]}]" for n in names if n != ir.AS_OF and facts[n].assume is None]

    def expression(self, expr: ir.Expr) -> str:
        """The source of a value; conditions within it, which may be known where their parts are not, are locals."""
        match expr:
            case ir.And() | ir.Or() | ir.Not():
                return f"({self.local_condition(expr)} < 0)"
            case ir.ReadDefinition(name) if ir.type_of(expr).kind is Kind.BOOL:
                return f"({self.local_definition(name)} < 0)"
            case _:
                return Emitter.expression(self, expr)

    def definition(self, name: str) -> str:
        """The local name of a definition that is no condition."""
        return self.local_definition(name)

    def local_condition(self, expr: ir.Expr) -> str:
        """A local name for a condition's number."""
        return self.local(self.truth(expr))

    def local_definition(self, name: str) -> str:
        """A local name for a definition: its number if it is a condition, else its value or None."""
        known = f"definition {name}"
        if known not in self.locals:
            expr = self.policy.definitions[name].expr
            self.locals[known] = self.local(self.truth(expr)) if is_condition(expr) else self.local_value(expr)
        return self.locals[known]

    def local_value(self, expr: ir.Expr) -> str:
        """A local name for a value, None where it is unknown; its marks are kept under `m` and that name."""
        unknown, value = self.unknown([expr]), self.expression(expr)
        if not unknown:
            return self.local(value)
        marks = self.local(unknown)
        local = self.local(f"None if {marks} else {value}")
        if f"m{local}" not in self.locals:
            self.locals[f"m{local}"] = marks
            self.lines.append(f"m{local} = {marks}")
        return local

    def local(self, source: str) -> str:
        """A local name for what some source gives; the same for the same source."""
        if source not in self.locals:
            self.locals[source] = f"d{len(self.locals)}"
            self.lines.append(f"{self.locals[source]} = {source}")
        return self.locals[source]


def is_condition(expr: ir.Expr) -> bool:
    """Whether a definition's expression is true or false."""
    return ir.type_of(expr).kind is Kind.BOOL


def opposite(source: str) -> str:
    """The number of the negation: true and false change places, the unknown stays."""
    return f"(x if (x := {source}) > 0 else ~x)"


def positive(local: str) -> str:
    """The bits of a condition's number, 0 where it is known."""
    return f"({local} if {local} > 0 else 0)"


class WeighingWriter:
    """Writes the module of the slower function for one stretch of days."""

    def __init__(self, rules: InForce) -> None:
        self.rules = rules
        self.policy = rules.policy
        self.places = {name: place for place, name in enumerate(self.policy.facts)}
        self.constants = Constants()
        self.functions: list[str] = []
        self.tests: dict[tuple[str, ...], str] = {}

    def module(self) -> tuple[str, dict[str, Any]]:
        """The source, and the objects that it names."""
        judges = [(p, self.judge(p)) for p, name in enumerate(self.rules.channels) if self.rules.leads_to(name)]
        listed = ", ".join(f"{place}: {name}" for place, name in judges)
        routing = self.routing()
        lines = [
            f"mark = {self.marks()}",
            *routing,
            f"return settle(found, is_let_in, judges, row, mark, day, {self.past})",
        ]
        source = "\n".join([*self.functions, f"judges = {{{listed}}}", function("weigh(row, day)", lines), ""])
        names: dict[str, Any] = {"timedelta": timedelta, "workday": workdays.workday, "LAST": workdays.LAST}
        return source, names | {"FIRST": workdays.FIRST, "settle": Scales(self.rules).settle} | self.constants

    def weigher(self) -> Weigher:
        """What writes the conditions of one function."""
        return Weigher(self.policy, self.rules.day, self.places, "row[{}]", self.constants)

    def marks(self) -> str:
        """The source of a tuple with the bits of each unknown fact, and of what would have filled it."""
        return f"({''.join(f'{self.mark(name)}, ' for name in self.places)})"

    def mark(self, name: str) -> str:
        """The source of one fact's bits: its own and those of its unknown keys, where it is unknown, else none."""
        fact, place = self.policy.facts[name], self.places[name]
        if fact.assume is not None:
            return "0"
        filler = fact.filled_by
        keys = self.policy.look_ups[filler.look_up].match.values() if isinstance(filler, ir.ReadColumn) else ()
        bits = [f"{1 << place:#x}", *(self.mark(key) for key in keys if key != ir.AS_OF)]
        return f"({' | '.join(bit for bit in bits if bit != '0')} if row[{place}] is None else 0)"

    # ------------------------------------------------------------------------------------ routes

    def routing(self) -> list[str]:
        """Lines that find the routes that are not ruled out, and whether any lets the task in for certain."""
        weigher, index = self.weigher(), self.rules.indexed_routes()
        indexed, places = index.rules(), {name: place for place, name in enumerate(self.rules.routes)}
        own = {name: f"r{place}" for name, place in places.items() if name not in indexed}
        lines = [f"{local} = {weigher.truth(self.rules.routes[name].when)}" for name, local in own.items()]
        lines.append("found = []")
        lines.append(f"is_let_in = {' or '.join(f'{local} < 0' for local in own.values()) or False}")
        for name in own:
            lines += [f"x = {self.effective(name, own)}", f"if x: found.append(({places[name]}, x))"]
        if indexed:
            lines += self.loop(index, {n: self.test(self.route_truth, n) for n in indexed}, places)
            lines += ["    if x: found.append((place, x))", "    is_let_in |= x < 0"]
        past = self.past_calendar(weigher)
        self.past = past
        return [*weigher.lines, *lines]

    def effective(self, name: str, own: dict[str, str]) -> str:
        """The source of a route's number: its own condition, and that of no route above it."""
        above = self.rules.above(name)
        if not above:
            return own[name]
        return opposite(" | ".join([opposite(own[name]), *(own[other] for other in above)]))

    def route_truth(self, weigher: Weigher, name: str) -> str:
        """The source of a route's own condition."""
        return weigher.truth(self.rules.routes[name].when)

    # ------------------------------------------------------------------------------ requirements

    def judge(self, channel: int) -> str:
        """A function that lists the violated requirements of a channel, with the bits that would tell of others."""
        weigher, rules = self.weigher(), self.rules.requirements(self.rules.channels[channel])
        index = index_requirements(rules)
        indexed, lines = index.rules(), ["broken = []", "asked = 0"]
        for place, rule in enumerate(rules):
            if place not in indexed:
                lines += [f"x = {self.demand(weigher, rule)}", f"if not x: broken.append({place})"]
                lines += ["elif x > 0: asked |= x"] if rule.effect == "refuse" else []
        if indexed:
            tests = {place: self.test(self.demand, rules[place]) for place in indexed}
            lines += self.loop(index, tests, {place: place for place in indexed})
            notes = self.constants.name("c", frozenset(place for place in indexed if rules[place].effect == "note"))
            lines += ["    if not x: broken.append(place)", f"    elif x > 0 and place not in {notes}: asked |= x"]
        name = f"w{channel}"
        self.functions.append(function(f"{name}(row, mark, day)", [*weigher.lines, *lines, "return broken, asked"]))
        return name

    def demand(self, weigher: Weigher, rule: ir.Requirement) -> str:
        """The source of a requirement's number, false where it is violated."""
        parts = [weigher.truth(rule.when, holds=False), weigher.truth(rule.require)]
        parts += [weigher.truth(waiver.when) for waiver in self.rules.waivers(rule)]
        return " | ".join(part for part in parts if part != "0") or "0"

    # ------------------------------------------------------------------------------------- index

    def loop(self, index: Index, tests: dict[Any, str], places: dict[Any, int]) -> list[str]:
        """The lines of a loop over the rules that can apply: all that are indexed, if the fact is not known."""
        entry = {rule: f"({places[rule]}, {tests[rule]})" for rule in tests}
        fact, everything, table = self.places[index.facts[0]], f"j{len(self.functions)}", f"i{len(self.functions)}"
        emit = self.weigher()
        rows = [
            f"    {emit.value(v)}: ({', '.join(entry[rule] for rule in listed)},),"
            for (v,), listed in index.groups.items()
        ]
        self.functions.append("\n".join([f"{table} = {{", *rows, "}.get"]))
        self.functions.append("\n".join([f"{everything} = (", *(f"    {pair}," for pair in entry.values()), ")"]))
        return [
            f"for place, test, k in {everything} if row[{fact}] is None else {table}(row[{fact}], ()):",
            "    x = test(row, mark, day, k)",
        ]

    def test(self, write: Callable[[Weigher, Any], str], rule: Any) -> str:
        """A function for one condition, by its name, and the constants that it is handed (see `deciding`)."""
        weigher = self.weigher()
        weigher.handed = []
        answer = f"return {write(weigher, rule)}"
        body = (*weigher.lines, answer)
        if body not in self.tests:
            self.tests[body] = f"q{len(self.functions)}"
            self.functions.append(function(f"{self.tests[body]}(row, mark, day, k)", body))
        return f"{self.tests[body]}, ({''.join(f'{constant}, ' for constant in weigher.handed)})"

    # ------------------------------------------------------------------------------ the calendar

    def past_calendar(self, weigher: Weigher) -> str:
        """The source of: some working day that is known lies outside the published calendars."""
        parts = []
        for node in self.rules.workdays:
            unknown, start, end = weigher.unknown([node]), weigher.expression(node.start), weigher.expression(node)
            known = [f"not ({unknown})"] if unknown else []
            parts.append(f"({' and '.join([*known, f'not (FIRST <= {start} and {end} <= LAST)'])})")
        return " or ".join(parts) or "False"


def function(head: str, lines: Iterable[str]) -> str:
    """The source of a function."""
    return "\n".join([f"def {head}:", *(f"    {line}" for line in lines)])
