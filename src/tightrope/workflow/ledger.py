"""`tightrope ledger`: statements are added, resolved, imported, exported and scored. Leaves no run.

A ledger is appended to by putting a longer file in its place whole: what was written before stays, byte for
byte, and a reader or a crash sees the old file or the new one. Two writers cannot meet (a lock).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tightrope.case.bundled import refuse_writing
from tightrope.case.load import load_case
from tightrope.forecast.ledger import LedgerError, Prediction
from tightrope.forecast.ledger_checks import checked
from tightrope.forecast.ledger_rows import (
    ReadLedger,
    ledger_text,
    next_id,
    parse_ledger,
    read_events,
    read_ledger,
    resolution_row,
    row_text,
)
from tightrope.forecast.words import Table, read_word
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs.files import write_atomically
from tightrope.runs.lock import RunLocked, take_lock


class NoLedger(ValueError):
    """The case names no ledger."""


@dataclass(frozen=True)
class Opened:
    """A ledger that is being written: its file, its rows, and the events that it may speak of."""

    path: Path
    read: ReadLedger
    events: tuple[str, ...] | None
    content: bytes


def ledger_path(case: Path) -> Path:
    """The file of a case's ledger. Raises NoLedger and CaseError."""
    source = load_case(case)
    if source.case.ledger is None:
        raise NoLedger(f"the case {source.case.case} has no ledger; name a file under `ledger:`")
    return source.folder / source.case.ledger


@contextmanager
def _opened(case: Path) -> Iterator[Opened]:
    """Take a ledger for writing. Raises RunLocked if another process has it, LedgerError, BundledCase."""
    path = ledger_path(case)
    refuse_writing(path)
    lock = path.with_name(f".{path.name}.lock")
    stream = take_lock(lock, started=datetime.now(UTC).isoformat(timespec="seconds"))
    try:
        # Whoever held the lock before may have removed its file after we opened it.
        if not lock.exists() or lock.stat().st_ino != os.fstat(stream.fileno()).st_ino:
            raise RunLocked(f"{path.name} was being written by another process; try again")
        read = read_ledger(path)
        _sound(read)
        known = read_events(path)
        events = None if known is None else tuple(event.event for event in known)
        yield Opened(path, read, events, path.read_bytes())
        lock.unlink(missing_ok=True)
    finally:
        stream.close()


def _sound(read: ReadLedger) -> None:
    if read.refused:
        raise LedgerError([problem for refused in read.refused for problem in refused.problems])


def _append(opened: Opened, rows: Sequence[Prediction]) -> None:
    """Put the rows behind the others. What stood there stays, byte for byte."""
    columns, content = opened.read.columns, opened.content
    lost = [name for row in rows for name in ("leaning",) if getattr(row, name) and name not in columns]
    if lost:
        raise LedgerError([f"{opened.path.name}:1: no column {lost[0]}, so it cannot be kept; leave it out"])
    end = b"\r\n" if b"\r\n" in content[:4096] else b"\n"
    added = b"".join(row_text(row, columns=columns).encode() + end for row in rows)
    whole = content + (b"" if content.endswith(b"\n") else end) + added
    again = parse_ledger(whole.decode("utf-8-sig"), file=opened.path.name, events=opened.events)
    if again.refused or again.written != (*opened.read.written, *rows):
        raise LedgerError(
            [p for r in again.refused for p in r.problems] or ["a row does not read back as written"]
        )
    if opened.path.read_bytes() != content:
        raise LedgerError([f"{opened.path.name} changed while it was read; nothing was added, try again"])
    write_atomically(opened.path, whole)


def add(case: Path, *, fields: Mapping[str, str], words: str = "", words_table: Table = "icd203") -> Outcome:
    """Add one statement. `words` stand in for implied_probability and are read by a table."""
    given = dict(fields)
    reading = None
    if words:
        if given.get("implied_probability"):
            raise LedgerError(["say either a probability or words for it, not both"])
        reading = read_word(words, table=words_table)
        given["implied_probability"] = f"{reading.middle:g}"
    elif not given.get("implied_probability"):
        given["implied_probability"] = given.get("stated_probability", "")
    if not given["implied_probability"]:
        raise LedgerError(["a statement needs --probability, --words or --stated"])
    with _opened(case) as opened:
        given["id"] = given.get("id") or next_id(opened.read.written)
        row = checked(given, events=opened.events, earlier=opened.read.written)
        if not isinstance(row, Prediction):
            raise LedgerError([f"not added: {problem}" for problem in row])
        _append(opened, [row])
    text = f"Added {row.id} to {opened.path}: {row.event} at {row.implied_probability:g}"
    if reading is not None:
        text += f" ({reading.word!r} by the {words_table} table, {reading.low:g} to {reading.high:g})"
    return Outcome(FINE, {"ledger": str(opened.path), "added": [_plain(row)]}, text)


def resolve(case: Path, *, id: str, resolution: str, resolved_on: str, basis: str) -> Outcome:
    """Resolve a statement, or resolve it otherwise, by a row of its own."""
    with _opened(case) as opened:
        row = resolution_row(
            opened.read.written, id, resolution=resolution, resolved_on=resolved_on, basis=basis
        )
        before = next(p for p in opened.read.predictions if p.id == id)
        if (row.resolution, row.resolved_on) == (before.resolution, before.resolved_on):
            return Outcome(FINE, {"ledger": str(opened.path), "added": []}, f"{id} is resolved so already")
        _append(opened, [row])
    text = f"{id}: {before.resolution} -> {row.resolution}, by the new row {row.id} in {opened.path}"
    return Outcome(FINE, {"ledger": str(opened.path), "added": [_plain(row)]}, text)


def import_rows(case: Path, *, file: Path) -> Outcome:
    """Add every sound row of a CSV file with a ledger's columns. Exit code 1 if some are refused.

    Refused rows are told with their lines and copied as they stand to `<file>.refused.csv`; rows that the
    ledger holds already, word for word, are left out. The file itself is never changed.
    """
    text = _read(file)
    with _opened(case) as opened:
        found = parse_ledger(text, file=file.name, events=opened.events, before=opened.read.written)
        if found.written:
            _append(opened, found.written)
    aside = _set_refused_aside(file, text, found) if found.refused else None
    problems = [problem for refused in found.refused for problem in refused.problems]
    data = {
        "ledger": str(opened.path),
        "added": [row.id for row in found.written],
        "there_already": found.repeated,
        "refused": problems,
        "refused_rows": None if aside is None else str(aside),
    }
    total = len(found.written) + len(found.refused) + found.repeated
    lines = [
        f"Added {len(found.written)} of {total} rows to {opened.path}; {found.repeated} were there already"
    ]
    lines += [f"Refused: {problem}" for problem in problems]
    lines += [f"The refused rows are in {aside}: mend them there and import that file."] if aside else []
    return Outcome(FAILED if problems else FINE, data, "\n".join(lines))


def export(case: Path, *, target: Path | None = None) -> Outcome:
    """The ledger with resolutions folded in, as CSV and as data; into `target`, which must be new."""
    read = read_ledger(ledger_path(case))
    _sound(read)
    text = ledger_text(read.predictions)
    if target is not None:
        try:
            with target.open("x", encoding="utf-8", newline="") as stream:
                stream.write(text)
        except FileExistsError:
            raise LedgerError([f"{target} is there already; nothing was written"]) from None
    data = {"ledger": str(ledger_path(case)), "statements": [_plain(row) for row in read.predictions]}
    said = text.rstrip("\n") if target is None else f"Wrote {len(read.predictions)} statements to {target}"
    return Outcome(FINE, data, said)


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LedgerError([f"{file.name}: not UTF-8 text (byte {error.start})"]) from None


def _set_refused_aside(file: Path, text: str, found: ReadLedger) -> Path:
    header = text.splitlines()[0]
    content = "".join(f"{line.rstrip()}\n" for line in (header, *(row.text for row in found.refused)))
    number = 0
    while True:
        name = f"{file.stem}.refused{number or ''}.csv"
        try:
            with file.with_name(name).open("x", encoding="utf-8", newline="") as stream:
                stream.write(content)
        except FileExistsError:
            number += 1
            continue
        return file.with_name(name)


def _plain(row: Prediction) -> dict[str, Any]:
    return row.model_dump(mode="json")
