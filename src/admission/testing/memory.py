"""What was worked out of a policy or a condition, kept for the next task of the same policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class _Same(Generic[T]):
    """An object as a key that equals itself alone: to compare whole policies takes longer than what is kept of them.

    INVARIANT: the object lives as long as its key, so no other one has its identity meanwhile.
    """

    __slots__ = ("of",)

    def __init__(self, of: T) -> None:
        self.of = of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.of is other.of

    def __hash__(self) -> int:
        return id(self.of)


def kept(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that gives what it gave before for the very same objects, as far as they are among the last `most`."""

    def decorate(make: Callable[..., R]) -> Callable[..., R]:
        @lru_cache(maxsize=most)
        def remembered(*keys: _Same[object]) -> R:
            return make(*(key.of for key in keys))

        @wraps(make)
        def ask(*args: object) -> R:
            return remembered(*map(_Same, args))

        return ask

    return decorate
