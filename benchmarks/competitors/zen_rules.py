"""zen-engine: GoRules' decision engine in Rust, here its compiled expressions."""

from __future__ import annotations

from collections.abc import Sequence

from beijing import (
    FORMS_OF_HIGHER_LEVELS,
    FORMS_OF_OTHERS,
    HIGHER_LEVELS,
    KEPT_CERTIFICATES,
    LISTED,
    PAID_FROM,
    PERMITTED,
)
from competitors import Engine, LimitRule
from competitors.cel import CHANNEL, answer, ids_of, texts

ASSISTS = 'nature == "assistance"'
LIMIT = f"(issuer_level in {texts(HIGHER_LEVELS)} ? {FORMS_OF_HIGHER_LEVELS} : {FORMS_OF_OTHERS})"
UNPAID = f"(cost > 0 and funding_source not in {texts(PAID_FROM)})"
VIOLATED = {
    "certificate_list": f"certificate not in {texts(KEPT_CERTIFICATES)}",
    "conditions_provided": f"{ASSISTS} and not conditions_provided",
    "document_reviewed": 'issues_document and document_review != "approved"',
    "form_limit": f"forms > 0 and forms + forms_in_use > {LIMIT}",
    "funds_follow_task": f"{ASSISTS} and (funding < cost or {UNPAID})",
    "listed": f"{ASSISTS} and plan_status not in {texts(LISTED)}",
    "no_plaque": "plaque_or_body",
    "permitted_actions": f"{ASSISTS} and not all(actions, # in {texts(PERMITTED)})",
}
WHOLE = (
    f'government_data_suffices or nature not in ["self_governance", "assistance"] ? [{CHANNEL}] '
    f": ['community', {', '.join(f'({test})' for test in VIOLATED.values())}]"
)


def beijing() -> Engine:
    """The Beijing policy as one compiled expression: the fastest that this engine has, by far."""
    from zen import compile_expression

    return Engine("zen-engine, expression", compile_expression(WHOLE).evaluate, answer=answer)


def limits(rules: Sequence[LimitRule]) -> Engine:
    """All limits as one compiled expression."""
    from zen import compile_expression

    tests = (f'(issuer == "{rule.issuer}" and kind == "{rule.kind}" and amount < {rule.least})' for rule in rules)
    evaluate = compile_expression(f"[{', '.join(tests)}]").evaluate
    return Engine("zen-engine, expression", evaluate, answer=ids_of(rules))


BEIJING = (beijing,)
LIMITS = (limits,)
