"""Write a policy to start from, with cases that pass. Nothing is asked, and nothing is overwritten."""

from __future__ import annotations

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from admission.cli.terminal import Exit
from admission.diagnostics import Diagnostic, InputError

EXAMPLE = "admission new policies/mycity"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="the folder to make; its name becomes the policy's id"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files of the template."""
    folder: Path = options.folder
    if folder.exists():
        raise InputError([Diagnostic("A122", None, {"path": folder}, path=str(folder))])
    name = folder.name if folder.name.isidentifier() else "my_policy"
    template = files("admission.cli").joinpath("template")
    for part in ("policy.yaml", "cases/cases.yaml"):
        text = template.joinpath(part).read_text(encoding="utf-8")
        path = folder / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("policy: my_policy", f"policy: {name}"), encoding="utf-8")
    said = {
        "zh": f"已写入 {folder}。接下来：admission test {folder}",
        "en": f"wrote {folder}; next: admission test {folder}",
    }
    sys.stdout.write(said[options.lang] + "\n")
    return Exit.DONE
