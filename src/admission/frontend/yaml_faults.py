"""Where a document stops being YAML, said at the place that the author has to change.

A parser stumbles late: a quote left open on one line is noticed lines below, at the next quote; a colon without a
space, at the next colon. What is reported is the line where it began.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from admission.diagnostics import Diagnostic, Source, Span

Problem = tuple[str, str]
"""What is wrong, in Chinese and English."""

_FULL_WIDTH = {"：": ":", "，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]"}
_NO_SPACE = re.compile(r"^ *(?:- +)?\w+(:)[^\s:/]", re.MULTILINE)
_STRANGE_SPACE = re.compile(r"^ *([^\S \t\n])", re.MULTILINE)


def fault(source: Source, error: yaml.YAMLError) -> Diagnostic:
    """What to say where the parser gives up."""
    if isinstance(error, yaml.MarkedYAMLError):
        return _stumbled(source, error)
    code = getattr(error, "character", 0)
    character = chr(code) if isinstance(code, int) else str(code)[0]
    # The parser counts bytes here; the first such character is what stopped it.
    at = max(0, source.text.find(character))
    return Diagnostic("A105", Span(source, at, at + 1), {"char": f"U+{ord(character):04X}"})


def _stumbled(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark: Any = error.problem_mark or error.context_mark
    at = min(mark.index, len(source.text)) if mark else 0
    number = source.position(at)[0]
    # What is wrong on one line often stops the parser on the next.
    begin, end = source.offset(max(1, number - 1), 1), source.offset(number, 1) + len(source.line(number))
    if found := re.compile("[" + "".join(_FULL_WIDTH) + "]").search(source.text, begin, end):
        words = {"char": found.group(), "plain": _FULL_WIDTH[found.group()]}
        return Diagnostic("A107", Span(source, found.start(), found.end()), words)
    line, problem = source.line(number), " ".join((error.problem or "not YAML").split())
    if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
        return Diagnostic("A108", Span(source, at, at + 1))
    place, what = _cause(source, error, begin, end) or (at, (problem, problem))
    return Diagnostic("A106", Span(source, place, place + 1), {"problem": what})


def _cause(source: Source, error: yaml.MarkedYAMLError, begin: int, end: int) -> tuple[int, Problem] | None:
    """Where the fault began, and what it is; None where the parser's own words serve."""
    context: Any = error.context_mark
    if opened := _open_quote(source, begin, end):
        return opened
    if found := _STRANGE_SPACE.search(source.text, begin, end):
        char = f"U+{ord(found.group(1)):04X}"
        return found.start(1), (f"缩进中有空格字符 {char}，不是普通空格", f"a space {char} in the indentation")
    if "mapping values" in (error.problem or "") and (found := _NO_SPACE.search(source.text, begin, end)):
        return found.start(1), ("冒号后缺空格", "no space after the colon")
    # A flow collection goes on in lines that are indented further; one that is not belongs to what comes next.
    if context and "flow" in (error.context or "") and _is_past(source, context.line + 1, end):
        bracket = source.text[context.index]
        return context.index, (f"`{bracket}` 没有闭合", f"`{bracket}` is never closed")
    return None


def _is_past(source: Source, opened: int, end: int) -> bool:
    """Whether the parser stopped below the line of a bracket, on a line that does not continue it."""
    stopped = source.position(end)[0]
    return opened < stopped and _indent(source, stopped) <= _indent(source, opened)


def _indent(source: Source, number: int) -> int:
    line = source.line(number)
    return len(line) - len(line.lstrip(" "))


def _open_quote(source: Source, begin: int, end: int) -> tuple[int, Problem] | None:
    """A quote that runs over lines until shortly before the place where the parser stopped, or to the end."""
    last = None
    try:
        for token in yaml.scan(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if token.start_mark.index > end:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                last = token
    except yaml.MarkedYAMLError as error:
        if error.context_mark and "quoted scalar" in (error.context or ""):
            return error.context_mark.index, ("引号没有闭合", "a quote that is never closed")
    except yaml.YAMLError:
        return None
    if last is None or last.start_mark.line == last.end_mark.line or last.end_mark.index < begin:
        return None
    line = last.end_mark.line + 1
    return last.start_mark.index, (f"引号到第 {line} 行才闭合", f"a quote that is closed at line {line} only")
