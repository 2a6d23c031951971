"""Broken policies as authors write them: each is told at its line, once, and the exit code is that of the contract.

Every row changes one thing in the policy that `admission new` writes. What is reported is compared whole, so that a row
fails as well where a second fault is made up from the first.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from admission.cli import main

TEXT = files("admission.cli").joinpath("template", "policy.yaml").read_text(encoding="utf-8")
REASON = "{zh: 费随事转, en: Funds follow the task}"
DEEP = "[" * 200 + "]" * 200

# What stood, what stands now, and the codes with the text at whose line each is reported.
Row = tuple[str, str, list[tuple[str, str]]]
MISSPELT: list[Row] = [
    ("requirements:", "requirments:", [("A213", "requirments:")]),
    ("    require: on_plan", "    requires: on_plan", [("A213", "requires:")]),
    ("    when: assists", "    wehn: assists", [("A213", "wehn:")]),
    ("languages: [zh, en]", "langauges: [zh, en]", [("A213", "langauges:")]),
    ("type: money", "type: mony", [("A401", "type: mony")]),
    ("outcome: admit", "outcome: admitted", [("A204", "admitted")]),
    ("require: on_plan", "require: on_pln", [("A400", "on_pln")]),
    ("to: community", "to: comunity", [("A401", "comunity")]),
    ("waives: [planned]", "waives: [planed]", [("A401", "planed")]),
    ("at: 第三条", "att: 第三条", [("A213", "att:")]),
    ("{source: notice, at: 第三条}", "{source: notce, at: 第三条}", [("A401", "notce")]),
    ("verdicts: [admit]", "verdicts: [admited]", [("A204", "admited")]),
    ("debtor: issuer", "debtor: isuer", [("A401", "isuer")]),
    ("due: as_of + 30", "due: as_off + 30", [("A400", "as_off")]),
]
WRONG_TYPES: list[Row] = [
    ("assume: false\n    zh: 居民", 'assume: "no"\n    zh: 居民', [("A911", '"no"')]),
    ("assume: false\n    zh: 居民", "assume: no\n    zh: 居民", [("A911", "assume: no\n")]),
    ("min: 0\n    zh: 所需", "min: zero\n    zh: 所需", [("A911", "zero")]),
    ("min: 0\n    zh: 所需", "min: 0.001\n    zh: 所需", [("A918", "0.001")]),
    ('version: "1"', "version: 1", [("A202", "version:")]),
    ("{from: 2025-01-01}", "{from: 2025-02-30}", [("A201", "2025-02-30")]),
    ("{from: 2025-01-01}", "{from: 1 Jan 2025}", [("A201", "1 Jan")]),
    ("for: [community]", "for: community", [("A201", "for: community")]),
    ("    to: community", "    to: {community: 1}", [("A201", "{community: 1}")]),
    (f"reason: {REASON}", "reason: 费随事转", [("A201", "reason: 费随事转")]),
    ("require: funding >= cost", "require: funding >= on_plan", [("A422", "funding >=")]),
    ("require: on_plan", "require: 1", [("A410", "require: 1")]),
    ("require: on_plan", 'require: as_of > "2025-01-01"', [("A421", "as_of >")]),
    ("require: on_plan", 'require: as_of > date("2025-02-30")', [("A314", "as_of >")]),
    ("require: on_plan", "require: len(on_plan) > 1", [("A312", "len(")]),
    ("require: on_plan", "require: on_plan is None", [("A309", "None")]),
    ("require: funding >= cost", "require: funding = cost", [("A306", "funding = cost")]),
    ("require: funding >= cost", "require: funding / 2 >= cost", [("A311", "funding / 2")]),
    ("require: funding >= cost", "require: |\n      funding >=\n      cost  # enough", [("A305", "# enough")]),
    ("amount: cost", "amount: agreed", [("A410", "amount: agreed")]),
    ("due: as_of + 30", "due: 30", [("A410", "due: 30")]),
]
FULL_WIDTH: list[Row] = [
    ("policy: my_policy", "policy： my_policy", [("A107", "policy：")]),
    ("zh: 工作事项准入, en", "zh: 工作事项准入， en", [("A107", "准入，")]),
    ("{outcome: admit, zh: 社区, en: the community}", "｛outcome: admit｝", [("A107", "｛")]),
    ("require: funding >= cost", "require: funding ＞= cost", [("A304", "＞")]),
    ("require: on_plan", "require: （on_plan）", [("A304", "（on_plan"), ("A304", "（on_plan")]),
    ("for: [community]", "for: ［community］", [("A201", "［")]),
    ("    when: assists", "　　when: assists", [("A106", "　　when")]),
    ("    when: assists", "\N{NO-BREAK SPACE}   when: assists", [("A106", "\N{NO-BREAK SPACE}   when")]),
]
LAYOUT: list[Row] = [
    ("    when: assists", "\twhen: assists", [("A108", "\twhen")]),
    ("    when: assists", "   when: assists", [("A106", "   when: assists")]),
    ("    to: department", "    to:department", [("A106", "to:department")]),
    ('version: "1"', 'version: "1', [("A106", "version:")]),
    ("  en: funds provided", "  en:funds provided", [("A106", "en:funds")]),
    # The first key of a mapping too far left, or the second too far right: it is the second that does not fit.
    (
        "    type: money\n    min: 0\n    zh: 所需",
        "  type: money\n    min: 0\n    zh: 所需",
        [("A106", "    min: 0\n    zh: 所需")],
    ),
    ("    when: assists", "     when: assists", [("A106", "     when: assists")]),
    ("    ask: {zh: 需要多少", "    ask:>-\n      {zh: 需要多少", [("A106", "ask:>-")]),
    ("  to_community:\n", "    to_community:\n", [("A106", "routes:")]),
    ("    min: 0\n    zh: 所需", "min: 0\n    zh: 所需", [("A106", "min: 0\n    zh: 所需")]),
    ("  planned:\n", "planned:\n", [("A106", "planned:\n")]),
    ("    ask: {zh: 需要多少", "    asked {zh: 需要多少", [("A106", "asked {zh")]),
    ('en: "What does it cost, in yuan?"', 'en: "What does it cost, in yuan?', [("A106", "in yuan?")]),
    ("for: [community]", "for: [community", [("A106", "for: [community\n")]),
    (f"reason: {REASON}", f"reason: {REASON[:-1]}", [("A106", "Funds follow the task\n")]),
    ('version: "1"', 'version: "1\x07"', [("A105", "version:")]),
    ("    when: assists\n", "    when: assists\n    when: on_plan\n", [("A114", "when: on_plan")]),
    ("  to_department:", "  to_community:", [("A114", "  to_community:\n    to: department")]),
    ("exceptions:", "requirements:", [("A114", "requirements:\n  committee")]),
    ("exceptions:", "---\nexceptions:", [("A112", "---")]),
    ("issuer: {zh: 申", "issuer: &one {zh: 申", [("A109", "&one")]),
    ("type: bool", "type: !!python/name:os.system bool", [("A113", "!!python")]),
    ('version: "1"', f"version: {DEEP}", [("A111", "version:")]),
    ("require: on_plan", f"require: {'(' * 300}on_plan{')' * 300}", [("A303", "((((")]),
    ("require: on_plan", f"require: {'not ' * 300}on_plan", [("A303", "not not not")]),
    ("require: on_plan", f"require: {' or '.join(['on_plan'] * 3000)}", [("A302", "on_plan or")]),
]
MISSING: list[Row] = [
    (f"reason: {REASON}", "reason: {zh: 费随事转}", [("A206", "费随事转")]),
    (f"reason: {REASON}", 'reason: {zh: 费随事转, en: ""}', [("A201", "费随事转")]),
    (f"reason: {REASON}", "reason: {zh: 费随事转, en: }", [("A201", "费随事转")]),
    (f"reason: {REASON}", "reason: {zh: 费随事转, en: Funds, fr: Fonds}", [("A213", "费随事转")]),
    (f"    reason: {REASON}\n", "", [("A209", "  funded:")]),
    ("    zh: 所需经费\n", "", [("A206", "  cost:")]),
    ("    cite: [{source: notice, at: 第三条}]\n", "", [("A211", "  funded:")]),
    ("    cite: [{source: notice, at: 第三条}]\n", "    cite: []\n", [("A207", "cite: []")]),
    ("{source: notice, at: 第三条}", "{source: notice}", [("A209", "{source: notice}")]),
    ("    to: department\n", "", [("A209", "  to_department:")]),
    ("    assume: 0\n", "", [("A215", "  funding:")]),
    ("in_force: {from: 2025-01-01}\n", "", [("A209", "policy:")]),
]
CIRCLES_AND_PERIODS: list[Row] = [
    ("    to: community\n", "    to: community\n    overrides: [to_community]\n", [("A408", "overrides: [")]),
    (
        "exceptions:",
        "definitions:\n  a: {is: b, zh: 甲, en: a}\n  b: {is: a, zh: 乙, en: b}\nexceptions:",
        [("A407", "  a: {is: b")],
    ),
    ("{from: 2025-01-01}", "{from: 2025-01-01, until: 2024-01-01}", [("A504", "until: 2024")]),
    (
        "    to: department\n",
        "    to: department\n    in_force: {until: 2024-12-31}\n",
        [("A505", "in_force: {until")],
    ),
    (
        "channels:",
        "parameters:\n  most: {type: money, values: {2026-01-01: 5}, own: {zh: 自, en: own}}\nchannels:",
        [("A501", "2026-01-01: 5")],
    ),
    (
        "channels:",
        (
            "registers:\n  r:\n    key: [k]\n    columns: {k: int}\n    rows:\n"
            "      - {k: 1, valid_from: 2025-01-01, valid_until: 2025-06-30}\n"
            "      - {k: 1, valid_from: 2025-06-30}\n    own: {zh: 自, en: own}\nchannels:"
        ),
        [("A508", "valid_from: 2025-06-30}")],
    ),
]
# These load, and are wrong all the same: exit 1 where warnings are denied.
WARNED: list[Row] = [
    (
        "  agreed:\n",
        "  spare: {type: bool, assume: false, zh: 闲, en: spare}\n  agreed:\n",
        [("A001", "  spare:")],
    ),
    ("require: funding >= cost", "require: funding >= cost and cost < 0", [("A003", "cost < 0")]),
    ("require: funding >= cost", "require: funding >= cost or cost >= 0", [("A004", "cost >= 0")]),
    ("require: funding >= cost", "require: funding >= cost or not false", [("A003", "not false")]),
    (
        "    waives: [planned]\n    when: agreed",
        "    waives: [planned]\n    when: agreed and agreed",
        [("A005", "agreed and")],
    ),
]
REFUSED = [*MISSPELT, *WRONG_TYPES, *FULL_WIDTH, *LAYOUT, *MISSING, *CIRCLES_AND_PERIODS]


def said(folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[tuple[str, int]]]:
    """The exit code of a strict check, and each code with its line."""
    folder.mkdir()
    (folder / "policy.yaml").write_bytes(content)
    exit_code = main(["check", str(folder), "--no-proofs", "--deny-warnings", "--lang", "en"])
    heads = [line for line in capsys.readouterr().err.splitlines() if line.startswith(f"{folder}/policy.yaml:")]
    places = [line.removeprefix(f"{folder}/policy.yaml:").split(":", 3) for line in heads]
    return exit_code, [(what.partition("[")[2][:4], int(line)) for line, _, what, _ in places]


def changed(row: Row) -> tuple[str, list[tuple[str, int]]]:
    """The policy of a row, and what is to be said of it."""
    old, new, told = row
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    return text, [(code, text[: text.index(part)].count("\n") + part.startswith("\n") + 1) for code, part in told]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: f"{row[2][0][0]}-{row[1][:30]}")
def test_what_is_broken_is_said_at_its_line(row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that cannot be used is refused with exit 2, its fault at the line that has to change, and said once."""
    text, told = changed(row)
    assert said(tmp_path / "p", text.encode(), capsys) == (2, told)


@pytest.mark.parametrize("row", WARNED, ids=lambda row: f"{row[2][0][0]}-{row[1][:30]}")
def test_what_is_doubtful_is_said_at_its_line(row: Row, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that loads but cannot be meant is warned of at the line, and exits 1 where warnings are denied."""
    text, told = changed(row)
    assert said(tmp_path / "p", text.encode(), capsys) == (1, told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ("A104", 1)),
        (b"# nothing yet\n", ("A104", 1)),
        (TEXT.encode("utf-16"), ("A103", 1)),
        ("policy: p\ntitle: {zh: 中文}\n".encode("gbk"), ("A103", 2)),
        (bytes(range(256)), ("A103", 3)),
        (b"- a\n- b\n", ("A117", 1)),
        (b"just words\n", ("A117", 1)),
    ],
)
def test_what_is_no_policy_is_refused(
    content: bytes, told: tuple[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is empty, in another encoding, or of another shape is refused with exit 2."""
    assert said(tmp_path / "p", content, capsys) == (2, [told])


@pytest.mark.parametrize("content", [TEXT.encode(), TEXT.replace("\n", "\r\n").encode(), TEXT.encode("utf-8-sig")])
def test_line_ends_and_byte_order_marks_do_no_harm(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy that `admission new` writes is clean, however an editor saves it."""
    assert said(tmp_path / "p", content, capsys) == (0, [])


def test_a_quote_left_open_is_said_where_it_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The parser stumbles at the next quote, thirty lines below; what is reported is where the quote was opened."""
    (tmp_path / "policy.yaml").write_text(TEXT.replace('version: "1"', 'version: "1'), encoding="utf-8")
    assert main(["check", str(tmp_path), "--no-proofs", "--lang", "en"]) == 2
    closed = TEXT[: TEXT.index('"What')].count("\n") + 1
    assert capsys.readouterr().err.splitlines()[0] == (
        f"{tmp_path}/policy.yaml:4:10: error[A106]: not valid YAML: a quote that is closed at line {closed} only"
    )


def test_a_fault_within_brackets_is_said_at_its_own_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A comma left out within brackets that run over lines is not taken for brackets left open."""
    text = TEXT.replace(f"reason: {REASON}", "reason: {\n        zh: 费随事转\n        en: Funds}")
    (tmp_path / "policy.yaml").write_text(text, encoding="utf-8")
    assert main(["check", str(tmp_path), "--no-proofs", "--lang", "en"]) == 2
    line = text[: text.index("        en: Funds}")].count("\n") + 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}/policy.yaml:{line}:")
