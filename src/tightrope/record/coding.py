"""Coded history to soft evidence: what each row of a record says about each variable.

A row's weights over the levels of a variable are virtual evidence (Pearl 1988, section 2.2.2):
they multiply the joint probability of the history, and columns are independent of each
other given the true history. Rules, in the order in which they apply to a cell (a row's column):

1. where a chosen reading of a block recodes the cell, that code has weight one;
2. in a row whose note starts with one of `default_notes`, the `default_columns` are missing: all
   weights are one, so the row says nothing about them;
3. a cell that any reading of a block touches (see `tightrope.case.schema.Block`) has weight one on its
   printed code: blocks switch as a whole, never row by row;
4. otherwise the alternatives have the weights written in the row and the printed code keeps the rest;
5. a cell without written alternatives takes the `soft` weights of its printed code, if there are any;
6. else the printed code has weight one.

The coder's confidence changes no weight: it is already in the alternatives. What follows a
record's last row, the end of the country included, is not coded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tightrope.case.schema import Record
from tightrope.record.blocks import block_cells, near

Array = np.ndarray[Any, np.dtype[Any]]
MISSING = -1


class CodingError(ValueError):
    """The record cannot be coded; `problems` lists everything wrong, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, eq=False)
class CodedRecord:
    """A record as soft evidence.

    periods     names of the rows' periods, in order
    levels      variable -> its levels, in the case's order
    weights     variable -> (rows, levels) non-negative; a row of ones says nothing
    printed     variable -> (rows,) index of the level read without doubt, -1 where missing
    events      ids of the events behind each row
    notes, confidence   as written
    """

    periods: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    weights: Mapping[str, Array]
    printed: Mapping[str, Array]
    events: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    confidence: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.periods)


def code_record(
    rows: Sequence[Mapping[str, str]],
    *,
    record: Record,
    levels: Mapping[str, Sequence[str]],
    readings: Mapping[str, str] | None = None,
) -> CodedRecord:
    """Code rows of text under a case's record section.

    rows      one mapping a period, column -> text (`tightrope.record.reading.read_rows`)
    record    the case's record section
    levels    variable or move -> its levels or actions, for every one that the record maps to
    readings  block -> reading to take instead of the printed codes

    Raises `CodingError` with every problem found: unknown columns, codes, variables, blocks or
    readings (with a near match), weights that exceed one or the printed code's, periods that
    do not increase.
    """
    named = {name: tuple(values) for name, values in levels.items()}
    problems = _check_mapping(record, named, readings or {})
    header = list(rows[0]) if rows else []
    for column in [record.period_column, *record.columns]:
        if column not in header:
            problems.append(f"record: no column `{column}`{near(column, header)}")
    if not rows:
        problems.append("record: no rows")
    if problems:
        raise CodingError(problems)

    periods = tuple(row[record.period_column] for row in rows)
    problems += [
        f"{_where(rows, i)}: period `{periods[i]}` does not come after `{periods[i - 1]}`"
        for i in range(1, len(periods))
        if not periods[i - 1] < periods[i]
    ]
    touched, recoded, faults = block_cells(record, periods=periods, readings=readings or {})
    problems += faults
    weights = {v: np.zeros((len(rows), len(named[v]))) for v in record.columns.values()}
    printed = {v: np.full(len(rows), MISSING, dtype=np.int64) for v in record.columns.values()}
    for i, row in enumerate(rows):
        try:
            alternatives = _alternatives(row.get("alternatives", ""), record)
        except CodingError as error:
            problems += [f"{_where(rows, i)}: {text}" for text in error.problems]
            continue
        by_default = bool(record.default_notes) and row.get("note", "").startswith(record.default_notes)
        for column, variable in record.columns.items():
            cell = (column, i)
            code = recoded.get(cell, row[column])
            others = {} if cell in touched else alternatives.get(column, {})
            missing = by_default and column in record.default_columns and cell not in recoded
            try:
                weights[variable][i], printed[variable][i] = _cell(
                    code, others, column=column, record=record, levels=named[variable], missing=missing
                )
            except CodingError as error:
                problems += [f"{_where(rows, i)}: {text}" for text in error.problems]
    if problems:
        raise CodingError(problems)
    return CodedRecord(
        periods=periods,
        levels={v: named[v] for v in record.columns.values()},
        weights=weights,
        printed=printed,
        events=tuple(tuple(row.get("events", "").split()) for row in rows),
        notes=tuple(row.get("note", "") for row in rows),
        confidence=tuple(row.get("confidence", "") for row in rows),
    )


def truncate(coded: CodedRecord, *, before: str) -> CodedRecord:
    """The record as it stood before a period: only rows of earlier periods.

    The names of periods sort as text (`1996Q1` < `1996Q2` < `1997Q1`). A period after the last row keeps
    every row; one at or before the first leaves none, which is refused with `CodingError`.
    """
    count = sum(period < before for period in coded.periods)
    if count == 0:
        raise CodingError([f"record: no row before {before}; the record starts in {coded.periods[0]}"])
    return replace(
        coded,
        periods=coded.periods[:count],
        weights={v: w[:count] for v, w in coded.weights.items()},
        printed={v: p[:count] for v, p in coded.printed.items()},
        events=coded.events[:count],
        notes=coded.notes[:count],
        confidence=coded.confidence[:count],
    )


def _cell(
    code: str,
    others: Mapping[str, float],
    *,
    column: str,
    record: Record,
    levels: tuple[str, ...],
    missing: bool,
) -> tuple[Array, int]:
    """Weights over the levels and the printed index of one row's column."""
    names = record.codes.get(column, {})

    def level(text: str) -> int:
        name = names.get(text, text)
        if name not in levels:
            known = [*names, *levels]
            raise CodingError([f"column `{column}`: unknown code `{text}`{near(text, known)}"])
        return levels.index(name)

    at = level(code)
    weights = np.zeros(len(levels))
    if missing:
        return np.ones(len(levels)), MISSING
    if not others and code in record.soft.get(column, {}):
        for other, weight in record.soft[column][code].items():
            weights[level(other)] += weight
        return weights, at
    for other, weight in others.items():
        if level(other) == at:
            raise CodingError([f"column `{column}`: `{other}` is the printed code and its own alternative"])
        weights[level(other)] += weight
    rest = 1.0 - weights.sum()
    if rest < weights.max() - 1e-9:
        left = f"the alternatives leave {rest:.3g} for the printed `{code}`, less than one of them has"
        raise CodingError([f"column `{column}`: {left}; the printed code must keep the largest weight"])
    weights[at] = rest
    return weights, at


def _alternatives(text: str, record: Record) -> dict[str, dict[str, float]]:
    """Parse `column:code=weight;column:code=weight`."""
    found: dict[str, dict[str, float]] = {}
    for item in filter(None, (part.strip() for part in text.split(";"))):
        column, colon, rest = item.partition(":")
        code, equals, number = rest.partition("=")
        if not (colon and equals):
            raise CodingError([f"alternatives: expected `column:code=weight`, got `{item}`"])
        if column not in record.columns:
            raise CodingError([f"alternatives: unknown column `{column}`{near(column, record.columns)}"])
        try:
            weight = float(number)
        except ValueError:
            raise CodingError([f"alternatives: `{number}` in `{item}` is not a number"]) from None
        if not 0.0 < weight < 1.0:
            raise CodingError([f"alternatives: weight {number} in `{item}` is not between 0 and 1"])
        if code in found.setdefault(column, {}):
            raise CodingError([f"alternatives: `{column}:{code}` is given twice"])
        found[column][code] = weight
    return found


def _check_mapping(
    record: Record, levels: Mapping[str, tuple[str, ...]], readings: Mapping[str, str]
) -> list[str]:
    problems = [
        f"record.columns.{column}: unknown variable `{variable}`{near(variable, levels)}"
        for column, variable in record.columns.items()
        if variable not in levels
    ]
    problems += [
        f"record.default_columns: unknown column `{column}`{near(column, record.columns)}"
        for column in record.default_columns
        if column not in record.columns
    ]
    for column, codes in record.soft.items():
        if column not in record.columns:
            problems.append(f"record.soft: unknown column `{column}`{near(column, record.columns)}")
        for code, weights in codes.items():
            if min(weights.values()) < 0 or abs(sum(weights.values()) - 1.0) > 1e-9:
                problems.append(f"record.soft.{column}.{code}: weights must be non-negative and sum to 1")
    for block, reading in readings.items():
        if block not in record.blocks:
            problems.append(f"readings: unknown block `{block}`{near(block, record.blocks)}")
        elif reading not in record.blocks[block].readings:
            guess = near(reading, record.blocks[block].readings)
            problems.append(f"readings: block `{block}` has no reading `{reading}`{guess}")
    return problems


def _where(rows: Sequence[Mapping[str, str]], index: int) -> str:
    where = getattr(rows, "where", None)
    return str(where(index)) if where else f"row {index + 1}"
