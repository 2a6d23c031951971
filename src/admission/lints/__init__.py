"""What can be said of a policy that loads, without a solver: what is unused, never true, never in force, not quoted.

>>> from admission.engine import inspect
>>> checked, _ = inspect("policies/china")
>>> [remark.diagnostic.code for remark in lint(checked)]
[]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from admission import ir
from admission.diagnostics import Diagnostic
from admission.lints import comparisons, declarations, periods, registers, sources
from admission.lints.remarks import Layer, Remark
from admission.lints.timeline import timeline

LINTS = (
    declarations.unused,
    declarations.unlabelled,
    declarations.channels,
    declarations.obligations,
    comparisons.constant,
    periods.parameters,
    periods.rules,
    periods.layers,
    registers.rows,
    registers.gaps,
    sources.quotes,
    sources.passages,
    sources.unnamed,
    sources.unread,
)


def lint(policy: ir.CheckedPolicy) -> tuple[Remark, ...]:
    """Everything worth a look in what the policy's own layer says, silenced or not, sorted by place."""
    layer = Layer(policy)
    found = (remark for one in LINTS for remark in one(layer))
    return tuple(sorted(found, key=lambda r: (r.diagnostic.file, r.diagnostic.line, r.diagnostic.column, r.code)))


def is_silenced(policy: ir.Policy, code: str, name: str, section: str | None = None) -> bool:
    """Whether the declaration says that this warning is meant; a rule needs no section, for its id is unique."""
    return any(_matches(silence, code, name, section) for silence in policy.silences)


def idle_silences(
    policy: ir.Policy, heard: Iterable[tuple[str, str, str | None]], *, proved: bool
) -> Iterator[Diagnostic]:
    """The silences of the policy's own layer that met no warning, given all there were (code, name, section).

    A silence of what only the solver can find (A8) is not judged unless it was asked.
    """
    said = list(heard)
    for silence in policy.silences:
        if silence.layer != policy.id or (silence.code.startswith("A8") and not proved):
            continue
        if not any(_matches(silence, *one) for one in said):
            yield Diagnostic("A015", silence.span, {"name": silence.name, "code": silence.code})


def _matches(silence: ir.Silence, code: str, name: str, section: str | None) -> bool:
    return (silence.code, silence.name) == (code, name) and section in (None, silence.section)


__all__ = ["Remark", "idle_silences", "is_silenced", "lint", "timeline"]
