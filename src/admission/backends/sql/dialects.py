"""How each engine writes what differs: sets, amounts, days, lists. What one cannot do it refuses by name."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal as Choice

from sqlglot import exp

from admission.backends.sql import terms
from admission.backends.sql.terms import Term
from admission.datatypes import Kind, Type, Value, to_text

SEPARATOR = ";"
AMOUNT = "DECIMAL(18, 2)"
WIDE_AMOUNT = "DECIMAL(20, 2)"


DATE_OF_400_YEARS = exp.DataType(this=exp.DataType.Type.DATE32, nested=False)
SqlType = str | exp.DataType
"""An engine's type, in sqlglot's words."""

Pair = Callable[[Term, Term], Term]
Lists = Callable[[Sequence[tuple[Term, str]]], Term]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One engine's ways. `has`, `within` and `count` are of sets held as lists; None: sets are text."""

    name: str
    names: Lists
    """The list of the names whose condition is true, in the order given."""
    plus_days: Pair
    days_since_1: Callable[[Term], Term]
    """The day number of a date: 0001-01-01 is 1."""
    has: Pair | None = None
    within: Pair | None = None
    count: Callable[[Term], Term] | None = None
    money: Choice["decimal", "fen"] = "decimal"
    rows: Choice["named", "numbered", "array"] = "named"
    """Whether a table of constants is VALUES, its columns named or numbered, or an array of tuples."""
    date: SqlType = "DATE"
    dates: tuple[dt.date, dt.date] = (dt.date.min, dt.date.max)
    """The first and the last day that the engine holds."""
    fence: Choice["", "offset", "limit offset"] = ""
    """What keeps the optimizer from writing a stage's terms out again wherever the next one reads them."""
    numbers: Callable[[int, str], exp.Expr] | None = None
    """So many numbers from 0 as a column, where answers are looked up."""
    answers: Choice["listed", "looked up", "keyed"] = "listed"
    """Whether each row's lists are built for itself; or its answer is looked up by a code, if all its facts are known,
    other rows being decided apart; or looked up for every row."""
    longest_in: int | None = None
    """So many constants at most after IN."""
    holds_nul: bool = True
    """Whether the text of a query may have the character NUL."""
    is_case_blind: bool = False
    """Whether two columns may not differ in case alone."""
    longest_name: int | None = None
    """So many bytes of a name are kept."""

    @property
    def has_lists(self) -> bool:
        """Whether a set is a list; else it is text, its values separated by `;`."""
        return self.has is not None

    def name_kept(self, name: str) -> str:
        """What the engine keeps of a column's name: two that it keeps alike are one column to it."""
        kept = name.casefold() if self.is_case_blind else name
        return kept.encode()[: self.longest_name].decode(errors="ignore")

    def type(self, declared: Type) -> SqlType:
        """The engine's type for a value."""
        match declared.kind:
            case Kind.BOOL:
                return "BOOLEAN"
            case Kind.INT:
                return "BIGINT"
            case Kind.MONEY:
                return AMOUNT if self.money == "decimal" else "BIGINT"
            case Kind.DATE:
                return self.date
            case Kind.TEXT | Kind.ENUM:
                return "TEXT"
            case Kind.SET:
                return "ARRAY<TEXT>" if self.has_lists else "TEXT"

    def unknown(self, declared: Type) -> Term:
        """An unknown value of a type."""
        return terms.null(self.type(declared))

    def constant(self, declared: Type, value: Value) -> Term:
        """A constant of a type."""
        match value:
            case bool():
                return terms.TRUE if value else terms.FALSE
            case int() if declared.kind is Kind.MONEY and self.money == "decimal":
                return terms.number(to_text(declared, value))
            case int():
                return terms.number(value)
            case dt.date():
                return self.day(value)
            case frozenset():
                return self.set_of([item for item in declared.values if item in value])
            case str():
                return terms.text(value)

    def day(self, value: dt.date) -> Term:
        """A date constant."""
        written = terms.text(value.isoformat())
        return written if self.date == "TEXT" else terms.cast(written, self.date)

    def set_of(self, items: Sequence[str]) -> Term:
        """A set constant."""
        if not self.has_lists:
            return terms.text(SEPARATOR.join(items))
        return terms.cast(terms.array(terms.text(item) for item in items), "ARRAY<TEXT>")

    def given(self, declared: Type, name: str) -> Term:
        """A column of the task table, in the form that conditions read."""
        column = terms.column(name, "t")
        if declared.kind is Kind.MONEY:
            return terms.cast(column, AMOUNT) if self.money == "decimal" else fen(column)
        if declared.kind is Kind.SET and not self.has_lists:
            return separated(column)
        return column


# ---------------------------------------------------------------------------------------- sets as lists


def _has_duckdb(container: Term, item: Term) -> Term:
    return terms.function("LIST_CONTAINS", container, item)


def _within_duckdb(inner: Term, outer: Term) -> Term:
    if not (terms.is_constant(outer) and outer.this.expressions):
        return terms.function("LIST_HAS_ALL", outer, inner)
    # LIST_HAS_ALL makes a hash set of the constant for every row; this takes a quarter of its time.
    others = terms.function("FILTER", inner, _each(terms.negated(_is_one_of(outer))))
    return exp.EQ(this=_call("LEN", others), expression=terms.number(0))


def _is_one_of(constant: Term) -> Term:
    """Whether `x` is an element of a set constant."""
    return exp.In(this=exp.column("x"), expressions=constant.this.expressions)


def _each(term: Term) -> Term:
    """A function of `x`, an element of a list."""
    return exp.Lambda(this=term, expressions=[exp.to_identifier("x")])


def _has_postgres(container: Term, item: Term) -> Term:
    return exp.EQ(this=terms.wrapped(item), expression=exp.Any(this=exp.paren(container)))


def _within_postgres(inner: Term, outer: Term) -> Term:
    return terms.binary(exp.ArrayContainsAll, outer, inner)


def _has_spark(container: Term, item: Term) -> Term:
    return terms.is_true(terms.function("ARRAY_CONTAINS", container, item, dialect="spark"))


def _within_spark(inner: Term, outer: Term) -> Term:
    if terms.is_constant(outer) and outer.this.expressions:
        # ARRAY_EXCEPT makes a hash set for every row.
        return terms.is_true(_call("FORALL", inner, _each(_is_one_of(outer))))
    return exp.EQ(this=_call("SIZE", _call("ARRAY_EXCEPT", inner, outer)), expression=terms.number(0))


def _within_trino(inner: Term, outer: Term) -> Term:
    return exp.EQ(this=_call("CARDINALITY", _call("ARRAY_EXCEPT", inner, outer)), expression=terms.number(0))


def _call(name: str, *arguments: Term) -> Term:
    """A function that is written as it is named."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _counted(name: str) -> Callable[[Term], Term]:
    return lambda container: terms.cast(_call(name, container), "BIGINT")


# ----------------------------------------------------------------------------------------- sets as text


def separated(column: Term) -> Term:
    """A set as text with separators, of such text or of a JSON array of names."""
    found = column
    for old, new in (("[", ""), ("]", ""), ('"', ""), (", ", SEPARATOR), (",", SEPARATOR)):
        found = terms.function("REPLACE", found, terms.text(old), terms.text(new))
    return found


def has_text(container: Term, item: Term) -> Term:
    """Whether a set that is text with separators has an element."""
    around, mark = [_between(part) for part in (container, item)], terms.number(0)
    return exp.GT(this=exp.StrPosition(this=around[0], substr=around[1]), expression=mark)


def _between(term: Term) -> Term:
    left = exp.DPipe(this=terms.text(SEPARATOR), expression=terms.wrapped(term))
    return exp.DPipe(this=left, expression=terms.text(SEPARATOR))


# ---------------------------------------------------------------------------------------------- amounts


def fen(column: Term) -> Term:
    """Whole fen of SQLite's yuan: a whole number, a real, or text with at most two decimals, which stays exact."""
    kind = _call("TYPEOF", column)
    hundred = terms.number(100)
    whole = terms.cast(column, "BIGINT")
    point = exp.StrPosition(this=exp.DPipe(this=column, expression=terms.text(".")), substr=terms.text("."))
    padded = exp.DPipe(
        this=_call("SUBSTR", column, exp.Add(this=point.copy(), expression=terms.number(1))),
        expression=terms.text("00"),
    )
    digits = exp.DPipe(
        this=_call("SUBSTR", column, terms.number(1), exp.Sub(this=point, expression=terms.number(1))),
        expression=_call("SUBSTR", exp.paren(padded), terms.number(1), terms.number(2)),
    )
    return terms.case(
        [
            (exp.EQ(this=kind, expression=terms.text("integer")), exp.Mul(this=whole, expression=hundred)),
            (exp.EQ(this=kind, expression=terms.text("text")), terms.cast(exp.paren(digits), "BIGINT")),
        ],
        terms.cast(_call("ROUND", exp.Mul(this=column, expression=hundred)), "BIGINT"),
    )


# ------------------------------------------------------------------------------------------------- days


def _plus_duckdb(start: Term, days: Term) -> Term:
    return terms.binary(exp.Add, start, terms.cast(days, "INT"))


def _plus_sqlite(start: Term, days: Term) -> Term:
    moved = exp.DPipe(this=terms.cast(days, "TEXT"), expression=terms.text(" days"))
    # Without the cast it compares with a column by no index.
    return terms.cast(_call("DATE", start, moved), "TEXT")


def _plus_spark(start: Term, days: Term) -> Term:
    return _call("DATE_ADD", start, terms.cast(days, "INT"))


def _plus_clickhouse(start: Term, days: Term) -> Term:
    return _call("addDays", start, days)


def _plus_trino(start: Term, days: Term) -> Term:
    return _call("DATE_ADD", terms.text("day"), days, start)


def _plus_bigquery(start: Term, days: Term) -> Term:
    return exp.DateAdd(this=start, expression=days, unit=exp.var("DAY"))


FIRST_DAY = dt.date.min


def _since_subtracting(moment: Term) -> Term:
    """Where the difference of two dates is a number of days."""
    return _one_more(exp.Sub(this=moment, expression=terms.day(FIRST_DAY)))


def _since_sqlite(moment: Term) -> Term:
    elapsed = exp.Sub(this=_call("JULIANDAY", moment), expression=_call("JULIANDAY", terms.text("0001-01-01")))
    return _one_more(terms.cast(elapsed, "BIGINT"))


def _since_duckdb(moment: Term) -> Term:
    return _one_more(_call("DATEDIFF", terms.text("day"), terms.day(FIRST_DAY), moment))


def _since_spark(moment: Term) -> Term:
    return _one_more(terms.cast(_call("DATEDIFF", moment, terms.day(FIRST_DAY)), "BIGINT"))


def _since_clickhouse(moment: Term) -> Term:
    start = terms.number(dt.date(1970, 1, 1).toordinal())
    return exp.Add(this=_call("toInt64", _call("toInt32", moment)), expression=start)


def _since_trino(moment: Term) -> Term:
    return _one_more(_call("DATE_DIFF", terms.text("day"), terms.day(FIRST_DAY), moment))


def _since_bigquery(moment: Term) -> Term:
    return _one_more(exp.DateDiff(this=moment, expression=terms.day(FIRST_DAY), unit=exp.var("DAY")))


def _one_more(term: Term) -> Term:
    return exp.Add(this=exp.paren(term), expression=terms.number(1))


# ------------------------------------------------------------------------------------------------ lists


def _listed(conditions: Sequence[tuple[Term, str]]) -> Term:
    return terms.array(terms.case([(held, terms.text(name))], terms.null("TEXT")) for held, name in conditions)


def _names_filtered(conditions: Sequence[tuple[Term, str]]) -> Term:
    if not conditions:
        return terms.cast(terms.array(), "ARRAY<TEXT>")
    return terms.function("FILTER", _listed(conditions), _each(terms.is_known(exp.column("x"))))


def _names_postgres(conditions: Sequence[tuple[Term, str]]) -> Term:
    if not conditions:
        return terms.cast(terms.array(), "ARRAY<TEXT>")
    return terms.function("ARRAY_REMOVE", _listed(conditions), exp.null(), dialect="postgres")


def _names_clickhouse(conditions: Sequence[tuple[Term, str]]) -> Term:
    if not conditions:
        return _call("emptyArrayString")
    listed = terms.array(terms.case([(held, terms.text(name))], terms.text("")) for held, name in conditions)
    return terms.function("FILTER", listed, _each(exp.NEQ(this=exp.column("x"), expression=terms.text(""))))


def _names_json(conditions: Sequence[tuple[Term, str]]) -> Term:
    """A JSON array, as text."""
    if not conditions:
        return terms.text("[]")
    parts = [
        exp.paren(terms.case([(held, terms.text("," + json.dumps(name, ensure_ascii=False)))], terms.text("")))
        for held, name in conditions
    ]
    joined: Term = parts[0]
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=part)
    inside = _call("SUBSTR", exp.paren(joined), terms.number(2))
    opened = exp.DPipe(this=terms.text("["), expression=inside)
    return exp.DPipe(this=opened, expression=terms.text("]"))


def _numbers_duckdb(count: int, name: str) -> Term:
    called = exp.Table(this=_call("RANGE", terms.number(count)))
    return exp.alias_(called, "n", table=[name])


def _numbers_spark(count: int, name: str) -> Term:
    numbered = exp.Table(this=_call("RANGE", *map(terms.number, (0, count, 1, 1))))
    called = terms.selected(terms.named(terms.column("id"), name), source=numbered)
    return exp.alias_(exp.Subquery(this=called), "n", table=True)


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect(
            "duckdb",
            _names_filtered,
            _plus_duckdb,
            _since_duckdb,
            _has_duckdb,
            _within_duckdb,
            _counted("LEN"),
            answers="keyed",
            numbers=_numbers_duckdb,
            longest_in=4,
            is_case_blind=True,
        ),
        Dialect(
            "postgres",
            _names_postgres,
            _plus_duckdb,
            _since_subtracting,
            _has_postgres,
            _within_postgres,
            _counted("CARDINALITY"),
            fence="offset",
            holds_nul=False,
            longest_name=63,
        ),
        Dialect(
            "sqlite",
            _names_json,
            _plus_sqlite,
            _since_sqlite,
            money="fen",
            date="TEXT",
            rows="numbered",
            fence="limit offset",
            holds_nul=False,
            is_case_blind=True,
        ),
        Dialect(
            "spark",
            _names_filtered,
            _plus_spark,
            _since_spark,
            _has_spark,
            _within_spark,
            _counted("CARDINALITY"),
            numbers=_numbers_spark,
            answers="looked up",
            is_case_blind=True,
        ),
        Dialect(
            "clickhouse",
            _names_clickhouse,
            _plus_clickhouse,
            _since_clickhouse,
            rows="array",
            date=DATE_OF_400_YEARS,
            dates=(dt.date(1900, 1, 1), dt.date(2299, 12, 31)),
        ),
        Dialect(
            "trino",
            _names_filtered,
            _plus_trino,
            _since_trino,
            lambda container, item: _call("CONTAINS", container, item),
            _within_trino,
            _counted("CARDINALITY"),
            is_case_blind=True,
        ),
        Dialect("bigquery", _names_filtered, _plus_bigquery, _since_bigquery, is_case_blind=True),
    )
}
