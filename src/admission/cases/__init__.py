"""Case files: tasks beside the decision that is expected of them, read with their places and run; what they cover."""

from admission.cases.coverage import Coverage, Trial, concerns, measure
from admission.cases.files import Case, case_files, read_cases
from admission.cases.running import Difference, Result, run_cases
from admission.cases.watching import EventCase, EventResult, event_case_files, read_event_cases, run_event_cases

__all__ = [
    "Case",
    "Coverage",
    "Difference",
    "EventCase",
    "EventResult",
    "Result",
    "Trial",
    "case_files",
    "concerns",
    "event_case_files",
    "measure",
    "read_cases",
    "read_event_cases",
    "run_cases",
    "run_event_cases",
]
