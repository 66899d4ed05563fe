"""What the movers do where, slice by slice."""

from __future__ import annotations

import pandas as pd

from tightrope.report.blocks import Figure, Section
from tightrope.report.charts.policy import VISITED, policy_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Policy
from tightrope.report.text import NOT_CERTIFIED, percent

ID, HEADING = "policy", "What the players do where"


def policy_view(policy: Policy) -> Section:
    """One heat map a slice."""
    intro = (
        f"Probability of each action in per cent{' ' + policy.parameters if policy.parameters else ''} "
        f"({policy.mark}). {VISITED} marks states in which the record stood, and for how many periods; an "
        "empty cell is an action that can't be chosen there."
    )
    figures = []
    for number, (name, rows) in enumerate(policy.policy.groupby("slice", sort=False), start=1):
        title = policy_title(str(name), rows)
        alt = f"Heat map of states by actions. {title}"
        figures.append(
            Figure(
                id=f"policy-{number}",
                title=title,
                alt=alt,
                spec=policy_chart(rows, description=alt),
                data=data_table(
                    printable(rows), id=f"policy-{number}", caption=f"{rows['mover'].iloc[0]}, {name}"
                ),
            )
        )
    return Section(ID, HEADING, intro=intro, blocks=tuple(figures))


def policy_title(name: str, rows: pd.DataFrame) -> str:
    """The finding: what the mover does most in the state that the record visited most."""
    mover = str(rows["mover"].iloc[0])
    sure = rows[rows["certified"].astype(bool)].dropna(subset=["probability"])
    if sure.empty:
        return f"{mover}, {name}: {NOT_CERTIFIED}."
    most = sure["visited"].astype(int).max()
    where = sure[sure["visited"] == most].iloc[0]["state"] if most else sure.iloc[0]["state"]
    here = sure[sure["state"] == where]
    best = here.loc[here["probability"].astype(float).idxmax()]
    visited = f", where the record stood for {most} periods" if most else ""
    return (
        f"{mover}, {name}: in {where}{visited}, the likeliest move is {best['action']} "
        f"({percent(float(best['probability']))})."
    )


def printable(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with probabilities as text: uncertified numbers are not printed."""
    shown = rows[["state", "visited", "action", "probability"]].copy()
    shown["probability"] = [
        NOT_CERTIFIED if not sure else percent(p) if p == p else "can't be chosen"
        for p, sure in zip(rows["probability"], rows["certified"], strict=True)
    ]
    return shown
