"""The closed set of value types, and how a value comes in and goes out.

Inside the library money is an `int` of fen, a date a `datetime.date`, an enum value a `str`, a set a
`frozenset` of its values. Nothing is coerced: a value either is one of its type or is refused with a reason.
Three doors lead in, and each has its own spelling of a value: Python objects (`from_python`), YAML and JSON
(`from_document`), and the cells of a CSV file (`from_cell`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum

from admission.diagnostics.report import nearest
from admission.records import record

INT_LIMIT = 2**53  # the largest whole number that JSON readers keep exact
FEN_LIMIT = 2**53
FIRST_DAY = date(1900, 1, 1)
LAST_DAY = date(2199, 12, 31)
FEN_PER_YUAN = 100
# INVARIANT: money never passes through the embedding program's decimal context, which may round to few digits.
EXACT = Context(prec=80, traps=[Inexact])
LONGEST_TEXT = 10_000  # characters of one text value
SHOWN = 60  # characters of a given value that a message repeats

Words = tuple[str, str]
Value = bool | int | date | str | frozenset[str]


class Kind(StrEnum):
    """The seven kinds of value."""

    BOOL = "bool"
    INT = "int"
    MONEY = "money"
    DATE = "date"
    TEXT = "text"
    ENUM = "enum"
    SET = "set"


@record
class Type:
    """A kind, with the values of an enum or set in the order they were declared, and bounds where it has some.

    `low` and `high` are included, in the kind's inner unit (fen for money), and never absent for int, money, date.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    low: int | date | None = None
    high: int | date | None = None

    @property
    def is_number(self) -> bool:
        """Whether it can be added up: int or money."""
        return self.kind in (Kind.INT, Kind.MONEY)

    @property
    def is_ordered(self) -> bool:
        """Whether `<` means something: int, money, date."""
        return self.kind in (Kind.INT, Kind.MONEY, Kind.DATE)


LIMITS: dict[Kind, tuple[int | date, int | date]] = {
    Kind.INT: (-INT_LIMIT, INT_LIMIT),
    Kind.MONEY: (-FEN_LIMIT, FEN_LIMIT),
    Kind.DATE: (FIRST_DAY, LAST_DAY),
}


def bounded(kind: Kind, low: int | date | None = None, high: int | date | None = None) -> Type:
    """A type whose bounds are the given ones, else the widest its kind allows."""
    lowest, highest = LIMITS.get(kind, (None, None))
    return Type(kind, (), lowest if low is None else low, highest if high is None else high)


BOOL = Type(Kind.BOOL)
INT = bounded(Kind.INT)
MONEY = bounded(Kind.MONEY)
DATE = bounded(Kind.DATE)
TEXT = Type(Kind.TEXT)


class Unfit(ValueError):  # noqa: N818 - it is a finding about a value, not a failure of the program
    """A value is not one of its type: `code` of the catalogue, what was expected, what was given."""

    def __init__(self, code: str, expectation: Words, given: str, near: str | None = None) -> None:
        super().__init__(code, expectation, given, near)
        self.code = code
        self.expectation = expectation
        self.given = given
        self.near = near


# ---------------------------------------------------------------------------------------------- Python


def from_python(declared: Type, value: object) -> Value:
    """The inner value of a Python object: money from `Decimal` or `int` (yuan), sets from set, list or tuple.

    >>> from_python(MONEY, Decimal("12.50"))
    1250

    Raises `Unfit` with what was expected and given.
    """
    return _within(declared, _PYTHON[declared.kind](declared, value), value)


def _python_bool(declared: Type, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise _unfit(declared, value)


def _python_int(declared: Type, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise _unfit(declared, value)


def _python_money(declared: Type, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value) * FEN_PER_YUAN
    if isinstance(value, Decimal):
        return _fen(declared, value, value)
    raise _unfit(declared, value)


def _python_date(declared: Type, value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise _unfit(declared, value)


def _python_text(declared: Type, value: object) -> str:
    if not isinstance(value, str):
        raise _unfit(declared, value)
    if len(value) > LONGEST_TEXT:
        raise Unfit("A915", expectation(declared), shown(value))
    return _exact(value)


def _exact(text: str) -> str:
    """The text itself: `str()` of a subclass, such as an `enum.Enum` that is a `str` too, may say something else."""
    return str.__str__(text)


def _python_enum(declared: Type, value: object) -> str:
    if isinstance(value, str):
        if value in declared.values:
            return _exact(value)
        raise Unfit("A913", expectation(declared), shown(value), nearest(value, declared.values))
    raise _unfit(declared, value)


def _python_set(declared: Type, value: object) -> frozenset[str]:
    if not isinstance(value, (set, frozenset, list, tuple)):
        raise _unfit(declared, value)
    if len(value) > len(declared.values) + 1000:
        raise Unfit("A914", expectation(declared), shown(value))
    items = [_python_enum(declared, item) for item in value]
    if len(set(items)) < len(items):
        twice = next(item for item in items if items.count(item) > 1)
        raise Unfit("A914", expectation(declared), shown(twice))
    return frozenset(items)


# -------------------------------------------------------------------------------------------- YAML, JSON

_MONEY_TEXT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,2})?", re.ASCII)
_INT_TEXT = re.compile(r"[-+]?[0-9]{1,20}", re.ASCII)
_DATE_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def from_document(declared: Type, value: object) -> Value:
    """The inner value of what YAML or JSON holds: a date is ISO text, money a number or text, a set a list.

    >>> from_document(MONEY, "8000.00"), from_document(DATE, "2019-08-03")
    (800000, datetime.date(2019, 8, 3))

    Raises `Unfit`.
    """
    if declared.kind is Kind.MONEY and isinstance(value, str):
        return _within(declared, _fen_of_text(declared, value), value)
    if declared.kind is Kind.DATE and isinstance(value, str):
        return _within(declared, _date_of_text(declared, value), value)
    if declared.kind is Kind.INT and isinstance(value, Decimal):
        raise _unfit(declared, value)
    return from_python(declared, value)


def _fen_of_text(declared: Type, text: str) -> int:
    if not _MONEY_TEXT.fullmatch(text):
        try:
            number = Decimal(text) if text.isascii() and len(text) <= SHOWN else None
        except InvalidOperation:
            number = None
        if number is None or "_" in text or text != text.strip():
            raise _unfit(declared, text)
        return _fen(declared, number, text)
    return _fen(declared, Decimal(text), text)


def _date_of_text(declared: Type, text: str) -> date:
    if not _DATE_TEXT.fullmatch(text):
        raise _unfit(declared, text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unfit("A916", expectation(declared), shown(text)) from None


# -------------------------------------------------------------------------------------------------- CSV


def from_cell(declared: Type, text: str) -> Value:
    """The inner value of a CSV cell; a set's values are separated by `;`. The empty cell is not asked here.

    >>> sorted(from_cell(Type(Kind.SET, ("a", "b")), "b;a"))
    ['a', 'b']

    Raises `Unfit`.
    """
    return _within(declared, _CELL[declared.kind](declared, text), text)


def _cell_bool(declared: Type, text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise _unfit(declared, text, nearest(text.lower(), ("true", "false")))


def _cell_int(declared: Type, text: str) -> int:
    if _INT_TEXT.fullmatch(text):
        return int(text)
    raise _unfit(declared, text)


def _cell_set(declared: Type, text: str) -> frozenset[str]:
    # A lone `;` is how a cell says the empty set: an empty cell is an unknown one.
    return _python_set(declared, [] if text == ";" else text.split(";"))


# ------------------------------------------------------------------------------------------- what fits


def _fen(declared: Type, number: Decimal, given: object) -> int:
    if not number.is_finite():
        raise Unfit("A917", expectation(declared), shown(given))
    if abs(number.adjusted()) > 30:  # noqa: PLR2004 - far past any bound; keeps 1E+999999 cheap
        raise Unfit("A912" if number and number.adjusted() > 0 else "A918", expectation(declared), shown(given))
    fen = fen_of(number)
    if fen is None:
        raise Unfit("A918", expectation(declared), shown(given))
    return fen


def fen_of(number: Decimal) -> int | None:
    """Finite yuan as fen, exact; None where there are more than two decimals.

    >>> fen_of(Decimal("12.50")), fen_of(Decimal("0.001"))
    (1250, None)
    """
    try:
        scaled = number.scaleb(2, EXACT)
    except Inexact:
        return None
    whole = int(scaled)
    return whole if whole == scaled else None


def _within(declared: Type, value: Value, given: object) -> Value:
    low, high = declared.low, declared.high
    if low is not None and high is not None and not low <= value <= high:  # type: ignore[operator] # same kind
        raise Unfit("A912", expectation(declared), shown(given))
    return value


def _unfit(declared: Type, value: object, near: str | None = None) -> Unfit:
    if (isinstance(value, float) and value != value) or (isinstance(value, Decimal) and not value.is_finite()):  # noqa: PLR0124
        return Unfit("A917", expectation(declared), shown(value))
    return Unfit("A911", expectation(declared), shown(value), near)


_Reader = Callable[[Type, object], Value]
_PYTHON: dict[Kind, _Reader] = {
    Kind.BOOL: _python_bool,
    Kind.INT: _python_int,
    Kind.MONEY: _python_money,
    Kind.DATE: _python_date,
    Kind.TEXT: _python_text,
    Kind.ENUM: _python_enum,
    Kind.SET: _python_set,
}
_CELL: dict[Kind, Callable[[Type, str], Value]] = {
    Kind.BOOL: _cell_bool,
    Kind.INT: _cell_int,
    Kind.MONEY: _fen_of_text,
    Kind.DATE: _date_of_text,
    Kind.TEXT: _python_text,
    Kind.ENUM: _python_enum,
    Kind.SET: _cell_set,
}


# ----------------------------------------------------------------------------------------------- words

_WORDS: dict[Kind, Words] = {
    Kind.BOOL: ("true 或 false", "true or false"),
    Kind.INT: ("整数", "a whole number"),
    Kind.MONEY: ("金额(元，至多两位小数)", "an amount in yuan with at most two decimals"),
    Kind.DATE: ("日期，如 2019-08-03", "a date such as 2019-08-03"),
    Kind.TEXT: ("文字", "text"),
    Kind.ENUM: ("以下各项之一", "one of"),
    Kind.SET: ("由以下各项组成、不重复的列表", "a list without repeats of"),
}


def expectation(declared: Type) -> Words:
    """What a type takes, in Chinese and English, bounds and values included.

    >>> expectation(bounded(Kind.INT, 0))[1]
    'a whole number, 0 or more'
    """
    zh, en = _WORDS[declared.kind]
    if declared.values:
        listed = ", ".join(declared.values[:30]) + (", ..." if len(declared.values) > 30 else "")  # noqa: PLR2004
        return f"{zh}：{listed}", f"{en}: {listed}"
    zh_bound, en_bound = _bounds(declared)
    return zh + zh_bound, en + en_bound


def _bounds(declared: Type) -> Words:
    if declared.low is None or declared.high is None:
        return "", ""
    lowest, highest = LIMITS[declared.kind]
    low, high = (to_text(declared, bound) for bound in (declared.low, declared.high))
    if declared.low != lowest and declared.high != highest:
        return f"，{low} 至 {high}", f", {low} to {high}"
    if declared.low != lowest:
        return f"，不小于 {low}", f", {low} or more"
    if declared.high != highest:
        return f"，不大于 {high}", f", {high} or less"
    return "", ""


def shown(value: object) -> str:
    """A given value as a message repeats it: short, printable."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (bool, int, Decimal, date)) or value is None:
        text = _plain(value)
    else:
        text = f"{type(value).__name__} {_brief(value)}".rstrip()
    text = "".join(c if c.isprintable() else "�" for c in text[: SHOWN + 1])
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _plain(value: bool | int | Decimal | date | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**SHOWN:
        return f"10^{SHOWN} or more" if value > 0 else f"-10^{SHOWN} or less"
    return str(value)


def _brief(value: object) -> str:
    if isinstance(value, (float, complex)):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return (
            "["
            + ", ".join(shown(item) if isinstance(item, str) else type(item).__name__ for item in list(value)[:4])
            + "]"
        )
    return ""


# ------------------------------------------------------------------------------------------------- out


def to_python(declared: Type, value: Value | None) -> object:
    """The public Python value: money as a `Decimal` of yuan with two places, everything else, and None, as it is.

    >>> to_python(MONEY, 1250)
    Decimal('12.50')
    """
    if declared.kind is Kind.MONEY and value is not None:
        return yuan(int(value))  # type: ignore[arg-type] # money is an int of fen
    return value


def yuan(fen: int) -> Decimal:
    """Fen as yuan, exact, two places."""
    return Decimal(fen).scaleb(-2, EXACT)


def to_json(declared: Type, value: Value) -> object:
    """The JSON value: money and dates as text, a set as a list in declared order."""
    match value:
        case bool():
            return value
        case frozenset():
            return [item for item in declared.values if item in value]
        case int() if declared.kind is Kind.INT:
            return value
        case _:
            return to_text(declared, value)


def to_text(declared: Type, value: Value) -> str:
    """The value as an author would write it, without quotes.

    >>> to_text(MONEY, 800000), to_text(BOOL, True)
    ('8000.00', 'true')
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int() if declared.kind is Kind.MONEY:
            return f"{yuan(value):f}"
        case date():
            return value.isoformat()
        case frozenset():
            return "{" + ", ".join(item for item in declared.values if item in value) + "}"
        case _:
            return str(value)
