"""Frozen records: what `dataclass(frozen=True, slots=True)` makes, at a fifth of its price when a module is imported.

A hundred records are declared before the first policy is loaded, and the standard decorator compiles six methods for
each. Here one is compiled, the constructor; the others are shared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field, Field))
def record(cls: type[T]) -> type[T]:
    """A class as a frozen record of its annotated fields: compared, hashed and shown by them, with slots.

    It is a dataclass to `dataclasses.fields` and `replace`, to `match` and to pickle.

    >>> @record
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), len({Point(1), Point(1)})
    (Point(x=1, y=0), True, 1)
    >>> Point(1).x = 2
    Traceback (most recent call last):
    dataclasses.FrozenInstanceError: cannot assign to field 'x'
    """
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    listed = fields(made)
    made.__init__ = _constructor_when_called(made, listed)
    made.__eq__, made.__hash__ = _comparison([each.name for each in listed if each.compare])
    made.__repr__ = _display([each.name for each in listed if each.repr])
    made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
    made.__getstate__, made.__setstate__ = _state([each.name for each in listed])
    return made  # type: ignore[no-any-return] # the class itself, with slots


def _constructor_when_called(cls: Any, listed: tuple[Field[Any], ...]) -> Callable[..., None]:
    """Compiles the constructor when it is first called: of half the records none is made until something goes wrong."""

    def first(self: Any, *values: Any, **named: Any) -> None:
        # INVARIANT: threads may compile at once; they make the same function, and the last one stays.
        constructor = _constructor(cls, listed)
        cls.__init__ = constructor
        constructor(self, *values, **named)

    first.__qualname__ = f"{cls.__qualname__}.__init__"
    return first


def _constructor(cls: type, listed: tuple[Field[Any], ...]) -> Callable[..., None]:
    """The one method that is compiled; it sets each slot by the slot's own descriptor."""
    names: dict[str, Any] = {}
    parameters, lines = ["self"], []
    for place, each in enumerate(listed):
        names[f"set{place}"] = vars(cls)[each.name].__set__
        default, value = "", each.name
        if each.default is not MISSING:
            names[f"default{place}"], default = each.default, f"=default{place}"
        elif each.default_factory is not MISSING:
            names[f"make{place}"], default = each.default_factory, "=MISSING"
            value = f"make{place}() if {each.name} is MISSING else {each.name}"
        parameters.append(each.name + default)
        lines.append(f" set{place}(self, {value})")
    exec("\n".join([f"def __init__({', '.join(parameters)}):", *lines, " pass"]), names | {"MISSING": MISSING}, names)  # noqa: S102 - names of fields alone
    constructor: Callable[..., None] = names["__init__"]
    constructor.__qualname__ = f"{cls.__qualname__}.__init__"
    return constructor


def _comparison(names: list[str]) -> tuple[Callable[[Any, object], bool], Callable[[Any], int]]:
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()

    def equals(self: Any, other: object) -> bool:
        return bool(values(self) == values(other)) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: Any) -> int:
        return hash(values(self))

    return equals, hashed


def _display(names: list[str]) -> Callable[[Any], str]:
    def shown(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _state(names: list[str]) -> tuple[Callable[[Any], list[Any]], Callable[[Any, list[Any]], None]]:
    def state(self: Any) -> list[Any]:
        return [getattr(self, name) for name in names]

    def restore(self: Any, values: list[Any]) -> None:
        for name, value in zip(names, values, strict=True):
            object.__setattr__(self, name, value)

    return state, restore


def _refuse_to_set(_: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
