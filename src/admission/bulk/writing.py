"""Files of decisions, whole or not at all: written beside their place, brought to disk, then put into place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from admission.bulk.database import Workspace, identifier, literal_path, unwritable
from admission.bulk.decisions import CODED_SCHEMA, COLUMNS, LISTS, SCHEMA
from admission.bulk.sources import is_zipped, kind_of

FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
ROWS_OF_A_BATCH = 65_536


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A new file in the folder of the target, for `settle`; gone at the end of the block where it was not settled.

    Raises `InputError` where it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".part", dir=target.resolve().parent)
    except OSError as error:
        raise unwritable(target, error) from None
    os.close(handle)
    part = Path(name)
    try:
        yield part
    except OSError as error:
        raise unwritable(target, error) from None
    finally:
        part.unlink(missing_ok=True)


def settle(part: Path, target: Path) -> None:
    """Bring a file to disk and into its place, with the permissions that a new file has."""
    mask = os.umask(0)
    os.umask(mask)
    part.chmod(0o666 & ~mask)
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    part.replace(target.resolve())  # a link stays one


def write(workspace: Workspace, decisions: Iterable[pa.RecordBatch], target: Path, part: Path) -> int:
    """Decisions as a file of the kind that the target's ending says; gives how many there are. Raises `InputError`."""
    kind = kind_of(target, FORMATS)
    if kind == "parquet":
        return write_parquet(decisions, part)
    spool = workspace.folder / "decided.parquet"
    try:
        count = write_parquet(decisions, spool)
    except OSError as error:
        raise unwritable(workspace.folder, error) from None
    try:
        if kind == "arrow":
            _write_arrow(spool, part)
        else:
            query = f"SELECT * FROM read_parquet({literal_path(spool)})"
            workspace.copy(_shaped(workspace, query, kind), part, _options(kind, target))
    except duckdb.Error as error:
        if part.name in str(error):
            raise unwritable(target, error) from None
        raise
    return count


def write_parquet(decisions: Iterable[pa.RecordBatch], path: Path) -> int:
    """Decisions as a Parquet file, a row group for each batch; gives how many there are."""
    count = 0
    dictionaries = [name for name in COLUMNS if name != "id" and name not in LISTS]
    dictionaries += [f"{name}.list.element" for name in LISTS]
    # The schema of Arrow is left out: a reader is to find texts, not our dictionaries. The least and the greatest id of
    # a row group would take a tenth of the time, and no other column has an order.
    with pq.ParquetWriter(
        path,
        CODED_SCHEMA,
        store_schema=False,
        use_dictionary=dictionaries,
        write_statistics=False,
        write_batch_size=ROWS_OF_A_BATCH,
    ) as writer:
        for batch in decisions:
            writer.write_batch(batch, row_group_size=max(1, batch.num_rows))
            count += batch.num_rows
    return count


def _options(kind: str, target: Path) -> str:
    compressed = ", COMPRESSION gzip" if is_zipped(target) else ""
    return {
        "parquet": "FORMAT parquet",
        "csv": f"FORMAT csv, HEADER{compressed}",
        "json": f"FORMAT json{compressed}",
    }[kind]


def _shaped(workspace: Workspace, query: str, kind: str) -> str:
    """The query, its lists as text where the file has none."""
    if kind != "csv":
        return query
    columns = workspace.columns(f"({query})").items()
    listed = (
        f"array_to_string({identifier(name)}, ';') AS {identifier(name)}" if found.endswith("[]") else identifier(name)
        for name, found in columns
    )
    return f"SELECT {', '.join(listed)} FROM ({query})"


def _write_arrow(spool: Path, part: Path) -> None:
    with pq.ParquetFile(spool) as file, pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as writer:
        for batch in file.iter_batches(ROWS_OF_A_BATCH):
            writer.write_batch(batch.cast(SCHEMA))
