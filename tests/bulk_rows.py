"""Tasks as files and tables for the tests of decisions in bulk, and what deciding them one by one says."""

import csv
import gzip
import io
import json
import random
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import admission
from admission.cli import main
from pack_tasks import days, random_task

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


def frame(policy: admission.Policy, rows: Sequence[Row]) -> pl.DataFrame:
    """The rows as a data frame in the types that the policy asks for."""
    types: dict[str, Any] = {
        "TEXT": pl.String,
        "BOOLEAN": pl.Boolean,
        "BIGINT": pl.Int64,
        "DATE": pl.Date,
        "TEXT[]": pl.List(pl.String),
        "DECIMAL(18, 2)": pl.Decimal(18, 2),
    }
    schema = {name: types[kind] for name, kind in policy.sql_columns().items()}
    amounts = {name for name, kind in policy.sql_columns().items() if kind.startswith("DECIMAL")}
    made = [row | {name: Decimal(row[name]) for name in amounts if row.get(name) is not None} for row in rows]
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in made], schema=schema)


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
    with opened(path, "wb") as stream:
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


FILLED = """\
policy: filled
version: "1"
title: {en: Filled}
in_force: {from: 2019-01-01}
languages: [en]
parties: {issuer: {en: issuer}}
facts:
  item: {type: text, en: item, ask: {en: Which?}}
  known: {type: bool, filled_by: kept.found, en: known, ask: {en: Is it?}}
registers:
  kept:
    key: [item]
    columns: {item: text}
    partial: true
    rows:
      - {item: a}
look_ups:
  kept: {register: kept, match: {item: item}}
channels:
  here: {outcome: admit, en: here}
routes:
  to_here: {to: here, when: known, reason: {en: it is kept}, own: {en: ours}}
"""
