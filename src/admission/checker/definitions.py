"""Definitions that refer to one another: circles, and chains too deep to be written out, found without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from admission import ir
from admission.checker.bounds import DEEPEST, MOST_NODES
from admission.checker.places import locate
from admission.diagnostics import Collector

SHOWN = 8  # names of a circle in a message


def check_definitions(definitions: Mapping[str, ir.Definition], faults: Collector) -> frozenset[str]:
    """Those in a circle or nested too deeply; every other can be typed by plain recursion."""
    order = _Order(definitions, faults)
    for name in definitions:
        order.visit(name)
    return frozenset(order.faulty)


def ring(names: list[str]) -> str:
    """The names of a circle, the first again at the end; a long one is cut.

    >>> ring(["a", "b", "a"])
    'a → b → a'
    """
    shown = names if len(names) <= SHOWN else [*names[: SHOWN - 2], "…", names[-1]]
    return " → ".join(shown)


@dataclass(slots=True)
class _Order:
    """Walks the definitions depth first; `height` is that of a definition with all that it refers to written out."""

    definitions: Mapping[str, ir.Definition]
    faults: Collector
    height: dict[str, int] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)

    def visit(self, start: str) -> None:
        """Find the height of a definition, and of those below it."""
        if start in self.height:
            return
        reads = dict(self._reads(start))
        path, ahead = {start: reads}, [iter(reads)]
        while path:
            below = next(ahead[-1], None)
            if below is None:
                ahead.pop()
                self._leave(*path.popitem())
            elif below in path:
                names = list(path)
                self._circle(names[names.index(below) :])
            elif below not in self.height:
                path[below] = dict(self._reads(below))
                ahead.append(iter(path[below]))

    def _reads(self, name: str) -> Iterator[tuple[str, int]]:
        """The definitions that one refers to, each with the depth at which it does."""
        ahead = [(self.definitions[name].expr, 1)]
        while ahead:
            node, depth = ahead.pop()
            if isinstance(node, ir.Name) and node.id in self.definitions:
                yield node.id, depth
            ahead += [(child, depth + 1) for child in ir.children(node)]

    def _leave(self, name: str, reads: Mapping[str, int]) -> None:
        height = max((depth + self.height.get(below, 0) for below, depth in reads.items()), default=1)
        if height > DEEPEST and name not in self.faulty:
            self.faulty.add(name)
            self.faults.add("A427", self.definitions[name].expr.span, size=MOST_NODES, depth=DEEPEST)
        # What refers to one at fault is not told for that again.
        self.height[name] = 0 if name in self.faulty else height

    def _circle(self, names: list[str]) -> None:
        if not self.faulty & set(names):
            span = locate(self.definitions[names[0]].span, names[1 % len(names)])
            self.faults.add("A407", span, names=ring([*names, names[0]]))
        self.faulty |= set(names)
