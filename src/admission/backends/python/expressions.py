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

MOST_COMPARED = 3  # constants compared one by one; more are looked up in a set


class Constants(dict[str, object]):
    """The objects that have no literal in Python, by their generated names; equal ones of a type have one name."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[type, object], str] = {}
        self.tables: dict[str, tuple[str, str]] = {}

    def name(self, prefix: str, value: object) -> str:
        """A new name for an object."""
        name = f"{prefix}{len(self)}"
        self[name] = value
        return name

    def name_of(self, value: Value) -> str:
        """The name of a value."""
        key = (type(value), value)
        if key not in self.known:
            self.known[key] = self.name("c", value)
        return self.known[key]

    def table(self, register: ir.Register, day: date) -> tuple[str, str]:
        """The names of a register's look-up and of the row that stands for none."""
        if register.name not in self.tables:
            rows, absent = table(register, day)
            self.tables[register.name] = self.name("t", rows.get), self.name("n", absent)
        return self.tables[register.name]


@dataclass(slots=True)
class Emitter:
    """Writes expressions for one stretch of days; `constants` holds what has no literal in Python."""

    policy: ir.CheckedPolicy
    day: date
    places: Mapping[str, int]
    fact: str = "f{}"
    """How a fact is read, by its place: from a local name, or `row[{}]`."""
    constants: Constants = field(default_factory=Constants)
    definitions: dict[str, str] = field(default_factory=dict)
    handed: list[str] | None = None
    """The constants that a function is handed as `k`, so that rules that differ in nothing else share it."""

    def expression(self, expr: ir.Expr) -> str:
        """The source of an expression."""
        match expr:
            case ir.Literal(value):
                return self.value(value)
            case ir.ReadFact(name):
                return self.read(name)
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
                return f"({self.one_of(self.expression(item), [option.value for option in options])})"
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
        return "day" if name == ir.AS_OF else self.fact.format(self.places[name])

    def moved(self, left: ir.Expr, right: ir.Expr) -> str:
        """What is added: days to a date, else a number."""
        source = self.expression(right)
        return f"timedelta({source})" if ir.type_of(left).kind is Kind.DATE else source

    def value(self, value: Value) -> str:
        """A constant: a literal where Python has one, else a name for it."""
        if isinstance(value, bool):
            return repr(value)
        return self.hand(repr(value) if isinstance(value, (int, str)) else self.constants.name_of(value))

    def hand(self, source: str) -> str:
        """The source of a constant: itself, or where the function is handed it."""
        if self.handed is None:
            return source
        self.handed.append(source)
        return f"k[{len(self.handed) - 1}]"

    def one_of(self, item: str, values: list[Value]) -> str:
        """Whether a value is one of some constants: few are compared one by one, more are looked up in a set."""
        is_few = len(values) <= MOST_COMPARED and all(isinstance(value, (bool, int, str)) for value in values)
        if is_few and item.isalnum() and self.handed is None:
            return " or ".join(f"{item} == {value!r}" for value in values) or "False"
        return f"{item} in {self.hand(repr(tuple(values)) if is_few else self.constants.name('c', frozenset(values)))}"

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
        declared = self.policy.look_ups[look_up]
        register = self.policy.registers[declared.register]
        found, absent = self.constants.table(register, self.day)
        keys = [self.read(declared.match[part]) for part in register.key]
        key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        return f"{found}({key}, {absent})"


def table(register: ir.Register, day: date) -> tuple[dict[object, tuple[object, ...]], tuple[object, ...]]:
    """The rows in force on a day by key, each with `found` at its end, and the row that stands for none.

    A key of one part is that part, one of several their tuple. Of a register that is known in part, the row that stands
    for none says nothing: not even that there is none.
    """
    columns = list(register.columns)
    absent = tuple(None if c.absent is None else c.absent.value for c in register.columns.values())
    places = [columns.index(part) for part in register.key]
    rows: dict[object, tuple[object, ...]] = {}
    for row in register.rows:
        if day in row.period:
            cells = [given if cell is None else cell for cell, given in zip(row.cells, absent, strict=True)]
            key = tuple(row.cells[place] for place in places)
            rows[key[0] if len(key) == 1 else key] = (*cells, True)
    return rows, (None,) * (len(columns) + 1) if register.partial else (*absent, False)
