"""A chart's data as a table: every column and row as given, numbers to four digits.

In a row whose `certified` is false no number is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tightrope.report.blocks import Cell, Table, cell
from tightrope.report.text import NOT_CERTIFIED, NOTHING, number

if TYPE_CHECKING:
    import pandas as pd


def data_table(frame: pd.DataFrame, *, id: str, caption: str) -> Table:
    """The table of a chart's data. Nothing is left out and no row is moved."""
    head = tuple(str(name).replace("_", " ") for name in frame.columns)
    rows = tuple(
        tuple(_cell(value, sure=row.get("certified") is not False) for value in row.values())
        for row in frame.astype(object).to_dict("records")
    )
    return Table(id=f"{id}-data", caption=caption, head=head, rows=rows)


def _cell(value: Any, *, sure: bool) -> Cell:
    if value is None or value != value:
        return cell(NOTHING)
    if isinstance(value, bool):
        return cell("yes" if value else "no")
    if isinstance(value, int):
        return cell(str(value), numeric=True)
    if isinstance(value, float) and not sure:
        return cell(NOT_CERTIFIED)
    if isinstance(value, float):
        return cell(number(value, digits=4), numeric=True)
    return cell(str(value))
