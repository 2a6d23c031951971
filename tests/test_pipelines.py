"""The hook for pre-commit and the workflow for GitHub, as docs/howto/check.md shows them."""

from __future__ import annotations

import json
import re
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from admission.cli import main

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "howto" / "check.md").read_text(encoding="utf-8")
POLICY = files("admission.cli").joinpath("template", "policy.yaml").read_text(encoding="utf-8")


def shown(path: str) -> Any:
    """The file that the page shows under a path."""
    (text,) = re.findall(rf"^```yaml file={re.escape(path)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return yaml.safe_load(text)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one policy."""
    (tmp_path / "policies" / "my_policy").mkdir(parents=True)
    (tmp_path / "policies" / "my_policy" / "policy.yaml").write_text(POLICY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def break_it(repository: Path) -> None:
    """Misspell a key of the policy."""
    path = repository / "policies" / "my_policy" / "policy.yaml"
    path.write_text(POLICY.replace("    when: assists", "    wehn: assists"), encoding="utf-8")


HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}


@pytest.mark.parametrize("arguments", [HOOKS["admission-check"]["args"], None])
def test_the_hook_refuses_a_broken_policy(arguments: list[str] | None, repository: Path) -> None:
    """The hook runs with its own arguments and with those that the page shows: 0 for a clean policy, 2 for a broken."""
    hook = HOOKS["admission-check"]
    configured = shown(".pre-commit-config.yaml")["repos"][0]["hooks"][0]
    assert configured["id"] == hook["id"]
    command = [*shlex.split(hook["entry"]), *(configured["args"] if arguments is None else arguments)]
    assert command[0] == "admission"
    assert hook["pass_filenames"] is False
    assert main(command[1:]) == 0
    break_it(repository)
    assert main(command[1:]) == 2


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("policies/beijing/rules/1-routes.yaml", True),
        ("policies/beijing/registers/form_limits.csv", True),
        ("policies/beijing/sources/notice.txt", True),
        ("README.md", False),
    ],
)
def test_the_hook_runs_when_a_file_of_a_policy_changes(path: str, matters: bool) -> None:
    """Rules, registers and the texts of sources set the hook off; other files do not."""
    assert bool(re.search(HOOKS["admission-check"]["files"], path)) is matters


def run(repository: Path, capsys: pytest.CaptureFixture[str]) -> list[int]:
    """The exit codes of the steps of the workflow that run `admission`; what is redirected is written."""
    exit_codes = []
    for step in shown(".github/workflows/policies.yml")["jobs"]["check"]["steps"]:
        if str(step.get("run", "")).startswith("admission "):
            command, _, redirected = step["run"].partition(" > ")
            exit_codes.append(main([*shlex.split(command)[1:], "--lang", "en"]))
            printed = capsys.readouterr().out
            if redirected:
                (repository / redirected).write_text(printed, encoding="utf-8")
            elif printed:
                (repository / "annotations").write_text(printed, encoding="utf-8")
    return exit_codes


def test_the_workflow_fails_for_a_broken_policy(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The steps of the workflow pass a clean policy; a broken one is annotated at its line and logged as SARIF."""
    assert run(repository, capsys) == [0, 0]
    assert json.loads((repository / "admission.sarif").read_text(encoding="utf-8"))["runs"][0]["results"] == []
    break_it(repository)
    assert run(repository, capsys) == [2, 2]
    line = POLICY[: POLICY.index("    when: assists")].count("\n") + 1
    annotation = (repository / "annotations").read_text(encoding="utf-8")
    place = f"file=policies/my_policy/policy.yaml,line={line},col=5"
    assert annotation.startswith(f"::error {place},title=admission A213::unknown key `wehn`%0Adid you mean `when`?")
    (result,) = json.loads((repository / "admission.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "policies/my_policy/policy.yaml"
    assert (location["region"]["startLine"], location["region"]["startColumn"]) == (line, 5)
