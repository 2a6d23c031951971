"""durable-rules: Rete in C. A task is a fact, asserted and retracted again; every rule that fires says its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
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
    Facts,
    answer_of,
)
from competitors import MOST_RULES, Engine, LimitRule, TooManyRulesError

Test = dict[str, Any]
NUMBERS = count()


def any_of(*tests: Test) -> Test:
    """One of these."""
    return {"$or": list(tests)}


def every(*tests: Test) -> Test:
    """All of these."""
    return {"$and": list(tests)}


def one_of(name: str, values: Sequence[str]) -> Test:
    """A fact is one of these."""
    return any_of(*({name: value} for value in values))


def none_of(name: str, values: Sequence[str]) -> Test:
    """A fact is none of these."""
    return every(*({"$neq": {name: value}} for value in values))


def above(limit: int) -> Test:
    """The forms come to more than this; the engine adds on the right side only."""
    return {"$gt": {"forms": {"$sub": {"$l": limit, "$r": {"$m": "forms_in_use"}}}}}


NOT_DATA: Test = {"government_data_suffices": False}
STAYS = every(NOT_DATA, one_of("nature", ("self_governance", "assistance")))
ASSISTS = every(NOT_DATA, {"nature": "assistance"})
UNPAID = every({"$gt": {"cost": 0}}, none_of("funding_source", PAID_FROM))
TOO_MANY = any_of(
    every(one_of("issuer_level", HIGHER_LEVELS), above(FORMS_OF_HIGHER_LEVELS)),
    every(none_of("issuer_level", HIGHER_LEVELS), above(FORMS_OF_OTHERS)),
)
RULES: dict[str, Test] = {
    "data_sharing": {"government_data_suffices": True},
    "service_centre": every(NOT_DATA, {"nature": "approval_or_public_service"}),
    "purchase": every(NOT_DATA, {"nature": "market_service"}),
    "department": every(NOT_DATA, {"nature": "department_duty"}),
    "community": STAYS,
    "certificate_list": every(STAYS, none_of("certificate", KEPT_CERTIFICATES)),
    "conditions_provided": every(ASSISTS, {"conditions_provided": False}),
    "document_reviewed": every(STAYS, {"issues_document": True}, {"$neq": {"document_review": "approved"}}),
    "form_limit": every(STAYS, {"$gt": {"forms": 0}}, TOO_MANY),
    "funds_follow_task": every(ASSISTS, any_of({"$lt": {"funding": {"$m": "cost"}}}, UNPAID)),
    "listed": every(ASSISTS, none_of("plan_status", LISTED)),
    "no_plaque": every(STAYS, {"plaque_or_body": True}),
    "permitted_actions": every(ASSISTS, any_of(*({f"does_{action}": True} for action in BARRED))),
}
CHANNELS = {"data_sharing", "service_centre", "purchase", "department", "community"}


def saying(rule: str, fired: list[str]) -> Callable[[object], None]:
    """The action of a rule; the engine counts its parameters, and a second one would make it wait."""

    def action(_: object) -> None:
        fired.append(rule)

    return action


def rete(rules: Mapping[str, Test], given: Callable[[Facts], Facts], answer: Callable[[list[str]], Any]) -> Engine:
    """An engine whose result is the names of the rules that a task fires."""
    from durable import engine

    fired: list[str] = []
    name = f"rules{next(NUMBERS)}"
    host = engine.Host()
    host.set_rulesets(
        {name: {rule: {"all": [{"m": test}], "run": saying(rule, fired)} for rule, test in rules.items()}}
    )

    def decide(facts: Facts) -> list[str]:
        fired.clear()
        host.assert_fact(name, facts)
        host.retract_fact(name, facts)
        return list(fired)

    return Engine("durable-rules", decide, given, answer)


def given(facts: Facts) -> Facts:
    """The task with a truth value for each action: the engine asks nothing of lists but their first members."""
    flat = {name: value for name, value in facts.items() if name != "actions"}
    return {**flat, **{f"does_{action}": True for action in facts["actions"]}, "id": next(NUMBERS), "sid": "1"}


def said(names: list[str]) -> Answer:
    """One name is the channel's, the others are violations; a rule fires once for each alternative that holds."""
    channel = next(name for name in names if name in CHANNELS)
    return answer_of(channel, [name for name in set(names) if name not in CHANNELS])


def beijing() -> Engine:
    """The Beijing policy, one rule a channel and a requirement."""
    return rete(RULES, given, said)


def limits(rules: Sequence[LimitRule]) -> Engine:
    """One rule a limit, and one that any task fires: the engine raises for a task that fires none."""
    if len(rules) > MOST_RULES:
        raise TooManyRulesError(f"compiling {len(rules):,} rules takes minutes or fails with error 106")
    tests = {
        rule.id: every({"issuer": rule.issuer}, {"kind": rule.kind}, {"$lt": {"amount": rule.least}}) for rule in rules
    }
    tests["any"] = {"$gte": {"amount": 0}}
    return rete(
        tests,
        lambda facts: {**facts, "id": next(NUMBERS), "sid": "1"},
        lambda names: sorted(name for name in names if name != "any"),
    )


BEIJING = (beijing,)
LIMITS = (limits,)
