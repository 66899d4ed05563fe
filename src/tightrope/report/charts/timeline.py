"""The record on one time axis: surprise, states as bands, moves as ticks."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import (
    BLUE,
    FIRST_DARK,
    GREY,
    ON_DARK,
    ON_LIGHT,
    STEPS,
    VERMILLION,
    WIDTH,
    finished,
    steps,
)

LETTER_DAYS = 75.0
"""Days that one letter of a level's name takes up on the axis of a thirty-year record."""


def timeline_chart(
    periods: pd.DataFrame, coded: pd.DataFrame, *, most: list[str], surprise: bool, description: str
) -> dict[str, Any]:
    """A chart of the tables `periods` and `coded`.

    most      the periods to pick out, the most surprising first; they carry their rank
    surprise  draw the surprise (not where it is not certified)
    """
    parts: list[Any] = []
    if surprise:
        parts.append(_surprise(periods, most))
    states = _runs(coded[coded["kind"] == "state"], periods)
    if len(states):
        parts.append(_bands(states))
    moves = coded[coded["kind"] == "move"]
    names = list(dict.fromkeys(moves["name"]))
    for name in names:
        parts.append(_ticks(moves[moves["name"] == name], periods, labels=name == names[-1]))
    chart = alt.vconcat(*parts, spacing=14).resolve_scale(color="independent", y="independent")
    return finished(chart, description=description)


def _x(*, labels: bool = True) -> alt.X:
    axis = alt.Axis(
        format="%Y",
        tickCount={"interval": "year", "step": 2},
        grid=True,
        labels=labels,
        ticks=labels,
        labelFlush=False,
    )
    return alt.X("start:T").scale(type="utc", nice=False).title(None).axis(axis)


def _surprise(periods: pd.DataFrame, most: list[str]) -> Any:
    rows = periods[["period", "start", "end", "surprise"]].copy()
    rows["picked"] = rows["period"].isin(most)
    rows["place"] = [str(most.index(p) + 1) if p in most else "" for p in rows["period"]]
    base = alt.Chart(rows)
    bars = base.mark_rect(stroke=None).encode(
        x=_x(),
        x2="end:T",
        y=alt.Y("surprise:Q").title("surprise, bits").axis(tickCount=4).scale(zero=True),
        y2=alt.datum(0),
        color=alt.Color("picked:N").scale(domain=[True, False], range=[VERMILLION, GREY]).legend(None),
        tooltip=[
            alt.Tooltip("period:N", title="period"),
            alt.Tooltip("surprise:Q", title="surprise, bits", format=".2f"),
        ],
    )
    names = (
        alt.Chart(rows[rows["picked"]])
        .mark_text(align="center", dx=3, dy=-7, fontSize=11, fontWeight="bold")
        .encode(x="start:T", y="surprise:Q", text="place:N")
    )
    return alt.layer(bars, names).properties(width=WIDTH, height=120)


def _runs(states: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Stretches of one level, from the start of the first period to the end of the last."""
    start = dict(zip(periods["period"], periods["start"], strict=True))
    end = dict(zip(periods["period"], periods["end"], strict=True))
    rows = []
    for _, part in states.groupby("name", sort=False):
        ranks = int(part["rank"].max()) + 1
        colours = steps(max(ranks, 2))
        run = (part["level"] != part["level"].shift()).cumsum()
        for _, stretch in part.groupby(run, sort=False):
            first, last = stretch.iloc[0], stretch.iloc[-1]
            colour = colours[int(first["rank"])]
            days = (pd.Timestamp(end[last["period"]]) - pd.Timestamp(start[first["period"]])).days
            rows.append(
                {
                    "variable": first["label"],
                    "level": first["level"],
                    "from": first["period"],
                    "to": last["period"],
                    "start": start[first["period"]],
                    "end": end[last["period"]],
                    "colour": colour,
                    "ink": ON_DARK if STEPS.index(colour) >= FIRST_DARK else ON_LIGHT,
                    "name": first["level"] if days > LETTER_DAYS * (len(str(first["level"])) + 1) else "",
                }
            )
    return pd.DataFrame(rows)


def _bands(runs: pd.DataFrame) -> Any:
    y = (
        alt.Y("variable:N")
        .sort(list(dict.fromkeys(runs["variable"])))
        .title(None)
        .axis(ticks=False, domain=False)
    )
    base = alt.Chart(runs).encode(y=y)
    bands = base.mark_rect(stroke="white", strokeWidth=0.5).encode(
        x=_x(labels=False),
        x2="end:T",
        color=alt.Color("colour:N").scale(None).legend(None),
        tooltip=[alt.Tooltip(f"{name}:N", title=name) for name in ("variable", "level", "from", "to")],
    )
    words = base.mark_text(align="left", dx=4, fontSize=10).encode(
        x="start:T", text="name:N", color=alt.Color("ink:N").scale(None).legend(None)
    )
    return alt.layer(bands, words).properties(width=WIDTH, height=alt.Step(24))


def _ticks(moves: pd.DataFrame, periods: pd.DataFrame, *, labels: bool) -> Any:
    """One row an action, a block where it was taken, hollow where it stands by default only."""
    rows = moves.merge(periods[["period", "start", "end"]], on="period", how="left")
    rows["seen"] = rows["observed"].map({True: "coded", False: "by default"})
    order = list(rows.sort_values("rank", kind="stable")["level"].drop_duplicates())
    label = str(rows["label"].iloc[0])
    return (
        alt.Chart(rows[["period", "start", "end", "level", "seen"]])
        .mark_rect(strokeWidth=1)
        .encode(
            x=_x(labels=labels),
            x2="end:T",
            y=alt.Y("level:N").sort(order).title(label).axis(ticks=False, domain=False, grid=True),
            fill=alt.Fill("seen:N")
            .scale(domain=["coded", "by default"], range=[BLUE, "transparent"])
            .legend(None),
            stroke=alt.Stroke("seen:N")
            .scale(domain=["coded", "by default"], range=["transparent", GREY])
            .legend(None),
            tooltip=[
                alt.Tooltip("period:N", title="period"),
                alt.Tooltip("level:N", title="action"),
                alt.Tooltip("seen:N", title="coding"),
            ],
        )
        .properties(width=WIDTH, height=alt.Step(15))
    )
