"""Tasks as columns in their inner form, and which rows plainly are tasks.

A row that is not plainly sound is no fault yet: whoever reads tasks looks at it, and only what that refuses is refused.
So the conditions here may doubt too much, and must never doubt too little.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from admission import ir
from admission.backends.columns.kleene import Truth, all_of, any_of, folded, is_unknown
from admission.backends.columns.matching import SHORT
from admission.backends.columns.sets import SetReader
from admission.backends.columns.terms import Places, Term, column_of, days_of, is_same_set
from admission.datatypes import FEN_PER_YUAN, FIRST_DAY, LAST_DAY, LONGEST_TEXT, Kind, Type, bounded
from admission.decision import Given

WHOLE = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
CENTS = 2  # decimals of a column whose numbers are fen
FEW = 8  # values that a column of texts is compared with one by one
RARE = 4  # what fewer than a row in so many has is looked for among those rows alone
SAMPLE = 64  # rows that tell what is rare


@dataclass(slots=True)
class Tasks:
    """Tasks by column: each fact that has one, and the days for which they are decided."""

    facts: Mapping[str, Term]
    day: pl.Series | int
    height: int
    _equal: dict[tuple[int, str], tuple[pl.Series, pl.Series]] = field(default_factory=dict, repr=False)

    def equal(self, term: Term, value: Any) -> Truth:
        """Where a term is a value. A column of texts is compared with each once: it takes longer than all else."""
        if isinstance(term, tuple):
            return is_same_set(term, value)
        if not (isinstance(term, pl.Series) and isinstance(value, str)):
            return term == value  # type: ignore[no-any-return] # a comparison is a truth
        key = (id(term), value)
        if key not in self._equal:
            self._equal[key] = (term, term == value)  # held, so that no other column takes its id
        return self._equal[key][1]

    def where(self, kept: pl.Series) -> Tasks:
        """Some of the tasks."""
        facts = {name: _each(term, lambda column: column.filter(kept)) for name, term in self.facts.items()}
        day = self.day if isinstance(self.day, int) else self.day.filter(kept)
        return Tasks(facts, day, int(kept.sum()))


def _each(term: Term, apply: Any) -> Term:
    if isinstance(term, tuple):
        return tuple(apply(word) for word in term)
    return apply(term) if isinstance(term, pl.Series) else term


class Encoder:
    """Brings the tasks of one policy into columns."""

    def __init__(self, policy: ir.CheckedPolicy, places: Places) -> None:
        self.policy = policy
        self.places = places
        period = policy.period
        low, high = max(period.start or FIRST_DAY, FIRST_DAY), min(period.end or LAST_DAY, LAST_DAY)
        self.days = bounded(Kind.DATE, low, high)
        self._asked = texts_asked(policy)
        sets = (fact for fact in policy.facts.values() if fact.type.kind is Kind.SET)
        self._sets = {fact.name: SetReader(fact.type.values, places) for fact in sets}

    def takes(self, schema: Mapping[str, Any]) -> bool:
        """Whether every column is one of the policy, of a type that is read here."""
        return all(self._takes(name, dtype) for name, dtype in schema.items())

    def _takes(self, name: str, dtype: Any) -> bool:
        if name in ("id", ir.AS_OF):
            return bool(dtype == (pl.String if name == "id" else pl.Date))
        fact = self.policy.facts.get(name)
        return fact is not None and (dtype == pl.Null or is_plain(fact.type, dtype))

    def encode(self, frame: pl.DataFrame, as_of: date | None) -> tuple[Tasks, Truth]:
        """The rows of a table that is taken, and where they are plainly sound.

        `as_of` is the day of the call; without one, and without a day of its own, no row is sound.
        """
        tasks = Tasks({}, 0, frame.height)
        facts: dict[str, Term] = {}
        sound: list[Truth] = [True]
        for name in frame.columns:
            column = frame.get_column(name)
            if name == ir.AS_OF:
                continue
            if name == "id":
                sound.append(_is_short(column))
            elif column.null_count() < frame.height:
                facts[name], fits = self._encoded(tasks, self.policy.facts[name], column)
                sound.append(fits)
        tasks.facts = facts
        tasks.day, dated = self._day(frame, as_of)
        return tasks, all_of([*sound, dated])

    def _encoded(self, tasks: Tasks, fact: ir.Fact, column: pl.Series) -> tuple[Term, Truth]:
        value, sound = self._value(tasks, fact, column)
        # A given value must agree with the look-up that could have filled it, which the reader of tasks compares.
        return value, sound if fact.filled_by is None else is_unknown(column)

    def _value(self, tasks: Tasks, fact: ir.Fact, column: pl.Series) -> tuple[Term, Truth]:
        declared = fact.type
        match declared.kind:
            case Kind.BOOL:
                return column, True
            case Kind.INT:
                return _numbers(declared, column, column.cast(pl.Int64, strict=False))
            case Kind.MONEY:
                return _numbers(declared, column, _fen(declared, column))
            case Kind.DATE:
                return _numbers(declared, column, column.to_physical().cast(pl.Int64))
            case Kind.TEXT:
                text = column.cast(pl.String)
                return text, _is_short(text)
            case Kind.ENUM:
                text = column.cast(pl.String)
                return text, _is_one_of(tasks, text, declared.values, self._asked.get(fact.name, ()))
            case Kind.SET:
                words, fits = self._sets[fact.name].read(column)
                return words, _holding(fits)

    def _day(self, frame: pl.DataFrame, as_of: date | None) -> tuple[pl.Series | int, Truth]:
        if ir.AS_OF not in frame.columns:
            return (0, False) if as_of is None else (days_of(as_of), True)
        own = frame.get_column(ir.AS_OF).to_physical().cast(pl.Int64)
        if as_of is not None:
            return days_of(as_of), _holding(own == days_of(as_of))
        within = _numbers(self.days, own, own)[1]
        return own, all_of([within, folded(own.is_not_null())])

    def given(self, tasks: Sequence[Given]) -> Tasks:
        """Tasks that were read one by one."""
        names = dict.fromkeys(name for task in tasks for name in task.facts)
        facts = {name: self._column(name, [task.facts.get(name) for task in tasks]) for name in names}
        day = pl.Series([days_of(task.as_of) for task in tasks], dtype=pl.Int64)
        return Tasks(facts, day, len(tasks))

    def _column(self, name: str, values: Iterable[Any]) -> Term:
        return column_of(self.policy.facts[name].type, [self.places.inner(value) for value in values], self.places)


def texts_asked(policy: ir.CheckedPolicy) -> dict[str, set[str]]:
    """By fact the texts that rules compare it with, as far as one can read it off them."""
    found: dict[str, set[str]] = {}
    for fact, text in _comparisons(policy):
        found.setdefault(fact, set()).add(text)
    return found


def _comparisons(policy: ir.CheckedPolicy) -> Iterator[tuple[str, str]]:
    rules: tuple[ir.Rule, ...] = (*policy.routes.values(), *policy.requirements.values(), *policy.exceptions.values())
    for node in ir.walk((expr for rule in rules for expr in ir.parts(rule).values()), policy.definitions):
        facts = [part.name for part in ir.children(node) if isinstance(part, ir.ReadFact)]
        texts = [part.value for part in ir.children(node) if isinstance(part, ir.Literal)]
        yield from ((fact, text) for fact in facts for text in texts if isinstance(text, str))
    for look_up in policy.look_ups.values():
        register = policy.registers[look_up.register]
        rows = register.rows if len(register.rows) <= SHORT else ()
        places = {column: place for place, column in enumerate(register.columns)}
        cells = ((fact, row.cells[places[column]]) for column, fact in look_up.match.items() for row in rows)
        yield from ((fact, cell) for fact, cell in cells if isinstance(cell, str))


def is_plain(declared: Type, dtype: Any) -> bool:
    """Whether a column of this type of Polars is read here as one of a declared type."""
    match declared.kind:
        case Kind.BOOL:
            return bool(dtype == pl.Boolean)
        case Kind.INT:
            return dtype in WHOLE
        case Kind.MONEY:
            return dtype in WHOLE or (isinstance(dtype, pl.Decimal) and dtype.scale == CENTS)
        case Kind.DATE:
            return bool(dtype == pl.Date)
        case Kind.TEXT | Kind.ENUM:
            return _is_text(dtype)
        case Kind.SET:
            return isinstance(dtype, pl.List) and _is_text(dtype.inner)


def _is_text(dtype: Any) -> bool:
    return dtype in (pl.String, pl.Categorical) or isinstance(dtype, pl.Enum)


def _fen(declared: Type, column: pl.Series) -> pl.Series:
    """Yuan as fen; null where there are more than any bound allows."""
    if column.dtype not in WHOLE:
        return column.to_physical().cast(pl.Int64, strict=False)
    assert isinstance(declared.low, int)  # noqa: S101 - an amount has bounds
    assert isinstance(declared.high, int)  # noqa: S101 - the same
    yuan = column.cast(pl.Int64, strict=False)
    within = yuan.is_between(-(-declared.low // FEN_PER_YUAN), declared.high // FEN_PER_YUAN)
    return yuan.zip_with(within, pl.Series([None], dtype=pl.Int64)) * FEN_PER_YUAN


def _numbers(declared: Type, given: pl.Series, numbers: pl.Series) -> tuple[pl.Series, Truth]:
    """Whole numbers, and where they lie within their bounds; one that was lost does not."""
    low, high = (days_of(bound) if isinstance(bound, date) else bound for bound in (declared.low, declared.high))
    least: Any = numbers.min()
    most: Any = numbers.max()
    if numbers.null_count() == given.null_count() and (least is None or (low <= least and most <= high)):
        return numbers, True
    return numbers, _holding(numbers.is_between(low, high).fill_null(value=False) | given.is_null())


def _is_short(text: pl.Series) -> Truth:
    """Whether texts have no more bytes than characters are allowed."""
    return _holding(text.str.len_bytes() <= LONGEST_TEXT)


def _is_one_of(tasks: Tasks, text: pl.Series, values: Sequence[str], asked: Collection[str]) -> Truth:
    """Where a text is one of some values: what rules ask for is compared anyway, what is rare only on the rows left."""
    sample = text.head(SAMPLE).to_list()
    first = [value for value in values if value in asked or sample.count(value) * RARE > len(sample)]
    others = [value for value in values if value not in first]
    found = any_of(tasks.equal(text, value) for value in first)
    if not isinstance(found, pl.Series):
        return _holding(_among(text, others))
    if others and (len(text) - found.sum()) * RARE <= len(text) and _among(text.filter(~found), others).all():
        return True
    return _holding(found | _among(text, others) if others else found)


def _among(text: pl.Series, values: Sequence[str]) -> pl.Series:
    if len(values) > FEW:
        return text.is_in(values)
    found = any_of(text == value for value in values)
    assert isinstance(found, pl.Series)  # noqa: S101 - there is a value
    return found


def _holding(sound: pl.Series) -> Truth:
    """A condition on cells, where it holds of each that there is."""
    return True if sound.all() else folded(sound.fill_null(value=True))
