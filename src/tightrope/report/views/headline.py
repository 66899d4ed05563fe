"""A headline as evidence: from how much to how much, and what the assumption does to that."""

from __future__ import annotations

from tightrope.forecast.words import beside, percent
from tightrope.report.blocks import Figure, Line, Prose, Section, Table, bullets, cell
from tightrope.report.charts.headline import headline_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Headline
from tightrope.report.text import number

ID, HEADING = "headline", "A headline as evidence"


def headline_view(headline: Headline) -> Section:
    """The update in words, its curve over the assumed hit rate, and by days that count."""
    said = (
        f"One headline before a summit moves the chance of {headline.event} {headline.window} from "
        f"{beside(headline.before)} to {beside(headline.after)}; 90 % limits {percent(headline.lower)} to "
        f"{percent(headline.upper)}."
    )
    rows = tuple(
        (
            cell(f"{row['days']}", numeric=True),
            cell(row["false"], numeric=True),
            cell(row["announced"], numeric=True),
            cell(number(row["ratio"]), numeric=True),
            cell(percent(row["after"]), numeric=True),
        )
        for row in headline.leads.to_dict("records")
    )
    return Section(
        ID,
        HEADING,
        blocks=(
            Prose((Line(said, mark=headline.mark),)),
            headline_figure(headline),
            bullets(
                "What it rests on",
                (f"Chance before: {headline.prior_from}.", headline.alarm_from, headline.hit_from),
            ),
            Table(
                "headline-leads",
                "The same by how many days before a summit count: a choice, and a strong one.",
                ("Days", "Summits with a headline", "Steps announced", "Odds times", "Chance after"),
                rows,
            ),
            bullets("Mind", headline.notes),
        ),
    )


def headline_title(headline: Headline) -> str:
    """The finding: from what to what, and where the headline would say nothing."""
    move = "raises" if headline.after > headline.before else "lowers"
    if headline.after == headline.before:
        return (
            f"A headline leaves the chance of {headline.event} at {percent(headline.before)}: hits are "
            "assumed as likely as false alarms."
        )
    return (
        f"A headline {move} the chance of {headline.event} from {percent(headline.before)} to "
        f"{percent(headline.after)}; at a hit rate of {percent(headline.alarm)} it would say nothing."
    )


def headline_figure(headline: Headline) -> Figure:
    """The curve, without its drawing."""
    title = headline_title(headline)
    alt = (
        f"{title} A curve of the chance after against the assumed hit rate, a broken line at the chance "
        "before, and a band for the assumed law."
    )
    return Figure(
        "headline-chart",
        title,
        alt,
        headline_chart(headline, description=alt),
        data_table(headline.hit_curve, id="headline-chart", caption="Chance after, by assumed hit rate"),
        fluid=60,
        note=f"{headline.event[:1].upper()}{headline.event[1:]} {headline.window}. The hit rate is assumed: "
        "the event was never seen, so no headline ever came before it.",
    )
