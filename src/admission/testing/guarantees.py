"""What a policy may promise by the way it is built, and what it might promise without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal

from hypothesis import strategies as st

from admission import ir
from admission.datatypes import BOOL, DATE, Kind, Type
from admission.testing.aims import NEVER, any_of
from admission.testing.conditions import Draw
from admission.testing.demands import atoms, reads

MOST = 3  # promises of a policy
Promise = Literal["never", "always", "monotone", "antitone", "favourable", "irrelevant"]
Made = tuple[Promise, ir.Expr | None, str | None]
"""A promise, its condition, and the fact that it speaks of."""


def invariants(
    policy: ir.Policy, drawn: Draw, label: ir.Label, *, kept: bool
) -> st.SearchStrategy[dict[str, ir.Invariant]]:
    """Invariants by name: such as the rules cannot break, or any that are well-typed."""
    made = _of_any_kind(_kept(policy)) if kept else _any(policy, drawn)
    return st.lists(made, max_size=MOST).map(lambda listed: _named(listed, label))


def _of_any_kind(found: Iterable[Made]) -> st.SearchStrategy[Made]:
    """One of several promises, of each kind as often as of any other."""
    kinds: dict[Promise, list[Made]] = {}
    for made in found:
        kinds.setdefault(made[0], []).append(made)
    return st.sampled_from(list(kinds.values())).flatmap(st.sampled_from)


def _named(listed: Iterable[Made], label: ir.Label) -> dict[str, ir.Invariant]:
    names = (f"promise{number}" for number, _ in enumerate(listed))
    return {name: ir.Invariant(name, *made, label) for name, made in zip(names, listed, strict=False)}


def verdict_is(verdict: str) -> ir.Expr:
    """The decision has a verdict."""
    return ir.Compare("==", ir.ReadFact(ir.VERDICT, ir.VERDICTS), ir.Literal(verdict, ir.VERDICTS))


def channel_is(channel: str, policy: ir.Policy) -> ir.Expr:
    """The decision has a channel."""
    declared = Type(Kind.ENUM, tuple(policy.channels))
    return ir.Compare("==", ir.ReadFact(ir.CHANNEL, declared), ir.Literal(channel, declared))


def violates(rule: str) -> ir.Expr:
    """The decision lists a violation."""
    return ir.ReadFact(ir.violated(rule), BOOL)


# ------------------------------------------------------------------------------- what cannot be broken


def _kept(policy: ir.Policy) -> Iterator[Made]:
    """Promises that the rules keep, whatever the task."""
    yield from _of_channels(policy)
    for rule in policy.requirements.values():
        yield from _of_requirement(rule, policy)
    for name in policy.facts:
        yield from _of_fact(name, policy)


def _of_channels(policy: ir.Policy) -> Iterator[Made]:
    """A verdict comes from the channels with that outcome alone, and a channel from the conditions of its routes."""
    for outcome in ("admit", "redirect"):
        with_it = [channel_is(name, policy) for name, channel in policy.channels.items() if channel.outcome == outcome]
        yield "always", ir.Or((ir.Not(verdict_is(outcome)), any_of(with_it) if with_it else NEVER)), None
    for name in policy.channels:
        whens = [route.when for route in policy.routes.values() if route.to == name]
        if None not in whens:
            yield "always", ir.Or((ir.Not(channel_is(name, policy)), *(when for when in whens if when))), None
    if any(route.when is None and route.period == ir.ALWAYS for route in policy.routes.values()):
        yield "never", violates(ir.NO_ROUTE), None


def _of_requirement(rule: ir.Requirement, policy: ir.Policy) -> Iterator[Made]:
    """A violation is of a rule that applies; and what a rule stops, no exception waiving it, does not pass."""
    if rule.when is not None:
        yield "never", ir.And((violates(rule.id), ir.Not(rule.when))), None
    waivers = [each.when for each in policy.exceptions.values() if rule.id in each.waives]
    if rule.effect == "refuse" and None not in waivers:
        stopped = [*([rule.when] if rule.when else []), ir.Not(rule.require), *(ir.Not(w) for w in waivers if w)]
        for channel in rule.channels:
            passed = (channel_is(channel, policy), verdict_is(policy.channels[channel].outcome))
            yield "never", ir.And((*passed, *_while(rule.period), *stopped)), None


def _while(period: ir.Period) -> Iterator[ir.Expr]:
    """The day of the decision lies in a period."""
    for op, day in ((">=", period.start), ("<=", period.end)):
        if day is not None:
            yield ir.Compare(op, ir.ReadFact(ir.AS_OF, DATE), ir.Literal(day, DATE))  # type: ignore[arg-type] # one of two


def _of_fact(name: str, policy: ir.Policy) -> Iterator[Made]:
    """What nothing reads decides nothing; what rules read on one side alone does no harm when it moves to that side."""
    routing = [route.when for route in policy.routes.values() if route.when]
    if any(name in reads(expr, policy) for expr in routing):
        return
    judging = list(atoms_of(policy, name))
    if not judging:
        yield "irrelevant", None, name
    declared = policy.facts[name].type
    for promise in _sides(declared):
        wanted = 1 if promise == "monotone" else -1
        if all(helpful(atom, name, policy) * (1 if holds else -1) == wanted for atom, holds in judging):
            yield promise, None, name
    if judging and all(each == judging[0] for each in judging) and favoured(judging[0][0], policy) == [name]:
        atom, holds = judging[0]
        yield "favourable", atom if holds else ir.Not(atom), name


def _sides(declared: Type) -> tuple[Promise, ...]:
    """What may be promised of the values of a type going up or down."""
    has_order = declared.is_ordered or declared.kind in (Kind.BOOL, Kind.SET)
    return ("monotone", "antitone") if has_order else ()


def atoms_of(policy: ir.Policy, name: str) -> Iterator[tuple[ir.Expr, bool]]:
    """The parts that read a fact of what requirements demand, each with the truth that helps the demand to its own."""
    refusing = [rule for rule in policy.requirements.values() if rule.effect == "refuse"]
    waivers = [each.when for each in policy.exceptions.values() if each.when]
    for expr, wanted in chain(
        ((rule.require, True) for rule in refusing),
        ((rule.when, False) for rule in refusing if rule.when),
        ((when, True) for when in waivers),
    ):
        yield from ((atom, holds) for atom, holds in atoms(expr, policy, wanted=wanted) if name in reads(atom, policy))


def helpful(atom: ir.Expr, name: str, policy: ir.Policy) -> int:
    """1 where more of a fact can only make a condition true, -1 where less can, 0 where that is not plain to see."""
    match atom:
        case ir.ReadFact():
            return 1 if atom.name == name else 0  # not where a look-up fills it in
        case ir.In(ir.Literal(), ir.ReadFact() as read) if read.name == name:
            return 1
        case ir.Compare(op, ir.ReadFact() | ir.Count(ir.ReadFact()) as left, right):
            is_alone = reads(left, policy) == {name} and name not in reads(right, policy)
            return {">": 1, ">=": 1, "<": -1, "<=": -1}.get(op, 0) if is_alone else 0
        case _:
            return 0


# ------------------------------------------------------------------------------------- what may be broken


def _any(policy: ir.Policy, drawn: Draw) -> st.SearchStrategy[Made]:
    """Any promise that is well-typed."""
    about = [*map(verdict_is, ("admit", "redirect", "refuse")), *(channel_is(name, policy) for name in policy.channels)]
    about += [violates(rule) for rule in (*policy.requirements, ir.NO_ROUTE)]
    decided = st.sampled_from(about)
    both = st.tuples(decided, drawn.condition(1))
    never = st.tuples(st.just("never"), both.map(ir.And) | decided, st.none())
    always = st.tuples(st.just("always"), both.map(lambda two: ir.Or((ir.Not(two[0]), two[1]))), st.none())
    moved = [(side, None, name) for name, fact in policy.facts.items() for side in (*_sides(fact.type), "irrelevant")]
    alone = drawn.atom(0).filter(lambda atom: len(favoured(atom, policy)) == 1)
    favourable = alone.map(lambda atom: ("favourable", atom, favoured(atom, policy)[0]))
    return st.one_of(never, always, st.sampled_from(moved), favourable)


def favoured(atom: ir.Expr, policy: ir.Policy) -> list[str]:
    """The fact that a condition reads, if it reads one and no look-up; those that it reads, or none, otherwise."""
    nodes = list(ir.walk([atom], policy.definitions))
    if any(isinstance(node, ir.ReadColumn) for node in nodes):
        return []
    return sorted({node.name for node in nodes if isinstance(node, ir.ReadFact) and node.name != ir.AS_OF})
