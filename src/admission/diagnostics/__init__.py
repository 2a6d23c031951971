"""Sources, spans, diagnostics and the errors that carry them."""

from admission.diagnostics.errors import (
    AdmissionError,
    Fault,
    InputError,
    MissingExtraError,
    PolicyError,
    TaskError,
    UnsupportedError,
    why,
)
from admission.diagnostics.report import Collector, Diagnostic, Language, nearest
from admission.diagnostics.source import Source, Span

__all__ = [
    "AdmissionError",
    "Collector",
    "Diagnostic",
    "Fault",
    "InputError",
    "Language",
    "MissingExtraError",
    "PolicyError",
    "Source",
    "Span",
    "TaskError",
    "UnsupportedError",
    "nearest",
    "why",
]
