"""The engines that a policy's SQL is run on, each a real one: a table of tasks in, an answer a row out."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg

from admission.backends.sql import column_types, to_sql
from admission.engine import Policy

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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
    """The tasks as rows of the table, amounts as decimals."""
    money = {name for name, fact in policy.checked.facts.items() if fact.type.kind == "money"}

    def cell(name: str, value: Any) -> Any:
        return kept(Decimal(value) if name in money and type(value) is int else value)

    return [[cell(name, task.get(name)) for name in names_of(policy)] for task in tasks]


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


# ------------------------------------------------------------------------------------------- PostgreSQL


def postgres_programs() -> Path:
    """The folder of PostgreSQL's server programs; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if not folders:
        raise FileNotFoundError("these tests start a PostgreSQL of their own: apt-get install postgresql")
    return folders[0]


class Server:
    """A PostgreSQL on a socket in a folder of its own, for as long as the tests run."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        self.programs = postgres_programs()
        # The server refuses to run as root; Debian's package makes a user for it.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self._run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(self.folder / "log"), "start")
        atexit.register(self.stop)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, user=self.user, cwd=self.folder, stdout=subprocess.DEVNULL)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection to it."""
        return psycopg.connect(host=str(self.folder), user="tests", dbname="postgres", autocommit=True)

    def stop(self) -> None:
        """Stop it and delete its folder."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def server() -> Server:
    """The one server of a test run."""
    return Server()


def postgres_engine(policy: Policy, tasks: Sequence[Task], as_of: date | None) -> list[dict[str, Any]]:
    """PostgreSQL, on a server that the tests start."""
    with server().connect() as connection, connection.cursor() as cursor:
        cursor.execute(b"DROP TABLE IF EXISTS tasks")
        cursor.execute(definition(policy, "postgres").encode())
        rows = rows_of(policy, tasks, in_lists)
        if rows:
            cursor.executemany(insertion(len(rows[0]), "%s").encode(), rows)
        cursor.execute(to_sql(policy.checked, "postgres", "tasks", as_of).encode())
        columns = [column.name for column in cursor.description or ()]
        return dictionaries(columns, cursor.fetchall())


# ------------------------------------------------------------------------------------------------ Spark


@cache
def spark() -> SparkSession:
    """The one local Spark of a test run."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    found = SparkSession.builder.master("local[1]").appName("tests").config("spark.ui.enabled", "false")
    found = found.config("spark.sql.shuffle.partitions", "1").config("spark.driver.host", "127.0.0.1")
    session: SparkSession = found.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def spark_engine(policy: Policy, tasks: Sequence[Task], as_of: date | None) -> list[dict[str, Any]]:
    """Apache Spark, local."""
    types = column_types(policy.checked, "spark")
    schema = ", ".join(f"`{name}` {types[name]}" for name in names_of(policy))
    frame = spark().createDataFrame(rows_of(policy, tasks, in_lists), schema)
    frame.createOrReplaceTempView("tasks")
    found = spark().sql(to_sql(policy.checked, "spark", "tasks", as_of))
    return dictionaries(found.columns, found.collect())


# ------------------------------------------------------------------------------------------- ClickHouse


def clickhouse_engine(policy: Policy, tasks: Sequence[Task], as_of: date | None) -> list[dict[str, Any]]:
    """ClickHouse, in process."""
    from chdb import session

    names = names_of(policy)
    types = column_types(policy.checked, "clickhouse")
    columns = ", ".join(f'"{name}" {types[name]}' for name in names)
    rows = [dict(zip(names, row, strict=True)) for row in rows_of(policy, tasks, in_text)]
    with session.Session() as connection:  # type: ignore[no-untyped-call]
        connection.query("CREATE DATABASE IF NOT EXISTS d")
        connection.query("DROP TABLE IF EXISTS d.tasks")
        connection.query(f"CREATE TABLE d.tasks ({columns}) ENGINE = Memory")
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        connection.query(f"INSERT INTO d.tasks FORMAT JSONEachRow\n{lines}")
        sql = to_sql(policy.checked, "clickhouse", "d.tasks", as_of)
        found = [json.loads(line) for line in str(connection.query(sql, "JSONEachRow")).splitlines()]
    return [{k: _list(v) if k in LISTS else v for k, v in row.items()} for row in found]
