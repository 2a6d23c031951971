"""`policy.decide_table`: a table in, a table of decisions out."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from admission import ir
from admission.backends.sql import to_sql
from admission.bulk.database import Workspace, reading
from admission.bulk.examination import SOUND, Examination, Reject
from admission.bulk.sources import ArrowStream, open_table
from admission.diagnostics import MissingExtraError, TaskError
from admission.diagnostics.report import CAP


class DecidedTable:
    """Decisions as a table: one row a task, in the order of the tasks.

    It has the Arrow PyCapsule interface, so Polars, pandas, pyarrow and DuckDB take it as it is; the columns are those
    of `Policy.to_sql`. It is kept on disk for as long as this object is, so keep this object until it is read.
    """

    def __init__(self, workspace: Workspace, query: str, rejects: tuple[Reject, ...] = ()) -> None:
        self._workspace = workspace
        self._query = query
        self.rejects = rejects
        """The rows that are no tasks of the policy, in order; they have no row here."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._workspace.columns(f"({self._query})"))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The decisions as an Arrow stream (Arrow PyCapsule interface)."""
        relation: Any = self._workspace.cursor().sql(self._query)
        return relation.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> Any:
        """The decisions as a Polars data frame. Raises `MissingExtraError` without Polars."""
        try:
            import polars as pl
        except ImportError:
            raise MissingExtraError("polars", "frames") from None
        return pl.DataFrame(self)

    def to_arrow(self) -> Any:
        """The decisions as a pyarrow table. Raises `MissingExtraError` without pyarrow."""
        try:
            import pyarrow as pa
        except ImportError:
            raise MissingExtraError("pyarrow", "frames") from None
        return pa.table(self)

    def to_dicts(self) -> list[dict[str, object]]:
        """The decisions as dictionaries, for small tables."""
        columns = self.columns
        return [dict(zip(columns, row, strict=True)) for row in self._workspace.rows(self._query)]


def decide_table(
    policy: ir.CheckedPolicy,
    data: ArrowStream,
    as_of: date | None = None,
    rejects: Literal["raise", "keep"] = "raise",
) -> DecidedTable:
    """The decisions for a table of tasks; see `Policy.decide_table`."""
    if rejects not in ("raise", "keep"):
        raise ValueError(f"rejects takes 'raise' or 'keep', not {rejects!r}")
    workspace = Workspace()
    kept: list[Reject] = []
    examined = Examination(workspace, policy, open_table(workspace, data), kept.append, as_of)
    examined.run()
    if kept and rejects == "raise":
        raise TaskError([fault for reject in kept for fault in reject.faults][:CAP])
    with reading(""):
        return DecidedTable(workspace, f"SELECT * FROM {workspace.kept(query_of(examined))}", tuple(kept))


def query_of(examined: Examination) -> str:
    """The query that decides every row that is sound."""
    return to_sql(examined.policy, "duckdb", SOUND, examined.day, examined.columns)
