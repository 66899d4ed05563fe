"""The rows of a ledger file: read one by one, each refused with its line or kept, and written as text.

A ledger only ever grows: what is learned later about a statement is a row of its own
(`tightrope.forecast.ledger_checks`).

The events that a ledger may speak of stand in a small file beside it, `predictions-events.csv` for
`predictions.csv` (event, scope, meaning); a row with another event is refused. Without that file every event
is known.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tightrope.forecast.ledger import LedgerError, Prediction
from tightrope.forecast.ledger_checks import checked, folded, next_resolution

Scope = Literal["whole", "limited", "other"]
OPTIONAL = ("leaning",)
FIELDS = tuple(name for name in Prediction.model_fields if name not in OPTIONAL)


@dataclass(frozen=True)
class KnownEvent:
    """An event of the ledger: does it end the matter (`whole`), or is it a step short of that (`limited`)?"""

    event: str
    scope: Scope
    meaning: str


@dataclass(frozen=True)
class Refused:
    """A row that cannot be used: where it stands, its text as written, and everything wrong with it."""

    line: int
    text: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class ReadLedger:
    """A ledger file as read.

    columns      its header
    predictions  statements in order, resolution rows folded in
    written      every sound row as written, resolution rows among them
    refused      the others
    repeated     rows left out because an earlier text holds them word for word
    """

    file: str
    columns: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    written: tuple[Prediction, ...]
    refused: tuple[Refused, ...]
    repeated: int = 0


def events_file(ledger: str | Path) -> Path:
    """Where the events of a ledger are listed."""
    path = Path(ledger)
    return path.with_name(f"{path.stem}-events.csv")


def read_events(ledger: str | Path) -> tuple[KnownEvent, ...] | None:
    """The events that a ledger may speak of; None where no file lists them. Raises LedgerError."""
    from tightrope.record.reading import read_rows

    path = events_file(ledger)
    if not path.exists():
        return None
    rows = read_rows(path)
    found = []
    for i, row in enumerate(rows):
        if row.get("scope") not in ("whole", "limited", "other") or not row.get("event"):
            raise LedgerError([f"{rows.where(i)}: needs an event and a scope: whole, limited or other"])
        found.append(KnownEvent(row["event"], row["scope"], row.get("meaning", "")))  # type: ignore[arg-type]
    return tuple(found)


def read_ledger(path: str | Path) -> ReadLedger:
    """Read a ledger file row by row. Raises LedgerError where the file as a whole cannot be read."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise LedgerError([f"{path.name}: no such file"]) from None
    except UnicodeDecodeError as error:
        raise LedgerError([f"{path.name}: not UTF-8 text (byte {error.start})"]) from None
    events = read_events(path)
    known = None if events is None else [event.event for event in events]
    return parse_ledger(text, file=path.name, events=known)


def parse_ledger(
    text: str,
    *,
    file: str,
    events: Sequence[str] | None = None,
    before: Sequence[Prediction] = (),
) -> ReadLedger:
    """Read the text of a ledger.

    file    the name in messages
    events  events that are known; None: all
    before  rows of another text that this one follows: their ids are taken, and may be resolved here; a row
            that repeats one of them is left out

    Raises LedgerError for a header that is none.
    """
    lines = text.splitlines(keepends=True)
    columns = tuple(name.strip() for name in next(csv.reader(lines[:1]), []))
    _check_columns(columns, file)
    written: list[Prediction] = list(before)
    refused: list[Refused] = []
    repeated = 0
    for line, raw, cells in _records(lines):
        if not cells:
            continue
        found = _row(columns, cells, events=events, earlier=written)
        if not isinstance(found, Prediction) and _repeats(columns, cells, before):
            repeated += 1
            continue
        if isinstance(found, Prediction):
            written.append(found)
        else:
            problems = tuple(f"{file}:{line}: {problem}" for problem in found)
            refused.append(Refused(line, raw, problems))
    return ReadLedger(
        file=file,
        columns=columns,
        predictions=folded(written),
        written=tuple(written[len(before) :]),
        refused=tuple(refused),
        repeated=repeated,
    )


def row_text(prediction: Prediction, *, columns: Sequence[str] = FIELDS) -> str:
    """One row as CSV text, without the end of the line. Numbers are written as short as they read back."""
    data = prediction.model_dump(mode="json")
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(
        ["" if data[name] is None else _number(data[name]) for name in columns]
    )
    return stream.getvalue()


def ledger_text(predictions: Iterable[Prediction]) -> str:
    """A whole ledger as CSV text."""
    rows = list(predictions)
    columns = (*FIELDS, *(name for name in OPTIONAL if any(getattr(row, name) for row in rows)))
    return "\n".join([",".join(columns), *(row_text(row, columns=columns) for row in rows)]) + "\n"


def next_id(written: Iterable[Prediction]) -> str:
    """An id after the last one of its form, `P192` after `P191`. Ids are never given twice.

    >>> next_id([])
    'P001'
    """
    found = [m for p in written if (m := re.fullmatch(r"([A-Za-z]+)(\d+)", p.id))]
    if not found:
        return "P001"
    last = max(found, key=lambda m: int(m[2]))
    return f"{last[1]}{int(last[2]) + 1:0{len(last[2])}d}"


def resolution_row(
    written: Sequence[Prediction], id: str, *, resolution: str, resolved_on: str, basis: str
) -> Prediction:
    """The row that resolves a statement. Raises LedgerError for an id that is not there or a faulty date."""
    statements = {p.id: p for p in folded(written)}
    if id not in statements:
        near = difflib.get_close_matches(id, statements, 1)
        raise LedgerError([f"no statement {id}" + (f"; did you mean {near[0]}?" if near else "")])
    fields = {
        **_as_text(statements[id]),
        "id": next_resolution(id, written),
        "resolution": resolution,
        "resolved_on": resolved_on,
        "resolution_basis": basis,
    }
    found = checked(fields, earlier=written)
    if not isinstance(found, Prediction):
        raise LedgerError([f"{id}: {problem}" for problem in found])
    return found


def _row(
    columns: Sequence[str],
    cells: Sequence[str],
    *,
    events: Sequence[str] | None,
    earlier: Sequence[Prediction],
) -> Prediction | tuple[str, ...]:
    if len(cells) != len(columns):
        return (
            f"{len(cells)} fields where the header has {len(columns)}; a comma or line break inside a field "
            "needs double quotes around it",
        )
    fields = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    return checked(fields, events=events, earlier=earlier)


def _repeats(columns: Sequence[str], cells: Sequence[str], before: Sequence[Prediction]) -> bool:
    fields = {name: cell.strip() for name, cell in zip(columns, cells, strict=False)}
    same = [row for row in before if row.id == fields.get("id")]
    try:
        return bool(same) and len(cells) == len(columns) and Prediction.model_validate(fields) == same[0]
    except ValidationError:
        return False


def _records(lines: Sequence[str]) -> Iterable[tuple[int, str, list[str]]]:
    """(first line, text, fields) of each record after the header.

    A record ends with its line unless a quote is open. One that never closes would swallow the rest of the
    file, so then only its first line is given up and reading goes on behind it.
    """
    at = 1
    while at < len(lines):
        end = at + 1
        while "".join(lines[at:end]).count('"') % 2 and end < len(lines):
            end += 1
        raw = "".join(lines[at:end])
        if raw.count('"') % 2:
            end, raw = at + 1, lines[at]
        yield at + 1, raw, next(csv.reader(io.StringIO(raw, newline="")), [])
        at = end


def _check_columns(columns: Sequence[str], file: str) -> None:
    needed = [name for name, field in Prediction.model_fields.items() if field.is_required()]
    missing = [name for name in needed if name not in columns]
    extra = [name for name in columns if name not in Prediction.model_fields]
    problems = [f"{file}:1: no column {name}" for name in missing]
    for name in extra:
        near = difflib.get_close_matches(name, Prediction.model_fields, 1)
        problems.append(
            f"{file}:1: no ledger has a column {name!r}" + (f"; did you mean {near[0]}?" if near else "")
        )
    if len(set(columns)) < len(columns):
        problems.append(f"{file}:1: a column is named twice")
    if problems:
        raise LedgerError(problems)


def _as_text(row: Prediction) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in row.model_dump(mode="json").items()}


def _number(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else value
