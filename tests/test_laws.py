"""The laws of docs/meaning.md, section 6, on generated policies and on the packs that ship."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission.engine import Policy
from admission.testing import LAWS, LawBroken, policies, tasks
from admission.testing.laws import run_law
from small import SMALL, write

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "policies"
GENERATED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module", params=["china", "beijing", "xicheng"])
def pack(request: pytest.FixtureRequest) -> Policy:
    """A shipped policy."""
    return admission.load(PACKS / request.param)


@pytest.mark.parametrize("law", LAWS)
def test_the_packs_keep_every_law(pack: Policy, law: str) -> None:
    """The shipped policies keep every law."""
    run_law(pack, LAWS[law], max_examples=40)


@pytest.mark.parametrize("law", LAWS)
def test_generated_policies_keep_every_law(law: str) -> None:
    """Every checked policy without routing conflicts keeps every law."""

    @GENERATED
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        LAWS[law](data.draw(policies()), data)

    holds()


@GENERATED
@given(st.data())
def test_conflicting_policies_are_decided_without_failing(data: st.DataObject) -> None:
    """A policy whose routes clash decides too: undetermined, with the routes in conflict and nothing missing."""
    policy = data.draw(policies(conflict_free=False))
    decision = policy.decide(data.draw(tasks(policy)))
    if decision.conflict:
        assert len(decision.conflict) > 1
        assert (decision.verdict, decision.channel) == ("undetermined", None)
        assert (decision.violations, decision.missing, decision.notes) == ((), (), ())


def test_a_broken_law_is_reported() -> None:
    """A check that finds a broken law says so: the checks can fail."""
    policy = admission.load(PACKS / "china")

    def never_refuses(policy: Policy, data: st.DataObject) -> None:
        task = data.draw(tasks(policy))
        if policy.decide(task).verdict == "refuse":
            raise LawBroken(f"refused: {sorted(task)}")

    with pytest.raises(LawBroken, match="refused"):
        run_law(policy, never_refuses, max_examples=300)


REACHED = {
    "admit",
    "redirect",
    "refuse",
    "undetermined",
    "no_route",
    "every_route_refuses",
    "open on a settled channel",
    "conflict",
    "note",
    "assumed",
    "uncertain obligation",
    "working_calendar",
}


def outcomes(decision: admission.Decision) -> set[str]:
    """What a decision shows of the outcomes to be reached."""
    seen = {
        "open on a settled channel": decision.channel is not None and bool(decision.missing),
        "conflict": bool(decision.conflict),
        "note": bool(decision.notes),
        "assumed": bool(decision.assumed),
        "uncertain obligation": any(not o.certain for o in decision.obligations),
        "working_calendar": "working_calendar" in decision.assumed,
    }
    built_in = {v.rule for v in decision.violations} & {"no_route", "every_route_refuses"}
    return {decision.verdict.value} | built_in | {name for name, happened in seen.items() if happened}


def test_generation_reaches_every_outcome() -> None:
    """Generated policies and tasks reach every verdict and every branch of the decision."""
    reached: set[str] = set()

    @settings(GENERATED, max_examples=300)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
        drawn = tasks(policy)
        for _ in range(6):
            reached.update(outcomes(policy.decide(data.draw(drawn))))

    collect()
    assert reached == REACHED


def test_a_broken_invariant_is_found_and_shown(tmp_path: Path) -> None:
    """A promise that the policy does not keep is refuted with a task, and both decisions of a monotone one."""
    extra = (
        "invariants:\n"
        "  never_admitted: {never: verdict == admit, reason: {zh: 甲, en: a}}\n"
        "  dearer_is_better: {monotone: cost, reason: {zh: 甲, en: a}}\n"
    )
    policy = admission.load(write(tmp_path / "a", SMALL + extra.replace("  dearer", "  # dearer")))
    with pytest.raises(LawBroken, match=r"^invariant never_admitted: broken by policy small"):
        run_law(policy, LAWS["invariants"], max_examples=200)
    policy = admission.load(write(tmp_path / "b", SMALL + extra.replace("  never_", "  # never_")))
    with pytest.raises(LawBroken, match=r"^invariant dearer_is_better: broken by policy small"):
        run_law(policy, LAWS["invariants"], max_examples=500)
