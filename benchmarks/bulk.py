"""A million tasks at once: the policy's SQL, its tables and its files, against the best that we can write by hand.

    python benchmarks/bulk.py [--rounds 7] [--rows 1000000] [--without-spark] [--only columns] [--large 10000000]

By hand, every task becomes a number, its channel or the bits of what it violates, and the answer is looked up; NULL is
not thought of, nothing is validated, and there are four columns of answer where the library gives nine. A table with
unknown facts has no counterpart by hand: it stands beside the same table with every fact known. SQL by hand is there
as one writes it, with the function that says whether a list lies within another; and sharpened, with what only
profiles show: what the library writes for that, and, in Spark, a left join. With nine columns it has the other five.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import admission
from beijing import (
    BY_NATURE,
    DAY,
    FORMS_OF_HIGHER_LEVELS,
    FORMS_OF_OTHERS,
    HIGHER_LEVELS,
    KEPT_CERTIFICATES,
    LISTED,
    PAID_FROM,
    PERMITTED,
    SEED,
    SOUND,
    TASKS,
    Answer,
    answer_of,
    complete_tasks,
)
from competitors import WrongAnswerError, expected
from decide import load
from timing import Times, interleave, machine, once, show

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

ROUNDS = 7
ROWS = 1_000_000
DIFFERENT = 20_000
UNKNOWN = 0.1
FOUR = ("id", "verdict", "channel", "violations")
"""The columns that the queries written by hand give."""
REQUIREMENTS = (
    *("certificate_list", "conditions_provided", "document_reviewed", "form_limit"),
    *("funds_follow_task", "listed", "no_plaque", "permitted_actions"),
)
"""In the order of their bits."""
REDIRECTED = {"data_sharing": 256, "service_centre": 257, "purchase": 258, "department": 259}
LOOK_UP: dict[int, Answer] = {
    **{
        mask: answer_of("community", [rule for bit, rule in enumerate(REQUIREMENTS) if mask >> bit & 1])
        for mask in range(1 << len(REQUIREMENTS))
    },
    **{code: answer_of(channel, []) for channel, code in REDIRECTED.items()},
}
Said = dict[str, Answer]


# ------------------------------------------------------------------------------------------------ written by hand


def texts(values: Sequence[str]) -> str:
    """Texts between commas, as SQL writes them."""
    return ", ".join(f"'{value}'" for value in values)


def code(not_permitted: str) -> str:
    """The number of a task in SQL; the dialects differ in how they ask whether one list is in another."""
    limit = (
        f"CASE WHEN issuer_level IN ({texts(HIGHER_LEVELS)}) THEN {FORMS_OF_HIGHER_LEVELS} ELSE {FORMS_OF_OTHERS} END"
    )
    unpaid = f"funding < cost OR (cost > 0 AND funding_source NOT IN ({texts(PAID_FROM)}))"
    bits = (
        f"certificate NOT IN ({texts(KEPT_CERTIFICATES)})",
        "nature = 'assistance' AND NOT conditions_provided",
        "issues_document AND document_review <> 'approved'",
        f"forms > 0 AND forms + forms_in_use > {limit}",
        f"nature = 'assistance' AND ({unpaid})",
        f"nature = 'assistance' AND plan_status NOT IN ({texts(LISTED)})",
        "plaque_or_body",
        f"nature = 'assistance' AND {not_permitted}",
    )
    mask = " + ".join(f"CAST({bit} AS INT) * {1 << place}" for place, bit in enumerate(bits))
    redirects = " ".join(f"WHEN nature = '{nature}' THEN {REDIRECTED[to]}" for nature, to in BY_NATURE.items())
    return f"CASE WHEN government_data_suffices THEN {REDIRECTED['data_sharing']} {redirects} ELSE {mask} END"


DUCKDB_WITHIN = f"NOT list_has_all([{texts(PERMITTED)}], actions)"
DUCKDB_SHARPENED = f"len(list_filter(actions, lambda x: x NOT IN ({texts(PERMITTED)}))) > 0"
DUCKDB_OTHERS = ("[]::TEXT[] AS open", "[]::TEXT[] AS missing", "[]::TEXT[] AS notes", "[]::TEXT[] AS conflict")
SPARK_WITHIN = f"size(array_except(actions, array({texts(PERMITTED)}))) > 0"
SPARK_SHARPENED = f"NOT forall(actions, x -> x IN ({texts(PERMITTED)}))"
SPARK_OTHERS = tuple(f"CAST(array() AS ARRAY<STRING>) AS {name}" for name in ("open", "missing", "notes", "conflict"))


def duckdb_by_hand(table: str, not_permitted: str = DUCKDB_WITHIN, others: Sequence[str] = ()) -> str:
    """SQL for DuckDB: the number, joined with the answers."""
    coded = f"SELECT id, {code(not_permitted)} AS code FROM {table}"
    return f"SELECT {', '.join([*FOUR, *others])} FROM ({coded}) JOIN answers USING (code)"


def spark_by_hand(table: str, not_permitted: str = SPARK_WITHIN, join: str = "JOIN", others: Sequence[str] = ()) -> str:
    """SQL for Spark: the same join, with the answers sent to every worker."""
    coded = f"SELECT id, {code(not_permitted)} AS code FROM {table}"
    columns = ", ".join([*FOUR, *others])
    return f"SELECT /*+ BROADCAST(a) */ {columns} FROM ({coded}) {join} answers a USING (code)"


def polars_by_hand(tasks: pl.LazyFrame) -> pl.LazyFrame:
    """The best Polars that we found: the number, and the answers gathered by it."""
    import polars as pl

    col = pl.col
    assists = col("nature") == "assistance"
    limit = pl.when(col("issuer_level").is_in(HIGHER_LEVELS)).then(FORMS_OF_HIGHER_LEVELS).otherwise(FORMS_OF_OTHERS)
    unpaid = (col("funding") < col("cost")) | ((col("cost") > 0) & ~col("funding_source").is_in(PAID_FROM))
    bits = (
        ~col("certificate").is_in(KEPT_CERTIFICATES),
        assists & ~col("conditions_provided"),
        col("issues_document") & (col("document_review") != "approved"),
        (col("forms") > 0) & (col("forms") + col("forms_in_use") > limit),
        assists & unpaid,
        assists & ~col("plan_status").is_in(LISTED),
        col("plaque_or_body"),
        assists & col("actions").list.eval(~pl.element().is_in(PERMITTED)).list.any(),
    )
    mask = pl.sum_horizontal([bit.cast(pl.Int32) * (1 << place) for place, bit in enumerate(bits)])
    number: Any = pl.when(col("government_data_suffices")).then(REDIRECTED["data_sharing"])
    for nature, channel in BY_NATURE.items():
        number = number.when(col("nature") == nature).then(REDIRECTED[channel])
    coded = tasks.select("id", code=number.otherwise(mask))
    answers = {name: pl.lit(pl.Series(values)) for name, values in look_up_columns().items()}
    return coded.select("id", **{name: values.gather(col("code")) for name, values in answers.items()})


def look_up_columns() -> dict[str, list[Any]]:
    """The answers by column; each stands at the place that is its number."""
    return {
        "verdict": [answer.verdict for answer in LOOK_UP.values()],
        "channel": [answer.channel for answer in LOOK_UP.values()],
        "violations": [list(answer.violations) for answer in LOOK_UP.values()],
    }


# ----------------------------------------------------------------------------------------------------- the tasks


def task_rows(number: int) -> list[dict[str, Any]]:
    """Random tasks with ids."""
    return [{"id": str(place), **facts} for place, facts in enumerate(complete_tasks(number))]


def frame(rows: int) -> pl.DataFrame:
    """So many rows, of which some thousands are different, in the types that the library names."""
    import polars as pl

    wanted: Any = {"cost": pl.Decimal(18, 2), "funding": pl.Decimal(18, 2), "forms": pl.Int64, "forms_in_use": pl.Int64}
    some = pl.DataFrame(task_rows(min(rows, DIFFERENT)), schema_overrides=wanted)
    times = -(-rows // some.height)
    whole = pl.concat([some] * times).head(rows)
    return whole.with_columns(id=pl.int_range(rows).cast(pl.String))


def held(name: str, rows: Sequence[Mapping[str, Any]], tasks: pl.DataFrame) -> None:
    """Raises `WrongAnswerError` unless every task has the answer of the function written by hand, and none has two."""
    said = {row["id"]: Answer(row["verdict"], row["channel"], tuple(sorted(row["violations"]))) for row in rows}
    wanted: Said = {row["id"]: expected(facts_of(row)) for row in tasks.iter_rows(named=True)}
    wrong = [key for key in wanted if said.get(key) != wanted[key]]
    if wrong or len(rows) != len(wanted):
        shown = "\n".join(f"  task {key}: expected {wanted[key]}, found {said.get(key)}" for key in wrong[:3])
        raise WrongAnswerError(f"{name}: {len(wrong)} of {len(wanted)} tasks are decided otherwise:\n{shown}")


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a row, its money in whole yuan."""
    return {name: int(row[name]) if name in ("cost", "funding") else row[name] for name in SOUND}


# -------------------------------------------------------------------------------------------------- the contenders


class Contender:
    """One way to decide a table: `run` is what is timed, `rows` are its answers."""

    def __init__(self, name: str, run: Callable[[], object], rows: Callable[[], Sequence[Mapping[str, Any]]]) -> None:
        self.name, self.run, self.rows = name, run, rows


def in_duckdb(policy: admission.Policy, tasks: pl.DataFrame) -> Iterator[Contender]:
    """Both queries over one table, their answers written into another."""
    import duckdb

    connection = duckdb.connect()
    connection.register("frame", tasks.to_arrow())
    connection.execute("CREATE TABLE tasks AS SELECT * FROM frame")
    answers = [(number, *answer) for number, answer in LOOK_UP.items()]
    connection.execute("CREATE TABLE answers (code INT, verdict TEXT, channel TEXT, violations TEXT[])")
    connection.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", [[*row[:3], list(row[3])] for row in answers])

    def contender(name: str, query: str) -> Contender:
        def rows() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = connection.sql(query).pl().to_dicts()
            return found

        return Contender(name, lambda: connection.execute(f"CREATE OR REPLACE TABLE decided AS {query}"), rows)

    digest = f"'{policy.digest}' AS policy"
    yield contender("DuckDB SQL by hand", duckdb_by_hand("tasks"))
    yield contender("by hand, sharpened", duckdb_by_hand("tasks", DUCKDB_SHARPENED))
    nine = duckdb_by_hand("tasks", DUCKDB_SHARPENED, [*DUCKDB_OTHERS, digest])
    yield contender("by hand, sharpened, nine columns", nine)
    query = policy.to_sql("duckdb", as_of=DAY, columns=tasks.columns)
    yield contender("policy.to_sql, DuckDB", query)
    yield contender("the same, four columns of it", f"SELECT {', '.join(FOUR)} FROM ({query})")


def in_memory(policy: admission.Policy, tasks: pl.DataFrame) -> Iterator[Contender]:
    """A data frame in, a data frame out; the library validates the rows."""

    def by_hand() -> pl.DataFrame:
        return polars_by_hand(tasks.lazy()).collect()

    def library() -> pl.DataFrame:
        found: pl.DataFrame = policy.decide_table(tasks, as_of=DAY).to_polars()
        return found

    yield Contender("Polars by hand, table", by_hand, lambda: by_hand().to_dicts())
    yield Contender("policy.decide_table", library, lambda: library().to_dicts())


def with_unknown_facts(tasks: pl.DataFrame) -> pl.DataFrame:
    """The same tasks, each fact unknown in a tenth of the rows."""
    import polars as pl

    chance = random.Random(SEED)  # noqa: S311 - tasks, not secrets
    dice = [pl.Series([chance.random() < UNKNOWN for _ in range(DIFFERENT)]) for _ in tasks.columns]
    place = pl.int_range(pl.len()) % DIFFERENT
    lost = {name: pl.lit(die).gather(place) for name, die in zip(tasks.columns, dice, strict=True) if name != "id"}
    return tasks.with_columns(pl.when(~die).then(pl.col(name)).alias(name) for name, die in lost.items())


def with_and_without(policy: admission.Policy, tasks: pl.DataFrame) -> Iterator[Contender]:
    """A data frame with every fact known, and one with unknown facts."""
    for name, table in (("every fact known", tasks), ("a tenth of the facts unknown", with_unknown_facts(tasks))):

        def library(table: pl.DataFrame = table) -> pl.DataFrame:
            found: pl.DataFrame = policy.decide_table(table, as_of=DAY).to_polars()
            return found

        yield Contender(f"decide_table, {name}", library, list)


def held_one_by_one(policy: admission.Policy, tasks: pl.DataFrame) -> None:
    """Raises `WrongAnswerError` unless a table with unknown facts is decided as each of its tasks alone."""
    table = with_unknown_facts(tasks)
    found = policy.decide_table(table, as_of=DAY).to_dicts()
    wanted = [decision.to_dict() for decision in policy.decide_many(table.iter_rows(named=True), as_of=DAY)]
    keys = ("id", "verdict", "channel", "violations", "missing", "notes", "conflict")
    wrong = [one["id"] for one, other in zip(found, wanted, strict=True) if any(one[key] != other[key] for key in keys)]
    if wrong:
        raise WrongAnswerError(f"decide_table with unknown facts: tasks decided otherwise: {wrong[:3]}")


def batch_command(given: Path, found: Path) -> list[str]:
    """The arguments of `admission batch`."""
    policy = str(Path(__file__).parents[1] / "policies/beijing")
    return ["batch", policy, str(given), str(found), "--as-of", DAY.isoformat(), "--format", "json"]


def large(folder: Path, rows: int, rounds: int) -> None:
    """A file of many rows: both ways, and the most memory that a process of its own holds for the library's."""
    pair = list(in_files(frame(rows), folder))
    print_rates(interleave({one.name: once(one.run) for one in pair}, rounds), rows)
    # Linux counts this anew for each program; `ru_maxrss` would begin with what the parent held.
    program = "import sys; from admission.cli import main; main(sys.argv[1:]);"
    program += "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    command = [sys.executable, "-c", program, *batch_command(folder / "tasks.parquet", folder / "library.parquet")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"  admission batch held at most {int(done.stdout.split()[-1]) / 1024:,.0f} MiB")


def in_files(tasks: pl.DataFrame, folder: Path) -> Iterator[Contender]:
    """A Parquet file in, a Parquet file out."""
    import polars as pl

    from admission.cli import main

    given, by_hand_to, library_to = (folder / f"{name}.parquet" for name in ("tasks", "by_hand", "library"))
    tasks.write_parquet(given)

    def by_hand() -> list[dict[str, Any]]:
        return pl.read_parquet(by_hand_to).to_dicts()

    def library() -> list[dict[str, Any]]:
        return pl.read_parquet(library_to).to_dicts()

    def batch() -> None:
        with redirect_stdout(StringIO()):
            failed = main(batch_command(given, library_to))
        if failed:
            raise WrongAnswerError("admission batch: rows were refused")

    def after(
        run: Callable[[], object], read: Callable[[], list[dict[str, Any]]]
    ) -> Callable[[], list[dict[str, Any]]]:
        return lambda: (run(), read())[1]

    def polars() -> None:
        polars_by_hand(pl.scan_parquet(given)).sink_parquet(by_hand_to)

    yield Contender("Polars by hand, file", polars, after(polars, by_hand))
    yield Contender("admission batch", batch, after(batch, library))


def in_spark(policy: admission.Policy, tasks: pl.DataFrame, folder: Path, session: SparkSession) -> Iterator[Contender]:
    """Both over one cached table, their answers thrown away by Spark's own sink for that."""
    from admission.spark import decide

    path = folder / "spark.parquet"
    tasks.write_parquet(path)
    table = session.read.parquet(str(path)).cache()
    table.createOrReplaceTempView("tasks")
    rows = [(number, answer.verdict, answer.channel, list(answer.violations)) for number, answer in LOOK_UP.items()]
    schema = "code INT, verdict STRING, channel STRING, violations ARRAY<STRING>"
    session.createDataFrame(rows, schema).cache().createOrReplaceTempView("answers")
    decided = decide(table, policy, as_of=DAY)
    nine = [*SPARK_OTHERS, f"'{policy.digest}' AS policy"]
    for name, frame in (
        ("Spark SQL by hand", session.sql(spark_by_hand("tasks"))),
        ("by hand, sharpened", session.sql(spark_by_hand("tasks", SPARK_SHARPENED, "LEFT JOIN"))),
        ("by hand, sharpened, nine columns", session.sql(spark_by_hand("tasks", SPARK_SHARPENED, "LEFT JOIN", nine))),
        ("admission.spark.decide", decided),
        ("the same, four columns of it", decided.select(*FOUR)),
    ):
        yield Contender(name, partial(throw_away, frame), partial(collected, frame))


def throw_away(frame: DataFrame) -> None:
    """All rows are made, and none is kept."""
    frame.write.format("noop").mode("overwrite").save()


def collected(frame: DataFrame) -> list[dict[str, Any]]:
    """All rows, here."""
    return [row.asDict() for row in frame.collect()]


def spark_session(stack: ExitStack) -> SparkSession:
    """A Spark of our own, ended with the stack."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.memory", "2g").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    stack.callback(session.stop)
    return session


def pairs(
    policy: admission.Policy, tasks: pl.DataFrame, folder: Path, session: SparkSession | None, only: str | None = None
) -> Iterator[list[Contender]]:
    """Hand and library, by what they run on."""
    if only is None:
        yield list(in_duckdb(policy, tasks))
    yield list(in_memory(policy, tasks))
    yield list(in_files(tasks, folder))
    if session is not None:
        yield list(in_spark(policy, tasks, folder, session))


def check(number: int, folder: Path, session: SparkSession | None = None) -> None:
    """Every way, held to the function written by hand on so many tasks."""
    tasks = frame(number)
    found = [one for pair in pairs(load(), tasks, folder, session) for one in pair]
    held_one_by_one(load(), tasks)
    for contender in found:
        held(contender.name, contender.rows(), tasks)
    print(f"{len(found)} ways agree on {number} tasks")


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--only", choices=("columns",), help="what is decided in columns, and nothing else")
    parser.add_argument("--large", type=int, metavar="ROWS", help="a file of so many rows too, with its memory")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        session = None if options.without_spark or options.only else spark_session(stack)
        check(TASKS, folder, session)
        tasks = frame(options.rows)
        for pair in (*pairs(load(), tasks, folder, session, options.only), list(with_and_without(load(), tasks))):
            times = interleave({one.name: once(one.run) for one in pair}, options.rounds)
            print_rates(times, options.rows)
        if options.large:
            large(folder, options.large, options.rounds)
    sys.stdout.flush()


def print_rates(times: Mapping[str, Times], rows: int) -> None:
    """The times, and millions of rows a second."""
    show(f"{rows:,} tasks", times, base=next(iter(times)), unit="s")
    print("  " + "; ".join(f"{name}: {rows / taken.median / 1e6:.2f} million rows/s" for name, taken in times.items()))


if __name__ == "__main__":
    main()
