"""What a cold process pays: an import, a command, a policy; every figure over a bare interpreter, turn by turn.

python benchmarks/startup.py [--rounds 15]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from beijing import DAY, SOUND
from competitors import WrongAnswerError
from scale import SIZES, policy_of, rules
from timing import Times, interleave, machine, once, show

ROOT = Path(__file__).parents[1]
ROUNDS = 15
SHOWN = 8
BARE = "a bare interpreter"
TASK = {**SOUND, "id": "1", "as_of": DAY.isoformat()}
HERE = str(Path(__file__).parent)
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path not in {"", HERE})}


# What is installed has its bytecode beside it; a checkout gets it from the runs of the check.
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python of its own, with this one's packages."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)


def commands(folder: Path) -> dict[str, tuple[str, ...]]:
    """What is timed, by name; the files that it needs are written into the folder."""
    task = folder / "task.json"
    task.write_text(json.dumps(TASK), encoding="utf-8")
    beijing, many = ROOT / "policies" / "beijing", policy_of(rules(SIZES[-1]), folder)
    load = "import admission; policy = admission.load({!r}); "
    decided = f"print(policy.decide({dict(SOUND)!r}, as_of=__import__('datetime').date(2019, 8, 3)).verdict)"
    return {
        BARE: ("-c", "pass"),
        "import admission": ("-c", "import admission"),
        "load policies/beijing": ("-c", load.format(str(beijing))),
        "load policies/beijing, decide once": ("-c", load.format(str(beijing)) + decided),
        "admission --version": ("-m", "admission", "--version"),
        "admission decide, one task": ("-m", "admission", "decide", str(beijing), str(task)),
        f"load a policy of {SIZES[-1]:,} rules": ("-c", load.format(str(many))),
    }


def check(folder: Path) -> dict[str, tuple[str, ...]]:
    """The commands, once each has run and those that decide have admitted the task."""
    kept = commands(folder)
    for name, arguments in kept.items():
        printed = python(*arguments).stdout
        if "decide" in name and "admit" not in printed:
            raise WrongAnswerError(f"{name}: expected the task to be admitted\n  found {printed!r}")
    print(f"{len(kept)} commands run; those that decide admit the task")
    return kept


def over_bare(times: Mapping[str, Times]) -> dict[str, Times]:
    """Every figure less the bare interpreter of its round."""
    bare = times[BARE].rounds
    return {
        name: Times(tuple(mine - theirs for mine, theirs in zip(taken.rounds, bare, strict=True)))
        for name, taken in times.items()
        if name != BARE
    }


def importtime() -> list[tuple[int, str]]:
    """The modules that `import admission` brings, with the µs that each takes by itself, longest first."""
    known = {line.rpartition("|")[2].strip() for line in python("-X", "importtime", "-c", "pass").stderr.splitlines()}
    found = []
    for line in python("-X", "importtime", "-c", "import admission").stderr.splitlines():
        own, _, module = line.removeprefix("import time:").split("|")
        if own.strip().isdigit() and module.strip() not in known:
            found.append((int(own), module.strip()))
    return sorted(found, reverse=True)


def main() -> None:
    """Check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        calls = {name: once(partial(python, *line)) for name, line in check(Path(folder)).items()}
        times = interleave(calls, options.rounds)
    show("a cold process", times, base=BARE, unit="ms")
    above = over_bare(times)
    show("the same over a bare interpreter", above, base="import admission", unit="ms")
    modules = importtime()
    print(
        f"\npython -X importtime: {len(modules)} modules, {sum(own for own, _ in modules) / 1000:.1f} ms by themselves"
    )
    for own, module in modules[:SHOWN]:
        print(f"  {own / 1000:6.2f} ms  {module}")


if __name__ == "__main__":
    main()
