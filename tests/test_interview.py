"""What to ask next, and the interview at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission import ir
from admission.cli import main
from admission.cli.asking import parse
from admission.datatypes import Unfit, to_python
from admission.explain.questions import question_of
from admission.testing import policies, tasks, values
from profiles import examples

DAY = date(2019, 8, 3)
ROOT = Path(__file__).parents[1]
BEIJING = admission.load(ROOT / "policies/beijing")


def test_the_nature_of_the_work_is_asked_first() -> None:
    """The question chosen is the one whose answers leave the fewest: four of five natures settle where work goes."""
    question = BEIJING.next_question({}, as_of=DAY)
    assert question is not None
    assert question.fact == "nature"


def test_nothing_is_asked_of_what_is_decided() -> None:
    """Where nothing is missing there is no question."""
    assert BEIJING.next_question({"nature": "market_service"}, as_of=DAY) is None


@settings(max_examples=examples(40), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_an_interview_ends_and_asks_only_what_matters(data: st.DataObject) -> None:
    """Asked in its order until decided, each question is in `missing`, none comes twice, and then it is decided."""
    policy = data.draw(policies())
    task = data.draw(tasks(policy))
    asked: list[str] = []
    try:
        while question := policy.next_question(task):
            assert question.fact in policy.decide(task).missing
            assert question.fact not in asked
            asked.append(question.fact)
            declared = policy.checked.facts[question.fact].type
            task = {**task, question.fact: to_python(declared, data.draw(values(declared)))}
        decision = policy.decide(task)
    except admission.TaskError:
        return  # an answer that contradicts a register
    assert decision.verdict != "undetermined" or decision.conflict


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("conditions_provided", "是", True),
        ("conditions_provided", "no", False),
        ("plan_status", "1", "annual_plan"),
        ("plan_status", "未列入", "not_listed"),
        ("plan_status", "adhoc_pending", "adhoc_pending"),
        ("actions", "1，说服劝导、 enforce", frozenset({"contact_residents", "persuade", "enforce"})),
        ("actions", "-", frozenset()),
        ("cost", "80,000.50", 8_000_050),
        ("forms", "3", 3),
    ],
)
def test_an_answer_is_a_number_a_name_or_a_label(fact: str, text: str, value: object) -> None:
    """A choice is given by its number, its name or its label; several with commas of either width; yes or no."""
    assert parse(question_of(BEIJING.checked.facts[fact]), text, "zh") == value


@pytest.mark.parametrize(("fact", "text"), [("plan_status", "6"), ("cost", "1,00"), ("cost", "-1"), ("actions", "1,1")])
def test_what_is_no_answer_is_not_guessed_at(fact: str, text: str) -> None:
    """An answer that does not fit is refused, never bent into one that does."""
    with pytest.raises(Unfit):
        parse(question_of(BEIJING.checked.facts[fact]), text, "en")


def at_terminal(arguments: list[str], answers: list[str]) -> str:
    """What a person sees who answers each prompt in turn; an empty list ends the input."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "admission", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"},
        close_fds=True,
    )
    os.close(theirs)
    seen, waiting, end = b"", list(answers), time.monotonic() + 60
    while time.monotonic() < end:
        ready, _, _ = select.select([ours], [], [], 1)
        if ready:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other side has closed
                break
            if not piece:
                break
            seen += piece
        if seen.endswith(b"> "):
            os.write(ours, (waiting.pop(0) + "\n").encode() if waiting else b"\x04")
            seen += b"\n"
    process.wait(timeout=10)
    os.close(ours)
    assert process.returncode == 0, seen.decode()
    return seen.decode().replace("\r\n", "\n")


def test_a_person_is_asked_until_it_is_decided(tmp_path: Path) -> None:
    """`explain --ask` asks in a terminal, says what it does not understand, and explains what was then decided."""
    task = tmp_path / "task.yaml"
    task.write_text("- {id: t, nature: assistance, plan_status: annual_plan, conditions_provided: true}\n")
    arguments = ["explain", "policies/beijing", str(task), "--as-of", "2019-08-03", "--lang", "en", "--ask"]
    seen = at_terminal(arguments, ["lots", "0", "5, enforce"])
    assert seen.startswith("Answer each; press Enter where you do not know; Ctrl-D stops.\n")
    assert "[cost] What does it cost in all, in yuan?" in seen
    assert "“lots” is not understood: expected an amount in yuan with at most two decimals, 0.00 or more" in seen
    assert "  5. persuade\n" in seen
    assert "t not admitted (refuse)" in seen
    assert "1. drop “enforce” from “what the community is asked to do” (the unit that asks)" in seen
    assert "ask first" not in seen


def test_a_person_may_not_know_or_may_stop(tmp_path: Path) -> None:
    """Enter passes over a question, Ctrl-D ends the interview; what is known by then is explained."""
    task = tmp_path / "task.yaml"
    task.write_text("- {id: t, nature: assistance, actions: [persuade], conditions_provided: true, cost: 0}\n")
    arguments = ["explain", "policies/beijing", str(task), "--as-of", "2019-08-03", "--lang", "zh", "--ask"]
    passed_over = at_terminal(arguments, [""])
    assert passed_over.count("\n> ") == 1
    assert "t 待补充" in passed_over
    assert "undetermined" in at_terminal(arguments, [])


def test_answers_and_task_cannot_both_come_from_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    """`--ask -` is a wrong call: it says so, and what to do."""
    assert main(["explain", str(ROOT / "policies/beijing"), "-", "--ask", "--lang", "en"]) == 2
    assert capsys.readouterr().err == (
        "error[A929]: --ask reads answers from standard input, so the task cannot come from there too\n"
        "  = help: save the task in a file and name it\n"
    )


def test_remedies_come_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`explain --format json` has the remedies and the next question beside the tree."""
    task = tmp_path / "task.yaml"
    task.write_text("- {id: t, nature: self_governance, plaque_or_body: true, issuer_level: city}\n")
    code = main(["explain", str(ROOT / "policies/beijing"), str(task), "--as-of", "2019-08-03", "--format", "json"])
    said = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [[c["fact"] for c in r["changes"]] for r in said["remedies"]] == [["plaque_or_body"]]
    assert said["next_question"] is None


def test_every_leaf_of_an_explanation_was_evaluated() -> None:
    """Law 7: every leaf of an explanation is a condition with the values it read, and comes out as it says."""
    from admission import reference

    @settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
    @given(tasks(BEIJING))
    def check(task: dict[str, object]) -> None:
        decision = BEIJING.decide(task)
        explanation = decision.explain("en")
        assert isinstance(explanation, admission.Explanation)
        world = reference.World(BEIJING.checked, decision.given.facts, decision.as_of)
        truths = {
            (admission_text, reference.evaluate(node, world)) for node, admission_text in conditions_of(BEIJING.checked)
        }
        leaves = [leaf for step in explanation.steps for leaf in step.leaves() if leaf.kind == "condition"]
        assert leaves
        for leaf in leaves:
            assert (leaf.condition, leaf.truth) in truths
            assert leaf.reads

    check()


def conditions_of(policy: ir.CheckedPolicy) -> list[tuple[ir.Expr, str]]:
    """Every condition of a policy and the parts of it, with its text."""
    from admission import printer
    from admission.datatypes import BOOL
    from admission.remedies.values import written_out

    whole = [expr for rule in ir.rules(policy) for expr in ir.parts(rule).values()]
    nodes = [node for expr in whole for node in written_out(expr, policy)]
    return [(node, printer.expression(node)) for node in nodes if ir.type_of(node) == BOOL]
