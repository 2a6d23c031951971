"""Coverage: what the cases of a policy saw of each rule and condition, and the ways in which `test` prints."""

import json
import random
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

import admission
from admission.cases import Case, Coverage, case_files, measure, read_cases, run_cases
from admission.cli import main
from admission.diagnostics import Collector
from small import SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
REQUIREMENT = "    require: funds >= cost\n"
HEAD = "- {{id: {name}, as_of: 2019-08-03, task: {{{task}}}, expect: {{{expect}}}}}\n"
HELP = "kind: help, cost: 5, funds: 5"


def case(name: str, task: str, expect: str) -> str:
    """One line of a case file."""
    return HEAD.format(name=name, task=task, expect=expect)


def cases_of(policy: admission.Policy, folder: Path) -> tuple[Case, ...]:
    """The cases beside a policy, which must be sound."""
    faults = Collector()
    cases = read_cases(policy.checked, case_files(folder), faults)
    assert not len(faults), [fault.message for fault in faults]
    return cases


def covered(folder: Path) -> dict[tuple[str, str], dict[str, bool | None]]:
    """The four cells of every rule and condition."""
    policy = admission.load(folder)
    rows = measure(policy.checked, cases_of(policy, folder)).rows
    cells = ("true", "false", "unknown", "decisive")
    found = [(row, row.to_dict()) for row in rows]
    return {(row.rule.id, row.text): {cell: said[cell] for cell in cells} for row, said in found}  # type: ignore[misc]


def cells(true: bool | None, false: bool | None, unknown: bool | None, decisive: bool | None) -> dict[str, bool | None]:
    """Four cells by name."""
    return {"true": true, "false": false, "unknown": unknown, "decisive": decisive}


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call, in English."""
    code = main([str(argument) for argument in (*arguments, "--lang", "en")])
    out, err = capsys.readouterr()
    return code, out, err


# ------------------------------------------------------------------------------------ what is covered


def test_each_value_of_a_condition_is_seen_only_in_a_case_that_has_it(tmp_path: Path) -> None:
    """One admitted task shows its route and its requirement true, and no other value of them."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "verdict: admit"))
    found = covered(folder)
    assert found["to_community", "kind == help"] == cells(true=True, false=False, unknown=False, decisive=True)
    assert found["to_department", "kind == duty"] == cells(true=False, false=True, unknown=False, decisive=True)
    assert found["funded", ""] == cells(true=True, false=False, unknown=False, decisive=True)
    assert found["funded", "funds >= cost"] == cells(true=True, false=False, unknown=False, decisive=True)


def test_a_case_counts_as_decisive_only_by_what_it_expects(tmp_path: Path) -> None:
    """A case that looks at the policy's name alone would notice nothing, so no condition is decisive in it."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "policy: small"))
    assert {found["decisive"] for found in covered(folder).values()} == {False}


def test_a_requirement_is_not_seen_where_its_channel_is_not_a_candidate(tmp_path: Path) -> None:
    """Work that goes to the department shows nothing of what the community demands."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", "kind: duty, cost: 5, funds: 0", "verdict: redirect"))
    assert covered(folder)["funded", "funds >= cost"] == cells(true=False, false=False, unknown=False, decisive=False)


def test_a_requirement_that_does_not_apply_is_not_met(tmp_path: Path) -> None:
    """Of a requirement whose `when` is false the cases have seen the condition, not the requirement met."""
    text = SMALL.replace(REQUIREMENT, "    when: forms > 0\n" + REQUIREMENT)
    folder = write(tmp_path / "small", text, cases__c_yaml=case("a", HELP, "verdict: admit"))
    found = covered(folder)
    assert found["funded", ""] == cells(true=False, false=False, unknown=False, decisive=True)
    assert found["funded", "forms > 0"] == cells(true=False, false=True, unknown=None, decisive=False)


def test_a_masked_condition_is_seen_and_not_decisive(tmp_path: Path) -> None:
    """Of `a or b` with both true neither decides; with one true that one does, and of both false both do."""
    text = SMALL.replace(REQUIREMENT, "    require: urgent or funds >= cost\n")
    lines = {
        "both": case("both", f"{HELP}, urgent: true", "verdict: admit"),
        "one": case("one", "kind: help, cost: 5, urgent: true", "verdict: admit"),
        "none": case("none", "kind: help, cost: 5, urgent: false", "verdict: refuse"),
    }
    decisive = {}
    for name, line in lines.items():
        found = covered(write(tmp_path / name / "small", text, cases__c_yaml=line))
        decisive[name] = [found["funded", atom]["decisive"] for atom in ("urgent", "funds >= cost")]
    assert decisive == {"both": [False, False], "one": [True, False], "none": [True, True]}


def test_a_condition_on_assumed_facts_has_no_unknown(tmp_path: Path) -> None:
    """What can never be unknown is not asked of the cases: the cell is null and not counted."""
    text = SMALL.replace(REQUIREMENT, "    require: forms <= 3\n")
    folder = write(tmp_path / "small", text, cases__c_yaml=case("a", "kind: help", "verdict: admit"))
    assert covered(folder)["funded", "forms <= 3"]["unknown"] is None


def test_the_conditions_of_a_definition_count_in_the_rule_that_reads_it(tmp_path: Path) -> None:
    """A definition is covered as if it were written out, at its own line."""
    text = SMALL.replace(REQUIREMENT, "    require: enough\n")
    text += "definitions:\n  enough: {is: funds >= cost, zh: 足, en: enough}\n"
    folder = write(tmp_path / "small", text, cases__c_yaml=case("a", HELP, "verdict: admit"))
    policy = admission.load(folder)
    row = measure(policy.checked, cases_of(policy, folder)).rows[-1]
    assert (row.rule.id, row.text, row.covered) == ("funded", "funds >= cost", {"true", "decisive"})
    line = 1 + (folder / "policy.yaml").read_text(encoding="utf-8").splitlines().index(
        "  enough: {is: funds >= cost, zh: 足, en: enough}"
    )
    assert row.place == f"{folder / 'policy.yaml'}:{line}"


def test_a_duty_whose_verdict_is_open_is_seen_as_unknown(tmp_path: Path) -> None:
    """In an undetermined case a duty that comes with `admit` is neither owed nor not owed."""
    duty = "{verdicts: [admit], when: cost > 0, reason: {zh: 付, en: pay}, own: {zh: 自, en: own}}"
    folder = write(
        tmp_path / "small",
        SMALL + f"obligations:\n  pay: {duty}\n",
        cases__c_yaml=case("a", "cost: 5", "verdict: undetermined"),
    )
    assert covered(folder)["pay", ""] == cells(true=False, false=False, unknown=True, decisive=False)


def test_a_rule_out_of_force_is_not_covered(tmp_path: Path) -> None:
    """A case dated before a rule's period shows nothing of the rule."""
    text = SMALL.replace(REQUIREMENT, REQUIREMENT + "    in_force: {from: 2020-01-01}\n")
    folder = write(tmp_path / "small", text, cases__c_yaml=case("a", HELP, "verdict: admit"))
    assert not any(covered(folder)["funded", ""].values())


def test_a_layer_answers_for_its_own_rules() -> None:
    """By default the rules of the layers below are left to their own cases; `layers` takes them in."""
    policy = admission.load(PACKS / "xicheng")
    cases = cases_of(policy, PACKS / "xicheng")
    own = measure(policy.checked, cases)
    assert {row.rule.id for row in own.rows} == {"applied_in_time"}
    whole = measure(policy.checked, cases, layers=True)
    assert {row.rule.id for row in whole.rows} > {"applied_in_time", "no_plaque", "not_lead"}


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
def test_the_cases_of_the_packs_cover_all_of_them(pack: str) -> None:
    """Every rule and condition of a shipped pack was seen true, false, unknown, and decisive."""
    policy = admission.load(PACKS / pack)
    coverage = measure(policy.checked, cases_of(policy, PACKS / pack))
    assert [(row.place, row.text, row.uncovered) for row in coverage.rows if row.uncovered] == []
    assert coverage.percent == 100


def denied(coverage: Coverage) -> dict[tuple[str, str], str]:
    """For each condition that stands in its rule's own text, the text of its file with the condition denied."""
    found = {}
    for row in coverage.rows:
        span = row.condition.span if row.condition is not None else None
        if span is not None:
            text, (_, start, end) = span.source.text, span
            found[row.rule.id, row.text] = f"{text[:start]}(not ({text[start:end]})){text[end:]}"
    return found


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
def test_decisive_is_what_denying_the_text_breaks(pack: str, tmp_path: Path) -> None:
    """A condition is decisive exactly if some case fails once the author's text says `not (condition)`.

    The policy with the edited text is loaded and run anew, so nothing is shared with how coverage finds it. Few of the
    cases are taken, drawn with a fixed seed, so that some conditions are decisive and some are not.
    """
    shutil.copytree(PACKS, tmp_path / "p")
    folder = tmp_path / "p" / pack
    policy = admission.load(folder)
    every = cases_of(policy, folder)
    some = tuple(random.Random(pack).sample(every, 12))  # noqa: S311 - repeatable, not secret
    coverage = measure(policy.checked, some)
    rows = {(row.rule.id, row.text): row for row in coverage.rows if row.condition is not None}
    seen = set()
    for key, edited in denied(coverage).items():
        span = rows[key].condition.span  # type: ignore[union-attr]
        assert span is not None
        path = Path(span.source.name)
        path.write_text(edited, encoding="utf-8")
        other = admission.load(folder)
        path.write_text(span.source.text, encoding="utf-8")
        is_decisive = not all(result.is_passed for result in run_cases(other.decide_given, some))
        assert ("decisive" in rows[key].covered) == is_decisive, key
        seen.add(is_decisive)
    assert pack == "xicheng" or seen == {True, False}


# ------------------------------------------------------------------------------------ what is printed


def test_what_is_uncovered_is_listed_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--coverage` lists what no case has shown, at its line; without `--fail-under` that is no failure."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "verdict: admit"))
    code, out, err = run(capsys, "test", folder, "--coverage")
    path = folder / "policy.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    number = 1 + lines.index("    require: funds >= cost")
    assert (code, err) == (0, "")
    assert f"{path}:{number}: funded: funds >= cost: never false, never unknown" in out.splitlines()
    # Three rules with one condition each, four cells a row; per row true or false, and decisive, are covered.
    assert out.splitlines()[-1] == "coverage 50.00 % (12 of 24)"


@pytest.mark.parametrize(("least", "expected"), [("50", 0), ("50.01", 1), ("0", 0)])
def test_fail_under_is_a_floor(capsys: pytest.CaptureFixture[str], tmp_path: Path, least: str, expected: int) -> None:
    """`--fail-under N` fails where less than N per cent is covered, and says so on stderr."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "verdict: admit"))
    code, _, err = run(capsys, "test", folder, "--fail-under", least)
    assert code == expected
    assert err == ("" if expected == 0 else "coverage 50.00 % (12 of 24), under 50.01 %\n")


@pytest.mark.parametrize("least", ["101", "-1", "much", "nan"])
def test_a_floor_is_a_percentage(capsys: pytest.CaptureFixture[str], least: str) -> None:
    """`--fail-under` takes a number from 0 to 100, and anything else is a wrong call."""
    code, _, err = run(capsys, "test", PACKS / "china", f"--fail-under={least}")
    assert (code, f"{least!r} is not a number from 0 to 100" in err) == (2, True)


def test_coverage_speaks_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With `--format json` the coverage is the last object, a row for each rule and condition."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "verdict: admit"))
    code, out, _ = run(capsys, "test", folder, "--coverage", "--format", "json")
    said = json.loads(out.splitlines()[-1])["coverage"]
    assert (code, said["percent"], said["covered"], said["possible"]) == (0, 50.0, 12, 24)
    assert said["rows"][-1] == {
        "rule": "funded",
        "kind": "requirements",
        "condition": "funds >= cost",
        "place": said["rows"][-1]["place"],
        "true": True,
        "false": False,
        "unknown": False,
        "decisive": True,
    }


def test_junit_has_a_test_case_for_each_case(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--format junit` prints XML that CI servers read: counts, places, and for a failure what came out and why."""
    lines = case("good", HELP, "verdict: admit") + case("<&'bad'>", "kind: help, cost: 5", "verdict: admit")
    folder = write(tmp_path / "small", cases__c_yaml=lines.replace("<&'bad'>", "\"<&'bad'>\""))
    code, out, _ = run(capsys, "test", folder, "--format", "junit", "--coverage")
    suite = ET.fromstring(out.encode())[0]  # noqa: S314 - our own output
    assert (code, suite.get("tests"), suite.get("failures")) == (1, "2", "1")
    good, bad = suite.findall("testcase")
    assert (good.get("name"), good.get("line"), good.find("failure")) == ("good", "1", None)
    failure = bad.find("failure")
    assert failure is not None
    assert bad.get("name") == "<&'bad'>"
    assert failure.get("message") == 'verdict\n  expected: "admit"\n  got: "refuse"'
    assert "✗ violated [funded]" in (failure.text or "")
    assert [prop.get("name") for prop in suite.iter("property")] == ["coverage"]


def test_junit_is_well_formed_whatever_a_task_holds(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A character that XML cannot hold, written in a case by its escape, does not break the document."""
    lines = '- {id: "a\\u0001b", as_of: 2019-08-03, task: {unit: "\\u0008"}, expect: {verdict: admit}}\n'
    folder = write(tmp_path / "small", cases__c_yaml=lines)
    _, out, _ = run(capsys, "test", folder, "--format", "junit")
    suite = ET.fromstring(out.encode())[0]  # noqa: S314 - our own output
    assert suite[0].get("name") == "a\ufffdb"


# ----------------------------------------------------------------------------------------- selection


def chosen(capsys: pytest.CaptureFixture[str], folder: Path, *rules: str) -> list[str]:
    """The ids of the cases that are about some rules."""
    wanted = [part for rule in rules for part in ("--rule", rule)]
    _, out, _ = run(capsys, "test", folder, "--format", "json", *wanted)
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_cases_are_chosen_by_rule(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--rule` takes the cases in which the rule has a say and judges something, or that expect it by name."""
    lines = [
        case("met", HELP, "verdict: admit"),
        case("short", "kind: help, cost: 5", "verdict: refuse"),
        case("elsewhere", "kind: duty, cost: 5", "verdict: redirect"),
        case("named", "kind: duty", "violations: [funded]"),
    ]
    folder = write(tmp_path / "small", cases__c_yaml="".join(lines))
    assert chosen(capsys, folder, "funded") == ["met", "short", "named"]
    assert chosen(capsys, folder, "to_department") == ["elsewhere", "named"]
    assert chosen(capsys, folder, "funded", "to_department") == ["met", "short", "elsewhere", "named"]


def test_a_rule_that_there_is_not_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt rule selects nothing silently: it is an error, with the rule that was probably meant."""
    code, out, err = run(capsys, "test", PACKS / "beijing", "--rule", "no_plak")
    assert (code, out) == (2, "")
    assert err == "error[A401]: there is no rule `no_plak`\n  = help: did you mean `no_plaque`?\n"


def test_a_rule_without_cases_is_bad_news(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A selection that leaves no case to run does not pass."""
    folder = write(tmp_path / "small", cases__c_yaml=case("a", HELP, "verdict: admit"))
    code, _, err = run(capsys, "test", folder, "--rule", "to_department")
    assert (code, err) == (1, "no case is about the rule\n")


def test_a_percentage_is_never_rounded_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown can be asked for: text, JSON and JUnit cut after two decimals, and `--fail-under` holds to that."""
    cases = case("a", HELP, "verdict: admit") + case("b", "kind: duty", "verdict: redirect")
    folder = write(tmp_path / "p", cases__a_yaml=cases)
    out = run(capsys, "test", folder, "--coverage")[1]
    shown, covered, possible = re.findall(r"coverage (\S+) % \((\d+) of (\d+)\)", out)[0]
    assert (shown, covered, possible) == ("66.66", "16", "24")  # 66.666…, which would round to 66.67
    said = json.loads(run(capsys, "test", folder, "--coverage", "--format", "json")[1].splitlines()[-1])
    assert said["coverage"]["percent"] == float(shown)
    assert f'name="coverage" value="{shown}"' in run(capsys, "test", folder, "--coverage", "--format", "junit")[1]
    above = f"{float(shown) + 0.01:.2f}"
    codes = [run(capsys, "test", folder, "--coverage", "--fail-under", least)[0] for least in (shown, above)]
    assert codes == [0, 1]
