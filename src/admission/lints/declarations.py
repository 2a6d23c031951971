"""What is declared and never used, and what leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from admission import ir
from admission.datatypes import Kind, Type
from admission.lints.remarks import Layer, Remark, meet, remark

_WHAT: Mapping[str, tuple[str, str]] = {
    "sources": ("来源", "source"),
    "facts": ("事实", "fact"),
    "parameters": ("参数", "parameter"),
    "registers": ("清单", "register"),
    "look_ups": ("查询", "look-up"),
    "definitions": ("定义", "definition"),
    "events": ("事件", "event type"),
}


def unused(layer: Layer) -> Iterator[Remark]:
    """A001: a declaration that nothing reads, names or rests on."""
    used = _used(layer)
    for section, what in _WHAT.items():
        for declared in layer.own(section):
            name = declared.id if section == "sources" else declared.name
            if name not in used[section]:
                yield remark("A001", section, name, declared.span, what=what, name=name)
    below = layer.policy.below.party_spans if layer.policy.below else {}
    for name, span in layer.policy.party_spans.items():
        if name not in used["parties"] and below.get(name) != span:
            yield remark("A001", "parties", name, span, what=("主体", "party"), name=name)


def _used(layer: Layer) -> Mapping[str, set[str]]:
    policy = layer.policy
    read = _read(policy)
    columns = [*(fact.filled_by for fact in policy.facts.values()), *(n for n in read if isinstance(n, ir.ReadColumn))]
    look_ups = {column.look_up for column in columns if isinstance(column, ir.ReadColumn)}
    watched = [look_up.register for watch in policy.watches.values() for look_up in watch.look_ups.values()]
    return {
        "sources": {citation.source for basis in layer.bases for citation in basis.citations},
        "facts": _facts_used(policy, read),
        "parameters": {node.name for node in read if isinstance(node, ir.ReadParameter)},
        "registers": {look_up.register for look_up in policy.look_ups.values()} | set(watched),
        "look_ups": look_ups,
        "definitions": {node.name for node in read if isinstance(node, ir.ReadDefinition)}
        | {definition.name for definition in policy.definitions.values() if definition.report},
        "events": set(_events_used(policy)),
        "parties": set(_parties_used(policy)),
    }


def _read(policy: ir.Policy) -> list[ir.Expr]:
    """Every node that some rule, reported definition, invariant or watch comes to read."""
    roots = [part for rule in ir.rules(policy) for part in ir.parts(rule).values()]
    roots += [definition.expr for definition in policy.definitions.values() if definition.report]
    roots += [invariant.expr for invariant in policy.invariants.values() if invariant.expr is not None]
    roots += [part for watch in policy.watches.values() for part in ir.parts_of_watch(watch)]
    return list(ir.walk(roots, policy.definitions))


def _facts_used(policy: ir.Policy, read: list[ir.Expr]) -> set[str]:
    """Facts that are read, that a look-up needs, or whose values something else takes for its type."""
    named = {node.name for node in read if isinstance(node, ir.ReadFact)}
    # That a fact is irrelevant is no use of it.
    promised = [invariant for invariant in policy.invariants.values() if invariant.promise != "irrelevant"]
    named |= {invariant.fact for invariant in promised if invariant.fact}
    named |= {name for look_up in policy.look_ups.values() for name in look_up.match.values()}
    shared = set(_types_beside_facts(policy))
    return named | {fact.name for fact in policy.facts.values() if fact.type in shared}


def _types_beside_facts(policy: ir.Policy) -> Iterator[Type]:
    types = [parameter.type for parameter in policy.parameters.values()]
    types += [column.type for register in policy.registers.values() for column in register.columns.values()]
    types += [field.type for event in policy.events.values() for field in event.fields.values()]
    yield from (declared for declared in types if declared.kind in (Kind.ENUM, Kind.SET))


def _events_used(policy: ir.Policy) -> Iterator[str]:
    for watch in policy.watches.values():
        yield watch.each
        yield from (gathered.event for gathered in watch.gathered.values())


def _parties_used(policy: ir.Policy) -> Iterator[str]:
    for fact in policy.facts.values():
        yield from fact.changed_by
    for obligation in policy.obligations.values():
        yield from (side for side in (obligation.debtor, obligation.creditor) if side)
    for watch in policy.watches.values():
        yield from watch.notify


def unlabelled(layer: Layer) -> Iterator[Remark]:
    """A019: a value of a fact that is shown to people without a label."""
    languages = set(layer.policy.languages)
    for fact in layer.own("facts"):
        for value, label in fact.value_labels.items():
            if set(label) != languages:
                yield remark("A019", "facts", fact.name, fact.span, name=fact.name, value=value)


def channels(layer: Layer) -> Iterator[Remark]:
    """A002, A012: a channel that no route leads to, at all or while a requirement on it is in force."""
    policy = layer.policy
    reached = {route.to for route in policy.routes.values()}
    for channel in layer.own("channels"):
        if channel.name not in reached:
            yield remark("A002", "channels", channel.name, channel.span, name=channel.name)
    for requirement in layer.own("requirements"):
        days = layer.days_of(requirement.period)
        for channel in requirement.channels:
            routes = [route.period for route in policy.routes.values() if route.to == channel]
            if routes and days and not any(meet(days, period) for period in routes):
                data = {"name": requirement.id, "channel": channel}
                yield remark("A012", "requirements", requirement.id, requirement.span, **data)


def obligations(layer: Layer) -> Iterator[Remark]:
    """A018: a duty that comes with an outcome that no channel has."""
    outcomes = {channel.outcome for channel in layer.policy.channels.values()} | {"refuse"}
    for obligation in layer.own("obligations"):
        for verdict in obligation.verdicts:
            if verdict not in outcomes:
                yield remark("A018", "obligations", obligation.id, obligation.span, name=obligation.id, verdict=verdict)
