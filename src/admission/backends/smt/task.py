"""The task that the solver looks for: one variable a fact, whether it is given, and the day; and a model read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from datetime import date
from typing import Any

import z3

from admission import ir
from admission.backends.smt.terms import FALSE, TRUE, Codes, Formula, Payload, both, either, opposite
from admission.datatypes import FIRST_DAY, LAST_DAY, Kind, Type, Value


@dataclass(slots=True)
class SymbolicTask:
    """One task on one day, as variables; several policies may be asked about the same one."""

    codes: Codes
    day: Any
    given: dict[str, Formula] = field(default_factory=dict)
    values: dict[str, Payload] = field(default_factory=dict)
    facts: dict[str, ir.Fact] = field(default_factory=dict)
    label: str = ""

    @classmethod
    def of(cls, codes: Codes, policies: Iterable[ir.Policy], label: str = "") -> SymbolicTask:
        """A task that may give any fact of any of the policies."""
        task = cls(codes, z3.Int(f"{label}as_of"), label=label)
        for policy in policies:
            for fact in policy.facts.values():
                task.declare(fact)
        return task

    def declare(self, fact: ir.Fact) -> None:
        """Make the variables of a fact; a set declared twice has the elements of both."""
        name = f"{self.label}{fact.name}"
        self.given.setdefault(fact.name, z3.Bool(f"{name}?"))
        self.facts.setdefault(fact.name, fact)
        if fact.type.kind is Kind.SET:
            elements = self.values.setdefault(fact.name, {})
            for value in fact.type.values:
                elements.setdefault(value, z3.Bool(f"{name}.{value}"))
        elif fact.type.kind is Kind.BOOL:
            self.values.setdefault(fact.name, z3.Bool(name))
        else:
            self.values.setdefault(fact.name, z3.Int(name))

    def on(self, day: Any) -> SymbolicTask:
        """The same task on another day, a date or a variable."""
        return with_changes(self, day=z3.IntVal(day.toordinal()) if isinstance(day, date) else day)

    def but(self, fact: ir.Fact, label: str) -> SymbolicTask:
        """The same task on the same day with another value of one fact."""
        other = SymbolicTask(self.codes, self.day, label=label)
        other.declare(fact)
        return with_changes(
            self, given={**self.given, **other.given}, values={**self.values, **other.values}, label=label
        )

    def admissible(self, policy: ir.Policy) -> Formula:
        """That the day lies in the policy's period and every value in its type."""
        period = policy.period
        start, end = period.start or FIRST_DAY, period.end or LAST_DAY
        bounds = [self.day >= start.toordinal(), self.day <= end.toordinal()]
        return both(*bounds, *(self.fits(name, fact.type) for name, fact in policy.facts.items()))

    def fits(self, name: str, declared: Type) -> Formula:
        """That a given value is one of a type."""
        within = in_type(declared, self.values[name], self.codes)
        return either(opposite(self.given[name]), within)

    def read(self, model: Any) -> tuple[dict[str, Value], date]:
        """The facts (inner form) and the day that a model gives."""
        facts: dict[str, Value] = {}
        for name, fact in self.facts.items():
            if z3.is_true(model.eval(self.given[name], model_completion=True)):
                facts[name] = self.value(model, fact.type, self.values[name])
        return facts, date.fromordinal(model.eval(self.day, model_completion=True).as_long())

    def value(self, model: Any, declared: Type, payload: Payload) -> Value:
        """The value that a model gives a term, in its inner form."""
        if isinstance(payload, Mapping):
            inside = {e for e, is_in in payload.items() if z3.is_true(model.eval(is_in, model_completion=True))}
            return frozenset(inside)
        found = model.eval(payload, model_completion=True)
        match declared.kind:
            case Kind.BOOL:
                return bool(z3.is_true(found))
            case Kind.DATE:
                return date.fromordinal(found.as_long())
            case Kind.TEXT | Kind.ENUM:
                return self.codes.text(found.as_long())
            case _:
                return int(found.as_long())

    def fixed(self, facts: Mapping[str, Value], day: date) -> Formula:
        """That the task is this one."""
        parts = [self.day == day.toordinal()]
        for name, given in self.given.items():
            parts.append(given == z3.BoolVal(facts.get(name) is not None))
            if facts.get(name) is not None:
                parts.append(is_value(self.values[name], facts[name], self.codes))
        return z3.And(*parts)


def in_type(declared: Type, payload: Payload, codes: Codes) -> Formula:
    """That a value lies within its type's bounds, or is one of its values."""
    if isinstance(payload, Mapping):
        return both(*(opposite(inside) for element, inside in payload.items() if element not in declared.values))
    if declared.kind is Kind.ENUM:
        return either(*(payload == codes.of(value) for value in declared.values))
    if declared.kind is Kind.TEXT:
        return payload >= 0
    if declared.low is None or declared.high is None:
        return TRUE
    low, high = (b.toordinal() if isinstance(b, date) else b for b in (declared.low, declared.high))
    return z3.And(payload >= low, payload <= high)


def is_value(payload: Payload, value: Value, codes: Codes) -> Formula:
    """That a term has a value."""
    match value:
        case frozenset():
            return both(*(inside if element in value else opposite(inside) for element, inside in payload.items()))
        case bool():
            return payload if value else opposite(payload)
        case date():
            return payload == value.toordinal()
        case str():
            return payload == codes.of(value)
        case int():
            return payload == value


__all__ = ["FALSE", "SymbolicTask", "in_type", "is_value"]
