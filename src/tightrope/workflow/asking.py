"""Questions asked on the spot: answered from the record's end, as the live ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast import baselines, joint
from tightrope.forecast.answers import Answers, epsilon, floor, from_data
from tightrope.forecast.events import Compound
from tightrope.forecast.interchange import from_json
from tightrope.forecast.questions import Question, QuestionError, known_until, names_of, read_question
from tightrope.forecast.words import verbal
from tightrope.workflow import steps
from tightrope.workflow.judgement import outside_of
from tightrope.workflow.material import Material, NoRecord
from tightrope.workflow.pooled import pooled_answers, pooled_columns, pooled_data
from tightrope.workflow.scoring import FORECASTERS
from tightrope.workflow.session import Session
from tightrope.workflow.text import beside, percent, table

SPOT = "asked"
"""The id of a question asked on the command line."""


@dataclass(frozen=True)
class Spot:
    """Questions asked on the spot, and why some of a file's are not."""

    questions: tuple[Question, ...]
    refused: tuple[str, ...] = ()


def gather(material: Material, *, event: str, by: str, file: Path | None) -> Spot | None:
    """What was asked by `--event` and `--by`, and by `--questions`; None if nothing was."""
    if bool(event) != bool(by):
        raise QuestionError(["--event and --by go together: what is asked, and until when"])
    if not event and file is None:
        return None
    asked = (spot_question(material, event, by),) if event else ()
    more, refused = file_questions(material, file) if file is not None else ((), ())
    return Spot((*asked, *more), refused)


def today(material: Material) -> date:
    """The day after the record's last period: the day on which its forecasts are made."""
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so there is no today to ask from")
    return parse_period(material.coded.periods[-1]).end + timedelta(days=1)


def spot_question(material: Material, event: str, by: str) -> Question:
    """A question asked today. Raises QuestionError for an event or a deadline that cannot be read."""
    asked = today(material)
    row = {
        "id": SPOT,
        "question": event,
        "event_expression": event,
        "asked_on": asked.isoformat(),
        "deadline": by,
        "resolution": "open",
    }
    try:
        date.fromisoformat(by)
    except ValueError:
        raise QuestionError([f"--by {by}: write the deadline as a day, like 2031-06-30"]) from None
    return read_question(row, names=names_of(material.case))


def file_questions(material: Material, file: Path) -> tuple[tuple[Question, ...], tuple[str, ...]]:
    """Questions of a JSON file and, one line each, why some are not answered.

    A question that was open before the record's last period had ended is refused: it may not know that row.
    """
    found = from_json(file.read_text(encoding="utf-8"), names=names_of(material.case), file=file.name)
    last = str(parse_period(material.evidence.periods[-1]))
    length = material.case.calendar.period
    taken, refused = [], list(found.refused)
    for question in found.questions:
        known = known_until(question.open_time, length=length)
        if known < last:
            refused.append(
                f"{file.name}: {question.id}: opened on {question.open_time}, when {known} was the last "
                f"known period; the record goes on to {last}. Put it into the case's questions to have it "
                "answered as of that day"
            )
        else:
            taken.append(question)
    return tuple(taken), tuple(refused)


def answers_to(session: Session, questions: Sequence[Question]) -> Answers:
    """Answers from the record's end, kept in the run by what was asked."""
    asked = [[q.id, q.read_as or q.event_expression, str(q.scheduled_resolution_time)] for q in questions]
    data = session.run.chunk(
        "asked",
        lambda: steps.forecasts(
            session.material.evidence,
            session.fit,
            questions,
            draws=session.amount.live,
            seed=session.seed,
            workers=session.workers,
            on_progress=lambda done, total: session.progress("questions asked", done, total),
        ),
        inputs={"draws": session.amount.live, "theta": session.fit.theta.tolist(), "asked": asked},
    )
    return from_data(data)


def spot_data(session: Session, questions: Sequence[Question]) -> dict[str, Any]:
    """Rows for those answered, and reasons for the others."""
    material = session.material
    assert material.coded is not None
    refused = {q.id: q.event.reason for q in questions if not q.answerable}  # type: ignore[union-attr]
    asked = tuple(q for q in questions if q.answerable)
    if not asked:
        return {"spot": [], "refused": refused}
    answers = answers_to(session, asked)
    refused |= answers.refused
    outside = outside_of(session, asked)
    rivals = baselines.answer(
        asked, material.coded, moves=material.moves, rising=material.rising, rates=material.rates
    )
    pools = pooled_answers(session, asked, answers)
    rows = []
    for q in asked:
        if q.id not in answers.ids:
            continue
        shares = answers.conditions.get(q.id)
        printed = floor(answers.of(q.id), outside[q.id][0], shares=shares)
        rows.append(
            {
                "id": q.id,
                "question": q.question,
                "event": q.event_expression,
                "read_as": q.read_as,
                "deadline": q.scheduled_resolution_time.isoformat(),
                "probability": printed.probability,
                "word": verbal(printed.probability),
                "lower": printed.lower,
                "upper": printed.upper,
                "model": printed.model,
                "outside": printed.outside if np.isfinite(printed.outside) else None,
                "outside_source": outside[q.id][1],
                **pooled_columns(pools.get(q.id)),
                "pool": pooled_data(pools.get(q.id)),
                "baselines": {
                    name: float(rivals.loc[q.id, column])
                    for column, name in FORECASTERS.items()
                    if np.isfinite(rivals.loc[q.id, column])
                },
                "no_baseline": joint.why_not(q.event, known=answers.known)
                if isinstance(q.event, Compound)
                else "",
                "condition": None if shares is None else float(shares.mean()),
                "certified": len(answers.probabilities),
                "draws": len(answers.probabilities) + answers.failed,
                "worst_residual": answers.worst,
                "known_until": answers.known,
            }
        )
    return {"spot": rows, "refused": refused}


def spot_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same for a reader, one block a question."""
    lines: list[str] = []
    for row in rows:
        name = row["event"] if row["id"] == SPOT else f"{row['id']}. {row['question']}"
        lines += ([""] if lines else []) + [f"{name}, by {row['deadline']}"]
        if row["read_as"]:
            lines.append(f"read through the case's mappings as: {row['read_as']}")
        facts = [
            ("probability", beside(row["probability"])),
            ("90 % interval", f"{percent(row['lower'])} to {percent(row['upper'])}"),
        ]
        if row["pooled"] is not None:
            facts.append(("pooled", f"{beside(row['pooled'])}, by weights: {row['pooled_how']}"))
        elif row["pooled_how"]:
            facts.append(("pooled", row["pooled_how"]))
        facts += [(name, beside(p)) for name, p in row["baselines"].items()]
        if row["no_baseline"]:
            facts.append(("Markov chain", f"no answer: {row['no_baseline']}"))
        if row["condition"] is not None:
            facts.append(("the condition itself", beside(row["condition"])))
        mixed = f"{percent(row['model'])}, alone: there is no outside view to mix it with"
        if row["outside"] is not None:
            source = f"the {row['outside_source']}'s {percent(row['outside'])}"
            mixed = f"{percent(row['model'])}, mixed with {source} at weight {epsilon():.2f}"
        facts.append(("the game's own mean", mixed))
        drawn = f"{row['certified']} of {row['draws']} draws certified"
        facts.append(("rests on", f"{drawn}, the record up to {row['known_until']}"))
        lines.append(table([{"": a, " ": b} for a, b in facts], ["", " "]).lstrip("\n"))
    return lines
