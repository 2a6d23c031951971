"""Three-valued logic on columns, strong Kleene as Polars' own `&`, `|` and `~` are; unknown is null.

A truth is a column, or one answer for all rows: `True`, `False`, or None for unknown. What is the same for all rows
stays a single value as long as it can, so that a fact without a column or a rule not in force costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

Truth = pl.Series | bool | None
UNKNOWN = pl.Series([None], dtype=pl.Boolean)


def negated(truth: Truth) -> Truth:
    """`not x`."""
    if isinstance(truth, pl.Series):
        return ~truth
    return None if truth is None else not truth


def all_of(truths: Iterable[Truth]) -> Truth:
    """`and`; true of nothing. Later truths are not asked for once one is false on every row."""
    found: pl.Series | None = None
    is_unknown = False
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, pl.Series):
            found = truth if found is None else found & truth
        else:
            is_unknown |= truth is None
    if found is None:
        return None if is_unknown else True
    return found & UNKNOWN if is_unknown else found


def any_of(truths: Iterable[Truth]) -> Truth:
    """`or`; false of nothing. Later truths are not asked for once one is true on every row."""
    found: pl.Series | None = None
    is_unknown = False
    for truth in truths:
        if truth is True:
            return True
        if isinstance(truth, pl.Series):
            found = truth if found is None else found | truth
        else:
            is_unknown |= truth is None
    if found is None:
        return None if is_unknown else False
    return found | UNKNOWN if is_unknown else found


def is_unknown(value: object) -> Truth:
    """Whether a value or truth is unknown; never unknown itself."""
    if isinstance(value, pl.Series):
        return value.is_null() if value.null_count() else False
    return value is None


def is_known(value: object) -> Truth:
    """Whether it is not."""
    return negated(is_unknown(value))


def is_true(truth: Truth) -> Truth:
    """Whether a truth is true; never unknown."""
    if isinstance(truth, pl.Series):
        return folded(truth.fill_null(value=False) if truth.null_count() else truth)
    return truth is True


def is_false(truth: Truth) -> Truth:
    """Whether a truth is false; never unknown."""
    return is_true(negated(truth))


def folded(truth: pl.Series) -> Truth:
    """A truth that is never unknown, as a single value where it is the same on every row."""
    if not truth.any():
        return False
    return True if truth.all() else truth
