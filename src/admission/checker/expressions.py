"""Names and types of expressions: unresolved nodes in, resolved and well-typed nodes out.

A method returns None where an expression is at fault; the fault was reported once, where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from typing import assert_never

from admission import ir
from admission.checker.names import Names
from admission.datatypes import BOOL, DATE, FEN_PER_YUAN, INT, MONEY, Kind, Type
from admission.diagnostics import Collector, Span, nearest

Words = tuple[str, str]

# What other languages call the unknown, where a policy declares no such name.
_FOR_UNKNOWN = frozenset(("null", "unknown", "undefined", "nil"))
_KINDS: dict[Kind, Words] = {
    Kind.BOOL: ("是否", "true or false"),
    Kind.INT: ("整数", "a whole number"),
    Kind.MONEY: ("金额", "an amount of money"),
    Kind.DATE: ("日期", "a date"),
    Kind.TEXT: ("文字", "text"),
    Kind.ENUM: ("选项", "one of a list of values"),
    Kind.SET: ("集合", "a set"),
}


def words(declared: Type) -> Words:
    """A type in words."""
    zh, en = _KINDS[declared.kind]
    if declared.kind not in (Kind.ENUM, Kind.SET):
        return zh, en
    listed = ", ".join(declared.values[:6]) + (", …" if len(declared.values) > 6 else "")  # noqa: PLR2004 - enough to know it
    return f"{zh} {{{listed}}}", f"{en} {{{listed}}}"


@dataclass(slots=True)
class Typer:
    """Resolves and types the expressions of one policy."""

    names: Names
    faults: Collector
    definitions: dict[str, ir.Definition | None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    inside_fact: bool = False
    of_decision: Mapping[str, ir.Fact] = field(default_factory=dict)
    """What may be read of the decision: in an invariant only."""

    # -------------------------------------------------------------------------------- entrances

    def condition(self, expr: ir.Expr | None) -> ir.Expr | None:
        """A condition: true or false."""
        return None if expr is None else self.of_type(expr, BOOL)

    def of_type(self, expr: ir.Expr, wanted: Type) -> ir.Expr | None:
        """An expression that must have a type; an int literal stands for money where money is wanted."""
        typed = self.typed(expr, wanted)
        if typed is None:
            return None
        typed = as_money(typed) if wanted.kind is Kind.MONEY else typed
        if ir.type_of(typed).kind is not wanted.kind:
            self.mismatch(typed, wanted)
            return None
        return typed

    def mismatch(self, typed: ir.Expr, wanted: Type) -> None:
        """Report a type that does not fit where it stands."""
        self.faults.add("A410", typed.span, expected=words(wanted), found=words(ir.type_of(typed)))

    # ------------------------------------------------------------------------------------ nodes

    def typed(self, expr: ir.Expr, wanted: Type | None = None) -> ir.Expr | None:
        """The expression with its names resolved; `wanted` tells which enum a bare value belongs to."""
        match expr:
            case ir.Literal() | ir.ReadFact() | ir.ReadParameter() | ir.ReadDefinition() | ir.ReadColumn():
                return expr
            case ir.Name(name, span):
                return self.name(name, span, wanted)
            case ir.Member(row, column, span):
                return self.member(row, column, span)
            case ir.Display():
                return self.display(expr, wanted)
            case ir.Negative(operand, span):
                return self.negative(operand, span)
            case ir.Not(operand):
                inner = self.of_type(operand, BOOL)
                return None if inner is None else with_changes(expr, operand=inner)
            case ir.And(operands) | ir.Or(operands):
                typed = [self.of_type(operand, BOOL) for operand in operands]
                return None if None in typed else with_changes(expr, operands=tuple(typed))  # type: ignore[arg-type]
            case ir.Compare():
                return self.compare(expr)
            case ir.In():
                return self.membership(expr)
            case ir.OneOf():
                return expr
            case ir.Count(operand):
                return self.count(expr, operand)
            case ir.Add() | ir.Subtract():
                return self.sum(expr)
            case ir.Multiply():
                return self.product(expr)
            case ir.Workday(start, days):
                typed_start, typed_days = self.of_type(start, DATE), self.of_type(days, INT)
                if typed_start is None or typed_days is None:
                    return None
                return with_changes(expr, start=typed_start, days=typed_days)
            case _:
                assert_never(expr)

    def name(self, name: str, span: Span | None, wanted: Type | None) -> ir.Expr | None:
        """A bare name: what it stands for, or a value of the wanted enum."""
        policy = self.names.policy
        self.used.add(name)
        if name == ir.AS_OF:
            return ir.ReadFact(name, DATE, span)
        if name in self.of_decision:
            return ir.ReadFact(name, self.of_decision[name].type, span)
        if wanted and name in wanted.values:
            return ir.Literal(name, Type(Kind.ENUM, wanted.values), span)
        if name in policy.facts:
            return ir.ReadFact(name, policy.facts[name].type, span)
        if name in policy.parameters:
            return ir.ReadParameter(name, policy.parameters[name].type, span)
        if name in policy.definitions:
            definition = self.definition(name)
            return ir.ReadDefinition(name, ir.type_of(definition.expr), span) if definition else None
        self.not_a_name(name, span, wanted)
        return None

    def not_a_name(self, name: str, span: Span | None, wanted: Type | None) -> None:
        """Report a name that stands for nothing here."""
        if name in self.names.poisoned:
            return
        if name in (ir.VERDICT, ir.CHANNEL) or name.startswith("violated("):
            self.not_of_the_decision(name, span)
            return
        if name in self.names.policy.look_ups:
            self.faults.add("A405", span, name=name)
        elif name in self.names.values and wanted and wanted.values:
            self.faults.add("A411", span, nearest(name, wanted.values), name=name, expected=", ".join(wanted.values))
        elif name in self.names.values:
            self.faults.add("A413", span, name=name)
        else:
            known = [*(wanted.values if wanted else ()), *self.names.known()]
            code = "A309" if name.lower() in _FOR_UNKNOWN else "A400"
            self.faults.add(code, span, nearest(name, known) if code == "A400" else None, name=name)

    def not_of_the_decision(self, name: str, span: Span | None) -> None:
        """Report a reading of the decision outside an invariant, or of a rule that is no requirement."""
        if not self.of_decision:
            self.faults.add("A430", span, name=name)
            return
        rule = name.removeprefix("violated(").removesuffix(")")
        if rule not in self.names.poisoned:
            near = nearest(rule, (*self.names.policy.requirements, ir.NO_ROUTE))
            self.faults.add("A401", span, near, name=rule, what=("要求", "requirement"))

    def member(self, row: str, column: str, span: Span | None) -> ir.Expr | None:
        """`look_up.column`."""
        policy = self.names.policy
        self.used.add(row)
        look_up = policy.look_ups.get(row)
        register = policy.registers.get(look_up.register) if look_up else None
        if look_up is None or register is None:
            if row not in self.names.poisoned and look_up is None:
                self.faults.add("A401", span, nearest(row, policy.look_ups), name=row, what=("查询", "look-up"))
            return None
        if column != ir.FOUND and column not in register.columns:
            near = nearest(column, (*register.columns, ir.FOUND))
            self.faults.add("A401", span, near, name=f"{row}.{column}", what=("列", "column"))
            return None
        declared = BOOL if column == ir.FOUND else register.columns[column].type
        if not self.inside_fact and not self.readable(register, column, span):
            return None
        return ir.ReadColumn(row, column, declared, span)

    def readable(self, register: ir.Register, column: str, span: Span | None) -> bool:
        """Whether a condition may read the column: a row may be absent, and a list may be known in part."""
        if register.partial:
            self.faults.add("A414", span, register=register.name)
            return False
        if column != ir.FOUND and register.columns[column].absent is None:
            self.faults.add("A415", span, column=column, register=register.name)
            return False
        return True

    def display(self, expr: ir.Display, wanted: Type | None) -> ir.Expr | None:
        """`{a, b}` as a set of the wanted values."""
        if wanted is None or wanted.kind is not Kind.SET:
            self.faults.add("A416", expr.span)
            return None
        element = Type(Kind.ENUM, wanted.values)
        items = self.constants(expr, element)
        if items is None:
            return None
        return ir.Literal(frozenset(str(item.value) for item in items), wanted, expr.span)

    def constants(self, expr: ir.Display, element: Type) -> tuple[ir.Literal, ...] | None:
        """The constants of a set display, all of one type and none twice."""
        typed = [self.of_type(item, element) for item in expr.items]
        found: list[ir.Literal] = []
        for item in typed:
            if item is None:
                return None
            if not isinstance(item, ir.Literal):
                self.faults.add("A417", item.span)
                return None
            if item in found:
                self.faults.add("A208", item.span, found=item.value)
                return None
            found.append(item)
        return tuple(found)

    def negative(self, operand: ir.Expr, span: Span | None) -> ir.Expr | None:
        """A minus before a number literal."""
        if isinstance(operand, ir.Literal) and operand.type.is_number:
            return ir.Literal(-int(operand.value), operand.type, span)  # type: ignore[arg-type] # a number
        self.faults.add("A418", span)
        return None

    def compare(self, expr: ir.Compare) -> ir.Expr | None:
        """A comparison; the side that is not a bare value tells which enum the other belongs to."""
        pair = self.both(expr.left, expr.right)
        if pair is None:
            return None
        left, right = pair
        a, b = ir.type_of(left), ir.type_of(right)
        if not self.comparable(a, b):
            self.incomparable(expr, left, right)
            return None
        if isinstance(left, ir.Literal) and isinstance(right, ir.Literal):
            self.faults.add("A419", expr.span)
            return None
        subset = a.kind is Kind.SET and expr.op in ("<=", ">=")
        if expr.op not in ("==", "!=") and not a.is_ordered and not subset:
            self.faults.add("A420", expr.span, op=expr.op, found=words(a))
            return None
        return with_changes(expr, left=left, right=right)

    def both(self, left: ir.Expr, right: ir.Expr) -> tuple[ir.Expr, ir.Expr] | None:
        """Two operands of one type: a literal takes the type of the other side."""
        if self.is_bare(left) and not self.is_bare(right):
            b = self.typed(right)
            a = None if b is None else self.typed(left, ir.type_of(b))
        else:
            a = self.typed(left)
            b = None if a is None else self.typed(right, ir.type_of(a))
            if a is None:
                self.typed(right) if not self.is_bare(right) else None
        if a is None or b is None:
            return None
        if ir.type_of(b).kind is Kind.MONEY:
            a = as_money(a)
        if ir.type_of(a).kind is Kind.MONEY:
            b = as_money(b)
        return a, b

    def is_bare(self, expr: ir.Expr) -> bool:
        """Whether it takes its type from the other side: an enum value or a set display."""
        return isinstance(expr, ir.Display) or (
            isinstance(expr, ir.Name)
            and expr.id not in self.names.kinds
            and expr.id not in (ir.AS_OF, ir.VERDICT, ir.CHANNEL)
        )

    @staticmethod
    def comparable(a: Type, b: Type) -> bool:
        """Whether two types are compared: of one kind, and with a value in common if they list values."""
        return a.kind is b.kind and (not a.values or not b.values or bool(set(a.values) & set(b.values)))

    def incomparable(self, expr: ir.Expr, left: ir.Expr, right: ir.Expr) -> None:
        """Report two operands of different types, with the usual slip where it is one."""
        a, b = ir.type_of(left), ir.type_of(right)
        for literal, other in ((left, b), (right, a)):
            if isinstance(literal, ir.Literal) and literal.type.kind is Kind.TEXT:
                if other.kind in (Kind.ENUM, Kind.SET):
                    near = nearest(str(literal.value), other.values)
                    self.faults.add("A412", literal.span, near, given=literal.value)
                    return
                if other.kind is Kind.DATE:
                    self.faults.add("A421", literal.span, given=literal.value)
                    return
        self.faults.add("A422", expr.span, left=words(a), right=words(b))

    def membership(self, expr: ir.In) -> ir.Expr | None:
        """`x in s`: one of the constants of a display, or an element of a set."""
        if isinstance(expr.container, ir.Display):
            if self.is_bare(expr.item):
                self.typed(expr.item) if isinstance(expr.item, ir.Name) else self.faults.add("A416", expr.item.span)
                return None
            item = self.typed(expr.item)
            if item is None:
                return None
            if ir.type_of(item).kind is Kind.SET:
                self.faults.add("A423", expr.span)
                return None
            options = self.constants(expr.container, ir.type_of(item))
            return None if options is None else ir.OneOf(item, options, expr.span)
        container = self.typed(expr.container)
        if container is None:
            return None
        held = ir.type_of(container)
        if held.kind is not Kind.SET:
            self.faults.add("A424", container.span, found=words(held))
            return None
        element = Type(Kind.ENUM, held.values)
        item = self.typed(expr.item, element)
        if item is None:
            return None
        if not self.comparable(ir.type_of(item), element):
            self.incomparable(expr, item, container)
            return None
        return ir.In(item, container, expr.span)

    def count(self, expr: ir.Count, operand: ir.Expr) -> ir.Expr | None:
        """`count(s)`."""
        inner = self.typed(operand)
        if inner is None:
            return None
        if ir.type_of(inner).kind is not Kind.SET:
            self.faults.add("A424", inner.span, found=words(ir.type_of(inner)))
            return None
        return with_changes(expr, operand=inner)

    def sum(self, expr: ir.Add | ir.Subtract) -> ir.Expr | None:
        """Two ints, two amounts, or a date and a number of days."""
        pair = self.both(expr.left, expr.right)
        if pair is None:
            return None
        left, right = pair
        a, b = ir.type_of(left), ir.type_of(right)
        if (a.is_number and a.kind is b.kind) or (a.kind is Kind.DATE and b.kind is Kind.INT):
            return with_changes(expr, left=left, right=right)
        self.faults.add("A425", expr.span, left=words(a), right=words(b))
        return None

    def product(self, expr: ir.Multiply) -> ir.Expr | None:
        """A number times an int literal or int parameter."""
        left, right = self.typed(expr.operand), self.typed(expr.factor)
        if left is None or right is None:
            return None
        for operand, factor in ((left, right), (right, left)):
            is_constant = isinstance(factor, (ir.Literal, ir.ReadParameter))
            if is_constant and ir.type_of(factor).kind is Kind.INT and ir.type_of(operand).is_number:
                return ir.Multiply(operand, factor, expr.span)
        self.faults.add("A426", expr.span)
        return None

    # ------------------------------------------------------------------------------ definitions

    def definition(self, name: str) -> ir.Definition | None:
        """A definition, typed once; None where it is at fault."""
        if name in self.definitions:
            return self.definitions[name]
        # INVARIANT: those in a circle or nested too deeply were found before, so that this recursion ends.
        declared = self.names.policy.definitions[name]
        typed = self.typed(declared.expr)
        self.definitions[name] = with_changes(declared, expr=typed) if typed is not None else None
        return self.definitions[name]


def as_money(expr: ir.Expr) -> ir.Expr:
    """An int literal as an amount of yuan; anything else as it is."""
    if isinstance(expr, ir.Literal) and expr.type.kind is Kind.INT:
        return ir.Literal(int(expr.value) * FEN_PER_YUAN, MONEY, expr.span)  # type: ignore[arg-type] # an int
    return expr
