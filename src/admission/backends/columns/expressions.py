"""Expressions evaluated on columns, all rows at once, with the meaning of the reference."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date
from typing import Any, assert_never

import polars as pl

from admission import ir, workdays
from admission.backends.columns.encoding import Tasks
from admission.backends.columns.kleene import UNKNOWN, Truth, all_of, any_of, is_known, negated
from admission.backends.columns.look_ups import LookUps, Row
from admission.backends.columns.matching import FOUND, matched, scattered
from admission.backends.columns.terms import (
    Places,
    Term,
    Words,
    day_from,
    days_of,
    first_known,
    is_same_set,
    known_where,
    lies_within,
    size_of,
    spread,
)
from admission.datatypes import BOOL, DATE, INT, Kind

ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Evaluator:
    """The values that expressions have on some tasks.

    `sample` is a day for which everything dated is as it is for all the tasks; `tasks.day` are their own days.
    """

    def __init__(self, policy: ir.CheckedPolicy, places: Places, look_ups: LookUps, tasks: Tasks, sample: date) -> None:
        self.policy = policy
        self.places = places
        self.look_ups = look_ups
        self.tasks = tasks
        self.sample = sample
        self._known: dict[ir.Expr, Term] = {}
        self._facts: dict[str, Term] = {}
        self._rows: dict[str, Row] = {}

    def truth(self, expr: ir.Expr | None) -> Truth:
        """The truth of a condition; none is true."""
        return True if expr is None else self.evaluate(expr)  # type: ignore[return-value] # a condition is a truth

    def evaluate(self, expr: ir.Expr) -> Term:
        """The value of an expression on every row; each is found once."""
        if expr not in self._known:
            self._known[expr] = self._evaluate(expr)
        return self._known[expr]

    def _evaluate(self, expr: ir.Expr) -> Any:
        match expr:
            case ir.Literal(value):
                return self.places.inner(value)
            case ir.ReadFact(name):
                return self.tasks.day if name == ir.AS_OF else self.fact(name)
            case ir.ReadParameter(name):
                values = self.policy.parameters[name].values
                return self.places.inner([value for since, value in values if since <= self.sample][-1])
            case ir.ReadDefinition(name):
                return self.evaluate(self.policy.definitions[name].expr)
            case ir.ReadColumn(look_up, column):
                return self.row(look_up).cell(column)
            case ir.And(operands):
                return all_of(map(self.truth, operands))
            case ir.Or(operands):
                return any_of(map(self.truth, operands))
            case ir.Not(operand):
                return negated(self.truth(operand))
            case ir.Compare(op, left, right) if ir.type_of(left).kind is Kind.SET:
                return self._strict(lambda one, other: _compare_sets(op, one, other), left, right)
            case ir.Compare(op, left, right):
                return self._compare(op, left, right)
            case ir.In(item, container):
                return self._strict(lambda value, words: self._holds(container, value, words), item, container)
            case ir.OneOf(item, options):
                return any_of(self._compare("==", item, option) for option in options)
            case ir.Count(operand):
                return self._strict(size_of, operand)
            case ir.Add(left, right):
                return self._strict(operator.add, left, right)
            case ir.Subtract(left, right):
                return self._strict(operator.sub, left, right)
            case ir.Multiply(operand, factor):
                return self._strict(operator.mul, operand, factor)
            case ir.Workday(start, days):
                return self._strict(self._workday, start, days)
            case ir.Name() | ir.Member() | ir.Display() | ir.Negative():
                raise TypeError(f"not resolved: {expr}")
            case _:
                assert_never(expr)

    def _strict(self, apply: Callable[..., Any], *operands: ir.Expr) -> Any:
        values = [self.evaluate(operand) for operand in operands]
        return None if any(value is None for value in values) else apply(*values)

    # -------------------------------------------------------------------------------------------- what is read

    def fact(self, name: str) -> Term:
        """What was given, else what a look-up fills in, else what is assumed, else unknown."""
        if name not in self._facts:
            declared = self.policy.facts[name]
            filler = [self.evaluate(declared.filled_by)] if declared.filled_by else []
            assumed = [self.places.inner(declared.assume.value)] if declared.assume else []
            self._facts[name] = first_known([self.tasks.facts.get(name), *filler, *assumed])
        return self._facts[name]

    def row(self, look_up: str) -> Row:
        """The row that a look-up finds for each task."""
        if look_up not in self._rows:
            facts = self.policy.look_ups[look_up].match
            key = {column: self.fact(fact) for column, fact in facts.items()}
            self._rows[look_up] = self.look_ups.find(look_up, key, self.tasks)
        return self._rows[look_up]

    # ------------------------------------------------------------------------------------------ comparisons

    def _compare(self, op: str, left: ir.Expr, right: ir.Expr) -> Any:
        return self._strict(lambda one, other: self._compared(op, one, other), left, right)

    def _compared(self, op: str, left: Any, right: Any) -> Truth:
        """Columns of texts are compared with constants once, also where their values were checked."""
        if isinstance(right, str) and isinstance(left, pl.Series) and op in ("==", "!="):
            equal = self.tasks.equal(left, right)
            return equal if op == "==" else negated(equal)
        return ORDER[op](left, right)  # type: ignore[no-any-return] # a comparison is a truth

    def _holds(self, container: ir.Expr, value: Any, words: Words) -> Truth:
        """Whether a set has the value of each row; unknown where one of the two is, whatever the other."""
        if isinstance(value, str):
            found = self.places.holds(words, value)
        else:
            values = ir.type_of(container).values
            found = any_of(all_of([self.tasks.equal(value, one), self.places.holds(words, one)]) for one in values)
        known = all_of([is_known(value), known_where(words)])
        if not isinstance(known, pl.Series):
            return found
        return spread(found, BOOL, self.tasks.height).zip_with(known, UNKNOWN)

    # ----------------------------------------------------------------------------------------- working days

    def _workday(self, start: Any, days: Any) -> Any:
        """The n-th working day after each day, worked out once for each pair."""
        if isinstance(start, int) and isinstance(days, int):
            return days_of(workdays.workday(day_from(start), days))
        height = self.tasks.height
        pairs = {"start": spread(start, DATE, height).cast(pl.Int64), "days": spread(days, INT, height).cast(pl.Int64)}
        distinct = pl.DataFrame(pairs).drop_nulls().unique()
        ends = [days_of(workdays.workday(day_from(first), count)) for first, count in distinct.iter_rows()]
        numbered = distinct.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(FOUND))
        return pl.Series(ends, dtype=pl.Int64).gather(scattered(matched(pairs, numbered), height))


def _compare_sets(op: str, left: Words, right: Words) -> Truth:
    match op:
        case "<=":
            return lies_within(left, right)
        case ">=":
            return lies_within(right, left)
        case "==":
            return is_same_set(left, right)
        case _:
            return negated(is_same_set(left, right))
