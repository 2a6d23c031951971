"""Rows of a table found by their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from admission.backends.columns.terms import repeated

ROW, FOUND = "row", "found"
SHORT = 16  # rows of a register that are compared one by one


def matched(keys: Mapping[str, pl.Series], table: pl.DataFrame, kept: Sequence[str] = ()) -> pl.DataFrame:
    """The pairs of a row of `keys` (`ROW`) and one of `table` (its column `FOUND`) whose keys are equal and known.

    `kept` are more columns of the table. The pairs stand in no order.
    """
    given = pl.DataFrame(dict(keys)).with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(ROW))
    return given.join(table, on=list(keys), how="inner").select(ROW, FOUND, *kept)


def scattered(pairs: pl.DataFrame, height: int) -> pl.Series:
    """For each row what was found for it, null where nothing was."""
    found = repeated(None, pl.UInt32, height)
    return found.scatter(pairs[ROW], pairs[FOUND]) if pairs.height else found
