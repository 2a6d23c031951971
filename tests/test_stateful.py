"""The public API in any order: nothing that is asked of a policy changes what it says afterwards."""

from __future__ import annotations

import pickle
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

import admission
from admission import printer
from admission.datatypes import BOOL
from admission.engine import Policy
from admission.testing import tasks
from admission.testing.constants import expressions
from profiles import examples
from small import SMALL, write
from test_printer import read_again

pytestmark = pytest.mark.slow

PACKS = Path(__file__).parents[1] / "policies"
LAYER = """\
policy: {name}
version: "1"
title: {{zh: 层, en: Layer}}
extends: {below}
in_force: {{from: 2019-01-01, until: 2025-12-31}}
languages: [zh, en]
{replaces}requirements:
  {name}_rule:
    for: [community]
    when: {when}
    require: {require}
    reason: {{zh: 乙, en: b}}
    own: {{zh: 自, en: own}}
{extra}"""
CONDITIONS = ("urgent", "forms < 5", "count(actions) <= 1 and not urgent", 'unit == "u"', "start_on > as_of")
WAIVER = """\
exceptions:
  {name}_waiver: {{waives: [funded], when: urgent, reason: {{zh: 丙, en: c}}, own: {{zh: 自, en: own}}}}
"""
FAULTY = ("urgnt", "forms == true", "violated(funded)", "forms <", "1 + as_of")
GARBAGE: dict[str, Any] = {
    "kind": [5, "hlep"],
    "cost": [True, "5", Decimal("0.001"), -1],
    "as_of": ["2019-01-01", date(1890, 1, 1)],
    "knd": ["help"],
    "actions": [["fly"], ["visit", "visit"], "visit"],
}


@dataclass(frozen=True)
class Loaded:
    """A policy, where it was loaded from, and what it said it was."""

    policy: Policy
    folder: Path
    digest: str


@dataclass(frozen=True)
class Asked:
    """A task that was decided, and what was said."""

    policy: Policy
    task: dict[str, object]
    decision: admission.Decision
    said: dict[str, object]


class PublicApi(RuleBasedStateMachine):
    """Load, layer, decide, explain, remedy, ask, print, reload, pickle, in any order."""

    policies = Bundle("policies")
    decisions = Bundle("decisions")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(PACKS / "china", self.folder / "china")
        self.known: list[Loaded] = []
        self.asked: list[Asked] = []
        self.layers = 0

    def teardown(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder)

    def remember(self, policy: Policy, folder: Path) -> Loaded:
        """A policy, to be compared with itself later."""
        loaded = Loaded(policy, folder, policy.digest)
        self.known.append(loaded)
        return loaded

    # ------------------------------------------------------------------------------------ policies

    @rule(target=policies)
    def load_small(self) -> Loaded:
        """Load a policy written out."""
        return self.remember(admission.load(write(self.folder / "small")), self.folder / "small")

    @rule(target=policies)
    def load_pack(self) -> Loaded:
        """Load a policy that ships."""
        return self.remember(admission.load(self.folder / "china"), self.folder / "china")

    @rule(target=policies, below=policies, when=st.sampled_from(CONDITIONS), require=st.sampled_from(CONDITIONS),
          waives=st.booleans())  # fmt: skip
    def layer(self, below: Loaded, when: str, require: str, waives: bool) -> Any:
        """Build another policy on one; the one below stays what it is."""
        if below.policy.id == "china":
            return multiple()
        self.layers += 1
        name = f"layer{self.layers}"
        text = LAYER.format(
            name=name, below=below.folder.name, when=when, require=require,
            replaces="replaces: [funded]\n" if waives else "", extra=WAIVER.format(name=name) if waives else "",
        )  # fmt: skip
        upper = admission.load(write(self.folder / name, text))
        assert upper.digest != below.digest
        return self.remember(upper, self.folder / name)

    @rule(below=policies, fault=st.sampled_from(FAULTY))
    def layer_badly(self, below: Loaded, fault: str) -> None:
        """A layer at fault is a policy error, and nothing else."""
        text = LAYER.format(name="faulty", below=below.folder.name, when="urgent", require=fault, replaces="", extra="")
        with pytest.raises(admission.PolicyError):
            admission.load(write(self.folder / "faulty", text))

    @rule(loaded=policies, comment=st.sampled_from(("# a comment", "", "  # indented")))
    def lay_out_and_reload(self, loaded: Loaded, comment: str) -> None:
        """Comments and empty lines are no part of a policy: what is loaded again is the same policy."""
        path = loaded.folder / "policy.yaml"
        path.write_text(f"{comment}\n{path.read_text('utf-8')}\n{comment}\n", encoding="utf-8")
        again = admission.load(loaded.folder)
        assert (again, again.digest, hash(again)) == (loaded.policy, loaded.digest, hash(loaded.policy))

    @rule(target=policies, loaded=policies)
    def pickle(self, loaded: Loaded) -> Loaded:
        """A policy that was pickled is the same policy."""
        again = pickle.loads(pickle.dumps(loaded.policy))
        assert again == loaded.policy
        return self.remember(again, loaded.folder)

    @rule(loaded=policies)
    def print_and_read(self, loaded: Loaded) -> None:
        """Every condition of a policy prints as text that reads as the same condition."""
        for requirement in loaded.policy.checked.requirements.values():
            text = printer.expression(requirement.require)
            assert read_again(loaded.policy.checked, text, BOOL) == requirement.require
        assert list(expressions(loaded.policy.checked))

    @rule(loaded=policies)
    def change_it(self, loaded: Loaded) -> None:
        """A policy does not change."""
        with pytest.raises(AttributeError, match="does not change"):
            loaded.policy.checked = None  # type: ignore[assignment] # that is the point

    # ----------------------------------------------------------------------------------- decisions

    @rule(target=decisions, loaded=policies, data=st.data())
    def decide(self, loaded: Loaded, data: st.DataObject) -> Asked:
        """Decide a task."""
        task = data.draw(tasks(loaded.policy))
        decision = loaded.policy.decide(task)
        found = Asked(loaded.policy, task, decision, decision.to_dict())
        self.asked.append(found)
        return found

    @rule(loaded=policies, data=st.data())
    def decide_garbage(self, loaded: Loaded, data: st.DataObject) -> None:
        """A task that does not fit is a task error, and nothing else."""
        name = data.draw(st.sampled_from(sorted(GARBAGE)))
        task = {**data.draw(tasks(loaded.policy)), name: data.draw(st.sampled_from(GARBAGE[name]))}
        with pytest.raises(admission.TaskError):
            loaded.policy.decide(task)

    @rule(asked=decisions)
    def many(self, asked: Asked) -> None:
        """Decided among others, by a mapping or by a task model, a task gets the same decision."""
        model = asked.policy.Task(**asked.task)
        for decision in (*asked.policy.decide_many([asked.task]), *asked.policy.decide_many([model])):
            assert decision.to_dict() == asked.said

    @rule(asked=decisions, lang=st.sampled_from(("zh", "en")))
    def explain(self, asked: Asked, lang: str) -> None:
        """An explanation says the same every time, and gives its reasons in either language."""
        assert str(asked.decision.explain(lang)) == str(asked.policy.decide(asked.task).explain(lang))

    @rule(asked=decisions, want=st.sampled_from(("admit", "redirect", "refuse")))
    def remedy(self, asked: Asked, want: str) -> None:
        """Remedies lead where they say, or there are too many of them."""
        try:
            found = asked.policy.remedies(asked.task, want=want)
        except admission.AdmissionError:
            return
        if asked.said["verdict"] == want:
            assert [remedy.changes for remedy in found] == [()]
        assert all(remedy.changes or asked.said["verdict"] == want for remedy in found)

    @rule(asked=decisions)
    def next_question(self, asked: Asked) -> None:
        """A question is asked exactly where something is missing, and asks for that."""
        question = asked.policy.next_question(asked.task)
        missing = asked.decision.missing
        assert (question is None) == (not missing)
        assert question is None or question.fact in missing

    @rule(target=decisions, asked=consumes(decisions))
    def pickle_decision(self, asked: Asked) -> Asked:
        """A decision that was pickled is the same, and can still be explained."""
        again = pickle.loads(pickle.dumps(asked.decision))
        assert (again, again.to_dict()) == (asked.decision, asked.said)
        assert str(again.explain("en")) == str(asked.decision.explain("en"))
        return asked

    # ---------------------------------------------------------------------------------- invariants

    @invariant()
    def digests_stay(self) -> None:
        """No policy's digest moves, and equal digests are equal policies."""
        for loaded in self.known:
            assert loaded.policy.digest == loaded.digest
        assert len({loaded.policy for loaded in self.known}) == len({loaded.digest for loaded in self.known})

    @invariant()
    def decisions_stay(self) -> None:
        """What was decided is decided so again, by every policy of that digest."""
        for asked in self.asked[-3:]:
            same = [loaded.policy for loaded in self.known if loaded.digest == asked.policy.digest]
            for policy in same[-2:]:
                assert policy.decide(asked.task).to_dict() == asked.said


PublicApi.TestCase.settings = settings(
    max_examples=examples(40), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestPublicApi = PublicApi.TestCase


def test_the_small_policy_is_what_the_layers_are_written_for() -> None:
    """Every condition that a layer may get reads facts of the small policy."""
    assert all(name in SMALL for name in ("urgent", "forms", "actions", "unit", "start_on", "funded"))
