"""Functions too large to write out, told to the solver where it looks: working days, and rows of large registers.

The solver first sees a function of which little is known; each model that gets a value wrong is answered with the
true values around it (E. Clarke et al., Counterexample-Guided Abstraction Refinement, CAV 2000). What is refuted
with little knowledge stays refuted with more, so a proof is a proof.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import z3

from admission import ir, workdays
from admission.backends.smt.task import in_type
from admission.backends.smt.terms import FALSE, TRUE, Formula, Payload, Term, both, constant, either, equal, opposite
from admission.datatypes import BOOL, Value

if TYPE_CHECKING:
    from admission.backends.smt.model import Model

AROUND = 12
"""Days on either side of a wrong answer that are told with it."""


class Oracle(Protocol):
    """One application of such a function."""

    def axioms(self) -> list[Formula]:
        """What is known from the start."""
        ...

    def correction(self, model: Any) -> Formula | None:
        """What the model got wrong, as a formula that rules it out; None where it is right."""
        ...

    def near(self, model: Any) -> Formula:
        """That the arguments are where the model had them, or close by."""
        ...


@dataclass(slots=True)
class WorkdayOracle:
    """One `workday(start, days)`; it never falls as `start` or `days` rise."""

    start: Payload
    days: Payload
    others: list[WorkdayOracle]
    result: Payload = field(init=False)

    def __post_init__(self) -> None:
        self.result = z3.Function("workday", z3.IntSort(), z3.IntSort(), z3.IntSort())(self.start, self.days)

    def axioms(self) -> list[Formula]:
        """The answer lies ahead, and no further than the longest holidays allow; it rises with its arguments."""
        found = [self.result >= self.start + self.days, self.result <= self.start + 3 * self.days + 30]
        for other in self.others:
            for a, b in ((self, other), (other, self)):
                found.append(z3.Implies(z3.And(a.start <= b.start, a.days <= b.days), a.result <= b.result))
        return found

    def correction(self, model: Any) -> Formula | None:
        """The true answers for the days around, and that the function rises from there."""
        start, days = (model.eval(part, model_completion=True).as_long() for part in (self.start, self.days))
        if not self.is_answered(start, days):
            return None
        if model.eval(self.result, model_completion=True).as_long() == self.answer(start, days):
            return None
        around = range(start - AROUND, start + AROUND + 1)
        return z3.And(*(self.told(day, days) for day in around if self.is_answered(day, days)))

    def near(self, model: Any) -> Formula:
        """The days around, for which the truth was told."""
        start, days = (model.eval(part, model_completion=True).as_long() for part in (self.start, self.days))
        return z3.And(self.start >= start - AROUND, self.start <= start + AROUND, self.days == days)

    @staticmethod
    def is_answered(start: int, days: int) -> bool:
        """Whether the arguments are ones that a known start and number of days can have (see `checker.bounds`)."""
        return days >= 1 and start >= 1 and start + 3 * days + 30 <= date.max.toordinal()

    def told(self, start: int, days: int) -> Formula:
        """One true answer, and what follows from it on either side."""
        answer = self.answer(start, days)
        return z3.And(
            z3.Implies(z3.And(self.start == start, self.days == days), self.result == answer),
            z3.Implies(z3.And(self.start <= start, self.days <= days), self.result <= answer),
            z3.Implies(z3.And(self.start >= start, self.days >= days), self.result >= answer),
        )

    @staticmethod
    def answer(start: int, days: int) -> int:
        """The true answer."""
        return workdays.workday(date.fromordinal(start), days).toordinal()


@dataclass(slots=True)
class RowOracle:
    """One column of the row of a large register that matches a key on a day."""

    model: Model
    register: ir.Register
    key: list[Payload]
    column: str
    term: Term

    def axioms(self) -> list[Formula]:
        """A value of the column's type; a row is found for a key of the register only."""
        if self.column == ir.FOUND:
            return [either(opposite(self.term.known), opposite(self.term.value), self.is_listed())]
        within = in_type(self.register.columns[self.column].type, self.term.value, self.model.task.codes)
        return [either(opposite(self.term.known), within)]

    def is_listed(self) -> Formula:
        """That the key is one of the register's, on some day."""
        names, codes = list(self.register.columns), self.model.task.codes
        places = [names.index(part) for part in self.register.key]
        keys = {tuple(row.cells[place] for place in places) for row in self.register.rows}
        told = [[(part, cell) for part, cell in zip(self.key, key, strict=True) if cell is not None] for key in keys]
        alike = [[equal(part, constant(cell, codes).value) for part, cell in pairs] for pairs in told]
        return either(*(both(*parts) for parts in alike))

    def correction(self, model: Any) -> Formula | None:
        """The column for the key that the model gave, on every day."""
        wanted = [model.eval(part, model_completion=True) for part in self.key]
        names = list(self.register.columns)
        places = [names.index(part) for part in self.register.key]
        codes = self.model.task.codes
        rows = tuple(row for row in self.register.rows if self.matches(row, places, wanted, codes))
        small = ir.Register(self.register.name, self.register.key, self.register.columns, rows, self.register.partial)
        true = self.model.written_out(small, self.key, self.column)
        same = both(
            equal_known(true.known, self.term.known), either(opposite(true.known), equal(true.value, self.term.value))
        )
        if z3.is_true(model.eval(same, model_completion=True)):
            return None
        return z3.Implies(both(*(part == value for part, value in zip(self.key, wanted, strict=True))), same)

    def near(self, model: Any) -> Formula:
        """The same key."""
        return both(*(part == model.eval(part, model_completion=True) for part in self.key))

    @staticmethod
    def matches(row: ir.Row, places: list[int], wanted: list[Any], codes: Any) -> bool:
        """Whether the row has the key that the model gave."""
        cells: list[Value | None] = [row.cells[place] for place in places]
        return all(
            cell is not None and constant(cell, codes).value.eq(value)
            for cell, value in zip(cells, wanted, strict=True)
        )


def equal_known(one: Formula, other: Formula) -> Formula:
    """Whether both or neither."""
    return both(either(opposite(one), other), either(opposite(other), one))


def row_oracle(model: Model, register: ir.Register, key: list[Payload], column: str) -> RowOracle:
    """A column as a function of the key and the day."""
    sorts = [part.sort() for part in key]
    declared = BOOL if column == ir.FOUND else register.columns[column].type
    sort = z3.BoolSort() if declared.kind is BOOL.kind else z3.IntSort()
    arguments = (*key, model.task.day)
    # Two policies with the same rows share the function, so that the rows need no telling; with others they must not.
    name = f"{register.name}.{column}#{hash((register.rows, register.partial, repr(register.columns)))}"
    value = z3.Function(name, *sorts, z3.IntSort(), sort)(*arguments)
    known = TRUE
    if register.partial or (column != ir.FOUND and register.columns[column].absent is None):
        known = z3.Function(f"{name}?", *sorts, z3.IntSort(), z3.BoolSort())(*arguments)
    return RowOracle(model, register, key, column, Term(known, value))


__all__ = ["FALSE", "Oracle", "RowOracle", "WorkdayOracle", "row_oracle"]
