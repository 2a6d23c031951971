"""The DuckDB connection of one run: bounded in memory, closed to everything but the files it is handed."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from admission.diagnostics import Diagnostic, InputError

MEMORY = "512MB"  # what the engine may hold; the process comes on top
BATCH = 1_000  # rows fetched at a time
PATIENCE = 0.2  # seconds between two looks at a statement that runs
Row = tuple[Any, ...]


class Workspace:
    """A connection and a folder for what does not fit into memory; both go when it is closed, or let go."""

    def __init__(self) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="admission-"))
        except OSError as error:
            raise unwritable(Path(os.environ.get("TMPDIR", "/tmp")), error) from None  # noqa: S108 - only named
        self._opened: list[duckdb.DuckDBPyConnection] = []  # one, once it is needed: not every table needs the engine
        self._handed: dict[str, object] = {}
        self._end = weakref.finalize(self, _clear, self._opened, self.folder)
        self.watch: Callable[[float], None] = _nobody_watches

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if not self._opened:
            self._opened.append(self._open())
        return self._opened[0]

    def _open(self) -> duckdb.DuckDBPyConnection:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": str(self.folder),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            # INVARIANT: rows come out in the order in which they went in, so that a rerun gives the same bytes. A
            # join keeps the order of its left side only, so the engine may not choose to swap the two.
            "preserve_insertion_order": True,
        }
        connection = duckdb.connect(config=settings)
        connection.execute("SET GLOBAL disabled_optimizers = 'join_order,build_side_probe_side'")
        return connection

    def hand(self, name: str, table: object) -> None:
        """Let a table of the caller's be read by a name."""
        self._handed[name] = table

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same tables, so that several readers do not disturb each other."""
        cursor = self._connection().cursor()
        for name, table in self._handed.items():
            cursor.register(name, table)
        return cursor

    def rows(self, query: str) -> Iterator[Row]:
        """The rows of a query, fetched as they are asked for."""
        cursor = self.cursor()
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(BATCH):
                yield from rows
        finally:
            cursor.close()

    def one(self, query: str) -> Row | None:
        """The first row of a query."""
        return next(self.rows(query), None)

    def run(self, statement: str, then: str = "") -> int:
        """A statement for what it does; gives the number of rows that it wrote, or what is asked `then`.

        While it runs, `watch` is told now and then what share of it is done, from 0 to 1. Raises `InputError` where
        the folder has no room.
        """
        cursor = self.cursor()
        worker = _Worker(cursor, (statement, then) if then else (statement,))
        worker.start()
        try:
            while not worker.done.wait(PATIENCE):
                self.watch(max(0.0, cursor.query_progress()) / 100)
        except BaseException:
            cursor.interrupt()
            worker.done.wait()
            raise
        finally:
            cursor.close()
        try:
            return worker.outcome()
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            if str(self.folder) in str(error):
                raise unwritable(self.folder, error) from None
            raise

    def copy(self, query: str, path: Path, options: str = "FORMAT parquet", then: str = "") -> int:
        """The rows of a query as a file, in their order; gives as `run` does."""
        # INVARIANT: without PRESERVE_ORDER the engine's threads write their rows as they get to them, whatever
        # `preserve_insertion_order` says.
        return self.run(f"COPY ({query}) TO {text(str(path))} ({options}, PRESERVE_ORDER true)", then)

    def kept(self, query: str) -> str:
        """The rows of a query on disk, as a relation that is read in their order, also as a stream.

        It is the last that a workspace does: from here on it has one thread, since several hand out the parts of a
        stream as they get to them.
        """
        path = self.folder / "kept.parquet"
        self.copy(query, path)
        self.run("SET GLOBAL threads = 1")
        return f"read_parquet({literal_path(path)})"

    def columns(self, relation: str) -> dict[str, str]:
        """The columns of a relation and their types, in order."""
        return {name: kind for name, kind, *_ in self.rows(f"DESCRIBE SELECT * FROM {relation}")}

    def close(self) -> None:
        """Give everything back."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _clear(opened: list[duckdb.DuckDBPyConnection], folder: Path) -> None:
    with suppress(duckdb.Error):  # it is busy where a second Ctrl-C broke off the wait for the first
        for connection in opened:
            connection.close()
    shutil.rmtree(folder, ignore_errors=True)


def _nobody_watches(_: float) -> None:
    """What is told of progress where nobody asks."""


class _Worker(threading.Thread):
    """Runs statements, so that the main thread can show progress and be interrupted."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, statements: Iterable[str]) -> None:
        super().__init__(daemon=True)
        self._cursor = cursor
        self._statements = statements
        self._rows = 0
        # An event, since `Thread.join` that Ctrl-C breaks off takes the thread for finished (until Python 3.13).
        self.done = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            for statement in self._statements:
                found = self._cursor.execute(statement).fetchone()
                self._rows = int(found[0]) if found and isinstance(found[0], int) else 0
        except BaseException as error:  # noqa: BLE001 - raised again by `outcome`, in the thread that asked
            self._error = error
        finally:
            self.done.set()

    def outcome(self) -> int:
        """The number that the last one gave. Raises what the statement raised."""
        if self._error is not None:
            raise self._error
        return self._rows


@contextmanager
def reading(name: str) -> Iterator[None]:
    """What the engine says against reading a file, as an `InputError` that names the file."""
    try:
        yield
    except duckdb.Error as error:
        data = {"path": name or ("数据表", "the table"), "problem": said(error)}
        raise InputError([Diagnostic("A940", None, data, path=name or None)]) from None


def unwritable(path: Path, error: BaseException) -> InputError:
    """That a file or folder cannot be written, and why."""
    return InputError([Diagnostic("A944", None, {"path": path, "why": said(error)}, path=str(path))])


_MESSAGE = re.compile(r'"exception_message":\s*"((?:[^"\\]|\\.)*)"')
"""What a thread of the engine's has to say, in the JSON that it hands on."""


def said(error: BaseException) -> str:
    r"""The first line of what the engine or the system says.

    >>> said(duckdb.IOException('write failed: {"exception_type":"IO","exception_message":"no space for \\"x\\""}'))
    'no space for "x"'
    """
    if isinstance(error, OSError):
        return error.strerror or str(error)
    line = str(error).strip().splitlines()[0]
    within = _MESSAGE.search(line)
    return (json.loads(f'"{within[1]}"') if within else line)[:300]


def identifier(name: str) -> str:
    """A name, quoted.

    >>> identifier('a"b')
    '"a""b"'
    """
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def text(value: str) -> str:
    """A text constant, quoted.

    >>> print(text("it's"))
    'it''s'
    """
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def texts(values: Iterable[str]) -> str:
    """A list of text constants."""
    return f"[{', '.join(map(text, values))}]::VARCHAR[]"


def literal_path(path: Path) -> str:
    """A path as a text constant that names one file, whatever characters are in it."""
    return text(re.sub(r"([*?\[])", r"[\1]", str(path.absolute())))
