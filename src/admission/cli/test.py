"""Run a policy's cases: those beside it, or those named.

A failing case shows what was expected, what was decided, and the explanation of the decision. With `--coverage` it is
said what the cases cover: each rule, and each condition in it, seen true, false and unknown, and decisive, that is,
some case would come out otherwise had this one condition been the opposite.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from admission import ir
from admission.analysis import SECONDS
from admission.cases import (
    Case,
    Coverage,
    EventResult,
    Result,
    Trial,
    case_files,
    concerns,
    event_case_files,
    measure,
    read_cases,
    read_event_cases,
    run_cases,
    run_event_cases,
    telling,
)
from admission.cli import policies
from admission.cli.terminal import Exit, coloured, progress, report, table
from admission.diagnostics import Collector, Diagnostic, InputError, Language, MissingExtraError, nearest
from admission.engine import Policy

EXAMPLE = "admission test policies/beijing --coverage --fail-under 100"


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a run gave."""

    policy: str
    results: tuple[Result, ...]
    of_events: tuple[EventResult, ...]
    coverage: Coverage | None

    @property
    def is_passed(self) -> bool:
        """Whether every case came out as expected."""
        return all(r.is_passed for r in self.results) and all(r.is_passed for r in self.of_events)


def percent(text: str) -> float:
    """A percentage of the command line; argparse reports what is none."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:  # noqa: PLR2004 - per cent
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return found


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("cases", metavar="CASES", nargs="*", type=Path, help="case files (default: those beside it)")
    policies.add_as_of(parser)
    parser.add_argument("--id", action="append", help="run only the case with this id (may be repeated)")
    parser.add_argument(
        "--rule",
        action="append",
        help="run only cases that are about this rule, as judged or as expected (may be repeated)",
    )
    parser.add_argument("--coverage", action="store_true", help="say which rules and conditions the cases cover")
    parser.add_argument(
        "--fail-under", type=percent, metavar="N", help="exit with 1 where less than N per cent is covered"
    )
    parser.add_argument("--layers", action="store_true", help="cover the rules of the layers below as well")
    parser.add_argument(
        "--generate",
        action="store_true",
        help="print cases for what was never true or never false, for you to confirm (extra verify)",
    )
    parser.add_argument(
        "--seconds", type=policies.seconds, default=SECONDS, metavar="N", help=f"time for one case ({SECONDS:g})"
    )
    parser.add_argument(
        "--format", choices=("human", "json", "junit"), default="human", help="how to print the results"
    )


def run(options: argparse.Namespace) -> int:
    """Run the cases; 1 where one fails or too little is covered, 2 where there is none or one is at fault."""
    policy = policies.load_policy(options, options.as_of)
    folder = Path(options.policy) / (options.place or "") if options.place else Path(options.policy)
    faults = Collector()
    read = read_cases(policy.checked, options.cases or case_files(folder), faults)
    cases = about(policy, chosen(read, options.id), options.rule)
    if len(faults):
        report(faults, options.lang)
    elif options.generate:
        return generated(policy, cases, options)
    elif not read:
        raise InputError([Diagnostic("A121", None, {"path": folder}, path=str(folder))])
    ran = tuple(progress(run_cases(policy.decide_given, cases), "cases", len(cases)))
    files = () if options.cases or options.id else event_case_files(folder)
    outcome = Outcome(policy.id, ran, watched(policy, files, options, faults), covered(policy, cases, options))
    _WRITE[options.format](outcome, options.lang)
    if len(faults):
        return Exit.WRONG
    if not outcome.results and not outcome.of_events:
        sys.stderr.write(("没有涉及该规则的案例" if options.lang == "zh" else "no case is about the rule") + "\n")
        return Exit.BAD_NEWS
    return Exit.DONE if outcome.is_passed and is_covered(outcome, options) else Exit.BAD_NEWS


def is_covered(outcome: Outcome, options: argparse.Namespace) -> bool:
    """Whether as much is covered as was asked for; says on stderr where it is not."""
    if outcome.coverage is None or options.fail_under is None or outcome.coverage.percent >= options.fail_under:
        return True
    figure = telling.coverage_line(outcome.coverage, options.lang)
    said = (
        f"{figure}，低于 {options.fail_under:g}%"
        if options.lang == "zh"
        else f"{figure}, under {options.fail_under:g} %"
    )
    sys.stderr.write(said + "\n")
    return False


def covered(policy: Policy, cases: tuple[Case, ...], options: argparse.Namespace) -> Coverage | None:
    """What the cases cover, where that was asked for."""
    if not options.coverage and options.fail_under is None:
        return None
    return measure(policy.checked, progress(cases, "cases", len(cases)), layers=options.layers)


def watched(
    policy: Policy, files: tuple[Path, ...], options: argparse.Namespace, faults: Collector
) -> tuple[EventResult, ...]:
    """Run the event cases beside the policy. Without the engine it is said what to run."""
    found = Collector()
    cases = read_event_cases(policy.checked, files, found)
    if options.rule:
        cases = tuple(case for case in cases if any(notice.get("watch") in options.rule for notice in case.expect))
    if len(found):
        report(found, options.lang)
        for fault in found:
            faults.keep(fault)
    try:
        return tuple(progress(run_event_cases(policy.supervise, cases), "event cases", len(cases)))
    except MissingExtraError as error:
        sys.stderr.write(error.render(options.lang) + "\n")
        return ()


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


def about(policy: Policy, cases: tuple[Case, ...], wanted: list[str] | None) -> tuple[Case, ...]:
    """The cases about the rules: they expect its name, or it has a say. Raises `InputError` for no rule."""
    if not wanted:
        return cases
    rules = {rule.id: rule for rule in ir.rules(policy.checked)}
    known = (*rules, *policy.checked.watches)
    for name in wanted:
        if name not in known:
            what = {"name": name, "what": ("规则", "rule")}
            raise InputError([Diagnostic("A401", None, what, nearest(name, known))])
    trials = [Trial(policy.checked, case) for case in cases]
    named = [rules[name] for name in wanted if name in rules]
    return tuple(t.case for t in trials if any(_is_expected(r.id, t.case) or concerns(r, t) for r in named))


def _is_expected(rule: str, case: Case) -> bool:
    listed = [case.expect.get(key) for key in ("violations", "notes", "conflict", "obligations")]
    entries = [entry for value in listed if isinstance(value, list) for entry in value]
    return any(rule == (entry.get("rule") if isinstance(entry, dict) else entry) for entry in entries)


# ------------------------------------------------------------------------------------------ printing


def write_json(outcome: Outcome, _: Language) -> None:
    """One object a case, the coverage last."""
    said: list[dict[str, object]] = []
    for result in outcome.results:
        differences = [{"key": d.key, "expected": d.expected, "got": d.got} for d in result.differences]
        said.append(_head(result) | {"differences": differences})
    for seen in outcome.of_events:
        missing, extra = [dict(m) for m in seen.missing], [notice.to_dict() for notice in seen.extra]
        said.append(_head(seen) | {"missing": missing, "extra": extra})
    if outcome.coverage is not None:
        said.append({"coverage": outcome.coverage.to_dict()})
    sys.stdout.writelines(json.dumps(entry, ensure_ascii=False, default=str) + "\n" for entry in said)


def _head(result: Result | EventResult) -> dict[str, object]:
    return {"id": result.case.id, "place": result.case.place, "passed": result.is_passed}


def write_junit(outcome: Outcome, lang: Language) -> None:
    """One XML document for CI servers."""
    text = telling.junit(outcome.policy, outcome.results, outcome.of_events, lang, outcome.coverage)
    sys.stdout.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')


def write_text(outcome: Outcome, lang: Language) -> None:
    """The failing cases whole, the counts, and what is covered."""
    for result in (result for result in outcome.results if not result.is_passed):
        _write_failure(telling.heading(result.case), telling.failure(result, lang))
    if outcome.results or not outcome.of_events:
        _write_count(outcome.results, ("", ""), lang)
    for seen in (seen for seen in outcome.of_events if not seen.is_passed):
        _write_failure(telling.heading(seen.case), telling.event_failure(seen, lang))
    if outcome.of_events:
        _write_count(outcome.of_events, ("事件案例：", "event cases: "), lang)
    if outcome.coverage is not None:
        write_coverage(outcome.coverage, lang)


def _write_failure(heading: str, text: str) -> None:
    indented = text.replace("\n", "\n  ")
    sys.stdout.write(f"{coloured(heading, 'red')}\n  {indented}\n\n")


def _write_count(results: Iterable[Result | EventResult], before: tuple[str, str], lang: Language) -> None:
    passed, failed = (sum(r.is_passed is wanted for r in results) for wanted in (True, False))
    zh, en = f"{before[0]}通过 {passed}，未通过 {failed}", f"{before[1]}{passed} passed, {failed} failed"
    sys.stdout.write(coloured(zh if lang == "zh" else en, "red" if failed else "green") + "\n")


def write_coverage(coverage: Coverage, lang: Language) -> None:
    """The table, what is not covered with its place, and the figure."""
    sys.stdout.write("\n" + table(telling.coverage_header(lang), telling.coverage_rows(coverage, lang)) + "\n\n")
    sys.stdout.writelines(line + "\n" for line in telling.uncovered(coverage, lang))
    is_full = coverage.covered == coverage.possible
    sys.stdout.write(coloured(telling.coverage_line(coverage, lang), "green" if is_full else "red") + "\n")


_WRITE = {"human": write_text, "json": write_json, "junit": write_junit}
