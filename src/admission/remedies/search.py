"""All minimal sets of changes that reach a goal.

A *cube* is a set of variables with the values they must have, kept values included; `Search.cubes` gives, for a goal,
cubes such that a choice of values reaches the goal exactly if it agrees with one of them. Whatever is minimal is
therefore the changes of one cube: the search is complete, over the values worth trying.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations, product
from math import comb, prod
from typing import assert_never

from admission import ir
from admission.datatypes import Kind, Value
from admission.diagnostics import AdmissionError
from admission.remedies.goals import All, Either, Goal, Leaf, Truth
from admission.remedies.values import Change, Space, Variable

Cube = frozenset[Change]
Changes = frozenset[Change]
MOST_CUBES = 4_096
EMPTY: Cube = frozenset()


class TooManyRemediesError(AdmissionError):
    """There are more sets of changes than can be listed."""


@dataclass(slots=True)
class Search:
    """Solves goals over one space."""

    space: Space
    # By the identity of a node: hashing one walks all of it. INVARIANT: the goal that is solved keeps them alive.
    reads: dict[int, frozenset[Variable]] = field(default_factory=dict)
    answers: dict[int, dict[tuple[Value | None, ...], Truth]] = field(default_factory=dict)

    def minimal(self, goal: Goal) -> list[Changes]:
        """The changes of every minimal remedy. Raises `TooManyRemediesError`."""
        found = self.cubes(goal, frozenset())
        return [changes for changes in found if self.is_nearest(goal, changes)]

    def is_nearest(self, goal: Goal, changes: Changes) -> bool:
        """Whether no number or date could stay nearer to what it is, the other changes fixed."""
        for variable, value in changes:
            if self.space.is_ordered(variable):
                distance = self.space.distance(variable, value)
                nearer = [v for v in self.space.domains[variable] if self.space.distance(variable, v) < distance]
                others = {key: v for key, v in changes if key != variable}
                if any(self.holds(goal, others | {variable: v}, variable) for v in nearer):
                    return False
        return True

    def holds(self, goal: Goal, choice: Mapping[Variable, Value | None], first: Variable) -> bool:
        """Whether a goal is reached by a choice of values, all else as it is; looks first at what reads `first`."""
        match goal:
            case All(parts):
                ordered = sorted(parts, key=lambda part: first not in self.read_by(part))
                return all(self.holds(part, choice, first) for part in ordered)
            case Either(parts):
                return any(self.holds(part, choice, first) for part in parts)
            case Leaf(expr, truths):
                now = self.space.current
                values = tuple(choice.get(v, now[v]) for v in self.space.readings[id(expr)])
                return self.answer(expr, values) in truths

    def answer(self, expr: ir.Expr, values: tuple[Value | None, ...]) -> Truth:
        """How a condition comes out with some values of what it reads; asked once."""
        known = self.answers.setdefault(id(expr), {})
        if values not in known:
            choice = zip(self.space.readings[id(expr)], values, strict=True)
            truth = self.space.value(expr, self.space.as_given(choice))
            known[values] = truth if truth is None else bool(truth)
        return known[values]

    def read_by(self, goal: Goal) -> frozenset[Variable]:
        """What a goal depends on."""
        if id(goal) not in self.reads:
            match goal:
                case Leaf(expr):
                    self.reads[id(goal)] = frozenset(self.space.readings[id(expr)])
                case All(parts) | Either(parts):
                    self.reads[id(goal)] = frozenset[Variable]().union(*(self.read_by(part) for part in parts))
        return self.reads[id(goal)]

    def cubes(self, goal: Goal, shared: frozenset[Variable]) -> list[Cube]:
        """The cubes of a goal; `shared` is what conditions outside it depend on too."""
        found: list[Cube]
        match goal:
            case Leaf():
                found = self.of_leaf(goal)
            case Either(parts):
                found = [cube for part in parts for cube in self.cubes(part, shared)]
            case All(parts):
                found = self.of_all(parts, shared)
            case _:
                assert_never(goal)
        return self.pruned(found, self.read_by(goal) - shared)

    def of_all(self, parts: tuple[Goal, ...], shared: frozenset[Variable]) -> list[Cube]:
        """Every cube of one part joined with every one of the others that it does not contradict."""
        solved = []
        for place, part in enumerate(parts):
            beside = (self.read_by(other) for other in (*parts[:place], *parts[place + 1 :]))
            found = self.cubes(part, shared.union(*beside))
            if not found:
                return []
            solved.append(found)
        return reduce(self.joined, sorted(solved, key=len), [EMPTY])

    def joined(self, first: list[Cube], second: list[Cube]) -> list[Cube]:
        """The cubes that agree with one of each."""
        if EMPTY in second:
            return first
        if len(first) * len(second) > MOST_CUBES * 16:
            raise TooManyRemediesError
        return _unsubsumed(one | other for one, other in product(first, second) if _agree(one, other))

    def of_leaf(self, leaf: Leaf) -> list[Cube]:
        """The values of what a condition reads with which it comes out as it must."""
        variables = self.space.readings[id(leaf.expr)]
        counted = self.counted(leaf)
        if counted is not None:
            return counted
        domains = [self.space.domains[variable] for variable in variables]
        if prod(map(len, domains)) > MOST_CUBES * 4:
            raise TooManyRemediesError
        good = (values for values in product(*domains) if self.answer(leaf.expr, values) in leaf.truths)
        return [frozenset(zip(variables, values, strict=True)) for values in good]

    def counted(self, leaf: Leaf) -> list[Cube] | None:
        """The cubes of a condition on how many elements one set has, and on nothing else; None for any other."""
        variables = self.space.readings[id(leaf.expr)]
        facts = {variable.fact for variable in variables}
        if len(facts) != 1 or len(variables) < 3 or isinstance(leaf.expr, ir.In):  # noqa: PLR2004 - few are listed
            return None
        fact = self.space.facts[facts.pop()]
        if fact.type.kind is not Kind.SET:
            return None
        size = len(variables)
        good = [
            n for n in range(size + 1) if self.answer(leaf.expr, (True,) * n + (False,) * (size - n)) in leaf.truths
        ]
        if sum(comb(size, n) for n in good) > MOST_CUBES * 16 and not _is_run(good, size):
            raise TooManyRemediesError
        return _of_sizes(variables, good)

    def pruned(self, found: Iterable[Cube], private: frozenset[Variable]) -> list[Cube]:
        """What is left when nothing outside depends on the private variables.

        A private variable at its current value need not be said; of cubes that differ in one private number only
        the nearest is left.
        """
        now = self.space.current
        said = {frozenset((v, x) for v, x in cube if v not in private or x != now[v]) for cube in found}
        for variable in private:
            if self.space.is_ordered(variable):
                said = self.nearest(said, variable)
        return _unsubsumed(said)

    def nearest(self, cubes: Iterable[Cube], variable: Variable) -> set[Cube]:
        """Of cubes that differ in one number or date only, those with the least change of it."""
        least: dict[Cube, int] = {}
        apart = []
        for cube in cubes:
            value = next(((v, x) for v, x in cube if v == variable), None)
            rest = cube - {value} if value else cube
            distance = self.space.distance(*value) if value else -1
            least[rest] = min(distance, least.get(rest, distance))
            apart.append((cube, rest, distance))
        return {cube for cube, rest, distance in apart if least[rest] == distance}


def _agree(one: Cube, other: Cube) -> bool:
    small, large = (one, dict(other)) if len(one) < len(other) else (other, dict(one))
    return all(large.get(variable, value) == value for variable, value in small)


def _unsubsumed(cubes: Iterable[Cube]) -> list[Cube]:
    """The cubes of which no other is a part."""
    kept: list[Cube] = []
    for cube in sorted(set(cubes), key=len):
        if not any(less <= cube for less in kept):
            kept.append(cube)
            if len(kept) > MOST_CUBES:
                raise TooManyRemediesError
    return kept


def _is_run(good: list[int], size: int) -> bool:
    """Whether all sizes from one on, or up to one, are good."""
    return bool(good) and len(good) == good[-1] - good[0] + 1 and (good[0] == 0 or good[-1] == size)


def _of_sizes(variables: tuple[Variable, ...], good: list[int]) -> list[Cube]:
    size = len(variables)
    if not good:
        return []
    if _is_run(good, size):
        asked, held = (good[0], True) if good[-1] == size else (size - good[-1], False)
        if comb(size, asked) > MOST_CUBES * 16:
            raise TooManyRemediesError
        return [frozenset((variable, held) for variable in some) for some in combinations(variables, asked)]
    return [
        frozenset((variable, variable in some) for variable in variables)
        for n in good
        for some in combinations(variables, n)
    ]
