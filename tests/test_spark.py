"""`admission.spark.decide`: a data frame in, a data frame of answers out, on a real Spark."""

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import admission
from admission import reference, spark
from admission.testing.reports import inner
from pack_tasks import days, random_task
from sql_engines import in_lists, names_of, rows_of
from sql_engines import spark as session

pytestmark = pytest.mark.slow
PACKS = Path(__file__).parents[1] / "policies"
DAY = date(2019, 8, 3)


def schema(policy: admission.Policy) -> str:
    """The columns of a data frame of tasks."""
    types = policy.sql_columns("spark")
    return ", ".join(f"`{name}` {types[name]}" for name in names_of(policy))


def test_a_data_frame_is_decided_as_the_reference_decides() -> None:
    """200 random tasks of Beijing: every row has the reference's verdict, violations and missing facts."""
    policy = admission.load(PACKS / "beijing")
    rng = random.Random(11)  # noqa: S311 - tasks, no secrets
    rows = [random_task(rng, "beijing") | {"id": str(n), "as_of": rng.choice(days("beijing"))} for n in range(200)]
    frame = session().createDataFrame(rows_of(policy, rows, in_lists), schema(policy))
    found = {row["id"]: row for row in spark.decide(frame, policy).collect()}
    for task in rows:
        decision = reference.decide(policy.checked, inner(policy, task), task["as_of"])
        row = found[task["id"]]
        assert row["verdict"] == decision.verdict.value
        assert row["violations"] == [violation.rule for violation in decision.violations]
        assert row["missing"] == list(decision.missing)


def test_columns_that_are_not_there_are_unknown_and_narrower_numbers_will_do() -> None:
    """A frame with two facts alone, an amount with fewer digits, and a 32-bit number."""
    policy = admission.load(PACKS / "beijing")
    rows = [("a", "self_governance", 9, Decimal("5.0"))]
    frame = session().createDataFrame(rows, "id string, nature string, forms int, cost decimal(5,1)")
    (row,) = spark.decide(frame, policy, as_of=DAY).collect()
    assert (row["verdict"], row["missing"]) == ("undetermined", ["issuer_level"])


def test_a_column_of_another_type_is_refused_with_all_others() -> None:
    """An amount as a double would be read through a float, so nothing is decided; every such column is named."""
    policy = admission.load(PACKS / "beijing")
    frame = session().createDataFrame([("a", 5.0, "x")], "id string, cost double, actions string")
    with pytest.raises(TypeError) as raised:
        spark.decide(frame, policy, as_of=DAY)
    said = "columns of another type: actions is string, expected array<string>; cost is double, expected decimal(18,2)"
    assert str(raised.value) == said


def test_no_view_stays_behind() -> None:
    """Deciding leaves the session's catalogue as it was."""
    policy = admission.load(PACKS / "beijing")
    frame = session().createDataFrame([("a", "market_service")], "id string, nature string")
    before = session().catalog.listTables()
    assert spark.decide(frame, policy, as_of=DAY).first()["channel"] == "purchase"  # type: ignore[index] # one row
    assert session().catalog.listTables() == before
