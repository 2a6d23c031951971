"""Lists of texts as sets: each is the bits of its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from admission.backends.columns.terms import BITS, Places, Words

NOTHING = pl.Series([None], dtype=pl.Int64)
NO_BITS = pl.Series([0], dtype=pl.Int64)
SLOTS = 256  # one for each value of a byte
MOST_GUESSED = 40  # values; more do not easily find a slot each
MULTIPLIERS = 1000  # that are tried
GOLDEN = 0x9E3779B97F4A7C15  # its odd multiples are far from each other (Knuth, The Art of Computer Programming, 6.4)


class SetReader:
    """Reads lists of texts as sets of some values."""

    def __init__(self, values: Sequence[str], places: Places) -> None:
        self.values = values
        self.places = places
        self._by_value = list(self._bits_of(values))
        self._guess = _Guess.among(values)
        self._by_slot = list(self._bits_of(self._guess.slots)) if self._guess else []

    def read(self, column: pl.Series) -> tuple[Words, pl.Series]:
        """The sets of a column, and where each text is a value that stands there once; null where there is no list."""
        starts, bits = self._read(column)
        lists = (pa.LargeListArray.from_arrays(starts, word.to_arrow()) for word in bits)
        words = [pl.Series(pl.from_arrow(held)).list.sum() for held in lists]
        # A text that is no value, or stands there twice, leaves fewer bits than texts.
        sound = column.list.len() == reduce(add, (word.bitwise_count_ones() for word in words))
        if column.null_count():
            known = column.is_not_null()
            words = [word.zip_with(known, NOTHING) for word in words]
        return tuple(words), sound

    def _read(self, column: pl.Series) -> tuple[pa.Array, Iterator[pl.Series]]:
        """Where each list starts, and the bits of all texts, for each word; none for a text that is no value."""
        starts, texts = _parts(column)
        if pa.types.is_dictionary(texts.type):
            return starts, _looked_up(self._bits_of(texts.dictionary.to_pylist()), texts.indices)
        # What lies under a null is nobody's text, and need not be one at all.
        if self._guess is not None and not texts.null_count:
            return starts, self._guessed(self._guess, texts)
        starts, codes = _parts(column.cast(pl.List(pl.Enum(self.values)), strict=False).to_physical())
        return starts, _looked_up(self._by_value, codes)

    def _guessed(self, guess: _Guess, texts: pa.Array) -> Iterator[pl.Series]:
        slots, is_right = guess.slots_of(texts)
        bits = (table[slots] for table in self._by_slot)
        return bits if is_right.all() else (word.zip_with(is_right, NO_BITS) for word in bits)

    def _bits_of(self, texts: Sequence[str | None]) -> Iterator[pl.Series]:
        """For each word the bits of some texts; one that is no value has none."""
        known = frozenset(self.values)
        of = self.places.of
        at = [divmod(of[text], BITS) if text is not None and text in known else (None, 0) for text in texts]
        for number in range(self.places.words):
            yield pl.Series([1 << bit if word == number else 0 for word, bit in at], dtype=pl.Int64)


def _looked_up(tables: Iterable[pl.Series], codes: pa.Array) -> Iterator[pl.Series]:
    places = pl.Series(pl.from_arrow(codes))
    return (table[places] for table in tables)


def _parts(column: pl.Series) -> tuple[pa.Array, pa.Array]:
    """The starts of lists, from 0, and what stands in them."""
    lists = column.to_arrow(compat_level=pl.CompatLevel.newest())
    starts = pl.Series(pl.from_arrow(lists.offsets))
    first, last = starts[0], starts[-1]
    return (starts - first).to_arrow() if first else lists.offsets, lists.values.slice(first, last - first)


class _Guess:
    """Guesses which value a text is by its length and first four bytes, and compares it with that value alone.

    That takes half the time that a table of hashes takes, which reads the text once more.
    """

    def __init__(self, multiplier: int, slots: list[str | None]) -> None:
        self.slots = slots
        """The value of each slot."""
        self._multiplier = np.uint64(multiplier)
        self._values = pl.Series(slots, dtype=pl.String)

    @classmethod
    def among(cls, values: Sequence[str]) -> _Guess | None:
        """A guess that tells the values apart; None where none was found, as where two begin alike."""
        heads = _heads(_views(values))
        if len(values) > MOST_GUESSED or len(set(heads.tolist())) < len(values):
            return None
        for number in range(MULTIPLIERS):
            multiplier = (2 * number + 1) * GOLDEN % 2**64
            slots = _slots(heads, np.uint64(multiplier)).tolist()
            if len(set(slots)) == len(values):
                placed = dict(zip(slots, values, strict=True))
                return cls(multiplier, [placed.get(slot) for slot in range(SLOTS)])
        return None

    def slots_of(self, texts: pa.Array) -> tuple[pl.Series, pl.Series]:
        """For each text its slot, and whether it is the value of that slot."""
        slots = pl.Series(_slots(_heads(texts), self._multiplier))
        return slots, self._values[slots].eq_missing(pl.Series(pl.from_arrow(texts)))


def _views(texts: Sequence[str]) -> pa.Array:
    return pl.Series(texts, dtype=pl.String).to_arrow(compat_level=pl.CompatLevel.newest())


def _heads(texts: pa.Array) -> npt.NDArray[np.uint64]:
    """The length and the first four bytes of each text: the first half of its view (Arrow, variable-size views)."""
    halves = np.frombuffer(texts.buffers()[1], dtype="<u8")
    return halves[::2][texts.offset : texts.offset + len(texts)]


def _slots(heads: npt.NDArray[np.uint64], multiplier: np.uint64) -> npt.NDArray[np.uint8]:
    """The highest byte of each product."""
    return np.ascontiguousarray((heads * multiplier).view(np.uint8)[7::8])
