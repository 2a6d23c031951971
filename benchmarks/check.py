"""What an author waits for: `admission check` on each shipped pack with every proof, and the remedies of a refusal.

    python benchmarks/check.py [--rounds 5] [--tasks 2000]

Neither has a competitor. What is held to the function written by hand is where a remedy leads: to an admission.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import admission
from beijing import DAY, SOUND, TASKS, Facts, complete_tasks
from competitors import WrongAnswerError, expected
from startup import BARE, ROOT, over_bare, python
from timing import Times, interleave, machine, once, show

ROUNDS = 5
REFUSED = 200
MEASURED = 50


def packs() -> list[Path]:
    """The policies that are shipped."""
    return sorted(path for path in (ROOT / "policies").iterdir() if (path / "policy.yaml").is_file())


def proofs(pack: Path) -> str:
    """What `admission check` prints of a pack; it raises `CalledProcessError` where the pack is not proved sound."""
    return python("-m", "admission", "check", str(pack)).stdout


def plain(task: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of a task as the function written by hand takes them: whole yuan, and no id or day."""
    found = {name: task[name] for name in SOUND}
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in found.items()}


def refused(number: int) -> list[Facts]:
    """The refused ones of so many tasks."""
    return [facts for facts in complete_tasks(number) if expected(facts).verdict == "refuse"]


def wrong_remedies(policy: admission.Policy, tasks: Sequence[Facts]) -> Iterator[str]:
    """Remedies that do not lead to an admission by the function written by hand, or that are none to begin with."""
    for facts in tasks:
        for remedy in policy.remedies(facts, as_of=DAY):
            answer = expected(plain(remedy.apply()))
            if answer.verdict != "admit" or not remedy.changes:
                yield f"{facts}\n  remedy {[change.fact for change in remedy.changes]} leads to {answer}"


def check(number: int) -> None:
    """Every pack is proved, and every remedy of so many refused tasks leads to an admission."""
    for pack in packs():
        proofs(pack)
    tasks = refused(number)[:REFUSED]
    for wrong in wrong_remedies(admission.load(ROOT / "policies" / "beijing"), tasks):
        raise WrongAnswerError(wrong)
    print(f"{len(packs())} packs are proved; the remedies of {len(tasks)} refused tasks lead to admission")


def remedy_times(number: int, rounds: int) -> Times:
    """The remedies of one refused task: the middle over tasks is one round."""
    policy = admission.load(ROOT / "policies" / "beijing")
    tasks = refused(number)[:MEASURED]
    calls = {str(place): once(partial(policy.remedies, facts, as_of=DAY)) for place, facts in enumerate(tasks)}
    return Times(tuple(times.median for times in interleave(calls, rounds).values()))


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--tasks", type=int, default=TASKS)
    options = parser.parse_args()
    print(machine())
    check(options.tasks)
    calls = {BARE: once(lambda: python("-c", "pass"))}
    calls |= {f"admission check {pack.name}": once(partial(proofs, pack)) for pack in packs()}
    times = interleave(calls, options.rounds)
    show("every proof of a pack, over a bare interpreter", over_bare(times), base=list(times)[1], unit="s")
    found = remedy_times(options.tasks, options.rounds)
    print(f"\nremedies of one refused task, over {len(found.rounds)} tasks (ms)")
    print(f"median {found.median * 1e3:.2f}, min {min(found.rounds) * 1e3:.2f}, max {max(found.rounds) * 1e3:.2f}")


if __name__ == "__main__":
    main()
