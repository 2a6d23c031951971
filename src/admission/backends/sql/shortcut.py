"""The short way for rows whose every fact is known: a small number, and its answer looked up in a table.

Few answers exist: a channel, and the set of its requirements that are violated. So a row's answer is a code, two-valued
conditions give it, and the lists are built once for each code, not for each row. Rows with an unknown fact, and rows
on which routes clash, take the long way, whose terms are evaluated for them alone.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.judgement import Judgement, clash
from admission.backends.sql.tables import Table
from admission.backends.sql.terms import Term

MOST_RULES = 12  # of one channel: 4,096 codes
MOST_CODES = 1 << 15
SLOW, CODE, ANSWERS = "slow", "code", "answers"


class Shortcut:
    """The codes of a policy's answers."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.emit = replace(judgement.emit, is_known=True)
        judged = sorted([*judgement.requirements, *judgement.notes], key=lambda rule: rule.id)
        self.rules = {c: [rule for rule in judged if c in rule.channels] for c in judgement.channels}
        self.first: dict[str, int] = {}
        self.codes = 0
        for channel, rules in self.rules.items():
            self.first[channel] = self.codes
            self.codes += 1 << len(rules)

    @property
    def is_open(self) -> bool:
        """Whether the answers are few enough to be listed."""
        few = all(len(rules) <= MOST_RULES for rules in self.rules.values()) and self.codes <= MOST_CODES
        return few and self.emit.dialect.numbers is not None

    def slow(self, facts: list[Term]) -> Term:
        """Whether a row takes the long way."""
        return terms.any_of([*map(terms.is_unknown, facts), self.judgement.outside(), clash()])

    def code(self) -> Term:
        """The code of a row's answer; unknown for those that take the long way."""
        found = [
            (self.judgement.effective(route), terms.total([terms.number(self.first[route.to]), *self._mask(route.to)]))
            for route in self.judgement.routes
        ]
        return terms.case([(terms.column(SLOW), terms.null("INT")), *found], terms.number(self.codes))

    def _mask(self, channel: str) -> list[Term]:
        """A bit for each of the channel's rules that is violated, those under one condition together."""
        groups: dict[tuple[ir.Period, ir.Expr | None], list[Term]] = {}
        for place, rule in enumerate(self.rules[channel]):
            bit = terms.bit(self._is_violated(rule), 1 << place)
            groups.setdefault((rule.period, rule.when), []).append(bit)
        return [
            terms.case([(self._applies(period, when), terms.total(bits))], terms.number(0))
            for (period, when), bits in groups.items()
        ]

    def _applies(self, period: ir.Period, when: ir.Expr | None) -> Term:
        condition = terms.TRUE if when is None else self.emit.expression(when)
        return terms.all_of([self.emit.within(period), condition])

    def _is_violated(self, rule: ir.Requirement) -> Term:
        """Whether a rule that applies is not met, and no exception waives it."""
        waivers = [self._applies(e.period, e.when) for e in self.judgement.exceptions if rule.id in e.waives]
        return terms.negated(terms.any_of([self.emit.expression(rule.require), *waivers]))

    # --------------------------------------------------------------------------------------- answers

    def answers(self) -> Table:
        """The answer of every code."""
        names = self.emit.dialect.names
        nowhere = [
            terms.named(exp.cast(terms.number(self.codes), "INT"), CODE),
            terms.named(terms.text("refuse"), "verdict"),
            terms.named(terms.null("TEXT"), "channel"),
            terms.named(names([(terms.TRUE, ir.NO_ROUTE)]), "violations"),
            terms.named(names([]), "notes"),
        ]
        found: exp.Query = exp.select(*nowhere)
        for channel in self.judgement.channels:
            found = exp.union(found, self._answers_of(channel), distinct=False, copy=False)
        return Table(ANSWERS, found)

    def _answers_of(self, channel: str) -> exp.Select:
        rules = self.rules[channel]
        mask = terms.column("mask")
        refused = sum(1 << place for place, rule in enumerate(rules) if rule.effect == "refuse")
        outcome = terms.text(self.judgement.policy.channels[channel].outcome)
        verdict = terms.case([(_has(mask, refused), terms.text("refuse"))], outcome)
        held = [(_has(mask, 1 << place), rule.id, rule.effect) for place, rule in enumerate(rules)]
        lists = {effect: [(bit, name) for bit, name, of in held if of == effect] for effect in ("refuse", "note")}
        names, numbers = self.emit.dialect.names, self.emit.dialect.numbers
        assert numbers is not None  # noqa: S101 - else the shortcut is not open
        return exp.select(
            terms.named(exp.cast(exp.Add(this=mask, expression=terms.number(self.first[channel])), "INT"), CODE),
            terms.named(verdict, "verdict"),
            terms.named(terms.text(channel), "channel"),
            terms.named(names(lists["refuse"]), "violations"),
            terms.named(names(lists["note"]), "notes"),
        ).from_(numbers(1 << len(rules), "mask"))


def _has(mask: Term, bits: int) -> Term:
    """Whether one of some bits is set."""
    found = exp.paren(exp.BitwiseAnd(this=mask, expression=terms.number(bits)))
    return exp.GT(this=found, expression=terms.number(0))
