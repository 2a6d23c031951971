"""Laws held to policies until the time is up: every law of every policy soon, then again with more tasks each round."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from admission.engine import Policy
from admission.testing.laws import LAWS, Law, run_law
from admission.testing.reports import LawBroken

if TYPE_CHECKING:
    from hypothesis import strategies as st

FIRST_ROUND = 10  # tasks a law and policy
MOST_AT_ONCE = 640  # no round takes so long that a law waits for its turn till the end
EVERY = 0.2  # seconds between two looks at the clock for the status line


class TimeIsUp(KeyboardInterrupt):
    """Ends a law between two tasks, as Ctrl-C would: what else is raised, Hypothesis takes for a finding."""


@dataclass(slots=True)
class StatusLine:
    """What is going on, in one line that is written over: on a terminal only, and a few times a second."""

    is_on: bool = field(default_factory=sys.stderr.isatty)
    last: float = 0.0

    def show(self, text: str) -> None:
        """Another text, if it is time for one."""
        now = time.monotonic()
        if self.is_on and now - self.last > EVERY:
            self.last = now
            self.write(text)

    def clear(self) -> None:
        """No text, so that something can be printed in its place."""
        if self.is_on:
            self.write("")

    @staticmethod
    def write(text: str) -> None:
        """The text in place of what stood in the line."""
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


@dataclass(slots=True)
class LongRun:
    """One run; the first round is finished whatever the time."""

    policies: Sequence[Policy]
    seed: int
    seconds: float
    failures: Path
    say: Callable[[str], None]
    status: StatusLine = field(default_factory=StatusLine)
    started: float = field(default_factory=time.monotonic)
    drawn: int = 0
    broken: dict[tuple[str, str], Path] = field(default_factory=dict)

    def run(self) -> bool:
        """Rounds until the time is up, or every law is broken; False where somebody pressed Ctrl-C before."""
        number = 1
        try:
            while self.round(number):
                number += 1
        except TimeIsUp:
            pass
        except KeyboardInterrupt:
            return False
        finally:
            self.status.clear()
        return True

    def round(self, number: int) -> bool:
        """Every law that is not yet broken of every policy, once; False where there is none."""
        most, before, turns = min(FIRST_ROUND * 2 ** (number - 1), MOST_AT_ONCE), self.drawn, 0
        for policy, law in self.turns():
            turns += 1
            self.turn(policy, law, number, most)
        self.status.clear()
        if turns:
            self.say(f"round {number}: {turns} laws, {self.drawn - before:,} tasks, {self.gone():.0f} s\n")
        return turns > 0

    def turns(self) -> Iterator[tuple[Policy, str]]:
        """What is still to be tested."""
        for law in LAWS:
            for policy in self.policies:
                if (policy.digest, law) not in self.broken:
                    yield policy, law

    def turn(self, policy: Policy, law: str, number: int, most: int) -> None:
        """One law of one policy; what is found is saved and told, also if time is up while it is made smaller."""
        seen: list[LawBroken] = []
        seed = Random(f"{self.seed} {number} {policy.id} {law}").randrange(2**32)  # noqa: S311 - no secret
        try:
            run_law(policy, self.watched(law, seen, is_timed=number > 1), max_examples=most, seed=seed)
        except LawBroken as found:
            self.keep(policy, law, str(found), found.case)
        except KeyboardInterrupt:
            for latest in seen[-1:]:
                self.keep(policy, law, str(latest), latest.case)
            raise
        except Exception as error:  # noqa: BLE001 - that nothing fails is a law too
            self.keep(policy, law, "".join(traceback.format_exception(error)), "")

    def watched(self, name: str, seen: list[LawBroken], *, is_timed: bool) -> Law:
        """The law, with an eye on the clock before each task, and on what it finds."""
        law = LAWS[name]

        @wraps(law)
        def run(policy: Policy, data: st.DataObject) -> None:
            if is_timed and self.gone() >= self.seconds:
                raise TimeIsUp
            self.drawn += 1
            self.show(policy, name)
            try:
                law(policy, data)
            except LawBroken as found:
                seen.append(found)
                raise

        return run

    def gone(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def show(self, policy: Policy, law: str) -> None:
        """Where the run is, on a terminal."""
        left = max(0, self.seconds - self.gone())
        self.status.show(f"{policy.id} {law} · {self.drawn:,} tasks · {len(self.broken)} broken · {left:.0f} s left")

    def keep(self, policy: Policy, law: str, report: str, case: str) -> None:
        """Save what was found, and tell it."""
        path = save(self.failures, f"{policy.id}-{law}", report, case)
        self.broken[policy.digest, law] = path
        self.status.clear()
        self.say(f"\n{report}\n\nsaved as {path}\n")


def save(folder: Path, name: str, report: str, case: str) -> Path:
    """A case to a file of its own, with what was found as comments above it; what has no case as plain text."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.{'yaml' if case else 'txt'}"
    said = report.replace(f"{case}\n\n", "", 1) if case else report
    comments = "\n".join(f"# {line}".rstrip() for line in said.splitlines())
    path.write_text(f"{comments}\n{case}\n" if case else f"{report}\n", encoding="utf-8")
    return path
