"""Ranks of the truth among posterior draws: a small histogram a quantity, with what chance allows."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.blocks import Figure
from tightrope.report.charts.theme import BLUE, INK, VERMILLION, WIDTH, finished
from tightrope.report.data_table import data_table

ACROSS = 4


def ranks_chart(ranks: pd.DataFrame, *, description: str) -> dict[str, Any]:
    """Histograms side by side.

    ranks  one row a quantity and bin: name, bin, from, to (ranks), count, expected, lower, upper (what chance
           allows a bin), uniform (whether the test of the quantity passes)
    """
    frame = ranks.assign(said=ranks["uniform"].map({True: "uniform", False: "not uniform"}))
    step = float((frame["to"] - frame["from"]).iloc[0]) + 1.0
    frame = frame.assign(right=frame["to"] + 1.0)
    x = alt.X("from:Q").title("rank").axis(tickCount=3, grid=False).scale(nice=False)
    y = alt.Y("count:Q").title(None).axis(tickCount=3)
    colours = alt.Scale(domain=["uniform", "not uniform"], range=[BLUE, VERMILLION])
    colour = alt.Color("said:N").scale(colours).legend(title=None, orient="bottom")
    bars = (
        alt.Chart()
        .mark_bar(opacity=0.85, stroke="#ffffff", strokeWidth=1)
        .encode(x=x, x2="right:Q", y=y, color=colour, tooltip=["name:N", "from:Q", "to:Q", "count:Q"])
    )
    band = alt.Chart().mark_rect(opacity=0.18, color=INK).encode(x=x, x2="right:Q", y="lower:Q", y2="upper:Q")
    layers = alt.layer(bars, band, data=frame).properties(width=(WIDTH - 140) // ACROSS, height=90)
    names = list(dict.fromkeys(frame["name"]))
    facet = alt.Facet("name:N").title(None).sort(names)
    chart = layers.facet(facet=facet, columns=ACROSS, spacing=16)
    return finished(chart, description=f"{description} A bin holds {step:.0f} ranks.")


def ranks_figure(ranks: pd.DataFrame, *, title: str, note: str) -> Figure:
    """The histograms as a figure, without its drawing."""
    alt_text = f"{title} One histogram a quantity, and a grey band in which 95 % of bins should end."
    return Figure(
        "ranks-chart",
        title,
        alt_text,
        ranks_chart(ranks, description=alt_text),
        data_table(ranks, id="ranks-chart", caption="Simulations by bin of ranks"),
        note=note,
    )
