"""Check policies: say everything that keeps them from loading, at its line and column, and prove what they promise.

A book, a folder of policies, is checked policy by policy. With the extra `verify` each policy that loads is proved
free of routing conflicts, gaps, idle rules and broken invariants, or a task is shown. Exit 1 where there is such a
finding, or where one was not settled in time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from admission.analysis import SECONDS, Finding, is_available
from admission.cli import policies
from admission.cli.terminal import Exit, progress, report
from admission.diagnostics import Diagnostic, Language, PolicyError
from admission.engine import inspect, policy_folders

EXAMPLE = "admission check policies --lang zh"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("policies", metavar="POLICY", nargs="+", help="policies, or books of policies")
    parser.add_argument("--no-proofs", action="store_true", help="leave out what the solver would prove")
    parser.add_argument(
        "--seconds", type=policies.seconds, default=SECONDS, metavar="N", help=f"time for one proof ({SECONDS:g})"
    )
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to print what is found")


def run(options: argparse.Namespace) -> int:
    """Check every policy that is named."""
    paths = [folder for path in options.policies for folder in policy_folders(Path(path)) or (Path(path),)]
    found = [diagnostic for path in paths for diagnostic in diagnose(path)]
    findings = [] if options.no_proofs else list(progress(proved(paths, options.seconds), "findings"))
    if options.format == "json":
        for said in [one.to_dict() for one in found] + [one.to_dict() for one in findings]:
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    elif found or findings:
        if plain := [*found, *(finding.diagnostic for finding in findings if not finding.witnesses)]:
            report(plain, options.lang)
        show(findings, options.lang)
    else:
        sys.stdout.write(
            f"{len(paths)} {'份规则，没有问题' if options.lang == 'zh' else 'checked, nothing to complain of'}\n"
        )
    if not options.no_proofs and not is_available():
        sys.stderr.write(_NOT_PROVED[options.lang] + "\n")
    if any(d.severity == "error" for d in found):
        return Exit.WRONG
    return Exit.BAD_NEWS if findings else Exit.DONE


_NOT_PROVED: dict[Language, str] = {
    "zh": "提示：未作证明；如需证明，请运行 pip install 'admission[verify]'",
    "en": "note: nothing was proved; to prove, run: pip install 'admission[verify]'",
}


def proved(paths: Iterable[Path], seconds: float) -> Iterator[Finding]:
    """What the solver finds wrong with the policies that load; nothing where it is not installed."""
    if not is_available():
        return
    from admission.analysis.questions import analyse

    for path in paths:
        try:
            checked, _ = inspect(path)
        except PolicyError:
            continue
        if checked is not None:
            yield from analyse(checked, seconds=seconds)


def show(findings: Iterable[Finding], lang: Language) -> None:
    """The findings that have a witness, each with the task that shows it, as a case to paste."""
    for finding in findings:
        if finding.witnesses:
            report([finding.diagnostic], lang)
            sys.stdout.write(finding.cases(lang) + "\n\n")


def diagnose(path: Path) -> tuple[Diagnostic, ...]:
    """Everything there is to say about one policy."""
    try:
        return inspect(path)[1].sorted()
    except PolicyError as error:
        return error.diagnostics
