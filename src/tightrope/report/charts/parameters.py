"""How much the record narrowed each parameter."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import MARK_COLOURS, MUTED, WIDTH, finished

INFORMED = 0.8
"""Below this ratio of posterior to prior sd a parameter counts as estimated."""

SHAPES = {"assumed": "diamond", "calibrated": "square", "estimated": "circle"}


def ratio_chart(parameters: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A dot plot of posterior sd over prior sd for the free parameters, most informed first."""
    rows = parameters[["name", "sd_ratio", "mark"]].dropna(subset=["sd_ratio"])
    rows = rows.assign(sd_ratio=rows["sd_ratio"].astype(float)).sort_values("sd_ratio", kind="stable")
    marks = [name for name in MARK_COLOURS if name in set(rows["mark"])]
    top = max(1.05, float(rows["sd_ratio"].max()) * 1.03)
    y = alt.Y("name:N").sort(list(rows["name"])).title(None)
    points = (
        alt.Chart(rows)
        .mark_point(filled=True, size=60, opacity=1)
        .encode(
            x=alt.X("sd_ratio:Q")
            .scale(domain=[0, top], nice=False)
            .title("posterior sd / prior sd (1: the record says nothing)")
            .axis(orient="top", tickCount=6),
            y=y.axis(grid=True, ticks=False, domain=False, labelLimit=220),
            color=alt.Color("mark:N")
            .scale(domain=marks, range=[MARK_COLOURS[name] for name in marks])
            .legend(title=None, orient="bottom"),
            shape=alt.Shape("mark:N").scale(domain=marks, range=[SHAPES[name] for name in marks]),
            tooltip=[
                alt.Tooltip("name:N", title="parameter"),
                alt.Tooltip("sd_ratio:Q", title="sd ratio", format=".2f"),
                alt.Tooltip("mark:N", title="mark"),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame({"at": [INFORMED]}))
        .mark_rule(strokeDash=[4, 3], color=MUTED)
        .encode(x=alt.X("at:Q"))
    )
    chart = alt.layer(line, points).properties(width=WIDTH - 180, height=alt.Step(15))
    return finished(chart, description=description)
