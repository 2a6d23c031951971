"""What a policy promises, tested: its invariants, and that a layer which says so only tightens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace as with_changes
from datetime import date
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from admission import ir, reference
from admission.checker import check
from admission.datatypes import BOOL, Type, Value, from_python, to_python
from admission.decision import Decision, Verdict
from admission.diagnostics import Collector, TaskError
from admission.engine import Policy
from admission.testing.aims import NEVER, Aim, Choose, Rules
from admission.testing.constants import constants_of, is_within, neighbours
from admission.testing.demands import reads
from admission.testing.drawing import Below, near
from admission.testing.memory import kept
from admission.testing.reducing import reduced
from admission.testing.reports import Expectation, Said, broken, inner, pair
from admission.testing.steering import alternatives
from admission.testing.tasks import NUMBERS, Task, aimed, in_turn

if TYPE_CHECKING:
    from hypothesis import strategies as st

Outcome = tuple[str, str | None, frozenset[str]]
"""A verdict, a channel, and the rules that are violated."""


def invariants(policy: Policy, data: st.DataObject) -> None:
    """The policy's own promises hold of every complete task, and of every two that differ in one fact."""
    promises = list(policy.checked.invariants.values())
    if not promises:
        return
    chance = Random(data.draw(NUMBERS, label="number"))  # noqa: S311 - no secret
    for promise in chance.sample(promises, len(in_turn(promises))):
        task = aimed(policy, partial(_aims, policy, promise), chance.randrange)
        _hold(policy, promise, task, chance.randrange)


def _aims(policy: Policy, invariant: ir.Invariant, day: date, choose: Choose) -> list[Aim]:
    return [Aim(policy.checked, _breaking(invariant, Rules.on(policy.checked, day), choose))]


def _hold(policy: Policy, invariant: ir.Invariant, task: Task, below: Below) -> None:
    """Hold the policy to one promise on a task, and on those beside it."""
    if invariant.fact is not None:
        _pair(policy, invariant, task, below)
        return
    read = [] if invariant.expr is None else sorted(reads(invariant.expr, policy.checked))
    for near_by in beside(policy, task, [name for name in read if name in policy.checked.facts]):
        if _is_off(policy, invariant, near_by):
            found = reduced(policy, near_by, partial(_is_off, policy, invariant))
            said = Said(found, policy.decide(found))
            raise broken(f"invariant {invariant.id}", policy, said, expect=_asked(policy, invariant, said))


def beside(policy: Policy, task: Task, names: Iterable[str]) -> Iterator[Task]:
    """A task, the same on each day on which the policy changes, and with one of some facts where a condition turns."""
    yield task
    yield from ({**task, ir.AS_OF: day} for day in constants_of(policy.checked).days)
    facts, day = inner(policy, task), task[ir.AS_OF]
    for name in names:
        declared = policy.checked.facts[name].type
        for value in alternatives(policy.checked, facts, day, name):  # type: ignore[arg-type] # a date
            yield {**task, name: to_python(declared, value)}


def _breaking(invariant: ir.Invariant, rules: Rules, choose: Choose) -> ir.Expr:
    """What a task would be that breaks a promise, or that another might break it with."""
    if invariant.fact is not None:
        ways = [*rules.verdict("admit"), *rules.verdict("redirect")] or [NEVER]
        way = choose(choose([rules.while_applied(invariant.fact) or ways, ways]))
        return way if invariant.expr is None else ir.And((way, ir.Not(invariant.expr)))
    if invariant.expr is None:
        return NEVER
    expr = invariant.expr if invariant.promise == "never" else ir.Not(invariant.expr)
    return rules.over_facts(expr, choose)


def _is_off(policy: Policy, invariant: ir.Invariant, task: Task) -> bool:
    """Whether a promise over the facts and the decision is broken; the decision is read like facts."""
    try:
        decision = policy.decide(task)
    except TaskError:  # a value beside contradicts a register
        return False
    if decision.verdict is Verdict.UNDETERMINED and not decision.conflict:
        return False  # of a task that is not complete nothing is promised
    outcome = decision.verdict.value, decision.channel, frozenset(each.rule for each in decision.violations)
    return not _is_kept(policy, invariant, task, outcome)


def _is_kept(policy: Policy, invariant: ir.Invariant, task: Task, outcome: Outcome) -> bool:
    """Whether a task may have an outcome, as the promise says; what is unknown breaks none."""
    verdict, channel, violations = outcome
    said: dict[str, Value] = {ir.violated(rule): True for rule in violations}
    said |= {ir.VERDICT: verdict, ir.CHANNEL: channel or ir.NO_CHANNEL}
    if invariant.expr is None:
        return True
    read = reads(invariant.expr, policy.checked)
    given = inner(policy, {name: value for name, value in task.items() if name in read and name != ir.AS_OF})
    world = reference.World(_with_decision(policy.checked), given | said, task[ir.AS_OF])  # type: ignore[arg-type] # a date
    held = reference.evaluate(invariant.expr, world)
    return held is not (invariant.promise == "never")


def _asked(policy: Policy, invariant: ir.Invariant, said: Said) -> Expectation:
    """What the promise would have of a task that breaks it: another verdict, channel or violations."""
    decision = said.decision
    verdict, channel = decision.verdict.value, decision.channel
    violations = frozenset(each.rule for each in decision.violations)
    others: list[tuple[Expectation, Outcome]] = [
        *(({"verdict": other}, (other, channel, violations)) for other in ("refuse", "redirect", "admit")),
        *(({"channel": other}, (verdict, other, violations)) for other in policy.checked.channels),
        *(
            ({"violations": sorted(left)}, (verdict, channel, left))
            for left in (violations - {rule} for rule in sorted(violations))
        ),
        ({"violations": []}, (verdict, channel, frozenset())),
    ]
    return next((asked for asked, outcome in others if _is_kept(policy, invariant, said.task, outcome)), {})


@kept(16)
def _with_decision(policy: ir.CheckedPolicy) -> ir.Policy:
    """The policy with what an invariant reads of a decision as facts; what is not violated is false."""
    said = ir.facts_of_decision(policy)
    violations = {n: with_changes(f, assume=NEVER) if f.type == BOOL else f for n, f in said.items()}
    return with_changes(policy, facts={**policy.facts, **violations})


def _pair(policy: Policy, invariant: ir.Invariant, task: Task, below: Below) -> None:
    """Two tasks alike but for one fact keep what the invariant promises of them."""
    name = str(invariant.fact)
    declared = policy.checked.facts[name].type
    one = from_python(declared, task[name])
    drawn = _changed(policy, declared, one, invariant, below)
    held = [] if invariant.expr is None else [invariant.expr]
    turns = alternatives(policy.checked, inner(policy, task), task[ir.AS_OF], name, held)  # type: ignore[arg-type] # a date
    for other in dict.fromkeys([drawn, *turns]):
        if _hurts(policy, invariant, other, task):
            found = reduced(policy, task, partial(_hurts, policy, invariant, other))
            nearest = neighbours(from_python(declared, found[name])) if declared.is_ordered else ()
            plain = next((value for value in nearest if _hurts(policy, invariant, value, found)), other)
            first, second = ((each, policy.decide(each)) for each in (found, _but(policy, invariant, found, plain)))
            raise pair(f"invariant {invariant.id}", policy, first, second)


def _but(policy: Policy, invariant: ir.Invariant, task: Task, other: Value) -> Task:
    name = str(invariant.fact)
    return {**task, name: to_python(policy.checked.facts[name].type, other)}


def _hurts(policy: Policy, invariant: ir.Invariant, other: Value, task: Task) -> bool:
    """Whether another value of the fact does what the promise rules out."""
    if invariant.fact not in task or not is_within(policy.checked.facts[invariant.fact].type, other):
        return False
    after = _but(policy, invariant, task, other)
    try:
        if not _is_related(policy, invariant, task, after):
            return False
        return _is_broken(invariant, policy.decide(task), policy.decide(after))
    except TaskError:
        return False


def _changed(policy: Policy, declared: Type, one: Value, invariant: ir.Invariant, below: Below) -> Value:
    """Another value of the fact, on the side that the promise speaks of where that is easily said."""
    drawn = near(below, declared, constants_of(policy.checked), [one])
    match one, invariant.promise:
        case frozenset(), "monotone":
            return one | _set(drawn)
        case frozenset(), "antitone":
            return one & _set(drawn)
        case _:
            return drawn


def _set(value: Value) -> frozenset[str]:
    return value if isinstance(value, frozenset) else frozenset()


def _is_related(policy: Policy, invariant: ir.Invariant, task: Task, after: Task) -> bool:
    """Whether the second task is what the promise says the first may become."""
    one, other = (inner(policy, each)[str(invariant.fact)] for each in (task, after))
    return _is_on_the_side(invariant, one, other) and _is_favoured(policy, invariant, task, after)


def _is_on_the_side(invariant: ir.Invariant, one: Any, other: Any) -> bool:
    match invariant.promise:
        case "monotone":
            return bool(one < other)
        case "antitone":
            return bool(other < one)
        case _:
            return bool(one != other)


def _is_favoured(policy: Policy, invariant: ir.Invariant, task: Task, after: Task) -> bool:
    """Whether a favourable condition is false of one task and true of the other."""
    expr = invariant.expr
    if expr is None:
        return True
    worlds = [reference.World(policy.checked, inner(policy, each), each[ir.AS_OF]) for each in (task, after)]  # type: ignore[arg-type] # a date
    return [reference.evaluate(expr, world) for world in worlds] == [False, True]


def _is_broken(invariant: ir.Invariant, before: Decision, after: Decision) -> bool:
    if invariant.promise == "irrelevant":
        said = [(d.verdict, d.channel, d.violations, d.conflict) for d in (before, after)]
        return said[0] != said[1]
    return before.verdict in (Verdict.ADMIT, Verdict.REDIRECT) and after.verdict is Verdict.REFUSE


def tightening(policy: Policy, data: st.DataObject) -> None:
    """A layer that says it tightens admits no complete task that the layer below does not, on the facts it has."""
    lower = below(policy) if policy.checked.tightens else None
    if lower is None:
        return

    def aims(day: date, choose: Choose) -> list[Aim]:
        rules, under = Rules.on(policy.checked, day), Rules.on(lower.checked, day)
        ways = [rules.verdict("admit"), [*under.verdict("refuse"), *under.verdict("redirect")]]
        return [Aim(of.policy, choose(found)) for of, found in zip((rules, under), ways, strict=True) if found]

    chance = Random(data.draw(NUMBERS, label="number"))  # noqa: S311 - no secret
    for _ in in_turn([rule for rule in lower.checked.requirements.values() for _ in rule.channels]):
        _stay_tight(policy, lower, aimed(policy, aims, chance.randrange))


def _stay_tight(policy: Policy, lower: Policy, task: Task) -> None:
    """Hold a layer to the one below on a task and on those beside it."""
    numbers = [name for name, fact in policy.checked.facts.items() if fact.type.is_ordered]
    for near_by in beside(policy, task, numbers):
        if _is_loosened(policy, lower, near_by):
            found = reduced(policy, near_by, partial(_is_loosened, policy, lower))
            said = Said(found, policy.decide(found), policy.id)
            under = Said(found, lower.decide(_restricted(lower, found)), lower.id)
            raise broken("tightening", policy, under, said, expect={"verdict": under.decision.verdict.value})


def _restricted(lower: Policy, task: Task) -> Task:
    """The task as the layer below knows it."""
    return {name: value for name, value in task.items() if name == ir.AS_OF or name in lower.checked.facts}


def _is_loosened(policy: Policy, lower: Policy, task: Task) -> bool:
    """Whether the layer admits a task that the layer below does not."""
    try:
        decision = policy.decide(task)
        if decision.verdict is not Verdict.ADMIT or decision.as_of not in lower.checked.period:
            return False
        return lower.decide(_restricted(lower, task)).verdict in (Verdict.REFUSE, Verdict.REDIRECT)
    except TaskError:
        return False


@kept(16)
def below(policy: Policy) -> Policy | None:
    """The layer below as a policy of its own; None where there is none that passes the checker."""
    lower = policy.checked.below
    checked = None if lower is None else check(lower, Collector())
    return None if checked is None else Policy(checked)
