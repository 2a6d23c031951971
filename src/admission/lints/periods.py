"""Parameters and rules in time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from admission import ir
from admission.lints.remarks import Layer, Remark, meet, remark


def parameters(layer: Layer) -> Iterator[Remark]:
    """A006, A007: a value that changes nothing, or comes after the policy's end."""
    end = layer.policy.period.end
    for parameter in layer.own("parameters"):
        for (_, before), (day, value) in pairwise(parameter.values):
            if value == before:
                yield _of(parameter, "A006", day=day)
        for day, _ in parameter.values:
            if end is not None and day > end:
                yield _of(parameter, "A007", day=day, end=end)


def _of(parameter: ir.Parameter, code: str, **data: object) -> Remark:
    return remark(code, "parameters", parameter.name, parameter.span, name=parameter.name, **data)


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


def _together(layer: Layer, one: ir.Rule, other: ir.Rule) -> bool:
    days = layer.days_of(one.period)
    return days is not None and meet(days, other.period) is not None
