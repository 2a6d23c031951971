"""Whole random policies, type by type: what nobody wrote, but every interpreter must decide alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace as with_changes
from datetime import date
from typing import Any

from hypothesis import strategies as st

from admission import ir
from admission.checker import check
from admission.datatypes import BOOL, DATE, MONEY, Kind, Type, Value, bounded
from admission.diagnostics import Collector
from admission.engine import Policy
from admission.testing.conditions import COLOURS, END, SEVERAL, START, TURN, TYPES, WORDS, Draw
from admission.testing.guarantees import invariants
from admission.testing.tasks import values

LABEL: ir.Label = {"zh": "甲", "en": "a"}
OWN = ir.Basis(own=LABEL)


def policies(
    *, conflict_free: bool = True, layers: bool = True, promises_kept: bool = True
) -> st.SearchStrategy[Policy]:
    """Whole random checked policies.

    Args:
        conflict_free: every route overrides those after it, so that no two are ever true together; the laws
            hold for such policies only.
        layers: some policies build on another that they add to.
        promises_kept: their invariants, and that a layer only tightens, follow from the way they are built: to prove or
            to test them finds nothing. False draws any promises, most of which are broken.
    """
    return _policies(conflict_free, layers, promises_kept)


@st.composite
def _policies(draw: st.DrawFn, conflict_free: bool, layers: bool, promises_kept: bool) -> Policy:
    below = draw(_layer(None, conflict_free)) if layers and draw(st.booleans()) else None
    policy = draw(_layer(below, conflict_free))
    drawn = Draw(policy.facts, policy.parameters, policy.registers, policy.look_ups, policy.definitions)
    policy = with_changes(
        policy,
        invariants=draw(invariants(policy, drawn, LABEL, kept=promises_kept)),
        tightens=below is not None
        and (not promises_kept or _adds_demands_alone(policy, below))
        and draw(st.booleans()),
    )
    policy = with_changes(policy, digest=hashlib.sha256(repr(policy).encode()).hexdigest())
    faults = Collector()
    checked = check(policy, faults)
    if checked is None:
        raise AssertionError("\n".join(f"{fault.code} {fault.message}" for fault in faults))
    return Policy(checked)


def _adds_demands_alone(policy: ir.Policy, below: ir.Policy) -> bool:
    """Whether a layer has no route of its own, and waives nothing that the layer below demands."""
    waived = {rule for name, each in policy.exceptions.items() if name not in below.exceptions for rule in each.waives}
    return policy.routes.keys() == below.routes.keys() and not waived & below.requirements.keys()


@st.composite
def _layer(draw: st.DrawFn, below: ir.Policy | None, conflict_free: bool) -> ir.Policy:
    prefix = "b" if below is None else "c"
    parts = {} if below is None else {name: dict(getattr(below, name)) for name in _SECTIONS}
    drawn = Draw(
        {**parts.get("facts", {}), **draw(_facts(prefix))},
        {**parts.get("parameters", {}), **draw(_parameters(prefix))},
    )
    registers, look_ups = draw(_registers(prefix, drawn.facts))
    drawn = with_changes(
        drawn,
        registers={**parts.get("registers", {}), **registers},
        look_ups={**parts.get("look_ups", {}), **look_ups},
    )
    drawn = with_changes(drawn, facts={**drawn.facts, **draw(_filled_facts(prefix, drawn))})
    drawn = with_changes(drawn, definitions={**parts.get("definitions", {}), **draw(_definitions(prefix, drawn))})
    channels = {**parts.get("channels", {}), **draw(_channels(prefix))}
    routes = draw(_routes(prefix, drawn, list(channels), parts.get("routes"), conflict_free=conflict_free))
    requirements = {**parts.get("requirements", {}), **draw(_requirements(prefix, drawn, list(channels)))}
    exceptions = {**parts.get("exceptions", {}), **draw(_exceptions(prefix, drawn, list(requirements)))}
    obligations = {**parts.get("obligations", {}), **draw(_obligations(prefix, drawn))}
    return ir.Policy(
        id=f"{prefix}_generated",
        version="1",
        subject="task",
        place=prefix,
        title=LABEL,
        period=ir.Period(START, END),
        languages=("zh", "en"),
        extends=below.id if below else None,
        parties={"issuer": LABEL},
        facts=drawn.facts,
        parameters=drawn.parameters,
        registers=drawn.registers,
        look_ups=drawn.look_ups,
        definitions=drawn.definitions,
        channels=channels,
        routes={**parts.get("routes", {}), **routes},
        requirements=requirements,
        exceptions=exceptions,
        obligations=obligations,
        below=below,
    )


_SECTIONS = (
    *("facts", "parameters", "registers", "look_ups", "definitions", "channels"),
    *("routes", "requirements", "exceptions", "obligations"),
)


@st.composite
def _facts(draw: st.DrawFn, prefix: str) -> dict[str, ir.Fact]:
    # An enum and a set of its values meet too seldom by chance for conditions on whether the one is in the other.
    together = (COLOURS, SEVERAL) if draw(st.booleans()) else ()
    types = [*together, *draw(st.lists(st.sampled_from(TYPES), min_size=2 - len(together), max_size=5 - len(together)))]
    found = {}
    for number, declared in enumerate(types):
        name = f"{prefix}_fact{number}"
        assumed = draw(st.none() | values(declared)) if draw(st.booleans()) else None
        found[name] = ir.Fact(
            name=name,
            type=declared,
            label=LABEL,
            value_labels=dict.fromkeys(declared.values, LABEL),
            ask=LABEL,
            changed_by=("issuer",) if draw(st.booleans()) else (),
            assume=None if assumed is None else ir.Literal(assumed, declared),
        )
    return found


@st.composite
def _parameters(draw: st.DrawFn, prefix: str) -> dict[str, ir.Parameter]:
    found = {}
    for number in range(draw(st.integers(0, 2))):
        declared = draw(st.sampled_from((bounded(Kind.INT, 1, 30), MONEY, DATE)))
        plain = st.integers(1, 30) if declared.kind is Kind.INT else st.sampled_from((0, 1, 500_00))
        drawn: st.SearchStrategy[Any] = st.sampled_from((START, TURN)) if declared is DATE else plain
        dated = [(START, draw(drawn))] + ([(TURN, draw(drawn))] if draw(st.booleans()) else [])
        name = f"{prefix}_parameter{number}"
        found[name] = ir.Parameter(name, declared, tuple(dated), OWN, LABEL)
    return found


@st.composite
def _registers(
    draw: st.DrawFn, prefix: str, facts: Mapping[str, ir.Fact]
) -> tuple[dict[str, ir.Register], dict[str, ir.LookUp]]:
    keys = [fact for fact in facts.values() if fact.type.kind not in (Kind.SET, Kind.MONEY, Kind.DATE)]
    registers, look_ups = {}, {}
    for number in range(draw(st.integers(0, 2)) if keys else 0):
        fact = draw(st.sampled_from(keys))
        held = draw(st.sampled_from(TYPES))
        columns = {
            "key": ir.Column("key", fact.type),
            "held": ir.Column("held", held, ir.Literal(draw(values(held)), held)),
        }
        rows = draw(_rows(fact.type, held))
        name, look_up = f"{prefix}_register{number}", f"{prefix}_look_up{number}"
        registers[name] = ir.Register(name, ("key",), columns, rows, draw(st.booleans()))
        look_ups[look_up] = ir.LookUp(look_up, name, {"key": fact.name})
    return registers, look_ups


@st.composite
def _rows(draw: st.DrawFn, key: Type, held: Type) -> tuple[ir.Row, ...]:
    keys = st.sampled_from(WORDS) if key.kind is Kind.TEXT else values(key)
    rows = []
    for value in draw(st.lists(keys, max_size=3, unique=True)):
        cell: Value | None = draw(st.none() | values(held))
        match draw(st.sampled_from(("always", "from", "until", "both"))):
            case "always":
                rows.append(ir.Row((value, cell)))
            case "from":
                rows.append(ir.Row((value, cell), ir.Period(start=TURN)))
            case "until":
                rows.append(ir.Row((value, cell), ir.Period(end=TURN)))
            case _:
                later = draw(st.none() | values(held))
                rows.append(ir.Row((value, cell), ir.Period(end=date(2022, 6, 30))))
                rows.append(ir.Row((value, later), ir.Period(start=TURN)))
    return tuple(rows)


@st.composite
def _filled_facts(draw: st.DrawFn, prefix: str, drawn: Draw) -> dict[str, ir.Fact]:
    """Facts that a look-up fills in; the only way to read a register that is known in part."""
    found = {}
    for number, look_up in enumerate(drawn.look_ups.values()):
        if look_up.name.startswith(prefix) and draw(st.booleans()):
            column = draw(st.sampled_from((ir.FOUND, "held")))
            held = BOOL if column == ir.FOUND else drawn.registers[look_up.register].columns["held"].type
            name = f"{prefix}_filled{number}"
            filler = ir.ReadColumn(look_up.name, column, held)
            found[name] = ir.Fact(name, held, LABEL, dict.fromkeys(held.values, LABEL), LABEL, filled_by=filler)
    return found


@st.composite
def _definitions(draw: st.DrawFn, prefix: str, drawn: Draw) -> dict[str, ir.Definition]:
    found: dict[str, ir.Definition] = {}
    for number in range(draw(st.integers(0, 2))):
        kinds = [kind for kind in (Kind.INT, Kind.MONEY, Kind.DATE) if drawn.leaves(kind)]
        declared = draw(st.sampled_from([BOOL, *(bounded(kind) for kind in kinds)]))
        name = f"{prefix}_definition{number}"
        expr = draw(drawn.of(declared, 1))
        found[name] = ir.Definition(name, expr, LABEL, draw(st.booleans()))
    return found


@st.composite
def _channels(draw: st.DrawFn, prefix: str) -> dict[str, ir.Channel]:
    outcomes = draw(st.lists(st.sampled_from(("admit", "redirect")), min_size=1, max_size=3))
    return {f"{prefix}_channel{n}": ir.Channel(f"{prefix}_channel{n}", o, LABEL) for n, o in enumerate(outcomes)}  # type: ignore[arg-type] # drawn from the two


_PERIODS = st.sampled_from(
    (ir.ALWAYS, ir.ALWAYS, ir.ALWAYS, ir.Period(start=TURN), ir.Period(end=TURN), ir.Period(START, date(2020, 2, 29)))
)


@st.composite
def _routes(  # noqa: PLR0913 - what a route may name
    draw: st.DrawFn,
    prefix: str,
    drawn: Draw,
    channels: list[str],
    below: Mapping[str, ir.Route] | None,
    *,
    conflict_free: bool,
) -> dict[str, ir.Route]:
    names = [f"{prefix}_route{number}" for number in range(draw(st.integers(0 if below else 1, 4)))]
    found = {}
    for number, name in enumerate(names):
        lower = [*names[number + 1 :], *(below or ())]
        # INVARIANT: in a conflict-free policy a route names every one after it, so no path runs through another.
        overrides = lower if conflict_free else draw(st.lists(st.sampled_from(lower), unique=True)) if lower else []
        when = draw(st.none() | drawn.condition(2)) if number == len(names) - 1 else draw(drawn.condition(2))
        period = draw(_PERIODS)
        found[name] = ir.Route(name, draw(st.sampled_from(channels)), when, tuple(overrides), LABEL, OWN, period)
    return found


@st.composite
def _requirements(draw: st.DrawFn, prefix: str, drawn: Draw, channels: list[str]) -> dict[str, ir.Requirement]:
    found = {}
    for number in range(draw(st.integers(0, 4))):
        name = f"{prefix}_requirement{number}"
        found[name] = ir.Requirement(
            id=name,
            channels=tuple(draw(st.lists(st.sampled_from(channels), min_size=1, unique=True))),
            when=draw(st.none() | drawn.condition(1)),
            require=draw(drawn.condition(2)),
            effect=draw(st.sampled_from(("refuse", "refuse", "refuse", "note"))),
            reason=LABEL,
            remedy={},
            basis=OWN,
            period=draw(_PERIODS),
        )
    return found


@st.composite
def _exceptions(draw: st.DrawFn, prefix: str, drawn: Draw, requirements: list[str]) -> dict[str, ir.ExceptionRule]:
    found = {}
    for number in range(draw(st.integers(0, 2)) if requirements else 0):
        name = f"{prefix}_exception{number}"
        waived = tuple(draw(st.lists(st.sampled_from(requirements), min_size=1, max_size=2, unique=True)))
        when = draw(st.none() | drawn.condition(1))
        found[name] = ir.ExceptionRule(name, waived, when, LABEL, OWN, draw(_PERIODS))
    return found


@st.composite
def _obligations(draw: st.DrawFn, prefix: str, drawn: Draw) -> dict[str, ir.ObligationRule]:
    found = {}
    for number in range(draw(st.integers(0, 2))):
        name = f"{prefix}_obligation{number}"
        verdicts = draw(st.lists(st.sampled_from(("admit", "redirect", "refuse")), min_size=1, unique=True))
        found[name] = ir.ObligationRule(
            id=name,
            verdicts=tuple(verdicts),
            when=draw(st.none() | drawn.condition(1)),
            debtor="issuer",
            creditor=None,
            amount=draw(st.none() | drawn.number(Kind.MONEY, 1)),
            due=draw(st.none() | drawn.day(1)),
            reason=LABEL,
            basis=OWN,
            period=draw(_PERIODS),
        )
    return found
