"""`admission watch`: notices of event files, as JSON Lines or a table, and of a file that grows."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import supervision_oracle as oracle
from admission.backends.rete.matcher import EngineMissingError, engine, what_to_run
from admission.cli import main
from supervision_oracle import moment, random_log

try:
    engine()
    HAS_ENGINE = True
except EngineMissingError:
    HAS_ENGINE = False
needs_engine = pytest.mark.skipif(not HAS_ENGINE, reason="durable-rules cannot be imported here")

ROOT = Path(__file__).parents[1]
XICHENG = str(ROOT / "policies" / "xicheng")
EXAMPLE = str(ROOT / "examples" / "events_2019.jsonl")


def watch(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    code = main(["watch", *arguments])
    done = capsys.readouterr()
    return code, done.out, done.err


def lines(path: Path, events: list[dict[str, Any]]) -> str:
    """The events as a file of JSON Lines."""
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return str(path)


@needs_engine
def test_notices_are_printed_as_json_lines_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The notices that stand at --until, sorted by since, watch and subject; those of an independent oracle."""
    log = random_log(11, events=1_000, tasks=60, units=20)
    path = lines(tmp_path / "log.jsonl", log)
    code, out, err = watch(capsys, XICHENG, path, "--until", "2021-01-31T10:00:00", "--format", "json")
    assert (code, err) == (0, "")
    printed = [json.loads(line) for line in out.splitlines()]
    assert all([*notice] == ["watch", "subject", "since", "events"] for notice in printed)
    found = [(n["since"], n["watch"], *next(iter(n["subject"].items()))) for n in printed]
    assert sorted(found) == oracle.notices(log, moment("2021-01-31T10:00:00"))
    assert [(f[0], f[1], f[3]) for f in found] == sorted((f[0], f[1], f[3]) for f in found)


@needs_engine
def test_a_day_means_its_end_and_no_day_the_latest_event(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--until 2019-09-30` is its last second; without --until the clock stands at the latest event."""
    whole = {"task": "t", "unit": "u", "community": "c", "level": "city", "verdict": "admit", "owed": "1.00"}
    path = lines(tmp_path / "l.jsonl", [{"event": "decided", "id": "d", "at": "2019-08-31T23:59:58", **whole}])
    assert watch(capsys, XICHENG, path, "--until", "2019-09-29", "--format", "json")[1] == ""
    assert watch(capsys, XICHENG, path, "--format", "json")[1] == ""
    _, out, _ = watch(capsys, XICHENG, path, "--until", "2019-09-30", "--format", "json")
    assert json.loads(out)["since"] == "2019-09-30T23:59:59+08:00"


@needs_engine
def test_several_files_of_every_kind_are_one_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """CSV (empty cells are fields not given), YAML and JSON say the same as JSON Lines, in any order."""
    events = [json.loads(line) for line in Path(EXAMPLE).read_text(encoding="utf-8").splitlines()]
    columns = list(dict.fromkeys(name for event in events for name in event))
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        for event in events[:5]:
            said = {"upheld": {True: "true", False: "false"}, "actions": None}
            cells = {k: ";".join(v) if isinstance(v, list) else v for k, v in event.items()}
            writer.writerow({k: said["upheld"][v] if isinstance(v, bool) else v for k, v in cells.items()})  # type: ignore[index]
    (tmp_path / "b.yaml").write_text(json.dumps(events[5:9], indent=1), encoding="utf-8")
    (tmp_path / "c.json").write_text(json.dumps(events[9:]), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("c.json", "b.yaml", "a.csv")]
    one = watch(capsys, XICHENG, EXAMPLE, "--until", "2020-01-31", "--format", "json")
    assert watch(capsys, XICHENG, *files, "--until", "2020-01-31", "--format", "json") == one
    assert one[0] == 0
    assert len(one[1].splitlines()) == 8


@needs_engine
def test_the_table_says_who_is_told_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    """One row a notice, in the language asked for, and the count."""
    _, out, _ = watch(capsys, XICHENG, EXAMPLE, "--until", "2019-09-30", "--lang", "zh")
    assert out.splitlines()[0].split() == ["自", "规则", "对象", "通报", "理由"]
    row = next(line for line in out.splitlines() if "unfunded_by_due" in line)
    assert row.split() == [
        *("2019-09-19T15:00:01+08:00", "unfunded_by_due", "task", "anti-fraud"),
        *("申请单位、审核机关", "已准入的事项，逾期没有足额拨付经费"),
    ]
    assert out.splitlines()[-1] == "6 项通报成立"


@needs_engine
def test_a_faulty_event_is_reported_at_its_place_and_the_others_count(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Each fault with its line and column; the exit code is 2, and the rest is watched."""
    path = tmp_path / "l.jsonl"
    path.write_text(
        '{"event": "started", "id": "s1", "at": "2019-09-01T00:00:00", "task": "t"}\n'
        '{"event": "started", "id": "s2", "at": "2019-09-01", "task": "t"}\n'
        "[1]\n"
        "{\n"
        '{"event": "started", "id": "s1", "at": "2019-09-01T00:00:01", "task": "t"}\n',
        encoding="utf-8",
    )
    code, out, err = watch(capsys, XICHENG, str(path), "--format", "json", "--lang", "en")
    assert code == 2
    assert [json.loads(line)["subject"] for line in out.splitlines()] == [{"event": "s1"}]
    heads = [line.removeprefix(f"{path}:") for line in err.splitlines() if line.startswith(str(path))]
    assert heads[0].startswith("2:34: error[A934]: `at` takes a moment from 1900 to 2199, to the second, such as")
    assert heads[1].startswith("3:1: error[A930]: an event must be a mapping of fields to values")
    assert heads[2].startswith("4:2: error[A901]")
    assert heads[3].startswith("5:22: error[A935]: another event with other content has the id `s1`")


@needs_engine
def test_an_empty_log_has_no_notices(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """No event is no fault."""
    (tmp_path / "l.jsonl").write_text("", encoding="utf-8")
    assert watch(capsys, XICHENG, str(tmp_path / "l.jsonl"), "--format", "json") == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--until", "soon"], "'soon' is not a day such as 2019-12-31 or a moment such as 2019-12-31T17:00:00"),
        (["--format", "xml"], "invalid choice"),
    ],
)
def test_a_wrong_option_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], says: str) -> None:
    """The call is wrong: exit code 2, and what was expected."""
    code, _, err = watch(capsys, XICHENG, EXAMPLE, *arguments)
    assert code == 2
    assert says in err


def environment() -> dict[str, str]:
    """This process's environment, its import path included."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@needs_engine
def test_a_growing_file_is_followed(tmp_path: Path) -> None:
    """With --follow each notice is printed when it is raised or revoked; half a line waits; Ctrl-C ends it."""
    path = tmp_path / "l.jsonl"
    path.write_text("", encoding="utf-8")
    command = [sys.executable, "-m", "admission", "watch", XICHENG, str(path), "--follow", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as following:
        assert following.stdout
        with path.open("a", encoding="utf-8") as file:
            file.write('{"event": "started", "id": "s", "at": "2019-09-01T00:00:00", ')
            file.flush()
            time.sleep(0.5)
            file.write('"task": "t"}\n')
            file.flush()
            raised = json.loads(following.stdout.readline())
            file.write('{"event": "withdrawn", "id": "w", "at": "2019-08-01T00:00:00", "withdraws": "s"}\n')
            file.flush()
            revoked = json.loads(following.stdout.readline())
        following.send_signal(signal.SIGINT)
        assert following.wait(timeout=30) == 0
    assert [(n["change"], n["watch"]) for n in (raised, revoked)] == [
        ("raised", "started_without_admission"),
        ("revoked", "started_without_admission"),
    ]


STARTED = '{{"event": "started", "id": "{0}", "at": "2019-09-01T00:00:00", "task": "t"}}\n'


@needs_engine
@pytest.mark.parametrize("how", ["renamed", "cut short"])
def test_a_file_that_is_replaced_or_cut_short_is_read_again(tmp_path: Path, how: str) -> None:
    """As logs rotate: what was written before is still read, then the new file from its start, and it is said so."""
    path = tmp_path / "l.jsonl"
    path.write_text(STARTED.format("first") + STARTED.format("second"), encoding="utf-8")
    command = [*(sys.executable, "-m", "admission", "watch", XICHENG), str(path), "--follow", "--format", "json"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment()}
    with subprocess.Popen([*command, "--lang", "en"], **pipes) as following:
        assert following.stdout
        told = [json.loads(following.stdout.readline()) for _ in range(2)]
        if how == "renamed":
            path.rename(tmp_path / "l.jsonl.1")
        path.write_text(STARTED.format("third"), encoding="utf-8")
        told.append(json.loads(following.stdout.readline()))
        following.send_signal(signal.SIGINT)
        _, said = following.communicate(timeout=30)
    assert following.returncode == 0
    assert [notice["subject"]["event"] for notice in told] == ["first", "second", "third"]
    assert said == f"note: {path} was replaced or cut short; it is read again from its start\n"


@needs_engine
def test_standard_input_is_followed_to_its_end() -> None:
    """A pipe can be followed: each change is printed as its event comes, and the end of the pipe ends the command."""
    command = [sys.executable, "-m", "admission", "watch", XICHENG, "-", "--follow", "--format", "json"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
    ) as following:
        assert following.stdin
        assert following.stdout
        for name in ("a", "b"):
            following.stdin.write(STARTED.format(name))
            following.stdin.flush()
            assert json.loads(following.stdout.readline())["subject"] == {"event": name}
        following.stdin.close()
        assert following.wait(timeout=30) == 0


@needs_engine
def test_until_does_not_go_with_follow(capsys: pytest.CaptureFixture[str]) -> None:
    """The clock of a file that grows moves with its events; it is said, not ignored."""
    code, out, err = watch(capsys, XICHENG, EXAMPLE, "--follow", "--until", "2019-12-31", "--lang", "en")
    assert (code, out) == (2, "")
    assert err == (
        "error[A908]: --until=2019-12-31T23:59:59+08:00 will not do: "
        "expected none with --follow, whose clock moves with the events\n"
    )


@needs_engine
def test_what_the_terminal_cannot_encode_is_still_json(tmp_path: Path) -> None:
    """Without UTF-8 the lines are JSON all the same: letters of every plane, halves of pairs, and Chinese."""
    path = tmp_path / "l.jsonl"
    name = "é任务😀\ud83d"
    path.write_text(STARTED.format(json.dumps(name)[1:-1]), encoding="utf-8")
    command = [sys.executable, "-m", "admission", "watch", XICHENG, str(path), "--format", "json"]
    for encoding in ("ascii", "gbk", "utf-8"):
        plain = {**environment(), "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        done = subprocess.run(command, capture_output=True, check=True, env=plain, timeout=60)
        assert json.loads(done.stdout.decode(encoding))["subject"] == {"event": name}


@needs_engine
def test_a_book_without_until_says_that_todays_policy_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Which policy of a book is taken depends on the day; the command takes today, and says so."""
    book = str(ROOT / "policies")
    code, _, err = watch(capsys, book, EXAMPLE, "--place", "beijing", "--lang", "en")
    assert code == 0
    assert re.fullmatch(r"note: no --until; the policy is today's, \d{4}-\d\d-\d\d\n", err)
    assert watch(capsys, book, EXAMPLE, "--place", "beijing", "--until", "2020-01-01", "--lang", "en")[2] == ""


HOSTILE = r"""
{"event":"started","id":"\ud800","at":"2019-09-01T00:00:00","task":"\ud800"}
{"event":"started","id":"a\u0000\u001b[31mb","at":"2019-09-01T00:00:00","task":"\u0000"}
{"event":"started","id":"x","at":"2019-09-01T00:00:00","task":NaN}
{"event":"started","id":"y","at":1e999,"task":"t"}
{"event":"funds_transferred","id":"q","at":"2019-09-01T00:00:00","task":"t","amount":1e400}
{"event":"funds_transferred","id":"q2","at":"2019-09-01T00:00:00","task":"t","amount":123456789012345678901234567890}
{"event":{"a":[]},"id":["x"],"at":{"b":1},"task":[],"\ud800":1}
{"event":"started","id":"s6","at":"2019-09-01T00:00:00","task":"t","actions":[[["enforce"]]]}
{"event":"started","id":"s7","at":"2019-09-01T00:00:00+99:99","task":"t"}
{"event":"withdrawn","id":"w8","at":"2019-09-01T00:00:00","withdraws":"w8"}
{"event":"started","id":"s9","event":"started","at":"2019-09-01T00:00:00","task":"t"}
"""


@needs_engine
@pytest.mark.parametrize("form", ["json", "table"])
def test_hostile_events_never_crash_the_command(tmp_path: Path, form: str) -> None:
    """Surrogates, nulls, escapes, infinities, giant numbers, deep nesting: faults are said, sound events count."""
    deep, long = '{"a":' * 5_000 + "1" + "}" * 5_000, '{"event":"started","id":"' + "é" * 20_000 + '"}'
    path = tmp_path / "l.jsonl"
    path.write_text(HOSTILE + deep + "\n" + long + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "admission", "watch", XICHENG, str(path), "--format", form]
    done = subprocess.run(command, capture_output=True, check=False, env=environment(), timeout=60)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    faulty = re.findall(rb"l\.jsonl:(\d+):\d+: error\[", done.stderr)
    assert {int(number) for number in faulty} == {*range(4, 15)}
    if form == "json":
        ids = [json.loads(line)["subject"]["event"] for line in done.stdout.splitlines()]
        assert ids == ["a\0\x1b[31mb", "\ud800"]
    else:
        assert b"\x1b" not in done.stdout


@needs_engine
def test_only_one_file_of_json_lines_is_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two files, none, or a file of another kind cannot be followed."""
    (tmp_path / "events.yaml").write_text("[]\n", encoding="utf-8")
    for files in (["-", EXAMPLE], [EXAMPLE, EXAMPLE], [str(tmp_path / "none")], [str(tmp_path / "events.yaml")]):
        code, _, err = watch(capsys, XICHENG, *files, "--follow")
        assert code == 2
        assert "error[A939]" in err


def test_without_the_engine_the_command_says_what_to_run() -> None:
    """Exit code 2 and one line, in the language asked for; never a traceback."""
    code = (
        "import sys; sys.modules['durable_rules_engine'] = None\n"
        f"from admission.cli import main; sys.exit(main(['watch', {XICHENG!r}, {EXAMPLE!r}, '--lang', 'zh']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment(), timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: 监督功能需要 durable-rules")
    assert done.stderr.endswith(f"请运行：{what_to_run()}\n")
