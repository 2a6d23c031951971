"""Numbers for the different combinations of conditions that occur: few, however many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from admission.backends.columns.matching import FOUND, matched, scattered

BYTE = 8  # conditions that are packed at a time: small columns stay in the processor's cache
MOST_CODES = 1 << 18  # that a plain table is indexed by
KEY = "key"


class Numbers(NamedTuple):
    """For each row a number from 0, and for each number the first row that has it."""

    of: pl.Series
    first: pl.Series


def numbered(conditions: Sequence[pl.Series], height: int, before: Numbers | None = None) -> Numbers:
    """The combinations of some conditions, none of them unknown, and of what was numbered `before`."""
    found = before
    for start in range(0, len(conditions), BYTE):
        part = conditions[start : start + BYTE]
        found = _combined(found, _packed(part), 1 << len(part))
    return found or Numbers(pl.zeros(height, dtype=pl.UInt32, eager=True), pl.Series([0], dtype=pl.UInt32))


def _packed(conditions: Sequence[pl.Series]) -> pl.Series:
    """A bit for each condition."""
    first, *others = conditions
    packed = first.cast(pl.UInt8)
    for place, condition in enumerate(others, 1):
        packed = packed + condition.cast(pl.UInt8) * (1 << place)
    return packed


def _combined(before: Numbers | None, packed: pl.Series, size: int) -> Numbers:
    """Two numberings as one. There may be no more numbers than rows, so that they always fit."""
    if before is None:
        return _dense(packed.cast(pl.UInt32), size)
    known = len(before.first)
    return _dense(before.of * size + packed.cast(pl.UInt32), known * size)


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
