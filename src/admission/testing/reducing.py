"""A task that breaks a law, made as small and plain as it can be while it still does.

It replaces Hypothesis's own shrinking where a law steers its tasks: a walk that is changed a little ends elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from admission import ir
from admission.datatypes import Kind, Value, from_python, to_python
from admission.engine import Policy
from admission.testing.constants import Constants, constants_of, is_within
from admission.testing.tasks import Task

MOST_PLAIN = 40  # values tried for a fact
IsBroken = Callable[[Task], bool]


def reduced(policy: Policy, task: Task, is_broken: IsBroken) -> Task:
    """The task with the facts alone that matter, and their plainest values.

    Without any one more of its facts, or with a plainer value of one, the law is not seen to be broken.
    """
    task = with_fewest_facts(task, is_broken)
    constants = constants_of(policy.checked)
    for name in task:
        task = _with_plainest(policy, task, name, constants, is_broken)
    return with_fewest_facts(task, is_broken)


def with_fewest_facts(task: Task, is_broken: IsBroken) -> Task:
    """The task with the facts alone without which the law is not seen to be broken."""
    for name in [name for name in task if name != ir.AS_OF]:
        fewer = {key: value for key, value in task.items() if key != name}
        if is_broken(fewer):
            task = fewer
    return task


def _with_plainest(policy: Policy, task: Task, name: str, constants: Constants, is_broken: IsBroken) -> Task:
    """The task with the plainest value of one fact; a number that another is near takes that one along."""
    if name == ir.AS_OF:
        days = (day for day in constants.days if day < task[name])  # type: ignore[operator] # a date
        return next((plainer for day in days if is_broken(plainer := {**task, name: day})), task)
    declared = policy.checked.facts[name].type
    held = from_python(declared, task[name])
    for value in _plainer(policy, name, held, constants):
        for changed in ({name: value}, _moved(policy, task, name, held, value)):
            plainer = task | {key: to_python(policy.checked.facts[key].type, new) for key, new in changed.items()}
            if is_broken(plainer):
                return plainer
    return task


def _plainer(policy: Policy, name: str, held: Value, constants: Constants) -> Iterator[Value]:
    """Values that are plainer than the one held, the plainest first."""
    declared = policy.checked.facts[name].type
    match held:
        case frozenset():
            yield from (frozenset({value}) for value in sorted(held))
            yield from (held - {value} for value in sorted(held))
        case bool():
            yield from (False,) if held else ()
        case int():
            near = [0, 1, *sorted(constants.of(declared), key=lambda value: abs(int(str(value))))]
            yield from [v for v in near if is_within(declared, v) and abs(int(str(v))) < abs(held)][:MOST_PLAIN]
        case date():
            yield from [v for v in sorted(map(_day, constants.of(declared))) if v < held][:MOST_PLAIN]
        case str() if declared.kind is Kind.ENUM:
            yield from declared.values[: declared.values.index(held)]
        case str():
            yield from (text for text in ("", "a") if len(text) < len(held))


def _day(value: Value) -> date:
    return value if isinstance(value, date) else date.max


def _moved(policy: Policy, task: Task, name: str, held: Value, value: Value) -> dict[str, Value]:
    """A number changed together with the others of its kind, which keep their distance from it."""
    facts, kind = policy.checked.facts, policy.checked.facts[name].type.kind
    if kind not in (Kind.INT, Kind.MONEY):
        return {}
    by = int(str(value)) - int(str(held))
    like = {key: facts[key].type for key in task if key != ir.AS_OF and facts[key].type.kind is kind}
    moved = {key: int(str(from_python(declared, task[key]))) + by for key, declared in like.items()}
    return {key: new for key, new in moved.items() if is_within(like[key], new)}
