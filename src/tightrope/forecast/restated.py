"""A question asked again later, of what is left of its window.

A window that has begun is cut to the periods not yet known, and a count is lowered by what the record shows
already. Whether a question is still open is judged from the record as then known, never from its resolution.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from tightrope.case.calendar import parse_period
from tightrope.forecast.events import AnyMove, At, CountMove, EnteredTerminal, Event, NoTerminal, Reaches
from tightrope.forecast.questions import Question
from tightrope.forecast.resolutions import resolve_from_record
from tightrope.record.coding import CodedRecord


def still_open(questions: Iterable[Question], coded: CodedRecord, *, on: date) -> tuple[Question, ...]:
    """Questions asked before a day and not settled by the record known then, as they would be asked on it.

    coded  the record as known on that day. Left out: what no game answers, and kinds of event that cannot be
    cut in two.
    """
    found = []
    for question in questions:
        if not question.answerable or not question.open_time < on < question.scheduled_resolution_time:
            continue
        if resolve_from_record(question, coded).answer is not None:
            continue
        event = remaining(question.event, coded)
        if event is not None:
            found.append(question.model_copy(update={"open_time": on, "event": event}))
    return tuple(found)


def remaining(event: Event, coded: CodedRecord) -> Event | None:
    """What must still happen for the event to come about; None where nothing of its window is left."""
    first = parse_period(coded.periods[-1]) + 1

    def cut(begin: str, end: str) -> str | None:
        if parse_period(end) < first:
            return None
        return str(max(parse_period(begin), first))

    match event:
        case EnteredTerminal(by=end) | NoTerminal(by=end) | At(on=end):
            return event if cut(end, end) is not None else None
        case Reaches(first=begin, last=end) | AnyMove(first=begin, last=end):
            later = cut(begin, end)
            return None if later is None else replace(event, first=later)
        case CountMove(first=begin, last=end):
            later = cut(begin, end)
            left = event.at_least - _made(event, coded)
            return None if later is None or left < 1 else replace(event, first=later, at_least=left)
        case _:
            return None


def _made(event: CountMove, coded: CodedRecord) -> int:
    """How often the record shows the action inside the window."""
    action = coded.levels[event.move].index(event.action)
    span = parse_period(event.first), parse_period(event.last)
    return sum(
        span[0] <= parse_period(period) <= span[1] and int(at) == action
        for period, at in zip(coded.periods, coded.printed[event.move], strict=True)
    )
