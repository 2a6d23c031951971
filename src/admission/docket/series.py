"""Events of one type in order, grouped by some of their fields: totals and the last event up to any moment.

Kept incrementally: an event that arrives in order costs the logarithm of its group, a late one a shift of a list.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import accumulate

from admission.datatypes import Value
from admission.events import Event, Moment

Key = tuple[Value | None, ...]
Order = tuple[Moment, str]


class Group:
    """The events of one group, by `at` and then id."""

    __slots__ = ("_field", "_sums", "events", "orders")

    def __init__(self, field: str | None = None) -> None:
        self.events: list[Event] = []
        self.orders: list[Order] = []
        self._field = field
        # INVARIANT: _sums[i] is the sum over the first i events, as far as the list goes.
        self._sums: list[int] = [0]

    def add(self, event: Event) -> None:
        """Put an event in its place."""
        place = bisect_left(self.orders, event.order)
        self.orders.insert(place, event.order)
        self.events.insert(place, event)
        del self._sums[place + 1 :]

    def remove(self, event: Event) -> None:
        """Take an event out."""
        place = bisect_left(self.orders, event.order)
        del self.orders[place], self.events[place], self._sums[place + 1 :]

    def from_moment(self, moment: Moment) -> int:
        """The place of the first event at the moment or after."""
        return bisect_left(self.orders, (moment, ""))

    def after_moment(self, moment: Moment) -> int:
        """The place of the first event after the moment."""
        return self.from_moment(moment + 1)

    def after(self, order: Order) -> int:
        """The place of the first event that stands after an order."""
        return bisect_right(self.orders, order)

    def total(self, start: int, end: int) -> int:
        """The sum of the field over the events between two places."""
        if len(self._sums) <= end:
            more = accumulate(map(self._number, self.events[len(self._sums) - 1 : end]), initial=self._sums.pop())
            self._sums.extend(more)
        return self._sums[end] - self._sums[start]

    def _number(self, event: Event) -> int:
        value = event.values[self._field] if self._field else 0
        return value if isinstance(value, int) else 0


class Series:
    """Events of one type that fulfil a condition, in groups of equal fields."""

    def __init__(self, same: Iterable[str], where: Callable[[Event], bool], field: str | None = None) -> None:
        self._same = tuple(same)
        self._where = where
        self._field = field
        self._groups: dict[Key, Group] = {}
        self._empty = Group(field)

    def key(self, event: Event) -> Key:
        """The fields by which an event is grouped."""
        return tuple([event.values.get(name) for name in self._same])

    def holds(self, event: Event) -> bool:
        """Whether the event fulfils the condition."""
        return self._where(event)

    def group(self, key: Key) -> Group:
        """The events of a group; an empty one where there are none."""
        return self._groups.get(key, self._empty)

    def add(self, event: Event) -> None:
        """Put an event in its place, if it fulfils the condition."""
        if self._where(event):
            key = self.key(event)
            if key not in self._groups:
                self._groups[key] = Group(self._field)
            self._groups[key].add(event)

    def remove(self, event: Event) -> None:
        """Take an event out again."""
        if self._where(event):
            self._groups[self.key(event)].remove(event)
