"""Print the JSON Schema of a policy's tasks, for forms and other systems.

With `--language` it is the schema of the files that authors write, for their editors: policy, rule, case or event
case files.
"""

from __future__ import annotations

import argparse
import json
import sys

from admission.cli import policies
from admission.cli.terminal import Exit
from admission.diagnostics import Diagnostic, InputError
from admission.frontend.language_schema import FILES, language_schema

EXAMPLE = "admission schema policies/beijing --language cases"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "policy",
        metavar="POLICY",
        nargs="?",
        help="a policy's folder or file, or a book of policies with --place; with --language it may be left out",
    )
    parser.add_argument("--place", help="which place's policy to take from a book")
    parser.add_argument(
        "--language",
        nargs="?",
        const="policy",
        choices=FILES,
        metavar="FILES",
        help="the schema of files: policy (policy.yaml; the default), rules (rules/*.yaml), cases (cases/*.yaml) or "
        "event_cases (event_cases/*.yaml)",
    )
    policies.add_as_of(parser)


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    if options.policy is None and options.language is None:
        # As argparse says it of an argument that is not there.
        raise InputError([Diagnostic("A908", None, {"option": "POLICY", "given": "", "expected": _EXPECTED})])
    policy = policies.load_policy(options, options.as_of) if options.policy else None
    if options.language:
        schema = language_schema(options.language, policy.checked if policy else None)
    else:
        assert policy is not None  # noqa: S101 - one of the two is there
        schema = policy.Task.model_json_schema(by_alias=True)
    sys.stdout.write(json.dumps(schema, ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE


_EXPECTED = ("规则的文件夹或文件", "a policy's folder or file")
