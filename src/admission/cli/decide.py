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

from admission import intake, ir
from admission.cli import policies
from admission.cli.terminal import Colour, Exit, coloured, progress, report, table
from admission.decision import Decision
from admission.diagnostics import Diagnostic, Language, TaskError
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
    policy = policies.load_policy(options, options.as_of)
    reader = TaskReader(policy, options)
    decided = (policy.decide_given(given) for _, given in reader)
    if options.format == "json":
        for decision in progress(decided, "tasks"):
            sys.stdout.write(json.dumps(decision.to_dict(), ensure_ascii=False) + "\n")
    else:
        print_table(policy, list(progress(decided, "tasks")), options.lang)
    reader.close()
    return Exit.WRONG if reader.is_faulty else Exit.DONE


class TaskReader:
    """The tasks of some files, accepted by a policy; what does not fit is reported as it is met."""

    def __init__(self, policy: Policy, options: argparse.Namespace) -> None:
        self.policy = policy
        self.options = options
        self.is_faulty = False
        self.today_taken = 0

    def __iter__(self) -> Iterator[tuple[Record, intake.Given]]:
        for path in self.options.tasks:
            for record in read_tasks(path, stdin=sys.stdin.buffer, kind=self.options.input_format):
                if isinstance(record, Diagnostic):
                    self._complain([record])
                    continue
                given = self._accept(record)
                if given is not None:
                    yield record, given

    def _accept(self, record: Record) -> intake.Given | None:
        if record.diagnostics:
            self._complain(record.diagnostics)
            return None
        day = self.options.as_of
        if day is None and isinstance(record.values, dict) and record.values.get(ir.AS_OF) is None:
            day = date.today()  # noqa: DTZ011 - a day of the calendar on the wall
            self.today_taken += 1
        try:
            return intake.accept(self.policy.checked, record.values, day, door=record.door, place=str(record.place))
        except TaskError as error:
            self._complain(record.diagnose(error))
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


def print_table(policy: Policy, decisions: list[Decision], lang: Language) -> None:
    """The decisions as a table, and how many there are of each verdict."""
    if not decisions:
        return
    rows = [row_of(policy, decision, lang) for decision in decisions]
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
