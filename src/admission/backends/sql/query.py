"""One SELECT that decides every row: stage upon stage, each a table of the query, and the decision at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from admission import ir
from admission.backends.sql import tables, terms
from admission.backends.sql.dialects import DIALECTS, Dialect
from admission.backends.sql.expressions import Emitter, Item, reads
from admission.backends.sql.judgement import Judgement
from admission.backends.sql.shortcut import ANSWERS, CODE, SLOW, Shortcut
from admission.backends.sql.tables import CALENDAR, SINCE, UNTIL, Table
from admission.backends.sql.terms import Term
from admission.checker.bounds import Bounds
from admission.datatypes import DATE, TEXT
from admission.diagnostics import Collector, UnsupportedError

SOURCE = "t"
LONGEST_LIST = 8  # rows of a register that are tried one by one


def to_sql(
    policy: ir.CheckedPolicy,
    dialect: str,
    table: str,
    as_of: date | None = None,
    columns: Collection[str] | None = None,
) -> str:
    """The query as text; see `Policy.to_sql`."""
    return Query(policy, _dialect(dialect), table, as_of, columns).write()


def column_types(policy: ir.CheckedPolicy, dialect: str) -> dict[str, str]:
    """The column types of a table of tasks, by name: `id`, `as_of`, and every fact."""
    found = _dialect(dialect)
    declared = {"id": TEXT, ir.AS_OF: DATE} | {fact.name: fact.type for fact in policy.facts.values()}
    types = {name: found.type(of) for name, of in declared.items()}
    if found.money == "fen":
        types |= {name: "TEXT" for name, of in declared.items() if of.kind == "money"}
    return {name: exp.DataType.build(kind).sql(dialect=found.name) for name, kind in types.items()}


def _table(name: str) -> exp.Table:
    """A table by its name, or by schema and name with a dot between; each part quoted."""
    *around, last = (exp.to_identifier(part, quoted=True) for part in name.split("."))
    database, catalog = [None, None, *around][::-1][:2]
    return exp.Table(this=last, db=database, catalog=catalog)


def _dialect(name: str) -> Dialect:
    if name not in DIALECTS:
        raise UnsupportedError(
            str(name),
            f"不认识的方言；可用：{', '.join(DIALECTS)}",
            f"not a known dialect; there are {', '.join(DIALECTS)}",
        )
    return DIALECTS[name]


@dataclass(slots=True)
class Stage:
    """One table of the query on top of the one before: more columns, and what they are joined from."""

    columns: list[Term] = field(default_factory=list)
    joins: list[tuple[str, str, Term]] = field(default_factory=list)
    """Table, alias, condition."""


class Query:
    """Writes the query of one policy for one engine."""

    def __init__(
        self,
        policy: ir.CheckedPolicy,
        dialect: Dialect,
        table: str,
        as_of: date | None,
        columns: Collection[str] | None,
    ) -> None:
        self.policy = policy
        self.dialect = dialect
        self.table = table
        self.as_of = as_of
        self.present = None if columns is None else frozenset(columns)
        self.columns: dict[Item, str] = {}
        self.emit = Emitter(policy, dialect, as_of, self.columns)
        self.judgement = Judgement(policy, self.emit)
        self.order = self._ordered(self.judgement.expressions())
        self.with_: list[Table] = []

    def write(self) -> str:
        """The text of the query."""
        self._refuse_what_cannot_be()
        found = self.build()
        return found.sql(dialect=self.dialect.name, pretty=True)

    def build(self) -> exp.Select:
        """The query as a syntax tree."""
        if any(isinstance(item, ir.Workday) for item in self.order):
            self.with_ += tables.calendar(self.dialect)
        last = self._given()
        for number, level in enumerate(self._levels(), 1):
            last = self._stage(f"known_{number}", last, level)
        for name, columns in self.judgement.routing():
            last = self._add(name, last, Stage(columns))
        shortcut = Shortcut(self.judgement)
        found = self._by_code(last, shortcut) if shortcut.is_open else self._by_rule(last)
        for table in self.with_:
            found = found.with_(table.name, as_=table.body, copy=False)
        return found

    def _by_rule(self, last: str) -> exp.Select:
        """The answer of each row, built rule by rule."""
        for name, columns in self.judgement.judging():
            last = self._add(name, last, Stage(columns))
        columns = [terms.named(term, name) for name, term in self.judgement.result()]
        return exp.select(*columns).from_(exp.alias_(exp.to_table(last), "p", table=True))

    def _by_code(self, last: str, shortcut: Shortcut) -> exp.Select:
        """The answer of each row looked up by its code; built rule by rule for those that take the long way."""
        facts = [
            self.emit.read(item)
            for item in self.order
            if isinstance(item, tuple) and item[0] == "fact" and self.policy.facts[item[1]].assume is None
        ]
        last = self._add("sorted_out", last, Stage([terms.named(shortcut.slow(facts), SLOW)]))
        slow, code = terms.column(SLOW), [terms.named(shortcut.code(), CODE)]
        for name, columns in self.judgement.judging():
            guarded = [terms.named(terms.case([(slow, column.this)], exp.null()), column.alias) for column in columns]
            last, code = self._add(name, last, Stage([*code, *guarded])), []
        self.with_.append(shortcut.answers())
        looked_up = ("verdict", "channel", "violations", "notes")
        columns = [
            terms.named(terms.case([(slow, term)], terms.column(name, ANSWERS)) if name in looked_up else term, name)
            for name, term in self.judgement.result()
        ]
        on = exp.EQ(this=terms.column(CODE, ANSWERS), expression=terms.column(CODE, "p"))
        found = exp.select(*columns).from_(exp.alias_(exp.to_table(last), "p", table=True))
        return found.join(exp.to_table(ANSWERS), on=on, join_type="left")

    # --------------------------------------------------------------------------------------- what is read

    def _ordered(self, exprs: Iterable[ir.Expr]) -> list[Item]:
        """Everything that has a column of its own, each after what it reads itself."""
        found: dict[Item, None] = {}

        def visit(item: Item) -> None:
            if item not in found:
                for below in self._reads(item):
                    visit(below)
                found[item] = None

        for expr in exprs:
            for item in reads(expr):
                visit(item)
        return list(found)

    def _reads(self, item: Item) -> Iterator[Item]:
        """What an item reads."""
        match item:
            case ir.Workday(start, days):
                yield from reads(start)
                yield from reads(days)
            case ("definition", name):
                yield from reads(self.policy.definitions[name].expr)
            case ("cell", look_up, _):
                yield from (("fact", key) for key in self.policy.look_ups[look_up].match.values())
            case ("fact", name):
                filler = self.policy.facts[name].filled_by
                yield from reads(filler) if filler is not None and not isinstance(filler, ir.Member) else ()

    def _levels(self) -> Iterator[list[Item]]:
        """The items that are not given, in stages: each stage reads only those before it."""
        level: dict[Item, int] = {}
        for item in self.order:
            below = [level[read] for read in self._reads(item)]
            is_given = isinstance(item, tuple) and item[0] == "fact" and not below
            level[item] = 0 if is_given else 1 + max(below, default=0)
            if isinstance(item, ir.Workday):
                level[item] += 1  # counted in one stage, found in the next
        for number in range(1, 1 + max(level.values(), default=0)):
            counted = [item for item in self.order if isinstance(item, ir.Workday) and level[item] == number + 1]
            found = [item for item in self.order if level[item] == number]
            yield [*counted, *found]

    # -------------------------------------------------------------------------------------------- stages

    def _given(self) -> str:
        """The first table: the task's id, its day, and the facts that are read, assumptions filled in."""
        has = self._has
        identity = terms.column("id", SOURCE) if has("id") else terms.null("TEXT")
        stage = [terms.named(identity, "id")]
        if self.as_of is None:
            stage.append(terms.named(terms.column(ir.AS_OF, SOURCE), "day"))
        for place, item in enumerate(self.order):
            if isinstance(item, tuple) and item[0] == "fact":
                fact = self.policy.facts[item[1]]
                name = terms.label("fact", place, fact.name)
                self.columns[item] = name
                given = self.dialect.given(fact.type, fact.name) if has(fact.name) else self.dialect.unknown(fact.type)
                assumed = fact.assume if fact.filled_by is None else None
                if assumed is not None:
                    given = terms.coalesce(given, self.dialect.constant(fact.type, assumed.value))
                stage.append(terms.named(given, name if fact.filled_by is None else f"{name}_given"))
        body = exp.select(*stage).from_(exp.alias_(_table(self.table), SOURCE, table=True))
        self.with_.append(Table("given", self._fenced(body)))
        return "given"

    def _has(self, name: str) -> bool:
        return self.present is None or name in self.present

    def _stage(self, name: str, before: str, items: Iterable[Item]) -> str:
        stage = Stage()
        joined: dict[str, str | None] = {}
        for item in items:
            match item:
                case ir.Workday():
                    self._workday(item, stage)
                case ("definition", definition):
                    self._column(item, self.emit.expression(self.policy.definitions[definition].expr), stage)
                case ("fact", fact):
                    self._filled(self.policy.facts[fact], stage)
                case ("cell", look_up, column):
                    if self._is_short(look_up):
                        self._column(item, self._listed_cell(look_up, column), stage)
                        continue
                    if look_up not in joined:
                        joined[look_up] = self._join(self.policy.look_ups[look_up], stage)
                    self._column(item, self._cell(look_up, column, joined[look_up]), stage)
        return self._add(name, before, stage)

    def _column(self, item: Item, term: Term, stage: Stage) -> None:
        name = terms.label("known", len(self.columns), "" if isinstance(item, ir.Workday) else "_".join(item[1:]))
        stage.columns.append(terms.named(term, name))
        self.columns[item] = name

    def _add(self, name: str, before: str, stage: Stage) -> str:
        """A table on top of another."""
        body = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("p")), *stage.columns)
        body = body.from_(exp.alias_(exp.to_table(before), "p", table=True))
        for table, alias, condition in stage.joins:
            body = body.join(exp.alias_(exp.to_table(table), alias, table=True), on=condition, join_type="left")
        self.with_.append(Table(name, self._fenced(body)))
        return name

    def _fenced(self, body: exp.Select) -> exp.Select:
        return body.offset(0) if self.dialect.fence == "offset" else body

    def _filled(self, fact: ir.Fact, stage: Stage) -> None:
        """A fact that a look-up fills in where it was not given."""
        assert isinstance(fact.filled_by, ir.ReadColumn)  # noqa: S101 - the policy is checked
        name = self.columns["fact", fact.name]
        parts = [terms.column(f"{name}_given"), self.emit.expression(fact.filled_by)]
        parts += [self.dialect.constant(fact.type, fact.assume.value)] if fact.assume else []
        stage.columns.append(terms.named(terms.coalesce(*parts), name))

    # ------------------------------------------------------------------------------------------ registers

    def _join(self, look_up: ir.LookUp, stage: Stage) -> str | None:
        """Join the row that a look-up finds; gives its alias, None where the register has no rows."""
        declared = self.policy.registers[look_up.register]
        wanted = {item[2] for item in self.order if isinstance(item, tuple) and item[:2] == ("cell", look_up.name)}
        columns = [name for name in declared.columns if name in wanted or name in declared.key]
        alias = f"r{len(self.with_)}_{len(stage.joins)}"
        table = tables.register(self.dialect, declared, f"{alias}_rows", columns, self.as_of)
        if table is None:
            return None
        self.with_.append(table)
        names = list(declared.columns)
        conditions: list[Term] = [
            exp.EQ(this=terms.column(f"c{names.index(key)}", alias), expression=self.emit.fact(look_up.match[key]))
            for key in declared.key
        ]
        if self.as_of is None:
            conditions += [self._within(alias)]
        stage.joins.append((table.name, alias, terms.all_of(conditions)))
        return alias

    def _within(self, alias: str) -> Term:
        """Whether a row's period holds the day."""
        start, end = terms.column(SINCE, alias), terms.column(UNTIL, alias)
        after = terms.any_of([terms.is_unknown(start), exp.LTE(this=start.copy(), expression=self.emit.day)])
        until = terms.any_of([terms.is_unknown(end), exp.GTE(this=end.copy(), expression=self.emit.day)])
        return terms.all_of([after, until])

    def _cell(self, name: str, column: str, alias: str | None) -> Term:
        """A column of the row that a look-up joined, or what stands for none."""
        declared = self._register(name)
        place = list(declared.columns).index(declared.key[0])
        hit = terms.FALSE if alias is None else terms.is_known(terms.column(f"c{place}", alias))
        if column == ir.FOUND:
            return self._read_row(name, column, [(hit, terms.TRUE)])
        cell = terms.column(f"c{list(declared.columns).index(column)}", alias or "")
        absent = self._absent(declared.columns[column])
        return self._read_row(name, column, [(hit, cell if absent is None else terms.coalesce(cell, absent))])

    def _read_row(self, name: str, column: str, rows: list[tuple[Term, Term]]) -> Term:
        """A cell of the row that is hit; unknown with an unknown key, and where a partial register has no row."""
        declared = self._register(name)
        keys = [terms.is_unknown(self.emit.fact(key)) for key in self.policy.look_ups[name].match.values()]
        if column == ir.FOUND:
            nothing, missed = terms.null("BOOLEAN"), terms.FALSE
        else:
            nothing = self.dialect.unknown(declared.columns[column].type)
            missed = self._absent(declared.columns[column]) or nothing
        return terms.case([(terms.any_of(keys), nothing), *rows], nothing if declared.partial else missed)

    def _register(self, look_up: str) -> ir.Register:
        return self.policy.registers[self.policy.look_ups[look_up].register]

    def _absent(self, column: ir.Column) -> Term | None:
        return None if column.absent is None else self.dialect.constant(column.type, column.absent.value)

    def _is_short(self, look_up: str) -> bool:
        """Whether a register is short enough for its rows to be tried one by one, without a join."""
        return len(self._rows(look_up)) <= LONGEST_LIST

    def _rows(self, look_up: str) -> list[ir.Row]:
        rows = self._register(look_up).rows
        return [row for row in rows if self.as_of is None or self.as_of in row.period]

    def _listed_cell(self, name: str, column: str) -> Term:
        """A column of the row that a look-up finds among few."""
        declared, look_up = self._register(name), self.policy.look_ups[name]
        columns = list(declared.columns)
        rows = []
        for row in self._rows(name):
            keys = [
                (look_up.match[key], declared.columns[key].type, row.cells[columns.index(key)]) for key in declared.key
            ]
            fits = [
                exp.EQ(this=self.emit.fact(fact), expression=self.dialect.constant(of, cell))
                for fact, of, cell in keys
                if cell is not None
            ]
            rows.append((terms.all_of([*fits, self.emit.within(row.period)]), self._value(row, column, declared)))
        return self._read_row(name, column, rows)

    def _value(self, row: ir.Row, column: str, declared: ir.Register) -> Term:
        if column == ir.FOUND:
            return terms.TRUE
        kept = declared.columns[column]
        cell = row.cells[list(declared.columns).index(column)]
        absent = self._absent(kept) or self.dialect.unknown(kept.type)
        return absent if cell is None else self.dialect.constant(kept.type, cell)

    # --------------------------------------------------------------------------------------- working days

    def _workday(self, item: ir.Workday, stage: Stage) -> None:
        """In one stage count the working days up to the start, in the next find the day that has so many."""
        counted: Item = ("counted", str(self.order.index(item)))
        if counted not in self.columns:
            self._count_workdays(item, counted, stage)
            return
        wanted = self.emit.read(counted)
        alias = f"w{self.columns[counted]}"
        on = [
            exp.EQ(this=terms.column("passed", alias), expression=wanted),
            exp.EQ(this=terms.column("is_worked", alias), expression=terms.number(1)),
        ]
        stage.joins.append((CALENDAR, alias, terms.all_of(on)))
        shift = tables.workdays_until_last() - tables.weekdays_until_last()
        late = exp.GT(this=wanted.copy(), expression=terms.number(tables.workdays_until_last()))
        weekdays = terms.case(
            [(late, exp.Sub(this=wanted.copy(), expression=exp.paren(terms.number(shift))))], wanted.copy()
        )
        number = tables.nth_weekday(weekdays)
        first = self.dialect.dates[0]
        outside = self.dialect.plus_days(
            self.dialect.day(first), exp.Sub(this=exp.paren(number), expression=terms.number(first.toordinal()))
        )
        self._column(item, terms.coalesce(terms.column("calendar_day", alias), outside), stage)

    def _count_workdays(self, item: ir.Workday, counted: Item, stage: Stage) -> None:
        start = self.emit.expression(item.start)
        alias = f"s{self.order.index(item)}"
        stage.joins.append(
            (CALENDAR, alias, exp.EQ(this=terms.column("calendar_day", alias), expression=terms.wrapped(start)))
        )
        number = self.dialect.days_since_1(start.copy())
        weekdays = tables.weekdays_until(number)
        shift = tables.workdays_until_last() - tables.weekdays_until_last()
        late = exp.GT(this=exp.paren(number.copy()), expression=terms.number(tables.LAST))
        outside = terms.case(
            [(late, exp.Add(this=weekdays, expression=exp.paren(terms.number(shift))))], weekdays.copy()
        )
        passed = terms.coalesce(terms.column("passed", alias), outside)
        self._column(counted, exp.Add(this=passed, expression=self.emit.amount(item.days)), stage)

    # ------------------------------------------------------------------------------------------- refusals

    def _refuse_what_cannot_be(self) -> None:
        """Raise `UnsupportedError` for what the engine would get wrong."""
        self._refuse_like_names()
        lowest, highest = (moment.toordinal() for moment in self.dialect.dates)
        for expr in self.judgement.expressions():
            for node in ir.walk([expr], self.policy.definitions):
                if ir.type_of(node).kind == "date" and isinstance(node, (ir.Add, ir.Subtract, ir.Workday)):
                    bounds = Bounds(self.policy.definitions, self.policy.parameters, Collector())
                    low, high = bounds.visit(node) or (lowest, highest)
                    if low < lowest or high > highest:
                        years = f"{self.dialect.dates[0].year}–{self.dialect.dates[1].year}"
                        raise UnsupportedError(
                            self.dialect.name,
                            f"日期只能在 {years} 年间，而此政策的日期运算可能超出",
                            f"it holds dates of the years {years} only, and this policy's sums of days may leave them",
                        )

    def _refuse_like_names(self) -> None:
        """Two columns that differ in case alone are one column to many engines."""
        if not self.dialect.is_case_blind:
            return
        seen: dict[str, str] = {"id": "id", ir.AS_OF: ir.AS_OF}
        for item in self.order:
            if isinstance(item, tuple) and item[0] == "fact":
                name = item[1]
                other = seen.setdefault(name.casefold(), name)
                if other != name:
                    raise UnsupportedError(
                        self.dialect.name,
                        f"列名不分大小写，`{other}` 与 `{name}` 不能分辨",
                        f"it cannot tell the columns `{other}` and `{name}` apart: they differ in case alone",
                    )
