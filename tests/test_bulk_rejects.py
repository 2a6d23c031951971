"""Decisions in bulk: what is no task is refused in the words of the task reader, and never lost."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import admission
from admission.bulk import Reject, Workspace, database, sources
from admission.bulk.examination import Examination
from admission.datatypes import from_python, to_text
from admission.diagnostics import InputError
from admission.frontend.tasks import Record, read_stream
from bulk_rows import (
    BEIJING,
    DAY,
    FILLED,
    PACKS,
    Row,
    batch,
    decided,
    frame,
    rejects_of,
    without_open,
    write_csv,
    write_json_lines,
)
from small import write

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
    assert str(raised.value).startswith("row 2: [A913] `nature` has no value `service`")
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
    table = duckdb.sql(f"SELECT CAST('{value}' AS {kind}) AS \"{fact}\"")
    assert table is not None
    in_columns = policy.decide_table(table, as_of=DAY, rejects="keep")
    assert [fault.code for reject in in_columns.rejects for fault in reject.faults] == ([code] if code else [])
    assert len(in_columns.to_dicts()) == (0 if code else 1)


def test_names_that_differ_in_case_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Facts whose names differ in case alone are two columns; what only the engine of SQL can read, is refused so."""
    text = FILLED.replace("  known: {", "  ITEM: {type: text, en: other item, ask: {en: Which?}}\n  known: {")
    text = text.replace("when: known", 'when: known and ITEM == "a"')
    policy = write(tmp_path / "policy", text)
    table = pl.DataFrame({"item": ["a", "a", "a"], "ITEM": ["a", "b", None]})
    found = admission.load(policy).decide_table(table, as_of=DAY)
    assert [row["verdict"] for row in found.to_dicts()] == ["admit", "refuse", "undetermined"]
    source = write_json_lines(tmp_path / "in.jsonl", [{"item": "a", "ITEM": "a"}])
    code, out, err = batch(capsys, policy, source, tmp_path / "out.csv", "--as-of", "2019-08-03")
    assert (code, out) == (2, "")
    assert err == "error: duckdb: it cannot tell the columns `item` and `ITEM` apart: they differ in case alone\n"


def test_calls_that_make_no_sense() -> None:
    """No day, a day on which the policy is not in force, or no table at all, are said at once."""
    table = pl.DataFrame({"nature": ["assistance"]})
    with pytest.raises(InputError, match="A920"):
        BEIJING.decide_table(table)
    with pytest.raises(InputError, match="A922"):
        BEIJING.decide_table(table, as_of=date(2018, 12, 31))
    with pytest.raises(TypeError, match="expected a table with the Arrow PyCapsule interface, not list"):
        BEIJING.decide_table([{"nature": "assistance"}])  # type: ignore[arg-type] # the wrong thing, on purpose
    with pytest.raises(TypeError, match=r"as_of takes a datetime\.date, not '2019-08-03'"):
        BEIJING.decide_table(table, as_of="2019-08-03")  # type: ignore[arg-type] # the same
    with pytest.raises(TypeError, match=r"as_of takes a datetime\.date, not datetime\.datetime"):
        BEIJING.to_sql("duckdb", "tasks", as_of=datetime(2019, 8, 3, tzinfo=UTC))
    with pytest.raises(TypeError, match="columns takes the names of columns, not one text: 'nature'"):
        BEIJING.to_sql("duckdb", "tasks", as_of=DAY, columns="nature")
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
@example("\r,")
@example("1,2\r")
@example("1,2\r\n3,4\r")
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
