"""A policy as formulas over a symbolic task: `evaluate` and `decide` of the meaning, function by function.

It says verdict, channel, violations, conflict, notes, obligations, figures. It does not say `missing` and `assumed`,
which are about how a condition is written and not about what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, assert_never

import z3

from admission import ir
from admission.backends.smt.decision import Duty, SymbolicDecision, decide
from admission.backends.smt.oracles import Oracle, WorkdayOracle, row_oracle
from admission.backends.smt.task import SymbolicTask
from admission.backends.smt.terms import (
    FALSE,
    TRUE,
    Formula,
    Payload,
    Term,
    both,
    choose,
    constant,
    either,
    equal,
    is_subset,
    kleene_and,
    kleene_not,
    kleene_or,
    opposite,
    unknown,
)
from admission.datatypes import BOOL, Kind

FEW_ROWS = 8
MOST_ROWS = 20_000
"""Rows of a register up to which its contents are written out; a larger one is consulted row by row."""


class Unsupported(Exception):  # noqa: N818 - it is a finding about a policy, not a failure of the program
    """A construct that the solver's model does not say; the message names it."""


@dataclass(slots=True)
class Model:
    """One policy on one symbolic task."""

    policy: ir.CheckedPolicy
    task: SymbolicTask
    oracles: list[Oracle] = field(default_factory=list)
    decided: Mapping[str, Term] = field(default_factory=dict)
    """What an invariant reads of the decision."""
    seen: dict[ir.Expr, Term] = field(default_factory=dict)
    facts: dict[str, Term] = field(default_factory=dict)
    cells: dict[tuple[str, str], Term] = field(default_factory=dict)
    reaches: dict[tuple[str, str], Formula] = field(default_factory=dict)

    def __post_init__(self) -> None:
        decision = self.decide()
        self.decided = self.read_decision(decision)
        self.decision = decision

    decision: SymbolicDecision = field(init=False)

    # -------------------------------------------------------------------------------- conditions

    def evaluate(self, expr: ir.Expr) -> Term:
        """The value of an expression, and whether it is known."""
        if expr not in self.seen:
            self.seen[expr] = self._evaluate(expr)
        return self.seen[expr]

    def _evaluate(self, expr: ir.Expr) -> Term:
        match expr:
            case ir.Literal(value):
                return constant(value, self.task.codes)
            case ir.ReadFact(name):
                return Term(TRUE, self.task.day) if name == ir.AS_OF else self.fact(name)
            case ir.ReadParameter(name):
                return self.parameter(self.policy.parameters[name])
            case ir.ReadDefinition(name):
                return self.evaluate(self.policy.definitions[name].expr)
            case ir.ReadColumn(look_up, column):
                return self.cell(self.policy.look_ups[look_up], column)
            case ir.And(operands):
                return kleene_and(self.evaluate(operand) for operand in operands)
            case ir.Or(operands):
                return kleene_or(self.evaluate(operand) for operand in operands)
            case ir.Not(operand):
                return kleene_not(self.evaluate(operand))
            case ir.Compare(op, left, right):
                return self.strict(_ORDER[op] if not self.is_set(left) else _SETS[op], left, right)
            case ir.In(item, container):
                return self.strict(self.is_in, item, container)
            case ir.OneOf(item, options):
                return self.strict(lambda v, *of: either(*(equal(v, o) for o in of)), item, *options)
            case ir.Count(operand):
                return self.strict(lambda s: z3.Sum([z3.If(i, 1, 0) for i in s.values()] or [z3.IntVal(0)]), operand)
            case ir.Add(left, right):
                return self.strict(lambda a, b: a + b, left, right)
            case ir.Subtract(left, right):
                return self.strict(lambda a, b: a - b, left, right)
            case ir.Multiply(operand, factor):
                return self.multiply(operand, factor)
            case ir.Workday(start, days):
                return self.strict(self.workday, start, days)
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                raise TypeError(f"not resolved: {expr}")
            case _:
                assert_never(expr)

    def strict(self, apply: Callable[..., Payload], *operands: ir.Expr) -> Term:
        """Known where every operand is."""
        terms = [self.evaluate(operand) for operand in operands]
        return Term(both(*(term.known for term in terms)), apply(*(term.value for term in terms)))

    @staticmethod
    def is_set(expr: ir.Expr) -> bool:
        """Whether the expression is a set."""
        return ir.type_of(expr).kind is Kind.SET

    def is_in(self, item: Payload, container: Mapping[str, Formula]) -> Formula:
        """Whether an enum value is in a set."""
        codes = self.task.codes
        return either(*(both(equal(item, z3.IntVal(codes.of(e))), inside) for e, inside in container.items()))

    def multiply(self, operand: ir.Expr, factor: ir.Expr) -> Term:
        """A product; that with a parameter is split by the parameter's values, so that all stays linear."""
        if isinstance(factor, ir.ReadParameter):
            parameter, term = self.policy.parameters[factor.name], self.evaluate(operand)
            found = term.value * parameter.values[0][1]
            for since, value in parameter.values[1:]:
                found = z3.If(self.task.day >= since.toordinal(), term.value * value, found)
            return Term(term.known, found)
        return self.strict(lambda a, b: a * b, operand, factor)

    def workday(self, start: Payload, days: Payload) -> Payload:
        """The n-th working day: a function of which only what is needed is told."""
        oracle = WorkdayOracle(start, days, [o for o in self.oracles if isinstance(o, WorkdayOracle)])
        self.oracles.append(oracle)
        return oracle.result

    def parameter(self, parameter: ir.Parameter) -> Term:
        """The value in force on the day."""
        codes = self.task.codes
        found = constant(parameter.values[0][1], codes)
        for since, value in parameter.values[1:]:
            found = choose(self.task.day >= since.toordinal(), constant(value, codes), found)
        return found

    def fact(self, name: str) -> Term:
        """What was given, else what a look-up fills in, else what is assumed, else unknown."""
        if name in self.decided:
            return self.decided[name]
        if name not in self.facts:
            declared = self.policy.facts[name]
            found = unknown(declared.type)
            if declared.assume:
                found = constant(declared.assume.value, self.task.codes)
            if declared.filled_by:
                filler = self.evaluate(declared.filled_by)
                found = choose(filler.known, filler, found)
            self.facts[name] = choose(self.task.given[name], Term(TRUE, self.task.values[name]), found)
        return self.facts[name]

    def cell(self, look_up: ir.LookUp, column: str) -> Term:
        """A column of the one row that matches the task's key on the day."""
        place = (look_up.name, column)
        if place not in self.cells:
            register = self.policy.registers[look_up.register]
            keys = [self.fact(look_up.match[part]) for part in register.key]
            known = both(*(key.known for key in keys))
            row = self.written_out if len(register.rows) <= MOST_ROWS else self.consulted
            found = row(register, [key.value for key in keys], column)
            self.cells[place] = Term(both(known, found.known), found.value)
        return self.cells[place]

    def written_out(self, register: ir.Register, key: list[Payload], column: str) -> Term:
        """A column as a choice among the rows, found by halving where there are many."""
        if len(register.rows) > FEW_ROWS:
            return self.halved(register, key, column)
        return self.one_by_one(register, key, column)

    def one_by_one(self, register: ir.Register, key: list[Payload], column: str) -> Term:
        """A column as a choice among the rows, one after the other."""
        names, codes = list(register.columns), self.task.codes
        found = self.without_row(register, column)
        for row in register.rows:
            cells = dict(zip(names, row.cells, strict=True))
            parts = [is_cell(value, cells[part], codes) for part, value in zip(register.key, key, strict=True)]
            matches = both(self.is_within(row.period), *parts)
            found = choose(matches, self.in_row(register, cells, column), found)
        return found

    def halved(self, register: ir.Register, key: list[Payload], column: str) -> Term:
        """A column as a balanced tree over the key column with the most values."""
        names = list(register.columns)
        places = {n: names.index(part) for n, part in enumerate(register.key) if not z3.is_bool(key[n])}
        groups: dict[int, dict[int, list[ir.Row]]] = {n: {} for n in places}
        for n, place in places.items():
            for row in register.rows:
                cell = row.cells[place]
                code = -1 if cell is None else constant(cell, self.task.codes).value.as_long()
                groups[n].setdefault(code, []).append(row)
        widest = max(groups, key=lambda n: len(groups[n]), default=None)
        if widest is None or len(groups[widest]) == 1:
            return self.one_by_one(register, key, column)
        rows, part = groups[widest], key[widest]

        def tree(codes: list[int]) -> Term:
            if len(codes) == 1:
                few = replace(register, rows=tuple(rows[codes[0]]))
                return self.one_by_one(few, key, column)
            middle = len(codes) // 2
            return choose(part < codes[middle], tree(codes[:middle]), tree(codes[middle:]))

        return tree(sorted(rows))

    def in_row(self, register: ir.Register, cells: Mapping[str, Any], column: str) -> Term:
        """A column of a row that is there; an empty cell reads what the column is where no row is."""
        if column == ir.FOUND:
            return Term(TRUE, TRUE)
        value, declared = cells[column], register.columns[column]
        if value is not None:
            return constant(value, self.task.codes)
        return constant(declared.absent.value, self.task.codes) if declared.absent else unknown(declared.type)

    def without_row(self, register: ir.Register, column: str) -> Term:
        """A column where no row matches."""
        if column == ir.FOUND:
            return unknown(BOOL) if register.partial else Term(TRUE, FALSE)
        declared = register.columns[column]
        if register.partial or declared.absent is None:
            return unknown(declared.type)
        return constant(declared.absent.value, self.task.codes)

    def consulted(self, register: ir.Register, key: list[Payload], column: str) -> Term:
        """A column of a large register: free within its type, and consulted where the solver looks."""
        if column != ir.FOUND and register.columns[column].type.kind is Kind.SET:
            raise Unsupported(f"set column {register.name}.{column} of a register of more than {MOST_ROWS} rows")
        oracle = row_oracle(self, register, key, column)
        self.oracles.append(oracle)
        return oracle.term

    # ---------------------------------------------------------------------------------- decision

    def is_within(self, period: ir.Period) -> Formula:
        """Whether the day lies in a period."""
        parts = []
        if period.start:
            parts.append(self.task.day >= period.start.toordinal())
        if period.end:
            parts.append(self.task.day <= period.end.toordinal())
        return both(*parts)

    def in_force(self, rule: ir.Rule) -> Formula:
        """Whether a rule is in force on the day."""
        return self.is_within(rule.period)

    def own(self, rule: ir.Rule) -> Term:
        """A rule's own condition; none is true."""
        return Term(TRUE, TRUE) if rule.when is None else self.evaluate(rule.when)

    def is_above(self, upper: ir.Route, lower: str) -> Formula:
        """Whether a route in force stands above another, directly or through others in force."""
        place = (upper.id, lower)
        if place not in self.reaches:
            paths = [
                TRUE if below == lower else self.is_above(self.policy.routes[below], lower) for below in upper.overrides
            ]
            self.reaches[place] = both(self.in_force(upper), either(*paths))
        return self.reaches[place]

    def effective(self, route: ir.Route) -> Term:
        """The route's own condition, and not the own condition of any route above it."""
        parts = [self.own(route)]
        for upper in self.policy.routes.values():
            above = self.is_above(upper, route.id) if upper.id != route.id else FALSE
            if not z3.is_false(above):
                parts.append(kleene_or([Term(TRUE, opposite(above)), kleene_not(self.own(upper))]))
        return kleene_and(parts)

    def demand(self, requirement: ir.Requirement) -> Term:
        """False where the requirement is violated: it applies, is not met, and no exception waives it."""
        waivers = [
            kleene_and([Term(TRUE, self.in_force(e)), self.own(e)])
            for e in self.policy.exceptions.values()
            if requirement.id in e.waives
        ]
        return kleene_or([kleene_not(self.own(requirement)), self.evaluate(requirement.require), *waivers])

    def decide(self) -> SymbolicDecision:
        """The decision of section 5 of the meaning."""
        return decide(self)

    def read_decision(self, decision: SymbolicDecision) -> dict[str, Term]:
        """What an invariant may read: verdict, channel, violations."""
        codes = self.task.codes

        def coded(choices: Mapping[str, Formula], default: str) -> Term:
            start: Any = z3.IntVal(codes.of(default))
            return Term(TRUE, reduce(lambda f, c: z3.If(c[1], codes.of(c[0]), f), choices.items(), start))

        found = {ir.VERDICT: coded(decision.verdict, "undetermined"), ir.CHANNEL: coded(decision.channel, "")}
        listed = {rule: decision.violated.get(rule, FALSE) for rule in (*self.policy.requirements, ir.NO_ROUTE)}
        return found | {ir.violated(rule): Term(TRUE, formula) for rule, formula in listed.items()}

    def duty(self, rule: ir.ObligationRule, decision: SymbolicDecision) -> Duty:
        """An obligation as it comes with the decision."""
        own = self.own(rule)
        comes = either(*(decision.verdict[verdict] for verdict in rule.verdicts))
        amount, due = (self.evaluate(part) if part else None for part in (rule.amount, rule.due))
        attached = both(self.in_force(rule), comes, opposite(own.false))
        return Duty(attached, both(attached, own.true), amount, due)

    # --------------------------------------------------------------------------------- questions

    def sound(self) -> Formula:
        """That the task is one that the policy takes: values in their types, nothing against a look-up."""
        agreed = []
        for name, fact in self.policy.facts.items():
            if fact.filled_by:
                held = self.evaluate(fact.filled_by)
                same = equal(self.task.values[name], held.value)
                agreed.append(either(opposite(self.task.given[name]), opposite(held.known), same))
        return both(self.task.admissible(self.policy), *agreed)

    def complete(self) -> Formula:
        """That every fact is known, by being given, filled in or assumed."""
        return both(*(self.fact(name).known for name in self.policy.facts))


def is_cell(payload: Payload, value: Any, codes: Any) -> Formula:
    """Whether a key has the value of a cell."""
    if value is None:
        return FALSE
    return equal(payload, constant(value, codes).value)


_ORDER: dict[str, Callable[[Any, Any], Formula]] = {
    "==": equal,
    "!=": lambda a, b: opposite(equal(a, b)),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_SETS: dict[str, Callable[[Any, Any], Formula]] = {
    "==": equal,
    "!=": lambda a, b: opposite(equal(a, b)),
    "<=": is_subset,
    ">=": lambda a, b: is_subset(b, a),
}


__all__ = ["Model", "Unsupported"]
