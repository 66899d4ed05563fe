"""A choice taken apart: the log-odds of two actions as a waterfall over payoff terms."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, GREY, INK, MUTED, ORANGE, WIDTH, finished
from tightrope.report.text import MINUS

WHOLE = "all together"
SHOWN = 0.005
"""Parts below this, in log-odds, are drawn as one."""
REST = "all other parts"


def steps_of(split: pd.DataFrame) -> pd.DataFrame:
    """The bars of a waterfall: part, now, later, both, and where its bar starts and stops."""
    rows = split.astype({"now": float, "later": float, "both": float}).to_dict("records")
    large = [row for row in rows if abs(row["both"]) >= SHOWN]
    small = [row for row in rows if abs(row["both"]) < SHOWN]
    if small:
        large.append({"part": REST, **{k: sum(row[k] for row in small) for k in ("now", "later", "both")}})
    bars, at = [], 0.0
    for row in large:
        bars.append({**row, "start": at, "stop": at + row["both"]})
        at += row["both"]
    whole = {k: sum(row[k] for row in rows) for k in ("now", "later", "both")}
    return pd.DataFrame([*bars, {"part": WHOLE, **whole, "start": 0.0, "stop": whole["both"]}])


def waterfall_chart(
    split: pd.DataFrame, *, action: str, against: str, now: str, description: str
) -> dict[str, Any]:
    """A chart of the table `split`; `now` is what this period is called."""
    bars = steps_of(split)
    bars["for"] = [
        "all" if part == WHOLE else action if both >= 0 else against
        for part, both in zip(bars["part"], bars["both"], strict=True)
    ]
    bars["words"] = [f"{x:+.2f}".replace("-", MINUS) for x in bars["both"]]
    bars["end"] = bars[["start", "stop"]].max(axis=1)
    order = list(bars["part"])
    base = alt.Chart(bars).encode(
        y=alt.Y("part:N").sort(order).title(None).axis(ticks=False, domain=False, grid=True, labelLimit=220)
    )
    names = [action, against, "all"]
    drawn = base.mark_bar(height=15).encode(
        x=alt.X("start:Q").title(f"log-odds of {action} against {against}").axis(grid=True, tickCount=7),
        x2="stop:Q",
        color=alt.Color("for:N")
        .scale(domain=names, range=[BLUE, ORANGE, GREY])
        .legend(title="speaks for", orient="top", values=names[:2]),
        tooltip=[
            alt.Tooltip("part:N", title="part"),
            alt.Tooltip("now:Q", title=now, format="+.3f"),
            alt.Tooltip("later:Q", title="later", format="+.3f"),
            alt.Tooltip("both:Q", title="both", format="+.3f"),
        ],
    )
    words = base.mark_text(align="left", dx=4, fontSize=11, color=INK).encode(x="end:Q", text="words:N")
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=MUTED, strokeWidth=1.5).encode(x="zero:Q")
    chart = alt.layer(drawn, zero, words).properties(width=WIDTH - 220, height=alt.Step(21))
    return finished(chart, description=description)
