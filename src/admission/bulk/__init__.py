"""Decisions in bulk (extra `frames`): tables of any size, validated and decided in columns, in bounded memory.

Importing this package imports DuckDB, numpy, Polars and pyarrow, and raises `MissingExtraError` where one of them is
not installed.
"""

from importlib.util import find_spec

from admission.diagnostics import MissingExtraError

for _needed in ("duckdb", "numpy", "polars", "pyarrow"):
    if find_spec(_needed) is None:
        raise MissingExtraError(_needed, "frames")

from admission.bulk.database import Workspace  # noqa: E402 - what it needs is there
from admission.bulk.review import Reject  # noqa: E402 - the same
from admission.bulk.sources import Source, open_file, open_table  # noqa: E402 - the same
from admission.bulk.tables import DecidedTable, decide_table  # noqa: E402 - the same

__all__ = ["DecidedTable", "Reject", "Source", "Workspace", "decide_table", "open_file", "open_table"]
