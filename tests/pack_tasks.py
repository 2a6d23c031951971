"""Tasks for the shipped policies, drawn towards the boundaries that their tables name."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

import oracle

Task = Mapping[str, Any]

MOST_FORMS = 2**53
AMOUNTS = [0, 1, *map(Decimal, ("0.00", "0.01", "7999.99", "8000", "8000.01", "90071992547409.92"))]
COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, MOST_FORMS]
ACTIONS = [*sorted(oracle.SIX), "fill_form", "enter_data", "keep_ledger", "enforce", "collect_fees", "sign_pledge"]
ACTIONS += ["guarantee", "certify", "attend_meeting", "install_app", "professional_work"]
APPLICATIONS = [
    date(2018, 12, 31),
    date(2019, 8, 3),
    date(2019, 8, 26),
    date(2019, 9, 2),
    date(2019, 9, 30),
    date(2020, 1, 2),
    date(2025, 12, 31),
    date(2026, 12, 1),
    date(2150, 6, 1),
]
STARTS = sorted({oracle.workday(day, n) + timedelta(k) for day in APPLICATIONS for n in (29, 30) for k in (-1, 0, 1)})
VALUES: Mapping[str, list[Any]] = {
    "item": ["2019-017"],
    "title": ["入户宣传", ""],
    "issuer": ["某局"],
    "issuer_level": ["central", "city", "district", "subdistrict", "community", "outside"],
    "nature": ["self_governance", "assistance", "department_duty", "approval_or_public_service", "market_service"],
    "government_data_suffices": [False, True],
    "plan_status": ["annual_plan", "adhoc_approved", "adhoc_pending", "adhoc_rejected", "not_listed"],
    "issues_document": [False, True],
    "document_review": ["approved", "pending", "rejected", "none"],
    "actions": [[], *([action] for action in ACTIONS), sorted(oracle.SIX), ACTIONS],
    "cost": AMOUNTS,
    "funding": AMOUNTS,
    "funding_source": ["issuer_budget", "special_fund", "community_public_fund", "party_service_fund", "none"],
    "conditions_provided": [True, False],
    "forms": COUNTS,
    "forms_in_use": COUNTS,
    "certificate": ["none", *sorted(oracle.FOUR), "other"],
    "plaque_or_body": [False, True],
    "required_by_law": [False, True],
    "community_role": ["assist", "lead"],
    "barred_subject": [
        *("none", "enforcement", "demolition", "environment_drive", "city_management"),
        *("investment_quota", "tax_quota", "revenue_quota"),
    ],
    "appraisal": ["none", "unified", "separate", "one_vote_veto"],
    "purchase_bar": [
        *("none", "not_government_duty", "must_act_directly", "goods_or_works", "financing", "hiring", "other"),
    ],
    "submitted_on": APPLICATIONS,
    "start_on": STARTS,
}
"""Values of every fact: all of an enum's, and of the others those on both sides of what a rule compares with."""

CHANGES_OF_LAW = [date(2019, 1, 1), date(2020, 1, 1), date(2020, 3, 1), date(2026, 1, 1)]
DAYS = [day - timedelta(1) for day in CHANGES_OF_LAW[1:]] + [*CHANGES_OF_LAW, date(2019, 8, 3), date(2199, 12, 31)]
CHINA_DAYS = [*DAYS, date(2017, 6, 12), date(2018, 12, 31)]

SOUND: Task = {
    "issuer_level": "district",
    "nature": "assistance",
    "plan_status": "adhoc_approved",
    "actions": ["publicise"],
    "cost": Decimal(8000),
    "funding": Decimal(8000),
    "funding_source": "issuer_budget",
    "conditions_provided": True,
    "submitted_on": date(2019, 9, 2),
    "start_on": date(2019, 10, 18),
}
"""A task that every shipped policy admits: random tasks alone are nearly always refused."""


def restricted(task: Task, pack: str) -> dict[str, Any]:
    """The task with the facts that the policy declares."""
    return {name: value for name, value in task.items() if name in oracle.FACTS[pack]}


def days(pack: str) -> list[date]:
    """Days on both sides of every change of law of a policy."""
    return CHINA_DAYS if pack == "china" else DAYS


@st.composite
def tasks(draw: st.DrawFn, pack: str) -> dict[str, Any]:
    """A sound task or an empty one, with some facts changed and some taken out."""
    start = draw(st.sampled_from([{}, SOUND]))
    names = sorted(oracle.FACTS[pack])
    changed = draw(st.fixed_dictionaries({}, optional={name: st.sampled_from(VALUES[name]) for name in names}))
    unknown = draw(st.sets(st.sampled_from(names), max_size=3))
    task = restricted({**start, **changed}, pack)
    return task | dict.fromkeys(unknown)


def random_task(rng: random.Random, pack: str) -> dict[str, Any]:
    """The same by a seeded generator, for runs that write many tasks to a file."""
    start = restricted(rng.choice([{}, SOUND, SOUND, SOUND]), pack)
    changes = rng.sample(sorted(oracle.FACTS[pack]), rng.choice([0, 1, 2, 3, 6, len(oracle.FACTS[pack])]))
    unknown = rng.sample(sorted(start), min(len(start), rng.choice([0, 0, 0, 1, 2])))
    task = start | {name: rng.choice(VALUES[name]) for name in changes}
    return {name: value for name, value in task.items() if name not in unknown}
