"""Conditions and amounts in words, in one language, each name linked to its declaration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from admission import ir, printer
from admission.datatypes import FEN_PER_YUAN, Kind, Type, Value, to_text
from admission.decision import in_language
from admission.pages import anchors
from admission.pages.nodes import Blocks, Code, Inlines, Items, Link, Paragraph, Spoken, plain
from admission.pages.speech import filled, joined
from admission.pages.words import word

_NEGATED: Mapping[str, ir.Comparison] = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

MANY = 3  # more values than these stand in a list


@dataclass(frozen=True, slots=True)
class Phrases:
    """Says the expressions of a policy. `gathered` are the names of a watch, which shadow every fact."""

    policy: ir.Policy
    lang: str
    is_watch: bool = False
    fields: Mapping[str, ir.EventField] = field(default_factory=dict)
    """The fields that a watch reads, by the name under which it reads them."""

    def blocks(self, expr: ir.Expr) -> Blocks:
        """A condition as an outline: what must hold together stands in a list."""
        match expr:
            case ir.And(operands) if len(operands) > 1:
                return self._group("all", operands)
            case ir.Or(operands) if len(operands) > 1:
                return self._group("any", operands)
            case ir.Not(ir.And() | ir.Or() as operand):
                return self._group("not_that", (operand,))
            case ir.OneOf(item, options) if len(options) > MANY:
                return self._these("one_of_these", item, [self.value(option, item) for option in options])
            case ir.Not(ir.OneOf(item, options)) if len(options) > MANY:
                return self._these("none_of_these", item, [self.value(option, item) for option in options])
            case ir.Compare(op, left, ir.Literal(frozenset() as elements, declared)) if len(elements) > MANY:
                labels, listed = self._labels(left), [name for name in declared.values if name in elements]
                named: list[Inlines] = [(self._named(labels, name, declared),) for name in listed]
                return self._these(f"set_{op}_these", left, named)
            case _:
                return (Paragraph((Spoken(self.lang, self.line(expr)),)),)

    def _these(self, key: str, left: ir.Expr, values: Sequence[Inlines]) -> Blocks:
        """What is compared with many values, and the values as a list."""
        heading = Paragraph((Spoken(self.lang, self._say(key, left=self.value(left))),))
        return heading, Items(tuple((Paragraph((Spoken(self.lang, value),)),) for value in values))

    def _group(self, key: str, operands: tuple[ir.Expr, ...]) -> Blocks:
        heading = Paragraph((Spoken(self.lang, (word(key, self.lang),)),), "group")
        return heading, Items(tuple(self.blocks(operand) for operand in operands))

    def line(self, expr: ir.Expr) -> Inlines:
        """A condition in one line."""
        match expr:
            case ir.And(operands):
                return joined([self._bracketed(part) for part in operands], word("and", self.lang)) or self._say("true")
            case ir.Or(operands):
                return joined([self._bracketed(part) for part in operands], word("or", self.lang)) or self._say("false")
            case ir.Not(operand):
                return self.negated(operand)
            case ir.Compare(op, left, right):
                return self._compared(op, left, right)
            case ir.In(item, container):
                return self._say("contains", left=self.value(item, container), right=self.value(container))
            case ir.OneOf(item, options):
                return self._say("one_of", left=self.value(item), right=self._options(item, options))
            case _ if ir.type_of(expr).kind is Kind.BOOL:
                return self._asserted(expr, "")
            case _:
                return self.value(expr)

    def text(self, expr: ir.Expr) -> str:
        """A condition in one line, as plain text."""
        return plain(self.line(expr))

    def _bracketed(self, expr: ir.Expr) -> Inlines:
        inner = self.line(expr)
        return ("(", *inner, ")") if isinstance(expr, (ir.And, ir.Or)) else inner

    def negated(self, expr: ir.Expr) -> Inlines:
        """The contrary of a condition."""
        match expr:
            case ir.Compare(op, left, right) if op in ("==", "!=") or ir.type_of(left).is_ordered:
                return self._compared(_NEGATED[op], left, right)
            case ir.In(item, container):
                return self._say("contains_not", left=self.value(item, container), right=self.value(container))
            case ir.OneOf(item, options):
                return self._say("none_of", left=self.value(item), right=self._options(item, options))
            case ir.ReadFact() | ir.ReadColumn() | ir.ReadDefinition():
                return self._asserted(expr, "_not")
            case _:
                return self._say("not_so", it=self.line(expr))

    def _asserted(self, expr: ir.Expr, suffix: str) -> Inlines:
        """A yes-or-no value that stands alone; `suffix` is `_not` for its contrary."""
        match expr:
            case ir.ReadDefinition():
                return self._say("holds" + suffix, it=self.value(expr))
            case ir.ReadColumn(row, ir.FOUND):
                return self._say("found" + suffix, it=self._row(row))
            case ir.ReadFact(name) if rule := self._violated(name):
                return self._say("violated" + suffix, it=rule)
            case ir.Literal():
                return self.value(expr)
            case _:
                return self._say("no" if suffix else "yes", it=self.value(expr))

    def _violated(self, name: str) -> Inlines:
        """The requirement whose violation a name of an invariant stands for."""
        if self.is_watch or not name.startswith("violated("):
            return ()
        rule = name.removeprefix("violated(").removesuffix(")")
        return (Link(anchors.rule(rule), (Code(rule),)) if rule in self.policy.requirements else Code(rule),)

    def _compared(self, op: ir.Comparison, left: ir.Expr, right: ir.Expr) -> Inlines:
        sides = {"left": self.value(left, right), "right": self.value(right, left)}
        match ir.type_of(left).kind:
            case Kind.INT | Kind.MONEY:
                return self._say(f"number_{op}", **sides)
            case Kind.DATE:
                return self._say(f"date_{op}", **sides)
            case Kind.SET:
                return self._say(f"set_{op}", **sides)
            case Kind.BOOL | Kind.ENUM | Kind.TEXT:
                return self._say("is" if op == "==" else "is_not", **sides)

    def _options(self, item: ir.Expr, options: tuple[ir.Literal, ...]) -> Inlines:
        *most, last = [self.value(option, item) for option in options]
        return joined([joined(most, word("list", self.lang)), last], word("list_or", self.lang))

    # --------------------------------------------------------------------------------- values

    def value(self, expr: ir.Expr, beside: ir.Expr | None = None) -> Inlines:
        """A value in words; a constant takes its labels from what stands `beside` it."""
        match expr:
            case ir.Literal(str() as value, Type(kind=Kind.TEXT)):
                return self._say("quoted", it=(value,))
            case ir.Literal(value, declared):
                return self.constant(declared, self._labels(beside) if beside else {}, value)
            case ir.ReadFact(name):
                return self._fact(name)
            case ir.ReadParameter(name):
                label = in_language(self.policy.parameters[name].label, self.lang) or name
                return (Link(anchors.parameter(name), (label,)),)
            case ir.ReadDefinition(name):
                label = in_language(self.policy.definitions[name].label, self.lang)
                return (Link(anchors.definition(name), (label,)),)
            case ir.ReadColumn(row, column):
                return self._column(row, column)
            case ir.Count(operand):
                return self._say("count", it=self.value(operand))
            case ir.Workday(start, days):
                return self._say("workday", start=self.value(start), days=self.value(days))
            case ir.Add(left, right):
                return (*self.value(left), " + ", *self._addend(left, right))
            case ir.Subtract(left, right):
                return (*self.value(left), " − ", *self._addend(left, right))
            case ir.Multiply(operand, factor):
                return (*self._addend(operand, operand), " × ", *self.value(factor))
            case ir.And() | ir.Or() | ir.Not() | ir.Compare() | ir.In() | ir.OneOf():
                return ("(", *self.line(expr), ")")
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                return (Code(printer.expression(expr)),)
            case _:
                assert_never(expr)

    def _addend(self, left: ir.Expr, right: ir.Expr) -> Inlines:
        inner = self.value(right)
        if isinstance(right, (ir.Add, ir.Subtract)):
            return ("(", *inner, ")")
        return self._say("days", it=inner) if ir.type_of(left).kind is Kind.DATE and left is not right else inner

    def _fact(self, name: str) -> Inlines:
        if name == ir.AS_OF:
            return (word("as_of", self.lang),)
        if self.is_watch:
            return (word("due_read", self.lang),) if name == ir.DUE else (Code(name),)
        if name in self.policy.facts:
            return (Link(anchors.fact(name), (in_language(self.policy.facts[name].label, self.lang),)),)
        return (word({ir.VERDICT: "verdict"}.get(name, "channel_read"), self.lang),)

    def _column(self, row: str, column: str) -> Inlines:
        if self.is_watch and column == ir.AT:
            return self._say("moment", it=self._row(row))
        return (
            (Code(f"{row}.{column}"),) if self.is_watch else (Link(anchors.look_up(row), (Code(f"{row}.{column}"),)),)
        )

    def _row(self, row: str) -> Inlines:
        return (Code(row),) if self.is_watch else (Link(anchors.look_up(row), (Code(row),)),)

    def _labels(self, expr: ir.Expr) -> Mapping[str, ir.Label]:
        """The labels of an expression's values, where it reads something that declares them."""
        match expr:
            case ir.ReadFact(name) if self.is_watch:
                return self.fields[name].value_labels if name in self.fields else {}
            case ir.ReadFact(ir.VERDICT) if ir.VERDICT not in self.policy.facts:
                return self.policy.wording
            case ir.ReadFact(ir.CHANNEL) if ir.CHANNEL not in self.policy.facts:
                return {name: channel.label for name, channel in self.policy.channels.items()}
            case ir.ReadFact(name) if name in self.policy.facts:
                return self.policy.facts[name].value_labels
            case ir.ReadColumn(row, column) if self.is_watch:
                return self.fields[f"{row}.{column}"].value_labels if f"{row}.{column}" in self.fields else {}
            case ir.ReadColumn(row, column):
                columns = self.policy.registers[self.policy.look_ups[row].register].columns
                return columns[column].value_labels if column in columns else {}
            case _:
                return {}

    def constant(self, declared: Type, labels: Mapping[str, ir.Label], value: Value) -> Inlines:
        """A constant: by its label, an amount in yuan with its digits in groups."""
        match value:
            case bool():
                return (word("true" if value else "false", self.lang),)
            case frozenset():
                named = [self._named(labels, item, declared) for item in declared.values if item in value]
                return (word("list", self.lang).join(named) or word("empty", self.lang),)
            case int() if declared.kind is Kind.MONEY:
                return self._say("yuan", it=(amount(value),))
            case str() if declared.kind is Kind.ENUM:
                return (self._named(labels, value, declared),)
            case _:
                return (to_text(declared, value),)

    def _named(self, labels: Mapping[str, ir.Label], item: str, declared: Type) -> str:
        if item == ir.NO_CHANNEL:
            return word("nowhere", self.lang)
        if declared.values == ir.VERDICTS.values and item in self.policy.wording:
            return in_language(self.policy.wording[item], self.lang)
        return in_language(labels[item], self.lang) if item in labels else item

    def _say(self, key: str, **parts: Inlines) -> Inlines:
        return filled(key, self.lang, **parts)


def amount(fen: int) -> str:
    """An amount in yuan, digits in groups of three, whole yuan without decimals.

    >>> amount(800000), amount(1250), amount(-5)
    ('8,000', '12.50', '-0.05')
    """
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    sign = "-" if fen < 0 else ""
    return f"{sign}{yuan:,}.{rest:02}" if rest else f"{sign}{yuan:,}"
