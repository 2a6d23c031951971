"""The command line as its users meet it: output, exit codes, and bad calls."""

import io
import json
from pathlib import Path

import pytest

from admission.cli import main
from small import SMALL, write

PACKS = Path(__file__).parents[1] / "policies"
BEIJING = str(PACKS / "beijing")


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts from an English locale."""
    for variable in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call."""
    code = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def tasks(tmp_path: Path, text: str, name: str = "t.yaml") -> Path:
    """A file of tasks."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_decide_prints_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A table lines up with Chinese text in it, and ends with the counts."""
    path = tasks(tmp_path, "- {id: a, nature: market_service}\n- {id: 某某, nature: department_duty}\n- {}\n")
    code, out, err = run(capsys, "decide", BEIJING, path, "--as-of", "2019-08-03", "--lang", "zh")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["编号", "结论", "去向", "理由"]
    assert lines[3].startswith("某某  ")
    assert lines[2].startswith("a     ")
    assert lines[-1].startswith("3：")


def test_decide_prints_json_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`--format json` prints one object a line, with the documented keys first."""
    path = tasks(tmp_path, '{"id": "t1", "nature": "market_service"}\n{"nature": "assistance"}\n', "t.jsonl")
    code, out, _ = run(capsys, "decide", BEIJING, path, "--as-of", "2019-08-03", "--format", "json")
    first, second = map(json.loads, out.splitlines())
    assert (code, first["id"], second["id"]) == (0, "t1", "2")
    assert list(first)[:10] == [
        *("id", "verdict", "channel", "violations", "missing"),
        *("obligations", "assumed", "policy", "version", "as_of"),
    ]


def test_good_tasks_are_decided_beside_bad_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A bad task is listed with its line, the good ones are decided, and the exit code is 2."""
    path = tasks(tmp_path, "- {nature: market_service}\n- {nature: market_servic}\n- {nature: department_duty}\n")
    code, out, err = run(capsys, "decide", BEIJING, path, "--as-of", "2019-08-03", "--format", "json")
    assert code == 2
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["1", "3"]
    assert err.splitlines()[0].startswith(f"{path}:2:12: error[A913]: `nature` has no value `market_servic`")
    assert err.splitlines()[-1] == "  = help: did you mean `market_service`?"


def test_today_is_taken_and_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where neither task nor call gives a day, today is taken, and stderr says so."""
    code, _, err = run(capsys, "decide", BEIJING, tasks(tmp_path, "- {nature: market_service}\n"))
    assert code == 0
    assert err.startswith("note: 1 task(s) give no as_of; decided as of today, ")


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input."""

    class Stdin:
        buffer = io.BytesIO(b"nature,as_of\nmarket_service,2019-08-03\n")

    monkeypatch.setattr("sys.stdin", Stdin)
    code, out, err = run(capsys, "decide", BEIJING, "-", "--format", "json")
    assert (code, err, json.loads(out)["channel"]) == (0, "", "purchase")


def test_a_book_picks_for_each_task(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With a book, each task is decided by the policy in force on its own day; a day without one is reported."""
    lines = [f"- {{nature: market_service, as_of: {day}}}" for day in ("2018-12-31", "2019-01-01", "2017-01-01", "x")]
    code, out, err = run(
        capsys, "decide", PACKS, tasks(tmp_path, "\n".join(lines)), "--place", "xicheng", "--format", "json"
    )
    assert [json.loads(line)["policy"] for line in out.splitlines()] == ["china", "xicheng"]
    assert code == 2
    assert [line.split(": ")[1] for line in err.splitlines() if "error" in line] == ["error[A608]", "error[A911]"]


def test_a_book_needs_a_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A book decides by `--place` and `--as-of`; without a place it says which there are."""
    path = tasks(tmp_path, "- {nature: market_service}\n")
    code, out, _ = run(capsys, "decide", PACKS, path, "--place", "xicheng", "--as-of", "2019-08-03", "--format", "json")
    assert (code, json.loads(out)["policy"]) == (0, "xicheng")
    code, out, err = run(capsys, "decide", PACKS, path)
    assert (code, out) == (2, "")
    assert "the book has: beijing, china, xicheng" in err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("decide",),
        ("decide", "nowhere", "t.yaml"),
        ("decide", BEIJING, "nowhere.yaml"),
        ("decide", BEIJING, "nowhere.yaml", "--as-of", "2019-02-30"),
        ("decide", BEIJING, "nowhere.yaml", "--lang", "fr"),
        ("explain", BEIJING, "nowhere.yaml"),
        ("check", "nowhere"),
        ("test", "nowhere"),
        ("schema", "nowhere"),
        ("new", BEIJING),
    ],
)
def test_a_wrong_call_exits_with_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """A wrong call says what is wrong on stderr and exits with 2, without a traceback."""
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["decide", "explain", "check", "test", "schema", "new"])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    """`--help` of every command ends with an example of that command."""
    code, out, err = run(capsys, command, "--help")
    assert (code, err) == (0, "")
    assert f"example: admission {command} " in out


def test_check_reports_every_fault_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`check` reports all faults at once, sorted by place, each with source line, caret and help.

    A misspelt key is said once: what stands under it is read as what was meant.
    """
    text = SMALL.replace("funds >= cost", "fund >= cost").replace("urgent: {type: bool,", "urgent: {typ: boolean,")
    folder = write(tmp_path / "small", text)
    code, out, err = run(capsys, "check", folder)
    assert (code, out) == (2, "")
    at = f"{folder}/policy.yaml"
    heads = [line for line in err.splitlines() if line.startswith(at)]
    assert [head.split(": ")[1] for head in heads] == ["error[A213]", "error[A401]", "error[A400]"]
    assert "  = help: did you mean `funds`? a name is a fact, parameter, definition or enum value" in err


def test_check_of_the_shipped_policies(capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped policies have nothing to complain of."""
    assert run(capsys, "check", PACKS, "--seconds", "60") == (0, "3 checked, nothing to complain of\n", "")


def test_check_speaks_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`check --format json` prints one diagnostic a line, in both languages."""
    folder = write(tmp_path / "small", SMALL.replace("funds >= cost", "funds >= coast"))
    code, out, _ = run(capsys, "check", folder, "--format", "json")
    (found,) = map(json.loads, out.splitlines())
    assert code == 2
    assert (found["code"], found["severity"], found["message"]) == ("A400", "error", "unknown name `coast`")
    assert found["message_zh"] == "未知的名称 `coast`"


def test_explain_says_why_and_what_to_ask(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`explain` prints the evaluation, the law, the remedy and the next question."""
    path = tasks(tmp_path, "- {id: a, nature: assistance, plan_status: not_listed}\n- {id: b}\n")
    code, out, _ = run(capsys, "explain", BEIJING, path, "--id", "a", "--as-of", "2019-08-03")
    assert code == 0
    assert "✗ violated [listed]" in out
    assert "    ✗ plan_status in {annual_plan, adhoc_approved}" in out
    assert "what would help: " in out
    code, out, _ = run(capsys, "explain", BEIJING, path, "--id", "b", "--as-of", "2019-08-03", "--lang", "zh")
    assert (code, out.splitlines()[-1].startswith("先问: [nature] ")) == (0, True)
    code, _, err = run(capsys, "explain", BEIJING, path, "--as-of", "2019-08-03")
    assert (code, "the file has: a, b" in err) == (2, True)
    code, _, err = run(capsys, "explain", BEIJING, path, "--id", "c", "--as-of", "2019-08-03")
    assert (code, "no task with the id `c`" in err) == (2, True)


def test_explain_speaks_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`explain --format json` prints the tree, with every value read."""
    path = tasks(tmp_path, "- {nature: assistance, plan_status: not_listed}\n")
    code, out, _ = run(capsys, "explain", BEIJING, path, "--as-of", "2019-08-03", "--format", "json")
    said = json.loads(out)
    assert (code, said["decision"]["violations"]) == (0, ["listed"])
    assert said["steps"][0]["rule"] == "community"


def test_a_failing_case_shows_expected_and_got(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`test` shows what was expected and got, and the explanation, and exits with 1."""
    cases = "- {id: c, as_of: 2019-08-03, task: {kind: help, cost: 5}, expect: {verdict: admit, missing: []}}\n"
    folder = write(tmp_path / "small", cases__c_yaml=cases)
    code, out, _ = run(capsys, "test", folder)
    assert code == 1
    assert '    expected: "admit"\n    got: "refuse"\n' in out
    assert "✗ violated [funded]" in out
    assert out.endswith("0 passed, 1 failed\n")


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        ("- {id: c, task: {}, expect: {verdict: admit}}", "A209"),
        ("- {id: c, as_of: 2019-08-03, task: {knd: help}, expect: {verdict: admit}}", "A910"),
        ("- {id: c, as_of: 2019-08-03, task: {}, expect: {verdit: admit}}", "A925"),
        ("- {id: c, as_of: 2019-08-03, task: {}, expect: {verdict: admitt}}", "A913"),
        ("- {id: c, as_of: 2019-08-03, task: {}, expect: {verdict: [admit]}}", "A913"),
        ("- {id: c, as_of: 2019-08-03, task: {}, expect: {verdict: null}}", "A913"),
        ("- {id: c, as_of: 2019-08-03, task: {}, expect: {}}", "A201"),
        ("- {id: c, as_of: 2019-08-03, tsk: {}, expect: {verdict: admit}}", "A213"),
        ("{}", "A120"),
        ("- 5", "A201"),
        ("- &a {id: c}", "A109"),
        ("", "A104"),
    ],
)
def test_a_faulty_case_file_exits_with_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, cases: str, code: str
) -> None:
    """A case that cannot be read is a fault at its line, and the exit code is 2."""
    folder = write(tmp_path / "small", cases__c_yaml=cases)
    exit_code, _, err = run(capsys, "test", folder)
    assert (exit_code, f"error[{code}]" in err) == (2, True)


def test_new_writes_a_policy_that_passes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """`new` asks nothing and writes a policy that passes check and test; it overwrites nothing."""
    folder = tmp_path / "mine"
    assert run(capsys, "new", folder)[0] == 0
    assert run(capsys, "check", folder, "--deny-warnings")[0] == 0
    code, out, _ = run(capsys, "test", folder)
    assert (code, out) == (0, "8 passed, 0 failed\n")
    assert run(capsys, "test", folder, "--fail-under", "100")[0] == 0
    assert "policy: mine" in (folder / "policy.yaml").read_text(encoding="utf-8")
    assert run(capsys, "new", folder)[0] == 2


def test_schema_is_json_schema_of_a_task(capsys: pytest.CaptureFixture[str]) -> None:
    """`schema` prints a JSON Schema with a property for each fact."""
    code, out, _ = run(capsys, "schema", BEIJING)
    properties = json.loads(out)["properties"]
    assert code == 0
    assert properties["nature"]["anyOf"][0]["enum"][0] == "self_governance"
    assert {"id", "as_of", "cost", "actions"} <= set(properties)


def test_the_locale_chooses_the_language(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The language is the locale's where --lang does not say it."""
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert run(capsys, "check", PACKS, "--no-proofs")[1] == "3 份规则，没有问题\n"
