"""Colours and the frame that all charts share.

The palette is that of Okabe & Ito (2008), which the common colour blindnesses leave apart.
Three greys stand for text, faint text and grid: exactly these strings are exchanged for the
page's own when it is dark, so nothing else may use them.
"""

from __future__ import annotations

from typing import Any

import altair as alt

INK, MUTED, GRID = "#1f2733", "#5b6573", "#dde1e6"
ON_LIGHT, ON_DARK = "#0b0d10", "#fefefe"
"""Text inside coloured cells: these never change."""

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#8d96a3"

STEPS = ("#d4e6f4", "#9cc7e6", "#5aa2d2", "#2b7bb5", "#0b5394", "#06335c")
"""Light to dark blue, for ordered levels; text turns light from `FIRST_DARK` on."""
FIRST_DARK = 3

WIDTH = 840

MARK_COLOURS = {"assumed": ORANGE, "calibrated": PURPLE, "estimated": BLUE}


def steps(n: int) -> tuple[str, ...]:
    """Colours of n ordered levels, spread over `STEPS`."""
    if n <= 1:
        return (STEPS[1],)
    return tuple(STEPS[round(k * (len(STEPS) - 1) / (n - 1))] for k in range(n))


def frame() -> dict[str, Any]:
    """The Vega-Lite configuration of every chart."""
    words = {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 11, "titleFontSize": 11}
    return {
        "background": "transparent",
        "font": "Arial, 'Liberation Sans', Helvetica, sans-serif",
        "view": {"stroke": None},
        "axis": {
            **words,
            "gridColor": GRID,
            "domainColor": GRID,
            "tickColor": GRID,
            "titleFontWeight": "normal",
        },
        "legend": {**words, "symbolStrokeWidth": 2, "titleFontWeight": "normal", "labelLimit": 320},
        "header": {**words, "titleFontWeight": "normal", "labelFontWeight": "bold"},
        "text": {"color": INK, "fontSize": 11},
        "rule": {"color": MUTED},
    }


def finished(chart: alt.TopLevelMixin, *, description: str) -> dict[str, Any]:
    """A chart as a Vega-Lite specification with the shared frame and a description in words."""
    spec: dict[str, Any] = chart.to_dict()
    spec["config"] = frame()
    spec["description"] = description
    return spec
