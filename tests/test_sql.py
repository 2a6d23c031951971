"""A policy's SELECT says on every engine what the reference says of each row."""

import random
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import sqlglot
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import admission
import sql_engines
from admission import UnsupportedError, reference
from admission.backends.sql import DIALECTS
from admission.engine import Policy
from admission.testing import policies, tasks
from admission.testing.reports import inner
from pack_tasks import days, random_task
from profiles import examples
from small import FACTS, HEAD, RULES, SMALL, write
from sql_engines import LISTS, Engine, Task

DAY = date(2019, 8, 3)
PACKS = Path(__file__).parents[1] / "policies"
ENGINES = {
    "duckdb": (sql_engines.duckdb_engine, 40),
    "sqlite": (sql_engines.sqlite_engine, 40),
    "postgres": (sql_engines.postgres_engine, 40),
    "clickhouse": (sql_engines.clickhouse_engine, 40),
    "spark": (sql_engines.spark_engine, 8),
}
"""Each engine, and how many policies it is tried on; DuckDB and SQLite on more in `test_agreement.py`."""
ANSWERED = ("id", "verdict", "channel", "violations", "missing", "notes", "conflict")


def expected(policy: Policy, task: Task, as_of: date | None = None) -> dict[str, Any]:
    """The reference's answer as a row; a day that is none of the policy's has no verdict."""
    decision = reference.decide(policy.checked, inner(policy, dict(task)), as_of or task["as_of"], task["id"])
    return {
        "id": decision.id,
        "verdict": decision.verdict.value,
        "channel": decision.channel,
        "violations": [violation.rule for violation in decision.violations],
        "missing": list(decision.missing),
        "notes": [note.rule for note in decision.notes],
        "conflict": list(decision.conflict),
    }


def answered(engine: Engine, policy: Policy, rows: Sequence[Task], as_of: date | None = None) -> list[dict[str, Any]]:
    """The engine's answers, in the order of the rows."""
    found = {row["id"]: {name: row[name] for name in ANSWERED} for row in engine(policy, rows, as_of)}
    return [found[task["id"]] for task in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_decides_generated_policies_as_the_reference_does(name: str) -> None:
    """Law 5: verdict, channel, violations, notes, conflicts and missing facts of every row are the reference's."""
    engine, number = ENGINES[name]

    @settings(max_examples=examples(number), deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def agrees(data: st.DataObject) -> None:
        policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
        drawn = data.draw(st.lists(tasks(policy), min_size=1, max_size=12))
        rows: list[dict[str, Any]] = [dict(task) | {"id": str(place)} for place, task in enumerate(drawn)]
        # No text of PostgreSQL's holds the character NUL.
        assume("\0" not in "".join(str(value) for row in rows for value in row.values()))
        as_of = data.draw(st.sampled_from([None, rows[0]["as_of"]]))
        if as_of is not None:
            rows = [row | {"as_of": as_of} for row in rows]
        try:
            found = answered(engine, policy, rows, as_of)
        except UnsupportedError:
            assume(False)  # ClickHouse holds dates of 400 years only
        assert found == [expected(policy, row, as_of) for row in rows]

    agrees()


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
@pytest.mark.parametrize("name", ["duckdb", "sqlite", "postgres"])
def test_the_packs_decide_random_tasks_alike(pack: str, name: str) -> None:
    """300 tasks of each pack, complete and partial, on days around every change of law."""
    policy = admission.load(PACKS / pack)
    rng = random.Random(7)  # noqa: S311 - tasks, no secrets
    rows = [random_task(rng, pack) | {"id": str(n), "as_of": rng.choice(days(pack))} for n in range(300)]
    assert answered(ENGINES[name][0], policy, rows) == [expected(policy, row) for row in rows]


@pytest.fixture
def small(tmp_path: Path) -> Policy:
    """The small policy."""
    return admission.load(write(tmp_path / "small"))


WHOLE = {"id": "1", "as_of": DAY, "kind": "help", "cost": Decimal("5.00"), "funds": Decimal("5.00")}


@pytest.mark.parametrize("day", [date(2018, 12, 31), date(2026, 1, 1), None])
@pytest.mark.parametrize("name", ["duckdb", "sqlite", "postgres", "clickhouse"])
def test_a_row_whose_day_is_none_of_the_policys_has_no_verdict(small: Policy, name: str, day: date | None) -> None:
    """Before the policy's period, after it and without a day there is no verdict, no channel, and nothing listed."""
    (row,) = ENGINES[name][0](small, [{**WHOLE, "as_of": day}], None)
    assert row == {"id": "1", "verdict": None, "channel": None, "policy": small.digest} | {key: [] for key in LISTS}


def test_open_lists_the_requirements_that_wait_for_a_fact(small: Policy) -> None:
    """Where the cost is unknown the requirement to fund is open, and the cost missing."""
    for name in ("duckdb", "sqlite", "postgres"):
        (row,) = ENGINES[name][0](small, [{"id": "1", "kind": "help"}], DAY)
        assert (row["verdict"], row["open"], row["missing"]) == ("undetermined", ["funded"], ["cost"]), name


def test_facts_without_a_column_are_unknown(small: Policy) -> None:
    """With `columns` the query reads those alone; the other facts, and the id, are unknown."""
    sql = small.to_sql("duckdb", "tasks", as_of=DAY, columns=["kind"])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE tasks AS SELECT 'help' AS kind")
        assert connection.execute(sql).fetchall() == [
            (None, "undetermined", "community", [], ["funded"], ["cost"], [], [], small.digest)
        ]


@pytest.mark.parametrize("text", ["90071992547409.91", "-0.01", "0.1", "12", "12.5", "-12.50"])
def test_sqlite_keeps_amounts_exact_as_text(tmp_path: Path, text: str) -> None:
    """An amount that is text counts to the fen: equal to itself, more than one fen less."""
    policy = admission.load(
        write(
            tmp_path / "p",
            (HEAD + FACTS + RULES)
            .replace("money, min: 0, zh: 成本", "money, zh: 成本")
            .replace("money, min: 0, assume: 0, zh: 经费", "money, assume: 0, zh: 经费"),
        )
    )
    amount = Decimal(text)
    for funds, verdict in ((amount, "admit"), (amount - Decimal("0.01"), "refuse")):
        task = {"id": "1", "kind": "help", "cost": amount, "funds": funds}
        (row,) = sql_engines.sqlite_engine(policy, [task], DAY)
        assert row["verdict"] == verdict


@pytest.mark.parametrize("cost", [5.0, "5", "5.00", Decimal(5)])
def test_sqlite_takes_an_amount_as_number_or_text(small: Policy, cost: object) -> None:
    """A whole number, a real and text are amounts of yuan alike."""
    (row,) = sql_engines.sqlite_engine(small, [{**WHOLE, "cost": cost}], DAY)
    assert row["verdict"] == "admit"


SETS = (
    SMALL
    + """\
  proper:
    for: [community]
    require: actions <= {visit, persuade} and count(actions) < 2 and not (enforce in actions)
    reason: {zh: 甲, en: a}
    own: {zh: 自, en: own}
"""
)


@pytest.mark.parametrize("actions", ["visit;persuade", '["visit", "persuade"]', "visit", '["visit"]', "", "[]", None])
@pytest.mark.parametrize("name", ["sqlite", "clickhouse"])
def test_a_set_that_is_text_is_names_with_semicolons_or_a_json_array(
    tmp_path: Path, name: str, actions: str | None
) -> None:
    """Both spellings mean the same; the empty text is the empty set, and NULL is unknown."""
    policy = admission.load(write(tmp_path / "sets", SETS))
    (row,) = ENGINES[name][0](policy, [{**WHOLE, "actions": actions}], DAY)
    verdict = {None: "undetermined", "visit;persuade": "refuse", '["visit", "persuade"]': "refuse"}.get(
        actions, "admit"
    )
    assert row["verdict"] == verdict


# ------------------------------------------------------------------------------------------ working days


@pytest.mark.slow
@pytest.mark.parametrize("name", ["duckdb", "sqlite", "postgres", "clickhouse", "spark"])
def test_working_days_are_counted_as_in_the_calendar(name: str) -> None:
    """The 30th working day after each day of 2018 to 2027, and after days far from every published calendar."""
    policy = admission.load(PACKS / "xicheng")
    starts = [date(2018, 12, 1) + timedelta(days) for days in range(0, 3000, 1 if name == "duckdb" else 37)]
    starts += [date(1900, 1, 1), date(2003, 11, 20), date(2003, 12, 31), date(2026, 11, 30), date(2199, 11, 1)]
    whole = {"nature": "assistance", "plan_status": "adhoc_approved", "as_of": DAY}
    rows: list[Task] = []
    for start in starts:
        last = admission.workdays.workday(start, 30)
        for begin in (last - timedelta(1), last):
            rows.append({**whole, "id": str(len(rows)), "submitted_on": start, "start_on": begin})
    found = {row["id"]: row["violations"] for row in ENGINES[name][0](policy, rows, None)}
    late = [("applied_in_time" in found[row["id"]]) for row in rows]
    assert late == [True, False] * len(starts)


# ------------------------------------------------------------------------------------------------ quoting

HOSTILE = 'it\'s \\ a "quote" -- ; DROP TABLE tasks; /* {x} `%s` $1 :y ? */ \n 名'


@pytest.mark.parametrize("name", ENGINES)
def test_text_of_a_policy_reaches_the_query_as_a_constant_alone(tmp_path: Path, name: str) -> None:
    """Whatever a constant says, it is compared with and runs nothing."""
    quoted = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    rules = RULES.replace("funds >= cost", "'unit == \"" + quoted.replace("'", "''") + "\"'")
    policy = admission.load(write(tmp_path / "hostile", HEAD + FACTS + rules.replace("\\n", "\\n")))
    rows = [{**WHOLE, "unit": HOSTILE}, {**WHOLE, "id": "2", "unit": HOSTILE + " "}]
    found = {row["id"]: row["verdict"] for row in ENGINES[name][0](policy, rows, DAY)}
    assert found == {"1": "admit", "2": "refuse"}


@pytest.mark.parametrize("name", DIALECTS)
def test_names_are_quoted(tmp_path: Path, name: str) -> None:
    """The table's name and the facts' are identifiers in quotes, whatever characters they have."""
    policy = admission.load(write(tmp_path / "p", SMALL.replace("cost", "经费")))
    sql = policy.to_sql(name, 'my schema.a"b`c; DROP TABLE x', as_of=DAY)
    tree = sqlglot.parse_one(sql, read=name)
    table = next(table for table in tree.find_all(sqlglot.exp.Table) if table.db)
    assert (table.db, table.name) == ("my schema", 'a"b`c; DROP TABLE x')
    assert {"经费", "funds", "kind"} <= {column.name for column in tree.find_all(sqlglot.exp.Column)}


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_reads_its_own_query(pack: str, name: str) -> None:
    """What is printed for a dialect parses in it, and prints the same again."""
    sql = admission.load(PACKS / pack).to_sql(name)
    assert sqlglot.parse_one(sql, read=name).sql(dialect=name, pretty=True).count("SELECT") == sql.count("SELECT")


# ----------------------------------------------------------------------------------------------- refusals


def test_an_unknown_dialect_is_named_with_those_there_are(small: Policy) -> None:
    """The error says which dialects there are."""
    with pytest.raises(UnsupportedError) as raised:
        small.to_sql("oracle")
    known = "duckdb, postgres, sqlite, spark, clickhouse, trino, bigquery"
    assert str(raised.value) == f"oracle: not a known dialect; there are {known}"
    assert raised.value.render("zh") == f"oracle：不认识的方言；可用：{known}"


def test_columns_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    """An engine that takes `Cost` and `cost` for one column would mix them up, so the query is not written."""
    rules = RULES.replace("funds >= cost", "funds >= cost and Cost >= cost")
    extra = "  Cost: {type: money, min: 0, zh: 成本二, en: cost two, ask: {zh: 多少？, en: How much?}}\n"
    policy = admission.load(write(tmp_path / "case", HEAD + FACTS + extra + rules))
    with pytest.raises(UnsupportedError) as raised:
        policy.to_sql("duckdb")
    assert "cannot tell the columns" in str(raised.value)
    assert '"Cost"' in policy.to_sql("postgres")


def test_columns_of_which_an_engine_keeps_the_same_name_are_refused(tmp_path: Path) -> None:
    """PostgreSQL keeps 63 bytes of a name, 21 Chinese characters, and would take two such columns for one."""
    long = "经" * 21
    extra = "".join(f"  {long}{end}: {{type: money, zh: 甲, en: a, ask: {{zh: 多少？, en: How?}}}}\n" for end in "甲乙")
    rules = RULES.replace("funds >= cost", f"{long}甲 >= {long}乙")
    policy = admission.load(write(tmp_path / "long", HEAD + FACTS + extra + rules))
    with pytest.raises(UnsupportedError) as raised:
        policy.to_sql("postgres")
    said = f"postgres: it cannot tell the columns `{long}甲` and `{long}乙` apart: it keeps 63 bytes of a name"
    assert str(raised.value) == said
    assert f'"{long}甲"' in policy.to_sql("duckdb")


@pytest.mark.parametrize("name", DIALECTS)
def test_text_with_nul_is_refused_where_a_query_cannot_hold_it(tmp_path: Path, name: str) -> None:
    """SQLite and PostgreSQL take no NUL in a query; elsewhere it is a character like others."""
    rules = RULES.replace("funds >= cost", "'unit == \"a\\x00b\"'")
    policy = admission.load(write(tmp_path / "nul", HEAD + FACTS + rules))
    if name not in ("sqlite", "postgres"):
        tree = sqlglot.parse_one(policy.to_sql(name), read=name)
        assert "a\0b" in {literal.this for literal in tree.find_all(sqlglot.exp.Literal)}
        return
    with pytest.raises(UnsupportedError) as raised:
        policy.to_sql(name)
    said = "the text of its queries cannot hold the character NUL, which this policy or the table's name has"
    assert str(raised.value) == f"{name}: {said}"


@pytest.mark.parametrize("table", ["given", "owned", "coded", "answers", "Decided"])
def test_a_table_may_be_called_like_one_of_the_querys_own(small: Policy, table: str) -> None:
    """SQLite would take the table that is read for the one that the query makes; the query's own gives way."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE {table} (id, kind)")
        connection.execute(f"INSERT INTO {table} VALUES ('a', 'duty')")  # noqa: S608 - names above
        sql = small.to_sql("sqlite", table, as_of=DAY, columns=["id", "kind"])
        assert [row[:3] for row in connection.execute(sql)] == [("a", "redirect", "department")]
    with duckdb.connect() as engine:
        engine.execute(f"CREATE TABLE {table} AS SELECT 'a' AS id, 'duty' AS kind")
        sql = small.to_sql("duckdb", table, as_of=DAY, columns=["id", "kind"])
        assert [row[:3] for row in engine.execute(sql).fetchall()] == [("a", "redirect", "department")]


def test_dates_that_an_engine_cannot_hold_are_refused(tmp_path: Path) -> None:
    """ClickHouse holds the years 1900 to 2299, and a sum of days that may leave them is refused by name."""
    rules = RULES.replace("funds >= cost", 'start_on - 400 >= date("2019-01-01")')
    policy = admission.load(write(tmp_path / "dates", HEAD + FACTS + rules))
    with pytest.raises(UnsupportedError) as raised:
        policy.to_sql("clickhouse")
    said = "it holds dates of the years 1900–2299 only, and this policy's sums of days may leave them"
    assert str(raised.value) == f"clickhouse: {said}"


# -------------------------------------------------------------------------------------- answers by code


def test_rows_keep_their_order_in_duckdb(small: Policy) -> None:
    """However many rows there are, complete ones and others, their answers come in the order of the table."""
    for count in (1, 2, 50, 5_000):
        with duckdb.connect() as connection:
            kinds = "['help', 'duty', 'sale', NULL]"
            columns = f"SELECT i::VARCHAR AS id, ({kinds})[1 + i % 4] AS kind, i % 7 AS cost"
            connection.execute(f"CREATE TABLE tasks AS {columns} FROM range({count}) r(i)")
            sql = small.to_sql("duckdb", "tasks", as_of=DAY, columns=["id", "kind", "cost"])
            assert [row[0] for row in connection.execute(sql).fetchall()] == [str(i) for i in range(count)]


MANY = "".join(
    f"  r{n:02}: {{for: [community], require: forms != {n}, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}\n"
    for n in range(45)
)


@pytest.mark.parametrize("name", ["duckdb", "sqlite", "spark"])
def test_a_channel_with_more_requirements_than_are_listed_is_decided_alike(tmp_path: Path, name: str) -> None:
    """45 requirements have more sets than can be listed, and more conditions than one number holds."""
    policy = admission.load(write(tmp_path / "many", SMALL + MANY))
    rows = [{**WHOLE, "id": str(n), "forms": n} for n in range(47)]
    rows += [{"id": str(n), "as_of": DAY, "kind": kind} for n, kind in ((47, None), (48, "help"), (49, "sale"))]
    assert answered(ENGINES[name][0], policy, rows, DAY) == [expected(policy, row) for row in rows]


CLASHING = """\
  to_department_too: {to: department, when: urgent, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}
requirements:
"""


@pytest.mark.parametrize("name", ["duckdb", "sqlite", "postgres", "clickhouse", "spark"])
def test_routes_that_clash_are_told_and_routes_that_a_fact_tells_apart_are_not_counted(
    tmp_path: Path, name: str
) -> None:
    """An urgent task for help has two routes; without that route the query has no need to count them."""
    policy = admission.load(write(tmp_path / "clash", SMALL.replace("requirements:\n", CLASHING)))
    rows = [
        {**WHOLE, "id": f"{kind} {urgent}", "kind": kind, "urgent": urgent}
        for kind in ("help", "duty", "sale", None)
        for urgent in (True, False, None)
    ]
    assert answered(ENGINES[name][0], policy, rows, DAY) == [expected(policy, row) for row in rows]
    assert '"taken"' in policy.to_sql("duckdb")
    assert '"taken"' not in admission.load(write(tmp_path / "apart")).to_sql("duckdb")


def test_a_set_with_an_unknown_element_loses_no_row(tmp_path: Path) -> None:
    """No sound table has a NULL within a list; where one has, every row still has its answer."""
    policy = admission.load(write(tmp_path / "sets", SETS))
    rows = [{**WHOLE, "id": "a", "actions": ["visit", None]}, {**WHOLE, "id": "b", "actions": [None]}]
    for name in ("duckdb", "spark"):
        found = ENGINES[name][0](policy, rows, DAY)
        assert sorted(row["id"] for row in found if row["verdict"]) == ["a", "b"], name


# -------------------------------------------------------------------------------------------- in its place


def test_a_view_in_postgresql_decides_a_row_as_it_is_written() -> None:
    """The query is a view's body: insert a task, read its verdict; change it, and read the new one."""
    policy = admission.load(PACKS / "beijing")
    with sql_engines.server().connect() as connection, connection.cursor() as cursor:
        cursor.execute(b"DROP TABLE IF EXISTS tasks CASCADE")
        cursor.execute(sql_engines.definition(policy, "postgres").encode())
        cursor.execute(f"CREATE VIEW decisions AS {policy.to_sql('postgres')}".encode())
        cursor.execute(b"INSERT INTO tasks (id, as_of, nature) VALUES ('a', '2019-08-03', 'market_service')")
        cursor.execute(b"SELECT verdict, channel FROM decisions WHERE id = 'a'")
        assert cursor.fetchall() == [("redirect", "purchase")]
        cursor.execute(b"UPDATE tasks SET nature = 'self_governance', plaque_or_body = true WHERE id = 'a'")
        cursor.execute(b"SELECT verdict, channel, violations FROM decisions WHERE id = 'a'")
        assert cursor.fetchall() == [("refuse", "community", ["no_plaque"])]
        cursor.execute(b"DROP VIEW decisions")


PAGE = Path(__file__).parents[1] / "docs/howto/sql.md"
TRIGGER = next(sql for sql in re.findall("```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL) if "TRIGGER" in sql)


def test_a_generated_column_cannot_hold_the_query_and_a_trigger_can() -> None:
    """PostgreSQL refuses a query in a generated column; a trigger keeps each row's verdict as it is written."""
    policy = admission.load(PACKS / "beijing")
    with sql_engines.server().connect() as connection, connection.cursor() as cursor:
        cursor.execute(b"DROP TABLE IF EXISTS tasks, decided CASCADE")
        cursor.execute(sql_engines.definition(policy, "postgres").encode())
        query = policy.to_sql("postgres")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="cannot use subquery in column generation"):
            cursor.execute(f"ALTER TABLE tasks ADD v TEXT GENERATED ALWAYS AS (({query})) STORED".encode())
        cursor.execute(f"CREATE VIEW decisions AS {query}".encode())
        cursor.execute(b"CREATE TABLE decided (LIKE decisions, PRIMARY KEY (id))")
        cursor.execute(TRIGGER.encode())
        cursor.execute(b"INSERT INTO tasks (id, as_of, nature) VALUES ('a', '2019-08-03', 'market_service')")
        cursor.execute(b"UPDATE tasks SET nature = 'department_duty'")
        cursor.execute(b"SELECT id, verdict, channel, policy FROM decided")
        assert cursor.fetchall() == [("a", "redirect", "department", policy.digest)]


def test_the_query_is_the_same_each_time() -> None:
    """One policy gives one text, byte for byte."""
    first, second = (admission.load(PACKS / "xicheng").to_sql("duckdb") for _ in range(2))
    assert first == second
