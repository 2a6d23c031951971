"""Results and coverage as text, and results as JUnit XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree as ET

from admission.cases.coverage import CELLS, Coverage, Row
from admission.cases.files import Case
from admission.cases.running import Result
from admission.cases.watching import EventCase, EventResult
from admission.diagnostics import Language

WORDS: dict[str, tuple[str, str]] = {
    "expected": ("预期", "expected"),
    "got": ("实际", "got"),
    "missing": ("应有而无", "expected"),
    "extra": ("不应有而有", "not expected"),
    "rule": ("规则", "rule"),
    "condition": ("条件", "condition"),
    "whole": ("（整条规则）", "(the whole rule)"),
    "true": ("真", "true"),
    "false": ("假", "false"),
    "unknown": ("未知", "unknown"),
    "decisive": ("起决定作用", "decisive"),
    "never_true": ("从未为真", "never true"),
    "never_false": ("从未为假", "never false"),
    "never_unknown": ("从未未知", "never unknown"),
    "never_decisive": ("从未起决定作用", "never decisive"),
    "covered": ("覆盖率 {percent}%（{covered}/{possible}）", "coverage {percent} % ({covered} of {possible})"),
}
# XML 1.0, production 2: what a document may not hold, whichever way it is written.
_UNWRITABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def word(key: str, lang: Language, **parts: object) -> str:
    """One of the words, its parts filled in."""
    return WORDS[key][0 if lang == "zh" else 1].format_map(parts)


def spelt(value: object) -> str:
    """A value of a decision as its JSON spells it."""
    return json.dumps(value, ensure_ascii=False, default=str)


def heading(case: Case | EventCase) -> str:
    """Where a case stands, its id and title."""
    return f"{case.place}: {case.id} {case.title}".rstrip()


def differences(result: Result, lang: Language) -> str:
    """What was expected and what came out, key by key."""
    shown = [
        f"{d.key}\n  {word('expected', lang)}: {spelt(d.expected)}\n  {word('got', lang)}: {spelt(d.got)}"
        for d in result.differences
    ]
    return "\n".join(shown)


def failure(result: Result, lang: Language) -> str:
    """A failing case: what was expected, what came out, and why."""
    return f"{differences(result, lang)}\n\n{result.decision.explain(lang)}"


def failure_of(result: Result | EventResult, lang: Language) -> str:
    """A failing case of either kind."""
    return failure(result, lang) if isinstance(result, Result) else event_failure(result, lang)


def event_failure(result: EventResult, lang: Language) -> str:
    """A failing event case: the notices that are missing, and those too many."""
    lines = [f"{word('missing', lang)}: {spelt(dict(notice))}" for notice in result.missing]
    return "\n".join([*lines, *(f"{word('extra', lang)}: {spelt(notice.to_dict())}" for notice in result.extra)])


# ------------------------------------------------------------------------------------------ coverage


def coverage_rows(coverage: Coverage, lang: Language) -> Iterator[Sequence[str]]:
    """The table of coverage: a line a rule and condition; `✓` covered, `✗` not, `–` cannot be."""
    for row in coverage.rows:
        cells = [_mark(row, cell) for cell in CELLS]
        yield [row.rule.id, *cells, row.text or word("whole", lang)]


def _mark(row: Row, cell: str) -> str:
    if cell not in row.possible:
        return "–"
    return "✓" if cell in row.covered else "✗"


def coverage_header(lang: Language) -> Sequence[str]:
    """The header of that table."""
    return [word(key, lang) for key in ("rule", *CELLS, "condition")]


def uncovered(coverage: Coverage, lang: Language) -> Iterator[str]:
    """What is not covered, a line each, with its place."""
    for row in coverage.rows:
        if row.uncovered:
            what = ", ".join(word(f"never_{cell}", lang) for cell in row.uncovered)
            yield f"{row.place}: {row.rule.id}: {row.text or word('whole', lang)}: {what}"


def coverage_line(coverage: Coverage, lang: Language) -> str:
    """The figure in one line; rounded down, so that 100 is said of nothing less."""
    return word("covered", lang, percent=coverage.shown, covered=coverage.covered, possible=coverage.possible)


# --------------------------------------------------------------------------------------------- JUnit


def junit(
    policy: str,
    results: Iterable[Result],
    of_events: Iterable[EventResult],
    lang: Language,
    coverage: Coverage | None = None,
) -> str:
    """The results as one JUnit XML document, as CI servers read it."""
    suite = ET.Element("testsuite", {"name": f"admission {policy}"})
    if coverage is not None:
        properties = ET.SubElement(suite, "properties")
        ET.SubElement(properties, "property", {"name": "coverage", "value": coverage.shown})
    failed = 0
    for result in results:
        failed += _test_case(suite, policy, result.case, None if result.is_passed else failure(result, lang))
    for seen in of_events:
        failed += _test_case(suite, policy, seen.case, None if seen.is_passed else event_failure(seen, lang))
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(failed))
    suite.set("errors", "0")
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def _test_case(suite: ET.Element, policy: str, case: Case | EventCase, text: str | None) -> bool:
    """Add one case; `text` says how it failed, None where it passed. Returns whether it failed."""
    file, _, line = case.place.rpartition(":")
    attributes = {"classname": policy, "name": case.id, "file": file, "line": line}
    element = ET.SubElement(suite, "testcase", {key: _writable(value) for key, value in attributes.items()})
    if text is not None:
        said = ET.SubElement(element, "failure", {"message": _writable(text.partition("\n\n")[0])})
        said.text = _writable(text)
    return text is not None


def _writable(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
