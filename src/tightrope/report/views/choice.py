"""Why this action: one choice taken apart by payoff term."""

from __future__ import annotations

from tightrope.report.blocks import Figure, Section, Table, cell
from tightrope.report.charts.choice import WHOLE, steps_of, waterfall_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections_pictures import Choice
from tightrope.report.text import number, percent

ID, HEADING = "choice", "Why this choice"


def choice_view(choice: Choice) -> Section:
    """Every option with its worth, and the log-odds of two of them as a waterfall."""
    title = choice_title(choice)
    alt = (
        f"Waterfall of log-odds. {title} Bars to the right speak for {choice.action}, to the left for "
        f"{choice.against}; the last is their sum."
    )
    figure = Figure(
        id="choice-chart",
        title=title,
        alt=alt,
        spec=waterfall_chart(
            choice.split, action=choice.action, against=choice.against, now="this period", description=alt
        ),
        data=data_table(choice.split, id="choice-chart", caption="Log-odds by part"),
        note=_note(choice),
    )
    return Section(ID, HEADING, intro=_intro(choice), blocks=(_options(choice), figure))


def choice_title(choice: Choice) -> str:
    """The finding: the two actions' probabilities, and what speaks most for and against."""
    chance = dict(zip(choice.options["action"], choice.options["probability"], strict=True))
    bars = steps_of(choice.split)
    parts = bars[bars["part"] != WHOLE]
    best, worst = parts.loc[parts["both"].idxmax()], parts.loc[parts["both"].idxmin()]
    said = [
        f"{words} by {row['part']} ({sign}{number(row['both'], digits=2)})"
        for row, words, sign in ((best, "most moved to it", "+"), (worst, "most held back", ""))
        if (row["both"] > 0) == (sign == "+") and row["both"] != 0
    ]
    mover = f"{choice.mover[:1].upper()}{choice.mover[1:]}"
    what = (
        f"{mover} would choose {choice.action} ({percent(chance[choice.action])}) rather than "
        f"{choice.against} ({percent(chance[choice.against])})"
    )
    return ", ".join([what, *said]) + "."


def _intro(choice: Choice) -> str:
    where = f" The state: {choice.where}." if choice.where else ""
    return f"{choice.about}{where}".strip()


def _note(choice: Choice) -> str:
    where = f" {choice.evaluated}" if choice.evaluated else ""
    return (
        f"Taken{where} ({choice.mark}). Log-odds are precision times a difference of expected discounted "
        "payoffs and split exactly by payoff term and terminal, this period and later together; both are in "
        "the table."
    )


def _options(choice: Choice) -> Table:
    rows = tuple(
        (
            cell(row["action"]),
            cell(percent(row["probability"]) if row["probability"] > 0 else "can't be chosen", numeric=True),
            *(cell(number(row[name]), numeric=True) for name in ("worth", "now", "later")),
        )
        for row in choice.options.to_dict("records")
    )
    return Table(
        id="choice-options",
        caption=f"{choice.mover}: every option, with the mover's expected discounted payoff",
        head=("Action", "Probability", "Worth", "This period", "Later"),
        rows=rows,
    )
