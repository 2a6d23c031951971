# ruff: noqa: E501 - tables: one line a case
"""What `check` sees in a policy that loads, without a solver: docs/howto/check.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admission import intake, ir, reference, testing
from admission.checker.bounds import Bounds
from admission.cli import main
from admission.diagnostics import Collector
from admission.engine import inspect, load, policy_folders
from admission.lints import lint, timeline
from admission.lints.comparisons import Judge
from admission.lints.sources import normal
from small import write

PACKS = Path(__file__).parents[1] / "policies"
CLEAN = """\
policy: clean
version: "1"
title: {zh: 净, en: Clean}
in_force: {from: 2019-01-01, until: 2025-12-31}
languages: [zh, en]
parties:
  issuer: {zh: 单位, en: the issuer}
sources:
  notice: {title: {zh: 通知, en: Notice}, text: sources/notice.txt}
facts:
  kind:
    type: enum
    values: {help: {zh: 协助, en: help}, duty: {zh: 职责, en: duty}, sale: {zh: 服务, en: sale}}
    zh: 性质
    en: kind
    ask: {zh: 什么性质？, en: What kind?}
  cost: {type: money, min: 0, zh: 成本, en: cost, ask: {zh: 多少？, en: How much?}}
  funds: {type: money, min: 0, assume: 0, zh: 经费, en: funds, changed_by: [issuer]}
  forms: {type: int, min: 0, max: 99, assume: 0, zh: 表, en: forms}
  urgent: {type: bool, assume: false, zh: 急, en: urgent}
  actions:
    type: set
    values: {visit: {zh: 入户, en: visit}, persuade: {zh: 劝导, en: persuade}}
    assume: []
    zh: 事
    en: actions
parameters:
  most_forms: {type: int, values: {2019-01-01: 7, 2022-01-01: 5}, own: {zh: 自, en: own}}
registers:
  limits:
    key: [level]
    columns: {level: kind, most: {type: int, absent: 9}}
    rows:
      - {level: help, most: 7, valid_from: 2019-01-01, valid_until: 2020-12-31}
      - {level: help, most: 8, valid_from: 2021-01-01}
    own: {zh: 自, en: own}
look_ups:
  limit: {register: limits, match: {level: kind}}
definitions:
  unpaid: {is: cost - funds, zh: 尚缺, en: still to pay, report: true}
channels:
  community: {outcome: admit, zh: 社区, en: the community}
  department: {outcome: redirect, zh: 部门, en: the department}
routes:
  to_community: {to: community, when: kind == help, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}
  to_department: {to: department, when: kind == duty, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}
  to_urgent:
    to: department
    when: urgent
    overrides: [to_community, to_department]
    reason: {zh: 乙, en: b}
    own: {zh: 自, en: own}
requirements:
  funded:
    for: [community]
    require: funds >= cost
    reason: {zh: 费随事转, en: Funds follow the task}
    cite:
      - {source: notice, at: 第一条, quote: 费随事转}
  few_forms:
    for: [community]
    require: forms <= most_forms and forms <= limit.most
    reason: {zh: 少填表, en: Few forms}
    cite: [{source: notice, at: 第二条}]
exceptions:
  visits_only:
    waives: [funded]
    when: actions <= {visit}
    reason: {zh: 仅入户, en: Visits only}
    own: {zh: 自, en: own}
obligations:
  pay:
    verdicts: [admit, redirect]
    when: cost > 0
    debtor: issuer
    amount: cost
    reason: {zh: 付, en: Pay}
    own: {zh: 自, en: own}
"""
NOTICE = """\
社区工作通知
第一条 费随事转，
由单位承担。
第二条 填报表格不得过多。
"""


def found(folder: Path, text: str = CLEAN, notice: str = NOTICE, **files: str) -> list[tuple[str, str, int]]:
    """What the lints say: code, English text, line."""
    write(folder, text, sources__notice_txt=notice, **files)
    return [(r.code, r.diagnostic.message, r.diagnostic.line) for r in lint(load(folder).checked)]


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which a part begins."""
    return text[: text.index(part)].count("\n") + 1


def test_a_clean_policy_has_no_remark(tmp_path: Path) -> None:
    """A policy in which everything is used and can hold gets no remark."""
    assert found(tmp_path / "clean") == []


RULE = "reason: {zh: 丙, en: c}, own: {zh: 自, en: own}}"
TABLE: list[tuple[str, str, str, str, str]] = [
    # section to add to, what is added (the remark points to its line), code, English, Chinese
    ("facts", "  spare: {type: bool, assume: false, zh: 闲, en: spare}", "A001", "fact `spare` is never used", "事实 `spare` 没有任何地方用到"),
    ("parties", "  nobody: {zh: 无, en: nobody}", "A001", "party `nobody` is never used", "主体 `nobody` 没有任何地方用到"),
    ("sources", "  law: {title: {zh: 法, en: Law}}", "A001", "source `law` is never used", "来源 `law` 没有任何地方用到"),
    ("parameters", "  limit_b: {type: int, values: {2019-01-01: 1}, own: {zh: 自, en: own}}", "A001", "parameter `limit_b` is never used", "参数 `limit_b` 没有任何地方用到"),
    ("registers", "  spare: {key: [a], columns: {a: text}, rows: [], own: {zh: 自, en: own}}", "A001", "register `spare` is never used", "清单 `spare` 没有任何地方用到"),
    ("look_ups", "  again: {register: limits, match: {level: kind}}", "A001", "look-up `again` is never used", "查询 `again` 没有任何地方用到"),
    ("definitions", "  idle: {is: cost > 5, zh: 闲, en: idle}", "A001", "definition `idle` is never used", "定义 `idle` 没有任何地方用到"),
    ("channels", "  nowhere: {outcome: admit, zh: 无, en: nowhere}", "A002", "no route leads to channel `nowhere`", "没有分流规则通向去向 `nowhere`"),
    ("requirements", "  r: {for: [community], require: forms < 0, " + RULE, "A003", "`forms < 0` can never hold: `forms` is a whole number, 0 to 99", "`forms < 0` 永远不会成立：`forms` 是整数，0 至 99"),
    ("requirements", "  r: {for: [community], require: urgent or forms <= 99, " + RULE, "A004", "`forms <= 99` always holds: `forms` is a whole number, 0 to 99", "`forms <= 99` 总是成立：`forms` 是整数，0 至 99"),
    ("requirements", "  r: {for: [community], require: forms == 120 or urgent, " + RULE, "A003", "`forms == 120` can never hold: `forms` is a whole number, 0 to 99", "`forms == 120` 永远不会成立：`forms` 是整数，0 至 99"),
    ("requirements", '  r: {for: [community], require: "forms in {1, 120}", ' + RULE, "A003", "`forms == 120` can never hold: `forms` is a whole number, 0 to 99", "`forms == 120` 永远不会成立：`forms` 是整数，0 至 99"),
    ("requirements", "  r: {for: [community], require: cost == cost or urgent, " + RULE, "A004", "`cost == cost` always holds: both sides are the same", "`cost == cost` 总是成立：两边相同"),
    ("requirements", "  r: {for: [community], require: most_forms > 7 or urgent, " + RULE, "A003", "`most_forms > 7` can never hold: the ranges of the two sides settle it", "`most_forms > 7` 永远不会成立：两边的范围已定"),
    ("requirements", "  r: {for: [community], require: count(actions) <= 2, " + RULE, "A004", "`count(actions) <= 2` always holds: the ranges of the two sides settle it", "`count(actions) <= 2` 总是成立：两边的范围已定"),
    ("requirements", '  r: {for: [community], require: "kind in {help, duty, sale}", ' + RULE, "A004", "`kind in {help, duty, sale}` always holds: every value is listed", "`kind in {help, duty, sale}` 总是成立：已列出全部取值"),
    ("requirements", '  r: {for: [community], require: "actions <= {visit, persuade}", ' + RULE, "A004", "`actions <= {visit, persuade}` always holds: every value is listed", "`actions <= {visit, persuade}` 总是成立：已列出全部取值"),
    ("requirements", "  r: {for: [community], require: not (kind == help and kind == duty), " + RULE, "A003", "`kind == help and kind == duty` can never hold: no value of `kind` meets all of it", "`kind == help and kind == duty` 永远不会成立：`kind` 不能同时满足"),
    ("requirements", "  r: {for: [community], require: kind != help or kind != duty, " + RULE, "A004", "`kind != help or kind != duty` always holds: every value is listed", "`kind != help or kind != duty` 总是成立：已列出全部取值"),
    ("requirements", "  r: {for: [community], require: not (forms > 5 and forms < 6), " + RULE, "A003", "`forms > 5 and forms < 6` can never hold: no value of `forms` meets all of it", "`forms > 5 and forms < 6` 永远不会成立：`forms` 不能同时满足"),
    ("requirements", "  r: {for: [community], require: urgent or not urgent, " + RULE, "A004", "`urgent or not urgent` always holds: every value is listed", "`urgent or not urgent` 总是成立：已列出全部取值"),
    ("requirements", "  r: {for: [community], require: forms > 5 or urgent or forms > 5, " + RULE, "A005", "`forms > 5` stands twice in one condition", "`forms > 5` 在同一条件中写了两次"),
    ("requirements", "  r: {for: [community], require: true, " + RULE, "A004", "`true` always holds: it is a constant", "`true` 总是成立：它是常数"),
    ("requirements", "  r: {for: [community], require: urgent and not true, " + RULE, "A004", "`true` always holds: it is a constant", "`true` 总是成立：它是常数"),
    ("requirements", "  r: {for: [community], require: urgent or false, " + RULE, "A003", "`false` can never hold: it is a constant", "`false` 永远不会成立：它是常数"),
    ("parameters", "  p: {type: int, values: {2019-01-01: 1, 2020-01-01: 1}, own: {zh: 自, en: own}}", "A006", "the value of parameter `p` from 2020-01-01 on is the one before it", "参数 `p` 自 2020-01-01 起的值与此前相同"),
    ("parameters", "  p: {type: int, values: {2019-01-01: 1, 2026-01-01: 2}, own: {zh: 自, en: own}}", "A007", "the value of parameter `p` from 2026-01-01 on is never in force: the policy ends on 2025-12-31", "参数 `p` 自 2026-01-01 起的值不会用到：规则至 2025-12-31 止"),
    ("exceptions", "  e: {waives: [old], in_force: {from: 2021-01-01}, " + RULE, "A010", "exception `e` and requirement `old` are never in force on the same day, so nothing is waived", "例外 `e` 有效时，要求 `old` 从不同时有效，不起作用"),
    ("routes", "  t: {to: department, when: kind == sale, overrides: [to_old], in_force: {until: 2020-12-31}, " + RULE, "A011", "route `t` and `to_old`, which it overrides, are never in force on the same day", "分流规则 `t` 与所压过的 `to_old` 从不同时有效"),
    ("requirements", "  r: {for: [old_place], require: urgent, in_force: {until: 2020-12-31}, " + RULE, "A012", "while requirement `r` is in force, no route leads to `old_place`", "要求 `r` 有效时，没有分流规则通向 `old_place`"),
    ("facts", "  f: {type: enum, values: {x: 甲, y: {zh: 乙, en: b}}, assume: x, zh: 选, en: choice}", "A019", "value `x` of `f` has no label in each language", "`f` 的取值 `x` 没有各语言的名称"),
]  # fmt: skip
# What the cases above need beside them, each used so that it gives no remark of its own.
BESIDE = {
    "requirements": "  old: {for: [community], require: not urgent, in_force: {until: 2020-12-31}, " + RULE,
    "routes": "  to_old: {to: old_place, when: kind == sale and forms > 3, in_force: {from: 2021-01-01}, " + RULE,
    "channels": "  old_place: {outcome: redirect, zh: 旧, en: old place}",
}


def with_entries(*entries: tuple[str, str]) -> str:
    """The clean policy with entries added to its sections."""
    text = CLEAN
    for section, entry in entries:
        text = text.replace(f"\n{section}:\n", f"\n{section}:\n{entry}\n")
    return text


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[2]}-{row[3]}")
def test_each_remark(row: tuple[str, str, str, str, str], tmp_path: Path) -> None:
    """Each remark stands at the line that it is about, in both languages, and nothing else is said."""
    section, entry, code, english, chinese = row
    text = with_entries(*BESIDE.items(), (section, entry))
    assert code not in [one[0] for one in found(tmp_path / "before", with_entries(*BESIDE.items()))]
    folder = write(tmp_path / "clean", text, sources__notice_txt=NOTICE)
    remarks = lint(load(folder).checked)
    (one,) = [r for r in remarks if r.code == code]
    assert (one.diagnostic.text("en"), one.diagnostic.text("zh")) == (english, chinese)
    assert one.diagnostic.line == line_of(text, entry)
    # What is added may stand unused beside what it is about; anything more would be noise.
    assert {r.code for r in remarks} <= {code, "A001"}


def test_an_event_type_that_no_watch_reads(tmp_path: Path) -> None:
    """An event type without a watch is said to be unused."""
    events = "events:\n  heard: {fields: {unit: text}, zh: 听, en: heard}\n"
    assert found(tmp_path / "clean", CLEAN + events) == [
        ("A001", "event type `heard` is never used", line_of(CLEAN + events, "  heard"))
    ]


def test_a_duty_with_an_outcome_that_no_channel_has(tmp_path: Path) -> None:
    """An obligation that comes with redirect says nothing where every channel admits."""
    text = CLEAN.replace("department: {outcome: redirect", "department: {outcome: admit")
    at = line_of(text, "  pay:")
    assert found(tmp_path / "clean", text) == [
        ("A018", "no channel's outcome is redirect, so obligation `pay` never comes with it", at)
    ]


def rows(folder: Path, *listed: str) -> list[tuple[str, str]]:
    """What is said of the clean policy with other rows in its register."""
    old = CLEAN[CLEAN.index("      - {level: help, most: 7") : CLEAN.index("    own: {zh: 自, en: own}\nlook_ups")]
    text = CLEAN.replace(old, "".join(f"      - {row}\n" for row in listed))
    return [(code, message) for code, message, line in found(folder, text) if line_of(text, listed[-1]) == line]


def test_rows_that_can_never_match(tmp_path: Path) -> None:
    """A row outside the policy's days, or with a key that the fact cannot have, never matches."""
    said = rows(tmp_path / "a", "{level: duty, most: 1, valid_until: 2018-12-31}")
    assert said == [("A008", "this row of register `limits` can never match: its days lie outside the policy's")]
    assert rows(tmp_path / "b", "{level: duty, most: 1, valid_until: 2019-01-01}") == []
    text = CLEAN.replace("{level: kind, most", "{level: int, most").replace(
        "match: {level: kind}", "match: {level: forms}"
    )
    text = text.replace("level: help, most: 7", "level: 100, most: 7").replace(
        "level: help, most: 8", "level: 99, most: 8"
    )
    said_of = [(code, message) for code, message, _ in found(tmp_path / "c", text)]
    why = "`level` is 100, but the fact takes a whole number, 0 to 99"
    assert said_of == [("A008", f"this row of register `limits` can never match: {why}")]


def test_days_without_a_row(tmp_path: Path) -> None:
    """A key with a row before and a row after, and none between, is reported; one that touches is not."""
    before = "{level: help, most: 7, valid_until: 2020-06-30}"
    said = rows(tmp_path / "a", before, "{level: help, most: 8, valid_from: 2020-07-02}")
    assert said == [("A009", "register `limits` has no row for `help` from 2020-07-01 to 2020-07-01")]
    assert rows(tmp_path / "b", before, "{level: help, most: 8, valid_from: 2020-07-01}") == []
    assert rows(tmp_path / "c", before, "{level: duty, most: 8, valid_from: 2020-07-02}") == []


def test_a_quote_that_is_not_in_the_source(tmp_path: Path) -> None:
    """Quoted words must stand in the kept text; white space and punctuation, full-width or not, do not count."""
    across = CLEAN.replace("quote: 费随事转}", "quote: 费 随 事 转、由单位 承担}")
    assert found(tmp_path / "a", across) == []
    wrong = CLEAN.replace("quote: 费随事转}", "quote: 费随人转}")
    said = found(tmp_path / "b", wrong)
    message = "the words quoted do not stand in the kept text of source `notice`"
    assert ("A013", message, line_of(wrong, "费随人转")) in said
    unkept = wrong.replace(", text: sources/notice.txt", "")
    assert [code for code, _, _ in found(tmp_path / "c", unkept)] == ["A020"]


def test_a_text_that_no_source_names(tmp_path: Path) -> None:
    """A text kept in sources/ that no source of any layer names is reported as that file, for no quote is held to it."""
    unnamed = CLEAN.replace(", text: sources/notice.txt", "")
    folder = write(tmp_path / "clean", unnamed, sources__notice_txt=NOTICE, sources__notes_md="# notes")
    (one,) = lint(load(folder).checked)
    assert (one.code, one.diagnostic.file, one.diagnostic.line) == ("A020", f"{folder}/sources/notice.txt", 1)
    assert one.diagnostic.text("en") == "no source names `text: sources/notice.txt`, so no quote is held to it"
    assert one.diagnostic.text("zh") == "没有来源写明 `text: sources/notice.txt`，引文不会与它核对"
    written = write(
        tmp_path / "again",
        unnamed.replace("title: {zh: 通知", "text: ./sources/notice.txt, title: {zh: 通知").replace(
            "policy: clean", "policy: again"
        ),
        sources__notice_txt=NOTICE,
    )
    assert lint(load(written).checked) == ()
    assert lint(load(written / "policy.yaml").checked) == ()


def test_a_quote_that_is_wrong_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A policy that quotes what its source does not say loads, and `check` exits 1."""
    folder = write(
        tmp_path / "clean", CLEAN.replace("quote: 费随事转}", "quote: 费随人转}"), sources__notice_txt=NOTICE
    )
    assert main(["check", str(folder), "--no-proofs"]) == 1
    assert "error[A013]: the words quoted" in capsys.readouterr().err


def test_passages_that_no_rule_cites(tmp_path: Path) -> None:
    """A passage of a kept text that no rule quotes, or names by its article, is shown at its line in the source."""
    folder = write(tmp_path / "clean", CLEAN, sources__notice_txt=NOTICE + "第三条 社区有权拒绝。\n")
    (one,) = lint(load(folder).checked)
    said = one.diagnostic
    assert (said.code, said.line, said.column, Path(said.file).name) == ("A014", 5, 1, "notice.txt")
    assert said.text("en") == "no rule cites this passage of source `notice`: 第三条 社区有权拒绝。"
    assert said.text("zh") == "来源 `notice` 的这一段没有任何规则引用：第三条 社区有权拒绝。"


@given(st.text(max_size=40), st.text(alphabet=" \n\t，。、；：「」,.;:()", max_size=5), st.integers(0, 40))
def test_what_does_not_count_in_a_quote(text: str, between: str, at: int) -> None:
    """White space and punctuation anywhere in a text change nothing of what is compared."""
    assert normal(text[:at] + between + text[at:]) == normal(text[:at]) + normal(text[at:])


def silenced(text: str, entry: str, code: str) -> str:
    """The entry with a silence of one code."""
    return text.replace(entry, entry[:-1] + f", silence: [{{code: {code}, reason: {{zh: 备, en: kept}}}}]}}")


SPARE = "  spare: {type: bool, assume: false, zh: 闲, en: spare}"


def check(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code and output of `check` without proofs."""
    code = main(["check", "--no-proofs", "--lang", "en", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_silence_with_a_reason_is_heeded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A declaration may say that a warning about it is meant; then it is not given."""
    text = silenced(with_entries(("facts", SPARE)), SPARE, "A001")
    folder = str(write(tmp_path / "clean", text, sources__notice_txt=NOTICE))
    assert check(capsys, folder, "--deny-warnings") == (0, "1 checked, nothing to complain of\n", "")


def test_a_silence_of_nothing_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A silence that meets no warning is itself a warning, at its code."""
    text = silenced(with_entries(("facts", SPARE)), SPARE, "A004").replace(
        "require: funds >= cost", "require: spare or funds >= cost"
    )
    folder = write(tmp_path / "clean", text, sources__notice_txt=NOTICE)
    code, _, err = check(capsys, str(folder), "--deny-warnings")
    line = line_of(text, SPARE[:-1])
    column = text.splitlines()[line - 1].index("code") + 1
    assert code == 1
    assert err.startswith(
        f"{folder}/policy.yaml:{line}:{column}: warning[A015]: the silence of A004 at `spare` silences nothing\n"
    )


@pytest.mark.parametrize("code", ["A013", "A015", "A401", "nonsense"])
def test_only_a_warning_can_be_silenced(code: str, tmp_path: Path) -> None:
    """An error, an idle silence and an unknown code cannot be silenced: the policy does not load."""
    text = silenced(with_entries(("facts", SPARE)), SPARE, code)
    write(tmp_path / "clean", text, sources__notice_txt=NOTICE)
    checked, faults = inspect(tmp_path / "clean")
    assert checked is None
    assert [fault.code for fault in faults] == ["A204"]


def test_the_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 with warnings alone, 1 where they are denied, 2 where a policy does not load."""
    folder = str(write(tmp_path / "clean", with_entries(("facts", SPARE)), sources__notice_txt=NOTICE))
    assert check(capsys, folder)[0] == 0
    assert check(capsys, folder, "--deny-warnings")[0] == 1
    broken = str(write(tmp_path / "broken", CLEAN.replace("version", "versoin"), sources__notice_txt=NOTICE))
    assert check(capsys, folder, broken, "--deny-warnings")[0] == 2
    assert check(capsys, str(tmp_path / "nowhere"))[0] == 2
    assert check(capsys)[0] == 2


def test_the_shipped_policies_deny_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped policies pass with every warning denied."""
    assert check(capsys, str(PACKS), "--deny-warnings") == (0, "3 checked, nothing to complain of\n", "")


def test_a_layer_is_not_blamed_for_what_is_below_it(tmp_path: Path) -> None:
    """What a layer below declares is remarked on in its own check, not in that of every layer above."""
    write(tmp_path / "clean", with_entries(("facts", SPARE)), sources__notice_txt=NOTICE)
    head = 'policy: above\nversion: "1"\ntitle: {zh: 上, en: Above}\nextends: clean\nin_force: {from: 2019-01-01, until: 2025-12-31}\nlanguages: [zh, en]\n'
    write(tmp_path / "above", head)
    assert [r.code for r in lint(load(tmp_path / "clean").checked)] == ["A001"]
    assert lint(load(tmp_path / "above").checked) == ()


def book(folder: Path, *periods: tuple[str, str]) -> list[ir.CheckedPolicy]:
    """Policies for one place, by id and period."""
    for name, period in periods:
        text = CLEAN.replace("policy: clean", f"policy: {name}\nplace: here")
        text = text.replace("{from: 2019-01-01, until: 2025-12-31}", period)
        write(folder / name, text, sources__notice_txt=NOTICE)
    return [load(path).checked for path in policy_folders(folder)]


@pytest.mark.parametrize(
    ("periods", "said"),
    [
        ([("a", "{from: 2019-01-01, until: 2020-12-31}"), ("b", "{from: 2021-01-01}")], []),
        ([("a", "{from: 2019-01-01, until: 2021-01-31}"), ("b", "{from: 2021-01-01}")], [("A016", "`here` has two policies from 2021-01-01 to 2021-01-31: a, b")]),
        ([("a", "{from: 2019-01-01}"), ("b", "{from: 2021-01-01}")], [("A016", "`here` has two policies from 2021-01-01 to …: a, b")]),
        ([("a", "{from: 2019-01-01, until: 2020-06-30}"), ("b", "{from: 2021-01-01}")], [("A017", "`here` has no policy from 2020-07-01 to 2020-12-31, between a, b")]),
    ],
)  # fmt: skip
def test_the_timeline_of_a_book(
    periods: Iterable[tuple[str, str]], said: list[tuple[str, str]], tmp_path: Path
) -> None:
    """Two policies for one place on one day, and days between two without any, are reported."""
    assert [(d.code, d.message) for d in timeline(book(tmp_path, *periods))] == said


def test_the_timeline_is_part_of_the_check_of_a_book(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check` of a book exits 1 where two policies claim one day."""
    book(tmp_path, ("a", "{from: 2019-01-01}"), ("b", "{from: 2021-01-01}"))
    code, _, err = check(capsys, str(tmp_path))
    assert code == 1
    assert "error[A016]: `here` has two policies from 2021-01-01 to …: a, b" in err


@given(st.data())
def test_what_is_said_to_be_constant_is_constant(data: st.DataObject) -> None:
    """A condition that is said never or always to hold never comes out the other way, on any task."""
    policy = data.draw(testing.policies())
    judge = Judge(Bounds(policy.checked.definitions, policy.checked.parameters, Collector()))
    condition = data.draw(testing.conditions(policy))
    judged = [(node, verdict) for node in ir.walk([condition]) if (verdict := judge.verdict(node)) is not None]
    if not judged:
        return
    task = intake.accept(policy.checked, data.draw(testing.tasks(policy)), None)
    world = reference.World(policy.checked, task.facts, task.as_of)
    for node, (holds, why) in judged:
        assert reference.evaluate(node, world) in (holds, None), why


def test_json_and_github_and_sarif_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every format has the same codes at the same places."""
    folder = str(
        write(
            tmp_path / "clean",
            with_entries(("facts", SPARE)).replace("quote: 费随事转}", "quote: 费随人转}"),
            sources__notice_txt=NOTICE,
        )
    )
    spoken = {kind: check(capsys, folder, "--format", kind)[1] for kind in ("json", "github", "sarif")}
    plain = [json.loads(line) for line in spoken["json"].splitlines()]
    listed = [(one["code"], one["severity"], one["line"], one["column"]) for one in plain]
    results = json.loads(spoken["sarif"])["runs"][0]["results"]
    regions = [one["locations"][0]["physicalLocation"]["region"] for one in results]
    assert [
        (one["ruleId"], one["level"], r["startLine"], r["startColumn"]) for one, r in zip(results, regions, strict=True)
    ] == listed
    commands = spoken["github"].splitlines()
    assert len(commands) == len(listed) >= 2
    for (code, severity, line, column), command in zip(listed, commands, strict=True):
        assert command.startswith(f"::{severity} file={folder}/")
        assert f",line={line},col={column},title=admission {code}::" in command
        assert command.count("::") == 2


def test_a_workflow_command_is_escaped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """GitHub's format is one line a remark, with the advice in it; what would end the command is escaped."""
    text = with_entries(("facts", SPARE)).replace("zh: 闲, en: spare", 'zh: 闲, en: "100 %"')
    folder = write(tmp_path / "a,b", text, sources__notice_txt=NOTICE + "第三条 须用 50%::经费。\n")
    code, out, _ = check(capsys, str(folder), "--format", "github")
    place = str(folder).replace(",", "%2C")
    assert code == 0
    assert out.splitlines() == [
        (
            f"::warning file={place}/policy.yaml,line={line_of(text, SPARE[:20])},col=3,title=admission A001"
            "::fact `spare` is never used%0Adelete it, or say in its `silence` why it is kept"
        ),
        (
            f"::warning file={place}/sources/notice.txt,line=5,col=1,title=admission A014"
            "::no rule cites this passage of source `notice`: 第三条 须用 50%25::经费。"
            "%0Awrite the rule it calls for; where it calls for none, say so in the source's `silence`"
        ),
    ]


def test_sarif_fits_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The SARIF log fits the model generated from the schema of SARIF 2.1.0, with and without results."""
    from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log

    for name, text in (("clean", CLEAN), ("spare", with_entries(("facts", SPARE))), ("broken", "policy: [\n")):
        folder = str(write(tmp_path / name, text, sources__notice_txt=NOTICE))
        log = Log.model_validate_json(check(capsys, folder, "--format", "sarif")[1])
        rules = {rule.id: rule.shortDescription.text for rule in log.runs[0].tool.driver.rules}
        assert [one.ruleId for one in log.runs[0].results] == {"clean": [], "spare": ["A001"], "broken": ["A106"]}[name]
        assert all(one.message.text and one.ruleId in rules for one in log.runs[0].results)


def test_an_unknown_code_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """`--explain` with no such code is an error that names a near one."""
    assert main(["check", "--explain", "A1144"]) == 2
    assert "did you mean `A114`?" in capsys.readouterr().err
