"""The one namespace of a policy with its layers: facts, parameters, look-ups, definitions, enum values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from admission import ir
from admission.datatypes import Kind, Type
from admission.diagnostics import Collector, Span

RESERVED = frozenset(("as_of", "verdict", "channel", "violated", "count", "workday", "date", "true", "false"))
RESERVED_KEYS = frozenset(("id",))

_WHAT = {
    "fact": ("事实", "fact"),
    "parameter": ("参数", "parameter"),
    "look-up": ("查询", "look-up"),
    "definition": ("定义", "definition"),
    "value": ("取值", "value"),
}


@dataclass(slots=True)
class Names:
    """What each name stands for; `poisoned` names were declared but at fault, so their uses are not reported."""

    policy: ir.Policy
    poisoned: frozenset[str]
    kinds: dict[str, str] = field(default_factory=dict)
    values: dict[str, Span | None] = field(default_factory=dict)

    def known(self) -> list[str]:
        """Every name that an expression may use."""
        return [*self.kinds, *self.values, ir.AS_OF]


def collect(policy: ir.Policy, poisoned: frozenset[str], faults: Collector) -> Names:
    """The namespace, each clash and each use of a reserved name reported."""
    names = Names(policy, poisoned)
    places: dict[str, Span | None] = {}
    for name, kind, span in _declared(policy):
        if name in RESERVED or (kind == "fact" and name in RESERVED_KEYS):
            faults.add("A404", span, name=name)
        if name in names.kinds and names.kinds[name] != kind:
            faults.add("A402", span, name=name, what=_WHAT[names.kinds[name]], where=_place(places[name]))
        names.kinds.setdefault(name, kind)
        places.setdefault(name, span)
    for value, span in _values(policy):
        if value in RESERVED:
            faults.add("A404", span, name=value)
        elif value in names.kinds:
            faults.add("A402", places[value], name=value, what=_WHAT["value"], where=_place(span))
        names.values.setdefault(value, span)
    return names


def _declared(policy: ir.Policy) -> Iterator[tuple[str, str, Span | None]]:
    sections: Mapping[str, Mapping[str, ir.Fact | ir.Parameter | ir.LookUp | ir.Definition]] = {
        "fact": policy.facts,
        "parameter": policy.parameters,
        "look-up": policy.look_ups,
        "definition": policy.definitions,
    }
    for kind, section in sections.items():
        for name, declared in section.items():
            yield name, kind, declared.span


def _values(policy: ir.Policy) -> Iterator[tuple[str, Span | None]]:
    def of(declared: Type, span: Span | None) -> Iterator[tuple[str, Span | None]]:
        if declared.kind in (Kind.ENUM, Kind.SET):
            for value in declared.values:
                yield value, span

    for fact in policy.facts.values():
        yield from of(fact.type, fact.span)
    for register in policy.registers.values():
        for column in register.columns.values():
            yield from of(column.type, column.span)


def _place(span: Span | None) -> str:
    return span.place if span else "?"
