"""Change a policy one token at a time, and see whether its cases notice.

    python tools/mutate.py policies/beijing

Every operator, number, day, truth value and name of a value that stands in a rule, a fact, a register or a watch is
changed in turn; operands, items of lists and keys that need not stand are left out. A change that still loads is put to
the policy's own cases and event cases; where they pass, random tasks and logs of events near the policy's own constants
tell whether it decides or notices anything otherwise. One that does is a survivor: a case is missing. One that does not
is taken to mean the same. Watches are left alone where durable-rules is not installed.
"""

import argparse
import random
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

import admission
from admission.cases import case_files, event_case_files, read_cases, read_event_cases, run_cases, run_event_cases
from admission.diagnostics import AdmissionError, Collector
from admission.testing import events, tasks

UNWATCHED = () if find_spec("durable_rules_engine") else ("watches", "events")

SWAPS = {
    ">=": (">",), "<=": ("<",), "==": ("!=",), "!=": ("==",), ">": (">=",), "<": ("<=",),
    "and": ("or",), "or": ("and",), "not": ("",), "true": ("false",), "false": ("true",),
    "admit": ("redirect",), "redirect": ("admit",), "refuse": ("note",), "first": ("latest",), "latest": ("first",),
}  # fmt: skip
TOKEN = re.compile(r"[<>=!]=|[<>](?!-)|\d{4}-\d{2}-\d{2}|\b\d+\b|\b[a-z_]+\b")
# What officials read, where a rule rests, and what a policy is called decide nothing.
WORDS = "zh|en|ask|title|reason|remedy|own|cite|at|quote|url|number|version|date|text|policy|place|extends"
SILENT = re.compile(rf"^\s*(#|(- )?({WORDS})\b)")
# What can be left out: an operand, an item of a list, an entry in braces, a line.
LEFT_OUT = (
    re.compile(r" (?:and|or) [^()]*?(?=(?: and | or |$))"),
    re.compile(r"(?<=\[)\w+, |, \w+(?=[\],])"),
    re.compile(r", (?:same|until|up_to|window|where|assume): (?:\[[^\]]*\]|[^,}\]]+)"),
    re.compile(r"^ +(?:when|overrides|same|until|up_to|window|where|in_force|effect): [^|>]*$"),
)
NOWHERE = 1000  # an indentation that no line has
TRIES = 400  # random tasks that a change is put to before it is taken to mean the same


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: Path
    line: int
    before: str
    after: str
    text: str


def mutants(folder: Path, values: set[str]) -> Iterator[Mutant]:
    """Every change of every file of a policy, its cases and watches apart."""
    files = [folder / "policy.yaml", *sorted(folder.glob("rules/*.yaml")), *sorted(folder.glob("registers/*.csv"))]
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        section, silent = "", NOWHERE
        for number, line in enumerate(lines):
            section = line.split(":")[0] if re.match(r"[a-z_]+:", line) else section
            indent = len(line) - len(line.lstrip())
            # What stands below a silent key, or goes on with its text, is silent too.
            silent = indent if SILENT.match(line) and indent <= silent else silent if indent > silent else NOWHERE
            if silent != NOWHERE or section in ("invariants", "sources", "parties", "wording", *UNWATCHED):
                continue
            for before, after, changed in changes(line, values):
                text = "".join([*lines[:number], changed, *lines[number + 1 :]])
                yield Mutant(file.relative_to(folder), number + 1, before, after, text)


def changes(line: str, values: set[str]) -> Iterator[tuple[str, str, str]]:
    """Every change of one line: what stood, what stands in its place, and the line."""
    said = line.rstrip("\n").split(" #")[0].split("{zh:")[0]
    for token in TOKEN.finditer(said):
        for other in others(token[0], values):
            yield token[0], other, line[: token.start()] + other + line[token.end() :]
    for pattern in LEFT_OUT:
        for found in pattern.finditer(said):
            yield found[0], "", line[: found.start()] + line[found.end() :]


def others(token: str, values: set[str]) -> tuple[str, ...]:
    """What may stand in a token's place."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", token):
        return (str(date.fromisoformat(token) + timedelta(1)),)
    if token.isdigit():
        return (str(int(token) + 1), str(max(0, int(token) - 1)))
    if token in SWAPS:
        return SWAPS[token]
    if token in values:
        known = sorted(values - {token})
        return (known[sum(map(ord, token)) % len(known)],)
    return ()


def judge(folder: Path, mutant: Mutant, original: admission.Policy, book: Path) -> str:
    """`refused` by the loader, `killed` by a case, the `same`, or a `survivor`."""
    file = book / folder.name / mutant.file
    before = file.read_text(encoding="utf-8")
    file.write_text(mutant.text, encoding="utf-8")
    try:
        policy = admission.load(book / folder.name)
        if not is_passed(policy, book / folder.name):
            return "killed"
        return "survivor" if decides_otherwise(original, policy) else "same"
    except AdmissionError:
        return "refused"
    finally:
        file.write_text(before, encoding="utf-8")


def is_passed(policy: admission.Policy, folder: Path) -> bool:
    """Whether the policy passes its cases, and its event cases."""
    cases = read_cases(policy.checked, case_files(folder), faults := Collector())
    if len(faults) or not all(result.is_passed for result in run_cases(policy.decide_given, cases)):
        return False
    if not policy.checked.watches or UNWATCHED:
        return True
    logs = read_event_cases(policy.checked, event_case_files(folder), faults)
    return not len(faults) and all(result.is_passed for result in run_event_cases(policy.supervise, logs))


def decides_otherwise(original: admission.Policy, changed: admission.Policy) -> bool:
    """Whether random tasks, or random logs of events, find a difference."""
    if differs(tasks(original), lambda task: answer(original, task) != answer(changed, task)):
        return True
    if not original.checked.watches or UNWATCHED:
        return False
    return differs(events(original), lambda log: notices(original, log) != notices(changed, log))


def differs(drawn: SearchStrategy[Any], told_apart: Callable[[Any], bool]) -> bool:
    """Whether any of some draws is told apart."""
    found = False

    @seed(1)
    @settings(max_examples=TRIES, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(one=drawn)
    def compare(one: object) -> None:
        nonlocal found
        found = found or told_apart(one)

    compare()
    return found


def answer(policy: admission.Policy, task: dict[str, object]) -> object:
    """What is decided, or that the task does not fit."""
    try:
        said = policy.decide(task).to_dict()
    except admission.TaskError:
        return None
    return {key: value for key, value in said.items() if key not in ("digest", "version")}


def notices(policy: admission.Policy, log: list[dict[str, object]]) -> object:
    """The notices that stand once all is over, or that an event does not fit."""
    supervisor = policy.supervise()
    try:
        for event in log:
            supervisor.record(event)
        supervisor.advance("2199-12-31T00:00:00")
    except AdmissionError:
        return None
    return [notice.to_dict() for notice in supervisor.notices()]


def main() -> int:
    """Report the score of a policy, and each survivor."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("policy", type=Path, help="the policy's folder; the layers below stand beside it")
    parser.add_argument("--sample", type=int, metavar="N", help="N changes alone, the same each time")
    options = parser.parse_args()
    folder: Path = options.policy
    original = admission.load(folder)
    values = {value for fact in original.checked.facts.values() for value in fact.type.values}
    values |= set(original.checked.channels)
    found = list(mutants(folder, values))
    if options.sample is not None:
        found = random.Random(1).sample(found, min(options.sample, len(found)))  # noqa: S311 - a sample, no secret
    counts = dict.fromkeys(("refused", "killed", "same", "survivor"), 0)
    with tempfile.TemporaryDirectory() as scratch:
        book = Path(shutil.copytree(folder.parent, Path(scratch) / "book"))
        for mutant in found:
            verdict = judge(folder, mutant, original, book)
            counts[verdict] += 1
            if verdict in ("survivor", "same"):
                print(f"{verdict}: {mutant.file}:{mutant.line}: {mutant.before!r} -> {mutant.after!r}")
    decisive = counts["killed"] + counts["survivor"]
    score = 100 * counts["killed"] / decisive if decisive else 100.0
    print(", ".join(f"{count} {name}" for name, count in counts.items()) + f"; score {score:.1f} %")
    return 1 if counts["survivor"] else 0


if __name__ == "__main__":
    sys.exit(main())
