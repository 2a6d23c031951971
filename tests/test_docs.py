"""Every example in the README and the docs runs and prints what it shows.

A fenced block is run by its first word: `python` blocks of a page share one namespace, a `yaml` block with `file=NAME`
is written to that file, and a `console` block runs each `$` line and compares what follows; `...` stands for anything.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w+)(?: +file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """The fenced blocks of a page: language, file, content."""
    return [(kind, name, text) for kind, name, text in BLOCK.findall(page.read_text(encoding="utf-8"))]


RUN = [page for page in PAGES if any(kind in ("python", "console") for kind, _, _ in blocks(page))]


def shell(command: str, folder: Path) -> str:
    """What one command prints, on either stream."""
    environment = {**os.environ, "LANG": "en_GB.UTF-8", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(  # noqa: S602 - our own documentation
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    return done.stdout + done.stderr


def is_like(shown: str, printed: str) -> bool:
    """Whether the output is what is shown, `...` standing for anything."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def run_console(text: str, folder: Path) -> None:
    """Run a console block, command by command."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        printed = shell(command, folder)
        assert is_like(shown, printed), f"$ {command}\n{printed}"


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_example_of_a_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples of a page run in the order in which they stand, in a folder with the policies and examples."""
    if page.name == "supervise.md":
        pytest.importorskip(
            "durable_rules_engine", exc_type=ImportError, reason="durable-rules cannot be imported here"
        )
    for name in ("policies", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "example"}
    for number, (kind, file, text) in enumerate(blocks(page)):
        if file:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(text, encoding="utf-8")
        elif kind == "python":
            script = tmp_path / f"block{number}.py"
            script.write_text(text, encoding="utf-8")
            exec(compile(text, str(script), "exec"), names)  # noqa: S102 - our own documentation
        elif kind == "console":
            run_console(text, tmp_path)
