"""Past questions: each forecaster's probability beside what came, and mean scores with intervals."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import (
    BLUE,
    GREEN,
    GREY,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    WIDTH,
    finished,
)

COLOURS = (BLUE, VERMILLION, ORANGE, GREEN, PURPLE, SKY, GREY)
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "triangle-right")


def looks(forecasters: list[str]) -> tuple[list[str], list[str]]:
    """Colours and shapes of forecasters in their order; they repeat from the eighth on."""
    n = range(len(forecasters))
    return [COLOURS[k % len(COLOURS)] for k in n], [SHAPES[k % len(SHAPES)] for k in n]


def questions_chart(questions: pd.DataFrame, forecasts: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A dot plot of forecasts by question; a bar at either end says what came."""
    rows = forecasts[forecasts["certified"].astype(bool)].merge(
        questions[["id", "question", "resolution"]], on="id", how="left"
    )
    names = list(dict.fromkeys(forecasts["forecaster"]))
    colours, shapes = looks(names)
    ids = [i for i in questions["id"] if i in set(rows["id"])]
    came = questions[questions["id"].isin(ids) & (questions["resolution"] != "open")]
    came = came[["id", "resolution"]].assign(at=lambda f: f["resolution"].map({"yes": 1.0, "no": 0.0}))
    y = alt.Y("id:N").sort(ids).title(None).axis(grid=True, ticks=False, domain=False)
    x = alt.X("probability:Q").scale(domain=[-0.02, 1.02], nice=False)
    x = x.axis(format=".0%", orient="top", values=[0, 0.2, 0.4, 0.6, 0.8, 1.0])
    outcome = (
        alt.Chart(came)
        .mark_tick(thickness=5, height=15, color=MUTED, opacity=0.65)
        .encode(
            x=alt.X("at:Q").title("probability as of the question's origin; the bar stands at what came"),
            y=y,
            tooltip=[alt.Tooltip("id:N", title="question"), alt.Tooltip("resolution:N", title="came")],
        )
    )
    points = (
        alt.Chart(rows[["id", "question", "forecaster", "probability", "resolution"]])
        .mark_point(filled=True, size=65, opacity=0.85)
        .encode(
            x=x,
            y=y,
            color=alt.Color("forecaster:N")
            .scale(domain=names, range=colours)
            .legend(title=None, orient="bottom", columns=4),
            shape=alt.Shape("forecaster:N").scale(domain=names, range=shapes),
            tooltip=[
                alt.Tooltip("id:N", title="id"),
                alt.Tooltip("question:N", title="question"),
                alt.Tooltip("forecaster:N", title="forecaster"),
                alt.Tooltip("probability:Q", title="probability", format=".1%"),
                alt.Tooltip("resolution:N", title="came"),
            ],
        )
    )
    chart = alt.layer(outcome, points).properties(width=WIDTH - 60, height=alt.Step(20))
    return finished(chart, description=description)


def means_chart(means: pd.DataFrame, *, order: list[str], description: str) -> dict[str, Any]:
    """Mean Brier and log scores by forecaster with their intervals, for one group of questions."""
    wide = means.rename(columns={"brier_lower": "b_lo", "brier_upper": "b_hi"})
    panels: list[Any] = []
    colours, shapes = looks(order)
    for label, value, low, high in (
        ("mean Brier score (lower is better)", "brier", "b_lo", "b_hi"),
        ("mean log score, nats (lower is better)", "log_score", "log_lower", "log_upper"),
    ):
        rows = wide[["forecaster", "n"]].assign(
            value=wide[value].astype(float), lower=wide[low].astype(float), upper=wide[high].astype(float)
        )
        y = alt.Y("forecaster:N").sort([n for n in order if n in set(rows["forecaster"])]).title(None)
        y = y.axis(ticks=False, domain=False, grid=True, labels=not panels)
        tooltip = [alt.Tooltip("forecaster:N", title="forecaster"), alt.Tooltip("n:Q", title="questions")]
        tooltip.append(alt.Tooltip("value:Q", title="mean", format=".3f"))
        base = alt.Chart(rows).encode(
            y=y, color=alt.Color("forecaster:N").scale(domain=order, range=colours).legend(None)
        )
        bars = (
            base.transform_filter("isValid(datum.lower) && isValid(datum.upper)")
            .mark_rule(strokeWidth=4, opacity=0.4, strokeCap="round")
            .encode(x=alt.X("lower:Q").scale(zero=True), x2="upper:Q")
        )
        points = base.mark_point(filled=True, size=90, opacity=1).encode(
            x=alt.X("value:Q").title(label).axis(tickCount=5),
            shape=alt.Shape("forecaster:N").scale(domain=order, range=shapes).legend(None),
            tooltip=tooltip,
        )
        panels.append(alt.layer(bars, points).properties(width=(WIDTH - 150) // 2, height=alt.Step(24)))
    return finished(alt.hconcat(*panels, spacing=24), description=description)
