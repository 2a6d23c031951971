"""Cases as pytest items: `pytest policies/` runs the case files beside a policy, one test a case.

A YAML file is taken for a case file only where it lies in `cases/` (or `event_cases/`) beside a `policy.yaml` that
begins like one of ours. Nothing of the library is imported before there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from admission.cases import Case, EventCase, EventResult, Result
    from admission.engine import Policy

FOLDERS = ("cases", "event_cases")
HEAD = 64 * 1024  # characters of a policy.yaml in which its head must stand
_KEYS = tuple(re.compile(rf"^{key}[ \t]*:", re.MULTILINE) for key in ("policy", "version", "in_force", "languages"))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """A case file beside a policy; None for every other file."""
    if file_path.suffix != ".yaml" or file_path.parent.name not in FOLDERS:
        return None
    if not is_policy(file_path.parent.parent):
        return None
    return CaseFile.from_parent(parent, path=file_path)


@cache
def is_policy(folder: Path) -> bool:
    """Whether a folder holds one of our policies, by the required keys of its head; the file is not parsed."""
    try:
        with (folder / "policy.yaml").open(encoding="utf-8") as file:
            head = file.read(HEAD)
    except (OSError, UnicodeDecodeError):
        return False
    return all(key.search(head) for key in _KEYS)


class Broken(Exception):  # noqa: N818 - a failing case is no error of the program
    """A case that came out otherwise than expected; the text says how and why."""


class CaseFile(pytest.File):
    """A file of cases; a fault in it, or in its policy, fails the collection with the diagnostics."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each case, in the order of the file."""
        from admission.cases import read_cases, read_event_cases
        from admission.diagnostics import AdmissionError, Collector

        faults = Collector()
        read = read_cases if self.path.parent.name == "cases" else read_event_cases
        try:
            cases = read(self.policy.checked, [self.path], faults)
        except AdmissionError as error:
            raise self.CollectError(str(error)) from None
        if len(faults):
            from admission.diagnostics.rendering import render_all

            raise self.CollectError(render_all(faults, self.lang))
        for case in cases:
            yield CaseItem.from_parent(self, name=case.id, case=case)

    @property
    def policy(self) -> Policy:
        """The policy beside the file, loaded once a session."""
        loaded: dict[Path, Policy] = self.config.stash.setdefault(_POLICIES, {})
        folder = self.path.parent.parent
        if folder not in loaded:
            from admission.engine import load

            loaded[folder] = load(folder)
        return loaded[folder]

    @property
    def lang(self) -> Any:
        """The language in which failures are told: the locale's."""
        from admission.cli.terminal import language_of_locale

        return language_of_locale()


class CaseItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case | EventCase, **options: Any) -> None:
        super().__init__(**options)
        self.case = case

    def runtest(self) -> None:
        """Decide the case; skips an event case where the engine of the extra `supervision` is not there."""
        from admission.cases import telling
        from admission.diagnostics import MissingExtraError

        try:
            result = self._result()
        except MissingExtraError as error:
            pytest.skip(str(error))
        if not result.is_passed:
            raise Broken(telling.failure_of(result, self.file.lang))

    def _result(self) -> Result | EventResult:
        from admission.cases import Case, run_cases, run_event_cases

        policy = self.file.policy
        if isinstance(self.case, Case):
            return next(run_cases(policy.decide_given, [self.case]))
        return next(run_event_cases(policy.supervise, [self.case]))

    @property
    def file(self) -> CaseFile:
        """The file it stands in."""
        assert isinstance(self.parent, CaseFile)  # noqa: S101 - CaseFile.collect made it
        return self.parent

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What was expected, what came out, and why, without the library's own stack."""
        if isinstance(excinfo.value, Broken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the case stands: file, line from 0, and its id."""
        line = int(self.case.place.rpartition(":")[2])
        return self.path, line - 1, self.name


_POLICIES = pytest.StashKey[dict[Path, Any]]()


def items_of(session: pytest.Session, path: Path) -> Iterator[pytest.Item]:
    """The cases beside a policy, or beside every policy of a folder, for `--admission-cases`."""
    from admission.engine import policy_folders

    for folder in policy_folders(path) or (path,):
        files = [file for name in FOLDERS for file in sorted((folder / name).glob("*.yaml"))]
        if not files:
            raise pytest.UsageError(f"--admission-cases: there are no cases beside {folder}")
        for file in (file.resolve() for file in files):
            try:
                yield from CaseFile.from_parent(session, path=file).collect()
            except CaseFile.CollectError as error:
                raise pytest.UsageError(str(error)) from None
