"""What reads what in a policy, and which layer says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from admission import ir
from admission.pages import anchors
from admission.pages.nodes import Code, Inlines, Link
from admission.pages.speech import joined


def layers(policy: ir.Policy) -> tuple[ir.Policy, ...]:
    """The layers of a policy as they were merged, the lowest first; the last is the policy itself."""
    found: list[ir.Policy] = []
    layer: ir.Policy | None = policy
    while layer is not None:
        found.append(layer)
        layer = layer.below
    return tuple(reversed(found))


def layer_of(policy: ir.Policy, section: str, name: str) -> str:
    """The layer that last says what a declaration is: the lowest above which it is no longer new or replaced."""
    said = policy.id
    for layer in reversed(layers(policy)):
        if name not in getattr(layer, section):
            break
        said = layer.id
        if name in layer.replaces:
            break
    return said


def expressions(policy: ir.Policy, declared: object) -> Iterator[ir.Expr]:
    """The expressions that a rule, invariant or definition holds, those of definitions it reads included."""
    match declared:
        case ir.Route() | ir.Requirement() | ir.ExceptionRule() | ir.ObligationRule():
            exprs = tuple(ir.parts(declared).values())
        case ir.Invariant(expr=expr):
            exprs = () if expr is None else (expr,)
        case ir.Watch():
            exprs = tuple(ir.parts_of_watch(declared))
        case ir.Definition(expr=body):
            exprs = (body,)
        case _:
            exprs = ()
    yield from ir.walk(exprs, policy.definitions)


def facts_read(policy: ir.Policy, declared: object) -> tuple[str, ...]:
    """The facts that a declaration rests on, in the order of the file: read, or the key of a look-up that is."""
    if isinstance(declared, ir.Watch):
        return ()
    read: set[str] = set()
    for expr in expressions(policy, declared):
        match expr:
            case ir.ReadFact(name):
                read.add(name)
            case ir.ReadColumn(row) if row in policy.look_ups:
                read.update(policy.look_ups[row].match.values())
    if isinstance(declared, ir.Invariant) and declared.fact:
        read.add(declared.fact)
    if isinstance(declared, ir.ObligationRule):
        read.update({declared.debtor or "", declared.creditor or ""} - policy.parties.keys())
    return tuple(name for name in policy.facts if name in read)


def rules(policy: ir.Policy) -> Iterator[tuple[str, object]]:
    """Everything that may read a fact: its anchor, and the declaration."""
    yield from ((anchors.rule(rule.id), rule) for rule in ir.rules(policy))
    yield from ((anchors.invariant(name), rule) for name, rule in policy.invariants.items())
    yield from ((anchors.watch(name), rule) for name, rule in policy.watches.items())


def readers_of_facts(policy: ir.Policy) -> dict[str, list[Inlines]]:
    """For each fact, links to the rules that rest on it."""
    found: dict[str, list[Inlines]] = {name: [] for name in policy.facts}
    for anchor, rule in rules(policy):
        for name in facts_read(policy, rule):
            found[name].append(link(anchor))
    return found


def readers(policy: ir.Policy) -> dict[str, list[Inlines]]:
    """For each parameter, definition and look-up, links to the rules that read it, directly or not."""
    found: dict[str, list[Inlines]] = {}
    for anchor, rule in rules(policy):
        names: dict[str, None] = {}
        for expr in expressions(policy, rule):
            match expr:
                case ir.ReadParameter(name) | ir.ReadDefinition(name):
                    names[name] = None
                case ir.ReadColumn(row) if not isinstance(rule, ir.Watch):
                    names[row] = None
        for name in names:
            found.setdefault(name, []).append(link(anchor))
    return found


def waivers(policy: ir.Policy) -> dict[str, list[str]]:
    """For each requirement, the anchors of the exceptions that waive it."""
    found: dict[str, list[str]] = {}
    for exception in policy.exceptions.values():
        for name in exception.waives:
            found.setdefault(name, []).append(anchors.rule(exception.id))
    return found


def overriders(policy: ir.Policy) -> dict[str, list[str]]:
    """For each route, the anchors of the routes that come before it."""
    found: dict[str, list[str]] = {}
    for route in policy.routes.values():
        for name in route.overrides:
            found.setdefault(name, []).append(anchors.rule(route.id))
    return found


def citers(policy: ir.Policy) -> dict[str, list[Inlines]]:
    """For each source, links to what cites it."""
    found: dict[str, list[Inlines]] = {name: [] for name in policy.sources}
    cited = [(anchor, getattr(rule, "basis", ir.Basis())) for anchor, rule in rules(policy)]
    cited += [(anchors.parameter(name), parameter.basis) for name, parameter in policy.parameters.items()]
    cited += [(anchors.register(name), register.basis) for name, register in policy.registers.items()]
    for anchor, basis in cited:
        for source in dict.fromkeys(citation.source for citation in basis.citations):
            found[source].append(link(anchor))
    return found


def link(anchor: str) -> Inlines:
    """A reference to a declaration by its name."""
    return (Link(anchor, (Code(anchor.partition("-")[2].removeprefix("up-")),)),)


def links(anchors_of: Iterable[str]) -> Inlines:
    """References in a line."""
    return joined([link(anchor) for anchor in anchors_of], ", ")
