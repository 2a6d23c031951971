"""Run a policy's cases: those beside it, or those named.

A failing case shows what was expected, what was decided, and the explanation of the decision.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from admission.analysis import SECONDS
from admission.cases import Case, Result, case_files, read_cases, run_cases
from admission.cases.watching import EventResult, event_case_files, read_event_cases, run_event_cases
from admission.cli import policies
from admission.cli.terminal import Exit, coloured, progress, report
from admission.diagnostics import Collector, Diagnostic, InputError, Language, MissingExtraError
from admission.engine import Policy

EXAMPLE = "admission test policies/beijing --lang zh"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("cases", metavar="CASES", nargs="*", type=Path, help="case files (default: those beside it)")
    policies.add_as_of(parser)
    parser.add_argument("--id", action="append", help="run only the case with this id (may be repeated)")
    parser.add_argument(
        "--generate",
        action="store_true",
        help="print cases for what no case covers yet, expected values left for you to confirm (extra verify)",
    )
    parser.add_argument(
        "--seconds", type=policies.seconds, default=SECONDS, metavar="N", help=f"time for one case ({SECONDS:g})"
    )
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to print the results")


def run(options: argparse.Namespace) -> int:
    """Run the cases; 1 where one fails, 2 where there is none or one is at fault."""
    policy = policies.load_policy(options, options.as_of)
    folder = Path(options.policy) / (options.place or "") if options.place else Path(options.policy)
    files = options.cases or case_files(folder)
    faults = Collector()
    cases = chosen(read_cases(policy.checked, files, faults), options.id)
    if len(faults):
        report(faults, options.lang)
    elif options.generate:
        return generated(policy, cases, options)
    elif not cases:
        raise InputError([Diagnostic("A121", None, {"path": folder}, path=str(folder))])
    results = list(progress(run_cases(policy.decide_given, cases), "cases", len(cases)))
    write = write_json if options.format == "json" else write_text
    write(results, options.lang)
    of_events = watched(policy, () if options.cases or options.id else event_case_files(folder), options, faults)
    if len(faults):
        return Exit.WRONG
    return Exit.DONE if all(result.is_passed for result in results) and of_events else Exit.BAD_NEWS


def watched(policy: Policy, files: tuple[Path, ...], options: argparse.Namespace, faults: Collector) -> bool:
    """Run the event cases beside the policy; whether all passed. Without the engine it is said what to run."""
    found = Collector()
    cases = read_event_cases(policy.checked, files, found)
    if len(found):
        report(found, options.lang)
        for fault in found:
            faults.keep(fault)
    try:
        results = list(progress(run_event_cases(policy.supervise, cases), "event cases", len(cases)))
    except MissingExtraError as error:
        sys.stderr.write(error.render(options.lang) + "\n")
        return True
    write_watched(results, options)
    return all(result.is_passed for result in results)


def write_watched(results: list[EventResult], options: argparse.Namespace) -> None:
    """The event cases that fail, or all as JSON, and the count."""
    if options.format == "json":
        for result in results:
            missing, extra = [dict(m) for m in result.missing], [notice.to_dict() for notice in result.extra]
            said = {"id": result.case.id, "place": result.case.place, "passed": result.is_passed}
            said |= {"missing": missing, "extra": extra}
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        return
    lacking, too_much = ("应有而无", "不应有而有") if options.lang == "zh" else ("expected", "not expected")
    for result in (result for result in results if not result.is_passed):
        sys.stdout.write(coloured(f"{result.case.place}: {result.case.id} {result.case.title}", "red") + "\n")
        for notice in result.missing:
            sys.stdout.write(f"  {lacking}: {spelt(dict(notice))}\n")
        for stands in result.extra:
            sys.stdout.write(f"  {too_much}: {spelt(stands.to_dict())}\n")
    if results:
        passed, failed = (sum(r.is_passed is wanted for r in results) for wanted in (True, False))
        zh, en = f"事件案例：通过 {passed}，未通过 {failed}", f"event cases: {passed} passed, {failed} failed"
        sys.stdout.write(coloured(zh if options.lang == "zh" else en, "red" if failed else "green") + "\n")


def generated(policy: Policy, cases: tuple[Case, ...], options: argparse.Namespace) -> int:
    """Print cases for what no case covers; 1 where there is something to cover."""
    from admission.backends.smt import Unsupported
    from admission.cases.generate import generate

    number, found = 0, generate(policy.checked, (case.given for case in cases), seconds=options.seconds)
    taken = {case.id for case in cases}
    try:
        for case in progress(found, "cases"):
            number += 1
            while f"generated_{number}" in taken:
                number += 1
            sys.stdout.write(case.text(policy.checked, f"generated_{number}", options.lang) + "\n\n")
    except Unsupported as unsupported:
        raise InputError([Diagnostic("A812", None, {"what": str(unsupported)})]) from None
    if not number:
        said = "已有案例覆盖每条规则和每个条件的两种结果" if options.lang == "zh" else "the cases cover every outcome"
        sys.stdout.write(f"# {said}\n")
    return Exit.BAD_NEWS if number else Exit.DONE


def chosen(cases: tuple[Case, ...], ids: list[str] | None) -> tuple[Case, ...]:
    """The cases with the ids; raises `InputError` for an id that no case has."""
    if not ids:
        return cases
    known = [case.id for case in cases]
    for wanted in ids:
        if wanted not in known:
            raise InputError([Diagnostic("A907", None, {"id": wanted, "known": ", ".join(known[:20])})])
    return tuple(case for case in cases if case.id in ids)


def write_json(results: list[Result], _: Language) -> None:
    """One object a case."""
    for result in results:
        said = {
            "id": result.case.id,
            "place": result.case.place,
            "passed": result.is_passed,
            "differences": [{"key": d.key, "expected": d.expected, "got": d.got} for d in result.differences],
        }
        sys.stdout.write(json.dumps(said, ensure_ascii=False, default=str) + "\n")


def write_text(results: list[Result], lang: Language) -> None:
    """The failing cases whole, and the count."""
    expected, got = ("预期", "实际") if lang == "zh" else ("expected", "got")
    failed = [result for result in results if not result.is_passed]
    for result in failed:
        title = f" {result.case.title}" if result.case.title else ""
        sys.stdout.write(coloured(f"{result.case.place}: {result.case.id}{title}", "red") + "\n")
        for difference in result.differences:
            sys.stdout.write(f"  {difference.key}\n    {expected}: {spelt(difference.expected)}\n")
            sys.stdout.write(f"    {got}: {spelt(difference.got)}\n")
        explanation = str(result.decision.explain(lang)).replace("\n", "\n  ")
        sys.stdout.write(f"\n  {explanation}\n\n")
    passed = len(results) - len(failed)
    said = f"通过 {passed}，未通过 {len(failed)}" if lang == "zh" else f"{passed} passed, {len(failed)} failed"
    sys.stdout.write(coloured(said, "red" if failed else "green") + "\n")


def spelt(value: object) -> str:
    """A value of a decision as its JSON spells it."""
    return json.dumps(value, ensure_ascii=False, default=str)
