"""Where a document stops being YAML, said at the place that the author has to change.

A parser stumbles late: a quote left open on one line is noticed lines below, at the next quote; a colon without a
space, at the next colon; a line moved to the left, where what stood beside it goes on. What is reported is the line
where it began.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import yaml

from admission.diagnostics import Diagnostic, Source, Span

_FULL_WIDTH = {"：": ":", "，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]"}
_BRACKET = re.compile("[｛｝［］]")
_COLON = re.compile(r"(?:^ *(?:- +)?|[{\[,] *)\w+(：)", re.MULTILINE)
_COMMA = re.compile(r"^.*[{\[].*?(，)", re.MULTILINE)
_NO_SPACE = re.compile(r"^ *(?:- +)?\w+(:)[^\s:/]", re.MULTILINE)
_STRANGE_SPACE = re.compile(r"^ *([^\S \t\n])", re.MULTILINE)


def fault(source: Source, error: yaml.YAMLError) -> Diagnostic:
    """What to say where the parser gives up."""
    if isinstance(error, yaml.MarkedYAMLError):
        stop = _Stop(source, error)
        return next(found for look in _LOOKS if (found := look(stop)))
    code = getattr(error, "character", 0)
    character = chr(code) if isinstance(code, int) else str(code)[0]
    # The parser counts bytes here; the first such character is what stopped it.
    at = max(0, source.text.find(character))
    return Diagnostic("A105", Span(source, at, at + 1), {"char": f"U+{ord(character):04X}"})


def nested_until(source: Source, error: yaml.MarkedYAMLError) -> int | None:
    """The offset at which the parser gave up on how deep the text is nested; None where it gave up on another thing."""
    stop = _Stop(source, error)
    return stop.at if stop.is_about("nesting depth") else None


@dataclass(frozen=True)
class _Stop:
    """Where a parser gave up, and in what it was."""

    source: Source
    error: yaml.MarkedYAMLError

    @cached_property
    def at(self) -> int:
        """The offset at which it stopped."""
        mark = self.error.problem_mark or self.error.context_mark
        return min(mark.index, len(self.source.text)) if mark else 0

    @cached_property
    def within(self) -> int | None:
        """The offset at which what it was reading begins, where it says so."""
        return self.error.context_mark.index if self.error.context_mark else None

    @property
    def line(self) -> int:
        """The line on which it stopped."""
        return self.source.position(self.at)[0]

    @property
    def below(self) -> Iterator[tuple[int, int]]:
        """The lines below it that say something, each with its indentation."""
        last = self.source.position(len(self.source.text))[0]
        return ((n, indent) for n in range(self.line + 1, last + 1) if (indent := self.indent(n)) is not None)

    @property
    def begin(self) -> int:
        """The offset of the line before: what is wrong there often stops the parser on the next."""
        return self.source.offset(max(1, self.line - 1), 1)

    @property
    def end(self) -> int:
        """The end of the line on which it stopped."""
        return self.source.offset(self.line, 1) + len(self.source.line(self.line))

    def is_in(self, what: str) -> bool:
        """Whether it was reading a thing of this kind."""
        return what in (self.error.context or "")

    def is_about(self, what: str) -> bool:
        """Whether this is what it complains of."""
        return what in (self.error.problem or "")

    def search(self, pattern: re.Pattern[str]) -> int | None:
        """The offset of a pattern's group, or of all of it, on the line where it stopped or the one before."""
        found = pattern.search(self.source.text, self.begin, self.end)
        return None if found is None else found.start(pattern.groups)

    def indent(self, line: int) -> int | None:
        """The indentation of a line; None where it is empty or a comment."""
        text = self.source.line(line)
        said = text.lstrip(" ")
        return None if not said or said.startswith("#") else len(text) - len(said)


def _said(stop: _Stop, at: int, zh: str, en: str) -> Diagnostic:
    return Diagnostic("A106", Span(stop.source, at, at + 1), {"problem": (zh, en)})


def _tab(stop: _Stop) -> Diagnostic | None:
    line = stop.source.line(stop.line)
    if "\t" in line[: len(line) - len(line.lstrip())] or stop.is_about("'\\t'"):
        return Diagnostic("A108", Span(stop.source, stop.at, stop.at + 1))
    return None


def _open_quote(stop: _Stop) -> Diagnostic | None:
    """A quote that runs over lines until shortly before the place where the parser stopped, or to the end."""
    if stop.is_in("quoted scalar") and stop.within is not None:
        return _said(stop, stop.within, "引号没有闭合", "a quote that is never closed")
    last = next(iter(deque(_quotes(stop), maxlen=1)), None)
    if last is None or last.start_mark.line == last.end_mark.line or last.end_mark.index < stop.begin:
        return None
    line = last.end_mark.line + 1
    return _said(
        stop, last.start_mark.index, f"引号到第 {line} 行才闭合", f"a quote that is closed at line {line} only"
    )


def _quotes(stop: _Stop) -> Iterator[yaml.ScalarToken]:
    """The quoted texts up to where the parser stopped."""
    try:
        for token in yaml.scan(stop.source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if token.start_mark.index > stop.end:
                return
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                yield token
    except yaml.YAMLError:
        return


def _strange_space(stop: _Stop) -> Diagnostic | None:
    at = stop.search(_STRANGE_SPACE)
    if at is None:
        return None
    char = f"U+{ord(stop.source.text[at]):04X}"
    return _said(stop, at, f"缩进中有空格字符 {char}，不是普通空格", f"a space {char} in the indentation")


def _full_width(*patterns: re.Pattern[str]) -> Callable[[_Stop], Diagnostic | None]:
    def look(stop: _Stop) -> Diagnostic | None:
        at = next((found for pattern in patterns if (found := stop.search(pattern)) is not None), None)
        if at is None:
            return None
        char = stop.source.text[at]
        return Diagnostic("A107", Span(stop.source, at, at + 1), {"char": char, "plain": _FULL_WIDTH[char]})

    return look


def _open_bracket(stop: _Stop) -> Diagnostic | None:
    """A flow collection goes on in lines that are indented further; one that is not belongs to what comes next."""
    if stop.within is None or not stop.is_in("flow"):
        return None
    opened = stop.source.position(stop.within)[0]
    if opened == stop.line or (stop.indent(stop.line) or 0) > (stop.indent(opened) or 0):
        return None
    bracket = stop.source.text[stop.within]
    zh, en = f"`{bracket}` 没有闭合", f"`{bracket}` is never closed"
    if " #" in stop.source.line(opened):
        zh, en = f"{zh}（` #` 之后是注释）", f"{en} (what follows ` #` is a comment)"
    return _said(stop, stop.within, zh, en)


def _no_key(stop: _Stop) -> Diagnostic | None:
    """A line where a key is due, and no colon with a space follows."""
    if stop.within is None or not stop.is_in("simple key"):
        return None
    line = stop.source.offset(stop.source.position(stop.within)[0], 1)
    if found := _NO_SPACE.match(stop.source.text, line):
        return _said(stop, found.start(1), "冒号后缺空格", "no space after the colon")
    return _said(stop, stop.within, "此处应为 “键: 值”", "expected a key and a colon here")


def _no_space(stop: _Stop) -> Diagnostic | None:
    """A colon that ends no key: what follows runs on until the next key."""
    width = stop.indent(stop.line)
    if width is None or not stop.is_about("mapping values"):
        return None
    line = next((n for n in range(stop.line - 1, 0, -1) if (stop.indent(n) or 0) <= width), stop.line)
    found = _NO_SPACE.match(stop.source.text, stop.source.offset(line, 1))
    return None if found is None else _said(stop, found.start(1), "冒号后缺空格", "no space after the colon")


def _moved_left(stop: _Stop) -> Diagnostic | None:
    """A line left of those around it, which closed what the line where the parser stopped belongs to."""
    width = stop.indent(stop.line)
    if width is None or not (stop.is_in("block") or stop.is_about("mapping values")):
        return None
    above = [(line, indent) for line in range(stop.line - 1, 0, -1) if (indent := stop.indent(line)) is not None]
    between = list(takewhile(lambda one: one[1] > width, above))
    moved, *before = above[len(between) :] or [(0, width)]
    # A line as wide closed nothing. A width that is new hereabouts shows that it is the last line that moved.
    known = {indent for _, indent in (before if between else before[:1])}
    if moved[1] == width or width not in known | ({indent for _, indent in stop.below} if between else set()):
        return None
    at = stop.source.offset(moved[0], 1 + moved[1])
    zh, en = f"缩进与第 {stop.line} 行不合", f"the indentation does not go with that of line {stop.line}"
    return _said(stop, at, zh, en)


def _escape(stop: _Stop) -> Diagnostic | None:
    if not (stop.is_about("escape character") or stop.is_about("hexdecimal")):
        return None
    return _said(stop, stop.at, "双引号中的反斜线写法有误", "a backslash that begins no known escape")


def _after_the_end(stop: _Stop) -> Diagnostic | None:
    """More text after what closed a value that began with a bracket or a quote."""
    before = stop.source.text[stop.source.offset(stop.line, 1) : stop.at].rstrip()
    if not before.endswith(("}", "]", "'", '"')) or not stop.is_about("expected key"):
        return None
    end = before[-1]
    zh = f"`{end}` 之后还有文字；请把整条内容加引号，或写在 >- 之下"
    return _said(stop, stop.at, zh, f"text after the closing `{end}`; put the whole in quotes, or below `>-`")


# What the parser complains of, in words for authors.
_WORDS: dict[str, tuple[str, str]] = {
    "mapping values are not allowed": (
        "同一行又有一个冒号；文字中含 `: ` 时请加引号",
        "another colon in one line; a text that holds `: ` needs quotes",
    ),
    "expected ',' or '}'": (
        "此处应为逗号或 `}`；文字中含 `: ` 时请加引号",
        "expected a comma or `}`; a text that holds `: ` needs quotes",
    ),
    "expected ',' or ']'": ("此处应为逗号或 `]`", "expected a comma or `]`"),
    "expected key": ("此处应为 “键: 值”", "expected a key and a colon here"),
    "expected '-' indicator": ("此处应为以 `- ` 开头的一项", "expected an item that begins with `- `"),
    "expected node content": ("此处应有内容", "expected a value here"),
    "block sequence entries": ("`- ` 须另起一行", "an item with `- ` begins on a line of its own"),
    "expected <document start>": ("`...` 之后还有内容", "something stands after `...`"),
    "expected comment or line break": ("`|` 或 `>` 之后须换行", "the line goes on after `|` or `>`"),
    "cannot start any token": ("文字不能以此字符开头；请加引号", "a text cannot begin with this; put it in quotes"),
}


def _as_it_says(stop: _Stop) -> Diagnostic:
    problem = " ".join(str(stop.error.problem).split())
    return _said(stop, stop.at, *next((said for key, said in _WORDS.items() if key in problem), (problem, problem)))


# In the order in which one is surer than the next; the last always has something to say.
_LOOKS: tuple[Callable[[_Stop], Diagnostic | None], ...] = (
    _tab,
    _escape,
    _open_quote,
    _strange_space,
    _full_width(_BRACKET),
    _open_bracket,
    _full_width(_COLON, _COMMA),
    _no_key,
    _no_space,
    _after_the_end,
    _moved_left,
    _as_it_says,
)
