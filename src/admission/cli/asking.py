"""Asking a person at the terminal: one question at a time, the answer read as its fact's type."""

from __future__ import annotations

import re
import sys

from admission import intake
from admission.datatypes import Kind, Unfit, Value, expectation, from_cell, to_python
from admission.decision import Given
from admission.diagnostics import Language, TaskError
from admission.engine import Policy
from admission.explain import Question

_YES, _NO = ("yes", "y", "true", "是", "对"), ("no", "n", "false", "否", "不", "不是")
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "how": "逐项回答；不知道的，直接按回车；按 Ctrl-D 结束。",
        "bool": "是／否",
        "many": "可多选，用逗号隔开；一项也没有，写 -",
        "wrong": "看不懂“{given}”：应当是{expected}",
        "clash": "这个回答与登记的内容不一致：{said}",
    },
    "en": {
        "how": "Answer each; press Enter where you do not know; Ctrl-D stops.",
        "bool": "yes or no",
        "many": "several, with commas between them; - for none",
        "wrong": "“{given}” is not understood: expected {expected}",
        "clash": "that contradicts what is on record: {said}",
    },
}


def interview(policy: Policy, given: Given, lang: Language) -> Given:
    """The task with what the person answered, asked until it is decided or nobody can say more.

    Questions go to stderr, so that what is printed can be piped on.
    """
    words, skipped = _WORDS[lang], set[str]()
    _say(words["how"])
    while question := policy.next_question_given(given, besides=skipped):
        _say("", f"[{question.fact}] {question.text(lang)}", *_choices(question, lang))
        answer = _answer(question, lang)
        if answer is None:
            return given
        if answer == "":
            skipped.add(question.fact)
            continue
        try:
            given = with_answer(policy, given, question.fact, answer)
        except TaskError as error:
            _say(words["clash"].format(said="; ".join(fault.text(lang) for fault in error.faults)))
    return given


def with_answer(policy: Policy, given: Given, fact: str, answer: Value) -> Given:
    """The task with one more fact. Raises `TaskError` where that contradicts a register."""
    facts = {**given.facts, fact: answer}
    declared = policy.checked.facts
    task = {name: to_python(declared[name].type, value) for name, value in facts.items()}
    return intake.accept(policy.checked, task | {"id": given.id}, given.as_of)


def _choices(question: Question, lang: Language) -> list[str]:
    if question.type.kind is Kind.BOOL:
        return [f"  ({_WORDS[lang]['bool']})"]
    listed = [f"  {place}. {_label(question, value, lang)}" for place, value in enumerate(question.type.values, 1)]
    return [*listed, f"  ({_WORDS[lang]['many']})"] if question.type.kind is Kind.SET else listed


def _label(question: Question, value: str, lang: Language) -> str:
    return question.choices.get(value, {}).get(lang, value)


def _answer(question: Question, lang: Language) -> Value | None:
    """What was answered; empty text where the person does not know, None where they stop."""
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            _say("")
            return None
        text = line.strip()
        if not text:
            return ""
        try:
            return parse(question, text, lang)
        except Unfit as unfit:
            zh, en = expectation(question.type)
            _say(_WORDS[lang]["wrong"].format(given=unfit.given, expected=zh if lang == "zh" else en))


def parse(question: Question, text: str, lang: Language) -> Value:
    """An answer as a value: a choice by number, name or label; several with commas; yes or no.

    Raises `Unfit`.
    """
    declared = question.type
    match declared.kind:
        case Kind.BOOL if text.lower() in _YES + _NO:
            return text.lower() in _YES
        case Kind.ENUM:
            return from_cell(declared, _chosen(question, text, lang))
        case Kind.SET if text in ("-", "－", "—"):
            return frozenset()
        case Kind.SET:
            chosen = [_chosen(question, part, lang) for part in re.split(r"[,;，；、]\s*", text) if part.strip()]
            return from_cell(declared, ";".join(chosen) or ";")
        case Kind.MONEY:
            return from_cell(declared, _ungrouped(text))
        case _:
            return from_cell(declared, text)


def _chosen(question: Question, text: str, lang: Language) -> str:
    """The value that a number, name or label stands for; the text itself where it is none of them."""
    values, text = question.type.values, text.strip()
    if text.isdecimal() and 1 <= int(text) <= len(values):
        return values[int(text) - 1]
    return next((value for value in values if text in (value, _label(question, value, lang))), text)


def _ungrouped(text: str) -> str:
    """An amount without the commas that group its digits in threes."""
    return text.replace(",", "") if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text) else text


def _say(*lines: str) -> None:
    sys.stderr.write("\n".join(lines) + "\n")
