"""Numbers for the different combinations of conditions that occur: few, however many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from admission.backends.columns.matching import FOUND, matched, scattered

BITS = [pl.Series([1 << place], dtype=pl.UInt8) for place in range(8)]
ZERO = pl.Series([0], dtype=pl.UInt8)
MOST_CODES = 1 << 18  # that a plain table is indexed by
KEY = "key"


class Numbers(NamedTuple):
    """For each row a number from 0, and for each number the first row that has it."""

    of: pl.Series
    first: pl.Series


def numbered(conditions: Sequence[pl.Series], height: int, before: Numbers | None = None) -> Numbers:
    """The combinations of some conditions, none of them unknown, and of what was numbered `before`."""
    codes, size = (before.of, len(before.first)) if before else (pl.zeros(height, dtype=pl.UInt32, eager=True), 1)
    for start in range(0, len(conditions), len(BITS)):
        part = conditions[start : start + len(BITS)]
        if size << len(part) > MOST_CODES:
            codes, first = _dense(codes, size)
            size = len(first)
        # INVARIANT: there are no more numbers than rows of a batch, so that a byte more still fits.
        codes = codes * (1 << len(part)) + _packed(part)
        size <<= len(part)
    return _dense(codes, size)


def _packed(conditions: Sequence[pl.Series]) -> pl.Series:
    """A bit for each condition: to choose between two constants is many times faster than to convert and multiply."""
    packed = pl.Series([0], dtype=pl.UInt8)
    for bit, condition in zip(BITS, conditions, strict=False):
        packed = bit.zip_with(condition, ZERO) | packed
    return packed.cast(pl.UInt32)


def _dense(codes: pl.Series, size: int) -> Numbers:
    """The codes that occur, counted without gaps."""
    first = codes.arg_unique()
    there = codes.gather(first)
    numbers = pl.int_range(len(first), dtype=pl.UInt32, eager=True)
    if size <= MOST_CODES:
        table = pl.zeros(size, dtype=pl.UInt32, eager=True).scatter(there, numbers)
        return Numbers(table.gather(codes), first)
    pairs = matched({KEY: codes}, pl.DataFrame({KEY: there, FOUND: numbers}))
    return Numbers(scattered(pairs, len(codes)), first)
