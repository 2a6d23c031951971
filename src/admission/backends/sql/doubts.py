"""Which unknown facts make an expression unknown: those read by its unknown parts (semantics, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.expressions import Emitter
from admission.backends.sql.terms import Term

Found = dict[str, list[Term]]
"""By fact: conditions, one of which is true where the fact is unknown and its being so matters."""


@dataclass(slots=True)
class Doubts:
    """Finds the unknown facts behind unknown expressions."""

    policy: ir.CheckedPolicy
    emit: Emitter
    absorbing: dict[str, bool] = field(default_factory=dict)

    def of(self, expr: ir.Expr) -> Found:
        """The facts behind an expression that is unknown."""
        found: Found = {}
        for part, guard in self._parts(expr):
            for name, conditions in self.of(part).items():
                for condition in conditions:
                    _add(found, name, terms.all_of([guard, condition]))
        if isinstance(expr, ir.ReadFact) and expr.name != ir.AS_OF and self.policy.facts[expr.name].assume is None:
            _add(found, expr.name, terms.is_unknown(self.emit.fact(expr.name)))
        return found

    def _parts(self, expr: ir.Expr) -> Iterator[tuple[ir.Expr, Term]]:
        """What an expression reads, and whether that is unknown where reading an unknown fact does not say so."""
        match expr:
            case ir.ReadFact(name):
                filler = None if name == ir.AS_OF else self.policy.facts[name].filled_by
                if isinstance(filler, ir.ReadColumn) and self.policy.facts[name].assume is None:
                    yield filler, terms.is_unknown(self.emit.fact(name))
            case ir.ReadColumn(look_up):
                for key in self.policy.look_ups[look_up].match.values():
                    yield ir.ReadFact(key, self.policy.facts[key].type), terms.TRUE
            case ir.ReadDefinition(name):
                yield self.policy.definitions[name].expr, terms.TRUE
            case _:
                for child in ir.children(expr):
                    yield child, terms.is_unknown(self.emit.expression(child)) if self.absorbs(child) else terms.TRUE

    def absorbs(self, expr: ir.Expr) -> bool:
        """Whether an expression may be known though a fact that it reads is not: `and` and `or` see to that."""
        match expr:
            case ir.And() | ir.Or():
                return True
            case ir.ReadDefinition(name):
                if name not in self.absorbing:
                    self.absorbing[name] = self.absorbs(self.policy.definitions[name].expr)
                return self.absorbing[name]
            case _:
                return any(self.absorbs(child) for child in _children(expr))


def _children(expr: ir.Expr) -> Iterable[ir.Expr]:
    return ir.children(expr)


def _add(found: Found, name: str, condition: Term) -> None:
    conditions = found.setdefault(name, [])
    if condition not in conditions:
        conditions.append(condition)
