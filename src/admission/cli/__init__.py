"""The `admission` command: one module a command, and the only code that prints or exits.

Exit codes: 0 done and nothing to complain of; 1 done, and the answer is bad news; 2 the input or the call is wrong.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from admission import __version__
from admission.cli.terminal import Exit, language_of_locale, report
from admission.diagnostics import InputError, MissingExtraError, PolicyError, UnsupportedError

LANGUAGES = ("zh", "en")
# The commands in the order in which `--help` lists them: name, and what each does.
COMMANDS: tuple[tuple[str, str], ...] = (
    ("decide", "decide tasks from YAML, JSON, JSON Lines or CSV"),
    ("batch", "decide a Parquet, CSV, JSON Lines or Arrow file of any size"),
    ("explain", "say why: the evaluation, the law, what would help, what to ask next"),
    ("check", "say everything that is wrong with a policy"),
    ("diff", "say how two policies decide differently, on all tasks or on some"),
    ("test", "run a policy's cases"),
    ("watch", "watch over events: which notices stand"),
    ("fmt", "put policy files in their canonical layout, comments kept"),
    ("docs", "write a policy as a page to read and print"),
    ("schema", "print the JSON Schema of a task"),
    ("new", "write a policy to start from"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code and never raises for a user's mistake."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What cannot be encoded (half of a surrogate pair, or much more where the terminal has no UTF-8) is written as
        # JSON escapes it, which is the same text to whoever reads the JSON.
        codecs.register_error("json", _escaped)
        sys.stdout.reconfigure(errors="json")
    options = argparse.Namespace(lang=language_of_locale())
    try:
        build_parser(given).parse_args(given, options)
        return int(options.run(options))
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else Exit.WRONG
    except (PolicyError, InputError) as error:
        report(error.diagnostics, options.lang)
        return Exit.WRONG
    except (MissingExtraError, UnsupportedError) as error:
        sys.stderr.write(f"error: {error.render(options.lang)}\n")
        return Exit.WRONG
    except BrokenPipeError:
        # The reader has gone, as `admission decide ... | head` does; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        return 130


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks, as JSON escapes it: an error handler of `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    import json

    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def build_parser(given: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole command line; only the command that was asked for is imported."""
    parser = argparse.ArgumentParser(
        prog="admission",
        description="Decides whether work may be handed to a residents' community, where it belongs instead, and why.",
        epilog="Try: admission decide policies/beijing examples/work_items_2019.yaml",
    )
    parser.add_argument("--version", action="version", version=f"admission {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS:
        if given and asked != name:
            commands.add_parser(name, help=summary)
            continue
        module = import_module(f"admission.cli.{name}")
        command = commands.add_parser(
            name,
            help=summary,
            description=module.__doc__,
            epilog=f"example: {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        getattr(module, "add_lang", add_lang)(command)
        module.add(command)
        command.set_defaults(run=module.run)
    return parser


def add_lang(parser: argparse.ArgumentParser) -> None:
    """The language of what a command prints; a command with a choice of its own has its own `add_lang`."""
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=argparse.SUPPRESS,
        help="language of what is printed (default: the locale's)",
    )
