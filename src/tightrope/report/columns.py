"""What a column of a report's table is, and the check that a table has the columns it should.

The rooms that compute hand over pandas tables; `contract.py` and `contract_scores.py` list
all that the report expects of them. Columns it doesn't know are refused, so that a renamed
column can't be lost.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "number", "whole", "flag", "date"]
MARKS = ("assumed", "calibrated", "estimated")
"""The three kinds of number, weakest first."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    kind      text, number (float, nan where undefined), whole (int), flag (bool), date (ISO text)
    meaning   one phrase, printed in the docs
    optional  the column may be left out, or be empty (None, nan) in a row
    choices   the only texts allowed
    """

    name: str
    kind: Kind
    meaning: str
    optional: bool = False
    choices: tuple[str, ...] = ()


class ReportDataError(ValueError):
    """A table that does not keep to the contract; `problems` lists everything wrong with it."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def checked(frame: pd.DataFrame, columns: Sequence[Column], *, table: str) -> pd.DataFrame:
    """The table with its columns in the contract's order, plain types, optional ones filled with None.

    Raises ReportDataError with every missing or unknown column and every value of the wrong kind.
    """
    import pandas as pd

    names = [column.name for column in columns]
    problems = []
    for name in frame.columns:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            hint = f"; did you mean `{near[0]}`?" if near else f"; it has {', '.join(names)}"
            problems.append(f"table `{table}`: unknown column `{name}`{hint}")
    result: dict[str, list[Any]] = {}
    for column in columns:
        if column.name not in frame.columns:
            if not column.optional:
                problems.append(f"table `{table}`: column `{column.name}` is missing ({column.meaning})")
            result[column.name] = [None] * len(frame)
            continue
        values = []
        for row, value in enumerate(frame[column.name].tolist()):
            try:
                values.append(_plain(value, column))
            except (TypeError, ValueError) as error:
                problems.append(f"table `{table}`, row {row}, column `{column.name}`: {error}")
        result[column.name] = values
    if problems:
        raise ReportDataError(problems)
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in result.items()})


def _plain(value: Any, column: Column) -> Any:
    """One value as a plain Python one, or an error that says what is wrong with it."""
    empty = value is None or value != value or str(value) in ("<NA>", "NaT")
    if empty and column.kind == "number":
        return None if value is None else float("nan")
    if empty and column.optional:
        return None
    if empty:
        raise ValueError(f"empty, but the table needs {column.meaning}")
    if column.kind == "text":
        if column.choices and str(value) not in column.choices:
            near = difflib.get_close_matches(str(value), column.choices, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"it may be {', '.join(column.choices)}"
            raise ValueError(f"`{value}` is not allowed; {hint}")
        return str(value)
    if column.kind == "date":
        return date.fromisoformat(str(value)[:10]).isoformat()
    if column.kind == "flag":
        if value not in (True, False):
            raise ValueError(f"`{value}` is neither true nor false")
        return bool(value)
    if isinstance(value, str):
        raise TypeError(f"`{value}` is text, not a number")
    if column.kind == "whole":
        if int(value) != value:
            raise ValueError(f"{value} is not a whole number")
        return int(value)
    return float(value)


def c(
    name: str, kind: Kind, meaning: str, *, optional: bool = False, choices: tuple[str, ...] = ()
) -> Column:
    """Shorthand for a column."""
    return Column(name, kind, meaning, optional, choices)
