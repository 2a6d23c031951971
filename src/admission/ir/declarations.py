"""What a policy declares before its rules: facts, sources, parameters, registers, definitions, channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from typing import Literal as Choice

from admission.datatypes import Type, Value
from admission.diagnostics.source import Source as Text
from admission.diagnostics.source import Span
from admission.ir.expressions import Expr, Literal, Member, ReadColumn
from admission.records import record

Label = Mapping[str, str]
"""One text for each of the policy's languages."""


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
