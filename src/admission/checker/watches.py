"""Names and types of a watch: what it gathers resolved, its conditions typed.

A watch reads its subject event, what it gathers, its own look-ups, and parameters. The moment `at` of an event, and
`due`, are typed as dates: they take `+ days` and `workday`, and compare with one another to the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_changes

from admission import ir
from admission.checker.bounds import Bounds
from admission.checker.expressions import Typer, words
from admission.checker.names import RESERVED, Names
from admission.checker.places import locate, locate_key
from admission.datatypes import BOOL, DATE, INT, Kind, Type
from admission.diagnostics import Collector, Span, nearest

LONGEST_WINDOW = 100_000  # days

Row = Mapping[str, Type]


def check_watch(watch: ir.Watch, names: Names, faults: Collector) -> ir.Watch | None:
    """The watch with its names resolved; None where it is at fault."""
    checker = _Checker(watch, names, faults)
    return checker.watch_checked() if checker.is_sound() else None


def check_windows(watch: ir.Watch, bounds: Bounds) -> None:
    """The days of a window lie within bounds, whatever the parameter's value."""
    for gathered in watch.gathered.values():
        if isinstance(gathered.window, str) or gathered.window is None:
            continue
        days = bounds.visit(gathered.window)
        if days is None or not 0 <= days[0] <= days[1] <= LONGEST_WINDOW:
            bounds.faults.add("A705", gathered.window.span, most=LONGEST_WINDOW)


@dataclass(slots=True)
class _Scope(Typer):
    """Types the expressions of a watch: rows by name, and names that stand alone."""

    rows: dict[str, Row] = field(default_factory=dict)
    bare: dict[str, Type] = field(default_factory=dict)
    later: frozenset[str] = frozenset()
    """What is gathered up to a moment that is not known yet."""
    has_due: bool = False

    def name(self, name: str, span: Span | None, wanted: Type | None) -> ir.Expr | None:
        """A field or total that stands alone, `due`, `as_of`, a parameter, or a value of the wanted enum."""
        if name in self.bare:
            return ir.ReadFact(name, self.bare[name], span)
        if name in self.later:
            self.faults.add("A708", span, name=name)
            return None
        if name == ir.DUE:
            if not self.has_due:
                self.faults.add("A710", span)
            return ir.ReadFact(name, DATE, span) if self.has_due else None
        is_value = wanted is not None and name in wanted.values
        if not is_value and name != ir.AS_OF and name not in self.names.policy.parameters:
            self.not_a_name(name, span, wanted)
            return None
        return Typer.name(self, name, span, wanted)

    def not_a_name(self, name: str, span: Span | None, wanted: Type | None) -> None:
        """Report a name that stands for nothing here; a fact or definition is of a task, which a watch has not."""
        policy = self.names.policy
        if name in policy.facts or name in policy.definitions:
            self.faults.add("A709", span, nearest(name, self.bare), name=name)
        elif name not in self.names.poisoned:
            known = [*(wanted.values if wanted else ()), *self.bare, *policy.parameters, ir.DUE]
            self.faults.add("A400", span, nearest(name, known), name=name)

    def member(self, row: str, column: str, span: Span | None) -> ir.Expr | None:
        """`row.column` of an event or look-up of the watch."""
        if row in self.later:
            self.faults.add("A708", span, name=row)
        elif row not in self.rows:
            what = ("事件或查询", "event or look-up in this watch")
            self.faults.add("A401", span, nearest(row, self.rows), name=row, what=what)
        elif column not in self.rows[row]:
            near = nearest(column, self.rows[row])
            self.faults.add("A401", span, near, name=f"{row}.{column}", what=("项", "field"))
        else:
            return ir.ReadColumn(row, column, self.rows[row][column], span)
        return None

    def is_bare(self, expr: ir.Expr) -> bool:
        """Whether it takes its type from the other side."""
        if isinstance(expr, ir.Name):
            stands = {*self.bare, *self.later, *self.names.policy.parameters, ir.DUE, ir.AS_OF}
            return expr.id not in stands
        return isinstance(expr, ir.Display)


class _Checker:
    def __init__(self, watch: ir.Watch, names: Names, faults: Collector) -> None:
        self.watch = watch
        self.names = names
        self.faults = faults
        self.events = names.policy.events
        self.subject = self.events.get(watch.each)

    # ---------------------------------------------------------------------------------- structure

    def is_sound(self) -> bool:
        """Whether what the watch names is there; every fault is reported."""
        before = len(self.faults)
        named = {self.watch.each, *(gathered.event for gathered in self.watch.gathered.values())}
        if (named - set(self.events)) & self.names.poisoned:
            return False  # an event that it reads is at fault, and that was said
        for gathered in self.watch.gathered.values():
            self._sources(gathered)
        if len(self.faults) == before:
            self._each()
        if len(self.faults) == before:
            for gathered in self.watch.gathered.values():
                self._same(gathered)
                self._bounds(gathered)
        for look_up in self.watch.look_ups.values():
            self._register(look_up)
        for name in (*self.watch.gathered, *self.watch.look_ups):
            self._clash(name)
        return len(self.faults) == before

    def _sources(self, gathered: ir.Gathered) -> None:
        declared = self.events.get(gathered.event)
        if declared is None:
            near = nearest(gathered.event, self.events)
            span = locate(gathered.span, gathered.event)
            self.faults.add("A401", span, near, name=gathered.event, what=("事件", "event type"))
            return
        if gathered.column is None:
            return
        summed = declared.fields.get(gathered.column)
        if summed is None:
            name, near = f"{gathered.event}.{gathered.column}", nearest(gathered.column, declared.fields)
            self.faults.add("A401", locate(gathered.span, name), near, name=name, what=("项", "field"))
        elif not summed.type.is_number:
            self.faults.add("A410", gathered.span, expected=words(INT), found=words(summed.type))

    def _each(self) -> None:
        """The subject is an event type, or a key: a field that every event gathered has, of one type."""
        watch = self.watch
        if self.subject is not None:
            return
        found = [self.events[g.event].fields.get(watch.each) for g in watch.gathered.values()]
        types = [f.type for f in found if f is not None and f.type.kind is not Kind.SET]
        if len(types) < max(1, len(found)) or any(t.kind is not types[0].kind for t in types):
            known = [*self.events, *(f for event in self.events.values() for f in event.fields)]
            span = locate(watch.span, watch.each)
            self.faults.add("A701", span, nearest(watch.each, known), name=watch.each)
        elif watch.due is None:
            self.faults.add("A706", watch.span)

    def _same(self, gathered: ir.Gathered) -> None:
        for name in gathered.same:
            theirs = self.events[gathered.event].fields.get(name)
            ours = self.subject.fields.get(name) if self.subject else theirs
            why = None
            if theirs is None or ours is None:
                where = gathered.event if theirs is None else self.watch.each
                why = (f"事件 `{where}` 没有这一项", f"event type `{where}` has no such field")
            elif theirs.type.kind is Kind.SET or not Typer.comparable(ours.type, theirs.type):
                why = ("两边的类型不能相比", "the two sides are of types that do not compare")
            elif self.subject is None and name != self.watch.each:
                why = (f"只能是键 `{self.watch.each}`", f"it can only be the key `{self.watch.each}`")
            if why:
                self.faults.add("A702", locate(gathered.span, name), name=name, why=why)

    def _bounds(self, gathered: ir.Gathered) -> None:
        if gathered.up_to is not None and (self.subject is None or gathered.up_to != self.watch.each):
            span = locate(gathered.span, gathered.up_to)
            self.faults.add("A703", span, found=gathered.up_to, subject=self.watch.each if self.subject else "-")
        if gathered.window is not None and gathered.until is None and gathered.up_to is None:
            self.faults.add("A704", gathered.span)

    def _register(self, look_up: ir.WatchLookUp) -> None:
        registers = self.names.policy.registers
        register = registers.get(look_up.register)
        if register is None:
            span, near = locate(look_up.span, look_up.register), nearest(look_up.register, registers)
            self.faults.add("A401", span, near, name=look_up.register, what=("清单", "register"))
        elif register.partial:
            self.faults.add("A414", look_up.span, register=register.name)
        elif set(look_up.match) != set(register.key):
            found = ", ".join(look_up.match)
            self.faults.add("A516", locate_key(look_up.span, "match"), expected=", ".join(register.key), found=found)

    def _clash(self, name: str) -> None:
        taken = {*RESERVED, ir.DUE, *self.names.policy.parameters, *self.names.values, self.watch.each}
        is_twice = name in self.watch.gathered and name in self.watch.look_ups
        if name in taken or is_twice:
            span = next((g.span for g in self.watch.gathered.values() if g.name == name), self.watch.span)
            self.faults.add("A712", span, name=name)

    # ------------------------------------------------------------------------------------- typing

    def watch_checked(self) -> ir.Watch | None:
        """The watch with every expression typed, in the order in which they become known."""
        before, watch = len(self.faults), self.watch
        early = {name for name, gathered in watch.gathered.items() if not self._is_late(gathered)}
        gathered = {n: self._where(g) for n, g in watch.gathered.items()}
        first = self._scope(())
        gathered |= {n: self._ends(gathered[n], first) for n in early}
        known = self._scope(early)
        look_ups = {n: self._look_up(look_up, known) for n, look_up in watch.look_ups.items()}
        self._add_look_ups(known)
        due = known.of_type(watch.due, DATE) if watch.due is not None else None
        self._anchor(due)
        known.has_due = watch.due is not None
        gathered |= {n: self._ends(gathered[n], known) for n in watch.gathered if n not in early}
        whole = self._scope(watch.gathered)
        self._add_look_ups(whole)
        whole.has_due = known.has_due
        when = whole.condition(watch.when)
        if len(self.faults) > before or when is None:
            return None
        ordered = {name: gathered[name] for name in watch.gathered}
        return with_changes(watch, gathered=ordered, look_ups=look_ups, when=when, due=due)

    def _is_late(self, gathered: ir.Gathered) -> bool:
        """Whether the moment it ends at depends on `due` or on something else that is gathered."""
        if gathered.until is None:
            return False
        rows = {*self.watch.gathered, *self.watch.look_ups, ir.DUE}
        parts = list(ir.walk([gathered.until]))
        read = {p.row for p in parts if isinstance(p, ir.Member)} | {p.id for p in parts if isinstance(p, ir.Name)}
        return bool(read & rows)

    def _scope(self, known: Iterable[str]) -> _Scope:
        scope = _Scope(self.names, self.faults)
        if self.subject is not None:
            scope.rows[self.watch.each] = _columns(self.subject)
        for name in known:
            gathered = self.watch.gathered[name]
            declared = self.events[gathered.event]
            if gathered.kind == "sum":
                scope.bare[name] = ir.widest(declared.fields[gathered.column or ""].type)
            elif gathered.kind == "count":
                scope.bare[name] = INT
            else:
                scope.rows[name] = {**_columns(declared), ir.FOUND: BOOL}
        scope.later = frozenset(self.watch.gathered) - set(known)
        return scope

    def _add_look_ups(self, scope: _Scope) -> None:
        for name, look_up in self.watch.look_ups.items():
            register = self.names.policy.registers[look_up.register]
            readable = {c.name: c.type for c in register.columns.values() if c.absent is not None}
            scope.rows[name] = {**readable, ir.FOUND: BOOL}

    def _where(self, gathered: ir.Gathered) -> ir.Gathered:
        scope = _Scope(self.names, self.faults)
        scope.bare = {name: f.type for name, f in self.events[gathered.event].fields.items()}
        same = gathered.same if self.subject is not None else (self.watch.each,)
        return with_changes(gathered, where=scope.condition(gathered.where), same=same)

    def _ends(self, gathered: ir.Gathered, scope: _Scope) -> ir.Gathered:
        until = scope.of_type(gathered.until, DATE) if gathered.until is not None else None
        window = gathered.window
        if window is not None and not isinstance(window, str):
            only_parameters = _Scope(self.names, self.faults)
            window = only_parameters.of_type(window, INT) or window
        return with_changes(gathered, until=until, window=window)

    def _look_up(self, look_up: ir.WatchLookUp, scope: _Scope) -> ir.WatchLookUp:
        register = self.names.policy.registers[look_up.register]
        match = {key: self._key(expr, register.columns[key].type, scope) for key, expr in look_up.match.items()}
        return with_changes(look_up, match=match)

    def _key(self, expr: ir.Expr, wanted: Type, scope: _Scope) -> ir.Expr:
        typed = scope.of_type(expr, wanted)
        if typed is not None and not Typer.comparable(ir.type_of(typed), wanted):
            scope.mismatch(typed, wanted)
        return typed or expr

    def _anchor(self, due: ir.Expr | None) -> None:
        """Over a key, the one event that `due` reads says which day's parameters hold."""
        if self.subject is not None or due is None:
            return
        read = rows_read(due, self.watch)
        if len(read) != 1:
            self.faults.add("A707", due.span, found=len(read))
        elif self.watch.gathered[next(iter(read))].until is not None:
            self.faults.add("A708", due.span, name=next(iter(read)))


def rows_read(expr: ir.Expr, watch: ir.Watch) -> set[str]:
    """The first and latest events that an expression reads."""
    read = {part.look_up for part in ir.walk([expr]) if isinstance(part, ir.ReadColumn)}
    return read & set(watch.gathered)


def _columns(event: ir.EventType) -> Row:
    return {**{name: f.type for name, f in event.fields.items()}, ir.AT: DATE}
