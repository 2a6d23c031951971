"""Expressions and their places: docs/language.md, "Expressions"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admission import ir
from admission.datatypes import BOOL, INT, MONEY
from admission.diagnostics import Collector, Source, Span
from admission.frontend import loader, syntax


def scalar_of(text: str) -> loader.Scalar:
    """The scalar under `k` of a YAML text."""
    root = loader.parse(Source("t.yaml", text), Collector())
    assert isinstance(root, loader.Mapping)
    scalar = root.items["k"]
    assert isinstance(scalar, loader.Scalar)
    return scalar


def parse(expression: str) -> tuple[ir.Expr | None, list[str]]:
    """The tree of an expression, and the codes of its faults."""
    faults = Collector()
    node = syntax.parse(loader.Scalar(expression, expression, None, whole(expression)), faults)
    return node, [fault.code for fault in faults]


def whole(text: str) -> Span:
    """All of a text as a span."""
    return Span(Source("t", text), 0, len(text))


def name(identifier: str) -> ir.Name:
    """A name not yet resolved."""
    return ir.Name(identifier)


@pytest.mark.parametrize(
    ("written", "tree"),
    [
        ("a", name("a")),
        ("经费 >= 成本", ir.Compare(">=", name("经费"), name("成本"))),
        ("Ａ", name("A")),
        ("true", ir.Literal(value=True, type=BOOL)),
        ("5", ir.Literal(5, INT)),
        ("5.50", ir.Literal(550, MONEY)),
        ("-5", ir.Negative(ir.Literal(5, INT))),
        ("a and b or not c", ir.Or((ir.And((name("a"), name("b"))), ir.Not(name("c"))))),
        (
            "1 < a <= 5",
            ir.And((ir.Compare("<", ir.Literal(1, INT), name("a")), ir.Compare("<=", name("a"), ir.Literal(5, INT)))),
        ),
        ("a in {b, c}", ir.In(name("a"), ir.Display((name("b"), name("c"))))),
        ("a not in s", ir.Not(ir.In(name("a"), name("s")))),
        ("count(s) == 0", ir.Compare("==", ir.Count(name("s")), ir.Literal(0, INT))),
        ("workday(d, 30)", ir.Workday(name("d"), ir.Literal(30, INT))),
        ("plan.found", ir.Member("plan", "found")),
        ("a - b * 2", ir.Subtract(name("a"), ir.Multiply(name("b"), ir.Literal(2, INT)))),
    ],
)
def test_what_is_let_through(written: str, tree: ir.Expr) -> None:
    """The listed nodes of Python's grammar, and their precedence, are those of the language."""
    assert parse(written) == (tree, [])


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("a / b", "A311"),
        ("a // b", "A311"),
        ("a % b", "A311"),
        ("a ** b", "A308"),
        ("a if b else c", "A308"),
        ("lambda: a", "A308"),
        ("[a]", "A308"),
        ("(a, b)", "A308"),
        ("a[0]", "A308"),
        ("a.b.c", "A308"),
        ("f'{a}'", "A308"),
        ("b'a'", "A308"),
        ("{x for x in a}", "A308"),
        ("(a := b)", "A308"),
        ("a is b", "A308"),
        ("~a", "A308"),
        ("+a", "A308"),
        ("...", "A310"),
        ("eval('1')", "A312"),
        ("__import__('os')", "A312"),
        ("a.count(b)", "A312"),
        ("count()", "A313"),
        ("count(a, b)", "A313"),
        ("count(s=a)", "A313"),
        ("date(2019)", "A314"),
        ("date('2019-02-30')", "A314"),
        ("None", "A309"),
        ("True", "A306"),
        ("a = b", "A306"),
        ("a && b", "A306"),
        ("a || b", "A306"),
        ("!a", "A306"),
        ("a <> b", "A306"),
        ("a # b", "A305"),
        ("a == '#'", None),
        ("a （b）", "A304"),
        ("a，b", "A304"),
        ("a ≥ b", "A304"),
        ("a == “b”", "A304"),
        ("a == '，'", None),
        ("", "A301"),
        ("   ", "A301"),
        ("a +", "A307"),
        ("a b", "A307"),
        ("1.234", "A310"),
        ("1e3", "A310"),
        ("0x10", "A310"),
        ("1_000", "A310"),
        ("1j", "A310"),
        ("a; b", "A307"),
        ("not " * 100 + "a", "A303"),
        ("(" * 10_001, "A302"),
        ("(" * 500 + "a" + ")" * 500, "A303"),
        ("a + " * 3000 + "a", "A302"),
        ("a + " * 1000 + "a", "A303"),
        ("a\0b", None),
    ],
)
def test_what_is_refused(written: str, code: str | None) -> None:
    """Everything else is refused with a code of its own, and nothing is ever run."""
    node, codes = parse(written)
    if written == "a\0b":
        assert node is None
        assert len(codes) == 1
        return
    assert sorted(set(codes)) == ([] if code is None else [code])
    assert (node is None) == (code is not None)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("k: a == 坏\n", 1, 9),
        ("k: 'a == 坏'\n", 1, 10),
        ("k: 'b == ''x'' and 坏'\n", 1, 20),
        ('k: "a == 坏"\n', 1, 10),
        ("k: >-\n  a == b\n  and\n  c == 坏\n", 4, 8),
        ("k: >\n    a\n    and 坏\n", 3, 9),
        ("k: |\n  a and\n  坏\n", 3, 3),
        ("k: |2-\n    a and\n  坏\n", 3, 3),
        ("k: a ==\n  坏\n", 2, 3),
        ("x: 1\nk: {y: 2}\n", None, None),
    ],
)
def test_places_survive_every_style(text: str, line: int | None, column: int | None) -> None:
    """A node's place is that in the file, in plain, quoted, folded and literal scalars."""
    if line is None:
        return
    faults = Collector()
    node = syntax.parse(scalar_of(text), faults)
    assert node is not None, list(faults)
    found = next(n for n in walk(node) if isinstance(n, ir.Name) and n.id == "坏")
    assert found.span is not None
    assert found.span.source.position(found.span.start) == (line, column)


def walk(expr: ir.Expr) -> list[ir.Expr]:
    """Every node."""
    return [expr, *(node for child in ir.children(expr) for node in walk(child))]


def test_full_width_punctuation_says_what_to_type() -> None:
    """Full-width punctuation, which Chinese keyboards produce, has its own help in both languages."""
    faults = Collector()
    syntax.parse(scalar_of("k: 经费 ＞＝ 成本\n"), faults)
    first, second = faults
    assert (first.line, first.column, second.column) == (1, 7, 8)
    assert first.text("en") == "full-width character `＞` in an expression"
    assert first.advice("en") == "switch the keyboard to English and type `>`"
    assert first.text("zh") == "算式中用了全角字符 `＞`"
    assert second.advice("zh") == "请切换到英文输入，改为 `=`"


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """No text makes the parser fail: it gives a tree or a fault."""
    node, codes = parse(text)
    assert (node is None) == bool(codes)
