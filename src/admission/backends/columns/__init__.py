"""Policies decided column by column with Polars (extra `frames`): millions of tasks a second, in a few columns."""

from admission.backends.columns.answers import Answer, Answers
from admission.backends.columns.deciding import Decider
from admission.backends.columns.encoding import Encoder, Tasks

__all__ = ["Answer", "Answers", "Decider", "Encoder", "Tasks"]
