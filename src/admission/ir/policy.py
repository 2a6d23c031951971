"""A policy with its layers merged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NewType

from admission.diagnostics.source import Span
from admission.ir.declarations import Channel, Definition, Fact, Label, LookUp, Parameter, Period, Register, Source
from admission.ir.rules import ExceptionRule, Invariant, ObligationRule, Requirement, Route
from admission.ir.watches import EventType, Watch
from admission.records import record


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


CheckedPolicy = NewType("CheckedPolicy", Policy)
"""A policy that the checker passed. INVARIANT: it holds no `Unresolved` node, and every name in it resolves."""
