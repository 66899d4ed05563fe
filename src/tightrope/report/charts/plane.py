"""The balancing act: the record's path over two axes, on the expected movement from each point."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, GREY, INK, WIDTH, finished
from tightrope.report.sections_pictures import Plane

ACROSS, HIGH = WIDTH - 160, 430
"""Size of the plot in pixels."""
MARGIN = 0.07
"""Room around the outermost points, as a share of the axis."""
LANE = 4.0
"""Pixels by which a leg keeps to the right of its line, so that a way there and back stay apart."""
LONGEST = 0.95
"""The longest arrow, as a share of the smallest gap between points."""


def plane_chart(plane: Plane, *, description: str) -> dict[str, Any]:
    """A chart of the tables `stays` and `drifts`; no arrow is drawn where the movement is not certified."""
    domains = {axis: _domain([*plane.stays[axis], *plane.drifts[axis]]) for axis in ("x", "y")}
    words = {
        "x": (plane.across, plane.low_across, plane.high_across),
        "y": (plane.up, plane.low_up, plane.high_up),
    }

    def scale(axis: str) -> alt.Scale:
        return alt.Scale(domain=domains[axis], nice=False, zero=False)

    def shown(axis: str, values: list[float]) -> alt.Axis:
        title, low, high = words[axis]
        ends = f"datum.value < {sum(values) / 2} ? {_quoted(low)} : {_quoted(high)}"
        more: dict[str, Any] = {"labelLimit": 300 if axis == "x" else 130}
        return alt.Axis(
            title=title,
            values=values,
            labelExpr=ends,
            grid=False,
            ticks=False,
            labelFlush=axis == "x",
            **more,
        )

    ends = {axis: [min(plane.drifts[axis]), max(plane.drifts[axis])] for axis in ("x", "y")}
    x = alt.X("x:Q").scale(scale("x")).axis(shown("x", ends["x"]))
    y = alt.Y("y:Q").scale(scale("y")).axis(shown("y", ends["y"]))
    pixel = (
        ACROSS / (domains["x"][1] - domains["x"][0]),
        HIGH / (domains["y"][1] - domains["y"][0]),
    )
    layers: list[Any] = []
    if plane.certified:
        layers += _field(plane.drifts, x, y, pixel)
    else:
        bare = alt.Chart(plane.drifts[["x", "y", "levels"]])
        layers.append(bare.mark_point(filled=True, color=GREY, size=9, opacity=1).encode(x=x, y=y))
    if len(plane.stays):
        layers += _path(plane.stays, x, y, pixel)
    chart = alt.layer(*layers).properties(width=ACROSS, height=HIGH)
    return finished(chart, description=description)


def stretch(drifts: pd.DataFrame) -> float:
    """How many times as long as the movement its arrow is drawn: no arrow leaves its cell of the grid."""
    rooms = []
    for at, step in (("x", "dx"), ("y", "dy")):
        gaps = [b - a for a, b in pairwise(sorted(set(drifts[at])))]
        longest = max((abs(float(d)) for d in drifts[step]), default=0.0)
        if longest > 0:
            rooms.append(LONGEST * min(gaps, default=1.0) / longest)
    return min(rooms, default=1.0)


def _domain(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    room = MARGIN * ((high - low) or 1.0)
    return [low - room, high + room]


def _quoted(words: str) -> str:
    """Text as a string of Vega's expressions, from which nothing in it can break out."""
    inside = "".join(c if c.isalnum() or c in " ,.-" else f"\\u{ord(c) % 0x10000:04x}" for c in words)
    return f"'{inside}'"


def _angle(dx: float, dy: float, pixel: tuple[float, float]) -> float:
    """Degrees clockwise from straight up, as the eye sees the movement."""
    return math.degrees(math.atan2(dx * pixel[0], dy * pixel[1]))


def _field(drifts: pd.DataFrame, x: alt.X, y: alt.Y, pixel: tuple[float, float]) -> list[Any]:
    times = stretch(drifts)
    rows = drifts.astype(dict.fromkeys(("x", "y", "dx", "dy", "ends"), float))
    arrows = pd.DataFrame(
        {
            "x": rows["x"], "y": rows["y"], "x2": rows["x"] + times * rows["dx"],
            "y2": rows["y"] + times * rows["dy"], "dx": rows["dx"], "dy": rows["dy"], "ends": rows["ends"],
            "angle": [_angle(a, b, pixel) for a, b in zip(rows["dx"], rows["dy"], strict=True)],
            "levels": rows["levels"],
        }
    )  # fmt: skip
    base = alt.Chart(arrows)
    tips = [
        alt.Tooltip("levels:N", title="levels"),
        alt.Tooltip("dx:Q", title="movement across in a year", format="+.3f"),
        alt.Tooltip("dy:Q", title="movement up in a year", format="+.3f"),
        alt.Tooltip("ends:Q", title="the game ends within a year", format=".1%"),
    ]
    return [
        base.mark_point(filled=True, size=9, color=GREY, opacity=1).encode(x=x, y=y, tooltip=tips),
        base.mark_rule(color=GREY, strokeWidth=1.3).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        base.mark_point(filled=True, shape="triangle", size=34, color=GREY, opacity=1).encode(
            x=alt.X("x2:Q"), y=alt.Y("y2:Q"), angle=alt.Angle("angle:Q").scale(None), tooltip=tips
        ),
    ]


def _path(stays: pd.DataFrame, x: alt.X, y: alt.Y, pixel: tuple[float, float]) -> list[Any]:
    rows = stays.to_dict("records")
    legs = pd.DataFrame(
        [_leg(a, b, pixel) for a, b in pairwise(rows)],
        columns=["x", "y", "x2", "y2", "mx", "my", "angle", "to"],
    )
    spots: dict[tuple[float, float], dict[str, Any]] = {}
    for row in rows:
        spot = spots.setdefault(
            (row["x"], row["y"]),
            {"x": row["x"], "y": row["y"], "n": 0, "years": [], "levels": row["levels"]},
        )
        spot["n"] += row["n"]
        spot["years"].append(row["years"])
    places = pd.DataFrame([{**spot, "years": ", ".join(spot["years"])} for spot in spots.values()])
    line = alt.Chart(legs)
    place = alt.Chart(places)
    tips = [
        alt.Tooltip("years:N", title="the record stood here"),
        alt.Tooltip("n:Q", title="periods"),
        alt.Tooltip("levels:N", title="levels"),
    ]
    return [
        line.mark_rule(color=BLUE, strokeWidth=2).encode(x=x, y=y, x2="x2:Q", y2="y2:Q"),
        line.mark_point(filled=True, shape="triangle", size=70, color=BLUE, opacity=1).encode(
            x=alt.X("mx:Q"), y=alt.Y("my:Q"), angle=alt.Angle("angle:Q").scale(None),
            tooltip=[alt.Tooltip("to:N", title="from here")],
        ),
        place.mark_circle(color=BLUE, opacity=1).encode(
            x=x, y=y, size=alt.Size("n:Q").scale(range=[60, 420], domainMin=0).legend(None), tooltip=tips
        ),
        place.mark_text(align="left", dx=9, dy=-13, fontSize=12, fontWeight="bold", color=INK).encode(
            x=x, y=y, text="years:N"
        ),
    ]  # fmt: skip


def _leg(a: dict[str, Any], b: dict[str, Any], pixel: tuple[float, float]) -> dict[str, Any]:
    """One move of the record, set to the right of the way it goes, with its arrow in the middle."""
    across, up = (b["x"] - a["x"]) * pixel[0], (b["y"] - a["y"]) * pixel[1]
    far = math.hypot(across, up) or 1.0
    aside = (LANE * up / far / pixel[0], -LANE * across / far / pixel[1])
    start, end = ((row["x"] + aside[0], row["y"] + aside[1]) for row in (a, b))
    return {
        "x": start[0], "y": start[1], "x2": end[0], "y2": end[1], "mx": (start[0] + end[0]) / 2,
        "my": (start[1] + end[1]) / 2, "angle": _angle(b["x"] - a["x"], b["y"] - a["y"], pixel),
        "to": f"{b['first']} from {a['last']}",
    }  # fmt: skip
