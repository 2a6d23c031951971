"""The pytest plugin and the long run: a team holds its own policies to the laws."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import admission
from admission.testing import LawBroken
from admission.testing import long_run as long_run_module
from admission.testing.long_run import LongRun
from small import SMALL, write

pytest_plugins = ["pytester"]
PACKS = Path(__file__).parents[1] / "policies"
CASES = """\
- {id: funded, as_of: 2019-08-03, task: {kind: help, cost: 5, funds: 5}, expect: {verdict: admit}}

- {id: short, as_of: 2019-08-03, task: {kind: help, cost: 5}, expect: {verdict: admit}}
"""


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts from an English locale."""
    for variable in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def test_one_test_for_each_law_and_policy(pytester: pytest.Pytester) -> None:
    """`--admission-policies` holds every policy of a folder to every law, one test each."""
    done = pytester.runpytest_subprocess("-v", f"--admission-policies={PACKS}", "--admission-examples=2")
    done.assert_outcomes(passed=3 * 11)
    done.stdout.fnmatch_lines(["*beijing*honest_unknowns PASSED*"])


def test_a_fault_is_shown_as_a_case_that_fails_until_it_is_mended(pytester: pytest.Pytester) -> None:
    """What a broken law prints is pasted into a case file, where it fails; with the fault mended it passes."""
    promise = "invariants: {funded: {never: verdict == admit and funds < cost, reason: {zh: 甲, en: a}}}\n"
    sound = (SMALL + promise).replace("  funded:\n    for", "  funds_first:\n    for")
    folder = write(pytester.path / "small", sound.replace("require: funds >= cost", "require: funds + 0.01 >= cost"))
    done = pytester.runpytest_subprocess(f"--admission-policies={folder}", "-k", "invariants", "-s")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["collected 11 items / 10 deselected / 1 selected", "invariant funded: broken by *"])
    case = re.search(r"^- id: found\n(?:  .*\n)+", done.stdout.str(), re.MULTILINE)
    assert case is not None
    assert case.group().endswith("  expect: {verdict: refuse}  # what the law asks for: confirm or correct it\n")
    (folder / "cases").mkdir()
    (folder / "cases" / "found.yaml").write_text(case.group(), encoding="utf-8")
    pytester.runpytest_subprocess("small").assert_outcomes(failed=1)
    write(folder, sound)
    pytester.runpytest_subprocess("small").assert_outcomes(passed=1)


def test_a_run_is_repeated_by_its_seed(pytester: pytest.Pytester) -> None:
    """`--admission-random` tells its seed, `--hypothesis-seed` repeats it, `--hypothesis-profile` counts tasks."""
    folder = write(pytester.path / "small")
    # A set is told in another order by every process.
    law = "def law(policy, data):\n    task = data.draw(laws.tasks(policy))\n"
    law += "    print('\\ndrawn', {**task, 'actions': sorted(task.get('actions', ()))})\n"
    law = "from admission.testing import laws\n\n" + law
    pytester.makeconftest(
        law
        + "\nlaws.LAWS = {'shown': law}\n"
        + ("from hypothesis import settings\nsettings.register_profile('nine', max_examples=9)\n")
    )
    options = ("-s", f"--admission-policies={folder}", "--hypothesis-profile=nine")

    def drawn(done: pytest.RunResult) -> list[str]:
        return [line for line in done.outlines if line.startswith("drawn")]

    first = pytester.runpytest_subprocess(*options, "--admission-random")
    told = re.search(r"^admission: seed (\d+), repeated by --hypothesis-seed=\1$", first.stdout.str(), re.MULTILINE)
    assert told is not None
    again = pytester.runpytest_subprocess(*options, f"--hypothesis-seed={told.group(1)}")
    other = pytester.runpytest_subprocess(*options, "--hypothesis-seed=1")
    fewer = pytester.runpytest_subprocess(*options, "--hypothesis-seed=1", "--admission-examples=3")
    assert drawn(first) == drawn(again) != drawn(other)
    assert 3 <= len(drawn(fewer)) < 9 <= len(drawn(first))


def test_without_the_option_nothing_is_imported(pytester: pytest.Pytester) -> None:
    """A suite that does not use the plugin pays nothing for it."""
    pytester.makepyfile(
        """
        import sys

        def test_nothing_heavy():
            assert not {"admission.engine", "admission.testing", "yaml"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_a_policy_that_does_not_load_fails_with_its_diagnostics(pytester: pytest.Pytester) -> None:
    """A policy with faults fails its tests with the diagnostics and no stack."""
    path = pytester.makefile(".yaml", policy="policy: p\n")
    done = pytester.runpytest_subprocess(f"--admission-policies={path}", "--admission-examples=1")
    done.assert_outcomes(failed=11)
    done.stdout.fnmatch_lines(["*error?A209?: `version` is missing*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_the_long_run_prints_its_seed_and_finds_nothing_in_a_sound_policy(tmp_path: Path) -> None:
    """`python -m admission.testing` runs each law at least once, prints its seed and exits with 0."""
    command = [sys.executable, "-m", "admission.testing", "--minutes", "0", "--seed", "5", str(PACKS / "china")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(
        r"seed 5\nround 1: 11 laws, \d+ tasks, \d+ s\n\d+ tasks in \d+ s, 0 law\(s\) broken\n", done.stdout
    )
    assert done.stderr == ""
    assert not (tmp_path / "failures").exists()


def test_the_long_run_stops_when_its_time_is_up(tmp_path: Path) -> None:
    """Rounds grow until the time is up, also in the middle of one."""
    done = long_run(tmp_path, "--minutes", "0.05", str(PACKS / "china"))
    first, second = map(int, re.findall(r"^round [12]: 11 laws, ([\d]+) tasks", done.stdout, re.MULTILINE))
    assert 11 <= first < second
    assert re.search(r" tasks in 3 s, 0 law\(s\) broken\n$", done.stdout)


NEVER = "invariants: {never_admitted: {never: verdict == admit, reason: {zh: 甲, en: a}}}\n"


@pytest.mark.parametrize(("extra", "code"), [("", 130), (NEVER, 1)])
def test_the_long_run_ends_cleanly_on_an_interrupt(tmp_path: Path, extra: str, code: int) -> None:
    """Ctrl-C ends it early: what was found by then is saved and told, and there is no stack."""
    folder = write(tmp_path / "small", SMALL + extra)
    command = [sys.executable, "-m", "admission.testing", "--minutes", "5", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in running.stdout:
            if line.startswith("round 1:"):
                break
        running.send_signal(signal.SIGINT)
        said, complaints = running.stdout.read(), running.stderr.read()
    assert running.returncode == code
    assert re.search(rf"^ended by Ctrl-C; .* tasks in \d+ s, {int(bool(extra))} law\(s\) broken\n$", said, re.MULTILINE)
    assert complaints == ""
    assert (tmp_path / "failures" / "small-invariants.yaml").exists() is bool(extra)


def test_what_the_long_run_saves_is_a_case_that_fails(tmp_path: Path) -> None:
    """A finding is saved as a case file, with the report as comments above it; the case fails until it is mended."""
    folder = write(tmp_path / "small", SMALL + NEVER)
    done = long_run(tmp_path, "--minutes", "0", "--seed", "1", str(folder))
    assert done.returncode == 1
    saved = Path("failures", "small-invariants.yaml")
    assert f"\nsaved as {saved}\n" in done.stdout
    command = [sys.executable, "-m", "admission", "test", str(folder), str(saved)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60)
    assert (run.returncode, run.stderr) == (1, "")
    assert 'expected: "refuse"' in run.stdout
    assert (
        (tmp_path / saved).read_text(encoding="utf-8").startswith("# invariant never_admitted: broken by policy small")
    )


def test_what_cannot_be_a_case_is_saved_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that fails of itself does not end the run; a report without a task is saved as it is."""
    policy = admission.load(write(tmp_path / "small"))

    def fails(_policy: admission.Policy, _data: object) -> None:
        raise ZeroDivisionError("the law")

    def breaks(_policy: admission.Policy, _data: object) -> None:
        raise LawBroken("round trip: broken")

    monkeypatch.setattr(long_run_module, "LAWS", {"fails": fails, "breaks": breaks})
    said: list[str] = []
    run = LongRun([policy], 1, 60, tmp_path / "failures", said.append)
    assert run.run()
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "failures").iterdir()}
    assert sorted(texts) == ["small-breaks.txt", "small-fails.txt"]
    assert texts["small-breaks.txt"] == "round trip: broken\n"
    assert "ZeroDivisionError: the law" in texts["small-fails.txt"]
    assert len(run.broken) == len(said) - 1 == 2


def long_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A long run started in a folder."""
    command = [sys.executable, "-m", "admission.testing", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=60)


def test_the_long_run_says_what_is_wrong_with_every_policy(tmp_path: Path) -> None:
    """A path that is not there and a policy at fault are reported together, before anything is drawn."""
    (tmp_path / "bad.yaml").write_text("policy: bad\n", encoding="utf-8")
    done = long_run(tmp_path, "--minutes", "0", "nowhere", str(PACKS / "china"), "bad.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nowhere:1:1: error[A101]: cannot read `nowhere`: no such file or folder\n" in done.stderr
    assert "error[A209]: `version` is missing" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("arguments", "said"), [
    (("--minutes", "-1", "x"), "argument --minutes: expected a number of minutes, 0 or more, found `-1`"),
    (("--minutes", "nan", "x"), "argument --minutes: expected a number of minutes, 0 or more, found `nan`"),
    (("--minutes", "inf", "x"), "argument --minutes: expected a number of minutes, 0 or more, found `inf`"),
    (("--minutes", "ten", "x"), "argument --minutes: expected a number of minutes, 0 or more, found `ten`"),
    (("--seed", "1.5", "x"), "argument --seed: invalid int value: '1.5'"),
    (("--failures", "file", "x"), "argument --failures: expected a folder, found the file `file`"),
    (("--failures", "file/within", "x"), "argument --failures: expected a folder, found the file `file`"),
    ((), "the following arguments are required: POLICY"),
])  # fmt: skip
def test_the_long_run_refuses_bad_arguments(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """Each comes with what was found and what was expected, and exit code 2."""
    (tmp_path / "file").touch()
    done = long_run(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"python -m admission.testing: error: {said}\n")


def run_cases(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """A run of pytest without Hypothesis, which takes longer to import than cases take to run."""
    return pytester.runpytest_subprocess("-p", "no:hypothesispytest", *arguments)


def test_every_case_beside_a_policy_is_a_test(pytester: pytest.Pytester) -> None:
    """`pytest` on a folder of policies runs their cases, one test each; a failing one shows expected, got and why."""
    write(pytester.path / "small", cases__c_yaml=CASES)
    done = run_cases(pytester, "-v")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(
        [
            "small/cases/c.yaml::funded PASSED*",
            "small/cases/c.yaml::short FAILED*",
            "verdict",
            '  expected: "admit"',
            '  got: "refuse"',
            "*violated?[[]funded[]]*",
        ]
    )
    done.stdout.no_fnmatch_line("*Traceback*")


def test_a_case_is_chosen_like_any_test(pytester: pytest.Pytester) -> None:
    """A case has a node id, and `-k` knows its name."""
    write(pytester.path / "small", cases__c_yaml=CASES)
    run_cases(pytester, "small/cases/c.yaml::funded").assert_outcomes(passed=1)
    run_cases(pytester, "-k", "short").assert_outcomes(failed=1, deselected=1)


def test_the_packs_pass_as_a_teams_own_suite(pytester: pytest.Pytester) -> None:
    """The cases of all shipped packs are tests, those of watches among them."""
    done = run_cases(pytester, "-q", str(PACKS), "--rootdir", str(PACKS), "-p", "no:cacheprovider")
    assert done.ret == 0
    assert done.parseoutcomes()["passed"] > 280


def test_cases_elsewhere_are_named_by_an_option(pytester: pytest.Pytester) -> None:
    """`--admission-cases` takes a policy, or a folder of policies, that the run would not visit, and each case once."""
    write(pytester.path / "else" / "small", cases__c_yaml=CASES)
    pytester.makepyfile("def test_own(): pass")
    name = next(pytester.path.glob("test_*.py")).name
    run_cases(pytester, "--admission-cases=else", name).assert_outcomes(passed=2, failed=1)
    run_cases(pytester, "--admission-cases=else").assert_outcomes(passed=2, failed=1)


def test_a_policy_without_cases_is_a_wrong_call(pytester: pytest.Pytester) -> None:
    """An option that leads to no case at all is an error, not a pass."""
    folder = write(pytester.path / "small")
    done = run_cases(pytester, f"--admission-cases={folder}")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines([f"ERROR: --admission-cases: there are no cases beside {folder}"])


def test_a_faulty_case_file_fails_the_collection_with_its_diagnostics(pytester: pytest.Pytester) -> None:
    """A misspelt key in a case file is an error at its line; no test of the file runs, and there is no stack."""
    write(pytester.path / "small", cases__c_yaml=CASES.replace("expect", "expct", 1))
    done = run_cases(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*c.yaml:1:*: error[[]A213[]]: unknown key `expct`"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_a_faulty_policy_fails_the_collection_with_its_diagnostics(pytester: pytest.Pytester) -> None:
    """Cases beside a policy with faults are an error with the policy's diagnostics."""
    write(pytester.path / "small", SMALL.replace("require: funds", "require: fnds"), cases__c_yaml=CASES)
    done = run_cases(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*policy.yaml:*: error[[]A400[]]: unknown name `fnds`"])


@pytest.mark.parametrize(
    "text",
    [
        None,
        "apiVersion: v1\nkind: Policy\npolicy: x\n",
        "- policy: x\n",
        "\x00\x80",
        "a:\n  policy: x\n  version: 1\n  in_force: 1\n  languages: 1\n",
    ],
)
def test_other_yaml_files_are_left_alone(pytester: pytest.Pytester, text: str | None) -> None:
    """YAML in a folder `cases` is nobody's case unless a policy of ours stands beside the folder."""
    (pytester.path / "x" / "cases").mkdir(parents=True)
    (pytester.path / "x" / "cases" / "c.yaml").write_text("}{ not even yaml", encoding="utf-8")
    if text is not None:
        (pytester.path / "x" / "policy.yaml").write_bytes(text.encode("latin-1"))
    write(pytester.path / "small", rules__r_yaml="}{", other__cases__c_yaml="}{")
    assert run_cases(pytester).ret == pytest.ExitCode.NO_TESTS_COLLECTED
