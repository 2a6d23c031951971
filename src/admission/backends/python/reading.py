"""Validation as generated Python: a mapping of Python values to a row of facts, or None on any doubt.

What it takes is what `datatypes.from_python` takes, for values of the plain types; everything else, faults
included, is left to the careful reader, which finds every fault and says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from admission import ir
from admission.datatypes import FEN_PER_YUAN, INT_LIMIT, LONGEST_TEXT, Kind, Type, fen_of

Accepted = tuple[tuple[Any, ...], tuple[str, ...], str | None, date | None]
"""A task that fits: its row, the names of the facts that took their assumption, its id, and its day."""

Read = Callable[[Mapping[str, Any]], Accepted | None]
Shape = frozenset[str]
"""The keys of a task."""

MOST_SHAPES = 64  # readers of their own; a program hands in few shapes of task, and a hostile one no more than these
MOST_KEPT = 4096  # of the sets of facts not given; an honest program has few, and a hostile one keeps no more
LONGEST_DECIMAL = 20  # digits on either side of the point before the first that counts; more is past every bound
LIMIT_BITS = INT_LIMIT.bit_length() - 1
ONE_DIGIT = (1 << 30) - 1
ID, DAY = "id", ir.AS_OF
SETS = frozenset({list, tuple, set, frozenset})


class Readers(dict[Shape | None, Read]):
    """The readers of tasks by their shape; under None the one that takes any shape of known keys.

    Most tasks are of the shape of the last one with as many keys: `latest` has its reader. What that reader does not
    find in a task it raises a `KeyError` for, and a task in which it finds all has no other keys.
    """

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        super().__init__()
        self.policy = policy
        self.keys_known = {*policy.facts, ID, DAY}
        self.latest: dict[int, Read] = {}

    def __missing__(self, shape: Shape | None) -> Read:
        # INVARIANT: threads may compile at once; they make the same function, and the last one stays.
        if shape is not None and len(self) >= MOST_SHAPES:
            return self[None]
        self[shape] = compile_reader(self.policy, shape)
        return self[shape]

    def read(self, task: Mapping[str, Any]) -> Accepted | None:
        """A mapping of Python values as a row of facts; None where it is not plainly a task that fits."""
        try:
            read = self.latest[len(task)](task)
        except (KeyError, TypeError, ValueError):
            read = None
        return read or self.read_other(task)

    def read_other(self, task: Mapping[str, Any]) -> Accepted | None:
        """The same for a task of another shape than the latest with as many keys, or with None for some facts."""
        try:
            reader = self.reader(task)
            read = reader(task) if reader else None
            return read or self.read_without_none(task)
        except (KeyError, TypeError, ValueError):  # no value of its type, no hash key, or changed meanwhile
            return None

    def reader(self, task: Mapping[str, Any]) -> Read | None:
        """The reader of the task's shape, the latest from then on; None where it has other keys."""
        shape = frozenset(task)
        if not self.keys_known.issuperset(shape):
            return None
        self.latest[len(shape)] = self[shape]
        return self[shape]

    def read_without_none(self, task: Mapping[str, Any]) -> Accepted | None:
        """The same for a mapping that says None for some facts; None where it does not."""
        given = {name: value for name, value in task.items() if value is not None}
        return self.read(given) if len(given) < len(task) else None


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
    names: dict[str, Any] = {"date": date, "Decimal": Decimal, "fen": fen, "SETS": SETS}
    slots = {name: f"f{place}" for place, name in enumerate(policy.facts)} | {ID: "identity", DAY: "day"}
    doubts = {fact.name: doubt(place, fact.type, names) for place, fact in enumerate(policy.facts.values())}
    doubts |= {ID: _TEXT_DOUBT.format("identity"), DAY: "day.__class__ is not date"}
    assumed = {name: f"a{place}" for place, (name, fact) in enumerate(policy.facts.items()) if is_assumed(fact)}
    names |= {source: fact.assume.value for name, source in assumed.items() if (fact := policy.facts[name]).assume}
    held = slots if shape is None else {n: slot if n in shape else assumed.get(n, slot) for n, slot in slots.items()}
    row = "".join(f"{held[name]}, " for name in policy.facts)
    if shape is None:
        names["taken"] = Taken(policy)
        lines = any_shape(slots, doubts, assumed)
    else:
        names["taken"] = tuple(sorted(assumed.keys() - shape))
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
    lines = []
    for name, slot in slots.items():
        if name in shape:
            lines += [f"{slot} = task[{name!r}]", f"if {doubts[name]}: return None"]
        elif name not in assumed:
            lines.append(f"{slot} = None")
    return lines


_TEXT_DOUBT = f"{{0}}.__class__ is not str or len({{0}}) > {LONGEST_TEXT}"


def doubt(place: int, declared: Type, names: dict[str, Any]) -> str:
    """The source of: a value that is given is not plainly one of the type. It leaves the inner value in its slot."""
    v, values, low, high = f"f{place}", f"v{place}", declared.low, declared.high
    match declared.kind:
        case Kind.BOOL:
            return f"{v} is not True and {v} is not False"
        case Kind.INT:
            return f"{v}.__class__ is not int or {outside(v, declared)}"
        case Kind.MONEY:
            inner = f"{v} * {FEN_PER_YUAN} if {v}.__class__ is int else fen({v})"
            return f"({v} := {inner}) is None or {outside(v, declared)}"
        case Kind.DATE:
            names |= {f"low{place}": low, f"high{place}": high}
            return f"{v}.__class__ is not date or not low{place} <= {v} <= high{place}"
        case Kind.TEXT:
            return _TEXT_DOUBT.format(v)
        case Kind.ENUM:
            names[values] = dict.fromkeys(declared.values, True)
            return f"{v}.__class__ is not str or not {values}[{v}]"
        case Kind.SET:
            names[values] = Subsets(declared.values)
            return f"{v}.__class__ not in SETS or ({v} := {values}[tuple({v})]) is None"
        case _:
            assert_never(declared.kind)


def outside(number: str, declared: Type) -> str:
    """The source of: a number is not plainly within its bounds."""
    low, high = declared.low, declared.high
    # Python compares numbers of one digit of its own at a third of the price of others. The bound itself is left to the
    # careful reader.
    if (low, high) == (0, 1 << LIMIT_BITS):
        return f"({number} < 0 or {number} > {ONE_DIGIT}) and {number} >> {LIMIT_BITS}"
    return f"{number} < {low} or {number} > {high}"


class Subsets(dict[tuple[str, ...], frozenset[str] | None]):
    """Sets by the values that were listed, None for a list that repeats one or has another: made once for each list."""

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__()
        self.values_known = frozenset(values)

    def __missing__(self, listed: tuple[str, ...]) -> frozenset[str] | None:
        found = frozenset(listed)
        fits = len(found) == len(listed) and found <= self.values_known and all(type(one) is str for one in listed)
        if not fits:
            return None
        if len(self) < MOST_KEPT:
            self[listed] = found
        return found


def fen(amount: object) -> int | None:
    """Yuan as fen; None where it is no finite `Decimal`, too large or small, or has more than two decimals."""
    if amount.__class__ is not Decimal or not amount.is_finite() or abs(amount.adjusted()) > LONGEST_DECIMAL:
        return None
    return fen_of(amount)
