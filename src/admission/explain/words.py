"""Every word of an explanation that is not the policy's own, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from admission.datatypes import Kind, Type, Value, to_text
from admission.decision import in_language
from admission.ir import Label

WORDS: dict[str, tuple[str, str]] = {
    "as_of": ("{day} 按《{policy}》（{version} 版）决定", "decided as of {day} by {policy} (version {version})"),
    "goes_to": ("去向：{channel}", "goes to: {channel}"),
    "unsettled": ("去向尚不能确定，可能为：", "where it goes is not settled; it could be:"),
    "nowhere": ("没有去向", "nowhere"),
    "conflict": ("分流规则互相冲突：{routes}", "routes clash: {routes}"),
    "violated": ("不符合", "violated"),
    "open": ("待定", "open"),
    "met": ("符合", "met"),
    "idle": ("不适用", "does not apply"),
    "waived": ("已免除", "waived"),
    "noted": ("提示", "noted"),
    "applies": ("适用，因为", "applies, for"),
    "demands": ("要求", "demands"),
    "exception": ("例外 {rule}", "exception {rule}"),
    "law": ("依据：{law}", "law: {law}"),
    "own": ("本规则自定：{why}", "the policy's own: {why}"),
    "remedy": ("办法：{what}", "what would help: {what}"),
    "duty": ("义务", "duty"),
    "uncertain": ("（尚不确定）", " (not certain yet)"),
    "ask": ("请补充：", "to be answered:"),
    "assumed": ("未填、按下列情形视为：", "not given, and taken to be:"),
    "calendar": ("工作日历尚未公布，按周一至周五计", "the working calendar is not published yet; Monday to Friday"),
    "from_given": ("", ""),
    "from_assumed": ("（视为）", " (assumed)"),
    "from_looked_up": ("（查得）", " (looked up)"),
    "from_parameter": ("（参数）", " (parameter)"),
    "from_defined": ("", ""),
    "from_built_in": ("", ""),
    "from_unknown": ("", ""),
    "remedies": ("按下列办法之一办理，结论即为“{verdict}”：", "any one of these would make it “{verdict}”:"),
    "no_remedy": (
        "各方能够改变的，无论怎样改变，结论都不会是“{verdict}”",
        "nothing that a party may change would make it “{verdict}”",
    ),
    "more_remedies": ("另有 {count} 种", "and {count} more"),
    "by": ("（{parties}）", " ({parties})"),
    "change_set": ("把“{label}”由“{before}”改为“{after}”", "set “{label}” to “{after}” (now “{before}”)"),
    "change_settle": ("使“{label}”为“{after}”", "see to it that “{label}” is “{after}”"),
    "change_raise": ("把“{label}”提高到 {after}", "raise “{label}” to {after}"),
    "change_lower": ("把“{label}”降低到 {after}", "lower “{label}” to {after}"),
    "change_later": ("把“{label}”推迟到 {after}", "put “{label}” off to {after}"),
    "change_earlier": ("把“{label}”提前到 {after}", "bring “{label}” forward to {after}"),
    "change_add": ("在“{label}”中加上“{element}”", "add “{element}” to “{label}”"),
    "change_remove": ("从“{label}”中删去“{element}”", "drop “{element}” from “{label}”"),
    "nothing_to_change": ("无需改变", "nothing needs to change"),
    "unknown": ("未知", "unknown"),
    "all": ("同时满足", "all of"),
    "any": ("满足其一", "any of"),
    "not": ("并非", "not"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "none": ("（无）", "(none)"),
    "verdict_admit": ("准入", "admit"),
    "verdict_redirect": ("转办", "redirect"),
    "verdict_refuse": ("不予准入", "refuse"),
    "verdict_undetermined": ("待定", "undetermined"),
}
MARKS: dict[bool | None, str] = {True: "✓", False: "✗", None: "?"}


def word(key: str, lang: str, **parts: object) -> str:
    """One of the words, its parts filled in."""
    zh, en = WORDS[key]
    return (zh if lang == "zh" else en).format_map(parts)


def in_words(declared: Type, labels: Mapping[str, Label], value: Value | None, lang: str) -> str:
    """A value as it is read: by its label, an amount in groups of three digits.

    >>> from admission.datatypes import MONEY
    >>> in_words(MONEY, {}, 8000000, "en")
    '80,000.00'
    """

    def named(item: str) -> str:
        return in_language(labels[item], lang) if item in labels else item

    match value:
        case None:
            return word("unknown", lang)
        case bool():
            return word("yes" if value else "no", lang)
        case frozenset():
            listed = [named(item) for item in declared.values if item in value]
            return ("、" if lang == "zh" else ", ").join(listed) or word("none", lang)
        case int() if declared.kind is Kind.MONEY:
            whole, _, decimals = to_text(declared, value).partition(".")
            return f"{int(whole):,}.{decimals}" if whole != "-0" else f"-0.{decimals}"
        case str() if declared.kind is Kind.ENUM:
            return named(value)
        case _:
            return to_text(declared, value)
