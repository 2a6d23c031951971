"""What a policy's cases cover: every rule and every condition in it, seen true, false and unknown, and decisive.

A condition is decisive in a case when the case would come out otherwise, in a key that it expects, had this one
condition of this one rule had the opposite value and all else stayed the same. That is masking MC/DC (Chilenski,
An Investigation of Three Forms of the MC/DC Criterion, 2001), held to what the cases look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from functools import cached_property
from typing import Any, assert_never

from admission import ir, printer, reference
from admission.cases.conditions import conditions_of, substitute
from admission.cases.files import Case
from admission.cases.running import compare
from admission.datatypes import BOOL
from admission.decision import Decision, Verdict

TRUTH: Mapping[bool | None, str] = {True: "true", False: "false", None: "unknown"}
DECISIVE = "decisive"
CELLS = (*TRUTH.values(), DECISIVE)
_SECTIONS = {
    ir.Route: "routes",
    ir.Requirement: "requirements",
    ir.ExceptionRule: "exceptions",
    ir.ObligationRule: "obligations",
}


@dataclass(slots=True)
class Row:
    """One rule, or one condition of it: which of its cells there can be, and which the cases have covered.

    Of a rule, `true` is a route taken, a requirement that applies and is met, an exception that waives, an
    obligation owed; `false` and `unknown` are the like.
    """

    rule: ir.Rule
    condition: ir.Expr | None
    possible: tuple[str, ...]
    covered: set[str] = field(default_factory=set)

    @property
    def text(self) -> str:
        """The condition as text; empty for the rule itself."""
        return printer.expression(self.condition) if self.condition is not None else ""

    @property
    def place(self) -> str:
        """`path:line` of the condition, or of the rule."""
        span = (self.condition.span if self.condition is not None else None) or self.rule.span
        return f"{span.source.name}:{span.source.position(span.start)[0]}" if span else ""

    @property
    def uncovered(self) -> tuple[str, ...]:
        """The cells that no case has covered."""
        return tuple(cell for cell in self.possible if cell not in self.covered)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; a cell that there cannot be is null."""
        cells = {cell: cell in self.covered if cell in self.possible else None for cell in CELLS}
        said = {"rule": self.rule.id, "kind": _SECTIONS[type(self.rule)], "condition": self.text or None}
        return {**said, "place": self.place, **cells}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rows of a policy, a rule's own before those of its conditions."""

    rows: tuple[Row, ...]

    @property
    def possible(self) -> int:
        """How many cells there are."""
        return sum(len(row.possible) for row in self.rows)

    @property
    def covered(self) -> int:
        """How many of them are covered."""
        return self.possible - sum(len(row.uncovered) for row in self.rows)

    @property
    def percent(self) -> float:
        """Covered cells of a hundred; 100 where there are none."""
        return 100.0 * self.covered / self.possible if self.possible else 100.0

    @property
    def shown(self) -> str:
        """The percentage with two decimals, never rounded up: only what is covered whole shows as 100.00."""
        hundredths = 10_000 * self.covered // self.possible if self.possible else 10_000
        return f"{hundredths // 100}.{hundredths % 100:02}"

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        said = {"percent": float(self.shown), "covered": self.covered, "possible": self.possible}
        return {**said, "rows": [row.to_dict() for row in self.rows]}


def measure(policy: ir.CheckedPolicy, cases: Iterable[Case], *, layers: bool = False) -> Coverage:
    """What the cases cover of the rules that the policy's own layer declares; with `layers`, of those below too."""
    kept = [rule for rule in ir.rules(policy) if layers or rule.layer == policy.id]
    table = {rule.id: rows_of(policy, rule) for rule in kept}
    altered = _Altered(policy)
    for case in cases:
        trial = Trial(policy, case)
        for rule in kept:
            if has_say(rule, trial):
                for row in table[rule.id]:
                    _note(row, trial, altered)
    return Coverage(tuple(row for rows in table.values() for row in rows))


def _note(row: Row, trial: Trial, altered: _Altered) -> None:
    """Note what one case shows of a row; whether it is decisive is asked only until it was."""
    value = value_of(row, trial)
    if is_pending(row.rule, trial) and value is not None:
        return
    if row.condition is not None or is_applicable(row.rule, trial):
        row.covered.add(TRUTH[value])
    if value is None or DECISIVE in row.covered:
        return
    policy, rule = altered.without(row, value=value)
    if row.condition is not None and outcome(rule, trial) == outcome(row.rule, trial):
        return  # masked by the rule's other conditions
    if trial.would_notice(policy):
        row.covered.add(DECISIVE)


def value_of(row: Row, trial: Trial) -> bool | None:
    """What a row comes to in a case."""
    if row.condition is None:
        return None if is_pending(row.rule, trial) else outcome(row.rule, trial)
    value: bool | None = reference.evaluate(row.condition, trial.world)
    return value


def is_applicable(rule: ir.Rule, trial: Trial) -> bool:
    """Whether a requirement's own condition is not false: one that does not apply is neither met nor violated."""
    own = reference.evaluate(reference.own(rule), trial.world)
    return not isinstance(rule, ir.Requirement) or own is not False


class Trial:
    """One case as the reference decides it."""

    def __init__(self, policy: ir.CheckedPolicy, case: Case) -> None:
        self.policy = policy
        self.case = case
        self.world = reference.World(policy, case.given.facts, case.given.as_of)
        self.routes = {route.id: route for route in policy.routes.values() if self.world.day in route.period}

    def decide(self, policy: ir.Policy) -> Decision:
        """What a policy decides on the case's task."""
        return reference.decide(policy, self.case.given.facts, self.case.given.as_of, self.case.given.id)

    @cached_property
    def decision(self) -> Decision:
        """What the policy itself decides."""
        return self.decide(self.policy)

    @cached_property
    def differences(self) -> list[object]:
        """Where the case fails already."""
        return list(compare(self.case.expect, self.decision.to_dict()))

    @cached_property
    def candidates(self) -> frozenset[str]:
        """The channels of the routes that are true or unknown."""
        return frozenset(
            route.to
            for route in self.routes.values()
            if reference.evaluate(reference.effective(route, self.routes), self.world) is not False
        )

    def would_notice(self, policy: ir.Policy) -> bool:
        """Whether the case fails otherwise than it does now, or at all, under another policy."""
        return list(compare(self.case.expect, self.decide(policy).to_dict())) != self.differences


def has_say(rule: ir.Rule, trial: Trial) -> bool:
    """Whether a rule has a say in a case: it is in force, and the case gets as far as to ask it."""
    if trial.world.day not in rule.period:
        return False
    match rule:
        case ir.Route():
            return True
        case ir.Requirement():
            return bool(trial.candidates.intersection(rule.channels))
        case ir.ExceptionRule():
            waived = (trial.policy.requirements[name] for name in rule.waives)
            return any(has_say(requirement, trial) and is_unmet(requirement, trial.world) for requirement in waived)
        case ir.ObligationRule():
            return trial.decision.verdict in (*rule.verdicts, Verdict.UNDETERMINED)
        case _:
            assert_never(rule)


def is_unmet(rule: ir.Requirement, world: reference.World) -> bool:
    """Whether a requirement would be violated or open were there no exceptions."""
    own, require = reference.evaluate(reference.own(rule), world), reference.evaluate(rule.require, world)
    return own is not False and require is not True


def is_pending(rule: ir.Rule, trial: Trial) -> bool:
    """Whether the verdict that a duty comes with is still open: then its condition shows itself as unknown only."""
    return isinstance(rule, ir.ObligationRule) and trial.decision.verdict not in rule.verdicts


def concerns(rule: ir.Rule, trial: Trial) -> bool:
    """Whether a case is about a rule: it has a say, applies, and is not met for want of anything to judge.

    A requirement that is met is the case's matter only where the case gives a fact that is demanded something of.
    """
    if not has_say(rule, trial) or is_pending(rule, trial):
        return False
    expr = reference.effective(rule, trial.routes) if isinstance(rule, ir.Route) else reference.own(rule)
    if reference.evaluate(expr, trial.world) is False:
        return False
    if not isinstance(rule, ir.Requirement) or outcome(rule, trial) is not True:
        return True
    read = ir.walk([rule.require], trial.policy.definitions)
    return any(isinstance(node, ir.ReadFact) and node.name in trial.world.given for node in read)


def outcome(rule: ir.Rule, trial: Trial) -> bool | None:
    """A route's condition with the overrides, a requirement's demand, the condition of another rule."""
    match rule:
        case ir.Route():
            routes = {**trial.routes, rule.id: rule}
            value: bool | None = reference.evaluate(reference.effective(rule, routes), trial.world)
        case ir.Requirement():
            value = reference.evaluate(reference.demand(rule, trial.world), trial.world)
        case ir.ExceptionRule() | ir.ObligationRule():
            value = reference.evaluate(reference.own(rule), trial.world)
        case _:
            assert_never(rule)
    return value


# ---------------------------------------------------------------------------------------- what can be


def rows_of(policy: ir.Policy, rule: ir.Rule) -> list[Row]:
    """A row for the rule, and one for each condition in it."""
    conditions = [Row(rule, leaf, possible(policy, [leaf])) for leaf in conditions_of(policy, rule)]
    return [Row(rule, None, possible_of_rule(policy, rule)), *conditions]


def possible_of_rule(policy: ir.Policy, rule: ir.Rule) -> tuple[str, ...]:
    """The cells of a rule's own row: what has no condition is always true, but for a route that others override."""
    read = conditions_of(policy, rule)
    if isinstance(rule, ir.Route):
        read += [leaf for other in _above(policy, rule) for leaf in conditions_of(policy, other)]
    return possible(policy, read) if read else (TRUTH[True], DECISIVE)


def _above(policy: ir.Policy, rule: ir.Route) -> Iterator[ir.Route]:
    """The routes that override one, directly or through others."""
    above, waiting = set[str](), {rule.id}
    while waiting := {r.id for r in policy.routes.values() if waiting & set(r.overrides)} - above - {rule.id}:
        above |= waiting
    yield from (policy.routes[name] for name in sorted(above))


def possible(policy: ir.Policy, conditions: Iterable[ir.Expr]) -> tuple[str, ...]:
    """The cells of conditions: they can be unknown only where they read something that can be."""
    seen_unknown = any(can_be_unknown(policy, node) for node in ir.walk(conditions, policy.definitions))
    return CELLS if seen_unknown else tuple(cell for cell in CELLS if cell != TRUTH[None])


def can_be_unknown(policy: ir.Policy, node: ir.Expr) -> bool:
    """Whether a fact or column can be unknown: a fact without assumption, a look-up by such a fact."""
    match node:
        case ir.ReadFact(name):
            return name != ir.AS_OF and policy.facts[name].assume is None
        case ir.ReadColumn(look_up):
            joined = policy.look_ups[look_up]
            keys = (ir.ReadFact(key, BOOL) for key in joined.match.values())
            return policy.registers[joined.register].partial or any(can_be_unknown(policy, key) for key in keys)
        case _:
            return False


# ---------------------------------------------------------------------------------- what if not


class _Altered:
    """The policy with one condition of one rule, or the whole of its condition, turned into its opposite."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self.policy = policy
        self._made: dict[tuple[str, ir.Expr | None, bool], tuple[ir.Policy, ir.Rule]] = {}

    def without(self, row: Row, *, value: bool) -> tuple[ir.Policy, ir.Rule]:
        """The policy, and its altered rule, where what has this value has the other."""
        key = (row.rule.id, row.condition, value)
        if key not in self._made:
            rule = self._rule(row, ir.Literal(value=not value, type=BOOL))
            section = _SECTIONS[type(rule)]
            changes: dict[str, Any] = {section: {**getattr(self.policy, section), rule.id: rule}}
            self._made[key] = with_changes(self.policy, **changes), rule
        return self._made[key]

    def _rule(self, row: Row, literal: ir.Literal) -> ir.Rule:
        rule, atom = row.rule, row.condition
        if isinstance(rule, ir.Requirement):
            if atom is None:
                return with_changes(rule, when=None, require=literal)
            require = substitute(self.policy, rule.require, atom, literal)
            return with_changes(rule, when=self._when(rule, atom, literal), require=require)
        return with_changes(rule, when=literal if atom is None else self._when(rule, atom, literal))

    def _when(self, rule: ir.Rule, atom: ir.Expr, literal: ir.Literal) -> ir.Expr | None:
        return None if rule.when is None else substitute(self.policy, rule.when, atom, literal)
