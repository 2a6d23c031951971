"""A long run: draw tasks for every law and policy until the time is up, and keep what is found.

python -m admission.testing --minutes 30 policies/
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from admission.diagnostics import Diagnostic, PolicyError
from admission.engine import Policy, load, policy_folders
from admission.testing.laws import LAWS, run_law
from admission.testing.reports import LawBroken

ROUND = 200  # tasks a law and policy, before the next has its turn


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the time is up; 1 where a law was broken, 2 where a policy cannot be loaded."""
    options = parse(arguments)
    try:
        policies = load_all(options.policies)
    except PolicyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    end = time.monotonic() + 60 * options.minutes
    drawn, broken = 0, set[tuple[str, str]]()
    for policy, law in turns(policies, end):
        if (policy.id, law) in broken:
            continue
        drawn += ROUND
        try:
            run_law(policy, LAWS[law], max_examples=ROUND, seed=seed + drawn)
        except LawBroken as found:
            broken.add((policy.id, law))
            saved = save(options.failures, policy, law, str(found))
            sys.stdout.write(f"\n{found}\n\nsaved as {saved}\n")
    sys.stdout.write(f"{drawn:,} tasks drawn, {len(broken)} law(s) broken\n")
    return 1 if broken else 0


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m admission.testing", description=__doc__)
    parser.add_argument("policies", nargs="+", type=Path, metavar="POLICY", help="policies, or folders of them")
    parser.add_argument("--minutes", type=minutes, default=1.0, help="how long to run (default: 1)")
    parser.add_argument("--seed", type=int, help="repeat the run with this seed (default: a random one, printed)")
    parser.add_argument(
        "--failures",
        type=writable_folder,
        default=Path("failures"),
        help="where to save what is found (default: failures/)",
    )
    return parser.parse_args(arguments)


def minutes(text: str) -> float:
    """A number of minutes. Raises `ArgumentTypeError` for one that is none."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number of minutes, 0 or more, found `{text}`")
    return number


def writable_folder(text: str) -> Path:
    """A folder that can be written to or made. Raises `ArgumentTypeError` where it cannot."""
    path = Path(text)
    there = next(each for each in (path, *path.parents) if each.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder, found the file `{there}`")
    if not os.access(there, os.W_OK):
        raise argparse.ArgumentTypeError(f"expected a folder that can be written to, found `{there}`")
    return path


def load_all(paths: Sequence[Path]) -> list[Policy]:
    """The policies, and those in folders of them. Raises `PolicyError` with the faults of all."""
    loaded, faults = list[Policy](), list[Diagnostic]()
    for found in (each for path in paths for each in policy_folders(path) or (path,)):
        try:
            loaded.append(load(found))
        except PolicyError as error:
            faults += error.diagnostics
    if faults:
        raise PolicyError(faults)
    return loaded


def turns(policies: Sequence[Policy], end: float) -> Iterator[tuple[Policy, str]]:
    """Every policy and law in turn, again and again until the time is up; at least once each."""
    first = True
    while first or time.monotonic() < end:
        for policy in policies:
            for law in LAWS:
                if first or time.monotonic() < end:
                    yield policy, law
        first = False


def save(folder: Path, policy: Policy, law: str, found: str) -> Path:
    """The case to a file of its own, with what was found as comments above it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{policy.id}-{law}.yaml"
    said, case = found.split("\n- id:", 1)
    case, _, rest = case.partition("\n\n")
    comments = "\n".join(f"# {line}".rstrip() for line in (said + "\n\n" + rest).splitlines())
    path.write_text(f"{comments}\n- id:{case}\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
