"""The pytest plugin: cases beside a policy are tests, and `--admission-policies` holds policies to every law.

One test a case, and one a law and policy. Nothing is imported or slowed where there is no policy to test.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from admission.pytest_cases import items_of, pytest_collect_file

if TYPE_CHECKING:
    from admission.engine import Policy

__all__ = ["pytest_collect_file"]
EXAMPLES = 200
SEED = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which policies to test, and how hard."""
    group = parser.getgroup("admission", "cases and laws of admission policies")
    group.addoption(
        "--admission-cases",
        action="append",
        default=[],
        metavar="PATH",
        help="run the cases beside the policy, or beside every policy of the folder, wherever it is",
    )
    group.addoption(
        "--admission-policies",
        action="append",
        default=[],
        metavar="PATH",
        help="hold the policy, or every policy of the folder, to the laws that checked policies keep",
    )
    group.addoption(
        "--admission-examples",
        type=positive,
        metavar="N",
        help=f"tasks drawn for each law and policy (default: those of --hypothesis-profile, else {EXAMPLES})",
    )
    group.addoption(
        "--admission-random",
        action="store_true",
        help="draw other tasks at every run, instead of the same ones; --hypothesis-seed repeats one",
    )


def positive(text: str) -> int:
    """A whole number above 0. Raises `ArgumentTypeError` for one that is none."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, found `{text}`")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed of a run on other tasks, so that it can be told."""
    if config.getoption("--admission-random"):
        config.stash[SEED] = random.SystemRandom().randrange(2**32)


def pytest_report_header(config: pytest.Config) -> str | None:
    """How to repeat a run on other tasks."""
    seed = seed_of(config)
    return None if seed is None else f"admission: seed {seed}, repeated by --hypothesis-seed={seed}"


def seed_of(config: pytest.Config) -> int | None:
    """The seed for what is drawn; None for the same tasks at every run."""
    if not config.getoption("--admission-policies"):
        return None
    given = config.getoption("--hypothesis-seed", None)  # an option of Hypothesis's own plugin, where that is on
    return int(given) if given and given.isdecimal() else config.stash.get(SEED, None)


def examples_of(config: pytest.Config) -> int:
    """How many tasks are drawn for each law."""
    given: int | None = config.getoption("--admission-examples")
    if given is None and config.getoption("--hypothesis-profile", None):
        from hypothesis import settings

        return settings().max_examples
    return given or EXAMPLES


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for each law and policy, and for each case of the policies that the option names."""
    for path in config.getoption("--admission-cases"):
        collected = {item.path for item in items}
        items.extend(item for item in items_of(session, Path(path)) if item.path not in collected)
    for path in config.getoption("--admission-policies"):
        items.extend(_items(session, Path(path)))


def _items(session: pytest.Session, path: Path) -> Iterator[pytest.Item]:
    from admission.engine import policy_folders

    for folder in policy_folders(path) or (path,):
        laws = PolicyLaws.from_parent(session, name=str(folder), path=folder.resolve())
        report = laws.ihook.pytest_make_collect_report(collector=laws)
        laws.ihook.pytest_collectreport(report=report)  # so that the tests are counted
        yield from report.result


class PolicyLaws(pytest.Collector):
    """One policy; collects a test for each law."""

    def __init__(self, **options: Any) -> None:
        self.where: Path = options.pop("path")
        super().__init__(**options)
        self._policy: Policy | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each law."""
        from admission.testing.laws import LAWS

        for law in LAWS:
            yield LawItem.from_parent(self, name=law)

    def policy(self) -> Policy:
        """The policy, loaded once."""
        if self._policy is None:
            from admission.engine import load

            self._policy = load(self.where)
        return self._policy


class LawItem(pytest.Item):
    """One law, tested on one policy."""

    def runtest(self) -> None:
        """Draw tasks and hold the policy to the law."""
        from admission.testing.laws import LAWS, run_law

        assert isinstance(self.parent, PolicyLaws)  # noqa: S101 - from_parent was given it
        run_law(
            self.parent.policy(),
            LAWS[self.name],
            max_examples=examples_of(self.config),
            seed=seed_of(self.config),
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What the law or the loader has to say, without the library's own stack."""
        from admission.diagnostics import PolicyError
        from admission.testing.reports import LawBroken

        if isinstance(excinfo.value, (LawBroken, PolicyError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the test stands: its policy."""
        return self.path, None, f"{self.parent.name if self.parent else ''}::{self.name}"
