"""The pages of the codes: `admission check --explain CODE`.

Every page has an example that gives its code and one that does not. Blocks with `file=NAME` are written to that file; a
`yaml` block without is `rules/example.yaml` of the base policy; a `console` block says what to run, else it is
`admission check .`. A `text` block under the bad example is what the run says of the code, in both languages.
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from admission.cli import main
from admission.cli.codes import page, title
from admission.diagnostics.catalogue import KINDS

BASE = files("admission.cli").joinpath("codes_pages", "base.yaml").read_text(encoding="utf-8")
HEADINGS = ("## 错例 · Bad", "## 正例 · Good")
FENCED = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Their bad example is told in words, with the reason why; each but the first rows is reached by a test named here.
TOLD: Mapping[str, str] = {
    "A810": "no policy is known that gives it",
    "A812": "no construct of the language is without its term at present",
    "A102": "a file of 17 MiB: test_task_files, test_what_is_too_large",
    "A103": "bytes that are not UTF-8 cannot stand in a page: test_what_cannot_stand_in_a_page",
    "A105": "a control character cannot stand in a page: test_what_cannot_stand_in_a_page",
    "A110": "two million nodes: test_what_is_too_large",
    "A302": "ten thousand characters: test_what_is_too_large",
    "A303": "a hundred brackets: test_what_is_too_large",
    "A427": "definitions eleven deep: test_what_is_too_large",
    "A906": "a line of a million characters: test_task_files",
    "A915": "a text of ten thousand characters: test_what_is_too_large",
    "A517": "said to a program, not on the command line: test_engine",
    "A920": "the command line takes today: test_engine",
    "A924": "said to a program: test_engine",
    "A937": "said to a program: test_supervision",
    "A938": "said to a program: test_supervision",
    "A713": "a limit of the engine: test_rete_matcher",
    "A940": "in the engine's own words: test_bulk_files",
    "A942": "a Parquet file cannot stand in a page: test_bulk_rejects",
    "A946": "a book of two policies: test_bulk",
    "A899": "depends on the time: test_analysis",
    "A909": "depends on what is installed: test_cli",
}
NEEDS = {"A8": "z3", "A94": "duckdb", "A93": "durable_rules_engine", "A711": "durable_rules_engine"}


class Example(NamedTuple):
    """One example of a page: its files, the arguments of the run, what it shows."""

    files: Mapping[str, str]
    arguments: tuple[str, ...]
    shown: str | None


def example(code: str, which: int) -> Example:
    """The bad (0) or good (1) example of a page."""
    text = (page(code) or "").split(HEADINGS[which])[1].split(HEADINGS[1])[0]
    written, arguments, shown = {}, ("check", ".", "--no-proofs"), None
    for kind, name, content in FENCED.findall(text):
        if kind == "console":
            arguments = tuple(content.removeprefix("$ admission ").split())
        elif kind == "text" and not name:
            shown = content
        else:
            written[name or "rules/example.yaml"] = content
    return Example(written, arguments, shown)


def run(one: Example, folder: Path, lang: str) -> str:
    """What a run says on stderr, in a folder with the base policy and the files of the example."""
    # Where the example is a layer of its own, the base policy stands beside it under its name.
    is_layer = "extends: base" in one.files.get("policy.yaml", "")
    here = folder / "layer" if is_layer else folder / "here"
    for path, content in {"../base/policy.yaml" if is_layer else "policy.yaml": BASE, **one.files}.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_text(content, encoding="utf-8")
    said = io.StringIO()
    with contextlib.chdir(here), contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        main([*one.arguments, "--lang", lang])
    return said.getvalue()


def first_lines(said: str, code: str) -> list[str]:
    """The lines of a run that are about a code."""
    return [line for line in said.splitlines() if f"[{code}]" in line]


RUN = sorted(set(KINDS) - set(TOLD))


def runnable(code: str) -> object:
    """A code, marked where its engine is not installed here."""
    needed = next((package for start, package in NEEDS.items() if code.startswith(start)), None)
    missing = needed is not None and find_spec(needed) is None
    return pytest.param(code, marks=pytest.mark.skipif(missing, reason=f"{needed} is not installed"))


def test_every_code_has_a_page() -> None:
    """There is a page for every code of the catalogue, and for no other."""
    folder = files("admission.cli").joinpath("codes_pages")
    there = {entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md")}
    assert there == set(KINDS)


def test_the_list_of_codes_is_up_to_date() -> None:
    """docs/codes.md lists every code, with a link to its page that leads there."""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, root / "tools" / "generate_codes.py", "--check"], check=False)
    assert done.returncode == 0
    linked = re.findall(r"\]\((\S+/(A\d+)\.md)\)", (root / "docs" / "codes.md").read_text(encoding="utf-8"))
    assert [code for _, code in linked] == sorted(KINDS)
    assert all((root / "docs" / path).is_file() for path, _ in linked)


@pytest.mark.parametrize("code", sorted(KINDS))
def test_a_page_says_what_and_why(code: str) -> None:
    """A page says what the code means and why it matters, a line in each language, and has both examples."""
    text = page(code) or ""
    head, *rest = text.split("\n\n")
    chinese, english, why_chinese, why_english = rest[:4]
    assert head == f"# {code}"
    assert (chinese, english) == (title(code, "zh"), title(code, "en"))
    assert re.search("[\u4e00-\u9fff]", why_chinese)
    assert why_english.isascii()
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(HEADINGS)


@pytest.mark.parametrize("code", [runnable(code) for code in RUN])
def test_the_bad_example_gives_the_code(code: str, tmp_path: Path) -> None:
    """The bad example gives the code, at the line and column and in the very words that the page shows."""
    bad = example(code, 0)
    lines = [first_lines(run(bad, tmp_path / lang, lang), code) for lang in ("en", "zh")]
    assert lines[0], "the bad example does not give the code"
    assert bad.shown is not None
    assert [line for said in lines for line in said] == bad.shown.splitlines()


@pytest.mark.parametrize("code", [runnable(code) for code in RUN])
def test_the_good_example_does_not(code: str, tmp_path: Path) -> None:
    """The good example gives no error, and not the code."""
    good = example(code, 1)
    said = run(good, tmp_path, "en")
    assert f"[{code}]" not in said
    assert "error[" not in said


@pytest.mark.parametrize("code", sorted(KINDS))
def test_explain_prints_the_page(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`admission check --explain CODE` prints the page in the language asked for, whatever the case of the letter."""
    text = page(code) or ""
    chinese, english, why_chinese, why_english = text.split("\n\n")[1:5]
    for lang, there, absent in (
        ("zh", (chinese, why_chinese), why_english),
        ("en", (english, why_english), why_chinese),
    ):
        assert main(["check", "--explain", code.lower(), "--lang", lang]) == 0
        printed = capsys.readouterr().out
        assert printed.split("\n\n")[:3] == [f"# {code}", *there]
        assert absent not in printed
        assert [block for block in FENCED.findall(printed) if block[0] != "text"] == [
            block for block in FENCED.findall(text) if block[0] != "text"
        ]


def test_explain_leaves_out_the_other_language(capsys: pytest.CaptureFixture[str]) -> None:
    """The page in one language: its title, why, both examples, and what a run says in that language."""
    assert main(["check", "--explain", "A104", "--lang", "en"]) == 0
    assert capsys.readouterr().out == (
        "# A104\n\nthe file is empty\n\nAn empty file says nothing.\n\n"
        "## Bad\n\n```yaml file=policy.yaml\n# nothing yet\n```\n\n"
        "```text\npolicy.yaml:1:1: error[A104]: the file is empty\n```\n\n"
        "## Good\n\nThe base policy.\n"
    )
    assert main(["check", "--explain", "A104", "--lang", "zh"]) == 0
    assert capsys.readouterr().out == (
        "# A104\n\n文件是空的\n\n空文件不是规则。\n\n"
        "## 错例\n\n```yaml file=policy.yaml\n# nothing yet\n```\n\n"
        "```text\npolicy.yaml:1:1: error[A104]: 文件是空的\n```\n\n"
        "## 正例\n\n样例规则本身。\n"
    )


@pytest.mark.parametrize(("given", "meant"), [("A1114", ["  = help: did you mean `A114`?"]), ("B-52", []), ("", [])])
def test_an_unknown_code_is_said(given: str, meant: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A code that there is not is an error of the call, exit 2, with the nearest one there is."""
    assert main(["check", "--explain", given, "--lang", "en"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [f"error[A908]: --explain={given} will not do: expected a code such as A114", *meant]


def test_the_base_policy_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The base policy of the examples has nothing to complain of, so that what is said is about the example."""
    (tmp_path / "policy.yaml").write_text(BASE, encoding="utf-8")
    assert main(["check", str(tmp_path), "--deny-warnings", "--lang", "en"]) == 0
    assert capsys.readouterr().out == "1 checked, nothing to complain of\n"
