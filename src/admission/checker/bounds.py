"""How large an expression can get: its range, its size with definitions written out, and its depth.

Arithmetic is exact in every interpreter only within 64 bits and the years 1 to 9999, so an expression that could
leave them is refused here rather than overflow when a task comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from admission import ir
from admission.datatypes import Kind, Type
from admission.diagnostics import Collector

LARGEST = 2**63 - 1
FIRST_ORDINAL, LAST_ORDINAL = date.min.toordinal(), date.max.toordinal()
MOST_WORKDAYS = 10_000
MOST_NODES = 50_000  # of one expression, definitions written out
DEEPEST = 100

Range = tuple[int, int]


@dataclass(slots=True)
class Bounds:
    """Ranges, sizes and depths of typed expressions; each fault is reported at the node where it arises."""

    definitions: Mapping[str, ir.Definition]
    parameters: Mapping[str, ir.Parameter]
    faults: Collector
    days: Range | None = None
    """The days on which `as_of` can lie, where that is narrower than any date."""
    measured: dict[str, tuple[int, int]] = field(default_factory=dict)
    ranges: dict[str, Range] = field(default_factory=dict)

    def check(self, expr: ir.Expr) -> bool:
        """Whether the expression stays within every bound."""
        before = len(self.faults)
        size, depth = self.measure(expr)
        if size > MOST_NODES or depth > DEEPEST:
            self.faults.add("A427", expr.span, size=MOST_NODES, depth=DEEPEST)
        else:
            self.visit(expr)
        return len(self.faults) == before

    def measure(self, expr: ir.Expr) -> tuple[int, int]:
        """Nodes and depth, definitions written out."""
        if isinstance(expr, ir.ReadDefinition):
            if expr.name not in self.measured:
                body = self.definitions.get(expr.name)
                self.measured[expr.name] = self.measure(body.expr) if body else (1, 1)
            size, depth = self.measured[expr.name]
            return size + 1, depth + 1
        parts = [self.measure(child) for child in ir.children(expr)]
        return 1 + sum(size for size, _ in parts), 1 + max((depth for _, depth in parts), default=0)

    def visit(self, expr: ir.Expr) -> Range | None:
        """The range of a number or date (as day number), None for anything else; walks every part."""
        parts = [self.visit(child) for child in ir.children(expr)]
        found = self.range(expr, parts)
        if found is None or isinstance(expr, ir.Literal):
            return found
        low, high = (FIRST_ORDINAL, LAST_ORDINAL) if ir.type_of(expr).kind is Kind.DATE else (-LARGEST, LARGEST)
        if found[0] < low or found[1] > high:
            self.faults.add("A428", expr.span)
            return max(low, found[0]), min(high, found[1])
        return found

    def range(self, expr: ir.Expr, parts: list[Range | None]) -> Range | None:
        """The range of a node, given those of its parts."""
        match expr, parts:
            case ir.Literal(value, declared), _:
                return _point(value, declared)
            case ir.ReadParameter(name, declared), _:
                points = [_point(value, declared) for _, value in self.parameters[name].values]
                return _hull([point for point in points if point])
            case ir.ReadDefinition(name), _:
                return self.of_definition(name)
            case ir.ReadFact(ir.AS_OF), _ if self.days:
                return self.days
            case ((ir.ReadFact(_, declared) | ir.ReadColumn(_, _, declared)), _):
                return _declared(declared)
            case ir.Count(operand), _:
                return 0, len(ir.type_of(operand).values)
            case ir.Add(), [(a, b), (c, d)]:
                return a + c, b + d
            case ir.Subtract(), [(a, b), (c, d)]:
                return a - d, b - c
            case ir.Multiply(), [(a, b), (c, d)]:
                products = (a * c, a * d, b * c, b * d)
                return min(products), max(products)
            case ir.Workday(), [(a, b), (c, d)]:
                if c < 1 or d > MOST_WORKDAYS:
                    self.faults.add("A429", expr.span, most=MOST_WORKDAYS)
                    return a, b
                # Fewer than three days pass for each working day, long holidays included.
                return a, b + 3 * d + 30
            case _:
                return None

    def of_definition(self, name: str) -> Range | None:
        """The range of a definition's body, found once."""
        if name not in self.ranges and name in self.definitions:
            found = self.visit(self.definitions[name].expr)
            if found is None:
                return None
            self.ranges[name] = found
        return self.ranges.get(name)


def _point(value: object, declared: Type) -> Range | None:
    if isinstance(value, date):
        return value.toordinal(), value.toordinal()
    return (value, value) if declared.is_number and isinstance(value, int) else None


def _declared(declared: Type) -> Range | None:
    low, high = declared.low, declared.high
    if isinstance(low, date) and isinstance(high, date):
        return low.toordinal(), high.toordinal()
    return (low, high) if isinstance(low, int) and isinstance(high, int) else None


def _hull(points: list[Range]) -> Range | None:
    return (min(a for a, _ in points), max(b for _, b in points)) if points else None
