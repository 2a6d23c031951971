"""Values of expressions on columns: a column, or one value for all rows; None is unknown.

Inside, money is whole fen, a date the days since 1970, and a set the bits of its values, in as many words as it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl

from admission import ir
from admission.backends.columns.kleene import Truth, all_of, is_known
from admission.datatypes import Kind, Type, Value

EPOCH = date(1970, 1, 1).toordinal()
BITS = 62  # of a word: one that is full is still a positive Int64
Scalar = pl.Series | int | str | None
Words = tuple[pl.Series | int, ...]
Term = Scalar | Words


def days_of(day: date) -> int:
    """A date as the days since 1970."""
    return day.toordinal() - EPOCH


def day_from(days: int) -> date:
    """The date again."""
    return date.fromordinal(days + EPOCH)


class Places:
    """The bit of every value that a set of a policy can hold: one numbering, so that all sets compare alike."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        facts = [fact.type for fact in policy.facts.values()]
        columns = [column.type for register in policy.registers.values() for column in register.columns.values()]
        values = (value for of in (*facts, *columns) if of.kind is Kind.SET for value in of.values)
        self.of: Mapping[str, int] = {value: place for place, value in enumerate(dict.fromkeys(values))}
        self.words = max(1, -(-len(self.of) // BITS))

    def words_of(self, values: Iterable[str]) -> tuple[int, ...]:
        """The bits of some values."""
        words = [0] * self.words
        for value in values:
            word, bit = divmod(self.of[value], BITS)
            words[word] |= 1 << bit
        return tuple(words)

    def inner(self, value: Value | None) -> Any:
        """A value as it is in columns."""
        match value:
            case frozenset():
                return self.words_of(value)
            case date():
                return days_of(value)
            case _:
                return value

    def holds(self, words: Words, value: str) -> Truth:
        """Whether a set has a value."""
        if value not in self.of:
            return False
        word, bit = divmod(self.of[value], BITS)
        return masked(words[word], 1 << bit) != 0  # type: ignore[no-any-return] # a comparison is a truth


def masked(word: pl.Series | int, bits: pl.Series | int) -> Any:
    """The bits that both have."""
    if isinstance(word, pl.Series) and isinstance(bits, int):
        return word & pl.Series([bits], dtype=pl.Int64)
    if isinstance(bits, pl.Series) and isinstance(word, int):
        return bits & pl.Series([word], dtype=pl.Int64)
    return word & bits


def lies_within(inner: Words, outer: Words) -> Truth:
    """Whether a set lies within another."""
    return all_of(masked(small, large) == small for small, large in zip(inner, outer, strict=True))


def is_same_set(left: Words, right: Words) -> Truth:
    """Whether two sets are one."""
    return all_of(one == other for one, other in zip(left, right, strict=True))


def size_of(words: Words) -> Scalar:
    """How many values a set has."""
    total: Any = 0
    for word in words:
        counted = word.bitwise_count_ones().cast(pl.Int64) if isinstance(word, pl.Series) else word.bit_count()
        total = counted + total
    return total  # type: ignore[no-any-return] # a sum of the two


def first_known(terms: Iterable[Term]) -> Term:
    """The first that is known, row by row."""
    found: Term = None
    for term in terms:
        found = _filled(found, term)
    return found


def _filled(found: Term, other: Term) -> Term:
    if found is None or other is None:
        return other if found is None else found
    if isinstance(found, tuple) and isinstance(other, tuple):
        pairs = zip(found, other, strict=True)
        return tuple(_filled(one, two) for one, two in pairs)  # type: ignore[misc] # words of words
    if not isinstance(found, pl.Series) or not found.null_count():
        return found
    if isinstance(other, pl.Series):
        return found.zip_with(found.is_not_null(), other)
    return found.fill_null(other)


def known_where(term: Term) -> Truth:
    """Where a term is known: a set is where its first word is."""
    return is_known(term[0] if isinstance(term, tuple) else term)


DTYPES = {Kind.BOOL: pl.Boolean, Kind.TEXT: pl.String, Kind.ENUM: pl.String}
"""The columns of values; those of the other kinds are whole numbers."""


def column_of(declared: Type, values: list[Any], places: Places) -> Term:
    """Values, as they are in columns, as a column."""
    if declared.kind is Kind.SET:
        words = [value or (None,) * places.words for value in values]
        return tuple(pl.Series([word[place] for word in words], dtype=pl.Int64) for place in range(places.words))
    return pl.Series(values, dtype=DTYPES.get(declared.kind, pl.Int64))


def spread(term: pl.Series | int | str | None, declared: Type, height: int) -> pl.Series:
    """A term as a column of so many rows."""
    if isinstance(term, pl.Series):
        return term
    return repeated(term, DTYPES.get(declared.kind, pl.Int64), height)


def repeated(value: int | str | None, dtype: Any, height: int) -> pl.Series:
    """A column of one value: at a tenth of the time that `pl.repeat` takes to plan it."""
    return pl.Series([value], dtype=dtype).new_from_index(0, height)
