"""Dated questions, with the field's names for their parts, read from a case's question files.

A question knows only periods that ended before it was asked (`tightrope.case.calendar`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from tightrope.case.calendar import PeriodLength, last_known_period
from tightrope.forecast.events import (
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Names,
    NoTerminal,
    QuestionError,
    Reaches,
    Unanswerable,
    names_of,
    plain_words,
)
from tightrope.forecast.grammar import parse_event

__all__ = [
    "AnyMove",
    "At",
    "CountMove",
    "EnteredTerminal",
    "Event",
    "Names",
    "NoTerminal",
    "Question",
    "QuestionError",
    "Reaches",
    "Unanswerable",
    "known_until",
    "load_questions",
    "names_of",
    "parse_event",
    "read_question",
]


def _empty_to_none(value: object) -> object:
    return None if value == "" else value


def _split(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


class Question(BaseModel):
    """A dated yes-no question, with the field's names for its parts (as in forecasting platforms).

    read_as  the event expression that the case's mappings give for an `event: ...`; else empty
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    id: str
    question: str
    event_expression: str
    event: Event
    open_time: date
    scheduled_resolution_time: date
    resolution_criteria: str = ""
    fine_print: str = ""
    resolution: Literal["yes", "no", "open"]
    resolved_on: Annotated[date | None, BeforeValidator(_empty_to_none)] = None
    basis_event_ids: Annotated[tuple[str, ...], BeforeValidator(_split)] = ()
    read_as: str = ""

    @property
    def answerable(self) -> bool:
        """Whether a game of the case's variables can answer it."""
        return not isinstance(self.event, Unanswerable)


def load_questions(path: str | Path, *, names: Names) -> tuple[Question, ...]:
    """Read a file of questions. Raises `QuestionError` with every faulty row as `file:line: message`."""
    from tightrope.record.reading import read_rows

    rows = read_rows(path)
    found: list[Question] = []
    problems: list[str] = []
    for i, row in enumerate(rows):
        try:
            found.append(read_question(row, names=names))
        except QuestionError as error:
            problems += [f"{rows.where(i)}: {text}" for text in error.problems]
    ids = [q.id for q in found]
    problems += [f"{rows.file}: id `{i}` is used twice" for i in sorted(set(ids)) if ids.count(i) > 1]
    if problems:
        raise QuestionError(problems)
    return tuple(found)


def read_question(row: Mapping[str, str], *, names: Names) -> Question:
    """One question from a row of text (columns of `questions.csv`; resolution_criteria may be absent)."""
    fields: dict[str, object] = dict(row)
    try:
        asked = date.fromisoformat(str(fields.pop("asked_on")))
        deadline = date.fromisoformat(str(fields.pop("deadline")))
    except (KeyError, ValueError) as error:
        raise QuestionError([f"asked_on and deadline must be dates like 2021-05-12 ({error})"]) from None
    if deadline <= asked:
        raise QuestionError([f"deadline {deadline} is not after asked_on {asked}"])
    event = parse_event(row.get("event_expression", ""), names=names, asked=asked, deadline=deadline)
    dates = {"open_time": asked, "scheduled_resolution_time": deadline}
    what = row.get("event_expression", "").strip().removeprefix("event:")
    read_as = names.mappings.get(plain_words(what), "") if not isinstance(event, Unanswerable) else ""
    try:
        return Question.model_validate({**fields, **dates, "event": event, "read_as": read_as})
    except ValidationError as error:
        raise QuestionError([f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None


def known_until(asked: date, *, length: PeriodLength) -> str:
    """The last period that a question asked on this day may know.

    >>> known_until(date(2021, 5, 12), length="quarter")
    '2021Q1'
    """
    return str(last_known_period(asked, length))
