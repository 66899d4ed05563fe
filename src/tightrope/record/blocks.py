"""Blocks of a record: rows that are read one way or another as a whole, never row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tightrope.case.errors import did_you_mean
from tightrope.case.schema import Record

Cell = tuple[str, int]
"""A column of the record and the index of a row."""


def block_cells(
    record: Record, *, periods: Sequence[str], readings: Mapping[str, str]
) -> tuple[set[Cell], dict[Cell, str], list[str]]:
    """Cells touched by any reading of any block, codes that the chosen readings put there, and faults.

    periods   the record's rows; those of a block outside it are ignored, so that a part can be coded
    readings  block -> the reading taken instead of the printed codes
    """
    problems: list[str] = []
    touched: set[Cell] = set()
    recoded: dict[Cell, str] = {}
    for block_name, block in record.blocks.items():
        for reading_name, reading in block.readings.items():
            for change in reading.set:
                where = f"record.blocks.{block_name}.{reading_name}"
                if change.column not in record.columns:
                    guess = near(change.column, record.columns)
                    problems.append(f"{where}: unknown column `{change.column}`{guess}")
                    continue
                last = change.last or change.first
                if last < change.first:
                    problems.append(f"{where}: `{change.first}` to `{last}` runs backwards")
                for i, period in enumerate(periods):
                    if change.first <= period <= last:
                        touched.add((change.column, i))
                        if readings.get(block_name) == reading_name:
                            recoded[(change.column, i)] = change.code
    return touched, recoded, problems


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the nearest known name, or nothing."""
    found = did_you_mean(name, known, cutoff=0.5)
    return f"; {found}" if found else ""
