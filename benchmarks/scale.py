"""A decision by 10, 100, 1,000 and 10,000 rules "this unit asks for this kind of work below this amount".

    python benchmarks/scale.py [--rounds 25] [--tasks 500] [--sizes 10 100 1000 10000]

Five kinds of work a unit, so that two rules in five hundred, and two in ten thousand, can apply to a task.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import admission
from beijing import SEED, Facts
from competitors import Engine, LimitRule, agree, engines
from timing import ROUNDS, Times, interleave, machine, over, show

DAY = date(2020, 6, 1)
KINDS = ("assistance", "inspection", "publicity", "statistics", "training")
SIZES = (10, 100, 1_000, 10_000)
TASKS = 500
MOST_YUAN = 10_000
FEWEST_CHECKED = 20
SLOWEST = 0.02
"""Seconds of a decision above which an engine is left out of the next larger size."""

HEAD = """\
policy: limits
version: "1"
subject: task
title: {en: Limits}
in_force: {from: 2020-01-01}
languages: [en]
parties:
  reviewer: {en: reviewer}
sources:
  rules: {title: {en: Rules}, date: 2020-01-01}
facts:
  issuer: {type: text, en: issuer, ask: {en: "Who asks?"}}
  kind:
    type: enum
    values: {%s}
    en: kind
    ask: {en: "What kind?"}
  amount: {type: money, min: 0, en: amount, ask: {en: "How much?"}}
channels:
  community: {outcome: admit, en: community}
routes:
  all:
    to: community
    when: amount >= 0
    reason: {en: all}
    cite: [{source: rules, at: "1"}]
requirements:
"""
ONE = """\
  %s:
    for: [community]
    when: issuer == "%s" and kind == %s
    require: amount >= %s
    reason: {en: below its least}
    remedy: {en: ask for more}
    cite: [{source: rules, at: "2"}]
"""


def rules(number: int) -> list[LimitRule]:
    """So many rules, five a unit, in the order of their ids."""
    rng = random.Random(SEED)  # noqa: S311 - a benchmark repeats itself
    return [
        LimitRule(f"r{place:05}", f"unit {place // len(KINDS)}", KINDS[place % len(KINDS)], rng.randrange(1, MOST_YUAN))
        for place in range(number)
    ]


def policy_of(given: Sequence[LimitRule], folder: Path) -> Path:
    """The rules as a policy file, written into the folder."""
    kinds = ", ".join(f"{kind}: {{en: {kind}}}" for kind in KINDS)
    path = folder / f"limits{len(given)}.yaml"
    text = "".join(ONE % (rule.id, rule.issuer, rule.kind, rule.least) for rule in given)
    path.write_text(HEAD % kinds + text, encoding="utf-8")
    return path


def tasks(given: Sequence[LimitRule], number: int) -> list[Facts]:
    """Tasks for those rules: nine in ten name a unit that has some."""
    rng = random.Random(SEED)  # noqa: S311 - a benchmark repeats itself
    units = len(given) // len(KINDS)
    return [
        {
            "issuer": f"unit {rng.randrange(units)}" if rng.random() < 9 / 10 else "unit without rules",
            "kind": rng.choice(KINDS),
            "amount": rng.randrange(MOST_YUAN),
        }
        for _ in range(number)
    ]


def by_hand(given: Sequence[LimitRule]) -> Callable[[Facts], list[str]]:
    """A loop over all rules: the oracle."""

    def decide(facts: Facts) -> list[str]:
        issuer, kind, amount = facts["issuer"], facts["kind"], facts["amount"]
        return [rule.id for rule in given if rule.issuer == issuer and rule.kind == kind and amount < rule.least]

    return decide


def indexed_by_hand(given: Sequence[LimitRule]) -> Callable[[Facts], list[str]]:
    """The index that a careful developer writes for just these rules."""
    index: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for rule in given:
        index.setdefault((rule.issuer, rule.kind), []).append((rule.id, rule.least))

    def decide(facts: Facts) -> list[str]:
        amount = facts["amount"]
        return [name for name, least in index.get((facts["issuer"], facts["kind"]), ()) if amount < least]

    return decide


def contenders(given: Sequence[LimitRule], folder: Path) -> Iterator[Engine]:
    """Everyone, with these rules."""
    policy = admission.load(policy_of(given, folder))

    def ids(decision: Any) -> list[str]:
        return sorted(one.rule for one in decision.violations)

    yield Engine("by hand, a loop", by_hand(given))
    yield Engine("by hand, an index", indexed_by_hand(given))
    yield Engine("admission, policy.Task", policy.decide, lambda facts: policy.Task(**facts, as_of=DAY), ids)
    yield Engine("admission, raw dict", policy.decide, lambda facts: {**facts, "as_of": DAY}, ids)
    yield from engines("LIMITS", given)


def check(number: int, size: int, folder: Path, *, without: frozenset[str] = frozenset()) -> list[Engine]:
    """Every engine with so many rules, each held to the loop; the slow ones on fewer tasks where the rules are many."""
    given = rules(size)
    asked = tasks(given, number)
    kept = [engine for engine in contenders(given, folder) if engine.name not in without]
    for engine in kept:
        is_ours = engine.name.startswith(("admission", "by hand"))
        some = asked if is_ours else asked[: max(FEWEST_CHECKED, 100 * number // size)]
        agree(engine, some, by_hand(given))
    print(f"{size:,} rules: {len(kept)} engines agree on up to {number} tasks")
    return kept


def measure(number: int, rounds: int, sizes: Sequence[int], folder: Path) -> dict[str, dict[int, Times]]:
    """Times by engine and number of rules; every engine and every size takes its turn in every round."""
    calls, without = {}, frozenset[str]()
    for size in sizes:
        asked = tasks(rules(size), number)
        for engine in check(number, size, folder, without=without):
            one_round = over(engine.decide, [engine.given(facts) for facts in asked])
            calls[f"{engine.name}|{size}"] = one_round
            if one_round() > SLOWEST:
                without |= {engine.name}
    found: dict[str, dict[int, Times]] = {}
    for label, times in interleave(calls, rounds).items():
        name, size_text = label.rsplit("|", 1)
        found.setdefault(name, {})[int(size_text)] = times
    return found


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options.tasks, options.rounds, options.sizes, Path(folder))
    for name, by_size in found.items():
        rows = {f"{size:,} rules": times for size, times in by_size.items()}
        show(name, rows, base=next(iter(rows)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
