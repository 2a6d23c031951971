"""The few SQL terms that a decision is made of.

INVARIANT: every text and every name goes in as a node of the syntax tree; the printer quotes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache

from sqlglot import exp

Term = exp.Expr

LONGEST_LABEL = 40  # of the 63 bytes that PostgreSQL keeps of a name
TRUE: Term = exp.true()
FALSE: Term = exp.false()


def text(value: str) -> Term:
    """A text constant."""
    return exp.Literal.string(value)


def number(value: int | str) -> Term:
    """A number constant, in digits."""
    return exp.Literal.number(value)


def own(term: Term) -> Term:
    """A term for a tree to hold: itself if none holds it yet, else a copy."""
    return term.copy() if term.parent is not None or term is TRUE or term is FALSE else term


def cast(term: Term, kind: str | exp.DataType) -> Term:
    """A term as a value of a type."""
    return exp.cast(own(term), _type(kind).copy(), copy=False)


@cache
def _type(kind: str | exp.DataType) -> exp.DataType:
    return exp.DataType.build(kind)


def function(name: str, *arguments: Term, dialect: str | None = None) -> Term:
    """A function that each dialect calls by a name of its own."""
    return exp.func(name, *map(own, arguments), copy=False, dialect=dialect)


def array(items: Iterable[Term] = ()) -> Term:
    """A list of terms."""
    return exp.array(*map(own, items), copy=False)


def null(kind: str | exp.DataType) -> Term:
    """An unknown value of a type."""
    return cast(exp.null(), kind)


def day(value: date) -> Term:
    """A date constant."""
    return cast(text(value.isoformat()), "DATE")


def column(name: str, table: str | None = None) -> Term:
    """A column by its name, quoted."""
    return exp.column(name, table=table, quoted=True)


def table(name: str, alias: str) -> Term:
    """A table of the query under another name."""
    return exp.alias_(exp.to_table(name), alias, table=True)


def selected(*columns: Term, source: Term | str) -> exp.Select:
    """A query for some columns."""
    return exp.Select().select(*map(own, columns), copy=False).from_(source, copy=False)


def named(term: Term, name: str) -> Term:
    """A term under a name."""
    return exp.alias_(own(term), name, quoted=True, copy=False)


def all_of(terms: Iterable[Term]) -> Term:
    """Kleene's `and`, which is SQL's."""
    listed = [part for term in terms for part in _parts(term, exp.And) if part != TRUE]
    if FALSE in listed:
        return FALSE
    return exp.and_(*listed, copy=False) if listed else TRUE


def any_of(terms: Iterable[Term]) -> Term:
    """Kleene's `or`, which is SQL's."""
    listed = [part for term in terms for part in _parts(term, exp.Or) if part != FALSE]
    if TRUE in listed:
        return TRUE
    return exp.or_(*listed, copy=False) if listed else FALSE


def _parts(term: Term, connector: type[exp.Connector]) -> Iterator[Term]:
    """The terms that a connector joins; a term that is none is its own only part."""
    if isinstance(term, connector):
        for part in (term.left, term.right):
            yield from _parts(part.this if isinstance(part, exp.Paren) else part, connector)
    else:
        yield term


def negated(term: Term) -> Term:
    """Kleene's `not`, which is SQL's."""
    if term in (TRUE, FALSE):
        return FALSE if term == TRUE else TRUE
    if isinstance(term, exp.Not):
        inner: Term = term.this
        return inner.unnest()
    return exp.not_(term, copy=False)


def is_true(term: Term) -> Term:
    """Whether a condition is true: false where it is unknown."""
    return term if term in (TRUE, FALSE) else coalesce(term, FALSE)


def is_false(term: Term) -> Term:
    """Whether a condition is false: false where it is unknown."""
    return negated(term) if term in (TRUE, FALSE) else negated(coalesce(term, TRUE))


def is_not_false(term: Term) -> Term:
    """Whether a condition is true or unknown."""
    return term if term in (TRUE, FALSE) else coalesce(term, TRUE)


def is_unknown(term: Term) -> Term:
    """Whether a term has no value."""
    if isinstance(term, (exp.Boolean, exp.Literal)) or is_constant(term):
        return FALSE
    return exp.Is(this=wrapped(term), expression=exp.null())


def is_constant(term: Term) -> bool:
    """Whether a term is a cast constant, such as a date or a list."""
    return isinstance(term, exp.Cast) and isinstance(term.this, (exp.Literal, exp.Array))


def is_known(term: Term) -> Term:
    """Whether a term has a value."""
    return negated(is_unknown(term))


def label(kind: str, place: int, name: str) -> str:
    """The name of a column of the query: told apart by its place, readable where the name is plain."""
    plain = "_".join(re.findall("[a-z0-9]+", name.lower())) if name.isascii() else ""
    return "_".join(filter(None, (kind, str(place), plain[:LONGEST_LABEL].rstrip("_"))))


def coalesce(*terms: Term) -> Term:
    """The first that has a value."""
    return function("COALESCE", *terms)


def case(branches: Sequence[tuple[Term, Term]], otherwise: Term) -> Term:
    """The value of the first branch whose condition is true."""
    branches = [branch for branch in branches if branch[0] != FALSE]
    if not branches:
        return otherwise
    if branches[0][0] == TRUE:
        return branches[0][1]
    found = exp.Case()
    for condition, value in branches:
        found = found.when(condition, value, copy=False)
    return found.else_(otherwise, copy=False)


def binary(node: type[exp.Binary], left: Term, right: Term) -> Term:
    """Two terms and what stands between them."""
    return node(this=wrapped(left), expression=wrapped(right))


def wrapped(term: Term) -> Term:
    """A term that binds as one."""
    loose = isinstance(term, (exp.Binary, exp.Connector, exp.Not, exp.Is, exp.In, exp.Case))
    return exp.paren(term, copy=False) if loose and not isinstance(term, exp.Dot) else term


def bit(condition: Term, value: int) -> Term:
    """A number where a known condition is true, else 0; by arithmetic, which needs no branch."""
    counted = cast(condition, "INT")
    return counted if value == 1 else exp.Mul(this=counted, expression=number(value))


def chosen(condition: Term, value: int) -> Term:
    """A number where a condition is true, else 0."""
    return case([(condition, number(value))], number(0))


def bits(conditions: Iterable[tuple[int, Term]]) -> Term:
    """A number with a bit set for each condition that is true; none of them unknown."""
    parts = [case([(condition, number(1 << place))], number(0)) for place, condition in conditions]
    parts = [part for part in parts if part != number(0)]
    return total(parts) if parts else number(0)


def total(parts: Sequence[Term]) -> Term:
    """The sum of some numbers."""
    found = parts[0]
    for part in parts[1:]:
        found = exp.Add(this=found, expression=part)
    return found
