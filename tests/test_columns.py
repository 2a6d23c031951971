"""Decisions in columns: three-valued logic, the numbering of what occurs, wide sets, rows of every kind together."""

import itertools
import random
import struct
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any
from unittest import mock

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import admission
from admission.backends.columns import Decider, encoding, kleene, look_ups, numbering
from admission.backends.columns.judgement import MOST_TABLES, Bench
from admission.bulk import batches, stream
from admission.diagnostics import TaskError
from admission.testing import policies, tasks
from bulk_rows import BEIJING, DAY, PACKS, Row, batch, decided, frame, random_rows, rejects_of, without_open
from profiles import examples
from small import HEAD, write
from sql_engines import duckdb_engine, in_lists

ANSWERS = (True, False, None)
LISTS = pl.List(pl.String)


def truths(answers: Sequence[bool | None]) -> Iterator[list[kleene.Truth]]:
    """The same answers as columns and as single values, each mix of the two."""
    for are_columns in itertools.product((True, False), repeat=len(answers)):
        yield [
            pl.Series([answer], dtype=pl.Boolean) if is_column else answer
            for answer, is_column in zip(answers, are_columns, strict=True)
        ]


def answer_of(truth: kleene.Truth) -> bool | None:
    """What a truth says of its one row."""
    found = truth[0] if isinstance(truth, pl.Series) else truth
    assert found is None or isinstance(found, bool)
    return found


@pytest.mark.parametrize("answers", list(itertools.product(ANSWERS, repeat=3)), ids=str)
def test_logic_is_that_of_kleene(answers: tuple[bool | None, ...]) -> None:
    """`and` is false where one is false, else unknown where one is; `or` the reverse; a single value is as a column."""
    both = False if False in answers else None if None in answers else True
    either = True if True in answers else None if None in answers else False
    for given_truths in truths(answers):
        assert answer_of(kleene.all_of(given_truths)) is both
        assert answer_of(kleene.any_of(given_truths)) is either
        first = given_truths[0]
        assert answer_of(kleene.negated(first)) is (None if answers[0] is None else not answers[0])
        assert answer_of(kleene.is_unknown(first)) is (answers[0] is None)
        assert answer_of(kleene.is_true(first)) is (answers[0] is True)
        assert answer_of(kleene.is_false(first)) is (answers[0] is False)


def test_of_nothing() -> None:
    """All of nothing is true, any of nothing false."""
    assert kleene.all_of([]) is True
    assert kleene.any_of([]) is False


@given(st.integers(0, 20).flatmap(lambda width: st.lists(st.tuples(*[st.booleans()] * width), min_size=1)), st.data())
def test_rows_have_one_number_where_they_agree(rows: list[tuple[bool, ...]], data: st.DataObject) -> None:
    """Two rows have one number just where all conditions agree; numbers have no gaps, and each tells its conditions."""
    width, height = len(rows[0]), len(rows)
    columns = [pl.Series([row[place] for row in rows], dtype=pl.Boolean) for place in range(width)]
    cut = data.draw(st.integers(0, width))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "MOST_CODES", data.draw(st.sampled_from([4, 1 << 18])))
        before = numbering.numbered(columns[:cut], height)
        found = numbering.numbered(columns[cut:], height, before)
    numbers = found.of.to_list()
    assert sorted(set(numbers)) == list(range(len(set(rows)))) == sorted(range(len(found.keys)))
    bits = ["".join("01"[holds] for holds in row) for row in rows]
    assert [found.keys[number] for number in numbers] == [int(held or "0", 2) for held in bits]
    firsts = [numbers.index(number) for number in range(len(found.keys))]
    assert firsts == sorted(firsts) == [rows.index(row) for row in dict.fromkeys(rows)]


WIDE = """\
facts:
  held:
    type: set
    values: {{{values}}}
    zh: 有
    en: held
    ask: {{zh: 有什么？, en: What is held?}}
  one:
    type: enum
    values: {{{values}}}
    zh: 一
    en: one
    ask: {{zh: 哪一个？, en: Which one?}}
channels:
  here: {{outcome: admit, zh: 这里, en: here}}
routes:
  to_here: {{to: here, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}
requirements:
  has: {{for: [here], require: one in held, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}
  few: {{for: [here], require: count(held) <= 3, reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}
  within: {{for: [here], require: "held <= {{{some}}}", reason: {{zh: 甲, en: a}}, own: {{zh: 自, en: own}}}}
"""


def test_sets_of_more_values_than_a_word_has_bits(tmp_path: Path) -> None:
    """A set may have any number of values: 130 take three words, and each is told from every other."""
    names = [f"v{number}" for number in range(130)]
    policy = admission.load(write(tmp_path, HEAD + WIDE.format(values=labels(names), some=", ".join(names[:100]))))
    rng = random.Random(3)  # noqa: S311 - tasks, not secrets
    rows: list[Row] = [{"held": [name], "one": name} for name in names]
    rows += [{"held": rng.sample(names, rng.randrange(6)), "one": rng.choice(names)} for _ in range(200)]
    rows += [
        {"held": None, "one": names[0]},
        {"held": None, "one": None},
        {"held": [], "one": None},
        {"held": names, "one": names[129]},
    ]
    found = policy.decide_table(frame(policy, rows), as_of=DAY)
    assert without_open(found.to_dicts()) == decided(policy, rows, DAY)
    twice = frame(policy, [{"held": [names[129]] * 2}, {"held": [names[63], names[1]]}])
    assert [reject.row for reject in policy.decide_table(twice, as_of=DAY, rejects="keep").rejects] == [1]


DIGITS = str.maketrans("0123456789", "jabcdefghi")
TOLD_APART = [f"{place**2 % 97:02}".translate(DIGITS) * (2 + place % 5) for place in range(36)]
ALIKE = [*TOLD_APART, "whole_week_a", "whole_week_b"]
MANY = [f"v{number}" for number in range(60)]


@pytest.mark.parametrize("names", [TOLD_APART, ALIKE, MANY], ids=["told apart", "two begin alike", "many"])
@pytest.mark.parametrize("common", [0, 3])
def test_texts_are_the_values_that_they_are(names: list[str], common: int, tmp_path: Path) -> None:
    """A text is one value or none, however alike the values are, and however rare: nothing is taken for its like."""
    policy = admission.load(
        write(tmp_path, HEAD + WIDE.format(values=labels(names), some=", ".join(names[: len(names) // 2])))
    )
    rng = random.Random(common)  # noqa: S311 - tasks, not secrets
    wrong = [names[-1] + "x", names[-1][:-1] + "x", names[0].upper(), "", "长长长长"]
    rows: list[Row] = []
    for place in range(400):
        held: list[Any] | None = rng.choices(names, k=rng.randrange(4))
        one = names[common] if rng.random() < 0.85 else rng.choice([*names, None])
        if place % 19 == 7:
            held = rng.choice(
                [None, [], [names[1], names[1]], [names[2], rng.choice(wrong)], [None], [rng.choice(wrong)]]
            )
        if place % 23 == 11:
            one = rng.choice(wrong)
        rows.append({"id": str(place), "held": held, "one": one})
    expected, refused = one_by_one(policy, [row | {"as_of": DAY} for row in rows])
    assert len(refused) > 20
    table = frame(policy, [{"held": names}, *rows])
    found = policy.decide_table(table.slice(1), as_of=DAY, rejects="keep")
    assert [(one.row, [fault.code for fault in one.faults]) for one in found.rejects] == refused
    assert without_open(found.to_dicts()) == expected


@pytest.mark.parametrize("names", [TOLD_APART, ALIKE, MANY], ids=["told apart", "two begin alike", "many"])
def test_what_is_plainly_sound_is_not_doubted(names: list[str], tmp_path: Path) -> None:
    """Sound rows are decided as they are, in a piece of a table too: none is put to the reader of tasks."""
    policy = admission.load(write(tmp_path, HEAD + WIDE.format(values=labels(names), some=names[0])))
    rows: list[Row] = [{"held": names[place:], "one": name} for place, name in enumerate(names)]
    rows += [{"held": None, "one": None}, {"held": [], "one": names[0]}]
    decider = Decider(policy.checked)
    for start in (0, 2):
        assert decider.encoder.encode(frame(policy, rows).slice(start), DAY)[1] is True


def labels(names: Sequence[str]) -> str:
    """Values of a policy with their names in both languages."""
    return ", ".join(f"{name}: {{zh: {name}, en: {name}}}" for name in names)


@pytest.mark.skipif(int(pa.__version__.split(".")[0]) < 20, reason="pyarrow cannot build the array")
def test_what_lies_under_a_null_is_not_read(tmp_path: Path) -> None:
    """The bytes of a text that is null may be anything (Arrow, validity bitmaps), such as a place that is not there."""
    names = ["walk", "balk_for_weeks_and_years", "talk_for_weeks_and_years"]
    policy = admission.load(write(tmp_path, HEAD + WIDE.format(values=labels(names), some=names[0])))
    held, short = names[2].encode(), names[0].encode()
    views = [
        struct.pack("<i12s", len(short), short),
        struct.pack("<i4sii", len(names[1]), names[1][:4].encode(), 0, 10**9),
        struct.pack("<i4sii", len(held), held[:4], 0, 0),
    ]
    buffers = [pa.py_buffer(bytes([0b101])), pa.py_buffer(b"".join(views)), pa.py_buffer(held)]
    texts = pa.Array.from_buffers(pa.string_view(), 3, buffers, 1)
    starts = pl.Series([0, 1, 2, 3], dtype=pl.Int32).to_arrow()
    found = policy.decide_table(pa.table({"held": pa.ListArray.from_arrays(starts, texts)}), as_of=DAY, rejects="keep")
    assert [reject.row for reject in found.rejects] == [2]
    rows = [{"id": "1", "held": [names[0]]}, {"id": "3", "held": [names[2]]}]
    assert without_open(found.to_dicts()) == decided(policy, rows, DAY)


def test_only_what_rules_compare_is_compared_in_full() -> None:
    """A short register is compared row by row, and its keys with it; a long one is joined, and asks for no text."""
    keys = {row.cells[0] for row in BEIJING.checked.registers["form_limits"].rows}
    assert encoding.texts_asked(BEIJING.checked)["issuer_level"] == keys
    with mock.patch.object(encoding, "SHORT", len(keys) - 1):
        assert "issuer_level" not in encoding.texts_asked(BEIJING.checked)


def test_answers_that_are_remembered_are_bounded() -> None:
    """Tables of answers are kept for so many combinations of what is the same in a batch, and for no more."""
    bench = Bench.on(BEIJING.checked, DAY)
    for constants in itertools.product((True, False), repeat=6):
        bench.learn(constants, 3, {5: 1, 2: 0})
        bench.learn(constants, 3, {7: 1})
    assert len(bench.answered) == MOST_TABLES
    assert {tuple(table) for table in bench.answered.values()} == {(None, None, 0, None, None, 1, None, 1)}


@pytest.mark.parametrize("held", [[], [[]], [[], None], [None, ["v1"]]], ids=str)
def test_lists_with_little_in_them(held: list[Any], tmp_path: Path) -> None:
    """A table may have no row, and its lists no text."""
    policy = admission.load(write(tmp_path, HEAD + WIDE.format(values=labels(MANY[:9]), some="v1")))
    rows: list[Row] = [{"id": str(place), "held": each, "one": "v1"} for place, each in enumerate(held)]
    assert without_open(policy.decide_table(frame(policy, rows), as_of=DAY).to_dicts()) == decided(policy, rows, DAY)


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
def test_every_column_is_that_of_the_query(pack: str) -> None:
    """A table of decisions is what the policy's SQL gives, open requirements and all."""
    policy = admission.load(PACKS / pack)
    rows = [row | {"id": f"t{place}"} for place, row in enumerate(random_rows(pack, 400, seed=5))]
    found = policy.decide_table(frame(policy, rows))
    asked = {row["id"]: row for row in duckdb_engine(policy, rows, None)}
    assert found.to_dicts() == [asked[f"t{place}"] for place in range(len(rows))]


@settings(max_examples=examples(30), suppress_health_check=list(HealthCheck))
@given(st.data())
def test_rows_of_a_register_are_found_alike_one_by_one_and_by_a_join(data: st.DataObject) -> None:
    """However many rows a register has, and whichever way they are found, the same are."""
    policy = data.draw(policies().filter(lambda policy: bool(policy.checked.look_ups)))
    drawn = data.draw(st.lists(tasks(policy), min_size=1, max_size=8))
    table = frame(policy, [{name: in_lists(value) for name, value in task.items()} for task in drawn])
    found = []
    for short in (0, 1 << 20):
        with mock.patch.object(look_ups, "SHORT", short):
            found.append(policy.decide_table(table).to_dicts())
    assert found[0] == found[1]


# --------------------------------------------------------------------- sound, doubtful and refused rows together

SPOILT: Sequence[tuple[str, Any]] = (
    *(("nature", "nothing"), ("forms", -1), ("cost", -1), ("actions", ["publicise", "publicise"])),
    *(("actions", ["dance"]), ("actions", ["publicise", None]), ("as_of", date(1999, 1, 1)), ("title", "x" * 10_001)),
    *(("as_of", None), ("forms", 2**53 + 1)),
)
"""Values that make a row no task."""
DOUBTFUL = ("title", "长" * 5_000)
"""A text of more bytes than a text may have characters: a look is taken, and it is a task."""


def mixed(pack: str, count: int) -> list[Row]:
    """Tasks, complete and partial, each with its day; every seventh is spoilt, every eleventh in doubt."""
    rows = random_rows(pack, count, seed=9)
    spoilt = itertools.cycle(SPOILT)
    for place, row in enumerate(rows):
        if place % 7 == 3:
            row.update([next(spoilt)])
        elif place % 11 == 5:
            row.update([DOUBTFUL])
    return rows


def one_by_one(policy: admission.Policy, rows: Sequence[Row]) -> tuple[list[Row], list[tuple[int, list[str]]]]:
    """What `policy.decide` says of each row, and the codes of what it says against those that are no tasks."""
    found, refused = [], []
    for place, row in enumerate(rows, 1):
        try:
            found += decided(policy, [row | {"id": row.get("id") or str(place)}])
        except TaskError as error:
            refused.append((place, [fault.code for fault in error.faults]))
    return found, refused


@pytest.mark.parametrize("pack", ["china", "beijing", "xicheng"])
@pytest.mark.parametrize("kind", ["parquet", "table", "categories", "reader"])
def test_rows_of_every_kind_keep_their_places(
    pack: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks, rows in doubt and rows refused stand in one table: each is decided or refused as if it stood alone."""
    monkeypatch.setattr(batches, "ROWS", 64)
    policy = admission.load(PACKS / pack)
    rows = mixed(pack, 700)
    if pack == "china":
        rows = [{name: value for name, value in row.items() if name in policy.sql_columns()} for row in rows]
    expected, refused = one_by_one(policy, rows)
    assert len(refused) >= 60
    if kind == "parquet":
        source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
        frame(policy, rows).write_parquet(source, row_group_size=100)
        # A row without a day is decided for today here, and refused where it stands alone.
        assert batch(capsys, PACKS / pack, source, out)[0] == 2
        rejects = rejects_of(tmp_path / f"{out.name}.rejects.jsonl")
        side = [(one["row"], [fault["code"] for fault in one["faults"]]) for one in rejects]
        undated = {place for place, codes in refused if codes == ["A920"]}
        assert side == [one for one in refused if one[0] not in undated]
        found = [row for row in pl.read_parquet(out).to_dicts() if row["id"] in {one["id"] for one in expected}]
        assert without_open(found) == expected
        return
    table = frame(policy, rows)
    if kind == "categories":
        texts = cs.string() - cs.by_name("id", require_all=False)
        table = table.with_columns(texts.cast(pl.Categorical), cs.by_dtype(LISTS).cast(pl.List(pl.Categorical)))
    kept = policy.decide_table(table.to_arrow().to_reader() if kind == "reader" else table, rejects="keep")
    assert [(one.row, [fault.code for fault in one.faults]) for one in kept.rejects] == refused
    assert without_open(kept.to_dicts()) == expected
    assert kept.to_polars().to_dicts() == kept.to_arrow().to_pylist() == kept.to_dicts()


@pytest.mark.parametrize("most", [0, 1 << 18])
def test_what_was_judged_is_remembered_as_it_was(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one batch has learnt, later ones say as well, whether or not a table holds all combinations."""
    monkeypatch.setattr(batches, "ROWS", 16)
    monkeypatch.setattr(numbering, "MOST_CODES", most)
    rows = [row for row in random_rows("beijing", 900, seed=21) if row["as_of"] >= DAY]
    known = [row | {"id": str(place)} for place, row in enumerate(rows) if None not in row.values()]
    assert len(known) > 100
    assert without_open(BEIJING.decide_table(frame(BEIJING, known)).to_dicts()) == decided(BEIJING, known)


def test_an_empty_table() -> None:
    """No task, no decision; the columns are there."""
    found = BEIJING.decide_table(frame(BEIJING, []), as_of=DAY)
    assert (found.to_dicts(), found.to_polars().height, found.to_arrow().num_rows) == ([], 0, 0)
    assert found.to_polars().columns == list(found.columns) == found.to_arrow().column_names


def test_no_row_gives_a_day() -> None:
    """A column of days that holds none is as no such column: the day is missing, and that is said once."""
    with pytest.raises(admission.InputError, match="A920"):
        BEIJING.decide_table(frame(BEIJING, [{"nature": "market_service"}] * 3))


@given(st.lists(st.integers(0, 300)))
def test_batches_hold_every_row_once(sizes: list[int]) -> None:
    """However the row groups of a file are cut, its batches follow one another and none is too large or empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "ROWS", 100)
        found = list(batches.slices(sizes))
    places = [place for start, count in found for place in range(start, start + count)]
    assert places == list(range(sum(sizes)))
    assert all(1 <= count <= 100 for _, count in found)


def test_many_batches_give_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which thread is done first leaves no trace in the file, not even in the order of its dictionaries."""
    monkeypatch.setattr(batches, "ROWS", 100)
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame(BEIJING, mixed("beijing", 1200)).write_parquet(source, row_group_size=70)
    runs = set()
    for _ in range(3):
        assert batch(capsys, PACKS / "beijing", source, out)[0] == 2
        runs.add(out.read_bytes())
    assert len(runs) == 1


class PanicError(BaseException):
    """What a library written in Rust may raise: no `Exception`."""


@given(
    st.lists(st.sampled_from([0.0, 0.0001, 0.001]), max_size=30),
    st.integers(0, 30),
    st.sampled_from([ValueError, PanicError]),
    st.integers(1, 4),
)
def test_parts_come_in_order(pauses: list[float], broken: int, fault: type[BaseException], threads: int) -> None:
    """Whoever works on a part, and however long, what comes of it comes in its turn, and so does what is wrong with it.

    No more parts are begun than a bounded number beyond the one that is handed out.
    """
    begun: list[int] = []

    def work(place: int) -> int:
        begun.append(place)
        sleep(pauses[place])
        if place == broken:
            raise fault(place)
        return place

    found: list[int] = []
    is_broken = pytest.raises(fault, match=f"^{broken}$") if broken < len(pauses) else nullcontext()
    with mock.patch.object(stream, "MOST_THREADS", threads), is_broken:
        for place in stream.in_order(work, range(len(pauses))):
            assert len(begun) - len(found) <= 2 * threads
            found.append(place)
    assert found == list(range(min(broken, len(pauses))))
    assert len(begun) == len(set(begun))
