"""The examples do what they say: the work items, and the three ways to embed."""

from __future__ import annotations

import http.client
import importlib.util
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import date
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import admission
import oracle

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
ITEMS = EXAMPLES / "work_items_2019.yaml"
POLICY = admission.load(ROOT / "policies" / "beijing")


def tasks_of(file: Path) -> dict[str, dict[str, Any]]:
    """The tasks of a file by id, none at fault."""
    records = list(admission.read_tasks(file, POLICY))
    assert [fault.message for record in records for fault in record.diagnostics] == []
    return {str(record.task["id"]): dict(record.task) for record in records if record.task is not None}


def example(name: str) -> ModuleType:
    """An example script as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs Python in the checkout."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


# ----------------------------------------------------------------------------------------- the work items


def test_there_are_many_work_items_of_every_verdict() -> None:
    """The file has more than forty items, and enough of each verdict to see what each looks like."""
    tasks = tasks_of(ITEMS)
    verdicts = Counter(POLICY.decide(task).verdict for task in tasks.values())
    assert len(tasks) >= 45
    assert min(verdicts[verdict] for verdict in admission.Verdict) >= 5, verdicts


def test_the_work_items_are_decided_as_the_oracle_decides_them() -> None:
    """Real input, too, has the answers of the tables."""
    for name, task in tasks_of(ITEMS).items():
        facts = {fact: value for fact, value in task.items() if fact not in ("id", "as_of")}
        expected = oracle.decide("beijing", facts, task["as_of"])
        decided = POLICY.decide(task).to_dict()
        assert {key: decided[key] for key in expected} == expected, name


def test_every_work_item_says_where_it_comes_from() -> None:
    """Above each item stands [S], after a source, or [C], composed, and a source that the head of the file lists."""
    text = ITEMS.read_text(encoding="utf-8")
    listed = set(re.findall(r"^#   (\w+) ", text, re.MULTILINE))
    marks = re.findall(r"^# \[[SC]\] (\w+).*\n- \{id: ", text, re.MULTILINE)
    assert len(marks) == len(tasks_of(ITEMS))
    assert set(marks) <= listed


def test_every_work_item_has_a_title_an_issuer_and_a_day_of_2019() -> None:
    """The items read like the applications of one year."""
    for name, task in tasks_of(ITEMS).items():
        assert re.search("[\u4e00-\u9fff]", str(task["title"])), name
        assert re.search("[\u4e00-\u9fff]", str(task["issuer"])), name
        assert task["as_of"].year == 2019, name


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_csv_and_json_lines_hold_items_of_the_yaml(ending: str) -> None:
    """The same tasks in three formats are the same tasks."""
    whole, part = tasks_of(ITEMS), tasks_of(ITEMS.with_suffix(f".{ending}"))
    assert len(part) >= 12
    assert part == {name: whole[name] for name in part}


@pytest.mark.parametrize("ending", ["yaml", "csv", "jsonl"])
def test_the_command_line_decides_every_work_item(ending: str) -> None:
    """The first command of the README works on the file in every format, without a word on stderr."""
    file = ITEMS.with_suffix(f".{ending}")
    done = run("-m", "admission", "decide", "policies/beijing", file, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == list(tasks_of(file))


# ------------------------------------------------------------------------------------- embed: a function


def test_the_function_answers_in_words() -> None:
    """Run as a script it asks for the cost, refuses without funds, names the misspelt fact, and admits."""
    done = run("examples/embed_function.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "办这件事一共需要多少钱（元）？",
        "不予准入：费随事转：所需经费由申请单位预算或者专项经费足额到位，不得用社区自己的经费。从本单位预算或者专项经费足额拨付",
        "请更正：没有事实 `fundings`",
        "准予准入。费随事转：申请单位向居民委员会提供所需经费；准入的协助事项列入清单，对外公布，并实行动态调整",
    ]


def test_the_function_says_where_work_belongs() -> None:
    """Work that does not belong to the community is sent on."""
    assert example("embed_function").reply({"nature": "market_service"}, date(2019, 8, 3)) == "另行归口：purchase"


# ---------------------------------------------------------------------------------- embed: a web service


@pytest.fixture(scope="module")
def service() -> Iterator[http.client.HTTPConnection]:
    """The web service, running on this machine, and a connection to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), example("embed_web").Handler)
    server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    yield connection
    connection.close()
    server.shutdown()
    thread.join()
    server.server_close()


def post(service: http.client.HTTPConnection, body: bytes, **headers: str) -> tuple[int, Any]:
    """The status and content of an answer."""
    service.request("POST", "/", body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = service.getresponse()
    return response.status, json.loads(response.read())


def test_the_service_decides_what_is_posted(service: http.client.HTTPConnection) -> None:
    """A task in JSON gets the decision, as the library gives it."""
    task = tasks_of(ITEMS.with_suffix(".jsonl"))["one-fen-short"]
    line = next(x for x in ITEMS.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines() if "one-fen" in x)
    assert post(service, line.encode()) == (200, POLICY.decide(task).to_dict())


def test_the_service_lists_every_fault(service: http.client.HTTPConnection) -> None:
    """400 names the unknown fact, the wrong type, the negative amount and the missing day at once."""
    body = {"natur": "assistance", "forms": "two", "cost": -1}
    status, content = post(service, json.dumps(body).encode())
    assert status == 400
    assert {fault["code"] for fault in content["faults"]} == {"A910", "A911", "A912", "A920"}
    assert any("nature" in fault["help"] for fault in content["faults"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "A927"),
        (b"{", "A901"),
        (b"7", "A902"),
        (b'{"nature": "assistance", "nature": "assistance"}', "A903"),
        ('{"title": "测试"}'.encode("gbk"), "A103"),
    ],
)
def test_the_service_refuses_what_is_no_task(service: http.client.HTTPConnection, body: bytes, code: str) -> None:
    """Nothing, broken JSON, a number, a key twice, and another encoding are each a bad request."""
    status, content = post(service, body)
    assert (status, [fault["code"] for fault in content["faults"]]) == (400, [code])


def test_the_service_takes_one_task_at_a_time(service: http.client.HTTPConnection) -> None:
    """A list of two tasks is a bad request."""
    task = '{"as_of": "2019-08-03"}'
    assert post(service, f"[{task}, {task}]".encode()) == (400, {"error": "post one task"})


def test_the_service_bounds_a_request(service: http.client.HTTPConnection) -> None:
    """A request that says it is too long is not read."""
    assert post(service, b"{}", Content_Length="100001")[0] == 413
    service.close()  # what was announced never came


# --------------------------------------------------------------------------------- embed: a nightly job


def test_the_job_decides_every_row(tmp_path: Path) -> None:
    """Every row of the file has its decision, in order, and the exit code is 0."""
    target = tmp_path / "decisions.jsonl"
    done = run("examples/nightly_job.py", ITEMS.with_suffix(".csv"), target)
    expected = [POLICY.decide(task).to_dict() for task in tasks_of(ITEMS.with_suffix(".csv")).values()]
    assert (done.returncode, done.stderr) == (0, f"已决定 {len(expected)} 项，有误 0 项\n")
    assert [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()] == expected
    assert list(tmp_path.iterdir()) == [target]


def test_the_job_lists_the_bad_rows_and_decides_the_others(tmp_path: Path) -> None:
    """A bad row is named with its line and column; the rows around it are decided; the exit code is 2."""
    source, target = tmp_path / "tasks.csv", tmp_path / "decisions.jsonl"
    rows = ["id,as_of,nature,cost", "a,2019-08-03,market_service,", "b,2019-08-03,asistance,1.005", "c,2019-08-03,,"]
    source.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = run("examples/nightly_job.py", source, target)
    places = re.findall(r"tasks\.csv:(\d+:\d+): ", done.stderr)
    decided = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert (done.returncode, places) == (2, ["3:14", "3:24"])
    assert [(one["id"], one["verdict"]) for one in decided] == [("a", "redirect"), ("c", "undetermined")]


@pytest.mark.parametrize("source", ["nowhere.csv", "tasks.xlsx"])
def test_the_job_leaves_the_old_decisions_where_it_cannot_read(source: str, tmp_path: Path) -> None:
    """Without tasks there is a message and exit code 2, and the decisions of the night before stay."""
    target = tmp_path / "decisions.jsonl"
    target.write_text("of last night\n", encoding="utf-8")
    done = run("examples/nightly_job.py", tmp_path / source, target)
    assert done.returncode == 2
    assert source in done.stderr
    assert "Traceback" not in done.stderr
    assert target.read_text(encoding="utf-8") == "of last night\n"
    assert list(tmp_path.iterdir()) == [target]
