"""Decide a table of tasks of any size: Parquet, CSV, JSON Lines or Arrow in, the same out.

A row that is no task of the policy goes to OUT.rejects.jsonl with everything that is wrong with it, the others are
decided, and the exit code is then 2; otherwise it is 0 whatever the verdicts. OUT is written whole or not at all, and
a rerun writes the same bytes. Needs the extra `frames`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from admission.cli import policies
from admission.cli.decide import wording
from admission.cli.terminal import Exit, Gauge, progress, report, table
from admission.diagnostics import Diagnostic, InputError, Language
from admission.diagnostics.rendering import render
from admission.engine import Policy

if TYPE_CHECKING:
    from admission.bulk import Workspace
    from admission.bulk.running import Outcome
    from admission.bulk.sources import Source

EXAMPLE = "admission batch policies/beijing examples/work_items_2019.csv decisions.csv --summary"
KINDS = ("parquet", "csv", "jsonl", "json", "yaml", "arrow")


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("tasks", metavar="IN", type=Path, help="a file of tasks, .gz for CSV and JSON Lines too")
    parser.add_argument("decisions", metavar="OUT", type=Path, help="the file of decisions; its ending says its kind")
    policies.add_as_of(parser)
    parser.add_argument("--rejects", metavar="FILE", type=Path, help="the file of refused rows (OUT.rejects.jsonl)")
    parser.add_argument("--summary", action="store_true", help="count the decisions by verdict, channel and rule")
    parser.add_argument(
        "--input-format", choices=KINDS, help="how the tasks are written (default: by the file's ending)"
    )
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to print what was done")


def run(options: argparse.Namespace) -> int:
    """Decide the whole file."""
    from admission.bulk import Workspace, open_file
    from admission.bulk.review import Days
    from admission.bulk.running import Run, check_paths

    rejects = options.rejects or options.decisions.with_name(f"{options.decisions.name}.rejects.jsonl")
    check_paths(options.tasks, options.decisions, rejects)
    with Workspace() as workspace:
        source = open_file(workspace, options.tasks, options.input_format)
        policy = chosen(options, workspace, source)
        today = None if options.as_of else date.today()  # noqa: DTZ011 - a day of the calendar on the wall
        with watched(workspace, source) as shown:
            work = Run(workspace, policy.checked, shown, Days(options.as_of, today))
            outcome = work.write(options.decisions, rejects, is_counted=options.summary)
    complain(outcome, rejects, options)
    (write_json if options.format == "json" else write_text)(policy, outcome, rejects, options)
    return Exit.WRONG if outcome.rejected or outcome.notes else Exit.DONE


def chosen(options: argparse.Namespace, workspace: Workspace, source: Source) -> Policy:
    """The one policy for all rows. Raises `InputError` where a book has several for their days."""
    from admission.bulk.sources import days_of

    choose = policies.load_chooser(options)
    today = date.today()  # noqa: DTZ011 - a day of the calendar on the wall
    if options.place is None or options.as_of is not None:
        return choose(options.as_of or today)
    found: dict[Policy, date] = {}
    for day in days_of(workspace, source) or [today]:
        with suppress(InputError):  # a day without a policy is a fault of its rows
            found.setdefault(choose(day), day)
    if len(found) > 1:
        said = ", ".join(f"{policy.id} {policy.version} ({day})" for policy, day in found.items())
        raise InputError([Diagnostic("A946", None, {"names": said}, path=source.name)])
    return next(iter(found), None) or choose(today)


@contextmanager
def watched(workspace: Workspace, source: Source) -> Iterator[Source]:
    """The source, with progress shown while it is read, by whoever reads it."""
    gauge = Gauge("tasks", source.rows)
    records = source.records
    with interruptible() as stop_where_asked:

        def watch(share: float) -> None:
            stop_where_asked()
            gauge(share)

        workspace.watch = watch
        try:
            yield source if records is None else replace(source, records=lambda: progress(records(), "tasks"))
        finally:
            gauge.close()


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """What raises `KeyboardInterrupt` once Ctrl-C was pressed, also where a library has swallowed the first.

    Whatever a library raises after that, it is the key that ends the run.
    """
    pressed = threading.Event()

    def press(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    def stop_where_asked() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # somebody else's to handle, or ignored
        yield stop_where_asked
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield stop_where_asked
    except BaseException:
        stop_where_asked()
        raise
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def complain(outcome: Outcome, rejects: Path, options: argparse.Namespace) -> None:
    """What is to be said of the input, on stderr: the first rejects in full, the rest counted."""
    lang, words = options.lang, _WORDS[options.lang]
    report(outcome.notes, lang) if outcome.notes else None
    for reject in outcome.first:
        name = f" ({reject.id})" if reject.id else ""
        place = words["row"].format(path=options.tasks, row=reject.row, id=name)
        sys.stderr.write("".join(f"{place}{render(in_table(found), lang)}\n" for found in reject.diagnostics))
    lines = {
        "rejected": outcome.rejected > 0,
        "undated": outcome.undated,
        "absent": bool(outcome.absent),
    }
    said = {"count": outcome.rejected, "path": rejects, "today": date.today()}  # noqa: DTZ011 - as above
    said["facts"] = ("、" if lang == "zh" else ", ").join(outcome.absent)
    sys.stderr.write("".join(f"{words[line].format(**said)}\n" for line, is_due in lines.items() if is_due))


def in_table(found: Diagnostic) -> Diagnostic:
    """A fault without its line, where its row was named."""
    return Diagnostic(found.code, None, found.data, found.near)


def write_json(policy: Policy, outcome: Outcome, rejects: Path, options: argparse.Namespace) -> None:
    """What was done as one object."""
    done: dict[str, object] = {
        "policy": policy.id,
        "version": policy.version,
        "digest": policy.digest,
        "decided": outcome.decided,
        "rejected": outcome.rejected,
        "decisions": str(options.decisions),
        "rejects": str(rejects) if outcome.rejected else None,
    }
    if options.summary:
        verdicts, channels, rules = tallies(outcome)
        done |= {"verdicts": dict(verdicts), "channels": dict(channels), "rules": dict(rules)}
    sys.stdout.write(json.dumps(done, ensure_ascii=False) + "\n")


def write_text(policy: Policy, outcome: Outcome, _: Path, options: argparse.Namespace) -> None:
    """What was done as lines and tables."""
    lang: Language = options.lang
    words = _WORDS[lang]
    if options.summary and outcome.decided:
        verdicts, channels, rules = tallies(outcome)
        labels = {name: channel.label.get(lang, name) for name, channel in policy.checked.channels.items()}
        named: tuple[tuple[str, Counter[str], Callable[[str], str]], ...] = (
            ("verdict", verdicts, lambda verdict: wording(policy, verdict, lang)),
            ("channel", channels, lambda channel: labels.get(channel, channel)),
            ("rule", rules, str),
        )
        for title, counts, name in named:
            rows = [(f"{count:,}", share(count, outcome.decided), name(entry)) for entry, count in counts.most_common()]
            sys.stdout.write(table((words["tasks"], "%", words[title]), rows) + "\n\n" if rows else "")
    sys.stdout.write(words["decided"].format(count=outcome.decided, path=options.decisions) + "\n")


def share(count: int, total: int) -> str:
    """A part of the whole, in per cent with one decimal."""
    return f"{100 * count / total:.1f}"


def tallies(outcome: Outcome) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How many tasks there are of each verdict, channel and violated rule, the greatest first."""
    verdicts: Counter[str] = Counter()
    channels: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for (verdict, channel, violations), count in sorted(outcome.answers.items(), key=str):
        verdicts[verdict] += count
        channels[channel or "-"] += count
        rules.update(dict.fromkeys(violations, count))
    return verdicts, channels, rules


_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "tasks": "任务数",
        "verdict": "结论",
        "channel": "去向",
        "rule": "违反的要求",
        "row": "{path} 第 {row} 行{id}：",
        "decided": "已决定 {count:,} 项任务：{path}",
        "rejected": "{count:,} 行不是任务，未作决定，见 {path}",
        "undated": "提示：未给出 as_of 的任务按今天 {today} 决定",
        "absent": "提示：没有这些列，各行均视为未知：{facts}",
    },
    "en": {
        "tasks": "tasks",
        "verdict": "verdict",
        "channel": "channel",
        "rule": "violated",
        "row": "{path}: row {row}{id}: ",
        "decided": "{count:,} task(s) decided: {path}",
        "rejected": "{count:,} row(s) are no tasks and were not decided: see {path}",
        "undated": "note: tasks that give no as_of were decided as of today, {today}",
        "absent": "note: no column for {facts}: unknown in every row",
    },
}
