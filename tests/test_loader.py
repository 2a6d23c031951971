"""Strict YAML: docs/language.md, "The YAML"."""

from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from admission.diagnostics import Collector, InputError, Source
from admission.frontend import loader


def parse(text: str) -> tuple[object, list[tuple[str, int, int]]]:
    """The plain value of a text, and the faults as (code, line, column)."""
    faults = Collector()
    node = loader.parse(Source("t.yaml", text), faults)
    return None if node is None else loader.plain(node), [(f.code, f.line, f.column) for f in faults]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("190:20:30", "190:20:30"),
        ("010", 10),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2019-01-01", "2019-01-01"),
        ("1.10", Decimal("1.10")),
        ("1e3", Decimal("1e3")),
        ("-7", -7),
        ("true", True),
        ("False", False),
        ("~", None),
        ("null", None),
        ("'true'", "true"),
        ('"5"', "5"),
        ("!x", "!x"),
        ("<<", "<<"),
    ],
)
def test_core_scalars(written: str, meant: object) -> None:
    """A plain scalar means what the YAML 1.2 core schema says, less octals and hexadecimals."""
    if written == "!x":
        assert parse("k: !x 5") == (None, [("A113", 1, 4)])
        return
    value, faults = parse(f"k: {written}")
    assert (value, faults) == ({"k": meant}, [])
    assert type(value["k"]) is type(meant)  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2\n", ("A114", 2, 1)),
        ("a: &x 1\n", ("A109", 1, 4)),
        ("a: 1\nb: *x\n", ("A109", 2, 4)),
        ("a: 1\n<<: {b: 2}\n", ("A109", 2, 1)),
        ("a: !!python/object:os.system x\n", ("A113", 1, 4)),
        ("a: !!str 5\n", ("A113", 1, 4)),
        ("1: a\n", ("A115", 1, 1)),
        ("[a]: b\n", ("A115", 1, 1)),
        ("a: 1\n---\nb: 2\n", ("A112", 2, 1)),
        ("a: 1\n b: 2\n", ("A106", 2, 3)),
        ("a: [1, 2\n", ("A106", 1, 4)),
        ("a:\n\tb: 1\n", ("A108", 2, 1)),
        ("a：1\nb: 2\n", ("A107", 1, 2)),
        ("a: {b: 1，c: 2}\n", ("A107", 1, 9)),
        ("a: \x07\n", ("A105", 1, 4)),
        ("", ("A104", 1, 1)),
        ("# only a comment\n", ("A104", 1, 1)),
    ],
)
def test_refused(text: str, fault: tuple[str, int, int]) -> None:
    """What could hide something is refused, at its line and column."""
    assert parse(text)[1] == [fault]


def test_depth_is_bounded() -> None:
    """Fifty levels are read and the fifty-first is refused, without recursion."""
    deep = loader.DEEPEST
    assert parse("[" * deep + "]" * deep)[1] == []
    assert parse("[" * 10_000) == (None, [("A111", 1, deep + 1)])


def test_size_is_bounded() -> None:
    """A file past 16 MiB is refused before it is parsed."""
    with pytest.raises(InputError) as error:
        loader.decode(b"a" * (loader.LARGEST + 1), "big.yaml")
    assert [d.code for d in error.value.diagnostics] == ["A102"]


def test_nodes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with too many nodes is refused where it passes the bound."""
    monkeypatch.setattr(loader, "MOST_NODES", 10)
    assert parse("[" + "1, " * 20 + "1]")[1] == [("A110", 1, 29)]


def test_not_utf8_is_located() -> None:
    """Bytes that are not UTF-8 are refused with their line."""
    with pytest.raises(InputError) as error:
        loader.decode("a: 1\nb: 中\n".encode("gbk"), "gbk.yaml")
    assert str(error.value).splitlines()[0] == "gbk.yaml:2:4: error[A103]: `gbk.yaml` is not UTF-8 text at line 2"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_positions_count_characters(newline: str) -> None:
    """Lines and columns count characters, Chinese ones too, whatever ends a line."""
    source = loader.decode(f"甲: 1{newline}乙: [丙, 丁]{newline}".encode(), "t.yaml")
    root = loader.parse(source, Collector())
    assert isinstance(root, loader.Mapping)
    listed = root.items["乙"]
    assert isinstance(listed, loader.Sequence)
    assert [source.position(item.span.start) for item in listed.items] == [(2, 5), (2, 8)]


printable = st.characters(codec="utf-8", exclude_categories=["C"])
plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(printable),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ甲", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(plain_values)
def test_reads_what_a_yaml_writer_writes(value: object) -> None:
    """What PyYAML writes with quoted text is read back the same."""
    written = yaml.safe_dump(value, allow_unicode=True, default_style='"' if isinstance(value, str) else None)
    quoted = yaml.safe_dump(value, allow_unicode=True, default_style='"')
    read, faults = parse(written if not _has_text(value) else _untagged(quoted))
    assert faults == [] or (read is None and value is None)
    assert read == value


def _has_text(value: object) -> bool:
    return not (value is None or isinstance(value, (bool, int)))


def _untagged(text: str) -> str:
    for tag in ("!!int", "!!bool", "!!null"):
        text = text.replace(f'{tag} "', f'{tag}"')
    out, rest = "", text
    while "!!" in rest:
        before, _, after = rest.partition("!!")
        name, _, tail = after.partition('"')
        content, _, rest = tail.partition('"')
        out += before + content
        del name
    return out + rest


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader fail: it gives a tree or a fault."""
    value, faults = parse(text)
    assert value is not None or faults or not text.strip()
