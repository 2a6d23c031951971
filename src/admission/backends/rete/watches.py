"""Watches compiled to rules: one fact for the subject, one for each row its condition reads, one for the clock.

The parts of a condition that read one row become a field of that row's fact (0 false, 1 true, 2 unknown). Comparisons
between rows become joins by order. What joins cannot say (sets, texts of two rows) is a field of the subject's fact.
The subject's fact points to the others by their numbers, and a watch with `due` joins the clock's fact: one rule
fires past the moment, another until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from admission import ir
from admission.backends.rete.clauses import Clause, clauses
from admission.backends.rete.expressions import Read, Rows, compiled, is_moment
from admission.backends.rete.guard import saturated
from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import (
    MOST_CONDITIONS,
    MOST_JOINS,
    REF,
    Condition,
    Equals,
    Order,
    Ordered,
    Rule,
    RuleSet,
    Same,
)
from admission.backends.rete.trial import tried
from admission.datatypes import Kind
from admission.events import Moment

Answer = Literal["stands", "open", "not"]
SUBJECT = ""
"""The row of the subject itself, with all that is known of it: its fields, parameters, look-ups, `due`."""
_TICK = "now"
_INVERSE: dict[str, Order] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_FLIPPED: dict[str, Order] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MOST_ATOMS = 40  # fields of one fact; its pointers come on top
_MOST_RULES, _MOST_TESTS = 100, 300  # of one matcher; well within what the engine bears


@dataclass(slots=True)
class _Fact:
    """The fields of one row's fact, each with how to find its value."""

    tag: str
    fields: dict[str, Read] = field(default_factory=dict)

    def take(self, name: str, read: Read) -> str:
        self.fields.setdefault(name, read)
        return name

    def values(self, rows: Rows) -> tuple[int, ...]:
        return tuple([read(rows) for read in self.fields.values()])


@dataclass(frozen=True, slots=True)
class _Part:
    """What a clause demands: tests of rows' facts, and comparisons between two of them."""

    tests: tuple[tuple[str, Equals], ...]
    ordered: tuple[tuple[str, str, Order, str, str], ...] = ()
    """Row, field, order, other row, its field."""


class _Plan:
    """One watch: its facts, and the rules that join them."""

    def __init__(self, watch: ir.Watch, policy: ir.Policy, number: int) -> None:
        self.policy = policy
        self.name = f"w{number}"
        subject = {watch.each} & set(policy.events)
        singular = {n for n, g in watch.gathered.items() if g.kind in ("first", "latest")}
        self.events = frozenset(subject | singular)
        self.gathered = tuple(watch.gathered)
        self.facts = {SUBJECT: _Fact(f"{self.name}s")}
        self.has_due = watch.due is not None
        self.numbers: dict[ir.Expr, int] = {}
        found = [parts for clause in clauses(watch.when) for parts in self.choices(clause)]
        self.rules = tuple(rule for i, parts in enumerate(found) for rule in self.clause_rules(i, parts))
        if any(_is_too_large(rule) for rule in self.rules) or any(
            len(f.fields) > _MOST_ATOMS for f in self.facts.values()
        ):
            self.facts = {SUBJECT: _Fact(f"{self.name}s")}
            self.rules = tuple(self.clause_rules(0, [self.unknown_or(watch.when, SUBJECT, wanted=True)]))
        self.rows = tuple(row for row in self.gathered if row in self.facts)

    # ------------------------------------------------------------------------------------- clauses

    def choices(self, clause: Clause) -> list[list[_Part]]:
        """The clause as lists of parts; `!=` between rows is less or greater, two lists."""
        found: list[list[_Part]] = [[]]
        # Sorted by where an atom was first met, so that the same policy gives the same rules.
        for atom, wanted in sorted(clause, key=lambda pair: self.number(pair[0])):
            ways = self.ways(atom, wanted)
            found = [[*parts, way] for parts in found for way in ways]
        return found

    def number(self, atom: ir.Expr) -> int:
        return self.numbers.setdefault(atom, len(self.numbers))

    def ways(self, atom: ir.Expr, wanted: bool) -> list[_Part]:
        """How an atom comes to have a truth value; one way, or two for numbers of two rows that differ."""
        read = self.rows_of(atom)
        if isinstance(atom, ir.Compare) and self.is_join(atom):
            order = atom.op if wanted else {**_INVERSE, "==": "!=", "!=": "=="}[atom.op]
            match order:
                case "==":
                    both = [self.join(atom, bound) for bound in ("<=", ">=")]
                    return [_Part(both[0].tests, both[0].ordered + both[1].ordered)]
                case "!=":
                    return [self.join(atom, "<"), self.join(atom, ">")]
                case "<" | "<=" | ">" | ">=":
                    return [self.join(atom, order)]
        return [self.unknown_or(atom, next(iter(read)) if len(read) == 1 else SUBJECT, wanted=wanted)]

    def rows_of(self, expr: ir.Expr) -> set[str]:
        """The gathered rows that an expression reads, and the subject's where it reads that."""
        found = set()
        for part in ir.walk([expr]):
            match part:
                case ir.ReadColumn(name) | ir.ReadFact(name):
                    found.add(name if name in self.gathered else SUBJECT)
                case ir.ReadParameter():
                    found.add(SUBJECT)
                case _:
                    pass
        return found

    def is_join(self, atom: ir.Compare) -> bool:
        """Whether it compares a number or moment of one row with one of another, one of them within 2^53."""
        left, right = self.rows_of(atom.left), self.rows_of(atom.right)
        is_apart = len(left) == len(right) == 1 and left != right
        kinds = {ir.type_of(atom.left).kind, ir.type_of(atom.right).kind}
        if not is_apart or not kinds <= {Kind.INT, Kind.MONEY, Kind.DATE}:
            return False
        moments = [is_moment(side, self.events) for side in (atom.left, atom.right)]
        if Kind.DATE in kinds:
            return all(moments)
        return any(self.is_within(side) for side in (atom.left, atom.right))

    def is_within(self, side: ir.Expr) -> bool:
        """Whether a number is surely within 2^53: a field, column, parameter or literal, no total and no sum."""
        return isinstance(side, (ir.ReadColumn, ir.ReadParameter, ir.Literal))

    def join(self, atom: ir.Compare, order: Order) -> _Part:
        left, right = self.side(atom, atom.left, "p"), self.side(atom, atom.right, "q")
        tests = ((left[0], Equals(left[2], 1)), (right[0], Equals(right[2], 1)))
        return _Part(tests, ((left[0], left[1], order, right[0], right[1]),))

    def side(self, atom: ir.Compare, expr: ir.Expr, letter: str) -> tuple[str, str, str]:
        """One side of a comparison: its row, the field with its value, the field that says whether it is known."""
        row, number = next(iter(self.rows_of(expr))), self.number(atom)
        read = compiled(expr, self.policy, self.events)
        fact = self.fact(row)

        def value(rows: Rows) -> int:
            return saturated(read(rows) or 0)

        def is_known(rows: Rows) -> int:
            return int(read(rows) is not None)

        return row, fact.take(f"{letter}{number}", value), fact.take(f"k{letter}{number}", is_known)

    def unknown_or(self, atom: ir.Expr, row: str, *, wanted: bool) -> _Part:
        """A test of the atom's truth value, found before the fact is asserted."""
        read = compiled(atom, self.policy, self.events)

        def truth(rows: Rows) -> int:
            found = read(rows)
            return 2 if found is None else int(found)

        name = self.fact(row).take(f"c{self.number(atom)}", truth)
        return _Part(((row, Equals(name, int(wanted))),))

    def fact(self, row: str) -> _Fact:
        """The fact of a row; the subject's points to it."""
        if row not in self.facts:
            self.facts[row] = _Fact(f"{self.name}r{len(self.facts)}")
        return self.facts[row]

    # --------------------------------------------------------------------------------------- rules

    def clause_rules(self, number: int, parts: list[_Part]) -> Iterator[Rule]:
        """The rule of one clause; with `due` one that fires past it, and one that fires until then."""
        conditions = self.conditions(parts)
        name = f"{self.name}c{number}"
        if not self.has_due:
            yield Rule(f"{name}s", conditions)
            return
        for letter, order in (("s", ">"), ("o", "<=")):
            clock = Ordered(_TICK, order, 0, ir.DUE)  # type: ignore[arg-type] # one of the two above
            tick = Condition(f"{self.name}t", same=(Same(REF, 0, _TICK),), ordered=(clock,))
            yield Rule(f"{name}{letter}", (*conditions, tick))

    def conditions(self, parts: list[_Part]) -> tuple[Condition, ...]:
        rows = list(dict.fromkeys([SUBJECT, *(row for part in parts for row, _ in part.tests)]))
        return tuple(self.condition(row, rows, parts) for row in rows)

    def condition(self, row: str, rows: Sequence[str], parts: list[_Part]) -> Condition:
        place = rows.index(row)
        tests = dict.fromkeys(test for part in parts for of, test in part.tests if of == row)
        same = (Same(REF, 0, self.facts[row].tag),) if place else ()
        ordered = [join for part in parts for join in self.joins_at(place, rows, part)]
        return Condition(self.facts[row].tag, tuple(tests), same, tuple(dict.fromkeys(ordered)))

    @staticmethod
    def joins_at(place: int, rows: Sequence[str], part: _Part) -> Iterator[Ordered]:
        """The comparisons that are written at a condition: the later of the two rows."""
        for row, name, order, other, other_name in part.ordered:
            here, there = rows.index(row), rows.index(other)
            if here == place and there < place:
                yield Ordered(name, order, there, other_name)
            elif there == place and here < place:
                yield Ordered(other_name, _FLIPPED[order], here, name)

    # -------------------------------------------------------------------------------------- facts

    def tags(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every tag with its fields."""
        for row, fact in self.facts.items():
            pointers = tuple(self.facts[r].tag for r in self.rows) if row == SUBJECT else ()
            clock = (ir.DUE, _TICK) if row == SUBJECT and self.has_due else ()
            yield fact.tag, (*fact.fields, *pointers, *clock)
        if self.has_due:
            yield f"{self.name}t", (_TICK,)

    def put(self, matcher: Matcher, rows: Rows, now: Moment) -> frozenset[str]:
        """Assert the facts of one subject, its own last; the rules that fire."""
        matcher.make_room(len(self.facts) + 1)
        pointers = [matcher.put(self.facts[row].tag, self.facts[row].values(rows)) for row in self.rows]
        clock = (saturated(rows[ir.DUE]), matcher.put(f"{self.name}t", (now,))) if self.has_due else ()
        subject = self.facts[SUBJECT]
        return matcher.fired(matcher.put(subject.tag, (*subject.values(rows), *pointers, *clock)))


def _is_too_large(rule: Rule) -> bool:
    joins = sum(len(c.same) + len(c.ordered) + 1 for c in rule.conditions)
    return len(rule.conditions) > MOST_CONDITIONS or joins > MOST_JOINS


class WatchMatcher:
    """The watches of a policy, compiled and tried; asks the engine about one subject at a time.

    Raises `EngineMissingError` where the engine cannot be imported, `MatchError` where it cannot bear the watches.
    """

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self._plans = {name: _Plan(watch, policy, i) for i, (name, watch) in enumerate(policy.watches.items())}
        self._matchers: dict[str, Matcher] = {}
        for group in _groups(self._plans.items()):
            plans = [self._plans[name] for name in group]
            tags = {tag: fields for plan in plans for tag, fields in plan.tags()}
            matcher = Matcher(tried(RuleSet(tags, tuple(rule for plan in plans for rule in plan.rules))))
            self._matchers |= dict.fromkeys(group, matcher)

    def ask(self, watch: str, rows: Rows, now: Moment) -> Answer:
        """Whether the notice stands now, or, for a watch with `due`, is open: would stand if nothing came until then.

        A subject whose `due` is unknown is neither.
        """
        plan = self._plans[watch]
        if plan.has_due and rows[ir.DUE] is None:
            return "not"
        fired = plan.put(self._matchers[watch], rows, now)
        if any(name.endswith("s") for name in fired):
            return "stands"
        return "open" if fired else "not"


def _groups(plans: Iterable[tuple[str, _Plan]]) -> list[list[str]]:
    """Watches in groups that one matcher bears."""
    groups: list[list[str]] = []
    rules = tests = 0
    for name, plan in plans:
        more = sum(1 + len(condition.tests) for rule in plan.rules for condition in rule.conditions)
        if not groups or rules + len(plan.rules) > _MOST_RULES or tests + more > _MOST_TESTS:
            groups.append([])
            rules = tests = 0
        groups[-1].append(name)
        rules, tests = rules + len(plan.rules), tests + more
    return groups
