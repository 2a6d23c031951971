"""Policies as formulas for the solver Z3 (extra `verify`): questions about all tasks at once.

L. de Moura, N. Bjørner, Z3: An Efficient SMT Solver, TACAS 2008. Importing this package imports Z3, and raises
`MissingExtraError` where it is not installed.
"""

from admission.diagnostics import MissingExtraError

try:
    import z3  # noqa: F401 - only to see that it is there
except ImportError:
    raise MissingExtraError("z3-solver", "verify") from None

from admission.backends.smt.model import Model, Unsupported
from admission.backends.smt.prover import NotProved, Prover
from admission.backends.smt.task import SymbolicTask
from admission.backends.smt.terms import Codes

__all__ = ["Codes", "Model", "NotProved", "Prover", "SymbolicTask", "Unsupported"]
