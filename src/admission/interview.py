"""Which question to ask next: the one whose answers settle most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from statistics import fmean

from admission import ir, reference
from admission.datatypes import BOOL, Kind, Value
from admission.decision import Decision
from admission.explain import Question
from admission.explain.questions import question_of
from admission.remedies.goals import goal_of
from admission.remedies.values import Space, Variable, leaves_of, space_of, written_out

Decide = Callable[[Mapping[str, Value], date], Decision]
LOOKED_AHEAD = 8  # facts whose answers are tried
MOST_ANSWERS = 12  # tried of one fact


def next_question(
    policy: ir.CheckedPolicy, decision: Decision, decide: Decide | None = None, besides: Iterable[str] = ()
) -> Question | None:
    """The missing fact whose answers leave the fewest questions on average; None where nothing is missing.

    It asks only for facts in `missing`, so never for what no longer matters. Answers tried are all values of an enum,
    and of a number, date or set those at which a condition turns. Equal facts come by name. `besides` are facts that
    nobody can answer.

    >>> from admission import load
    >>> policy = load("policies/beijing")
    >>> policy.next_question({}, as_of=date(2019, 8, 3)).fact
    'nature'
    """
    waiting = _weights(policy, decision)
    ranked = sorted(set(decision.missing) - set(besides), key=lambda name: (-waiting[name], name))
    if not ranked:
        return None
    decider = decide or (lambda facts, day: reference.decide(policy, facts, day))
    asked = ranked[:LOOKED_AHEAD]
    answers = _answers(policy, decision, asked) if len(asked) > 1 else {asked[0]: ()}

    def left(name: str) -> float:
        after = (decider({**decision.given.facts, name: value}, decision.as_of) for value in answers[name])
        return fmean([len(decided.missing) for decided in after] or [0])

    best = min(asked, key=lambda name: (left(name), -waiting[name], name))
    return question_of(policy.facts[best])


def _weights(policy: ir.CheckedPolicy, decision: Decision) -> Counter[str]:
    """How many unknown conditions wait for each fact; those of routes come first, for they say where to look."""
    world = reference.World(policy, decision.given.facts, decision.as_of)
    waiting = Counter[str]()
    routes = {route.id: route for route in policy.routes.values() if decision.as_of in route.period}
    for route in routes.values():
        waiting.update(dict.fromkeys(reference.unknown_facts(reference.effective(route, routes), world), 1000))
    for requirement in policy.requirements.values():
        if decision.as_of in requirement.period:
            waiting.update(set(reference.unknown_facts(reference.demand(requirement, world), world)))
    return waiting


def _answers(policy: ir.CheckedPolicy, decision: Decision, asked: list[str]) -> dict[str, tuple[Value, ...]]:
    """The answers to try of each fact, few of each."""
    world = reference.World(policy, decision.given.facts, decision.as_of)
    goal = goal_of(world, "refuse")  # it reads every route and every demand
    space = space_of(world, goal, {name: policy.facts[name] for name in asked})
    sets = [
        node.value
        for leaf in leaves_of(goal)
        for node in written_out(leaf.expr, policy)
        if isinstance(node, ir.Literal) and isinstance(node.value, frozenset)
    ]
    found = {}
    for name in asked:
        values = list(dict.fromkeys(_answers_of(policy.facts[name], space, sets)))
        step = -(-len(values) // MOST_ANSWERS)
        found[name] = tuple(values[:: step or 1])
    return found


def _answers_of(fact: ir.Fact, space: Space, sets: list[frozenset[str]]) -> Iterator[Value]:
    match fact.type.kind:
        case Kind.BOOL | Kind.ENUM:
            yield from BOOL_ANSWERS if fact.type == BOOL else fact.type.values
        case Kind.SET:
            every = frozenset(fact.type.values)
            yield from (frozenset[str](), every, *(constant for constant in sets if constant <= every))
            yield from (frozenset({element}) for element in fact.type.values)
        case _:
            # A key of a look-up reads into no condition itself, so nothing of it is known but that it is asked for.
            known = space.domains.get(Variable(fact.name), ())
            yield from (value for value in known if value is not None)


BOOL_ANSWERS: tuple[Value, ...] = (False, True)
