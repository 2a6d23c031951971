"""Policies as SQL (extra `sql`): one SELECT that decides every row of a table, where the data already is.

Importing this package imports sqlglot, and raises `MissingExtraError` where it is not installed.
"""

from admission.diagnostics import MissingExtraError

try:
    import sqlglot  # noqa: F401 - only to see that it is there
except ImportError:
    raise MissingExtraError("sqlglot", "sql") from None

from admission.backends.sql.dialects import DIALECTS
from admission.backends.sql.query import column_types, to_sql

__all__ = ["DIALECTS", "column_types", "to_sql"]
