"""Whole random policies, type by type: what nobody wrote, but every interpreter must decide alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import strategies as st

from admission import ir
from admission.checker import check
from admission.datatypes import BOOL, DATE, INT, MONEY, TEXT, Kind, Type, Value, bounded
from admission.diagnostics import Collector
from admission.engine import Policy
from admission.testing.tasks import values

START, END = date(2019, 1, 1), date(2026, 12, 31)
TURN = date(2022, 7, 1)
LABEL: ir.Label = {"zh": "甲", "en": "a"}
OWN = ir.Basis(own=LABEL)
COLOURS = Type(Kind.ENUM, ("red", "green", "blue"))
WORDS = ("", "a", "b", "某单位")

TYPES: tuple[Type, ...] = (
    BOOL,
    bounded(Kind.INT, 0, 9),
    INT,
    bounded(Kind.MONEY, 0, 1_000_00),
    bounded(Kind.DATE, date(2018, 12, 1), date(2027, 3, 1)),
    TEXT,
    COLOURS,
    Type(Kind.ENUM, ("green", "blue", "black")),
    Type(Kind.SET, ("red", "green", "blue")),
    Type(Kind.SET, ("sun", "moon")),
)


def conditions(policy: Policy, *, depth: int = 3) -> st.SearchStrategy[ir.Expr]:
    """Well-typed conditions over the facts, parameters, look-ups and definitions of a policy.

    `depth` bounds how deeply they nest.
    """
    checked = policy.checked
    return _Draw(checked.facts, checked.parameters, checked.registers, checked.look_ups, checked.definitions).of(
        BOOL, depth
    )


@dataclass(slots=True)
class _Draw:
    """Draws expressions over some declarations."""

    facts: Mapping[str, ir.Fact]
    parameters: Mapping[str, ir.Parameter] = field(default_factory=dict)
    registers: Mapping[str, ir.Register] = field(default_factory=dict)
    look_ups: Mapping[str, ir.LookUp] = field(default_factory=dict)
    definitions: Mapping[str, ir.Definition] = field(default_factory=dict)

    def leaves(self, kind: Kind) -> list[ir.Expr]:
        """Everything with a value of the kind."""
        found: list[ir.Expr] = [ir.ReadFact(f.name, f.type) for f in self.facts.values() if f.type.kind is kind]
        found += [ir.ReadParameter(p.name, p.type) for p in self.parameters.values() if p.type.kind is kind]
        found += [
            ir.ReadDefinition(d.name, ir.type_of(d.expr))
            for d in self.definitions.values()
            if ir.type_of(d.expr).kind is kind
        ]
        if kind is Kind.DATE:
            found.append(ir.ReadFact(ir.AS_OF, DATE))
        return found + [column for column in self.columns() if column.type.kind is kind]

    def columns(self) -> list[ir.ReadColumn]:
        """The columns that a condition may read."""
        found = []
        for look_up in self.look_ups.values():
            register = self.registers[look_up.register]
            if register.partial:
                continue
            found.append(ir.ReadColumn(look_up.name, ir.FOUND, BOOL))
            found += [
                ir.ReadColumn(look_up.name, column.name, column.type)
                for column in register.columns.values()
                if column.absent is not None
            ]
        return found

    def of(self, declared: Type, depth: int) -> st.SearchStrategy[ir.Expr]:
        """Expressions of a kind."""
        match declared.kind:
            case Kind.BOOL:
                return self.condition(depth)
            case Kind.INT:
                return self.number(Kind.INT, depth)
            case Kind.MONEY:
                return self.number(Kind.MONEY, depth)
            case Kind.DATE:
                return self.day(depth)
            case Kind.TEXT | Kind.ENUM | Kind.SET:
                return st.sampled_from(self.leaves(declared.kind))

    def condition(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """True or false."""
        atoms = [self.atom(depth), *([st.sampled_from(found)] if (found := self.leaves(Kind.BOOL)) else [])]
        if depth == 0:
            return st.one_of(*atoms)
        inner = st.deferred(lambda: self.condition(depth - 1))
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(*atoms, inner.map(ir.Not), several.map(ir.And), several.map(ir.Or))

    def atom(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A comparison of two values, or a membership."""
        kinds = [kind for kind in Kind if kind is not Kind.BOOL and self.leaves(kind)]
        if not kinds:
            return st.booleans().map(lambda value: ir.Literal(value, BOOL))
        return st.sampled_from(kinds).flatmap(lambda kind: self.comparison(kind, depth))

    def comparison(self, kind: Kind, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A comparison of values of one kind."""
        match kind:
            case Kind.INT | Kind.MONEY | Kind.DATE:
                side = self.of(Type(kind), min(depth, 1)).filter(lambda e: not isinstance(e, ir.Literal))
                other = self.of(Type(kind), 0) | self.constant(kind)
                ordered = st.builds(ir.Compare, st.sampled_from(("==", "!=", "<", "<=", ">", ">=")), side, other)
                listed = st.builds(ir.OneOf, side, self.options(kind))
                return ordered | listed
            case Kind.TEXT:
                side = st.sampled_from(self.leaves(kind))
                same = st.builds(ir.Compare, st.sampled_from(("==", "!=")), side, self.constant(kind))
                return same | st.builds(ir.OneOf, side, self.options(kind))
            case Kind.ENUM:
                return st.sampled_from(self.leaves(kind)).flatmap(self.of_enum)
            case Kind.SET | Kind.BOOL:
                return st.sampled_from(self.leaves(kind)).flatmap(self.of_set)

    def constant(self, kind: Kind) -> st.SearchStrategy[ir.Expr]:
        """A literal of a number, date or text."""
        plain: dict[Kind, st.SearchStrategy[Any]] = {
            Kind.INT: st.integers(-3, 12),
            Kind.MONEY: st.sampled_from((0, 1, 99, 100, 500_00, 1_000_00)),
            Kind.DATE: st.sampled_from((START, TURN, date(2020, 2, 29), date(2026, 12, 25))),
            Kind.TEXT: st.sampled_from(WORDS),
        }
        declared = {Kind.INT: INT, Kind.MONEY: MONEY, Kind.DATE: DATE, Kind.TEXT: TEXT}[kind]
        return plain[kind].map(lambda value: ir.Literal(value, declared))

    def options(self, kind: Kind) -> st.SearchStrategy[tuple[ir.Expr, ...]]:
        """The constants of a set display."""
        return st.lists(self.constant(kind), min_size=1, max_size=3, unique=True).map(tuple)

    def of_enum(self, side: ir.Expr) -> st.SearchStrategy[ir.Expr]:
        """An enum against its values, or another enum that shares one."""
        declared = ir.type_of(side)
        literals = st.sampled_from([ir.Literal(value, declared) for value in declared.values])
        others = [e for e in self.leaves(Kind.ENUM) if set(ir.type_of(e).values) & set(declared.values)]
        same = st.builds(ir.Compare, st.sampled_from(("==", "!=")), st.just(side), literals | st.sampled_from(others))
        options = st.lists(literals, min_size=1, max_size=3, unique=True).map(tuple)
        sets = [e for e in self.leaves(Kind.SET) if set(ir.type_of(e).values) & set(declared.values)]
        member = [st.builds(ir.In, st.just(side), st.sampled_from(sets))] if sets else []
        return st.one_of(same, st.builds(ir.OneOf, st.just(side), options), *member)

    def of_set(self, side: ir.Expr) -> st.SearchStrategy[ir.Expr]:
        """A set against a display or another set, an element of it, or its size."""
        declared = ir.type_of(side)
        element = Type(Kind.ENUM, declared.values)
        display = st.frozensets(st.sampled_from(declared.values), min_size=1).map(lambda v: ir.Literal(v, declared))
        others = [e for e in self.leaves(Kind.SET) if set(ir.type_of(e).values) & set(declared.values)]
        pair = st.builds(
            ir.Compare, st.sampled_from(("==", "!=", "<=", ">=")), st.just(side), display | st.sampled_from(others)
        )
        literal = st.sampled_from([ir.Literal(value, element) for value in declared.values])
        size = st.builds(
            ir.Compare, st.sampled_from(("==", "<", ">=")), st.just(ir.Count(side)), self.constant(Kind.INT)
        )
        return pair | st.builds(ir.In, literal, st.just(side)) | size

    def number(self, kind: Kind, depth: int) -> st.SearchStrategy[ir.Expr]:
        """An amount or whole number; arithmetic only where it stays in bounds."""
        leaves = self.leaves(kind)
        if kind is Kind.INT:
            leaves += [ir.Count(e) for e in self.leaves(Kind.SET)]
        base: st.SearchStrategy[ir.Expr] = st.sampled_from(leaves) if leaves else self.constant(kind)
        if depth == 0 or not leaves:
            # A sum of constants alone would be read as whole numbers, whatever it was meant to be.
            return base
        other = base | self.constant(kind)
        factors: st.SearchStrategy[ir.Expr] = st.integers(-2, 3).map(lambda value: ir.Literal(value, INT))
        if parameters := [
            ir.ReadParameter(p.name, p.type) for p in self.parameters.values() if p.type.kind is Kind.INT
        ]:
            factors = factors | st.sampled_from(parameters)
        return st.one_of(
            base,
            st.builds(ir.Add, base, other),
            st.builds(ir.Subtract, base, other),
            st.builds(ir.Multiply, base, factors),
        )

    def day(self, depth: int) -> st.SearchStrategy[ir.Expr]:
        """A date, moved by days or working days."""
        base = st.sampled_from(self.leaves(Kind.DATE))
        if depth == 0:
            return base
        moved: st.SearchStrategy[ir.Expr] = st.integers(0, 40).map(lambda value: ir.Literal(value, INT))
        small = [f for f in self.facts.values() if f.type.kind is Kind.INT and f.type.high == 9]  # noqa: PLR2004
        if small:
            moved = moved | st.sampled_from([ir.ReadFact(f.name, f.type) for f in small])
        working = st.integers(1, 40).map(lambda value: ir.Literal(value, INT))
        return st.one_of(
            base,
            st.builds(ir.Add, base, moved),
            st.builds(ir.Subtract, base, moved),
            st.builds(ir.Workday, base, working),
        )


def policies(*, conflict_free: bool = True, layers: bool = True) -> st.SearchStrategy[Policy]:
    """Whole random checked policies.

    Args:
        conflict_free: every route overrides those after it, so that no two are ever true together; the laws
            hold for such policies only.
        layers: some policies build on another that they add to.
    """
    return _policies(conflict_free, layers)


@st.composite
def _policies(draw: st.DrawFn, conflict_free: bool, layers: bool) -> Policy:
    below = draw(_layer(None, conflict_free)) if layers and draw(st.booleans()) else None
    policy = draw(_layer(below, conflict_free))
    faults = Collector()
    checked = check(policy, faults)
    if checked is None:
        raise AssertionError("\n".join(f"{fault.code} {fault.message}" for fault in faults))
    return Policy(checked)


@st.composite
def _layer(draw: st.DrawFn, below: ir.Policy | None, conflict_free: bool) -> ir.Policy:
    prefix = "b" if below is None else "c"
    parts = {} if below is None else {name: dict(getattr(below, name)) for name in _SECTIONS}
    drawn = _Draw(
        {**parts.get("facts", {}), **draw(_facts(prefix))},
        {**parts.get("parameters", {}), **draw(_parameters(prefix))},
    )
    registers, look_ups = draw(_registers(prefix, drawn.facts))
    drawn.registers = {**parts.get("registers", {}), **registers}
    drawn.look_ups = {**parts.get("look_ups", {}), **look_ups}
    drawn.facts = {**drawn.facts, **draw(_filled_facts(prefix, drawn))}
    drawn.definitions = {**parts.get("definitions", {}), **draw(_definitions(prefix, drawn))}
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
        digest=prefix,
    )


_SECTIONS = (
    *("facts", "parameters", "registers", "look_ups", "definitions", "channels"),
    *("routes", "requirements", "exceptions", "obligations"),
)


@st.composite
def _facts(draw: st.DrawFn, prefix: str) -> dict[str, ir.Fact]:
    types = draw(st.lists(st.sampled_from(TYPES), min_size=2, max_size=5))
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
def _filled_facts(draw: st.DrawFn, prefix: str, drawn: _Draw) -> dict[str, ir.Fact]:
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
def _definitions(draw: st.DrawFn, prefix: str, drawn: _Draw) -> dict[str, ir.Definition]:
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
    drawn: _Draw,
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
def _requirements(draw: st.DrawFn, prefix: str, drawn: _Draw, channels: list[str]) -> dict[str, ir.Requirement]:
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
def _exceptions(draw: st.DrawFn, prefix: str, drawn: _Draw, requirements: list[str]) -> dict[str, ir.ExceptionRule]:
    found = {}
    for number in range(draw(st.integers(0, 2)) if requirements else 0):
        name = f"{prefix}_exception{number}"
        waived = tuple(draw(st.lists(st.sampled_from(requirements), min_size=1, max_size=2, unique=True)))
        when = draw(st.none() | drawn.condition(1))
        found[name] = ir.ExceptionRule(name, waived, when, LABEL, OWN, draw(_PERIODS))
    return found


@st.composite
def _obligations(draw: st.DrawFn, prefix: str, drawn: _Draw) -> dict[str, ir.ObligationRule]:
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
