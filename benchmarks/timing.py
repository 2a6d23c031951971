"""Times of several callables in one run, round by round, so that a busy moment of the machine falls on all of them.

`pyperf` measures one callable at a time, each in processes of its own: its calibration and statistics are better, but
between two engines that were measured minutes apart the machine has changed more than the ratio that is asked for.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ROUNDS = 25
LONG_ENOUGH = 0.01
"""Seconds of one round of one callable: long against the clock's step, short against the machine's moods."""
EXTENT = {"µs": 1e6, "ms": 1e3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds a call, one for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle round."""
        return statistics.median(self.rounds)

    def against(self, base: Times) -> float:
        """The middle of the ratios of rounds that ran side by side: no drift of the machine is left in it."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.rounds, base.rounds, strict=True))


def over(decide: Callable[[Any], object], tasks: Sequence[Any]) -> Callable[[], float]:
    """A round of `decide` over the tasks, some of them or again and again, as long as is long enough.

    A round returns the seconds of one call.
    """
    start, count = time.perf_counter(), 0
    while count < len(tasks) and (count < 1 or time.perf_counter() - start < LONG_ENOUGH):
        decide(tasks[count])
        count += 1
    batch = tasks[:count]
    again = max(1, round(LONG_ENOUGH / (time.perf_counter() - start)))

    def one_round() -> float:
        start = time.perf_counter()
        for _ in range(again):
            for task in batch:
                decide(task)
        return (time.perf_counter() - start) / again / len(batch)

    return one_round


def over_new(decide: Callable[[Any], object], make: Callable[[], Sequence[Any]]) -> Callable[[], float]:
    """A round of `decide` over tasks that were made for it, untimed: each is decided for the first time."""

    def one_round() -> float:
        tasks = make()
        start = time.perf_counter()
        for task in tasks:
            decide(task)
        return (time.perf_counter() - start) / len(tasks)

    return one_round


def once(call: Callable[[], object]) -> Callable[[], float]:
    """A round of one call, for what takes milliseconds or more."""

    def one_round() -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return one_round


def interleave(contenders: Mapping[str, Callable[[], float]], rounds: int = ROUNDS) -> dict[str, Times]:
    """Every contender once a round, forwards and backwards in turn; the first round only warms them up."""
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    gc.freeze()  # what is loaded stays, and need not be looked over in every round
    for number in range(rounds + 1):
        for name in list(contenders)[:: 1 if number % 2 else -1]:
            gc.collect()
            gc.disable()
            taken[name].append(contenders[name]())
            gc.enable()
    gc.unfreeze()
    return {name: Times(tuple(times[1:])) for name, times in taken.items()}


def show(title: str, times: Mapping[str, Times], *, base: str, unit: str = "µs") -> None:
    """A table of median, minimum, maximum and the ratio to `base`."""
    width = max(map(len, times))
    print(f"\n{title} ({unit}, {len(times[base].rounds)} interleaved rounds)")
    print(f"{'':{width}} {'median':>11} {'min':>11} {'max':>11} {'ratio':>9}")
    for name, taken in times.items():
        figures = (value * EXTENT[unit] for value in (taken.median, min(taken.rounds), max(taken.rounds)))
        print(f"{name:{width}} {' '.join(f'{one:11,.2f}' for one in figures)} {taken.against(times[base]):8.2f}x")


def machine() -> str:
    """One line that says where this runs, and how busy it is."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {sys.platform}-{platform.machine()}, {os.cpu_count()} cores, load {load:.2f}"
