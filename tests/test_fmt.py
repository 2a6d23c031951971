"""`admission fmt`: canonical layout, comments kept, nothing else said than before."""

import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission.cli import main
from admission.diagnostics import Collector, Source
from admission.frontend.layout import WIDTH, comments_of, formatted, laid_out, said
from admission.frontend.loader import parse
from profiles import examples
from small import SMALL, write

ROOT = Path(__file__).parents[1]
OWN = [ROOT / "policies", ROOT / "src" / "admission" / "cli" / "template", ROOT / "examples"]


def form(text: str) -> str:
    """The layout of a text that parses."""
    found = formatted(Source("a.yaml", text), Collector())
    assert found is not None
    return found


# --------------------------------------------------------------------------------------------- properties

WORDS = st.sampled_from(
    ["a", "b1", "经费", "no", "1.50", "2019-08-03", "x y", "cost >= 0 and b", '"q # 1"', "'it''s'", "~"]
)
KEYS = st.sampled_from(["id", "when", "zh", "en", "require", "费用", "k1", "k2", "k3"])
COMMENTS = st.sampled_from(["# c", "#", "#! 注", "# a: [b, {c", "# 'q\" |"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(KEYS, inner, min_size=1, max_size=4),
    max_leaves=12,
)


class Writer:
    """Writes a value in some layout, with comments wherever YAML takes one."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def beside(self) -> str:
        """A comment at the end of a line, now and then."""
        return self.draw(st.sampled_from(["", "", "", "  ", " #c", "    # beside"]))

    def above(self, indent: int) -> list[str]:
        """Comments and blank lines before an entry, at any indentation."""
        kinds = self.draw(st.lists(st.sampled_from(["blank", "comment"]), max_size=2))
        lines = {"blank": "", "comment": " " * self.draw(st.integers(0, indent + 3)) + self.draw(COMMENTS)}
        return [lines[kind] for kind in kinds]

    def flow(self, value: Any) -> str:
        """In brackets, spaced anyhow."""
        gap = self.draw(st.sampled_from(["", " ", "   "]))
        match value:
            case list():
                return "[" + gap + ", ".join(self.flow(item) for item in value) + gap + "]"
            case dict():
                return (
                    "{" + gap + f",{gap} ".join(f"{key}: {self.flow(item)}" for key, item in value.items()) + gap + "}"
                )
            case _:
                return str(value)

    def block(self, value: Any, indent: int) -> list[str]:
        """A line an entry."""
        if not isinstance(value, (list, dict)):
            return [" " * indent + str(value) + self.beside()]
        lines: list[str] = []
        entries = value.items() if isinstance(value, dict) else [(None, item) for item in value]
        for key, item in entries:
            lines += self.above(indent) + self.entry(key, item, indent)
        return lines + self.above(indent)

    def entry(self, key: str | None, item: Any, indent: int) -> list[str]:
        """One entry of a mapping or list."""
        head = " " * indent + ("-" if key is None else f"{key}:")
        if isinstance(item, str) and self.draw(st.integers(0, 5)) == 0:
            text = [" " * (indent + 3) + line if line else "" for line in ("one", "  two # no comment", "", "three")]
            return [
                f"{head} {self.draw(st.sampled_from(['|', '>', '|-', '>-', '|+', '>2', '|2-'][:5]))}{self.beside()}",
                *text,
            ]
        if not isinstance(item, (list, dict)) or self.draw(st.booleans()):
            return [f"{head} {self.flow(item)}{self.beside()}"]
        return [head + self.beside(), *self.block(item, indent + self.draw(st.integers(1, 4)))]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document in some layout."""
    root = draw(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4) | st.lists(VALUES, min_size=1, max_size=3))
    return "\n".join(Writer(draw).block(root, 0)) + "\n"


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(text=documents())
def test_nothing_is_said_otherwise_and_no_comment_is_lost(text: str) -> None:
    """Whatever the layout: the same values in the same order, the same comments, and a second time changes nothing."""
    source = Source("a.yaml", text)
    root = parse(source, Collector())
    if root is None:
        assert formatted(source, Collector()) is None
        return
    result = laid_out(source, root)
    again = Source("a.yaml", result)
    reread = parse(again, Collector())
    assert reread is not None, result
    assert said(reread) == said(root)
    kept, before = (sorted(c.text for c in comments_of(s, r)) for s, r in ((again, reread), (source, root)))
    assert kept == before
    assert form(result) == result
    assert "\n\n\n" not in result or any(mark in text for mark in "|>")


@pytest.mark.parametrize("folder", OWN, ids=lambda path: path.name)
def test_what_ships_is_in_canonical_layout(folder: Path) -> None:
    """The packs, the template and the examples are as `fmt` would have them."""
    assert main(["fmt", "--check", str(folder)]) == 0


# ----------------------------------------------------------------------------------------------- examples

CASES = [
    ("a:   1\n", "a: 1\n"),
    ("a:\n    b: 1\n    c:\n          - x\n          - y\n", "a:\n  b: 1\n  c:\n    - x\n    - y\n"),
    ("a:\n- x\n-   y\n", "a:\n  - x\n  - y\n"),
    ("- id: x\n  b: 1\n-\n  id: y\n", "- id: x\n  b: 1\n- id: y\n"),
    ("a: [ x,y ,\n  z ]\n", "a: [x, y, z]\n"),
    ("a: {b: 1, # why\n c: 2}\n", "a:\n  b: 1  # why\n  c: 2\n"),
    ("# top\n\n\n\na: 1 # beside\n# below\n", "# top\n\na: 1  # beside\n# below\n"),
    ("a:\n  b: 1\n  # of a\n# of none\nc: 2\n", "a:\n  b: 1\n  # of a\n# of none\nc: 2\n"),
    ("a: one\n   two\n", "a: one two\n"),
    ("a: |\n     one\n       two\n\nb: 2\n", "a: |\n  one\n    two\n\nb: 2\n"),
    ("a: \nb:\n", "a:\nb:\n"),
    ("---\na: 1\n", "a: 1\n"),
    ("a: []\nb: {}\n", "a: []\nb: {}\n"),
    ('a: "x # y"   # z\n', 'a: "x # y"  # z\n'),
    ("a: 1\r\nb: 2", "a: 1\nb: 2\n"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_canonical_layout(text: str, expected: str) -> None:
    """Two spaces a level, one space after a colon, two before a comment, single blank lines, a newline at the end."""
    assert form(text.replace("\r\n", "\n")) == expected


def test_a_collection_in_brackets_is_broken_where_its_line_is_full() -> None:
    """Entries fill the line; each further line begins below the first entry."""
    names = [f"name_{place:03}" for place in range(20)]
    first, second = form(f"list: [{', '.join(names)}]\n").splitlines()
    assert len(first) <= WIDTH < len(first) + len(names[0]) + 2
    assert second.startswith(" " * len("list: [") + "name_")


# ----------------------------------------------------------------------------------------- the command


def test_a_file_is_rewritten_with_its_permissions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What changed is named; mode and digest stay; a second run says nothing."""
    folder = write(tmp_path / "small", SMALL.replace("\n  kind:", "\n  # of kind\n  kind:   "))
    before = admission.load(folder).digest
    path = folder / "policy.yaml"
    path.chmod(0o640)
    assert main(["fmt", str(folder), "--lang", "en"]) == 0
    assert capsys.readouterr().out == f"formatted {path}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert admission.load(folder).digest == before
    assert main(["fmt", str(folder)]) == 0
    assert capsys.readouterr().out == ""
    assert sorted(p.name for p in folder.iterdir()) == ["policy.yaml"]


def test_check_shows_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, a unified diff, and the file as it was."""
    path = tmp_path / "a.yaml"
    path.write_text("a:   1\n", encoding="utf-8")
    assert main(["fmt", "--check", str(path)]) == 1
    assert capsys.readouterr().out == f"--- {path}\n+++ {path}\n@@ -1 +1 @@\n-a:   1\n+a: 1\n"
    assert path.read_text(encoding="utf-8") == "a:   1\n"


def test_what_cannot_be_parsed_is_reported_and_the_rest_formatted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 with the line; the broken file stays as it is, the other is put in order."""
    (tmp_path / "a.yaml").write_text("a: [1\n", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("b:  1\n", encoding="utf-8")
    assert main(["fmt", str(tmp_path), str(tmp_path / "none.yaml"), "--lang", "en"]) == 2
    said_of = capsys.readouterr().err
    assert f"{tmp_path / 'a.yaml'}:1:4: error[A106]" in said_of
    assert "none.yaml" in said_of
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8") == "a: [1\n"
    assert (tmp_path / "b.yaml").read_text(encoding="utf-8") == "b: 1\n"


def test_standard_input_goes_to_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`-` reads and prints; nothing is written anywhere."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("a:   经费\n".encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == "a: 经费\n"


def test_programs_are_told_a_line_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--format json`: every file, whether it changed, and the difference where nothing is written."""
    loose, neat = tmp_path / "a.yaml", tmp_path / "b.yaml"
    loose.write_text("a:   1\n", encoding="utf-8")
    neat.write_text("b: 1\n", encoding="utf-8")
    assert main(["fmt", "--check", "--format", "json", str(tmp_path)]) == 1
    checked = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert checked == [
        {"file": str(loose), "changed": True, "diff": f"--- {loose}\n+++ {loose}\n@@ -1 +1 @@\n-a:   1\n+a: 1\n"},
        {"file": str(neat), "changed": False, "diff": ""},
    ]
    assert main(["fmt", "--format", "json", str(tmp_path)]) == 0
    written = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert written == [{"file": str(loose), "changed": True}, {"file": str(neat), "changed": False}]
    assert loose.read_text(encoding="utf-8") == "a: 1\n"
