"""The shipped policies: their cases, and agreement with an independent oracle."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import admission
import oracle
import pack_tasks
from admission.cases import Case, case_files, read_cases
from admission.diagnostics import Collector

ROOT = Path(__file__).parents[1]
PACKS = ("china", "beijing", "xicheng")
POLICIES = {pack: admission.load(ROOT / "policies" / pack) for pack in PACKS}
THROUGH_THE_COMMAND_LINE = 300


def cases() -> list[Any]:
    """Every case of every policy."""
    faults = Collector()
    found = [(pack, read_cases(POLICIES[pack].checked, case_files(ROOT / "policies" / pack), faults)) for pack in PACKS]
    assert [str(fault.message) for fault in faults] == []
    return [pytest.param(pack, case, id=f"{pack}-{case.id}") for pack, of_pack in found for case in of_pack]


def written(pack: str) -> list[Any]:
    """The cases of a policy as PyYAML reads them."""
    files = case_files(ROOT / "policies" / pack)
    return [case for file in files for case in yaml.safe_load(file.read_text(encoding="utf-8"))]


def in_python(name: str, value: Any) -> Any:
    """A fact as PyYAML reads it, in the form the oracle takes: money as `Decimal`."""
    return Decimal(value) if name in ("cost", "funding") and value is not None else value


def asked(decided: Mapping[str, Any], expected: Iterable[str]) -> dict[str, Any]:
    """What a decision says of the things expected."""
    return {key: decided[key] for key in expected}


@pytest.mark.parametrize(("pack", "case"), cases())
def test_a_case_is_decided_as_it_expects(pack: str, case: Case) -> None:
    """Every case that ships with a policy passes, to the last key of what it expects."""
    decided = POLICIES[pack].decide_given(case.given).to_dict()
    assert asked(decided, case.expect) == case.expect


@pytest.mark.parametrize("pack", PACKS)
def test_the_oracle_expects_what_the_cases_expect(pack: str) -> None:
    """The cases were worked out by hand and the oracle was written apart from them: they agree."""
    for case in written(pack):
        task = {name: in_python(name, value) for name, value in case["task"].items()}
        decided = oracle.decide(pack, task, case["as_of"])
        said = case["expect"].keys() & decided.keys()
        assert asked(decided, said) == asked(case["expect"], said), case["id"]


def agrees(pack: str, task: pack_tasks.Task, day: date) -> None:
    """Assert that the policy decides as the oracle does."""
    expected = oracle.decide(pack, task, day)
    assert asked(POLICIES[pack].decide(task, as_of=day).to_dict(), expected) == expected


@pytest.mark.parametrize("pack", PACKS)
@given(data=st.data())
def test_a_policy_decides_as_the_oracle_does(pack: str, data: st.DataObject) -> None:
    """Complete and partial tasks, on every side of every boundary and change of law, have one answer."""
    agrees(pack, data.draw(pack_tasks.tasks(pack)), data.draw(st.sampled_from(pack_tasks.days(pack))))


@pytest.mark.parametrize("pack", PACKS)
def test_a_policy_decides_as_the_oracle_does_on_random_tasks(pack: str) -> None:
    """The same over a thousand tasks of another generator, which reach every verdict."""
    rng = random.Random(20190803)  # noqa: S311 - repeatable, not secret
    verdicts = Counter[str]()
    for _ in range(1000):
        task, day = pack_tasks.random_task(rng, pack), rng.choice(pack_tasks.days(pack))
        agrees(pack, task, day)
        verdicts[oracle.decide(pack, task, day)["verdict"]] += 1
    assert min(verdicts[verdict] for verdict in ("admit", "redirect", "refuse", "undetermined")) >= 50, verdicts


def drawn(pack: str) -> list[tuple[pack_tasks.Task, date]]:
    """Some hundred tasks, each with its day."""
    rng = random.Random(f"{pack} by the command line")  # noqa: S311 - repeatable, not secret
    return [
        (pack_tasks.random_task(rng, pack), rng.choice(pack_tasks.days(pack))) for _ in range(THROUGH_THE_COMMAND_LINE)
    ]


def decided_by_the_command_line(pack: str, file: Path) -> list[dict[str, Any]]:
    """What `admission decide --format json` prints for a file of tasks."""
    command = [sys.executable, "-m", "admission", "decide", f"policies/{pack}", str(file), "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def expected_in_order(pack: str) -> list[dict[str, Any]]:
    """What the oracle says of the tasks drawn, with their ids and days."""
    return [
        {"id": str(place), "as_of": day.isoformat(), **oracle.decide(pack, task, day)}
        for place, (task, day) in enumerate(drawn(pack), 1)
    ]


def in_a_document(value: Any) -> Any:
    """A value as JSON has it: money with its fen as text, dates as text, sets as lists."""
    return f"{value}" if isinstance(value, (Decimal, date)) else value


def in_a_cell(value: Any) -> str:
    """A value as CSV has it: a set's values separated by `;`, a lone `;` for the empty set."""
    if isinstance(value, bool):
        return str(value).lower()
    return (";".join(value) or ";") if isinstance(value, list) else str(value)


@pytest.mark.parametrize("pack", PACKS)
def test_the_command_line_decides_json_lines_as_the_oracle_does(pack: str, tmp_path: Path) -> None:
    """One JSON object a task goes in, one a decision comes out, in order."""
    lines = [
        json.dumps({name: in_a_document(value) for name, value in {**task, "as_of": day}.items()}, ensure_ascii=False)
        for task, day in drawn(pack)
    ]
    file = tmp_path / "tasks.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    expected = expected_in_order(pack)
    decided = decided_by_the_command_line(pack, file)
    assert [asked(one, expected[0]) for one in decided] == expected


@pytest.mark.parametrize("pack", PACKS)
def test_the_command_line_decides_csv_as_the_oracle_does(pack: str, tmp_path: Path) -> None:
    """One row a task, one column a fact; an empty cell is unknown, or takes its assumption."""
    file = tmp_path / "tasks.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "as_of", *oracle.FACTS[pack]], restval="")
        writer.writeheader()
        for place, (task, day) in enumerate(drawn(pack), 1):
            cells = {name: in_a_cell(value) for name, value in task.items()}
            writer.writerow({"id": place, "as_of": day, **cells})
    expected = expected_in_order(pack)
    decided = decided_by_the_command_line(pack, file)
    assert [asked(one, expected[0]) for one in decided] == expected


@pytest.mark.parametrize("pack", PACKS)
def test_a_policy_begins_on_its_first_day(pack: str) -> None:
    """On the first day it decides; the day before, the day is an input error."""
    first = oracle.SINCE[pack]
    assert POLICIES[pack].decide({}, as_of=first).verdict == "undetermined"
    with pytest.raises(admission.TaskError) as error:
        POLICIES[pack].decide({}, as_of=first - timedelta(1))
    assert [fault.fact for fault in error.value.faults] == ["as_of"]


@pytest.mark.parametrize(
    ("place", "day", "pack"),
    [
        ("china", date(2018, 12, 31), "china"),
        ("beijing", date(2018, 12, 31), "china"),
        ("beijing", date(2019, 1, 1), "beijing"),
        ("xicheng", date(2018, 12, 31), "china"),
        ("xicheng", date(2019, 1, 1), "xicheng"),
    ],
)
def test_the_folder_of_policies_is_a_book(place: str, day: date, pack: str) -> None:
    """A place is decided by its own policy, and before that is in force by that of the place around it."""
    decision = admission.load_book(ROOT / "policies").decide({}, place=place, as_of=day)
    assert decision.policy.id == pack


@pytest.mark.parametrize(("layer", "below"), [("beijing", "china"), ("xicheng", "beijing")])
def test_a_layer_admits_only_what_the_layer_below_admits(layer: str, below: str) -> None:
    """`tightens: true` is a promise about every task that the layer admits."""
    rng = random.Random(f"{layer} on {below}")  # noqa: S311 - repeatable, not secret
    admitted = 0
    for _ in range(1000):
        task, day = pack_tasks.random_task(rng, layer), rng.choice(pack_tasks.days(layer))
        if POLICIES[layer].decide(task, as_of=day).verdict == "admit":
            admitted += 1
            restricted = pack_tasks.restricted(task, below)
            assert POLICIES[below].decide(restricted, as_of=day).verdict == "admit"
    assert admitted >= 50


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("policies/**/*.yaml"), *ROOT.glob("examples/*.yaml"), *ROOT.glob("src/**/template/**/*.yaml")]),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_shipped_files_read_alike_where_libyaml_is_missing(path: Path) -> None:
    """PyYAML's own parser, which takes over where it was built without libyaml, finds the same in every file."""
    text = path.read_text(encoding="utf-8")

    def events(parser: Any) -> list[tuple[str, object]]:
        return [(type(event).__name__, getattr(event, "value", None)) for event in yaml.parse(text, Loader=parser)]

    assert events(yaml.SafeLoader) == events(yaml.CSafeLoader)
