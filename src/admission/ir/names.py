"""The names that the language itself has."""

from __future__ import annotations

from typing import Literal as Choice

from admission.datatypes import Kind, Type

FOUND = "found"
AT = "at"
DUE = "due"
CALENDAR_YEAR: Choice["calendar_year"] = "calendar_year"
WITHDRAWN = "withdrawn"
WITHDRAWS = "withdraws"
"""The built-in event type that takes another event back, and its one field, the other's id."""
VERDICTS = Type(Kind.ENUM, ("admit", "redirect", "refuse", "undetermined"))
AS_OF = "as_of"
VERDICT = "verdict"
CHANNEL = "channel"
NO_CHANNEL = ""
"""What `channel` is in an invariant where no route takes the task: equal to no channel's name."""
NO_ROUTE = "no_route"
EVERY_ROUTE_REFUSES = "every_route_refuses"
WORKING_CALENDAR = "working_calendar"


def violated(rule: str) -> str:
    """The name under which an invariant reads whether a requirement is violated."""
    return f"violated({rule})"
