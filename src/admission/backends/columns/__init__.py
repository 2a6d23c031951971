"""Policies decided column by column with Polars (extra `frames`): millions of tasks a second, in a few small columns.

Importing this package imports numpy, Polars and pyarrow, and raises `MissingExtraError` where one is not installed.
"""

from importlib.util import find_spec

from admission.diagnostics import MissingExtraError

for _needed in ("numpy", "polars", "pyarrow"):
    if find_spec(_needed) is None:
        raise MissingExtraError(_needed, "frames")

from admission.backends.columns.answers import Answer, Answers  # noqa: E402 - what it needs is there
from admission.backends.columns.deciding import Decider  # noqa: E402 - what it needs is there
from admission.backends.columns.encoding import Encoder, Tasks  # noqa: E402 - what it needs is there

__all__ = ["Answer", "Answers", "Decider", "Encoder", "Tasks"]
