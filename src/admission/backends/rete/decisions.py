"""Complete tasks decided by durable-rules: a second opinion on every other interpreter, for the tests.

A policy's rules in force become rules of the engine, in three steps whose firings are the next step's facts: the
conditions, then which routes are taken and which requirements violated, then the verdict and its obligations. It
decides complete tasks only, for the engine knows no unknowns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from admission import ir, workdays
from admission.backends.rete.conditions import Question
from admission.backends.rete.expressions import compiled
from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import RuleSet
from admission.backends.rete.tables import Table
from admission.datatypes import BOOL, Value, to_python, yuan
from admission.decision import (
    Answer,
    Decision,
    Details,
    Given,
    Obligation,
    Verdict,
    citations_of,
    identity_of,
    violations_of,
)

VERDICT = Table(
    "v",
    ("routes", "refused", "redirects"),
    {
        "undetermined": {"routes": 2},
        "nowhere": {"routes": 0},
        "refuse": {"routes": 1, "refused": 1},
        "admit": {"routes": 1, "refused": 0, "redirects": 0},
        "redirect": {"routes": 1, "refused": 0, "redirects": 1},
    },
)
"""The verdict, by how many routes are taken (2 for more), whether the channel refuses, and whether it redirects."""
_MOST_RULES, _MOST_TESTS = 100, 300  # of one matcher; well within what the engine bears
_MOST_ABOVE = 40
Rows = dict[str, Any]


class IncompleteTaskError(ValueError):
    """The task leaves a fact unknown, and the engine knows no unknowns."""


class DecisionMatcher:
    """A policy's decisions of complete tasks. Raises `EngineMissingError` where the engine cannot be imported."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self._policy = policy
        self._tables = Registers(policy)
        self._stretches: dict[frozenset[str], Stretch] = {}

    def decide(self, given: Given) -> Decision:
        """The decision for accepted facts (see `intake`); raises `IncompleteTaskError`."""
        rows, assumed = self._tables.rows(given)
        stretch = self._stretch(given.as_of)
        stretch.define(rows)
        routes, channel = stretch.taken(rows), None
        if len(routes) == 1:
            channel = self._policy.routes[next(iter(routes))].to
        broken = stretch.violated(channel, rows) if channel else {}
        said = stretch.verdict(routes, channel, broken.get("refuse", set()))
        verdict = Verdict.REFUSE if said == "nowhere" else Verdict(said)
        violated = {ir.NO_ROUTE} if said == "nowhere" else broken.get("refuse", set())
        answer = Answer(
            verdict, channel, violations_of(self._policy, violated), (),
            tuple(sorted(routes)) if len(routes) > 1 else (),
            violations_of(self._policy, broken.get("note", set())), identity_of(self._policy),
            stretch.is_past_calendar(rows),
        )  # fmt: skip
        details = Details(tuple(stretch.obligations(verdict, rows)), stretch.figures(rows))
        return Decision.of(answer, given, assumed, details=details)

    def _stretch(self, day: date) -> Stretch:
        """The rules in force on the day, compiled once for all days on which they are the same."""
        names = frozenset(rule.id for rule in ir.rules(self._policy) if day in rule.period)
        if names not in self._stretches:
            self._stretches[names] = Stretch(self._policy, names)
        return self._stretches[names]


class Registers:
    """What a complete task reads: its facts, and the register's row that each look-up finds."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self._policy = policy
        self._found: dict[str, dict[tuple[Value | None, ...], list[ir.Row]]] = {}
        for name, register in policy.registers.items():
            places = [list(register.columns).index(key) for key in register.key]
            index = self._found.setdefault(name, {})
            for row in register.rows:
                index.setdefault(tuple(row.cells[place] for place in places), []).append(row)

    def rows(self, given: Given) -> tuple[Rows, tuple[str, ...]]:
        """Every row by name, and the facts that took their assumption; raises `IncompleteTaskError`."""
        rows: Rows = {ir.AS_OF: given.as_of}
        assumed: list[str] = []
        for name in self._policy.facts:
            self._fact(name, given, rows, assumed)
        for name in self._policy.look_ups:
            self._look_up(name, given, rows, assumed)
        return rows, tuple(sorted(assumed))

    def _fact(self, name: str, given: Given, rows: Rows, assumed: list[str]) -> Value:
        if name not in rows:
            declared, value = self._policy.facts[name], given.facts.get(name)
            if value is None and isinstance(declared.filled_by, ir.ReadColumn):
                row = self._look_up(declared.filled_by.look_up, given, rows, assumed)
                value = None if row is None else row[declared.filled_by.column]
            if value is None and declared.assume is not None:
                value = declared.assume.value
                assumed.append(name)
            if value is None:
                raise IncompleteTaskError(name)
            rows[name] = value
        return rows[name]  # type: ignore[no-any-return] # rows of facts are values

    def _look_up(self, name: str, given: Given, rows: Rows, assumed: list[str]) -> Mapping[str, Any] | None:
        if name not in rows:
            look_up = self._policy.look_ups[name]
            register = self._policy.registers[look_up.register]
            key = tuple(self._fact(look_up.match[part], given, rows, assumed) for part in register.key)
            found = [row for row in self._found[look_up.register].get(key, ()) if given.as_of in row.period]
            rows[name] = _cells(register, found)
        return rows[name]  # type: ignore[no-any-return] # rows of look-ups are mappings


def _cells(register: ir.Register, found: list[ir.Row]) -> Mapping[str, Any] | None:
    """The columns of the row found; what is absent where there is none, or nothing in a register known in part."""
    if not found and register.partial:
        return None
    cells = found[0].cells if found else (None,) * len(register.columns)
    columns = zip(register.columns.items(), cells, strict=True)
    read = {n: c.absent.value if value is None and c.absent else value for (n, c), value in columns}
    return {**read, ir.FOUND: bool(found)}


@dataclass(slots=True)
class Stretch:
    """The rules in force on some days, in the engine."""

    policy: ir.CheckedPolicy
    names: frozenset[str]
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    matchers: dict[str, Matcher] = field(default_factory=dict)

    def __post_init__(self) -> None:
        conditions = list(self._conditions())
        self.questions = {key: Question(f"c{n}", expr, self.policy) for n, (key, expr) in enumerate(conditions)}
        made = chain(self._routes(), self._requirements(), self._obligations())
        tables = {rule: (fields, lines) for rule, fields, lines in made}
        self.tables = {rule: Table(f"d{n}", *parts) for n, (rule, parts) in enumerate(tables.items())}
        for group in _groups([*self.questions.values(), *self.tables.values(), VERDICT]):
            tags = {tag: fields for part in group for tag, fields in part.tags.items()}
            matcher = Matcher(RuleSet(tags, tuple(rule for part in group for rule in part.rules)))
            self.matchers |= dict.fromkeys((part.name for part in group), matcher)

    # ------------------------------------------------------------------------------------ compiling

    def _rules(self, section: Mapping[str, Any]) -> Iterator[Any]:
        return (rule for rule in section.values() if rule.id in self.names)

    def _conditions(self) -> Iterator[tuple[tuple[str, str], ir.Expr]]:
        for rule in ir.rules(self.policy):
            if rule.id in self.names:
                yield from (((rule.id, key), e) for key, e in ir.parts(rule).items() if ir.type_of(e) == BOOL)
        definitions = self.policy.definitions.values()
        yield from (((d.name, "is"), d.expr) for d in definitions if ir.type_of(d.expr) == BOOL)

    def _routes(self) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Mapping[str, int]]]]:
        """A route is taken where its own condition holds and that of none above it."""
        for route in self._rules(self.policy.routes):
            above = [f"b{place}" for place in range(len(self._above(route.id)))]
            above = above if len(above) <= _MOST_ABOVE else ["b0"]
            yield route.id, ("own", *above), {"taken": {"own": 1, **dict.fromkeys(above, 0)}}

    def _requirements(self) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Mapping[str, int]]]]:
        """A requirement is violated where it applies, is not met, and no exception waives it."""
        for rule in self._rules(self.policy.requirements):
            fields = ("applies", "met", "waived")
            yield rule.id, fields, {"violated": {"applies": 1, "met": 0, "waived": 0}}

    def _obligations(self) -> Iterator[tuple[str, tuple[str, ...], Mapping[str, Mapping[str, int]]]]:
        """An obligation attaches where its condition holds and the verdict is one that it comes with."""
        for rule in self._rules(self.policy.obligations):
            places = [list(Verdict).index(Verdict(verdict)) for verdict in rule.verdicts]
            yield rule.id, ("own", "verdict"), {f"o{place}": {"own": 1, "verdict": place} for place in places}

    def _above(self, route: str) -> list[str]:
        """The routes in force that override it, directly or through others in force."""
        found, edge = set[str](), {route}
        while edge:
            edge = {r.id for r in self._rules(self.policy.routes) if edge & set(r.overrides)} - found - {route}
            found |= edge
        return sorted(found)

    # --------------------------------------------------------------------------------------- asking

    def define(self, rows: Rows) -> None:
        """Add the definitions, each after those it reads."""
        for name in self.policy.definitions:
            self._define(name, rows)

    def _define(self, name: str, rows: Rows) -> None:
        if name not in rows:
            expr = self.policy.definitions[name].expr
            for node in ir.walk([expr]):
                if isinstance(node, ir.ReadDefinition):
                    self._define(node.name, rows)
            is_condition = (name, "is") in self.questions
            rows[name] = self.holds(name, "is", rows) if is_condition else self._value(expr, rows)

    def holds(self, rule: str, key: str, rows: Rows) -> bool:
        """What the engine says of one condition; none is true."""
        question = self.questions.get((rule, key))
        return question is None or question.holds(self.matchers[question.name], rows)

    def _fits(self, table: Table, *values: int) -> frozenset[str]:
        return table.fits(self.matchers[table.name], *values)

    def _value(self, expr: ir.Expr | None, rows: Rows) -> Any:
        return None if expr is None else compiled(expr, self.policy, None)(rows)

    def taken(self, rows: Rows) -> set[str]:
        """The routes that take the task."""
        own = {route.id: int(self.holds(route.id, "when", rows)) for route in self._rules(self.policy.routes)}
        found = set()
        for name, holds in own.items():
            above = [own[other] for other in self._above(name)]
            above = above if len(above) <= _MOST_ABOVE else [max(above)]
            if self._fits(self.tables[name], holds, *above):
                found.add(name)
        return found

    def violated(self, channel: str, rows: Rows) -> dict[str, set[str]]:
        """The channel's requirements that are violated, by effect."""
        found: dict[str, set[str]] = {"refuse": set(), "note": set()}
        for rule in self._rules(self.policy.requirements):
            waivers = [e for e in self._rules(self.policy.exceptions) if rule.id in e.waives]
            if channel in rule.channels:
                waived = any(self.holds(waiver.id, "when", rows) for waiver in waivers)
                applies, met = self.holds(rule.id, "when", rows), self.holds(rule.id, "require", rows)
                if self._fits(self.tables[rule.id], int(applies), int(met), int(waived)):
                    found[rule.effect].add(rule.id)
        return found

    def verdict(self, routes: set[str], channel: str | None, refused: set[str]) -> str:
        """The one line of the verdict's table that fits."""
        redirects = channel is not None and self.policy.channels[channel].outcome == "redirect"
        (found,) = self._fits(VERDICT, min(len(routes), 2), int(bool(refused)), int(redirects))
        return found

    def obligations(self, verdict: Verdict, rows: Rows) -> Iterator[Obligation]:
        """The duties that come with the verdict, by id."""
        for rule in sorted(self._rules(self.policy.obligations), key=lambda rule: str(rule.id)):
            own = int(self.holds(rule.id, "when", rows))
            if self._fits(self.tables[rule.id], own, list(Verdict).index(verdict)):
                fen, due = self._value(rule.amount, rows), self._value(rule.due, rows)
                amount, cited = None if fen is None else yuan(fen), citations_of(self.policy, rule.basis)
                yield Obligation(rule.id, True, rule.debtor, rule.creditor, amount, due, rule.reason, cited)

    def figures(self, rows: Rows) -> Mapping[str, object]:
        """The reported definitions."""
        reported = sorted((d for d in self.policy.definitions.values() if d.report), key=lambda d: d.name)
        return {d.name: to_python(ir.type_of(d.expr), rows[d.name]) for d in reported}

    def is_past_calendar(self, rows: Rows) -> bool:
        """Whether some working day is counted outside the published calendars."""
        exprs = ir.expressions_in_force(self.policy, rows[ir.AS_OF])
        nodes = [node for node in ir.walk(exprs, self.policy.definitions) if isinstance(node, ir.Workday)]
        days = [self._value(expr, rows) for node in nodes for expr in (node, node.start)]
        return not all(map(workdays.published, days))


def _groups(parts: Iterable[Question | Table]) -> list[list[Question | Table]]:
    """What one matcher bears, in groups."""
    groups: list[list[Question | Table]] = [[]]
    rules = tests = 0
    for part in parts:
        more = sum(1 + len(condition.tests) for rule in part.rules for condition in rule.conditions)
        if rules + len(part.rules) > _MOST_RULES or tests + more > _MOST_TESTS:
            groups.append([])
            rules = tests = 0
        groups[-1].append(part)
        rules, tests = rules + len(part.rules), tests + more
    return groups
