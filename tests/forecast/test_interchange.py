"""Questions as JSON under the platforms' names: out, back, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.forecast.test_questions import CASE, NAMES
from tightrope.forecast.interchange import as_record, from_json, to_json
from tightrope.forecast.questions import QuestionError, load_questions


def read(data: Any) -> Any:
    return from_json(json.dumps(data), names=NAMES, file="q.json")


GOOD = {
    "id": 7, "type": "binary", "title": "Will the West open?", "open_time": "2025-07-01T08:30:00Z",
    "scheduled_resolution_time": "2028-12-31T23:59:00Z", "event_expression": "west reaches open",
    "resolution": None, "fine_print": "By the codebook.",
}  # fmt: skip


@pytest.mark.parametrize("file", ["questions.csv", "live-questions.csv"])
def test_the_case_s_questions_go_out_and_come_back_unchanged(file: str) -> None:
    questions = load_questions(CASE / file, names=NAMES)
    found = from_json(to_json(questions), names=NAMES, file="q.json")
    assert found.questions == questions
    assert found.refused == ()


def test_the_platform_s_names_are_used() -> None:
    (question,) = read([GOOD]).questions
    record = as_record(question)
    assert {"title", "resolution_criteria", "fine_print", "open_time", "scheduled_resolution_time",
            "actual_resolution_time", "resolution", "status", "type"} <= set(record)  # fmt: skip
    assert (record["open_time"], record["resolution"], record["status"]) == (
        "2025-07-01T00:00:00Z", None, "open",
    )  # fmt: skip
    assert record["fine_print"] == "By the codebook."


def test_other_spellings_and_wrappings_are_read() -> None:
    old = {"id_of_post": 9, "question_text": "x", "published_time": "2025-07-01", "resolution": "Yes",
           "scheduled_resolve_time": "2026-01-01T00:00:00", "actual_resolve_time": "2025-10-01"}  # fmt: skip
    (question,) = read({"results": [{"id": 1, "question": old}]}).questions
    assert (question.id, question.resolution, str(question.resolved_on)) == ("1", "yes", "2025-10-01")
    assert not question.answerable  # it has no event expression
    assert "not coded: x" in question.event.reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "numeric"}, "only yes-no questions"),
        ({"title": ""}, "needs an `id` and a `title`"),
        ({"open_time": "yesterday"}, "open_time: 'yesterday' is not a time"),
        ({"scheduled_resolution_time": None}, "must be dates"),
        ({"scheduled_resolution_time": "2020-01-01"}, "is not after"),
        ({"event_expression": "west reaches opne"}, "did you mean `open`"),
        ({"resolution": "annulled"}, "resolution:"),
        ({"id": 8}, "stands above already"),
    ],
)
def test_each_question_is_refused_by_itself(change: dict[str, Any], words: str) -> None:
    found = read([GOOD | {"id": 8}, GOOD | change])
    assert [q.id for q in found.questions] == ["8"]
    (line,) = found.refused
    assert line.startswith("q.json: question 2")
    assert words in line


@pytest.mark.parametrize(
    ("text", "words"),
    [("[{,", "q.json:1:3: not JSON"), ('"x"', "expected a list"), ("\n\n{]", "q.json:3:2: not JSON")],
)
def test_what_is_no_list_of_questions_is_refused(text: str, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        from_json(text, names=NAMES, file="q.json")
