"""On policies small enough to try every task, the solver finds what trying every task finds."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from admission import ir, reference
from admission.analysis.difference import Change, Comparison
from admission.analysis.questions import analyse
from admission.checker import check
from admission.datatypes import BOOL, INT, Kind, Type, Value, bounded
from admission.decision import Decision
from admission.diagnostics import Collector

pytestmark = pytest.mark.slow

LABEL = {"en": "x"}
OWN = ir.Basis(own=LABEL)
COLOUR = Type(Kind.ENUM, ("red", "green", "blue"))
LAMPS = Type(Kind.SET, ("sun", "moon"))
FACTS = {"a": BOOL, "b": BOOL, "n": bounded(Kind.INT, 0, 2), "c": COLOUR, "s": LAMPS}
OPERATORS: list[ir.Comparison] = ["<", "==", ">="]
DAYS = [date(2020, 1, 1), date(2021, 1, 1)]  # one on either side of the only turn
PERIODS = [ir.ALWAYS, ir.ALWAYS, ir.Period(DAYS[1]), ir.Period(None, date(2020, 12, 31))]
WHOLE = ir.Period(DAYS[0], date(2021, 12, 31))


def condition(draw: random.Random, depth: int = 2) -> ir.Expr:
    """A random condition."""
    if depth and draw.random() < 0.6:
        parts = tuple(condition(draw, depth - 1) for _ in range(2))
        joined: list[ir.Expr] = [ir.And(parts), ir.Or(parts), ir.Not(parts[0])]
        return draw.choice(joined)
    reads = {name: ir.ReadFact(name, declared) for name, declared in FACTS.items()}
    atoms: list[ir.Expr] = [
        reads["a"],
        reads["b"],
        ir.Compare(draw.choice(OPERATORS), reads["n"], ir.Literal(draw.randint(0, 2), INT)),
        ir.Compare("==", reads["c"], ir.Literal(draw.choice(COLOUR.values), COLOUR)),
        ir.Compare("<=", reads["s"], ir.Literal(frozenset([draw.choice(LAMPS.values)]), LAMPS)),
    ]  # fmt: skip
    return draw.choice(atoms)


def small(seed: int, like: ir.Policy | None = None) -> ir.CheckedPolicy:
    """A random small policy; with `like` one of its rules is another."""
    draw = random.Random(seed)  # noqa: S311 - the same policy at every run, nothing secret
    shared: dict[str, Any] = {"reason": LABEL, "basis": OWN}

    def period() -> ir.Period:
        return draw.choice(PERIODS)

    routes = {
        f"r{n}": ir.Route(f"r{n}", draw.choice(["x", "y"]), condition(draw), (), period=period(), **shared)
        for n in range(3)
    }
    if draw.random() < 0.6:
        routes["r0"] = replace(routes["r0"], overrides=("r1",))
    if draw.random() < 0.5:
        routes["r1"] = replace(routes["r1"], overrides=("r2",))
    requirements = {
        f"q{n}": ir.Requirement(
            f"q{n}", draw.choice([("x",), ("y",), ("x", "y")]), draw.choice([None, condition(draw)]),
            condition(draw), "refuse", remedy={}, period=period(), **shared,
        )
        for n in range(3)
    }  # fmt: skip
    exceptions = {"e": ir.ExceptionRule("e", ("q0",), condition(draw), period=period(), **shared)}
    if like is not None:
        requirements = {**like.requirements, "q1": requirements["q1"]}
        routes, exceptions = dict(like.routes), dict(like.exceptions)
    facts = {
        name: ir.Fact(name, declared, LABEL, assume=ir.Literal(False, BOOL) if name == "b" else None)
        for name, declared in FACTS.items()
    }
    policy = ir.Policy(
        "small", "1", "task", "p", LABEL, WHOLE, ("en",), facts=facts, routes=routes, requirements=requirements,
        exceptions=exceptions, channels={"x": ir.Channel("x", "admit", LABEL), "y": ir.Channel("y", "redirect", LABEL)},
    )  # fmt: skip
    faults = Collector()
    checked = check(policy, faults)
    assert checked is not None, list(faults)
    return checked


def values(declared: Type) -> list[Value]:
    """Every value of a type."""
    if declared.kind is Kind.SET:
        return [frozenset(), frozenset(["sun"]), frozenset(["moon"]), frozenset(["sun", "moon"])]
    return {Kind.BOOL: [False, True], Kind.INT: [0, 1, 2]}.get(declared.kind, list(declared.values))  # type: ignore[return-value]


def every_task(*, complete: bool) -> Iterator[tuple[Mapping[str, Value], date]]:
    """Every task on every day that matters."""
    choices = [values(t) if complete else [*values(t), None] for t in FACTS.values()]
    for day in DAYS:
        for chosen in product(*choices):
            yield {name: v for name, v in zip(FACTS, chosen, strict=True) if v is not None}, day


def by_force(policy: ir.CheckedPolicy) -> set[tuple[str, str]]:
    """What trying every complete task finds, as code and rule."""
    found: set[tuple[str, str]] = set()
    taken, owned, broken, applied = set[str](), set[str](), set[str](), set[str]()
    stopped, let_through, waived = set[str](), set[str](), set[str]()
    for facts, day in every_task(complete=True):
        world = reference.World(policy, facts, day)
        decision = reference.decide(policy, facts, day)
        routes = {r.id: r for r in policy.routes.values() if day in r.period}
        true = {n for n, r in routes.items() if reference.evaluate(reference.effective(r, routes), world)}
        taken |= true
        owned |= {n for n, r in routes.items() if reference.evaluate(reference.own(r), world)}
        found |= {("A801", f"`{a}`, `{b}`") for a in true for b in true if a < b}
        found |= {("A802", "small") for v in decision.violations if v.rule == "no_route"}
        for rule in policy.requirements.values():
            if decision.channel not in rule.channels or day not in rule.period:
                continue
            if reference.evaluate(reference.own(rule), world):
                applied.add(rule.id)
                unmet = not reference.evaluate(rule.require, world)
                stopped |= {rule.id} if unmet else set()
                exception = policy.exceptions["e"]
                if rule.id == "q0" and unmet and day in exception.period:
                    (waived if reference.evaluate(reference.own(exception), world) else let_through).add("e")
            if reference.evaluate(reference.demand(rule, world), world) is False:
                broken.add(rule.id)
    for name in policy.routes:
        found |= set() if name in taken else {("A805" if name in owned else "A803", name)}
    for name in policy.requirements.keys() - broken:
        if name not in applied:
            found.add(("A803", name))
        elif name not in stopped:
            found.add(("A804", name))
    if not waived:
        found.add(("A803", "e"))
    elif not let_through:
        found.add(("A806", "e"))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_analyses_find_what_trying_every_task_finds(seed: int) -> None:
    """Conflicts, gaps, dead, redundant and shadowed rules are those that brute force finds, no more and no fewer."""
    policy = small(seed)
    found = {(f.code, str(f.diagnostic.data.get("names", f.rule))) for f in analyse(policy)}
    assert found == by_force(policy)


def key(before: Decision, after: Decision) -> tuple[object, ...]:
    """The class of a pair of decisions."""
    return (before.verdict.value, before.channel, after.verdict.value, after.channel)


@pytest.mark.parametrize("seed", range(40, 64))
def test_differences_are_those_of_every_task(seed: int) -> None:
    """The classes of change between two policies are those that deciding every task twice finds."""
    old = small(seed)
    new = small(seed + 1000, like=old)
    expected, gained = set(), set()
    for facts, day in every_task(complete=False):
        before, after = (reference.decide(policy, facts, day) for policy in (old, new))
        pair = key(before, after)
        one, two = ({v.rule for v in d.violations} for d in (before, after))
        if pair[:2] != pair[2:]:
            expected.add(pair)
        else:
            gained |= {(rule, rule in two) for rule in one ^ two}
    changes = [c for c in Comparison(old, new).changes() if isinstance(c, Change)]
    sides = [c for c in changes if c.rule is None]
    assert [key(c.before, c.after) for c in sides] == list(dict.fromkeys(key(c.before, c.after) for c in sides))
    assert {key(c.before, c.after) for c in sides} == expected
    assert {(c.rule, c.gained) for c in changes if c.what == "violation"} == gained


def test_the_same_policy_is_proved_the_same() -> None:
    """A policy differs from itself in no task, and that is a proof."""
    assert not list(Comparison(small(1), small(1)).changes())


def test_brute_force_meets_every_finding() -> None:
    """The small policies have every kind of finding among them, so that the comparison means something."""
    codes = {code for seed in range(40) for code, _ in by_force(small(seed))}
    assert codes == {"A801", "A802", "A803", "A804", "A805", "A806"}
