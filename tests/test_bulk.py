"""Decisions in bulk: every row of every kind of file equals `policy.decide`, and what is no task is never lost."""

import csv
import gzip
import io
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import feather

import admission
from admission.bulk import Reject, Workspace, database, sources
from admission.bulk.examination import Examination
from admission.cli import main
from admission.cli.terminal import Gauge
from admission.datatypes import from_python, to_text
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
        lambda table: duckdb.connect().from_arrow(table.to_arrow()),
    ],
    ids=["polars", "pyarrow", "pyarrow reader", "pandas", "duckdb"],
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


# ---------------------------------------------------------------------------- what is no task is refused

WRONG: list[tuple[str, str, str]] = [
    ("conditions_provided", "True", "A911"),
    ("conditions_provided", "1", "A911"),
    ("forms", "1.0", "A911"),
    ("forms", " 1", "A911"),
    ("forms", "-1", "A912"),
    ("forms", "99999999999999999999", "A912"),
    ("forms", "1e3", "A911"),
    ("cost", "0.001", "A918"),
    ("cost", "-0.01", "A912"),
    ("cost", "1,000", "A911"),
    ("cost", "NaN", "A917"),
    ("cost", "1_000", "A911"),
    ("cost", "90071992547409.93", "A912"),
    ("as_of", "2019-02-30", "A916"),
    ("as_of", "2019-8-3", "A911"),
    ("as_of", "2018-12-31", "A922"),
    ("as_of", "infinity", "A911"),
    ("nature", "assistence", "A913"),
    ("nature", "Assistance", "A913"),
    ("actions", "publicise;publicise", "A914"),
    ("actions", "publicise;", "A913"),
    ("title", "长" * 10_001, "A915"),
]


@pytest.mark.parametrize(("fact", "text", "code"), WRONG, ids=[f"{fact}={text[:20]}" for fact, text, _ in WRONG])
def test_a_wrong_cell_is_refused_in_the_words_of_the_task_reader(
    fact: str, text: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that is no value of its fact puts its row into the side file, with its place, id and every reason."""
    good: Row = {"id": "good", "as_of": "2019-08-03", "nature": "market_service"}
    rows = [good, good | {"id": "bad", fact: text}, good | {"id": "last"}]
    source, out = (
        write_csv(tmp_path / "in.csv", rows, list(dict.fromkeys(["id", "as_of", "nature", fact]))),
        tmp_path / "out.parquet",
    )
    assert batch(capsys, PACKS / "beijing", source, out)[0] == 2
    assert pl.read_parquet(out)["id"].to_list() == ["good", "last"]
    (reject,) = rejects_of(tmp_path / "out.parquet.rejects.jsonl")
    assert (reject["row"], reject["id"], [fault["code"] for fault in reject["faults"]]) == (2, "bad", [code])
    (told,) = [record.diagnostics for record in admission.engine.read_tasks(source, BEIJING) if record.diagnostics]
    assert [fault["message_zh"] for fault in reject["faults"]] == [one.text("zh") for one in told]


ODD = [
    ("cost", "5."),
    ("cost", "+5"),
    ("cost", "1e3"),
    ("cost", "1.500"),
    ("cost", "007.5"),
    ("forms", "+7"),
    ("forms", "007"),
]


@pytest.mark.parametrize(("fact", "text"), ODD)
def test_an_odd_spelling_that_the_task_reader_takes_is_decided(
    fact: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the engine cannot read and the task reader can is decided in its place."""
    sound = {"nature": "assistance", "issuer_level": "city", "forms": "8", "cost": "1000"}
    rows = [{"id": str(n), **sound, **({fact: text} if n == 2 else {})} for n in (1, 2, 3)]
    source, out = write_csv(tmp_path / "in.csv", rows, ["id", *sound]), tmp_path / "out.parquet"
    assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")[0] == 0
    tasks = [row | {"forms": int(row["forms"]), "cost": Decimal(row["cost"])} for row in rows]
    assert without_open(pl.read_parquet(out).to_dicts()) == decided(BEIJING, tasks, DAY)


def test_wrong_values_of_a_table_raise_all_at_once() -> None:
    """`decide_table` raises `TaskError` with the faults of all rows, `line` being the row; or keeps them aside."""
    rows: list[Row] = [
        {"nature": "market_service"},
        {"id": "x", "nature": "service", "forms": -1},
        {"cost": Decimal(-1), "actions": ["publicise", "publicise"]},
        {"actions": ["publicise", None]},
        {"nature": "department_duty"},
    ]
    table = frame(BEIJING, rows)
    with pytest.raises(admission.TaskError) as raised:
        BEIJING.decide_table(table, as_of=DAY)
    found = [(fault.line, fault.fact, fault.code) for fault in raised.value.faults]
    assert sorted(found) == [
        (2, "forms", "A912"),
        (2, "nature", "A913"),
        (3, "actions", "A914"),
        (3, "cost", "A912"),
        (4, "actions", "A911"),
    ]
    kept = BEIJING.decide_table(table, as_of=DAY, rejects="keep")
    assert [row["id"] for row in kept.to_dicts()] == ["1", "5"]
    assert [(reject.row, reject.id) for reject in kept.rejects] == [(2, "x"), (3, None), (4, None)]


def test_types_that_cannot_hold_a_fact_are_refused_as_columns() -> None:
    """A column of a wrong type, or of no fact, is one fault, not one a row; an empty one is as good as none."""
    wrong = pl.DataFrame({"cost": [1.0], "forms": ["1"], "start": [1], "nature": ["assistance"], "id": [7]})
    with pytest.raises(InputError) as raised:
        BEIJING.decide_table(wrong, as_of=DAY)
    assert [(one.code, one.data["fact"]) for one in raised.value.diagnostics] == [
        ("A942", "cost"),
        ("A942", "forms"),
        ("A910", "start"),
        ("A942", "id"),
    ]
    assert raised.value.diagnostics[0].text("en") == (
        "column `cost` is of type DOUBLE, which holds no value of it: "
        "expected an amount in yuan with at most two decimals, 0.00 or more"
    )
    nothing = pl.DataFrame(
        {"cost": [None], "forms": pl.Series([None], dtype=pl.Float64), "nature": ["department_duty"]}
    )
    assert BEIJING.decide_table(nothing, as_of=DAY).to_dicts()[0]["verdict"] == "redirect"
    undated = nothing.with_columns(as_of=pl.Series([None], dtype=pl.Int64))
    assert BEIJING.decide_table(undated, as_of=DAY).to_dicts()[0]["verdict"] == "redirect"
    with pytest.raises(InputError, match="A920"):
        BEIJING.decide_table(undated)


DUCKDB_TYPES = [
    ("forms", "UTINYINT", "7", "7", None),
    ("forms", "BIGINT", "9007199254740992", "9007199254740992", None),
    ("forms", "UBIGINT", "9007199254740993", None, "A912"),
    ("cost", "INTEGER", "8000", "8000.00", None),
    ("cost", "DECIMAL(4, 1)", "0.5", "0.50", None),
    ("cost", "DECIMAL(38, 10)", "1.23", "1.23", None),
    ("cost", "DECIMAL(38, 10)", "1.2300000001", None, "A918"),
    ("cost", "DECIMAL(38, 38)", "0.25", "0.25", None),
    ("cost", "DECIMAL(38, 0)", "9" * 38, None, "A912"),
    ("start_on", "DATE", "infinity", None, "A912"),
    ("start_on", "DATE", "290000-01-01", None, "A911"),
    ("start_on", "DATE", "2200-01-01", None, "A912"),
    ("actions", "VARCHAR[2]", "[publicise, mobilise]", "{mobilise, publicise}", None),
    ("actions", "ENUM('publicise', 'x')[]", "[publicise]", "{publicise}", None),
    ("actions", "VARCHAR[]", "[publicise, NULL]", None, "A911"),
    ("actions", "VARCHAR[]", "[publicise, mobilise, publicise]", None, "A914"),
    ("nature", "ENUM('market_service')", "market_service", "market_service", None),
    ("title", "ENUM('a')", "a", "a", None),
]


@pytest.mark.parametrize(("fact", "kind", "value", "held", "code"), DUCKDB_TYPES)
def test_types_of_columns(fact: str, kind: str, value: str, held: str | None, code: str | None) -> None:
    """A value is taken from any type that holds it exactly, and refused where it is none of its fact."""
    policy = admission.load(PACKS / "xicheng")
    table = duckdb.sql(f"SELECT CAST('{value}' AS {kind}) AS \"{fact}\"")
    with Workspace() as workspace:
        rejects: list[Reject] = []
        assert table is not None
        source = sources.open_table(workspace, table)
        Examination(workspace, policy.checked, source, rejects.append, DAY).run()
        read = workspace.one(f'SELECT "{fact}" FROM sound')  # noqa: S608 - the same
    declared = policy.checked.facts[fact].type
    assert [fault.code for reject in rejects for fault in reject.faults] == ([code] if code else [])
    assert (to_text(declared, from_python(declared, read[0])) if read else None) == held


def test_a_policy_that_the_engine_cannot_tell_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Facts whose names differ in case alone cannot be columns, and that is said without a traceback."""
    text = FILLED.replace("  known: {", "  ITEM: {type: text, en: other item, ask: {en: Which?}}\n  known: {")
    text = text.replace("when: known", 'when: known and ITEM == "a"')
    policy = write(tmp_path / "policy", text)
    source = write_csv(tmp_path / "in.csv", [{"item": "a", "known": "true"}], ["item", "known"])
    code, out, err = batch(capsys, policy, source, tmp_path / "out.csv", "--as-of", "2019-08-03")
    assert (code, out, err[:14]) == (2, "", "error: duckdb:")


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """A run that is interrupted leaves the old file, and no other."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    duckdb.execute(f"COPY (SELECT 'assistance' AS nature, i AS cost FROM range(20000000) r(i)) TO '{source}'")  # noqa: S608
    spool = tmp_path / "spool"
    spool.mkdir()
    command = [sys.executable, "-m", "admission", "batch", PACKS / "beijing", source, out, "--as-of", "2019-08-03"]
    running = subprocess.Popen(
        list(map(str, command)), env={**os.environ, "TMPDIR": str(spool)}, stderr=subprocess.PIPE
    )
    while not any(path.name.startswith(".out") for path in tmp_path.iterdir()):
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, b"Traceback" in err) == (130, False)
    assert unchanged(out)
    assert list(spool.iterdir()) == []


def test_calls_that_make_no_sense() -> None:
    """No day, a day on which the policy is not in force, or no table at all, are said at once."""
    table = pl.DataFrame({"nature": ["assistance"]})
    with pytest.raises(InputError, match="A920"):
        BEIJING.decide_table(table)
    with pytest.raises(InputError, match="A922"):
        BEIJING.decide_table(table, as_of=date(2018, 12, 31))
    with pytest.raises(TypeError, match="expected a table with the Arrow PyCapsule interface, not list"):
        BEIJING.decide_table([{"nature": "assistance"}])  # type: ignore[arg-type] # the wrong thing, on purpose
    with pytest.raises(ValueError, match="rejects takes 'raise' or 'keep', not 'drop'"):
        BEIJING.decide_table(table, as_of=DAY, rejects="drop")  # type: ignore[arg-type] # the same


def test_a_given_value_that_contradicts_its_register_is_refused(tmp_path: Path) -> None:
    """A fact that a look-up can fill is compared with it, and one that agrees is decided."""
    policy = admission.load(write(tmp_path, FILLED))
    rows = pl.DataFrame({"item": ["a", "a", "b", "b", None], "known": [True, False, False, None, True]})
    kept = policy.decide_table(rows, as_of=DAY, rejects="keep")
    assert [(reject.row, reject.faults[0].code) for reject in kept.rejects] == [(2, "A923")]
    sound = [row for number, row in enumerate(rows.to_dicts()) if number != 1]
    expected = decided(policy, [row | {"id": str(n)} for row, n in zip(sound, (1, 3, 4, 5), strict=True)], DAY)
    assert without_open(kept.to_dicts()) == expected


# -------------------------------------------------------------------------- CSV as the task reader reads it

PIECES = st.sampled_from(
    ['"', '""', ",", ",", "\n", "\n", "\r\n", "\r", " ", "a", "b1", "长", "\t", "\x00", "\ufeff", "\\", "'", ";", "#"]
)


def rows_of_the_engine(path: Path) -> list[dict[str, str]] | None:
    """The rows of a CSV file as the engine reads them; None where it leaves the file to the task reader."""
    with Workspace() as workspace:
        source = sources.open_file(workspace, path)
        if not source.relation:
            return None
        cursor = workspace.cursor()
        try:
            names = list(source.columns)
            listed = ", ".join(map(database.identifier, names))
            place = database.identifier(sources.PLACE)
            rows = cursor.execute(f"SELECT {listed} FROM {source.relation} ORDER BY {place}").fetchall()  # noqa: S608
            if cursor.execute(f"SELECT count(*) FROM {sources.DAMAGE}").fetchone() != (0,):  # noqa: S608
                return None
        except duckdb.Error:
            return None
        return [{name: value for name, value in zip(names, row, strict=True) if value} for row in rows]


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
@example('x,y\n"a" ,b\n')
@example('x,y\n "a",b\n')
@example("x,y\n\n1,2\n")
@example("x,y\r1,2\r")
@example('x,y\n1,"2\n')
@example('x,y\n1,"2"')
@example("x,y\n1\n1,2,3\n")
@example('x,y\n1,a"b"c\n')
@example('x,y\n1,"a""b"\n')
@example("x,y\n1,2\r\n3,4\n")
@example("x,y\n,\n")
@example("x,y\n\x00,\n")
@example("x,y\n \n")
@example("x,y\n#,1\n")
def test_a_csv_file_is_read_as_the_task_reader_reads_it(text: str) -> None:
    """Whatever text a CSV file holds, the engine reads the rows that the task reader reads, or leaves it to it."""
    content = ("" if text.startswith("x,y") else "x,y\n") + text
    with Workspace() as workspace:
        path = workspace.folder / "in.csv"
        path.write_bytes(content.encode())
        found = rows_of_the_engine(path)
        if found is None:
            return
        records = list(read_stream(io.BytesIO(content.encode()), "in.csv", "csv"))
    faults = [one for one in records if not isinstance(one, Record) or one.diagnostics]
    assert [one for one in faults if isinstance(one, Record) or one.code not in ("A905", "A927")] == []
    assert found == [record.values for record in records if isinstance(record, Record)]


# ------------------------------------------------------------------- bad files, and nothing half-written


def unchanged(out: Path) -> bool:
    """Whether the old decisions are still there, and nothing lies beside them."""
    beside = [path for path in out.parent.iterdir() if path.name.startswith((".", "out."))]
    return out.read_bytes() == b"old" and beside == [out]


def kept(tmp_path: Path, name: str = "out.parquet") -> Path:
    """A file of decisions of an earlier run."""
    out = tmp_path / name
    out.write_bytes(b"old")
    return out


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_truncated_parquet_file(share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Parquet file that lacks its end is said to be damaged, and nothing is written."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 2000)).write_parquet(source)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * share)])
    code, _, err = batch(capsys, PACKS / "beijing", source, out)
    assert code == 2
    assert err.startswith(f"{source}:1:1: error[A940]: `{source}` cannot be read to its end: ")
    assert "Traceback" not in err
    assert unchanged(out)


def test_parquet_damaged_in_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Parquet file whose pages are damaged is found out while it is read, and nothing is written."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 20_000)).write_parquet(source, compression="zstd", row_group_size=5000)
    whole = bytearray(source.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 4096] = bytes(4096)
    source.write_bytes(whole)
    code, _, err = batch(capsys, PACKS / "beijing", source, out)
    assert (code, err.count("error[A940]")) == (2, 1)
    assert unchanged(out)


def test_a_truncated_gz_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A compressed CSV or JSON Lines file that lacks its end is said to be damaged."""
    rows = random_rows("beijing", 3000)
    table = write_csv(tmp_path / "in.csv.gz", rows, list(BEIJING.sql_columns()))
    lines = tmp_path / "in.jsonl.gz"
    lines.write_bytes(gzip.compress(write_json_lines(tmp_path / "in.jsonl", rows).read_bytes()))
    out = kept(tmp_path)
    for source in (table, lines):
        source.write_bytes(source.read_bytes()[:-4000])
        code, _, err = batch(capsys, PACKS / "beijing", source, out)
        assert (code, err.count("error[A940]")) == (2, 1)
        assert unchanged(out)


def test_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mark at the start of a CSV file is said, as `decide` says it, and every row is decided."""
    source = write_csv(tmp_path / "in.csv", [{"id": "a", "nature": "market_service"}], ["id", "nature"])
    source.write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv", "--as-of", "2019-08-03")
    assert code == 2
    assert err.splitlines()[0] == f"{source}:1:1: error[A905]: the file begins with a byte-order mark"
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1].startswith("a,redirect,purchase,")


def test_text_that_is_not_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV file in another encoding is refused with the line, and nothing is written."""
    source, out = tmp_path / "in.csv", kept(tmp_path)
    source.write_bytes("id,title\n1,ok\n2,某局\n".encode("gbk"))
    code, _, err = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
    assert (code, err.splitlines()[0]) == (2, f"{source}:3:1: error[A103]: `{source}` is not UTF-8 text at line 3")
    assert unchanged(out)


def test_rows_of_another_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV row with cells too many or too few is refused, and the others keep their places."""
    source = tmp_path / "in.csv"
    source.write_text("nature,title\nmarket_service,a\nmarket_service\nmarket_service,a,\ndepartment_duty,b\n", "utf-8")
    out = tmp_path / "out.parquet"
    assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")[0] == 2
    rejects = rejects_of(tmp_path / "out.parquet.rejects.jsonl")
    assert [(reject["row"], reject["faults"][0]["code"]) for reject in rejects] == [(2, "A512"), (3, "A512")]
    assert pl.read_parquet(out)["id"].to_list() == ["1", "4"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_wrong_value_far_down(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One wrong value late in a large file costs that row alone, and is named by its row."""
    bad, good = 250_003, "t,market_service,1\n"
    text = "id,nature,forms\n" + good * (bad - 1) + "wrong,market_service,one\n" + good
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, "utf-8")
    if kind == "parquet":
        forms = [1] * (bad - 1) + [-1, 1]
        table = pl.DataFrame({"id": ["t"] * (bad + 1), "nature": ["market_service"] * (bad + 1), "forms": forms})
        source = tmp_path / "in.parquet"
        table.write_parquet(source)
    code, said, err = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
    assert (code, said) == (2, f"250,003 task(s) decided: {out}\n")
    assert err.splitlines()[0].startswith(f"{source}: row 250003")
    (reject,) = rejects_of(tmp_path / "out.csv.rejects.jsonl")
    assert reject["row"] == bad
    with out.open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) == bad + 1


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Where the decisions cannot be written whole, they are not written, and stderr says why."""
    source, out = tmp_path / "in.parquet", kept(tmp_path, "out.csv")
    frame(BEIJING, random_rows("beijing", 5000)).write_parquet(source)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "admission", "batch", PACKS / "beijing", source, out, "--lang", "en"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=fill,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"{out}:1:1: error[A944]: cannot write `{out}`: ")
    assert unchanged(out)


def test_a_file_is_not_read_and_written_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OUT, IN and the side file are three files, by whatever names they go."""
    source = write_csv(tmp_path / "in.csv", [{"id": "a"}], ["id", "nature"])
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    before = source.read_bytes()
    for arguments in ([source, source], [source, link], [source, tmp_path / "o.csv", "--rejects", source]):
        code, _, err = batch(capsys, PACKS / "beijing", *arguments)
        assert (code, "error[A945]" in err) == (2, True)
    code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "o.csv", "--rejects", tmp_path / "o.csv")
    assert (code, "error[A945]" in err) == (2, True)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "out", "code"),
    [
        ("none.parquet", "out.csv", "A101"),
        ("in.csv", "no/out.csv", "A944"),
        ("in.csv", "out.xlsx", "A941"),
        ("in.csv", "out", "A941"),
        ("in.txt", "out.csv", "A941"),
        ("in.parquet.gz", "out.csv", "A941"),
        ("in.gz", "out.csv", "A941"),
        ("in.csv", "out.parquet.gz", "A941"),
        ("in.csv", ".gz", "A941"),
        ("empty.csv", "out.csv", "A927"),
        ("twice.csv", "out.csv", "A510"),
        ("foreign.csv", "out.csv", "A910"),
        ("folder.csv", "out.csv", "A101"),
        ("in.csv", "folder.csv", "A944"),
        ("text.parquet", "out.csv", "A940"),
        ("text.arrow", "out.csv", "A940"),
    ],
)
def test_files_that_cannot_be_used(
    source: str, out: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is said in a line with its code, and nothing is written."""
    (tmp_path / "folder.csv").mkdir()
    for name, text in {
        "in.csv": "id,nature\n1,market_service\n",
        "in.txt": "",
        "in.parquet.gz": "",
        "in.gz": "",
        "empty.csv": "",
        "twice.csv": "id,id\n1,2\n",
        "foreign.csv": "id,natur\n1,2\n",
        "text.parquet": "x" * 100,
        "text.arrow": "x" * 100,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    before = sorted(tmp_path.iterdir())
    exit_code, _, err = batch(capsys, PACKS / "beijing", tmp_path / source, tmp_path / out, "--as-of", "2019-08-03")
    assert (exit_code, err.count(f"error[{code}]")) == (2, 1)
    assert sorted(tmp_path.iterdir()) == before


HOSTILE = ['a"b', "a'b", "a;b--", "[x]*?", "${HOME}", "%s", "a\\b", "长 名", "x=1"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_names_and_nothing_else(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quotes, wildcards and whatever else a path holds name one file."""
    folder = tmp_path / name
    folder.mkdir()
    for kind in ("parquet", "csv"):
        source, out = folder / f"in {name}.{kind}", folder / f"out {name}.{kind}"
        rows: list[Row] = [{"id": name, "title": name, "nature": "market_service"}, {"id": "2", "nature": name}]
        if kind == "csv":
            write_csv(source, rows, ["id", "title", "nature"])
        else:
            pl.DataFrame(rows).write_parquet(source)
        assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03", "--summary")[0] == 2
        read = pl.read_csv if kind == "csv" else pl.read_parquet
        found = read(io.BytesIO(out.read_bytes()))
        assert found["id"].to_list() == [name]
        (reject,) = rejects_of(folder / f"{out.name}.rejects.jsonl")
        assert reject["row"] == 2


def test_names_in_a_policy_are_names_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hostile column, value or id is compared as it is; a column of no fact is refused whatever it is called."""
    for name in HOSTILE:
        table = pl.DataFrame({name: ["x"], "nature": ["market_service"]})
        with pytest.raises(InputError) as raised:
            BEIJING.decide_table(table, as_of=DAY)
        assert [one.data["fact"] for one in raised.value.diagnostics] == [name]
        source = tmp_path / "in.csv"
        write_csv(source, [{name: "x", "nature": "market_service"}], [name, "nature"])
        code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv", "--as-of", "2019-08-03")
        assert (code, err.count("error[A910]")) == (2, 1)


def test_the_side_file_is_there_only_for_rejects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run without rejects leaves no side file, not even that of an earlier run; `--rejects` names it."""
    side, out = tmp_path / "bad.jsonl", tmp_path / "out.csv"
    for nature, code in (("nothing", 2), ("market_service", 0)):
        source = write_csv(tmp_path / "in.csv", [{"id": "a", "nature": nature}], ["id", "nature"])
        arguments = (PACKS / "beijing", source, out, "--as-of", "2019-08-03", "--rejects", side)
        assert batch(capsys, *arguments)[0] == code
        assert side.exists() == (code == 2)


def test_memory_is_bounded(tmp_path: Path) -> None:
    """Two million tasks are decided by a process that never holds 1 GiB."""
    source = tmp_path / "in.parquet"
    query = """
        SELECT 't' || i AS id, ['assistance', 'market_service'][1 + i % 2] AS nature, i::DECIMAL(18, 2) AS cost
        FROM range(2000000) r(i)
    """
    duckdb.execute(f"COPY ({query}) TO '{source}'")
    code = (
        "import resource, sys; from admission.cli import main; main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    arguments = ["batch", PACKS / "beijing", source, tmp_path / "out.parquet", "--as-of", "2019-08-03"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.splitlines()[-1]) < 1024 * 1024  # KiB


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second the share, the rate and the time left are shown; the line is taken away at the end."""
    clock = iter([0.0, 0.5, 10.0, 10.0, 10.2, 40.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr", Terminal())
    gauge = Gauge("tasks", 1000)
    for share in (0.1, 0.25, 0.1, 0.5):  # the third begins another piece of work, at 10 s
        gauge(share)
    gauge.close()
    shown = cast("Terminal", sys.stderr).getvalue().split("\r\033[K")
    assert shown == [
        "",
        "[#####...............] 25% 250 tasks, 25/s, 0:30 left",
        "[##########..........] 50% 500 tasks, 17/s, 0:30 left",
        "",
    ]


def test_progress_is_not_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or pipe gets no progress."""
    clock = iter([0.0, 10.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr", io.StringIO())
    gauge = Gauge("tasks")
    gauge(0.5)
    gauge.close()
    assert cast("io.StringIO", sys.stderr).getvalue() == ""
