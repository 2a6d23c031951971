"""The benchmarks: nobody is timed who does not agree, and who is not installed is named."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
FEW = 40


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The scripts import one another by their bare names, as they do when they are run; the names go away again."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(ROOT / "benchmarks")):
            del sys.modules[name]


def script(name: str) -> Any:
    """One of the scripts as a module."""
    return importlib.import_module(name)


def test_one_decision_is_agreed_on(capsys: pytest.CaptureFixture[str]) -> None:
    """The library, the functions written by hand and every engine that is installed decide some tasks alike."""
    kept = {engine.name for engine in script("decide").check(FEW)}
    assert {"by hand, dataclass", "admission, policy.Task", "admission, raw dict"} <= kept
    assert f"agree on {FEW} tasks" in capsys.readouterr().out


def test_many_rules_are_agreed_on(tmp_path: Path) -> None:
    """So they do by a hundred rules over a unit, a kind of work and an amount."""
    kept = {engine.name for engine in script("scale").check(FEW, 100, tmp_path)}
    assert {"by hand, a loop", "by hand, an index", "admission, policy.Task"} <= kept


def test_the_rules_that_grow_are_violated_by_some_tasks_and_not_by_others() -> None:
    """The tasks of the growing rule sets tell a right answer from an empty one."""
    scale = script("scale")
    given = scale.rules(100)
    found = [bool(scale.by_hand(given)(facts)) for facts in scale.tasks(given, FEW)]
    assert 0 < sum(found) < FEW


def test_the_random_tasks_reach_every_channel_and_every_requirement() -> None:
    """Two thousand tasks reach all five channels, and violate and keep each of the eight requirements."""
    competitors, beijing = script("competitors"), script("beijing")
    answers = [competitors.expected(facts) for facts in beijing.complete_tasks()]
    assert len(answers) == 2_000
    assert {answer.channel for answer in answers} == set(beijing.OUTCOMES)
    assert {rule for answer in answers for rule in answer.violations} == {
        "certificate_list",
        "conditions_provided",
        "document_reviewed",
        "form_limit",
        "funds_follow_task",
        "listed",
        "no_plaque",
        "permitted_actions",
    }
    assert any(answer.verdict == "admit" for answer in answers)


@pytest.mark.slow
def test_cold_processes_decide_as_they_should(tmp_path: Path) -> None:
    """Every command whose start is timed runs, and those that decide admit the task."""
    assert "admission decide, one task" in script("startup").check(tmp_path)


@pytest.mark.slow
def test_packs_are_proved_and_remedies_lead_to_admission(capsys: pytest.CaptureFixture[str]) -> None:
    """Every pack passes `admission check`, and the function written by hand admits what a remedy leads to."""
    pytest.importorskip("z3")
    script("check").check(FEW)
    assert "3 packs are proved" in capsys.readouterr().out


def test_bulk_decisions_are_agreed_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DuckDB and Polars by hand, the policy's SQL, its tables and its files decide some tasks alike."""
    for needed in ("duckdb", "polars", "pyarrow", "sqlglot"):
        pytest.importorskip(needed)
    script("bulk").check(FEW, tmp_path)
    assert f"9 ways agree on {FEW} tasks" in capsys.readouterr().out


def test_a_competitor_with_a_wrong_answer_is_caught() -> None:
    """An engine that forgets one requirement ends the run: the error shows the task, what was expected and found."""
    competitors, beijing, decide = script("competitors"), script("beijing"), script("decide")
    sound = next(engine for engine in decide.by_hand() if engine.name == "by hand, dataclass")

    def forgetful(found: Any) -> Any:
        left = tuple(rule for rule in found.violations if rule != "no_plaque")
        return beijing.Answer(found.verdict, found.channel, left)

    facts = {**beijing.SOUND, "plaque_or_body": True}
    competitors.agree(sound, [facts])
    with pytest.raises(competitors.WrongAnswerError) as caught:
        competitors.agree(replace(sound, answer=forgetful), [beijing.SOUND, facts])
    shown = str(caught.value)
    assert shown.startswith("by hand, dataclass: 1 of 2 tasks are decided otherwise:")
    assert "expected Answer(verdict='refuse', channel='community', violations=('no_plaque',))" in shown
    assert "found    Answer(verdict='refuse', channel='community', violations=())" in shown


@pytest.mark.parametrize("said", ["admit", "undetermined", "redirect"])
def test_a_wrong_verdict_on_a_partial_task_is_caught(said: str) -> None:
    """What all completions of a partial task come to may not be called anything else, nor undetermined."""
    decide, competitors, beijing = script("decide"), script("competitors"), script("beijing")
    facts = {"nature": "self_governance", "issuer_level": "district", "plaque_or_body": True}

    class Said:
        verdict = said

    with pytest.raises(competitors.WrongAnswerError, match="left"):
        decide.agree_on_partial(lambda _: Said, [facts])
    assert {competitors.expected(one).verdict for one in decide.completions(facts)} == {"refuse"}
    assert beijing.SOUND not in list(decide.completions(facts))


def test_a_wrong_row_in_bulk_is_caught() -> None:
    """A row with another answer, a row too few and a row twice each end the run."""
    pytest.importorskip("polars")
    bulk, competitors = script("bulk"), script("competitors")
    tasks = bulk.frame(FEW)
    right = [
        {"id": row["id"], **competitors.expected(bulk.facts_of(row))._asdict()} for row in tasks.iter_rows(named=True)
    ]
    bulk.held("right", right, tasks)
    for wrong in ([{**right[0], "verdict": "undetermined"}, *right[1:]], right[1:], [right[0], *right]):
        with pytest.raises(competitors.WrongAnswerError):
            bulk.held("wrong", wrong, tasks)


def test_an_engine_that_is_not_installed_is_named_and_the_others_go_on() -> None:
    """Without one engine's package the script says which extra to install, and holds the others to their answers."""
    code = (
        "import sys; sys.path.insert(0, 'benchmarks'); sys.modules['datalogic_py'] = sys.modules['zen'] = None\n"
        "from decide import check; print(*[engine.name for engine in check(5)], sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert "left out: datalogic_py (datalogic-py); pip install 'admission[bench]'" in done.stdout
    assert "left out: zen (zen-engine); pip install 'admission[bench]'" in done.stdout
    assert {"admission, raw dict", "by hand, dataclass"} <= set(done.stdout.splitlines())


def test_ratios_are_taken_round_by_round() -> None:
    """A machine that turns twice as slow midway leaves the ratio of two engines as it is."""
    timing = script("timing")
    fast, slow = timing.Times((1.0, 1.0, 2.0, 2.0)), timing.Times((3.0, 3.0, 6.0, 6.0))
    assert slow.against(fast) == 3.0
    assert fast.median == 1.5


def test_every_contender_takes_its_turn_in_every_round() -> None:
    """Rounds run forwards and backwards in turn, and the first warms up only."""
    timing = script("timing")
    order: list[str] = []

    def taking(name: str) -> Any:
        def taken() -> float:
            order.append(name)
            return float(len(order))

        return taken

    times = timing.interleave({"a": taking("a"), "b": taking("b")}, rounds=2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert times["a"].rounds == (3.0, 6.0)
    assert times["b"].rounds == (4.0, 5.0)
