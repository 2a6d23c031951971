"""Where a declaration says a word: the reader keeps the place of a rule's key, and not of every word under it."""

from __future__ import annotations

import re

from admission import ir
from admission.diagnostics import Span


def locate(span: Span | None, word: str) -> Span | None:
    """Where a word stands after a declaration's key, so that a fault points at the word and not at the rule."""
    if span is None:
        return None
    text, start = span.source.text, span.end
    line_start = text.rfind("\n", 0, span.start) + 1
    indent = span.start - line_start
    end = _end_of_block(text, start, indent)
    at = start
    while (at := text.find(word, at, end)) >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after in ("_", ":")):
            return Span(span.source, at, at + len(word))
        at += len(word)
    return span


def locate_key(span: Span | None, key: str) -> Span | None:
    """Where a key stands in a declaration; the declaration's own place where it is not found."""
    found = locate(span, f"{key}:")
    return found if found is None or found == span else found._replace(end=found.end - 1)


def _end_of_block(text: str, start: int, indent: int) -> int:
    at = text.find("\n", start)
    while at >= 0:
        line_end = text.find("\n", at + 1)
        line = text[at + 1 : line_end if line_end >= 0 else len(text)]
        if line.strip() and len(line) - len(line.lstrip(" ")) <= indent:
            return at
        at = line_end
    return len(text)


def of_head(policy: ir.Policy, key: str) -> Span | None:
    """Where a key of the policy's head stands."""
    if policy.span is None:
        return None
    found = re.compile(rf"^{key}(?=[ ]*:)", re.MULTILINE).search(policy.span.source.text)
    return Span(policy.span.source, *found.span()) if found else policy.span
