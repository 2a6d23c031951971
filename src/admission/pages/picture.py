"""Where work goes, as a drawing: the task, the routes, the channels. Drawn twice, for wide and for narrow pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from unicodedata import east_asian_width

from admission import ir
from admission.pages import anchors, references
from admission.pages.drafting import Draft
from admission.pages.nodes import Blocks, Items, Picture, plain
from admission.pages.speech import line
from admission.pages.words import word

# A word of Latin letters, or one other character, with the punctuation that may not begin a line.
_PIECE = re.compile(r"(?:[!-~\u00a1-\u024f]+|.)[，。、；：！？）」”》]*\s*", re.DOTALL)
HAN = {"zh": "zh-Hans", "en": "en"}
SIZE = 15  # of text, in units of the drawing
LEADING = 21
SMALL = 12
PAD = 12
GAP = 14  # between boxes
LINES = 6  # of one text in a box, more than the packs need on a telephone


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text in a box."""

    text: str
    kind: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A box with lines of text; `kind` chooses its colours."""

    kind: str
    anchor: str
    texts: tuple[Text, ...]
    x: float = 0
    y: float = 0
    width: float = 0

    @property
    def height(self) -> float:
        """As high as its lines."""
        return len(self.texts) * LEADING + 2 * PAD - 4

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Group:
    """A channel and the routes that lead there."""

    channel: Box
    routes: tuple[Box, ...]


def picture(draft: Draft) -> Picture:
    """The drawing of a policy's routes and channels."""
    label = plain(draft.speech.word("where"))
    wide, narrow = _wide(draft), _narrow(draft)
    return Picture(label, wide, narrow, draft.speech.word("figure"), _as_text(draft))


def _as_text(draft: Draft) -> Blocks:
    """The same as a list: each channel with the routes that lead there."""
    rows = []
    for channel in draft.policy.channels.values():
        routes = [references.link(anchors.rule(r.id)) for r in draft.policy.routes.values() if r.to == channel.name]
        inner = (Items(tuple(line(*route) for route in routes)),) if routes else ()
        rows.append((*line(*draft.speech.label(channel.label)), *inner))
    return (Items(tuple(rows)),)


# ------------------------------------------------------------------------------------------ what is said


def _groups(draft: Draft, room: float, room_of_channel: float) -> list[Group]:
    """The boxes with their text, wrapped to the room there is for it; not yet placed."""
    routes = draft.policy.routes.values()
    return [
        Group(
            _channel(draft, channel, room_of_channel),
            tuple(_route(draft, route, room) for route in routes if route.to == channel.name),
        )
        for channel in draft.policy.channels.values()
    ]


def _route(draft: Draft, route: ir.Route, room: float) -> Box:
    said: list[Text] = [*_wrapped(route.id, "code", "", room, SMALL)]
    for phrases in draft.phrases():
        text = phrases.text(route.when) if route.when else word("always", phrases.lang)
        said += _wrapped(text, "text", phrases.lang, room, SIZE)
    if route.overrides:
        before = f"{plain(draft.speech.word('overrides'))}: {', '.join(route.overrides)}"
        said += _wrapped(before, "small", "", room, SMALL)
    return Box("route", anchors.rule(route.id), tuple(said))


def _channel(draft: Draft, channel: ir.Channel, room: float) -> Box:
    said: list[Text] = []
    for lang, label in draft.speech.texts(channel.label).items():
        said += _wrapped(label, "strong", lang, room, SIZE)
    said += _wrapped(channel.name, "code", "", room, SMALL)
    rules = draft.policy.requirements.values()
    count = sum(channel.name in rule.channels and rule.effect == "refuse" for rule in rules)
    verdicts = draft.speech.texts(draft.verdict(channel.outcome))
    for lang, verdict in verdicts.items():
        text = word("counted_met", lang).format(count=count, verdict=verdict) if count else verdict
        said += _wrapped(text, "small", lang, room, SMALL)
    anchor = anchors.channel(channel.name) if count else "decision-table"
    return Box(channel.outcome, anchor, tuple(said))


def _task(draft: Draft, room: float) -> Box:
    said: list[Text] = []
    for lang in draft.speech.languages:
        said += _wrapped(word("the_task", lang), "strong", lang, room, SIZE)
    return Box("task", "facts" if draft.policy.facts else "decision-table", tuple(said))


def _wrapped(text: str, kind: str, lang: str, room: float, size: int) -> list[Text]:
    return [Text(piece, kind, lang) for piece in wrap(text, room / size)]


def wrap(text: str, room: float, most: int = LINES) -> list[str]:
    """A text in at most so many lines of a width, in ems; what does not fit is cut, and an ellipsis says so.

    >>> wrap("经费足额到位，方可准入", 5)
    ['经费足额到', '位，方可准', '入']
    >>> wrap("one two three four", 5, most=2)
    ['one two', 'three …']
    """
    lines: list[str] = [""]
    for piece in _pieces(" ".join(text.split()), room):
        if lines[-1] and ems(lines[-1] + piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece
    lines = [each.rstrip() for each in lines]
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and ems(f"{last} …") > room:
        last = last[:-1].rstrip()
    return [*lines[: most - 1], f"{last} …".strip()]


def _pieces(text: str, room: float) -> Iterable[str]:
    """What may stand on a line of its own: words and characters; a word that fills a line is broken."""
    for piece in _PIECE.findall(text):
        while ems(piece) > room and len(piece) > 1:
            cut = next((place for place in range(1, len(piece)) if ems(piece[: place + 1]) > room), 1)
            yield piece[:cut]
            piece = piece[cut:]  # noqa: PLW2901 - what is left of it
        yield piece


def ems(text: str) -> float:
    """The width of a text, in ems, never less than it is drawn: a letter of Latin takes three fifths.

    >>> ems("经费 ok")
    3.8
    """
    return round(sum(1.0 if east_asian_width(each) in "WFA" else 0.6 for each in text), 3)


# --------------------------------------------------------------------------------------------- the layouts


def _wide(draft: Draft) -> str:
    """From left to right: the task, the routes, the channels."""
    width, left, middle, right = 960, 110, 430, 270
    groups = _groups(draft, middle - 2 * PAD, right - 2 * PAD)
    placed: list[Box] = []
    paths: list[str] = []
    task = replace(_task(draft, left - 2 * PAD), width=left)
    x_routes, x_channels = 180, width - right - 2
    top = 4.0
    for group in groups:
        boxes, bottom = _stacked(group.routes, x_routes, top, middle)
        high = max(bottom - GAP - top, group.channel.height)
        boxes = [replace(box, y=box.y + max(0, group.channel.height - (bottom - GAP - top)) / 2) for box in boxes]
        channel = replace(group.channel, x=x_channels, y=top + (high - group.channel.height) / 2, width=right)
        paths += [_curve(box.x + box.width, box.middle, channel.x, channel.middle) for box in boxes]
        placed += [*boxes, channel]
        top += high + GAP + 6
    task = replace(task, x=4, y=max(4.0, (top - GAP - task.height) / 2))
    paths += [_curve(task.x + task.width, task.middle, b.x, b.middle) for b in placed if b.kind == "route"]
    return _drawing(width, max(top - GAP, task.height) + 4, [task, *placed], paths)


def _stacked(boxes: Sequence[Box], x: float, top: float, width: float) -> tuple[list[Box], float]:
    """Boxes one under another, and where the next would begin."""
    placed = []
    for box in boxes:
        placed.append(replace(box, x=x, y=top, width=width))
        top += box.height + GAP
    return placed, top


def _narrow(draft: Draft) -> str:
    """From top to bottom: the task on a trunk, and under each group of routes its channel."""
    width, trunk, x_routes, x_channels = 340, 18, 44, 84
    groups = _groups(draft, width - x_routes - 2 * PAD - 2, width - x_channels - 2 * PAD - 2)
    task = replace(_task(draft, width - 8 - 2 * PAD), x=2, y=4, width=width - 4)
    placed: list[Box] = [task]
    paths: list[str] = []
    top = task.y + task.height + GAP
    foot = top
    for group in groups:
        boxes, top = _stacked(group.routes, x_routes, top, width - x_routes - 2)
        paths += [_arrow(trunk, box.middle, box.x) for box in boxes]
        foot = max([foot, *(box.middle for box in boxes)])
        channel = replace(group.channel, x=x_channels, y=top + 2, width=width - x_channels - 2)
        if boxes:
            paths.append(_corner(x_routes + 18, boxes[-1].y + boxes[-1].height, channel.middle, channel.x))
        placed += [*boxes, channel]
        top = channel.y + channel.height + GAP + 10
    paths.insert(0, f'<path class="edge" d="M{trunk} {_n(task.y + task.height)}V{_n(foot)}"/>')
    return _drawing(width, top - GAP, placed, paths)


# --------------------------------------------------------------------------------------------------- SVG


def _drawing(width: float, height: float, boxes: Iterable[Box], paths: Iterable[str]) -> str:
    """The drawing as an SVG element; all text in it is escaped."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}">']
    parts += paths
    parts += [_box(box) for box in boxes]
    return "\n".join([*parts, "</svg>"])


def _box(box: Box) -> str:
    outline = (
        f'<rect class="{box.kind}" x="{_n(box.x)}" y="{_n(box.y)}" '
        f'width="{_n(box.width)}" height="{_n(box.height)}" rx="6"/>'
    )
    lines = [
        f'<text class="{text.kind}" x="{_n(box.x + PAD)}" y="{_n(box.y + PAD + LEADING * place + SIZE - 2)}"'
        f"{_lang(text)}>{escape(text.text)}</text>"
        for place, text in enumerate(box.texts)
    ]
    return "\n".join([f'<a href="#{escape(box.anchor)}">', outline, *lines, "</a>"])


def _lang(text: Text) -> str:
    return f' lang="{HAN[text.lang]}"' if text.lang else ""


def _curve(x1: float, y1: float, x2: float, y2: float) -> str:
    bend = (x2 - x1) / 2
    path = f"M{_n(x1)} {_n(y1)}C{_n(x1 + bend)} {_n(y1)} {_n(x2 - bend)} {_n(y2)} {_n(x2 - 6)} {_n(y2)}"
    return f'<path class="edge" d="{path}"/>{_head(x2, y2)}'


def _arrow(x1: float, y: float, x2: float) -> str:
    return f'<path class="edge" d="M{_n(x1)} {_n(y)}H{_n(x2 - 6)}"/>{_head(x2, y)}'


def _corner(x1: float, y1: float, y2: float, x2: float) -> str:
    return f'<path class="edge" d="M{_n(x1)} {_n(y1)}V{_n(y2)}H{_n(x2 - 6)}"/>{_head(x2, y2)}'


def _head(x: float, y: float) -> str:
    return f'<path class="head" d="M{_n(x)} {_n(y)}l-8 -4v8z"/>'


def _n(number: float) -> str:
    """A length with at most one decimal, the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")
