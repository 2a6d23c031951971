"""The generated functions say what the careful path says, whatever the policy and whatever is handed in."""

import ast
import enum
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import partial
from itertools import combinations, islice, permutations, product
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission import reference
from admission.backends.python import answers, reading
from admission.backends.python.reading import MOST_SHAPES, Read, Readers, compile_reader
from admission.datatypes import Kind, Type, Value, to_python
from admission.decision import Given
from admission.engine import Policy
from admission.intake import accept
from admission.testing import policies, tasks
from admission.testing.reports import inner
from profiles import examples
from small import FACTS, HEAD, RULES, SMALL, write

pytestmark = pytest.mark.slow

DAY = date(2019, 8, 3)
PACKS = Path(__file__).parents[1] / "policies"


class Choice(enum.StrEnum):
    """An enum of the embedding program."""

    HELP = "help"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 12),
    st.floats(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(-5, 100, places=2),
    st.sampled_from(["help", "duty", "hlep", "visit", "", "x" * 10_001, Choice.HELP, "2019-01-01", b"help"]),
    st.sampled_from(
        [Decimal("1E+999999"), Decimal("1E-999999"), Decimal("0.001"), Decimal("-0"), Decimal("0E-40"), 2**53, 10**30]
    ),
    st.dates(date(1890, 1, 1), date(2210, 1, 1)),
    st.datetimes(datetime(2019, 1, 1), datetime(2020, 1, 1)),  # noqa: DTZ001 - no date at all, that is the point
    st.lists(st.sampled_from(["visit", "persuade", "x", 5, "visit"]), max_size=3),
    st.sets(st.sampled_from(["visit", "persuade", "x"]), max_size=3),
    st.tuples(st.sampled_from(["visit", "enforce"])),
    st.just([[]]),
    st.just({"visit": 1}),
)
FACT_NAMES = ["kind", "cost", "funds", "forms", "urgent", "start_on", "unit", "actions"]
NAMES = [*FACT_NAMES, "id", "as_of", "knd", 5, "verdict"]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    """The small policy, without a last day, so that the calendar's own last day is what bounds `as_of`."""
    text = SMALL.replace(", until: 2025-12-31", "")
    return admission.load(write(tmp_path_factory.mktemp("compiled") / "small", text))


def said_by(decide: object) -> object:
    """What a call decides, or every fault that it raises."""
    try:
        return decide().to_dict()  # type: ignore[operator] # a function of no arguments
    except admission.TaskError as error:
        return [fault.to_dict() for fault in error.faults]


COMPLETE = {"kind": "help", "cost": 5, "funds": 5}
DAYS = [None, DAY, date(1890, 1, 1), date(2199, 12, 31), date(2200, 1, 1), date.max]


@settings(max_examples=examples(1500), deadline=None)
@given(
    task=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
    base=st.sampled_from([{}, COMPLETE]),
    as_of=st.sampled_from(DAYS),
)
def test_reading_a_mapping_is_what_the_careful_reader_does(
    policy: Policy, task: dict[str, object], base: dict[str, object], as_of: date | None
) -> None:
    """Any mapping gets the same decision, or the same faults, from the generated reader as from the careful one."""
    task = base | task

    careful = partial(careful_decision, policy, task, as_of)
    assert said_by(partial(policy.decide, task, as_of=as_of)) == said_by(careful)


def careful_decision(policy: Policy, task: Mapping[str, object], as_of: date | None = None) -> admission.Decision:
    """What the careful reader and the reference decide."""
    given_task = accept(policy.checked, task, as_of)
    return reference.decide(policy.checked, given_task.facts, given_task.as_of, given_task.id)


def read_by(reader: Read, task: dict[str, object]) -> object:
    """What a reader makes of a task; nothing where it gives up."""
    try:
        return reader(task)
    except (KeyError, TypeError):
        return None


@settings(max_examples=examples(400), deadline=None)
@given(task=st.dictionaries(st.sampled_from([*FACT_NAMES, "id", "as_of"]), VALUES.filter(lambda v: v is not None)))
def test_the_reader_of_a_shape_reads_as_the_one_of_any_shape(policy: Policy, task: dict[str, object]) -> None:
    """A reader made for a task's own keys, in their own order, makes of it what the reader of any keys makes."""
    readers = [compile_reader(policy.checked, shape) for shape in (frozenset(task), None)]
    assert read_by(readers[0], task) == read_by(readers[1], task)


def test_hostile_shapes_fill_no_memory(policy: Policy) -> None:
    """Tasks of ever new shapes, or with unknown keys, make no more readers than a few, and are all read."""
    readers = Readers(policy.checked)
    shapes = [shape for size in range(1, 6) for shape in combinations(FACT_NAMES, size)]
    for shape in [*shapes, *permutations(FACT_NAMES[:4])]:
        assert readers.read(dict.fromkeys(shape, 1.5)) is None
        assert readers.read({**dict.fromkeys(shape), "forms": 3, "as_of": DAY}) == readers.read(
            {"as_of": DAY, "forms": 3}
        )
    for unknown in range(200):
        assert readers.read({f"unknown{unknown}": 1}) is None
    assert len(shapes) > MOST_SHAPES
    assert len(readers) <= MOST_SHAPES + 1
    assert len(readers.latest) <= len(FACT_NAMES) + 2


def test_tasks_of_several_shapes_take_turns(policy: Policy) -> None:
    """Tasks with as many keys as one another, but other ones, are each read for what they are."""
    shapes: list[dict[str, object]] = [
        {"kind": "help", "cost": 5},
        {"kind": "duty", "unit": "x"},
        {"urgent": True, "forms": 1},
        {"kind": "help", "knd": 1},
    ]
    for task in shapes * 3:
        assert said_by(partial(policy.decide, task, as_of=DAY)) == said_by(partial(careful_decision, policy, task, DAY))


def test_hostile_tasks_fill_no_memory_with_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many answers and sets of absent facts tasks can bring about, so many are kept; all are right."""
    monkeypatch.setattr(answers, "MOST_ANSWERS", 5)
    monkeypatch.setattr(reading, "MOST_KEPT", 5)
    rules = [
        f"  r{place}: {{for: [community], require: b{place}, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}"
        for place in range(6)
    ]
    facts = [f"  b{place}: {{type: bool, assume: false, zh: 甲, en: a}}" for place in range(6)]
    text = HEAD + FACTS + "\n".join([*facts, RULES + "\n".join(rules), ""])
    policy = admission.load(write(tmp_path / "small", text))
    kept = answers.Answers(policy.checked, "community", list(policy.checked.requirements.values()))
    taken = reading.Taken(policy.checked)
    for bits in range(64):
        broken = tuple(f"r{place}" for place in range(6) if bits >> place & 1)
        assert tuple(v.rule for v in kept[bits << 1].violations) == broken
        given_facts = {f"b{place}": bits >> place & 1 == 0 for place in range(6)}
        decision = policy.decide({"kind": "help", "cost": 0, **given_facts}, as_of=DAY)
        assert tuple(violation.rule for violation in decision.violations) == broken
        assert taken[bits << 8] == tuple(f"b{place}" for place in range(6) if bits >> place & 1)
    assert len(kept) == len(taken) == 5


class Plain(dict[str, object]):
    """A mapping of the embedding program's own, whose `values` are not those of its keys."""

    def values(self) -> object:  # type: ignore[override] # that is the point
        """No values."""
        return iter(())


class Name(enum.StrEnum):
    """Names of facts as an enum of the embedding program."""

    KIND = "kind"
    COST = "cost"


def test_keys_and_mappings_of_the_program_s_own(policy: Policy) -> None:
    """A subclass of `dict` is read by its keys, and keys that are texts of a subclass are the facts they equal."""
    expected = policy.decide({"kind": "help", "cost": 5}, as_of=DAY)
    assert policy.decide(Plain(kind="help", cost=5), as_of=DAY) == expected
    assert policy.decide({Name.KIND: "help", Name.COST: 5}, as_of=DAY) == expected
    assert policy.decide({"kind": "help", "cost": 5}, as_of=DAY) == expected


def test_a_fact_given_as_none_is_one_not_given(policy: Policy) -> None:
    """None for a fact with an assumption takes the assumption, as leaving it out does."""
    decided = policy.decide({**COMPLETE, "funds": None, "urgent": None}, as_of=DAY)
    left_out = {name: value for name, value in COMPLETE.items() if name != "funds"}
    assert decided == policy.decide(left_out, as_of=DAY)
    assert decided.assumed == ("forms", "funds")
    assert decided.verdict == "refuse"


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2200, 1, 1), date.max])
def test_a_complete_task_on_a_day_past_the_calendar_is_refused(policy: Policy, day: date) -> None:
    """A day before 1900 or after 2199 is an input error, though every fact is known and the policy has no last day."""
    for task, as_of in ((COMPLETE, day), ({**COMPLETE, "as_of": day}, None)):
        with pytest.raises(admission.TaskError) as raised:
            policy.decide(task, as_of=as_of)
        assert [fault.fact for fault in raised.value.faults] == ["as_of"]


def test_an_empty_id_is_the_id_that_was_given(policy: Policy) -> None:
    """A task whose id is the empty text keeps it; only a task without one gets its place."""
    tasks_given = [{**COMPLETE, "id": ""}, COMPLETE]
    assert [decision.id for decision in policy.decide_many(tasks_given, as_of=DAY)] == ["", "2"]


@pytest.mark.parametrize("precision", [1, 3, 28])
def test_amounts_are_exact_whatever_the_decimal_context(policy: Policy, precision: int) -> None:
    """One fen short is short, and a tiny fraction is refused, however few digits the program computes with."""
    short = {"kind": "help", "cost": Decimal("12345.67"), "funds": Decimal("12345.66")}
    fraction = {**short, "cost": Decimal("12345.6700000000000000000000000000001")}
    with localcontext() as context:
        context.prec = precision
        assert policy.decide(short, as_of=DAY).verdict == "refuse"
        assert policy.decide(policy.Task(**short), as_of=DAY).verdict == "refuse"
        with pytest.raises(admission.TaskError, match="too many decimals"):
            policy.decide(fraction, as_of=DAY)


@settings(max_examples=examples(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_complete_tasks_of_generated_policies(data: st.DataObject) -> None:
    """On complete tasks of any policy the generated function and the reference agree in every key."""
    policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
    drawn = tasks(policy, complete=True)
    for _ in range(4):
        task = data.draw(drawn)
        decision = policy.decide(task)
        expected = reference.decide(policy.checked, inner(policy, task), decision.as_of, decision.id)
        assert decision.to_dict() == expected.to_dict()
        assert decision == expected


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_partial_tasks_of_generated_policies(data: st.DataObject) -> None:
    """With any facts left out, filled in by registers or not, generated code and reference agree in every key."""
    policy = data.draw(policies(conflict_free=data.draw(st.booleans())))
    whole = data.draw(tasks(policy))
    facts = [name for name in whole if name != "as_of"]
    for _ in range(6):
        left_out = data.draw(st.sets(st.sampled_from(facts))) if facts else set()
        task = {name: value for name, value in whole.items() if name not in left_out}
        # A register that fitted may contradict the task once what it is looked up by is left out: that is refused.
        assert said_by(partial(policy.decide, task)) == said_by(partial(careful_decision, policy, task))


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
def test_no_task_that_fits_is_left_to_the_reference(pack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever facts of a pack's task are left out, generated code decides, by a mapping, a model or accepted facts."""
    policy = admission.load(PACKS / pack)
    whole = {
        name: to_python(fact.type, next(iter(values_of(fact.type)))) for name, fact in policy.checked.facts.items()
    }
    rests = [{name: value for name, value in whole.items() if name != left_out} for left_out in whole]
    rests += [dict(islice(whole.items(), count)) for count in range(len(whole))]
    day = date(2024, 6, 1)
    known = [inner(policy, {**task, "as_of": day}) for task in rests]
    careful = [reference.decide(policy.checked, facts, day, "1").to_dict() for facts in known]
    monkeypatch.setattr(reference, "decide", None)
    for task, facts, expected in zip(rests, known, careful, strict=True):
        decisions = [policy.decide(task, as_of=day), policy.decide_given(Given(facts, day, "1"))]
        for decision in (*decisions, policy.decide(policy.Task(**task), as_of=day)):
            assert decision.answer.verdict == expected["verdict"]
            assert list(decision.missing) == expected["missing"]
            assert list(decision.assumed) == expected["assumed"]


def values_of(declared: Type) -> list[Value]:
    """Some values of a type, in their inner form."""
    match declared.kind:
        case Kind.BOOL:
            return [True]
        case Kind.INT | Kind.MONEY | Kind.DATE:
            assert declared.low is not None
            return [date(2024, 1, 1) if declared.kind is Kind.DATE else declared.low]
        case Kind.SET:
            return [frozenset(declared.values[:1])]
        case Kind.ENUM:
            return [declared.values[0]]
        case _:
            return ["some text"]


FILLED = """\
registers:
  units:
    key: [unit]
    columns:
      unit: {type: text}
      level: {type: int, min: 0, max: 9}
    own: {zh: 自, en: own}
    partial: true
    file: registers/units.csv
look_ups:
  known: {register: units, match: {unit: unit}}
"""
LEVEL = (
    "  level: {type: int, min: 0, max: 9, zh: 级, en: level, ask: {zh: 几级？, en: Which level?}, "
    "filled_by: known.level%s}\n"
)


@pytest.mark.parametrize("assumption", ["", ", assume: 1"])
def test_facts_that_a_register_fills_in_are_decided_by_generated_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assumption: str
) -> None:
    """A register's value counts where none is given, an assumption where it is silent; else the fact is asked for."""
    rules = RULES.replace("require: funds >= cost", "require: level >= 3")
    text = HEAD + FACTS + LEVEL % assumption + FILLED + rules
    policy = admission.load(write(tmp_path / "small", text, registers__units_csv="unit,level\nu1,5\nu2,2\n"))
    monkeypatch.setattr(reference, "decide", None)

    def said(**facts: object) -> tuple[object, ...]:
        decision = policy.decide({"kind": "help", **facts}, as_of=DAY)
        return decision.verdict.value, decision.missing, "level" in decision.assumed, dict(decision.given.facts)

    given_facts = {"kind": "help"}
    assert said(unit="u1") == ("admit", (), False, given_facts | {"unit": "u1"})
    assert said(unit="u2") == ("refuse", (), False, given_facts | {"unit": "u2"})
    assert said(unit="u1", level=5) == ("admit", (), False, given_facts | {"unit": "u1", "level": 5})
    for silent in ("u3", ""):
        assert said(unit=silent, level=4) == ("admit", (), False, given_facts | {"unit": silent, "level": 4})
        asked = ("refuse", (), True) if assumption else ("undetermined", ("level",), False)
        assert said(unit=silent) == (*asked, given_facts | {"unit": silent})
    unlooked = ("refuse", (), True) if assumption else ("undetermined", ("level", "unit"), False)
    assert said() == (*unlooked, given_facts)
    with pytest.raises(admission.TaskError) as raised:
        said(unit="u1", level=4)
    assert [fault.code for fault in raised.value.faults] == ["A923"]


def test_bits_tell_unknown_parts_of_a_condition_apart(tmp_path: Path) -> None:
    """Only unknown facts of unknown parts are asked for: not those of a part that is settled by the others."""
    rules = RULES.replace(
        "require: funds >= cost", "require: (urgent and forms > 3) or (cost > 5 and start_on > as_of)"
    )
    facts = FACTS.replace("max: 99, assume: 0,", "max: 99, ask: {zh: 几份？, en: How many?},")
    policy = admission.load(write(tmp_path / "small", HEAD + facts + rules))

    def missing(**facts: object) -> tuple[str, ...]:
        return policy.decide({"kind": "help", **facts}, as_of=DAY).missing

    assert missing() == ("cost", "forms", "start_on", "urgent")
    assert missing(urgent=False) == ("cost", "start_on")
    assert missing(urgent=True, cost=5) == ("forms",)
    assert missing(cost=6) == ("forms", "start_on", "urgent")
    assert missing(forms=3, cost=5) == ()


GRADES = """\
  grades:
    key: [level]
    columns:
      level: {type: int, min: 0, max: 9}
      grade: {type: int, min: 0}
    own: {zh: 自, en: own}
    partial: true
    rows: []
look_ups:
  graded: {register: grades, match: {level: level}}
"""
GRADE = "  grade: {type: int, min: 0, zh: 等, en: grade, ask: {zh: 几？, en: Which?}, filled_by: graded.grade}\n"


def test_a_look_up_asks_for_no_more_than_its_own_key(tmp_path: Path) -> None:
    """A look-up whose key is known asks for nothing by which that key might have been looked up itself."""
    registers = FILLED.replace("look_ups:\n", GRADES)
    rules = RULES.replace("require: funds >= cost", "require: grade >= 3")
    text = HEAD + FACTS + LEVEL % "" + GRADE + registers + rules
    policy = admission.load(write(tmp_path / "small", text, registers__units_csv="unit,level\nu1,5\n"))

    def missing(**facts: object) -> tuple[str, ...]:
        decision = policy.decide({"kind": "help", **facts}, as_of=DAY)
        assert decision == careful_decision(policy, {"kind": "help", **facts}, DAY)
        return decision.missing

    assert missing() == ("grade", "level", "unit")
    assert missing(level=5) == missing(unit="u1") == ("grade",)
    assert missing(unit="u2") == ("grade", "level")


def test_most_complete_tasks_take_the_short_way() -> None:
    """A complete task of the Beijing pack is answered by generated code, and equal answers are one object."""
    policy = admission.load(PACKS / "beijing")
    task = {"nature": "market_service"}
    first, second = (policy.decide(task, as_of=DAY) for _ in range(2))
    assert first.answer is second.answer
    assert first == pickle.loads(pickle.dumps(first))


HOSTILE = [
    "'); import os; os.system('true') #",
    '"""',
    "\\",
    "\n",
    "{}",
    "%s",
    "\u2028",
    "f'{1}'",
]


ATTRIBUTES = ("__class__", "append", "bit_count", "get", "values")
GENERATED = re.compile(
    r"(?:[acdfijmnqrtuvwx]|md|low|high)\d*|read|decide|weigh|fill|task|row|mark|day|identity|absent|taken|channel|bits|hits"
    r"|broken|asked|found|is_let_in|judges|settle|place|test|to|held|FIRST|LAST|SETS|s|k|get|fen|date|Decimal|timedelta"
    r"|workday|len|int|str|list|tuple|sorted|frozenset|set"
)


def test_no_text_of_a_policy_reaches_the_source_but_quoted(tmp_path: Path) -> None:
    """Texts and names of a policy stand in the generated source as quoted constants only."""
    tests = " or ".join(f"unit == {text!r}" for text in HOSTILE)
    rules = RULES.replace("require: funds >= cost", f"require: >-\n      {tests}")
    text = (
        HEAD
        + FACTS.replace("  kind:", "  os_system:").replace("kind", "os_system")
        + rules.replace("kind", "os_system")
    )
    policy = admission.load(write(tmp_path / "small", text))
    nodes = list(ast.walk(ast.parse(policy.compiled_source())))
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(HOSTILE) <= strings
    assert all(GENERATED.fullmatch(node.id) for node in nodes if isinstance(node, ast.Name))
    assert {node.attr for node in nodes if isinstance(node, ast.Attribute)} <= {*ATTRIBUTES}
    assert not [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Lambda))]
    for unit in HOSTILE:
        assert policy.decide({"os_system": "help", "unit": unit}, as_of=DAY).verdict == "admit"
    assert policy.decide({"os_system": "help", "unit": "other"}, as_of=DAY).verdict == "refuse"


def test_the_source_is_deterministic(tmp_path: Path) -> None:
    """The same policy gives the same source, in whatever order a process keeps its sets."""
    path = write(tmp_path / "many", many(40))
    script = "import sys, admission; sys.stdout.write(admission.load(sys.argv[1]).compiled_source())"
    for policy in (path, PACKS / "xicheng"):
        sources = set()
        for seed in ("1", "2", "3"):
            command = [sys.executable, "-c", script, str(policy)]
            environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
            sources.add(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
        assert len(sources) == 1
        assert sources == {admission.load(policy).compiled_source().encode()}


def test_the_source_shows_every_function(policy: Policy) -> None:
    """What reads a task, what decides one whose facts are known, and what decides any, stand in the source."""
    tree = ast.parse(policy.compiled_source())
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {"read", "decide", "weigh"} <= functions


def many(count: int) -> str:
    """A policy with many requirements and routes that each test a fact for equality."""
    rules = [
        f'  rule{i}: {{for: [community], when: unit == "u{i}" and urgent, require: cost < {i}, '
        "reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}"
        for i in range(count)
    ]
    routes = [
        f'  route{i}: {{to: department, when: kind == duty and unit == "u{i}", '
        "reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}"
        for i in range(count)
    ]
    kept = RULES.replace(
        "  to_department: {to: department, when: kind == duty,", "  to_sale: {to: department, when: kind == sale,"
    )
    kept = kept.replace("requirements:", "\n".join(["  #", *routes, "requirements:", *rules]))
    return HEAD + FACTS + kept


def test_indexed_rules_decide_as_the_reference_does(tmp_path: Path) -> None:
    """Rules found by an index decide as rules tried one by one do."""
    policy = admission.load(write(tmp_path / "many", many(60)))
    assert "i" in {name[0] for name in _assigned(policy.compiled_source())}
    for unit in ("u0", "u7", "u59", "u60"):
        for cost in (0, 6, 7, 8):
            for kind in ("help", "duty", "sale"):
                task = {"unit": unit, "urgent": True, "cost": cost, "funds": 100, "kind": kind}
                expected = reference.decide(policy.checked, inner(policy, {**task, "as_of": DAY}), DAY, "1")
                assert policy.decide(task, as_of=DAY).to_dict() == expected.to_dict()
                for left_out in task:
                    rest = {name: value for name, value in task.items() if name != left_out}
                    assert policy.decide(rest, as_of=DAY) == careful_decision(policy, rest, DAY)


def _assigned(source: str) -> set[str]:
    tree = ast.parse(source)
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def test_definitions_as_deep_as_may_be(tmp_path: Path) -> None:
    """Definitions nested as deeply as a policy may nest them are compiled and decided."""
    lines = ["  d0: {is: urgent, zh: 甲, en: a}"]
    lines += [f"  d{i}: {{is: not (d{i - 1} or urgent), zh: 甲, en: a}}" for i in range(1, 32)]
    definitions = "definitions:\n" + "\n".join(lines) + "\n"
    text = HEAD + FACTS + definitions + RULES.replace("require: funds >= cost", "require: d31")
    policy = admission.load(write(tmp_path / "deep", text))
    for urgent in (True, False):
        task = {"kind": "help", "urgent": urgent}
        expected = reference.decide(policy.checked, inner(policy, {**task, "as_of": DAY}), DAY, "1")
        assert policy.decide(task, as_of=DAY).to_dict() == expected.to_dict()
    assert "def decide(row, day):" in policy.compiled_source()


def test_threads_that_share_a_policy_decide_as_one_does(tmp_path: Path) -> None:
    """Threads that come first at once, each with tasks in its own order, get what one thread gets."""
    path = write(tmp_path / "many", many(60))
    units, kinds = [f"u{place}" for place in range(0, 61, 6)], ["help", "duty", "sale", None]
    whole = [
        {"unit": unit, "urgent": urgent, "cost": cost, "funds": 100, "kind": kind, "as_of": date(year, 8, 3)}
        for unit, urgent, cost, kind, year in product(units, [True, None], [0, 30], kinds, [2019, 2025])
    ]
    alone = admission.load(path)
    expected = [alone.decide(task) for task in whole]
    shared, start = admission.load(path), Barrier(8)

    def all_of_them(first: int) -> list[admission.Decision]:
        start.wait()
        order = [*range(first, len(whole)), *range(first)]
        decided = {place: shared.decide(whole[place]) for place in order}
        return [decided[place] for place in range(len(whole))]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(all_of_them, range(0, 80, 10)))
    finally:
        sys.setswitchinterval(interval)
    assert all(result == expected for result in results)
