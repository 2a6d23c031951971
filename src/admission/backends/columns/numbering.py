"""Numbers for the different combinations of conditions that occur: few, however many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from admission.backends.columns.matching import FOUND, matched, scattered
from admission.backends.columns.terms import repeated

MOST_CODES = 1 << 18  # that a plain table is indexed by
BITS = 8  # conditions that are packed into one byte
ZERO = pl.Series([0], dtype=pl.UInt8)
KEY = "key"


class Numbers(NamedTuple):
    """For each row a number from 0, in the order of their first rows; for each number the conditions that hold."""

    of: pl.Series
    keys: Sequence[int]
    """A bit for each condition, the first condition the highest, below the key that the row had before."""


def is_tabled(width: int) -> bool:
    """Whether a plain table has a place for every combination of so many conditions."""
    return 1 << width <= MOST_CODES


def coded(conditions: Sequence[pl.Series], height: int) -> pl.Series:
    """For each row its bits, the first condition the highest; for no more conditions than a plain table holds."""
    codes = repeated(0, pl.UInt32, height)
    for start in range(0, len(conditions), BITS):
        part = conditions[start : start + BITS]
        codes = codes * (1 << len(part)) + _packed(part) if start else _packed(part)
    return codes


def numbered(conditions: Sequence[pl.Series], height: int, before: Numbers | None = None) -> Numbers:
    """The combinations of some conditions, none of them unknown, and of what was numbered `before`."""
    codes, keys = before or (repeated(0, pl.UInt32, height), (0,))
    width = 0
    for start in range(0, len(conditions), BITS):
        part = conditions[start : start + BITS]
        if width and len(keys) << width + len(part) > MOST_CODES:
            (codes, keys), width = _dense(codes, keys, width), 0
        # INVARIANT: there are no more numbers than rows of a batch, so that a byte more still fits.
        codes = codes * (1 << len(part)) + _packed(part)
        width += len(part)
    return _dense(codes, keys, width)


def _packed(conditions: Sequence[pl.Series]) -> pl.Series:
    """A bit for each condition: to choose between two constants is many times faster than to convert and multiply."""
    packed = ZERO
    for place, condition in enumerate(reversed(conditions)):
        packed = pl.Series([1 << place], dtype=pl.UInt8).zip_with(condition, ZERO) | packed
    return packed.cast(pl.UInt32)


def _dense(codes: pl.Series, keys: Sequence[int], width: int) -> Numbers:
    """The codes that occur, counted without gaps; each is a number with a key, followed by so many bits."""
    there = codes[codes.arg_unique()]
    numbers = pl.int_range(len(there), dtype=pl.UInt32, eager=True)
    size = len(keys) << width
    if size <= MOST_CODES:
        dense = repeated(0, pl.UInt32, size).scatter(there, numbers)[codes]
    else:
        pairs = matched({KEY: codes}, pl.DataFrame({KEY: there, FOUND: numbers}))
        dense = scattered(pairs, len(codes))
    bits = (1 << width) - 1
    return Numbers(dense, [keys[code >> width] << width | code & bits for code in there.to_list()])
