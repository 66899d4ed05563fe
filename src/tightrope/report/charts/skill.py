"""Skill against a rival by horizon, with intervals, and reliability curves with their bands."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.questions import looks
from tightrope.report.charts.theme import BLUE, INK, MUTED, WIDTH, finished

FARTHEST = -1.0
"""Skill below this is drawn at the edge: the axis would else show nothing but the worst forecaster."""


def skill_chart(skill: pd.DataFrame, *, order: list[str], unit: str, description: str) -> dict[str, Any]:
    """Skill of each forecaster by horizon, of one group; rows of the table `skill`."""
    rows = skill[skill["forecaster"].isin(order)]
    frame = pd.DataFrame(
        {
            "horizon": rows["horizon"].astype(int),
            "forecaster": rows["forecaster"],
            "skill": rows["log_skill"].astype(float),
            "at": rows["log_skill"].astype(float).clip(lower=FARTHEST),
            "lower": rows["log_lower"].astype(float).clip(lower=FARTHEST),
            "upper": rows["log_upper"].astype(float).clip(lower=FARTHEST),
            "n": rows["n"].astype(int),
        }
    )
    colours, shapes = looks(order)
    x = alt.X("horizon:O").title(f"{unit}s ahead").axis(labelAngle=0, ticks=False, domain=False)
    offset = alt.XOffset("forecaster:N").sort(order)
    legend = alt.Legend(title=None, orient="bottom", columns=4)
    colour = alt.Color("forecaster:N").scale(domain=order, range=colours).legend(legend)
    axis = alt.Axis(format=".0%", tickCount=6, grid=True)
    base = alt.Chart(frame).encode(x=x, xOffset=offset)
    bars = (
        base.transform_filter("isValid(datum.lower) && isValid(datum.upper)")
        .mark_rule(strokeWidth=1.5)
        .encode(y=alt.Y("lower:Q").title(None), y2="upper:Q", color=colour)
    )
    points = base.mark_point(filled=True, size=55, opacity=1).encode(
        y=alt.Y("at:Q").title(f"skill in log score; 0 is the {rows['rival'].iloc[0]}").axis(axis),
        color=colour,
        shape=alt.Shape("forecaster:N").scale(domain=order, range=shapes).legend(legend),
        tooltip=[
            alt.Tooltip("forecaster:N", title="forecaster"),
            alt.Tooltip("horizon:O", title=f"{unit}s ahead"),
            alt.Tooltip("skill:Q", title="skill", format=".1%"),
            alt.Tooltip("n:Q", title="origins"),
        ],
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=MUTED, strokeWidth=1.5)
    chart = alt.layer(zero.encode(y="zero:Q"), bars, points).properties(width=WIDTH - 40, height=280)
    return finished(chart, description=description)


def reliability_chart(curves: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """Reliability curves of one group side by side, a panel a forecaster; rows of the table `curves`."""
    names = list(dict.fromkeys(curves["forecaster"]))
    panels: list[Any] = []
    for name in names:
        rows = curves[curves["forecaster"] == name]
        columns = ["forecast", "recalibrated", "lower", "upper"]
        frame = pd.DataFrame({column: rows[column].astype(float) for column in columns})
        x = (
            alt.X("forecast:Q")
            .scale(domain=[0, 1])
            .title(f"forecast: {name}")
            .axis(format=".0%", tickCount=3)
        )
        scale = alt.Scale(domain=[0, 1])
        axis = alt.Axis(format=".0%", tickCount=3, labels=not panels)
        band = (
            alt.Chart(frame.dropna())
            .mark_area(opacity=0.2, color=MUTED)
            .encode(x=x, y=alt.Y("lower:Q").scale(scale).title("came"), y2="upper:Q")
        )
        corner = pd.DataFrame({"forecast": [0.0, 1.0], "recalibrated": [0.0, 1.0]})
        diagonal = alt.Chart(corner).mark_line(color=INK, strokeWidth=1, strokeDash=[3, 3])
        curve = alt.Chart(frame).mark_line(color=BLUE, strokeWidth=2)
        y = alt.Y("recalibrated:Q").scale(scale).axis(axis).title("came" if not panels else None)
        layers = [*([band] if len(frame.dropna()) else []), diagonal.encode(x=x, y=y), curve.encode(x=x, y=y)]
        panels.append(alt.layer(*layers).properties(width=(WIDTH - 140) // 3, height=200))
    return finished(alt.hconcat(*panels, spacing=20), description=description)
