"""What every deciding interpreter returns: the verdict, where the work goes, and each reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from admission.datatypes import Value
from admission.ir import EVERY_ROUTE_REFUSES, NO_ROUTE, WORKING_CALENDAR, Basis, Label, Policy
from admission.records import record


class Verdict(StrEnum):
    """The four answers (semantics, section 5)."""

    ADMIT = "admit"
    REDIRECT = "redirect"
    REFUSE = "refuse"
    UNDETERMINED = "undetermined"


@record
class Citation:
    """A place in a source, with the source's title and address."""

    source: str
    titles: Label
    at: str
    quote: str | None = None
    url: str | None = None

    def title(self, lang: str | None = None) -> str:
        """The source's title; without `lang` in the policy's first language."""
        return in_language(self.titles, lang)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {
            "source": self.source,
            "title": dict(self.titles),
            "at": self.at,
            "quote": self.quote,
            "url": self.url,
        }


@record
class Violation:
    """A requirement that stands against the task, or the built-in `no_route` or `every_route_refuses`."""

    rule: str
    reasons: Label
    citations: tuple[Citation, ...] = ()
    own: Label | None = None
    """Why the author chose the rule, where it cites no source."""
    remedies: Label = field(default_factory=dict)

    def reason(self, lang: str | None = None) -> str:
        """Why, in `zh` or `en`; without `lang` in the policy's first language."""
        return in_language(self.reasons, lang)

    def remedy(self, lang: str | None = None) -> str | None:
        """What the rule's author says can be done about it, or None."""
        return in_language(self.remedies, lang) if self.remedies else None


@record
class Obligation:
    """A duty that comes with a decision. `amount` is in yuan; amount and due date are None where unknown."""

    rule: str
    certain: bool
    debtor: str | None
    creditor: str | None
    amount: Decimal | None
    due: date | None
    reasons: Label
    citations: tuple[Citation, ...] = ()

    def reason(self, lang: str | None = None) -> str:
        """Why, in `zh` or `en`; without `lang` in the policy's first language."""
        return in_language(self.reasons, lang)

    def to_dict(self) -> dict[str, object]:
        """JSON-ready: `rule` and `certain` always, the rest where there is such."""
        found: dict[str, object] = {"rule": self.rule, "certain": self.certain}
        parts = {"debtor": self.debtor, "creditor": self.creditor}
        found |= {name: party for name, party in parts.items() if party is not None}
        if self.amount is not None:
            found["amount"] = f"{self.amount:f}"
        if self.due is not None:
            found["due"] = self.due.isoformat()
        return found


@record
class PolicyIdentity:
    """Which policy decided: its id, version and content digest (SHA-256, hexadecimal)."""

    id: str
    version: str
    digest: str


class Explained(Protocol):
    """An explanation: a tree whose text is readable."""

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        ...


class Advised(Protocol):
    """A remedy: changes that lead to a verdict, in words."""

    def text(self, lang: str | None = None) -> str:
        """What to do."""
        ...

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        ...


class Author(Protocol):
    """Who made a decision and can say more of it when asked; the engine's policy is one."""

    def facts_of(self, row: tuple[Value | None, ...], taken: tuple[str, ...]) -> Mapping[str, Value]:
        """The facts that were given, of a row that has the assumptions taken too."""
        ...

    def details_of(self, decision: Decision) -> Details:
        """The obligations and figures of a decision."""
        ...

    def explanation_of(self, decision: Decision, lang: str | None) -> Explained:
        """Why a decision came out as it did."""
        ...

    def remedies_of(self, decision: Decision, want: str, by: str | Iterable[str] | None) -> tuple[Advised, ...]:
        """What would lead to another verdict."""
        ...


@record
class Answer:
    """What many decisions have in common; few answers exist, so each is made once and handed out again."""

    verdict: Verdict
    channel: str | None
    violations: tuple[Violation, ...]
    missing: tuple[str, ...]
    conflict: tuple[str, ...]
    notes: tuple[Violation, ...]
    policy: PolicyIdentity
    is_past_calendar: bool = False
    """Whether a working day was counted outside the published calendars."""


@record
class Details:
    """What a decision reads from the amounts and dates of its own task."""

    obligations: tuple[Obligation, ...]
    figures: Mapping[str, object]


@record
class Given:
    """A task that fits: its known facts in their inner form, the day of the decision, and its id."""

    facts: Mapping[str, Value]
    as_of: date
    id: str = ""


class Decision:
    """The answer for one task. Everything listed is sorted by id or name; it does not change.

    >>> import admission
    >>> from datetime import date
    >>> policy = admission.load("policies/beijing")
    >>> policy.decide({"nature": "market_service"}, as_of=date(2019, 8, 3)).channel
    'purchase'
    """

    __slots__ = ("_answer", "_as_of", "_asked", "_author", "_details", "_id", "_subject", "_taken")

    # There is no constructor: what decides a million tasks fills in the slots itself (see `engine`), and a call less is
    # a fifth of a decision. INVARIANT: a decision without details has an author, and so has one whose subject is a row.
    _answer: Answer
    _as_of: date
    _asked: date | None  # the day that came with the call
    _author: Author | None
    _details: Details
    _id: str
    _subject: Given | tuple[Value | None, ...]
    _taken: tuple[str, ...]

    @classmethod
    def of(
        cls,
        answer: Answer,
        given: Given,
        taken: tuple[str, ...],
        author: Author | None = None,
        details: Details | None = None,
    ) -> Decision:
        """The decision for facts that were accepted; `taken` are those that took their assumption, sorted.

        One without details needs an author, who can tell them.
        """
        made = cls()
        made._answer, made._subject, made._taken, made._author = answer, given, taken, author
        made._as_of, made._id = given.as_of, given.id
        if details is not None:
            made._details = details
        return made

    @property
    def answer(self) -> Answer:
        """What it has in common with many others."""
        return self._answer

    @property
    def as_of(self) -> date:
        """The day for which the decision was made."""
        return self._as_of

    @property
    def id(self) -> str:
        """The task's id."""
        return self._id

    @property
    def given(self) -> Given:
        """The facts that were given, in their inner form."""
        subject = self._subject  # read once: another thread may replace it
        if isinstance(subject, tuple):
            assert self._author is not None  # noqa: S101 - the invariant above
            subject = Given(self._author.facts_of(subject, self._taken), self._as_of, self._id)
            self._subject = subject
        return subject

    @property
    def verdict(self) -> Verdict:
        """`admit`, `redirect`, `refuse` or `undetermined`."""
        return self._answer.verdict

    @property
    def channel(self) -> str | None:
        """Where the work goes; None where that is not settled."""
        return self._answer.channel

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Every requirement that stands against the task."""
        return self._answer.violations

    @property
    def missing(self) -> tuple[str, ...]:
        """The facts to ask for."""
        return self._answer.missing

    @property
    def conflict(self) -> tuple[str, ...]:
        """The ids of routes that clash."""
        return self._answer.conflict

    @property
    def notes(self) -> tuple[Violation, ...]:
        """The violated requirements of effect `note`."""
        return self._answer.notes

    @property
    def policy(self) -> PolicyIdentity:
        """Which policy decided."""
        return self._answer.policy

    @property
    def assumed(self) -> tuple[str, ...]:
        """The facts that took their declared assumption, and `working_calendar` where that had to be assumed."""
        if not self._answer.is_past_calendar:
            return self._taken
        return tuple(sorted((*self._taken, WORKING_CALENDAR)))

    @property
    def obligations(self) -> tuple[Obligation, ...]:
        """The duties that come with the decision."""
        return self._all_details().obligations

    @property
    def figures(self) -> Mapping[str, object]:
        """The reported definitions, by name; None where unknown."""
        return MappingProxyType(self._all_details().figures)

    def _all_details(self) -> Details:
        try:
            return self._details
        except AttributeError:  # not asked for so far
            assert self._author is not None  # noqa: S101 - the invariant above
            self._details = self._author.details_of(self)
            return self._details

    def made_by(self, author: Author) -> Decision:
        """The same decision, with someone to explain it."""
        return Decision.of(self._answer, self.given, self._taken, author, self._all_details())

    def explain(self, lang: str | None = None) -> Explained:
        """The evaluation as a tree, in `zh` or `en`; `str()` of it is readable text.

        Raises `ValueError` for a decision that no policy made.
        """
        if self._author is None:
            raise ValueError("this decision was not made by a policy, so there is no evaluation to show")
        return self._author.explanation_of(self, lang)

    def remedies(self, want: str = "admit", by: str | Iterable[str] | None = None) -> tuple[Advised, ...]:
        """All minimal sets of changes that lead to the wanted verdict (see `Policy.remedies`).

        Raises `ValueError` for a decision that no policy made, and as `Policy.remedies` does.
        """
        if self._author is None:
            raise ValueError("this decision was not made by a policy, so nothing can say what would change it")
        return self._author.remedies_of(self, want, by)

    def to_dict(self, *, remedies: bool = False) -> dict[str, object]:
        """JSON-ready, keys always in this order; amounts of money are text in yuan.

        With `remedies=True` the last key is `remedies`: every smallest set of changes that leads to `admit`. They are
        searched for then, and only then. Raises as `remedies` does.
        """
        advised = {"remedies": [remedy.to_dict() for remedy in self.remedies()]} if remedies else {}
        return {
            "id": self.id,
            "verdict": self.verdict.value,
            "channel": self.channel,
            "violations": [violation.rule for violation in self.violations],
            "missing": list(self.missing),
            "obligations": [obligation.to_dict() for obligation in self.obligations],
            "assumed": list(self.assumed),
            "policy": self.policy.id,
            "version": self.policy.version,
            "as_of": self.as_of.isoformat(),
            "conflict": list(self.conflict),
            "notes": [note.rule for note in self.notes],
            "figures": {name: _json(value) for name, value in self.figures.items()},
            "digest": self.policy.digest,
            **advised,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.id, self.as_of, self.verdict, self.channel, self.policy.digest))

    def _key(self) -> tuple[object, ...]:
        return self._answer, self._id, self._as_of, self.assumed, self.obligations, dict(self.figures)

    def __reduce__(self) -> tuple[object, ...]:
        return Decision.of, (self._answer, self.given, self._taken, self._author, self._all_details())

    def __repr__(self) -> str:
        rules = ", ".join(violation.rule for violation in self.violations)
        return f"<Decision {self.verdict.value} {self.channel or '-'}{f' [{rules}]' if rules else ''}>"


def _json(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case _:
            return value


def in_language(label: Label, lang: str | None) -> str:
    """The text in a language; the policy's first where none is asked for or the policy has not that one."""
    if lang is not None and lang in label:
        return label[lang]
    return next(iter(label.values()), "")


BUILT_IN: Mapping[str, Label] = {
    NO_ROUTE: {
        "zh": "没有任何规则受理此事项，社区不承接",
        "en": "No rule lets this work in, and work that no rule lets in is not taken on",
    },
    EVERY_ROUTE_REFUSES: {
        "zh": "尚不能确定去向，但每个可能的去向均不予准入",
        "en": "Where this work goes is not settled, but every place it could go refuses it",
    },
}


def violation_of(policy: Policy, rule: str) -> Violation:
    """The violation of a requirement, or of a built-in rule, by id."""
    if rule in BUILT_IN:
        reasons = {lang: text for lang, text in BUILT_IN[rule].items() if lang in policy.languages}
        return Violation(rule, reasons)
    requirement = policy.requirements[rule]
    citations = citations_of(policy, requirement.basis)
    return Violation(rule, requirement.reason, citations, requirement.basis.own, requirement.remedy)


def violations_of(policy: Policy, rules: Iterable[str]) -> tuple[Violation, ...]:
    """The violations of some rules, sorted by id."""
    return tuple(violation_of(policy, rule) for rule in sorted(rules))


def citations_of(policy: Policy, basis: Basis) -> tuple[Citation, ...]:
    """A rule's citations, each with its source's title and address."""
    sources = policy.sources
    return tuple(
        Citation(cited.source, sources[cited.source].title, cited.at, cited.quote, sources[cited.source].url)
        for cited in basis.citations
    )


def identity_of(policy: Policy) -> PolicyIdentity:
    """The policy's id, version and digest."""
    return PolicyIdentity(policy.id, policy.version, policy.digest)
