"""Conditions that come out the same on every task, seen from types, ranges and values alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import chain
from operator import ge, gt, le, lt

from admission import ir
from admission.checker.bounds import Bounds, Range
from admission.datatypes import FIRST_DAY, LAST_DAY, Kind, expectation
from admission.diagnostics import Collector
from admission.lints.remarks import RULES, Layer, Remark, remark
from admission.printer import expression

Why = tuple[str, str]
Verdict = tuple[bool, Why]
"""Whether it always or never holds, and why."""

_ORDER = {"<": lt, "<=": le, ">": gt, ">=": ge}


def constant(layer: Layer) -> Iterator[Remark]:
    """A003, A004, A005: a part of a condition that never holds, always holds, or stands twice."""
    for section, name, root in layer.own_expressions():
        judge = judge_of(layer.policy, _days_of(layer, section, name))
        said = chain(_fixed(root), *map(judge.said, ir.walk([root])))
        for code, part, why in said:
            data = {"expression": _short(part)} | ({"why": why} if why else {})
            yield remark(code, section, name, part.span or root.span, **data)


def judge_of(policy: ir.Policy, period: ir.Period) -> Judge:
    """A judge of conditions that are read on the days of a period."""
    start, end = period.start or FIRST_DAY, period.end or LAST_DAY
    days = (start.toordinal(), end.toordinal())
    return Judge(Bounds(policy.definitions, policy.parameters, Collector(), days))


def _days_of(layer: Layer, section: str, name: str) -> ir.Period:
    """The days on which an expression is read: those of its rule, or of the policy."""
    if section == "watches":
        return ir.ALWAYS
    period = getattr(layer.policy, section)[name].period if section in RULES else ir.ALWAYS
    return layer.days_of(period) or ir.ALWAYS


def _fixed(root: ir.Expr) -> Iterator[tuple[str, ir.Expr, Why | None]]:
    """`true` or `false` where a condition should stand."""
    joined = (part for node in ir.walk([root]) if isinstance(node, ir.And | ir.Or) for part in node.operands)
    denied = (node.operand for node in ir.walk([root]) if isinstance(node, ir.Not))
    for part in (root, *joined, *denied):
        if isinstance(part, ir.Literal) and isinstance(part.value, bool):
            yield "A004" if part.value else "A003", part, ("它是常数", "it is a constant")


def _short(expr: ir.Expr) -> str:
    text, longest = expression(expr), 80
    return text if len(text) <= longest else text[: longest - 1] + "…"


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges one node at a time; definitions are read by their ranges."""

    bounds: Bounds

    def said(self, node: ir.Expr) -> Iterator[tuple[str, ir.Expr, Why | None]]:
        """What there is to say of a node: code, the part it is about, why."""
        if isinstance(node, ir.And | ir.Or):
            seen: set[ir.Expr] = set()
            for other in node.operands:
                if other in seen:
                    yield "A005", other, None
                seen.add(other)
        verdict = self.verdict(node)
        if verdict is not None:
            yield "A004" if verdict[0] else "A003", node, verdict[1]
        elif isinstance(node, ir.OneOf):
            for option in node.options:
                if why := self.outside(node.item, option):
                    yield "A003", ir.Compare("==", node.item, option, option.span), why

    def verdict(self, node: ir.Expr) -> Verdict | None:
        """How the node comes out whatever is known; None where it can come out either way."""
        match node:
            case ir.Compare(op, left, right) if left == right:
                same = ("两边相同", "both sides are the same")
                return op in ("==", "<=", ">="), same
            case ir.Compare(_, left, right) if ir.type_of(left).kind is Kind.SET:
                return _of_sets(node)
            case ir.Compare(_, left, right):
                return self.of_ranges(node) or _of_values(node, ir.type_of(left).values)
            case ir.OneOf(item, options):
                values = ir.type_of(item).values
                return (True, _EVERY_VALUE) if values and {o.value for o in options} >= set(values) else None
            case ir.And(operands):
                return _contradiction(operands)
            case ir.Or(operands):
                return _exhaustion(operands)
            case _:
                return None

    def of_ranges(self, node: ir.Compare) -> Verdict | None:
        """An order or equality of two numbers or dates whose ranges settle it."""
        one, other = self.bounds.visit(node.left), self.bounds.visit(node.right)
        if one is None or other is None:
            return None
        settled = _settled(node.op, one, other)
        return None if settled is None else (settled, self.because(node))

    def because(self, node: ir.Compare) -> Why:
        """The range that settles it, in words."""
        for side in (node.left, node.right):
            if isinstance(side, ir.ReadFact) and side.name == ir.AS_OF and self.bounds.days:
                start, end = (date.fromordinal(day) for day in self.bounds.days)
                return f"`as_of` 在 {start} 至 {end} 之间", f"`as_of` is from {start} to {end}"
            if isinstance(side, ir.ReadFact | ir.ReadColumn):
                zh, en = expectation(side.type)
                return f"`{expression(side)}` 是{zh}", f"`{expression(side)}` is {en}"
        return "两边的范围已定", "the ranges of the two sides settle it"

    def outside(self, item: ir.Expr, option: ir.Literal) -> Why | None:
        """Why an item is never this number or date; None where it can be."""
        verdict = self.of_ranges(ir.Compare("==", item, option))
        return verdict[1] if verdict and not verdict[0] else None


_EVERY_VALUE: Why = ("已列出全部取值", "every value is listed")


def _settled(op: str, one: Range, other: Range) -> bool | None:
    """What comparing any number of one range with any of the other gives, where it is always the same."""
    if op in ("==", "!="):
        if one[1] < other[0] or other[1] < one[0]:
            return op == "!="
        return op == "==" if one[0] == one[1] == other[0] == other[1] else None
    compare = _ORDER[op]
    found = {compare(a, b) for a in one for b in other}
    return found.pop() if len(found) == 1 else None


def _of_sets(node: ir.Compare) -> Verdict | None:
    """A set within the set of all its values, whichever side it is written on."""
    inner, outer = (node.left, node.right) if node.op == "<=" else (node.right, node.left)
    if node.op not in ("<=", ">=") or not isinstance(outer, ir.Literal):
        return None
    held = outer.value if isinstance(outer.value, frozenset) else frozenset()
    return (True, _EVERY_VALUE) if held >= set(ir.type_of(inner).values) else None


def _of_values(node: ir.Compare, values: tuple[str, ...]) -> Verdict | None:
    """An enum with one value only."""
    if len(values) != 1 or node.op not in ("==", "!="):
        return None
    return node.op == "==", ("只有一个取值", "there is only one value")


# ------------------------------------------------------------------- several conditions on one thing


def _contradiction(operands: Iterable[ir.Expr]) -> Verdict | None:
    """Two parts of an `and` that no value meets together."""
    operands = tuple(operands)
    disjoint = [subject for subject, allowed, _ in _grouped(operands) if not frozenset.intersection(*allowed)]
    disjoint += [
        subject
        for subject, ranges in _intervals(operands)
        if max(low for low, _ in ranges) > min(high for _, high in ranges)
    ]
    return (
        (False, (f"`{disjoint[0]}` 不能同时满足", f"no value of `{disjoint[0]}` meets all of it")) if disjoint else None
    )


def _exhaustion(operands: Iterable[ir.Expr]) -> Verdict | None:
    """Parts of an `or` that leave out no value."""
    every = any(frozenset.union(*allowed) >= values for _, allowed, values in _grouped(operands))
    return (True, _EVERY_VALUE) if every else None


def _grouped(operands: Iterable[ir.Expr]) -> Iterator[tuple[str, list[frozenset[str]], frozenset[str]]]:
    """Per enum or bool that two parts or more are about, the values each lets through, and all values."""
    found: dict[str, tuple[list[frozenset[str]], frozenset[str]]] = {}
    for about in filter(None, map(_lets_through, operands)):
        subject, allowed, values = about
        found.setdefault(subject, ([], values))[0].append(allowed)
    yield from ((subject, allowed, values) for subject, (allowed, values) in found.items() if len(allowed) > 1)


def _lets_through(expr: ir.Expr) -> tuple[str, frozenset[str], frozenset[str]] | None:
    """For a condition on one enum or bool: what it is about, the values it lets through, and all values."""
    match expr:
        case ir.Not(operand):
            inner = _lets_through(operand)
            return None if inner is None else (inner[0], inner[2] - inner[1], inner[2])
        case ir.ReadFact() | ir.ReadColumn() if expr.type.kind is Kind.BOOL:
            return expression(expr), frozenset({"true"}), frozenset({"true", "false"})
        case ir.Compare("==" | "!=", ir.ReadFact() | ir.ReadColumn() as item, ir.Literal(value)) if item.type.values:
            every = frozenset(item.type.values)
            allowed = frozenset({str(value)})
            return expression(item), allowed if expr.op == "==" else every - allowed, every
        case ir.OneOf(ir.ReadFact() | ir.ReadColumn() as item, options) if item.type.values:
            return expression(item), frozenset(str(o.value) for o in options), frozenset(item.type.values)
        case _:
            return None


def _intervals(operands: Iterable[ir.Expr]) -> Iterator[tuple[str, list[Range]]]:
    """Per number or date that two parts or more compare with a constant, the range each leaves."""
    found: dict[str, list[Range]] = {}
    for operand in operands:
        match operand:
            case ir.Compare(op, ir.ReadFact() | ir.ReadColumn() as item, ir.Literal(value)) if item.type.is_ordered:
                at = value if isinstance(value, int) else value.toordinal()  # type: ignore[union-attr] # a date
                far = 2**64
                ends = {"<": (-far, at - 1), "<=": (-far, at), ">": (at + 1, far), ">=": (at, far), "==": (at, at)}
                if op in ends:
                    found.setdefault(expression(item), []).append(ends[op])
            case _:
                pass
    yield from ((subject, ranges) for subject, ranges in found.items() if len(ranges) > 1)
