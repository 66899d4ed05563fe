"""Claims: in what share of draws each holds, and which ablation breaks which."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import (
    BLUE,
    GREY,
    INK,
    MUTED,
    ON_LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    YELLOW,
    finished,
)

DRAWS = {
    "share_fit": ("at the fit", BLUE, "circle"),
    "share_argument": ("argument-centred priors", ORANGE, "diamond"),
    "share_agnostic": ("agnostic priors", GREY, "square"),
}

LOOK = {
    "holds": (SKY, ""),
    "breaks": (VERMILLION, "✕"),
    "fails": ("#e3cdb8", "–"),
    "changes": (YELLOW, "↑"),
    "not certified": (GREY, "?"),
    "undefined": (PURPLE, "∅"),
}
"""Result of an ablation -> fill and sign, so that colour is never alone."""


def share_rows(claims: pd.DataFrame) -> pd.DataFrame:
    """The shares of draws in which claims hold, one row each: id, text, draws, share."""
    kept = [name for name in DRAWS if claims[name].notna().any()]
    long = claims.melt(id_vars=["id", "text"], value_vars=kept, var_name="draws", value_name="share")
    long["draws"] = long["draws"].map({name: look[0] for name, look in DRAWS.items()})
    long["share"] = long["share"].astype(float)
    return long.dropna(subset=["share"])


def shares_chart(claims: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A dot plot of the shares of draws in which each claim holds."""
    rows = share_rows(claims)
    looks = [look for look in DRAWS.values() if look[0] in set(rows["draws"])]
    names = [look[0] for look in looks]
    chart = (
        alt.Chart(rows)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=alt.X("share:Q")
            .scale(domain=[0, 1])
            .axis(format=".0%", orient="top", tickCount=6)
            .title("share of draws in which the claim holds"),
            y=alt.Y("id:N")
            .sort(list(dict.fromkeys(rows["id"])))
            .title(None)
            .axis(grid=True, ticks=False, domain=False, labelPadding=8),
            color=alt.Color("draws:N")
            .scale(domain=names, range=[look[1] for look in looks])
            .legend(title=None, orient="top"),
            shape=alt.Shape("draws:N").scale(domain=names, range=[look[2] for look in looks]),
            tooltip=[
                alt.Tooltip("id:N", title="claim"),
                alt.Tooltip("text:N", title="text"),
                alt.Tooltip("draws:N", title="draws"),
                alt.Tooltip("share:Q", title="share", format=".0%"),
            ],
        )
        .properties(width=WIDTH - 60, height=alt.Step(17))
    )
    return finished(chart, description=description)


def matrix_chart(cells: pd.DataFrame, ablations: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A heat map of claims by ablations, one panel at the reference and one at the fit.

    The ablation that a claim names is outlined.
    """
    rows = cells
    signs = {name: look[1] for name, look in LOOK.items()}
    places = [at for at in ("reference", "fit") if at in set(rows["at"])]
    claims = list(dict.fromkeys(rows["claim"]))
    order = [name for name in ablations["ablation"] if name in set(rows["ablation"])]
    found = [name for name in LOOK if name in set(rows["result"])]
    panels = []
    legend = alt.Legend(title=None, orient="bottom", columns=3)
    size = max(12.0, min(24.0, 620 / (len(places) * max(len(order), 1))))
    for place in places:
        y = alt.Y("claim:N").sort(claims).title(None).scale(paddingInner=0.07, paddingOuter=0)
        y = y.axis(ticks=False, domain=False, labels=place == places[0], grid=False)
        base = alt.Chart(rows[rows["at"] == place]).encode(
            x=alt.X("ablation:N")
            .sort(order)
            .scale(paddingInner=0.07, paddingOuter=0)
            .title(None)
            .axis(orient="top", labelAngle=-60, ticks=False, domain=False, labelLimit=150, grid=False),
            y=y,
        )
        tiles = base.mark_rect().encode(
            color=alt.Color("result:N")
            .scale(domain=found, range=[LOOK[name][0] for name in found])
            .legend(legend if place == places[0] else None),
            tooltip=[
                alt.Tooltip("claim:N", title="claim"),
                alt.Tooltip("ablation:N", title="ablation"),
                alt.Tooltip("result:N", title="result"),
                alt.Tooltip("named:N", title="named by the claim"),
            ],
        )
        outline = (
            base.transform_filter(alt.datum.named)
            .mark_rect(fill=None, strokeWidth=2)
            .encode(stroke=alt.value(INK))
        )
        words = (
            base.transform_filter("datum.result != 'holds'")
            .transform_calculate(sign=f"({json.dumps(signs)})[datum.result]")
            .mark_text(fontSize=10, fontWeight="bold", color=ON_LIGHT)
            .encode(text="sign:N")
        )
        title = alt.TitleParams(f"at the {place}", color=MUTED, fontSize=11, anchor="start")
        panel = alt.layer(tiles, outline, words).resolve_scale(color="independent")
        panels.append(panel.properties(width=size * len(order), height=alt.Step(16), title=title))
    chart = alt.hconcat(*panels, spacing=18).resolve_scale(color="shared")
    return finished(chart, description=description)
