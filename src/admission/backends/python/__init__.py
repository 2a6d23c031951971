"""A checked policy as Python source, compiled for each stretch of days on which nothing changes.

One generated function reads a mapping of facts as a row in the policy's order; one decides a row whose facts are
known as far as they count; a slower one, compiled only when it is needed, decides any row, in strong Kleene logic.
Answers are made once and handed out again. Nothing here reads the reference: tests compare the two.
"""

from admission.backends.python.program import Decide, Program, Row, Taken
from admission.backends.python.reading import Accepted, Read

__all__ = ["Accepted", "Decide", "Program", "Read", "Row", "Taken"]
