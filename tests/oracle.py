"""A second opinion on the shipped policies: their tables, and the rule of decision, in plain Python.

It was written from the public tables and from docs/meaning.md, never from the program: it imports nothing of
`admission`, reads none of the YAML, and counts working days with the library `chinesecalendar`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import chinese_calendar

LAST_PUBLISHED = date(max(day.year for day in chinese_calendar.holidays), 12, 31)
ALWAYS = date(1900, 1, 1)

SINCE = {"china": date(2017, 6, 12), "beijing": date(2019, 1, 1), "xicheng": date(2019, 1, 1)}
FACTS: dict[str, dict[str, Any]] = {
    "china": {
        "nature": None,
        "actions": None,
        "community_role": "assist",
        "barred_subject": "none",
        "appraisal": "none",
        "purchase_bar": "none",
    }
}
FACTS["beijing"] = FACTS["china"] | {
    "item": None,
    "title": None,
    "issuer": None,
    "issuer_level": None,
    "government_data_suffices": False,
    "plan_status": None,
    "issues_document": False,
    "document_review": "none",
    "cost": None,
    "funding": Decimal(0),
    "funding_source": "none",
    "conditions_provided": None,
    "forms": 0,
    "forms_in_use": 0,
    "certificate": "none",
    "plaque_or_body": False,
    "required_by_law": False,
}
FACTS["xicheng"] = FACTS["beijing"] | {"submitted_on": None, "start_on": None}
"""The facts of each policy, each with its assumption (None: there is none)."""

SIX = {"contact_residents", "assist_home_visit", "mobilise", "publicise", "persuade", "report_findings"}
FOUR = {"land_contract_identity", "deceased_insured_relation", "inheritance_relation", "guardianship"}


@dataclass(frozen=True)
class Answer:
    """True, False or unknown (None), and the facts to ask where it is unknown."""

    truth: bool | None
    asks: frozenset[str] = frozenset()


def no(answer: Answer) -> Answer:
    """Kleene's not."""
    return answer if answer.truth is None else Answer(not answer.truth)


def both(*answers: Answer) -> Answer:
    """Kleene's and: one False decides; otherwise what is unknown must be asked."""
    if any(answer.truth is False for answer in answers):
        return Answer(False)
    asks = frozenset().union(*(answer.asks for answer in answers))
    return Answer(None if any(answer.truth is None for answer in answers) else True, asks)


def either(*answers: Answer) -> Answer:
    """Kleene's or."""
    return no(both(*(no(answer) for answer in answers)))


@dataclass(frozen=True)
class Task:
    """What is known of a task, assumptions included."""

    facts: Mapping[str, Any]

    def test(self, names: str, question: Callable[..., bool]) -> Answer:
        """The answer to a question about the facts named, unknown where one of them is."""
        values = {name: self.facts[name] for name in names.split()}
        asks = frozenset(name for name, value in values.items() if value is None)
        return Answer(None, asks) if asks else Answer(question(*values.values()))

    def nature(self, *among: str) -> Answer:
        """Whether the work is of one of these natures."""
        return self.test("nature", lambda nature: nature in among)


@dataclass(frozen=True)
class Rule:
    """A requirement: its channel, the first day it is in force, and whether the task meets it."""

    name: str
    channel: str
    since: date
    met: Answer


def works(day: date) -> bool:
    """Whether China works on a day; past the last published calendar, Monday to Friday."""
    return chinese_calendar.is_workday(day) if day <= LAST_PUBLISHED else day.weekday() < 5


def workday(day: date, number: int) -> date:
    """The working day that many working days after a day."""
    while number:
        day += timedelta(1)
        number -= works(day)
    return day


def rules_of_china(task: Task) -> Iterable[Rule]:
    """The floor that the whole country's documents lay."""
    helps = task.nature("assistance")
    yield Rule(
        "not_lead", "community", ALWAYS, either(no(helps), task.test("community_role", lambda role: role == "assist"))
    )
    yield Rule(
        "not_barred_subject", "community", ALWAYS, task.test("barred_subject", lambda subject: subject == "none")
    )
    yield Rule(
        "no_separate_appraisal",
        "community",
        ALWAYS,
        task.test("appraisal", lambda appraisal: appraisal not in ("separate", "one_vote_veto")),
    )
    yield Rule("purchase_allowed", "purchase", date(2020, 3, 1), task.test("purchase_bar", lambda bar: bar == "none"))
    yield Rule(
        "no_guarantee", "community", date(2026, 1, 1), task.test("actions", lambda actions: "guarantee" not in actions)
    )


def rules_of_beijing(task: Task, day: date) -> Iterable[Rule]:
    """The eight requirements of the admission system of 2019."""
    own_duty = no(task.nature("assistance"))
    demands = {
        "listed": either(
            own_duty, task.test("plan_status", lambda status: status in ("annual_plan", "adhoc_approved"))
        ),
        "document_reviewed": either(
            no(task.test("issues_document", bool)), task.test("document_review", lambda review: review == "approved")
        ),
        "permitted_actions": either(own_duty, task.test("actions", lambda actions: not set(actions) - SIX)),
        "funds_follow_task": either(
            own_duty,
            both(
                task.test("funding cost", lambda funding, cost: funding >= cost),
                either(
                    no(task.test("cost", lambda cost: cost > 0)),
                    task.test("funding_source", lambda source: source in ("issuer_budget", "special_fund")),
                ),
            ),
        ),
        "conditions_provided": either(own_duty, task.test("conditions_provided", bool)),
        "form_limit": either(
            no(task.test("forms", lambda forms: forms > 0)),
            task.test(
                "forms forms_in_use issuer_level",
                lambda forms, in_use, level: forms + in_use <= (7 if level in ("central", "city") else 5),
            ),
        ),
        "certificate_list": task.test("certificate", lambda certificate: certificate in {"none"} | FOUR),
        "no_plaque": either(
            no(task.test("plaque_or_body", bool)),
            task.test("required_by_law", bool) if day >= date(2020, 1, 1) else Answer(False),
        ),
    }
    return [Rule(name, "community", ALWAYS, met) for name, met in demands.items()]


def rules_of_xicheng(task: Task) -> Iterable[Rule]:
    """An addition is applied for 30 working days ahead."""
    applies = both(task.nature("assistance"), task.test("plan_status", lambda status: status == "adhoc_approved"))
    ahead = task.test("start_on submitted_on", lambda start, submitted: start >= workday(submitted, 30))
    yield Rule("applied_in_time", "community", ALWAYS, either(no(applies), ahead))


def rules(pack: str, task: Task, day: date) -> list[Rule]:
    """The requirements in force on the day."""
    found = list(rules_of_china(task))
    if pack != "china":
        found += rules_of_beijing(task, day)
    if pack == "xicheng":
        found += rules_of_xicheng(task)
    return [rule for rule in found if rule.since <= day]


def ways(pack: str, task: Task) -> list[tuple[str, Answer, Answer]]:
    """Each route: its channel, its own condition, and its effective one."""
    by_nature = {
        "service_centre": task.nature("approval_or_public_service"),
        "purchase": task.nature("market_service"),
        "department": task.nature("department_duty"),
        "community": task.nature("self_governance", "assistance"),
    }
    if pack == "china":
        return [(channel, own, own) for channel, own in by_nature.items()]
    data = task.test("government_data_suffices", bool)
    ordinary = [(channel, own, both(own, no(data))) for channel, own in by_nature.items()]
    return [("data_sharing", data, data), *ordinary]


def decide(pack: str, given: Mapping[str, Any], day: date) -> dict[str, Any]:
    """The decision for a well-typed task, complete or not, in the shape of `Decision.to_dict`.

    Money is `Decimal` or `int`, sets are any collection, dates are `datetime.date`.
    """
    known = {name: value for name, value in given.items() if value is not None}
    task = Task(FACTS[pack] | known)
    routes, requirements = ways(pack, task), rules(pack, task, day)
    taken = [channel for channel, _, effective in routes if effective.truth]
    unsure = [channel for channel, _, effective in routes if effective.truth is None]
    against: dict[str, set[str]] = {
        channel: {rule.name for rule in requirements if rule.channel == channel and rule.met.truth is False}
        for channel in taken + unsure
    }
    if not any(own.truth for _, own, _ in routes):
        against["nowhere"] = {"no_route"}
    opened = [
        rule.met
        for rule in requirements
        if rule.met.truth is None and rule.channel in against and not against[rule.channel]
    ]
    assert len(taken) <= 1, "the tables send no task two ways"
    channel = taken[0] if taken and not unsure else None
    violations: set[str] = set()
    if all(against.values()):
        verdict = "refuse"
        violations = set.intersection(*against.values()) or {"every_route_refuses"}
    elif unsure or opened:
        verdict = "undetermined"
    else:
        verdict = "admit" if channel == "community" else "redirect"
    asks = [answer.asks for answer in opened] + [effective.asks for _, _, effective in routes]
    return {
        "verdict": verdict,
        "channel": channel,
        "violations": sorted(violations),
        "missing": sorted(frozenset().union(*asks)) if verdict == "undetermined" else [],
        "obligations": obligations(task, verdict) if pack != "china" else [],
        "assumed": assumed(pack, known),
        "conflict": [],
        "notes": [],
    }


def obligations(task: Task, verdict: str) -> list[dict[str, Any]]:
    """The issuer's debt, and that the item is made public."""
    if verdict != "admit":
        return []
    found: list[dict[str, Any]] = []
    helps = task.nature("assistance")
    owed = both(helps, task.test("cost", lambda cost: cost > 0))
    if owed.truth is not False:
        debt = {"rule": "provide_funds", "certain": bool(owed.truth), "debtor": "issuer", "creditor": "community"}
        cost = task.facts["cost"]
        found.append(debt | ({} if cost is None else {"amount": f"{Decimal(cost):.2f}"}))
    if helps.truth is not False:
        found.append({"rule": "publish_item", "certain": bool(helps.truth)})
    return found


def assumed(pack: str, known: Mapping[str, Any]) -> list[str]:
    """The facts that took their assumption, and the calendar where it was not published yet."""
    found = [name for name, value in FACTS[pack].items() if value is not None and name not in known]
    submitted = known.get("submitted_on")
    if submitted is not None and workday(submitted, 30) > LAST_PUBLISHED:
        found.append("working_calendar")
    return sorted(found)
