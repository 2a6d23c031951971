"""Conditions that are to have a truth: what they read, their parts, and whether a task meets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any

from admission import ir, reference
from admission.datatypes import Value
from admission.testing.memory import kept

MOST_TOLD = 4096  # answers of one condition that are kept
UNTOLD = object()


class Demand:
    """A condition that is to have a truth, and the facts that it reads. It keeps what it found of the values it saw."""

    def __init__(self, policy: ir.Policy, expr: ir.Expr, wanted: bool) -> None:
        self.policy, self.expr, self.wanted = policy, expr, wanted
        self.reads = reads(expr, policy)
        self._names = tuple(sorted(self.reads))
        self._turns_on_day = _turns_on_day(expr, policy, self.reads)
        self._told: dict[tuple[Any, ...], Any] = {}

    def is_met(self, facts: Mapping[str, Value], day: date) -> bool:
        """Whether the condition has the truth that is wanted."""
        key = (day if self._turns_on_day else None, *(facts.get(name) for name in self._names))
        truth = self._told.get(key, UNTOLD)
        if truth is UNTOLD:
            if len(self._told) >= MOST_TOLD:
                self._told.clear()
            truth = self._told[key] = reference.evaluate(self.expr, reference.World(self.policy, facts, day))
        return truth is self.wanted

    @cached_property
    def parts(self) -> list[Demand]:
        """The parts that help the whole to its truth."""
        return [demand(self.policy, expr, wanted) for expr, wanted in atoms(self.expr, self.policy, wanted=self.wanted)]


demand = kept(4096)(Demand)


def _turns_on_day(expr: ir.Expr, policy: ir.Policy, read: Iterable[str]) -> bool:
    """Whether the same facts may give another answer on another day."""
    is_filled = any(policy.facts[name].filled_by for name in read if name in policy.facts)
    nodes = ir.walk([expr], policy.definitions)
    return ir.AS_OF in read or is_filled or any(isinstance(node, (ir.ReadParameter, ir.ReadColumn)) for node in nodes)


def atoms(expr: ir.Expr, policy: ir.Policy, *, wanted: bool) -> Iterator[tuple[ir.Expr, bool]]:
    """The parts of a condition without `and`, `or` and `not`, each with the truth that helps the whole to its own."""
    match expr:
        case ir.Not(operand):
            yield from atoms(operand, policy, wanted=not wanted)
        case ir.And(operands) | ir.Or(operands):
            for operand in operands:
                yield from atoms(operand, policy, wanted=wanted)
        case ir.ReadDefinition(name):
            yield from atoms(policy.definitions[name].expr, policy, wanted=wanted)
        case _:
            yield expr, wanted


@kept(4096)
def reads(expr: ir.Expr, policy: ir.Policy) -> frozenset[str]:
    """The facts that an expression reads, the keys of its look-ups, and those by which facts are filled in."""
    found: set[str] = set()
    for node in ir.walk([expr], policy.definitions):
        match node:
            case ir.ReadFact(name):
                found |= _read_of(name, policy)
            case ir.ReadColumn(look_up):
                found |= _keys_of(look_up, policy)
            case _:
                pass
    return frozenset(found)


def _read_of(name: str, policy: ir.Policy) -> set[str]:
    """A fact, and those by which it is filled in."""
    declared = policy.facts.get(name)
    filler = None if declared is None else declared.filled_by
    return {name} | (_keys_of(filler.look_up, policy) if isinstance(filler, ir.ReadColumn) else set())


def _keys_of(look_up: str, policy: ir.Policy) -> set[str]:
    return {read for key in policy.look_ups[look_up].match.values() for read in _read_of(key, policy)}
