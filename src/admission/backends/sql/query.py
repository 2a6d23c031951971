"""One SELECT that decides every row: stage upon stage, each a table of the query, and the decision at the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from admission import ir
from admission.backends.sql import calendar, terms
from admission.backends.sql.codes import ANSWER, ANSWERS, CODE, LISTED, SLOW, Codes
from admission.backends.sql.dialects import DIALECTS, Dialect
from admission.backends.sql.expressions import Emitter, Item, reads
from admission.backends.sql.judgement import Judgement
from admission.backends.sql.keys import DOUBTFUL, Key
from admission.backends.sql.look_ups import LookUp
from admission.backends.sql.tables import Table
from admission.backends.sql.terms import Term
from admission.checker.bounds import Bounds
from admission.datatypes import DATE, TEXT
from admission.diagnostics import Collector, UnsupportedError

SOURCE = "t"


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
        self.look_ups = {name: LookUp(policy, self.emit, name) for name in policy.look_ups}
        self.with_: list[Table] = []

    def write(self) -> str:
        """The text of the query."""
        self._refuse_what_cannot_be()
        found = self.build().sql(dialect=self.dialect.name, pretty=True, copy=False)
        if "\0" in found and not self.dialect.holds_nul:
            raise UnsupportedError(
                self.dialect.name,
                "查询的文本不能含 NUL 字符，而此政策或表名含有",
                "the text of its queries cannot hold the character NUL, which this policy or the table's name has",
            )
        return found

    def build(self) -> exp.Query:
        """The query as a syntax tree."""
        if any(isinstance(item, ir.Workday) for item in self.order):
            self.with_ += calendar.calendar_tables(self.dialect)
        last = self._given()
        for number, level in enumerate(self._levels(), 1):
            last = self._stage(f"known_{number}", last, level)
        last = self._stages(self.judgement.owning(), last)
        found = self._decided(last)
        materialized = False if self.dialect.answers == "keyed" else None
        for table in self.with_:
            found = found.with_(table.name, as_=table.body, materialized=materialized, copy=False)
        self._rename_apart(found)
        return found

    def _rename_apart(self, found: exp.Query) -> None:
        """Give the query's own table another name where the table that it reads is called the same."""
        taken = self.table.casefold()
        if any(table.name == taken for table in self.with_):
            for node in found.find_all(exp.Identifier):
                is_own = not node.quoted or node.arg_key == "table"
                if is_own and node.name == taken:
                    node.set("this", f"{taken}_")

    def _decided(self, last: str) -> exp.Query:
        """The answers, by the way that the engine is best at."""
        codes = Codes(self.judgement)
        if self.dialect.answers == "keyed":
            return self._by_key(last, codes)
        last = self._stages(self.judgement.routing(), last)
        if self.dialect.answers == "listed" or not codes.are_few:
            return self._by_rule(last)
        last = self._add("sorted_out", last, Stage([terms.named(self._is_slow(codes), SLOW)]))
        return exp.union(self._looked_up(last, codes), self._by_rule(self._slow(last)), distinct=False, copy=False)

    def _by_rule(self, last: str) -> exp.Select:
        """The answer of each row, built rule by rule."""
        last = self._stages(self.judgement.judging(), last)
        columns = [terms.named(term, name) for name, term in self.judgement.result()]
        return terms.selected(*columns, source=terms.table(last, "p"))

    def _looked_up(self, last: str, codes: Codes) -> exp.Select:
        """The answers of the rows whose facts are all known, looked up by their code."""
        self._code(last, [codes.code()], [CODE]).where(terms.negated(terms.column(SLOW)), copy=False)
        self.with_ += [codes.listed(), Table(ANSWERS, self._listed(codes, [CODE]))]
        return self._joined()

    def _by_key(self, last: str, codes: Codes) -> exp.Select:
        """The same for all rows: the answers of those with unknown facts are built for each key that there is."""
        key, slow, offset = Key(self.judgement), terms.column(SLOW), codes.count
        last = self._stages(self.judgement.routing(), last)
        last = self._add("sorted_out", last, Stage([terms.named(self._is_slow(codes), SLOW)]))
        quick = [codes.code(), *(terms.number(0) for _ in key.names[1:])] if codes.are_few else key.of_row(offset)
        coded = [terms.case([(slow, number)], other) for number, other in zip(key.of_row(offset), quick, strict=True)]
        self._code(last, coded, key.names)
        self.with_.append(key.distinct(last))
        named = [terms.named(term, name) for term, name in zip(key.of_columns(offset), key.names, strict=True)]
        stages = [("keyed", named), *((f"{DOUBTFUL}_{name}", columns) for name, columns in key.stages)]
        columns = [terms.column(name) for name in key.names]
        columns += [terms.named(term, name) for name, term in key.result if name in ANSWER]
        built: exp.Query = terms.selected(*columns, source=terms.table(self._stages(stages, DOUBTFUL), "p"))
        if codes.are_few:
            self.with_.append(codes.listed())
            built = exp.union(self._listed(codes, key.names), built, distinct=False, copy=False)
        self.with_.append(Table(ANSWERS, built))
        return self._picked(key.names)

    def _code(self, last: str, numbers: Sequence[Term], names: Sequence[str]) -> exp.Select:
        """Adds the table of each row's code."""
        named = [terms.named(term, name) for term, name in zip(numbers, names, strict=True)]
        body = terms.selected(terms.column("id"), *named, source=last)
        self.with_.append(Table("coded", body))
        return body

    def _listed(self, codes: Codes, keys: Sequence[str]) -> exp.Select:
        """The answers that are known before any row is read."""
        zeros = [terms.named(terms.cast(terms.number(0), "BIGINT"), key) for key in keys[1:]]
        return terms.selected(terms.column(CODE), *zeros, *codes.answers(), source=LISTED)

    def _is_slow(self, codes: Codes) -> Term:
        """Whether a row's answer is not one of those that are listed by their codes."""
        known = (name for name in self._facts() if self.policy.facts[name].assume is None)
        return codes.slow(self.emit.fact(name) for name in known)

    def _joined(self) -> exp.Select:
        """Each row's answer, by its code. Spark asks of an inner join's key whether it is NULL, and makes it twice."""
        columns = [terms.column("id", "p"), *(terms.column(name, ANSWERS) for name in ANSWER)]
        digest = terms.named(terms.text(self.policy.digest), "policy")
        found = terms.selected(*columns, digest, source=terms.table("coded", "p"))
        return found.join(exp.to_table(ANSWERS), on=self._has_key([CODE]), join_type="left", copy=False)

    def _picked(self, keys: Sequence[str]) -> exp.Select:
        """The same by a subquery: DuckDB turns a join about where few tasks are, and then the rows lose their order."""
        pairs = [exp.PropertyEQ(this=terms.text(name), expression=terms.column(name)) for name in ANSWER]
        answer = terms.selected(exp.Struct(expressions=pairs), source=ANSWERS).where(self._has_key(keys), copy=False)
        named = terms.named(answer.subquery(copy=False), "answer")
        picked = terms.selected(terms.column("id"), named, source=terms.table("coded", "p"))
        columns = [terms.column("id"), *(terms.named(terms.column(name, "answer"), name) for name in ANSWER)]
        digest = terms.named(terms.text(self.policy.digest), "policy")
        return terms.selected(*columns, digest, source=exp.alias_(picked.subquery(copy=False), "p", table=True))

    def _has_key(self, keys: Sequence[str]) -> Term:
        return terms.all_of(exp.EQ(this=terms.column(key, ANSWERS), expression=terms.column(key, "p")) for key in keys)

    def _stages(self, stages: Iterable[tuple[str, list[Term]]], last: str) -> str:
        """Tables on top of another, each by its name and the columns that it adds."""
        for name, columns in stages:
            last = self._add(name, last, Stage(columns))
        return last

    def _slow(self, last: str) -> str:
        """The rows that take the long way, alone."""
        body = terms.selected(exp.Star(), source=last).where(terms.column(SLOW), copy=False)
        self.with_.append(Table("slow_rows", body))
        return "slow_rows"

    # --------------------------------------------------------------------------------------- what is read

    def _facts(self) -> list[str]:
        """The facts that are read."""
        return [item[1] for item in self.order if isinstance(item, tuple) and item[0] == "fact"]

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
        body = terms.selected(*stage, source=exp.alias_(_table(self.table), SOURCE, table=True))
        self.with_.append(Table("given", self._fenced(body)))
        return "given"

    def _has(self, name: str) -> bool:
        return self.present is None or name in self.present

    def _stage(self, name: str, before: str, items: Iterable[Item]) -> str:
        stage = Stage()
        joined: set[str] = set()
        for item in items:
            match item:
                case ir.Workday():
                    self._workday(item, stage)
                case ("definition", definition):
                    self._column(item, self.emit.expression(self.policy.definitions[definition].expr), stage)
                case ("fact", fact):
                    self._filled(self.policy.facts[fact], stage)
                case ("cell", name, column):
                    look_up = self.look_ups[name]
                    if not look_up.is_short and name not in joined:
                        joined.add(name)
                        self.with_.append(look_up.table(self._columns_of(name)))
                        stage.joins.append((look_up.rows, look_up.alias, look_up.joins()))
                    self._column(item, look_up.cell(column), stage)
        return self._add(name, before, stage)

    def _columns_of(self, look_up: str) -> set[str]:
        """The columns of a look-up that are read."""
        return {item[2] for item in self.order if isinstance(item, tuple) and item[:2] == ("cell", look_up)}

    def _column(self, item: Item, term: Term, stage: Stage) -> None:
        name = terms.label("known", len(self.columns), "" if isinstance(item, ir.Workday) else "_".join(item[1:]))
        stage.columns.append(terms.named(term, name))
        self.columns[item] = name

    def _add(self, name: str, before: str, stage: Stage) -> str:
        """A table on top of another."""
        others = exp.Column(this=exp.Star(), table=exp.to_identifier("p"))
        body = terms.selected(others, *stage.columns, source=terms.table(before, "p"))
        for table, alias, condition in stage.joins:
            body = body.join(terms.table(table, alias), on=condition, join_type="left", copy=False)
        self.with_.append(Table(name, self._fenced(body)))
        return name

    def _fenced(self, body: exp.Select) -> exp.Select:
        """An OFFSET of nothing; SQLite takes none without a LIMIT, of which -1 is none."""
        bounded = body.limit(terms.number(-1)) if self.dialect.fence == "limit offset" else body
        return bounded.offset(0) if self.dialect.fence else bounded

    def _filled(self, fact: ir.Fact, stage: Stage) -> None:
        """A fact that a look-up fills in where it was not given."""
        assert isinstance(fact.filled_by, ir.ReadColumn)  # noqa: S101 - the policy is checked
        name = self.columns["fact", fact.name]
        parts = [terms.column(f"{name}_given"), self.emit.expression(fact.filled_by)]
        parts += [self.dialect.constant(fact.type, fact.assume.value)] if fact.assume else []
        stage.columns.append(terms.named(terms.coalesce(*parts), name))

    # --------------------------------------------------------------------------------------- working days

    def _workday(self, item: ir.Workday, stage: Stage) -> None:
        """In one stage count the working days up to the start, in the next find the day that has so many."""
        count: Item = ("counted", str(self.order.index(item)))
        if count not in self.columns:
            start, alias = self.emit.expression(item.start), f"s{self.order.index(item)}"
            stage.joins.append((calendar.CALENDAR, alias, calendar.joins_day(start, alias)))
            passed = calendar.counted(self.dialect, start, alias)
            self._column(count, exp.Add(this=passed, expression=self.emit.amount(item.days)), stage)
            return
        wanted, alias = self.emit.read(count), f"w{self.order.index(item)}"
        stage.joins.append((calendar.CALENDAR, alias, calendar.joins_count(wanted, alias)))
        self._column(item, calendar.found(self.dialect, wanted, alias), stage)

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
        """Two columns of which an engine keeps the same name are one column to it."""
        kept: dict[str, str] = {}
        for name in ("id", ir.AS_OF, *self._facts()):
            other = kept.setdefault(self.dialect.name_kept(name), name)
            if other != name:
                blind = self.dialect.is_case_blind
                en = "they differ in case alone" if blind else f"it keeps {self.dialect.longest_name} bytes of a name"
                zh = "列名不分大小写" if blind else f"列名只保留 {self.dialect.longest_name} 字节"
                raise UnsupportedError(
                    self.dialect.name,
                    f"{zh}，`{other}` 与 `{name}` 不能分辨",
                    f"it cannot tell the columns `{other}` and `{name}` apart: {en}",
                )
