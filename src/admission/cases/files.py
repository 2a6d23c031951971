"""Case files as data: each case with its task, its day, what is expected, and where it was written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from admission import intake, ir
from admission.datatypes import shown
from admission.decision import Given, Verdict
from admission.diagnostics import Collector, Diagnostic, Span, TaskError, nearest
from admission.frontend import loader
from admission.frontend.document import found, head

EXPECTED = (
    *("verdict", "channel", "violations", "missing", "obligations", "assumed"),
    *("conflict", "notes", "figures", "policy", "version", "as_of", "id"),
)
VERDICTS = tuple(verdict.value for verdict in Verdict)
KEYS = ("id", "title", "as_of", "task", "expect")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: a task that fits the policy, and the keys of the decision that are expected."""

    id: str
    title: str
    given: Given
    expect: Mapping[str, object]
    span: Span

    @property
    def place(self) -> str:
        """`path:line`, where the case begins."""
        source, start, _ = self.span
        return f"{source.name}:{source.position(start)[0]}"


def case_files(folder: Path) -> tuple[Path, ...]:
    """The case files that stand beside a policy, sorted by name."""
    return tuple(sorted((folder / "cases").glob("*.yaml"))) if folder.is_dir() else ()


def read_cases(policy: ir.CheckedPolicy, files: Iterable[Path], faults: Collector) -> tuple[Case, ...]:
    """The cases of some files; every fault goes to `faults`, and the sound cases are kept.

    Raises `InputError` where a file cannot be read at all.
    """
    reader = _Reader(policy, faults, {})
    return tuple(case for file in files for case in reader.file(file))


@dataclass(slots=True)
class _Reader:
    policy: ir.CheckedPolicy
    faults: Collector
    seen: dict[str, Span]

    def file(self, path: Path) -> Iterator[Case]:
        """The cases of one file."""
        root = loader.parse(loader.read_source(path), self.faults)
        if root is None:
            return
        if not isinstance(root, loader.Sequence):
            self.faults.add("A120", root.span)
            return
        for node in root.items:
            case = self.case(node)
            if case is not None:
                yield case

    def case(self, node: loader.Node) -> Case | None:
        """One case; None where it is at fault."""
        if not isinstance(node, loader.Mapping):
            self.faults.add("A201", node.span, expected=("案例（映射）", "a case, a mapping"), found=found(node))
            return None
        before = len(self.faults)
        node = with_known_keys(node, KEYS, self.faults)
        for key in ("id", "as_of", "task", "expect"):
            if key not in node.items:
                self.faults.add("A209", head(node), key=key, says=_SAYS[key])
        there = node.items
        identity = self.identity(there["id"]) if "id" in there else ""
        given = self.given(node, identity) if "as_of" in there and "task" in there else None
        expect = self.expect(there["expect"]) if "expect" in there else {}
        if given is None or len(self.faults) > before:
            return None
        title = node.items.get("title")
        label = str(title.value) if isinstance(title, loader.Scalar) else ""
        return Case(identity, label, given, expect, node.span)

    def identity(self, node: loader.Node) -> str:
        """The case's id, which no other case has."""
        if not isinstance(node, loader.Scalar) or not isinstance(node.value, str):
            self.faults.add("A201", node.span, expected=("文字", "a text"), found=found(node))
            return ""
        if node.value in self.seen:
            source, start, _ = self.seen[node.value]
            where = f"{source.name}:{source.position(start)[0]}"
            self.faults.add("A119", node.span, name=node.value, where=where)
        self.seen[node.value] = node.span
        return node.value

    def given(self, node: loader.Mapping, identity: str) -> Given | None:
        """The task, accepted by the policy on the case's day."""
        task = node.items["task"]
        if not isinstance(task, loader.Mapping):
            self.faults.add("A902", task.span, found=shown(loader.plain(task)))
            return None
        values = {key: loader.plain(child) for key, child in task.items.items()}
        values |= {ir.AS_OF: loader.plain(node.items["as_of"]), "id": identity}
        try:
            return intake.accept(self.policy, values, door=intake.DOCUMENT)
        except TaskError as error:
            for fault in error.faults:
                words = {"fact": fault.fact, "expected": fault.expectation, "given": fault.given}
                self.faults.keep(
                    Diagnostic(fault.code, self.place(node, task, fault.fact, fault.code), words, fault.near)
                )
            return None

    @staticmethod
    def place(node: loader.Mapping, task: loader.Mapping, fact: str, code: str) -> Span:
        """Where a fact of the task, or the day, was written."""
        if fact == ir.AS_OF:
            return node.items[ir.AS_OF].span
        if code == "A910" and fact in task.keys:
            return task.keys[fact].span
        return task.items[fact].span if fact in task.items else task.span

    def expect(self, node: loader.Node) -> dict[str, object]:
        """What is expected of the decision, in the shape of its JSON."""
        if not isinstance(node, loader.Mapping) or not node.items:
            self.faults.add(
                "A201", node.span, expected=("预期（映射）", "what is expected, a mapping"), found=found(node)
            )
            return {}
        for key, scalar in node.keys.items():
            if key not in EXPECTED:
                listed = ", ".join(EXPECTED)
                self.faults.add("A925", scalar.span, nearest(key, EXPECTED), fact=key, expected=(listed, listed))
        self.verdict(node)
        return {key: loader.plain(child) for key, child in node.items.items()}

    def verdict(self, node: loader.Mapping) -> None:
        """Report an expected verdict that no decision can have."""
        wanted = node.items.get("verdict")
        value = None if wanted is None else loader.plain(wanted)
        if wanted is not None and value not in VERDICTS:
            listed = ", ".join(VERDICTS)
            expected = (f"以下之一：{listed}", f"one of: {listed}")
            near = nearest(str(value)[:60], VERDICTS)
            self.faults.add("A913", wanted.span, near, fact="verdict", expected=expected, given=shown(value))


def with_known_keys(node: loader.Mapping, known: tuple[str, ...], faults: Collector) -> loader.Mapping:
    """Report keys that are not known; what is misspelt is then read as what was meant."""
    items, keys = dict(node.items), dict(node.keys)
    for key, scalar in node.keys.items():
        if key not in known:
            near = nearest(key, known)
            faults.add("A213", scalar.span, near, key=key[:60], known=", ".join(known))
            if near is not None and near not in items:
                items[near], keys[near] = node.items[key], scalar
    return loader.Mapping(items, keys, node.span, node.named)


_SAYS = {
    "id": ("编号", "the case's id"),
    "as_of": ("决定日期", "the day of the decision, for a case must mean the same next year"),
    "task": ("任务", "the task"),
    "expect": ("预期", "what is expected of the decision"),
}
