"""Bar charts as SVG 1.1, drawn without any library: panels of labelled bars under a title."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from admission.cli.terminal import wrap
from admission.diagnostics.rendering import width

WIDTH = 960  # everything here is in pixels
MARGIN = 24
LABEL = 400  # where the bars begin
ROW = 26
BAR = 16
COLUMN = 7.5  # the width of one terminal column at the size of the labels
LONGEST = int((LABEL - MARGIN - 12) / COLUMN)
COLOUR = "#2f6f9f"  # 5.4 : 1 against white (WCAG 2.1 asks for 3 : 1)
FONTS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC','WenQuanYi Micro Hei',sans-serif"

STYLE = f'font-family="{FONTS}" font-size="14" fill="#222"'


class Bar(NamedTuple):
    """One bar."""

    label: str
    tasks: int


class Chart:
    """A chart that grows panel by panel."""

    def __init__(self, title: str, subtitle: str) -> None:
        self._title = title
        self._subtitle = subtitle
        self._parts: list[str] = []
        self._y = 2 * MARGIN + 40

    def panel(self, heading: str, bars: Sequence[Bar]) -> None:
        """Add bars under a heading, all of one scale; nothing where there are none."""
        if not bars:
            return
        self._text(MARGIN, self._y, heading, 'font-weight="bold"')
        self._y += 12
        longest = max(bar.tasks for bar in bars)
        for bar in bars:
            self._bar(bar, longest)
        self._y += MARGIN + 8

    def _bar(self, bar: Bar, longest: int) -> None:
        room = WIDTH - LABEL - MARGIN - 90
        length = max(1.0, room * bar.tasks / longest)
        middle = self._y + BAR - 3
        self._text(LABEL - 8, middle, _short(bar.label), 'text-anchor="end"')
        shape = f'<rect x="{LABEL}" y="{self._y}" width="{length:.1f}" height="{BAR}" fill="{COLOUR}">'
        self._parts.append(f"{shape}<title>{_plain(bar.label)}: {bar.tasks:,}</title></rect>")
        self._text(LABEL + length + 6, middle, f"{bar.tasks:,}")
        self._y += ROW

    def _text(self, x: float, y: float, content: str, style: str = "") -> None:
        self._parts.append(f'<text x="{x:.1f}" y="{y}" {style}>{_plain(content)}</text>')

    def svg(self) -> str:
        """The whole chart as an SVG document."""
        box = f'width="{WIDTH}" height="{self._y}" viewBox="0 0 {WIDTH} {self._y}"'
        head = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" {STYLE}>',
            f"<title>{_plain(self._title)}</title><desc>{_plain(self._subtitle)}</desc>",
            f'<rect width="{WIDTH}" height="{self._y}" fill="#fff"/>',
            f'<text x="{MARGIN}" y="{MARGIN + 14}" font-size="20" font-weight="bold">{_plain(self._title)}</text>',
            f'<text x="{MARGIN}" y="{MARGIN + 38}" fill="#555">{_plain(self._subtitle)}</text>',
        ]
        return "\n".join([*head, *self._parts, "</svg>", ""])


def _plain(text: str) -> str:
    """Text that XML can hold: escaped, without control characters."""
    return escape("".join(character if character.isprintable() else "�" for character in text), quote=False)


def _short(label: str) -> str:
    """A label cut to the room there is."""
    return label if width(label) <= LONGEST else wrap(label, LONGEST - 1)[0] + "…"
