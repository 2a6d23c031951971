"""Laws about what is not known: an answer takes nothing back, and what was asked for settles it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import Random
from typing import TYPE_CHECKING

from admission import ir, reference
from admission.datatypes import to_python
from admission.decision import Decision, Verdict
from admission.diagnostics import TaskError
from admission.engine import Policy
from admission.testing.aims import Aim, Rules
from admission.testing.constants import constants_of
from admission.testing.drawing import Below, near
from admission.testing.reducing import reduced, with_fewest_facts
from admission.testing.reports import Expectation, LawBroken, inner, pair
from admission.testing.steering import Walk
from admission.testing.tasks import NUMBERS, Task, aimed, anything

if TYPE_CHECKING:
    from hypothesis import strategies as st

TASKS = 3  # of which each law looks in one example for one that it is about
Answers = dict[str, object]
Breach = Callable[[Policy, Answers, Task], str]
"""How a law is broken by answers to a task; empty where it is kept."""


def honest_unknowns(policy: Policy, data: st.DataObject) -> None:
    """Law 3: an answer never takes back a settled verdict, a settled channel, or a violation found on it."""
    chance = Random(data.draw(NUMBERS, label="number"))  # noqa: S311 - no secret
    for _ in range(TASKS):
        task = aimed(policy, anything(policy.checked), chance.randrange, complete=None)
        before = policy.decide(task)
        if not before.conflict and (before.verdict is not Verdict.UNDETERMINED or before.channel is not None):
            names = unknown_facts(policy, task)
            answers = answered(policy, task, names, chance.randrange, _otherwise(policy, before))
            _keep("honest unknowns", policy, what_is_taken_back, task, answers)


def what_is_taken_back(policy: Policy, answers: Answers, task: Task) -> str:
    """What answers take back of what was settled before: the verdict, the channel or violations."""
    before, after = _decided(policy, task), _decided(policy, {**task, **answers})
    if before is None or after is None or before.conflict:
        return ""
    if before.verdict is not Verdict.UNDETERMINED and after.verdict is not before.verdict:
        return "verdict"
    if before.channel is None:
        return ""
    if after.channel != before.channel:
        return "channel"
    return "" if _rules(before) <= _rules(after) else "violations"


def _otherwise(policy: Policy, before: Decision) -> list[ir.Expr]:
    """The ways to another verdict or channel than was settled, or to a violation no more."""
    rules = Rules.on(policy.checked, before.as_of)
    others = [v for v in ("admit", "redirect", "refuse") if v != before.verdict is not Verdict.UNDETERMINED]
    ways = [way for verdict in others for way in rules.verdict(verdict)]
    if before.channel is not None:
        ways += [rules.channel(name) for name in (*policy.checked.channels, ir.NO_CHANNEL) if name != before.channel]
        ways += [rules.demands(before.channel)[rule] for rule in sorted(_rules(before))]
    return ways


def right_questions(policy: Policy, data: st.DataObject) -> None:
    """Law 4: answering what is missing settles the verdict; answering anything else changes nothing."""
    chance = Random(data.draw(NUMBERS, label="number"))  # noqa: S311 - no secret
    for _ in range(TASKS):
        task = aimed(policy, anything(policy.checked), chance.randrange, complete=None)
        before = policy.decide(task)
        if before.verdict is Verdict.UNDETERMINED and not before.conflict:
            others = [name for name in unknown_facts(policy, task) if name not in before.missing]
            for names, breach in ((before.missing, what_stays_open), (others, what_else_changes)):
                answers = answered(policy, task, names, chance.randrange, _anyhow(policy, before))
                _keep("right questions", policy, breach, task, answers)


def _anyhow(policy: Policy, before: Decision) -> list[ir.Expr]:
    """The ways to every verdict."""
    rules = Rules.on(policy.checked, before.as_of)
    return [way for verdict in ("admit", "redirect", "refuse") for way in rules.verdict(verdict)]


def what_stays_open(policy: Policy, answers: Answers, task: Task) -> str:
    """Whether a task is still undetermined with everything answered that was missing."""
    before = _open(policy, task)
    if before is None or not set(before.missing) <= set(answers):
        return ""
    after = _decided(policy, {**task, **{name: answers[name] for name in before.missing}})
    return "settle" if after is not None and after.verdict is Verdict.UNDETERMINED else ""


def what_else_changes(policy: Policy, answers: Answers, task: Task) -> str:
    """Whether answers that nobody asked for change the decision, or what is missing."""
    before = _open(policy, task)
    if before is None:
        return ""
    after = _decided(policy, {**task, **{name: value for name, value in answers.items() if name not in before.missing}})
    return "nothing else" if after is not None and _of_answers(after) != _of_answers(before) else ""


def _of_answers(decision: Decision) -> tuple[object, ...]:
    return decision.verdict, decision.channel, _rules(decision), decision.missing


def _rules(decision: Decision) -> set[str]:
    return {violation.rule for violation in decision.violations}


def _open(policy: Policy, task: Task) -> Decision | None:
    """The decision on a task that is undetermined for want of answers; None for any other."""
    decision = _decided(policy, task)
    is_open = decision is not None and decision.verdict is Verdict.UNDETERMINED and not decision.conflict
    return decision if is_open else None


def _decided(policy: Policy, task: Task) -> Decision | None:
    """The decision; None where what is given contradicts a register."""
    try:
        return policy.decide(task)
    except TaskError:
        return None


def unknown_facts(policy: Policy, task: Mapping[str, object]) -> list[str]:
    """The facts of a task that stay unknown after look-ups and assumptions."""
    given = inner(policy, task)
    world = reference.World(policy.checked, given, task[ir.AS_OF])  # type: ignore[arg-type] # a date
    return [name for name in policy.checked.facts if reference.fact(name, world) is None]


def answered(policy: Policy, task: Task, names: Iterable[str], below: Below, ways: list[ir.Expr]) -> Answers:
    """Values for some facts, led one of the ways that they leave open; in one case of four some of them, not led."""
    checked, constants = policy.checked, constants_of(policy.checked)
    wanted, day = sorted(names), task[ir.AS_OF]
    is_led = below(4) < 3  # noqa: PLR2004 - one in four
    if not is_led:
        wanted = [name for name in wanted if below(2)]
    facts = inner(policy, task) | {name: near(below, checked.facts[name].type, constants) for name in wanted}
    walk = Walk(below, checked, constants, day, facts, free=frozenset(wanted))  # type: ignore[arg-type] # a date
    left = [aim for aim in (Aim(checked, way) for way in ways) if walk.is_open(aim)] if is_led else []
    found = walk.towards([walk.pick(left)] if left else [])
    return {name: to_python(checked.facts[name].type, found[name]) for name in wanted}


def _keep(law: str, policy: Policy, breach: Breach, task: Task, answers: Answers) -> None:
    """Raises the report where answers break a law, with the fewest facts given and answered."""
    how = breach(policy, answers, task)
    if how:
        task = reduced(policy, task, lambda fewer: breach(policy, answers, fewer) == how)
        answers = with_fewest_facts(answers, lambda fewer: breach(policy, fewer, task) == how)
        raise _report(f"{law} ({how})", policy, task, answers, how)


def _report(law: str, policy: Policy, task: Task, answers: Answers, how: str) -> LawBroken:
    filled = {**task, **answers}
    asked: Expectation | None = {"missing": []} if how == "settle" else None
    return pair(law, policy, (task, policy.decide(task)), (filled, policy.decide(filled)), asked)
