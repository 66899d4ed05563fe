"""`tightrope headline --seen NAME`: a named model event as evidence, and what each forecast makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.fit.posterior import resample
from tightrope.forecast.answers import epsilon, floor
from tightrope.forecast.questions import Question
from tightrope.forecast.sighting import CannotSee, Sighting, chance_of, sight
from tightrope.forecast.updated import LEAST_SHARE
from tightrope.forecast.words import beside, percent
from tightrope.workflow import seen, steps
from tightrope.workflow.asking import SPOT, gather
from tightrope.workflow.judgement import outside_of
from tightrope.workflow.material import NoRecord
from tightrope.workflow.session import Session
from tightrope.workflow.text import blocks, known_names, notes, table
from tightrope.workflow.update import questions_due


def sighting_data(
    session: Session,
    observable: str,
    *,
    period: str = "",
    questions: tuple[str, ...] = (),
    event: str = "",
    by: str = "",
) -> dict[str, Any]:
    """Forecasts before and after an observable is seen in a period to come, and its own calibration.

    period     by default the first after the record
    questions  ids of live questions; by default all, unless an event is asked
    event, by  an event asked on the spot and its deadline

    Raises UnknownName, QuestionError, CannotSee and NoRecord.
    """
    material = session.material
    known_names("observable", (observable,), list(material.case.observables))
    chance_of(material.game, observable)
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so there is no today to see it from")
    asked = _asked(session, questions, event, by)
    when = _period(session, period)
    found = _sight(session, observable, when, asked)
    outside = outside_of(session, asked)
    if found.effective < LEAST_SHARE * len(found.chance):
        session.warn(
            f"{found.effective:.1f} effective draws of {len(found.chance)} are too few: the forecasts after "
            "it rest on a handful of draws."
        )
    return {
        "case": material.case.case,
        "observable": observable,
        "label": material.case.observables[observable].label,
        "period": when,
        "record_ends": material.evidence.periods[-1],
        "chance": float(found.chance.mean()),
        "chance_lower": float(np.quantile(found.chance, 0.05)),
        "chance_upper": float(np.quantile(found.chance, 0.95)),
        "draws": len(found.chance),
        "failed": found.failed,
        "effective": found.effective,
        "calibration": _calibration(session, observable),
        "questions": [_answer(q, found, outside[q.id][0]) for q in asked if q.id in found.ids],
        "refused": [{"id": i, "reason": why} for i, why in found.refused.items()],
        "epsilon": epsilon(),
        "warnings": list(session.warnings),
    }


def _asked(session: Session, questions: tuple[str, ...], event: str, by: str) -> tuple[Question, ...]:
    spot = gather(session.material, event=event, by=by, file=None)
    if spot is not None and not questions:
        return spot.questions
    due = questions_due(session.material)
    wanted = known_names("question", questions, [q.id for q in due])
    return (*(q for q in due if q.id in wanted), *(spot.questions if spot is not None else ()))


def _period(session: Session, period: str) -> str:
    """The period in which it is seen. Raises CannotSee for a text that is none of the case's length."""
    first = parse_period(session.material.evidence.periods[-1]) + 1
    try:
        return str(parse_period(period, first.length)) if period else str(first)
    except ValueError as error:
        raise CannotSee(str(error)) from None


def _sight(session: Session, observable: str, period: str, asked: tuple[Question, ...]) -> Sighting:
    evidence, fitted, draws = session.material.evidence, session.fit, session.amount.live

    def compute() -> dict[str, Any]:
        return sight(
            evidence,
            resample(fitted, size=draws, seed=session.seed),
            observable,
            asked,
            period=period,
            warm=steps.at_mode(evidence, fitted),
            workers=session.workers,
            on_progress=lambda done, total: session.progress("draws weighed by what was seen", done, total),
        ).as_data()

    inputs = {
        "draws": draws,
        "theta": fitted.theta.tolist(),
        "observable": [observable, str(session.material.case.observables[observable].bernoulli)],
        "period": period,
        "asked": [[q.id, q.read_as or q.event_expression, str(q.scheduled_resolution_time)] for q in asked],
    }
    return Sighting.from_data(session.run.chunk("sighting", compute, inputs=inputs))


def _calibration(session: Session, observable: str) -> dict[str, Any] | None:
    """How often it was seen in the record, beside what the model gives at the printed codes; None unseen.

    sd: of the count, were the model right and periods independent.
    """
    fitted = dict(zip(session.material.game.parameters, map(float, session.fit.theta), strict=True))
    found: dict[str, Any] = {}
    for name, values in (("reference", None), ("fit", fitted)):
        rows = seen.observables(session, parameters=values)
        part = rows[rows["observable"] == observable].dropna()
        if part.empty:
            return None
        p = part["expected"].to_numpy(float)
        found |= {"seen": int(part["seen"].sum()), "periods": len(part)}
        found[name] = {"expected": float(p.sum()), "sd": float(np.sqrt((p * (1.0 - p)).sum()))}
    return found


def _answer(question: Question, found: Sighting, outside: float) -> dict[str, Any]:
    """One question before and after; the outside view stays as it was."""
    column = found.ids.index(question.id)
    before = floor(found.before[:, column], outside, shares=found.shares_before[:, column])
    weights = found.weights * found.shares_after[:, column]
    after = floor(found.after[:, column], outside, shares=weights)
    return {
        "id": question.id,
        "question": question.question,
        "before": before.probability,
        "after": after.probability,
        "change": after.probability - before.probability,
        "lower": after.lower,
        "upper": after.upper,
        "model_before": before.model,
        "model_after": after.model,
        "outside": outside if np.isfinite(outside) else None,
    }


def sighting_text(data: Mapping[str, Any]) -> str:
    """The same for a reader."""
    label, period = data["label"], data["period"]
    rows = [
        {
            "question": "" if q["id"] == SPOT else q["id"],
            "from": beside(q["before"]),
            "to": beside(q["after"]),
            "90 % interval": f"{percent(q['lower'])} to {percent(q['upper'])}",
            "points": f"{100 * q['change']:+.2f}",
            "": q["question"],
        }
        for q in data["questions"]
    ]
    return blocks(
        [
            f"{data['case']}: suppose that in {period} this is seen: {label}.",
            f"The model gives that {beside(data['chance'])}; 90 % of draws say "
            f"{percent(data['chance_lower'])} to {percent(data['chance_upper'])}.",
            _moved(data["questions"]),
        ],
        [table(rows, ["question", "from", "to", "90 % interval", "points", ""])] if rows else [],
        _calibrated(data["calibration"]),
        [
            f"{data['effective']:.1f} of {data['draws']} draws are effective after it; {data['failed']} had "
            "no certificate.",
            f"The outside view (weight {data['epsilon']:.2f}) stays as it was: it knows no such event.",
        ],
        [f"{row['id']}: not followed ({row['reason']})" for row in data["refused"]],
        notes(data),
    )


def _moved(questions: list[Mapping[str, Any]]) -> str:
    if not questions:
        return "No question could be followed."
    most = max(questions, key=lambda q: abs(q["change"]))
    name = most["question"] if most["id"] == SPOT else most["id"]
    return f"It moves {name} most, from {beside(most['before'])} to {beside(most['after'])}."


def _calibrated(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return ["The case does not say what shows it in the record, so its calibration is unknown."]
    said = " and ".join(
        f"{found[where]['expected']:.1f} (sd {found[where]['sd']:.1f}) at the {name}"
        for where, name in (("reference", "reference values"), ("fit", "fit"))
    )
    return [
        f"In the record it was seen in {found['seen']} of {found['periods']} coded periods; the model gives",
        f"{said}, taken at the printed codes.",
        "No fit uses the observable, so its own numbers are as the case assumes them.",
    ]
