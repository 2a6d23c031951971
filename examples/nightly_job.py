"""Embed admission in a nightly job: decide a file of tasks, write the decisions as JSON Lines, list the bad rows.

The output appears whole or not at all. Exit code 0: every row was decided; 2: some were not, or nothing could be.

Run it from the checkout: `python examples/nightly_job.py examples/work_items_2019.csv decisions.jsonl`
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import admission

POLICY = Path(__file__).parents[1] / "policies" / "beijing"


@contextmanager
def written_whole(target: Path) -> Iterator[TextIO]:
    """A file that takes the place of `target` once it is written, and leaves no trace if that fails."""
    draft = target.with_name(f"{target.name}.part")
    try:
        with draft.open("w", encoding="utf-8") as output:
            yield output
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def decide_file(source: Path, target: Path) -> tuple[int, int]:
    """Decide every row; how many were decided, and how many were not."""
    policy = admission.load(POLICY)
    decided = bad = 0
    with written_whole(target) as output:
        for record in admission.read_tasks(source, policy):
            if record.task is None:
                bad += 1
                for fault in record.diagnostics:
                    print(f"{fault.file}:{fault.line}:{fault.column}: {fault.text('zh')}", file=sys.stderr)
            else:
                decided += 1
                print(json.dumps(policy.decide(record.task).to_dict(), ensure_ascii=False), file=output)
    return decided, bad


def main() -> int:
    """Read the command line, and report."""
    parser = argparse.ArgumentParser(description="Decide a file of tasks.")
    parser.add_argument("source", type=Path, help="tasks: YAML, JSON, JSON Lines or CSV")
    parser.add_argument("target", type=Path, help="decisions: JSON Lines")
    options = parser.parse_args()
    try:
        decided, bad = decide_file(options.source, options.target)
    except (admission.InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"已决定 {decided} 项，有误 {bad} 项", file=sys.stderr)
    return 2 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
