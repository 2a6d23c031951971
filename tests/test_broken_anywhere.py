"""One fault anywhere in a policy that uses the whole language is told on its own line, in both languages, and alone.

The rows stand in `tests/broken_rows.py`. What loads in spite of an oddity is here too, so that nobody is refused for
what an editor or a spreadsheet did.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from admission.cli import main
from broken_rows import PLAN, POLICY, ROWS, Row

BASE = Path(__file__).parent / "broken"
TEXT = (BASE / POLICY).read_text(encoding="utf-8")
TABLE = (BASE / PLAN).read_text(encoding="utf-8")
NOTICE = "sources/notice.txt"
CHINESE = re.compile("[\u4e00-\u9fff]")


def changed(folder: Path, file: str, content: bytes) -> Path:
    """The policy with one file changed."""
    shutil.copytree(BASE, folder)
    (folder / file).write_bytes(content)
    return folder


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    """The exit code of a strict check and what it says."""
    exit_code = main(["check", str(folder), "--no-proofs", "--deny-warnings", "--format", "json"])
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return exit_code, said


def test_the_policy_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """The policy that is broken below has nothing to complain of, its proofs included."""
    assert main(["check", str(BASE), "--deny-warnings", "--lang", "en"]) == 0
    assert capsys.readouterr().out == "1 checked, nothing to complain of\n"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[3][0]}-{row[2][:30]}")
def test_a_fault_is_told_where_it_is(row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each code of the row is told once on a line of what was changed, in Chinese and English, and nothing else is."""
    file, old, new, codes = row
    text = (BASE / file).read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    exit_code, said = told(changed(tmp_path / "p", file, text.encode()), capsys)
    assert tuple(one["code"] for one in said) == codes
    assert exit_code == (1 if all(code.startswith("A0") for code in codes) else 2)
    first = text[: text.index(new)].count("\n") + 1
    lines = range(first, first + new.rstrip("\n").count("\n") + 1)
    assert all(one["file"] == str(tmp_path / "p" / file) and one["line"] in lines for one in said)
    assert all(CHINESE.search(one["message_zh"]) and not CHINESE.search(_plain(one["message"])) for one in said)
    assert all(bool(one["help"]) == bool(one["help_zh"]) for one in said)


def _plain(message: str) -> str:
    """A message without what it quotes from the policy."""
    return re.sub(r"`[^`]*`", "", message.split(": 第", maxsplit=1)[0])


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        (POLICY, TEXT.encode()[: TEXT.encode().index("通知".encode()) + 2], [("A103", POLICY, 13)]),
        (POLICY, TEXT.encode("utf-16"), [("A103", POLICY, 1)]),
        (POLICY, b"   \n\n", [("A104", POLICY, 1)]),
        (POLICY, b"null\n", [("A104", POLICY, 1)]),
        (POLICY, f"{TEXT}---\nmore: 1\n".encode(), [("A112", POLICY, TEXT.count("\n") + 1)]),
        (POLICY, f"{TEXT}...\nmore: 1\n".encode(), [("A106", POLICY, TEXT.count("\n") + 2)]),
        (POLICY, TEXT.replace('"1"', "[" * 5000 + "]" * 5000, 1).encode(), [("A111", POLICY, 2)]),
        (POLICY, TEXT.replace('"1"', "[" * 5000, 1).encode(), [("A111", POLICY, 2)]),
        (POLICY, TEXT.replace('"1"', "{a: " * 5000 + "1" + "}" * 5000, 1).encode(), [("A111", POLICY, 2)]),
        (POLICY, TEXT.replace('"1"', "\n  " + "- " * 5000 + "1", 1).encode(), [("A111", POLICY, 3)]),
        (
            POLICY,
            TEXT.replace("when: agreed\n", f"when: {'(' * 3000}agreed{')' * 3000}\n").encode(),
            [("A303", POLICY, 143)],
        ),
        (POLICY, TEXT.replace("when: agreed\n", f"when: {'not ' * 5000}agreed\n").encode(), [("A302", POLICY, 143)]),
        (POLICY, TEXT.replace("cost > 0", f"cost > {'-' * 2000}1", 1).encode(), [("A303", POLICY, 123)]),
        (
            POLICY,
            TEXT.replace("\n", "\r\n").replace("efect", "").replace("effect", "efect").encode(),
            [("A213", POLICY, 136)],
        ),
        (POLICY, TEXT.replace("\n", "\r").replace("effect", "efect").encode(), [("A213", POLICY, 136)]),
        (PLAN, b"", [("A511", PLAN, 1)]),
        (PLAN, b"item,budget\na,1\na,2\n", [("A508", PLAN, 3)]),
        (PLAN, "item,budget\n普查,1\n".encode("gbk"), [("A103", PLAN, 2)]),
        (PLAN, TABLE.replace(",", ";").encode(), [("A518", PLAN, 1)]),
        (PLAN, TABLE.replace(",", "\t").encode(), [("A518", PLAN, 1)]),
        (PLAN, TABLE.replace(",", "，").encode(), [("A518", PLAN, 1)]),
        (PLAN, b"item,budget\ra,1\rb,x\r", [("A911", PLAN, 3)]),
        (
            PLAN,
            TABLE.replace("80000", "x").replace("100.50", "100.505").encode(),
            [("A911", PLAN, 2), ("A918", PLAN, 3)],
        ),
        (PLAN, b'item,budget\n"a\nb",1\nc,x\n', [("A911", PLAN, 4)]),
        (NOTICE, "通知\n第一条".encode("gbk"), [("A103", NOTICE, 2)]),
        (NOTICE, b"", [("A013", POLICY, 71), ("A013", POLICY, 79), ("A013", POLICY, 127)]),
        (NOTICE, (BASE / NOTICE).read_bytes() + "第四条 不得要求社区出具证明。\n".encode(), [("A014", NOTICE, 5)]),
    ],
)
def test_a_whole_file_that_is_wrong(
    file: str, content: bytes, expected: list[tuple[str, str, int]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another encoding, another line end, nesting without end, other separators: told at the line, no traceback."""
    _, said = told(changed(tmp_path / "p", file, content), capsys)
    assert [(one["code"], one["file"], one["line"]) for one in said] == [
        (code, str(tmp_path / "p" / where), line) for code, where, line in expected
    ]


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ("item,budget\ncensus,x\n", 8),
        ('item,budget\n"cen,sus",x\n', 11),
        ('item,budget\n"a ""b""","8,0"\n', 11),
        ("budget,item\nx,a\n", 1),
    ],
)
def test_a_cell_is_told_at_its_column(
    given: str, column: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cell that does not fit is pointed at, whatever stands in quotes before it."""
    _, said = told(changed(tmp_path / "p", PLAN, given.encode()), capsys)
    assert [(one["code"], one["line"], one["column"]) for one in said] == [("A911", 2, column)]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (POLICY, TEXT.replace("require: forms <= most", "require: ｆｏｒｍｓ <= most")),
        (POLICY, TEXT.replace("2025-01-01: 7", "2025-01-01: 010")),
        (POLICY, TEXT.replace("{from: 2020-01-01,", "{from:\t2020-01-01,\t")),
        (POLICY, TEXT.replace("\n", "\r")),
        (POLICY, f"---\n{TEXT}...\n"),
        (POLICY, TEXT.replace("zh: 通知, en: Notice", "zh: 通知,en: Notice")),
        (POLICY, TEXT.replace("overrides: [to_here]", "overrides:\n    - to_here")),
        (POLICY, TEXT.replace("京发〔2019〕1号", "“京发”1号")),
        (PLAN, f"\ufeff{TABLE}"),
        (PLAN, TABLE.replace("\n", "\r\n")),
        (PLAN, TABLE.replace("flood", "\nflood")),
        (PLAN, TABLE.replace("80000", "")),
        (PLAN, "item,budget\n"),
        (
            NOTICE,
            "\ufeff通知\n第一条 事项列入年度 计\n划的，方可交社区。\n第二条 表格不超过，五张。\n第三条 “费随事转”。\n",
        ),
    ],
)
def test_what_does_no_harm_is_let_through(
    file: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Full-width letters, line ends, byte-order marks, spacing and punctuation of a quote change nothing."""
    assert told(changed(tmp_path / "p", file, content.encode()), capsys) == (0, [])


@pytest.mark.parametrize(
    ("path", "is_folder", "expected"),
    [
        ("rules/a.yml", False, [("A021", "rules/a.yml")]),
        ("rules/sub/a.yaml", False, [("A021", "rules/sub/a.yaml")]),
        ("rule/a.yaml", False, [("A021", "rule/a.yaml")]),
        ("case/a.yaml", False, [("A021", "case/a.yaml")]),
        ("extra.yaml", False, [("A021", "extra.yaml")]),
        ("registers/spare.csv", False, [("A021", "registers/spare.csv")]),
        ("sources/spare.txt", False, [("A020", "sources/spare.txt")]),
        ("rules/a.yaml", True, [("A101", "rules/a.yaml")]),
        ("README.md", False, []),
        (".hidden/a.yaml", False, []),
    ],
)
def test_a_file_in_the_wrong_place_is_told(
    path: str, is_folder: bool, expected: list[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rule in a file that nothing reads would be silently off: the file is named."""
    folder = tmp_path / "p"
    shutil.copytree(BASE, folder)
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.mkdir() if is_folder else file.write_text("requirements: {}\n", encoding="utf-8")
    _, said = told(folder, capsys)
    assert [(one["code"], one["file"]) for one in said] == [(code, str(folder / where)) for code, where in expected]


def test_links_in_circles_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A symbolic link to itself, or to the folder it stands in, is told and not followed for ever."""
    folder = tmp_path / "p"
    shutil.copytree(BASE, folder)
    (folder / "rules").mkdir()
    (folder / "rules" / "a.yaml").symlink_to("a.yaml")
    (folder / "more").symlink_to(".")
    exit_code, said = told(folder, capsys)
    assert (exit_code, [(one["code"], one["message_zh"]) for one in said]) == (
        2,
        [("A101", f"无法读取 `{folder}/rules/a.yaml`：符号链接成环")],
    )


LAYER = """\
policy: above
version: "1"
title: {zh: 上层, en: Above}
in_force: {from: 2020-01-01, until: 2030-12-31}
languages: [zh, en]
extends: p
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "2030-12-31",
            "2031-01-01",
            [
                (
                    "A022",
                    4,
                    "the policy is in force from 2031-01-01 to 2031-01-01, but `base`, which it builds on, is not",
                )
            ],
        ),
        (
            "{from: 2020-01-01",
            "{from: 2019-12-01",
            [
                (
                    "A501",
                    4,
                    "parameter `most` has no value before 2020-01-01, but the policy is in force from 2019-12-01",
                )
            ],
        ),
        (
            "extends: p",
            "extends: p\nreplaces: [fundd]",
            [("A604", 7, "`fundd` in `replaces` redefines and weakens nothing")],
        ),
    ],
)
def test_a_layer_is_told_in_its_own_file(
    old: str, new: str, expected: list[tuple[str, int, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a layer's own head brings about is told there, not in the layer below."""
    changed(tmp_path / "p", POLICY, TEXT.replace("policy: base", "policy: p").encode())
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / POLICY).write_text(LAYER.replace(old, new), encoding="utf-8")
    _, said = told(tmp_path / "above", capsys)
    assert [(one["code"], one["line"], one["message"].replace("`p`", "`base`")) for one in said] == expected
    assert {one["file"] for one in said} == {str(tmp_path / "above" / POLICY)}


def chain(of: str, entry: str, last: str, most: int = 1500) -> str:
    """The policy with a long chain of declarations in a section, each resting on the next."""
    listed = "".join(f"  {entry}\n".replace("#1", f"z{n}").replace("#2", f"z{n + 1}") for n in range(most))
    return TEXT.replace(f"{of}:\n", f"{of}:\n{listed}" + f"  {last}\n".replace("#1", f"z{most}"), 1)


LABEL = "zh: 甲, en: a"
RULE = "reason: {zh: 甲, en: a}, own: {zh: 甲, en: a}"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (chain("definitions", f"#1: {{is: '#2 and agreed', {LABEL}}}", f"#1: {{is: agreed, {LABEL}}}"), {"A427"}),
        (chain("definitions", f"#1: {{is: '#2 and agreed', {LABEL}}}", f"#1: {{is: z0, {LABEL}}}"), {"A407"}),
        (
            chain("facts", f"#1: {{type: '#2', {LABEL}, assume: help}}", f"#1: {{type: kind, {LABEL}, assume: help}}"),
            {"A111"},
        ),
        (
            chain("facts", f"#1: {{type: '#2', {LABEL}, assume: help}}", f"#1: {{type: z0, {LABEL}, assume: help}}"),
            {"A111"},
        ),
        (
            chain(
                "routes",
                f"#1: {{to: here, overrides: ['#2'], {RULE}}}",
                f"#1: {{to: here, overrides: [z0], {RULE}}}",
                300,
            ),
            {"A408"},
        ),
    ],
    ids=["definitions", "circle of definitions", "types", "circle of types", "circle of routes"],
)
def test_long_chains_and_circles_end(
    text: str, codes: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many declarations rest on one another, it is told, in a line that can be read, and nothing overflows."""
    exit_code, said = told(changed(tmp_path / "p", POLICY, text.encode()), capsys)
    assert exit_code == 2
    assert {one["code"] for one in said} == codes
    assert all(len(one["message"]) < 150 for one in said)


def test_a_circle_hides_no_other_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What else is wrong in definitions of a circle, and in those that lead to it, is told with it."""
    more = (
        "definitions:\n  to: {is: one and nope, zh: 甲, en: a}\n"
        "  one: {is: two and nup, zh: 甲, en: a}\n  two: {is: one and cost, zh: 甲, en: a}\n"
    )
    _, said = told(changed(tmp_path / "p", POLICY, TEXT.replace("definitions:\n", more).encode()), capsys)
    assert [(one["code"], one["line"]) for one in said] == [("A400", 85), ("A407", 86), ("A400", 86), ("A410", 87)]


def test_a_condition_that_repeats_itself_is_told_in_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each repetition is told once, however often the first one is repeated."""
    text = TEXT.replace("when: agreed\n", f"when: {' or '.join(['agreed'] * 300)}\n")
    _, said = told(changed(tmp_path / "p", POLICY, text.encode()), capsys)
    assert [one["code"] for one in said] == ["A005"] * 299


CASES = """\
- id: a
  as_off: 2025-01-01
  task: {kind: hepl, csot: 5, forms: 100, cost: 1.234, start_on: 2025-2-1, agreed: yes, actions: [visit, fil]}
  expct: {verdict: admited}
- id: a
  as_of: 2035-01-01
  task: {}
  expect: {}
"""


def test_a_case_file_is_told_everything_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt key is read as what was meant, so that the task and what is expected are looked at all the same."""
    folder = tmp_path / "p"
    shutil.copytree(BASE, folder)
    (folder / "cases").mkdir()
    (folder / "cases" / "a.yaml").write_text(CASES, encoding="utf-8")
    assert main(["test", str(folder), "--lang", "en"]) == 2
    heads = re.findall(r"a\.yaml:(\d+):(\d+): error\[(A\d+)\]", capsys.readouterr().err)
    assert [f"{line}:{column} {code}" for line, column, code in heads] == [
        *("2:3 A213", "3:16 A913", "3:22 A910", "3:38 A912", "3:49 A918", "3:66 A911", "3:84 A911", "3:98 A913"),
        *("4:3 A213", "4:20 A913", "5:7 A119", "6:10 A922", "8:11 A201"),
    ]


EVENT_CASES = """\
- id: x
  untl: 2025-13-01
  events:
    - {event: decided, id: d1, at: yesterday, task: t, verdict: yes_, owed: 1.234, foo: 1}
    - {event: decidd, id: d2, at: "2025-01-01T00:00:00"}
    - {event: paid, id: d3, at: "2025-01-01T00:00:00", task: t}
    - foo
  expct: [{wtch: unpaid}, 5]
"""


def test_an_event_case_file_is_told_everything_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field is pointed at where it stands, and one that is missing at its event."""
    pytest.importorskip("durable_rules_engine", reason="event cases need the extra `supervision`")
    folder = tmp_path / "p"
    shutil.copytree(BASE, folder)
    for name, text in (
        ("cases", "- {id: a, as_of: 2025-01-01, task: {}, expect: {channel: null}}\n"),
        ("event_cases", EVENT_CASES),
    ):
        (folder / name).mkdir()
        (folder / name / "a.yaml").write_text(text, encoding="utf-8")
    assert main(["test", str(folder), "--lang", "en"]) == 2
    said = capsys.readouterr().err
    heads = re.findall(r"a\.yaml:(\d+):(\d+): error\[(A\d+)\]", said)
    assert [f"{line}:{column} {code}" for line, column, code in heads] == [
        *("2:3 A213", "2:9 A934", "4:36 A934", "4:77 A918", "4:84 A933", "5:15 A932", "6:7 A931", "7:7 A930"),
        *("8:3 A213", "8:12 A213", "8:27 A201"),
    ]
    assert "error[A934]: `until` takes a moment" in said
