"""Two-valued expressions as Python source, every fact they read being known.

INVARIANT: no text of a policy reaches the source but through `repr` of a `str`; every name in it is generated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import assert_never

from admission import ir
from admission.datatypes import Kind, Value

LONGEST_TUPLE = 3  # constants compared one by one; more are looked up in a set


@dataclass(slots=True)
class Emitter:
    """Writes expressions for one stretch of days; `constants` holds what has no literal in Python."""

    policy: ir.CheckedPolicy
    day: date
    places: Mapping[str, int]
    fact: str = "f{}"
    """How a fact is read, by its place: from a local name, or `row[{}]`."""
    constants: dict[str, object] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    look_ups: dict[str, str] = field(default_factory=dict)

    def expression(self, expr: ir.Expr) -> str:
        """The source of an expression."""
        match expr:
            case ir.Literal(value):
                return self.value(value)
            case ir.ReadFact(name):
                return "day" if name == ir.AS_OF else self.read(name)
            case ir.ReadParameter(name):
                values = self.policy.parameters[name].values
                return self.value([value for since, value in values if since <= self.day][-1])
            case ir.ReadDefinition(name):
                return self.definition(name)
            case ir.ReadColumn(look_up, column):
                return self.column(look_up, column)
            case ir.Not(operand):
                return f"(not {self.expression(operand)})"
            case ir.And(operands):
                return "(" + " and ".join(self.expression(part) for part in operands) + ")" if operands else "True"
            case ir.Or(operands):
                return "(" + " or ".join(self.expression(part) for part in operands) + ")" if operands else "False"
            case ir.Compare(op, left, right):
                return f"({self.expression(left)} {op} {self.expression(right)})"
            case ir.In(item, container):
                return f"({self.expression(item)} in {self.expression(container)})"
            case ir.OneOf(item, options):
                return f"({self.expression(item)} in {self.options(options)})"
            case ir.Count(operand):
                return f"len({self.expression(operand)})"
            case ir.Add(left, right):
                return f"({self.expression(left)} + {self.moved(left, right)})"
            case ir.Subtract(left, right):
                return f"({self.expression(left)} - {self.moved(left, right)})"
            case ir.Multiply(operand, factor):
                return f"({self.expression(operand)} * {self.expression(factor)})"
            case ir.Workday(start, days):
                return f"workday({self.expression(start)}, {self.expression(days)})"
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                raise TypeError(f"not resolved: {expr}")
            case _:
                assert_never(expr)

    def read(self, name: str) -> str:
        """The source that reads a fact."""
        return self.fact.format(self.places[name])

    def moved(self, left: ir.Expr, right: ir.Expr) -> str:
        """What is added: days to a date, else a number."""
        source = self.expression(right)
        return f"timedelta({source})" if ir.type_of(left).kind is Kind.DATE else source

    def value(self, value: Value) -> str:
        """A constant: a literal where Python has one, else a name for it."""
        if isinstance(value, (bool, int, str)):
            return repr(value)
        for name, known in self.constants.items():
            if type(known) is type(value) and known == value:
                return name
        return self.constant("c", value)

    def constant(self, prefix: str, value: object) -> str:
        """A generated name for an object."""
        name = f"{prefix}{len(self.constants)}"
        self.constants[name] = value
        return name

    def options(self, options: tuple[ir.Literal, ...]) -> str:
        """The constants of a set display."""
        if len(options) <= LONGEST_TUPLE:
            return "(" + ", ".join(self.value(option.value) for option in options) + ",)"
        return self.constant("c", frozenset(option.value for option in options))

    def definition(self, name: str) -> str:
        """A local name for a definition, whose line comes before those that read it."""
        if name not in self.definitions:
            source = self.expression(self.policy.definitions[name].expr)
            self.definitions[name] = source
        return f"({self.definitions[name]})"

    def column(self, look_up: str, column: str) -> str:
        """A column of the row that a look-up finds; rows are tuples, found by key in a dictionary."""
        register = self.policy.registers[self.policy.look_ups[look_up].register]
        place = len(register.columns) if column == ir.FOUND else list(register.columns).index(column)
        return f"{self.row(look_up)}[{place}]"

    def row(self, look_up: str) -> str:
        """The row of a look-up, or the one that stands for absence."""
        if look_up not in self.look_ups:
            declared = self.policy.look_ups[look_up]
            register = self.policy.registers[declared.register]
            rows, absent = table(register, self.day)
            key = ", ".join(self.read(declared.match[part]) for part in register.key)
            found = self.constant("t", rows.get)
            self.look_ups[look_up] = f"{found}(({key},), {self.constant('n', absent)})"
        return self.look_ups[look_up]


def table(register: ir.Register, day: date) -> tuple[dict[tuple[object, ...], tuple[object, ...]], tuple[object, ...]]:
    """The rows in force on a day by key, each with `found` at its end, and the row that stands for none."""
    columns = list(register.columns)
    absent = tuple(None if c.absent is None else c.absent.value for c in register.columns.values())
    places = [columns.index(part) for part in register.key]
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for row in register.rows:
        if day in row.period:
            cells = [given if cell is None else cell for cell, given in zip(row.cells, absent, strict=True)]
            rows[tuple(row.cells[place] for place in places)] = (*cells, True)
    return rows, (*absent, False)
