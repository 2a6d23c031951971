"""How many examples a property draws.

`ci` is the default, so that a run is repeated exactly: the same code gives the same examples.
`few` draws the same ones, fewer: whether another Python, the wheel and other versions say the same.
`HYPOTHESIS_PROFILE=quick` is for the inner loop, `thorough` for a long look with fresh seeds.
"""

import os

from hypothesis import settings

CI = 100  # examples of a property that asks for no number
settings.register_profile("ci", derandomize=True, max_examples=CI, deadline=None, print_blob=True)
settings.register_profile("few", derandomize=True, max_examples=15, deadline=None, print_blob=True)
settings.register_profile("quick", max_examples=10, deadline=None)
settings.register_profile("thorough", max_examples=5_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def examples(number: int) -> int:
    """So many in CI, and in the other profiles as many more or fewer as there are of any property."""
    return max(2, number * settings().max_examples // CI)
