"""Which coding of the record a run reads: the case's own or another, readings of blocks, coders' errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.case.errors import did_you_mean, near_or_list
from tightrope.case.load import CaseFolder
from tightrope.case.resolve import levels_of
from tightrope.case.schema import Record
from tightrope.record.coding import CodedRecord, code_record
from tightrope.record.kernels import kernels_from, soften
from tightrope.record.reading import read_reliability, read_rows
from tightrope.runs.files import file_digest


class NoRecord(ValueError):
    """Something that needs a record was asked of a case without one."""


class UnknownCoding(ValueError):
    """A coding, block, reading or file of errors that is not there or does not fit; says what is."""


@dataclass(frozen=True)
class Coding:
    """What was asked for; empty: the record as the case prints it.

    coding             name of an independent coding under `record.codings`, or a file of the same layout
    blocks             readings taken as a whole instead of the printed codes, each as BLOCK=READING
    measurement_error  a reliability file whose confusion of two coders is put between codes and truth
    """

    coding: str = ""
    blocks: tuple[str, ...] = ()
    measurement_error: str = ""

    @property
    def plain(self) -> bool:
        """Whether this is the record as the case prints it."""
        return self == Coding()


@dataclass(frozen=True, eq=False)
class ReadRecord:
    """A record as one coding has it.

    coded   the soft evidence
    key     what it depends on besides the case, for a run's identity; empty for the case's own coding
    notes   how it differs from the case's own, one sentence each
    """

    coded: CodedRecord
    key: dict[str, Any]
    notes: tuple[str, ...]


def read_record(folder: CaseFolder, coding: Coding) -> ReadRecord | None:
    """The record of a case under a coding; None if the case has none.

    Raises NoRecord for a choice without a record to make it in, UnknownCoding with a near match for
    names and files that are not there, or a ladder that falls, and the errors of the file readers.
    """
    case = folder.case
    record = case.record
    if record is None:
        if not coding.plain:
            raise NoRecord(f"the case {case.case} has no record, so there is no coding of it to choose")
        return None
    file, key, notes = folder.folder / record.file, dict[str, Any](), list[str]()
    if coding.coding:
        file = _coding_file(folder.folder, record, coding.coding)
        key["coding"] = file_digest(file)
        what = f"the coding {coding.coding}" if coding.coding in record.codings else "another coding"
        notes.append(f"The record is {what} ({file.name}), not the case's own ({record.file}).")
    readings = _readings(record, coding.blocks)
    if readings:
        key["blocks"] = readings
    for block, reading in readings.items():
        weight = record.blocks[block].readings[reading].weight
        notes.append(f"Block {block} is read as {reading} (the coder's weight on it: {weight:g}).")
    levels = {name: levels_of(case)[name] for name in record.columns.values()}
    coded = code_record(read_rows(file), record=record, levels=levels, readings=readings)
    if coding.measurement_error:
        path = _error_file(folder.folder, coding.measurement_error)
        kernels = _kernels(path, record, levels)
        key["measurement_error"] = file_digest(path)
        coded = soften(coded, kernels)
        notes.append(
            f"Codes may be wrong as often as two coders differ ({path.name}), in {', '.join(kernels)}: "
            "one sensitivity, since errors are taken as independent from row to row."
        )
    if not coding.plain:
        _refuse_falls(coded, [n for n, v in case.states.items() if v.direction == "up"])
    return ReadRecord(coded, key, tuple(notes))


def _coding_file(folder: Path, record: Record, name: str) -> Path:
    if name in record.codings:
        return folder / record.codings[name]
    path = Path(name)
    if path.is_file():
        return path
    hint = near_or_list(name, record.codings)
    raise UnknownCoding(f"--coding {name}: the case has no such coding, and there is no such file; {hint}")


def _readings(record: Record, blocks: Sequence[str]) -> dict[str, str]:
    """Block -> reading. Raises UnknownCoding with every fault."""
    found: dict[str, str] = {}
    faults = []
    for text in blocks:
        block, equals, reading = text.partition("=")
        if block not in record.blocks:
            faults.append(f"--block {text}: no block {block!r}; {near_or_list(block, record.blocks)}")
        elif not equals or reading not in record.blocks[block].readings:
            readings = record.blocks[block].readings
            fault = f"block {block} has no reading {reading!r}" if equals else "write BLOCK=READING"
            near = did_you_mean(reading, readings)
            hint = near or "there is " + ", ".join(f"{block}={name}" for name in readings)
            faults.append(f"--block {text}: {fault}; {hint}")
        elif found.setdefault(block, reading) != reading:
            faults.append(f"--block {text}: block {block} is already read as {found[block]}")
    if faults:
        raise UnknownCoding("\n".join(faults))
    return found


def _error_file(folder: Path, name: str) -> Path:
    for path in (folder / name, Path(name)):
        if path.is_file():
            return path
    near = near_or_list(name, [path.name for path in sorted(folder.glob("*.json"))])
    raise UnknownCoding(
        f"--measurement-error {name}: there is no such file, nor in the case's folder; {near}"
    )


def _kernels(path: Path, record: Record, levels: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """The confusion kernels of a reliability file. Raises UnknownCoding if they do not fit the record."""
    reliability = read_reliability(path)
    try:
        kernels = kernels_from(reliability, record=record, levels=levels)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnknownCoding(f"--measurement-error {path.name}: does not fit this record: {error}") from None
    if not kernels:
        columns = ", ".join(record.columns)
        raise UnknownCoding(f"--measurement-error {path.name}: no kernel for any of the columns {columns}")
    return kernels


def _refuse_falls(coded: CodedRecord, rising: Sequence[str]) -> None:
    """Raise UnknownCoding where a state that never falls could only have fallen: no game explains that."""
    for name in rising:
        lowest = 0
        for period, weights in zip(coded.periods, coded.weights[name], strict=True):
            open_to = np.flatnonzero(weights[lowest:] > 0)
            if not len(open_to):
                raise UnknownCoding(
                    f"in this coding {name} falls in {period}, and the case says that it never does; "
                    "choose another reading of the blocks"
                )
            lowest += int(open_to[0])
