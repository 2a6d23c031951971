"""A policy as programs use it: what it decides, and whatever else there is to ask of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakValueDictionary

from admission import intake, ir, reference
from admission.backends.python import Accepted, Decide, Program, Read, Row, Taken
from admission.datatypes import FIRST_DAY, LAST_DAY, Value
from admission.decision import Answer, Decision, Details, Given
from admission.diagnostics import Diagnostic

if TYPE_CHECKING:
    from admission.bulk.sources import ArrowStream
    from admission.bulk.tables import DecidedTable
    from admission.docket import Supervisor
    from admission.explain import Explanation, Question
    from admission.remedies import Remedy
    from admission.task_model import TaskModel

Parties = str | Iterable[str] | None
MODELS: WeakValueDictionary[str, type[TaskModel]] = WeakValueDictionary()
"""The models of tasks by their policy's digest, so that a policy decides the tasks of its equal as its own."""
UNASKED = date(1, 1, 1)  # an object that no caller has


class Kept:
    """What a policy keeps of a task that was validated: how it reads it, and the last decision.

    Where the task has a day, its decision is ready but for the answer, which `decide` gives for `row` and `day`.
    """

    __slots__ = ("day", "decide", "decision", "read", "row")

    row: Row
    day: date

    def __init__(self, read: Accepted | None) -> None:
        self.read = read
        self.decide: Decide | None = None
        # INVARIANT: a decision holds the day that it was asked with, so threads never see one with another's day; one
        # that has been asked with a day, or with None, has its answer, and always the same.
        self.decision = Decision()
        self.decision._asked = UNASKED


class Policy:
    """A checked policy. Immutable, hashable by its content, picklable, safe to share between threads.

    >>> from datetime import date
    >>> import admission
    >>> policy = admission.load("policies/beijing")
    >>> task = {"nature": "approval_or_public_service"}
    >>> policy.decide(task, as_of=date(2019, 8, 3)).channel
    'service_centre'
    """

    __slots__ = ("_days", "_fills", "_first", "_last", "_program", "_readers", "_task", "checked", "diagnostics")

    checked: ir.CheckedPolicy
    diagnostics: tuple[Diagnostic, ...]
    _days: dict[date, Decide]
    _fills: bool
    _first: date
    _last: date
    _program: Program
    _readers: Mapping[int, Read]
    _task: type[TaskModel] | None

    def __init__(self, checked: ir.CheckedPolicy, diagnostics: Iterable[Diagnostic] = ()) -> None:
        object.__setattr__(self, "checked", checked)
        object.__setattr__(self, "diagnostics", tuple(diagnostics))
        program = Program(checked)
        object.__setattr__(self, "_program", program)
        # Kept here too, as every decision looks them up.
        object.__setattr__(self, "_readers", program.readers.latest)
        object.__setattr__(self, "_fills", program.fills)
        object.__setattr__(self, "_days", {})
        object.__setattr__(self, "_first", max(checked.period.start or FIRST_DAY, FIRST_DAY))
        object.__setattr__(self, "_last", min(checked.period.end or LAST_DAY, LAST_DAY))
        object.__setattr__(self, "_task", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a policy does not change: cannot set {name}={value!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[type[Policy], tuple[ir.CheckedPolicy, tuple[Diagnostic, ...]]]:
        return type(self), (self.checked, self.diagnostics)

    def __repr__(self) -> str:
        return f"<Policy {self.id} {self.version} {self.digest[:12]}>"

    @property
    def id(self) -> str:
        """The policy's id."""
        return self.checked.id

    @property
    def version(self) -> str:
        """The policy's version, as its author wrote it."""
        return self.checked.version

    @property
    def digest(self) -> str:
        """SHA-256 of the policy's content and that of its layers, in hexadecimal; comments and layout do not count."""
        return self.checked.digest

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its labels; the first is the one used where none is asked for."""
        return self.checked.languages

    @property
    def Task(self) -> type[TaskModel]:  # noqa: N802 - it is a class
        """The pydantic model of a task: validates, and gives its JSON Schema. Equal policies have the same."""
        if self._task is None:
            from admission.task_model import task_model

            model = MODELS.get(self.digest)
            if model is None or not _are_alike(model._policy.checked, self.checked):
                model = task_model(self.checked, self, self._keep)
                MODELS[self.digest] = model
            object.__setattr__(self, "_task", model)
        return self._task  # type: ignore[return-value] # it was made just now

    def decide(self, task: Mapping[str, object] | TaskModel, *, as_of: date | None = None) -> Decision:
        """The decision for a task: a mapping of facts to Python values, or a `policy.Task`.

        Money is `Decimal` or `int` (yuan), a date `datetime.date`, a set any set, list or tuple; None and absent
        are unknown. `as_of` is the day of the decision, from the task or from here.

        Raises `TaskError` with every fault of the task at once.
        """
        if type(task) is dict:
            try:
                read = self._readers[len(task)](task)
            except (KeyError, TypeError, ValueError):  # another shape of task than the last, or one that does not fit
                read = None
            return self._decided(read, as_of, "1") or self._decide(task, as_of, "1")
        if type(task) is not self._task:
            return self._decide_with_care(task, as_of, "1")
        try:
            kept: Kept = task._kept
        except AttributeError:  # copied, or made without validation
            return self._decide_with_care(task, as_of, "1")
        if (made := kept.decision)._asked is as_of:
            return made
        if as_of is None and kept.decide is not None and (answer := kept.decide(kept.row, kept.day)) is not None:
            made._answer = answer
        else:
            made = self._decided(kept.read, as_of, "1") or self._decide_with_care(task, as_of, "1")
        made._asked = as_of
        kept.decision = made
        return made

    def _decide(self, task: Any, as_of: date | None, place: str) -> Decision:
        """The decision for a task of any kind and shape."""
        kept: Kept | None = getattr(task, "_kept", None) if type(task) is self._task else None
        read = self._program.read(task) if type(task) is dict else kept.read if kept is not None else None
        return self._decided(read, as_of, place) or self._decide_with_care(task, as_of, place)

    def _decided(self, read: Accepted | None, as_of: date | None, place: str) -> Decision | None:
        """The decision by the generated functions; None where the task, or its day, does not plainly fit."""
        if read is None:
            return None
        row, taken, identity, own = read
        day = own if as_of is None else as_of if own is None or own == as_of else None
        if type(day) is not date or (decide := self._days.get(day) or self._on(day)) is None:
            return None
        answer, taken = self._answer(row, taken, day) if self._fills else (decide(row, day), taken)
        if answer is None:
            return None
        made = Decision()
        made._answer = answer
        made._subject = row
        made._taken = taken
        made._author = self
        made._as_of = day
        made._id = place if identity is None else identity
        return made

    def _keep(self, facts: Mapping[str, Any]) -> Kept:
        """What to keep of a task that was validated."""
        read = self._program.read(facts)
        kept = Kept(read)
        day = read and read[3]
        if read is not None and day is not None and not self._fills:
            made = kept.decision
            made._subject, made._taken, identity, _ = read
            made._id = "1" if identity is None else identity
            made._as_of, made._author = day, self
            kept.row, kept.day, kept.decide = read[0], day, self._days.get(day) or self._on(day)
        return kept

    def _decide_with_care(self, task: Any, as_of: date | None, place: str) -> Decision:
        return self.decide_given(intake.accept(self.checked, mapping_of(task), as_of, place=place))

    def _answer(self, row: Row, taken: Taken, day: date) -> tuple[Answer | None, Taken]:
        """The answer to a row that registers may fill in, or None, and what was assumed."""
        found = self._program.fill(row, taken, day)
        return (None, ()) if found is None else (self._program.on(day)(found[0], day), found[1])

    def _on(self, day: date) -> Decide | None:
        """The function of a day, kept from then on; None for a day that no task of the policy may have."""
        # INVARIANT: `_days` holds no day but those that are in the policy's period and in the calendar.
        if not self._first <= day <= self._last:
            return None
        self._days[day] = self._program.on(day)
        return self._days[day]

    def decide_given(self, given: Given) -> Decision:
        """The decision for facts that were accepted already (see `intake`)."""
        answer, taken = self._answer(*self._program.row(given.facts), given.as_of)
        if answer is not None:
            return Decision.of(answer, given, taken, self)
        return reference.decide(self.checked, given.facts, given.as_of, given.id).made_by(self)

    def compiled_source(self) -> str:
        """The Python source that tasks are read and decided by, one function for each stretch of days.

        It is made from the checked policy alone: no text of the policy stands in it but as a quoted constant.
        """
        return self._program.whole_source()

    def to_sql(
        self,
        dialect: str = "duckdb",
        table: str = "tasks",
        *,
        as_of: date | None = None,
        columns: Collection[str] | None = None,
    ) -> str:
        """One SELECT that decides every row of a table of tasks; it needs the extra `sql`, and runs nothing.

        The table has a column for `id`, one for `as_of` unless it is given here, and one for each fact that a rule
        reads, in the types that `sql_columns` gives; NULL is unknown. `columns` names those that it has, where it
        lacks some: the facts it lacks are unknown. `dialect` is `duckdb`, `postgres`, `sqlite`, `spark`,
        `clickhouse`, `trino` or `bigquery`; `table` may be qualified (`schema.table`).

        The columns of the answer: `id`, `verdict`, `channel`, the lists `violations`, `open` (requirements), `missing`
        (facts), `notes` and `conflict`, and `policy`, the digest. A row whose day is none of the policy's has no
        verdict. Rows are taken to be tasks that fit: SQL validates nothing.

        Raises `UnsupportedError`, naming what a dialect cannot say; `MissingExtraError`; `TypeError` for no date.

        >>> import admission
        >>> policy = admission.load("policies/beijing")
        >>> policy.to_sql("duckdb", as_of=date(2019, 8, 3)).splitlines()[0]
        'WITH given AS NOT MATERIALIZED ('
        """
        from admission.backends.sql import to_sql

        _refuse_no_day(as_of)
        if isinstance(columns, str):
            raise TypeError(f"columns takes the names of columns, not one text: {columns!r}")
        return to_sql(self.checked, dialect, table, as_of, columns)

    def sql_columns(self, dialect: str = "duckdb") -> dict[str, str]:
        """The column types of a table of tasks, by name: `id`, `as_of`, and every fact. Raises as `to_sql` does.

        >>> import admission
        >>> admission.load("policies/beijing").sql_columns()["cost"]
        'DECIMAL(18, 2)'
        """
        from admission.backends.sql import column_types

        return column_types(self.checked, dialect)

    def decide_table(
        self, data: ArrowStream, *, as_of: date | None = None, rejects: Literal["raise", "keep"] = "raise"
    ) -> DecidedTable:
        """The decisions for a table of tasks, decided in columns by Polars; it needs the extra `frames`.

        `data` is anything with the Arrow PyCapsule interface: a Polars or pandas data frame, a pyarrow table or
        reader, a DuckDB relation. Its columns are named as the facts, beside `id` and `as_of`, and hold values of
        their types (`sql_columns`); NULL, and a fact without a column, is unknown. The answer is a table of the same
        kind: one row a task, in order, with the columns of `to_sql`; a task without an id gets its place, from 1.

        Raises `TaskError` with the faults of the rows that are no tasks (the first 100; a fault's `line` is its row),
        or with `rejects="keep"` leaves those rows out and lists them in `.rejects`; `InputError` for a column that
        no fact has or whose type cannot hold the fact's values; `MissingExtraError`; `TypeError` where `as_of`
        is no date or `data` no table.

        >>> import duckdb
        >>> import admission
        >>> policy = admission.load("policies/beijing")
        >>> tasks = duckdb.sql("SELECT 't1' AS id, 'market_service' AS nature")
        >>> policy.decide_table(tasks, as_of=date(2019, 8, 3)).to_dicts()[0]["channel"]
        'purchase'
        """
        from admission.bulk import decide_table

        _refuse_no_day(as_of)
        return decide_table(self.checked, data, as_of, rejects)

    def facts_of(self, row: tuple[Any, ...], taken: tuple[str, ...]) -> Mapping[str, Any]:
        """The facts that were given, of a row that has the assumptions taken too."""
        return self._program.facts(row, taken)

    def details_of(self, decision: Decision) -> Details:
        """The obligations and figures of one of this policy's decisions."""
        given = decision.given
        return reference.details(decision.verdict, reference.World(self.checked, given.facts, given.as_of))

    def explanation_of(self, decision: Decision, lang: str | None) -> Explanation:
        """Why one of this policy's decisions came out as it did."""
        from admission.explain import explain
        from admission.remedies import advice

        advised = advice(self.checked, decision, self._decide_facts)
        return explain(self.checked, decision, lang or self.languages[0], advised)

    def remedies_of(self, decision: Decision, want: str = "admit", by: Parties = None) -> tuple[Remedy, ...]:
        """What would lead from one of this policy's decisions to another verdict (see `remedies`)."""
        from admission.remedies import remedies

        return remedies(self.checked, decision, want, by, self._decide_facts)

    def _decide_facts(self, facts: Mapping[str, Value], day: date) -> Decision:
        return self.decide_given(Given(facts, day))

    def decide_many(
        self, tasks: Iterable[Mapping[str, object] | TaskModel], *, as_of: date | None = None
    ) -> Iterator[Decision]:
        """The decisions for many tasks, lazily and in order; a task without an id gets its place, from 1.

        Raises `TaskError` at the first task that does not fit.
        """
        for number, task in enumerate(tasks, 1):
            yield self._decide(task, as_of, str(number))

    def supervise(self) -> Supervisor:
        """A supervisor over the policy's watches, with an empty log.

        Raises `InputError` where the policy has no watches, and `EngineMissingError`, which says what to run, where
        the engine of the extra `supervision` cannot be imported.
        """
        from admission.docket import Supervisor

        return Supervisor(self.checked)

    def next_question(self, task: Mapping[str, object] | TaskModel, *, as_of: date | None = None) -> Question | None:
        """The question to ask next, or None where nothing is missing. Raises `TaskError`."""
        return self.next_question_given(intake.accept(self.checked, mapping_of(task), as_of))

    def next_question_given(self, given: Given, *, besides: Iterable[str] = ()) -> Question | None:
        """The question to ask next for accepted facts (see `intake`); `besides` are what nobody can answer."""
        from admission.interview import next_question

        return next_question(self.checked, self.decide_given(given), self._decide_facts, besides)

    def remedies(
        self,
        task: Mapping[str, object] | TaskModel,
        *,
        as_of: date | None = None,
        want: str = "admit",
        by: Parties = None,
    ) -> tuple[Remedy, ...]:
        """All minimal sets of changes that give the task the wanted verdict, fewest changes first.

        `want` is `admit`, `redirect` or `refuse`; `by` names the parties who may act, all by default. If the verdict
        is the wanted one already, the only remedy is the empty one.

        Raises `TaskError`; `ValueError` for another verdict or party; `TooManyRemediesError` where there are thousands.

        >>> import admission
        >>> policy = admission.load("policies/beijing")
        >>> task = {"nature": "self_governance", "plaque_or_body": True}
        >>> [remedy.text("en") for remedy in policy.remedies(task, as_of=date(2019, 8, 3))]
        ['set “body or plaque demanded” to “no” (now “yes”) (the unit that asks)']
        """
        return self.remedies_of(self.decide(task, as_of=as_of), want, by)


def _are_alike(one: ir.CheckedPolicy, other: ir.CheckedPolicy) -> bool:
    """Whether two policies are the same, facts in the same order; a digest is only what a policy says of itself."""
    return one == other and list(one.facts) == list(other.facts)


def _refuse_no_day(as_of: object) -> None:
    """Raises `TypeError` where a day for a whole table is something else."""
    if as_of is not None and type(as_of) is not date:
        raise TypeError(f"as_of takes a datetime.date, not {as_of!r}")


def mapping_of(task: object) -> Any:
    """A task model as the mapping it was made of; anything else as it is."""
    dump = getattr(task, "model_dump", None)
    if isinstance(task, Mapping) or dump is None:
        return task
    return dump(by_alias=True)
