"""Fears by year above what came by year, on one axis."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, ORANGE, SKY, VERMILLION, WIDTH, finished


def ledger_chart(fears: pd.DataFrame, outcomes: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """Two panels: statements and fears a year above, outcomes a year below.

    An outcome that never came keeps its empty row, so that the emptiness is seen.
    """
    years = sorted({*fears["year"], *outcomes["year"]})
    words = {"fears": "fears", "other": "milder statements"}
    feared = fears.assign(kind=words["fears"], count=fears["fears"], low=0, high=fears["fears"])
    other = fears.assign(
        kind=words["other"],
        count=fears["statements"] - fears["fears"],
        low=fears["fears"],
        high=fears["statements"],
    )
    long = pd.concat([feared, other])[["year", "kind", "count", "low", "high"]]
    long = long[long["count"] > 0]
    ticks = [y for y in years if y % 5 == 0]
    scale = alt.Scale(domain=[years[0] - 0.6, years[-1] + 0.6], nice=False)

    def x(labels: bool) -> alt.X:
        axis = alt.Axis(format="d", values=ticks, grid=True, labels=labels, title=None, ticks=labels)
        return alt.X("from:Q", scale=scale, axis=axis, title=None)

    def at(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{"from": frame["year"] - 0.42, "to": frame["year"] + 0.42})

    above = (
        alt.Chart(at(long))
        .mark_rect()
        .encode(
            x=x(True),
            x2="to:Q",
            y=alt.Y("low:Q").title("statements a year").axis(tickCount=4, tickMinStep=1),
            y2="high:Q",
            color=alt.Color("kind:N")
            .scale(domain=list(words.values()), range=[VERMILLION, ORANGE])
            .legend(title=None, orient="top"),
            tooltip=[alt.Tooltip(f"{name}:N", title=name) for name in ("year", "kind", "count")],
        )
        .properties(width=WIDTH - 120, height=130)
    )
    names = list(outcomes.sort_values("feared", ascending=False, kind="stable")["outcome"].drop_duplicates())
    worst = set(outcomes[outcomes["feared"].astype(bool)]["outcome"])
    came = outcomes[outcomes["count"] > 0]
    base = alt.Chart(at(came[["year", "outcome", "count"]])).encode(
        y=alt.Y("outcome:N")
        .scale(domain=names)
        .sort(names)
        .title(None)
        .axis(grid=True, ticks=False, domain=False, labelLimit=170, zindex=0)
    )
    below = base.mark_rect().encode(
        x=x(False),
        x2="to:Q",
        color=alt.Color("outcome:N")
        .scale(
            domain=names,
            range=[VERMILLION if n in worst else (BLUE, SKY)[k % 2] for k, n in enumerate(names)],
        )
        .legend(None),
        tooltip=[alt.Tooltip(f"{name}:N", title=name) for name in ("year", "outcome", "count")],
    )
    low = below.properties(width=WIDTH - 120, height=alt.Step(24))
    chart = alt.vconcat(above, low, spacing=8).resolve_scale(color="independent")
    return finished(chart, description=description)
