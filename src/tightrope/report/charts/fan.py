"""The fan of a dated event: bands of its probability over time, with the outside view."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, ORANGE, VERMILLION, WIDTH, finished

BANDS = ((95, 0.16), (80, 0.18), (50, 0.26))
LINES = ("printed: after the floor", "the model alone", "the outside view")


def fan_chart(paths: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A chart of the table `paths`: three bands, the printed mean, the model alone and the outside view."""
    x = alt.X("date:T").scale(type="utc").title(None).axis(format="%Y", tickCount="year", grid=False)
    layers = [
        alt.Chart(paths)
        .mark_area(opacity=opacity, color=BLUE)
        .encode(x=x, y=alt.Y(f"lower{band}:Q").title(None), y2=f"upper{band}:Q")
        for band, opacity in BANDS
    ]
    long = paths.melt(
        id_vars=["date"], value_vars=["probability", "model", "outside"], var_name="of", value_name="value"
    )
    long["line"] = long["of"].map(dict(zip(["probability", "model", "outside"], LINES, strict=True)))
    long["by"] = long["date"]
    colour = alt.Color("line:N").scale(domain=list(LINES), range=[BLUE, VERMILLION, ORANGE])
    lines = (
        alt.Chart(long[["date", "by", "line", "value"]])
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q").axis(format=".1~%", tickCount=5),
            color=colour.legend(title=None, orient="top", symbolType="stroke", columns=3),
            strokeDash=alt.StrokeDash("line:N").scale(domain=list(LINES), range=[[1, 0], [2, 3], [7, 4]]),
            tooltip=[
                alt.Tooltip("line:N", title="line"),
                alt.Tooltip("by:N", title="by"),
                alt.Tooltip("value:Q", title="probability", format=".2%"),
            ],
        )
    )
    chart = alt.layer(*layers, lines).properties(width=WIDTH, height=240)
    return finished(chart, description=description)


def band_words() -> str:
    """What the bands are, in words."""
    return "Bands hold the middle 50, 80 and 95 % of parameter draws."
