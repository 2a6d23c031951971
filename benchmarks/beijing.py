"""The Beijing policy of 2019 written by hand, and random tasks for it: what every engine here is held to.

The text is that of `policies/beijing` on a day of 2019: sixteen facts, five channels, eight requirements. The layer
below, `policies/china`, adds three requirements and five facts that have an assumption; the tasks here leave those
facts out, so no answer turns on them. The library decides them all the same; the engines beside it do not.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple

DAY = date(2019, 8, 3)
SEED = 20190803
TASKS = 2_000

LEVELS = ("central", "city", "district", "subdistrict", "community", "outside")
NATURES = ("self_governance", "assistance", "department_duty", "approval_or_public_service", "market_service")
PLAN_STATUSES = ("annual_plan", "adhoc_approved", "adhoc_pending", "adhoc_rejected", "not_listed")
REVIEWS = ("approved", "pending", "rejected", "none")
PERMITTED = ("contact_residents", "assist_home_visit", "mobilise", "publicise", "persuade", "report_findings")
BARRED = (
    *("fill_form", "enter_data", "keep_ledger", "enforce", "collect_fees", "sign_pledge", "guarantee", "certify"),
    *("attend_meeting", "install_app", "professional_work"),
)
SOURCES = ("issuer_budget", "special_fund", "community_public_fund", "party_service_fund", "none")
KEPT_CERTIFICATES = (
    *("none", "land_contract_identity", "deceased_insured_relation", "inheritance_relation"),
    "guardianship",
)
CERTIFICATES = (*KEPT_CERTIFICATES, "other")
LISTED = ("annual_plan", "adhoc_approved")
PAID_FROM = ("issuer_budget", "special_fund")
HIGHER_LEVELS = ("central", "city")
FORMS_OF_HIGHER_LEVELS, FORMS_OF_OTHERS = 7, 5

Facts = Mapping[str, Any]


class Answer(NamedTuple):
    """What every engine must agree on."""

    verdict: str
    channel: str
    violations: tuple[str, ...]
    """Ids, sorted."""


OUTCOMES = {
    "community": "admit",
    "data_sharing": "redirect",
    "department": "redirect",
    "purchase": "redirect",
    "service_centre": "redirect",
}
BY_NATURE = {
    "approval_or_public_service": "service_centre",
    "market_service": "purchase",
    "department_duty": "department",
}


def answer_of(channel: str, violations: list[str]) -> Answer:
    """The answer of an engine that says the channel and the violations; the verdict follows from the two."""
    return Answer("refuse" if violations else OUTCOMES[channel], channel, tuple(sorted(violations)))


# ------------------------------------------------------------------------------------------------ written by hand


@dataclass(slots=True)
class Task:
    """A validated task, every fact known; money in yuan."""

    issuer: str
    issuer_level: str
    nature: str
    government_data_suffices: bool
    plan_status: str
    issues_document: bool
    document_review: str
    actions: frozenset[str]
    cost: int
    funding: int
    funding_source: str
    conditions_provided: bool
    forms: int
    forms_in_use: int
    certificate: str
    plaque_or_body: bool


@dataclass(slots=True)
class Decision:
    """The least that a dataclass for a decision holds."""

    verdict: str
    channel: str
    violations: tuple[str, ...]


@dataclass(slots=True)
class Obligation:
    """A duty that comes with a decision; the amount is in yuan."""

    rule: str
    debtor: str | None
    creditor: str | None
    amount: int | None


@dataclass(slots=True)
class WholeDecision:
    """Everything that a decision of the library tells of a complete task, but reasons, citations and explanation."""

    verdict: str
    channel: str
    violations: tuple[str, ...]
    missing: tuple[str, ...]
    obligations: tuple[Obligation, ...]
    assumed: tuple[str, ...]
    policy: str
    as_of: date


SIX = frozenset(PERMITTED)
FOUR_OR_NONE = frozenset(KEPT_CERTIFICATES)


def violations_of(task: Task) -> tuple[str, ...]:
    """The requirements that a task for the community violates, sorted."""
    found: list[str] = []
    assists = task.nature == "assistance"
    if task.certificate not in FOUR_OR_NONE:
        found.append("certificate_list")
    if assists and not task.conditions_provided:
        found.append("conditions_provided")
    if task.issues_document and task.document_review != "approved":
        found.append("document_reviewed")
    limit = FORMS_OF_HIGHER_LEVELS if task.issuer_level in HIGHER_LEVELS else FORMS_OF_OTHERS
    if task.forms > 0 and task.forms + task.forms_in_use > limit:
        found.append("form_limit")
    if assists and (task.funding < task.cost or (task.cost > 0 and task.funding_source not in PAID_FROM)):
        found.append("funds_follow_task")
    if assists and task.plan_status not in LISTED:
        found.append("listed")
    if task.plaque_or_body:
        found.append("no_plaque")
    if assists and not task.actions <= SIX:
        found.append("permitted_actions")
    return tuple(found)


def decide_tuple(task: Task) -> tuple[str, str, tuple[str, ...]]:
    """Verdict, channel and violations."""
    if task.government_data_suffices:
        return "redirect", "data_sharing", ()
    channel = BY_NATURE.get(task.nature)
    if channel is not None:
        return "redirect", channel, ()
    violations = violations_of(task)
    return "refuse" if violations else "admit", "community", violations


def decide_dataclass(task: Task) -> Decision:
    """The same, as a dataclass."""
    if task.government_data_suffices:
        return Decision("redirect", "data_sharing", ())
    channel = BY_NATURE.get(task.nature)
    if channel is not None:
        return Decision("redirect", channel, ())
    violations = violations_of(task)
    return Decision("refuse" if violations else "admit", "community", violations)


def decide_whole(task: Task) -> WholeDecision:
    """The same, with obligations and whatever else a decision of the library holds.

    Nothing can be missing or assumed in a validated task whose every fact is known, so those two are empty.
    """
    verdict, channel, violations = decide_tuple(task)
    owed: tuple[Obligation, ...] = ()
    if verdict == "admit" and task.nature == "assistance":
        owed = (Obligation("publish_item", None, None, None),)
        if task.cost > 0:
            owed = (Obligation("provide_funds", "issuer", "community", task.cost), *owed)
    return WholeDecision(verdict, channel, violations, (), owed, (), "beijing", DAY)


def task_of(facts: Facts) -> Task:
    """The validated task of a mapping that is known to be sound."""
    return Task(**{**facts, "actions": frozenset(facts["actions"])})


def pydantic_decide() -> Any:
    """The function behind a pydantic model, from a mapping: what a careful web service does.

    The model refuses what the library refuses, but for text and floats as money, which pydantic reads as `Decimal`.
    """
    from pydantic import BaseModel, ConfigDict, Field, Strict

    count = Annotated[int, Field(ge=0)]
    money = Annotated[Decimal, Field(ge=0, decimal_places=2), Strict(strict=False)]

    class TaskModel(BaseModel):
        model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
        issuer: str
        issuer_level: Literal[LEVELS]  # type: ignore[valid-type] # the values are written once, above
        nature: Literal[NATURES]  # type: ignore[valid-type]
        government_data_suffices: bool
        plan_status: Literal[PLAN_STATUSES]  # type: ignore[valid-type]
        issues_document: bool
        document_review: Literal[REVIEWS]  # type: ignore[valid-type]
        actions: Annotated[frozenset[Literal[(*PERMITTED, *BARRED)]], Strict(strict=False)]  # type: ignore[valid-type]
        cost: money
        funding: money
        funding_source: Literal[SOURCES]  # type: ignore[valid-type]
        conditions_provided: bool
        forms: count
        forms_in_use: count
        certificate: Literal[CERTIFICATES]  # type: ignore[valid-type]
        plaque_or_body: bool

    validate: Any = TaskModel.model_validate

    def decide(facts: Facts) -> Decision:
        return decide_dataclass(validate(facts))

    return decide


# ------------------------------------------------------------------------------------------------------- tasks

SOUND: Facts = {
    "issuer": "区民政局",
    "issuer_level": "district",
    "nature": "assistance",
    "government_data_suffices": False,
    "plan_status": "annual_plan",
    "issues_document": False,
    "document_review": "none",
    "actions": ["contact_residents", "publicise"],
    "cost": 8_000,
    "funding": 8_000,
    "funding_source": "issuer_budget",
    "conditions_provided": True,
    "forms": 0,
    "forms_in_use": 0,
    "certificate": "none",
    "plaque_or_body": False,
}
"""A task that is admitted: tasks drawn from nothing are nearly always refused."""

ENUMS: Mapping[str, tuple[object, ...]] = {
    "issuer": ("区民政局", "市统计局", "街道办事处"),
    "issuer_level": LEVELS,
    "nature": NATURES,
    "government_data_suffices": (False, True),
    "plan_status": PLAN_STATUSES,
    "issues_document": (False, True),
    "document_review": REVIEWS,
    "cost": (0, 1, 7_999, 8_000, 8_001, 24_000),
    "funding": (0, 1, 7_999, 8_000, 8_001, 24_000),
    "funding_source": SOURCES,
    "conditions_provided": (True, False),
    "forms": tuple(range(9)),
    "forms_in_use": tuple(range(9)),
    "certificate": CERTIFICATES,
    "plaque_or_body": (False, True),
}


ASSUMED: Facts = {
    "government_data_suffices": False,
    "issues_document": False,
    "document_review": "none",
    "funding": 0,
    "funding_source": "none",
    "forms": 0,
    "forms_in_use": 0,
    "certificate": "none",
    "plaque_or_body": False,
}
"""What the policy takes for granted of a fact that is unknown."""


def drawn(rng: random.Random, name: str) -> object:
    """A value of a fact, drawn towards the boundaries of the rules."""
    if name != "actions":
        return rng.choice(ENUMS[name])
    most = 4
    among = PERMITTED if rng.random() < 1 / 2 else (*PERMITTED, *BARRED)
    return rng.sample(among, rng.randint(0, most))


def complete_tasks(number: int = TASKS, seed: int = SEED) -> list[dict[str, Any]]:
    """Tasks with every fact known, money in whole yuan: the sound task with from none to all facts drawn anew."""
    rng = random.Random(seed)  # noqa: S311 - a benchmark repeats itself
    names = list(SOUND)
    tasks = []
    for _ in range(number):
        changed = rng.sample(names, rng.choice((0, 1, 2, 3, 6, len(names))))
        tasks.append({**SOUND, **{name: drawn(rng, name) for name in changed}})
    return tasks


def partial_tasks(number: int = TASKS, seed: int = SEED) -> list[dict[str, Any]]:
    """The same tasks, each with from one to all of its facts left out."""
    rng = random.Random(seed + 1)  # noqa: S311 - a benchmark repeats itself
    tasks = complete_tasks(number, seed)
    for task in tasks:
        for name in rng.sample(list(task), rng.choice((1, 1, 2, 4, len(task)))):
            del task[name]
    return tasks
