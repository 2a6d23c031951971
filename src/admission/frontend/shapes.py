"""The shape of a policy file, as data: which keys there are, which are required, what each holds.

One table serves three readers: the loader checks a document against it, the JSON Schema for editors is generated
from it, and so is the list of keys in the language reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from admission.datatypes import Kind
from admission.diagnostics.catalogue import SILENCEABLE
from admission.records import record

LANGUAGES = ("zh", "en")


@record
class Text:
    """A text."""


@record
class File:
    """A file beside the policy, by its path from there."""


@record
class Flag:
    """`true` or `false`."""


@record
class Day:
    """A date, as ISO text."""


@record
class Name:
    """A name: letters, digits and `_`, Chinese included. `of` says what it names, for editors and messages."""

    of: str = ""


@record
class Path:
    """`look_up.column`, or another pair with a dot."""

    of: str = "look_up.column"


@record
class Choice:
    """One of a few words."""

    words: tuple[str, ...]


@record
class Expression:
    """A condition or an amount."""


@record
class Constant:
    """A value of a type said elsewhere: text, number, `true`, `false`, or a list of names for a set."""


@record
class Labels:
    """One text for each of the policy's languages."""


@record
class ListOf:
    """A list, of `least` items or more."""

    item: Shape
    least: int = 1


@record
class MapOf:
    """A mapping whose keys the author chooses: names, or days."""

    item: Shape
    key: Literal["name", "day"] = "name"
    of: str = ""


@record
class Record:
    """A mapping with fixed keys; `labelled` adds a key for each of the policy's languages."""

    keys: Mapping[str, Key]
    labelled: Literal["no", "optional", "required"] = "no"
    one_of: tuple[str, ...] = ()
    """Keys of which exactly one must stand."""
    open: bool = False
    """Whether other keys are let through as constants (the cells of a row)."""


@record
class Either:
    """A word where a word stands, a mapping where a mapping stands."""

    word: Shape
    mapping: Shape


Shape = (
    Text | File | Flag | Day | Name | Path | Choice | Expression | Constant | Labels | ListOf | MapOf | Record | Either
)


@record
class Key:
    """One key of a record: what it holds, whether it must be there, and what it says (Chinese, English)."""

    shape: Shape
    says: tuple[str, str]
    required: bool = False


def _key(shape: Shape, zh: str, en: str, *, required: bool = False) -> Key:
    return Key(shape, (zh, en), required)


def _must(shape: Shape, zh: str, en: str) -> Key:
    return Key(shape, (zh, en), required=True)


TYPE = Name("type")
PERIOD = Record(
    {
        "from": _key(Day(), "自此日起，含当日", "the first day, included"),
        "until": _key(Day(), "至此日止，含当日", "the last day, included"),
    }
)
CITATION = Record(
    {
        "source": _must(Name("source"), "依据来源", "a declared source"),
        "at": _must(Text(), "条款位置", "the place in it, such as an article"),
        "quote": _key(Text(), "原文", "the source's own words"),
    }
)
_BASIS = {
    "cite": _key(ListOf(CITATION), "依据", "the sources it rests on"),
    "own": _key(Labels(), "无来源时，作者自定的理由", "why the author chose it, where no source says so"),
}
SILENCE = Record(
    {
        "code": _must(Choice(SILENCEABLE), "警告的代码", "the code of a warning"),
        "reason": _must(Labels(), "为何无妨", "why it is meant"),
    }
)
_SILENCE = {
    "silence": _key(ListOf(SILENCE), "已知且无妨的警告", "warnings that are known and meant, each with its reason"),
}
_RULE = {
    **_BASIS,
    **_SILENCE,
    "in_force": _key(PERIOD, "有效期", "when it is in force, within the policy's own period"),
}
_REASON = {"reason": _must(Labels(), "理由", "the reason, as the applicant reads it")}
_WHEN = {"when": _key(Expression(), "适用条件；不写即总是", "when it applies; always, if left out")}
_VALUES = MapOf(Either(Text(), Labels()), of="value")

FACT = Record(
    {
        "type": _must(
            TYPE, "类型，或另一事实的名称", "bool, int, money, date, text, enum, set, or another fact's name"
        ),
        "values": _key(_VALUES, "取值及名称", "the values of an enum or set, each with its label"),
        "min": _key(Constant(), "最小值，含", "the least value, included"),
        "max": _key(Constant(), "最大值，含", "the greatest value, included"),
        "assume": _key(Constant(), "未填时视为", "the value taken where none is given"),
        "filled_by": _key(Path(), "由查询填入", "the look-up column that answers where the task does not"),
        "ask": _key(Labels(), "询问用语", "the question to ask for it"),
        "changed_by": _key(ListOf(Name("party")), "何方可以改变", "the parties who may change it"),
        **_SILENCE,
    },
    labelled="required",
)
PARAMETER = Record(
    {
        "type": _must(TYPE, "类型", "its type"),
        "min": _key(Constant(), "最小值，含", "the least value, included"),
        "max": _key(Constant(), "最大值，含", "the greatest value, included"),
        "values": _must(MapOf(Constant(), key="day"), "自各日起的数值", "its values, each from a day on"),
        **_BASIS,
        **_SILENCE,
    },
    labelled="optional",
    one_of=("cite", "own"),
)
COLUMN = Either(
    TYPE,
    Record(
        {
            "type": _must(TYPE, "类型", "its type"),
            "values": _key(_VALUES, "取值及名称", "the values of an enum or set"),
            "min": _key(Constant(), "最小值，含", "the least value, included"),
            "max": _key(Constant(), "最大值，含", "the greatest value, included"),
            "absent": _key(Constant(), "查无此行时的值", "what it reads where no row is found"),
        }
    ),
)
ROW = Record(
    {
        "valid_from": _key(Day(), "自此日起有效", "the first day it holds"),
        "valid_until": _key(Day(), "至此日有效", "the last day it holds"),
    },
    open=True,
)
REGISTER = Record(
    {
        "key": _must(ListOf(Name("column")), "主键列", "the columns that make a row unique"),
        "columns": _must(MapOf(COLUMN, of="column"), "各列及类型", "its columns and their types"),
        "partial": _key(Flag(), "清单不全", "whether it is known in part only"),
        "file": _key(File(), "CSV 文件", "a CSV file beside the policy"),
        "rows": _key(ListOf(ROW, least=0), "各行", "its rows, written here"),
        **_BASIS,
        **_SILENCE,
    }
)
LOOK_UP = Record(
    {
        "register": _must(Name("register"), "所查清单", "the register"),
        "match": _must(MapOf(Name("fact"), of="column"), "主键列对应的事实", "for each key column, the fact"),
        **_SILENCE,
    }
)
DEFINITION = Record(
    {
        "is": _must(Expression(), "定义", "the condition or amount"),
        "report": _key(Flag(), "随决定一并报告", "whether it comes back with the decision"),
        **_SILENCE,
    },
    labelled="required",
)
CHANNEL = Record(
    {
        "outcome": _must(Choice(("admit", "redirect")), "结果", "the verdict where nothing stands against it"),
        **_SILENCE,
    },
    labelled="required",
)
ROUTE = Record(
    {
        "to": _must(Name("channel"), "去向", "the channel it sends work to"),
        **_WHEN,
        "overrides": _key(ListOf(Name("route")), "优先于", "the routes it stands above"),
        **_REASON,
        **_RULE,
    },
    one_of=("cite", "own"),
)
REQUIREMENT = Record(
    {
        "for": _must(ListOf(Name("channel")), "适用去向", "the channels it applies to"),
        **_WHEN,
        "require": _must(Expression(), "要求", "what it demands"),
        "effect": _key(Choice(("refuse", "note")), "违反后果", "what a violation does; refuse, if left out"),
        **_REASON,
        "remedy": _key(Labels(), "补救办法", "what the applicant can do"),
        **_RULE,
    },
    one_of=("cite", "own"),
)
EXCEPTION = Record(
    {
        "waives": _must(ListOf(Name("requirement")), "免除的要求", "the requirements it waives"),
        **_WHEN,
        **_REASON,
        **_RULE,
    },
    one_of=("cite", "own"),
)
OBLIGATION = Record(
    {
        "verdicts": _must(
            ListOf(Choice(("admit", "redirect", "refuse"))), "随何种决定产生", "the verdicts it comes with"
        ),
        **_WHEN,
        "debtor": _key(Name("party"), "义务人", "who owes it"),
        "creditor": _key(Name("party"), "权利人", "who is owed"),
        "amount": _key(Expression(), "金额", "the amount, in yuan"),
        "due": _key(Expression(), "期限", "the day it is due"),
        **_REASON,
        **_RULE,
    },
    one_of=("cite", "own"),
)
INVARIANT = Record(
    {
        "never": _key(Expression(), "绝不成立的条件", "a condition that no task fulfils"),
        "always": _key(Expression(), "总是成立的条件", "a condition that every task fulfils"),
        "monotone": _key(Name("fact"), "只增不害的事实", "the fact whose raising never turns admission into refusal"),
        "antitone": _key(Name("fact"), "只减不害的事实", "the fact whose lowering never turns admission into refusal"),
        "favourable": _key(
            Expression(),
            "成就后绝不使结论变为不予准入的条件，只读一项事实",
            "the condition on one fact that, made true, never turns admission into refusal",
        ),
        "irrelevant": _key(Name("fact"), "无关的事实", "the fact of which another value never changes the decision"),
        **_REASON,
        **_SILENCE,
    },
    one_of=("never", "always", "monotone", "antitone", "favourable", "irrelevant"),
)
EVENT = Record(
    {
        "fields": _must(
            MapOf(
                Either(
                    TYPE,
                    Record(
                        {
                            "type": _must(TYPE, "类型", "its type"),
                            "values": _key(_VALUES, "取值及名称", "the values of an enum or set"),
                            "min": _key(Constant(), "最小值，含", "the least value, included"),
                            "max": _key(Constant(), "最大值，含", "the greatest value, included"),
                            "assume": _key(Constant(), "未填时视为", "the value taken where none is given"),
                        }
                    ),
                ),
                of="field",
            ),
            "各项及类型",
            "its fields and their types, beside `id` and `at`",
        ),
        **_SILENCE,
    },
    labelled="required",
)
_GATHERS = ("first", "latest", "sum", "count")
GATHERED = Record(
    {
        "first": _key(Name("event"), "最早的一件", "the first event of a type"),
        "latest": _key(Name("event"), "最近的一件", "the latest event of a type"),
        "sum": _key(Path("event.field"), "某项之和", "the sum of a field, `event.field`"),
        "count": _key(Name("event"), "件数", "how many events of a type there are"),
        "same": _key(ListOf(Name("field")), "与所查对象相同的项", "the fields that equal those of the subject"),
        "where": _key(Expression(), "只计符合条件的", "a condition on the event's own fields"),
        "until": _key(Expression(), "截至此刻，含", "the moment they end at, included"),
        "up_to": _key(Name("event"), "截至该事件，含", "the subject event they end with, included"),
        "window": _key(Expression(), "回溯的天数，或 calendar_year", "days back from there, or calendar_year"),
    },
    one_of=_GATHERS,
)
WATCH_LOOK_UP = Record(
    {
        "register": _must(Name("register"), "所查清单", "the register"),
        "match": _must(MapOf(Expression(), of="column"), "主键列须等于", "for each key column, what it equals"),
    }
)
WATCH = Record(
    {
        "each": _must(
            Name("event or field"), "每一件事件，或每一个键", "an event type, or a field: one notice for each"
        ),
        "with": _key(MapOf(GATHERED, of="name"), "所汇总的事件", "what is gathered of other events"),
        "look_ups": _key(MapOf(WATCH_LOOK_UP, of="look-up"), "查询", "rows of registers"),
        "when": _must(Expression(), "何时通报", "the condition under which a notice stands"),
        "due": _key(Expression(), "期限", "the moment after which it stands"),
        "severity": _key(
            Choice(("low", "medium", "high")), "轻重；不写为 medium", "how grave it is; medium, if left out"
        ),
        "notify": _key(ListOf(Name("party")), "通报对象", "the parties to tell"),
        **_REASON,
        **_RULE,
    },
    one_of=("cite", "own"),
)
SOURCE = Record(
    {
        "title": _must(Labels(), "名称", "its title"),
        "date": _key(Day(), "日期", "when it was issued"),
        "number": _key(Text(), "文号", "its document number"),
        "url": _key(Text(), "网址", "where it can be read"),
        "text": _key(File(), "所存原文的文件", "the file with its text, beside the policy"),
        **_SILENCE,
    }
)
HEAD: Mapping[str, Key] = {
    "policy": _must(Name("policy"), "规则编号", "the policy's id"),
    "version": _must(Text(), "版本", "its version, in quotes"),
    "subject": _key(Name("subject"), "对象", "what it decides about; task, if left out"),
    "place": _key(Text(), "适用地", "the place a book looks up; the policy's id, if left out"),
    "title": _must(Labels(), "名称", "its title"),
    "extends": _key(Name("policy"), "上一层规则", "the policy this one adds to"),
    "tightens": _key(Flag(), "只收紧不放宽", "promises never to admit what the layer below refuses"),
    "replaces": _key(ListOf(Name()), "所改写或放宽的上层内容", "what of the layer below it redefines or weakens"),
    "in_force": _must(PERIOD, "有效期", "when it is in force"),
    "languages": _must(ListOf(Choice(LANGUAGES)), "语言", "the languages every label has"),
    "wording": _key(
        Record(
            {
                word: _key(Labels(), "结论用语", "what the verdict is called")
                for word in ("admit", "redirect", "refuse", "undetermined")
            }
        ),
        "结论的称谓",
        "the policy's own words for the verdicts",
    ),
}
SECTIONS: Mapping[str, Key] = {
    "parties": _key(MapOf(Labels(), of="party"), "各方", "who may owe, be owed, or change a fact"),
    "sources": _key(MapOf(SOURCE, of="source"), "依据来源", "the laws and notices that rules cite"),
    "facts": _key(MapOf(FACT, of="fact"), "事实", "what a task says about itself"),
    "parameters": _key(MapOf(PARAMETER, of="parameter"), "参数", "numbers and dates that change over time"),
    "registers": _key(MapOf(REGISTER, of="register"), "清单", "tables beside the policy"),
    "look_ups": _key(MapOf(LOOK_UP, of="look-up"), "查询", "how a task finds its row in a register"),
    "definitions": _key(MapOf(DEFINITION, of="definition"), "定义", "conditions and amounts with a name"),
    "channels": _key(MapOf(CHANNEL, of="channel"), "去向", "where work can go"),
    "routes": _key(MapOf(ROUTE, of="route"), "分流规则", "what sends a task to a channel"),
    "requirements": _key(MapOf(REQUIREMENT, of="requirement"), "要求", "what a channel demands"),
    "exceptions": _key(MapOf(EXCEPTION, of="exception"), "例外", "what waives a requirement"),
    "obligations": _key(MapOf(OBLIGATION, of="obligation"), "义务", "duties that come with a decision"),
    "events": _key(MapOf(EVENT, of="event"), "事件", "what happens after a decision, with its date"),
    "watches": _key(MapOf(WATCH, of="watch"), "监督规则", "conditions over events that raise a notice"),
    "invariants": _key(MapOf(INVARIANT, of="invariant"), "不变式", "promises about every task, to be proved"),
}
POLICY = Record({**HEAD, **SECTIONS})
RULES_FILE = Record(SECTIONS)
KINDS = tuple(kind.value for kind in Kind)
RESERVED = frozenset(("as_of", "verdict", "channel", "violated", "count", "workday", "date", "true", "false", "id"))
