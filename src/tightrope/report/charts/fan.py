"""The fan of a dated event: bands of its probability over time, with the outside view."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import altair as alt
import pandas as pd

from tightrope.report.charts.theme import BLUE, MUTED, ORANGE, VERMILLION, WIDTH, finished

BANDS = ((95, 0.16), (80, 0.18), (50, 0.26))
_MADE: dict[tuple[str, ...], dict[str, Any]] = {}
LINES = ("printed: after the floor", "the model alone", "the outside view")


def fan_chart(
    paths: pd.DataFrame, *, description: str, beside: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, Any]:
    """A chart of the table `paths`: three bands, the printed mean, the model alone and the outside view.

    beside  name -> a table with `date` and `probability`: printed lines to compare with, in grey
    """
    x = alt.X("date:T").scale(type="utc").title(None).axis(format="%Y", tickCount="year", grid=False)
    layers = [
        alt.Chart(paths)
        .mark_area(opacity=opacity, color=BLUE)
        .encode(x=x, y=alt.Y(f"lower{band}:Q").title(None), y2=f"upper{band}:Q")
        for band, opacity in BANDS
    ]
    long = _lines(paths, beside or {})
    names = [*LINES, *(beside or {})]
    colour = alt.Color("line:N").scale(
        domain=names, range=[BLUE, VERMILLION, ORANGE, *[MUTED] * (len(names) - len(LINES))]
    )
    dashes = [[1, 0], [2, 3], [7, 4], *[[9, 2, 2, 2]] * (len(names) - len(LINES))]
    lines = (
        alt.Chart(long)
        .mark_line(strokeWidth=2)
        .encode(
            x=x,
            y=alt.Y("value:Q").axis(format=".1~%", tickCount=5),
            color=colour.legend(title=None, orient="top", symbolType="stroke", columns=len(names)),
            strokeDash=alt.StrokeDash("line:N").scale(domain=names, range=dashes),
            tooltip=[
                alt.Tooltip("line:N", title="line"),
                alt.Tooltip("by:N", title="by"),
                alt.Tooltip("value:Q", title="probability", format=".2%"),
            ],
        )
    )
    chart = alt.layer(*layers, lines).properties(width=WIDTH, height=240)
    return finished(chart, description=description)


def _lines(paths: pd.DataFrame, beside: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a line and date: date, by, line, value."""
    long = paths.melt(
        id_vars=["date"], value_vars=["probability", "model", "outside"], var_name="of", value_name="value"
    )
    long["line"] = long["of"].map(dict(zip(["probability", "model", "outside"], LINES, strict=True)))
    others = [other[["date"]].assign(line=name, value=other["probability"]) for name, other in beside.items()]
    long = pd.concat([long, *others], ignore_index=True)
    long["by"] = long["date"]
    return long[["date", "by", "line", "value"]]


def fan_chart_again(
    paths: pd.DataFrame, *, description: str, beside: Mapping[str, pd.DataFrame] | None = None
) -> dict[str, Any]:
    """What `fan_chart` gives, in a fraction of its time from the second call on for the same lines.

    Only the data and the description differ between calls, so these are put into a chart made before.
    """
    names = tuple(beside or {})
    made = _MADE.get(names)
    if made is None:
        made = fan_chart(paths, description=description, beside=beside)
        _MADE[names] = made  # few: without another set, beside a base, beside held levers
    tables = {"lower95": paths, "line": _lines(paths, beside or {})}
    datasets = {
        name: next(_rows(table) for column, table in tables.items() if column in rows[0])
        for name, rows in made["datasets"].items()
    }
    frame = deepcopy({name: part for name, part in made.items() if name != "datasets"})
    return {**frame, "datasets": datasets, "description": description}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them: nan as None."""
    names = [str(name) for name in table.columns]
    columns = [[None if v != v else v for v in table[name].tolist()] for name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def band_words() -> str:
    """What the bands are, in words."""
    return "Bands hold the middle 50, 80 and 95 % of parameter draws."
