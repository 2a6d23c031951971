"""Every interpreter gives the decision of the reference, on generated policies and tasks (docs/meaning.md, law 5)."""

from __future__ import annotations

import operator
import typing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlglot import exp

import admission
from admission import ir, reference
from admission.backends.columns import doubts as columns_doubts
from admission.backends.columns import expressions as columns_expressions
from admission.backends.columns import judgement as columns_judgement
from admission.backends.columns import kleene
from admission.backends.python import weighing
from admission.backends.python.deciding import GIVE_UP, Writer
from admission.backends.python.expressions import Emitter
from admission.backends.python.indexing import InForce
from admission.backends.rete import conditions
from admission.backends.rete.decisions import Stretch
from admission.backends.smt import model as smt_model
from admission.backends.smt.terms import FALSE, TRUE, Term, both
from admission.backends.sql import expressions as sql_expressions
from admission.backends.sql.expressions import Emitter as SqlEmitter
from admission.backends.sql.judgement import Judgement
from admission.datatypes import BOOL
from admission.engine import Policy
from admission.testing import policies, tasks
from admission.testing.reports import inner
from interpreters import ECHOED, INTERPRETERS, KEYS, UNSAID, Interpreter, Task, expected

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "policies"
POLICIES = 180
SEED = 20190803
MOST_UNSAID = 12
AVAILABLE = [interpreter for interpreter in INTERPRETERS.values() if interpreter.missing is None]
See = Callable[[Policy, Sequence[Task]], None]


def generated(see: See, *, phases: Iterable[Phase] = tuple(Phase)) -> None:
    """Show the same policies and tasks at every call: half the tasks complete, half of any kind."""

    @seed(SEED)
    @settings(
        max_examples=POLICIES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[phase for phase in phases if phase is not Phase.explain],
    )
    @given(st.data())
    def run(data: st.DataObject) -> None:
        policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
        drawn = [tasks(policy, complete=complete) for complete in (True, None)]
        see(policy, [data.draw(strategy) for _ in range(3) for strategy in drawn])

    run()


def compare(interpreters: Iterable[Interpreter], policy: Policy, drawn: Sequence[Task]) -> None:
    """Each interpreter says of each task what the reference says, as far as it says anything."""
    right = {id(task): expected(policy, task) for task in drawn}
    for interpreter in interpreters:
        taken = [task for task in drawn if interpreter.takes_partial or is_complete(policy, task)]
        for task, said in zip(taken, interpreter.answers(policy, taken), strict=True):
            wanted = {key: right[id(task)][key] for key in interpreter.says}
            assert {key: said[key] for key in interpreter.says} == wanted, (interpreter.name, policy.id, task)


def is_complete(policy: Policy, task: Task) -> bool:
    """Whether no fact is unknown after look-ups and assumptions."""
    world = reference.World(policy.checked, inner(policy, task), task["as_of"])
    return all(reference.fact(name, world) is not None for name in policy.checked.facts)


def test_every_interpreter_says_what_the_reference_says() -> None:
    """On generated policies and tasks, conflicts and unknowns among them, all interpreters agree in all they say."""
    generated(lambda policy, drawn: compare(AVAILABLE, policy, drawn))


@pytest.mark.parametrize("name", ["china", "beijing", "xicheng"])
def test_every_interpreter_agrees_on_the_packs(name: str) -> None:
    """The same for the policies that ship."""
    policy = admission.load(PACKS / name)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(tasks(policy, complete=True), min_size=5, max_size=5), st.lists(tasks(policy), max_size=10))
    def holds(complete: list[Task], others: list[Task]) -> None:
        compare(AVAILABLE, policy, [*complete, *others])

    holds()


@pytest.mark.parametrize("name", INTERPRETERS)
def test_every_interpreter_runs_here(name: str) -> None:
    """An interpreter that cannot run is skipped by name, with the reason, and never quietly left out."""
    if INTERPRETERS[name].missing:
        pytest.skip(str(INTERPRETERS[name].missing))
    assert INTERPRETERS[name] in AVAILABLE


def test_what_is_not_said_is_listed_with_a_reason() -> None:
    """Every key that an interpreter leaves out, and nothing else, is listed as a tolerated difference."""
    left_out = {(i.name, key) for i in INTERPRETERS.values() for key in KEYS - ECHOED - i.says}
    assert left_out == set(UNSAID)
    assert len(UNSAID) <= MOST_UNSAID
    assert all(len(reason.split()) > 5 for reason in UNSAID.values())
    assert frozenset(expected(admission.load(PACKS / "china"), {"as_of": date(2019, 8, 3)})) == KEYS


# ------------------------------------------------------------------------------------------- what is reached

NODES = {node.__name__ for node in typing.get_args(ir.Expr)} - {"Name", "Member", "Display", "Negative"}
CONDITIONS = {"And", "Or", "Not", "Compare", "In", "OneOf", "ReadFact", "ReadColumn", "ReadDefinition"}
OPERATORS = set(typing.get_args(ir.Comparison))


def seen_in(policy: Policy, task: Task) -> Iterator[tuple[str, object]]:
    """The node types and operators of a policy's conditions, each with what came of it on a task."""
    world = reference.World(policy.checked, inner(policy, task), task["as_of"])
    whole = ir.expressions_in_force(policy.checked, task["as_of"])
    for node in ir.walk(whole, policy.checked.definitions):
        value = reference.evaluate(node, world)
        is_condition = not isinstance(node, ir.Literal) and ir.type_of(node) == BOOL
        outcome = value if is_condition else "a value" if value is not None else None
        yield type(node).__name__, outcome
        if isinstance(node, ir.Compare):
            yield node.op, outcome


def test_generation_reaches_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property sees every node type and operator, each condition true, false and unknown, and every verdict.

    Generated functions answer every task that fits: their agreement is not that of the reference with itself.
    """
    reached: Counter[object] = Counter()
    decide = reference.decide

    def counted(*given: Any) -> admission.Decision:
        reached["asked"] += 1
        return decide(*given)

    def see(policy: Policy, drawn: Sequence[Task]) -> None:
        for task in drawn:
            reached.update(set(seen_in(policy, task)))
            kind, asked = "complete" if is_complete(policy, task) else "partial", reached["asked"]
            reached[policy.decide(task).verdict.value] += 1
            reached[kind] += 1
            reached[f"{kind}, asked"] += reached["asked"] - asked

    monkeypatch.setattr(reference, "decide", counted)

    generated(see, phases=[Phase.generate])
    wanted: set[object] = {(node, outcome) for node in CONDITIONS | OPERATORS for outcome in (True, False, None)}
    wanted |= {(node, "a value") for node in NODES - CONDITIONS}
    wanted |= {"admit", "redirect", "refuse", "undetermined", "complete", "partial"}
    assert wanted <= set(reached), sorted(map(str, wanted - set(reached)))
    assert {pair[0] for pair in reached if isinstance(pair, tuple)} == NODES | OPERATORS
    assert reached["complete, asked"] == reached["partial, asked"] == 0


# ------------------------------------------------------------------------------------------- planted faults


def python_reads_less_as_at_most(patch: pytest.MonkeyPatch) -> None:
    """`<` as `<=`."""
    write = Emitter.expression

    def expression(self: Emitter, expr: ir.Expr) -> str:
        if isinstance(expr, ir.Compare) and expr.op == "<":
            return write(self, ir.Compare("<=", expr.left, expr.right))
        return write(self, expr)

    patch.setattr(Emitter, "expression", expression)


def python_reads_overrides_backwards(patch: pytest.MonkeyPatch) -> None:
    """A route gives way to those that it overrides."""
    patch.setattr(InForce, "above", lambda self, name: sorted(set(self.routes[name].overrides) & set(self.routes)))


def python_ignores_exceptions(patch: pytest.MonkeyPatch) -> None:
    """No exception waives anything."""
    patch.setattr(InForce, "waivers", lambda _self, _rule: [])


def python_takes_unknown_for_false(patch: pytest.MonkeyPatch) -> None:
    """An unknown fact is read as false instead of asking the slower function."""
    read = Writer.read

    def as_false(self: Writer, names: Iterable[str], known: set[str]) -> list[str]:
        lines = read(self, names, known)
        return [line.replace(GIVE_UP, f"{line.split()[1]} = False") for line in lines]

    patch.setattr(Writer, "read", as_false)


def python_negates_the_unknown(patch: pytest.MonkeyPatch) -> None:
    """The negation of an unknown conjunction is known."""
    patch.setattr(weighing, "opposite", lambda source: f"(~{source})")


def python_asks_for_what_does_not_count(patch: pytest.MonkeyPatch) -> None:
    """A disjunction that is true with an unknown part is unknown."""
    any_of = weighing.Weigher.any_of

    def eager(self: weighing.Weigher, operands: Iterable[ir.Expr], *, holds: bool) -> str:
        return f"(x if (x := {any_of(self, operands, holds=holds).replace(' | ', ' + ')}) >= -1 else -1)"

    patch.setattr(weighing.Weigher, "any_of", eager)


def python_finds_nothing_in_an_empty_set(patch: pytest.MonkeyPatch) -> None:
    """Nothing is in an empty set, whatever the unknown thing is; yet a comparison with an unknown is unknown."""
    truth = weighing.Weigher.truth

    def eager(self: weighing.Weigher, expr: ir.Expr | None, *, holds: bool = True) -> str:
        source = truth(self, expr, holds=holds)
        if not isinstance(expr, ir.In) or not isinstance(expr.container, ir.ReadFact):
            return source
        elements = self.read(expr.container.name)
        return f"({0 if holds else -1} if {elements} is not None and not {elements} else {source})"

    patch.setattr(weighing.Weigher, "truth", eager)


def solver_reads_less_as_at_most(patch: pytest.MonkeyPatch) -> None:
    """`<` as `<=`."""
    patch.setitem(vars(smt_model)["_ORDER"], "<", lambda a, b: a <= b)


def solver_ignores_overrides(patch: pytest.MonkeyPatch) -> None:
    """No route stands above another."""
    patch.setattr(smt_model.Model, "is_above", lambda _self, _upper, _lower: FALSE)


def solver_takes_unknown_for_false(patch: pytest.MonkeyPatch) -> None:
    """A conjunction that is not true is false."""
    patch.setattr(smt_model, "kleene_and", lambda terms: Term(TRUE, both(*(term.true for term in terms))))


def rete_reads_at_most_as_less(patch: pytest.MonkeyPatch) -> None:
    """`<=` as `<`."""
    patch.setitem(conditions.FLIPPED, "<=", ">")


def rete_ignores_overrides(patch: pytest.MonkeyPatch) -> None:
    """No route stands above another."""
    patch.setattr(Stretch, "_above", lambda _self, _route: [])


def rete_ignores_exceptions(patch: pytest.MonkeyPatch) -> None:
    """No exception waives anything."""
    holds = Stretch.holds

    def never(self: Stretch, rule: str, key: str, rows: dict[str, Any]) -> bool:
        return rule not in self.policy.exceptions and holds(self, rule, key, rows)

    patch.setattr(Stretch, "holds", never)


def duckdb_reads_less_as_at_most(patch: pytest.MonkeyPatch) -> None:
    """`<` as `<=`."""
    patch.setitem(sql_expressions.COMPARISONS, "<", exp.LTE)


def sqlite_ignores_overrides(patch: pytest.MonkeyPatch) -> None:
    """No route stands above another."""
    patch.setattr(Judgement, "_above", lambda _self, _route: iter(()))


def sqlite_takes_unknown_for_false(patch: pytest.MonkeyPatch) -> None:
    """A condition that is not true is false."""
    write = SqlEmitter.expression

    def two_valued(self: SqlEmitter, expr: ir.Expr) -> exp.Expr:
        term = write(self, expr)
        return exp.func("COALESCE", term, exp.false()) if ir.type_of(expr) == BOOL else term

    patch.setattr(SqlEmitter, "expression", two_valued)


def columns_reads_less_as_at_most(patch: pytest.MonkeyPatch) -> None:
    """`<` as `<=`."""
    patch.setitem(columns_expressions.ORDER, "<", operator.le)


def columns_ignores_exceptions(patch: pytest.MonkeyPatch) -> None:
    """No exception waives anything."""
    on = columns_judgement.InForce.on

    def never(policy: ir.CheckedPolicy, day: date) -> columns_judgement.InForce:
        found = on(policy, day)
        return replace(found, waivers=dict.fromkeys(found.waivers, ()))

    patch.setattr(columns_judgement.InForce, "on", never)


def columns_takes_unknown_for_false(patch: pytest.MonkeyPatch) -> None:
    """A condition that is not true is false."""
    truth = columns_expressions.Evaluator.truth
    patch.setattr(columns_expressions.Evaluator, "truth", lambda self, expr: kleene.is_true(truth(self, expr)))


def columns_asks_for_what_does_not_count(patch: pytest.MonkeyPatch) -> None:
    """An unknown fact is asked for wherever it is read, though the condition around it is known."""
    patch.setattr(columns_doubts, "all_of", lambda truths: list(truths)[-1])


def reference_reads_less_as_at_most(patch: pytest.MonkeyPatch) -> None:
    """`<` as `<=`."""
    patch.setitem(reference.ORDER, "<", operator.le)


def reference_takes_unknown_for_false(patch: pytest.MonkeyPatch) -> None:
    """A condition that is not true is false."""
    evaluate = reference.evaluate

    def two_valued(expr: ir.Expr, world: reference.World) -> Any:
        found = evaluate(expr, world)
        return False if found is None and ir.type_of(expr) == BOOL else found

    patch.setattr(reference, "evaluate", two_valued)


def reference_finds_nothing_in_an_empty_set(patch: pytest.MonkeyPatch) -> None:
    """Nothing is in an empty set, whatever the unknown thing is."""
    evaluate = reference.evaluate

    def eager(expr: ir.Expr, world: reference.World) -> Any:
        if isinstance(expr, ir.In) and evaluate(expr.container, world) == frozenset():
            return False
        return evaluate(expr, world)

    patch.setattr(reference, "evaluate", eager)


FAULTS = (
    *(python_reads_less_as_at_most, python_reads_overrides_backwards, python_ignores_exceptions),
    *(python_takes_unknown_for_false, python_negates_the_unknown, python_asks_for_what_does_not_count),
    python_finds_nothing_in_an_empty_set,
    *(solver_reads_less_as_at_most, solver_ignores_overrides),
    *(solver_takes_unknown_for_false, rete_reads_at_most_as_less, rete_ignores_overrides, rete_ignores_exceptions),
    *(duckdb_reads_less_as_at_most, sqlite_ignores_overrides, sqlite_takes_unknown_for_false),
    *(columns_reads_less_as_at_most, columns_ignores_exceptions),
    *(columns_takes_unknown_for_false, columns_asks_for_what_does_not_count),
    *(reference_reads_less_as_at_most, reference_takes_unknown_for_false, reference_finds_nothing_in_an_empty_set),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_planted_in_an_interpreter_is_caught(
    fault: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small fault in any one interpreter breaks the agreement on the policies and tasks of the property itself."""
    name = fault.__name__.partition("_")[0]
    # That the reference is at fault any other interpreter notices; generated Python is the quickest.
    wrong = [i for i in AVAILABLE if i.name == ("python" if name == "reference" else name)]
    if not wrong:
        pytest.skip(str(INTERPRETERS[name].missing))
    fault(monkeypatch)
    with pytest.raises((AssertionError, TypeError)):
        generated(lambda policy, drawn: compare(wrong, policy, drawn), phases=[Phase.generate])


def test_every_interpreter_has_a_fault_planted() -> None:
    """No interpreter is without a fault that the property must catch; the reference is one of them."""
    assert {fault.__name__.partition("_")[0] for fault in FAULTS} == {*INTERPRETERS, "reference"}
