"""Validation as generated Python: a mapping of Python values to a row of facts, or None on any doubt.

What it takes is what `datatypes.from_python` takes, for values of the plain types; everything else, faults
included, is left to the careful reader, which finds every fault and says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from admission import ir
from admission.datatypes import FEN_PER_YUAN, LONGEST_TEXT, Kind, Type, fen_of

Read = Callable[[Mapping[str, Any]], tuple[tuple[Any, ...], int, int, str | None, date | None] | None]
LONGEST_DECIMAL = 20  # digits on either side of the point before the first that counts; more is past every bound


class Taken(dict[int, tuple[str, ...]]):
    """The names of the facts that took their assumption, by the bits that `read` sets for them."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        super().__init__()
        self.names = tuple(policy.facts)

    def __missing__(self, bits: int) -> tuple[str, ...]:
        self[bits] = tuple(sorted(name for place, name in enumerate(self.names) if bits >> place & 1))
        return self[bits]


def compile_reader(policy: ir.CheckedPolicy) -> Read:
    """The function that reads a task."""
    source, names = reader_source(policy)
    exec(compile(source, "<read>", "exec"), names)  # noqa: S102 - no text of the policy but quoted constants
    read: Read = names["read"]
    return read


def reader_source(policy: ir.CheckedPolicy) -> tuple[str, dict[str, Any]]:
    """The source of the reader, and the objects that it names.

    It returns the row, the bits of the facts that took their assumption, how many keys it knew, the task's id and
    its day.
    """
    names: dict[str, Any] = {"date": date, "Decimal": Decimal, "fen": fen, "SETS": (set, frozenset, list, tuple)}
    lines = ["def read(task):", "    get = task.get", "    known = taken = 0"]
    for place, fact in enumerate(policy.facts.values()):
        lines += [f"    {line}" for line in reading(place, fact, names)]
    lines += [f"    {line}" for line in _HEAD]
    row = ", ".join(f"f{place}" for place in range(len(policy.facts)))
    return "\n".join([*lines, f"    return ({row},), taken, known, identity, day", ""]), names


_HEAD = (
    "identity = get('id')",
    "if identity is not None:",
    f"    if identity.__class__ is not str or len(identity) > {LONGEST_TEXT}: return None",
    "    known += 1",
    "day = get('as_of')",
    "if day is not None:",
    "    if day.__class__ is not date: return None",
    "    known += 1",
)


def reading(place: int, fact: ir.Fact, names: dict[str, Any]) -> list[str]:
    """The lines that read one fact."""
    lines = [f"v = get({fact.name!r})", "if v is None:"]
    if fact.assume is None:
        lines.append(f"    f{place} = None")
    else:
        names[f"a{place}"] = fact.assume.value
        lines += [f"    f{place} = a{place}", f"    taken |= {1 << place:#x}"]
    lines.append("else:")
    lines += [f"    {line}" for line in accepting(place, fact.type, names)]
    return [*lines, "    known += 1"]


def accepting(place: int, declared: Type, names: dict[str, Any]) -> list[str]:
    """The lines that take a value that is given, or give up on it."""
    if declared.kind in (Kind.ENUM, Kind.SET):
        names[f"v{place}"] = frozenset(declared.values)
    elif declared.kind is Kind.DATE:
        names |= {f"low{place}": declared.low, f"high{place}": declared.high}
    plain = {
        Kind.BOOL: "v is True or v is False",
        Kind.INT: f"v.__class__ is int and {declared.low} <= v <= {declared.high}",
        Kind.DATE: f"v.__class__ is date and low{place} <= v <= high{place}",
        Kind.TEXT: f"v.__class__ is str and len(v) <= {LONGEST_TEXT}",
        Kind.ENUM: f"v.__class__ is str and v in v{place}",
    }
    if declared.kind is Kind.SET:
        fits = f"v.__class__ in SETS and len(f{place} := frozenset(v)) == len(v) and f{place} <= v{place}"
        return [f"if not ({fits}): return None"]
    if declared.kind is Kind.MONEY:
        return [
            f"if v.__class__ is int: f{place} = v * {FEN_PER_YUAN}",
            f"elif v.__class__ is Decimal: f{place} = fen(v)",
            "else: return None",
            f"if f{place} is None or not {declared.low} <= f{place} <= {declared.high}: return None",
        ]
    return [f"if not ({plain[declared.kind]}): return None", f"f{place} = v"]


def fen(amount: Decimal) -> int | None:
    """Yuan as fen; None where it is not finite, too large, or has more than two decimals."""
    if not amount.is_finite() or abs(amount.adjusted()) > LONGEST_DECIMAL:
        return None
    return fen_of(amount)
