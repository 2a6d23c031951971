"""Every word of an explanation that is not the policy's own, in Chinese and English."""

from __future__ import annotations

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
