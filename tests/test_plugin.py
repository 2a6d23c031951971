"""The pytest plugin and the long run: a team holds its own policies to the laws."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PACKS = Path(__file__).parents[1] / "policies"


def test_one_test_for_each_law_and_policy(pytester: pytest.Pytester) -> None:
    """`--admission-policies` holds every policy of a folder to every law, one test each."""
    done = pytester.runpytest_subprocess("-v", f"--admission-policies={PACKS}", "--admission-examples=2")
    done.assert_outcomes(passed=3 * 7)
    done.stdout.fnmatch_lines(["*beijing*honest_unknowns PASSED*"])


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
    done.assert_outcomes(failed=7)
    done.stdout.fnmatch_lines(["*error?A209?: `version` is missing*"])
    done.stdout.no_fnmatch_line("*Traceback*")


def test_the_long_run_prints_its_seed_and_finds_nothing_in_a_sound_policy(tmp_path: Path) -> None:
    """`python -m admission.testing` runs each law at least once, prints its seed and exits with 0."""
    command = [sys.executable, "-m", "admission.testing", "--minutes", "0", "--seed", "5", str(PACKS / "china")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "seed 5\n1,400 tasks drawn, 0 law(s) broken\n"
    assert not (tmp_path / "failures").exists()
