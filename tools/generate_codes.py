"""Write docs/codes.md, the list of all codes, from the catalogue; each links to its page."""

import sys
from itertools import groupby
from pathlib import Path

from admission.cli.codes import title
from admission.diagnostics.catalogue import KINDS, Kind

PAGE = Path(__file__).parents[1] / "docs" / "codes.md"
FOLDER = "../src/admission/cli/codes_pages"
HEAD = f"""# Codes

Everything that admission says of a policy, a task or an event has a code. Each has a page with the reason why it
matters, an example that gives it, and one that does not; `admission check --explain A114` prints it. The examples
are read with [one small policy]({FOLDER}/base.yaml).

This list is written by `python tools/generate_codes.py`.
"""
CHAPTERS = {
    "A0": "Policies that load, looked over · 可以加载的规则",
    "A1": "Reading files · 读取文件",
    "A2": "The shape of a policy · 规则的形式",
    "A3": "Expressions · 算式",
    "A4": "Names and types · 名称和类型",
    "A5": "Values, periods, registers · 数值、期间、清单",
    "A6": "Layers and books · 分层与汇编",
    "A7": "Events and watches · 事件与监督",
    "A8": "Proofs · 证明",
    "A9": "Tasks, events, calls · 事项、事件、调用",
}


def row(kind: Kind) -> str:
    """The row of one code."""
    texts = (title(kind.code, "zh"), title(kind.code, "en"))
    zh, en = (text.replace("|", "\\|").replace("\n", " ") for text in texts)
    return f"| [{kind.code}]({FOLDER}/{kind.code}.md) | {kind.severity} | {zh} | {en} |"


def page() -> str:
    """The whole list."""
    lines = [HEAD]
    for chapter, kinds in groupby(sorted(KINDS.values(), key=lambda kind: kind.code), lambda kind: kind.code[:2]):
        lines += [f"## {CHAPTERS[chapter]}", "", "| code | | 说明 | says |", "|---|---|---|---|", *map(row, kinds), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if page() == PAGE.read_text(encoding="utf-8") else "docs/codes.md is out of date")
    PAGE.write_text(page(), encoding="utf-8")
