"""Decisions in bulk: every row of every kind of file equals `policy.decide`, and what is no task is never lost."""

import csv
import gzip
import io
import json
import random
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import feather

import admission
from admission.bulk import Workspace, database, sources
from admission.cli import main
from admission.diagnostics import InputError
from admission.frontend.tasks import Record, read_stream
from pack_tasks import days, random_task
from small import SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
DAY = date(2019, 8, 3)
BEIJING = admission.load(PACKS / "beijing")
Row = dict[str, Any]


def random_rows(pack: str, count: int, seed: int = 1) -> list[Row]:
    """Tasks as the pack's tests draw them, complete and partial, each with its day; some without an id."""
    rng = random.Random(seed)  # noqa: S311 - tasks, not secrets
    rows = []
    for number in range(count):
        named = {"id": f"t{number}"} if rng.random() < 0.9 else {}
        rows.append(named | {"as_of": rng.choice(days(pack))} | random_task(rng, pack))
    return rows


def frame(policy: admission.Policy, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The rows as a data frame in the types that the policy asks for."""
    types = {
        "TEXT": pl.String,
        "BOOLEAN": pl.Boolean,
        "BIGINT": pl.Int64,
        "DATE": pl.Date,
        "TEXT[]": pl.List(pl.String),
        "DECIMAL(18, 2)": pl.Decimal(18, 2),
    }
    schema = {name: types[kind] for name, kind in policy.sql_columns().items()}
    amounts = {name for name, kind in policy.sql_columns().items() if kind.startswith("DECIMAL")}
    made = [
        {name: Decimal(row[name]) if name in amounts and row.get(name) is not None else row.get(name) for name in schema}
        for row in rows
    ]
    return pl.DataFrame(made, schema=schema)


def decided(policy: admission.Policy, rows: Sequence[Mapping[str, Any]], as_of: date | None = None) -> list[Row]:
    """What `policy.decide` says of each row, in the columns of a table of decisions."""
    return [
        {
            "id": decision.id,
            "verdict": str(decision.verdict),
            "channel": decision.channel,
            "violations": [violation.rule for violation in decision.violations],
            "missing": list(decision.missing),
            "notes": [note.rule for note in decision.notes],
            "conflict": list(decision.conflict),
            "policy": policy.digest,
        }
        for decision in policy.decide_many(rows, as_of=as_of)
    ]


def without_open(rows: Sequence[Row]) -> list[Row]:
    """The rows without the one column that a decision has no attribute for."""
    return [{name: value for name, value in row.items() if name != "open"} for row in rows]


def cell(value: object) -> str:
    """A value as a cell of CSV."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple() | set() | frozenset():
            return ";".join(map(str, value)) or ";"
        case _:
            return str(value)


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Path:
    """Tasks as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([cell(row.get(name)) for name in columns] for row in rows)
    opened = gzip.open if path.suffix == ".gz" else Path.open
    with opened(path, "wb") as stream:  # type: ignore[operator] # the two open alike
        stream.write(text.getvalue().encode())
    return path


def write_json_lines(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Tasks as JSON Lines."""

    def plain(value: object) -> object:
        return sorted(value) if isinstance(value, (set, frozenset)) else str(value)

    path.write_text("".join(json.dumps(row, default=plain, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def batch(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `admission batch`."""
    code = main(["batch", *map(str, arguments), "--lang", "en"])
    out, err = capsys.readouterr()
    return code, out, err


def rejects_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a side file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# ------------------------------------------------------------------------------- every row is decided


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "jsonl", "feather"])
def test_every_kind_of_file_is_decided_as_task_by_task(
    pack: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever file the tasks come in, complete or partial, each row of OUT is what `policy.decide` says of it."""
    policy = admission.load(PACKS / pack)
    rows = [row | {"id": row.get("id") or None} for row in random_rows(pack, 1500)]
    source, out = tmp_path / f"in.{kind}", tmp_path / "out.parquet"
    match kind:
        case "parquet":
            frame(policy, rows).write_parquet(source)
        case "feather":
            feather.write_feather(frame(policy, rows).to_arrow(), source)
        case "jsonl":
            write_json_lines(source, rows)
        case _:
            write_csv(source, rows, list(policy.sql_columns()))
            # An empty cell is an unknown one, so no cell holds the empty text.
            rows = [{name: value for name, value in row.items() if value != ""} for row in rows]
    code, said, err = batch(capsys, PACKS / pack, source, out)
    assert (code, err) == (0, "")
    assert said == f"1,500 task(s) decided: {out}\n"
    assert without_open(pl.read_parquet(out).to_dicts()) == decided(policy, rows)
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name, out.name]
