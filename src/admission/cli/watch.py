"""Watch over events: which notices stand, who is to be told, and why.

EVENTS are JSON Lines, JSON, YAML or CSV files, or - for standard input; one event has `event`, `id`, `at` and the
fields of its type. Events may come in any order and more than once. Without --until the clock stands at the latest
event. An event that does not fit is reported on stderr with its place, the others count, and the exit code is then 2;
otherwise it is 0 whatever the notices.

With --follow one file of JSON Lines, or standard input, is read as it grows, and each notice is printed when it is
raised or revoked. A file that is replaced or cut short is read again from its start. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import IO

from admission import events
from admission.cli import policies
from admission.cli.terminal import Colour, Exit, progress, report, table
from admission.datatypes import Unfit, shown
from admission.diagnostics import Diagnostic, InputError, Language, Span
from admission.docket import Notice, Supervisor
from admission.engine import Policy
from admission.frontend.tasks import FORMATS, Record, read_stream, read_tasks

EXAMPLE = "admission watch policies/beijing examples/events_2019.jsonl --until 2019-12-31"
PAUSE = 0.2  # seconds between two looks at a growing file

_COLOURS: dict[str, Colour] = {"low": "blue", "medium": "yellow", "high": "red"}
_HEADER: dict[Language, tuple[str, ...]] = {
    "zh": ("自", "规则", "对象", "通报", "理由"),
    "en": ("since", "watch", "subject", "tell", "why"),
}
_NOT_OF_EVENTS = {"A902": "A930", "A927": None}
"""What readers of tasks report, and what it is of events: an empty log is no fault."""
_NO_UNTIL = ("不与 --follow 同用，时钟随事件前进", "none with --follow, whose clock moves with the events")
_REPLACED = "note: {} was replaced or cut short; it is read again from its start\n"


def add(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    policies.add_policy(parser)
    parser.add_argument("events", metavar="EVENTS", nargs="+", help="files of events, or - for standard input")
    parser.add_argument(
        "--until", type=moment, metavar="DATE", help="where the clock stands: a moment, or a day, which is its end"
    )
    parser.add_argument("--follow", action="store_true", help="go on reading one file, or -, as it grows")
    parser.add_argument(
        "--input-format",
        choices=("yaml", "json", "jsonl", "csv"),
        help="how the events are written (default: by the file's ending; standard input by its first character)",
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="how to print the notices")


def moment(text: str) -> str:
    """A moment of the command line: itself, or the end of a day; argparse reports what is neither."""
    try:
        return events.moment_text(events.to_clock(text))
    except Unfit:
        wanted = "a day such as 2019-12-31 or a moment such as 2019-12-31T17:00:00"
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None


def run(options: argparse.Namespace) -> int:
    """Print the notices that stand, or follow a file."""
    policy = policies.load_policy(options, policy_day(options))
    reader = EventReader(options, policy, supervisor_of(policy))
    if options.follow:
        return follow(options, policy, reader)
    latest = max((event.at for event in progress(reader, "events")), default=None)
    until = options.until or (None if latest is None else events.moment_text(latest))
    write(() if until is None else reader.supervisor.notices_at(until), policy, options)
    return Exit.WRONG if reader.is_faulty else Exit.DONE


def policy_day(options: argparse.Namespace) -> date:
    """The day for which a book picks its policy: that of --until, or today, and then it says so."""
    if options.until:
        return datetime.fromisoformat(options.until).date()
    today = date.today()  # noqa: DTZ011 - a day of the calendar on the wall
    if options.place:
        said = {
            "zh": f"提示：没有 --until，按今天 {today} 选用规则",
            "en": f"note: no --until; the policy is today's, {today}",
        }
        sys.stderr.write(said[options.lang] + "\n")
    return today


def supervisor_of(policy: Policy) -> Supervisor:
    """A supervisor of the policy. Raises `InputError` where the engine cannot bear its watches."""
    from admission.backends.rete.matcher import MatchError

    try:
        return policy.supervise()
    except MatchError as error:
        raise InputError([Diagnostic("A713", None, {"problem": error}, path=policy.id)]) from None


class EventReader:
    """The events of some files, filed with a supervisor; what does not fit is reported as it is met."""

    def __init__(self, options: argparse.Namespace, policy: Policy, supervisor: Supervisor) -> None:
        self.options = options
        self.policy = policy
        self.supervisor = supervisor
        self.is_faulty = False

    def __iter__(self) -> Iterator[events.Event]:
        for path in self.options.events:
            for record in read_tasks(path, stdin=sys.stdin.buffer, kind=self.options.input_format):
                if isinstance(record, Diagnostic):
                    self.complain([record])
                elif (event := self.filed(record)) is not None:
                    yield event

    def filed(self, record: Record) -> events.Event | None:
        """The event of a record; None where it does not fit."""
        if record.diagnostics:
            self.complain(record.diagnostics)
            return None
        found = events.accept_event(self.policy.checked, record.values, record.door)
        try:
            if isinstance(found, events.Event):
                return self.supervisor.record(found)
        except InputError as error:
            found = error.diagnostics
        self.complain(Diagnostic(d.code, place(record, d), d.data, d.near) for d in found)
        return None

    def complain(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Report what is wrong with an event or a file."""
        renamed = [(d, _NOT_OF_EVENTS.get(d.code, d.code)) for d in diagnostics]
        faults = [
            Diagnostic(code, d.span, {"given": d.data.get("found", ""), **d.data}, d.near, d.path)
            for d, code in renamed
            if code is not None
        ]
        if faults:
            self.is_faulty = True
            report(faults, self.options.lang)


def place(record: Record, diagnostic: Diagnostic) -> Span:
    """Where a field of an event was written, or the event where nothing says it."""
    fact = str(diagnostic.data.get("fact", ""))
    if diagnostic.code == "A933" and fact in record.keys:
        return record.keys[fact]
    return record.place_of(fact)


def write(notices: Iterable[Notice], policy: Policy, options: argparse.Namespace) -> None:
    """The notices as JSON Lines, or as a table."""
    if options.format == "json":
        for notice in notices:
            sys.stdout.write(json.dumps(notice.to_dict(), ensure_ascii=False) + "\n")
        return
    listed = list(notices)
    if listed:
        rows = [row_of(notice, policy, options.lang) for notice in listed]
        colours = [_COLOURS[notice.severity] for notice in listed]
        sys.stdout.write(table(_HEADER[options.lang], rows, colours=colours) + "\n\n")
    said = f"{len(listed)} 项通报成立" if options.lang == "zh" else f"{len(listed)} notice(s) stand"
    sys.stdout.write(said + "\n")


def row_of(notice: Notice, policy: Policy, lang: Language) -> tuple[str, ...]:
    """One notice as a row."""
    subject = " ".join(f"{key} {shown(value)}" for key, value in notice.subject.items())
    told = ("、" if lang == "zh" else ", ").join(policy.checked.parties[p].get(lang, p) for p in notice.notify)
    return notice.since, notice.watch, subject, told, notice.reason(lang)


def follow(options: argparse.Namespace, policy: Policy, reader: EventReader) -> int:
    """Read a file or standard input as it grows, and print each change as it comes, until interrupted."""
    path = options.events[0]
    kind = options.input_format or FORMATS.get(Path(path).suffix.lower(), "jsonl")
    if len(options.events) > 1 or kind != "jsonl" or (path != "-" and not Path(path).is_file()):
        raise InputError([Diagnostic("A939", None, {}, path=path)])
    if options.until:
        words = {"option": "--until", "given": options.until, "expected": _NO_UNTIL}
        raise InputError([Diagnostic("A908", None, words)])
    try:
        for record in read_stream(sys.stdin.buffer, "<stdin>", kind) if path == "-" else growing(path, options.lang):
            take(record, policy, options, reader)
    except KeyboardInterrupt:
        pass
    return Exit.WRONG if reader.is_faulty else Exit.DONE


def growing(path: str, lang: Language) -> Iterator[Record | Diagnostic]:
    """The records of a file of lines as it grows, for ever; where it is replaced or cut short, from its start again.

    Events that are read twice are the same events, so nothing comes of that.
    """
    while True:
        with Path(path).open("rb") as stream:
            yield from read_stream(Growing(stream, Path(path)), path, "jsonl")
        sys.stderr.write({"zh": f"提示：{path} 已被替换或截短，从头再读\n"}.get(lang, _REPLACED.format(path)))


class Growing:
    """A file of lines that grows: reading waits for the rest of a line, and for the next, until it is replaced."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path

    def readline(self, most: int) -> bytes:
        """The next line once it is whole, or as much of it as may be read at once; empty at the end of the file."""
        line = b""
        while not line.endswith(b"\n") and len(line) < most:
            is_over = self._is_replaced()  # asked first, so that what was written before that is still read
            more = self._stream.readline(most - len(line))
            if not more and is_over:
                break
            if not more:
                time.sleep(PAUSE)
            line += more
        return line

    def _is_replaced(self) -> bool:
        """Whether another file stands in its place, as when logs rotate, or it is shorter than what was read."""
        try:
            now = self._path.stat()
        except OSError:  # moved away, and no other is there yet
            return False
        return not os.path.samestat(now, os.fstat(self._stream.fileno())) or now.st_size < self._stream.tell()


def take(record: Record | Diagnostic, policy: Policy, options: argparse.Namespace, reader: EventReader) -> None:
    """One more event of a growing file: the clock moves on with it, and what changed is printed."""
    if isinstance(record, Diagnostic):
        reader.complain([record])
        return
    event = reader.filed(record)
    if event is None:
        return
    clock, at = reader.supervisor.clock, events.moment_text(event.at)
    is_later = clock is None or datetime.fromisoformat(at) > datetime.fromisoformat(clock)
    for notice in reader.supervisor.advance(to=at if clock is None or is_later else clock):
        write_change(notice, policy, options)
    sys.stdout.flush()


def write_change(notice: Notice, policy: Policy, options: argparse.Namespace) -> None:
    """One notice that was raised or revoked."""
    if options.format == "json":
        said = json.dumps({"change": notice.change, **notice.to_dict()}, ensure_ascii=False)
    else:
        words = {"raised": "成立", "revoked": "撤销"} if options.lang == "zh" else {}
        said = "  ".join((words.get(notice.change, notice.change), *row_of(notice, policy, options.lang)))
    sys.stdout.write(said + "\n")
