"""Events in time, and the watches over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal as Choice

from admission.datatypes import Type
from admission.diagnostics.source import Span
from admission.ir.declarations import ALWAYS, Basis, Label, Period
from admission.ir.expressions import Expr, Literal
from admission.records import record


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
