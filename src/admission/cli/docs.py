"""Write a policy as a page that a lawyer can read and print: every rule beside the passage it rests on.

The page is one file: nothing is fetched and nothing runs when it is opened. The same policy gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from admission import ir, pages
from admission.cli import policies
from admission.cli.terminal import Exit
from admission.diagnostics import Diagnostic, InputError, why

EXAMPLE = "admission docs policies/beijing -o beijing.html"
BOTH = "both"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; `--lang` takes one choice more than with other commands."""
    policies.add_policy(parser)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to write (default: standard output)")
    parser.add_argument("--format", choices=tuple(pages.FORMATS), help="html (the default), or markdown as for *.md")
    parser.add_argument(
        "--as-of",
        type=policies.day,
        metavar="DATE",
        help="mark what is in force on that day; with a book, the day whose policy it is (default: today)",
    )


def add_lang(parser: argparse.ArgumentParser) -> None:
    """The languages of the page; where it is in one, what is wrong is said in that one too."""
    parser.add_argument(
        "--lang", dest="page_lang", choices=(*pages.LANGUAGES, BOTH), default=BOTH, help="(default: both)"
    )


def run(options: argparse.Namespace) -> int:
    """Write the page."""
    if options.page_lang != BOTH:
        options.lang = options.page_lang
    policy = policies.load_policy(options, options.as_of).checked
    check_day(policy, options.as_of)
    text = pages.render(policy, form(options), languages(policy, options.page_lang), options.as_of)
    if options.output is None:
        sys.stdout.write(text)
    else:
        write(options.output, text)
    return Exit.DONE


def check_day(policy: ir.CheckedPolicy, day: date | None) -> None:
    """Raises `InputError` for a day on which the policy is not in force."""
    if day is not None and day not in policy.period:
        expected = f"{policy.period.start or '…'} – {policy.period.end or '…'}"
        raise InputError([Diagnostic("A922", None, {"given": day, "expected": expected, "fact": ir.AS_OF})])


def form(options: argparse.Namespace) -> str:
    """The format asked for, else that of the file to write."""
    is_markdown = options.output is not None and options.output.suffix.lower() in (".md", ".markdown")
    return options.format or ("markdown" if is_markdown else "html")


def languages(policy: ir.CheckedPolicy, asked: str) -> tuple[str, ...]:
    """The languages of the page: the one asked for, or those that the policy is written in."""
    return policy.languages if asked == BOTH else (asked,)


def write(path: Path, text: str) -> None:
    """Write a file, the same bytes on every system. Raises `InputError` where that cannot be."""
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise InputError([Diagnostic("A944", None, {"path": path, "why": why(error)}, path=str(path))]) from None
