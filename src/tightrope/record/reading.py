"""Read the coded rows of a record file, remembering which line each row stands on.

Only this module of the room touches files; coding the rows is `tightrope.record.coding`.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any


class RecordFileError(ValueError):
    """A record file that cannot be read as a table; the message names file and line."""


class Rows(list[dict[str, str]]):
    """Rows of a csv file, as text, each knowing its line.

    file   the name printed in messages
    lines  first line of each row in the file, counted from 1 (the header is line 1)
    """

    def __init__(self, rows: list[dict[str, str]], *, file: str, lines: list[int]) -> None:
        super().__init__(rows)
        self.file = file
        self.lines = lines

    def where(self, index: int) -> str:
        """`file:line` of row `index`, for messages."""
        return f"{self.file}:{self.lines[index]}"


def read_rows(path: str | Path) -> Rows:
    """Read a csv file with a header into rows of text.

    Every row must have as many fields as the header. Empty lines are skipped.
    Raises `RecordFileError` with `file:line` for a missing or unreadable file, an
    empty or repeated column name, a short or long row, and text that is not UTF-8.
    """
    path = Path(path)
    rows: list[dict[str, str]] = []
    lines: list[int] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.reader(handle, strict=True)
            header = [name.strip() for name in next(reader, [])]
            _check_header(header, path.name)
            start = reader.line_num + 1
            for fields in reader:
                line, start = start, reader.line_num + 1
                if not fields:
                    continue
                if len(fields) != len(header):
                    raise RecordFileError(
                        f"{path.name}:{line}: {len(fields)} fields where the header has {len(header)}; "
                        "a comma inside a field needs double quotes around the field"
                    )
                rows.append({name: field.strip() for name, field in zip(header, fields, strict=True)})
                lines.append(line)
    except FileNotFoundError:
        raise RecordFileError(f"{path.name}: no such file (looked in {path.parent.name or '.'}/)") from None
    except UnicodeDecodeError as error:
        raise RecordFileError(f"{path.name}: not UTF-8 text (byte {error.start})") from None
    except csv.Error as error:
        raise RecordFileError(f"{path.name}:{reader.line_num}: {error}") from None
    if not rows:
        raise RecordFileError(f"{path.name}:1: no rows after the header")
    return Rows(rows, file=path.name, lines=lines)


def read_reliability(path: str | Path) -> dict[str, Any]:
    """Read a reliability file (agreement of two codings and their confusion kernels).

    Raises `RecordFileError` where it is missing or not a JSON object.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordFileError(f"{path.name}: no such file") from None
    except ValueError as error:
        raise RecordFileError(f"{path.name}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise RecordFileError(f"{path.name}: expected an object at the top")
    return found


def _check_header(header: list[str], name: str) -> None:
    if not header or header == [""]:
        raise RecordFileError(f"{name}:1: empty file; the first line must name the columns")
    for column in header:
        if not column:
            raise RecordFileError(f"{name}:1: a column without a name")
        if header.count(column) > 1:
            raise RecordFileError(f"{name}:1: column `{column}` is named twice")
