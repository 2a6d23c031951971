"""The intermediate representation: what a policy says, free of how it was written.

Every interpreter starts here. Nodes are frozen and hold no behaviour; spans point back to the text but are no
part of a node's equality. `Name`, `Member` and `Display` are what the parser leaves for the checker to resolve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from typing import Literal as Choice
from typing import NewType

from admission.datatypes import BOOL, DATE, INT, Kind, Type, Value, bounded
from admission.diagnostics.source import Source as Text
from admission.diagnostics.source import Span
from admission.records import record

Label = Mapping[str, str]
"""One text for each of the policy's languages."""

Comparison = Choice["==", "!=", "<", "<=", ">", ">="]


# ------------------------------------------------------------------------------------------ expressions


@record
class Literal:
    """A constant. The type is part of its equality, for `True == 1` in Python."""

    value: Value
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Name:
    """A name not yet resolved."""

    id: str
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Member:
    """`row.column`, not yet resolved."""

    row: str
    column: str
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Display:
    """`{a, b}`, not yet resolved."""

    items: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Negative:
    """`-x` for a number literal, not yet resolved: the checker folds it into the literal."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadFact:
    """The value of a fact, or of the built-in date `as_of`."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadParameter:
    """The value of a parameter in force on `as_of`."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadDefinition:
    """The value of a definition."""

    name: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ReadColumn:
    """A column of a look-up, or its built-in column `found`."""

    look_up: str
    column: str
    type: Type
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Not:
    """`not x`."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class And:
    """True when every operand is, false when one is false, else unknown; true without operands."""

    operands: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Or:
    """False when every operand is, true when one is true, else unknown; false without operands."""

    operands: tuple[Expr, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Compare:
    """Equality of two values of one type, order of two numbers or dates, or `<=`, `>=` (subset) of two sets."""

    op: Comparison
    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class In:
    """Whether an enum value is an element of a set."""

    item: Expr
    container: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class OneOf:
    """Whether a value is one of the constants of a set display, all of one type."""

    item: Expr
    options: tuple[Literal, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Count:
    """How many elements a set has."""

    operand: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Add:
    """Sum of two ints, of two amounts, or a date and a number of days."""

    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Subtract:
    """Difference of two ints, of two amounts, or a date less a number of days."""

    left: Expr
    right: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Multiply:
    """A number times an int literal or int parameter, so that nothing is ever rounded.

    `factor` is that literal or parameter, whichever side it was written on.
    """

    operand: Expr
    factor: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Workday:
    """The n-th working day after a date, in China."""

    start: Expr
    days: Expr
    span: Span | None = field(default=None, compare=False, repr=False)


Unresolved = Name | Member | Display | Negative
Expr = (
    Unresolved
    | Literal
    | ReadFact
    | ReadParameter
    | ReadDefinition
    | ReadColumn
    | Not
    | And
    | Or
    | Compare
    | In
    | OneOf
    | Count
    | Add
    | Subtract
    | Multiply
    | Workday
)


def children(expr: Expr) -> tuple[Expr, ...]:
    """The parts of an expression, in the order they were written; a definition's body is not one of them."""
    match expr:
        case And(operands) | Or(operands):
            return operands
        case Display(items):
            return items
        case Not(operand) | Count(operand) | Negative(operand):
            return (operand,)
        case Compare(_, left, right) | Add(left, right) | Subtract(left, right):
            return (left, right)
        case Multiply(operand, factor):
            return (operand, factor)
        case In(item, container):
            return (item, container)
        case OneOf(item, options):
            return (item, *options)
        case Workday(start, days):
            return (start, days)
        case Literal() | Name() | Member() | ReadFact() | ReadParameter() | ReadDefinition() | ReadColumn():
            return ()


def walk(exprs: Iterable[Expr], definitions: Mapping[str, Definition] | None = None) -> Iterator[Expr]:
    """Every node of some expressions; with `definitions`, the bodies of those that are read too, each once."""
    stack, entered = list(exprs), set[str]()
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))
        if definitions is not None and isinstance(node, ReadDefinition) and node.name not in entered:
            entered.add(node.name)
            stack.append(definitions[node.name].expr)


def type_of(expr: Expr) -> Type:
    """The type of a resolved expression; raises `TypeError` for one that is not."""
    match expr:
        case Literal() | ReadFact() | ReadParameter() | ReadDefinition() | ReadColumn():
            return expr.type
        case Not() | And() | Or() | Compare() | In() | OneOf():
            return BOOL
        case Count():
            return INT
        case Workday():
            return DATE
        case Add(left) | Subtract(left):
            return widest(type_of(left))
        case Multiply(operand):
            return widest(type_of(operand))
        case Name() | Member() | Display() | Negative():
            raise TypeError(f"not resolved: {expr}")


def widest(declared: Type) -> Type:
    """The type without its declared bounds, as arithmetic gives it."""
    return bounded(declared.kind) if declared.is_ordered else declared


# ----------------------------------------------------------------------------------------- declarations


@record
class Period:
    """A stretch of days, both ends included; None is open."""

    start: date | None = None
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


ALWAYS = Period()


@record
class Fact:
    """A declared fact of the task."""

    name: str
    type: Type
    label: Label
    value_labels: Mapping[str, Label] = field(default_factory=dict)
    ask: Label = field(default_factory=dict)
    changed_by: tuple[str, ...] = ()
    assume: Literal | None = None
    filled_by: ReadColumn | Member | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Citation:
    """Where a rule rests: a declared source, the place in it, and the words quoted."""

    source: str
    at: str
    quote: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    quote_span: Span | None = field(default=None, compare=False, repr=False)


@record
class Basis:
    """What a rule rests on: citations, or the author's own reason."""

    citations: tuple[Citation, ...] = ()
    own: Label | None = None


@record
class Source:
    """A law, notice or report that rules cite; `text` is the kept text, None where none is kept."""

    id: str
    title: Label
    date: date | None = None
    number: str | None = None
    url: str | None = None
    text: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)
    kept: Text | None = field(default=None, compare=False, repr=False)
    """The kept text with its file, for what is said about places in it."""


@record
class Parameter:
    """A named constant; each value holds from its date until the next. `values` is sorted by date."""

    name: str
    type: Type
    values: tuple[tuple[date, Value], ...]
    basis: Basis
    label: Label = field(default_factory=dict)
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Column:
    """A column of a register; `absent` is what it reads where no row is found."""

    name: str
    type: Type
    absent: Literal | None = None
    value_labels: Mapping[str, Label] = field(default_factory=dict)
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Row:
    """One row of a register: its cells in the order of the columns (None where empty), and its period."""

    cells: tuple[Value | None, ...]
    period: Period = ALWAYS
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Register:
    """A typed table beside the policy; `partial` if it is known in part only."""

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    rows: tuple[Row, ...]
    partial: bool = False
    basis: Basis = field(default_factory=Basis)
    span: Span | None = field(default=None, compare=False, repr=False)
    file: str | None = field(default=None, compare=False, repr=False)
    """The file with its rows, where there is one."""


@record
class LookUp:
    """Joins a task to at most one row of a register: key column to fact name, in the register's key order."""

    name: str
    register: str
    match: Mapping[str, str]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Definition:
    """A condition or amount with a name; a reported one comes back with the decision."""

    name: str
    expr: Expr
    label: Label
    report: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Channel:
    """Where work goes, and the outcome there when no requirement stands against it."""

    name: str
    outcome: Choice["admit", "redirect"]
    label: Label
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Route:
    """Sends a task to a channel while its condition holds (None: always)."""

    id: str
    to: str
    when: Expr | None
    overrides: tuple[str, ...]
    reason: Label
    basis: Basis
    period: Period = ALWAYS
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Requirement:
    """What a channel demands of a task."""

    id: str
    channels: tuple[str, ...]
    when: Expr | None
    require: Expr
    effect: Choice["refuse", "note"]
    reason: Label
    remedy: Label
    basis: Basis
    period: Period = ALWAYS
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ExceptionRule:
    """Waives named requirements while its condition holds (None: always)."""

    id: str
    waives: tuple[str, ...]
    when: Expr | None
    reason: Label
    basis: Basis
    period: Period = ALWAYS
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class ObligationRule:
    """A duty that comes with the named verdicts unless its condition is false."""

    id: str
    verdicts: tuple[str, ...]
    when: Expr | None
    debtor: str | None
    creditor: str | None
    amount: Expr | None
    due: Expr | None
    reason: Label
    basis: Basis
    period: Period = ALWAYS
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


Rule = Route | Requirement | ExceptionRule | ObligationRule


@record
class Invariant:
    """A promise about every complete task, which the prover keeps the policy to.

    `never` and `always` hold a condition over the facts and the decision: `ReadFact` of `VERDICT`, `CHANNEL` and
    `violated(rule)`, names that no fact can have. The others name a fact and speak of two tasks alike but for it:
    raising it (`monotone`), or lowering it (`antitone`), never turns admit or redirect into refuse; another value of
    it (`irrelevant`) changes neither verdict, channel nor violations.
    """

    id: str
    promise: Choice["never", "always", "monotone", "antitone", "irrelevant"]
    expr: Expr | None
    fact: str | None
    reason: Label
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class EventField:
    """A field of an event type; without `assume` every event must give it."""

    name: str
    type: Type
    assume: Literal | None = None
    value_labels: Mapping[str, Label] = field(default_factory=dict)
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class EventType:
    """A kind of dated event; every event has an `id` and a moment `at` beside its fields."""

    name: str
    fields: Mapping[str, EventField]
    label: Label
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Gathered:
    """What a watch gathers of one event type: its first or latest event, a sum of a field, or how many there are.

    `same` are fields that must equal those of the subject; `where` is a condition on the event's own fields. The
    events counted end at the moment `until`, or with the subject event (`up_to`), and begin `window` days
    before, or with the calendar year (`CALENDAR_YEAR`), or are all (None). Without a bound they end now.
    """

    name: str
    kind: Choice["first", "latest", "sum", "count"]
    event: str
    column: str | None
    same: tuple[str, ...]
    where: Expr | None
    until: Expr | None
    up_to: str | None
    window: Expr | Choice["calendar_year"] | None
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class WatchLookUp:
    """Joins a watch's subject to at most one row of a register: key column to what it must equal."""

    name: str
    register: str
    match: Mapping[str, Expr]
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Watch:
    """Raises a notice about each event of a type, or each value of a key field, for which `when` is true.

    `each` names an event type, or a field that is the key of every event type gathered.
    """

    id: str
    each: str
    gathered: Mapping[str, Gathered]
    look_ups: Mapping[str, WatchLookUp]
    when: Expr
    due: Expr | None
    severity: Choice["low", "medium", "high"]
    notify: tuple[str, ...]
    reason: Label
    basis: Basis
    period: Period = ALWAYS
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Silence:
    """An author's word that a warning about one declaration is known and meant, and why."""

    section: str
    name: str
    code: str
    reason: Label
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)


@record
class Policy:
    """A policy with its layers merged. Mappings keep the order of the file, which means nothing."""

    id: str
    version: str
    subject: str
    place: str
    title: Label
    period: Period
    languages: tuple[str, ...]
    extends: str | None = None
    tightens: bool = False
    replaces: tuple[str, ...] = ()
    wording: Mapping[str, Label] = field(default_factory=dict)
    parties: Mapping[str, Label] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    registers: Mapping[str, Register] = field(default_factory=dict)
    look_ups: Mapping[str, LookUp] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    requirements: Mapping[str, Requirement] = field(default_factory=dict)
    exceptions: Mapping[str, ExceptionRule] = field(default_factory=dict)
    obligations: Mapping[str, ObligationRule] = field(default_factory=dict)
    invariants: Mapping[str, Invariant] = field(default_factory=dict)
    events: Mapping[str, EventType] = field(default_factory=dict)
    watches: Mapping[str, Watch] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    below: Policy | None = field(default=None, repr=False)
    """The merged layer below, unchecked; None for a policy that extends nothing."""
    digest: str = field(default="", compare=False)
    """SHA-256 of the policy's content and that of its layers, in hexadecimal."""
    span: Span | None = field(default=None, compare=False, repr=False)
    party_spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)
    """Where each party is declared: its label has no room for it."""


def expressions_in_force(policy: Policy, day: date) -> Iterator[Expr]:
    """Every expression of the rules in force on a day, and of the reported definitions."""
    for rule in rules(policy):
        if day in rule.period:
            yield from parts(rule).values()
    yield from (definition.expr for definition in policy.definitions.values() if definition.report)


def rules(policy: Policy) -> Iterator[Rule]:
    """Routes, requirements, exceptions and obligations, each in the order of the file."""
    yield from policy.routes.values()
    yield from policy.requirements.values()
    yield from policy.exceptions.values()
    yield from policy.obligations.values()


def parts(rule: Rule) -> dict[str, Expr]:
    """The expressions that a rule holds, by the key they are written under."""
    found: dict[str, Expr | None] = {"when": rule.when}
    match rule:
        case Requirement():
            found["require"] = rule.require
        case ObligationRule():
            found |= {"amount": rule.amount, "due": rule.due}
        case Route() | ExceptionRule():
            pass
    return {key: expr for key, expr in found.items() if expr is not None}


CheckedPolicy = NewType("CheckedPolicy", Policy)
"""A policy that the checker passed. INVARIANT: it holds no `Unresolved` node, and every name in it resolves."""

FOUND = "found"
AT = "at"
DUE = "due"
CALENDAR_YEAR: Choice["calendar_year"] = "calendar_year"
WITHDRAWN = "withdrawn"
WITHDRAWS = "withdraws"
"""The built-in event type that takes another event back, and its one field, the other's id."""
VERDICTS = Type(Kind.ENUM, ("admit", "redirect", "refuse", "undetermined"))
AS_OF = "as_of"
VERDICT = "verdict"
CHANNEL = "channel"
NO_CHANNEL = ""
"""What `channel` is in an invariant where no route takes the task: equal to no channel's name."""
NO_ROUTE = "no_route"
EVERY_ROUTE_REFUSES = "every_route_refuses"
WORKING_CALENDAR = "working_calendar"


def violated(rule: str) -> str:
    """The name under which an invariant reads whether a requirement is violated."""
    return f"violated({rule})"


def parts_of_watch(watch: Watch) -> Iterator[Expr]:
    """Every expression that a watch holds."""
    yield watch.when
    if watch.due is not None:
        yield watch.due
    for look_up in watch.look_ups.values():
        yield from look_up.match.values()
    for gathered in watch.gathered.values():
        held = (gathered.where, gathered.until, gathered.window)
        yield from (part for part in held if part is not None and part != CALENDAR_YEAR)


def facts_of_decision(policy: Policy) -> dict[str, Fact]:
    """What an invariant may read of the decision, declared like facts; no fact of a policy has such a name."""
    types = {VERDICT: VERDICTS, CHANNEL: Type(Kind.ENUM, tuple(policy.channels))}
    types |= {violated(rule): BOOL for rule in (*policy.requirements, NO_ROUTE)}
    return {name: Fact(name, declared, {}) for name, declared in types.items()}
