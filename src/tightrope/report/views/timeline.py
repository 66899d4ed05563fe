"""The record over time and the periods that surprised the model most, with their events."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tightrope.report.blocks import Block, Bullets, Figure, Line, Section, prose, safe_link
from tightrope.report.charts.timeline import timeline_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Timeline
from tightrope.report.text import NOT_CERTIFIED, count, number

ID, HEADING = "timeline", "The record and what surprised the model"
MOST = 5


def timeline_view(timeline: Timeline) -> Section:
    """The chart, then the five most surprising periods with their sourced events."""
    worst = most_surprising(timeline) if timeline.certified else timeline.periods.iloc[:0]
    title = _title(timeline, worst)
    alt = (
        f"Timeline of {count(len(timeline.periods), 'period')}. {title} Numbers on bars are "
        "places in the list below the chart. Below the surprise, states stand as "
        "bands, darker for a higher level, and moves as blocks; hollow blocks are moves held by default."
    )
    blocks: list[Block] = [
        Figure(
            id="timeline-chart",
            title=title,
            alt=alt,
            spec=timeline_chart(
                timeline.periods,
                timeline.coded,
                most=list(worst["period"]),
                surprise=timeline.certified,
                description=alt,
            ),
            data=data_table(
                wide(timeline),
                id="timeline-chart",
                caption="The coded record, period by period; * by default",
            ),
            note=_note(timeline),
        )
    ]
    if not timeline.certified:
        blocks.append(prose(f"Surprise: {NOT_CERTIFIED}, so it is not printed.", role="notice"))
    if len(worst):
        blocks.append(
            Bullets(
                f"The {count(len(worst), 'most surprising period')}",
                tuple(_item(row, timeline.events) for row in worst.to_dict("records")),
                kind="numbered",
            )
        )
    return Section(ID, HEADING, blocks=tuple(blocks))


def most_surprising(timeline: Timeline) -> pd.DataFrame:
    """The five periods with the largest surprise, the largest first; ties in order of time."""
    known = timeline.periods.dropna(subset=["surprise"])
    known = known.assign(surprise=known["surprise"].astype(float))
    return known.sort_values("surprise", ascending=False, kind="stable").head(MOST)


def wide(timeline: Timeline) -> pd.DataFrame:
    """The record with one row a period: each variable and move, then the surprise."""
    coded = timeline.coded.assign(
        shown=[
            level if seen else f"{level}*"
            for level, seen in zip(timeline.coded["level"], timeline.coded["observed"], strict=True)
        ]
    )
    result = timeline.periods[["period"]].copy()
    for name, part in coded.groupby("name", sort=False):
        label = str(part["label"].iloc[0])
        key = label if label not in result else f"{label} ({name})"
        result[key] = result["period"].map(dict(zip(part["period"], part["shown"], strict=True)))
    if timeline.certified:
        result["surprise, bits"] = timeline.periods["surprise"].to_numpy()
    return result


def _title(timeline: Timeline, worst: pd.DataFrame) -> str:
    if worst.empty:
        return f"The record holds {count(len(timeline.periods), 'period')}."
    total = float(timeline.periods["surprise"].astype(float).sum())
    top = float(worst["surprise"].sum())
    first = worst.iloc[0]
    return (
        f"{first['period']} surprised the model most ({number(first['surprise'])} bits); "
        f"the {count(len(worst), 'most surprising period')} carry {100 * top / total:.0f} % of all surprise."
    )


def _note(timeline: Timeline) -> str:
    where = f" {timeline.evaluated}" if timeline.evaluated else ""
    surprise = (
        f"Surprise is −log2 of the probability of a row given the rows before it{where} ({timeline.mark}). "
    )
    states = (
        "States stand at the start of a period, darker for a higher level; hollow moves are held by default."
    )
    return (surprise if timeline.certified else "") + states


def _item(row: dict[Any, Any], events: pd.DataFrame | None) -> tuple[Line, ...]:
    head = Line(f"{row['period']}, {number(row['surprise'])} bits.", strong=True)
    lines = [head]
    if row["parts"]:
        lines.append(Line(f"{row['parts'].rstrip('.')}."))
    if events is not None:
        for event in events[events["period"] == row["period"]].to_dict("records"):
            lines.append(Line(f"{event['date']}: {event['summary']}"))
            title = event["source_title"] or event["source_url"] or event["id"]
            lines.append(Line(f"{title} [{event['id']}]", href=safe_link(event["source_url"]), quiet=True))
    return tuple(lines)
