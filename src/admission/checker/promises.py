"""What an invariant holds, typed; and the one fact that a favourable condition reads."""

from __future__ import annotations

from dataclasses import replace as with_changes

from admission import ir
from admission.checker.expressions import Typer


def promised(invariant: ir.Invariant, policy: ir.Policy, typer: Typer) -> ir.Invariant:
    """The invariant with its condition typed; where that is at fault it stays as it was, and no policy is returned."""
    typed = typer.condition(invariant.expr)
    if typed is None:
        return invariant
    if invariant.promise != "favourable":
        return with_changes(invariant, expr=typed)
    return with_changes(invariant, expr=typed, fact=_only_fact(typed, policy, typer))


def _only_fact(condition: ir.Expr, policy: ir.Policy, typer: Typer) -> str | None:
    """The fact of the policy that a condition reads, and nothing else that differs between tasks; else a fault."""
    read = sorted({name for node in ir.walk([condition], policy.definitions) for name in _read(node)})
    if len(read) == 1 and read[0] in policy.facts:
        return read[0]
    names = [f"`{name}`" for name in read]
    found = ("、".join(names) or "零项", ", ".join(names) or "nothing")
    typer.faults.add("A432", condition.span, found=found)
    return None


def _read(node: ir.Expr) -> tuple[str, ...]:
    """What a node reads that differs between tasks of one day."""
    match node:
        case ir.ReadFact(name) if name != ir.AS_OF:
            return (name,)
        case ir.ReadColumn(row, column):
            return (f"{row}.{column}",)
        case _:
            return ()
