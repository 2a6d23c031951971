"""datalogic-py: JSON Logic in Rust."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from beijing import (
    BARRED,
    FORMS_OF_HIGHER_LEVELS,
    FORMS_OF_OTHERS,
    HIGHER_LEVELS,
    KEPT_CERTIFICATES,
    LISTED,
    PAID_FROM,
    Answer,
    answer_of,
)
from competitors import Engine, LimitRule

Rule = dict[str, Any]


def var(name: str) -> Rule:
    """The value of a fact."""
    return {"var": name}


def both(*rules: Rule) -> Rule:
    """All of these."""
    return {"and": list(rules)}


def is_in(name: str, values: Sequence[str]) -> Rule:
    """A fact is one of these."""
    return {"in": [var(name), list(values)]}


ASSISTS: Rule = {"==": [var("nature"), "assistance"]}
FORM_LIMIT: Rule = {"if": [is_in("issuer_level", HIGHER_LEVELS), FORMS_OF_HIGHER_LEVELS, FORMS_OF_OTHERS]}
UNPAID: Rule = both({">": [var("cost"), 0]}, {"!": is_in("funding_source", PAID_FROM)})
VIOLATED: dict[str, Rule] = {
    "certificate_list": {"!": is_in("certificate", KEPT_CERTIFICATES)},
    "conditions_provided": both(ASSISTS, {"!": var("conditions_provided")}),
    "document_reviewed": both(var("issues_document"), {"!=": [var("document_review"), "approved"]}),
    "form_limit": both({">": [var("forms"), 0]}, {">": [{"+": [var("forms"), var("forms_in_use")]}, FORM_LIMIT]}),
    "funds_follow_task": both(ASSISTS, {"or": [{"<": [var("funding"), var("cost")]}, UNPAID]}),
    "listed": both(ASSISTS, {"!": is_in("plan_status", LISTED)}),
    "no_plaque": var("plaque_or_body"),
    "permitted_actions": both(ASSISTS, {"or": [{"in": [one, var("actions")]} for one in BARRED]}),
}
CHANNELS: list[Any] = [
    *(var("government_data_suffices"), ["data_sharing"]),
    *({"==": [var("nature"), "approval_or_public_service"]}, ["service_centre"]),
    *({"==": [var("nature"), "market_service"]}, ["purchase"]),
    *({"==": [var("nature"), "department_duty"]}, ["department"]),
]


def answer(result: list[Any]) -> Answer:
    """The channel, then one truth value for each requirement."""
    channel, *violated = result
    return answer_of(channel, [rule for rule, is_violated in zip(VIOLATED, violated, strict=False) if is_violated])


def beijing() -> Engine:
    """The Beijing policy as one compiled rule."""
    from datalogic_py import Engine as DataLogic

    rule = {"if": [*CHANNELS, ["community", *({"!!": one} for one in VIOLATED.values())]]}
    return Engine("datalogic-py", DataLogic().compile(rule).evaluate, answer=answer)


def limits(rules: Sequence[LimitRule]) -> Engine:
    """All limits as one compiled rule: a truth value for each."""
    from datalogic_py import Engine as DataLogic

    tests = [
        both({"==": [var("issuer"), rule.issuer]}, {"==": [var("kind"), rule.kind]}, {"<": [var("amount"), rule.least]})
        for rule in rules
    ]
    ids = [rule.id for rule in rules]
    return Engine(
        "datalogic-py",
        DataLogic().compile(tests).evaluate,
        answer=lambda found: [name for name, is_so in zip(ids, found, strict=True) if is_so],
    )


BEIJING = (beijing,)
LIMITS = (limits,)
