"""The project itself: what is shipped, what an import costs, and that every example runs."""

import doctest
import importlib
import importlib.metadata
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import admission

HEAVY = {
    "chinese_calendar",
    "duckdb",
    "durable",
    "durable_rules_engine",
    "hypothesis",
    "numpy",
    "polars",
    "pyarrow",
    "pydantic",
    "pyspark",
    "pytest",
    "rich",
    "sqlalchemy",
    "sqlglot",
    "starlette",
    "yaml",
    "z3",
}
MODULES = {module.name for module in pkgutil.walk_packages(admission.__path__, "admission.")}
ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
RUNS_WHEN_IMPORTED = {"admission.__main__"}


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)


def test_types_are_shipped() -> None:
    """`py.typed` lies beside the code, so that a user's type checker reads our annotations."""
    assert (Path(admission.__file__).parent / "py.typed").is_file()


def test_the_version_is_written_once() -> None:
    """The version of the installed package is `admission.__version__`."""
    try:
        installed = importlib.metadata.version("admission")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("runs from the source tree: nothing is installed that could differ")
    assert installed == admission.__version__


def test_import_prints_nothing_and_starts_no_thread() -> None:
    """`import admission` leaves no trace but the module."""
    done = run("import threading, admission; assert threading.active_count() == 1, threading.enumerate()")
    assert (done.stdout, done.stderr) == ("", "")


def test_import_brings_nothing_heavy() -> None:
    """`import admission` imports none of the packages that an extra, a test or a later stage needs."""
    done = run("import sys, admission; print(*{name.partition('.')[0] for name in sys.modules})")
    assert set(done.stdout.split()) & HEAVY == set()


def test_import_reads_no_file() -> None:
    """`import admission` opens nothing but Python modules."""
    done = run(
        "import sys; opened = []\n"
        "sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == 'open' else None)\n"
        "import admission\n"
        "print(*[path for path in opened if not path.endswith(('.py', '.pyc'))], sep='\\n')"
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("module", "package", "extra", "use"),
    [
        ("hypothesis", "hypothesis", "testing", "import admission.testing"),
        ("sqlglot", "sqlglot", "sql", "policy.to_sql()"),
        ("sqlglot", "sqlglot", "sql", "policy.sql_columns()"),
        ("numpy", "numpy", "frames", "policy.decide_table(None)"),
        ("polars", "polars", "frames", "policy.decide_table(None)"),
        ("pyarrow", "pyarrow", "frames", "policy.decide_table(None)"),
        ("z3", "z3-solver", "verify", "import admission.backends.smt"),
    ],
)
def test_what_needs_an_extra_says_which(module: str, package: str, extra: str, use: str) -> None:
    """Without the packages of an extra, what needs them says what to run, and the rest works."""
    done = run(
        f"import sys; sys.modules[{module!r}] = None\n"
        "import admission\n"
        f"policy = admission.load({str(ROOT / 'policies/china')!r})\n"
        f"try: {use}\n"
        "except admission.MissingExtraError as error: print(error)"
    )
    assert done.stdout == f"this needs {package}; run: pip install 'admission[{extra}]'\n"


@pytest.mark.parametrize("name", sorted({"admission"} | MODULES - RUNS_WHEN_IMPORTED))
def test_every_example_in_a_docstring_runs(name: str) -> None:
    """An example in a docstring gives what it shows."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def links(page: Path) -> set[Path]:
    """The files that a page points to."""
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    return {(page.parent / target).resolve() for target in targets if "://" not in target}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    """A page points only to files that are there."""
    assert [str(path) for path in links(page) if not path.exists()] == []


def test_every_page_of_the_docs_is_listed() -> None:
    """docs/README.md lists every page, so that none is found by chance only."""
    index = ROOT / "docs" / "README.md"
    assert set(ROOT.glob("docs/**/*.md")) - {index} - links(index) == set()
