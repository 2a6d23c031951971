"""A folder or file on disk to one policy, its layers below it."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as with_changes
from decimal import Decimal
from pathlib import Path
from typing import Any

from admission import ir
from admission.diagnostics import Collector, Diagnostic, InputError, Source, Span, nearest
from admission.frontend import loader
from admission.frontend.document import Entry, Fields, Reader
from admission.frontend.lowering import Handed, Lowering
from admission.frontend.shapes import HEAD, LANGUAGES, POLICY, RULES_FILE, SECTIONS

POLICY_FILE = "policy.yaml"
DEEPEST_LAYERS = 20


@dataclass(slots=True)
class Loaded:
    """What loading gave: the unchecked policy (None if it cannot be built), and names at fault."""

    policy: ir.Policy | None
    poisoned: frozenset[str]


@dataclass(slots=True)
class _Parts:
    """One layer as read: its head, its sections, and the trees its digest is taken from."""

    head: Fields
    sections: dict[str, list[Entry]] = field(default_factory=dict)
    content: list[object] = field(default_factory=list)
    is_whole: bool = True
    """Whether every file could be read; where one could not, nothing is said of names that it may declare."""


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """No collection of cycles meanwhile.

    A large policy makes a million objects that all stay, and looking them over again and again takes as long as
    reading them. The size of a policy is bounded, so this is for seconds at most.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def load(path: Path, faults: Collector, handed: Handed) -> Loaded:
    """Read the policy at a folder or file, and every layer below it.

    Raises `InputError` where there is no policy; every other fault goes to `faults`.
    """
    return _load(path, faults, handed, ())


def files_of(path: Path) -> tuple[Path, ...]:
    """The files of one layer, `policy.yaml` first. Raises `InputError` where there is no policy."""
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise InputError(
            [Diagnostic("A101", None, {"path": path, "why": ("不存在", "no such file or folder")}, path=str(path))]
        )
    main = path / POLICY_FILE
    if not main.is_file():
        raise InputError([Diagnostic("A116", None, {"path": path}, path=str(path))])
    return (main, *sorted((path / "rules").glob("*.yaml")))


def _load(path: Path, faults: Collector, handed: Handed, above: tuple[str, ...]) -> Loaded:
    files = files_of(path)
    folder = path if path.is_dir() else path.parent
    parts = _read(files, faults)
    if parts is None:
        return Loaded(None, frozenset())
    below = _below(path, parts.head, faults, handed, above)
    if not parts.is_whole or (below is not None and below.policy is None):
        return Loaded(None, frozenset())
    lowering = Lowering(parts.head, parts.sections, below.policy if below else None, folder, faults, handed)
    policy = lowering.policy()
    if policy is not None:
        for name, span in lowering.replaced.items():
            if name not in lowering.used_replacements:
                near = nearest(name, lowering.names_below() - {name})
                faults.add("A604", span, near, name=name)
        policy = with_changes(policy, digest=_digest(parts.content, policy, handed))
    poisoned = lowering.poisoned | (set(below.poisoned) if below else set())
    return Loaded(policy, frozenset(poisoned))


def _below(path: Path, head: Fields, faults: Collector, handed: Handed, above: tuple[str, ...]) -> Loaded | None:
    """The layer that `extends` names, which stands beside this one."""
    word = head.get("extends")
    if word is None:
        return None
    me = head.get("policy").text if head.get("policy") else ""
    if word.text in (*above, me) or len(above) >= DEEPEST_LAYERS:
        faults.add("A605", word.span, names=" → ".join((*above, me, word.text)))
        return Loaded(None, frozenset())
    beside = path.resolve().parent
    for found in (beside / word.text, beside / f"{word.text}.yaml"):
        if (found / POLICY_FILE).is_file() or found.is_file():
            shown = path.parent / found.name if path.name not in ("", ".", "..") else found
            loaded = _load(shown, faults, handed, (*above, me))
            if loaded.policy and loaded.policy.id != word.text:
                faults.add("A606", word.span, name=word.text, found=loaded.policy.id)
            return loaded
    beside_names = [p.stem for p in beside.iterdir() if (p / POLICY_FILE).is_file() or p.suffix == ".yaml"]
    faults.add("A607", word.span, nearest(word.text, beside_names), name=word.text, folder=path.parent)
    return Loaded(None, frozenset())


def _read(files: tuple[Path, ...], faults: Collector) -> _Parts | None:
    """Every file of a layer, read by its shape."""
    main = _tree(loader.read_source(files[0]), faults)
    if main is None:
        return None
    reader = Reader(faults, _languages(main))
    head = reader.read(POLICY, main)
    if head is None:
        return None
    parts = _Parts(head, content=[loader.plain(main)])
    _take(parts, head)
    for file in files[1:]:
        tree = _tree(loader.read_source(file), faults)
        if tree is None:
            parts.is_whole = False
            continue
        _misplaced(tree, faults)
        fields = reader.read(RULES_FILE, _without_head(tree))
        parts.content.append(loader.plain(tree))
        _take(parts, fields)
        _repeated(parts, faults)
    return parts


def _tree(source: Source, faults: Collector) -> loader.Mapping | None:
    node = loader.parse(source, faults)
    if node is None or isinstance(node, loader.Mapping):
        return node
    faults.add("A117", node.span)
    return None


def _languages(tree: loader.Mapping) -> tuple[str, ...]:
    """The declared languages, before anything else is read; both where they are not well declared."""
    node = tree.items.get("languages")
    declared = loader.plain(node) if node else None
    if isinstance(declared, list) and declared and all(lang in LANGUAGES for lang in declared):
        return tuple(dict.fromkeys(declared))
    return LANGUAGES


def _take(parts: _Parts, fields: Fields) -> None:
    for section in SECTIONS:
        parts.sections.setdefault(section, []).extend(fields.get(section) or ())


def _misplaced(tree: loader.Mapping, faults: Collector) -> None:
    for key, scalar in tree.keys.items():
        if key in HEAD:
            faults.add("A118", scalar.span, key=key, file=POLICY_FILE)


def _without_head(tree: loader.Mapping) -> loader.Mapping:
    items = {key: node for key, node in tree.items.items() if key not in HEAD}
    return loader.Mapping(items, {key: tree.keys[key] for key in items}, tree.span)


def _repeated(parts: _Parts, faults: Collector) -> None:
    """Names are unique across the files of a folder."""
    for section, entries in parts.sections.items():
        seen: dict[str, Span] = {}
        kept = []
        for entry in entries:
            if entry.name in seen:
                first = seen[entry.name]
                where = f"{first.source.name}:{first.source.position(first.start)[0]}"
                faults.add("A119", entry.span, name=entry.name, where=where)
            else:
                seen[entry.name] = entry.span
                kept.append(entry)
        parts.sections[section] = kept


def _digest(content: list[object], policy: ir.Policy, handed: Handed) -> str:
    """SHA-256 of what the layer says, the rows of its registers, and the digest of the layer below."""
    rows = {
        name: [(row.cells, row.period.start, row.period.end) for row in register.rows]
        for name, register in policy.registers.items()
        if name in handed or (policy.below is None or name not in policy.below.registers)
    }
    whole = {"content": content, "rows": rows, "below": policy.below.digest if policy.below else None}
    return hashlib.sha256(json.dumps(whole, default=_plain, ensure_ascii=False).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if not isinstance(value, Decimal) else f"{value:f}"


def place_of(path: Path) -> Mapping[str, Any] | None:
    """The head of the policy at a path as plain values, for a book's index; None where it is not readable."""
    try:
        tree = _tree(loader.read_source(files_of(path)[0]), Collector())
    except InputError:
        return None
    if tree is None:
        return None
    return {key: loader.plain(node) for key, node in tree.items.items() if key in HEAD}
