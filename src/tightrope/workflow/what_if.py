"""`tightrope what-if`: dated questions with and without a scenario, draws kept in pieces by the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tightrope.argument.paired import Paired, Summary
from tightrope.argument.timeline import Timeline
from tightrope.argument.what_if import Draw, Inquiry, follow, inquire, pair
from tightrope.fit.posterior import resample
from tightrope.forecast.questions import Question
from tightrope.workflow import steps
from tightrope.workflow.scenario import Asked, chosen, described, questions_for, refuse_unsaid
from tightrope.workflow.scenario_steps import read_steps, refuse_illegal
from tightrope.workflow.session import Session

PIECE = 10
"""Draws in a piece: a run that is stopped loses no more than these."""


def what_if_data(session: Session, asked: Asked) -> dict[str, Any]:
    """Questions with and without a scenario.

    Raises ScenarioError, UnknownName, QuestionError, CannotDo, CannotUnfold, NothingToFollow, NoneCertified
    and NoRecord.
    """
    material = session.material
    scenario = chosen(material, asked)
    questions = questions_for(material, asked)
    timeline, observed = read_steps(material, scenario, questions)
    refuse_unsaid(asked)  # only now: a name that is misspelt is told first
    inquiry = inquire(material.evidence, questions, observed=observed)
    thetas = resample(session.fit, size=session.amount.live, seed=session.seed)
    refuse_illegal(session, thetas, timeline)
    about = {"scenario": described(scenario), "asked": [asked_of(q) for q in questions]}
    found = pair(inquiry, _followed(session, thetas, inquiry, timeline, about))
    failed = sum(n for status, n in found.statuses.items() if status.startswith("failed"))
    return {
        "case": material.case.case,
        "scenario": {"name": asked.name, "about": scenario.about, **described(scenario)},
        "known_until": material.evidence.periods[-1],
        "draws": len(thetas),
        "certified": len(thetas) - failed,
        "statuses": dict(found.statuses),
        "worst_residual": found.worst,
        "questions": [_row(q, found) for q in questions if q.id in found.ids],
        "refused": [{"id": i, "reason": why} for i, why in found.refused.items()],
        "warnings": list(session.warnings),
    }


def asked_of(question: Question) -> list[str]:
    """What an answer depends on, for the hash of its chunk."""
    read = question.read_as or question.event_expression
    return [question.id, read, str(question.scheduled_resolution_time)]


def _followed(
    session: Session, thetas: np.ndarray, inquiry: Inquiry, timeline: Timeline, about: dict[str, Any]
) -> Sequence[Draw]:
    """Draws found in the run or followed now, piece by piece."""
    evidence, drawn = session.material.evidence, list[Draw]()
    warm = steps.at_mode(evidence, session.fit)
    for first in range(0, len(thetas), PIECE):
        piece = thetas[first : first + PIECE]
        told: list[int] = []

        def tell(done: int, first: int = first, told: list[int] = told) -> None:
            told.append(done)
            session.progress("draws with and without", first + done, len(thetas))

        def compute(piece: np.ndarray = piece, tell: Any = tell) -> list[dict[str, Any]]:
            found = follow(
                evidence,
                piece,
                inquiry,
                timeline,
                warm=warm,
                workers=session.workers,
                on_progress=lambda done, _: tell(done),
            )
            return [draw.as_data() for draw in found]

        inputs = {**about, "thetas": piece.tolist(), "fit": session.fit.theta.tolist()}
        data = session.run.chunk(f"what-if-{first}", compute, inputs=inputs)
        drawn += [Draw.from_data(one) for one in data]
        if not told:
            tell(len(piece))
    return drawn


def _row(question: Question, found: Paired) -> dict[str, Any]:
    one = found.compared(question.id)
    return {
        "id": question.id,
        "question": question.question,
        "event": question.event_expression,
        "read_as": question.read_as,
        "deadline": question.scheduled_resolution_time.isoformat(),
        "baseline": _plain(one.before),
        "scenario": _plain(one.after),
        "difference": one.difference,
        "within": one.within,
        "learnt": one.learnt,
        "lower": one.lower,
        "upper": one.upper,
        "raised": one.raised,
        "effective_draws": one.effective,
    }


def _plain(summary: Summary) -> dict[str, float]:
    return dict(zip(("probability", "lower", "upper"), summary, strict=True))
