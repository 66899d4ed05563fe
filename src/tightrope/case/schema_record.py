"""Nouns of what was seen: the coded record and its other readings, observables and events beside it."""

from __future__ import annotations

from pydantic import Field

from tightrope.case.noun import ExpressionField, Identifier, Noun


class Observable(Noun):
    """Something seen that feeds nothing back: exactly one of `bernoulli` and `autoregressive`.

    `bernoulli` is the log-odds per period. `autoregressive` is the expected input
    of a first-order autoregression with the given `persistence` and `noise` sd.
    What was seen is read from dated events of the kinds in `event_kinds`, or from
    the ledger: statements on `ledger_event` with a probability of `at_least`.
    """

    label: str
    bernoulli: ExpressionField | None = None
    autoregressive: ExpressionField | None = None
    persistence: float = 0.0
    noise: float = 0.0
    event_kinds: tuple[str, ...] = ()
    ledger_event: str | None = None
    at_least: float = 0.0


class Recode(Noun):
    """A column takes `code` in every period from `first` to `last` (`last` empty: that period only)."""

    column: str
    first: str
    last: str = ""
    code: Identifier


class Reading(Noun):
    """One other reading of a block, with the coder's weight on it."""

    weight: float = Field(gt=0.0, lt=1.0)
    set: tuple[Recode, ...] = Field(min_length=1)


class Block(Noun):
    """Rows that are read one way or another as a whole, never row by row.

    In the rows and columns that any of its readings touches, the record's own
    alternatives are dropped: the printed codes stand, or one reading's codes do.
    """

    about: str
    readings: dict[Identifier, Reading] = Field(min_length=1)


class Record(Noun):
    """Where the coded history is and how its columns map to variables and moves.

    columns          record column -> state variable or move
    codes            record column -> {code in the file -> level}, where they differ
    codings          name -> file of an independent second coding, same layout
    default_notes    a row whose note starts with one of these holds moves by default;
    default_columns  in such rows these columns are missing, not observed
    soft             column -> printed code -> weights over codes (virtual evidence)
    blocks           readings of several rows that switch as a whole
    """

    file: str
    period_column: str = "quarter"
    columns: dict[str, Identifier]
    codes: dict[str, dict[str, Identifier]] = Field(default={})
    codings: dict[str, str] = Field(default={})
    default_notes: tuple[str, ...] = ()
    default_columns: tuple[str, ...] = ()
    soft: dict[str, dict[str, dict[str, float]]] = Field(default={})
    blocks: dict[Identifier, Block] = Field(default={})


class EventMapping(Noun):
    """How a case reads an event that its record does not code: as an event expression, for a reason."""

    reads: str
    why: str
