"""Lists of texts as sets: each is the bits of its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

import polars as pl
import pyarrow as pa

from admission.backends.columns.terms import BITS, Places, Words

NOTHING = pl.Series([None], dtype=pl.Int64)


def sets_of(column: pl.Series, values: Sequence[str], places: Places) -> tuple[Words, pl.Series]:
    """The sets of lists, and where each text is a value that stands there once; null where there is no list."""
    lists, texts = _coded(column, values)
    offsets = pl.Series(pl.from_arrow(lists.offsets))
    first, last = offsets[0], offsets[-1]
    starts = (offsets - first).to_arrow() if first else lists.offsets
    codes = pl.Series(pl.from_arrow(lists.values.slice(first, last - first)))
    words = []
    for bit_of in _bits(texts, values, places):
        held = bit_of[codes].to_arrow()
        words.append(pl.Series(pl.from_arrow(pa.LargeListArray.from_arrays(starts, held))).list.sum())
    # A text that is no value, or stands there twice, leaves fewer bits than texts.
    sound = column.list.len() == reduce(add, (word.bitwise_count_ones() for word in words))
    if column.null_count():
        known = column.is_not_null()
        words = [word.zip_with(known, NOTHING) for word in words]
    return tuple(words), sound


def _coded(column: pl.Series, values: Sequence[str]) -> tuple[pa.LargeListArray, Sequence[str | None]]:
    """Lists of codes, and the texts by their codes: the values of the set, or the entries of a dictionary."""
    if column.dtype == pl.List(pl.String):
        return column.cast(pl.List(pl.Enum(values)), strict=False).to_physical().to_arrow(), values
    lists = column.to_arrow(compat_level=pl.CompatLevel.newest())
    coded = pa.LargeListArray.from_arrays(lists.offsets, lists.values.indices)
    return coded, lists.values.dictionary.to_pylist()


def _bits(texts: Sequence[str | None], values: Sequence[str], places: Places) -> Iterator[pl.Series]:
    """For each word the bits of the texts by their codes; one that is no value has none."""
    known = frozenset(values)
    at = [divmod(places.of[text], BITS) if text is not None and text in known else (None, 0) for text in texts]
    for number in range(places.words):
        yield pl.Series([1 << bit if word == number else 0 for word, bit in at], dtype=pl.Int64)
