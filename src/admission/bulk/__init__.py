"""Decisions in bulk (extra `sql`): tables of any size, validated and decided by DuckDB, in bounded memory.

Importing this package imports DuckDB, and raises `MissingExtraError` where it is not installed.
"""

from admission.diagnostics import MissingExtraError

try:
    import duckdb  # noqa: F401 - only to see that it is there
except ImportError:
    raise MissingExtraError("duckdb", "sql") from None

from admission.bulk.database import Workspace
from admission.bulk.examination import Reject
from admission.bulk.sources import Source, open_file, open_table
from admission.bulk.tables import DecidedTable, decide_table

__all__ = ["DecidedTable", "Reject", "Source", "Workspace", "decide_table", "open_file", "open_table"]
