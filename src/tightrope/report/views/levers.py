"""What the page of levers shows: the report's charts and tables at a set of levers, beside another set.

Takes labelled tables and gives blocks; whoever calls has made sure that the numbers are certified.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from tightrope.report.blocks import Cell, Figure, Line, Table, cell
from tightrope.report.charts.fan import band_words, fan_chart_again
from tightrope.report.charts.live import live_chart
from tightrope.report.charts.policy import policy_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Fan
from tightrope.report.text import NOTHING, day, interval, number, percent
from tightrope.report.views.policy import policy_title, printable

STATES = {"holds": "good", "fails": "bad"}


def feared_figure(fan: Fan, *, beside: Fan | None, name: str, draws: int = 1) -> Figure:
    """The feared outcome by date at the levers, with the printed line of the other set."""
    title = feared_title(fan, beside=beside, name=name, draws=draws)
    words = band_words() if draws > 1 else "One parameter vector: no bands."
    alt = f"Fan chart. {title} {words}"
    mixed = (
        f"The printed line is (1 − ε) model + ε outside view, ε = {fan.epsilon:.3g}; the outside view is the "
        f"{fan.outside_source} and knows of no lever."
        if fan.epsilon
        else fan.note
    )
    return Figure(
        id="feared",
        title=title,
        alt=alt,
        spec=fan_chart_again(
            fan.paths, description=alt, beside=None if beside is None else {f"printed, {name}": beside.paths}
        ),
        data=data_table(fan.paths, id="feared", caption=f"Probability that {fan.event}, by date"),
        fluid=60,
        note=f"{words} {mixed}",
    )


def feared_title(fan: Fan, *, beside: Fan | None, name: str, draws: int = 1) -> str:
    """The finding: the probability at the last date here and there."""
    last = fan.paths.iloc[-1]
    text = f"That {fan.event} by {day(str(last['date']))} has a probability of {percent(last['probability'])}"
    if draws > 1:
        text += f" (95 % of {draws} draws: {interval(last['lower95'], last['upper95'])})"
    text += " at these levers"
    if beside is not None:
        text += f", {percent(beside.paths.iloc[-1]['probability'])} {name}"
    return f"{text}."


def questions_table(live: pd.DataFrame, *, beside: pd.DataFrame | None, name: str, draws: int = 1) -> Table:
    """Live questions at the levers and in the other set, with the change in points."""
    before = {} if beside is None else dict(zip(beside["id"], beside["probability"], strict=True))
    rows = []
    for row in live.to_dict("records"):
        there = before.get(row["id"])
        changes = (cell(percent(there), numeric=True), cell(points(row["probability"], there), numeric=True))
        spread = (Line(interval(row["lower"], row["upper"]), quiet=True),) if draws > 1 else ()
        rows.append(
            (
                Cell((Line(f"{row['id']}.", strong=True), Line(row["question"]))),
                cell(day(row["deadline"], short=True)),
                Cell((Line(percent(row["probability"]), strong=True), *spread), numeric=True),
                *(changes if beside is not None else ()),
                cell(percent(row["model"]), numeric=True),
                Cell((Line(percent(row["outside"])), Line(row["outside_source"], quiet=True)), numeric=True),
            )
        )
    how = f", and the 90 % interval over {draws} draws" if draws > 1 else ", at one parameter vector"
    others = (name.capitalize(), "Change") if beside is not None else ()
    return Table(
        id="questions",
        caption=f"Live questions: the probability as printed, mixed with the outside view{how}.",
        head=("Question", "By", "At these levers", *others, "Model alone", "Outside view"),
        rows=tuple(rows),
        stack=True,
    )


def points(here: float, there: float | None) -> str:
    r"""A change of probability in percentage points, with its sign.

    >>> points(0.25, 0.2).replace("\u00a0", " "), points(0.19999, 0.2), points(0.3, None)
    ('+5.0 points', 'none', '–')
    """
    if there is None:
        return NOTHING
    change = 100 * (here - there)
    if abs(change) < 0.005:
        return "none"
    sign = "+" if change > 0 else "−"
    places = 1 if abs(change) >= 0.095 else 2
    return f"{sign}{abs(change):.{places}f}\u00a0points"


def live_figure(live: pd.DataFrame, *, draws: int) -> Figure:
    """The live questions on one scale, with intervals over draws."""
    alt = f"Live questions with 90 % intervals over {draws} draws and the outside view."
    return Figure(
        id="live",
        title=f"Live questions at these levers, over {draws} posterior draws.",
        alt=alt,
        spec=live_chart(live, description=alt),
        data=data_table(live, id="live", caption="Live questions at these levers"),
        fluid=60,
    )


def claims_table(claims: pd.DataFrame, *, beside: pd.DataFrame | None, name: str) -> Table:
    """Claims at the levers and in the other set; those that differ come first."""
    before = {} if beside is None else dict(zip(beside["id"], beside["status"], strict=True))
    rows = claims.to_dict("records")
    turned = [row for row in rows if before.get(row["id"], row["status"]) != row["status"]]
    rest = [row for row in rows if before.get(row["id"], row["status"]) == row["status"]]
    said = f"{len(turned)} of {len(rows)} claims turn" if beside is not None else f"{len(rows)} claims"
    return Table(
        id="claims",
        caption=f"Claims with a check: {said}. Margins are in the units of the claim's quantities.",
        head=("Claim", "At these levers", *((name.capitalize(),) if beside is not None else ()), "Margin"),
        rows=tuple(
            (
                Cell((Line(f"{row['id']}.", strong=True), Line(row["text"]), Line(row["check"], quiet=True))),
                _verdict(row["status"], row["reason"]),
                *((_verdict(before.get(row["id"], NOTHING), ""),) if beside is not None else ()),
                cell(number(row["margin"]), numeric=True),
            )
            for row in turned + rest
        ),
        stack=True,
    )


def _verdict(status: str, reason: str) -> Cell:
    lines = (Line(status, strong=True), *((Line(reason, quiet=True),) if reason else ()))
    return Cell(lines, state=STATES.get(status, "unsure"))


def policy_figure(rows: pd.DataFrame, *, slice_: str, id: str = "policy") -> Figure:
    """One slice of the table `policy` as the report draws it."""
    part = rows[rows["slice"] == slice_]
    title = policy_title(slice_, part)
    alt = f"Heat map of states by actions. {title}"
    return Figure(
        id=id,
        title=title,
        alt=alt,
        spec=policy_chart(part, description=alt),
        data=data_table(printable(part), id=id, caption=f"{part['mover'].iloc[0]}, {slice_}"),
    )


def named(figure: Figure, name: str) -> Figure:
    """A figure whose title says of which set it is."""
    return replace(figure, title=f"{name.capitalize()}: {figure.title}")
