"""The matcher: what it lets through to the engine, what fires, and what it costs."""

import json
import subprocess
import sys
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admission.backends.rete.guard import LARGEST, GuardError, check_fact, check_names, name_hash, saturated
from admission.backends.rete.matcher import EngineMissingError, Matcher, MatchError, engine, what_to_run
from admission.backends.rete.rules import REF, Condition, Equals, Ordered, Rule, RuleSet, Same
from admission.backends.rete.trial import from_json, to_json, tried

try:
    engine()
    HAS_ENGINE = True
except EngineMissingError:
    HAS_ENGINE = False
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="durable-rules cannot be imported here")

FIELDS = ("x", "y")
TAGS = {"a": FIELDS, "b": FIELDS, "c": FIELDS}
Fact = tuple[str, tuple[int, ...]]

# --------------------------------------------------------------------------------------------- the guard


@pytest.mark.parametrize("name", ["", "A", "a b", "_t", "$and", "项", "a" * 41, "1a", "a\x00", None, 7])
def test_only_short_lower_case_ascii_names_reach_the_engine(name: object) -> None:
    """A name with any other character, or none, or too many, is refused before C sees it."""
    with pytest.raises(GuardError):
        check_names([name])  # type: ignore[list-item] # that is the point


@pytest.mark.parametrize("name", ["id", "sid", "ref"])
def test_the_matchers_own_fields_cannot_be_declared(name: str) -> None:
    """`id`, `sid` and `ref` are the matcher's: joining user fields of that name would free memory twice."""
    with pytest.raises(GuardError):
        check_names([name])


def test_names_that_the_engine_cannot_tell_apart_are_refused() -> None:
    """The engine compares names by 32-bit FNV-1a; two names of one hash do not stand side by side."""
    assert name_hash("costarring") == name_hash("liquid")
    with pytest.raises(GuardError, match="the same name"):
        check_names(["costarring", "liquid"])


HOSTILE: list[object] = [
    *(True, 1.0, float("nan"), float("inf"), "1", "\x00", None, [], {}, b"1"),
    *(2**64, -(2**64), 10**400, LARGEST + 1),
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_only_whole_numbers_within_bounds_reach_the_engine(value: object) -> None:
    """Truth values, floats, texts, nulls, lists and numbers past 2^53 + 1 are refused."""
    with pytest.raises(GuardError):
        check_fact((0, value), FIELDS)


def test_a_fact_has_every_field() -> None:
    """A missing field in an ordering join would poison the rule, so there is none."""
    with pytest.raises(GuardError, match="a value for each of 2 fields; this one has 1"):
        check_fact((0,), FIELDS)


@given(st.integers(), st.integers(-(2**53), 2**53))
def test_a_comparison_survives_saturation(huge: int, plain: int) -> None:
    """A number brought to the nearest that the engine takes compares with any within 2^53 as before."""
    brought = saturated(huge)
    assert ((brought < plain), (brought <= plain), (brought == plain)) == (
        (huge < plain),
        (huge <= plain),
        (huge == plain),
    )
    assert -LARGEST <= brought <= LARGEST


# ------------------------------------------------------------------------------------------- the rule set

TWO = (Condition("a"), Condition("b", same=(Same("x", 0, "x"),)))


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ((Rule("r", ()),), "needs a first condition"),
        ((Rule("r", (Condition("a", same=(Same("x", 0, "x"),)),)),), "needs a first condition"),
        ((Rule("r", (Condition("a"), Condition("b"))),), "joins no earlier one by equality"),
        ((Rule("r", (Condition("a"), Condition("b", same=(Same("x", 1, "x"),)))),), "not before it"),
        ((Rule("r", (Condition("a", (Equals("z", 1),)),)),), "facts of a have no field z"),
        ((Rule("r", (Condition("d", (Equals("x", 1),)),)),), "facts of d have no field x"),
        ((Rule("r", (Condition("a", (Equals("x", 1.5),)),)),), "not a value"),  # type: ignore[arg-type]
        ((Rule("r", (TWO[0], *[TWO[1]] * 8)),), "too many conditions of a rule: 9"),
        ((Rule("r", (Condition("b"), TWO[1])),), "two conditions of one tag"),
        ((Rule("r", (TWO[0], Condition("b", same=(Same("x", 0, "x"),) * 20))),), "too many joins of a rule: 22"),
        (tuple(Rule(f"r{i}", (Condition("a"),)) for i in range(201)), "too many rules: 201"),
        (tuple(Rule(f"r{i}", (Condition("a"),)) for i in range(51)), "too many rules of one tag: 51"),
        ((Rule("r", (Condition("a"),)), Rule("r", (Condition("b"),))), "the same name"),
        ((Rule("init", (Condition("a"),)),), "the same name"),
    ],
)
def test_a_rule_set_outside_the_safe_subset_cannot_be_made(rules: tuple[Rule, ...], says: str) -> None:
    """Each bound and order of the safe subset is checked when a rule set is made."""
    with pytest.raises(GuardError, match=says):
        RuleSet(TAGS, rules)


def test_too_many_fields_or_tests_cannot_be_made() -> None:
    """A fact has at most 60 fields, and at most 400 tests stand side by side."""
    with pytest.raises(GuardError, match="too many fields of a fact: 61"):
        RuleSet({"a": tuple(f"f{i}" for i in range(61))}, ())
    wide = tuple(Equals("x", i) for i in range(40))
    with pytest.raises(GuardError, match="too many tests side by side: 410"):
        RuleSet(
            {f"t{i}": FIELDS for i in range(10)}, tuple(Rule(f"r{i}", (Condition(f"t{i}", wide),)) for i in range(10))
        )


def test_conditions_are_written_in_the_one_safe_order() -> None:
    """A condition is its tag, literal tests, equality joins, joins by order, and last the join true of all facts."""
    last = Condition("b", (Equals("y", 3),), (Same("x", 0, "x"),), (Ordered("y", "<=", 0, "y"),))
    written = json.loads(RuleSet(TAGS, (Rule("r", (Condition("a", (Equals("x", 1),)), last)),)).document)
    assert written == {
        "init": {"all": [{"e": {"$and": [{"_t": "init"}]}}]},
        "r": {
            "all": [
                {"e": {"$and": [{"_t": "a"}, {"x": 1}]}},
                {
                    "a1": {
                        "$and": [
                            {"_t": "b"},
                            {"y": 3},
                            {"x": {"e": "x"}},
                            {"$lte": {"y": {"e": "y"}}},
                            {"_k": {"e": "_k"}},
                        ]
                    }
                },
            ]
        },
    }


# --------------------------------------------------------------------------------- against nested loops

NUMBERS = st.integers(0, 2)
EARLIER_FIELDS = st.sampled_from([*FIELDS, REF])


@st.composite
def conditions(draw: st.DrawFn, tag: str, place: int) -> Condition:
    """A condition; every one but the first joins an earlier one by equality."""
    tests = draw(st.lists(st.builds(Equals, st.sampled_from(FIELDS), NUMBERS), max_size=2, unique_by=lambda t: t.field))
    if place == 0:
        return Condition(tag, tuple(tests))
    earlier = st.integers(0, place - 1)
    same = st.builds(Same, EARLIER_FIELDS, earlier, EARLIER_FIELDS)
    orders = st.sampled_from(["<", "<=", ">", ">="])
    ordered = st.builds(Ordered, st.sampled_from(FIELDS), orders, earlier, st.sampled_from(FIELDS))
    return Condition(
        tag,
        tuple(tests),
        tuple(draw(st.lists(same, min_size=1, max_size=2))),
        tuple(draw(st.lists(ordered, max_size=2))),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """A few rules of one to three conditions, each of a tag of its own."""
    orders = draw(st.lists(st.permutations([*TAGS]).map(tuple), min_size=1, max_size=4))
    sizes = [draw(st.integers(1, 3)) for _ in orders]
    return RuleSet(
        TAGS,
        tuple(
            Rule(f"r{i}", tuple(draw(conditions(tag, place)) for place, tag in enumerate(tags[:size])))
            for i, (tags, size) in enumerate(zip(orders, sizes, strict=True))
        ),
    )


FACTS = st.lists(st.tuples(st.sampled_from([*TAGS]), st.tuples(NUMBERS, NUMBERS)), min_size=1, max_size=10, unique=True)


def is_match(rule: Rule, chosen: tuple[dict[str, object], ...]) -> bool:
    """Whether the facts, one a condition, fulfil the rule: by the words of the rule, one after another."""
    compare = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}
    return all(
        fact["_t"] == condition.tag
        and all(fact[test.field] == test.value for test in condition.tests)
        and all(fact[same.field] == chosen[same.earlier][same.other] for same in condition.same)
        and all(compare[join.order](fact[join.field], chosen[join.earlier][join.other]) for join in condition.ordered)
        for condition, fact in zip(rule.conditions, chosen, strict=True)
    )


def fired_by_loops(rules: RuleSet, facts: list[dict[str, object]]) -> set[str]:
    """The rules that the last fact completes: every choice of facts that has it, tried."""
    return {
        rule.name
        for rule in rules.rules
        for chosen in product(facts, repeat=len(rule.conditions))
        if any(fact is facts[-1] for fact in chosen) and is_match(rule, chosen)
    }


@needs_engine
@given(rule_sets(), FACTS)
def test_the_engine_fires_what_nested_loops_find(rules: RuleSet, facts: list[Fact]) -> None:
    """On generated rule sets and facts, each fact fires exactly the rules for which loops find a match with it."""
    matcher, there = Matcher(rules), []
    for tag, values in facts:
        number = matcher.put(tag, values)
        there.append({"_t": tag, REF: number, **dict(zip(FIELDS, values, strict=True))})
        assert matcher.fired(number) == fired_by_loops(rules, there)
    matcher.close()


@needs_engine
@given(rule_sets())
def test_a_rule_set_survives_the_way_to_the_child(rules: RuleSet) -> None:
    """What the child process is sent is the rule set."""
    assert from_json(to_json(rules)) == rules


# -------------------------------------------------------------------------------------- the matcher at work


def both() -> RuleSet:
    """Fires for a `b` that equals an `a` in x."""
    return RuleSet(TAGS, (Rule("both", (Condition("b"), Condition("a", same=(Same("x", 0, "x"),)))),))


@needs_engine
def test_the_same_fact_is_one_fact() -> None:
    """A fact that is there already is not asserted again, and its firings stay what they were."""
    matcher = Matcher(both())
    first = matcher.put("a", (1, 1))
    assert matcher.put("a", (1, 1)) == first
    assert matcher.fired(matcher.put("b", (1, 0))) == {"both"}
    assert matcher.fired(matcher.put("b", (2, 0))) == frozenset()


@needs_engine
def test_a_full_matcher_starts_afresh() -> None:
    """Where more facts would be too many, the matcher starts over, and old facts join no more."""
    matcher = Matcher(both(), most=3)
    matcher.put("a", (1, 1))
    matcher.make_room(2)
    assert matcher.generation == 1
    matcher.make_room(3)
    assert matcher.generation == 2
    assert matcher.fired(matcher.put("b", (1, 0))) == frozenset()


@needs_engine
def test_numbers_with_the_hash_of_a_live_one_are_skipped() -> None:
    """Facts are told apart by a 32-bit hash of their number, so no two live numbers share one."""
    matcher = Matcher(both())
    numbers = [matcher.put("a", (n, 0)) for n in range(3_000)]
    assert len({name_hash(str(number)) for number in numbers}) == 3_000


@needs_engine
def test_a_fact_of_the_wrong_shape_leaves_the_matcher_sound() -> None:
    """A refused fact was not asserted, and the next one is."""
    matcher = Matcher(both())
    with pytest.raises(GuardError):
        matcher.put("a", (1, "x"))  # type: ignore[arg-type] # that is the point
    matcher.put("a", (1, 1))
    assert matcher.fired(matcher.put("b", (1, 0))) == {"both"}


@needs_engine
def test_rules_are_tried_in_a_child_process_first() -> None:
    """A rule set that the child can run is given back; one that it cannot run is an error, and this process lives."""
    from admission.backends.rete import trial

    assert tried(both()) == both()
    with pytest.raises(MatchError, match="the engine cannot run these watches"):
        trial._try('{"tags": {"a": ["x"]}, "rules": [{"name": "BAD", "conditions": []}]}')  # noqa: SLF001


def child(code: str, seconds: int = 120) -> str:
    """What a fresh interpreter prints; a crash of it is a failure here."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, env=_environment())
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout.strip()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


GROWTH = """
import os
from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import Condition, Rule, RuleSet, Same
def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
rules = RuleSet(
    {"a": ("x",), "b": ("x", "p")},
    (Rule("r", (Condition("b"), Condition("a", same=(Same("ref", 0, "p"), Same("x", 0, "x"))))),),
)
matcher = Matcher(rules, most=2_000)
fired, before = 0, None
for n in range(500_000):
    matcher.make_room(2)
    fired += len(matcher.fired(matcher.put("b", (n, matcher.put("a", (n,))))))
    if n == 20_000:
        before = rss()
print(fired, matcher.generation, rss() - before)
"""


@needs_engine
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_does_not_grow_with_the_number_of_facts() -> None:
    """A million facts pass through 2,000 at a time: all fire, and the process is no larger for it."""
    fired, generations, grown = map(int, child(GROWTH).split())
    assert (fired, generations) == (500_000, 500)
    # Kept, the facts would take some 9 KB each, 9,000 MiB in all; the rest is the allocator's own coming and going.
    assert grown < 100


HOSTILE_IN_A_CHILD = """
import random
from admission.backends.rete.guard import GuardError
from admission.backends.rete.matcher import Matcher
from admission.backends.rete.rules import Condition, Rule, RuleSet, Same
rules = RuleSet({"a": ("x",), "b": ("x",)}, (Rule("r", (Condition("b"), Condition("a", same=(Same("x", 0, "x"),)))),))
matcher, rng = Matcher(rules), random.Random(7)
hostile = [
    None, True, 0.5, float("nan"), float("-inf"), 1e400, 10**30, -10**30, "1", "", "\\x00", '"', "\\\\", "{",
    "x" * 10**6, b"", [], [[]], {}, {"$nex": 1}, {"_t": "a"}, object(), lambda: 0, 2**63, -2**63,
    1j, "\\ud800", range(9),
]
refused = fired = 0
for n in range(20_000):
    if rng.random() < 0.5:
        shape = rng.choice([(rng.choice(hostile),), (), (1, rng.choice(hostile)), (rng.choice(hostile), 1)])
        try:
            matcher.put(rng.choice("ab"), shape)
        except GuardError:
            refused += 1
        else:
            raise AssertionError(shape)
    else:
        matcher.make_room(2)
        n = rng.randrange(-2**53, 2**53)
        matcher.put("a", (n,))
        fired += len(matcher.fired(matcher.put("b", (n,))))
print(refused + fired)
"""


@needs_engine
def test_hostile_values_never_reach_the_engine() -> None:
    """Thousands of wrong values are refused among sound facts, which go on firing; nothing crashes."""
    assert child(HOSTILE_IN_A_CHILD) == "20000"


# --------------------------------------------------------------------------------------- without the engine

WITHOUT = """
import sys
sys.modules["durable_rules_engine"] = None
import admission
policy = admission.load("policies/beijing")
print(policy.decide({"nature": "market_service", "as_of": __import__("datetime").date(2019, 8, 3)}).verdict)
try:
    policy.supervise()
except admission.AdmissionError as error:
    print(error)
"""


def test_without_the_engine_everything_but_supervision_works() -> None:
    """A policy decides; `supervise()` raises an error that says what to run."""
    verdict, said = child(WITHOUT).splitlines()
    assert verdict == "redirect"
    assert said.startswith("supervision needs durable-rules, which this Python 3.")
    assert said.endswith(f"run: {what_to_run()}")


def test_what_to_run_depends_on_the_version_of_python() -> None:
    """Up to 3.12 the extra is enough; later the build needs a name that CPython has dropped."""
    assert what_to_run((3, 11)) == what_to_run((3, 12)) == "pip install 'admission[supervision]'"
    assert (
        what_to_run((3, 13))
        == what_to_run((3, 14))
        == (
            "CPPFLAGS=-DPyEval_CallObject=PyObject_CallObject pip install --no-binary durable-rules --no-cache-dir "
            "--force-reinstall 'durable-rules==2.0.28'"
        )
    )
