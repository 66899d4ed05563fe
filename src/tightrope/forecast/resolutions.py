"""What a coded record says about a question: yes, no, or silence with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tightrope.case.calendar import parse_period
from tightrope.forecast.events import (
    All,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Given,
    Not,
    NoTerminal,
    Reaches,
    Single,
    Some,
    Unanswerable,
)
from tightrope.forecast.questions import Question
from tightrope.record.coding import MISSING, CodedRecord

Answer = Literal["yes", "no"]
_FLIPPED: dict[Answer | None, Answer | None] = {"yes": "no", "no": "yes", None: None}


@dataclass(frozen=True)
class Resolution:
    """What a record implies for a question: yes, no, or None with the reason why it is silent."""

    answer: Literal["yes", "no"] | None
    reason: str


def resolve_from_record(question: Question, coded: CodedRecord) -> Resolution:
    """Answer a question from the printed codes of a record, where they say enough.

    A yes needs one period; a no needs every period of the span, and none of its moves missing. A terminal is
    never coded: a record whose rows go past the deadline shows that none was entered. Of joined events as
    much must be answered as settles the whole; under a condition that failed there is no answer.
    """
    return _resolve(question.event, coded)


def _resolve(event: Event, coded: CodedRecord) -> Resolution:
    match event:
        case Unanswerable(reason):
            return Resolution(None, reason)
        case Not(part):
            inner = _resolve(part, coded)
            return Resolution(_FLIPPED[inner.answer], inner.reason)
        case All(parts) | Some(parts):
            decisive: Answer = "yes" if isinstance(event, Some) else "no"
            found = [_resolve(part, coded) for part in parts]
            for one in found:
                if one.answer == decisive:
                    return one
            silent = [one for one in found if one.answer is None]
            if silent:
                return silent[0]
            return Resolution(_FLIPPED[decisive], "; ".join(one.reason for one in found))
        case Given(wanted, condition):
            known = _resolve(condition, coded)
            if known.answer == "yes":
                return _resolve(wanted, coded)
            why = "the condition did not hold" if known.answer == "no" else "the condition is open"
            return Resolution(None, f"{why}: {known.reason}")
        case _:
            return _single(event, coded)


def _single(event: Single, coded: CodedRecord) -> Resolution:
    if isinstance(event, EnteredTerminal | NoTerminal):
        if event.by not in coded.periods:
            return Resolution(None, f"the record ends in {coded.periods[-1]}, before {event.by}")
        answer: Answer = "yes" if isinstance(event, NoTerminal) else "no"
        return Resolution(answer, "the record goes on past the deadline")
    if isinstance(event, At):
        event = Reaches(event.variable, event.levels, event.on, event.on)
    if isinstance(event, Reaches):
        variable, wanted, needed = event.variable, event.levels, 1
    else:
        variable, wanted = event.move, (event.action,)
        needed = event.at_least if isinstance(event, CountMove) else 1
    first, last = parse_period(event.first), parse_period(event.last)
    span = [str(first + k) for k in range(last - first + 1)]
    rows = {p: int(coded.printed[variable][i]) for i, p in enumerate(coded.periods) if p in set(span)}
    levels = coded.levels[variable]
    hits = [p for p, at in rows.items() if at != MISSING and levels[at] in wanted]
    if len(hits) >= needed:
        return Resolution("yes", f"coded in {', '.join(hits[:needed])}")
    if len(rows) < len(span):
        return Resolution(None, f"{len(span) - len(rows)} of {len(span)} periods are not in the record")
    missing = sum(at == MISSING for at in rows.values())
    if len(hits) + missing >= needed:
        return Resolution(None, f"{missing} of {len(span)} periods hold the move by default only")
    return Resolution("no", f"{len(hits)} of {len(span)} periods")


def disagreements(questions: Iterable[Question], coded: CodedRecord) -> tuple[str, ...]:
    """Questions whose printed resolution is not the one that the record implies, one line each."""
    found = []
    for q in questions:
        implied = resolve_from_record(q, coded)
        if implied.answer is not None and q.resolution not in (implied.answer, "open"):
            found.append(f"{q.id}: file says {q.resolution}, the record {implied.answer} ({implied.reason})")
        elif implied.answer is not None and q.resolution == "open":
            found.append(f"{q.id}: file says open, the record answers {implied.answer} ({implied.reason})")
    return tuple(found)
