"""The few different answers that there are: kept once, and read by number."""

from __future__ import annotations

from threading import Lock
from typing import NamedTuple


class Answer(NamedTuple):
    """What a row of a table of decisions says beside its id and the policy; every list is sorted."""

    verdict: str
    channel: str | None = None
    violations: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    """The requirements that unknown facts leave open."""
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()


class Answers:
    """The answers given so far, by number. Threads may share it; the numbers follow the order of the asking."""

    def __init__(self) -> None:
        self.given: list[Answer] = []
        self._numbers: dict[Answer, int] = {}
        self._lock = Lock()

    def number(self, answer: Answer) -> int:
        """The number of an answer."""
        with self._lock:
            found = self._numbers.setdefault(answer, len(self.given))
            if found == len(self.given):
                self.given.append(answer)
            return found
