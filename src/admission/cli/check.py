"""Check policies: say everything that keeps them from loading, at its line and column.

A book, a folder of policies, is checked policy by policy.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from admission.cli.terminal import Exit, report
from admission.diagnostics import Diagnostic, PolicyError
from admission.engine import inspect, policy_folders

EXAMPLE = "admission check policies --lang zh"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("policies", metavar="POLICY", nargs="+", help="policies, or books of policies")
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to print what is found")


def run(options: argparse.Namespace) -> int:
    """Check every policy that is named."""
    paths = [folder for path in options.policies for folder in policy_folders(Path(path)) or (Path(path),)]
    found = [diagnostic for path in paths for diagnostic in diagnose(path)]
    if options.format == "json":
        for diagnostic in found:
            sys.stdout.write(json.dumps(diagnostic.to_dict(), ensure_ascii=False) + "\n")
    elif found:
        report(found, options.lang)
    else:
        sys.stdout.write(
            f"{len(paths)} {'份规则，没有问题' if options.lang == 'zh' else 'checked, nothing to complain of'}\n"
        )
    return Exit.WRONG if any(d.severity == "error" for d in found) else Exit.DONE


def diagnose(path: Path) -> tuple[Diagnostic, ...]:
    """Everything there is to say about one policy."""
    try:
        return inspect(path)[1].sorted()
    except PolicyError as error:
        return error.diagnostics
