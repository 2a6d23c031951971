"""Values that may be unknown, as pairs of formulas; the strong Kleene connectives over them.

Money is an integer of fen, a date its day number (`date.toordinal`), an enum value or text an integer code, a set
one truth value for each element.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import z3

from admission.datatypes import Kind, Type, Value

Formula = Any
"""A Z3 truth value."""
Payload = Any
"""A Z3 truth value or integer; for a set, a mapping of element to truth value."""

TRUE, FALSE = z3.BoolVal(True), z3.BoolVal(False)


@dataclass(frozen=True, slots=True)
class Term:
    """A value and whether it is known; what the value says where it is not known means nothing."""

    known: Formula
    value: Payload

    @property
    def true(self) -> Formula:
        """Known to be true."""
        return both(self.known, self.value)

    @property
    def false(self) -> Formula:
        """Known to be false."""
        return both(self.known, opposite(self.value))


@dataclass(slots=True)
class Codes:
    """One integer for each text and enum value, the same in every policy that is compared."""

    known: dict[str, int] = field(default_factory=dict)

    def of(self, text: str) -> int:
        """The code of a text."""
        return self.known.setdefault(text, len(self.known))

    def text(self, code: int) -> str:
        """The text of a code; a code that stands for no text of the policy is some other text."""
        for text, known in self.known.items():
            if known == code:
                return text
        other = f"other{abs(code)}"
        while other in self.known:
            other += "x"
        return other


def both(*formulas: Formula) -> Formula:
    """The conjunction, with the constants taken out."""
    left = [formula for formula in formulas if not z3.is_true(formula)]
    if any(z3.is_false(formula) for formula in left):
        return FALSE
    return z3.And(*left) if len(left) > 1 else left[0] if left else TRUE


def either(*formulas: Formula) -> Formula:
    """The disjunction, with the constants taken out."""
    left = [formula for formula in formulas if not z3.is_false(formula)]
    if any(z3.is_true(formula) for formula in left):
        return TRUE
    return z3.Or(*left) if len(left) > 1 else left[0] if left else FALSE


def opposite(formula: Formula) -> Formula:
    """The negation."""
    if z3.is_true(formula) or z3.is_false(formula):
        return FALSE if z3.is_true(formula) else TRUE
    return formula.arg(0) if z3.is_not(formula) else z3.Not(formula)


def constant(value: Value, codes: Codes) -> Term:
    """A known value."""
    match value:
        case bool():
            return Term(TRUE, z3.BoolVal(value))
        case int():
            return Term(TRUE, z3.IntVal(value))
        case date():
            return Term(TRUE, z3.IntVal(value.toordinal()))
        case str():
            return Term(TRUE, z3.IntVal(codes.of(value)))
        case frozenset():
            return Term(TRUE, dict.fromkeys(value, TRUE))


def kleene_and(terms: Iterable[Term]) -> Term:
    """False where one is false, true where all are, else unknown."""
    listed = list(terms)
    true, false = both(*(term.true for term in listed)), either(*(term.false for term in listed))
    return Term(either(true, false), true)


def kleene_or(terms: Iterable[Term]) -> Term:
    """True where one is true, false where all are, else unknown."""
    listed = list(terms)
    true, false = either(*(term.true for term in listed)), both(*(term.false for term in listed))
    return Term(either(true, false), true)


def kleene_not(term: Term) -> Term:
    """Unknown where the operand is."""
    return Term(term.known, opposite(term.value))


def choose(condition: Formula, one: Term, other: Term) -> Term:
    """One term where the condition holds, else the other."""
    if z3.is_true(condition):
        return one
    if z3.is_false(condition):
        return other
    return Term(pick(condition, one.known, other.known), pick(condition, one.value, other.value))


def pick(condition: Formula, one: Payload, other: Payload) -> Payload:
    """One value where the condition holds, else the other; element by element for sets."""
    if isinstance(one, Mapping):
        elements = [*one, *(element for element in other if element not in one)]
        return {e: pick(condition, one.get(e, FALSE), other.get(e, FALSE)) for e in elements}
    return one if one.eq(other) else z3.If(condition, one, other)


def equal(one: Payload, other: Payload) -> Formula:
    """Whether two values are the same."""
    if isinstance(one, Mapping):
        return both(is_subset(one, other), is_subset(other, one))
    return z3.simplify(one == other) if z3.is_int_value(one) and z3.is_int_value(other) else one == other


def is_subset(one: Mapping[str, Formula], other: Mapping[str, Formula]) -> Formula:
    """Whether every element of one set is in the other."""
    return both(*(either(opposite(inside), other.get(element, FALSE)) for element, inside in one.items()))


def is_at_most(one: Payload, other: Payload) -> Formula:
    """Order of numbers and dates, inclusion of sets, and false before true."""
    if isinstance(one, Mapping):
        return is_subset(one, other)
    return either(opposite(one), other) if z3.is_bool(one) else one <= other


def unknown(declared: Type) -> Term:
    """An unknown value of a type."""
    return Term(FALSE, {} if declared.kind is Kind.SET else FALSE if declared.kind is Kind.BOOL else z3.IntVal(0))
