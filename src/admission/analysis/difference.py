"""How two policies, or one on two days, decide differently: every class of change, with a task that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from admission import ir, reference
from admission.analysis import SECONDS, replay
from admission.analysis.findings import case_text
from admission.analysis.shrinking import Facts, shrink
from admission.backends.smt import Codes, Model, NotProved, Prover, SymbolicTask, Unsupported
from admission.backends.smt.decision import Duty
from admission.backends.smt.terms import FALSE, TRUE, Formula, Term, both, either, equal, opposite
from admission.datatypes import to_json
from admission.decision import Decision

MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Side:
    """What one policy says of the decision, as far as classes of change tell decisions apart."""

    verdict: str
    channel: str | None

    def __str__(self) -> str:
        return f"{self.verdict} ({self.channel})" if self.channel else self.verdict


@dataclass(frozen=True, slots=True)
class Change:
    """A class of change: what it was and became, a task that shows it, and the rules that made the difference.

    `what` is `verdict`, `channel`, or, where both stay, `violation`, `note` or `obligation` with the rule in `rule`.
    """

    what: str
    old: Side
    new: Side
    facts: Facts
    before: Decision
    after: Decision
    declared: Mapping[str, ir.Fact] = field(repr=False)
    """The facts of both policies."""
    rule: str | None = None
    gained: bool = False
    """Whether the new policy says the rule and the old does not."""
    rules: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By rule: its state in the old policy and in the new."""

    @property
    def key(self) -> tuple[object, ...]:
        """What makes the class."""
        return (self.what, self.old, self.new, self.rule, self.gained)

    def task(self) -> dict[str, object]:
        """The witness's facts, JSON-ready."""
        return {
            name: to_json(fact.type, self.facts[name]) for name, fact in self.declared.items() if name in self.facts
        }

    def case(self, policy: ir.Policy, name: str = "found") -> str:
        """The witness as a case for the new policy, expecting what it decides."""
        own = {fact: value for fact, value in self.facts.items() if fact in policy.facts}
        channel = "null" if self.after.channel is None else self.after.channel
        listed = ", ".join(violation.rule for violation in self.after.violations)
        expect = f"  expect: {{verdict: {self.after.verdict}, channel: {channel}, violations: [{listed}]}}"
        return case_text(policy, own, self.after.as_of, name, [expect])


@dataclass(frozen=True, slots=True)
class Unproved:
    """The third answer: whether there are further changes of this kind was not settled in time."""

    what: str


class Comparison:
    """Two policies on one symbolic task, complete or not.

    With `day_old` or `day_new` the policies decide on those days; else on one day, any on which both are in force.
    A task is one that both policies take, each for the facts that it declares itself.
    """

    def __init__(
        self,
        old: ir.CheckedPolicy,
        new: ir.CheckedPolicy,
        *,
        day_old: date | None = None,
        day_new: date | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.old, self.new = old, new
        self.days = (day_old, day_new)
        comparable(old, new)
        task = SymbolicTask.of(Codes(), [old, new])
        self.task = task
        older = task.on(day_old) if day_old else task
        newer = task.on(day_new) if day_new else task
        self.models = (Model(old, older), Model(new, newer))
        # Where each policy decides on a day of its own, the task has none, and any will do.
        some_day = day_new or day_old
        fixed = (task.day == some_day.toordinal(),) if some_day else ()
        self.prover = Prover(self.models, seconds, *fixed)

    def changes(self) -> Iterator[Change | Unproved]:
        """Every class of change; none is the proof that no task is decided differently."""
        before, after = (model.decision for model in self.models)
        same = [equal_choice(before.verdict, after.verdict), equal_choice(before.channel, after.channel)]
        yield from self.classes(opposite(both(*same)), "verdict")
        parts = self.parts()
        try:
            if not self.prover.is_possible(*same, either(*(f for _, f in parts))):
                return
        except NotProved:
            pass
        for (what, rule, gained), formula in parts:
            yield from self.one(what, rule, gained, both(*same, formula))

    def classes(self, formula: Formula, what: str) -> Iterator[Change | Unproved]:
        """The changes of verdict or channel, each class once: what was found is excluded until nothing is."""
        excluded: list[Formula] = []
        while len(excluded) < MOST_CLASSES:
            try:
                found = self.prover.find(formula, *excluded)
            except NotProved:
                yield Unproved(what)
                return
            if found is None:
                return
            change = self.confirmed(found, what)
            # INVARIANT: no class is found twice, and what is left when none is found is nothing.
            excluded.append(opposite(both(*(self.is_side(n, s) for n, s in enumerate((change.old, change.new))))))
            yield change
        yield Unproved(f"{what}: more than {MOST_CLASSES} classes")

    def one(self, what: str, rule: str, gained: bool, formula: Formula) -> Iterator[Change | Unproved]:
        """One change with verdict and channel the same."""
        try:
            found = self.prover.find(formula)
        except NotProved:
            yield Unproved(f"{what} {rule}")
            return
        if found is not None:
            yield self.confirmed(found, what, rule, gained)

    def is_side(self, place: int, side: Side) -> Formula:
        """That one of the policies decides so."""
        decision = self.models[place].decision
        settled = (
            decision.channel.get(side.channel, FALSE) if side.channel else opposite(either(*decision.channel.values()))
        )
        return both(decision.verdict[side.verdict], settled)

    def parts(self) -> list[tuple[tuple[str, str, bool], Formula]]:
        """What else a decision says, rule by rule: one side says it, and the other not."""
        before, after = (model.decision for model in self.models)
        found: list[tuple[tuple[str, str, bool], Formula]] = []
        sides: list[tuple[str, dict[str, Formula], dict[str, Formula]]] = [
            ("violation", before.violated, after.violated),
            ("note", before.notes, after.notes),
            ("obligation", self.attached(0), self.attached(1)),
        ]
        for what, old, new in sides:
            for rule in sorted({*old, *new}):
                one, two = old.get(rule, FALSE), new.get(rule, FALSE)
                found += [
                    ((what, rule, True), both(opposite(one), two)),
                    ((what, rule, False), both(one, opposite(two))),
                ]
        for rule in sorted(set(self.old.obligations) & set(self.new.obligations)):
            found.append((("terms", rule, False), self.other_terms(rule)))
        return [(key, formula) for key, formula in found if not formula.eq(FALSE)]

    def attached(self, place: int) -> dict[str, Formula]:
        """The obligations of a decision."""
        return {name: duty.attached for name, duty in self.duties(place).items()}

    def duties(self, place: int) -> dict[str, Duty]:
        """The obligations of one policy."""
        model = self.models[place]
        return {name: model.duty(rule, model.decision) for name, rule in model.policy.obligations.items()}

    def other_terms(self, rule: str) -> Formula:
        """That an obligation of both comes with another amount, day or certainty."""
        old, new = (self.duties(place)[rule] for place in (0, 1))
        certain = both(either(opposite(old.certain), new.certain), either(opposite(new.certain), old.certain))
        terms = [equal_term(a, b) for a, b in ((old.amount, new.amount), (old.due, new.due))]
        return both(old.attached, new.attached, opposite(both(certain, *terms)))

    def confirmed(self, found: Any, what: str, rule: str | None = None, gained: bool = False) -> Change:
        """The change that the reference sees on a model, its task made minimal."""
        facts, day = self.task.read(found)
        first = self.seen(facts, day, what, rule, gained)
        if first is None:
            raise AssertionError(f"the solver's witness is not confirmed: {dict(facts)} on {day}: {what} {rule}")

        def shows(facts: Facts, day: date) -> bool:
            again = self.seen(facts, day, what, rule, gained)
            return again is not None and again.key == first.key

        least, day = shrink(self.shrinkable(), facts, day, shows)
        change = self.seen(least, day, what, rule, gained)
        if change is None:
            raise AssertionError("a witness was lost while it was made minimal")
        return change

    def shrinkable(self) -> ir.Policy:
        """The policy whose types and period the witness is made plain by."""
        return self.new

    def seen(self, facts: Facts, day: date, what: str, rule: str | None, gained: bool) -> Change | None:
        """The change that a task shows, or None where it shows none of this kind."""
        older, newer = self.days
        pair = [replay.decide(p, facts, d or day) for p, d in ((self.old, older), (self.new, newer))]
        before, after = pair
        if before is None or after is None or not all(takes(p, facts) for p in (self.old, self.new)):
            return None
        old, new = (Side(decision.verdict.value, decision.channel) for decision in (before, after))
        if (old != new) is not (what in ("verdict", "channel")) or not says(what, rule, gained, before, after):
            return None
        kind = what if old == new else "verdict" if old.verdict != new.verdict else "channel"
        states = self.states(facts, before, after)
        declared = {**self.old.facts, **self.new.facts}
        return Change(kind, old, new, facts, before, after, declared, rule, gained, states)

    def states(self, facts: Facts, before: Decision, after: Decision) -> dict[str, tuple[str, str]]:
        """The rules whose state on the task differs between the two."""
        old, new = states_of(self.old, facts, before), states_of(self.new, facts, after)
        names = sorted({*old, *new})
        both_of = {name: (old.get(name, "absent"), new.get(name, "absent")) for name in names}
        idle = {"absent", "met", "false"}
        return {name: (a, b) for name, (a, b) in both_of.items() if a != b and not {a, b} <= idle}


def says(what: str, rule: str | None, gained: bool, before: Decision, after: Decision) -> bool:
    """Whether a pair of decisions shows a change of one rule."""
    if what in ("verdict", "channel"):
        return True
    if what == "terms":
        old, new = ([o for o in d.obligations if o.rule == rule] for d in (before, after))
        return bool(old and new) and [o.to_dict() for o in old] != [o.to_dict() for o in new]
    listed = {"violation": "violations", "note": "notes", "obligation": "obligations"}[what]
    old_rules, new_rules = ({entry.rule for entry in getattr(d, listed)} for d in (before, after))
    return (rule not in old_rules and rule in new_rules) if gained else (rule in old_rules and rule not in new_rules)


def states_of(policy: ir.CheckedPolicy, facts: Facts, decision: Decision) -> dict[str, str]:
    """What each rule in force comes to on a task: routes taken, requirements met, violated or open."""
    own = {name: value for name, value in facts.items() if name in policy.facts}
    day = decision.as_of
    world = reference.World(policy, own, day)
    routes = {route.id: route for route in policy.routes.values() if day in route.period}
    found = {}
    for name, route in routes.items():
        answer = reference.evaluate(reference.effective(route, routes), world)
        found[name] = {True: f"takes it to {route.to}", False: "false", None: "unknown"}[answer]
    candidates = {routes[name].to for name, state in found.items() if state != "false"}
    for name, rule in policy.requirements.items():
        if day in rule.period and candidates & set(rule.channels):
            answer = reference.evaluate(reference.demand(rule, world), world)
            found[name] = {True: "met", False: "violated", None: "open"}[answer]
    for name, exception in policy.exceptions.items():
        if day in exception.period and any(found.get(waived) for waived in exception.waives):
            answer = reference.evaluate(reference.own(exception), world)
            found[name] = {True: "waives", False: "false", None: "unknown"}[answer]
    for duty in decision.obligations:
        terms = [f"{duty.amount:f}" if duty.amount is not None else "", str(duty.due or "")]
        found[duty.rule] = " ".join(["owed" if duty.certain else "owed perhaps", *filter(None, terms)])
    return found


def takes(policy: ir.CheckedPolicy, facts: Facts) -> bool:
    """Whether every value lies in the policy's own type of the fact."""
    return all(fits(policy.facts[name].type, value) for name, value in facts.items() if name in policy.facts)


def fits(declared: Any, value: Any) -> bool:
    """Whether a value is one of a type."""
    if isinstance(value, frozenset):
        return value <= set(declared.values)
    if declared.values:
        return value in declared.values
    return declared.low is None or bool(declared.low <= value <= declared.high)


def comparable(old: ir.Policy, new: ir.Policy) -> None:
    """Raises `Unsupported` where a fact has values of different kinds in the two policies."""
    for name in old.facts.keys() & new.facts.keys():
        kinds = (old.facts[name].type.kind, new.facts[name].type.kind)
        if kinds[0] is not kinds[1]:
            raise Unsupported(f"fact {name}: {kinds[0]} in one policy, {kinds[1]} in the other")


def equal_choice(one: Mapping[str, Formula], other: Mapping[str, Formula]) -> Formula:
    """That the same of several is true on both sides."""
    names = {*one, *other}
    return both(*(equal_truth(one.get(name, FALSE), other.get(name, FALSE)) for name in sorted(names)))


def equal_truth(one: Formula, other: Formula) -> Formula:
    """Both or neither."""
    return TRUE if one.eq(other) else both(either(opposite(one), other), either(opposite(other), one))


def equal_term(one: Term | None, other: Term | None) -> Formula:
    """Both unknown, or both known and the same."""
    if one is None or other is None:
        present = one or other
        return TRUE if present is None else opposite(present.known)
    same = both(one.known, other.known, equal(one.value, other.value))
    return either(same, both(opposite(one.known), opposite(other.known)))
