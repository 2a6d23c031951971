"""Files to a checked policy: the one place that knows the order of the passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from admission import ir
from admission.checker import check
from admission.diagnostics import Collector, InputError, PolicyError
from admission.engine.policy import Policy
from admission.frontend import policies

Rows = Iterable[Mapping[str, object]]


def load(path: str | PathLike[str], *, registers: Mapping[str, Rows] | None = None) -> Policy:
    """The policy in a folder or file, with the layers it extends, checked.

    `registers` hands in rows of registers by name: mappings of column to Python value, with `valid_from` and
    `valid_until` as dates where a row has a period.

    Raises `PolicyError` with every fault found, or where there is no policy to read.

    >>> load("policies/beijing").id
    'beijing'
    """
    checked, faults = inspect(path, registers=registers)
    if checked is None:
        raise PolicyError(faults.errors)
    return Policy(checked, faults.sorted())


@policies.garbage_left_alone()
def inspect(
    path: str | PathLike[str], *, registers: Mapping[str, Rows] | None = None
) -> tuple[ir.CheckedPolicy | None, Collector]:
    """The checked policy, or None, and everything there is to say about it, warnings included.

    Raises `PolicyError` where there is no policy to read.
    """
    faults = Collector()
    handed = {name: list(rows) for name, rows in (registers or {}).items()}
    try:
        loaded = policies.load(Path(path), faults, handed)
    except InputError as error:
        raise PolicyError(error.diagnostics) from None
    if loaded.policy is None:
        return None, faults
    for name in handed:
        if name not in loaded.policy.registers:
            faults.add("A517", loaded.policy.span, name=name)
    return check(loaded.policy, faults, loaded.poisoned), faults


def policy_folders(path: Path) -> tuple[Path, ...]:
    """The policies that stand in a folder, sorted by name; empty where it is not a folder of policies."""
    if not path.is_dir() or (path / policies.POLICY_FILE).is_file():
        return ()
    return tuple(sorted(folder for folder in path.iterdir() if (folder / policies.POLICY_FILE).is_file()))
