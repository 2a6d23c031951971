"""Check policies: say everything that is wrong with them, at its line and column, and prove what they promise.

A book, a folder of policies, is checked policy by policy, and its timeline too. A policy that loads is looked over
for what is unused, never true, never in force, or not in the source that it quotes; with the extra `verify` it is
proved free of routing conflicts, gaps, idle rules and broken invariants, or a task is shown.

Exit 2 where a policy does not load; 1 where one that loads is wrong: an error, a finding of the prover, or, with
--deny-warnings, a warning; else 0. A declaration silences a warning with `silence: [{code: A001, reason: ...}]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from admission import ir
from admission.analysis import SECONDS, Finding, is_available
from admission.cli import codes, policies
from admission.cli.annotations import FORMATS, Said, diagnostic_of
from admission.cli.terminal import Exit, progress, report
from admission.diagnostics import Diagnostic, InputError, Language, PolicyError, nearest
from admission.diagnostics.catalogue import KINDS
from admission.engine import inspect, policy_folders
from admission.lints import Remark, idle_silences, is_silenced, lint, timeline

EXAMPLE = "admission check policies --lang zh"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("policies", metavar="POLICY", nargs="*", help="policies, or books of policies")
    parser.add_argument("--no-proofs", action="store_true", help="leave out what the solver would prove")
    parser.add_argument(
        "--seconds", type=policies.seconds, default=SECONDS, metavar="N", help=f"time for one proof ({SECONDS:g})"
    )
    parser.add_argument("--deny-warnings", action="store_true", help="exit 1 for a warning too")
    parser.add_argument("--explain", metavar="CODE", help="print what a code means, with examples, and check nothing")
    parser.add_argument("--format", choices=("human", *FORMATS), default="human", help="how to print what is found")


def run(options: argparse.Namespace) -> int:
    """Check every policy that is named, or explain a code."""
    if options.explain is not None:
        return explain(options.explain, options.lang)
    if not options.policies:
        words = {"option": "POLICY", "given": "", "expected": ("规则的文件夹或文件", "a policy's folder or file")}
        raise InputError([Diagnostic("A908", None, words)])
    checks = list(checked(options))
    said = list(once(one for check in checks for one in check.said()))
    if options.format != "human":
        sys.stdout.write(FORMATS[options.format](said, options.lang))
    elif said:
        show(said, options.lang)
    else:
        words = {"zh": "份规则，没有问题", "en": "checked, nothing to complain of"}
        sys.stdout.write(f"{sum(len(check.paths) for check in checks)} {words[options.lang]}\n")
    if not options.no_proofs and not is_available():
        sys.stderr.write(_NOT_PROVED[options.lang] + "\n")
    return exit_code(checks, said, deny_warnings=options.deny_warnings)


_NOT_PROVED: dict[Language, str] = {
    "zh": "提示：未作证明；如需证明，请运行 pip install 'admission[verify]'",
    "en": "note: nothing was proved; to prove, run: pip install 'admission[verify]'",
}


@dataclass(slots=True)
class Check:
    """What was found in one policy, or in one book."""

    paths: tuple[Path, ...]
    faults: list[Diagnostic] = field(default_factory=list)
    """Why policies do not load, and what was noted while they did."""
    remarks: list[Diagnostic] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    is_loaded: bool = True

    def said(self) -> list[Said]:
        """All of it."""
        return [*self.faults, *self.remarks, *self.findings]


def once(said: Iterable[Said]) -> Iterator[Said]:
    """Without repetition: a layer that does not load is met again below every layer that stands on it."""
    seen: set[tuple[str, str, int, int, str]] = set()
    for one in said:
        diagnostic = diagnostic_of(one)
        place = (diagnostic.code, diagnostic.file, diagnostic.line, diagnostic.column, diagnostic.message)
        if isinstance(one, Finding) or place not in seen:
            seen.add(place)
            yield one


def checked(options: argparse.Namespace) -> Iterator[Check]:
    """What is found, path by path."""
    proves = not options.no_proofs and is_available()
    prove = prover(options.seconds) if proves else None
    for named in map(Path, options.policies):
        folders = policy_folders(named)
        check = Check(folders or (named,))
        loaded = [policy for path in check.paths if (policy := _load(path, check)) is not None]
        for policy in loaded:
            _look_over(policy, check, prove)
        check.remarks += timeline(loaded) if folders else ()
        yield check


def _load(path: Path, check: Check) -> ir.CheckedPolicy | None:
    try:
        policy, faults = inspect(path)
    except PolicyError as error:
        check.faults += error.diagnostics
        policy = None
    else:
        check.faults += faults.sorted()
    check.is_loaded &= policy is not None
    return policy


def prover(seconds: float) -> Callable[[ir.CheckedPolicy], Iterable[Finding]]:
    """Asks the solver everything about a policy."""
    from admission.analysis.questions import analyse

    return lambda policy: progress(analyse(policy, seconds=seconds), "findings")


def _look_over(
    policy: ir.CheckedPolicy, check: Check, prove: Callable[[ir.CheckedPolicy], Iterable[Finding]] | None
) -> None:
    """Everything that is wrong with a policy that loads, less what it says is meant."""
    remarks = lint(policy)
    findings = list(prove(policy)) if prove else []
    check.remarks += [one.diagnostic for one in remarks if not _is_meant(policy, one)]
    check.findings += [one for one in findings if not is_silenced(policy, one.code, one.rule)]
    heard: list[tuple[str, str, str | None]] = [(one.code, one.name, one.section) for one in remarks]
    heard += [(one.code, one.rule, None) for one in findings]
    check.remarks += idle_silences(policy, heard, proved=prove is not None)


def _is_meant(policy: ir.CheckedPolicy, one: Remark) -> bool:
    # INVARIANT: an error cannot be silenced; the shape of `silence` takes the codes of warnings only.
    return is_silenced(policy, one.code, one.name, one.section)


def exit_code(checks: Iterable[Check], said: Iterable[Said], *, deny_warnings: bool) -> int:
    """2 where a policy does not load, 1 where there is bad news, else 0."""
    if not all(check.is_loaded for check in checks):
        return Exit.WRONG
    bad = (deny_warnings or isinstance(one, Finding) or diagnostic_of(one).severity == "error" for one in said)
    return Exit.BAD_NEWS if any(bad) else Exit.DONE


def show(said: Iterable[Said], lang: Language) -> None:
    """What people read: diagnostics on stderr; on stdout the task that shows a finding, as a case to paste."""
    listed = list(said)
    if plain := [diagnostic_of(one) for one in listed if not (isinstance(one, Finding) and one.witnesses)]:
        report(plain, lang)
    for one in listed:
        if isinstance(one, Finding) and one.witnesses:
            report([one.diagnostic], lang)
            sys.stdout.write(one.cases(lang) + "\n\n")


def explain(code: str, lang: Language) -> int:
    """Print the page of a code in a language. Raises `InputError` where there is no such code."""
    text = codes.page(code.upper())
    if text is None:
        words = {"option": "--explain", "given": code, "expected": ("一个代码，如 A114", "a code such as A114")}
        raise InputError([Diagnostic("A908", None, words, nearest(code.upper(), KINDS))])
    sys.stdout.write(codes.in_language(text, lang))
    return Exit.DONE
