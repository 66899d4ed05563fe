"""The live questions on one scale: probability, interval and outside view."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, ORANGE, WIDTH, finished

PRINTED, OUTSIDE = "probability and 90 % interval", "outside view"


def live_chart(live: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A chart of the certified rows of the table `live`, in their order."""
    y = (
        alt.Y("id:N")
        .sort(list(live["id"]))
        .title(None)
        .axis(grid=True, ticks=False, domain=False, labelPadding=8)
    )
    x = alt.X("probability:Q").scale(domain=[0, 1]).axis(format=".0%", tickCount=6, orient="top").title(None)
    tooltip = [
        alt.Tooltip("question:N", title="question"),
        alt.Tooltip("probability:Q", title="probability", format=".1%"),
        alt.Tooltip("lower:Q", title="lower", format=".1%"),
        alt.Tooltip("upper:Q", title="upper", format=".1%"),
        alt.Tooltip("outside:Q", title="outside view", format=".1%"),
    ]
    base = alt.Chart(live).encode(y=y)
    colour = alt.Color("key:N").scale(domain=[PRINTED, OUTSIDE], range=[BLUE, ORANGE])
    shape = alt.Shape("key:N").scale(domain=[PRINTED, OUTSIDE], range=["circle", "diamond"])
    bars = base.mark_rule(strokeWidth=5, opacity=0.35, color=BLUE, strokeCap="round").encode(
        x=alt.X("lower:Q").scale(domain=[0, 1]).title(None), x2="upper:Q", tooltip=tooltip
    )
    outside = (
        base.transform_calculate(key=f"'{OUTSIDE}'")
        .mark_point(filled=True, size=60)
        .encode(x=alt.X("outside:Q"), color=colour, shape=shape, tooltip=tooltip)
    )
    points = (
        base.transform_calculate(key=f"'{PRINTED}'")
        .mark_point(filled=True, size=90, opacity=1)
        .encode(x=x, color=colour.legend(title=None, orient="bottom"), shape=shape, tooltip=tooltip)
    )
    chart = alt.layer(bars, outside, points).properties(width=WIDTH - 60, height=alt.Step(22))
    return finished(chart, description=description)
