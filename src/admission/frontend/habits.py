"""What authors type for what they mean, and what to say of it: keyboards, other languages, Python's own complaints."""

from __future__ import annotations

import ast
import re

# What Chinese keyboards and word processors produce, and what to type instead.
FULL_WIDTH = {
    **dict(
        zip("（），．：；＝＞＜！＋－＊｛｝［］＿０１２３４５６７８９", "(),.:;=><!+-*{}[]_0123456789", strict=True)
    ),
    "，": ",",
    "。": ".",
    "、": ",",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "「": '"',
    "」": '"',
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "×": "*",
    "−": "-",
    "–": "-",
    "—": "-",
    "【": "[",
    "】": "]",
}
# Spaces that look like one, and characters that show nothing at all.
SPACES = re.compile("[\u3000\xa0\u2000-\u200d\u202f\u205f\u2060\ufeff]")
HABITS = {
    "&&": "and",
    "||": "or",
    "<>": "!=",
    "===": "==",
    "=>": ">=",
    "=<": "<=",
}
SPELT = {"AND": "and", "OR": "or", "NOT": "not", "且": "and", "并且": "and", "或": "or", "或者": "or", "非": "not"}
SPELT_WORD = re.compile(rf"(?<!\w)({'|'.join(SPELT)})(?!\w)", re.IGNORECASE)
DAY = re.compile(r"(?<!\w)\d{4}-\d{1,2}-\d{1,2}(?!\w)", re.ASCII)
LEADING_ZEROS = re.compile(r"(?<![\w.])0[0-9_]+(?![\w.])", re.ASCII)
AWAITS = ("<", ">", "=", "+", "-", "*", "/", ",", ".")
# What Python says of a text that does not parse, in Chinese.
PROBLEMS: dict[str, tuple[str, str]] = {
    "never closed": ("括号没有闭合", "a bracket that is never closed"),
    "unmatched": ("多了一个右括号", "a closing bracket without its opening one"),
    "does not match": ("左右括号不配", "a closing bracket of another kind than the opening one"),
    "unterminated string": ("引号没有闭合", "a quote that is never closed"),
    "invalid syntax": ("此处写法有误，或缺运算符", "something does not fit here, or an operator is missing"),
    "forgot a comma": ("缺逗号或运算符", "a comma or an operator is missing"),
    "invalid decimal literal": ("名称不能以数字开头", "a name cannot begin with a digit"),
}
UNSUPPORTED: dict[type[ast.expr], tuple[str, str]] = {
    ast.IfExp: ("条件表达式 if/else", "an if/else expression"),
    ast.Lambda: ("lambda", "a lambda"),
    ast.List: ("方括号列表，集合请写 {a, b}", "a list in brackets; write a set as {a, b}"),
    ast.Tuple: ("圆括号列表，集合请写 {a, b}", "a list in parentheses; write a set as {a, b}"),
    ast.Dict: ("映射", "a mapping"),
    ast.Subscript: ("下标", "a subscript"),
    ast.ListComp: ("循环", "a loop"),
    ast.SetComp: ("循环", "a loop"),
    ast.DictComp: ("循环", "a loop"),
    ast.GeneratorExp: ("循环", "a loop"),
    ast.JoinedStr: ("f 字符串", "an f-string"),
    ast.NamedExpr: ("赋值", "an assignment"),
    ast.Attribute: ("多级的点", "more than one dot"),
    ast.Starred: ("星号", "a star"),
}
