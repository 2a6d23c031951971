"""Routes, requirements, exceptions and obligations, and the promises that are kept about them."""

from __future__ import annotations

from dataclasses import field
from typing import Literal as Choice

from admission.diagnostics.source import Span
from admission.ir.declarations import ALWAYS, Basis, Label, Period
from admission.ir.expressions import Expr
from admission.records import record


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
    `violated(rule)`, names that no fact can have. The others speak of two tasks alike but for one fact: raising it
    (`monotone`), lowering it (`antitone`), or making the condition true that reads it alone (`favourable`), never turns
    admit or redirect into refuse; another value of it (`irrelevant`) changes neither verdict, channel nor violations.
    The fact that a favourable condition reads is None until the checker has found it.
    """

    id: str
    promise: Choice["never", "always", "monotone", "antitone", "favourable", "irrelevant"]
    expr: Expr | None
    fact: str | None
    reason: Label
    layer: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
