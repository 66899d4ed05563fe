"""What each mover does in which state: a heat map for each slice."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import ON_DARK, ON_LIGHT, STEPS, finished
from tightrope.report.text import percent

VISITED = "●"
"""Set before the name of a state in which the coded record stood."""


def state_name(state: str, visited: int) -> str:
    """The state with the number of coded periods that stood in it, if any.

    >>> state_name("treaty, based", 3), state_name("loose, based", 0)
    ('● 3×  treaty, based', 'loose, based')
    """
    return f"{VISITED} {visited}×  {state}" if visited else state


def policy_chart(policy: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """A heat map of one slice of the table `policy`: states down, actions across, probability as colour."""
    rows = policy.copy()
    rows["where"] = [state_name(s, v) for s, v in zip(rows["state"], rows["visited"], strict=True)]
    rows["probability"] = rows["probability"].astype(float)
    rows["words"] = [
        "?" if not sure else "" if p != p else percent(p).replace("\u00a0%", "")
        for p, sure in zip(rows["probability"], rows["certified"], strict=True)
    ]
    rows.loc[~rows["certified"].astype(bool), "probability"] = float("nan")
    rows["ink"] = [ON_DARK if p >= 0.5 else ON_LIGHT for p in rows["probability"]]
    states = list(rows.sort_values("order", kind="stable")["where"].drop_duplicates())
    actions = list(rows.sort_values("rank", kind="stable")["action"].drop_duplicates())
    base = alt.Chart(rows[["where", "action", "probability", "words", "ink", "visited"]]).encode(
        x=alt.X("action:N")
        .sort(actions)
        .title(None)
        .axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=120),
        y=alt.Y("where:N").sort(states).title(None).axis(ticks=False, domain=False, labelLimit=300),
    )
    tiles = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color("probability:Q").scale(domain=[0, 1], range=["#f3f7fb", *STEPS[1:]]).legend(None),
        tooltip=[
            alt.Tooltip("where:N", title="state"),
            alt.Tooltip("action:N", title="action"),
            alt.Tooltip("words:N", title="per cent"),
            alt.Tooltip("visited:Q", title="coded periods there"),
        ],
    )
    words = base.mark_text(fontSize=11).encode(
        text="words:N", color=alt.Color("ink:N").scale(None).legend(None)
    )
    chart = alt.layer(tiles, words).resolve_scale(color="independent")
    return finished(chart.properties(width=alt.Step(112), height=alt.Step(21)), description=description)
