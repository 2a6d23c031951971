"""Tables cut into pieces that fit into memory, each with its place in the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from admission.bulk.database import said
from admission.diagnostics import Diagnostic, InputError

ROWS = 1 << 18  # of a batch: what is done once a batch costs little, and a column fits into the processor's cache


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a table; reading them is left to whoever works on them."""

    place: int
    """That of the first row, from 1."""
    read: Callable[[], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Batches:
    """A table in pieces."""

    name: str
    """What messages call it; empty for a data frame."""
    schema: Mapping[str, Any]
    """The types of Polars, by column."""
    pieces: Callable[[], Iterator[Batch]]
    rows: int | None = None
    """How many there are, where that is known beforehand."""


def of_frame(frame: pl.DataFrame) -> Batches:
    """A data frame of Polars, in pieces of one size, so that whoever works on them is done at once."""

    def pieces() -> Iterator[Batch]:
        count = max(1, ceil(frame.height / max(1, ceil(frame.height / ROWS))))
        for start in range(0, frame.height, count):
            yield Batch(start + 1, partial(frame.slice, start, count))

    return Batches("", frame.schema, pieces, frame.height)


def of_parquet(path: Path, name: str, columns: Collection[str] | None = None) -> Batches | None:
    """A Parquet file, or those of its columns; None where Polars and pyarrow do not read what another engine may."""
    try:
        scan = pl.scan_parquet(path, hive_partitioning=False, glob=False)
        if columns is not None:
            scan = scan.select(column for column in scan.collect_schema() if column in columns)
        schema = scan.collect_schema()
        with pq.ParquetFile(path) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.metadata.num_row_groups)]
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError):
        return None

    def pieces() -> Iterator[Batch]:
        for start, count in slices(sizes):
            yield Batch(start + 1, partial(_read, name, scan.slice(start, count).collect))

    return Batches(name, schema, pieces, sum(sizes))


def slices(sizes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The rows of batches, as start and count: row groups are cut where they are too large, and else put together."""
    start = count = 0
    for size in sizes:
        if count and count + size > ROWS:
            yield start, count
            start, count = start + count, 0
        count += size
        while count > ROWS:
            yield start, ROWS
            start, count = start + ROWS, count - ROWS
    if count:
        yield start, count


def of_stream(stream: pa.RecordBatchReader, name: str) -> Batches | None:
    """An Arrow stream, which flows once; None where Polars does not know its types."""
    try:
        schema = pl.DataFrame(stream.schema.empty_table()).schema
    except (pl.exceptions.PolarsError, pa.ArrowException, NotImplementedError, ValueError, TypeError):
        return None
    return Batches(name, schema, partial(_flowing, stream, name))


def _flowing(stream: pa.RecordBatchReader, name: str) -> Iterator[Batch]:
    place = 1
    for rows in _gathered(stream, name):
        for start in range(0, rows.num_rows, ROWS):
            yield Batch(place + start, partial(_read, name, partial(_frame, rows.slice(start, ROWS))))
        place += rows.num_rows


def _gathered(stream: pa.RecordBatchReader, name: str) -> Iterator[pa.Table]:
    """The batches of a stream, small ones put together."""
    held: list[pa.RecordBatch] = []
    while (batch := _read(name, partial(next, stream, None))) is not None:
        held.append(batch)
        if sum(one.num_rows for one in held) >= ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _frame(rows: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(rows)


def _read(name: str, read: Callable[[], Any]) -> Any:
    """What a library reads, and what it says against it as an `InputError` that names the file."""
    try:
        return read()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException, OSError) as error:
        data = {"path": name or ("数据表", "the table"), "problem": said(error)}
        raise InputError([Diagnostic("A940", None, data, path=name or None)]) from None
