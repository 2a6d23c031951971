"""Policies decided column by column with Polars (extra `frames`): millions of tasks a second, in a few small columns.

Importing this package imports Polars, and raises `MissingExtraError` where it is not installed.
"""

from admission.diagnostics import MissingExtraError

try:
    import polars as pl  # noqa: F401 - only to see that it is there
except ImportError:
    raise MissingExtraError("polars", "frames") from None

from admission.backends.columns.answers import Answer, Answers
from admission.backends.columns.deciding import Decider
from admission.backends.columns.encoding import Encoder, Tasks

__all__ = ["Answer", "Answers", "Decider", "Encoder", "Tasks"]
