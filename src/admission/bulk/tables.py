"""`policy.decide_table`: a table in, a table of decisions out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Literal

import polars as pl
import pyarrow as pa

from admission import ir
from admission.backends.columns import Answer
from admission.bulk import batches
from admission.bulk.database import Workspace
from admission.bulk.decisions import COLUMNS, LISTS, SCHEMA, Spelled, as_frame, plain
from admission.bulk.review import Days, Reject
from admission.bulk.running import decisions_of
from admission.bulk.sources import ArrowStream, open_table
from admission.bulk.stream import Decided, Stream
from admission.diagnostics import TaskError
from admission.diagnostics.report import CAP


class DecidedTable:
    """Decisions as a table: one row a task, in the order of the tasks.

    It has the Arrow PyCapsule interface, so Polars, pandas, pyarrow and DuckDB take it as it is; the columns are those
    of `Policy.to_sql`. It holds the ids and a number a task, and spells its rows out as they are asked for.
    """

    columns = COLUMNS
    """The names of the columns."""

    def __init__(
        self, policy: ir.CheckedPolicy, answers: Sequence[Answer], parts: Sequence[Decided], rejects: Sequence[Reject]
    ) -> None:
        self._policy = policy
        self._answers = answers
        self._parts = parts
        self.rejects = tuple(rejects)
        """The rows that are no tasks of the policy, in order; they have no row here."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The decisions as an Arrow stream (Arrow PyCapsule interface)."""
        return pa.RecordBatchReader.from_batches(SCHEMA, self._batches()).__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        spelled = Spelled(self._policy, self._answers)
        return (plain(spelled.batch(part)) for part in self._parts)

    def to_polars(self) -> pl.DataFrame:
        """The decisions as a Polars data frame."""
        return as_frame(self._policy, self._answers, self._parts)

    def to_arrow(self) -> Any:
        """The decisions as a pyarrow table."""
        return pa.Table.from_batches(self._batches(), SCHEMA)

    def to_dicts(self) -> list[dict[str, object]]:
        """The decisions as dictionaries, for small tables."""
        return [
            self._row(task, self._answers[code]) for part in self._parts for task, code in zip(*part[:2], strict=True)
        ]

    def _row(self, task: str, answer: Answer) -> dict[str, object]:
        lists = {name: list(getattr(answer, name)) for name in LISTS}
        said: dict[str, object] = {"id": task, "verdict": answer.verdict, "channel": answer.channel}
        return said | lists | {"policy": self._policy.digest}


def _without_index(stream: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """A stream without the labels of rows, which pandas gives along as columns (its metadata says which)."""
    told = json.loads((stream.schema.metadata or {}).get(b"pandas", b"{}"))
    index = {name for name in told.get("index_columns", ()) if isinstance(name, str)}
    kept = [name for name in stream.schema.names if name not in index]
    if len(kept) == len(stream.schema.names):
        return stream
    schema = pa.schema([stream.schema.field(name) for name in kept])
    return pa.RecordBatchReader.from_batches(schema, (batch.select(kept) for batch in stream))


def decide_table(
    policy: ir.CheckedPolicy,
    data: ArrowStream,
    as_of: date | None = None,
    rejects: Literal["raise", "keep"] = "raise",
) -> DecidedTable:
    """The decisions for a table of tasks; see `Policy.decide_table`."""
    if rejects not in ("raise", "keep"):
        raise ValueError(f"rejects takes 'raise' or 'keep', not {rejects!r}")
    if not hasattr(data, "__arrow_c_stream__"):
        raise TypeError(f"expected a table with the Arrow PyCapsule interface, not {type(data).__name__}")
    kept: list[Reject] = []
    table = data if isinstance(data, pl.DataFrame) else _without_index(pa.RecordBatchReader.from_stream(data))
    in_batches = batches.of_frame(table) if isinstance(table, pl.DataFrame) else batches.of_stream(table, "")
    stream = None if in_batches is None else Stream(policy, in_batches, kept.append, Days(as_of))
    if stream is not None and stream.is_plain:
        parts = list(stream)
    else:
        with Workspace() as workspace:
            stream = decisions_of(workspace, policy, open_table(workspace, table), kept.append, Days(as_of)).stream
            parts = list(stream)
    if kept and rejects == "raise":
        raise TaskError([fault for reject in kept for fault in reject.faults][:CAP])
    return DecidedTable(policy, stream.answers, parts, kept)
