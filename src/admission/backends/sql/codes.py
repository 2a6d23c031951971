"""The answers of rows whose every fact is known: a small number each, and one table with what it stands for.

Few such answers exist: a channel, and the set of its requirements that are violated. So a row's answer is a code, which
two-valued conditions give, and the lists are built once for each code, not for each row. Rows with an unknown fact, and
rows on which routes clash, are not among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlglot import exp

from admission import ir
from admission.backends.sql import terms
from admission.backends.sql.judgement import Judgement, by_name
from admission.backends.sql.tables import Table
from admission.backends.sql.terms import Term

MOST_RULES = 12  # of one channel: 4,096 codes
MOST_CODES = 1 << 15
SLOW, CODE, ANSWERS, LISTED = "slow", "code", "answers", "listed"
ANSWER = ("verdict", "channel", "violations", "open", "missing", "notes", "conflict")
"""The columns that are looked up."""


class Codes:
    """The codes of a policy's answers."""

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.emit = replace(judgement.emit, is_known=True)
        self.dialect = judgement.emit.dialect
        judged = sorted([*judgement.requirements, *judgement.notes], key=lambda rule: rule.id)
        self.rules = {c: [rule for rule in judged if c in rule.channels] for c in judgement.channels}
        self.first: dict[str, int] = {}
        self.nowhere = 0
        """The code of rows that no route takes."""
        for channel, rules in self.rules.items():
            self.first[channel] = self.nowhere
            self.nowhere += 1 << len(rules)

    @property
    def are_few(self) -> bool:
        """Whether they are few enough to be listed."""
        return all(len(rules) <= MOST_RULES for rules in self.rules.values()) and self.count <= MOST_CODES

    @property
    def count(self) -> int:
        """How many there are."""
        return self.nowhere + 1

    def slow(self, facts: Iterable[Term]) -> Term:
        """Whether a row has none of them."""
        if not self.are_few:
            return terms.TRUE
        return terms.any_of([*map(terms.is_unknown, facts), self.judgement.outside(), self.judgement.clash()])

    def code(self) -> Term:
        """The code of a row that has one."""
        found = [
            (self.judgement.effective(route), terms.total([terms.number(self.first[route.to]), *self._mask(route.to)]))
            for route in self.judgement.routes
        ]
        return terms.case(found, terms.number(self.nowhere))

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

    def listed(self) -> Table:
        """Every code with its channel, none for that of no route, and the bits of what is violated there."""
        code = terms.column(CODE)
        numbers = self.dialect.numbers
        assert numbers is not None  # noqa: S101 - the dialect looks answers up
        starts = list(self.first.items())[::-1]
        is_nowhere = exp.GTE(this=code, expression=terms.number(self.nowhere))
        since = [(exp.GTE(this=code, expression=terms.number(first)), first, name) for name, first in starts]
        channel = terms.case(
            [(is_nowhere, terms.null("TEXT")), *((held, terms.text(name)) for held, _, name in since)],
            terms.null("TEXT"),
        )
        mask = terms.case(
            [(held, exp.Sub(this=code, expression=terms.number(first))) for held, first, _ in since], terms.number(0)
        )
        columns = [terms.named(terms.cast(code, "BIGINT"), CODE), terms.named(channel, "channel")]
        columns.append(terms.named(terms.cast(mask, "BIGINT"), "mask"))
        return Table(LISTED, terms.selected(*columns, source=numbers(self.count, CODE)))

    def answers(self) -> list[Term]:
        """The columns of their answers."""
        names = self.dialect.names
        lost = terms.is_unknown(terms.column("channel"))
        refused = list(self._violated("refuse"))
        outcomes = [
            (self._is_at(channel), terms.text(self.judgement.policy.channels[channel].outcome))
            for channel in self.judgement.channels
        ]
        found = {
            "verdict": terms.case(
                [(terms.any_of([lost, *(held for held, _ in refused)]), terms.text("refuse")), *outcomes],
                terms.null("TEXT"),
            ),
            "channel": terms.column("channel"),
            "violations": names(by_name([*refused, (lost, ir.NO_ROUTE)])),
            "notes": names(list(self._violated("note"))),
        }
        return [terms.named(found.get(name, names([])), name) for name in ANSWER]

    def _violated(self, effect: str) -> Iterator[tuple[Term, str]]:
        """Each rule that is violated wherever its bit is set, by name."""
        places: dict[str, list[Term]] = {}
        for channel, rules in self.rules.items():
            for place, rule in enumerate(rules):
                if rule.effect == effect:
                    held = terms.all_of([self._is_at(channel), _has_bit(1 << place)])
                    places.setdefault(rule.id, []).append(held)
        for name in sorted(places):
            yield terms.any_of(places[name]), name

    def _is_at(self, channel: str) -> Term:
        return exp.EQ(this=terms.column("channel"), expression=terms.text(channel))


def _has_bit(bit: int) -> Term:
    """Whether a bit of the mask is set."""
    found = exp.paren(exp.BitwiseAnd(this=terms.column("mask"), expression=terms.number(bit)))
    return exp.GT(this=found, expression=terms.number(0))
