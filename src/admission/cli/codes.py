"""The page of each code: what it means, an example that gives it, and one that does not."""

from __future__ import annotations

import re
from importlib.resources import files

from admission.diagnostics import Language
from admission.diagnostics.catalogue import KINDS

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
    """The page of a code as Markdown; None where there is no such code.

    >>> page("A114").splitlines()[0]
    '# A114'
    """
    if code not in KINDS:
        return None
    return files("admission.cli").joinpath("codes_pages", f"{code}.md").read_text(encoding="utf-8")
