"""Files of tasks, good and bad: where each fault is, and what is still decided."""

import contextlib
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import admission
from admission.diagnostics import Diagnostic, InputError, TaskError
from admission.engine import Policy
from admission.frontend.tasks import Record, read_tasks
from admission.intake import accept
from small import write

DAY = date(2019, 8, 3)


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    """The small policy."""
    return admission.load(write(tmp_path / "small"))


def read(tmp_path: Path, name: str, content: str | bytes) -> list[Record | Diagnostic]:
    """The records and diagnostics of a file with this content."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_tasks(path))


def faults(policy: Policy, records: list[Record | Diagnostic]) -> list[str]:
    """Every fault as `code line:column`."""
    found: list[Diagnostic] = []
    for record in records:
        if isinstance(record, Diagnostic):
            found.append(record)
        elif record.diagnostics:
            found += record.diagnostics
        else:
            try:
                accept(policy.checked, record.values, DAY, door=record.door)
            except TaskError as error:
                found += record.diagnose(error)
    return [f"{fault.code} {fault.line}:{fault.column}" for fault in found]


SAME = {"id": "t1", "kind": "help", "cost": "8000.50", "forms": 3, "urgent": True, "start_on": "2019-09-01"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "t.yaml",
            "- {id: t1, kind: help, cost: 8000.50, forms: 3, urgent: true, start_on: 2019-09-01, actions: [visit]}",
        ),
        (
            "one.yaml",
            "id: t1\nkind: help\ncost: '8000.50'\nforms: 3\nurgent: true\nstart_on: 2019-09-01\nactions: [visit]\n",
        ),
        ("t.json", json.dumps([SAME | {"actions": ["visit"]}])),
        ("one.json", json.dumps(SAME | {"actions": ["visit"]})),
        (
            "number.json",
            '[{"id":"t1","kind":"help","cost":8000.5,"forms":3,"urgent":true,"start_on":"2019-09-01","actions":["visit"]}]',
        ),
        ("t.jsonl", json.dumps(SAME | {"actions": ["visit"], "unit": None}) + "\n\n"),
        ("t.csv", "id,kind,cost,forms,urgent,start_on,actions,unit\nt1,help,8000.50,3,true,2019-09-01,visit,\n"),
    ],
)
def test_every_kind_of_file_says_the_same(policy: Policy, tmp_path: Path, name: str, content: str) -> None:
    """The same task in YAML, JSON, JSON Lines and CSV is the same facts; null and the empty cell are unknown."""
    (record,) = read(tmp_path, name, content)
    assert isinstance(record, Record)
    given = accept(policy.checked, record.values, DAY, door=record.door)
    assert given.id == "t1"
    assert given.facts == {
        "kind": "help",
        "cost": 800050,
        "forms": 3,
        "urgent": True,
        "start_on": date(2019, 9, 1),
        "actions": frozenset({"visit"}),
    }


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("unknown.yaml", "- {knd: help}", ["A910 1:4"]),
        ("unknown.json", '[{"kind": "help"},\n {"knd": "help"}]', ["A910 2:3"]),
        ("unknown.jsonl", '{"kind": "help"}\n{"knd": "help"}\n', ["A910 2:2"]),
        ("unknown.csv", "kind,knd\nhelp,\nhelp,x\n", ["A910 3:6"]),
        (
            "type.yaml",
            "- {cost: [1], urgent: 1, forms: '3', start_on: 5}",
            ["A911 1:10", "A911 1:23", "A911 1:33", "A911 1:48"],
        ),
        ("enum.yaml", "- {kind: NO}", ["A913 1:10"]),
        ("negative.yaml", "- {cost: -1, forms: -1}", ["A912 1:10", "A912 1:21"]),
        ("decimals.yaml", "- {cost: 1.001}", ["A918 1:10"]),
        ("decimals.csv", "cost\n1.001\n", ["A918 2:1"]),
        ("nan.yaml", "- {cost: .nan}", ["A917 1:10"]),
        ("nan.json", '[{"cost": NaN}]', ["A917 1:3"]),
        ("inf.json", '[{"cost": Infinity}]', ["A917 1:3"]),
        ("huge.json", '[{"cost": 1e999999999}]', ["A912 1:3"]),
        ("date.yaml", "- {start_on: 2019-02-30}", ["A916 1:14"]),
        ("date.csv", "start_on\n2019-02-30\n2019/02/01\n", ["A916 2:1", "A911 3:1"]),
        ("repeats.yaml", "- {actions: [visit, visit]}", ["A914 1:13"]),
        ("repeats.csv", "actions\nvisit;visit\n", ["A914 2:1"]),
        ("bool.csv", "urgent\nTRUE\nyes\n1\n", ["A911 2:1", "A911 3:1", "A911 4:1"]),
        ("ragged.csv", "kind,cost\nhelp\nhelp,1,2\nhelp,1\n", ["A512 2:1", "A512 3:1"]),
        ("twice.csv", "kind,kind\nhelp,help\n", ["A510 1:1"]),
        ("quote.csv", 'kind\n"help\n', ["A515 2:1"]),
        ("bom.csv", b"\xef\xbb\xbfkind\nhelp\n", ["A905 1:1"]),
        ("gbk.csv", "kind,unit\nhelp,某单位\n".encode("gbk"), ["A103 2:1"]),
        ("gbk.jsonl", '{"unit": "某单位"}\n'.encode("gbk"), ["A103 1:1"]),
        ("duplicate.json", '[{"kind": "help", "kind": "duty"}]', ["A903 1:2"]),
        ("duplicate.yaml", "- {kind: help, kind: duty}", ["A114 1:16"]),
        ("syntax.json", '[{"kind": "help"},]', ["A901 1:19"]),
        ("syntax.jsonl", '{"kind": "help"}\n{"kind": }\n', ["A901 2:10"]),
        ("after.jsonl", '{"kind": "help"} x\n', ["A901 1:18"]),
        ("unclosed.json", '[{"kind": "help"}', ["A901 1:18"]),
        ("list.jsonl", "[1]\n", ["A902 1:1"]),
        ("scalar.yaml", "- 5\n- {kind: help}\n", ["A902 1:3"]),
        ("id.yaml", "- {id: 5, kind: help}", ["A911 1:8"]),
        ("empty.yaml", "", ["A927 1:1"]),
        ("empty.json", "", ["A927 1:1"]),
        ("empty.jsonl", "\n", ["A927 1:1"]),
        ("empty.csv", "", ["A927 1:1"]),
        ("deep.json", "[" * 100_000, ["A111 1:2"]),
        ("deep.yaml", "[" * 10_000, ["A111 1:51"]),
        ("bomb.yaml", "a: &a [x, x]\nb: [*a, *a]\n", ["A109 1:4"]),
    ],
)
def test_bad_input(policy: Policy, tmp_path: Path, name: str, content: str | bytes, expected: list[str]) -> None:
    """Bad input is refused where it stands, all faults at once, and nothing is coerced."""
    assert faults(policy, read(tmp_path, name, content)) == expected


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    """A file that is not there is an error that names it."""
    with pytest.raises(InputError, match=r"cannot read `.*nothing\.csv`: No such file or directory"):
        list(read_tasks(tmp_path / "nothing.csv"))


def test_an_unknown_kind_of_file_is_an_input_error(tmp_path: Path) -> None:
    """A file whose ending says nothing is refused with the endings that do."""
    with pytest.raises(InputError, match=r"unknown kind of file `\.xls`"):
        list(read_tasks(tmp_path / "t.xls"))


@pytest.mark.parametrize(
    "content", [b'[{"kind": "help"}]', b'{"kind": "help"}\n', b"kind: help\n", b"kind,cost\nhelp,1\n"]
)
def test_standard_input_is_recognised_by_its_first_character(content: bytes) -> None:
    """Standard input is JSON, JSON Lines, YAML or CSV by how it begins."""
    (record,) = read_tasks("-", stdin=io.BytesIO(content))
    assert isinstance(record, Record)
    assert isinstance(record.values, dict)
    assert record.values["kind"] == "help"


def test_lines_are_read_as_they_come() -> None:
    """JSON Lines are read one at a time, so that a file may be of any size."""
    stream = io.BytesIO(b'{"kind": "help"}\n' * 1000)
    records = read_tasks("-", stdin=stream, kind="jsonl")
    next(records)
    assert stream.tell() < 100


def test_a_line_without_end_is_bounded() -> None:
    """A line past a million characters is refused, not collected."""
    (found,) = read_tasks("-", stdin=io.BytesIO(b"x" * 2_000_000), kind="jsonl")
    assert isinstance(found, Diagnostic)
    assert found.code == "A906"


@pytest.mark.parametrize(("line", "code"), [(b"x" * 2_500_000, "A906"), ('{"kind": "帮助"}'.encode("gbk"), "A103")])
def test_after_a_line_that_cannot_be_read_the_next_one_is(line: bytes, code: str) -> None:
    """In JSON Lines a line is a task, whatever is in it: those after it keep their places and are read."""
    stream = io.BytesIO(b'{"kind": "help"}\n' + line + b'\n{"kind": "duty"}\n')
    before, found, after = read_tasks("-", stdin=stream, kind="jsonl")
    assert isinstance(before, Record)
    assert isinstance(after, Record)
    assert isinstance(found, Diagnostic)
    assert found.code == code
    assert found.span is not None
    assert (found.span.source.first_line, after.place, after.values) == (2, 3, {"kind": "duty"})


def test_after_a_line_that_cannot_be_read_csv_ends() -> None:
    """In CSV such a line may hold a quote, so no one knows where the next task begins."""
    stream = io.BytesIO("kind\nhelp\n帮助\nduty\n".encode("gbk"))
    found = [
        item.code if isinstance(item, Diagnostic) else item.values for item in read_tasks("-", stdin=stream, kind="csv")
    ]
    assert found == [{"kind": "help"}, "A103"]


@pytest.mark.parametrize("kind", ["yaml", "json", "jsonl", "csv"])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: str, content: bytes) -> None:
    """No bytes make the reader fail but with an `InputError`."""
    with contextlib.suppress(InputError):
        for record in read_tasks("-", stdin=io.BytesIO(content), kind=kind):
            assert isinstance(record, (Record, Diagnostic))


@pytest.mark.parametrize(
    ("task", "codes"),
    [
        ({"cost": 8000.0}, ["A911"]),
        ({"cost": "8000"}, ["A911"]),
        ({"cost": True}, ["A911"]),
        ({"cost": Decimal("NaN")}, ["A917"]),
        ({"cost": Decimal("0.001")}, ["A918"]),
        ({"cost": 10**20}, ["A912"]),
        ({"urgent": 1}, ["A911"]),
        ({"forms": True}, ["A911"]),
        ({"forms": 100}, ["A912"]),
        ({"start_on": "2019-01-01"}, ["A911"]),
        ({"start_on": date(1899, 12, 31)}, ["A912"]),
        ({"kind": "hlep", "knd": 1, 5: 1}, ["A913", "A910", "A910"]),
        ({"actions": "visit"}, ["A911"]),
        ({"actions": ["visit", 5]}, ["A911"]),
        ({"unit": "x" * 10_001}, ["A915"]),
        ({"id": 7}, ["A911"]),
        ({"as_of": "2019-08-03"}, ["A911"]),
        ({"as_of": date(2019, 8, 4)}, ["A921"]),
        (None, ["A924"]),
        ([("kind", "help")], ["A924"]),
    ],
)
def test_python_values_are_taken_as_they_are(policy: Policy, task: object, codes: list[str]) -> None:
    """In Python money is Decimal or int and a date a date; anything else is refused, every fault at once."""
    with pytest.raises(TaskError) as error:
        policy.decide(task, as_of=DAY)  # type: ignore[arg-type] # that is the point
    assert [fault.code for fault in error.value.faults] == codes


def test_a_fault_says_what_was_expected_and_given(policy: Policy) -> None:
    """A fault names the fact, what it takes, what was given, and what was probably meant."""
    with pytest.raises(TaskError) as error:
        policy.decide({"kind": "hlep", "cost": -5}, as_of=DAY)
    kind, cost = error.value.faults
    assert (kind.fact, kind.expected, kind.given, kind.near) == ("kind", "one of: help, duty, sale", "hlep", "help")
    assert (cost.fact, cost.given) == ("cost", "-5")
    assert str(cost) == (
        "[A912] `cost` is out of range: expected an amount in yuan with at most two decimals, 0.00 or more, given `-5`"
    )
    assert cost.text("zh") == "`cost` 超出范围：应为金额(元，至多两位小数)，不小于 0.00，而给出的是 `-5`"


@pytest.mark.parametrize(
    ("task", "as_of", "code"),
    [
        ({}, None, "A920"),
        ({}, date(2018, 12, 31), "A922"),
        ({}, date(2026, 1, 1), "A922"),
        ({"as_of": date(2019, 1, 1)}, None, None),
        ({"as_of": date(2019, 1, 1)}, date(2019, 1, 1), None),
        ({}, date(2025, 12, 31), None),
    ],
)
def test_the_day_of_the_decision(policy: Policy, task: dict[str, object], as_of: date | None, code: str | None) -> None:
    """`as_of` comes from the task or the caller, once, and lies in the policy's period, both ends included."""
    if code is None:
        assert policy.decide(task, as_of=as_of).as_of == (as_of or task["as_of"])
        return
    with pytest.raises(TaskError) as error:
        policy.decide(task, as_of=as_of)
    assert [fault.code for fault in error.value.faults] == [code]
