"""Tasks decided column by column: each row to a number, each number to an answer."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from admission import ir
from admission.backends.columns.answers import Answers
from admission.backends.columns.doubts import Doubts
from admission.backends.columns.encoding import Encoder, Tasks
from admission.backends.columns.expressions import Evaluator
from admission.backends.columns.judgement import Bench, InForce, Judged, Judgement, State, judge
from admission.backends.columns.kleene import Truth, all_of, any_of, is_false, is_true, is_unknown, negated
from admission.backends.columns.look_ups import LookUps
from admission.backends.columns.numbering import Numbers, coded, numbered
from admission.backends.columns.terms import Places, day_from, days_of, repeated


class Decider:
    """Decides the tasks of one policy. Threads may share it."""

    def __init__(self, policy: ir.CheckedPolicy) -> None:
        self.policy = policy
        self.places = Places(policy)
        self.encoder = Encoder(policy, self.places)
        self.answers = Answers()
        self._look_ups = LookUps(policy, self.places)
        self._turns = sorted({days_of(day) for day in _turns(policy)})
        self._benches: dict[int, Bench] = {}

    def decide(self, tasks: Tasks) -> pl.Series:
        """The number of each task's answer in `answers`."""
        if isinstance(tasks.day, int):
            return self._decide(tasks, day_from(tasks.day))
        days = tasks.day
        stretches = repeated(0, pl.UInt32, tasks.height)
        for turn in self._turns:
            stretches = stretches + (days >= turn).cast(pl.UInt32)
        found = repeated(0, pl.UInt32, tasks.height)
        for stretch in stretches.unique():
            inside = stretches == stretch
            places = inside.arg_true()
            some = tasks if inside.all() else tasks.where(inside)
            codes = self._decide(some, day_from(days[places[0]]))
            found = codes if some is tasks else found.scatter(places, codes)
        return found

    def _decide(self, tasks: Tasks, sample: date) -> pl.Series:
        """The same for tasks between whose days nothing changes but the day itself; `sample` is one of them."""
        stretch = bisect(self._turns, days_of(sample))
        bench = self._benches.get(stretch) or self._benches.setdefault(stretch, Bench.on(self.policy, sample))
        evaluator = Evaluator(self.policy, self.places, self._look_ups, tasks, sample)
        return _Sitting(bench, evaluator).decide(self.answers)


def _turns(policy: ir.Policy) -> Iterator[date]:
    """The days on which a rule or the value of a parameter comes or goes."""
    for rule in ir.rules(policy):
        yield from (day for day in (rule.period.start,) if day)
        yield from (day + timedelta(1) for day in (rule.period.end,) if day and day < date.max)
    for parameter in policy.parameters.values():
        yield from (since for since, _ in parameter.values)


@dataclass(slots=True)
class _Sitting:
    """Some tasks under the rules that are in force for all of them."""

    bench: Bench
    evaluator: Evaluator

    @property
    def rules(self) -> InForce:
        """The rules in force."""
        return self.bench.rules

    def decide(self, answers: Answers) -> pl.Series:
        """The number of each task's answer."""
        flags = _Flags(self._flags())
        answered = self.bench.answered.get(flags.constants)
        if answered is not None:
            found = answered[coded(flags.columns, self.evaluator.tasks.height)]
            if not found.null_count():
                return found
        return self._judged(flags, answers)

    def _judged(self, flags: _Flags, answers: Answers) -> pl.Series:
        """The same, each combination of conditions judged where it was not before."""
        numbers = numbered(flags.columns, self.evaluator.tasks.height)
        judged = self.bench.judged.setdefault(flags.constants, {})
        for key in {*numbers.keys} - judged.keys():
            judged[key] = judge(self.bench.policy, self.rules, self._state(flags.of(key)))
        judgements = [judged[key] for key in numbers.keys]
        known = [(key, one) for key, one in zip(numbers.keys, judgements, strict=True) if not one.asks]
        found = {key: answers.number(one.answer) for key, one in known}
        if 1 << len(flags.columns) <= self.evaluator.tasks.height:  # for few tasks a table costs more than it saves
            self.bench.learn(flags.constants, len(flags.columns), found)
        if len(found) < len(numbers.keys):
            return self._with_missing(numbers, judgements, answers)
        return pl.Series(found.values(), dtype=pl.UInt32)[numbers.of]

    # --------------------------------------------------------------------------------------------- states

    def _flags(self) -> Iterator[Truth]:
        """For each route whether it is true and unknown, for each demand whether false and unknown, and the rest."""
        own = {name: self.evaluator.truth(route.when) for name, route in self.rules.routes.items()}
        above = self.rules.above
        effective = {name: all_of([own[name], *(negated(own[one]) for one in above[name])]) for name in own}
        for truth in effective.values():
            yield is_true(truth)
            yield is_unknown(truth)
        for rule in self.rules.requirements.values():
            demand = self._demand(rule)
            may = any_of(negated(is_false(effective[name])) for name in self.rules.leading_to(rule))
            yield all_of([may, is_false(demand)])
            yield all_of([may, is_unknown(demand)])
        yield negated(any_of(map(is_true, own.values())))

    def _demand(self, rule: ir.Requirement) -> Truth:
        """False where the requirement is violated: it applies, is not met, and no exception waives it."""
        truth = self.evaluator.truth
        waived = (truth(waiver.when) for waiver in self.rules.waivers[rule.id])
        return any_of([negated(truth(rule.when)), truth(rule.require), *waived])

    def _state(self, flags: tuple[bool, ...]) -> State:
        routes = 2 * len(self.rules.routes)
        told = [_told(flag, unknown) for flag, unknown in zip(flags[0:-1:2], flags[1:-1:2], strict=True)]
        demands = told[routes // 2 :]
        return State(tuple(told[: routes // 2]), tuple(_opposite(one) for one in demands), flags[-1])

    # -------------------------------------------------------------------------------------------- missing

    def _with_missing(self, numbers: Numbers, judgements: list[Judgement], answers: Answers) -> pl.Series:
        """The answers with the unknown facts that unknown routes and open requirements read."""
        missing = self._missing(numbers, judgements)
        flags = _Flags(missing.values())
        numbers = numbers._replace(keys=range(len(judgements)))
        whole = numbered(flags.columns, self.evaluator.tasks.height, numbers)
        found = []
        for key in whole.keys:
            number, held = divmod(key, 1 << len(flags.columns))
            names = (name for name, is_missing in zip(missing, flags.of(held), strict=True) if is_missing)
            found.append(answers.number(judgements[number].answer._replace(missing=tuple(sorted(names)))))
        return pl.Series(found, dtype=pl.UInt32)[whole.of]

    def _missing(self, numbers: Numbers, judgements: list[Judgement]) -> dict[str, Truth]:
        """By fact, where it is missing."""
        doubts = Doubts(self.evaluator)
        found: dict[str, list[Truth]] = {}
        for asked, parts in self._asked(judgements):
            is_asked = all(asked) or pl.Series(asked)[numbers.of]
            for part in parts:
                for name, truth in doubts.of(part).items():
                    found.setdefault(name, []).append(all_of([is_asked, truth]))
        return {name: any_of(truths) for name, truths in found.items()}

    def _asked(self, judgements: list[Judgement]) -> Iterator[tuple[list[bool], list[ir.Expr]]]:
        """The conditions that are asked of some rows, each list of them with the judgements that ask it."""
        for name, route in self.rules.routes.items():
            below = {name, *(other for other, above in self.rules.above.items() if name in above)}
            asked = [not below.isdisjoint(found.unknown_routes) for found in judgements]
            if route.when is not None and any(asked):
                yield asked, [route.when]
        for name, rule in self.rules.requirements.items():
            asked = [name in found.answer.open for found in judgements]
            if any(asked):
                conditions = (rule.when, rule.require, *(waiver.when for waiver in self.rules.waivers[name]))
                yield asked, [condition for condition in conditions if condition is not None]


class _Flags:
    """Conditions, none of them unknown; those that are the same on every row are no columns."""

    def __init__(self, flags: Iterable[Truth]) -> None:
        held = list(flags)
        self.constants = tuple(None if isinstance(flag, pl.Series) else bool(flag) for flag in held)
        """None where there is a column."""
        self.columns = [flag for flag in held if isinstance(flag, pl.Series)]

    def of(self, key: int) -> tuple[bool, ...]:
        """All conditions where the columns are the bits of `key`."""
        bits = iter(f"{key:0{len(self.columns)}b}")
        return tuple(next(bits) == "1" if constant is None else constant for constant in self.constants)


def _told(is_so: bool, is_unknown: bool) -> Judged:
    return None if is_unknown else is_so


def _opposite(told: Judged) -> Judged:
    return None if told is None else not told
