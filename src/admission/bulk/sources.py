"""Where tasks come from: files of every kind, and anything that hands out an Arrow stream."""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from errno import EDQUOT, EFBIG, ENOSPC
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, Protocol, TypeGuard

from admission import ir
from admission.bulk import batches
from admission.bulk.batches import Batches
from admission.bulk.database import Workspace, identifier, literal_path, reading, said, text, unwritable
from admission.datatypes import DATE, Unfit, from_document, from_python
from admission.diagnostics import Diagnostic, InputError, MissingExtraError
from admission.frontend import tasks
from admission.frontend.tasks import BOM, Record
from admission.intake import CELL, PYTHON, Door

FORMATS: Mapping[str, str] = {
    **tasks.FORMATS,
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
PLACE = "row number"
"""The column that counts the rows from 1. No fact has such a name: a name has no space in it."""
DAMAGE = "csv_damage"
NEVER = "\x01never\x01"  # a text that stands for NULL; were none given, a row with empty cells too many would pass
BLOCK = 1 << 20  # bytes read at a time
FULL = (EDQUOT, EFBIG, ENOSPC)  # what is said of a disk that takes no more
NOTHING = '"NULL"'  # the type of a column that holds nothing


class ArrowStream(Protocol):
    """The Arrow PyCapsule interface, as Polars, pandas, pyarrow and DuckDB have it."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule that holds an ArrowArrayStream."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Tasks to be decided: a relation of the engine, or records that only the task reader can read."""

    name: str
    """What messages call it; empty for a data frame."""
    door: Door
    relation: str = ""
    """What stands behind FROM, with a column `PLACE`; empty where there are only records."""
    unnumbered: str = ""
    """The same without `PLACE`, of a CSV file: to count rows takes a single thread."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The columns and their types, without `PLACE`."""
    header: tuple[str, ...] = ()
    """The names in the first line of a CSV file."""
    rows: int | None = None
    """How many there are, where that is known beforehand."""
    records: Callable[[], Iterator[Record | Diagnostic]] | None = None
    """The same tasks as the task reader reads them, where it can."""
    notes: tuple[Diagnostic, ...] = ()
    """What is to be said of it though it can be read."""
    batches: Callable[[], Batches | None] | None = None
    """The same tasks in batches of columns, where it has such."""


def kind_of(path: Path, known: Mapping[str, str] = FORMATS) -> str:
    """The kind of a file by its ending, that before `.gz` included. Raises `InputError`."""
    ending = path.with_suffix("").suffix if is_zipped(path) else path.suffix
    kind = known.get(ending.lower())
    if kind is None or (kind in ("parquet", "arrow") and is_zipped(path)):
        said_known = ", ".join(known)
        data = {"suffix": "".join(path.suffixes) or path.name, "known": said_known}
        raise InputError([Diagnostic("A941", None, data, path=str(path))])
    return kind


def is_zipped(path: Path) -> bool:
    """Whether a file's name says that it is compressed."""
    return path.suffix.lower() == ".gz"


def open_file(workspace: Workspace, path: Path, kind: str | None = None, name: str | None = None) -> Source:
    """The tasks of a file, which messages call `name`; `-` is stdin.

    Raises `InputError` where it cannot be read, and `MissingExtraError`.
    """
    known = kind or kind_of(path)
    name = name or str(path)
    path = readable_again(workspace, path)
    match known:
        case "parquet":
            return _parquet(workspace, path, name)
        case "arrow":
            return _arrow(workspace, path, name)
        case "csv":
            return _csv(path, name)
        case _:
            return _records(path, name, known)


def readable_again(workspace: Workspace, path: Path) -> Path:
    """A file as it is, and what comes out of a pipe or stdin, which flows once, kept on disk. Raises `InputError`."""
    is_stdin = str(path) == "-"
    try:
        with sys.stdin.buffer if is_stdin else path.open("rb") as stream:
            if path.is_file() and not is_stdin:
                return path
            spool = workspace.folder / f"piped{'.gz' * is_zipped(path)}"
            with spool.open("wb") as kept:
                shutil.copyfileobj(stream, kept)
            return spool
    except OSError as error:
        if error.errno in FULL:
            raise unwritable(workspace.folder, error) from None
        data = {"path": path, "why": said(error)}
        raise InputError([Diagnostic("A101", None, data, path=str(path))]) from None


def days_of(workspace: Workspace, source: Source) -> list[date]:
    """The days that the rows give, sorted; empty where they give none."""
    if source.records is not None and not source.relation:
        given = (one.values.get(ir.AS_OF) for one in source.records() if _is_mapping(one))
        days = {_day(day) for day in given}
        return sorted(day for day in days if day is not None)
    if ir.AS_OF not in source.columns:
        return []
    day = f"TRY_CAST({identifier(ir.AS_OF)} AS DATE)"
    with reading(source.name):
        rows = workspace.rows(f"SELECT DISTINCT {day} FROM {source.relation} WHERE {day} IS NOT NULL ORDER BY 1")
        return [day for (day,) in rows]


def _is_mapping(record: Record | Diagnostic) -> TypeGuard[Any]:
    return isinstance(record, Record) and isinstance(record.values, Mapping)


def _day(given: object) -> date | None:
    """A day as text or a date; None for anything else, which its row will be told."""
    try:
        found = from_python(DATE, given) if isinstance(given, date) else from_document(DATE, given)
    except Unfit:
        return None
    return found if isinstance(found, date) else None


# ------------------------------------------------------------------------------------- Parquet and Arrow


def _parquet(workspace: Workspace, path: Path, name: str) -> Source:
    columns = Columns(partial(_columns_of, workspace, path, name))
    in_batches = batches.of_parquet(path, name)
    if in_batches is None:  # the engine reads it all the same, or says what is wrong with it
        return Source(name, PYTHON, parquet(path), columns=dict(columns))
    return Source(name, PYTHON, parquet(path), columns=columns, rows=in_batches.rows, batches=lambda: in_batches)


def _columns_of(workspace: Workspace, path: Path, name: str) -> dict[str, str]:
    with reading(name):
        return workspace.columns(f"read_parquet({literal_path(path)}, hive_partitioning = false)")


class Columns(Mapping[str, str]):
    """The columns of a file and their types, asked of the engine when somebody looks."""

    def __init__(self, ask: Callable[[], dict[str, str]]) -> None:
        self._ask = ask

    @cached_property
    def _found(self) -> dict[str, str]:
        return self._ask()

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def parquet(path: Path) -> str:
    """The rows of a Parquet file, with `PLACE`."""
    read = f"read_parquet({literal_path(path)}, hive_partitioning = false, file_row_number = true)"
    return f"(SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS {identifier(PLACE)} FROM {read})"


def _arrow(workspace: Workspace, path: Path, name: str) -> Source:
    file = _ArrowFile(path, name)
    return replace(open_table(workspace, file, name), batches=lambda: batches.of_stream(file.open(), name))


class _ArrowFile:
    """An Arrow IPC file or stream, opened anew each time that it is read."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.open().close()

    def __len__(self) -> int:
        return 1  # it can be read again, which is all that is asked

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.open().__arrow_c_stream__(requested_schema)

    def open(self) -> Any:
        """A reader of its batches."""
        try:
            import pyarrow as pa
        except ImportError:
            raise MissingExtraError("pyarrow", "frames") from None
        try:
            mapped = pa.memory_map(str(self.path))
            with self.path.open("rb") as stream:
                is_file = stream.read(6) == b"ARROW1"
            if not is_file:
                return pa.ipc.open_stream(mapped)
            opened = pa.ipc.open_file(mapped)
            batches = (opened.get_batch(number) for number in range(opened.num_record_batches))
            return pa.RecordBatchReader.from_batches(opened.schema, batches)
        except (pa.ArrowException, OSError) as error:
            data = {"path": self.name, "problem": said(error)}
            raise InputError([Diagnostic("A940", None, data, path=self.name)]) from None


def open_table(workspace: Workspace, data: ArrowStream, name: str = "") -> Source:
    """The tasks of a data frame, read as often as needed; a stream that flows once is kept on disk.

    Raises `TypeError` where it is no such thing, and `InputError` where it cannot be read.
    """
    if not hasattr(data, "__arrow_c_stream__"):
        raise TypeError(f"expected a table with the Arrow PyCapsule interface, not {type(data).__name__}")
    with reading(name):
        workspace.hand("handed", _Handed(data))
        columns = workspace.columns("handed")
        # The engine cannot read every library's column of nothing; that it holds nothing is known without reading it.
        read = ", ".join("NULL AS " * (kind == NOTHING) + identifier(column) for column, kind in columns.items())
        if hasattr(data, "__len__"):
            numbered = f"(SELECT {read}, row_number() OVER () AS {identifier(PLACE)} FROM handed)"
            return Source(name, PYTHON, numbered, columns=columns)
        spool = workspace.folder / "handed.parquet"
        workspace.copy(f"SELECT {read} FROM handed", spool)
    return replace(_parquet(workspace, spool, name), batches=None)


class _Handed:
    """Hides what else a table can do, so that the engine reads it by the one interface that all have."""

    def __init__(self, data: ArrowStream) -> None:
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)


# ------------------------------------------------------------------------------------------ text files


@contextmanager
def _opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """A text file, unpacked where it is compressed. Raises `InputError`, also where it breaks off."""
    try:
        with gzip.open(path, "rb") if is_zipped(path) else path.open("rb") as stream:
            yield stream  # type: ignore[misc] # the two read alike
    except (OSError, EOFError, zlib.error) as error:
        data = {"path": name, "problem": said(error)}
        raise InputError([Diagnostic("A940", None, data, path=name)]) from None


def _records(path: Path, name: str, kind: str) -> Source:
    def read() -> Iterator[Record | Diagnostic]:
        with _opened(path, name) as stream:
            yield from tasks.read_stream(stream, name, kind)

    return Source(name, CELL, records=read)


def _csv(path: Path, name: str) -> Source:
    """A CSV file for the engine where its header is plain; whatever else it is, the task reader says."""
    with _opened(path, name) as stream:
        first, second = (stream.readline(tasks.LONGEST_LINE) for _ in range(2))
    header = _header(first.removeprefix(BOM))
    careful = replace(_records(path, name, "csv"), header=tuple(header))
    if not second or not _is_plain(first, header) or _is_read_otherwise(path, name):
        return careful
    struct = ", ".join(f"{text(name)}: 'VARCHAR'" for name in header)
    # INVARIANT: the dialect is that of the task reader; a line that is not of it is no row but damage, and then the
    # task reader reads the whole file.
    options = (
        f"columns = {{{struct}}}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
        f"strict_mode = true, nullstr = '{NEVER}', max_line_size = {tasks.LONGEST_LINE}, "
        "store_rejects = true, rejects_limit = 1, "
        f"rejects_table = '{DAMAGE}', rejects_scan = '{DAMAGE}_scan'"
    )
    compressed = ", compression = 'gzip'" if is_zipped(path) else ""
    read = f"read_csv({literal_path(path)}, {options}{compressed})"
    relation = f"(SELECT *, row_number() OVER () AS {identifier(PLACE)} FROM {read})"
    notes = (Diagnostic("A905", None, {}, path=name),) if first.startswith(BOM) else ()
    columns = dict.fromkeys(header, "VARCHAR")
    return replace(careful, relation=relation, unnumbered=read, columns=columns, notes=notes)


_ALONE = re.compile(rb"\r[^\n]")
_PADDED = re.compile(rb'(?:^|[,\r\n])[ \t]+"|"[ \t]+(?:[,\r\n]|$)')


def _is_read_otherwise(path: Path, name: str) -> bool:
    """Whether the engine may read a file otherwise than the task reader.

    The engine drops a space around a quote, which the task reader does not, and ends a line at a carriage return that
    stands alone, at which the task reader stops.
    """
    end = b""
    with _opened(path, name) as stream:
        while block := stream.read(BLOCK):
            joined = end + block
            is_likely = any(pair in joined for pair in (b' "', b'" ', b'\t"', b'"\t'))
            if (is_likely and _PADDED.search(joined)) or (b"\r" in joined and _ALONE.search(joined)):
                return True
            end = joined[-1:]
    return False


def _header(first: bytes) -> list[str]:
    """The names in a first line; none where it cannot be read."""
    try:
        return next(csv.reader(io.StringIO(first.decode("utf-8"), newline=""), strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _is_plain(first: bytes, names: list[str]) -> bool:
    """Whether a first line is nothing but two or more different names, unquoted."""
    differ = len({name.casefold() for name in names}) == len(names) > 1
    named = all(name and name == name.strip() for name in names)
    return differ and named and b'"' not in first and b"\r" not in first.removesuffix(b"\r\n")
