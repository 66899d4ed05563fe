"""A box in parameter space: its limits on the scale of each prior, and coverage against density."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, GREY, INK, ORANGE, WIDTH, finished


def limits_chart(limits: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A chart of the table `limits`: the stretch of each parameter's prior that the box takes."""
    rows = pd.DataFrame(
        {
            "parameter": limits["parameter"],
            "low": [0.0 if q is None or q != q else float(q) for q in limits["low_quantile"]],
            "high": [1.0 if q is None or q != q else float(q) for q in limits["high_quantile"]],
            "sure": ["may be chance" if flag else "beyond chance" for flag in limits["by_chance"]],
        }
    )
    rows = rows.assign(least=0.0, most=1.0)
    y = (
        alt.Y("parameter:N")
        .sort(list(rows["parameter"]))
        .title(None)
        .axis(ticks=False, domain=False, labelLimit=200)
    )
    scale = alt.Scale(domain=[0, 1])
    base = alt.Chart(rows).encode(y=y)
    whole = base.mark_rule(color=GREY).encode(x=alt.X("least:Q").scale(scale), x2="most:Q")
    inside = base.mark_bar(height=11).encode(
        x=alt.X("low:Q")
        .scale(scale)
        .title("point of the parameter's prior")
        .axis(format=".0%", tickCount=5, grid=True),
        x2="high:Q",
        color=alt.Color("sure:N")
        .scale(domain=["beyond chance", "may be chance"], range=[BLUE, ORANGE])
        .legend(title=None, orient="top"),
        tooltip=[
            alt.Tooltip("parameter:N", title="parameter"),
            alt.Tooltip("low:Q", title="from", format=".0%"),
            alt.Tooltip("high:Q", title="to", format=".0%"),
            alt.Tooltip("sure:N", title="limit"),
        ],
    )
    chart = alt.layer(whole, inside).properties(width=WIDTH - 240, height=alt.Step(22))
    return finished(chart, description=description)


def tradeoff_chart(tradeoff: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A chart of the table `tradeoff`: density over coverage, the box that is shown picked out."""
    columns = ["box", "coverage", "density", "draws", "with_it", "restricted", "chosen"]
    rows = tradeoff[columns].astype({"coverage": float, "density": float})
    percent: dict[str, Any] = {"format": ".0%", "tickCount": 5}
    base = alt.Chart(rows).encode(
        x=alt.X("coverage:Q").scale(domain=[0, 1]).title("coverage").axis(grid=True, **percent),
        y=alt.Y("density:Q").scale(domain=[0, 1]).title("density").axis(grid=True, **percent),
        tooltip=[alt.Tooltip(f"{name}:N", title=name.replace("_", " ")) for name in columns],
    )
    path = base.mark_line(color=GREY).encode(order="box:Q")
    points = base.mark_point(filled=True, opacity=1).encode(
        color=alt.Color("chosen:N").scale(domain=[True, False], range=[BLUE, GREY]).legend(None),
        size=alt.condition("datum.chosen", alt.value(140), alt.value(40)),
    )
    shown = base.transform_filter("datum.chosen").mark_text(
        align="left", dx=10, fontWeight="bold", color=INK, text="the box shown"
    )
    return finished(alt.layer(path, points, shown).properties(width=380, height=240), description=description)
