"""Running cases: what was expected beside what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from admission.cases.files import Case
from admission.decision import Decision, Given


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that came out otherwise than expected."""

    key: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True)
class Result:
    """A case, its decision, and where the two differ."""

    case: Case
    decision: Decision
    differences: tuple[Difference, ...]

    @property
    def is_passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.differences


def run_cases(decide: Callable[[Given], Decision], cases: Iterable[Case]) -> Iterator[Result]:
    """Decide every case and compare the keys that it expects."""
    for case in cases:
        decision = decide(case.given)
        yield Result(case, decision, tuple(compare(case.expect, decision.to_dict())))


def compare(expect: Mapping[str, object], got: Mapping[str, object]) -> Iterator[Difference]:
    """The keys that differ; the order of a list does not count, and neither do keys of an entry left out."""
    for key, expected in expect.items():
        if not _is_as_expected(expected, got[key]):
            yield Difference(key, expected, got[key])


def _is_as_expected(expected: object, got: object) -> bool:
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(any(_is_as_expected(e, g) for g in got) for e in expected)
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return all(key in got and _is_as_expected(value, got[key]) for key, value in expected.items())
    if isinstance(expected, (int, Decimal)) and not isinstance(expected, bool) and isinstance(got, str):
        # An amount may be expected as a number; decisions spell it as text in yuan.
        return got == f"{Decimal(expected):.2f}"
    return type(expected) is type(got) and expected == got
