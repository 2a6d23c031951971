"""Case files: tasks beside the decision that is expected of them, read with their places and run."""

from admission.cases.files import Case, case_files, read_cases
from admission.cases.running import Difference, Result, run_cases

__all__ = ["Case", "Difference", "Result", "case_files", "read_cases", "run_cases"]
