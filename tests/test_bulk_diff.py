"""What-if on tables: `admission diff OLD NEW TASKS.parquet` counts the changes that deciding task by task shows."""

import gzip
import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

import admission
from admission.backends.sql import to_sql
from admission.bulk import comparison
from admission.cli import main
from pack_tasks import random_task
from small import SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
DAY = date(2019, 8, 3)
CHINA, BEIJING = (admission.load(PACKS / pack) for pack in ("china", "beijing"))
LEVELS = {"central", "city", "district", "subdistrict", "community", "outside", None}
SVG = "{http://www.w3.org/2000/svg}"


def tasks(count: int) -> list[dict[str, Any]]:
    """Tasks of Beijing, each with an id."""
    rng = random.Random(7)  # noqa: S311 - tasks, not secrets
    return [{"id": f"t{number}"} | random_task(rng, "beijing") for number in range(count)]


def parquet(path: Path, rows: list[dict[str, Any]], columns: dict[str, str]) -> Path:
    """The rows as Parquet, in the types that a policy asks for."""
    types: dict[str, Any] = {
        "TEXT": pl.String,
        "BOOLEAN": pl.Boolean,
        "BIGINT": pl.Int64,
        "DATE": pl.Date,
        "TEXT[]": pl.List(pl.String),
        "DECIMAL(18, 2)": pl.Decimal(18, 2),
    }
    exact = [
        {n: Decimal(v) if types[columns[n]] == types["DECIMAL(18, 2)"] and v is not None else v for n, v in r.items()}
        for r in rows
    ]
    schema = {name: types[kind] for name, kind in columns.items()}
    pl.DataFrame([{name: row.get(name) for name in schema} for row in exact], schema=schema).write_parquet(path)
    return path


def diff(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, the JSON lines and stderr of `admission diff`."""
    code = main(["diff", *map(str, arguments), "--format", "json", "--lang", "en"])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def change(row: dict[str, Any]) -> str | None:
    """How Beijing decides a task otherwise than China, in the words of `diff`."""
    known = CHINA.checked.facts.keys()
    old = CHINA.decide({name: value for name, value in row.items() if name in known or name == "id"}, as_of=DAY)
    new = BEIJING.decide(row, as_of=DAY)
    sides = [f"{d.verdict} ({d.channel})" if d.channel else str(d.verdict) for d in (old, new)]
    if sides[0] != sides[1]:
        return " → ".join(sides)
    before, after = ({v.rule for v in (*d.violations, *d.notes)} for d in (old, new))
    lost = [f"−{rule}" for rule in sorted(before - after)]
    gained = [f"+{rule}" for rule in sorted(after - before)]
    return f"{sides[1]} {' '.join([*lost, *gained])}" if lost or gained else None


def test_every_change_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The classes of change, by fact and in all, with the ids of the first, are those of deciding task by task."""
    rows = tasks(2000)
    source = parquet(tmp_path / "in.parquet", rows, {n: k for n, k in BEIJING.sql_columns().items() if n != "as_of"})
    arguments = (PACKS / "china", PACKS / "beijing", source, "--as-of", "2019-08-03")
    code, lines, err = diff(capsys, *arguments, "--by", "issuer_level")
    changes = [(row, said) for row in rows if (said := change(row))]
    assert (code, err) == (1, "")
    counted = Counter(said for _, said in changes)
    assert {line["change"]: line["tasks"] for line in lines if "examples" in line} == counted
    for line in lines:
        if "examples" in line:
            ids = [row["id"] for row, said in changes if said == line["change"]]
            assert len(line["examples"]) == min(3, len(ids))
            assert {*line["examples"]} <= {*ids}
    by_level = Counter((row.get("issuer_level"), said) for row, said in changes)
    assert {(line["value"], line["change"]): line["tasks"] for line in lines if "by" in line} == by_level
    assert lines[-1] == {"total": 2000, "changed": len(changes), "rejected": 0}


def test_what_the_engine_shuffles_is_put_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each task is compared with itself, in whatever order the engine gives the answers."""
    source = parquet(tmp_path / "in.parquet", tasks(500), BEIJING.sql_columns())
    arguments = (PACKS / "china", PACKS / "beijing", source, "--as-of", "2019-08-03")
    expected = diff(capsys, *arguments)
    monkeypatch.setattr(comparison, "to_sql", lambda *given: f"SELECT * FROM ({to_sql(*given)}) ORDER BY md5(id)")  # noqa: S608
    assert diff(capsys, *arguments) == expected


def test_a_pipe_of_tasks_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both policies decide what comes out of a pipe, though it flows once."""
    source, pipe = tmp_path / "in.parquet", tmp_path / "pipe.parquet"
    parquet(source, tasks(50), BEIJING.sql_columns())
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_bytes, source.read_bytes())
        _, lines, _ = diff(capsys, PACKS / "china", PACKS / "beijing", pipe, "--as-of", "2019-08-03")
    assert lines[-1] == diff(capsys, PACKS / "china", PACKS / "beijing", source, "--as-of", "2019-08-03")[1][-1]


def test_a_policy_does_not_differ_from_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where all tasks are decided the same, `diff` says so and exits 0."""
    source = parquet(tmp_path / "in.parquet", tasks(200), BEIJING.sql_columns())
    beijing = PACKS / "beijing"
    code, lines, _ = diff(capsys, beijing, beijing, source, "--as-of", "2019-08-03")
    assert (code, lines) == (0, [{"total": 200, "changed": 0, "rejected": 0}])


@pytest.mark.parametrize("kind", ["parquet", "csv.gz", "jsonl.gz"])
def test_rows_that_are_no_tasks_are_said(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row that one of the policies refuses is counted by neither, and makes the exit code 2."""
    rows = [{"id": str(n), "kind": "sale", "cost": cost} for n, cost in enumerate(("1.00", "2.00", "3.00"), 1)]
    old = write(tmp_path / "old")
    new = write(tmp_path / "new", SMALL.replace("cost: {type: money, min: 0", "cost: {type: money, min: 0, max: 2"))
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        exact = [row | {"cost": Decimal(row["cost"])} for row in rows]
        pl.DataFrame(exact, schema_overrides={"cost": pl.Decimal(18, 2)}).write_parquet(source)
    elif kind == "csv.gz":
        text = "id,kind,cost\n" + "".join(f"{row['id']},{row['kind']},{row['cost']}\n" for row in rows)
        source.write_bytes(gzip.compress(text.encode()))
    else:
        source.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    code, lines, err = diff(capsys, old, new, source, "--as-of", "2020-01-01")
    assert (code, lines[-1]) == (2, {"total": 2, "changed": 0, "rejected": 1})
    assert err.splitlines()[0].startswith(f"{source}: row 3 (3): error[A912]: `cost` is out of range")
    assert err.splitlines()[-1] == "1 row(s) are no tasks of both policies and are not counted"


def test_an_unknown_fact_to_count_by(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--by` takes the facts of the two policies."""
    source = parquet(tmp_path / "in.parquet", tasks(2), BEIJING.sql_columns())
    code, _, err = diff(capsys, PACKS / "beijing", PACKS / "beijing", source, "--by", "colour", "--as-of", "2019-08-03")
    assert (code, err) == (2, "error[A910]: there is no fact `colour`\n")


def test_tables_and_chart_speak_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tables and the chart name verdicts, channels, facts and values as officials do; the chart is sound XML."""
    rows = [{"id": "甲<乙>&", "nature": "assistance", "issuer_level": "city", "issuer": "某局<&>", "cost": Decimal(1)}]
    columns = {name: BEIJING.sql_columns()[name] for name in rows[0]}
    source, chart = parquet(tmp_path / "in.parquet", rows, columns), tmp_path / "c.svg"
    arguments = [PACKS / "china", PACKS / "beijing", source, "--as-of", "2019-08-03", "--chart", chart, "--lang", "zh"]
    assert main(["diff", *map(str, arguments)]) == 1
    out = capsys.readouterr().out
    assert "准予准入（社区）→" not in out
    assert "准予准入（社区） → 不予准入（社区）  甲<乙>&" in out
    assert "市        准予准入（社区） → 不予准入（社区）" in out
    assert out.endswith("1 项任务，1 项的决定不同\n")
    root = ET.parse(chart).getroot()  # noqa: S314 - our own file
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts[:4] == [
        f"china {CHINA.version} → beijing {BEIJING.version}",
        "1 项任务，1 项的决定不同",
        "变化",
        "准予准入（社区） → 不予准入（社区）",
    ]
    assert "某局<&>" in texts
    assert "市" in texts
    # The paper, one class, one issuer, one level, and the requirements that Beijing adds.
    added = BEIJING.decide(rows[0], as_of=DAY).violations
    assert len(list(root.iter(f"{SVG}rect"))) == 1 + 3 + len(added)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("c.png", "'{chart}' does not end in .svg, and a chart is drawn as SVG alone"),
        ("no/c.svg", "'{chart.parent}' is no folder, so no chart can be written there"),
    ],
)
def test_a_chart_that_cannot_be_is_refused_before_anything_is_counted(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A chart of another kind, or in no folder, is a mistake in the call."""
    chart = tmp_path / name
    code = main(["diff", str(PACKS / "china"), str(PACKS / "beijing"), "in.parquet", "--chart", str(chart)])
    captured = capsys.readouterr()
    assert (code, captured.out) == (2, "")
    assert captured.err.endswith(f"argument --chart: {said.format(chart=chart)}\n")


def test_a_chart_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is a folder of the chart's name the error says so, and there is no traceback."""
    source = parquet(tmp_path / "in.parquet", tasks(2), BEIJING.sql_columns())
    pair, chart = (PACKS / "china", PACKS / "beijing"), tmp_path / "c.svg"
    chart.mkdir()
    code, _, err = diff(capsys, *pair, source, "--as-of", "2019-08-03", "--chart", chart)
    assert (code, "error[A944]" in err) == (2, True)


@pytest.mark.parametrize("count", [3, 60, 400])
def test_the_changes_are_those_of_the_tasks_decided_one_by_one(
    count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However few tasks there are, each is compared with itself, and its class and requirements are counted once."""
    rows = tasks(count)
    source = parquet(tmp_path / "in.parquet", rows, BEIJING.sql_columns())
    _, lines, _ = diff(capsys, PACKS / "china", PACKS / "beijing", source, "--as-of", "2019-08-03")
    own = [{name: value for name, value in row.items() if name in {"id", *CHINA.checked.facts}} for row in rows]
    pairs = [(CHINA.decide(old, as_of=DAY), BEIJING.decide(new, as_of=DAY)) for old, new in zip(own, rows, strict=True)]
    said = [[(d.verdict, d.channel, [v.rule for v in d.violations]) for d in pair] for pair in pairs]
    assert lines[-1] == {"total": count, "changed": sum(old != new for old, new in said), "rejected": 0}
    gained = Counter(rule for old, new in said for rule in {*new[2]} - {*old[2]})
    assert {line["rule"]: line["gained"] for line in lines if "rule" in line and line["gained"]} == gained
