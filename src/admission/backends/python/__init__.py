"""A checked policy as Python source, compiled once for each stretch of days on which nothing changes.

The generated function takes the facts of a task in the order of the policy, assumptions filled in, and returns the
interned answer, or None where it cannot tell: a fact that it needs is unknown, or two routes clash. The caller then
asks the reference, so that both always agree; a test compares them all the same.
"""

from admission.backends.python.program import Program
from admission.backends.python.reading import Accepted

__all__ = ["Accepted", "Program"]
