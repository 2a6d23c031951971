"""A long run: draw tasks for every law and policy until the time is up, and keep what is found.

python -m admission.testing --minutes 30 policies/
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from admission.engine import Policy, load, policy_folders
from admission.testing.laws import LAWS, run_law
from admission.testing.reports import LawBroken

ROUND = 200  # tasks a law and policy, before the next has its turn


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the time is up; 1 where a law was broken."""
    options = parse(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    policies = [load(folder) for path in options.policies for folder in policy_folders(path) or (path,)]
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
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to run (default: 1)")
    parser.add_argument("--seed", type=int, help="repeat the run with this seed (default: a random one, printed)")
    parser.add_argument(
        "--failures", type=Path, default=Path("failures"), help="where to save what is found (default: failures/)"
    )
    return parser.parse_args(arguments)


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
