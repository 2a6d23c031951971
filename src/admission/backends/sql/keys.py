"""The answers of rows with unknown facts: a number that says all that the decision reads, and each answer built once.

What is decided depends on a row only by its routes' conditions and its requirements' demands, each true, false or
unknown, and by which unknown facts matter. Those are the digits of a number to the base 3. However many rows there are,
few numbers occur, and the lists of an answer are built for each number that does.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from admission.backends.sql import terms
from admission.backends.sql.codes import CODE, SLOW
from admission.backends.sql.judgement import Judgement
from admission.backends.sql.tables import Table
from admission.backends.sql.terms import Term

MOST_DIGITS = 38  # of base 3 in 63 bits, with room for the codes of complete rows
DOUBTFUL = "doubtful"


class Key:
    """The key of a policy's answers, and the stages that decide by it."""

    def __init__(self, judgement: Judgement) -> None:
        judgement.atoms = atoms = dict[Term, str]()
        self.stages = [*judgement.routing(), *judgement.weighing()]
        self.result = judgement.result()
        judgement.atoms = None
        own = [terms.named(column, column.name) for column in map(judgement.own, judgement.routes)]
        atom = [terms.named(term, name) for term, name in atoms.items()]
        self.columns = [*own, *judgement.demands(), *atom] or [terms.named(terms.TRUE, "nothing")]
        """Conditions, each of three values, by name."""

    @property
    def names(self) -> list[str]:
        """The columns of the key."""
        return [CODE, *(f"{CODE}_{place}" for place in range(1, -(-len(self.columns) // MOST_DIGITS)))]

    def of_row(self, offset: int) -> list[Term]:
        """The key of a row, by its terms; the first of its numbers is not less than the offset."""
        return _numbers([column.this for column in self.columns], offset)

    def of_columns(self, offset: int) -> list[Term]:
        """The same, by the columns that `distinct` has."""
        return _numbers([terms.column(column.alias) for column in self.columns], offset)

    def distinct(self, last: str) -> Table:
        """Every combination of conditions among the rows that have no code."""
        body = terms.selected(*self.columns, source=last).distinct(copy=False).where(terms.column(SLOW), copy=False)
        return Table(DOUBTFUL, body)


def _numbers(conditions: Sequence[Term], offset: int) -> list[Term]:
    groups = [conditions[start : start + MOST_DIGITS] for start in range(0, len(conditions), MOST_DIGITS)]
    offsets = [offset, *(0 for _ in groups[1:])]
    return [
        terms.total([terms.cast(terms.number(first), "BIGINT"), *map(_digit, group, range(len(group)))])
        for first, group in zip(offsets, groups, strict=True)
    ]


def _digit(condition: Term, place: int) -> Term:
    """0, 1 or 2 for false, true or unknown, at its place."""
    digit = terms.coalesce(terms.cast(condition, "BIGINT"), terms.number(2))
    return exp.Mul(this=digit, expression=terms.number(3**place)) if place else digit
