"""The JSON Schema of the files that authors write, for editors: completion, hover, faults as the author types.

It is made from the table of shapes that the loader checks documents against, so that it cannot say otherwise. Draft 7
is what the editors' YAML servers know best. With a policy at hand its own names are offered, and its facts and values
are what a case may hold; a name that is not among them is let through where a policy may declare it any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never

from admission import ir
from admission.datatypes import FEN_LIMIT, INT_LIMIT, TEXT, Kind, Type, to_text
from admission.decision import Verdict
from admission.frontend import shapes

Schema = dict[str, Any]
File = Literal["policy", "rules", "cases", "event_cases"]
FILES: tuple[File, ...] = ("policy", "rules", "cases", "event_cases")

_DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_MOMENT = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T.+$"}
_NAME = {"type": "string", "minLength": 1}
_AMOUNT = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,2})?$"}


def language_schema(file: File, policy: ir.CheckedPolicy | None = None) -> Schema:
    """The schema of one kind of file; with `policy`, its names and values too.

    >>> language_schema("rules")["additionalProperties"]
    False
    """
    writer = _Writer(policy)
    match file:
        case "policy":
            body = writer.shape(shapes.POLICY)
        case "rules":
            body = writer.shape(shapes.RULES_FILE)
        case "cases":
            body = writer.cases()
        case "event_cases":
            body = writer.event_cases()
        case _:
            assert_never(file)
    of = f" of {policy.id}" if policy else ""
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": f"admission: {file}{of}", **body}


@dataclass(frozen=True, slots=True)
class _Writer:
    policy: ir.CheckedPolicy | None

    # ------------------------------------------------------------------------------------ policy files

    def shape(self, shape: shapes.Shape) -> Schema:
        """The schema of a shape."""
        match shape:
            case shapes.Text() | shapes.File():
                return {"type": "string", "minLength": 1}
            case shapes.Flag():
                return {"type": "boolean"}
            case shapes.Day():
                return dict(_DAY)
            case shapes.Name(of):
                return self._named(of)
            case shapes.Path():
                return {"type": "string", "pattern": r"^[^.]+\.[^.]+$"}
            case shapes.Choice(words):
                return {"enum": list(words)}
            case shapes.Expression():
                return {"type": ["string", "number", "boolean"]}
            case shapes.Constant():
                return {"type": ["string", "number", "boolean", "array"]}
            case shapes.Labels():
                return self._labels()
            case shapes.ListOf(item, least):
                return {"type": "array", "items": self.shape(item), "minItems": least}
            case shapes.MapOf(item, key):
                names = {"pattern": _DAY["pattern"]} if key == "day" else {}
                return {"type": "object", "propertyNames": names, "additionalProperties": self.shape(item)}
            case shapes.Record():
                return self._record(shape)
            case shapes.Either(word, mapping):
                return {"anyOf": [self.shape(word), self.shape(mapping)]}
            case _:
                assert_never(shape)

    def _record(self, record: shapes.Record) -> Schema:
        properties = {name: self._key(key) for name, key in record.keys.items()}
        required = [name for name, key in record.keys.items() if key.required]
        if record.labelled != "no":
            properties |= {language: {"type": "string", "minLength": 1} for language in shapes.LANGUAGES}
        if record.labelled == "required" and self.policy:
            required += self.policy.languages
        found: Schema = {"type": "object", "properties": properties, "additionalProperties": record.open}
        if required:
            found["required"] = required
        if record.one_of:
            found["oneOf"] = [{"required": [name]} for name in record.one_of]
        return found

    def _key(self, key: shapes.Key) -> Schema:
        return {**self.shape(key.shape), "description": " / ".join(key.says)}

    def _labels(self) -> Schema:
        languages = self.policy.languages if self.policy else ()
        texts = {language: {"type": "string", "minLength": 1} for language in shapes.LANGUAGES}
        found: Schema = {"type": "object", "properties": texts, "additionalProperties": False, "minProperties": 1}
        return found | ({"required": list(languages)} if languages else {})

    def _named(self, of: str) -> Schema:
        """A name: those that there are to choose from, and any other, which may be declared beside it."""
        known = list(shapes.KINDS) if of == "type" else []
        known += self._declared(of)
        return {"anyOf": [{"enum": known}, _NAME]} if known else dict(_NAME)

    def _declared(self, of: str) -> list[str]:
        if self.policy is None:
            return []
        declared: Mapping[str, Iterable[str]] = {
            "type": self.policy.facts,
            "fact": self.policy.facts,
            "party": self.policy.parties,
            "source": self.policy.sources,
            "register": self.policy.registers,
            "channel": self.policy.channels,
            "route": self.policy.routes,
            "requirement": self.policy.requirements,
            "event": self.policy.events,
        }
        return list(declared.get(of, ()))

    # -------------------------------------------------------------------------------------- case files

    def cases(self) -> Schema:
        """A list of cases."""
        case = {
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "案例编号 / the case's id"},
                "title": {"type": "string", "description": "案例名称 / what the case is about"},
                "as_of": {**_DAY, "description": "决定日期 / the day of the decision"},
                "task": {**self._task(), "description": "任务 / the task: facts that are not there are unknown"},
                "expect": {**self._expected(), "description": "预期 / what is expected of the decision"},
            },
            "required": ["id", "as_of", "task", "expect"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": case}

    def _task(self) -> Schema:
        if self.policy is None:
            return {"type": "object"}
        facts = self.policy.facts.values()
        properties = {f.name: {**self._value(f.type), "description": " / ".join(f.label.values())} for f in facts}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def _value(self, declared: Type) -> Schema:
        """A value of a fact, or null, which is unknown."""
        low, high = declared.low, declared.high
        match declared.kind:
            case Kind.BOOL:
                return {"type": ["boolean", "null"]}
            case Kind.INT:
                return {
                    "type": ["integer", "null"],
                    "minimum": _bound(low, -INT_LIMIT),
                    "maximum": _bound(high, INT_LIMIT),
                }
            case Kind.MONEY:
                bounds = {"minimum": _yuan(declared, low, -FEN_LIMIT), "maximum": _yuan(declared, high, FEN_LIMIT)}
                return {"anyOf": [{"type": "number", **bounds}, _AMOUNT, {"type": "null"}]}
            case Kind.DATE:
                return {"anyOf": [_DAY, {"type": "null"}]}
            case Kind.TEXT:
                return {"type": ["string", "null"]}
            case Kind.ENUM:
                return {"enum": [*declared.values, None]}
            case Kind.SET:
                items = {"enum": list(declared.values)}
                return {"type": ["array", "null"], "items": items, "uniqueItems": True}
            case _:
                assert_never(declared.kind)

    def _expected(self) -> Schema:
        rules = self._rules()
        listed = {"type": "array", "items": {"enum": rules} if rules else _NAME}
        facts = list(self.policy.facts) if self.policy else []
        assumed = [*facts, ir.WORKING_CALENDAR] if facts else []
        channels = [*self.policy.channels, None] if self.policy else []
        properties: Schema = {
            "verdict": {"enum": [verdict.value for verdict in Verdict]},
            "channel": {"enum": channels} if channels else {"type": ["string", "null"]},
            "violations": listed,
            "missing": {"type": "array", "items": {"enum": facts} if facts else _NAME},
            "obligations": {"type": "array", "items": {"type": "object"}},
            "assumed": {"type": "array", "items": {"enum": assumed} if assumed else _NAME},
            "conflict": {"type": "array", "items": self._named("route")},
            "notes": listed,
            "figures": {"type": "object"},
            "policy": {"type": "string"},
            "version": {"type": "string"},
            "as_of": dict(_DAY),
            "id": {"type": "string"},
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}

    # ------------------------------------------------------------------------------------- event cases

    def event_cases(self) -> Schema:
        """A list of event cases."""
        case = {
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "案例编号 / the case's id"},
                "title": {"type": "string", "description": "案例名称 / what the case is about"},
                "until": {**_MOMENT, "description": "时刻 / the moment at which the notices stand"},
                "events": {"type": "array", "items": self._event(), "description": "事件 / in order of arrival"},
                "expect": {"type": "array", "items": self._notice(), "description": "应成立的通报 / all that stands"},
            },
            "required": ["id", "until", "events", "expect"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": case}

    def _event(self) -> Schema:
        """One event: of a type that the policy declares, with its fields; or one that takes another back."""
        if self.policy is None:
            return {"type": "object", "required": ["event", "id", "at"]}
        withdrawn = ir.EventType(ir.WITHDRAWN, {ir.WITHDRAWS: ir.EventField(ir.WITHDRAWS, TEXT)}, {})
        kinds = [*self.policy.events.values(), withdrawn]
        named = {"properties": {"event": {"enum": [kind.name for kind in kinds]}}, "required": ["event"]}
        return {**named, "allOf": [_if_of(kind, self._fields(kind)) for kind in kinds]}

    def _fields(self, kind: ir.EventType) -> Schema:
        said = {field.name: self._value(field.type) for field in kind.fields.values()}
        needed = [field.name for field in kind.fields.values() if field.assume is None]
        properties = {"event": _NAME, "id": _NAME, "at": _MOMENT, **said}
        return {"properties": properties, "required": ["id", "at", *needed], "additionalProperties": False}

    def _notice(self) -> Schema:
        """Some of what a notice says."""
        watches = {"enum": list(self.policy.watches)} if self.policy and self.policy.watches else _NAME
        listed = {"type": "array", "items": {"type": "string"}}
        properties = {"watch": watches, "subject": {"type": "object"}, "since": {"type": "string"}, "events": listed}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def _rules(self) -> list[str]:
        return [*self.policy.requirements, ir.NO_ROUTE, ir.EVERY_ROUTE_REFUSES] if self.policy else []


def _if_of(kind: ir.EventType, fields: Schema) -> Schema:
    return {"if": {"properties": {"event": {"const": kind.name}}, "required": ["event"]}, "then": fields}


def _bound(declared: object, limit: int) -> int:
    return declared if isinstance(declared, int) else limit


def _yuan(declared: Type, bound: object, limit: int) -> float:
    return float(to_text(declared, _bound(bound, limit)))
