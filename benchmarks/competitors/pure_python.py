"""rule-engine: a rule language in pure Python."""

from __future__ import annotations

from collections.abc import Sequence
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
from competitors import MOST_RULES, Engine, LimitRule, TooManyRulesError


def texts(values: Sequence[str]) -> str:
    """A list of texts as the language writes it."""
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


ASSISTS = 'nature == "assistance"'
LIMIT = f"(issuer_level in {texts(HIGHER_LEVELS)} ? {FORMS_OF_HIGHER_LEVELS} : {FORMS_OF_OTHERS})"
VIOLATED = {
    "certificate_list": f"not (certificate in {texts(KEPT_CERTIFICATES)})",
    "conditions_provided": f"{ASSISTS} and not conditions_provided",
    "document_reviewed": 'issues_document and document_review != "approved"',
    "form_limit": f"forms > 0 and forms + forms_in_use > {LIMIT}",
    "funds_follow_task": (
        f"{ASSISTS} and (funding < cost or (cost > 0 and not (funding_source in {texts(PAID_FROM)})))"
    ),
    "listed": f"{ASSISTS} and not (plan_status in {texts(LISTED)})",
    "no_plaque": "plaque_or_body",
    "permitted_actions": f"{ASSISTS} and [one for one in actions if not (one in {texts(PERMITTED)})].length > 0",
}
CHANNELS = {
    "data_sharing": "government_data_suffices",
    "service_centre": 'nature == "approval_or_public_service"',
    "purchase": 'nature == "market_service"',
    "department": 'nature == "department_duty"',
}


def beijing() -> Engine:
    """The Beijing policy, one rule a channel and a requirement."""
    from rule_engine import Rule

    channels = [(channel, Rule(text).matches) for channel, text in CHANNELS.items()]
    violated = [(rule, Rule(text).matches) for rule, text in VIOLATED.items()]

    def decide(facts: Facts) -> tuple[str, list[str]]:
        for channel, matches in channels:
            if matches(facts):
                return channel, []
        return "community", [rule for rule, matches in violated if matches(facts)]

    return Engine("rule-engine", decide, answer=said)


def said(result: tuple[str, list[str]]) -> Answer:
    """The channel and the ids of what is violated."""
    return answer_of(*result)


def limits(rules: Sequence[LimitRule]) -> Engine:
    """One rule a limit."""
    from rule_engine import Rule

    if len(rules) > MOST_RULES:
        raise TooManyRulesError(f"parsing {len(rules):,} rules takes most of a minute")

    tests = [
        (rule.id, Rule(f'issuer == "{rule.issuer}" and kind == "{rule.kind}" and amount < {rule.least}').matches)
        for rule in rules
    ]

    def decide(facts: Any) -> list[str]:
        return [name for name, matches in tests if matches(facts)]

    return Engine("rule-engine", decide)


BEIJING = (beijing,)
LIMITS = (limits,)
