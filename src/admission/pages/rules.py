"""The sections of a page about rules: routes, requirements, exceptions, obligations, invariants."""

from __future__ import annotations

from collections.abc import Iterator

from admission import ir
from admission.pages import anchors, references
from admission.pages.drafting import Draft, Row
from admission.pages.nodes import Blocks, Code, Entry, Inlines, Link, Section, Terms
from admission.pages.speech import joined, spaced


def sections(draft: Draft) -> Iterator[Section]:
    """One section a kind of rule that there is."""
    policy = draft.policy
    above, waivers = references.overriders(policy), references.waivers(policy)
    kinds = {
        "route": [route(draft, rule, above.get(rule.id, [])) for rule in policy.routes.values()],
        "requirement": [requirement(draft, rule, waivers.get(rule.id, [])) for rule in policy.requirements.values()],
        "exception": [exception(draft, rule) for rule in policy.exceptions.values()],
        "obligation": [obligation(draft, rule) for rule in policy.obligations.values()],
        "invariant": [invariant(draft, rule) for rule in policy.invariants.values()],
    }
    for kind, entries in kinds.items():
        if entries:
            yield Section(f"{kind}s", draft.speech.word(kind), tuple(entries))


def entry(draft: Draft, kind: str, rule: ir.Rule | ir.Watch, rows: list[Row]) -> Entry:
    """A rule with its words, and the passages it rests on beside it."""
    anchor = anchors.watch(rule.id) if isinstance(rule, ir.Watch) else anchors.rule(rule.id)
    title = draft.title(kind, rule.id, draft.layer(rule.layer), draft.in_force(rule.period, rule.layer))
    blocks: Blocks = (*draft.speech.lines(rule.reason, "reason"), Terms(tuple(rows)))
    return Entry(anchor, kind, title, blocks, draft.basis(rule.basis))


def route(draft: Draft, rule: ir.Route, above: list[str]) -> Entry:
    """Where a route leads, when, and which routes it comes before or gives way to."""
    rows = [
        draft.row("to", channel(draft, rule.to)),
        (draft.speech.word("when"), draft.condition(rule.when)),
        *draft.linked("overrides", [anchors.rule(name) for name in rule.overrides]),
        *draft.linked("overridden", above),
        *draft.reads(rule),
    ]
    return entry(draft, "route", rule, [*rows, draft.code(rule.when)] if rule.when else rows)


def requirement(draft: Draft, rule: ir.Requirement, waivers: list[str]) -> Entry:
    """What a requirement demands of which work, and what comes of failing it."""
    rows = [
        draft.row("for", joined([channel(draft, name) for name in rule.channels], " · ")),
        (draft.speech.word("when"), draft.condition(rule.when)),
        (draft.speech.word("require"), draft.condition(rule.require)),
        draft.row("otherwise", draft.speech.word(f"effect_{rule.effect}")),
    ]
    if rule.remedy:
        rows.append((draft.speech.word("remedy"), draft.speech.lines(rule.remedy)))
    rows += [*draft.linked("waived_by", waivers), *draft.reads(rule)]
    kind = "note" if rule.effect == "note" else "requirement"
    return entry(draft, kind, rule, [*rows, draft.code(rule.when, rule.require)])


def exception(draft: Draft, rule: ir.ExceptionRule) -> Entry:
    """Which requirements an exception waives, and when."""
    rows = [
        *draft.linked("waives", [anchors.rule(name) for name in rule.waives]),
        (draft.speech.word("when"), draft.condition(rule.when)),
        *draft.reads(rule),
    ]
    return entry(draft, "exception", rule, [*rows, draft.code(rule.when)] if rule.when else rows)


def obligation(draft: Draft, rule: ir.ObligationRule) -> Entry:
    """Who owes what to whom by when, and with which verdicts."""
    rows = [
        draft.row("verdicts", joined([verdict(draft, name) for name in rule.verdicts], " · ")),
        (draft.speech.word("when"), draft.condition(rule.when)),
    ]
    rows += [draft.row(key, party(draft, who)) for key, who in owed(rule) if who]
    rows += [(draft.speech.word(key), draft.amount(expr)) for key, expr in due(rule) if expr is not None]
    return entry(draft, "obligation", rule, [*rows, *draft.reads(rule), draft.code(*ir.parts(rule).values())])


def owed(rule: ir.ObligationRule) -> tuple[tuple[str, str | None], ...]:
    """Who owes, and to whom."""
    return (("debtor", rule.debtor), ("creditor", rule.creditor))


def due(rule: ir.ObligationRule) -> tuple[tuple[str, ir.Expr | None], ...]:
    """What is owed, and by when."""
    return (("amount", rule.amount), ("due", rule.due))


def invariant(draft: Draft, rule: ir.Invariant) -> Entry:
    """What a policy promises of every complete task."""
    key = "holds_always" if rule.promise == "always" else rule.promise
    rows: list[Row] = []
    if rule.expr is not None:
        rows = [(draft.speech.word(key), draft.condition(rule.expr)), *draft.reads(rule), draft.code(rule.expr)]
    elif rule.fact is not None:
        rows = [draft.row(key, draft.fact(rule.fact)), *draft.reads(rule)]
    title = draft.title("invariant", rule.id, draft.layer(rule.layer))
    blocks: Blocks = (*draft.speech.lines(rule.reason, "reason"), Terms(tuple(rows)))
    return Entry(anchors.invariant(rule.id), "invariant", title, blocks)


def channel(draft: Draft, name: str) -> Inlines:
    """A channel by label and name."""
    return (Link(anchors.channel(name), draft.speech.label(draft.policy.channels[name].label)), " ", Code(name))


def party(draft: Draft, name: str) -> Inlines:
    """A party by label and name; a fact of the task that names one, by the fact."""
    if name in draft.policy.parties:
        return (*draft.speech.label(draft.policy.parties[name]), " ", Code(name))
    return draft.fact(name) if name in draft.policy.facts else (Code(name),)


def verdict(draft: Draft, name: str) -> Inlines:
    """A verdict in words, and its name."""
    return spaced(draft.speech.label(draft.verdict(name)), (Code(name),))
