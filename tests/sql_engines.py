"""The engines that a policy's SQL is run on, each a real one: a table of tasks in, an answer a row out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from admission.backends.sql import column_types, to_sql
from admission.engine import Policy

Task = Mapping[str, Any]
LISTS = ("violations", "open", "missing", "notes", "conflict")
Engine = Callable[[Policy, Sequence[Task], date | None], list[dict[str, Any]]]


def names_of(policy: Policy) -> list[str]:
    """The columns of the table: `id`, `as_of`, and every fact."""
    return ["id", "as_of", *policy.checked.facts]


def definition(policy: Policy, dialect: str) -> str:
    """What creates the table."""
    quote = "`" if dialect in ("spark", "bigquery") else '"'
    types = column_types(policy.checked, dialect)
    columns = ", ".join(f"{quote}{name}{quote} {types[name]}" for name in names_of(policy))
    return f"CREATE TABLE tasks ({columns})"


def rows_of(policy: Policy, tasks: Sequence[Task], kept: Callable[[Any], Any]) -> list[list[Any]]:
    """The tasks as rows of the table."""
    return [[kept(task.get(name)) for name in names_of(policy)] for task in tasks]


def dictionaries(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as mappings, lists as lists."""
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return [{k: _list(v) if k in LISTS else v for k, v in row.items()} for row in found]


def _list(value: Any) -> list[str]:
    return json.loads(value) if isinstance(value, str) else list(value)


def insertion(columns: int, mark: str = "?") -> str:
    """What inserts a row."""
    return f"INSERT INTO tasks VALUES ({', '.join([mark] * columns)})"  # noqa: S608 - marks alone


def in_lists(value: Any) -> Any:
    """A set as the list that an engine takes."""
    return sorted(value) if isinstance(value, (set, frozenset, tuple)) else value


def in_text(value: Any) -> Any:
    """What an engine without lists, dates and decimals takes."""
    match value:
        case set() | frozenset() | tuple() | list():
            return ";".join(sorted(value))
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


def duckdb_engine(policy: Policy, tasks: Sequence[Task], as_of: date | None) -> list[dict[str, Any]]:
    """DuckDB, in memory."""
    with duckdb.connect() as connection:
        connection.execute(definition(policy, "duckdb"))
        rows = rows_of(policy, tasks, in_lists)
        if rows:
            connection.executemany(insertion(len(rows[0])), rows)
        found = connection.execute(to_sql(policy.checked, "duckdb", "tasks", as_of))
        columns = [column[0] for column in found.description or ()]
        return dictionaries(columns, found.fetchall())


def sqlite_engine(policy: Policy, tasks: Sequence[Task], as_of: date | None) -> list[dict[str, Any]]:
    """SQLite, in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(definition(policy, "sqlite"))
        rows = rows_of(policy, tasks, in_text)
        if rows:
            connection.executemany(insertion(len(rows[0])), rows)
        found = connection.execute(to_sql(policy.checked, "sqlite", "tasks", as_of))
        columns = [column[0] for column in found.description]
        return dictionaries(columns, found.fetchall())
    finally:
        connection.close()
