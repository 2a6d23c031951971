"""A page as Markdown, in the dialect of GitHub: every text is escaped, so that none can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from admission.pages.html import target
from admission.pages.nodes import (
    Badge,
    Block,
    Blocks,
    Code,
    Entry,
    Inline,
    Inlines,
    Items,
    Link,
    Mark,
    Page,
    Paragraph,
    Picture,
    Quote,
    Section,
    Spoken,
    Table,
    Terms,
    Web,
    subsections,
)

_MARKUP = re.compile(r"([\\`*_\[\]#|~$])")
_AT_THE_START = re.compile(r"^(\d+(?=[.)])|)([-+=:.)])")


def write(page: Page) -> str:
    """The page as Markdown."""
    parts = [f"# {inlines(page.title)}", blocks(page.blocks, 2), f"## {inlines(page.contents)}"]
    parts += [_contents(page.sections), *(section(each, 2) for each in page.sections)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _contents(sections: tuple[Section, ...], indent: str = "") -> str:
    rows = []
    for each in sections:
        rows.append(f"{indent}- [{inlines(each.title)}](#{each.anchor})")
        if inner := _contents(tuple(subsections(each)), indent + "  "):
            rows.append(inner)
    return "\n".join(rows)


# ------------------------------------------------------------------------------------------------- blocks


def section(each: Section, level: int) -> str:
    """A section with its heading."""
    return f"{_heading(each.anchor, each.title, level)}\n\n{blocks(each.blocks, level + 1)}"


def _heading(anchor: str, title: Inlines, level: int) -> str:
    return f'<a id="{anchor}"></a>\n\n{"#" * level} {inlines(title)}'


def blocks(content: Blocks, level: int) -> str:
    """Blocks with an empty line between them."""
    return "\n\n".join(block(each, level) for each in content)


def block(each: Block, level: int) -> str:
    """One block."""
    match each:
        case Paragraph(content, role):
            said = _AT_THE_START.sub(r"\1\\\2", inlines(content))
            return f"**{said}**" if role == "reason" else said
        case Quote(content):
            return f"> {inlines(content)}"
        case Items(rows):
            return "\n".join(_item(_tight(row, level)) for row in rows)
        case Terms(rows):
            return "\n".join(_item(_term(term, said, level)) for term, said in rows)
        case Table():
            return _table(each)
        case Entry():
            heading = _heading(each.anchor, each.title, level)
            return "\n\n".join(part for part in (heading, blocks(each.blocks, level + 1), _beside(each)) if part)
        case Section():
            return section(each, level)
        case Picture():
            return blocks(each.text, level)
        case _:
            assert_never(each)


def _beside(entry: Entry) -> str:
    """The passages under a rule, set off as a quotation."""
    said = blocks(entry.beside, 6)
    return "\n".join(f"> {row}".rstrip() for row in said.splitlines())


def _item(text: str) -> str:
    return "- " + text.replace("\n", "\n  ")


def _term(term: Inlines, said: Blocks, level: int) -> str:
    """A term and what is said of it: on its line where that is one, else in a list under it."""
    match said:
        case ():
            return inlines(term)
        case (Paragraph(),):
            return f"{inlines(term)}: {_tight(said, level)}"
        case _:
            return "\n".join([f"{inlines(term)}:", *_under(said, level)])


def _under(said: Blocks, level: int) -> Iterator[str]:
    """Items under a term; a list goes under the paragraph before it."""
    for place, each in enumerate(said):
        text = block(each, level)
        is_below = place > 0 and isinstance(each, Items)
        yield _indented(text) if is_below else text if isinstance(each, Items) else _item(text)


def _indented(text: str) -> str:
    return "\n".join(f"  {row}" for row in text.splitlines())


def _tight(content: Blocks, level: int) -> str:
    """Blocks of an item: each on a line of its own."""
    return "\n".join(block(each, level) for each in content)


def _table(table: Table) -> str:
    header = " | ".join(inlines(title) for title in table.header)
    rule = " | ".join("---" for _ in table.header)
    rows = [" | ".join(_cell(cell) for cell in row) for row in table.rows]
    lines = "\n".join(f"| {row} |" for row in (header, rule, *rows))
    return f"{inlines(table.caption)}\n\n{lines}"


def _cell(content: Blocks) -> str:
    """The blocks of a cell in one line, for a table of Markdown has no other."""
    return "<br>".join(_flat(each) for each in content)


def _flat(each: Block) -> str:
    match each:
        case Paragraph(content) | Quote(content):
            return inlines(content)
        case Items(rows):
            return "<br>".join(f"• {_cell(row)}" for row in rows)
        case _:
            return ""


# -------------------------------------------------------------------------------------------------- lines


def inlines(content: Inlines) -> str:
    """A line."""
    return "".join(inline(each) for each in content)


def inline(each: Inline) -> str:
    """One part of a line."""
    match each:
        case str():
            return escaped(each)
        case Spoken(_, content):
            return inlines(content)
        case Code(text):
            return code(text)
        case Link(anchor, content):
            return f"[{inlines(content)}](#{anchor})"
        case Web(address):
            to = target(address)
            return f"<{to}>" if to and not set(to) & set("<>\\") else escaped(address)
        case Mark(text):
            return f"「{escaped(text)}」"
        case Badge(_, content):
            return f"*{inlines(content)}*"
        case _:
            assert_never(each)


def escaped(text: str) -> str:
    r"""A text that means itself: on one line, its markup taken away.

    >>> escaped("<b> a_b")
    '&lt;b&gt; a\\_b'
    """
    flat = " ".join(text.split()) if "\n" in text else text
    return _MARKUP.sub(r"\\\1", flat).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    """A name or expression in back ticks, one more than it holds itself; a bar is escaped for tables."""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{space}{text.replace('|', chr(92) + '|')}{space}{ticks}"
