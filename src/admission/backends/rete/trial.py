"""A rule set is tried in a child process before it is used in this one.

If the engine should hang, grow or die of it, the child does, and the caller gets an error.

    python -m admission.backends.rete.trial < rules.json
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from functools import lru_cache

from admission.backends.rete.matcher import Matcher, MatchError, engine
from admission.backends.rete.rules import Condition, Equals, Ordered, Rule, RuleSet, Same

SECONDS = 30
MEMORY = 2**30  # bytes of address space
ROUNDS = 50


def tried(rules: RuleSet) -> RuleSet:
    """The rule set, once a child process has compiled it and fed it facts.

    Raises `MatchError` where that failed, `EngineMissingError` where there is no engine.
    """
    engine()
    _try(to_json(rules))
    return rules


@lru_cache(maxsize=64)
def _try(rules: str) -> None:
    command = [sys.executable, "-m", "admission.backends.rete.trial"]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, this module, no user's text in the command
            command, input=rules, capture_output=True, text=True, timeout=SECONDS, check=False, env=_environment()
        )
    except subprocess.TimeoutExpired:
        raise MatchError(f"the watches took the engine more than {SECONDS} s to try") from None
    except OSError as error:
        raise MatchError(f"no child process can be started to try the watches in: {error}") from None
    if done.returncode != 0 or done.stdout.strip() != "tried":
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MatchError(f"the engine cannot run these watches: {last[:200]}")


def _environment() -> dict[str, str]:
    """This process's environment, its import path included, so that the child finds the same packages."""
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def to_json(rules: RuleSet) -> str:
    """The rule set as JSON text, for the child."""
    return json.dumps({"tags": dict(rules.tags), "rules": [asdict(rule) for rule in rules.rules]}, sort_keys=True)


def from_json(text: str) -> RuleSet:
    """The rule set that `to_json` wrote."""
    read = json.loads(text)
    tags = {tag: tuple(fields) for tag, fields in read["tags"].items()}
    return RuleSet(tags, tuple(Rule(r["name"], tuple(map(_condition, r["conditions"]))) for r in read["rules"]))


def _condition(read: dict[str, list[dict[str, object]]]) -> Condition:
    return Condition(
        str(read["tag"]),
        tuple(Equals(**t) for t in read["tests"]),  # type: ignore[arg-type] # as `asdict` wrote it
        tuple(Same(**s) for s in read["same"]),  # type: ignore[arg-type]
        tuple(Ordered(**o) for o in read["ordered"]),  # type: ignore[arg-type]
    )


def exercise(rules: RuleSet) -> None:
    """Feed a fresh matcher facts of every tag: all zeros, all ones, and numbers that differ."""
    matcher = Matcher(rules, most=4 * ROUNDS)
    for number in range(ROUNDS):
        matcher.make_room(len(rules.tags))
        for tag, fields in rules.tags.items():
            matcher.put(tag, tuple(min(number, 1) if number < ROUNDS // 2 else number % 7 for _ in fields))
    matcher.close()


def _limit() -> None:
    """Bound this process's time and memory, where the system can."""
    try:
        import resource
    except ImportError:  # there is none on Windows; the parent's timeout remains
        return
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit()
    exercise(from_json(sys.stdin.read()))
    sys.stdout.write("tried\n")
