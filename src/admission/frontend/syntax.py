"""Expression text to IR: Python's own grammar, of which only the nodes that policies need are let through.

The text is parsed by `ast` and never run. Every node keeps its place in the YAML file, inside folded and literal
scalars too.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from decimal import Decimal

from admission import ir
from admission.datatypes import BOOL, INT, MONEY, TEXT, fen_of
from admission.diagnostics import Collector, Span
from admission.frontend import habits
from admission.frontend.loader import Scalar

LONGEST = 10_000  # characters of one expression
DEEPEST = 60  # levels of nesting
MOST_NODES = 2_000

_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_COMPARE: dict[type[ast.cmpop], ir.Comparison] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


class _Bad(Exception):  # noqa: N818 - one expression is given up; its fault is reported
    pass


def parse(scalar: Scalar, faults: Collector) -> ir.Expr | None:
    """The expression a scalar holds; None where it is not one, and then a fault says why."""
    return _Parser(scalar, faults).parse()


def positions(scalar: Scalar) -> list[int]:
    """For each character of the scalar's value, and its end, the offset in the file where it was written."""
    source, start, end = scalar.span
    text, value = source.text, scalar.text
    if scalar.style == '"' and "\\" in text[start:end]:
        return [start] * (len(value) + 1)
    at = _first_character(text, start, end, scalar.style)
    places = []
    for character in value:
        if not character.isspace():
            while at < end and text[at] != character:
                at += 1
        places.append(min(at, end))
        if at < end and (not character.isspace() or text[at].isspace()):
            at += 2 if scalar.style == "'" and text[at : at + 2] == "''" else 1
    return [*places, min(at, end)]


def _first_character(text: str, start: int, end: int, style: str | None) -> int:
    if style in ("'", '"'):
        return start + 1
    if style in ("|", ">"):
        return text.find("\n", start, end) + 1
    return start


class _Parser:
    def __init__(self, scalar: Scalar, faults: Collector) -> None:
        self.scalar = scalar
        self.faults = faults
        self.text = scalar.text
        self.nodes = 0
        self._places: list[int] | None = None
        # Most expressions stand in the file as they are, on one line and without quotes.
        self.is_verbatim = scalar.style is None and scalar.span.source.text.startswith(scalar.text, scalar.span.start)

    # ------------------------------------------------------------------------------------ places

    def span(self, start: int, end: int) -> Span:
        """The place in the file of a stretch of the expression's text."""
        source, begin, _ = self.scalar.span
        if self.is_verbatim:
            return Span(source, begin + start, begin + max(start + 1, end))
        if self._places is None:
            self._places = positions(self.scalar)
        places = self._places
        first = places[min(start, len(places) - 1)]
        last = places[min(max(start, end - 1), len(places) - 1)] + 1
        return Span(source, first, max(first + 1, last))

    def at(self, node: ast.expr) -> Span:
        """The place in the file of a node."""
        start = self._character(node.col_offset)
        return self.span(start, self._character(node.end_col_offset or 0))

    def _character(self, column: int) -> int:
        if self.line.isascii():
            return column + self.shift
        return len(self.line.encode()[:column].decode()) + self.shift

    def _fail(self, code: str, span: Span, near: str | None = None, **data: object) -> _Bad:
        self.faults.add(code, span, near, **data)
        return _Bad()

    # ----------------------------------------------------------------------------------- parsing

    def parse(self) -> ir.Expr | None:
        try:
            tree = self._tree()
            return self._convert(tree, 0)
        except _Bad:
            return None

    def _tree(self) -> ast.expr:
        if not self.text.strip():
            raise self._fail("A301", self.scalar.span)
        if len(self.text) > LONGEST:
            raise self._fail("A302", self.scalar.span, most=LONGEST)
        self._characters()
        flat = re.sub(r"\s", " ", self.text)
        self.shift = len(flat) - len(flat.lstrip())
        self.line = flat.strip()
        try:
            return ast.parse(self.line, mode="eval").body
        except SyntaxError as error:
            raise self._syntax(error) from None
        except (RecursionError, MemoryError, ValueError):
            raise self._fail("A303", self.scalar.span, deepest=DEEPEST) from None

    def _characters(self) -> None:
        """Report full-width punctuation and comments outside quotes, each at its place."""
        outside = _STRING.sub(lambda found: "\0" * len(found.group()), self.text)
        bad = False
        for place, character in enumerate(outside):
            if character in habits.FULL_WIDTH:
                self.faults.add("A304", self.span(place, place + 1), char=character, plain=habits.FULL_WIDTH[character])
                bad = True
            elif habits.SPACES.match(character):
                self.faults.add("A315", self.span(place, place + 1), char=f"U+{ord(character):04X}")
                bad = True
        if "#" in outside:
            place = outside.index("#")
            raise self._fail("A305", self.span(place, place + 1))
        if bad:
            raise _Bad

    def _syntax(self, error: SyntaxError) -> _Bad:
        column = (
            self._character((error.offset or 1) - 1) if self.line.isascii() else (error.offset or 1) - 1 + self.shift
        )
        column = max(0, min(column, len(self.text) - 1))
        outside = _STRING.sub(lambda found: "\0" * len(found.group()), self.text)
        if "nested" in str(error.msg):
            return self._fail("A303", self.span(column, column + 1), deepest=DEEPEST)
        for habit, plain in habits.HABITS.items():
            if habit in outside:
                place = outside.index(habit)
                return self._fail("A306", self.span(place, place + len(habit)), habit=habit, plain=plain)
        if lone := re.search(r"(?<![=!<>])=(?!=)", outside):
            return self._fail("A306", self.span(lone.start(), lone.end()), habit="=", plain="==")
        if bang := re.search(r"!(?!=)", outside):
            return self._fail("A306", self.span(bang.start(), bang.end()), habit="!", plain="not")
        if day := habits.DAY.search(outside):
            return self._fail("A306", self.span(*day.span()), habit=day[0], plain=f'date("{day[0]}")')
        if number := habits.LEADING_ZEROS.search(outside):
            return self._fail("A310", self.span(*number.span()), found=number[0])
        spelt = (found for found in habits.SPELT_WORD.finditer(outside) if found[0] not in habits.SPELT.values())
        if word := next(spelt, None):
            return self._fail("A306", self.span(*word.span()), habit=word[0], plain=habits.SPELT[word[0].upper()])
        return self._unfinished(column, str(error.msg))

    def _unfinished(self, column: int, said: str) -> _Bad:
        """An expression that breaks off, or that has something where nothing fits."""
        last = len(self.text.rstrip())
        if self.text.rstrip().endswith(habits.AWAITS) or re.search(r"\b(and|or|not|in)\s*$", self.text):
            ends = ("算式到此中断", "it breaks off here")
            return self._fail("A307", self.span(last - 1, last), problem=ends)
        problem = next((words for key, words in habits.PROBLEMS.items() if key in said), ("此处写法有误", said))
        return self._fail("A307", self.span(column, column + 1), problem=problem)

    # -------------------------------------------------------------------------------- conversion

    def _convert(self, node: ast.expr, depth: int) -> ir.Expr:
        self.nodes += 1
        if depth > DEEPEST:
            raise self._fail("A303", self.at(node), deepest=DEEPEST)
        if self.nodes > MOST_NODES:
            raise self._fail("A302", self.scalar.span, most=MOST_NODES)
        return self._node(node, depth + 1)

    def _node(self, node: ast.expr, depth: int) -> ir.Expr:
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Constant():
                return self._constant(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.BoolOp():
                return self._boolean(node, depth)
            case ast.UnaryOp():
                return self._unary(node, depth)
            case ast.Compare():
                return self._compare(node, depth)
            case ast.BinOp():
                return self._arithmetic(node, depth)
            case ast.Set():
                return self._display(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case _:
                raise self._unsupported(node)

    def _unsupported(self, node: ast.expr) -> _Bad:
        what = habits.UNSUPPORTED.get(type(node), ("这种写法", "this construct"))
        return self._fail("A308", self.at(node), what=what)

    def _name(self, node: ast.Name) -> ir.Expr:
        if node.id in ("true", "false"):
            return ir.Literal(node.id == "true", BOOL, self.at(node))
        return ir.Name(unicodedata.normalize("NFKC", node.id), self.at(node))

    def _constant(self, node: ast.Constant) -> ir.Expr:
        span = self.at(node)
        if isinstance(node.value, bool):
            word = str(node.value).lower()
            raise self._fail("A306", span, habit=str(node.value), plain=word)
        if node.value is None:
            raise self._fail("A309", span)
        if isinstance(node.value, str):
            if self._source(node)[:1] not in ("'", '"'):
                raise self._unsupported(node)
            return ir.Literal(node.value, TEXT, span)
        if isinstance(node.value, bytes):
            raise self._unsupported(node)
        written = self._source(node)
        if not _NUMBER.fullmatch(written) or len(written) > 30:  # noqa: PLR2004 - far past every bound
            raise self._fail("A310", span, found=written[:40])
        return self._number(Decimal(written), span)

    def _number(self, number: Decimal, span: Span) -> ir.Expr:
        fen = fen_of(number)
        if fen is None:
            raise self._fail("A310", span, found=f"{number:f}")
        whole = number.as_tuple().exponent == 0
        return ir.Literal(int(number), INT, span) if whole else ir.Literal(fen, MONEY, span)

    def _source(self, node: ast.expr) -> str:
        start, end = self._character(node.col_offset), self._character(node.end_col_offset or 0)
        return self.text[start:end]

    def _attribute(self, node: ast.Attribute) -> ir.Expr:
        if not isinstance(node.value, ast.Name):
            raise self._unsupported(node)
        row, column = (unicodedata.normalize("NFKC", part) for part in (node.value.id, node.attr))
        return ir.Member(row, column, self.at(node))

    def _boolean(self, node: ast.BoolOp, depth: int) -> ir.Expr:
        operands = tuple(self._convert(value, depth) for value in node.values)
        return (ir.And if isinstance(node.op, ast.And) else ir.Or)(operands, self.at(node))

    def _unary(self, node: ast.UnaryOp, depth: int) -> ir.Expr:
        if isinstance(node.op, ast.Not):
            return ir.Not(self._convert(node.operand, depth), self.at(node))
        if isinstance(node.op, ast.USub):
            return ir.Negative(self._convert(node.operand, depth), self.at(node))
        raise self._unsupported(node)

    def _compare(self, node: ast.Compare, depth: int) -> ir.Expr:
        """A chain is the `and` of its parts."""
        values = [node.left, *node.comparators]
        parts = tuple(
            self._comparison(op, left, right, depth, node if len(node.ops) == 1 else None)
            for op, left, right in zip(node.ops, values, values[1:], strict=False)
        )
        return parts[0] if len(parts) == 1 else ir.And(parts, self.at(node))

    def _comparison(
        self, op: ast.cmpop, left: ast.expr, right: ast.expr, depth: int, whole: ast.expr | None
    ) -> ir.Expr:
        start = self._character(left.col_offset)
        span = self.at(whole) if whole else self.span(start, self._character(right.end_col_offset or 0))
        a, b = self._convert(left, depth), self._convert(right, depth)
        if isinstance(op, ast.In):
            return ir.In(a, b, span)
        if isinstance(op, ast.NotIn):
            return ir.Not(ir.In(a, b, span), span)
        if type(op) not in _COMPARE:
            raise self._fail("A308", span, what=("`is`", "`is`"))
        return ir.Compare(_COMPARE[type(op)], a, b, span)

    def _arithmetic(self, node: ast.BinOp, depth: int) -> ir.Expr:
        a, b = self._convert(node.left, depth), self._convert(node.right, depth)
        span = self.at(node)
        match node.op:
            case ast.Add():
                return ir.Add(a, b, span)
            case ast.Sub():
                return ir.Subtract(a, b, span)
            case ast.Mult():
                return ir.Multiply(a, b, span)
            case ast.Div() | ast.FloorDiv() | ast.Mod():
                raise self._fail("A311", span)
            case _:
                raise self._unsupported(node)

    def _display(self, node: ast.Set, depth: int) -> ir.Expr:
        return ir.Display(tuple(self._convert(item, depth) for item in node.elts), self.at(node))

    def _call(self, node: ast.Call, depth: int) -> ir.Expr:
        span = self.at(node)
        called = node.func.id if isinstance(node.func, ast.Name) else None
        if called not in _ARITY:
            near = ir_near(called)
            raise self._fail("A312", self.at(node.func), near, called=self._source(node.func)[:40])
        if node.keywords or len(node.args) != _ARITY[called]:
            raise self._fail("A313", span, called=called, arity=_ARITY[called])
        if called == "date":
            return self._date(node.args[0], span)
        if called == "violated":
            return self._violated(node.args[0], span)
        operands = [self._convert(argument, depth) for argument in node.args]
        return ir.Count(operands[0], span) if called == "count" else ir.Workday(operands[0], operands[1], span)

    def _violated(self, node: ast.expr, span: Span) -> ir.Expr:
        if not isinstance(node, ast.Name):
            raise self._unsupported(node)
        return ir.Name(ir.violated(unicodedata.normalize("NFKC", node.id)), span)

    def _date(self, node: ast.expr, span: Span) -> ir.Expr:
        from admission.datatypes import DATE, Unfit, from_document

        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise self._fail("A314", span, found=self._source(node)[:40])
        try:
            return ir.Literal(from_document(DATE, node.value), DATE, span)
        except Unfit:
            raise self._fail("A314", span, found=node.value[:40]) from None


def ir_near(called: str | None) -> str | None:
    """The function that was probably meant."""
    from admission.diagnostics import nearest

    return nearest(called.lower(), _ARITY) if called else None


_ARITY = {"count": 1, "workday": 2, "date": 1, "violated": 1}
