"""A policy as a page to read and print: in HTML or Markdown, in Chinese, English, or both.

The page holds what the policy holds, each rule beside the passage it rests on. It is a value of the policy alone:
the same policy, languages and day give the same text, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from admission import ir
from admission.pages import declarations, html, markdown, overview, rules, watching
from admission.pages.drafting import Draft
from admission.pages.nodes import Page
from admission.pages.speech import Speech

__all__ = ["FORMATS", "LANGUAGES", "render"]

LANGUAGES = ("zh", "en")
FORMATS: Mapping[str, Callable[[Page], str]] = {"html": html.write, "markdown": markdown.write}


def render(
    policy: ir.CheckedPolicy, form: str = "html", languages: Sequence[str] = LANGUAGES, day: date | None = None
) -> str:
    """The policy as text in one of `FORMATS`.

    `languages` are `zh`, `en` or both, the main one first; what the policy says in other languages only is shown in
    those. With a `day` the page marks what is in force then: parameters, and rules that are not.
    """
    return FORMATS[form](page(policy, languages, day))


def page(policy: ir.CheckedPolicy, languages: Sequence[str] = LANGUAGES, day: date | None = None) -> Page:
    """The policy as a page, not yet written down."""
    draft = Draft(policy, Speech(tuple(languages)), day)
    sections = (
        overview.where(draft),
        overview.decision_table(draft),
        *overview.layers(draft),
        *rules.sections(draft),
        *watching.sections(draft),
        *declarations.sections(draft),
        *overview.silences(draft),
    )
    title = draft.speech.label(policy.title) or (policy.id,)
    return Page(draft.speech.languages, title, draft.speech.word("contents"), overview.head(draft), sections)
