"""Which unknown facts make an expression unknown: those read by its unknown parts (semantics, section 5)."""

from __future__ import annotations

from collections.abc import Mapping

from admission import ir
from admission.backends.columns.expressions import Evaluator
from admission.backends.columns.kleene import Truth, all_of, any_of, negated
from admission.backends.columns.terms import known_where

Found = Mapping[str, Truth]
"""By fact: where it is unknown, and its being so matters."""


class Doubts:
    """Finds the unknown facts behind unknown expressions."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._found: dict[ir.Expr, Found] = {}

    def of(self, expr: ir.Expr) -> Found:
        """The facts behind an expression, where it is unknown."""
        if expr not in self._found:
            self._found[expr] = self._of(expr)
        return self._found[expr]

    def _of(self, expr: ir.Expr) -> Found:
        unknown = negated(known_where(self.evaluator.evaluate(expr)))
        if unknown is False:
            return {}
        found: dict[str, list[Truth]] = {}
        if isinstance(expr, ir.ReadFact):
            found[expr.name] = [True]
        for part in self._parts(expr):
            for name, truth in self.of(part).items():
                found.setdefault(name, []).append(truth)
        return {name: all_of([unknown, any_of(truths)]) for name, truths in found.items()}

    def _parts(self, expr: ir.Expr) -> tuple[ir.Expr, ...]:
        """What an expression reads."""
        policy = self.evaluator.policy
        match expr:
            case ir.ReadFact(name):
                filler = policy.facts[name].filled_by
                return (filler,) if filler else ()
            case ir.ReadDefinition(name):
                return (policy.definitions[name].expr,)
            case ir.ReadColumn(look_up):
                keys = policy.look_ups[look_up].match.values()
                return tuple(ir.ReadFact(key, policy.facts[key].type) for key in keys)
            case _:
                return ir.children(expr)
