"""The other engines: the same two rule sets in the language of each, by the fastest way its documentation shows.

A module here holds one engine, or two that share a language. It imports its package when it is asked for an engine,
so one that is not installed keeps none of the others from running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from beijing import Answer, Facts, decide_tuple, task_of

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine with its rules loaded.

    What `given` and `answer` do to its input and output is not timed, and stands for nothing that a user would have
    to do for the sake of the engine: it only puts the same tasks, and compares the same answers.
    """

    name: str
    decide: Callable[[Any], Any]
    given: Callable[[Facts], Any] = dict
    answer: Callable[[Any], Any] = lambda result: result


@dataclass(frozen=True, slots=True)
class LimitRule:
    """A rule of the rule sets that grow: this unit may not ask for this kind of work below this amount (yuan)."""

    id: str
    issuer: str
    kind: str
    least: int


class WrongAnswerError(Exception):
    """An engine does not say what the others say: nothing that it takes is worth a figure."""


MOST_RULES = 1_000


class TooManyRulesError(Exception):
    """An engine is not given as many rules as these; the message says why."""


MODULES = {
    "cel": "cel-expr-python, common-expression-language",
    "cedar": "cedarpy",
    "json_logic": "datalogic-py",
    "pure_python": "rule-engine",
    "rete": "durable-rules",
    "zen_rules": "zen-engine",
}
"""Module, and the distributions that it needs."""


def engines(of: str, *arguments: Any) -> Iterator[Engine]:
    """The engines that are installed, by the function `of` of each module; the others are named on the terminal."""
    for name, distributions in MODULES.items():
        module = import_module(f"competitors.{name}")
        for make in getattr(module, of):
            try:
                yield make(*arguments)
            except ImportError as missing:
                print(f"left out: {missing.name} ({distributions}); pip install 'admission[bench]'")
            except TooManyRulesError as refused:
                print(f"left out: {distributions}: {refused}")


def expected(facts: Facts) -> Answer:
    """What the function written by hand says."""
    return Answer(*decide_tuple(task_of(facts)))


def agree(engine: Engine, tasks: Sequence[Facts], oracle: Callable[[Facts], Any] = expected) -> None:
    """Raises `WrongAnswerError`, which shows the first tasks that the engine decides otherwise than the oracle."""
    wrong = []
    for facts in tasks:
        said, wanted = engine.answer(engine.decide(engine.given(facts))), oracle(facts)
        if said != wanted:
            wrong.append(f"{facts}\n  expected {wanted}\n  found    {said}")
    if wrong:
        shown = "\n".join(wrong[:SHOWN])
        raise WrongAnswerError(f"{engine.name}: {len(wrong)} of {len(tasks)} tasks are decided otherwise:\n{shown}")
