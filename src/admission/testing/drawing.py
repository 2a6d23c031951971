"""Values and facts drawn by whole numbers alone, so that Hypothesis and a plain generator of numbers draw alike.

Each function takes `below`, which draws a whole number below another; smaller ones make plainer values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar, assert_never

from admission import ir
from admission.datatypes import Kind, Type, Value
from admission.testing.constants import Constants, is_within, neighbours

T = TypeVar("T")
Below = Callable[[int], int]
WORDS = ("", "a", "某单位")
LONGEST = 8  # characters of a text
PLAIN_DAY = date(2000, 1, 1)
LETTERS = (range(0x61, 0x7B), range(0x20, 0x7F), range(0x4E00, 0xA000), range(0xD800), range(0xE000, 0x110000))


def pick(below: Below, options: Sequence[T]) -> T:
    """One of several; the first is the plainest."""
    return options[0] if len(options) == 1 else options[below(len(options))]


def sized(below: Below, most: int) -> int:
    """A whole number from 0 to another, of any size as likely as of any other."""
    bits = below(most.bit_length() + 1)
    return min(below(1 << bits), most) if bits else 0


def several(below: Below, options: Iterable[T], size: int) -> list[T]:
    """As many of some, each once."""
    left = list(options)
    return [left.pop(below(len(left)) if len(left) > 1 else 0) for _ in range(size)]


def value(below: Below, declared: Type) -> Value:
    """Any value of a type, in its inner form (money in fen), plain ones first."""
    match declared.kind:
        case Kind.BOOL:
            return bool(below(2))
        case Kind.INT | Kind.MONEY:
            return _between(below, int(str(declared.low)), int(str(declared.high)), 0)
        case Kind.DATE:
            low, high = (day.toordinal() for day in (declared.low, declared.high) if isinstance(day, date))
            return date.fromordinal(_between(below, low, high, PLAIN_DAY.toordinal()))
        case Kind.TEXT:
            return pick(below, WORDS) if below(2) == 0 else text(below)
        case Kind.ENUM:
            return pick(below, declared.values)
        case Kind.SET:
            return frozenset(several(below, declared.values, sized(below, len(declared.values))))
        case _:
            assert_never(declared.kind)


def _between(below: Below, low: int, high: int, plain: int) -> int:
    """A number between two others, the one nearest to a plain one first."""
    origin = min(max(plain, low), high)
    if origin > low and (origin == high or below(3) == 2):  # noqa: PLR2004 - one in three
        return origin - sized(below, origin - low)
    return origin + sized(below, high - origin)


def text(below: Below) -> str:
    """Characters of any script."""
    return "".join(chr(pick(below, pick(below, LETTERS))) for _ in range(below(LONGEST + 1)))


def near(below: Below, declared: Type, constants: Constants, met: Iterable[Value] = ()) -> Value:
    """A value near a constant, or one that meets a value drawn before, or any."""
    pools: list[Sequence[Value]] = []
    if declared.is_ordered or declared.kind is Kind.TEXT:
        beside = (each for value in met for each in neighbours(value))
        pools = [constants.of(declared), [each for each in dict.fromkeys(beside) if is_within(declared, each)]]
    pools = [pool for pool in pools if pool]
    chosen = below(len(pools) + 1) if pools else 0
    return pick(below, pools[chosen]) if chosen < len(pools) else value(below, declared)


def names_given(below: Below, names: Sequence[str], *, complete: bool | None) -> set[str]:
    """Which facts a task gives: all, some, or either; few or nearly all more often than about half."""
    if complete:
        return set(names)
    most = len(names) - 1 if complete is False else len(names)
    few = sized(below, most)
    if below(3) < 2:  # noqa: PLR2004 - two in three
        return set(several(below, names, few))
    return set(names) - set(several(below, names, few + len(names) - most))


def facts(below: Below, policy: ir.Policy, constants: Constants | None, *, complete: bool | None) -> dict[str, Value]:
    """Values of all facts, or of some, in their inner form; without constants drawn evenly."""
    given = names_given(below, list(policy.facts), complete=complete)
    found: dict[str, Value] = {}
    met: dict[Kind, list[Value]] = {}
    for name, fact in policy.facts.items():
        if name in given:
            before = met.setdefault(fact.type.kind, [])
            drawn = value(below, fact.type) if constants is None else near(below, fact.type, constants, before)
            found[name] = drawn
            before.append(drawn)
    return found


def day(below: Below, policy: ir.Policy, constants: Constants) -> date:
    """A day in the policy's period, every second one on which it changes."""
    first, last = constants.days[0], policy.period.end or date(2199, 12, 31)
    if below(2) == 0:
        return pick(below, constants.days)
    return date.fromordinal(first.toordinal() + below((last - first).days + 1))
