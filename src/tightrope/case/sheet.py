"""A csv file of a case folder as text, each row knowing its line. Never raises."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from tightrope.case.errors import Problem

MAX_ROWS = 100_000
MAX_PROBLEMS = 200
"""No file says more about itself than this many problems."""


@dataclass(frozen=True)
class Sheet:
    """A csv file: its name as printed, header, and rows with their line numbers."""

    path: str
    lines: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]

    def problem(self, line: int, column: str, message: str, hint: str = "", *, text: str = "") -> Problem:
        """A problem in a row; the caret stands under `text` where the line holds it just once."""
        source = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        at = source.find(text) + 1 if text and source.count(text) == 1 else 0
        return Problem(self.path, line, at, column, message, hint, source if at else "")


def read_sheet(path: Path) -> tuple[Sheet | None, list[Problem]]:
    """A csv file with a header (None if it cannot be read as one), and what is wrong with its form."""
    name = str(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Problem(name, 0, 0, "", f"the file is not UTF-8 text (byte {error.start})")]
    except OSError as error:
        return None, [Problem(name, 0, 0, "", f"cannot be read: {error.strerror}")]
    lines = tuple(text.splitlines())
    rows: list[tuple[int, dict[str, str]]] = []
    problems: list[Problem] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        if not header or "" in header or len(set(header)) < len(header):
            message = "the first line must name every column once"
            return None, [Problem(name, 1, 0, "", message, "", lines[0] if lines else "")]
        start = reader.line_num + 1
        for cells in reader:
            line, start = start, reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"{len(cells)} fields where the header has {len(header)}"
                hint = "put double quotes around a field that holds a comma"
                problems.append(Problem(name, line, 0, "", message, hint))
                continue
            rows.append((line, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
            if len(rows) > MAX_ROWS:
                return None, [Problem(name, line, 0, "", f"more than {MAX_ROWS:,} rows")]
    except csv.Error as error:
        return None, [*problems, Problem(name, reader.line_num, 0, "", f"not a csv file: {error}")]
    return Sheet(name, lines, header, tuple(rows)), problems
