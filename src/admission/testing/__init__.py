"""Property-based tests of rule consistency: strategies and laws for any policy (extra `testing`).

>>> import admission
>>> from admission.testing import check_laws
>>> check_laws(admission.load("policies/china"), max_examples=5)

Inside a Hypothesis test of your own:

>>> from hypothesis import given, settings
>>> from admission.testing import tasks
>>> policy = admission.load("policies/beijing")
>>> @settings(max_examples=5, database=None)
... @given(tasks(policy, complete=True))
... def test_every_complete_task_is_decided(task):
...     assert policy.decide(task).verdict != "undetermined"
>>> test_every_complete_task_is_decided()

Importing this package imports Hypothesis, and raises `MissingExtraError` where it is not installed.
"""

from admission.diagnostics import MissingExtraError

try:
    import hypothesis  # noqa: F401 - only to see that it is there
except ImportError:
    raise MissingExtraError("hypothesis", "testing") from None

from admission.testing.conditions import conditions
from admission.testing.events import events
from admission.testing.laws import LAWS, check_laws
from admission.testing.policies import policies
from admission.testing.reports import LawBroken
from admission.testing.tasks import tasks, values

__all__ = ["LAWS", "LawBroken", "check_laws", "conditions", "events", "policies", "tasks", "values"]
