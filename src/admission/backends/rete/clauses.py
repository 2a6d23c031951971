"""A watch's condition as clauses: each a choice of atoms that makes it true, so that each becomes one rule.

The engine's own `or` is not used. A condition is true in strong Kleene logic exactly if, with `not` pushed down to
the atoms, some clause has every atom of the truth value it wants; an unknown atom has neither.
"""

from __future__ import annotations

from itertools import product

from admission import ir

Clause = frozenset[tuple[ir.Expr, bool]]
"""Atoms, and the truth value that each must have."""

MOST_CLAUSES = 8
MOST_ATOMS = 12


def clauses(expr: ir.Expr) -> tuple[Clause, ...]:
    """The condition's clauses, none that contradicts itself or says more than another.

    A condition that would have too many of them, or too long ones, is one atom.
    """
    found = _clauses(expr, True)
    if found is None or any(len(clause) > MOST_ATOMS for clause in found):
        return (frozenset({(expr, True)}),)
    return found


def _clauses(expr: ir.Expr, wanted: bool) -> tuple[Clause, ...] | None:
    """The clauses that give the expression a truth value; None where they are too many."""
    match expr:
        case ir.Not(operand):
            return _clauses(operand, not wanted)
        case ir.And(operands) | ir.Or(operands):
            parts = [_clauses(operand, wanted) for operand in operands]
            if any(part is None for part in parts):
                return None
            whole = [part for part in parts if part is not None]
            return _joined(whole) if isinstance(expr, ir.And) is wanted else _gathered(whole)
        case _:
            return (frozenset({(expr, wanted)}),)


def _joined(parts: list[tuple[Clause, ...]]) -> tuple[Clause, ...] | None:
    count = 1
    for part in parts:
        count *= len(part)
    if count > MOST_CLAUSES**2:
        return None
    return _least(frozenset[tuple[ir.Expr, bool]]().union(*choice) for choice in product(*parts))


def _gathered(parts: list[tuple[Clause, ...]]) -> tuple[Clause, ...] | None:
    return _least(clause for part in parts for clause in part)


def _least(found: object) -> tuple[Clause, ...] | None:
    whole = [clause for clause in dict.fromkeys(found) if not _contradicts(clause)]  # type: ignore[call-overload]
    least = tuple(clause for clause in whole if not any(other < clause for other in whole))
    return least if len(least) <= MOST_CLAUSES else None


def _contradicts(clause: Clause) -> bool:
    return any((atom, not wanted) in clause for atom, wanted in clause)
