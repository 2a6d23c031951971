"""Questions about a policy as a whole, answered by proof or by a witness (extra `verify`).

Every witness is decided by the reference interpreter before anyone sees it.
"""

from importlib.util import find_spec

from admission.analysis.findings import Finding, Witness

__all__ = ["SECONDS", "Finding", "Witness", "is_available"]

SECONDS = 5.0
"""How long one question may take, unless it is said otherwise."""


def is_available() -> bool:
    """Whether the solver is installed, so that `admission.analysis.questions` can be imported."""
    return find_spec("z3") is not None
