"""The cases of the packs notice a change of one token; `tools/mutate.py` says which they do not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


def mutate(folder: Path, sample: int) -> subprocess.CompletedProcess[str]:
    """Run the tool on a sample of changes."""
    command = [sys.executable, str(ROOT / "tools" / "mutate.py"), str(folder), "--sample", str(sample)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
def test_no_change_of_one_token_goes_unnoticed(pack: str) -> None:
    """Of a sample of changes, the pack's cases kill each that decides some task otherwise."""
    done = mutate(ROOT / "policies" / pack, 10)
    assert done.returncode == 0, done.stdout
    assert "0 survivor; score 100.0 %" in done.stdout


def test_a_missing_case_shows(tmp_path: Path) -> None:
    """Without its cases a pack's changes survive, and the tool says where, and exits with 1."""
    book = Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))
    shutil.rmtree(book / "china" / "cases")
    done = mutate(book / "china", 10)
    assert done.returncode == 1
    assert "survivor: rules/" in done.stdout
