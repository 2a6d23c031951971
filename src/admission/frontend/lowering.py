"""A document that was read, and the policy below it, to one policy in the intermediate representation.

What a layer adds is put beside what the layer below says; what it redefines must be named in `replaces`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from admission import ir
from admission.datatypes import LIMITS, Kind, Type, Unfit, Value, bounded, from_document
from admission.diagnostics import Collector, Span, nearest
from admission.frontend import declarations, rules, syntax, watches
from admission.frontend.document import Entry, Fields, Word
from admission.frontend.loader import DEEPEST, Node, plain

T = TypeVar("T")
KINDS = frozenset(kind.value for kind in Kind)
Handed = Mapping[str, Any]
"""Register rows that the embedding program hands in, by register."""


@dataclass
class Lowering:
    """Lowers one layer; `poisoned` collects names whose declaration is at fault, so that no use of them is."""

    head: Fields
    sections: Mapping[str, list[Entry]]
    below: ir.Policy | None
    folder: Path
    faults: Collector
    handed: Handed
    poisoned: set[str] = field(default_factory=set)
    replaced: dict[str, Span] = field(default_factory=dict)
    used_replacements: set[str] = field(default_factory=set)
    types: dict[str, tuple[Type, Mapping[str, ir.Label]]] = field(default_factory=dict)
    resolving: list[str] = field(default_factory=list)
    circles: set[str] = field(default_factory=set)
    """Facts whose types refer to one another in a circle that was reported."""

    # ------------------------------------------------------------------------------------- whole

    def policy(self) -> ir.Policy | None:
        """The merged policy; None where the head is at fault, so that nothing sensible can be built."""
        head = self.head
        self.replaced = {word.text: word.span for word in head.get("replaces") or ()}
        identity, version, period = head.get("policy"), head.get("version"), head.get("in_force")
        if identity is None or head.get("languages") is None:
            return None
        below = self.below
        return ir.Policy(
            id=identity.text,
            version=version or "",
            subject=head.get("subject").text if head.get("subject") else "task",
            place=head.get("place") or identity.text,
            title=head.get("title") or {},
            period=self.period(period, required=True),
            languages=tuple(head.get("languages")),
            extends=below.id if below else None,
            tightens=bool(head.get("tightens")),
            replaces=tuple(self.replaced),
            wording={**(below.wording if below else {}), **self.wording()},
            **self.merged(),
            silences=(*(below.silences if below else ()), *self.silences()),
            below=below,
            span=head.keys.get("policy"),
            party_spans={**(below.party_spans if below else {}), **self.places("parties")},
        )

    def merged(self) -> dict[str, Any]:
        """Every section, the layer's own beside that of the layer below."""
        self.claim_rule_ids()
        lowered: dict[str, Any] = {}
        for section, lower in self.lowerers().items():
            own = self.section(section, lower)
            below: Mapping[str, Any] = getattr(self.below, section) if self.below else {}
            for name in own:
                if name in below:
                    self.redefines(name, self.place(section, name))
            lowered[section] = {**below, **own}
        return lowered

    def lowerers(self) -> dict[str, Callable[[Entry], Any]]:
        """The sections in the order in which they build on one another."""
        return {
            "parties": lambda entry: entry.value,
            "sources": partial(declarations.source, self),
            "facts": partial(declarations.fact, self),
            "parameters": partial(declarations.parameter, self),
            "registers": partial(declarations.register, self),
            "look_ups": declarations.look_up,
            "definitions": partial(declarations.definition, self),
            "channels": declarations.channel,
            "routes": partial(rules.route, self),
            "requirements": partial(rules.requirement, self),
            "exceptions": partial(rules.exception, self),
            "obligations": partial(rules.obligation, self),
            "invariants": partial(rules.invariant, self),
            "events": partial(watches.event, self),
            "watches": partial(watches.watch, self),
        }

    def section(self, section: str, lower: Callable[[Entry], T | None]) -> dict[str, T]:
        """The sound entries of a section; the names of the others are poisoned."""
        found = {}
        for entry in self.sections.get(section, ()):
            value = None if entry.value is None else lower(entry)
            if value is None:
                self.poisoned.add(entry.name)
            else:
                found[entry.name] = value
        return found

    def silences(self) -> Iterator[ir.Silence]:
        """The warnings that this layer's declarations say are meant."""
        for section, entries in self.sections.items():
            for entry in entries:
                listed = entry.value.get("silence") if isinstance(entry.value, Fields) else None
                for fields in listed or ():
                    if not fields.broken:
                        reason, span = fields.get("reason"), fields.keys["code"]
                        layer = self.head.get("policy").text
                        yield ir.Silence(section, entry.name, fields.get("code"), reason, layer, span)

    def places(self, section: str) -> dict[str, Span]:
        """Where the layer declares each name of a section."""
        return {entry.name: entry.span for entry in self.sections.get(section, ())}

    def place(self, section: str, name: str) -> Span:
        """Where the layer declares a name."""
        return next(entry.span for entry in self.sections[section] if entry.name == name)

    def redefines(self, name: str, span: Span) -> None:
        """Report what is redefined or weakened without being named in `replaces`."""
        if name in self.replaced:
            self.used_replacements.add(name)
        else:
            self.faults.add("A601", span, name=name, below=self.below.id if self.below else "")

    def names_below(self) -> set[str]:
        """What the layer below declares, and this one could redefine or weaken."""
        return {name for section in self.lowerers() for name in getattr(self.below, section, ())}

    def claim_rule_ids(self) -> None:
        """Rule ids are unique across their sections."""
        seen: dict[str, Span] = {}
        for section in ("routes", "requirements", "exceptions", "obligations", "invariants", "watches"):
            for entry in self.sections.get(section, ()):
                if entry.name in seen:
                    self.faults.add("A403", entry.span, name=entry.name, where=seen[entry.name].place)
                seen[entry.name] = entry.span

    # ------------------------------------------------------------------------------------- parts

    def wording(self) -> dict[str, ir.Label]:
        """The policy's own words for the verdicts."""
        fields = self.head.get("wording")
        return {word: label for word, label in fields.values.items() if label} if fields else {}

    def period(self, fields: Fields | None, *, required: bool = False) -> ir.Period:
        """A period; the policy's own must begin on some day."""
        if fields is None:
            return ir.ALWAYS
        start, end = fields.get("from"), fields.get("until")
        if start and end and end < start:
            self.faults.add("A504", fields.span, start=start, end=end)
            return ir.ALWAYS
        if required and start is None and not fields.broken:
            self.faults.add("A209", fields.span, key="from", says=("自此日起", "the first day in force"))
        return ir.Period(start, end)

    def rule_period(self, fields: Fields) -> ir.Period:
        """A rule is in force in the intersection of its period and that of the policy that declares it."""
        own, whole = self.period(fields.get("in_force")), self.period_of_policy()
        starts = [day for day in (own.start, whole.start) if day]
        ends = [day for day in (own.end, whole.end) if day]
        start, end = max(starts, default=None), min(ends, default=None)
        if start and end and end < start:
            self.faults.add("A505", fields.keys.get("in_force", fields.span), start=whole.start, end=whole.end or "…")
        return ir.Period(start, end)

    def period_of_policy(self) -> ir.Period:
        """The period that the head of this layer gives."""
        fields = self.head.get("in_force")
        start, end = (fields.get("from"), fields.get("until")) if fields else (None, None)
        return ir.ALWAYS if start and end and end < start else ir.Period(start, end)

    def basis(self, fields: Fields) -> ir.Basis:
        """Citations, or the author's own reason."""
        cited = tuple(
            ir.Citation(
                part.get("source").text,
                part.get("at"),
                part.get("quote"),
                part.get("source").span,
                part.keys.get("quote"),
            )
            for part in fields.get("cite") or ()
            if not part.broken
        )
        return ir.Basis(cited, fields.get("own"))

    def condition(self, fields: Fields, key: str) -> ir.Expr | None:
        """The expression under a key; a faulty one marks its owner as broken."""
        scalar = fields.get(key)
        if scalar is None:
            return None
        expr = syntax.parse(scalar, self.faults)
        fields.broken |= expr is None
        return expr

    def value(self, declared: Type, node: Node, name: str) -> Value | None:
        """A constant of a type; None where it does not fit, and then a fault says why."""
        try:
            return from_document(declared, plain(node))
        except Unfit as unfit:
            words = {"fact": name, "expected": unfit.expectation, "given": unfit.given}
            self.faults.add(unfit.code, node.span, unfit.near, **words)
            return None

    def constant(self, declared: Type, fields: Fields, key: str, name: str) -> ir.Literal | None:
        """The constant under a key, or None."""
        node = fields.get(key)
        if node is None:
            return None
        value = self.value(declared, node, f"{name}.{key}")
        fields.broken |= value is None
        return None if value is None else ir.Literal(value, declared, node.span)

    # ------------------------------------------------------------------------------------- types

    def type_of_fact(self, name: str) -> tuple[Type, Mapping[str, ir.Label]] | None:
        """The type and value labels of a fact of this layer or one below."""
        if name in self.types:
            return self.types[name]
        entry = next((e for e in self.sections.get("facts", ()) if e.name == name), None)
        if entry is None:
            fact = self.below.facts.get(name) if self.below else None
            return (fact.type, fact.value_labels) if fact else None
        if entry.value is None or name in self.resolving:
            return None
        self.resolving.append(name)
        resolved = self.type_in(entry.value, entry.name)
        self.resolving.pop()
        if resolved:
            self.types[name] = resolved
        return resolved

    def type_in(self, fields: Fields, name: str, *, dated: bool = False) -> tuple[Type, Mapping[str, ir.Label]] | None:
        """The type that a record declares under `type`, `values`, `min`, `max`; `dated` values list no type."""
        word: Word | None = fields.get("type")
        if word is None:
            return None
        if word.text in self.resolving and word.text not in KINDS:
            circle = self.resolving[self.resolving.index(word.text) :]
            if not self.circles & set(circle):
                self.circles |= set(circle)
                self.faults.add("A406", word.span, names=" → ".join((*circle, word.text)))
            return None
        if word.text not in KINDS and len(self.resolving) > DEEPEST:
            self.faults.add("A111", word.span, deepest=DEEPEST)
            return None
        if word.text not in KINDS:
            inherited = self.type_of_fact(word.text)
            if inherited is None:
                self.unknown_type(word)
                return None
            if not dated:
                self.no_key(fields, "values")
            return self.with_bounds(inherited[0], fields, name), inherited[1]
        kind = Kind(word.text)
        if dated and kind in (Kind.ENUM, Kind.SET):
            self.faults.add("A216", word.span)
            return None
        if dated:
            return self.with_bounds(bounded(kind), fields, name), {}
        return self.type_of_kind(kind, fields, name)

    def type_of_kind(self, kind: Kind, fields: Fields, name: str) -> tuple[Type, Mapping[str, ir.Label]] | None:
        """A type of one of the seven kinds."""
        if kind in (Kind.ENUM, Kind.SET):
            entries: list[Entry] | None = fields.get("values")
            if not entries:
                if "values" not in fields.keys:
                    self.faults.add("A209", fields.span, key="values", says=("取值", "the values it may take"))
                return None
            labels = {e.name: e.value if isinstance(e.value, dict) else {} for e in entries}
            self.with_bounds(Type(kind), fields, name)
            return Type(kind, tuple(labels)), labels
        self.no_key(fields, "values")
        return self.with_bounds(bounded(kind), fields, name), {}

    def with_bounds(self, declared: Type, fields: Fields, name: str) -> Type:
        """The type within the declared `min` and `max`."""
        if declared.kind not in LIMITS:
            self.no_key(fields, "min")
            self.no_key(fields, "max")
            return declared
        low, high = (self.constant(declared, fields, key, name) for key in ("min", "max"))
        bounds = Type(
            declared.kind,
            (),
            low.value if low else declared.low,  # type: ignore[arg-type] # a bound is a number or date
            high.value if high else declared.high,  # type: ignore[arg-type]
        )
        if bounds.low > bounds.high:  # type: ignore[operator] # both of the kind
            self.faults.add("A506", fields.keys["max" if high else "min"], name=name)
            return declared
        return bounds

    def no_key(self, fields: Fields, key: str) -> None:
        """Report a key that this type does not take."""
        if key in fields.keys:
            self.faults.add("A214", fields.keys[key], key=key)

    def unknown_type(self, word: Word) -> None:
        """Report a type that is neither a kind nor a fact."""
        if word.text in self.poisoned or any(e.name == word.text for e in self.sections.get("facts", ())):
            return
        known = [*(kind.value for kind in Kind), *(e.name for e in self.sections.get("facts", ()))]
        self.faults.add("A401", word.span, nearest(word.text, known), name=word.text, what=("类型", "type"))
