"""What would make it pass: all minimal sets of changes that reach a verdict, each verified by deciding again.

A change sets one fact that a party may change (`changed_by`) to another value; of a set it adds or takes out one
element, of a number or date it is the nearest value that works, the other changes fixed. The day of the decision and
the keys of look-ups are never changed, nor a fact whose value a register holds; what is unknown and not changed stays
unknown, and an unknown set is left so, for it has no elements to add to or take from. A text changes only to texts
that conditions compare it with. Where several numbers depend on one another, those with no more than 64 values are
tried at each of them, larger ones where a condition turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from admission import ir, reference
from admission.datatypes import Value
from admission.decision import Decision, Verdict
from admission.diagnostics import nearest
from admission.remedies.changes import FactChange, Remedy, changes_of
from admission.remedies.goals import Wanted, goal_of
from admission.remedies.search import Search, TooManyRemediesError
from admission.remedies.values import changeable, space_of

__all__ = ["FactChange", "Remedy", "TooManyRemediesError", "remedies"]

Decide = Callable[[Mapping[str, Value], date], Decision]


def remedies(
    policy: ir.CheckedPolicy,
    before: Decision,
    want: str = "admit",
    by: str | Iterable[str] | None = None,
    decide: Decide | None = None,
) -> tuple[Remedy, ...]:
    """All minimal sets of changes with which the task gets the wanted verdict; fewest changes first, then by name.

    Args:
        policy: the policy that decides.
        before: the decision on the task as it is.
        want: `admit`, `redirect` or `refuse`.
        by: the parties who may act; all of the policy's by default.
        decide: what decides facts in their inner form on a day; every remedy is verified by it.

    Raises:
        ValueError: for a verdict that cannot be wanted, or a party that the policy does not declare.
        TooManyRemediesError: where there are more than can be listed.
    """
    wanted, parties = _wanted(want), _parties(policy, by)
    decider = decide or (lambda facts, day: reference.decide(policy, facts, day))
    given = before.given
    if before.verdict == wanted:
        return (Remedy(policy, given, ()),)
    world = reference.World(policy, given.facts, given.as_of)
    goal = goal_of(world, wanted)
    space = space_of(world, goal, changeable(world, parties))
    found = []
    for choice in Search(space).minimal(goal):
        facts = {**given.facts, **space.as_given(choice)}
        # INVARIANT: nothing is promised that was not decided.
        if decider(facts, given.as_of).verdict == wanted:
            found.append(Remedy(policy, given, changes_of(space, choice, parties)))
    return tuple(sorted(found, key=Remedy.cost))


def _wanted(want: str) -> Wanted:
    match want:
        case Verdict.ADMIT:
            return "admit"
        case Verdict.REDIRECT:
            return "redirect"
        case Verdict.REFUSE:
            return "refuse"
        case _:
            raise ValueError(f"want={want!r}: expected admit, redirect or refuse")


def _parties(policy: ir.Policy, by: str | Iterable[str] | None) -> frozenset[str]:
    if by is None:
        return frozenset(policy.parties)
    named = frozenset([by] if isinstance(by, str) else by)
    for name in sorted(named - set(policy.parties)):
        near = nearest(name, policy.parties)
        hint = f"; did you mean {near!r}?" if near else ""
        raise ValueError(f"by={name!r}: expected one of {', '.join(sorted(policy.parties))}{hint}")
    return named
