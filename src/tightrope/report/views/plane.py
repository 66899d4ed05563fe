"""The balancing act: where the record has stood between patron and the rest, and where play leads."""

from __future__ import annotations

import math

from tightrope.report.blocks import Figure, Section, prose
from tightrope.report.charts.plane import plane_chart, stretch
from tightrope.report.data_table import data_table
from tightrope.report.sections_pictures import Plane
from tightrope.report.text import NOT_CERTIFIED, count, interval, number

ID, HEADING = "plane", "The balancing act"
STILL = 0.005
"""A movement below this, on axes of length one or so, is told as none."""


def plane_view(plane: Plane) -> Section:
    """The plane, its path as the chart's data, and the movement from each point as a table of its own."""
    title = plane_title(plane)
    alt = (
        f"A plane of {plane.across} across and {plane.up} upwards. {title} Dots and dark arrows are the "
        "record's path, with years; grey arrows the expected movement from each point."
    )
    drifts = data_table(plane.drifts, id="plane-drifts", caption="Expected movement within a year, by point")
    figure = Figure(
        id="plane-chart",
        title=title,
        alt=alt,
        spec=plane_chart(plane, description=alt),
        data=data_table(plane.stays, id="plane-chart", caption="The record's path, stretch by stretch"),
        more=(drifts,) if plane.certified else (),
        note=_note(plane),
    )
    if plane.certified:
        return Section(ID, HEADING, intro=plane.about, blocks=(figure,))
    notice = prose(f"Movement: {NOT_CERTIFIED}, so none is drawn.", role="notice")
    return Section(ID, HEADING, intro=plane.about, blocks=(figure, notice))


def plane_title(plane: Plane) -> str:
    """The finding: how far the record has gone on each axis, and where play leads from its last point."""
    if plane.stays.empty:
        return f"{plane.across[:1].upper()}{plane.across[1:]} against {plane.up}."
    first, last = plane.stays.iloc[0], plane.stays.iloc[-1]
    went = (
        f"From {first['first']} to {last['last']} {_went(plane.across, first['x'], last['x'])} and "
        f"{_went(plane.up, first['y'], last['y'])}"
    )
    here = plane.drifts[(plane.drifts["x"] == last["x"]) & (plane.drifts["y"] == last["y"])]
    if not plane.certified or here.empty:
        return f"{went}."
    step = here.iloc[0]
    return f"{went}; from there play leads {_way(step['dx'])} across and {_way(step['dy'])} up within a year."


def _went(axis: str, before: float, after: float) -> str:
    """How far an axis moved: `calm fell from 1 to 0.5`, `calm stands at 1 as at first`."""
    if before == after:
        return f"{axis} stands at {_place(after)} as at first"
    return f"{axis} {'rose' if after > before else 'fell'} from {_place(before)} to {_place(after)}"


def _place(x: float) -> str:
    return number(x, digits=2) if x != int(x) else str(int(x))


def _way(step: float) -> str:
    return f"{'+' if step > 0 else ''}{number(step, digits=2)}" if abs(step) >= STILL else "nowhere"


def _note(plane: Plane) -> str:
    path = f"The path has {count(len(plane.stays), 'stretch', 'stretches')}; a larger dot is a longer stay."
    if not plane.certified or plane.drifts.empty:
        return path
    most = plane.drifts["ends"].max()
    least = plane.drifts["ends"].min()
    lengths = [math.hypot(a, b) for a, b in zip(plane.drifts["dx"], plane.drifts["dy"], strict=True)]
    where = f" {plane.evaluated}" if plane.evaluated else ""
    times, longest = number(stretch(plane.drifts), digits=2), number(max(lengths), digits=2)
    return (
        f"{path} Grey arrows: expected movement within a year{where} ({plane.mark}), given that the game "
        f"goes on, all other variables as in the record; drawn {times} times as long as they are (the "
        f"longest is {longest}). The chance that the game ends within a year is {interval(least, most)}."
    )
