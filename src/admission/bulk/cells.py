"""The value of a column as SQL, and the SQL that says whether it plainly is one.

A cell that is not plainly sound is no fault yet: the task reader looks at its row (see `examination`), and only what
that refuses is refused. So the conditions here may doubt too much, and must never doubt too little.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from admission.bulk.database import identifier, text, texts
from admission.datatypes import LONGEST_TEXT, Kind, Type, to_text

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
_WHOLE |= {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
AMOUNT = "DECIMAL(18, 2)"
NATIVE: dict[Kind, str] = {
    Kind.BOOL: "BOOLEAN",
    Kind.INT: "BIGINT",
    Kind.MONEY: AMOUNT,
    Kind.DATE: "DATE",
    Kind.TEXT: "VARCHAR",
    Kind.ENUM: "VARCHAR",
    Kind.SET: "VARCHAR[]",
}
"""The types of the columns that the query of a policy reads."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The value of a column in its native type, and whether it plainly is one; both NULL where the cell is."""

    value: str
    sound: str


def is_fit(declared: Type, kind: str) -> bool:
    """Whether a column of a type of the engine can hold values of a declared type at all."""
    match declared.kind:
        case Kind.BOOL:
            return kind == "BOOLEAN"
        case Kind.INT:
            return kind in _WHOLE
        case Kind.MONEY:
            return kind in _WHOLE or kind.startswith("DECIMAL(")
        case Kind.DATE:
            return kind == "DATE"
        case Kind.TEXT | Kind.ENUM:
            return kind == "VARCHAR" or kind.startswith("ENUM(")
        case Kind.SET:
            return re.fullmatch(r"(VARCHAR|ENUM\(.*\))\[\d*\]", kind, re.DOTALL) is not None


def native(declared: Type, column: str, kind: str) -> Cell:
    """A column of a Parquet file or a data frame, of a type of the engine that fits."""
    given = identifier(column)
    match declared.kind:
        case Kind.BOOL:
            return Cell(given, "TRUE")
        case Kind.INT:
            return Cell(f"TRY_CAST({given} AS BIGINT)", _within(declared, given))
        case Kind.MONEY:
            if kind == AMOUNT.replace(" ", ""):
                return Cell(given, _within(declared, given))
            value = f"TRY_CAST({given} AS {AMOUNT})"
            return Cell(value, f"(TRY({value} = {given}) AND {_within(declared, value)})")
        case Kind.DATE:
            return Cell(given, _within(declared, given))
        case Kind.TEXT:
            return Cell(f"CAST({given} AS VARCHAR)", _short(f"CAST({given} AS VARCHAR)"))
        case Kind.ENUM:
            return Cell(f"CAST({given} AS VARCHAR)", _known(declared, f"CAST({given} AS VARCHAR)"))
        case Kind.SET:
            value = f"CAST({given} AS VARCHAR[])"
            return Cell(value, _elements(declared, value))


def written(declared: Type, column: str) -> Cell:
    """A column of a CSV file, as `datatypes.from_cell` reads it; the empty cell is NULL."""
    given = f"NULLIF({identifier(column)}, '')"
    match declared.kind:
        case Kind.BOOL:
            return Cell(f"({given} = 'true')", f"{given} IN ('true', 'false')")
        case Kind.INT:
            return _spelled(declared, given, "BIGINT")
        case Kind.MONEY:
            value = f"TRY_CAST({given} AS {AMOUNT})"
            spelled = f"regexp_full_match({given}, '-?[0-9]{{1,16}}(\\.[0-9]{{1,2}})?')"
            return Cell(value, f"({spelled} AND {_within(declared, value)})")
        case Kind.DATE:
            return _spelled(declared, given, "DATE")
        case Kind.TEXT:
            return Cell(given, _short(given))
        case Kind.ENUM:
            return Cell(given, _known(declared, given))
        case Kind.SET:
            value = f"CASE WHEN {given} = ';' THEN []::VARCHAR[] ELSE string_split({given}, ';') END"
            return Cell(value, _elements(declared, value))


def _spelled(declared: Type, given: str, kind: str) -> Cell:
    """A value in its one plain spelling; the reader knows whether another one will do."""
    value = f"TRY_CAST({given} AS {kind})"
    return Cell(value, f"(CAST({value} AS VARCHAR) = {given} AND {_within(declared, value)})")


def _within(declared: Type, value: str) -> str:
    assert declared.low is not None  # noqa: S101 - a number or date has bounds
    assert declared.high is not None  # noqa: S101 - the same
    low, high = (to_text(declared, bound) for bound in (declared.low, declared.high))
    if declared.kind is Kind.DATE:
        low, high = f"DATE {text(low)}", f"DATE {text(high)}"
    return f"{value} BETWEEN {low} AND {high}"


def _short(value: str) -> str:
    return f"length({value}) <= {LONGEST_TEXT}"


def _known(declared: Type, value: str) -> str:
    return f"{value} IN ({', '.join(map(text, declared.values))})"


def _elements(declared: Type, value: str) -> str:
    """Known elements, none twice and none NULL, which `list_distinct` leaves out.

    Most sets are small, and small ones are tried element by element, which costs a tenth.
    """
    known = [_known(declared, f"{value}[{place}]") for place in (1, 2)]
    general = f"list_has_all({texts(declared.values)}, {value}) AND len(list_distinct({value})) = len({value})"
    return (
        f"CASE len({value}) WHEN 0 THEN TRUE WHEN 1 THEN {known[0]} "
        f"WHEN 2 THEN {known[0]} AND {known[1]} AND {value}[1] <> {value}[2] ELSE {general} END"
    )
