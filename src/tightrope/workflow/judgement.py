"""The live questions, the fans and what to watch: tables for the head of the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.calendar import parse_period
from tightrope.forecast import baselines
from tightrope.forecast.answers import EPSILON_PRIOR, Answers, epsilon, floor
from tightrope.forecast.events import EnteredTerminal, NoTerminal, Reaches
from tightrope.forecast.questions import Question
from tightrope.forecast.reference_class import outside_view
from tightrope.report.sections import Fan, Fans, Judgement, NotComputed, Watch
from tightrope.workflow.material import Material
from tightrope.workflow.pooled import pooled_answers, pooled_columns
from tightrope.workflow.session import Session

LEVELS = {"lower95": 0.025, "lower80": 0.10, "lower50": 0.25, "median": 0.5,
          "upper50": 0.75, "upper80": 0.90, "upper95": 0.975}  # fmt: skip


def epsilon_reason() -> str:
    """Why the outside view weighs what it does."""
    a, b = EPSILON_PRIOR
    return (
        "The model leaves out an unknown part of the world. One forecast in ten is left to the outside "
        f"view: the mean of a Beta({a:g}, {b:g}) prior, assumed and never learned."
    )


def outside_of(session: Session, questions: tuple[Question, ...]) -> dict[str, tuple[float, str]]:
    """The outside view of each answerable question: probability (nan: none) and what it is."""
    return outside_views(session.material, questions)


def outside_views(material: Material, questions: tuple[Question, ...]) -> dict[str, tuple[float, str]]:
    """The same from a case with a record alone."""
    assert material.coded is not None
    table = baselines.answer(
        questions, material.coded, moves=material.moves, rising=material.rising, rates=material.rates
    )
    found = {}
    for identifier, row in table.iterrows():
        if not np.isfinite(row["outside_view"]):
            found[str(identifier)] = (float("nan"), "none for these joined events")
            continue
        reference = row["outside_view"] == row.get("reference_class")
        source = "reference class" if reference else "Markov chain"
        found[str(identifier)] = (float(row["outside_view"]), source)
    return found


def _no_answers(session: Session) -> NotComputed:
    if not session.material.live:
        return NotComputed("The case has no live questions.")
    return NotComputed("The case has no record, so there is no today to start a forecast from.")


def _confidence(session: Session) -> str:
    """How far to trust the forecasts: what carries them, and the level that the record knows least of."""
    material = session.material
    assert material.coded is not None
    length = material.case.calendar.period
    counts = []
    for name, printed in material.coded.printed.items():
        if name in material.case.states:
            counts += [(int((printed == k).sum()), f"{name}={level}")
                       for k, level in enumerate(material.coded.levels[name])]  # fmt: skip
    few, level = min(((n, what) for n, what in counts if n), default=(0, ""))
    rarest = f", and {level} in only {few} of them" if level else ""
    return (
        f"Low. One history of one pair of states carries the estimates, {len(material.coded.periods)} "
        f"{length}s{rarest}; the model's form was chosen with that history in view."
    )


def judgement(session: Session) -> Judgement | NotComputed:
    """The live judgement box."""
    material, answers = session.material, session.live
    if answers is None:
        return _no_answers(session)
    outside = outside_of(session, material.live)
    pools = pooled_answers(session, material.live, answers)
    rows = []
    for question in material.live:
        if question.id not in answers.ids:
            continue
        given, source = outside[question.id]
        printed = floor(answers.of(question.id), given, shares=answers.conditions.get(question.id))
        rows.append(
            {
                "id": question.id,
                "question": question.question,
                "deadline": question.scheduled_resolution_time,
                "probability": printed.probability,
                "model": printed.model,
                "lower": printed.lower,
                "upper": printed.upper,
                "outside": printed.outside,
                "outside_source": source,
                "epsilon": epsilon(),
                "mark": "estimated",
                "certified": True,
                "criteria": question.resolution_criteria,
                **pooled_columns(pools.get(question.id)),
            }
        )
    return Judgement(
        live=pd.DataFrame(rows),
        as_of=material.live[0].open_time.isoformat(),
        known_until=answers.known,
        confidence=_confidence(session),
        warnings=tuple(session.warnings),
        epsilon_why=epsilon_reason(),
        draws=len(answers.probabilities),
    )


def fans(session: Session) -> Fans | NotComputed:
    """Probability by date of each live event that only time can bring about."""
    answers = session.live
    if answers is None:
        return _no_answers(session)
    outside = outside_of(session, session.material.live)
    made = []
    for question in session.material.live:
        fan = fan_of(session.material, answers, question, outside.get(question.id))
        if fan is not None:
            made.append(fan)
    return Fans(tuple(made)) if made else NotComputed("No live question is about something by a date.")


def fan_of(
    material: Material, answers: Answers, question: Question, outside: tuple[float, str] | None
) -> Fan | None:
    """The fan of a question that only time can bring about; None for another, or without an outside view."""
    event = question.event
    rising = material.rising
    terminals = material.case.terminals
    if isinstance(event, EnteredTerminal):
        paths = sum((answers.ended[t] for t in event.terminals), np.zeros(1))
        name = " or ".join(terminals[t].label for t in event.terminals)
        words = name
    elif isinstance(event, Reaches) and event.variable in rising:
        levels = material.game.levels[event.variable]
        inside = [levels.index(level) for level in event.levels]
        counted = [t for t, v in terminals.items() if v.counts_as.get(event.variable) in event.levels]
        paths = answers.marginal[event.variable][:, :, inside].sum(axis=2)
        paths = paths + sum((answers.ended[t] for t in counted), np.zeros(1))
        label = material.case.states[event.variable].label
        words = f"{label} has reached {event.levels[0]}"
    else:
        return None
    if outside is None:
        return None
    e = epsilon()
    dates = [parse_period(opening).start for opening in answers.openings]
    years = [(day - question.open_time).days / 365.25 for day in dates]
    far = max((question.scheduled_resolution_time - question.open_time).days / 365.25, 1e-9)
    rows = []
    for k, day in enumerate(dates):
        if day > question.scheduled_resolution_time + timedelta(days=1) or years[k] < 0:
            continue
        view = _outside_by(material, event, years[k], outside[0], far)
        column = np.asarray(paths)[:, k]
        mixed = (1.0 - e) * column + e * view
        row: dict[str, Any] = {"date": day, "probability": float(mixed.mean()), "model": float(column.mean())}
        bands = np.quantile(mixed, list(LEVELS.values())).tolist()
        rows.append(row | dict(zip(LEVELS, bands, strict=True)) | {"outside": view})
    return Fan(
        event=words,
        paths=pd.DataFrame(rows),
        epsilon=e,
        outside_source=outside[1],
        mark="estimated",
        certified=True,
        note=f"Question {question.id}. {answers.failed} draws without a certificate were left out.",
    )


def _outside_by(material: Material, event: Any, years: float, final: float, far: float) -> float:
    """The outside view by a date: the reference class for a merger, else a constant rate to its end."""
    if isinstance(event, EnteredTerminal | NoTerminal) and event.terminals == ("merged",) and material.rates:
        return float(outside_view(material.rates, years=years).probability) if years > 0 else 0.0
    return float(1.0 - (1.0 - final) ** (years / far))


def watch(session: Session) -> Watch | NotComputed:
    """What to watch: for each state variable that can still move, how it stands and what it would mean."""
    answers, material = session.live, session.material
    if answers is None or material.coded is None:
        return _no_answers(session)
    rows = []
    asked = {getattr(q.event, "variable", None): q.id for q in material.live}
    for name, state in material.case.states.items():
        if state.latent or name not in material.coded.printed:
            continue
        now = state.levels[int(material.coded.printed[name][-1])]
        table = answers.marginal[name].mean(axis=0)
        year = table[min(4, len(table) - 1)]
        moves = [f"{level} {100 * year[k]:.0f} %" for k, level in enumerate(state.levels) if year[k] >= 0.005]
        rows.append(
            {
                "indicator": state.label,
                "why": "a year on, the model puts it at " + ", ".join(moves),
                "now": now,
                "question": asked.get(name),
            }
        )
    return Watch(watch=pd.DataFrame(rows))
