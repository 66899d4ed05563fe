"""What is left of a question later on: windows cut, counts lowered, closed by the record alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from tests.forecast.soft import record
from tightrope.forecast.events import AnyMove, At, CountMove, EnteredTerminal, Event, Reaches, Unanswerable
from tightrope.forecast.questions import Question
from tightrope.forecast.restated import remaining, still_open

# Ten quarters from 2000Q1: 2002Q2 is the last known. heat is at 1 from 2001Q1; act 1 in 2000Q3 and 2001Q2.
HEAT = [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
ACT = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
CODED = record({"heat": np.eye(3)[HEAT], "act": np.eye(2)[ACT]})
NOW = date(2002, 7, 1)


def question(event: Event, *, asked: date = date(2000, 2, 1), due: date = date(2004, 12, 31)) -> Question:
    return Question(
        id="Q", question="?", event_expression="x", event=event, open_time=asked,
        scheduled_resolution_time=due, resolution="no",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (Reaches("heat", ("heat2",), "2000Q2", "2004Q4"), Reaches("heat", ("heat2",), "2002Q3", "2004Q4")),
        (Reaches("heat", ("heat2",), "2003Q1", "2004Q4"), Reaches("heat", ("heat2",), "2003Q1", "2004Q4")),
        (Reaches("heat", ("heat2",), "2000Q2", "2002Q2"), None),
        (AnyMove("act", "act1", "2002Q1", "2002Q3"), AnyMove("act", "act1", "2002Q3", "2002Q3")),
        (CountMove("act", "act1", 3, "2000Q2", "2004Q4"), CountMove("act", "act1", 1, "2002Q3", "2004Q4")),
        (CountMove("act", "act1", 3, "2001Q1", "2004Q4"), CountMove("act", "act1", 2, "2002Q3", "2004Q4")),
        (CountMove("act", "act1", 2, "2000Q2", "2004Q4"), None),
        (At("heat", ("heat2",), "2003Q1"), At("heat", ("heat2",), "2003Q1")),
        (At("heat", ("heat2",), "2002Q2"), None),
        (EnteredTerminal(("merged",), "2004Q1"), EnteredTerminal(("merged",), "2004Q1")),
    ],
)
def test_what_is_left_of_an_event(event: Event, left: Event | None) -> None:
    assert remaining(event, CODED) == left


def test_questions_that_are_asked_again_know_the_new_day() -> None:
    (again,) = still_open([question(Reaches("heat", ("heat2",), "2000Q2", "2004Q4"))], CODED, on=NOW)
    assert again.open_time == NOW
    assert again.event == Reaches("heat", ("heat2",), "2002Q3", "2004Q4")


@pytest.mark.parametrize(
    "closed",
    [
        question(Reaches("heat", ("heat1",), "2000Q2", "2004Q4")),  # it has come
        question(AnyMove("act", "act1", "2000Q2", "2004Q4")),
        question(Reaches("heat", ("heat2",), "2003Q1", "2004Q4"), asked=NOW),  # asked that very day
        question(At("heat", ("heat2",), "2002Q3"), due=date(2002, 7, 1)),  # due that very day
        question(Unanswerable("not coded")),
    ],
)
def test_what_is_settled_not_yet_asked_or_not_coded_is_left_out(closed: Question) -> None:
    assert still_open([closed], CODED, on=NOW) == ()


def test_the_printed_resolution_is_not_looked_at() -> None:
    asked = question(Reaches("heat", ("heat2",), "2000Q2", "2004Q4"))
    told = asked.model_copy(update={"resolution": "yes", "resolved_on": date(2001, 1, 1)})
    (again,) = still_open([told], CODED, on=NOW)
    assert again.event == remaining(asked.event, CODED)
