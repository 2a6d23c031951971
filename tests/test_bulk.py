"""Decisions in bulk: every row of every kind of file and table equals `policy.decide`, in its order."""

import csv
import gzip
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from pyarrow import feather

import admission
from bulk_rows import (
    BEIJING,
    DAY,
    PACKS,
    Row,
    batch,
    decided,
    frame,
    random_rows,
    rejects_of,
    without_open,
    write_csv,
    write_json_lines,
)
from small import SMALL


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


def test_decisions_are_written_in_every_kind_of_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Parquet, JSON Lines, CSV and Arrow files hold the same decisions; in CSV a list is separated by `;`."""
    rows = random_rows("beijing", 300)
    source = write_json_lines(tmp_path / "in.jsonl", rows)
    found = {}
    for kind in ("parquet", "jsonl", "jsonl.gz", "csv", "csv.gz", "arrow"):
        out = tmp_path / f"out.{kind}"
        assert batch(capsys, PACKS / "beijing", source, out)[0] == 0
        found[kind] = out
    expected = pl.read_parquet(found["parquet"]).to_dicts()
    assert without_open(expected) == decided(BEIJING, rows)
    assert feather.read_table(found["arrow"]).to_pylist() == expected
    assert [json.loads(line) for line in found["jsonl"].read_text("utf-8").splitlines()] == expected
    with gzip.open(found["jsonl.gz"], "rt", encoding="utf-8") as stream:
        assert [json.loads(line) for line in stream] == expected
    flat = [
        {name: ";".join(value) if isinstance(value, list) else value or "" for name, value in row.items()}
        for row in expected
    ]
    with found["csv"].open(encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == flat
    with gzip.open(found["csv.gz"], "rt", encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == flat


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "arrow"])
def test_a_rerun_writes_the_same_bytes(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Deciding a file twice gives twice the same file, rejects included."""
    rows = random_rows("xicheng", 20_000)
    rows[777]["nature"] = "nothing"
    source = tmp_path / "in.parquet"
    frame(admission.load(PACKS / "xicheng"), rows).write_parquet(source, row_group_size=3000)
    runs = []
    for _ in range(2):
        assert batch(capsys, PACKS / "xicheng", source, tmp_path / f"out.{kind}")[0] == 2
        runs.append([(tmp_path / f"out.{kind}{end}").read_bytes() for end in ("", ".rejects.jsonl")])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    "made",
    [
        lambda table: table,
        lambda table: table.to_arrow(),
        lambda table: table.to_arrow().to_reader(),
        lambda table: table.to_pandas(use_pyarrow_extension_array=True),
        lambda table: table.to_pandas(use_pyarrow_extension_array=True).set_index(pd.Index([*range(7, 507)])),
        lambda table: table.to_pandas(use_pyarrow_extension_array=True).set_index(pd.Index(["x"] * 500, name="odd")),
        lambda table: duckdb.connect().from_arrow(table.to_arrow()),
    ],
    ids=["polars", "pyarrow", "pyarrow reader", "pandas", "pandas, other rows", "pandas, named rows", "duckdb"],
)
def test_every_kind_of_table_is_decided_as_task_by_task(made: Any) -> None:
    """`decide_table` takes anything with the Arrow PyCapsule interface, and what it gives has that interface too."""
    rows = random_rows("beijing", 500)
    table = BEIJING.decide_table(made(frame(BEIJING, rows)))
    expected = decided(BEIJING, rows)
    assert without_open(table.to_polars().to_dicts()) == expected
    assert without_open(table.to_arrow().to_pylist()) == expected
    assert without_open(table.to_dicts()) == expected
    assert pd.DataFrame.from_arrow(table)["verdict"].tolist() == [row["verdict"] for row in expected]
    assert table.columns == tuple(table.to_arrow().column_names)
    assert table.rejects == ()


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "arrow", "table"])
@pytest.mark.parametrize("given", ["parquet", "csv"])
def test_many_rows_keep_their_order(given: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However many threads decide them, rows come out as they went in: enough of them for several row groups."""
    count = 400_000
    source, out = tmp_path / f"in.{given}", tmp_path / f"out.{kind}"
    query = f"SELECT i AS forms, ['assistance', 'market_service'][1 + i % 2] AS nature FROM range({count}) r(i)"  # noqa: S608
    duckdb.execute(f"COPY ({query}) TO '{source}'")
    ids = [str(place) for place in range(1, count + 1)]
    if kind == "table":
        table = pl.read_csv(source) if given == "csv" else pl.read_parquet(source)
        for tasks in (table, table.to_arrow().to_reader()):
            assert BEIJING.decide_table(tasks, as_of=DAY).to_polars()["id"].to_list() == ids
        return
    assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")[0] == 0
    read: Mapping[str, Any] = {
        "parquet": pl.read_parquet,
        "csv": lambda path: pl.read_csv(path, schema_overrides={"id": pl.String}),
        "jsonl": pl.read_ndjson,
        "arrow": pl.read_ipc,
    }
    found = read[kind](out)
    assert found["id"].to_list() == ids
    assert found["verdict"].to_list() == ["undetermined", "redirect"] * (count // 2)


def test_a_day_for_all_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--as-of` is the day of every row that gives none; a row that gives another one is refused, as always."""
    rows: list[Row] = [{"nature": "market_service"}, {"nature": "market_service", "as_of": DAY}]
    rows.append({"nature": "market_service", "as_of": date(2020, 1, 1)})
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame(BEIJING, rows).write_parquet(source)
    assert batch(capsys, PACKS / "beijing", source, out, "--as-of", DAY.isoformat())[0] == 2
    assert pl.read_parquet(out)["id"].to_list() == ["1", "2"]
    (reject,) = rejects_of(tmp_path / "out.parquet.rejects.jsonl")
    assert (reject["row"], reject["id"], reject["faults"][0]["code"]) == (3, None, "A921")


def test_today_is_taken_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where neither row nor call gives a day, today is taken, and stderr says so."""
    note = f"note: tasks that give no as_of were decided as of today, {date.today()}\n"  # noqa: DTZ011 - as the command
    cases: list[list[Row]] = [[{"nature": "market_service"}], [{"nature": "market_service"}, {"as_of": DAY}]]
    for rows in cases:
        for source in (
            write_csv(tmp_path / "in.csv", rows, sorted({name for row in rows for name in row} | {"id"})),
            write_json_lines(tmp_path / "in.jsonl", rows),
        ):
            code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv")
            assert code == 0
            assert note in err


def test_summary_counts_by_verdict_channel_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--summary` counts the decisions; with `--format json` one object holds the counts."""
    rows: list[Row] = [{"nature": "market_service"}] * 3 + [{"nature": "self_governance", "certificate": "other"}]
    source = write_csv(tmp_path / "in.csv", rows, ["nature", "certificate"])
    options = ["--as-of", "2019-08-03", "--summary", "--format", "json"]
    _, out, _ = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv", *options)
    done = json.loads(out)
    assert done["verdicts"] == {"redirect": 3, "refuse": 1}
    assert done["channels"] == {"purchase": 3, "community": 1}
    assert done["rules"] == {"certificate_list": 1}
    assert (done["decided"], done["rejected"], done["rejects"], done["digest"]) == (4, 0, None, BEIJING.digest)
    _, out, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.parquet", *options[:3])
    assert [line.split() for line in out.splitlines() if line[:1].isdigit()] == [
        ["3", "75.0", "belongs", "elsewhere"],
        ["1", "25.0", "not", "admitted"],
        ["3", "75.0", "government", "purchase", "of", "services"],
        ["1", "25.0", "the", "community"],
        ["1", "25.0", "certificate_list"],
        ["4", "task(s)", "decided:", str(tmp_path / "out.parquet")],
    ]
    absent = "actions, conditions_provided, cost, issuer_level, plan_status"
    assert err == f"note: no column for {absent}: unknown in every row\n"


def test_a_book_gives_the_policy_of_the_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--place` takes the one policy that a book has for the rows' days, and says so where there are several."""
    rows: list[Row] = [{"as_of": "2019-08-03", "nature": "market_service"}, {"as_of": "2020-08-03", "nature": ""}]
    source, out = write_csv(tmp_path / "in.csv", rows, ["as_of", "nature"]), tmp_path / "out.csv"
    code, said, _ = batch(capsys, PACKS, source, out, "--place", "beijing", "--format", "json")
    assert (code, json.loads(said)["policy"]) == (0, "beijing")
    later = SMALL.replace("from: 2019-01-01, until: 2025-12-31", "from: 2020-01-01").replace('"1"', '"2"')
    earlier = SMALL.replace("until: 2025-12-31", "until: 2019-12-31")
    book = tmp_path / "book"
    for name, text in (("a", earlier), ("b", later)):
        (book / name).mkdir(parents=True)
        (book / name / "policy.yaml").write_text(text.replace("policy: small", f"policy: {name}\nplace: 某市"), "utf-8")
    tasks = [{"as_of": row["as_of"], "kind": "sale"} for row in rows]
    one = write_json_lines(tmp_path / "one.jsonl", tasks[1:])
    code, said, _ = batch(capsys, book, one, out, "--place", "某市", "--format", "json")
    assert (code, json.loads(said)["policy"]) == (0, "b")
    assert batch(capsys, book, write_json_lines(tmp_path / "two.jsonl", tasks), out, "--place", "某市")[0] == 2
    source = write_csv(tmp_path / "in.csv", tasks, ["as_of", "kind"])
    code, _, err = batch(capsys, book, source, out, "--place", "某市")
    names = "a 1 (2019-08-03), b 2 (2020-08-03)"
    assert (code, err.splitlines()) == (
        2,
        [
            f"{source}:1:1: error[A946]: the rows' days call for more than one policy: {names}",
            "  = help: say the day with --as-of, or split the file by policy",
        ],
    )
