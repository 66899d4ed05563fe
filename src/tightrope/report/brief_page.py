"""A brief on one page of A4, as PDF.

The page is one drawing of fixed size, so it can't grow a second page. What does not fit is set smaller, down
to a size that can still be read; then the last questions are left to the report, and the page says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Any

from tightrope.report.brief import Brief, Row
from tightrope.report.measure import FONT, Ruler, clean

WIDE, HIGH = 595.28, 841.89
"""A4 in points."""
MARGIN = 42.0
ROOM = WIDE - 2 * MARGIN
BOTTOM = HIGH - MARGIN
SIZES = (1.12, 1.06, 1.0, 0.95, 0.9, 0.86, 0.82, 0.78)
"""Scales of all type that are tried, the largest first; the smallest leaves 6.3 points."""
INK, MUTED, LINE, ACCENT, PAPER = "#1f2733", "#5b6573", "#c9d0d8", "#005a8c", "#f3f7fa"
MARK_COLOURS = {"assumed": "#7a5200", "calibrated": "#8a3a63", "estimated": "#005a8c"}
MARK_WORDS = {
    "assumed": "chosen, with a reason",
    "calibrated": "set so that the argument holds",
    "estimated": "moved by the record",
}
FOOT = (
    "These probabilities are a model's, to be weighed with other evidence; they are no measure of anyone's "
    "intent. Words follow Intelligence Community Directive 203. The report has every number, its data and "
    "its sources."
)


class TooLong(ValueError):
    """A brief whose judgement alone fills more than a page."""


@dataclass
class _Sheet:
    """Pieces of a page and how far down it is filled."""

    ruler: Ruler
    scale: float
    y: float = MARGIN
    pieces: list[str] = field(default_factory=list)

    def text(
        self,
        text: str,
        *,
        size: float,
        x: float = MARGIN,
        room: float = ROOM,
        bold: bool = False,
        colour: str = INK,
        most: int = 99,
        after: float = 0.0,
        mark: str = "",
    ) -> None:
        """A paragraph at the place that the page is filled to, its mark behind it; `size` before scaling."""
        size *= self.scale
        tail = f"\u00a0{short(mark)}" if mark else ""
        lines = self.ruler.lines(text + tail, room=room, size=size, bold=bold, most=most)
        for number, line in enumerate(lines):
            self.y += 1.22 * size
            last = bool(tail) and number == len(lines) - 1 and line.endswith(tail)
            said = line.removesuffix(tail) if last else line
            self.put(said, x=x, y=self.y, size=size, bold=bold, colour=colour)
            if last:
                at = x + self.ruler.width(line, size=size, bold=bold)
                self.put(short(mark), x=at, y=self.y, size=size, colour=MARK_COLOURS[mark], end=True)
        self.y += after * self.scale

    def put(
        self,
        text: str,
        *,
        x: float,
        y: float,
        size: float,
        bold: bool = False,
        colour: str = INK,
        end: bool = False,
    ) -> None:
        """One line at a place; with `end` it ends there."""
        more = ' font-weight="bold"' if bold else ""
        more += ' text-anchor="end"' if end else ""
        place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size:.2f}" fill="{colour}"{more}'
        self.pieces.append(f"<text {place}>{escape(clean(text))}</text>")

    def rule(self, *, colour: str = LINE, width: float = 0.6) -> None:
        """A line across the page."""
        way = f"M{MARGIN:.2f},{self.y:.2f}H{WIDE - MARGIN:.2f}"
        self.pieces.append(f'<path d="{way}" stroke="{colour}" stroke-width="{width}"/>')


def short(mark: str) -> str:
    """A mark as it stands behind a number.

    >>> short("estimated")
    'est.'
    """
    return f"{mark[:3]}."


def brief_pdf(brief: Brief) -> bytes:
    """The brief as the bytes of a PDF of one page. Raises TooLong if nothing makes it fit."""
    return bytes(import_module("vl_convert").svg_to_pdf(brief_svg(brief)))


def brief_svg(brief: Brief) -> str:
    """The brief as a drawing of A4's size, everything on it within its margins."""
    ruler = Ruler()
    chart = _chart(brief)
    for scale in SIZES:
        sheet = _composed(brief, ruler, chart, scale=scale, rows=len(brief.rows))
        if sheet.y <= BOTTOM:
            return _drawing(sheet)
    for rows in range(len(brief.rows) - 1, -1, -1):
        sheet = _composed(brief, ruler, chart, scale=SIZES[-1], rows=rows)
        if sheet.y <= BOTTOM:
            return _drawing(sheet)
    raise TooLong("the judgement, findings and limits alone fill more than a page")


def _drawing(sheet: _Sheet) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}" '
        f'font-family="{FONT}">{"".join(sheet.pieces)}</svg>'
    )


def _composed(brief: Brief, ruler: Ruler, chart: str, *, scale: float, rows: int) -> _Sheet:
    sheet = _Sheet(ruler, scale)
    kicker = " · ".join(filter(None, ("Tightrope brief", f"case {brief.case}", brief.asked)))
    sheet.text(kicker, size=8, colour=MUTED, most=2, after=3)
    sheet.text(brief.title, size=19, bold=True, most=2, after=8)
    _judgement(sheet, brief)
    _questions(sheet, brief.rows[:rows], len(brief.rows) - rows)
    _middle(sheet, brief, chart)
    if brief.limits:
        sheet.text("Read this first", size=10, bold=True, after=1)
        for text in brief.limits:
            _bullet(sheet, text, x=MARGIN, room=ROOM, most=3)
        sheet.y += 5 * scale
    foot = _Sheet(ruler, scale, y=0.0)
    _foot(foot, brief)
    down = max(BOTTOM - foot.y, sheet.y)
    sheet.pieces.append(f'<g transform="translate(0,{down:.2f})">{"".join(foot.pieces)}</g>')
    sheet.y = down + foot.y
    return sheet


def _judgement(sheet: _Sheet, brief: Brief) -> None:
    """The box at the head: the judgement, then how far the model may be trusted."""
    inset, top = 9.0, sheet.y
    inside = {"x": MARGIN + inset, "room": ROOM - 2 * inset}
    at = len(sheet.pieces)
    sheet.y += 4 * sheet.scale
    sheet.text(brief.judgement, size=12, bold=True, most=5, after=3, **inside)  # type: ignore[arg-type]
    if brief.confidence:
        sheet.text(f"Confidence in the model. {brief.confidence}", size=8.5, most=5, after=2, **inside)  # type: ignore[arg-type]
    sheet.y += 5 * sheet.scale
    box = (
        f'<rect x="{MARGIN:.2f}" y="{top:.2f}" width="{ROOM:.2f}" height="{sheet.y - top:.2f}" rx="4" '
        f'fill="{PAPER}" stroke="{ACCENT}" stroke-width="1"/>'
    )
    sheet.pieces.insert(at, box)
    sheet.y += 9 * sheet.scale


def _questions(sheet: _Sheet, rows: Sequence[Row], left: int) -> None:
    if not rows:
        return
    size, right = 8.0 * sheet.scale, WIDE - MARGIN
    wide = max(sheet.scale, 1.0)
    by, chance, spread, words = (right - wide * far for far in (234, 142, 88, 82))
    room = by - MARGIN - 10
    sheet.y += size
    for text, x, end in (
        ("Live question", MARGIN, False), ("by", by, False), ("probability", chance, True),
        ("90 % interval", spread, True), ("in words", words, False), ("mark", right, True),
    ):  # fmt: skip
        sheet.put(text, x=x, y=sheet.y, size=0.85 * size, colour=MUTED, end=end)
    sheet.y += 3 * sheet.scale
    sheet.rule()
    for row in rows:
        lines = sheet.ruler.lines(f"{row.id} {row.question}", room=room, size=size, most=2)
        base = sheet.y + 1.22 * size
        for number, line in enumerate(lines):
            sheet.put(line, x=MARGIN, y=base + 1.15 * size * number, size=size)
        sheet.put(row.by, x=by, y=base, size=size)
        sheet.put(row.probability, x=chance, y=base, size=size, bold=True, end=True)
        sheet.put(row.interval, x=spread, y=base, size=size, end=True)
        (said,) = sheet.ruler.lines(row.words, room=62 * wide, size=size, most=1) or ("",)
        sheet.put(said, x=words, y=base, size=size)
        sheet.put(short(row.mark), x=right, y=base, size=size, colour=MARK_COLOURS[row.mark], end=True)
        sheet.y = base + 1.15 * size * (len(lines) - 1) + 3 * sheet.scale
        sheet.rule(width=0.3)
    if left:
        noun = "question is" if left == 1 else "questions are"
        sheet.text(f"{left} more {noun} in the report.", size=7.5, colour=MUTED)
    sheet.y += 8 * sheet.scale


def _middle(sheet: _Sheet, brief: Brief, chart: str) -> None:
    """The fan on the left, the findings on the right; where there is no fan the findings take the page."""
    top, gap = sheet.y, 16.0
    half = (ROOM - gap) / 2
    floor = top
    if brief.fan_title:
        sheet.text(brief.fan_title, size=8.5, bold=True, room=half, most=5, after=3, mark=brief.fan_mark)
        if chart:
            high = 0.58 * half * sheet.scale
            sheet.pieces.append(_placed(chart, x=MARGIN, y=sheet.y, wide=half, high=high))
            sheet.y += high
        floor = sheet.y
    if brief.findings:
        x, room = (MARGIN + half + gap, half) if brief.fan_title else (MARGIN, ROOM)
        sheet.y = top
        sheet.text("Findings", size=10, bold=True, x=x, room=room, after=1)
        for text, mark in brief.findings:
            _bullet(sheet, text, x=x, room=room, most=6, mark=mark)
    sheet.y = max(sheet.y, floor) + 8 * sheet.scale


def _bullet(sheet: _Sheet, text: str, *, x: float, room: float, most: int, mark: str = "") -> None:
    size = 8.0 * sheet.scale
    sheet.put("•", x=x, y=sheet.y + 1.22 * size, size=size, colour=ACCENT)
    sheet.text(text, size=8, x=x + 8, room=room - 8, most=most, after=2.5, mark=mark)


def _foot(sheet: _Sheet, brief: Brief) -> None:
    sheet.rule(width=1.0)
    sheet.y += 2 * sheet.scale
    size = 7.0 * sheet.scale
    sheet.y += 1.22 * size
    x = MARGIN
    for mark, words in MARK_WORDS.items():
        sheet.put(mark, x=x, y=sheet.y, size=size, bold=True, colour=MARK_COLOURS[mark])
        x += sheet.ruler.width(f"{mark} ", size=size, bold=True) + 0.3 * size
        sheet.put(words, x=x, y=sheet.y, size=size)
        x += sheet.ruler.width(words, size=size) + 2 * size
    sheet.text(FOOT, size=7, colour=MUTED, most=3)
    if brief.provenance:
        sheet.text(brief.provenance, size=7, colour=MUTED, most=2)


def _chart(brief: Brief) -> str:
    """The fan as a drawing of its own, empty without one."""
    if not brief.fan:
        return ""
    import pandas as pd

    from tightrope.report.charts.fan import fan_chart
    from tightrope.report.drawing import VEGA_LITE

    spec: dict[str, Any] = dict(fan_chart(pd.DataFrame(brief.fan), description=brief.fan_title))
    spec |= {"width": 330, "height": 165, "padding": 0, "config": {**spec["config"], "font": FONT}}
    given: dict[str, Any] = {"vl_version": VEGA_LITE, "allowed_base_urls": []}
    return str(import_module("vl_convert").vegalite_to_svg(spec, **given))


def _placed(svg: str, *, x: float, y: float, wide: float, high: float) -> str:
    """A drawing at a place of the page, as large as fits, its proportions kept."""
    inside = svg[svg.index("<svg") :]
    head, rest = inside.split(">", 1)
    head = re.sub(r' (?:width|height|class)="[^"]*"', "", head)
    place = f' x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{high:.2f}"'
    return f'{head}{place} preserveAspectRatio="xMinYMin meet">{rest}'


__all__ = ["TooLong", "brief_pdf", "brief_svg"]
