"""The laws that every checked policy keeps (docs/meaning.md, section 6), as checks on drawn tasks."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace as with_changes
from datetime import date
from functools import partial
from inspect import unwrap
from itertools import combinations
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from admission import ir, printer, reference
from admission.checker.expressions import Typer
from admission.checker.names import collect
from admission.datatypes import Kind, Type, Value, from_python, to_python
from admission.decision import Decision, Verdict, in_language
from admission.diagnostics import Collector, Source, Span
from admission.engine import Policy
from admission.frontend import loader, syntax
from admission.remedies import FactChange, TooManyRemediesError
from admission.testing.aims import Aim, Choose, Rules
from admission.testing.conditions import conditions
from admission.testing.constants import expressions, neighbours
from admission.testing.memory import kept
from admission.testing.promises import invariants, tightening
from admission.testing.reducing import reduced
from admission.testing.reports import LawBroken, Said, broken, differing, inner, pair
from admission.testing.tasks import NUMBERS, Task, aimed, in_turn, tasks
from admission.testing.unknowns import honest_unknowns, right_questions

Law = Callable[[Policy, st.DataObject], None]
K = TypeVar("K")
V = TypeVar("V")
ORDERS = 64
"""Other orders that a policy is tried in; a task that turns on which of two comes first shows it in every second."""
MOST_REMEDIES = 5
"""Whose promise is tested, of one task; the fewest changes come first."""


def _said(decision: Decision) -> dict[str, object]:
    """What a decision says, less the digest."""
    return {key: value for key, value in decision.to_dict().items() if key != "digest"}


# ------------------------------------------------------------------------------------------------ laws


def determinism(policy: Policy, data: st.DataObject) -> None:
    """Law 1: the same policy, registers, task and date give the same decision."""
    task = data.draw(tasks(policy), label="task")
    before, after = policy.decide(task), copy_of(policy).decide(task)
    if before.to_dict() != after.to_dict():
        raise pair("determinism", policy, (task, before), (task, after))


@kept(16)
def copy_of(policy: Policy) -> Policy:
    """The policy as another process would have it."""
    copy: Policy = pickle.loads(pickle.dumps(policy))  # noqa: S301 - our own bytes
    return copy


def order_independence(policy: Policy, data: st.DataObject) -> None:
    """Law 2: the order of rules, facts and register rows changes nothing."""
    task = data.draw(tasks(policy), label="task")
    shuffled = permuted(policy)[data.draw(st.integers(0, ORDERS - 1), label="order")]
    before, after = policy.decide(task), shuffled.decide(task)
    if _said(before) != _said(after):
        raise pair("order independence", policy, (task, before), (task, after))


class _Orders(dict[int, Policy]):
    """A policy with its sections and the rows of its registers in other orders, by number; 0 turns them round."""

    def __init__(self, policy: Policy) -> None:
        super().__init__()
        self._policy = policy.checked

    def __missing__(self, number: int) -> Policy:
        self[number] = Policy(ir.CheckedPolicy(_reordered(self._policy, number)))
        return self[number]


permuted = kept(16)(_Orders)


def _reordered(policy: ir.Policy, number: int) -> ir.Policy:
    draw = Random(number)  # noqa: S311 - no secret

    def other_order(items: Iterable[K]) -> list[K]:
        listed = list(items)
        return listed[::-1] if number == 0 else draw.sample(listed, len(listed))

    def shuffle(section: Mapping[K, V]) -> dict[K, V]:
        return dict(other_order(section.items()))

    registers = {
        name: with_changes(register, rows=tuple(other_order(register.rows)))
        for name, register in policy.registers.items()
    }
    sections = ("facts", "routes", "requirements", "exceptions", "obligations", "definitions", "look_ups")
    changes: dict[str, Any] = {name: shuffle(getattr(policy, name)) for name in sections}
    return with_changes(policy, registers=registers, **changes)


def agreement(policy: Policy, data: st.DataObject) -> None:
    """Law 5: what `policy.decide` says is what the reference interpreter says."""
    task = data.draw(tasks(policy), label="task")
    before = policy.decide(task)
    after = reference.decide(policy.checked, inner(policy, task), before.as_of, before.id)
    if before.to_dict() != after.to_dict():
        right = Said(task, after.made_by(policy), "the reference")
        raise broken("agreement", policy, Said(task, before), right, expect=differing(before, after))


def totality(policy: Policy, data: st.DataObject) -> None:
    """Law 8: a checked policy never fails on a well-typed task, and decides every complete one."""
    chance = Random(data.draw(NUMBERS, label="number"))  # noqa: S311 - no secret
    for _ in in_turn(list(combinations(policy.checked.routes, 2))):
        task = aimed(policy, partial(_clash, policy), chance.randrange)
        conflict = policy.decide(task).conflict
        if conflict:
            found = reduced(policy, task, partial(_is_in_conflict, policy, conflict))
            raise broken("totality", policy, Said(found, policy.decide(found)), expect={"conflict": []})
        if policy.decide(task).verdict is Verdict.UNDETERMINED:
            raise broken("totality", policy, Said(task, policy.decide(task)), expect={"missing": []})


def _is_in_conflict(policy: Policy, conflict: tuple[str, ...], task: Task) -> bool:
    return policy.decide(task).conflict == conflict


def _clash(policy: Policy, day: date, choose: Choose) -> list[Aim]:
    """Two routes at once; one task in four is left as it was drawn."""
    clashes = Rules.on(policy.checked, day).clashes()
    is_aimed = bool(clashes) and choose((False, True, True, True))
    return [Aim(policy.checked, choose(clashes))] if is_aimed else []


def remedies(policy: Policy, data: st.DataObject) -> None:
    """Law 6: a remedy gives the verdict it promises, and none of its changes can be left out or made smaller."""
    task = data.draw(tasks(policy), label="task")
    want = data.draw(st.sampled_from(("admit", "redirect", "refuse")), label="wanted")
    before = policy.decide(task)
    try:
        found = policy.remedies(task, want=want)
    except TooManyRemediesError:
        return
    if before.verdict == want and [remedy.changes for remedy in found] != [()]:
        raise broken(f"remedies ({want} already)", policy, Said(task, before), expect={"verdict": want})
    keys = {name for look_up in policy.checked.look_ups.values() for name in look_up.match.values()}
    fixed = keys | {fact.name for fact in policy.checked.facts.values() if not fact.changed_by}
    for remedy in found[:MOST_REMEDIES]:
        if any(change.fact in fixed for change in remedy.changes):
            raise broken("remedies (what no party may change)", policy, Said(task, before), expect={})
        after = changed(task, remedy.changes)
        reached = policy.decide(after)
        if reached.verdict != want:
            raise pair(f"remedies ({want} is not reached)", policy, (task, before), (after, reached), {"verdict": want})
        for fewer in _smaller(policy, remedy.changes):
            less = changed(task, fewer)
            if policy.decide(less).verdict == want:
                first, second = (after, reached), (less, policy.decide(less))
                raise pair(f"remedies ({want} takes less)", policy, first, second, {"verdict": before.verdict.value})


def changed(task: Task, changes: Iterable[FactChange]) -> Task:
    """The task with some changes made."""
    after = dict(task)
    for change in changes:
        held = after.get(change.fact)
        match change.action:
            case "set":
                after[change.fact] = change.after
            case "add":
                after[change.fact] = frozenset(held) | {change.after}  # type: ignore[call-overload] # a set
            case "remove":
                after[change.fact] = frozenset(held) - {change.before}  # type: ignore[call-overload]
    return after


def _smaller(policy: Policy, changes: tuple[FactChange, ...]) -> Iterator[tuple[FactChange, ...]]:
    """The changes less one, and with one number or date a step nearer to what it was."""
    for place, change in enumerate(changes):
        others = (*changes[:place], *changes[place + 1 :])
        yield others
        declared = policy.checked.facts[change.fact].type
        if declared.kind in (Kind.INT, Kind.MONEY, Kind.DATE) and change.before is not None:
            one, two = (from_python(declared, value) for value in (change.before, change.after))
            low, high = sorted((one, two), key=_number)
            nearer = [value for value in neighbours(two) if _number(low) < _number(value) < _number(high)]
            yield from ((*others, with_changes(change, after=to_python(declared, value))) for value in nearer)


def _number(value: Value) -> int:
    return value.toordinal() if isinstance(value, date) else int(str(value))


def explanations(policy: Policy, data: st.DataObject) -> None:
    """Law 7: every leaf of an explanation is a condition with the truth it has; reasons are those of the rules."""
    task = data.draw(tasks(policy), label="task")
    decision = policy.decide(task)
    world = reference.World(policy.checked, inner(policy, task), decision.as_of)
    nodes = nodes_of(policy.checked)
    lang = data.draw(st.sampled_from(policy.languages), label="language")
    steps = list(_steps(decision.explain(lang).to_dict()["steps"]))
    for step in steps:
        if step["kind"] != "condition" or "children" in step:
            continue
        if step["truth"] is not reference.evaluate(nodes[step["condition"]], world):
            raise broken(f"explanations ({step['condition']})", policy, Said(task, decision), expect={})
    reasons = {rule.id: in_language(rule.reason, lang) for rule in ir.rules(policy.checked)}
    for step in steps:
        if step["kind"] in ("route", "requirement", "exception") and step["says"] != reasons[step["rule"]]:
            raise broken(f"explanations ({step['rule']})", policy, Said(task, decision), expect={})


@kept(16)
def nodes_of(policy: ir.CheckedPolicy) -> dict[str, ir.Expr]:
    """Every expression of a policy by its text."""
    return {printer.expression(node): node for node in expressions(policy)}


def _steps(steps: Any) -> Iterator[Any]:
    for step in steps:
        yield step
        yield from _steps(step.get("children", ()))


def round_trip(policy: Policy, data: st.DataObject) -> None:
    """Law 9: a condition prints as text that is read as the same condition, and prints as the same text again."""
    expr = data.draw(conditions_of(policy), label="condition")
    text = printer.expression(expr)
    again = read(policy, text, ir.type_of(expr))
    if again != expr or printer.expression(again) != text:
        raise LawBroken(f"round trip: broken by policy {policy.id}\n\n  {text}\n\nis read as\n\n  {again}")


@kept(16)
def conditions_of(policy: Policy) -> st.SearchStrategy[ir.Expr]:
    """Conditions of the policy's own rules, and random ones over what it declares."""
    own = [expr for rule in ir.rules(policy.checked) for expr in ir.parts(rule).values()]
    return st.sampled_from(own) | conditions(policy) if own else conditions(policy)


def read(policy: Policy, text: str, wanted: Type) -> ir.Expr | None:
    """The expression of a type that a text says in a policy; None where it says none."""
    faults = Collector()
    node = syntax.parse(loader.Scalar(text, text, None, Span(Source("text", text), 0, len(text))), faults)
    typer = Typer(collect(policy.checked, frozenset(), faults), faults)
    typed = None if node is None else typer.of_type(node, wanted)
    return None if len(faults) else typed


LAWS: Mapping[str, Law] = {
    "determinism": determinism,
    "order_independence": order_independence,
    "honest_unknowns": honest_unknowns,
    "right_questions": right_questions,
    "agreement": agreement,
    "remedies": remedies,
    "explanations": explanations,
    "totality": totality,
    "round_trip": round_trip,
    "invariants": invariants,
    "tightening": tightening,
}
"""The laws by name; each takes a policy and Hypothesis's `data()`, and raises `LawBroken`."""
_REDUCING = frozenset({honest_unknowns, right_questions, totality, invariants, tightening})
"""They steer their tasks and reduce what they find themselves; shrinking the walk would only take long."""


def check_laws(policy: Policy, *, laws: Iterable[str] = tuple(LAWS), max_examples: int = 100) -> None:
    """Test laws on a policy; raises `LawBroken` with the shrunk task of the first that does not hold.

    Args:
        policy: a policy that `admission.load` gave.
        laws: which of `LAWS`; all of them by default.
        max_examples: tasks drawn for each law.
    """
    for name in laws:
        run_law(policy, LAWS[name], max_examples=max_examples)


def run_law(policy: Policy, law: Law, *, max_examples: int = 100, seed: int | None = None) -> None:
    """Test one law; by default on the same tasks at every run, else on those of a seed."""
    left_out = {Phase.explain, Phase.shrink} if unwrap(law) in _REDUCING else {Phase.explain}

    @settings(
        max_examples=max_examples,
        derandomize=seed is None,
        database=None,
        deadline=None,
        phases=[phase for phase in Phase if phase not in left_out],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        law(policy, data)

    (run if seed is None else with_seed(seed)(run))()
