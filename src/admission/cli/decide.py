"""Decide tasks: one line a task, or one JSON object a line with --format json.

TASKS is a YAML, JSON, JSON Lines or CSV file, or - for standard input. A task that does not fit is reported on
stderr with its place, the others are decided, and the exit code is then 2; otherwise it is 0 whatever the verdicts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import cast

from admission import intake, ir
from admission.cli import policies
from admission.cli.terminal import Colour, Exit, coloured, progress, report, table
from admission.datatypes import DATE, Unfit
from admission.decision import Decision, Given
from admission.diagnostics import Diagnostic, InputError, Language, TaskError
from admission.engine import Policy
from admission.frontend.tasks import Record, read_tasks

EXAMPLE = "admission decide policies/beijing examples/work_items_2019.yaml --lang zh"

_COLOURS: dict[str, Colour] = {
    "admit": "green",
    "redirect": "blue",
    "refuse": "red",
    "undetermined": "yellow",
}
_HEADER: dict[Language, tuple[str, ...]] = {
    "zh": ("编号", "结论", "去向", "理由"),
    "en": ("id", "verdict", "channel", "why"),
}
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {"missing": "待补充：", "conflict": "规则冲突：", "owed": "义务：", "colon": "："},
    "en": {
        "missing": "to be answered: ",
        "conflict": "routes in conflict: ",
        "owed": "duties: ",
        "colon": ": ",
    },
}


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("tasks", metavar="TASKS", nargs="+", help="files of tasks, or - for standard input")
    policies.add_as_of(parser)
    add_input_format(parser)
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print the decisions")


def add_input_format(parser: argparse.ArgumentParser) -> None:
    """How the tasks are written, where the file's ending does not say it."""
    parser.add_argument(
        "--input-format",
        choices=("yaml", "json", "jsonl", "csv"),
        help="how the tasks are written (default: by the file's ending, and for standard input by its first character)",
    )


def run(options: argparse.Namespace) -> int:
    """Decide every task of every file."""
    reader = TaskReader(options)
    decided = ((policy, policy.decide_given(given)) for policy, given in reader)
    if options.format == "json":
        for _, decision in progress(decided, "tasks"):
            sys.stdout.write(json.dumps(decision.to_dict(), ensure_ascii=False) + "\n")
    else:
        print_table(list(progress(decided, "tasks")), options.lang)
    reader.close()
    return Exit.WRONG if reader.is_faulty else Exit.DONE


class TaskReader:
    """The tasks of some files, accepted by a policy; what does not fit is reported as it is met."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.choose = policies.load_chooser(options)
        self.options = options
        self.is_faulty = False
        self.today_taken = 0

    def __iter__(self) -> Iterator[tuple[Policy, Given]]:
        for path in self.options.tasks:
            for record in read_tasks(path, stdin=sys.stdin.buffer, kind=self.options.input_format):
                if isinstance(record, Diagnostic):
                    self._complain([record])
                    continue
                accepted = self._accept(record)
                if accepted is not None:
                    yield accepted

    def _accept(self, record: Record) -> tuple[Policy, Given] | None:
        if record.diagnostics:
            self._complain(record.diagnostics)
            return None
        day = self.options.as_of
        own = record.values.get(ir.AS_OF) if isinstance(record.values, dict) else None
        if day is None and own is None:
            day = date.today()  # noqa: DTZ011 - a day of the calendar on the wall
            self.today_taken += 1
        try:
            policy = self.choose(day or _day_of(record, own))
            return policy, intake.accept(policy.checked, record.values, day, door=record.door, place=str(record.place))
        except TaskError as error:
            self._complain(record.diagnose(error))
        except InputError as error:
            # The book has no policy for this task's day.
            self._complain([Diagnostic(d.code, record.span, d.data, d.near) for d in error.diagnostics])
        return None

    def _complain(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.is_faulty = True
        report(diagnostics, self.options.lang)

    def close(self) -> None:
        """Say that today was taken as the day of the decision, where it was."""
        if self.today_taken:
            today, count = date.today(), self.today_taken  # noqa: DTZ011 - as above
            said = {
                "zh": f"提示：{count} 项任务未给出 as_of，按今天 {today} 决定",
                "en": f"note: {count} task(s) give no as_of; decided as of today, {today}",
            }
            sys.stderr.write(said[self.options.lang] + "\n")


def _day_of(record: Record, own: object) -> date:
    """The day a task gives; today where it gives none that can be read, which is then reported of the task."""
    try:
        return cast("date", record.door(DATE, own))
    except Unfit:
        return date.today()  # noqa: DTZ011 - only to have a policy that says what is wrong


def print_table(decided: list[tuple[Policy, Decision]], lang: Language) -> None:
    """The decisions as a table, and how many there are of each verdict."""
    if not decided:
        return
    policy, decisions = decided[0][0], [decision for _, decision in decided]
    rows = [row_of(policy, decision, lang) for policy, decision in decided]
    colours = [_COLOURS[decision.verdict] for decision in decisions]
    sys.stdout.write(table(_HEADER[lang], rows, colours=colours) + "\n")
    counts = {verdict: sum(d.verdict == verdict for d in decisions) for verdict in _COLOURS}
    said = [coloured(f"{wording(policy, v, lang)} {n}", _COLOURS[v]) for v, n in counts.items() if n]
    sys.stdout.write(
        f"\n{len(decisions)}{_WORDS[lang]['colon']}{'，'.join(said) if lang == 'zh' else ', '.join(said)}\n"
    )


def wording(policy: Policy, verdict: str, lang: Language) -> str:
    """The policy's own word for a verdict, or the verdict."""
    return policy.checked.wording.get(verdict, {}).get(lang, str(verdict))


def row_of(policy: Policy, decision: Decision, lang: Language) -> tuple[str, str, str, str]:
    """One decision as a row: id, verdict, channel, and why in a few words."""
    channel = policy.checked.channels[decision.channel].label.get(lang, "") if decision.channel else ""
    return (
        decision.id,
        wording(policy, decision.verdict, lang),
        channel or decision.channel or "",
        why(policy, decision, lang),
    )


def why(policy: Policy, decision: Decision, lang: Language) -> str:
    """The reasons of a refusal, what is missing, which routes clash, or the duties that come with the decision."""
    words, comma = _WORDS[lang], "；" if lang == "zh" else "; "
    if decision.violations:
        return comma.join(f"{v.reason(lang)} [{v.rule}]" for v in decision.violations)
    if decision.missing:
        labels = (policy.checked.facts[name].label.get(lang, name) for name in decision.missing)
        return words["missing"] + comma.join(labels)
    if decision.conflict:
        return words["conflict"] + comma.join(decision.conflict)
    owed = comma.join(
        f"{o.reason(lang)}{f' {o.amount:,}' if o.amount is not None else ''}" for o in decision.obligations
    )
    return words["owed"] + owed if owed else ""
