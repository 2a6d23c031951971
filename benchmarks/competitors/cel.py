"""CEL, Google's Common Expression Language: its C++ engine and one in Rust."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beijing import (
    ENUMS,
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

CPP = "cel-expr-python"
PART = 500
"""Rules in one expression."""


def texts(values: Sequence[str]) -> str:
    """A list of texts as CEL writes it."""
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


ASSISTS = 'nature == "assistance"'
LIMIT = f"(issuer_level in {texts(HIGHER_LEVELS)} ? {FORMS_OF_HIGHER_LEVELS} : {FORMS_OF_OTHERS})"
UNPAID = f"cost > 0 && !(funding_source in {texts(PAID_FROM)})"
VIOLATED = {
    "certificate_list": f"!(certificate in {texts(KEPT_CERTIFICATES)})",
    "conditions_provided": f"{ASSISTS} && !conditions_provided",
    "document_reviewed": 'issues_document && document_review != "approved"',
    "form_limit": f"forms > 0 && forms + forms_in_use > {LIMIT}",
    "funds_follow_task": f"{ASSISTS} && (funding < cost || {UNPAID})",
    "listed": f"{ASSISTS} && !(plan_status in {texts(LISTED)})",
    "no_plaque": "plaque_or_body",
    "permitted_actions": f"{ASSISTS} && !actions.all(action, action in {texts(PERMITTED)})",
}
CHANNEL = (
    'government_data_suffices ? "data_sharing" : nature == "approval_or_public_service" ? "service_centre" : '
    'nature == "market_service" ? "purchase" : nature == "department_duty" ? "department" : "community"'
)
IS_REDIRECTED = 'government_data_suffices || !(nature in ["self_governance", "assistance"])'
WHOLE = f"{IS_REDIRECTED} ? [dyn({CHANNEL})] : [dyn('community'), {', '.join(VIOLATED.values())}]"


def answer(result: Sequence[Any]) -> Answer:
    """The channel, then one truth value for each requirement."""
    channel, *violated = result
    return answer_of(channel, [rule for rule, is_violated in zip(VIOLATED, violated, strict=False) if is_violated])


def limit_test(rules: Sequence[LimitRule]) -> str:
    """All limits as one list of truth values."""
    tests = (f'issuer == "{rule.issuer}" && kind == "{rule.kind}" && amount < {rule.least}' for rule in rules)
    return f"[{', '.join(tests)}]"


def ids_of(rules: Sequence[LimitRule]) -> Callable[[Sequence[bool]], list[str]]:
    """The ids of the limits whose truth value is true."""
    ids = [rule.id for rule in rules]
    return lambda found: [name for name, is_so in zip(ids, found, strict=True) if is_so]


def compiled(expressions: Sequence[str], variables: Mapping[str, str]) -> list[Callable[..., Any]]:
    """What evaluates each expression, in Google's own binding; the variables by kind."""
    from cel_expr_python import cel

    kind = cel.Type
    types = {"bool": kind.BOOL, "int": kind.INT, "text": kind.STRING, "texts": kind.List(kind.STRING)}
    environment = cel.NewEnv(variables={name: types[kind] for name, kind in variables.items()})
    return [environment.compile(expression).eval for expression in expressions]


def rust(expression: str, answer: Callable[[Any], Any]) -> Engine:
    """The engine of common-expression-language."""
    import cel

    return Engine("common-expression-language", cel.compile(expression).execute, answer=answer)


def kind_of(value: object) -> str:
    """The kind of a variable by one of its values."""
    return "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else "text"


def beijing_cpp() -> Engine:
    """The Beijing policy in C++."""
    variables = {name: kind_of(values[0]) for name, values in ENUMS.items()}
    (evaluate,) = compiled([WHOLE], {**variables, "actions": "texts"})
    return Engine(CPP, lambda facts: evaluate(data=facts).plain_value(), answer=answer)


def beijing_rust() -> Engine:
    """The Beijing policy in Rust."""
    return rust(WHOLE.replace("dyn(", "("), answer)


def limits_cpp(rules: Sequence[LimitRule]) -> Engine:
    """The limits in C++, in parts: it takes an expression of 100,000 characters at most."""
    parts = [limit_test(rules[start : start + PART]) for start in range(0, len(rules), PART)]
    tests = compiled(parts, {"issuer": "text", "kind": "text", "amount": "int"})

    def decide(facts: Facts) -> list[bool]:
        return [is_so for evaluate in tests for is_so in evaluate(data=facts).plain_value()]

    return Engine(CPP, decide, answer=ids_of(rules))


def limits_rust(rules: Sequence[LimitRule]) -> Engine:
    """The limits in Rust."""
    return rust(limit_test(rules), ids_of(rules))


BEIJING = (beijing_cpp, beijing_rust)
LIMITS = (limits_cpp, limits_rust)
