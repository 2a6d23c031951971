"""Say how two policies decide differently: every class of change, with a task that shows it.

Without TASKS the answer covers all tasks, complete or not, on every day on which both policies are in force, and
"no task is decided differently" is a proof (extra `verify`). With TASKS it counts the changes among them; tables of
any size, in Parquet, Arrow or .gz files, need the extra `frames`, and leave obligations out.
Exit 1 where there is a difference, or where it was not settled in time.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from admission import intake, ir
from admission.analysis import SECONDS
from admission.cli import diff_tables, policies
from admission.cli.decide import add_input_format, wording
from admission.cli.terminal import Exit, coloured, progress, report, table
from admission.decision import Decision
from admission.diagnostics import Diagnostic, InputError, Language, TaskError
from admission.engine import Policy, load, load_book, policy_folders
from admission.frontend.tasks import Record, read_tasks

if TYPE_CHECKING:
    from admission.analysis.difference import Change, Side, Unproved

EXAMPLE = "admission diff policies/beijing policies/beijing --as-of-old 2019-12-31 --as-of-new 2020-01-01"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("old", metavar="OLD", help="the policy to compare with, or a book of policies with --place")
    parser.add_argument("new", metavar="NEW", help="the policy that is compared")
    parser.add_argument("tasks", metavar="TASKS", nargs="*", help="files of tasks to count the changes in")
    parser.add_argument("--place", help="which place's policy to take from a book")
    parser.add_argument("--as-of", type=policies.day, metavar="DATE", help="the day for both (default: the tasks' own)")
    parser.add_argument("--as-of-old", type=policies.day, metavar="DATE", help="the day for OLD")
    parser.add_argument("--as-of-new", type=policies.day, metavar="DATE", help="the day for NEW")
    parser.add_argument(
        "--by",
        metavar="FACT",
        action="append",
        help="with TASKS: count by this fact (issuer); may be repeated for tables",
    )
    parser.add_argument(
        "--chart", metavar="FILE.svg", type=chart_file, help="with tables of tasks: draw the changes too"
    )
    parser.add_argument(
        "--seconds", type=policies.seconds, default=SECONDS, metavar="N", help=f"time for one question ({SECONDS:g})"
    )
    add_input_format(parser)
    parser.add_argument("--format", choices=("human", "json"), default="human", help="how to print what is found")


def chart_file(text: str) -> Path:
    """Where a chart goes; argparse reports another kind of file, and a folder that is not there."""
    path = Path(text)
    if path.suffix.lower() != ".svg":
        raise argparse.ArgumentTypeError(f"{text!r} does not end in .svg, and a chart is drawn as SVG alone")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{str(path.parent)!r} is no folder, so no chart can be written there")
    return path


def run(options: argparse.Namespace) -> int:
    """Compare the two policies."""
    days = (options.as_of_old or options.as_of, options.as_of_new or options.as_of)
    old, new = (read(Path(p), options.place, day) for p, day in zip((options.old, options.new), days, strict=True))
    if any(map(diff_tables.is_table, options.tasks)) or (options.tasks and options.chart):
        return diff_tables.run((old, new), days, options)
    if options.tasks:
        return Counted(old, new, days, options).run()
    check_days(old, new, days)
    found = list(progress(compared(old, new, days, options.seconds), "classes"))
    write = write_json if options.format == "json" else write_text
    write(old, new, found, options.lang)
    return Exit.BAD_NEWS if found else Exit.DONE


def read(path: Path, place: str | None, day: date | None) -> Policy:
    """One of the two policies; `place` picks it where the path is a book."""
    if place is not None and policy_folders(path):
        return load_book(path).pick(place, day or date.today())  # noqa: DTZ011 - a day of the calendar on the wall
    options = argparse.Namespace(policy=str(path), place=None)
    return policies.load_policy(options) if policy_folders(path) else load(path)


def check_days(old: Policy, new: Policy, days: tuple[date | None, date | None]) -> None:
    """Raises `InputError` where a day is outside a policy's period, or there is no day to compare on."""
    periods = [policy.checked.period for policy in (old, new)]
    said = [f"{period.start} – {period.end or '…'}" for period in periods]
    for day, period, words in zip(days, periods, said, strict=True):
        if day is not None and day not in period:
            raise InputError([Diagnostic("A922", None, {"given": day, "expected": words, "fact": ir.AS_OF})])
    start = max(period.start or date.min for period in periods)
    end = min(period.end or date.max for period in periods)
    if None in days and start > end:
        raise InputError([Diagnostic("A811", None, {"old": said[0], "new": said[1]})])


def compared(
    old: Policy, new: Policy, days: tuple[date | None, date | None], limit: float
) -> Iterator[Change | Unproved]:
    """The classes of change. Raises `MissingExtraError` without the solver."""
    from admission.backends.smt import Unsupported  # isort: skip - says what to install, before anything else needs it
    from admission.analysis.difference import Comparison

    try:
        comparison = Comparison(old.checked, new.checked, day_old=days[0], day_new=days[1], seconds=limit)
        yield from comparison.changes()
    except Unsupported as unsupported:
        raise InputError([Diagnostic("A812", None, {"what": str(unsupported)})]) from None


# ---------------------------------------------------------------------------------------- all tasks


def write_json(old: Policy, new: Policy, found: Iterable[Change | Unproved], _: Language) -> None:
    """One object a class of change."""
    from admission.analysis.difference import Unproved

    for change in found:
        if isinstance(change, Unproved):
            said: dict[str, object] = {"change": "not_proved", "what": change.what}
        else:
            said = {
                "change": change.what,
                "rule": change.rule,
                "gained": change.gained if change.rule else None,
                "old": {"policy": old.id, **change.before.to_dict()},
                "new": {"policy": new.id, **change.after.to_dict()},
                "task": change.task(),
                "rules": {name: {"old": a, "new": b} for name, (a, b) in change.rules.items()},
            }
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")


def write_text(old: Policy, new: Policy, found: list[Change | Unproved], lang: Language) -> None:
    """Each class of change with its witness, and how many there are."""
    from admission.analysis.difference import Unproved

    words = _WORDS[lang]
    for number, change in enumerate(found, 1):
        if isinstance(change, Unproved):
            sys.stdout.write(coloured(f"{number}. {words['unproved']}: {change.what}", "yellow") + "\n\n")
            continue
        sides = side(old, change.old, lang), side(new, change.new, lang)
        sys.stdout.write(coloured(f"{number}. {title(change, sides, lang)}", "bold") + "\n")
        for name, (a, b) in change.rules.items():
            sys.stdout.write(f"   {name}: {state(a, lang)} → {state(b, lang)}\n")
        sys.stdout.write(indented(change.case(new.checked, f"changed_{number}")) + "\n\n")
    versions = f"{old.id} {old.version} → {new.id} {new.version}"
    counted = sum(not isinstance(change, Unproved) for change in found)
    said = words["none"] if not found else words["count"].format(count=counted)
    sys.stdout.write(coloured(f"{versions}: {said}", "red" if found else "green") + "\n")


def side(policy: Policy, decided: Side, lang: Language) -> str:
    """A verdict and channel: in Chinese by their labels, in English by their names."""
    if lang == "en":
        return str(decided)
    label = policy.checked.channels[decided.channel].label.get(lang, decided.channel) if decided.channel else ""
    return wording(policy, decided.verdict, lang) + (f"（{label}）" if label else "")


def state(text: str, lang: Language) -> str:
    """What a rule comes to, in words."""
    if lang == "en":
        return text
    for en, zh in _STATES.items():
        if text.startswith(en):
            return zh + text.removeprefix(en)
    return text


_STATES = {
    "takes it to ": "引向 ",
    "owed perhaps": "可能产生",
    "owed": "产生",
    "absent": "无",
    "false": "不适用",
    "unknown": "未知",
    "met": "符合",
    "violated": "违反",
    "open": "待定",
    "waives": "免除",
}


def title(change: Change, sides: tuple[str, str], lang: Language) -> str:
    """What a class of change is, in a line."""
    words = _WORDS[lang]
    if change.rule is None:
        return f"{words[change.what]}: {' → '.join(sides)}"
    sign = " " if change.what == "terms" else " +" if change.gained else " −"
    return f"{words[change.what]}{sign}{change.rule}: {sides[1]}"


def indented(text: str) -> str:
    """A case under the change that it shows."""
    return "\n".join(f"   {line}" for line in text.splitlines())


_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "verdict": "结论改变",
        "channel": "去向改变",
        "violation": "违反的要求",
        "note": "提示",
        "obligation": "义务",
        "terms": "义务的内容",
        "unproved": "限时内未能查清",
        "none": "已证明：没有任何事项的决定会不同",
        "count": "有 {count} 类事项的决定会不同",
        "same": "{total} 项任务，决定均相同",
        "changed": "{total} 项任务，{count} 项的决定不同",
        "change": "变化",
        "tasks": "任务数",
        "example": "例如",
    },
    "en": {
        "verdict": "verdict",
        "channel": "channel",
        "violation": "violation",
        "note": "note",
        "obligation": "obligation",
        "terms": "terms of obligation",
        "unproved": "not settled in time",
        "none": "proved: no task is decided differently",
        "count": "{count} class(es) of tasks are decided differently",
        "same": "{total} task(s), all decided the same",
        "changed": "{count} of {total} task(s) decided differently",
        "change": "change",
        "tasks": "tasks",
        "example": "for example",
    },
}


# ----------------------------------------------------------------------------------- a file of tasks


class Counted:
    """The changes among the tasks of some files, by class and by who asks."""

    def __init__(
        self, old: Policy, new: Policy, days: tuple[date | None, date | None], options: argparse.Namespace
    ) -> None:
        self.policies = (old, new)
        self.days = days
        self.options = options
        self.by = options.by[0] if options.by else "issuer"
        self.is_faulty = False
        self.total = 0
        self.classes: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], str] = {}

    def run(self) -> int:
        """Decide every task twice, and print how many change."""
        for path in self.options.tasks:
            for record in progress(read_tasks(path, stdin=sys.stdin.buffer, kind=self.options.input_format), "tasks"):
                self.count(record)
        (self.write_json if self.options.format == "json" else self.write_text)()
        return Exit.WRONG if self.is_faulty else Exit.BAD_NEWS if self.classes else Exit.DONE

    def count(self, record: Record | Diagnostic) -> None:
        """One task; what is wrong with it is reported."""
        if isinstance(record, Diagnostic) or record.diagnostics:
            self.complain([record] if isinstance(record, Diagnostic) else record.diagnostics)
            return
        try:
            before, after = (self.decide(place, record) for place in (0, 1))
        except TaskError as error:
            self.complain(record.diagnose(error))
            return
        self.total += 1
        if change := change_of(before, after):
            asks = record.values.get(self.by) if isinstance(record.values, dict) else None
            key = (change, str(asks) if asks is not None else "")
            self.classes[key] += 1
            self.examples.setdefault(key, after.id)

    def decide(self, place: int, record: Record) -> Decision:
        """A task as one of the policies decides it: for the facts that it declares, on its day."""
        policy, other = self.policies[place], self.policies[1 - place]
        values = record.values
        if isinstance(values, Mapping):
            foreign = other.checked.facts.keys() - policy.checked.facts.keys()
            values = {name: value for name, value in values.items() if name not in foreign}
            if self.days[place] is not None:
                values = {name: value for name, value in values.items() if name != ir.AS_OF}
        given = intake.accept(policy.checked, values, self.days[place], door=record.door, place=str(record.place))
        return policy.decide_given(given)

    def complain(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report what keeps a task from being decided."""
        self.is_faulty = True
        report(diagnostics, self.options.lang)

    def write_json(self) -> None:
        """One object a class and asker, and one for the total."""
        for (change, asks), count in self.classes.most_common():
            said = {
                "change": change,
                self.by: asks or None,
                "tasks": count,
                "example": self.examples[change, asks],
            }
            sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        sys.stdout.write(json.dumps({"total": self.total, "changed": self.classes.total()}) + "\n")

    def write_text(self) -> None:
        """A table of classes and askers, and the total."""
        words = _WORDS[self.options.lang]
        rows = [
            (str(count), change, asks, self.examples[change, asks])
            for (change, asks), count in self.classes.most_common()
        ]
        if rows:
            header = (words["tasks"], words["change"], self.by, words["example"])
            sys.stdout.write(table(header, rows) + "\n\n")
        said = words["changed" if rows else "same"].format(total=self.total, count=self.classes.total())
        sys.stdout.write(said + "\n")


def change_of(before: Decision, after: Decision) -> str:
    """The class of a change in a few words; empty where the two say the same."""
    sides = [f"{d.verdict.value} ({d.channel})" if d.channel else d.verdict.value for d in (before, after)]
    if sides[0] != sides[1]:
        return " → ".join(sides)
    parts = []
    for listed in ("violations", "notes", "obligations"):
        old, new = ({entry.rule for entry in getattr(d, listed)} for d in (before, after))
        parts += [f"−{rule}" for rule in sorted(old - new)] + [f"+{rule}" for rule in sorted(new - old)]
    terms = [[o.to_dict() for o in d.obligations] for d in (before, after)]
    if not parts and terms[0] != terms[1]:
        parts = [f"~{o.rule}" for o in after.obligations if o not in before.obligations]
    return f"{sides[1]} {' '.join(parts)}" if parts else ""
