"""What was publicly feared, and what came."""

from __future__ import annotations

from tightrope.report.blocks import Block, Figure, Section, Table, cell, prose
from tightrope.report.charts.ledger import ledger_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Ledger
from tightrope.report.text import NOTHING, SPACE, count, number, percent, score

ID, HEADING = "ledger", "The ledger of public predictions"


def ledger_view(ledger: Ledger) -> Section:
    """Fears above outcomes, then scores by event beside the constant."""
    title = ledger_title(ledger)
    alt = f"Two panels on one time axis: statements by year above, outcomes by year below. {title}"
    came = ledger.outcomes[ledger.outcomes["count"] > 0]
    data = ledger.fears.copy()
    for outcome in dict.fromkeys(ledger.outcomes["outcome"]):
        by_year = came[came["outcome"] == outcome].groupby("year")["count"].sum()
        data[str(outcome)] = [int(by_year.get(year, 0)) for year in data["year"]]
    constant = f"{100 * ledger.baseline:g}{SPACE}%"
    rows = tuple(
        (
            cell(row["event"]),
            cell(f"{row['yes']} of {row['n']}", numeric=True),
            cell(percent(row["mean_p"]), numeric=True),
            cell(score(row["brier"]), numeric=True),
            cell(score(row["baseline_brier"]), numeric=True),
            cell(number(row["skill"], digits=2) if row["skill"] == row["skill"] else NOTHING, numeric=True),
            cell(score(row["log_score"]), numeric=True),
            cell(score(row["baseline_log_score"]), numeric=True),
        )
        for row in ledger.scores.to_dict("records")
    )
    blocks: list[Block] = [
        Figure(
            "ledger-chart",
            title,
            alt,
            ledger_chart(ledger.fears, ledger.outcomes, description=alt),
            data_table(data, id="ledger-chart", caption="Statements and outcomes by year"),
            note=f"A fear is a statement that gives {ledger.event} at least {percent(ledger.at_least)}.",
        ),
        Table(
            "ledger-scores",
            f"Scores of resolved public statements by event, beside a constant {constant}. Lower is better; "
            "skill is 1 − Brier / Brier of the constant, below zero worse than the constant.",
            (
                "Event",
                "Came",
                "Mean probability",
                "Brier",
                f"Always {constant}",
                "Skill",
                "Log, nats",
                f"Always {constant}",
            ),
            rows,
        ),
    ]
    if ledger.note:
        blocks.append(prose(ledger.note, role="notice"))
    return Section(ID, HEADING, blocks=tuple(blocks))


def ledger_title(ledger: Ledger) -> str:
    """The finding: how many fears in how many years, and how often the event came."""
    fears = int(ledger.fears["fears"].sum())
    years = int(ledger.fears["year"].max()) - int(ledger.fears["year"].min()) + 1 if len(ledger.fears) else 0
    feared = ledger.outcomes[ledger.outcomes["feared"].astype(bool)]
    came = int(feared["count"].sum())
    verdict = "it never came" if came == 0 else f"it came {'once' if came == 1 else f'{came} times'}"
    return f"{count(fears, 'statement')} in {count(years, 'year')} feared {ledger.event}; {verdict}."
