"""Asking the solver: a task that fulfils some conditions, or the proof that there is none."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import z3

from admission.backends.smt.model import Model
from admission.backends.smt.oracles import Oracle
from admission.backends.smt.terms import Formula

MOST_CORRECTIONS = 400


class NotProved(Exception):  # noqa: N818 - the third answer beside a task and a proof, not a failure
    """The solver found neither a task nor a proof in the time it was given."""


class Prover:
    """The policies that are asked about, on sound tasks, and a bound on the time of one question, in seconds."""

    def __init__(self, models: Iterable[Model], seconds: float, *always: Formula) -> None:
        self.models = tuple(models)
        self.seconds = seconds
        self.solver = z3.SolverFor("QF_UFLIA")
        self.told: set[int] = set()
        for model in self.models:
            self.solver.add(model.sound())
        self.solver.add(*always)

    def tell(self) -> None:
        """What is known of the functions that were met since the last question."""
        for oracle in self.oracles:
            if id(oracle) not in self.told:
                self.solver.add(*oracle.axioms())
                self.told.add(id(oracle))

    def find(self, *conditions: Formula) -> Any | None:
        """A model of the conditions, or None where it is proved that there is none.

        Raises `NotProved` when the time is up.
        """
        end = time.monotonic() + self.seconds
        self.tell()
        hints: list[Formula] = []
        for _ in range(MOST_CORRECTIONS):
            answer = self.check(end, *conditions, *hints)
            if answer == z3.unsat and not hints:
                return None
            if answer != z3.sat:
                if not hints:
                    break
                hints = []
                continue
            model = self.solver.model()
            corrections = [c for o in self.oracles if (c := o.correction(model)) is not None]
            if not corrections:
                return model
            self.solver.add(*corrections)
            # Where the truth was just told, the solver looks first: else it may wander from one guess to the next.
            hints = [oracle.near(model) for oracle in self.oracles]
        raise NotProved

    def check(self, end: float, *conditions: Formula) -> Any:
        """The solver's answer, by the time given. Raises `NotProved` when it is past."""
        left = end - time.monotonic()
        if left <= 0:
            raise NotProved
        self.solver.set("timeout", max(1, int(left * 1000)))
        return self.solver.check(*conditions)

    @property
    def oracles(self) -> list[Oracle]:
        """The functions that are told where the solver looks."""
        return [oracle for model in self.models for oracle in model.oracles]

    def is_possible(self, *conditions: Formula) -> bool:
        """Whether a task fulfils the conditions. Raises `NotProved`."""
        return self.find(*conditions) is not None
