"""One matcher: a rule set in the engine, facts in, the rules that fire out. The only module that imports the engine.

Of `durable_rules_engine` it calls `create_ruleset`, `assert_fact`, `start_action_for_state`,
`complete_and_start_action`, `delete_state` and `delete_ruleset`, and nothing else; `durable.lang`, with its timer
threads and swallowed errors, is never imported.

Facts are content-addressed: a fact that was asserted before is the same fact. They are never retracted; once there
are `most` of them, the matcher starts afresh and those still needed are asserted again. That bounds memory, about
8 KB a fact.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from threading import RLock
from types import ModuleType

from admission.backends.rete.guard import check_fact, name_hash
from admission.backends.rete.rules import INIT, REF, RuleSet
from admission.diagnostics import AdmissionError, Language, MissingExtraError

MOST_FACTS = 4_000
MOST_FIRINGS = 1_000
"""By one fact; a watch's rule fires once for its subject."""
SID = "0"
_ACCEPTED, _NOT_HANDLED = 0, 1
_PACKAGE = "durable-rules"


class EngineMissingError(MissingExtraError):
    """Supervision needs the engine durable-rules, which cannot be imported; the message says what to run."""

    def __init__(self, why: str) -> None:
        super().__init__(_PACKAGE, "supervision")
        self.why = why

    def render(self, lang: Language) -> str:
        """Why it cannot be imported, and what to run, in `zh` or `en`."""
        version, command = f"{sys.version_info.major}.{sys.version_info.minor}", what_to_run()
        if lang == "zh":
            return f"监督功能需要 {_PACKAGE}，在此 Python {version} 上无法导入（{self.why}）；请运行：{command}"
        return f"supervision needs {_PACKAGE}, which this Python {version} cannot import ({self.why}); run: {command}"

    def __reduce__(self) -> tuple[type[EngineMissingError], tuple[str]]:
        return type(self), (self.why,)


class MatchError(AdmissionError):
    """The engine did what it should not: an unexpected answer, or more firings than a fact can have."""


def what_to_run(version: tuple[int, int] = sys.version_info[:2]) -> str:
    """The command that installs the engine; from Python 3.13 on its build needs a name that CPython dropped.

    >>> what_to_run((3, 12))
    "pip install 'admission[supervision]'"
    """
    if version < (3, 13):
        return "pip install 'admission[supervision]'"
    flags = "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject"
    return f"{flags} pip install --no-binary {_PACKAGE} --no-cache-dir --force-reinstall '{_PACKAGE}==2.0.28'"


def engine() -> ModuleType:
    """The engine; raises `EngineMissingError`, which says what to run."""
    try:
        import durable_rules_engine
    except ImportError as error:
        raise EngineMissingError(str(error)) from None
    return durable_rules_engine  # type: ignore[no-any-return, unused-ignore]


class Matcher:
    """Facts in, the names of the rules they complete out. Safe to share between threads: one lock.

    A rule fires when its first condition's fact is asserted after those it joins.
    """

    def __init__(self, rules: RuleSet, *, most: int = MOST_FACTS) -> None:
        self._engine = engine()
        self._document = rules.document
        self._fields = dict(rules.tags)
        self._most = most
        self._lock = RLock()
        self._handle: int | None = None
        self.generation = 0
        """How often the matcher started afresh; the number of a fact means something within one generation only."""
        self._start()

    def __del__(self) -> None:
        # While the interpreter shuts down, the engine may be gone already, and the memory goes with the process.
        if getattr(self, "_handle", None) is not None and not sys.is_finalizing():
            self.close()

    def close(self) -> None:
        """Free the engine's memory; the matcher is of no use afterwards."""
        with self._lock:
            if self._handle is not None:
                # INVARIANT: the first fact has fired, so the engine's state is whole and may be freed.
                self._engine.delete_state(self._handle, SID)
                self._engine.delete_ruleset(self._handle)
                self._handle = None

    def make_room(self, facts: int) -> None:
        """Start afresh where so many more facts would be too many; the numbers given so far are then void."""
        with self._lock:
            if len(self._numbers) + facts > self._most:
                self.close()
                self._start()

    def put(self, tag: str, values: tuple[int, ...]) -> int:
        """Assert a fact, unless it is there; its number, which joins read under `REF`.

        `values` stand in the order of the tag's fields. Raises `GuardError` before anything that is not a whole
        number reaches C.
        """
        with self._lock:
            # Before the fact is looked for: True is 1 to a dict, and not to the engine.
            check_fact(values, self._fields[tag])
            number = self._numbers.get((tag, values))
            if number is None:
                number = self._next_id()
                self._fired[number] = frozenset(self._assert(number, tag, values))
                self._numbers[tag, values] = number
            return number

    def fired(self, number: int) -> frozenset[str]:
        """The rules that fired when the fact was asserted."""
        return self._fired[number]

    def _start(self) -> None:
        self._handle = self._engine.create_ruleset("admission", self._document)
        self.generation += 1
        self._numbers: dict[tuple[str, tuple[int, ...]], int] = {}
        self._fired: dict[int, frozenset[str]] = {}
        self._ids = itertools.count(1)
        self._hashes: set[int] = set()
        if list(self._assert(self._next_id(), INIT, ())) != [INIT]:
            raise MatchError("the engine did not fire on its first fact")

    def _next_id(self) -> int:
        """The next number whose text has a hash that no live fact's number has."""
        for number in self._ids:
            found = name_hash(str(number))
            if found not in self._hashes:
                self._hashes.add(found)
                return number
        raise AssertionError("numbers do not end")

    def _assert(self, number: int, tag: str, values: tuple[int, ...]) -> Iterator[str]:
        fields = zip(self._fields.get(tag, ()), values, strict=True)
        fact = {"id": number, "sid": SID, "_t": tag, "_k": 1, REF: number, **dict(fields)}
        code, state = self._engine.assert_fact(self._handle, json.dumps(fact))
        if code == _NOT_HANDLED:
            return
        if code != _ACCEPTED:
            raise MatchError(f"the engine answered {code} to a fact of {tag}")
        yield from self._drain(state)

    def _drain(self, state: int) -> Iterator[str]:
        """The rules that fire, one firing after another, until the engine has no more."""
        found = self._engine.start_action_for_state(self._handle, state)
        firing = found[1] if found else None
        for _ in range(MOST_FIRINGS):
            if firing is None:
                return
            yield from json.loads(firing)
            firing = self._engine.complete_and_start_action(self._handle, state)
        raise MatchError(f"one fact fired more than {MOST_FIRINGS} times")
