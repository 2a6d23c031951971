"""Decisions as tables: each answer is kept once, and every row says which is its."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any

import polars as pl
import pyarrow as pa

from admission import ir
from admission.backends.columns import Answer
from admission.bulk.stream import Decided

LISTS = ("violations", "open", "missing", "notes", "conflict")
CODED = ("verdict", "channel")
COLUMNS = ("id", *CODED, *LISTS, "policy")
SCHEMA = pa.schema([(name, pa.list_(pa.string()) if name in LISTS else pa.string()) for name in COLUMNS])
_CODED = pa.dictionary(pa.int32(), pa.string())
CODED_SCHEMA = pa.schema([
    (name, pa.list_(_CODED) if name in LISTS else pa.string() if name == "id" else _CODED) for name in COLUMNS
])  # fmt: skip
"""The same rows, with what repeats as dictionaries: a file of it is written several times faster."""


class Spelled:
    """The columns of answers, for rows that give their numbers. Threads may share it."""

    def __init__(self, policy: ir.CheckedPolicy, answers: Sequence[Answer]) -> None:
        self.answers = answers
        """More may come between two calls."""
        self._digest = _texts([policy.digest])
        # INVARIANT: the dictionaries do not depend on what was decided first, so that a rerun writes the same bytes.
        names = {*policy.requirements, *policy.facts, *policy.routes, ir.NO_ROUTE, ir.EVERY_ROUTE_REFUSES}
        known = {"verdict": {*ir.VERDICTS.values}, "channel": {*policy.channels}, **dict.fromkeys(LISTS, names)}
        self._known = {name: sorted(values) for name, values in known.items()}
        self._held: tuple[int, dict[str, pa.Array]] = (-1, {})

    def batch(self, decided: Decided) -> pa.RecordBatch:
        """Decisions as Arrow, in the columns of `CODED_SCHEMA`."""
        numbers = decided.codes.cast(pl.Int32).to_arrow()
        nothing = pl.Series([0], dtype=pl.Int32).new_from_index(0, len(numbers) + 1).to_arrow()
        columns: dict[str, Any] = {"id": decided.ids.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())}
        for name, held in self._columns().items():
            is_empty = name in LISTS and not len(held.values)
            columns[name] = pa.ListArray.from_arrays(nothing, held.values) if is_empty else held.take(numbers)
        columns["policy"] = pa.DictionaryArray.from_arrays(nothing[1:], self._digest)
        return pa.record_batch(list(columns.values()), CODED_SCHEMA)

    def _columns(self) -> dict[str, pa.Array]:
        """The answers by column, brought up to date."""
        count, held = self._held
        if count != len(self.answers):
            given = list(self.answers)
            held = {name: self._coded(name, [getattr(answer, name) for answer in given]) for name in CODED}
            held |= {name: self._listed(name, [list(getattr(answer, name)) for answer in given]) for name in LISTS}
            self._held = len(given), held
        return held

    def _listed(self, name: str, lists: Sequence[Sequence[str]]) -> pa.Array:
        starts = _integers([0, *accumulate(map(len, lists))])
        return pa.ListArray.from_arrays(starts, self._coded(name, [*chain.from_iterable(lists)]))

    def _coded(self, name: str, values: Sequence[str | None]) -> pa.Array:
        places = {value: place for place, value in enumerate(self._known[name])}
        codes = _integers([None if value is None else places[value] for value in values])
        return pa.DictionaryArray.from_arrays(codes, _texts(self._known[name]))


def _texts(values: Sequence[str]) -> pa.Array:
    """Texts as Arrow; `pa.array` would import pandas, where it is installed, which takes as long as a million rows."""
    return pl.Series(values, dtype=pl.String).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())


def _integers(values: Sequence[int | None]) -> pa.Array:
    """Numbers as Arrow, for the same reason."""
    return pl.Series(values, dtype=pl.Int32).to_arrow()


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows without dictionaries, in the columns of `SCHEMA`."""
    return pa.record_batch([_decoded(column) for column in batch.columns], SCHEMA)


def _decoded(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.DictionaryArray):
        return column.dictionary_decode()
    if isinstance(column, pa.ListArray):
        return pa.ListArray.from_arrays(column.offsets, _decoded(column.values))
    return column


def as_frame(policy: ir.CheckedPolicy, answers: Sequence[Answer], parts: Sequence[Decided]) -> pl.DataFrame:
    """Decisions as a data frame of Polars; what is the same for all rows takes no memory."""
    by_name = {name: _spelled(name, [getattr(answer, name) for answer in answers]) for name in (*CODED, *LISTS)}
    same = {name: pl.lit(column).first() for name, column in by_name.items() if len(column) == 1}
    gathered = {name: pl.lit(column).gather(pl.col("code")) for name, column in by_name.items() if name not in same}
    # Part by part and by the threads of Polars: memory of that size, freed by them before, is there to be used again.
    pieces = [(pl.Series(dtype=pl.String), pl.Series(dtype=pl.UInt32)), *((part.ids, part.codes) for part in parts)]
    numbered = (pl.LazyFrame([ids.alias("id"), codes.alias("code")]) for ids, codes in pieces)
    whole = pl.concat(pl.collect_all([piece.select("id", **gathered) for piece in numbered]))
    return whole.select("id", **{name: same.get(name, pl.col(name)) for name in by_name}, policy=pl.lit(policy.digest))


def _spelled(name: str, values: Sequence[Any]) -> pl.Series:
    """A column of answers by their numbers, or the one that all are."""
    different = values[:1] if len(set(values)) == 1 else values
    if name not in LISTS:
        return pl.Series(different, dtype=pl.String)
    return pl.Series([list(value) for value in different], dtype=pl.List(pl.String))
