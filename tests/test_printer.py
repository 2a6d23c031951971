"""What is printed and read again is the same (law 9), and explanations are the evaluation (law 7)."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from admission import ir, printer, reference
from admission.checker.expressions import Typer
from admission.checker.names import collect
from admission.datatypes import BOOL, DATE, INT, MONEY, TEXT, Kind, Type
from admission.diagnostics import Collector, Source, Span
from admission.engine import Policy
from admission.frontend import loader, syntax
from admission.testing import conditions, policies, tasks
from admission.testing.constants import expressions
from profiles import examples

pytestmark = pytest.mark.slow
SETTINGS = settings(max_examples=examples(120), deadline=None, suppress_health_check=list(HealthCheck))


def read_again(policy: ir.Policy, text: str, wanted: Type) -> ir.Expr | None:
    """The expression that a text says in a policy."""
    faults = Collector()
    node = syntax.parse(loader.Scalar(text, text, None, Span(Source("t", text), 0, len(text))), faults)
    assert node is not None, list(faults)
    typer = Typer(collect(policy, frozenset(), faults), faults)
    typed = typer.of_type(node, wanted)
    assert not len(faults), [fault.message for fault in faults]
    return typed


@SETTINGS
@given(st.data())
def test_a_printed_condition_is_read_as_the_same(data: st.DataObject) -> None:
    """Printing a condition and reading it again gives the same condition, and printing that the same text."""
    policy = data.draw(policies())
    expr = data.draw(conditions(policy))
    text = printer.expression(expr)
    again = read_again(policy.checked, text, BOOL)
    assert again is not None
    assert again == expr
    assert printer.expression(again) == text


@SETTINGS
@given(policies())
def test_every_expression_of_a_policy_is_read_as_the_same(policy: Policy) -> None:
    """So do the amounts, dates and definitions of a policy."""
    for rule in ir.rules(policy.checked):
        for expr in ir.parts(rule).values():
            assert read_again(policy.checked, printer.expression(expr), ir.type_of(expr)) == expr


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (ir.Literal(800000, MONEY), "8000"),
        (ir.Literal(1250, MONEY), "12.50"),
        (ir.Literal(-3, INT), "-3"),
        (ir.Literal('it\'s "so"\n', TEXT), "'it\\'s \"so\"\\n'"),
        (ir.Literal(frozenset({"b", "a"}), Type(Kind.SET, ("a", "b"))), "{a, b}"),
        (ir.Not(ir.In(ir.Name("a"), ir.Name("s"))), "a not in s"),
        (ir.Not(ir.Or((ir.Name("a"), ir.Name("b")))), "not (a or b)"),
        (ir.And((ir.Or((ir.Name("a"), ir.Name("b"))), ir.Name("c"))), "(a or b) and c"),
        (ir.Subtract(ir.Name("a"), ir.Subtract(ir.Name("b"), ir.Name("c"))), "a - (b - c)"),
        (ir.Multiply(ir.Add(ir.Name("a"), ir.Name("b")), ir.Literal(2, INT)), "(a + b) * 2"),
        (ir.Workday(ir.ReadFact("as_of", DATE), ir.Literal(30, INT)), "workday(as_of, 30)"),
    ],
)
def test_canonical_text(expr: ir.Expr, text: str) -> None:
    """Canonical text has as few brackets as can be."""
    assert printer.expression(expr) == text


@SETTINGS
@given(st.data())
def test_every_leaf_of_an_explanation_was_evaluated(data: st.DataObject) -> None:
    """Every leaf of an explanation is a condition of the policy, with the truth that the reference gives it (law 7)."""
    policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
    decision = policy.decide(data.draw(tasks(policy)))
    world = reference.World(policy.checked, decision.given.facts, decision.as_of)
    values = {printer.expression(node): reference.evaluate(node, world) for node in expressions(policy.checked)}
    steps: Any = decision.explain("en").to_dict()["steps"]
    for step in steps:
        for leaf in leaves(step):
            if leaf["kind"] == "condition":
                assert leaf["truth"] is values[str(leaf["condition"])]


def leaves(step: dict[str, object]) -> list[dict[str, object]]:
    """The ends of a tree as JSON has it."""
    children = step.get("children")
    if not isinstance(children, list):
        return [step]
    return [leaf for child in children for leaf in leaves(child)]
