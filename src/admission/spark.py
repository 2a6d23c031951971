"""Decide a Spark data frame where it is: the policy's SQL, and no Python function a row.

It needs the extra `sql`, and a Spark session that the data frame brings along (extra `spark`, or a cluster's own).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from admission.engine import Policy

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def decide(df: DataFrame, policy: Policy, *, as_of: date | None = None) -> DataFrame:
    """A data frame with a row of answer for each task, as `Policy.to_sql` describes it; lazy, like any other.

    `df` has the columns `id`, `as_of` unless the day is given here, and the facts, in the types that
    `policy.sql_columns("spark")` gives; a fact without a column is unknown. Amounts are `DecimalType(18, 2)`, sets
    `ArrayType(StringType())`.

    Raises `TypeError` where a column has another type, with all such columns; `UnsupportedError`, `MissingExtraError`.
    """
    _refuse_other_types(df, policy)
    view = f"admission_{uuid4().hex}"
    df.createOrReplaceTempView(view)
    session = df.sparkSession
    try:
        # The query is analysed here and now, so the name is needed no longer than this.
        return session.sql(policy.to_sql("spark", view, as_of=as_of, columns=df.columns))
    finally:
        session.catalog.dropTempView(view)


def _refuse_other_types(df: DataFrame, policy: Policy) -> None:
    wanted = {name: kind.lower().replace(" ", "") for name, kind in policy.sql_columns("spark").items()}
    given = dict(df.dtypes)
    wrong = sorted(
        f"{name} is {given[name]}, expected {kind}"
        for name, kind in wanted.items()
        if name in given and given[name] != kind and not _is_as_good(given[name], kind)
    )
    if wrong:
        raise TypeError("columns of another type: " + "; ".join(wrong))


def _is_as_good(given: str, wanted: str) -> bool:
    """Whether every value of one type is one of the other: narrower numbers, and amounts of as many decimals."""
    if given == "void":
        return True
    if wanted == "bigint":
        return given in ("tinyint", "smallint", "int")
    whole, _, places = given.removeprefix("decimal(").removesuffix(")").partition(",")
    return wanted.startswith("decimal") and given.startswith("decimal") and int(places) <= 2 and int(whole) <= 18  # noqa: PLR2004
