"""One decision of the Beijing policy: a validated task, a raw mapping, a partial task; against everything else.

    python benchmarks/decide.py [--rounds 25] [--tasks 2000]

Every engine is first held to the function written by hand on all tasks; one that says otherwise ends the run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import admission
from beijing import (
    ASSUMED,
    DAY,
    ENUMS,
    TASKS,
    Answer,
    Decision,
    Facts,
    complete_tasks,
    decide_dataclass,
    decide_tuple,
    decide_whole,
    partial_tasks,
    pydantic_decide,
    task_of,
)
from competitors import Engine, WrongAnswerError, agree, engines, expected
from timing import ROUNDS, Times, interleave, machine, over, over_new, show

ROOT = Path(__file__).parents[1]
FEW = 200
FIRST = "admission, policy.Task, for the first time"
ACTIONS = (["contact_residents"], ["enforce"])
"""One set that is permitted and one that is not."""


def load() -> admission.Policy:
    """The policy as it is shipped."""
    return admission.load(ROOT / "policies" / "beijing")


def said(decision: Any) -> Answer:
    """The answer of one of the library's decisions."""
    return Answer(str(decision.verdict), decision.channel, tuple(sorted(one.rule for one in decision.violations)))


def said_by_hand(decision: Decision) -> Answer:
    """The answer of one of the dataclasses written by hand."""
    return Answer(decision.verdict, decision.channel, decision.violations)


def by_hand() -> Iterator[Engine]:
    """Functions written by hand: what they take is the ground that everything else is measured from."""
    yield Engine("by hand, tuple", decide_tuple, task_of, lambda found: Answer(*found))
    yield Engine("by hand, dataclass", decide_dataclass, task_of, said_by_hand)
    yield Engine("by hand, all that we tell", decide_whole, task_of, said_by_hand)
    try:
        yield Engine("by hand, behind pydantic", pydantic_decide(), answer=said_by_hand)
    except ImportError:
        print("left out: pydantic")


def library(policy: admission.Policy) -> Iterator[Engine]:
    """The library with a task that was validated before, and with a mapping as it comes from JSON."""
    yield Engine("admission, policy.Task", policy.decide, lambda facts: policy.Task(**facts, as_of=DAY), said)
    yield Engine("admission, raw dict", policy.decide, lambda facts: {**facts, "as_of": DAY}, said)


def contenders(policy: admission.Policy) -> Iterator[Engine]:
    """All who answer a complete task."""
    yield from by_hand()
    yield from library(policy)
    yield from engines("BEIJING")


def completions(facts: Facts) -> Iterator[dict[str, Any]]:
    """The partial task with every unknown fact at every value that a rule tells apart."""
    known = {**ASSUMED, **facts}
    unknown = {name: ACTIONS if name == "actions" else ENUMS[name] for name in (*ENUMS, "actions") if name not in known}
    unknown.update({name: values[:1] for name, values in unknown.items() if name == "issuer"})
    for values in product(*unknown.values()):
        yield {**known, **dict(zip(unknown, values, strict=True))}


def agree_on_partial(decide: Callable[[Facts], Any], tasks: Sequence[Facts]) -> int:
    """Raises `WrongAnswerError` unless what is decided is what every completion comes to; counts what is open.

    A decision with nothing unknown must be the hand-written one; one with unknowns is either undetermined, and then
    more than one answer is left, or it has the only verdict that is left.
    """
    undetermined = 0
    for facts in tasks:
        verdict = str(decide(facts).verdict)
        left = {expected(one).verdict for one in completions(facts)}
        undetermined += verdict == "undetermined"
        if left != {verdict} and not (verdict == "undetermined" and len(left) > 1):
            raise WrongAnswerError(f"{facts}\n  left {sorted(left)}\n  said {verdict}")
    return undetermined


def check(number: int) -> list[Engine]:
    """Every engine that is installed, each held to the oracle on so many tasks; partial tasks too."""
    policy, tasks = load(), complete_tasks(number)
    kept = list(contenders(policy))
    for engine in kept:
        agree(engine, tasks)
    partial = partial_tasks(min(number, FEW))
    undetermined = agree_on_partial(lambda facts: policy.decide(facts, as_of=DAY), partial)
    print(f"{len(kept)} engines agree on {number} tasks; {len(partial)} partial tasks, {undetermined} undetermined")
    return kept


def partial_times(policy: admission.Policy, number: int, rounds: int) -> Mapping[str, Times]:
    """The library on tasks that lack facts, beside the same tasks with every fact known."""
    whole = [{**facts, "as_of": DAY} for facts in complete_tasks(number)]
    partial = [{**facts, "as_of": DAY} for facts in partial_tasks(number)]
    is_open = [str(policy.decide(facts).verdict) == "undetermined" for facts in partial]
    kinds = {
        "every fact known": whole,
        "facts missing, decided": [facts for facts, left in zip(partial, is_open, strict=True) if not left],
        "facts missing, undetermined": [facts for facts, left in zip(partial, is_open, strict=True) if left],
    }
    return interleave({name: over(policy.decide, tasks) for name, tasks in kinds.items()}, rounds)


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(machine())
    kept = check(options.tasks)
    tasks = complete_tasks(options.tasks)
    rounds = {engine.name: over(engine.decide, [engine.given(facts) for facts in tasks]) for engine in kept}
    policy = load()
    given = [{**facts, "as_of": DAY} for facts in tasks]
    rounds[FIRST] = over_new(policy.decide, lambda: [policy.Task(**facts) for facts in given])
    times = interleave(rounds, options.rounds)
    show("one decision", times, base="by hand, dataclass")
    if "datalogic-py" in times:
        raw = {name: times[name] for name in ("datalogic-py", "admission, raw dict", "by hand, behind pydantic")}
        show("one raw mapping", raw, base="datalogic-py")
    show("partial tasks", partial_times(policy, options.tasks, options.rounds), base="every fact known")


if __name__ == "__main__":
    main()
