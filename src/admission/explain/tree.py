"""The evaluation as a tree: every leaf is a condition that was evaluated, with the values it read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from admission import ir, printer, reference
from admission.datatypes import Type, Value, to_text
from admission.decision import BUILT_IN, Citation, citations_of, in_language
from admission.explain.words import in_words

Origin = Literal["given", "assumed", "looked_up", "parameter", "defined", "built_in", "unknown"]
Kinds = Literal[
    "decision",
    "candidate",
    "route",
    "requirement",
    "note",
    "exception",
    "applies",
    "demands",
    "all",
    "any",
    "not",
    "condition",
    "definition",
]
Truth = bool | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that a condition read: by name and label, in words, and where it came from."""

    name: str
    label: str
    value: str
    origin: Origin

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"name": self.name, "label": self.label, "value": self.value, "origin": self.origin}


@dataclass(frozen=True, slots=True)
class Step:
    """One node of the evaluation; `truth` is None for unknown."""

    kind: Kinds
    truth: Truth
    rule: str = ""
    status: str = ""
    says: str = ""
    condition: str = ""
    reads: tuple[Reading, ...] = ()
    citations: tuple[Citation, ...] = ()
    own: str = ""
    remedy: str = ""
    children: tuple[Step, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; empty parts are left out."""
        found: dict[str, object] = {"kind": self.kind, "truth": self.truth}
        for key in ("rule", "status", "says", "condition", "own", "remedy"):
            if text := getattr(self, key):
                found[key] = text
        for key in ("reads", "citations", "children"):
            if parts := getattr(self, key):
                found[key] = [part.to_dict() for part in parts]
        return found

    def leaves(self) -> Iterator[Step]:
        """The conditions at the ends of the tree."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True, slots=True)
class Teller:
    """Evaluates every part again and keeps what it read."""

    policy: ir.CheckedPolicy
    world: reference.World
    lang: str

    def label(self, label: ir.Label) -> str:
        """The label in the language of the explanation."""
        return in_language(label, self.lang)

    def value(self, declared: Type, labels: Mapping[str, ir.Label] | None, value: Value | None) -> str:
        """A value in words."""
        return in_words(declared, labels or {}, value, self.lang)

    # ------------------------------------------------------------------------------- readings

    def fact(self, name: str) -> Reading:
        """What a fact read, and where it came from."""
        fact = self.policy.facts[name]
        value = reference.fact(name, self.world)
        text = self.value(fact.type, dict(fact.value_labels), value)
        return Reading(name, self.label(fact.label), text, self._origin(fact, value))

    def _origin(self, fact: ir.Fact, value: Value | None) -> Origin:
        if self.world.given.get(fact.name) is not None:
            return "given"
        if value is None:
            return "unknown"
        filled = fact.filled_by and reference.evaluate(fact.filled_by, self.world) is not None
        return "looked_up" if filled else "assumed"

    def reading(self, expr: ir.Expr) -> Iterator[Reading]:
        """The values that an expression reads, look-up keys included."""
        match expr:
            case ir.ReadFact(name, declared):
                if name == ir.AS_OF:
                    yield Reading(name, name, to_text(declared, self.world.day), "built_in")
                else:
                    yield self.fact(name)
            case ir.ReadParameter(name, declared):
                parameter = self.policy.parameters[name]
                value = reference.evaluate(expr, self.world)
                yield Reading(name, self.label(parameter.label) or name, self.value(declared, None, value), "parameter")
            case ir.ReadDefinition(name, declared):
                definition = self.policy.definitions[name]
                value = reference.evaluate(expr, self.world)
                yield Reading(name, self.label(definition.label), self.value(declared, None, value), "defined")
                yield from self.reading(definition.expr)
            case ir.ReadColumn(look_up, column, declared):
                register = self.policy.registers[self.policy.look_ups[look_up].register]
                labels = dict(register.columns[column].value_labels) if column in register.columns else None
                text = self.value(declared, labels, reference.evaluate(expr, self.world))
                name = f"{look_up}.{column}"
                known = reference.evaluate(expr, self.world) is not None
                yield Reading(name, name, text, "looked_up" if known else "unknown")
                for key in self.policy.look_ups[look_up].match.values():
                    yield self.fact(key)
            case _:
                for child in ir.children(expr):
                    yield from self.reading(child)

    # ---------------------------------------------------------------------------------- trees

    def tree(self, expr: ir.Expr) -> Step:
        """A condition as a tree of the conditions it is made of."""
        truth: Truth = reference.evaluate(expr, self.world)
        match expr:
            case ir.And(operands):
                return Step("all", truth, children=tuple(self.tree(operand) for operand in operands))
            case ir.Or(operands):
                return Step("any", truth, children=tuple(self.tree(operand) for operand in operands))
            case ir.Not(operand) if isinstance(operand, (ir.And, ir.Or, ir.Not)):
                return Step("not", truth, children=(self.tree(operand),))
            case ir.ReadDefinition(name):
                definition = self.policy.definitions[name]
                inner = self.tree(definition.expr)
                return Step("definition", truth, name, says=self.label(definition.label), children=(inner,))
            case _:
                reads = tuple(dict.fromkeys(self.reading(expr)))
                return Step("condition", truth, condition=printer.expression(expr), reads=reads)

    def route(self, route: ir.Route) -> Step:
        """A route, its own condition, and whether another stands above it."""
        routes = {r.id: r for r in self.policy.routes.values() if self.world.day in r.period}
        truth = reference.evaluate(reference.effective(route, routes), self.world)
        return self.rule(route, Step("route", truth, children=self._when(route)))

    def _when(self, rule: ir.Rule) -> tuple[Step, ...]:
        return () if rule.when is None else (self.tree(rule.when),)

    def rule(self, rule: ir.Rule, step: Step) -> Step:
        """The step with the rule's own words and law."""
        return Step(
            step.kind,
            step.truth,
            rule.id,
            step.status,
            self.label(rule.reason),
            step.condition,
            citations=citations_of(self.policy, rule.basis),
            own=self.label(rule.basis.own or {}),
            remedy=self.label(rule.remedy) if isinstance(rule, ir.Requirement) else "",
            children=step.children,
        )

    def requirement(self, requirement: ir.Requirement) -> Step:
        """A requirement: whether it applies, what it demands, and what waives it."""
        truth = reference.evaluate(reference.demand(requirement, self.world), self.world)
        applies = reference.evaluate(reference.own(requirement), self.world)
        met = reference.evaluate(requirement.require, self.world)
        status = {True: "met", False: "violated", None: "open"}[truth]
        if truth is True and applies is False:
            status = "idle"
        elif truth is True and met is not True:
            status = "waived"
        children = [Step("applies", applies, children=self._when(requirement))] if requirement.when else []
        children.append(Step("demands", met, children=(self.tree(requirement.require),)))
        for exception in self.policy.exceptions.values():
            if requirement.id in exception.waives and self.world.day in exception.period:
                holds = reference.evaluate(reference.own(exception), self.world)
                step = Step("exception", holds, children=self._when(exception))
                children.append(self.rule(exception, step))
        kind: Kinds = "note" if requirement.effect == "note" else "requirement"
        # What is met is said by its condition, for the reason says why it would be refused.
        short = requirement.when if status == "idle" and requirement.when else requirement.require
        step = Step(kind, truth, status=status, condition=printer.expression(short), children=tuple(children))
        return self.rule(requirement, step)

    def channel(self, channel: str | None) -> Step:
        """A channel: the routes that lead there, and its requirements."""
        if channel is None:
            says = self.label(BUILT_IN[ir.NO_ROUTE])
            return Step("candidate", False, ir.NO_ROUTE, "violated", says)
        day = self.world.day
        routes = [self.route(r) for r in self.policy.routes.values() if r.to == channel and day in r.period]
        demands = [
            self.requirement(r) for r in self.policy.requirements.values() if channel in r.channels and day in r.period
        ]
        truths = {step.truth for step in demands if step.kind == "requirement"}
        truth = False if False in truths else None if None in truths else True
        says = self.label(self.policy.channels[channel].label)
        return Step("candidate", truth, channel, says=says, children=(*routes, *demands))
