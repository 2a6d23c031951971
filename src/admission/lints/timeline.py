"""The policies of a book in time: a place with two at once, and days between two without any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from admission import ir
from admission.diagnostics import Diagnostic
from admission.lints.remarks import meet

_DAY = timedelta(days=1)


def timeline(policies: Iterable[ir.CheckedPolicy]) -> Iterator[Diagnostic]:
    """A016, A017: what is wrong with the periods of the policies that share a subject and place."""
    of_place: dict[tuple[str, str], list[ir.CheckedPolicy]] = {}
    for policy in policies:
        of_place.setdefault((policy.subject, policy.place), []).append(policy)
    for (_, place), listed in of_place.items():
        listed.sort(key=lambda policy: (policy.period.start or date.min, policy.id))
        for place_in_row, one in enumerate(listed):
            for other in listed[place_in_row + 1 :]:
                if both := meet(one.period, other.period):
                    yield _said("A016", place, both, (one, other))
        yield from _holes(place, listed)


def _holes(place: str, listed: list[ir.CheckedPolicy]) -> Iterator[Diagnostic]:
    """Days after every policy so far and before the next."""
    last = listed[0]
    for _, other in pairwise(listed):
        end, start = last.period.end, other.period.start
        if end is not None and start is not None and end + _DAY < start:
            yield _said("A017", place, ir.Period(end + _DAY, start - _DAY), (last, other))
        if other.period.end is None or (end is not None and other.period.end > end):
            last = other


def _said(code: str, place: str, days: ir.Period, both: tuple[ir.CheckedPolicy, ir.CheckedPolicy]) -> Diagnostic:
    names = ", ".join(policy.id for policy in both)
    data = {"place": place, "start": days.start or "…", "end": days.end or "…", "names": names}
    return Diagnostic(code, both[1].span, data)
