"""The Python API, as docs and contract state it: policies, tasks, layers, registers, books."""

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pydantic
import pytest

import admission
from admission.engine import Policy
from small import FACTS, HEAD, RULES, SMALL, write

DAY = date(2019, 8, 3)
PACKS = Path(__file__).parents[1] / "policies"


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """The small policy."""
    return admission.load(write(tmp_path / "small"))


def codes(load: Callable[[], object]) -> list[str]:
    """The codes of the diagnostics with which loading fails."""
    with pytest.raises(admission.PolicyError) as error:
        load()
    return [diagnostic.code for diagnostic in error.value.diagnostics]


def test_a_policy_does_not_change(policy: Policy) -> None:
    """A policy is immutable."""
    with pytest.raises(AttributeError, match="a policy does not change"):
        policy.checked = policy.checked


@pytest.mark.parametrize("is_on", [True, False])
def test_loading_leaves_the_garbage_collector_as_it_was(tmp_path: Path, is_on: bool) -> None:
    """The collector is on after loading, or failing to, if and only if it was on before."""
    was_on = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        admission.load(write(tmp_path / "sound"))
        assert gc.isenabled() is is_on
        with pytest.raises(admission.PolicyError):
            admission.load(write(tmp_path / "faulty", SMALL.replace("funds >= cost", "funds >=")))
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_policy_is_hashed_by_its_content(tmp_path: Path) -> None:
    """Comments and layout do not count, words do; equal content is equal and hashes alike."""
    first = admission.load(write(tmp_path / "a"))
    same = admission.load(write(tmp_path / "b", "# a comment\n" + SMALL.replace("require: funds", "require:   funds")))
    other = admission.load(write(tmp_path / "c", SMALL.replace("funds >= cost", "funds > cost")))
    assert (first == same, hash(first) == hash(same), first == other) == (True, True, False)
    assert len({first, same, other}) == 2


def test_the_digest_covers_registers_and_layers(tmp_path: Path) -> None:
    """A row of a register and a word of the layer below change the digest."""
    registers = (
        "registers:\n  r: {key: [kind], columns: {kind: kind, most: {type: int, absent: 0}}, file: r.csv}\n"
        "look_ups: {l: {register: r, match: {kind: kind}}}\n"
    )
    digests = set()
    for number, rows in enumerate(("kind,most\nhelp,1\n", "kind,most\nhelp,2\n")):
        folder = tmp_path / str(number)
        write(folder / "small", SMALL + registers, r_csv=rows)
        write(folder / "top", HEAD.replace("small", "top") + "extends: small\n")
        digests |= {admission.load(folder / "small").digest, admission.load(folder / "top").digest}
    assert len(digests) == 4


def test_a_policy_and_a_decision_can_be_pickled(policy: Policy) -> None:
    """A policy and its decisions survive pickling, the explanation included."""
    decision = policy.decide({"kind": "help", "cost": 5}, as_of=DAY)
    again = pickle.loads(pickle.dumps(decision))
    assert again == decision
    assert str(again.explain("zh")) == str(decision.explain("zh"))
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert copy.deepcopy(policy) == policy


def test_threads_share_a_policy(policy: Policy) -> None:
    """One policy decides in many threads at once, each getting its own answer."""
    found: dict[int, list[str]] = {}

    def work(number: int) -> None:
        task = {"kind": "help", "cost": number, "funds": 3}
        found[number] = [policy.decide(task, as_of=DAY).verdict.value for _ in range(50)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: ["admit" if n <= 3 else "refuse"] * 50 for n in range(6)}


def test_decide_many_is_lazy_and_in_order(policy: Policy) -> None:
    """Decisions come in the order of the tasks, one at a time, with places as ids; a bad task raises in its turn."""
    tasks: list[dict[str, object]] = [{"kind": "duty"}, {"kind": "help", "id": "x"}, {"knd": 1}]
    decisions = policy.decide_many(iter(tasks), as_of=DAY)
    assert [next(decisions).id, next(decisions).id] == ["1", "x"]
    with pytest.raises(admission.TaskError):
        next(decisions)


def test_a_task_model_validates_and_decides(policy: Policy) -> None:
    """`policy.Task` takes what decide takes, refuses the rest, and is decided as the mapping is."""
    task = policy.Task(kind="help", cost=Decimal("8.5"), actions=["visit"], as_of=DAY)
    assert (
        policy.decide(task).to_dict()
        == policy.decide({"kind": "help", "cost": Decimal("8.50"), "actions": {"visit"}}, as_of=DAY).to_dict()
    )
    with pytest.raises(pydantic.ValidationError) as error:
        policy.Task(kind="hlep", cost=1.5, knd=1)
    assert sorted((e["loc"][0], e["type"]) for e in error.value.errors()) == [
        ("cost", "A911"),
        ("kind", "A913"),
        ("knd", "extra_forbidden"),
    ]
    with pytest.raises(pydantic.ValidationError):
        task.__setattr__("kind", "duty")


def test_a_task_model_reads_json(policy: Policy) -> None:
    """The model reads the JSON spelling: money and dates as text, sets as lists."""
    text = '{"kind": "help", "cost": "8.50", "start_on": "2019-09-01", "actions": ["visit"], "as_of": "2019-08-03"}'
    task = policy.Task.model_validate_json(text)
    assert (task.cost, task.start_on) == (Decimal("8.50"), date(2019, 9, 1))
    assert policy.decide(task).as_of == DAY


def test_a_fact_may_bear_any_name(tmp_path: Path) -> None:
    """A fact named as a method of pydantic's model is a field all the same."""
    names = ("copy", "model_x", "kept", "policy", "decide")
    facts = "".join(f"  {name}: {{type: bool, assume: false, zh: 副本, en: copy}}\n" for name in names)
    policy = admission.load(write(tmp_path / "small", HEAD + FACTS + facts + RULES))
    task = policy.Task.model_validate(dict.fromkeys(names, True) | {"kind": "duty", "as_of": DAY})
    assert policy.decide(task).assumed == ("forms", "funds")


def test_the_shape_of_a_decision_as_json(policy: Policy) -> None:
    """`to_dict` has the documented keys, in their order."""
    said = policy.decide({"kind": "help", "cost": 5, "id": "x"}, as_of=DAY).to_dict()
    assert said == {
        "id": "x",
        "verdict": "refuse",
        "channel": "community",
        "violations": ["funded"],
        "missing": [],
        "obligations": [],
        "assumed": ["forms", "funds"],
        "policy": "small",
        "version": "1",
        "as_of": "2019-08-03",
        "conflict": [],
        "notes": [],
        "figures": {},
        "digest": policy.digest,
    }


def test_reasons_come_in_each_language(policy: Policy) -> None:
    """A reason comes in the language asked for, else in the policy's first."""
    (violation,) = policy.decide({"kind": "help", "cost": 5}, as_of=DAY).violations
    assert (violation.reason("en"), violation.reason("zh"), violation.reason()) == (
        "Funds follow the task",
        "费随事转",
        "费随事转",
    )


# ----------------------------------------------------------------------------------------------- layers


def layer(folder: Path, text: str, head: str = "") -> Callable[[], Policy]:
    """A layer `top` over the small policy."""
    write(folder / "small")
    write(folder / "top", HEAD.replace("policy: small", "policy: top") + "extends: small\n" + head + text)
    return lambda: admission.load(folder / "top")


def test_a_layer_adds_and_keeps(tmp_path: Path) -> None:
    """A layer adds to what stands below and keeps the rest."""
    rule = (
        "requirements:\n  few: {for: [community], require: forms <= 5,"
        " reason: {zh: 少, en: few}, own: {zh: 自, en: own}}\n"
    )
    policy = layer(tmp_path, rule)()
    decision = policy.decide({"kind": "help", "cost": 5, "forms": 6}, as_of=DAY)
    assert [violation.rule for violation in decision.violations] == ["few", "funded"]


REDEFINED = (
    "requirements:\n  funded: {for: [community], require: true, reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}\n"
)
WAIVED = "exceptions:\n  e: {waives: [funded], reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}\n"
OVERRIDDEN = (
    "routes:\n  r: {to: department, when: urgent, overrides: [to_community],"
    " reason: {zh: 甲, en: a}, own: {zh: 自, en: own}}\n"
)


@pytest.mark.parametrize(("text", "name"), [(REDEFINED, "funded"), (WAIVED, "funded"), (OVERRIDDEN, "to_community")])
def test_what_a_layer_weakens_it_must_name(tmp_path: Path, text: str, name: str) -> None:
    """Redefining, waiving and overriding what stands below must be named in `replaces`."""
    assert codes(layer(tmp_path / "a", text)) == ["A601"]
    assert layer(tmp_path / "b", text, f"replaces: [{name}]\n")().id == "top"


def test_a_name_in_replaces_that_weakens_nothing_is_an_error(tmp_path: Path) -> None:
    """`replaces` names only what is redefined or weakened."""
    assert codes(layer(tmp_path, "", "replaces: [funded]\n")) == ["A604"]


def test_a_layer_that_tightens_keeps_assumptions(tmp_path: Path) -> None:
    """A layer that tightens may not change what the layer below assumes."""
    text = "facts:\n  forms: {type: int, min: 0, max: 99, assume: 1, zh: 表, en: forms}\n"
    assert codes(layer(tmp_path, text, "replaces: [forms]\ntightens: true\n")) == ["A603"]


def test_a_rule_is_in_force_with_the_policy_that_declares_it(tmp_path: Path) -> None:
    """A rule of the layer below holds on the days of its own policy only."""
    write(tmp_path / "small", SMALL.replace("until: 2025-12-31", "until: 2020-12-31"))
    write(tmp_path / "top", HEAD.replace("policy: small", "policy: top") + "extends: small\n")
    policy = admission.load(tmp_path / "top")
    task = {"kind": "help", "cost": 5}
    assert policy.decide(task, as_of=date(2020, 12, 31)).verdict == "refuse"
    assert [v.rule for v in policy.decide(task, as_of=date(2021, 1, 1)).violations] == ["no_route"]


@pytest.mark.parametrize(("name", "code"), [("nowhere", "A607"), ("top", "A605"), ("smal", "A607")])
def test_a_layer_below_must_stand_beside(tmp_path: Path, name: str, code: str) -> None:
    """`extends` names a policy beside this one, and never itself."""
    write(tmp_path / "small")
    write(tmp_path / "top", SMALL.replace("policy: small", "policy: top") + f"extends: {name}\n")
    assert codes(lambda: admission.load(tmp_path / "top")) == [code]


# -------------------------------------------------------------------------------------------- registers

LISTED = (
    "registers:\n  plan:\n    key: [unit]\n    columns: {unit: text, most: {type: money, absent: 0}}\n"
    "look_ups: {planned: {register: plan, match: {unit: unit}}}\n"
    "requirements:\n  funded:\n    for: [community]\n    require: cost <= planned.most\n"
    "    reason: {zh: 甲, en: a}\n    own: {zh: 自, en: own}\n"
)
NO_RULES = RULES.split("requirements:", maxsplit=1)[0]


def test_rows_are_handed_in(tmp_path: Path) -> None:
    """The program hands in the rows of a register, with Python values and periods."""
    folder = write(tmp_path / "small", HEAD + FACTS + NO_RULES + LISTED)
    rows = [
        {"unit": "a", "most": Decimal("10.00"), "valid_until": date(2019, 6, 30)},
        {"unit": "a", "most": 20, "valid_from": date(2019, 7, 1)},
    ]
    policy = admission.load(folder, registers={"plan": rows})
    task = {"kind": "help", "cost": 15, "unit": "a"}
    assert [policy.decide(task, as_of=day).verdict.value for day in (date(2019, 6, 30), date(2019, 7, 1))] == [
        "refuse",
        "admit",
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (None, ["A509"]),
        ({"plan": [{"unit": "a", "most": 1}, {"unit": "a", "most": 2}]}, ["A508"]),
        ({"plan": [{"unit": "a", "most": 1.5}]}, ["A911"]),
        ({"plan": [{"unit": None, "most": 1}]}, ["A507"]),
        ({"plan": [{"unit": "a", "mst": 1}]}, ["A401"]),
        ({"plan": [], "other": []}, ["A517"]),
    ],
)
def test_rows_that_do_not_fit(
    tmp_path: Path, rows: dict[str, list[dict[str, object]]] | None, expected: list[str]
) -> None:
    """Rows that are missing, repeated, unfit, or for no register are refused."""
    folder = write(tmp_path / "small", HEAD + FACTS + NO_RULES + LISTED)
    assert codes(lambda: admission.load(folder, registers=rows)) == expected


# ------------------------------------------------------------------------------------------------ books


def test_a_book_picks_by_place_and_day(tmp_path: Path) -> None:
    """A book picks the policy of the place in force on the day, else that of the place around it."""
    write(tmp_path / "small")
    head = HEAD.replace("policy: small", "policy: top").replace("from: 2019-01-01", "from: 2020-01-01")
    write(tmp_path / "top", head + "extends: small\n")
    book = admission.load_book(tmp_path)
    picked = [book.pick("top", day).id for day in (date(2019, 12, 31), date(2020, 1, 1))]
    assert picked == ["small", "top"]
    assert book.decide({"kind": "duty"}, place="top", as_of=date(2019, 12, 31)).policy.id == "small"
    assert book.decide({"kind": "duty", "as_of": date(2021, 1, 1)}, place="top").policy.id == "top"
    with pytest.raises(admission.InputError, match="no policy for `nowhere` on 2019-08-03"):
        book.pick("nowhere", DAY)
    with pytest.raises(admission.TaskError, match="A920"):
        book.decide({}, place="top")


def test_the_shipped_policies_are_a_book() -> None:
    """`policies/` is a book of China, Beijing and Xicheng."""
    book = admission.load_book(PACKS)
    assert book.places() == ("beijing", "china", "xicheng")
    assert book.pick("xicheng", date(2018, 1, 1)).id == "china"


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_what_is_no_policy_is_a_policy_error(tmp_path: Path, name: str) -> None:
    """A folder that is not there, or is no policy, is a `PolicyError` with a help."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(admission.PolicyError) as error:
        admission.load(tmp_path / name)
    assert error.value.diagnostics[0].help
    with pytest.raises(admission.PolicyError):
        admission.load_book(tmp_path / name)


def test_next_question_asks_for_the_route_first(policy: Policy) -> None:
    """The next question is one of the missing facts, in the policy's words; None when nothing is missing."""
    question = policy.next_question({}, as_of=DAY)
    assert question is not None
    assert (question.fact, question.text("en"), question.text()) == ("kind", "What kind?", "什么性质？")
    assert list(question.choices) == ["help", "duty", "sale"]
    assert policy.next_question({"kind": "duty"}, as_of=DAY) is None
