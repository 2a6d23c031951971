"""Say why a task is decided as it is: the evaluation, the law, what would help, and what to ask next.

TASK is a file with one task, or with several and --id to pick one; - reads standard input.
"""

from __future__ import annotations

import argparse
import json
import sys

from admission.cli import policies
from admission.cli.asking import interview
from admission.cli.decide import TaskReader, add_input_format
from admission.cli.terminal import Exit
from admission.decision import Given
from admission.diagnostics import Diagnostic, InputError
from admission.engine import Policy

EXAMPLE = "admission explain policies/beijing examples/work_items_2019.yaml --id census-assist --lang zh"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("tasks", metavar="TASK", nargs=1, help="a file of tasks, or - for standard input")
    parser.add_argument("--id", help="which task of the file (its id, or its place from 1)")
    policies.add_as_of(parser)
    add_input_format(parser)
    parser.add_argument(
        "--ask", action="store_true", help="ask at the terminal for what is missing, until the task is decided"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print the explanation")


def run(options: argparse.Namespace) -> int:
    """Explain one task."""
    if options.ask and options.tasks == ["-"]:
        raise InputError([Diagnostic("A929", None, {})])
    reader = TaskReader(options)
    accepted = list(reader)
    reader.close()
    if not accepted:
        return Exit.WRONG
    policy, given = pick(accepted, options.id)
    if options.ask:
        given = interview(policy, given, options.lang)
    explanation = policy.decide_given(given).explain(options.lang)
    question = policy.next_question_given(given)
    if options.format == "json":
        said = explanation.to_dict() | {"next_question": question.to_dict() if question else None}
        sys.stdout.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(f"{explanation}\n")
        if question:
            first = "先问" if options.lang == "zh" else "ask first"
            sys.stdout.write(f"\n{first}: [{question.fact}] {question.text(options.lang)}\n")
    return Exit.WRONG if reader.is_faulty else Exit.DONE


def pick(accepted: list[tuple[Policy, Given]], wanted: str | None) -> tuple[Policy, Given]:
    """The task asked for. Raises `InputError` where it is not clear which, or there is none such."""
    found = [pair for pair in accepted if wanted is None or pair[1].id == wanted]
    if len(found) == 1:
        return found[0]
    known = ", ".join(given.id for _, given in accepted[:20])
    if not found:
        raise InputError([Diagnostic("A907", None, {"id": wanted, "known": known})])
    raise InputError([Diagnostic("A928", None, {"known": known})])
