"""A long run: draw tasks for every law and policy until the time is up, and keep what is found.

python -m admission.testing --minutes 30 policies/

Each law of each policy has its turn in the first round, with few tasks; later rounds have more. Ctrl-C ends the run
early. Exit codes: 0 no law was broken, 1 a law was broken, 2 the call or a policy is wrong, 130 ended by Ctrl-C before
any law was broken.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from admission.diagnostics import Diagnostic, PolicyError
from admission.engine import Policy, load, policy_folders
from admission.testing.long_run import LongRun


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the time is up; the exit code."""
    options = parse(arguments)
    try:
        policies = load_all(options.policies)
    except PolicyError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    say(f"seed {seed}\n")
    run = LongRun(policies, seed, 60 * options.minutes, options.failures, say)
    is_finished = run.run()
    early = "" if is_finished else "ended by Ctrl-C; "
    say(f"{early}{run.drawn:,} tasks in {run.gone():.0f} s, {len(run.broken)} law(s) broken\n")
    return 1 if run.broken else 0 if is_finished else 130


def say(text: str) -> None:
    """Print at once, also into a file that somebody watches."""
    sys.stdout.write(text)
    sys.stdout.flush()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command's arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m admission.testing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
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


if __name__ == "__main__":
    sys.exit(main())
