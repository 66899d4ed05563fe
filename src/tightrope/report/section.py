"""What every section of a report is made of: tables that are checked when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from tightrope.report.columns import MARKS, Column, ReportDataError, checked
from tightrope.report.contract import COLUMNS
from tightrope.report.contract_hindcasts import HINDCASTS
from tightrope.report.contract_pictures import PICTURES
from tightrope.report.contract_scores import SCORES

TABLES: Mapping[str, tuple[Column, ...]] = {**COLUMNS, **SCORES, **HINDCASTS, **PICTURES}
"""Every table of a report by name, with its columns."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Checked:
    """Checks tables and marks against the contract, all at once; a field's name is its table's."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name.startswith("mark") and value not in MARKS:
                problems.append(f"`{part.name}` is `{value}`; it may be {', '.join(MARKS)}")
            if value is None or "DataFrame" not in str(part.type):
                continue
            try:
                object.__setattr__(self, part.name, checked(value, TABLES[part.name], table=part.name))
            except ReportDataError as error:
                problems += error.problems
        if problems:
            raise ReportDataError(problems)
