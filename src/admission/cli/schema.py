"""Print the JSON Schema of a policy's tasks, for editors, forms and other systems."""

from __future__ import annotations

import argparse
import json
import sys

from admission.cli import policies
from admission.cli.terminal import Exit

EXAMPLE = "admission schema policies/beijing"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    policies.add_as_of(parser)


def run(options: argparse.Namespace) -> int:
    """Print the schema."""
    policy = policies.load_policy(options, options.as_of)
    schema = policy.Task.model_json_schema(by_alias=True)
    sys.stdout.write(json.dumps(schema, ensure_ascii=False, indent=2) + "\n")
    return Exit.DONE
