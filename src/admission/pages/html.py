"""A page as one HTML file: nothing is fetched, nothing runs, every text is escaped."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import assert_never

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
    plain,
    subsections,
)

TAGS = {"zh": "zh-Hans", "en": "en"}
_WEB = re.compile(r"https?://[^\s]+")
_HOST = re.compile(r"[a-z0-9][a-z0-9.-]*\.[a-z]{2,}(/[^\s]*)?", re.IGNORECASE)


def write(page: Page) -> str:
    """The page as HTML. The policy of its content forbids scripts, fonts, images and every address but its own."""
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    lines = [
        "<!doctype html>",
        f'<html lang="{TAGS[page.languages[0]]}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(plain(page.title))}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        f"<header><h1>{inlines(page.title)}</h1>{blocks(page.blocks, 2)}</header>",
        contents(page),
        "<main>",
        *(section(each, 2) for each in page.sections),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def contents(page: Page) -> str:
    """The table of contents: sections, and those in them."""
    return (
        f'<nav aria-labelledby="contents"><h2 id="contents">{inlines(page.contents)}</h2>\n'
        f"{_contents(page.sections)}\n</nav>"
    )


def _contents(sections: tuple[Section, ...]) -> str:
    rows = []
    for each in sections:
        entries = [block for block in each.blocks if isinstance(block, Entry)]
        inner = "".join(f'<li><a href="#{escape(e.anchor)}">{_name(e)}</a></li>' for e in entries)
        nested = f'<ul class="names">{inner}</ul>' if inner else _contents(tuple(subsections(each)))
        rows.append(f'<li><a href="#{escape(each.anchor)}">{inlines(each.title)}</a>{nested}</li>')
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _name(entry: Entry) -> str:
    """An entry in the table of contents: its name, the first thing in its title."""
    return inline(entry.title[0])


# ------------------------------------------------------------------------------------------------- blocks


def section(each: Section, level: int) -> str:
    """A section with its heading."""
    anchor = escape(each.anchor)
    return (
        f'<section id="{anchor}" aria-labelledby="h-{anchor}">\n'
        f'<h{level} id="h-{anchor}">{inlines(each.title)}</h{level}>\n{blocks(each.blocks, level + 1)}\n</section>'
    )


def blocks(content: Blocks, level: int) -> str:
    """Blocks, headings among them at the level given."""
    return "\n".join(block(each, level) for each in content)


def block(each: Block, level: int) -> str:
    """One block."""
    match each:
        case Paragraph(content, role):
            return f"<p{_class(role)}>{inlines(content)}</p>"
        case Quote(content):
            return f"<blockquote>{inlines(content)}</blockquote>"
        case Items(rows):
            return f"<ul>{''.join(f'<li>{_cell(row, level)}</li>' for row in rows)}</ul>"
        case Terms(rows):
            return f"<dl>{''.join(_term(*row, level) for row in rows)}</dl>"
        case Table():
            return _table(each, level)
        case Entry():
            return _entry(each, level)
        case Section():
            return section(each, level)
        case Picture():
            return _picture(each)
        case _:
            assert_never(each)


def _class(role: str) -> str:
    return f' class="{role}"' if role else ""


def _term(term: Inlines, said: Blocks, level: int) -> str:
    return f"<div><dt>{inlines(term)}</dt><dd>{_cell(said, level)}</dd></div>"


def _cell(content: Blocks, level: int) -> str:
    """What stands in a cell or item: a paragraph that is alone needs no tag of its own."""
    match content:
        case (Paragraph(inner, ""),):
            return inlines(inner)
        case _:
            return blocks(content, level)


def _table(table: Table, level: int) -> str:
    """A table that keeps its roles where the style sheet stacks its rows on a narrow screen."""
    labels = [escape(plain(title)) for title in table.header]
    head = "".join(f'<th scope="col" role="columnheader">{inlines(title)}</th>' for title in table.header)
    rows = "\n".join(_row(row, labels, level) for row in table.rows)
    return (
        f'<table role="table"><caption>{inlines(table.caption)}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n<tbody role="rowgroup">{rows}</tbody></table>'
    )


def _row(row: tuple[Blocks, ...], labels: list[str], level: int) -> str:
    first, *rest = row
    cells = [f'<th scope="row" role="rowheader">{_cell(first, level)}</th>']
    cells += [
        f'<td role="cell" data-label="{label}"><div>{_cell(cell, level)}</div></td>'
        for cell, label in zip(rest, labels[1:], strict=True)
    ]
    return f'<tr role="row">{"".join(cells)}</tr>'


def _entry(entry: Entry, level: int) -> str:
    anchor = escape(entry.anchor)
    beside = f"<aside>{blocks(entry.beside, level + 1)}</aside>" if entry.beside else ""
    return (
        f'<article id="{anchor}" class="{escape(entry.kind)}" aria-labelledby="h-{anchor}">\n'
        f'<h{level} id="h-{anchor}">{inlines(entry.title)}</h{level}>\n'
        f'<div class="body"><div class="said">{blocks(entry.blocks, level + 1)}</div>{beside}</div>\n</article>'
    )


def _picture(each: Picture) -> str:
    label = f' role="group" aria-label="{escape(each.label)}" '
    wide = each.wide.replace("<svg ", f'<svg class="wide"{label}', 1)
    narrow = each.narrow.replace("<svg ", f'<svg class="narrow"{label}', 1)
    return f"<figure>\n{wide}\n{narrow}\n<figcaption>{inlines(each.caption)}</figcaption>\n</figure>"


# -------------------------------------------------------------------------------------------------- lines


def inlines(content: Inlines) -> str:
    """A line."""
    return "".join(inline(each) for each in content)


def inline(each: Inline) -> str:
    """One part of a line."""
    match each:
        case str():
            return escape(each)
        case Spoken(lang, content):
            return f'<span lang="{TAGS[lang]}">{inlines(content)}</span>'
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Link(anchor, content):
            return f'<a href="#{escape(anchor)}">{inlines(content)}</a>'
        case Web(address):
            return _web(address)
        case Mark(text):
            return f"<mark>{escape(text)}</mark>"
        case Badge(kind, content):
            return f'<span class="badge {escape(kind)}">{inlines(content)}</span>'
        case _:
            assert_never(each)


def _web(address: str) -> str:
    """An address of the web as a link, anything else as text: a `javascript:` address is never one to follow."""
    to = target(address)
    said = f'<span class="url">{escape(address)}</span>'
    return f'<a href="{escape(to)}" rel="noreferrer">{said}</a>' if to else said


def target(address: str) -> str | None:
    """Where an address leads; None where it is none of the web.

    >>> target("news.example.cn/a.htm"), target("javascript:alert(1)")
    ('http://news.example.cn/a.htm', None)
    """
    if _WEB.fullmatch(address):
        return address
    return f"http://{address}" if _HOST.fullmatch(address) else None
