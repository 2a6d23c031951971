"""Event cases: a log of events, a moment, and the notices expected to stand then; read with their places and run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from admission import ir
from admission.cases.files import with_known_keys
from admission.datatypes import Unfit
from admission.diagnostics import Collector, Diagnostic, Span
from admission.docket import Notice, Supervisor
from admission.events import DOCUMENT, Event, accept_event, to_moment
from admission.frontend import loader
from admission.frontend.document import found, head

KEYS = ("id", "title", "until", "events", "expect")
EXPECTED = ("watch", "subject", "since", "events")
_REQUIRED: Mapping[str, tuple[str, str]] = {
    "id": ("编号", "the case's id"),
    "until": ("时刻", "the moment at which the notices stand"),
    "events": ("事件", "the events, in their order of arrival"),
    "expect": ("预期", "the notices that stand, each with some of watch, subject, since, events"),
}


@dataclass(frozen=True, slots=True)
class EventCase:
    """One case: events in their order of arrival, and what is expected of all the notices that stand at a moment."""

    id: str
    title: str
    until: str
    events: tuple[Event, ...]
    expect: tuple[Mapping[str, object], ...]
    span: Span

    @property
    def place(self) -> str:
        """`path:line`, where the case begins."""
        source, start, _ = self.span
        return f"{source.name}:{source.position(start)[0]}"


@dataclass(frozen=True, slots=True)
class EventResult:
    """A case, the notices that stand, and those expected or standing that have no counterpart."""

    case: EventCase
    missing: tuple[Mapping[str, object], ...]
    extra: tuple[Notice, ...]

    @property
    def is_passed(self) -> bool:
        """Whether exactly the notices expected stand."""
        return not self.missing and not self.extra


def event_case_files(folder: Path) -> tuple[Path, ...]:
    """The files of event cases that stand beside a policy, sorted by name."""
    return tuple(sorted((folder / "event_cases").glob("*.yaml"))) if folder.is_dir() else ()


def read_event_cases(policy: ir.CheckedPolicy, files: Iterable[Path], faults: Collector) -> tuple[EventCase, ...]:
    """The event cases of some files; every fault goes to `faults`, and the sound cases are kept.

    Raises `InputError` where a file cannot be read at all.
    """
    return tuple(case for file in files for case in _file(policy, file, faults))


def _file(policy: ir.CheckedPolicy, path: Path, faults: Collector) -> Iterator[EventCase]:
    root = loader.parse(loader.read_source(path), faults)
    if root is not None and not isinstance(root, loader.Sequence):
        faults.add("A120", root.span)
        return
    for node in root.items if isinstance(root, loader.Sequence) else ():
        case = _case(policy, node, faults)
        if case is not None:
            yield case


def _case(policy: ir.CheckedPolicy, node: loader.Node, faults: Collector) -> EventCase | None:
    before = len(faults)
    if not isinstance(node, loader.Mapping):
        faults.add("A201", node.span, expected=("案例（映射）", "a case, a mapping"), found=found(node))
        return None
    node = with_known_keys(node, KEYS, faults)
    for key, says in _REQUIRED.items():
        if key not in node.items:
            faults.add("A209", head(node), key=key, says=says)
    events = [_event(policy, item, faults) for item in _items(node, "events", faults)]
    expect = [_expected(item, faults) for item in _items(node, "expect", faults)]
    until = _until(node, faults)
    identity, title = (str(loader.plain(node.items[key])) if key in node.items else "" for key in ("id", "title"))
    if len(faults) > before:
        return None
    sound = tuple(event for event in events if event is not None)
    return EventCase(identity, title, until, sound, tuple(expect), node.span)


def _until(node: loader.Mapping, faults: Collector) -> str:
    if "until" not in node.items:
        return ""
    until = str(loader.plain(node.items["until"]))
    try:
        to_moment(until)
    except Unfit as unfit:
        words = {"fact": "until", "expected": unfit.expectation, "given": unfit.given}
        faults.keep(Diagnostic(unfit.code, node.items["until"].span, words))
    return until


def _items(node: loader.Mapping, key: str, faults: Collector) -> tuple[loader.Node, ...]:
    listed = node.items.get(key)
    if isinstance(listed, loader.Sequence):
        return tuple(listed.items)
    if listed is not None:
        faults.add("A201", listed.span, expected=("列表，如 [a, b]", "a list such as [a, b]"), found=found(listed))
    return ()


def _event(policy: ir.CheckedPolicy, node: loader.Node, faults: Collector) -> Event | None:
    event = accept_event(policy, loader.plain(node), DOCUMENT)
    if isinstance(event, Event):
        return event
    for fault in event:
        faults.keep(Diagnostic(fault.code, _place(node, fault), fault.data, fault.near))
    return None


def _place(node: loader.Node, fault: Diagnostic) -> Span:
    """Where the field that a fault is about stands in an event; the event, where it is not there."""
    name = fault.data.get("fact")
    if not isinstance(node, loader.Mapping) or name not in node.items:
        return node.span
    return node.keys[str(name)].span if fault.code == "A933" else node.items[str(name)].span


def _expected(node: loader.Node, faults: Collector) -> Mapping[str, object]:
    if not isinstance(node, loader.Mapping):
        faults.add("A201", node.span, expected=("通报（映射）", "a notice, a mapping"), found=found(node))
        return {}
    node = with_known_keys(node, EXPECTED, faults)
    return {key: loader.plain(child) for key, child in node.items.items()}


def run_event_cases(supervise: Callable[[], Supervisor], cases: Iterable[EventCase]) -> Iterator[EventResult]:
    """Let a fresh supervisor take in the events of each case, and compare the notices that stand."""
    for case in cases:
        supervisor = supervise()
        for event in case.events:
            supervisor.record(event)
        supervisor.advance(case.until)
        yield _compared(case, supervisor.notices())


def _fits(expected: Mapping[str, object], notice: Mapping[str, object]) -> bool:
    return all(notice[key] == value for key, value in expected.items())


def _compared(case: EventCase, standing: tuple[Notice, ...]) -> EventResult:
    missing, extra = [], list(standing)
    for expected in case.expect:
        fits = next((notice for notice in extra if _fits(expected, notice.to_dict())), None)
        if fits is None:
            missing.append(expected)
        else:
            extra.remove(fits)
    return EventResult(case, tuple(missing), tuple(extra))
