"""The page of each code: what it means, an example that gives it, and one that does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.resources import files

from admission.diagnostics import Language
from admission.diagnostics.catalogue import KINDS

_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def title(code: str, lang: Language) -> str:
    """What a kind of fault says, its blanks shown as `…`.

    >>> title("A114", "en")
    'duplicate key `…`, first at line …'
    """
    kind = KINDS[code]
    template = kind.zh if lang == "zh" else kind.en
    return _PLACEHOLDER.sub("…", template.replace("{{", "\0").replace("}}", "\1")).replace("\0", "{").replace("\1", "}")


def page(code: str) -> str | None:
    """The page of a code as Markdown, in both languages; None where there is no such code.

    >>> page("A114").splitlines()[0]
    '# A114'
    """
    if code not in KINDS:
        return None
    return files("admission.cli").joinpath("codes_pages", f"{code}.md").read_text(encoding="utf-8")


def in_language(text: str, lang: Language) -> str:
    """A page with what it says in one language; the examples stay as they are.

    >>> in_language(page("A114"), "en").splitlines()[2]
    'duplicate key `…`, first at line …'
    """
    parts = _FENCED.split(text)
    parts[::2] = ["\n\n".join(_kept(part.split("\n\n"), lang)) for part in parts[::2]]
    parts[1::2] = [_shown(part, lang) if part.startswith("```text\n") else part for part in parts[1::2]]
    return "".join(parts).rstrip("\n") + "\n"


def _kept(paragraphs: Iterable[str], lang: Language) -> Iterator[str]:
    """A heading in one language; of the others, those that are in it."""
    for paragraph in paragraphs:
        if paragraph.startswith("## "):
            zh, en = paragraph.removeprefix("## ").split(" · ")
            yield f"## {zh if lang == 'zh' else en}"
        elif paragraph.startswith("# ") or not paragraph.strip() or bool(_CHINESE.search(paragraph)) == (lang == "zh"):
            yield paragraph


def _shown(block: str, lang: Language) -> str:
    """What a run prints stands once a language, English first."""
    first, *lines, last = block.splitlines()
    half = len(lines) // 2
    return "\n".join((first, *(lines[half:] if lang == "zh" else lines[:half]), last))
