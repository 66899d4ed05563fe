"""Readings by their evidence, both estimates of each, and which periods tell them apart."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, GREY, INK, MUTED, ORANGE, VERMILLION, WIDTH, finished

COLOURS = {
    "favoured": BLUE,
    "disfavoured": VERMILLION,
    "no finding": GREY,
    "unresolved": ORANGE,
    "refused": MUTED,
}
SHAPES = {"first": "circle", "second": "diamond"}
MOST = 2.0
"""Nats beyond which a cell's colour says no more."""
MIDDLE = "#f2f3f5"


def factors_chart(frame: pd.DataFrame, *, how: tuple[str, str], description: str) -> dict[str, Any]:
    """Each reading against the base by either estimator, with the spread of repeats.

    frame  name, verdict, which (`first`, `second`), at, low, high
    how    what the two estimators are called
    """
    order = list(dict.fromkeys(frame["name"]))
    verdicts = [v for v in COLOURS if v in set(frame["verdict"])]
    rows = frame.assign(estimator=frame["which"].map(dict(zip(SHAPES, how, strict=True))))
    colour = (
        alt.Color("verdict:N")
        .scale(domain=verdicts, range=[COLOURS[v] for v in verdicts])
        .legend(title=None, orient="top")
    )
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N").sort(order).title(None).axis(ticks=False, domain=False, grid=True, labelLimit=220),
        yOffset=alt.YOffset("estimator:N").sort(list(how)),
        color=colour,
    )
    bars = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q").title("log Bayes factor, nats").axis(grid=True), x2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x="at:Q",
        shape=alt.Shape("estimator:N")
        .scale(domain=list(how), range=list(SHAPES.values()))
        .legend(title=None, orient="top"),
        tooltip=[
            alt.Tooltip("name:N", title="reading"),
            alt.Tooltip("estimator:N", title="by"),
            alt.Tooltip("at:Q", title="nats", format="+.2f"),
            alt.Tooltip("verdict:N", title="verdict"),
        ],
    )
    line = pd.DataFrame({"zero": [-1.0, 0.0, 1.0], "dash": ["below one nat", "level", "below one nat"]})
    zero = (
        alt.Chart(line)
        .mark_rule(color=MUTED)
        .encode(
            x="zero:Q",
            strokeDash=alt.StrokeDash("dash:N")
            .scale(domain=["level", "below one nat"], range=[[1, 0], [3, 3]])
            .legend(None),
        )
    )
    chart = alt.layer(zero, bars, points).properties(width=WIDTH - 220, height=alt.Step(16))
    return finished(chart, description=description)


def quarters_chart(quarters: pd.DataFrame, *, most: list[str], unit: str, description: str) -> dict[str, Any]:
    """A heat map of the table `quarters`: readings down, periods across, nats as colour.

    most  the periods to mark, the most telling first; they carry their rank
    """
    rows = quarters.copy()
    rows["nats"] = rows["nats"].astype(float)
    rows["colour"] = rows["nats"].clip(-MOST, MOST)
    periods = list(dict.fromkeys(rows["period"]))
    names = list(dict.fromkeys(rows["name"]))
    year: dict[str, str] = {}
    for period in periods:
        year.setdefault(period[:4], period)
    ticks = list(year.values())[::2]
    x = (
        alt.X("period:N")
        .sort(periods)
        .title(None)
        .axis(values=ticks, labelExpr="slice(datum.value, 0, 4)", labelAngle=0, domain=False, ticks=False)
    )
    tiles = (
        alt.Chart(rows)
        .mark_rect()
        .encode(
            x=x,
            y=alt.Y("name:N").sort(names).title(None).axis(ticks=False, domain=False, labelLimit=180),
            color=alt.Color("colour:Q")
            .scale(domain=[-MOST, 0, MOST], range=[VERMILLION, MIDDLE, BLUE], interpolate="rgb")
            .legend(title=None, orient="top", gradientLength=240, format="+.0f"),
            tooltip=[
                alt.Tooltip("name:N", title="reading"),
                alt.Tooltip("period:N", title=unit),
                alt.Tooltip("nats:Q", title="nats", format="+.3f"),
            ],
        )
        .properties(width=WIDTH - 180, height=alt.Step(22))
    )
    marks = pd.DataFrame({"period": most, "place": [str(k + 1) for k in range(len(most))]})
    named = (
        alt.Chart(marks)
        .mark_text(fontSize=11, fontWeight="bold", color=INK)
        .encode(x=x.axis(None), text="place:N")
        .properties(width=WIDTH - 180, height=14)
    )
    return finished(alt.vconcat(named, tiles, spacing=2).resolve_scale(x="shared"), description=description)
