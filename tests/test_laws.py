"""The laws of docs/meaning.md, section 6, on generated policies and on the packs that ship."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import admission
from admission import ir, reference
from admission.analysis.questions import analyse
from admission.datatypes import BOOL
from admission.engine import Policy
from admission.testing import LAWS, LawBroken, laws, policies, tasks
from admission.testing.laws import run_law
from admission.testing.reports import inner
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
    *("never", "always", "monotone", "antitone", "irrelevant", "favourable", "tightens"),
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
    """Generated policies and tasks reach every verdict and every branch of the decision, and promise in every way."""
    reached: set[str] = set()

    @settings(GENERATED, max_examples=120)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
        reached.update(invariant.promise for invariant in policy.checked.invariants.values())
        reached.update(["tightens"] * policy.checked.tightens)
        drawn = tasks(policy)
        for _ in range(6):
            reached.update(outcomes(policy.decide(data.draw(drawn))))

    collect()
    assert reached == REACHED


def test_generated_promises_are_proved() -> None:
    """The solver finds nothing wrong with the promises of generated policies."""

    @settings(GENERATED, max_examples=20, phases=[Phase.generate])
    @given(policies().filter(lambda policy: policy.checked.invariants or policy.checked.tightens))
    def hold(policy: Policy) -> None:
        found = [each for each in analyse(policy.checked, ask=["invariants", "tightens"]) if each.code != "A899"]
        assert not found, found[0].diagnostic

    hold()


def test_what_the_solver_proves_of_any_promise_no_task_breaks() -> None:
    """Proof and test agree on promises that were drawn without regard to the rules: some are kept, most are not."""
    seen: set[tuple[bool, bool]] = set()

    @settings(GENERATED, max_examples=15, phases=[Phase.generate])
    @given(policies(promises_kept=False))
    def agree(policy: Policy) -> None:
        for invariant in policy.checked.invariants.values():
            alone = Policy(ir.CheckedPolicy(replace(policy.checked, invariants={invariant.id: invariant})))
            codes = {finding.code for finding in analyse(alone.checked, ask=["invariants"])}
            if "A899" not in codes:
                seen.add((bool(codes), is_broken(alone)))

    def is_broken(policy: Policy) -> bool:
        try:
            run_law(policy, LAWS["invariants"], max_examples=40)
        except LawBroken:
            return True
        return False

    agree()
    assert seen >= {(False, False), (True, True)}
    assert (False, True) not in seen


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


# ------------------------------------------------------------------------------------------- planted faults

PLANTED = 200
"""Tasks in which each fault is found."""


def planted(tmp_path: Path, text: str, law: str, shown: str, **files: str) -> str:
    """What a law reports of a policy at fault; the policy itself loads."""
    policy = admission.load(write(tmp_path / "planted", text, **files))
    with pytest.raises(LawBroken, match=shown) as caught:
        run_law(policy, LAWS[law], max_examples=PLANTED)
    return str(caught.value)


def test_an_unknown_taken_for_false_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that reads an unknown condition as false says what an answer makes it take back."""
    evaluate = reference.evaluate

    def two_valued(expr: ir.Expr, world: reference.World) -> Any:
        found = evaluate(expr, world)
        return False if found is None and ir.type_of(expr) == BOOL else found

    def decide(self: Policy, task: Any) -> admission.Decision:
        return reference.decide(self.checked, inner(self, task), task["as_of"], "1").made_by(self)

    monkeypatch.setattr(reference, "evaluate", two_valued)
    monkeypatch.setattr(Policy, "decide", decide)
    report = planted(tmp_path, SMALL, "honest_unknowns", r"honest unknowns")
    assert "second task:" in report


@pytest.mark.parametrize(("pack_id", "is_false"), [
    ("china", lambda expr: isinstance(expr, ir.In | ir.OneOf)),
    ("beijing", lambda expr: isinstance(expr, ir.Compare) and expr.op == ">="),
    ("beijing", lambda expr: isinstance(expr, ir.Compare) and expr.op == "<="),
    ("xicheng", lambda expr: isinstance(expr, ir.ReadFact)),
], ids=["membership", "at least", "within", "a fact"])  # fmt: skip
@pytest.mark.parametrize("seed", range(2))
def test_one_operator_that_takes_unknown_for_false_is_found(
    monkeypatch: pytest.MonkeyPatch, pack_id: str, is_false: Callable[[ir.Expr], bool], seed: int
) -> None:
    """That one kind of condition alone is read as false where it is unknown is found in a pack, whatever the seed."""
    policy = admission.load(PACKS / pack_id)
    evaluate = reference.evaluate

    def two_valued(expr: ir.Expr, world: reference.World) -> Any:
        found = evaluate(expr, world)
        return False if found is None and ir.type_of(expr) == BOOL and is_false(expr) else found

    def decide(self: Policy, task: Any) -> admission.Decision:
        return reference.decide(self.checked, inner(self, task), task["as_of"], "1").made_by(self)

    monkeypatch.setattr(reference, "evaluate", two_valued)
    monkeypatch.setattr(Policy, "decide", decide)
    with pytest.raises(LawBroken, match="honest unknowns") as caught:
        run_law(policy, LAWS["honest_unknowns"], max_examples=PLANTED, seed=seed)
    first, second = re.findall(
        r"^- id: found\n(?:  .*\n)*", str(caught.value).partition("first task:")[2], re.MULTILINE
    )
    assert first.count("\n    ") <= second.count("\n    ") <= 8


def test_a_pair_of_routes_that_depend_on_their_order_is_found(tmp_path: Path) -> None:
    """Two routes that take one task, where an author relied on their order, leave a complete task undecided."""
    text = SMALL.replace("when: kind == duty", "when: kind != sale")
    report = planted(tmp_path, text, "totality", "totality: broken by policy small")
    assert "kind: help" in report
    assert "to_community, to_department" in report
    assert "  expect: {conflict: []}" in report


def test_an_exception_that_waives_too_much_is_found(tmp_path: Path) -> None:
    """An exception meant for small urgent work that lets any urgent work through breaks the promise about the rest."""
    text = SMALL + (
        "exceptions:\n"
        "  urgent_work: {waives: [funded], when: urgent, reason: {zh: 急, en: urgent}, own: {zh: 自, en: own}}\n"
        "invariants:\n"
        "  large_work_is_funded:\n"
        "    never: verdict == admit and cost > 1000 and funds < cost\n"
        "    reason: {zh: 甲, en: a}\n"
    )
    report = planted(tmp_path, text, "invariants", "invariant large_work_is_funded: broken by policy small")
    assert "urgent: true" in report


def test_a_limit_off_by_one_is_found(tmp_path: Path) -> None:
    """A limit written one too high is found, by the task that lies exactly on it."""
    text = SMALL.replace("require: funds >= cost", "require: forms <= 6") + (
        "invariants:\n  at_most_five: {never: verdict == admit and forms > 5, reason: {zh: 甲, en: a}}\n"
    )
    report = planted(tmp_path, text, "invariants", "invariant at_most_five: broken by policy small")
    assert "forms: 6" in report


LAYER = """\
policy: layer
version: "1"
title: {zh: 层, en: Layer}
extends: small
tightens: true
replaces: [funded]
in_force: {from: 2019-01-01, until: 2025-12-31}
languages: [zh, en]
exceptions:
  unless_urgent: {waives: [funded], when: urgent, reason: {zh: 急, en: urgent}, own: {zh: 自, en: own}}
"""


def test_a_layer_that_loosens_is_found(tmp_path: Path) -> None:
    """A layer that says it tightens, and admits what the layer below refuses, is found with both decisions."""
    write(tmp_path / "small")
    report = planted(tmp_path, LAYER, "tightening", "tightening: broken by policy layer")
    assert "urgent: true" in report
    assert "violations    funded" in report


OWN = "reason: {zh: 甲, en: a}\n    own: {zh: 自, en: own}\n"
RULES, ASSISTANCE, FORMS = (
    f"beijing/rules/{name}.yaml" for name in ("1-routes", "3-assistance", "4-forms-certificates-plaques")
)
XICHENG, NEW = "xicheng/policy.yaml", "beijing/rules/9-new.yaml"


@pytest.mark.parametrize(("policy", "law", "edits", "shown"), [
    ("beijing", "invariants", {FORMS: ("waives: [no_plaque]", "waives: [no_plaque, certificate_list]")},
     {"nature", "certificate", "required_by_law"}),
    ("beijing", "invariants", {FORMS: ("when: required_by_law", "when: required_by_law or plaque_or_body")},
     {"nature", "plaque_or_body"}),
    ("beijing", "invariants", {ASSISTANCE: ("require: funding >= cost and", "require: funding + 0.01 >= cost and")},
     {"nature", "plan_status", "cost", "funding_source", "conditions_provided", "actions"}),
    ("beijing", "invariants", {ASSISTANCE: ("persuade, report_findings}", "persuade, report_findings, fill_form}")},
     {"nature", "plan_status", "cost", "conditions_provided", "actions"}),
    ("beijing", "invariants", {NEW: ("", (f"requirements:\n  not_too_much:\n    for: [community]\n"
                                         f"    require: funding <= cost + 1000000\n    {OWN}"))},
     {"nature", "funding", "cost"}),
    ("beijing", "invariants", {NEW: ("", (f"requirements:\n  not_twice:\n    for: [community]\n    when: forms >= 1\n"
                                         f"    require: document_review != approved\n    {OWN}"))},
     {"nature", "issuer_level", "forms", "document_review"}),
    ("beijing", "invariants", {NEW: ("", (f"requirements:\n  not_added:\n    for: [community]\n    when: forms >= 1\n"
                                         f"    require: plan_status != adhoc_approved\n    {OWN}"))},
     {"nature", "issuer_level", "forms", "plan_status"}),
    ("beijing", "totality", {RULES: (", to_purchase]", "]")}, {"nature", "government_data_suffices"}),
    ("china", "invariants", {"china/rules/2-requirements.yaml": ("in_force: {from: 2026-01-01}",
                                                                 "in_force: {from: 2026-01-02}")},
     {"nature", "actions"}),
    ("xicheng", "tightening", {XICHENG: ("tightens: true\n", ("tightens: true\nreplaces: [funds_follow_task]\n"
                                         f"exceptions:\n  small:\n    waives: [funds_follow_task]\n"
                                         f"    when: cost <= 1000\n    {OWN}"))},
     {"nature", "plan_status", "cost", "conditions_provided", "actions"}),
])  # fmt: skip
def test_a_small_fault_in_a_pack_is_found(
    tmp_path: Path, policy: str, law: str, edits: dict[str, tuple[str, str]], shown: set[str]
) -> None:
    """One small fault among all the rules of a pack is found in as many tasks, and shown by the facts that matter."""
    shutil.copytree(PACKS, tmp_path / "packs")
    for name, (old, new) in edits.items():
        path = tmp_path / "packs" / name
        text = path.read_text(encoding="utf-8") if old else ""
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else new, encoding="utf-8")
    with pytest.raises(LawBroken) as caught:
        run_law(admission.load(tmp_path / "packs" / policy), LAWS[law], max_examples=PLANTED)
    case = str(caught.value).split("\n\n")[1]
    assert set(re.findall(r"^    (\w+): ", case, re.MULTILINE)) == shown, case


@pytest.mark.parametrize(("require", "promise"), [
    ("funds == cost", "monotone: funds"),
    ("count(actions) >= 1", "antitone: actions"),
    ("forms != 3", "antitone: forms"),
    ('unit != "a"', "irrelevant: unit"),
    ("start_on < as_of", "irrelevant: start_on"),
    ("forms < 3 or forms > 9", "favourable: forms == 3 or forms == 9"),
    ("actions != {persuade}", "favourable: visit not in actions"),
    ("start_on > as_of", "favourable: start_on <= as_of"),
])  # fmt: skip
def test_a_promise_about_two_tasks_is_tested(tmp_path: Path, require: str, promise: str) -> None:
    """A promise that a fact's rise, fall or change does no harm is refuted with two tasks that differ in that fact."""
    text = SMALL.replace("require: funds >= cost", f"require: {require}") + (
        f"invariants:\n  promise: {{{promise}, reason: {{zh: 甲, en: a}}}}\n"
    )
    report = planted(tmp_path, text, "invariants", "invariant promise: broken by policy small")
    assert "first task:" in report
    assert "second task:" in report


def test_a_remedy_that_does_too_much_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A remedy with a change that it does not need, or that does not lead where it says, breaks the law of remedies."""
    policy = admission.load(write(tmp_path / "small"))
    task = {"kind": "help", "cost": 5, "as_of": date(2019, 8, 3)}
    (right,) = policy.remedies(task)
    change = next(iter(right.changes))
    for wrong in (replace(change, after=Decimal("6.00")), replace(change, after=Decimal("4.00"))):
        for law_breaks in (True, False):
            remedy = replace(right, changes=(wrong if law_breaks else change,))
            broken = remedies_are_broken(policy, remedy, task, monkeypatch)
            assert broken is law_breaks


def remedies_are_broken(policy: Policy, remedy: Any, task: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the law finds fault with a remedy handed out for one task."""
    with monkeypatch.context() as patch:
        patch.setattr(Policy, "remedies", lambda *_, **__: (remedy,))
        patch.setattr(laws, "tasks", lambda _policy: st.just(task))
        patch.setattr(st, "sampled_from", lambda _options: st.just("admit"))
        try:
            run_law(policy, LAWS["remedies"], max_examples=1)
        except LawBroken:
            return True
    return False


# ---------------------------------------------------------------------------------------------- the strategy


@pytest.mark.parametrize("options", [
    {"complete": True}, {"complete": False}, {"near_boundaries": False},
    {"verdict": "admit"}, {"verdict": "redirect"}, {"verdict": "refuse"}, {"verdict": "undetermined"},
    {"channel": "community"}, {"channel": "data_sharing"}, {"channel": "purchase", "verdict": "refuse"},
    {"channel": "community", "verdict": "undetermined"}, {"verdict": "admit", "complete": True},
    {"verdict": "admit", "complete": False, "near_boundaries": False},
], ids=str)  # fmt: skip
def test_every_option_of_tasks_is_kept_to(options: dict[str, Any]) -> None:
    """On a pack of 25 facts, where one drawn task in hundreds is admitted, tasks are as asked, and none too slow."""
    policy = admission.load(PACKS / "xicheng")
    facts = policy.checked.facts

    @settings(max_examples=30, database=None, deadline=None)
    @given(tasks(policy, **options))
    def is_as_asked(task: dict[str, object]) -> None:
        decision = policy.decide(task)
        assert decision.verdict == options.get("verdict", decision.verdict)
        assert decision.channel == options.get("channel", decision.channel)
        assert options.get("complete") in (None, len(task) == len(facts) + 1)

    is_as_asked()


@pytest.mark.parametrize(("options", "says"), [
    ({"complete": "yes"}, "complete='yes': expected True, False or None"),
    ({"near_boundaries": None}, "near_boundaries=None: expected a bool"),
    ({"channel": "comunity"}, "channel='comunity': the policy has community, service_centre, purchase, department"),
    ({"verdict": "admitted"}, "verdict='admitted': expected one of admit, redirect, refuse, undetermined"),
    ({"channel": "purchase", "verdict": "admit"}, "verdict='admit': with channel='purchase' it is redirect or refuse"),
])  # fmt: skip
def test_an_option_that_will_not_do_is_said(options: dict[str, Any], says: str) -> None:
    """A wrong option is refused at the call, with its name and value and what was expected."""
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        tasks(admission.load(PACKS / "china"), **options)
    with pytest.raises(ValueError, match=r"^policy='china': expected a policy, as admission.load gives it$"):
        tasks("china")  # type: ignore[arg-type] # that is the point
