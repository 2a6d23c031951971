"""A small policy written out, for tests that need one whose every line they know."""

from pathlib import Path

HEAD = """\
policy: small
version: "1"
title: {zh: 小, en: Small}
in_force: {from: 2019-01-01, until: 2025-12-31}
languages: [zh, en]
"""
FACTS = """\
parties:
  issuer: {zh: 单位, en: the issuer}
facts:
  kind:
    type: enum
    values: {help: {zh: 协助, en: help}, duty: {zh: 职责, en: duty}, sale: {zh: 服务, en: sale}}
    zh: 性质
    en: kind
    ask: {zh: 什么性质？, en: What kind?}
  cost: {type: money, min: 0, zh: 成本, en: cost, ask: {zh: 多少？, en: How much?}}
  funds: {type: money, min: 0, assume: 0, zh: 经费, en: funds, changed_by: [issuer]}
  forms: {type: int, min: 0, max: 99, assume: 0, zh: 表, en: forms, changed_by: [issuer]}
  urgent: {type: bool, zh: 急, en: urgent, ask: {zh: 急吗？, en: Urgent?}}
  start_on: {type: date, zh: 始, en: start, ask: {zh: 何日开始？, en: When?}}
  unit: {type: text, zh: 单位, en: unit, ask: {zh: 哪个单位？, en: Which unit?}}
  actions:
    type: set
    values: {visit: {zh: 入户, en: visit}, persuade: {zh: 劝导, en: persuade}, enforce: {zh: 执法, en: enforce}}
    zh: 事
    en: actions
    ask: {zh: 做什么？, en: What is asked?}
"""
RULES = """\
channels:
  community: {outcome: admit, zh: 社区, en: the community}
  department: {outcome: redirect, zh: 部门, en: the department}
routes:
  to_community: {to: community, when: kind == help, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}
  to_department: {to: department, when: kind == duty, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}
requirements:
  funded:
    for: [community]
    require: funds >= cost
    reason: {zh: 费随事转, en: Funds follow the task}
    own: {zh: 自, en: own}
"""
SMALL = HEAD + FACTS + RULES


def write(folder: Path, text: str = SMALL, **files: str) -> Path:
    """A policy folder; further files by name, `__` for the slash and `_csv`, `_yaml`, `_txt` for the ending."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    for name, content in files.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder
