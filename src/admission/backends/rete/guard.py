"""What may reach the engine's C code: a few short ASCII names and whole numbers, nothing else.

The engine compares names and ids by a 32-bit hash and trusts what it is handed, so every name and value is looked at
here first. No text of a user is ever handed over: texts are compared in Python, and only the answers go in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LARGEST = 2**53 + 1
"""Whole numbers are handed over within plus and minus this; `saturated` brings larger ones to it."""
MOST_FIELDS = 60
LONGEST_NAME = 40
_NAME = re.compile(r"[a-z][a-z0-9]*", re.ASCII)
_OFFSET_BASIS, _PRIME = 2166136261, 16777619
OWN_FIELDS = ("id", "sid", "_t", "_k", "ref")
"""What the matcher itself puts on every fact."""


class GuardError(ValueError):
    """Something that must not reach the engine. It is a mistake of this library, never of a policy's author."""


def name_hash(name: str) -> int:
    """The engine's hash of a name or id: 32-bit FNV-1a.

    >>> name_hash("id")  # HASH_ID in its source
    926444256
    """
    found = _OFFSET_BASIS
    for byte in name.encode("ascii"):
        found = (found ^ byte) * _PRIME & 0xFFFFFFFF
    return found


def check_name(name: object) -> str:
    """The name of a tag, field or rule; raises `GuardError` for any other than short lower-case ASCII."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise GuardError(f"not a name for the engine: {str(name)[:60]!r}")
    return name


def check_names(names: Iterable[str]) -> None:
    """Names that stand side by side: each sound, none twice, no two of one hash, none the matcher's own."""
    seen = {name_hash(own): own for own in OWN_FIELDS}
    for name in names:
        found = name_hash(check_name(name))
        if found in seen:
            raise GuardError(f"{name!r} and {seen[found]!r} are the same name to the engine")
        seen[found] = name


def check_value(value: object) -> int:
    """A whole number within `LARGEST`; raises `GuardError` for anything else, truth values included."""
    if type(value) is not int or not -LARGEST <= value <= LARGEST:
        raise GuardError(f"not a value for the engine: {type(value).__name__} {str(value)[:60]}")
    return value


def check_fact(values: tuple[object, ...], declared: tuple[str, ...]) -> None:
    """A fact has each declared field, in order, each a whole number; raises `GuardError`."""
    if len(values) != len(declared):
        raise GuardError(f"a fact has a value for each of {len(declared)} fields; this one has {len(values)}")
    for value in values:
        check_value(value)


def saturated(value: int) -> int:
    """The nearest value the engine takes.

    A comparison keeps its answer while one of its sides is within 2^53.
    """
    return max(-LARGEST, min(LARGEST, value))
