"""Facts that a register fills in, as generated Python: the row of a task as its rules read it."""

from __future__ import annotations

from typing import Any

from admission import ir
from admission.backends.python.expressions import Emitter
from admission.backends.python.indexing import InForce


def filled(policy: ir.CheckedPolicy) -> list[str]:
    """The facts that a look-up fills in, each after those by which it is looked up."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        filler = policy.facts[name].filled_by
        if isinstance(filler, ir.ReadColumn) and name not in found:
            for key in policy.look_ups[filler.look_up].match.values():
                visit(key)
            found[name] = None

    for name in policy.facts:
        visit(name)
    return list(found)


def fill_source(rules: InForce) -> tuple[str, dict[str, Any]]:
    """The source of the function that fills in a row, and the objects that it names.

    It gives the row, and the names of the facts that took their assumption; or None where a fact that was given
    contradicts the row that could have filled it in, which is for the careful reader to say.
    """
    policy = rules.policy
    places = {name: place for place, name in enumerate(policy.facts)}
    emit = Emitter(policy, rules.day, places)
    row = "".join(f"f{place}, " for place in places.values())
    lines = [f"{row}= row"]
    for name in filled(policy):
        fact, place = policy.facts[name], places[name]
        lines += [f"held = {held(emit, fact)}", f"if f{place} is None:"]
        if fact.assume is None:
            lines.append(f"    f{place} = held")
        else:
            lines.append(f"    if held is None: taken = (*taken, {name!r})")
            lines.append(f"    f{place} = {emit.value(fact.assume.value)} if held is None else held")
        lines.append(f"elif held is not None and held != f{place}: return None")
    lines.append(f"return ({row}), tuple(sorted(taken))")
    return "\n    ".join(["def fill(row, taken):", *lines, ""]), dict(emit.constants)


def held(emit: Emitter, fact: ir.Fact) -> str:
    """The source of what the register holds for a fact; None where a key is unknown, or the register does not say."""
    assert isinstance(fact.filled_by, ir.ReadColumn)  # noqa: S101 - a checked policy has no other filler
    look_up = emit.policy.look_ups[fact.filled_by.look_up]
    keys = [emit.read(key) for key in look_up.match.values() if emit.policy.facts[key].assume is None]
    column = emit.expression(fact.filled_by)
    return f"None if {' or '.join(f'{key} is None' for key in keys)} else {column}" if keys else column
