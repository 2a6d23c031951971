"""What a lint says, and the layer that it looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from admission import ir
from admission.diagnostics import Diagnostic, Span


@dataclass(frozen=True, slots=True)
class Remark:
    """A diagnostic, and the declaration that it is about, which may silence it."""

    diagnostic: Diagnostic
    section: str
    name: str

    @property
    def code(self) -> str:
        """The code of the catalogue."""
        return self.diagnostic.code


def remark(code: str, section: str, owner: str, span: Span | None, /, **data: object) -> Remark:
    """A remark about one declaration."""
    return Remark(Diagnostic(code, span, data), section, owner)


RULES = ("routes", "requirements", "exceptions", "obligations")


class Layer:
    """A checked policy, and what of it its own layer declares: the layers below are checked on their own."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self.policy = policy

    def own(self, section: str) -> Iterator[Any]:
        """The declarations of a section that this layer makes or redefines."""
        below: Mapping[str, Any] = getattr(self.policy.below, section) if self.policy.below else {}
        for name, declared in getattr(self.policy, section).items():
            if name not in below or below[name].span != declared.span:
                yield declared

    def own_rules(self) -> Iterator[tuple[str, ir.Rule]]:
        """This layer's rules, each with its section."""
        for section in RULES:
            for rule in self.own(section):
                yield section, rule

    def own_bases(self) -> Iterator[tuple[str, str, ir.Basis]]:
        """What this layer's declarations rest on: section, name, basis."""
        for section in (*RULES, "watches"):
            for rule in self.own(section):
                yield section, rule.id, rule.basis
        for section in ("parameters", "registers"):
            for declared in self.own(section):
                yield section, declared.name, declared.basis

    def own_expressions(self) -> Iterator[tuple[str, str, ir.Expr]]:
        """This layer's expressions: section, name, expression."""
        for section, rule in self.own_rules():
            yield from ((section, rule.id, part) for part in ir.parts(rule).values())
        for definition in self.own("definitions"):
            yield "definitions", definition.name, definition.expr
        for watch in self.own("watches"):
            yield from (("watches", watch.id, part) for part in ir.parts_of_watch(watch))

    @cached_property
    def bases(self) -> tuple[ir.Basis, ...]:
        """What the declarations of every layer rest on."""
        policy = self.policy
        held = (*ir.rules(policy), *policy.watches.values(), *policy.parameters.values(), *policy.registers.values())
        return tuple(declared.basis for declared in held)

    def days_of(self, period: ir.Period) -> ir.Period | None:
        """The days of a period on which the policy is in force too; None where there is none."""
        return meet(period, self.policy.period)


def meet(one: ir.Period, other: ir.Period) -> ir.Period | None:
    """The days in both periods; None where there is none.

    >>> from datetime import date
    >>> meet(ir.Period(date(2019, 1, 1)), ir.Period(None, date(2018, 12, 31))) is None
    True
    """
    start = max((day for day in (one.start, other.start) if day), default=None)
    end = min((day for day in (one.end, other.end) if day), default=None)
    return None if start and end and end < start else ir.Period(start, end)
