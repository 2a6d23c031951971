"""Parameters and rules in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from admission import ir
from admission.checker.places import locate_key, of_head
from admission.lints.remarks import Layer, Remark, meet, remark


def parameters(layer: Layer) -> Iterator[Remark]:
    """A006, A007: a value that changes nothing, or comes after the policy's end."""
    end = layer.policy.period.end
    for parameter in layer.own("parameters"):
        for (_, before), (day, value) in pairwise(parameter.values):
            if value == before:
                yield _of(parameter, "A006", day)
        for day, _ in parameter.values:
            if end is not None and day > end:
                yield _of(parameter, "A007", day, end=end)


def _of(parameter: ir.Parameter, code: str, day: date, **data: object) -> Remark:
    """A remark about a value, at the line where the day from which it holds stands."""
    place = locate_key(parameter.span, day.isoformat())
    return remark(code, "parameters", parameter.name, place, name=parameter.name, day=day, **data)


def rules(layer: Layer) -> Iterator[Remark]:
    """A010, A011: an exception or override that is never in force with what it waives or overrides."""
    for exception in layer.own("exceptions"):
        for waived in exception.waives:
            if not _together(layer, exception, layer.policy.requirements[waived]):
                data = {"name": exception.id, "waived": waived}
                yield remark("A010", "exceptions", exception.id, exception.span, **data)
    for route in layer.own("routes"):
        for below in route.overrides:
            if not _together(layer, route, layer.policy.routes[below]):
                yield remark("A011", "routes", route.id, route.span, name=route.id, below=below)


def layers(layer: Layer) -> Iterator[Remark]:
    """A022: days on which the policy is in force and the layer below it is not."""
    policy, below = layer.policy, layer.policy.below
    if below is None:
        return
    place = of_head(policy, "in_force")
    for start, end in _outside(policy.period, below.period):
        said = {"start": start or "…", "end": end or "…", "below": below.id}
        yield remark("A022", "policy", policy.id, place, **said)


def _outside(one: ir.Period, other: ir.Period) -> Iterator[tuple[date | None, date | None]]:
    """The days of a period before and after another."""
    if other.start and (one.start is None or one.start < other.start):
        yield one.start, min(one.end or date.max, other.start - timedelta(1))
    if other.end and (one.end is None or one.end > other.end):
        yield max(one.start or date.min, other.end + timedelta(1)), one.end


def _together(layer: Layer, one: ir.Rule, other: ir.Rule) -> bool:
    days = layer.days_of(one.period)
    return days is not None and meet(days, other.period) is not None
