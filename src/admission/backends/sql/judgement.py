"""The decision of semantics, section 5, as stages of a query: candidates, what stands against them, the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import combinations
from typing import TypeVar

from sqlglot import exp

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.doubts import Doubts
from admission.backends.sql.exclusion import exclude
from admission.backends.sql.expressions import Emitter
from admission.backends.sql.terms import Term

R = TypeVar("R", bound=ir.Rule)
REFUSE = terms.text("refuse")
UNDETERMINED = terms.text("undetermined")
Names = list[tuple[Term, str]]
"""Conditions, none of them unknown, and the name that each puts on a list; sorted by name."""


class Judgement:
    """The rules of a policy that can be in force on the days of a query, and the columns that weigh them."""

    def __init__(self, policy: ir.CheckedPolicy, emit: Emitter) -> None:
        self.policy = policy
        self.emit = emit
        self.doubts = Doubts(policy, emit)
        self.atoms: dict[Term, str] | None = None
        """What else the decision reads of a row, by column; None: it reads the row itself."""
        self.routes = self._in_force(policy.routes.values())
        self.channels = sorted({route.to for route in self.routes})
        reached = [r for r in self._in_force(policy.requirements.values()) if set(r.channels) & set(self.channels)]
        self.requirements = [r for r in reached if r.effect == "refuse"]
        self.notes = [r for r in reached if r.effect == "note"]
        self.exceptions = self._in_force(policy.exceptions.values())
        self.reaches = sorted({self._reach(rule) for rule in self.requirements})
        named = [*(r.id for r in self.routes), *(r.id for r in reached), *self.channels]
        self.places = {name: place for place, name in enumerate(dict.fromkeys(named))}
        self.can_clash = any(not exclude(*pair) for pair in combinations(self.routes, 2))

    def _in_force(self, rules: Iterable[R]) -> list[R]:
        """The rules that can be in force, sorted by id."""
        day = self.emit.as_of
        return sorted((rule for rule in rules if day is None or day in rule.period), key=lambda rule: rule.id)

    def _reach(self, rule: ir.Requirement) -> tuple[str, ...]:
        return tuple(channel for channel in self.channels if channel in rule.channels)

    def expressions(self) -> Iterator[ir.Expr]:
        """Every expression that the decision reads."""
        judged = [*self.requirements, *self.notes]
        waiving = [e for e in self.exceptions if any(rule.id in e.waives for rule in judged)]
        rules: list[ir.Rule] = [*self.routes, *judged, *waiving]
        for rule in rules:
            yield from ir.parts(rule).values()

    def owning(self) -> Iterator[tuple[str, list[Term]]]:
        """The stage of the routes' own conditions, by its name and the columns that it adds."""
        yield "owned", list(self._own())

    def routing(self) -> Iterator[tuple[str, list[Term]]]:
        """The stage that routes by them."""
        effective = self._effective()
        routes = [terms.named(term, self._name("route", name)) for name, term in effective.items()]
        taken = [terms.named(self._taken(effective.values()), "taken")] if self.can_clash else []
        yield "routed", [*routes, *taken]

    def judging(self) -> Iterator[tuple[str, list[Term]]]:
        """The stages that decide, each by its name and the columns that it adds."""
        yield "judged", list(self.demands())
        yield from self.weighing()

    def weighing(self) -> Iterator[tuple[str, list[Term]]]:
        """Those of them that read nothing of a row but what routing and its demands say."""
        yield "weighed", self._weighed()
        yield "decided", self._decided()

    # ------------------------------------------------------------------------------------------- columns

    def _name(self, kind: str, name: str) -> str:
        return terms.label(kind, self.places[name], name)

    def own(self, route: ir.Route) -> Term:
        """The column of a route's own condition."""
        return terms.column(self._name("own", route.id))

    def effective(self, route: ir.Route) -> Term:
        """The column of a route's effective condition."""
        return terms.column(self._name("route", route.id))

    def demand(self, rule: ir.Requirement) -> Term:
        """The column of a requirement's demand."""
        return terms.column(self._name("demand", rule.id))

    def may(self, channel: str) -> Term:
        """The column that says whether a channel is a candidate."""
        return terms.column(self._name("may", channel))

    def against(self, channel: str) -> Term:
        """The column that says whether a requirement of a channel is violated."""
        return terms.column(self._name("against", channel))

    def open_at(self, channel: str) -> Term:
        """The column that says whether a requirement of a channel is open."""
        return terms.column(self._name("open", channel))

    def only(self, reach: tuple[str, ...]) -> Term:
        """The column that says whether there is no candidate but these channels."""
        return terms.column(f"only_{self.reaches.index(reach)}")

    def free(self, reach: tuple[str, ...]) -> Term:
        """The column that says whether one of these channels is a candidate that nothing stands against."""
        return terms.column(f"free_{self.reaches.index(reach)}")

    # --------------------------------------------------------------------------------------- conditions

    def _own(self) -> Iterator[Term]:
        """Each route's own condition; false while the route is not in force."""
        for route in self.routes:
            yield terms.named(self._while_in_force(route), self._name("own", route.id))

    def _while_in_force(self, rule: ir.Route | ir.ExceptionRule) -> Term:
        when = terms.TRUE if rule.when is None else self.emit.expression(rule.when)
        return terms.all_of([self.emit.within(rule.period), when])

    def demands(self) -> Iterator[Term]:
        """Each requirement's demand: false where it is violated, true while it is not in force."""
        for rule in (*self.requirements, *self.notes):
            waivers = [self._while_in_force(e) for e in self.exceptions if rule.id in e.waives]
            idle = terms.negated(self.emit.within(rule.period))
            spared = terms.FALSE if rule.when is None else terms.negated(self.emit.expression(rule.when))
            met = self.emit.expression(rule.require)
            yield terms.named(terms.any_of([idle, spared, met, *waivers]), self._name("demand", rule.id))

    def _effective(self) -> dict[str, Term]:
        """Each route's effective condition: its own, and not that of any route above it."""
        found = {}
        for route in self.routes:
            above = [terms.negated(terms.all_of([held, self.own(other)])) for other, held in self._above(route)]
            found[route.id] = terms.all_of([self.own(route), *above])
        return found

    def _above(self, route: ir.Route) -> Iterator[tuple[ir.Route, Term]]:
        """The routes above a route, and whether they are on the day: a path leads through routes in force."""
        by_day = [(period, self._above_on(route, period)) for period in self._stretches()]
        for other in self.routes:
            days = [period for period, names in by_day if other.id in names]
            if days:
                always = route.id in other.overrides or len(days) == len(by_day)
                held = terms.any_of(self.emit.within(period) for period in days)
                yield other, terms.TRUE if always else self.atom(held)

    def _stretches(self) -> list[ir.Period]:
        """The stretches of days on which the same routes are in force."""
        if self.emit.as_of is not None:
            return [ir.Period(self.emit.as_of, self.emit.as_of)]
        starts = {route.period.start for route in self.routes if route.period.start}
        starts |= {route.period.end + timedelta(1) for route in self.routes if route.period.end}
        turns = sorted(starts)
        ends = [turn - timedelta(1) for turn in turns]
        return [ir.Period(start, end) for start, end in zip([None, *turns], [*ends, None], strict=True)]

    def _above_on(self, route: ir.Route, period: ir.Period) -> set[str]:
        sample = period.start or period.end
        routes = [r for r in self.routes if sample is None or sample in r.period]
        found = {route.id}
        while more := {r.id for r in routes if found & set(r.overrides)} - found:
            found |= more
        return found - {route.id}

    # ------------------------------------------------------------------------------------------ verdict

    def _taken(self, effective: Iterable[Term]) -> Term:
        """How many routes are true."""
        one = terms.bit if self.emit.dialect.numbers else terms.chosen
        counted = [one(terms.is_true(route), 1) for route in effective]
        return terms.total(counted) if counted else terms.number(0)

    def _weighed(self) -> list[Term]:
        """Which channels are candidates, and what stands against each."""
        nowhere = terms.negated(terms.any_of(terms.is_true(self.own(route)) for route in self.routes))
        unsettled = terms.any_of(terms.is_unknown(self.effective(route)) for route in self.routes)
        found = [terms.named(nowhere, "nowhere"), terms.named(unsettled, "unsettled")]
        for channel in self.channels:
            leading = [self.effective(route) for route in self.routes if route.to == channel]
            demands = [self.demand(rule) for rule in self.requirements if channel in rule.channels]
            found += [
                terms.named(terms.any_of(map(terms.is_not_false, leading)), self._name("may", channel)),
                terms.named(terms.any_of(map(terms.is_false, demands)), self._name("against", channel)),
                terms.named(terms.any_of(map(terms.is_unknown, demands)), self._name("open", channel)),
            ]
        return found

    def _decided(self) -> list[Term]:
        """The verdict and the channel, and what the lists of the answer rest on."""
        found = [terms.named(self._verdict(), "verdict"), terms.named(self._channel(), "channel")]
        for place, reach in enumerate(self.reaches):
            elsewhere = [terms.negated(self.may(channel)) for channel in self.channels if channel not in reach]
            only = terms.all_of([terms.negated(terms.column("nowhere")), *elsewhere])
            free = [terms.all_of([self.may(c), terms.negated(self.against(c))]) for c in reach]
            found += [terms.named(only, f"only_{place}"), terms.named(terms.any_of(free), f"free_{place}")]
        return found

    def _verdict(self) -> Term:
        stopped = (terms.any_of([terms.negated(self.may(c)), self.against(c)]) for c in self.channels)
        doubtful = (terms.all_of([self.may(c), self.open_at(c)]) for c in self.channels)
        branches = [
            (self.outside(), terms.null("TEXT")),
            (self.clash(), UNDETERMINED),
            (terms.all_of(stopped), REFUSE),
            (terms.any_of([terms.column("unsettled"), *doubtful]), UNDETERMINED),
        ]
        branches += [(self.may(c), terms.text(self.policy.channels[c].outcome)) for c in self.channels]
        return terms.case(branches, terms.null("TEXT"))

    def _channel(self) -> Term:
        lost = terms.any_of([self.outside(), self.clash(), terms.column("unsettled")])
        settled = [(self.may(channel), terms.text(channel)) for channel in self.channels]
        return terms.case([(lost, terms.null("TEXT")), *settled], terms.null("TEXT"))

    def clash(self) -> Term:
        """Whether two routes or more are true."""
        return exp.GT(this=terms.column("taken"), expression=terms.number(1)) if self.can_clash else terms.FALSE

    def atom(self, term: Term) -> Term:
        """A term over the row itself, or the column that keeps what it says."""
        if self.atoms is None or isinstance(term, exp.Boolean):
            return term
        return terms.column(self.atoms.setdefault(term, f"atom_{len(self.atoms)}"))

    def outside(self) -> Term:
        """Whether the row's day is none of the policy's: such a row has no verdict."""
        if self.emit.as_of is not None:
            return terms.FALSE
        return self.atom(self.is_outside())

    def is_outside(self) -> Term:
        """The same, of the row's day itself."""
        day, period = self.emit.day, self.policy.period
        early = [] if period.start is None else [exp.LT(this=day, expression=self.emit.dialect.day(period.start))]
        late = [] if period.end is None else [exp.GT(this=day, expression=self.emit.dialect.day(period.end))]
        return terms.any_of([terms.is_unknown(day), *early, *late])

    # ------------------------------------------------------------------------------------------- result

    def result(self) -> list[tuple[str, Term]]:
        """The columns of the answer, by name."""
        asks = terms.all_of([has_verdict(UNDETERMINED), terms.negated(self.clash())])
        conflict = terms.all_of([has_verdict(UNDETERMINED), self.clash()])
        lists = {
            "violations": (has_verdict(REFUSE), self.violations()),
            "open": (asks, self.open()),
            "missing": (asks, self.missing()),
            "notes": (terms.is_known(terms.column("channel", "p")), self.noted()),
            "conflict": (conflict, [(terms.is_true(self.effective(route)), route.id) for route in self.routes]),
        }
        names = self.emit.dialect.names
        found = [(name, terms.column(name, "p")) for name in ("id", "verdict", "channel")]
        for name, (condition, listed) in lists.items():
            is_empty = not listed or condition == terms.FALSE
            found.append((name, names([]) if is_empty else terms.case([(condition, names(listed))], names([]))))
        return [*found, ("policy", terms.text(self.policy.digest))]

    def violations(self) -> Names:
        """What stands against the task at every candidate; for a refused task."""
        standing = [(self._stands(rule), rule.id) for rule in self.requirements]
        lost = terms.all_of(terms.negated(self.may(channel)) for channel in self.channels)
        nothing = terms.negated(terms.any_of([lost, *(stands for stands, _ in standing)]))
        return by_name([*standing, (lost, ir.NO_ROUTE), (nothing, ir.EVERY_ROUTE_REFUSES)])

    def _stands(self, rule: ir.Requirement) -> Term:
        return terms.all_of([terms.is_false(self.demand(rule)), self.only(self._reach(rule))])

    def open(self) -> Names:
        """The open requirements of each candidate that nothing stands against; for a task that asks."""
        return [(self._is_open(rule), rule.id) for rule in self.requirements]

    def _is_open(self, rule: ir.Requirement) -> Term:
        return terms.all_of([terms.is_unknown(self.demand(rule)), self.free(self._reach(rule))])

    def noted(self) -> Names:
        """The violated requirements of effect note; where the channel is settled."""
        return [
            (terms.all_of([terms.is_false(self.demand(rule)), terms.any_of(map(self.may, self._reach(rule)))]), rule.id)
            for rule in self.notes
        ]

    def missing(self) -> Names:
        """The unknown facts that unknown routes and open requirements read; for a task that asks."""
        found: dict[str, list[Term]] = {}
        for condition, expr in [*self._unknown_routes(), *self._open_demands()]:
            for name, doubts in self.doubts.of(expr).items():
                found.setdefault(name, []).append(terms.all_of([condition, self.atom(terms.any_of(doubts))]))
        return by_name([(terms.any_of(conditions), name) for name, conditions in found.items()])

    def _unknown_routes(self) -> Iterator[tuple[Term, ir.Expr]]:
        """Each route's own condition, and whether it is unknown and makes an effective condition so."""
        above = {route.id: {other.id: held for other, held in self._above(route)} for route in self.routes}
        for route in self.routes:
            if route.when is not None:
                below = [(r, above[r.id][route.id]) for r in self.routes if route.id in above[r.id]]
                reached = [terms.all_of([held, terms.is_unknown(self.effective(r))]) for r, held in below]
                is_read = terms.any_of([terms.is_unknown(self.effective(route)), *reached])
                yield terms.all_of([terms.is_unknown(self.own(route)), is_read]), route.when

    def _open_demands(self) -> Iterator[tuple[Term, ir.Expr]]:
        """Each part of a demand, and whether it is unknown and the requirement open."""
        for rule in self.requirements:
            waivers = [e for e in self.exceptions if rule.id in e.waives]
            parts = [(terms.TRUE, rule.when), (terms.TRUE, rule.require)]
            parts += [(self.emit.within(waiver.period), waiver.when) for waiver in waivers]
            for in_force, part in parts:
                if part is not None:
                    # Where no `and` or `or` absorbs it, an unknown fact says by itself that the part is unknown.
                    absorbs = self.doubts.absorbs(part)
                    unknown = terms.is_unknown(self.emit.expression(part)) if absorbs else terms.TRUE
                    yield terms.all_of([self._is_open(rule), self.atom(terms.all_of([in_force, unknown]))]), part


def by_name(names: Sequence[tuple[Term, str]]) -> Names:
    """Conditions and names, sorted by name."""
    return sorted(names, key=lambda pair: pair[1])


def has_verdict(verdict: Term) -> Term:
    """Whether the verdict is this one."""
    return exp.EQ(this=terms.column("verdict", "p"), expression=verdict)
