"""`admission diff` on tables of tasks: the changes counted by class, by fact and by rule, and drawn."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from admission.cli.chart import Bar, Chart
from admission.cli.decide import wording
from admission.cli.terminal import Exit, Gauge, report, table
from admission.diagnostics import Diagnostic, InputError, Language, why
from admission.diagnostics.rendering import render
from admission.engine import Policy

if TYPE_CHECKING:
    from admission.bulk.comparison import ChangeClass, Changes, Said

BY = ("issuer", "issuer_level")
SHOWN = 10  # lines of a table that is printed or drawn


def is_table(path: str) -> bool:
    """Whether a file of tasks is one of those that only the engine for tables reads."""
    suffixes = Path(path).suffixes
    return bool(suffixes) and suffixes[-1].lower() in {".parquet", ".arrow", ".feather", ".ipc", ".gz"}


def run(pair: tuple[Policy, Policy], days: tuple[date | None, date | None], options: argparse.Namespace) -> int:
    """Count the changes among the tasks of some files. Raises `InputError`, `MissingExtraError`."""
    from admission.bulk import Workspace
    from admission.bulk.comparison import Comparison

    by = facts_to_count_by(pair, options.by)
    with Workspace() as workspace:
        workspace.watch = gauge = Gauge("tasks")
        comparison = Comparison(workspace, (pair[0].checked, pair[1].checked), days, by)
        try:
            for path in options.tasks:
                comparison.read(Path(path), options.input_format)
            changes = comparison.count()
        finally:
            gauge.close()
    printed = Printed(pair, changes, options.lang)
    printed.complain()
    printed.write_json() if options.format == "json" else printed.write_text()
    if options.chart:
        draw(printed, options.chart)
    return Exit.WRONG if changes.rejected or changes.notes else Exit.BAD_NEWS if changes.classes else Exit.DONE


def facts_to_count_by(pair: tuple[Policy, Policy], asked: Sequence[str] | None) -> list[str]:
    """The facts that the call names, or those of the usual ones that there are. Raises `InputError`."""
    there = {name for policy in pair for name in policy.checked.facts}
    unknown = [name for name in asked or () if name not in there]
    if unknown:
        raise InputError([Diagnostic("A910", None, {"fact": name}) for name in unknown])
    return list(dict.fromkeys(asked or [name for name in BY if name in there]))


class Printed:
    """The changes in words."""

    def __init__(self, pair: tuple[Policy, Policy], changes: Changes, lang: Language) -> None:
        self.pair = pair
        self.changes = changes
        self.lang = lang
        self.words = _WORDS[lang]

    def complain(self) -> None:
        """What is to be said of the input, on stderr."""
        if self.changes.notes:
            report(self.changes.notes, self.lang)
        for path, reject in self.changes.rejects:
            place = self.words["row"].format(path=path, row=reject.row, id=f" ({reject.id})" if reject.id else "")
            for found in reject.diagnostics:
                said = render(Diagnostic(found.code, None, found.data, found.near), self.lang)
                sys.stderr.write(f"{place}{said}\n")
        if self.changes.rejected:
            sys.stderr.write(self.words["rejected"].format(count=self.changes.rejected) + "\n")

    # ------------------------------------------------------------------------------------------- words

    def change(self, found: ChangeClass) -> str:
        """A class of change in a line."""
        old, new = (self.side(policy, said) for policy, said in zip(self.pair, found[:2], strict=True))
        if old != new:
            return f"{old} → {new}"
        before, after = ({*said.violations, *said.notes} for said in found[:2])
        signed = [f"−{rule}" for rule in sorted(before - after)] + [f"+{rule}" for rule in sorted(after - before)]
        return f"{new} {' '.join(signed)}"

    def side(self, policy: Policy, said: Said) -> str:
        """A verdict and channel: in Chinese by their labels, in English by their names."""
        if self.lang == "en":
            return f"{said.verdict} ({said.channel})" if said.channel else said.verdict
        label = policy.checked.channels[said.channel].label.get(self.lang, said.channel) if said.channel else ""
        return wording(policy, said.verdict, self.lang) + (f"（{label}）" if label else "")

    def fact(self, name: str) -> str:
        """A fact by its label in Chinese, by its name in English."""
        labels = [policy.checked.facts[name].label for policy in self.pair if name in policy.checked.facts]
        return labels[-1].get(self.lang, name) if self.lang == "zh" and labels else name

    def value(self, fact: str, value: str | None) -> str:
        """A value of a fact, an enum's by its label in Chinese."""
        if value is None:
            return self.words["unknown"]
        declared = next(policy.checked.facts[fact] for policy in self.pair[::-1] if fact in policy.checked.facts)
        return declared.value_labels.get(value, {}).get(self.lang, value) if self.lang == "zh" else value

    def changes_said(self) -> list[tuple[str, int, tuple[str, ...]]]:
        """The classes in words, those that read alike added up, the greatest first."""
        found: dict[str, tuple[int, tuple[str, ...]]] = {}
        for one in self.changes.classes:
            count, examples = found.get(self.change(one), (0, ()))
            found[self.change(one)] = count + one.tasks, (*examples, *one.examples)[:3]
        return sorted(((said, *rest) for said, rest in found.items()), key=lambda row: (-row[1], row[0]))

    def values_said(self, fact: str) -> list[tuple[str, str, int]]:
        """The values of a fact with their changes in words, the greatest first."""
        found: dict[tuple[str, str], int] = {}
        for value, one in self.changes.by[fact]:
            key = self.value(fact, value), self.change(one)
            found[key] = found.get(key, 0) + one.tasks
        return sorted(((*key, count) for key, count in found.items()), key=lambda row: (-row[2], row[:2]))

    # -------------------------------------------------------------------------------------------- text

    def write_text(self) -> None:
        """Tables of the classes, of each fact and of the rules, and the total."""
        words = self.words
        for header, rows in self.tables():
            if rows:
                sys.stdout.write(table(header, rows[:SHOWN]) + "\n")
                rest = len(rows) - SHOWN
                sys.stdout.write((words["more"].format(count=rest) + "\n") * (rest > 0) + "\n")
        said = words["changed" if self.changes.classes else "same"]
        sys.stdout.write(said.format(total=self.changes.total, count=self.changes.changed) + "\n")

    def tables(self) -> Iterator[tuple[tuple[str, ...], list[tuple[str, str, str]]]]:
        """Each table with its header."""
        words = self.words
        yield (
            (words["tasks"], words["change"], words["example"]),
            [(f"{count:,}", said, ", ".join(examples)) for said, count, examples in self.changes_said()],
        )
        for fact in self.changes.by:
            rows = [(f"{count:,}", value, said) for value, said, count in self.values_said(fact)]
            yield (words["tasks"], self.fact(fact), words["change"]), rows
        rules = [(f"{lost:,}", f"{gained:,}", rule) for rule, (lost, gained) in self.changes.rules.items()]
        yield (words["lost"], words["gained"], words["rule"]), rules

    def write_json(self) -> None:
        """One object a class, a value of a fact, and a rule; then the total."""
        english = Printed(self.pair, self.changes, "en")
        lines: list[dict[str, object]] = [
            {"change": said, "tasks": count, "examples": list(examples)}
            for said, count, examples in english.changes_said()
        ]
        for fact in self.changes.by:
            lines += [
                {"by": fact, "value": None if value == english.words["unknown"] else value, "change": said, "tasks": n}
                for value, said, n in english.values_said(fact)
            ]
        lines += [{"rule": rule, "lost": a, "gained": b} for rule, (a, b) in self.changes.rules.items()]
        lines.append({"total": self.changes.total, "changed": self.changes.changed, "rejected": self.changes.rejected})
        sys.stdout.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def draw(printed: Printed, path: Path) -> None:
    """Write the chart. Raises `InputError` where it cannot be written."""
    words, pair = printed.words, printed.pair
    versions = " → ".join(f"{policy.id} {policy.version}" for policy in pair)
    said = words["changed" if printed.changes.classes else "same"]
    chart = Chart(versions, said.format(total=printed.changes.total, count=printed.changes.changed))
    chart.panel(words["change"], [Bar(said, count) for said, count, _ in printed.changes_said()[:SHOWN]])
    for fact in printed.changes.by:
        totals: dict[str, int] = {}
        for value, _, count in printed.values_said(fact):
            totals[value] = totals.get(value, 0) + count
        bars = [Bar(value, count) for value, count in sorted(totals.items(), key=lambda row: (-row[1], row[0]))]
        chart.panel(printed.fact(fact), bars[:SHOWN])
    rules = printed.changes.rules.items()
    chart.panel(words["gained"], [Bar(rule, gained) for rule, (_, gained) in rules if gained])
    chart.panel(words["lost"], [Bar(rule, lost) for rule, (lost, _) in rules if lost])
    try:
        path.write_text(chart.svg(), encoding="utf-8")
    except OSError as error:
        data = {"path": path, "why": why(error)}
        raise InputError([Diagnostic("A944", None, data, path=str(path))]) from None


_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "tasks": "任务数",
        "change": "变化",
        "example": "例如",
        "rule": "要求",
        "lost": "不再违反",
        "gained": "新违反",
        "unknown": "（未给出）",
        "more": "……另有 {count} 行",
        "row": "{path} 第 {row} 行{id}：",
        "rejected": "{count:,} 行不是两份规则都能决定的任务，未计入",
        "same": "{total:,} 项任务，决定均相同",
        "changed": "{total:,} 项任务，{count:,} 项的决定不同",
    },
    "en": {
        "tasks": "tasks",
        "change": "change",
        "example": "for example",
        "rule": "requirement",
        "lost": "no longer violated",
        "gained": "newly violated",
        "unknown": "(not given)",
        "more": "... and {count} more",
        "row": "{path}: row {row}{id}: ",
        "rejected": "{count:,} row(s) are no tasks of both policies and are not counted",
        "same": "{total:,} task(s), all decided the same",
        "changed": "{count:,} of {total:,} task(s) decided differently",
    },
}
