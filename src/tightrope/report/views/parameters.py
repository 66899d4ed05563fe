"""What the record says about each parameter."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tightrope.report.blocks import Block, Cell, Figure, Line, Section, Table, cell
from tightrope.report.charts.parameters import INFORMED, ratio_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Parameters
from tightrope.report.text import NOTHING, count, number

ID, HEADING = "parameters", "What the record says about the parameters"


def parameters_view(parameters: Parameters) -> Section:
    """The ratio of spreads as a chart, then every parameter with prior, posterior, mark and reason."""
    table = parameters.parameters
    blocks: list[Block] = []
    free = table.dropna(subset=["sd_ratio"])
    if not free.empty:
        title = ratio_title(table)
        alt = f"Dot plot of posterior over prior spread by parameter. {title}"
        data = free[["name", "sd_ratio", "mark", "note"]]
        blocks.append(
            Figure(
                "parameters-chart",
                title,
                alt,
                ratio_chart(table, description=alt),
                data_table(data, id="parameters-chart", caption="Posterior sd over prior sd"),
                fluid=200,
                note=f"Left of the line at {INFORMED:g} a parameter counts as estimated.",
            )
        )
    rows = tuple(_row(row) for row in table.to_dict("records"))
    prior = f" Priors: {parameters.prior_class}." if parameters.prior_class else ""
    blocks.append(
        Table(
            "parameters-table",
            f"{count(len(table), 'parameter')}, median and 5 to 95 % of the prior, "
            f"mode and 5 to 95 % of the posterior.{prior}",
            ("Parameter", "Reference", "Prior", "Posterior", "sd ratio", "Mark", "What the record says"),
            rows,
            stack=True,
        )
    )
    return Section(ID, HEADING, blocks=tuple(blocks))


def ratio_title(table: pd.DataFrame) -> str:
    """The finding: how many free parameters the record informs."""
    free = table.dropna(subset=["sd_ratio"])
    informed = int((free["sd_ratio"].astype(float) < INFORMED).sum())
    silent = int((free["sd_ratio"].astype(float) > 0.95).sum())
    return (
        f"The record informs {informed} of {count(len(free), 'free parameter')}; "
        f"it says nothing about {silent if silent else 'none'}."
    )


def _row(row: dict[Any, Any]) -> tuple[Cell, ...]:
    return (
        Cell((Line(row["name"], strong=True), Line(row["why"], quiet=True))),
        cell(number(row["reference"]), numeric=True),
        Cell(
            (
                Line(_three(row["prior_lower"], row["prior_median"], row["prior_upper"])),
                Line(row["prior"], quiet=True),
            )
        ),
        cell(_three(row["lower"], row["mode"], row["upper"])),
        cell(number(row["sd_ratio"], digits=2), numeric=True),
        cell("", mark=row["mark"]),
        cell(row["note"] or NOTHING),
    )


def _three(low: float | None, middle: float | None, high: float | None) -> str:
    """A middle with its ends: `0.5 (0.1 to 0.9)`; the middle alone without ends."""
    if low is None or low != low or high is None or high != high:
        return number(middle)
    return f"{number(middle, digits=2)} ({number(low, digits=2)} to {number(high, digits=2)})"
