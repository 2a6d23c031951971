"""Decides whether a task may be handed to a residents' community, where it belongs instead, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from admission.decision import Citation, Decision, Obligation, PolicyIdentity, Verdict, Violation
    from admission.diagnostics import (
        AdmissionError,
        Diagnostic,
        Fault,
        InputError,
        MissingExtraError,
        PolicyError,
        TaskError,
        UnsupportedError,
    )
    from admission.docket import Notice, Open, Supervisor
    from admission.engine import Book, Policy, TaskRecord, load, load_book, read_tasks
    from admission.explain import Explanation, Question
    from admission.remedies import FactChange, Remedy, TooManyRemediesError

# Where each public name lives: modules are imported when a name is first used, so that `import admission` is quick.
_HOMES = {
    "admission.decision": ("Citation", "Decision", "Obligation", "PolicyIdentity", "Verdict", "Violation"),
    "admission.diagnostics": (
        "AdmissionError",
        "Diagnostic",
        "Fault",
        "InputError",
        "MissingExtraError",
        "PolicyError",
        "TaskError",
        "UnsupportedError",
    ),
    "admission.docket": ("Notice", "Open", "Supervisor"),
    "admission.engine": ("Book", "Policy", "TaskRecord", "load", "load_book", "read_tasks"),
    "admission.explain": ("Explanation", "Question"),
    "admission.remedies": ("FactChange", "Remedy", "TooManyRemediesError"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "AdmissionError",
    "Book",
    "Citation",
    "Decision",
    "Diagnostic",
    "Explanation",
    "FactChange",
    "Fault",
    "InputError",
    "MissingExtraError",
    "Notice",
    "Obligation",
    "Open",
    "Policy",
    "PolicyError",
    "PolicyIdentity",
    "Question",
    "Remedy",
    "Supervisor",
    "TaskError",
    "TaskRecord",
    "TooManyRemediesError",
    "UnsupportedError",
    "Verdict",
    "Violation",
    "__version__",
    "load",
    "load_book",
    "read_tasks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'admission' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
