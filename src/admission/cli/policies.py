"""The POLICY argument that most commands take: a folder, a file, or a book with `--place`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

from admission.datatypes import DATE, Unfit, from_document
from admission.diagnostics import Diagnostic, InputError
from admission.engine import Policy, load, load_book, policy_folders


def day(text: str) -> date:
    """A date of the command line; argparse reports what is none."""
    try:
        found = from_document(DATE, text)
    except Unfit:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2019-08-03") from None
    return cast("date", found)


def seconds(text: str) -> float:
    """A number of seconds of the command line; argparse reports what is none."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 3600:  # noqa: PLR2004 - an hour for one question
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 3600")
    return found


def add_policy(parser: argparse.ArgumentParser) -> None:
    """The arguments that name one policy."""
    parser.add_argument(
        "policy", metavar="POLICY", help="a policy's folder or file, or a book of policies with --place"
    )
    parser.add_argument("--place", help="which place's policy to take from a book")


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """The day of the decision."""
    parser.add_argument(
        "--as-of",
        type=day,
        metavar="DATE",
        help="the day of the decision, for tasks that do not give one; no task may give another (default: today)",
    )


def load_policy(options: argparse.Namespace, as_of: date | None = None) -> Policy:
    """The policy that the arguments name, a book's on one day. Raises `PolicyError`, `InputError`."""
    return load_chooser(options)(as_of or date.today())  # noqa: DTZ011 - a day of the calendar on the wall


def load_chooser(options: argparse.Namespace) -> Callable[[date], Policy]:
    """Which policy decides on a day: always the same one, or a book's for the place.

    Raises `PolicyError`, `InputError`; what it returns raises `InputError` for a day without a policy.
    """
    path = Path(options.policy)
    if options.place is None:
        if folders := policy_folders(path):
            known = ", ".join(folder.name for folder in folders)
            raise InputError([Diagnostic("A611", None, {"path": path, "known": known}, path=str(path))])
        policy = load(path)
        return lambda _: policy
    book = load_book(path)
    return lambda day: book.pick(options.place, day)
