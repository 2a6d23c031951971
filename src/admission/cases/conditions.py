"""The conditions that a rule is made of, and a rule's expression with one of them fixed."""

from __future__ import annotations

from admission import ir
from admission.datatypes import BOOL


def conditions_of(policy: ir.Policy, rule: ir.Rule) -> list[ir.Expr]:
    """The atomic conditions of a rule, each once, as they were written; those of definitions in their place."""
    found: dict[ir.Expr, None] = {}
    stack = [expr for key, expr in reversed(ir.parts(rule).items()) if key in ("when", "require")]
    while stack:
        match stack.pop():
            case ir.And(operands) | ir.Or(operands):
                stack.extend(reversed(operands))
            case ir.Not(operand):
                stack.append(operand)
            case ir.ReadDefinition(name):
                stack.append(policy.definitions[name].expr)
            case expr if ir.type_of(expr) == BOOL and not isinstance(expr, ir.Literal):
                found.setdefault(expr)
            case _:
                pass
    return list(found)


def substitute(policy: ir.Policy, expr: ir.Expr, atom: ir.Expr, literal: ir.Literal) -> ir.Expr:
    """The expression with every occurrence of a condition replaced, those in definitions too.

    >>> from admission.printer import expression
    >>> a, b = ir.ReadFact("a", BOOL), ir.ReadFact("b", BOOL)
    >>> expression(
    ...     substitute(
    ...         ir.Policy("p", "1", "task", "p", {}, ir.ALWAYS, ("en",)),
    ...         ir.And((a, ir.Not(b))),
    ...         b,
    ...         ir.Literal(False, BOOL),
    ...     )
    ... )
    'a and not false'
    """
    if expr == atom:
        return literal
    match expr:
        case ir.And(operands) | ir.Or(operands):
            return type(expr)(tuple(substitute(policy, operand, atom, literal) for operand in operands), expr.span)
        case ir.Not(operand):
            return ir.Not(substitute(policy, operand, atom, literal), expr.span)
        case ir.ReadDefinition(name) if ir.type_of(expr) == BOOL:
            return substitute(policy, policy.definitions[name].expr, atom, literal)
        case _:
            return expr
