"""Decisions in bulk: bad files are said in a line, and nothing is ever half-written."""

import gzip
import io
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import cast

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest

from admission.bulk import batches
from admission.cli.terminal import Gauge
from admission.diagnostics import InputError
from bulk_rows import BEIJING, DAY, PACKS, Row, batch, frame, random_rows, rejects_of, write_csv, write_json_lines


def unchanged(out: Path) -> bool:
    """Whether the old decisions are still there, and nothing lies beside them."""
    beside = [path for path in out.parent.iterdir() if path.name.startswith((".", "out."))]
    return out.read_bytes() == b"old" and beside == [out]


def kept(tmp_path: Path, name: str = "out.parquet") -> Path:
    """A file of decisions of an earlier run."""
    out = tmp_path / name
    out.write_bytes(b"old")
    return out


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_truncated_parquet_file(share: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Parquet file that lacks its end is said to be damaged, and nothing is written."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 2000)).write_parquet(source)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * share)])
    code, _, err = batch(capsys, PACKS / "beijing", source, out)
    assert code == 2
    assert err.startswith(f"{source}:1:1: error[A940]: `{source}` cannot be read to its end: ")
    assert "Traceback" not in err
    assert unchanged(out)


def test_parquet_damaged_in_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A Parquet file whose pages are damaged is found out while it is read, and nothing is written."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 20_000)).write_parquet(source, compression="zstd", row_group_size=5000)
    whole = bytearray(source.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 4096] = bytes(4096)
    source.write_bytes(whole)
    code, _, err = batch(capsys, PACKS / "beijing", source, out)
    assert (code, err.count("error[A940]")) == (2, 1)
    assert unchanged(out)


def test_a_truncated_gz_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A compressed CSV or JSON Lines file that lacks its end is said to be damaged."""
    rows = random_rows("beijing", 3000)
    table = write_csv(tmp_path / "in.csv.gz", rows, list(BEIJING.sql_columns()))
    lines = tmp_path / "in.jsonl.gz"
    lines.write_bytes(gzip.compress(write_json_lines(tmp_path / "in.jsonl", rows).read_bytes()))
    out = kept(tmp_path)
    for source in (table, lines):
        source.write_bytes(source.read_bytes()[:-4000])
        code, _, err = batch(capsys, PACKS / "beijing", source, out)
        assert (code, err.count("error[A940]")) == (2, 1)
        assert unchanged(out)


def test_a_byte_order_mark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A mark at the start of a CSV file is said, as `decide` says it, and every row is decided."""
    source = write_csv(tmp_path / "in.csv", [{"id": "a", "nature": "market_service"}], ["id", "nature"])
    source.write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv", "--as-of", "2019-08-03")
    assert code == 2
    assert err.splitlines()[0] == f"{source}:1:1: error[A905]: the file begins with a byte-order mark"
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1].startswith("a,redirect,purchase,")


def test_text_that_is_not_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV file in another encoding is refused with the line, and nothing is written."""
    source, out = tmp_path / "in.csv", kept(tmp_path)
    source.write_bytes("id,title\n1,ok\n2,某局\n".encode("gbk"))
    code, _, err = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
    assert (code, err.splitlines()[0]) == (2, f"{source}:3:1: error[A103]: `{source}` is not UTF-8 text at line 3")
    assert unchanged(out)


def test_rows_of_another_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A CSV row with cells too many or too few is refused, and the others keep their places."""
    source = tmp_path / "in.csv"
    source.write_text("nature,title\nmarket_service,a\nmarket_service\nmarket_service,a,\ndepartment_duty,b\n", "utf-8")
    out = tmp_path / "out.parquet"
    assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")[0] == 2
    rejects = rejects_of(tmp_path / "out.parquet.rejects.jsonl")
    assert [(reject["row"], reject["faults"][0]["code"]) for reject in rejects] == [(2, "A512"), (3, "A512")]
    assert pl.read_parquet(out)["id"].to_list() == ["1", "4"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_wrong_value_far_down(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One wrong value late in a large file costs that row alone, and is named by its row."""
    bad, good = 250_003, "t,market_service,1\n"
    text = "id,nature,forms\n" + good * (bad - 1) + "wrong,market_service,one\n" + good
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, "utf-8")
    if kind == "parquet":
        forms = [1] * (bad - 1) + [-1, 1]
        table = pl.DataFrame({"id": ["t"] * (bad + 1), "nature": ["market_service"] * (bad + 1), "forms": forms})
        source = tmp_path / "in.parquet"
        table.write_parquet(source)
    code, said, err = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
    assert (code, said) == (2, f"250,003 task(s) decided: {out}\n")
    assert err.splitlines()[0].startswith(f"{source}: row 250003")
    (reject,) = rejects_of(tmp_path / "out.csv.rejects.jsonl")
    assert reject["row"] == bad
    with out.open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) == bad + 1


@pytest.mark.parametrize(
    ("given", "name", "full"),
    [
        ("in.parquet", "out.parquet", "out.parquet"),
        ("in.parquet", "out.csv", "temporary/admission-"),
        ("in.csv", "out.parquet", "temporary/admission-"),
        ("-", "out.parquet", "temporary/admission-"),
    ],
)
def test_a_disk_that_is_full(given: str, name: str, full: str, tmp_path: Path) -> None:
    """Where the decisions cannot be written whole they are not written, and stderr says which disk is full."""
    source, out, temporary = tmp_path / given, kept(tmp_path, name), tmp_path / "temporary"
    temporary.mkdir()
    rows = random_rows("beijing", 5000)
    if given != "in.parquet":
        write_csv(source, rows, sorted({name for row in rows for name in row}))
    else:
        frame(BEIJING, rows).write_parquet(source)

    read = ["-", "--input-format", "csv"] if given == "-" else [source]

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [sys.executable, "-m", "admission", "batch", PACKS / "beijing", *read, out, "--lang", "en"],
        input=source.read_bytes() if given == "-" else b"",
        capture_output=True,
        check=False,
        preexec_fn=fill,
        timeout=120,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    said = done.stderr.decode()
    assert done.returncode == 2
    assert f"error[A944]: cannot write `{tmp_path / full}" in said
    assert "nothing was written; check the path, its permissions and the space on the disk" in said
    assert unchanged(out)
    assert not any(temporary.iterdir())


def test_a_file_is_not_read_and_written_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OUT, IN and the side file are three files, by whatever names they go."""
    source = write_csv(tmp_path / "in.csv", [{"id": "a"}], ["id", "nature"])
    link = tmp_path / "link.csv"
    link.symlink_to(source)
    before = source.read_bytes()
    for arguments in ([source, source], [source, link], [source, tmp_path / "o.csv", "--rejects", source]):
        code, _, err = batch(capsys, PACKS / "beijing", *arguments)
        assert (code, "error[A945]" in err) == (2, True)
    code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "o.csv", "--rejects", tmp_path / "o.csv")
    assert (code, "error[A945]" in err) == (2, True)
    assert source.read_bytes() == before


@pytest.mark.parametrize(
    ("source", "out", "code"),
    [
        ("none.parquet", "out.csv", "A101"),
        ("in.csv", "no/out.csv", "A944"),
        ("in.csv", "out.xlsx", "A941"),
        ("in.csv", "out", "A941"),
        ("in.txt", "out.csv", "A941"),
        ("in.parquet.gz", "out.csv", "A941"),
        ("in.gz", "out.csv", "A941"),
        ("in.csv", "out.parquet.gz", "A941"),
        ("in.csv", ".gz", "A941"),
        ("empty.csv", "out.csv", "A927"),
        ("twice.csv", "out.csv", "A510"),
        ("foreign.csv", "out.csv", "A910"),
        ("cases.csv", "out.csv", "A910"),
        ("semicolons.csv", "out.csv", "A910"),
        ("pipe.parquet", "pipe.csv", "A944"),
        ("folder.csv", "out.csv", "A101"),
        ("in.csv", "folder.csv", "A944"),
        ("text.parquet", "out.csv", "A940"),
        ("text.arrow", "out.csv", "A940"),
    ],
)
def test_files_that_cannot_be_used(
    source: str, out: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is said in a line with its code, and nothing is written."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, text in {
        "in.csv": "id,nature\n1,market_service\n",
        "in.txt": "",
        "in.parquet.gz": "",
        "in.gz": "",
        "empty.csv": "",
        "twice.csv": "id,id\n1,2\n",
        "foreign.csv": "id,natur\n1,2\n",
        "cases.csv": "id,nature,Nature\n1,assistance,2\n",
        "semicolons.csv": "id;nature\n1;assistance\n",
        "text.parquet": "x" * 100,
        "text.arrow": "x" * 100,
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    before = sorted(tmp_path.iterdir())
    exit_code, _, err = batch(capsys, PACKS / "beijing", tmp_path / source, tmp_path / out, "--as-of", "2019-08-03")
    assert (exit_code, err.count(f"error[{code}]")) == (2, 1)
    assert sorted(tmp_path.iterdir()) == before


HOSTILE = ['a"b', "a'b", "a;b--", "[x]*?", "${HOME}", "%s", "a\\b", "长 名", "x=1"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_names_and_nothing_else(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quotes, wildcards and whatever else a path holds name one file."""
    folder = tmp_path / name
    folder.mkdir()
    for kind in ("parquet", "csv"):
        source, out = folder / f"in {name}.{kind}", folder / f"out {name}.{kind}"
        rows: list[Row] = [{"id": name, "title": name, "nature": "market_service"}, {"id": "2", "nature": name}]
        if kind == "csv":
            write_csv(source, rows, ["id", "title", "nature"])
        else:
            pl.DataFrame(rows).write_parquet(source)
        assert batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03", "--summary")[0] == 2
        read = pl.read_csv if kind == "csv" else pl.read_parquet
        found = read(io.BytesIO(out.read_bytes()))
        assert found["id"].to_list() == [name]
        (reject,) = rejects_of(folder / f"{out.name}.rejects.jsonl")
        assert reject["row"] == 2


def test_names_in_a_policy_are_names_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hostile column, value or id is compared as it is; a column of no fact is refused whatever it is called."""
    for name in HOSTILE:
        table = pl.DataFrame({name: ["x"], "nature": ["market_service"]})
        with pytest.raises(InputError) as raised:
            BEIJING.decide_table(table, as_of=DAY)
        assert [one.data["fact"] for one in raised.value.diagnostics] == [name]
        source = tmp_path / "in.csv"
        write_csv(source, [{name: "x", "nature": "market_service"}], [name, "nature"])
        code, _, err = batch(capsys, PACKS / "beijing", source, tmp_path / "out.csv", "--as-of", "2019-08-03")
        assert (code, err.count("error[A910]")) == (2, 1)


@pytest.mark.parametrize("way", ["pipe", "stdin"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "arrow"])
def test_a_pipe_is_read_whole(
    way: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes out of a pipe, or of stdin by the name `-`, is decided as the same file is."""
    rows: list[Row] = [{"id": str(place), "nature": "market_service"} for place in range(50)]
    source, pipe, out = tmp_path / f"in.{kind}", tmp_path / f"pipe.{kind}", tmp_path / "out.csv"
    write_rows(source, rows)
    given = source.read_bytes()
    arguments = ("--as-of", "2019-08-03", "--input-format", kind)
    if way == "stdin":
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
        code, said, _ = batch(capsys, PACKS / "beijing", "-", out, *arguments)
    else:
        os.mkfifo(pipe)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(pipe.write_bytes, given)
            code, said, _ = batch(capsys, PACKS / "beijing", pipe, out, *arguments)
    assert (code, said) == (0, f"50 task(s) decided: {out}\n")
    assert pl.read_csv(out, infer_schema=False)["id"].to_list() == [row["id"] for row in rows]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Rows as a file of the kind that its ending says."""
    table = pl.DataFrame(rows)
    match path.suffix:
        case ".csv":
            table.write_csv(path)
        case ".jsonl":
            table.write_ndjson(path)
        case ".parquet":
            table.write_parquet(path)
        case ".arrow":
            table.write_ipc(path)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_rejects_are_said_though_nothing_is_left(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where every row is refused, each is told why; a table without a row is decided, as a row less is."""
    source, out = tmp_path / f"in.{kind}", tmp_path / "out.csv"
    write_rows(source, [{"id": "b", "nature": "bad", "as_of": "2019-08-03" if kind != "parquet" else DAY}])
    code, said, err = batch(capsys, PACKS / "beijing", source, out)
    assert (code, said, err.count("error[A913]"), err.count("error[")) == (2, f"0 task(s) decided: {out}\n", 1, 1)
    assert [reject["row"] for reject in rejects_of(tmp_path / "out.csv.rejects.jsonl")] == [1]
    if kind == "jsonl":
        return  # a file without a line is said to be empty
    nothing = pl.DataFrame(schema={"id": pl.String, "nature": pl.String})
    nothing.write_csv(source) if kind == "csv" else nothing.write_parquet(source)
    assert batch(capsys, PACKS / "beijing", source, out)[:2] == (0, f"0 task(s) decided: {out}\n")
    assert not (tmp_path / "out.csv.rejects.jsonl").exists()


def test_a_link_stays_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Decisions go into the file that a link leads to; a device is no file, and is left as it is."""
    source, real, link = tmp_path / "in.csv", tmp_path / "real" / "out.csv", tmp_path / "out.csv"
    real.parent.mkdir()
    real.write_text("old", "utf-8")
    link.symlink_to(real)
    write_rows(source, [{"id": "a", "nature": "market_service"}])
    arguments = (PACKS / "beijing", source, link, "--as-of", "2019-08-03")
    assert batch(capsys, *arguments)[0] == 0
    assert (link.readlink(), real.read_text("utf-8").startswith("id,verdict")) == (real, True)
    code, _, err = batch(capsys, *arguments, "--rejects", "/dev/null")
    assert (code, err.splitlines()[0]) == (
        2,
        "/dev/null:1:1: error[A944]: cannot write `/dev/null`: Not a regular file",
    )


def test_the_side_file_is_there_only_for_rejects(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run without rejects leaves no side file, not even that of an earlier run; `--rejects` names it."""
    side, out = tmp_path / "bad.jsonl", tmp_path / "out.csv"
    for nature, code in (("nothing", 2), ("market_service", 0)):
        source = write_csv(tmp_path / "in.csv", [{"id": "a", "nature": nature}], ["id", "nature"])
        arguments = (PACKS / "beijing", source, out, "--as-of", "2019-08-03", "--rejects", side)
        assert batch(capsys, *arguments)[0] == code
        assert side.exists() == (code == 2)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Two million tasks are decided by a process that never holds 1 GiB; what its parent held does not count."""
    source = tmp_path / "in.parquet"
    query = """
        SELECT 't' || i AS id, ['assistance', 'market_service'][1 + i % 2] AS nature, i::DECIMAL(18, 2) AS cost
        FROM range(2000000) r(i)
    """
    duckdb.execute(f"COPY ({query}) TO '{source}'")
    code = (
        "import sys; from admission.cli import main; main(sys.argv[1:]);"
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    arguments = ["batch", PACKS / "beijing", source, tmp_path / "out.parquet", "--as-of", "2019-08-03"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout.splitlines()[-1]) < 1024 * 1024  # KiB


def test_pandas_is_left_alone(tmp_path: Path) -> None:
    """A table is decided and written without importing pandas, which would take longer than the table does."""
    source = tmp_path / "in.parquet"
    duckdb.execute(f"COPY (SELECT 't1' AS id, 'assistance' AS nature) TO '{source}'")
    code = "import sys; from admission.cli import main; main(sys.argv[1:]); print('pandas' in sys.modules)"
    arguments = ["batch", PACKS / "beijing", source, tmp_path / "out.parquet", "--as-of", "2019-08-03"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a second the share, the rate and the time left are shown; the line is taken away at the end."""
    clock = iter([0.0, 0.5, 10.0, 10.0, 10.2, 40.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr", Terminal())
    gauge = Gauge("tasks", 1000)
    for share in (0.1, 0.25, 0.1, 0.5):  # the third begins another piece of work, at 10 s
        gauge(share)
    gauge.close()
    shown = cast("Terminal", sys.stderr).getvalue().split("\r\033[K")
    assert shown == [
        "",
        "[#####...............] 25% 250 tasks, 25/s, 0:30 left",
        "[##########..........] 50% 500 tasks, 17/s, 0:30 left",
        "",
    ]


def test_progress_is_not_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or pipe gets no progress."""
    clock = iter([0.0, 10.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr", io.StringIO())
    gauge = Gauge("tasks")
    gauge(0.5)
    gauge.close()
    assert cast("io.StringIO", sys.stderr).getvalue() == ""


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """The key does what it does in a program of its own: a Spark started by another test answers it otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_run_whatever_a_library_makes_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library that raises something else once it was interrupted, or goes on to the end, does not hide the key."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 20)).write_parquet(source)
    close = pq.ParquetWriter.close

    def interrupted(self: pq.ParquetWriter) -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        close(self)

    def panicking(self: pq.ParquetWriter) -> None:
        interrupted(self)
        raise pl.exceptions.PanicException

    for way in (interrupted, panicking):
        with monkeypatch.context() as patch:
            patch.setattr(pq.ParquetWriter, "close", way)
            code, said, _ = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
        assert (code, said, unchanged(out)) == (130, "", True)
        assert {path.name for path in tmp_path.iterdir()} == {"in.parquet", "out.parquet"}


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_run_though_a_library_swallows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt that is lost inside a library ends the run before the next batch; nothing is left."""
    monkeypatch.setattr(batches, "ROWS", 100)
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    frame(BEIJING, random_rows("beijing", 2000)).write_parquet(source, row_group_size=100)
    write_batch, written = pq.ParquetWriter.write_batch, []

    def swallowing(self: pq.ParquetWriter, *given: object, **options: object) -> None:
        written.append(1)
        if len(written) == 2:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        write_batch(self, *given, **options)

    monkeypatch.setattr(pq.ParquetWriter, "write_batch", swallowing)
    code, said, _ = batch(capsys, PACKS / "beijing", source, out, "--as-of", "2019-08-03")
    assert (code, said, unchanged(out)) == (130, "", True)
    assert len(written) < 5
    assert {path.name for path in tmp_path.iterdir()} == {"in.parquet", "out.parquet"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    """A run that is interrupted leaves the old file, and no other."""
    source, out = tmp_path / "in.parquet", kept(tmp_path)
    duckdb.execute(f"COPY (SELECT 'assistance' AS nature, i AS cost FROM range(20000000) r(i)) TO '{source}'")  # noqa: S608
    spool = tmp_path / "spool"
    spool.mkdir()
    command = [sys.executable, "-m", "admission", "batch", PACKS / "beijing", source, out, "--as-of", "2019-08-03"]
    running = subprocess.Popen(
        list(map(str, command)), env={**os.environ, "TMPDIR": str(spool)}, stderr=subprocess.PIPE
    )
    while not any(path.name.startswith(".out") for path in tmp_path.iterdir()):
        time.sleep(0.05)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, b"Traceback" in err) == (130, False)
    assert unchanged(out)
    assert list(spool.iterdir()) == []
