"""Changes and remedies in words: what to do, who may do it, and what the task would then be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from admission import ir, reference
from admission.datatypes import Kind, Value, to_json, to_python
from admission.decision import Given, in_language
from admission.explain.words import in_words, word
from admission.remedies.values import Change, Space, Variable, number, written_out

Action = Literal["set", "add", "remove"]


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact set to another value, or one element added to a set or taken out.

    `before` and `after` are Python values of the fact (money a `Decimal` of yuan), None where unknown; of a set they
    are the element, None where it is not in the set.
    """

    fact: str
    action: Action
    before: object
    after: object
    by: tuple[str, ...]
    """The parties who may change it, sorted."""
    declared: ir.Fact = field(compare=False, repr=False)
    inner: tuple[Value | None, Value | None] = field(compare=False, repr=False)

    def text(self, lang: str | None = None) -> str:
        """What to do, in `zh` or `en`; without `lang` in the policy's first language."""
        spoken = lang or next(iter(self.declared.label))
        before, after = (self._value(value, spoken) for value in self.inner)
        element = self._value(self.inner[1] if self.action == "add" else self.inner[0], spoken)
        label = in_language(self.declared.label, spoken)
        return word(self._verb(), spoken, label=label, before=before, after=after, element=element)

    def _value(self, value: Value | None, lang: str) -> str:
        if self.declared.type.kind is Kind.SET and isinstance(value, str):
            return in_language(self.declared.value_labels.get(value, {lang: value}), lang)
        return in_words(self.declared.type, self.declared.value_labels, value, lang)

    def _verb(self) -> str:
        before, after = self.inner
        if self.action != "set":
            return f"change_{self.action}"
        if before is None or after is None:
            return "change_settle"
        if not self.declared.type.is_ordered:
            return "change_set"
        up, down = ("later", "earlier") if self.declared.type.kind is Kind.DATE else ("raise", "lower")
        return f"change_{up if number(after) > number(before) else down}"

    def to_dict(self) -> dict[str, object]:
        """JSON-ready; amounts of money and dates are text."""
        return {
            "fact": self.fact,
            "action": self.action,
            "from": self._json(self.inner[0]),
            "to": self._json(self.inner[1]),
            "by": list(self.by),
            "text": {lang: self.text(lang) for lang in self.declared.label},
        }

    def _json(self, value: Value | None) -> object:
        return value if value is None or self.declared.type.kind is Kind.SET else to_json(self.declared.type, value)


@dataclass(frozen=True, slots=True)
class Remedy:
    """A smallest set of changes that gives the wanted verdict, sorted by fact; empty where nothing needs to change."""

    policy: ir.CheckedPolicy = field(compare=False, repr=False)
    given: Given = field(compare=False, repr=False)
    changes: tuple[FactChange, ...]

    @property
    def facts(self) -> dict[str, Value]:
        """The task's facts with the changes made, in their inner form."""
        found = dict(self.given.facts)
        world = reference.World(self.policy, self.given.facts, self.given.as_of)
        for change in self.changes:
            before, after = change.inner
            if change.action == "set" and after is not None:
                found[change.fact] = after
                continue
            held = found.get(change.fact, reference.fact(change.fact, world))
            elements = held if isinstance(held, frozenset) else frozenset[str]()
            found[change.fact] = (elements - {str(before)}) if change.action == "remove" else elements | {str(after)}
        return found

    def apply(self) -> dict[str, object]:
        """The task with the changes made, as `policy.decide` takes it."""
        facts = {name: to_python(self.policy.facts[name].type, value) for name, value in self.facts.items()}
        return facts | {"id": self.given.id, ir.AS_OF: self.given.as_of}

    @property
    def rules(self) -> tuple[str, ...]:
        """The requirements that were not met and now are, by what the changes set; sorted."""
        before = reference.World(self.policy, self.given.facts, self.given.as_of)
        after = reference.World(self.policy, self.facts, self.given.as_of)
        changed = {change.fact for change in self.changes}
        return tuple(
            sorted(
                rule.id
                for rule in self.policy.requirements.values()
                if self.given.as_of in rule.period
                and rule.effect == "refuse"
                and changed & set(_facts_read(reference.demand(rule, before), self.policy))
                and reference.evaluate(reference.demand(rule, before), before) is not True
                and reference.evaluate(reference.demand(rule, after), after) is True
            )
        )

    def advice(self, lang: str | None = None) -> tuple[str, ...]:
        """What the authors of those requirements say can be done, in their own words."""
        said = (self.policy.requirements[rule].remedy for rule in self.rules)
        return tuple(in_language(label, lang) for label in said if label)

    def text(self, lang: str | None = None) -> str:
        """What to do and who may do it, in `zh` or `en`; without `lang` in the policy's first language."""
        spoken = lang or self.policy.languages[0]
        if not self.changes:
            return word("nothing_to_change", spoken)
        return ("；" if spoken == "zh" else "; ").join(self._change(change, spoken) for change in self.changes)

    def _change(self, change: FactChange, lang: str) -> str:
        parties = ("、" if lang == "zh" else ", ").join(in_language(self.policy.parties[p], lang) for p in change.by)
        return change.text(lang) + word("by", lang, parties=parties)

    def __str__(self) -> str:
        return self.text()

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: the changes, the requirements they meet, and the text in each language."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "rules": list(self.rules),
            "text": {lang: self.text(lang) for lang in self.policy.languages},
        }

    def cost(self) -> tuple[object, ...]:
        """The order of remedies: fewest changes, then facts by name, then the least number or first word."""
        return len(self.changes), tuple((change.fact, change.action, _rank(change)) for change in self.changes)


def _rank(change: FactChange) -> tuple[int, str]:
    before, after = change.inner
    if change.action == "set" and change.declared.type.is_ordered and after is not None:
        return number(after), ""
    return 0, str(before if change.action == "remove" else after)


def _facts_read(expr: ir.Expr, policy: ir.Policy) -> Iterable[str]:
    return (node.name for node in written_out(expr, policy) if isinstance(node, ir.ReadFact))


def changes_of(space: Space, choice: Iterable[Change], parties: frozenset[str]) -> tuple[FactChange, ...]:
    """The changes of a choice of values, sorted by fact and element."""
    found = []
    for (name, element), value in sorted(choice, key=lambda change: (change[0].fact, change[0].element or "")):
        fact = space.facts[name]
        by = tuple(sorted(parties & set(fact.changed_by)))
        if element is None:
            inner: tuple[Value | None, Value | None] = (space.current[Variable(name)], value)
            public = tuple(v if v is None else to_python(fact.type, v) for v in inner)
            found.append(FactChange(name, "set", public[0], public[1], by, fact, inner))
        elif value:
            found.append(FactChange(name, "add", None, element, by, fact, (None, element)))
        else:
            found.append(FactChange(name, "remove", element, None, by, fact, (element, None)))
    return tuple(found)
