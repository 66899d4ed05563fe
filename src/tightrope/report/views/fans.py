"""Fans: how the probability of an event grows with time."""

from __future__ import annotations

from tightrope.report.blocks import Block, Figure, Section, prose
from tightrope.report.charts.fan import band_words, fan_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Fan, Fans
from tightrope.report.text import NOT_CERTIFIED, day, interval, percent

ID, HEADING = "fans", "The feared outcome over time"


def fans_view(fans: Fans) -> Section:
    """One chart a fan; an uncertified one is named and not drawn."""
    return Section(
        ID, HEADING, blocks=tuple(_fan(fan, number) for number, fan in enumerate(fans.fans, start=1))
    )


def fan_title(fan: Fan) -> str:
    """The finding: the probability at the last date, its 95 % band, and how the outside view compares."""
    last = fan.paths.iloc[-1]
    outside = percent(last["outside"])
    return (
        f"That {fan.event} by {day(last['date'])} has a probability of {percent(last['probability'])} "
        f"(95 % of draws: {interval(last['lower95'], last['upper95'])}); the outside view says {outside}."
    )


def _fan(fan: Fan, number: int) -> Block:
    if not fan.certified or fan.paths.empty:
        why = NOT_CERTIFIED if not fan.certified else "empty"
        return prose(f"That {fan.event}: the paths are {why}, so nothing is drawn.", role="notice")
    title = fan_title(fan)
    alt = f"Fan chart. {title} {band_words()}"
    weight = f"The printed line is (1 − ε) model + ε outside view, ε = {fan.epsilon:.3g}"
    source = f"; the outside view is the {fan.outside_source}." if fan.outside_source else "."
    return Figure(
        id=f"fan-{number}",
        title=title,
        alt=alt,
        spec=fan_chart(fan.paths, description=alt),
        data=data_table(fan.paths, id=f"fan-{number}", caption=f"Probability that {fan.event}, by date"),
        fluid=60,
        note=f"{band_words()} {weight}{source} Numbers are {fan.mark}. {fan.note}".strip(),
    )
