"""What holds a policy together beside its expressions: references, cycles, periods, look-ups, layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from admission import ir
from admission.checker.definitions import ring
from admission.checker.expressions import Typer, words
from admission.checker.places import locate, locate_key, of_head
from admission.datatypes import Kind, Type
from admission.diagnostics import Collector, Span, nearest


def check_references(policy: ir.Policy, poisoned: frozenset[str], faults: Collector) -> None:
    """Every channel, rule, party and source that is named is declared."""
    refer = _referrer(poisoned, faults)
    for route in policy.routes.values():
        refer([route.to], policy.channels, ("去向", "channel"), route.span)
        refer(route.overrides, policy.routes, ("分流规则", "route"), route.span)
    for requirement in policy.requirements.values():
        refer(requirement.channels, policy.channels, ("去向", "channel"), requirement.span)
    for exception in policy.exceptions.values():
        refer(exception.waives, policy.requirements, ("要求", "requirement"), exception.span)
    for obligation in policy.obligations.values():
        parties = [side for side in (obligation.debtor, obligation.creditor) if side]
        refer(parties, policy.parties, ("主体", "party"), obligation.span)
    for fact in policy.facts.values():
        refer(fact.changed_by, policy.parties, ("主体", "party"), fact.span)
    for invariant in policy.invariants.values():
        named = [invariant.fact] if invariant.fact else []
        refer(named, policy.facts, ("事实", "fact"), invariant.span)
        moved = invariant.fact if invariant.promise in ("monotone", "antitone") else None
        raised = policy.facts.get(moved or "")
        if raised is not None and raised.type.kind in (Kind.TEXT, Kind.ENUM):
            faults.add("A431", locate(invariant.span, raised.name), name=raised.name, found=words(raised.type))
    for watch in policy.watches.values():
        refer(watch.notify, policy.parties, ("主体", "party"), watch.span)
    bases = [rule.basis for rule in ir.rules(policy)]
    bases += [watch.basis for watch in policy.watches.values()]
    bases += [parameter.basis for parameter in policy.parameters.values()]
    bases += [register.basis for register in policy.registers.values()]
    for basis in bases:
        for citation in basis.citations:
            refer([citation.source], policy.sources, ("来源", "source"), citation.span)


def _referrer(
    poisoned: frozenset[str], faults: Collector
) -> Callable[[Iterable[str], Mapping[str, object], tuple[str, str], Span | None], None]:
    def refer(names: Iterable[str], declared: Mapping[str, object], what: tuple[str, str], span: Span | None) -> None:
        for name in names:
            if name not in declared and name not in poisoned:
                faults.add("A401", locate(span, name), nearest(name, declared), name=name, what=what)

    return refer


def check_rule_ids(policy: ir.Policy, faults: Collector) -> None:
    """Rule ids are unique over the layers, and none is a built-in one."""
    seen: dict[str, ir.Rule | ir.Invariant | ir.Watch] = {}
    for rule in (*ir.rules(policy), *policy.invariants.values(), *policy.watches.values()):
        if rule.id in (ir.NO_ROUTE, ir.EVERY_ROUTE_REFUSES, ir.WORKING_CALENDAR):
            faults.add("A404", rule.span, name=rule.id)
        if rule.id in seen:
            first = seen[rule.id].span
            faults.add("A403", rule.span, name=rule.id, where=first.place if first else "?")
        seen[rule.id] = rule


def check_override_cycles(policy: ir.Policy, faults: Collector) -> None:
    """No route stands above itself."""
    reported: set[str] = set()
    for start in policy.routes:
        path = _path_back(policy, start)
        if path and not reported & set(path):
            reported |= set(path)
            faults.add("A408", locate(policy.routes[start].span, path[1]), names=ring(path))


def _path_back(policy: ir.Policy, start: str) -> list[str] | None:
    paths, seen = [[start]], set[str]()
    while paths:
        path = paths.pop()
        for below in policy.routes[path[-1]].overrides:
            if below == start:
                return [*path, below]
            if below in policy.routes and below not in seen:
                seen.add(below)
                paths.append([*path, below])
    return None


def check_parameters(policy: ir.Policy, faults: Collector) -> None:
    """A parameter has a value on every day of the policy's period."""
    for parameter in policy.parameters.values():
        first = parameter.values[0][0]
        if policy.period.start and first > policy.period.start:
            is_below = policy.below is not None and policy.below.parameters.get(parameter.name) is parameter
            span = of_head(policy, "in_force") if is_below else locate_key(parameter.span, first.isoformat())
            faults.add("A501", span, name=parameter.name, since=first, start=policy.period.start)


def check_look_ups(policy: ir.Policy, poisoned: frozenset[str], faults: Collector) -> None:
    """A look-up matches each key column of its register with a fact of the column's type."""
    refer = _referrer(poisoned, faults)
    for look_up in policy.look_ups.values():
        refer([look_up.register], policy.registers, ("清单", "register"), look_up.span)
        refer(look_up.match.values(), policy.facts, ("事实", "fact"), look_up.span)
        register = policy.registers.get(look_up.register)
        if register is None:
            continue
        if set(look_up.match) != set(register.key):
            found = ", ".join(look_up.match)
            faults.add("A516", locate_key(look_up.span, "match"), expected=", ".join(register.key), found=found)
            continue
        for key, name in look_up.match.items():
            _check_key(register.columns[key].type, policy.facts.get(name), look_up, faults)


def _check_key(column: Type, fact: ir.Fact | None, look_up: ir.LookUp, faults: Collector) -> None:
    if fact and (fact.type.kind is Kind.SET or not Typer.comparable(fact.type, column)):
        faults.add("A422", locate(look_up.span, fact.name), left=words(column), right=words(fact.type))


def check_fillers(policy: ir.Policy, typer: Typer, faults: Collector) -> dict[str, ir.ReadColumn | None]:
    """What fills each fact, resolved: a column of the fact's own kind, without a cycle of facts and look-ups."""
    fillers: dict[str, ir.ReadColumn | None] = {}
    for fact in policy.facts.values():
        if fact.filled_by is None:
            continue
        typer.inside_fact = True
        column = typer.typed(fact.filled_by)
        typer.inside_fact = False
        fillers[fact.name] = column if isinstance(column, ir.ReadColumn) else None
        if isinstance(column, ir.ReadColumn) and not _fits(fact, column):
            faults.add("A422", fact.filled_by.span, left=words(fact.type), right=words(column.type))
        if _fills_itself(policy, fact.name):
            faults.add("A409", fact.span, name=fact.name)
    return fillers


def _fits(fact: ir.Fact, column: ir.ReadColumn) -> bool:
    """Whether every value of the column is one of the fact: a narrower type may fill a wider one."""
    a, b = fact.type, column.type
    if a.kind is not b.kind or not set(b.values) <= set(a.values):
        return False
    return a.low is None or (a.low <= b.low and b.high <= a.high)  # type: ignore[operator] # both of the kind


def _fills_itself(policy: ir.Policy, start: str) -> bool:
    seen, ahead = set[str](), [start]
    while ahead:
        fact = policy.facts.get(ahead.pop())
        filler = fact.filled_by if fact else None
        if filler is None:
            continue
        row = filler.row if isinstance(filler, ir.Member) else filler.look_up
        look_up = policy.look_ups.get(row)
        for name in look_up.match.values() if look_up else ():
            if name == start:
                return True
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    return False


def check_layer(policy: ir.Policy, faults: Collector) -> None:
    """A layer that tightens changes no assumption of the layer below, and keeps the day from which it holds."""
    below = policy.below
    if not policy.tightens:
        return
    if below is None:
        faults.add("A602", of_head(policy, "tightens"))
        return
    for name, fact in below.facts.items():
        own = policy.facts[name]
        if _assumed(own) != _assumed(fact):
            faults.add("A603", own.span, name=name, below=below.id)


def _assumed(fact: ir.Fact) -> object:
    return None if fact.assume is None else fact.assume.value
