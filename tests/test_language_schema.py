"""`admission schema --language`: the schema of policy, rule and case files, held to a real validator."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import admission
from admission.cli import main
from admission.diagnostics import Collector
from admission.frontend import loader, shapes
from admission.frontend.language_schema import FILES, File, language_schema
from small import SMALL, write

ROOT = Path(__file__).parents[1]
PACKS = ROOT / "policies"
TEMPLATE = ROOT / "src" / "admission" / "cli" / "template"


def plain(path: Path) -> Any:
    """A file as the validator takes it: what YAML says, decimals as numbers."""
    node = loader.parse(loader.read_source(path), Collector())
    assert node is not None
    return json.loads(json.dumps(loader.plain(node), default=float))


def validator(file: File, policy: admission.Policy | None = None) -> jsonschema.Draft7Validator:
    """The validator of a kind of file; the schema itself is one."""
    schema = language_schema(file, policy.checked if policy else None)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def kind_of(path: Path) -> File:
    """What a file of a pack is."""
    return next((file for file in FILES if file == path.parent.name), "policy")


FILES_OF = [
    (folder, path)
    for folder in (PACKS / "china", PACKS / "beijing", PACKS / "xicheng", TEMPLATE)
    for path in sorted(folder.rglob("*.yaml"))
]


@pytest.mark.parametrize(("folder", "path"), FILES_OF, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_ships_fits(folder: Path, path: Path) -> None:
    """Each policy, rule, case and event case file fits its schema, with the policy's own names and without."""
    for policy in (None, admission.load(folder)):
        faults = list(validator(kind_of(path), policy).iter_errors(plain(path)))
        assert [fault.message for fault in faults] == []


@pytest.fixture
def small(tmp_path: Path) -> admission.Policy:
    """The small policy."""
    return admission.load(write(tmp_path / "small"))


def faults_of(file: File, text: str, tmp_path: Path, policy: admission.Policy | None = None) -> list[str]:
    """Where a text does not fit, as paths."""
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    found = validator(file, policy).iter_errors(plain(path))
    return sorted(".".join(str(step) for step in fault.absolute_path) for fault in found)


BAD_POLICIES = [
    ("in_force: {from: 2019-01-01", "in_froce: {from: 2019-01-01", ["", ""]),
    ("from: 2019-01-01", "form: 2019-01-01", ["in_force"]),
    ("from: 2019-01-01", "from: 1 January", ["in_force.from"]),
    ('version: "1"', "version: 1", ["version"]),
    ("languages: [zh, en]", "languages: [zh, fr]", ["languages.1"]),
    ("languages: [zh, en]", "languages: zh", ["languages"]),
    ("outcome: admit", "outcome: accept", ["channels.community.outcome"]),
    ("require: funds >= cost", "requires: funds >= cost", ["requirements.funded", "requirements.funded"]),
    ("for: [community]", "for: community", ["requirements.funded.for"]),
    ("own: {zh: 自, en: own}\n", "cite: []\n    own: {zh: 自}\n", None),
    ("title: {zh: 小, en: Small}", "title: {zh: 小, fr: Petit}", ["title"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), BAD_POLICIES)
def test_a_policy_file_at_fault_is_marked_at_the_right_key(
    tmp_path: Path, old: str, new: str, expected: list[str] | None
) -> None:
    """Misspelt keys, wrong types and unknown words are marked where they stand."""
    assert old in SMALL
    found = faults_of("policy", SMALL.replace(old, new), tmp_path)
    assert found
    assert expected is None or found == expected


CASE = """\
- id: a
  title: t
  as_of: 2019-08-03
  task: {kind: help, cost: 5, funds: "5.00", actions: [visit], urgent: null}
  expect: {verdict: admit, channel: community, violations: [], missing: []}
"""
BAD_CASES = [
    ("kind: help", "kind: hepl", ["0.task.kind"]),
    ("kind: help", "knid: help", ["0.task"]),
    ("cost: 5", "cost: -5", ["0.task.cost"]),
    ('"5.00"', '"5.001"', ["0.task.funds"]),
    ("[visit]", "[visit, visit]", ["0.task.actions"]),
    ("urgent: null", 'urgent: "yes"', ["0.task.urgent"]),
    ("verdict: admit", "verdict: admitted", ["0.expect.verdict"]),
    ("channel: community", "channel: comunity", ["0.expect.channel"]),
    ("violations: []", "violations: [fundde]", ["0.expect.violations.0"]),
    ("missing: []", "mising: []", ["0.expect"]),
    ("  as_of: 2019-08-03\n", "", ["0"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), BAD_CASES)
def test_a_case_at_fault_is_marked_at_the_right_key(
    tmp_path: Path, small: admission.Policy, old: str, new: str, expected: list[str]
) -> None:
    """Facts, values, channels and rules are those of this policy."""
    assert faults_of("cases", CASE, tmp_path, small) == []
    assert faults_of("cases", CASE.replace(old, new), tmp_path, small) == expected


EVENT_CASE = """\
- id: a
  title: t
  until: "2019-12-31T00:00:00"
  events:
    - {event: decided, id: d1, at: "2019-09-01T09:00:00", task: t1, unit: u, community: c, level: city, verdict: admit}
    - {event: withdrawn, id: w1, at: 2019-09-02T09:00:00, withdraws: d1}
  expect:
    - {watch: scope_drift, subject: {event: s1}, since: "2019-09-03T09:00:00+08:00", events: [s1]}
"""
BAD_EVENT_CASES = [
    ("event: decided", "event: decidd", ["0.events.0.event"]),
    ("verdict: admit", "verdict: admitted", ["0.events.0.verdict"]),
    ("community: c", "comunity: c", ["0.events.0", "0.events.0"]),
    ("task: t1, ", "", ["0.events.0"]),
    ("withdraws: d1", "withdraws: 1", ["0.events.1.withdraws"]),
    ('"2019-09-01T09:00:00"', "1 September", ["0.events.0.at"]),
    ("watch: scope_drift", "watch: scope_drft", ["0.expect.0.watch"]),
    ("since:", "sence:", ["0.expect.0"]),
    ("  until:", "  til:", ["0", "0"]),
]


@pytest.mark.parametrize(("old", "new", "expected"), BAD_EVENT_CASES)
def test_an_event_case_at_fault_is_marked_at_the_right_key(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    """Events, their fields and watches are those of this policy."""
    beijing = admission.load(PACKS / "beijing")
    assert faults_of("event_cases", EVENT_CASE, tmp_path, beijing) == []
    assert faults_of("event_cases", EVENT_CASE.replace(old, new), tmp_path, beijing) == expected


def test_the_policys_own_names_are_offered_and_new_ones_let_through(small: admission.Policy) -> None:
    """A channel that is declared comes up for completion; one that will be declared next is no fault."""
    schema = language_schema("policy", small.checked)
    to = schema["properties"]["routes"]["additionalProperties"]["properties"]["to"]
    assert to["anyOf"][0]["enum"] == ["community", "department"]
    assert jsonschema.Draft7Validator(to).is_valid("elsewhere")


def test_every_key_says_what_it_is_for() -> None:
    """Hovering over a key of a policy file shows it in Chinese and English."""
    properties = language_schema("policy")["properties"]
    assert set(properties) == set(shapes.POLICY.keys)
    assert properties["in_force"]["description"] == "有效期 / when it is in force"


@pytest.mark.parametrize("file", FILES)
def test_the_command_prints_it(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With a policy and without; and nothing at all to print is an error."""
    assert main(["schema", "--language", file]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == f"admission: {file}"
    assert main(["schema", str(PACKS / "china"), "--language", file]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == f"admission: {file} of china"
    assert main(["schema", "--lang", "en"]) == 2
    assert "POLICY" in capsys.readouterr().err
