"""Validation as generated Python: a mapping of Python values to a row of facts, or None on any doubt.

What it takes is what `datatypes.from_python` takes, for values of the plain types; everything else, faults
included, is left to the careful reader, which finds every fault and says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from admission import ir
from admission.datatypes import FEN_PER_YUAN, LONGEST_TEXT, Kind, Type, fen_of

Accepted = tuple[tuple[Any, ...], tuple[str, ...], str | None, date | None]
"""A task that fits: its row, the names of the facts that took their assumption, its id, and its day."""

Read = Callable[[Mapping[str, Any]], Accepted | None]
Shape = tuple[str, ...]
"""The keys of a task in the order they come."""

MOST_SHAPES = 16  # readers of their own; a program hands in few shapes of task, and a hostile one no more than these
MOST_KEPT = 4096  # of the sets of facts not given; an honest program has few, and a hostile one keeps no more
LONGEST_DECIMAL = 20  # digits on either side of the point before the first that counts; more is past every bound
ID, DAY = "id", ir.AS_OF


class Readers(dict[Shape | None, Read]):
    """The readers of tasks by their shape; under None the one that takes any shape of known keys."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        super().__init__()
        self.policy = policy
        self.keys_known = {*policy.facts, ID, DAY}

    def __missing__(self, shape: Shape | None) -> Read:
        # INVARIANT: threads may compile at once; they make the same function, and the last one stays.
        if not self.keys_known.issuperset(shape or ()):
            return leave_to_the_careful_reader
        if shape is not None and len(self) >= MOST_SHAPES:
            return self[None]
        self[shape] = compile_reader(self.policy, shape)
        return self[shape]


def leave_to_the_careful_reader(task: Mapping[str, Any]) -> None:
    """No row: the caller reads with all care."""


class Taken(dict[int, tuple[str, ...]]):
    """The names of the facts that took their assumption, by the bits of those that were not given."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        super().__init__()
        self.names = tuple(name if is_assumed(fact) else None for name, fact in policy.facts.items())

    def __missing__(self, absent: int) -> tuple[str, ...]:
        found = tuple(sorted(name for place, name in enumerate(self.names) if name and absent >> place & 1))
        if len(self) < MOST_KEPT:
            self[absent] = found
        return found


def is_assumed(fact: ir.Fact) -> bool:
    """Whether a fact takes its assumption as soon as it is not given; what a look-up may fill in waits for that."""
    return fact.assume is not None and fact.filled_by is None


def compile_reader(policy: ir.CheckedPolicy, shape: Shape | None) -> Read:
    """The function that reads a task of a shape, or of any."""
    source, names = reader_source(policy, shape)
    exec(compile(source, "<read>", "exec"), names)  # noqa: S102 - no text of the policy but quoted constants
    read: Read = names["read"]
    return read


def reader_source(policy: ir.CheckedPolicy, shape: Shape | None = None) -> tuple[str, dict[str, Any]]:
    """The source of the reader of a shape, or of the one that takes any, and the objects that it names.

    The reader of a shape has no test for what is absent. That of any shape finds keys that it does not know by
    counting: as many keys as were read are all there may be.
    """
    names: dict[str, Any] = {"date": date, "Decimal": Decimal, "fen": fen, "SETS": (set, frozenset, list, tuple)}
    slots = {name: f"f{place}" for place, name in enumerate(policy.facts)} | {ID: "identity", DAY: "day"}
    doubts = {fact.name: doubt(place, fact.type, names) for place, fact in enumerate(policy.facts.values())}
    doubts |= {ID: _TEXT_DOUBT.format("identity"), DAY: "day.__class__ is not date"}
    assumed = {name: f"a{place}" for place, (name, fact) in enumerate(policy.facts.items()) if is_assumed(fact)}
    names |= {source: fact.assume.value for name, source in assumed.items() if (fact := policy.facts[name]).assume}
    row = "".join(f"{slots[name]}, " for name in policy.facts)
    if shape is None:
        names["taken"] = Taken(policy)
        lines = any_shape(slots, doubts, assumed)
    else:
        names["taken"] = tuple(sorted(assumed.keys() - set(shape)))
        lines = one_shape(shape, slots, doubts, assumed)
    given = "taken[absent]" if shape is None else "taken"
    return "\n    ".join(["def read(task):", *lines, f"return ({row}), {given}, identity, day\n"]), names


def any_shape(slots: Mapping[str, str], doubts: Mapping[str, str], assumed: Mapping[str, str]) -> list[str]:
    """The lines that read each key where it is given."""
    lines = ["get = task.get", "absent = 0"]
    for place, (name, slot) in enumerate(slots.items()):
        lines += [f"{slot} = get({name!r})", f"if {slot} is None:", f"    absent |= {1 << place:#x}"]
        lines += [f"    {slot} = {assumed[name]}"] if name in assumed else []
        lines.append(f"elif {doubts[name]}: return None")
    return [*lines, f"if len(task) + absent.bit_count() != {len(slots)}: return None"]


def one_shape(
    shape: Shape, slots: Mapping[str, str], doubts: Mapping[str, str], assumed: Mapping[str, str]
) -> list[str]:
    """The lines that read the keys of a shape, all given."""
    lines = [f"{''.join(f'{slots[name]}, ' for name in shape)} = task.values()"] if shape else []
    lines += [f"if {doubts[name]}: return None" for name in shape]
    return lines + [f"{slot} = {assumed.get(name)}" for name, slot in slots.items() if name not in shape]


_TEXT_DOUBT = f"{{0}}.__class__ is not str or len({{0}}) > {LONGEST_TEXT}"


def doubt(place: int, declared: Type, names: dict[str, Any]) -> str:
    """The source of: a value that is given is not plainly one of the type. It leaves the inner value in its slot."""
    v, values, low, high = f"f{place}", f"v{place}", declared.low, declared.high
    match declared.kind:
        case Kind.BOOL:
            return f"{v} is not True and {v} is not False"
        case Kind.INT:
            return f"{v}.__class__ is not int or not {low} <= {v} <= {high}"
        case Kind.MONEY:
            inner = f"{v} * {FEN_PER_YUAN} if {v}.__class__ is int else fen({v})"
            return f"({v} := {inner}) is None or not {low} <= {v} <= {high}"
        case Kind.DATE:
            names |= {f"low{place}": low, f"high{place}": high}
            return f"{v}.__class__ is not date or not low{place} <= {v} <= high{place}"
        case Kind.TEXT:
            return _TEXT_DOUBT.format(v)
        case Kind.ENUM:
            names[values] = frozenset(declared.values)
            return f"{v}.__class__ is not str or {v} not in {values}"
        case Kind.SET:
            names[values] = frozenset(declared.values)
            return f"{v}.__class__ not in SETS or len(s := frozenset({v})) != len({v}) or not ({v} := s) <= {values}"
        case _:
            assert_never(declared.kind)


def fen(amount: object) -> int | None:
    """Yuan as fen; None where it is no finite `Decimal`, too large or small, or has more than two decimals."""
    if amount.__class__ is not Decimal or not amount.is_finite() or abs(amount.adjusted()) > LONGEST_DECIMAL:
        return None
    return fen_of(amount)
