"""Questions as JSON, under the names of the forecasting platforms.

`title`, `resolution_criteria`, `fine_print`, `open_time`, `scheduled_resolution_time`,
`actual_resolution_time` and `resolution` are Metaculus's; `event_expression` and `basis_event_ids` are ours
and ride along. Spellings of other versions of that interface are read too. A question without an expression
is an event that is not coded, under its title: the case's mappings may know it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tightrope.forecast.questions import Names, Question, QuestionError, read_question

_SPELLINGS: dict[str, tuple[str, ...]] = {
    "id": ("id", "id_of_question", "id_of_post"),
    "question": ("title", "question_text"),
    "event_expression": ("event_expression",),
    "asked_on": ("open_time", "published_time", "published_at"),
    "deadline": ("scheduled_resolution_time", "scheduled_resolve_time"),
    "resolution_criteria": ("resolution_criteria",),
    "fine_print": ("fine_print",),
    "resolution": ("resolution", "resolution_string"),
    "resolved_on": ("actual_resolution_time", "actual_resolve_time"),
    "basis_event_ids": ("basis_event_ids",),
}
COLUMNS = tuple(_SPELLINGS)
"""The columns of a question file, in order."""


@dataclass(frozen=True)
class Imported:
    """What came of a file.

    rows       questions as rows of a question file, and as questions
    refused    one line for each that was not taken
    """

    rows: tuple[dict[str, str], ...]
    questions: tuple[Question, ...]
    refused: tuple[str, ...]


def to_json(questions: Iterable[Question]) -> str:
    """Questions as a JSON list, dates as times in UTC."""
    return json.dumps([as_record(q) for q in questions], indent=2, ensure_ascii=False)


def as_record(question: Question) -> dict[str, Any]:
    """One question under the platform's names."""
    resolved = question.resolution != "open"
    return {
        "id": question.id,
        "type": "binary",
        "title": question.question,
        "resolution_criteria": question.resolution_criteria,
        "fine_print": question.fine_print,
        "open_time": _time(question.open_time),
        "scheduled_resolution_time": _time(question.scheduled_resolution_time),
        "actual_resolution_time": _time(question.resolved_on) if question.resolved_on else None,
        "resolution": question.resolution if resolved else None,
        "status": "resolved" if resolved else "open",
        "event_expression": question.event_expression,
        "basis_event_ids": list(question.basis_event_ids),
    }


def from_json(text: str, *, names: Names, file: str) -> Imported:
    """Read questions, each by itself. `file` names them in what is refused.

    Raises QuestionError for a text that is not JSON or holds no list of questions.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        where = f"{file}:{getattr(error, 'lineno', 1)}:{getattr(error, 'colno', 1)}"
        raise QuestionError([f"{where}: not JSON: {getattr(error, 'msg', error)}"]) from None
    if isinstance(data, Mapping):
        data = next((data[key] for key in ("questions", "results") if key in data), [data])
    if not isinstance(data, list):
        raise QuestionError([f"{file}: expected a list of questions"])
    rows, questions, refused = [], [], []
    ids: set[str] = set()
    for number, record in enumerate(data, start=1):
        where = f"{file}: question {number}"
        try:
            row = _row(record)
            where += f" ({row['id']})"
            if row["id"] in ids:
                raise QuestionError(["its id stands above already"])
            question = read_question(row, names=names)
        except QuestionError as error:
            refused += [f"{where}: {problem}" for problem in error.problems]
            continue
        ids.add(row["id"])
        rows.append(row)
        questions.append(question)
    return Imported(tuple(rows), tuple(questions), tuple(refused))


def _row(record: Any) -> dict[str, str]:
    """A record of the platform as a row of a question file. Raises QuestionError."""
    if not isinstance(record, Mapping):
        raise QuestionError(["it is not an object"])
    if isinstance(record.get("question"), Mapping):  # a post around its question
        record = {**record, **record["question"]}
    kind = record.get("type", record.get("question_type", "binary"))
    if kind != "binary":
        raise QuestionError([f"type {kind!r}: only yes-no questions (`binary`) are asked here"])
    row = {}
    for column, spellings in _SPELLINGS.items():
        value = next((record[s] for s in spellings if record.get(s) not in (None, "")), "")
        row[column] = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    if not row["id"] or not row["question"]:
        raise QuestionError(["it needs an `id` and a `title`"])
    for column in ("asked_on", "deadline", "resolved_on"):
        row[column] = _day(row[column], _SPELLINGS[column][0])
    row["event_expression"] = row["event_expression"] or f"event: {row['question']}"
    row["resolution"] = row["resolution"].lower() or "open"
    return row


def _day(text: str, name: str) -> str:
    if not text:
        return ""
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        raise QuestionError([f"{name}: {text!r} is not a time like 2021-05-12T00:00:00Z"]) from None


def _time(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
