"""The chance after a headline against the assumed hit rate, with the chance before and the assumed law."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, INK, MUTED, ORANGE, WIDTH, finished
from tightrope.report.sections import Headline

AFTER, BEFORE, LAW = "chance after the headline", "chance before", "assumed hit rate: mean and 90 % limits"
LINES = {AFTER: BLUE, BEFORE: MUTED, LAW: ORANGE}


def headline_chart(headline: Headline, *, description: str) -> dict[str, Any]:
    """A chart of the table `hit_curve`; a ring where the curve crosses the chance before."""
    rate = alt.X("hit_rate:Q").scale(domain=[0, 1], nice=False)
    rate = rate.title("assumed chance of such a headline before the event").axis(format=".0%", tickCount=6)
    key = (
        alt.Color("key:N")
        .scale(domain=list(LINES), range=list(LINES.values()))
        .legend(title=None, orient="top", symbolType="stroke", columns=3)
    )
    chance = alt.Y("after:Q").title(None).scale(domainMin=0).axis(format=".1~%", tickCount=5)
    tooltip = [
        alt.Tooltip("hit_rate:Q", title="if hits were", format=".0%"),
        alt.Tooltip("after:Q", title="chance after", format=".2%"),
    ]
    curve = (
        alt.Chart(headline.hit_curve.astype(float).assign(key=AFTER))
        .mark_line(strokeWidth=2.5)
        .encode(x=rate, y=chance, color=key, tooltip=tooltip)
    )
    ends = pd.DataFrame({"hit_rate": [0.0, 1.0], "after": headline.before, "key": BEFORE})
    before = alt.Chart(ends).mark_line(strokeDash=[7, 4]).encode(x=rate, y=chance, color=key)
    limits = {"hit_rate": headline.hit_lower, "to": headline.hit_upper, "key": LAW}
    band = alt.Chart(pd.DataFrame([limits])).mark_rect(opacity=0.18, color=ORANGE).encode(x=rate, x2="to:Q")
    mean = pd.DataFrame([{"hit_rate": headline.hit, "after": headline.after, "key": LAW}])
    rule = alt.Chart(mean).mark_rule(strokeWidth=2).encode(x=rate, color=key)
    point = (
        alt.Chart(mean)
        .mark_point(filled=True, size=90, color=BLUE, opacity=1)
        .encode(x=rate, y=chance, tooltip=tooltip)
    )
    same = pd.DataFrame([{"hit_rate": headline.alarm, "after": headline.before, "words": "says nothing"}])
    ring = alt.Chart(same).mark_point(size=90, color=INK, opacity=1).encode(x=rate, y=chance, tooltip=tooltip)
    words = (
        alt.Chart(same)
        .mark_text(align="left", baseline="top", dx=8, dy=6, color=INK)
        .encode(x=rate, y=chance, text="words:N")
    )
    chart = alt.layer(band, before, rule, curve, point, ring, words)
    return finished(chart.properties(width=WIDTH - 60, height=240), description=description)
