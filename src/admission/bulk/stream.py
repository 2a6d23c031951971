"""Every task of a table decided, batch by batch: what is plainly a task at once, what is in doubt after a review."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeVar

import polars as pl

from admission import ir
from admission.backends.columns import Answer, Decider, Tasks
from admission.bulk.batches import Batch, Batches
from admission.bulk.review import NO_DAYS, Days, Reject, Review, absent, check_day
from admission.decision import Given
from admission.diagnostics import Diagnostic, InputError, Span
from admission.diagnostics import Source as TextSource
from admission.frontend.tasks import Record
from admission.intake import PYTHON

EPOCH = date(1970, 1, 1).toordinal()
DAYS_OF_400_YEARS = 146_097
END_OF_TIME = 2**31 - 1
MOST_THREADS = 4  # each holds a batch, so that memory is bounded on machines with many processors
T = TypeVar("T")
R = TypeVar("R")


class Decided(NamedTuple):
    """The decisions of one batch, in the order of its rows."""

    ids: pl.Series
    codes: pl.Series
    """The numbers of their answers."""
    rows: int
    """How many rows the batch had."""
    rejects: tuple[Reject, ...] = ()
    is_undated: bool = False
    """Whether nobody gave a day for some row."""
    has_days: bool = False
    """Whether some row gave one."""


@dataclass(slots=True)
class Stream:
    """The decisions of the tasks of a table. Each refused row is handed to `refuse` in order."""

    policy: ir.CheckedPolicy
    batches: Batches
    refuse: Callable[[Reject], None]
    days: Days = NO_DAYS
    watch: Callable[[float], None] | None = None
    decider: Decider = field(init=False, repr=False)
    review: Review = field(init=False, repr=False)
    _has_days: bool = field(init=False, repr=False)
    _is_undated: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        self.decider = Decider(self.policy)
        self.review = Review(self.policy, self.days)
        self._has_days = self.day is not None

    @property
    def is_plain(self) -> bool:
        """Whether every column is one of the policy, of a type that can be taken as it is, and days are given."""
        is_dated = self.day is not None or ir.AS_OF in self.batches.schema
        return is_dated and self.decider.encoder.takes(self.batches.schema)

    @property
    def day(self) -> date | None:
        """The day of every row, where all have the same; None where each has its own."""
        has_own = ir.AS_OF in self.batches.schema
        return self.days.as_of if self.days.as_of is not None or has_own else self.days.today

    @property
    def undated(self) -> bool:
        """Whether `today` is the day of some row."""
        return self.days.as_of is None and (self._is_undated or self.day is not None)

    @property
    def absent(self) -> tuple[str, ...]:
        """The facts that rules read and that are unknown in every row, sorted."""
        return absent(self.policy, [name for name, dtype in self.batches.schema.items() if dtype != pl.Null])

    @property
    def answers(self) -> list[Answer]:
        """The answers by number; more come as more tasks are decided."""
        return self.decider.answers.given

    def __iter__(self) -> Generator[Decided]:
        """Raises `InputError` where the table is at fault as a whole."""
        return self.map(lambda decided: decided)

    def map(self, finish: Callable[[Decided], T]) -> Generator[T]:
        """What `finish` makes of the decisions of each batch, where they were made. Raises as iterating does."""
        for day in (self.days.as_of, self.day):
            check_day(self.policy, day, self.batches.name)
        done = 0
        for decided, finished in in_order(partial(self._finished, finish), self.batches.pieces()):
            for reject in decided.rejects:
                self.refuse(reject)
            self._is_undated |= decided.is_undated
            self._has_days |= decided.has_days
            done += decided.rows
            if self.watch and self.batches.rows:
                self.watch(done / self.batches.rows)
            yield finished
        if done and not self._has_days and self.days.today is None:
            raise InputError([Diagnostic("A920", None, {"fact": ir.AS_OF}, path=self.batches.name or None)])

    # ------------------------------------------------------------------------------------------- one batch

    def _finished(self, finish: Callable[[Decided], T], batch: Batch) -> tuple[Decided, T]:
        decided = self._decide(batch)
        return decided, finish(decided)

    def _decide(self, batch: Batch) -> Decided:
        frame = batch.read()
        tasks, sound = self.decider.encoder.encode(frame, self.day)
        has_days = ir.AS_OF in frame.columns and frame[ir.AS_OF].null_count() < frame.height
        plain = Decided(self._ids(frame, batch.place), pl.Series(dtype=pl.UInt32), frame.height, has_days=has_days)
        if sound is True:
            return plain._replace(codes=self.decider.decide(tasks))
        doubtful = ~sound if isinstance(sound, pl.Series) else pl.repeat(value=True, n=frame.height, eager=True)
        return self._merged(plain, tasks, doubtful, self._reviewed(frame, doubtful, batch.place))

    def _ids(self, frame: pl.DataFrame, place: int) -> pl.Series:
        """The ids, a row's place where it has none."""
        own = frame.get_column("id") if "id" in frame.columns else None
        if own is not None and not own.null_count():
            return own
        places = pl.int_range(place, place + frame.height, eager=True).cast(pl.String)
        return places.alias("id") if own is None else own.zip_with(own.is_not_null(), places)

    def _reviewed(self, frame: pl.DataFrame, doubtful: pl.Series, place: int) -> list[tuple[Record, Given | Reject]]:
        nowhere = Span(TextSource(self.batches.name, ""), 0, 0)
        rows = rows_of(frame.filter(doubtful))
        places = doubtful.arg_true().to_list()
        records = [Record(place + at, row, PYTHON, nowhere) for at, row in zip(places, rows, strict=True)]
        return [(record, self.review.take(record)) for record in records]

    def _merged(
        self, plain: Decided, tasks: Tasks, doubtful: pl.Series, reviewed: list[tuple[Record, Given | Reject]]
    ) -> Decided:
        """The decisions of the sound rows and of those that were accepted, each in its place."""
        sound = tasks.where(~doubtful)
        accepted = [(at, found) for at, (_, found) in zip(doubtful.arg_true(), reviewed, strict=True)]
        mended = [(at, given) for at, given in accepted if isinstance(given, Given)]
        given = self.decider.encoder.given([given for _, given in mended])
        codes = pl.concat([self.decider.decide(some) for some in (sound, given) if some.height] or [plain.codes])
        ids = pl.concat([plain.ids.filter(~doubtful), pl.Series([given.id for _, given in mended], dtype=pl.String)])
        places = pl.concat([(~doubtful).arg_true(), pl.Series([at for at, _ in mended], dtype=pl.UInt32)])
        order = places.arg_sort()
        is_undated = any(self.review.is_undated(record) for record, found in reviewed if isinstance(found, Given))
        rejects = tuple(found for _, found in reviewed if isinstance(found, Reject))
        return plain._replace(ids=ids.gather(order), codes=codes.gather(order), rejects=rejects, is_undated=is_undated)


def rows_of(frame: pl.DataFrame) -> Iterator[dict[str, object]]:
    """The rows in Python's values; a day that Python has none for is text."""
    days = [name for name, dtype in frame.schema.items() if dtype == pl.Date]
    for row in frame.with_columns(pl.col(days).to_physical()).iter_rows(named=True):
        yield row | {name: day_or_text(row[name]) for name in days if row[name] is not None}


def day_or_text(days: int) -> date | str:
    """The date of so many days since 1970, as text outside the years 1 to 9999; the ends of time are as DuckDB's.

    >>> day_or_text(18111), day_or_text(2_932_897), day_or_text(-1_000_000)
    (datetime.date(2019, 8, 3), '10000-01-01', '0769-02-04 (BC)')
    """
    if abs(days) == END_OF_TIME:
        return date.max if days > 0 else date.min
    ordinal = EPOCH + days
    if 1 <= ordinal <= date.max.toordinal():
        return date.fromordinal(ordinal)
    cycles, rest = divmod(ordinal - 1, DAYS_OF_400_YEARS)
    found = date.fromordinal(rest + 1)
    year = found.year + 400 * cycles
    return f"{year}-{found:%m-%d}" if year > 0 else f"{1 - year:04}-{found:%m-%d} (BC)"


def in_order(work: Callable[[T], R], parts: Iterable[T]) -> Generator[R]:
    """What comes of each part, in order. Who asks works too, on what nobody has begun, until the next is done."""
    width = min(MOST_THREADS, os.cpu_count() or 1)
    left = iter(parts)
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(max(1, width - 1)) as pool:
        try:
            while True:
                waiting.extend((part, pool.submit(work, part)) for part in islice(left, 2 * width - len(waiting)))
                if not waiting:
                    return
                while not waiting[0][1].done() and _help(work, waiting):
                    pass
                yield waiting.popleft()[1].result()
        finally:
            for _, future in waiting:
                future.cancel()


def _help(work: Callable[[T], R], waiting: deque[tuple[T, Future[R]]]) -> bool:
    """Work on the first part that nobody has begun; whether there was one."""
    for place, (part, future) in enumerate(waiting):
        if future.cancel():
            waiting[place] = part, _done(work, part)
            return True
    return False


def _done(work: Callable[[T], R], part: T) -> Future[R]:
    """What a thread of a pool would have made of a part."""
    future: Future[R] = Future()
    try:
        future.set_result(work(part))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - raised when its turn comes; a panic of Polars is no `Exception`
        future.set_exception(error)
    return future
