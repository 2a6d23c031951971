"""Frozen records behave as the standard library's frozen dataclasses with slots do."""

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from admission.records import record


def declare(decorate: Callable[[type], Any]) -> Any:
    """One class, by either decorator."""

    class Rule:
        """A rule."""

        id: str
        parts: tuple[int, ...] = ()
        labels: dict[str, str] = field(default_factory=dict, compare=False)
        span: int | None = field(default=None, compare=False, repr=False)

    return decorate(Rule)


OURS, STANDARD = declare(record), declare(dataclass(frozen=True, slots=True))


@record
class Kept:
    """A record that pickle can find by its name."""

    id: str
    others: tuple[object, ...] = ()


@record
class Empty:
    """A record of nothing."""


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", (1,)), {"span": 3}),
    (("b",), {"labels": {"en": "x"}}),
    ((), {"id": "a", "parts": (1,)}),
    ((), {}),
    (("a", (), {}, 1, 2), {}),
    (("a",), {"other": 1}),
]


@pytest.mark.parametrize(("given", "named"), CALLS)
def test_records_are_made_and_shown_as_dataclasses_are(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    """The same arguments make the same fields and text, or are the same error."""

    def made(kind: Any) -> object:
        try:
            one = kind(*given, **named)
        except TypeError as error:
            return str(error).replace(kind.__qualname__, "")
        return repr(one), {each.name: getattr(one, each.name) for each in fields(one)}

    assert made(OURS) == made(STANDARD)


def test_records_are_compared_and_hashed_by_the_fields_that_count() -> None:
    """Equality and hash leave out the fields that say `compare=False`, and never hold between classes."""
    assert OURS("a", (1,), {}, 1) == OURS("a", (1,), {"en": "x"}, 2)
    assert hash(OURS("a", (1,), {}, 1)) == hash(OURS("a", (1,), {"en": "x"}, 2))
    assert OURS("a") != OURS("b")
    assert OURS("a") != STANDARD("a")
    assert OURS("a") != ("a", ())
    assert Empty() == Empty()
    assert len({Empty(), Empty()}) == 1
    assert repr(Empty()) == "Empty()"


def test_records_share_no_default() -> None:
    """What a default factory makes belongs to one record."""
    assert OURS("a").labels is not OURS("a").labels


def test_records_do_not_change() -> None:
    """No field can be set or deleted, and none added."""
    one = OURS("a")
    for name in ("id", "span", "unheard_of"):
        with pytest.raises(FrozenInstanceError):
            setattr(one, name, 1)
        with pytest.raises(FrozenInstanceError):
            delattr(one, name)
    assert not hasattr(one, "__dict__")


def test_records_are_dataclasses_to_everyone_else() -> None:
    """`replace`, `match`, `copy` and `pickle` take them."""
    one = Kept("a", (Kept("b"), Empty()))
    assert is_dataclass(one)
    assert replace(one, id="c") == Kept("c", one.others)
    match one:
        case Kept(name, (Kept(inner), Empty())):
            assert (name, inner) == ("a", "b")
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(one, protocol)) == one
    assert deepcopy(one) == one
