"""Checks of the rows of a record: calendar, codes, alternatives, events, ladders that only rise."""

from __future__ import annotations

import re
from pathlib import Path

from tightrope.case.calendar import Period, parse_period
from tightrope.case.checker import Checker
from tightrope.case.errors import Problem, near_or_list
from tightrope.case.marks import Where
from tightrope.case.schema import Record
from tightrope.case.sheet import MAX_PROBLEMS, Sheet, read_sheet

TOLERANCE = 1e-6

_ALTERNATIVE = re.compile(r"^\s*([^:=\s]+)\s*:\s*([^:=\s]+)\s*=\s*([0-9.eE+-]+)\s*$")


def level_of(record: Record, column: str, code: str) -> str:
    """The level that a code of a record column stands for."""
    return record.codes.get(column, {}).get(code, code)


def check_rows(
    checker: Checker, where: Where, path: Path, record: Record, events: set[str] | None
) -> list[Problem]:
    """Every problem of one record file. `where` is where the case names it; `events` are known ids."""
    sheet, problems = read_sheet(path)
    if sheet is None:
        return problems
    for column, place in [
        (record.period_column, ("record", "period_column")),
        *((column, ("record", "columns", column)) for column in record.columns),
    ]:
        if column not in sheet.header:
            message = f"{path.name} has no column {column!r}"
            problems.append(checker.source.problem(
                place if place in checker.source.values else where, message,
                near_or_list(column, sheet.header), key=len(place) > 2,
            ))  # fmt: skip
    if not sheet.rows:
        problems.append(sheet.problem(1, "", "there are no rows under the header"))
    _check_calendar(checker, sheet, record, problems)
    for line, row in sheet.rows:
        if len(problems) > MAX_PROBLEMS:
            break
        for column, variable in record.columns.items():
            if column in row and variable in checker.levels:
                _check_cell(checker, sheet, record, (line, column, row[column]), problems)
        _check_alternatives(checker, sheet, record, line, row, problems)
        for event in row.get("events", "").split() if events is not None else ():
            if events is not None and event not in events:
                message = f"event {event!r} is not in {checker.case.events}"
                problems.append(sheet.problem(line, "events", message, text=event))
    _check_rises(checker, sheet, record, problems)
    return problems


def _check_calendar(checker: Checker, sheet: Sheet, record: Record, problems: list[Problem]) -> None:
    length = checker.case.calendar.period
    column = record.period_column
    try:
        due: Period | None = parse_period(checker.case.calendar.first, length)
    except ValueError:
        due = None
    for line, row in sheet.rows:
        if column not in row or len(problems) > MAX_PROBLEMS:
            return
        text = row[column]
        try:
            period = parse_period(text, length)
        except ValueError as error:
            problems.append(sheet.problem(line, column, str(error), text=text))
            due = due + 1 if due is not None else None
            continue
        if due is not None and period != due:
            message = f"period {text} stands where {due} is due"
            hint = "one row a period, in order, from calendar.first on"
            problems.append(sheet.problem(line, column, message, hint, text=text))
        due = period + 1


def _check_cell(
    checker: Checker, sheet: Sheet, record: Record, cell: tuple[int, str, str], problems: list[Problem]
) -> None:
    line, column, code = cell
    levels = checker.levels[record.columns[column]]
    if level_of(record, column, code) not in levels:
        hint = near_or_list(code, [*record.codes.get(column, ()), *levels])
        problems.append(sheet.problem(line, column, f"{code!r} is no code of this column", hint, text=code))


def _check_alternatives(
    checker: Checker, sheet: Sheet, record: Record, line: int, row: dict[str, str], problems: list[Problem]
) -> None:
    totals: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in row.get("alternatives", "").split(";"))):
        match = _ALTERNATIVE.match(part)
        if match is None:
            message, hint = f"{part[:60]!r} is not an alternative", "write column:code=weight"
            problems.append(sheet.problem(line, "alternatives", message, hint, text=part))
            continue
        column, code, number = match.groups()
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if column not in record.columns:
            hint = near_or_list(column, record.columns)
            message = f"{column!r} is not a column of the record section"
            problems.append(sheet.problem(line, "alternatives", message, hint, text=part))
            continue
        levels = checker.levels.get(record.columns[column], ())
        if levels and level_of(record, column, code) not in levels:
            hint = near_or_list(code, [*record.codes.get(column, ()), *levels])
            message = f"{code!r} is no code of column {column!r}"
            problems.append(sheet.problem(line, "alternatives", message, hint, text=part))
        if not 0 < weight < 1:
            message = f"the weight {number} is not between 0 and 1"
            problems.append(sheet.problem(line, "alternatives", message, text=part))
        totals[column] = totals.get(column, 0.0) + weight
    for column, total in totals.items():
        if total > 1 + TOLERANCE:
            message = f"the alternatives of {column!r} add up to {total:g}, more than 1"
            problems.append(sheet.problem(line, "alternatives", message))


def _check_rises(checker: Checker, sheet: Sheet, record: Record, problems: list[Problem]) -> None:
    for column, variable in record.columns.items():
        state = checker.case.states.get(variable)
        if state is None or state.direction != "up" or column not in sheet.header:
            continue
        top = -1
        for line, row in sheet.rows:
            level = level_of(record, column, row[column])
            if level not in state.levels:
                continue
            if state.levels.index(level) < top:
                message = f"{variable} falls to {level}, and the case declares that it never falls"
                problems.append(sheet.problem(line, column, message, text=row[column]))
            top = state.levels.index(level)
