"""`policy.Task`: a pydantic model generated from a policy's facts, for validation at the edge and JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from admission import ir
from admission.datatypes import (
    DATE,
    LIMITS,
    TEXT,
    Kind,
    Type,
    Unfit,
    from_document,
    from_python,
    to_json,
    to_python,
)
from admission.diagnostics import Fault


class TaskModel(BaseModel):
    """What every generated task model has: frozen, strict, no other keys.

    A policy decides one by the facts that were validated. One that was copied, or made without validation, is validated
    each time it is decided.
    """

    # What `keep` made of the facts when they were validated. INVARIANT: nothing but validation sets it, so a copy with
    # other facts, which pydantic makes without validation, has none.
    __slots__ = ("_kept",)
    _policy: ClassVar[Any]

    # No namespace is kept for pydantic: `_field_name` renames what would clash, and a fact may begin with `model_`.
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=True, protected_namespaces=()
    )

    if TYPE_CHECKING:
        # The fields come from a policy, so a type checker cannot know them.
        def __init__(self, **facts: Any) -> None: ...

        def __getattr__(self, name: str) -> Any: ...

    def __reduce__(self) -> tuple[Any, ...]:
        """A task is sent with its policy, which makes and validates it anew where it arrives."""
        policy = type(self)._policy  # noqa: SLF001 - its own class's
        return validated_by, (policy, self.model_dump(by_alias=True, exclude_unset=True))


def validated_by(policy: Any, facts: Mapping[str, Any]) -> TaskModel:
    """The task of a policy, validated."""
    made: TaskModel = policy.Task(**facts)
    return made


Keep = Callable[[Mapping[str, Any]], object]
"""What a policy wants to keep of a task's known facts, `id` and `as_of`, so that it need not read them again."""


def task_model(policy: ir.CheckedPolicy, author: Any, keep: Keep) -> type[TaskModel]:
    """The model of the policy's tasks: a field a fact, each optional, with `id` and `as_of` beside them.

    Python values are taken as `policy.decide` takes them; `model_validate_json` takes the JSON spelling. `author` is
    whose `Task` it is: a task that was pickled is made by it again.
    """
    fields: dict[str, Any] = {
        "id": _field(TEXT, "id", "编号 / id of the task"),
        "as_of": _field(DATE, "as_of", "决定日期 / the day of the decision"),
    }
    names = {"id": "id", "as_of": "as_of"} | {_field_name(fact): fact for fact in policy.facts}
    for field, name in list(names.items())[2:]:
        fields[field] = _field(policy.facts[name].type, name, _describe(policy.facts[name]))

    @model_validator(mode="after")
    def validated(task: TaskModel) -> TaskModel:
        facts = {fact: value for field, fact in names.items() if (value := task.__dict__[field]) is not None}
        object.__setattr__(task, "_kept", keep(facts))
        return task

    model: type[TaskModel] = create_model(
        f"{policy.id}_task",
        __base__=TaskModel,
        __doc__=" / ".join(policy.title.values()) or None,
        __validators__={"validated": validated},  # type: ignore[dict-item] # pydantic's own stub leaves its decorators out
        **fields,
    )
    model._policy = author  # noqa: SLF001 - a fact may have any name without an underscore before it
    return model


def _field_name(fact: str) -> str:
    """The name of a fact's field: its own, unless pydantic has that for itself."""
    return f"{fact}_" if hasattr(TaskModel, fact) or fact.startswith("model_") else fact


def _describe(fact: ir.Fact) -> str:
    words = " / ".join(fact.label.values())
    question = " / ".join(fact.ask.values())
    return f"{words}. {question}" if question else words


def _field(declared: Type, name: str, description: str) -> Any:
    schema = {"anyOf": [json_schema_of(declared), {"type": "null"}]}
    checked: Any = Annotated[Any, PlainValidator(_validator(declared, name)), WithJsonSchema(schema)]
    return checked, Field(default=None, alias=name, description=description)


def _validator(declared: Type, name: str) -> Callable[[Any, ValidationInfo], Any]:
    def validate(value: Any, info: ValidationInfo) -> Any:
        if value is None:
            return None
        try:
            inner = (from_document if info.mode == "json" else from_python)(declared, value)
        except Unfit as unfit:
            fault = Fault(unfit.code, name, unfit.expectation, unfit.given, unfit.near)
            words = {"message": str(fault), "expected": fault.expected, "given": fault.given}
            raise PydanticCustomError(unfit.code, "{message}", words) from None
        return to_python(declared, inner)

    return validate


def json_schema_of(declared: Type) -> dict[str, Any]:
    """JSON Schema (2020-12) of a value as JSON spells it."""
    match declared.kind:
        case Kind.BOOL:
            return {"type": "boolean"}
        case Kind.INT:
            return {"type": "integer", "minimum": declared.low, "maximum": declared.high}
        case Kind.MONEY:
            return _money_schema(declared)
        case Kind.DATE:
            return {"type": "string", "format": "date"}
        case Kind.TEXT:
            return {"type": "string"}
        case Kind.ENUM:
            return {"enum": list(declared.values)}
        case Kind.SET:
            return {"type": "array", "items": {"enum": list(declared.values)}, "uniqueItems": True}


def _money_schema(declared: Type) -> dict[str, Any]:
    lowest, highest = LIMITS[Kind.MONEY]
    low, high = (float(str(to_json(declared, bound))) for bound in (declared.low or 0, declared.high or 0))
    number: dict[str, Any] = {"type": "number"}
    if declared.low != lowest:
        number["minimum"] = low
    if declared.high != highest:
        number["maximum"] = high
    sign = "" if isinstance(declared.low, int) and declared.low >= 0 else "-?"
    text = {"type": "string", "pattern": rf"^{sign}[0-9]+(\.[0-9]{{1,2}})?$"}
    return {"anyOf": [number, text], "description": "yuan, at most two decimals"}
