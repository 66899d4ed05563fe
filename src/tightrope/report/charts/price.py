"""The price gap of an end: a heat map over two state variables."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, ON_DARK, ON_LIGHT, VERMILLION, finished
from tightrope.report.text import number

NO_PRICE, A_PRICE = BLUE, VERMILLION
"""Colours of the two ends: least and most differ, and some price suits both."""
MIDDLE = "#f2f3f5"
FIRST_DARK = 0.55
"""Share of the scale from which text in a cell turns light."""


def price_chart(gaps: pd.DataFrame, *, across: str, down: str, description: str) -> dict[str, Any]:
    """A heat map of the table `gaps`: colour is the mean gap, a ring says that some price exists."""
    rows = gaps.copy()
    rows["gap"] = rows["gap"].astype(float)
    most = max(float(rows["gap"].abs().max()), 1e-12)
    rows["words"] = [
        f"{number(g)}{' ○' if priced else ''}" for g, priced in zip(rows["gap"], rows["priced"], strict=True)
    ]
    rows["ink"] = [ON_DARK if abs(g) >= FIRST_DARK * most else ON_LIGHT for g in rows["gap"]]
    columns = list(rows.sort_values("across_rank", kind="stable")["across"].drop_duplicates())
    lines = list(rows.sort_values("down_rank", kind="stable")["down"].drop_duplicates())
    plain: dict[str, Any] = {"ticks": False, "domain": False, "labelLimit": 160}
    base = alt.Chart(rows).encode(
        x=alt.X("across:N").sort(columns).title(across).axis(orient="top", labelAngle=0, **plain),
        y=alt.Y("down:N").sort(lines).title(down).axis(**plain),
    )
    tiles = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color("gap:Q")
        .scale(domain=[-most, 0, most], range=[A_PRICE, MIDDLE, NO_PRICE], interpolate="rgb")
        .legend(None),
        tooltip=[
            alt.Tooltip("down:N", title=down),
            alt.Tooltip("across:N", title=across),
            alt.Tooltip("gap:Q", title="mean price gap", format=".2f"),
            alt.Tooltip("smallest:Q", title="smallest", format=".2f"),
            alt.Tooltip("largest:Q", title="largest", format=".2f"),
            alt.Tooltip("priced:Q", title="states with a price"),
            alt.Tooltip("states:Q", title="states"),
            alt.Tooltip("visited:Q", title="coded periods there"),
        ],
    )
    words = base.mark_text(fontSize=12).encode(
        text="words:N", color=alt.Color("ink:N").scale(None).legend(None)
    )
    chart = alt.layer(tiles, words).resolve_scale(color="independent")
    return finished(chart.properties(width=alt.Step(130), height=alt.Step(34)), description=description)
