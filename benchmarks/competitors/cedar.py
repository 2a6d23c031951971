"""cedarpy: Amazon's Cedar in Rust. Every channel and violation is a `forbid`; the reasons of a refusal name them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from beijing import (
    FORMS_OF_HIGHER_LEVELS,
    FORMS_OF_OTHERS,
    HIGHER_LEVELS,
    KEPT_CERTIFICATES,
    LISTED,
    PAID_FROM,
    PERMITTED,
    Answer,
    Facts,
    answer_of,
)
from competitors import Engine, LimitRule
from competitors.cel import texts

ALL = "permit (principal, action, resource);"
DATA = "context.government_data_suffices"
STAYS = f'!{DATA} && ["self_governance", "assistance"].contains(context.nature)'
ASSISTS = f'!{DATA} && context.nature == "assistance"'
LIMIT = (
    f"(if {texts(HIGHER_LEVELS)}.contains(context.issuer_level) then {FORMS_OF_HIGHER_LEVELS} else {FORMS_OF_OTHERS})"
)
UNPAID = f"(context.cost > 0 && !{texts(PAID_FROM)}.contains(context.funding_source))"
REASONS = {
    "data_sharing": DATA,
    "service_centre": f'!{DATA} && context.nature == "approval_or_public_service"',
    "purchase": f'!{DATA} && context.nature == "market_service"',
    "department": f'!{DATA} && context.nature == "department_duty"',
    "certificate_list": f"{STAYS} && !{texts(KEPT_CERTIFICATES)}.contains(context.certificate)",
    "conditions_provided": f"{ASSISTS} && !context.conditions_provided",
    "document_reviewed": f'{STAYS} && context.issues_document && context.document_review != "approved"',
    "form_limit": f"{STAYS} && context.forms > 0 && context.forms + context.forms_in_use > {LIMIT}",
    "funds_follow_task": f"{ASSISTS} && (context.funding < context.cost || {UNPAID})",
    "listed": f"{ASSISTS} && !{texts(LISTED)}.contains(context.plan_status)",
    "no_plaque": f"{STAYS} && context.plaque_or_body",
    "permitted_actions": f"{ASSISTS} && !{texts(PERMITTED)}.containsAll(context.actions)",
}
CHANNELS = {"data_sharing", "service_centre", "purchase", "department"}
REQUEST = {"principal": 'Unit::"issuer"', "action": 'Action::"hand_down"', "resource": 'Place::"community"'}


def cedar(reasons: Sequence[str], answer: Callable[[list[str]], Any]) -> Engine:
    """An engine whose result is the numbers of the `forbid` policies that hold, `policy1` the first."""
    from cedarpy import Entities, PolicySet, is_authorized

    text = "\n".join([ALL, *(f"forbid (principal, action, resource) when {{ {one} }};" for one in reasons)])
    policies, entities = PolicySet.from_str(text), Entities.from_json_str("[]")

    def decide(facts: Facts) -> list[str]:
        found: list[str] = is_authorized({**REQUEST, "context": facts}, policies, entities).diagnostics.reasons
        return found

    return Engine("cedarpy", decide, answer=answer)


def numbered(reasons: list[str]) -> list[int]:
    """The places of the reasons in the text, in its order; the one that permits everything is left out."""
    return sorted(int(reason.removeprefix("policy")) - 1 for reason in reasons if reason != "policy0")


def beijing() -> Engine:
    """The Beijing policy, one `forbid` a channel and a requirement."""
    names = list(REASONS)

    def answer(found: list[str]) -> Answer:
        said = [names[number] for number in numbered(found)]
        channel = next((name for name in said if name in CHANNELS), "community")
        return answer_of(channel, [name for name in said if name not in CHANNELS])

    return cedar(list(REASONS.values()), answer)


def limits(rules: Sequence[LimitRule]) -> Engine:
    """One `forbid` a limit."""
    tests = [
        f"context.issuer == {json.dumps(rule.issuer)} && context.kind == {json.dumps(rule.kind)}"
        f" && context.amount < {rule.least}"
        for rule in rules
    ]
    return cedar(tests, lambda found: [rules[number].id for number in numbered(found)])


BEIJING = (beijing,)
LIMITS = (limits,)
