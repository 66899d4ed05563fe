"""Pooled forecasts of questions asked at the record's end, by the weights that the hindcasts taught."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tightrope.forecast import baselines, joint
from tightrope.forecast.answers import Answers, epsilon, floor
from tightrope.forecast.contest import weights_at_end
from tightrope.forecast.events import Compound, NoTerminal
from tightrope.forecast.hindcast import ahead_data
from tightrope.forecast.pooled import Cell, Pooled, Weights, pooled
from tightrope.forecast.questions import Question
from tightrope.forecast.reference_class import outside_view
from tightrope.forecast.rivals import MARKOV, REFERENCE
from tightrope.forecast.targets import resolve, targets_of
from tightrope.runs import digest
from tightrope.workflow.contest import laws_of_all
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.origins import record_of, step_of
from tightrope.workflow.scoring import about_merger
from tightrope.workflow.session import Session

KINDS = {"states": "states", "moves": "moves", "ends": "terminals"}
NO_CHAIN = "it joins events that the Markov chain has no answer for"


def learned(session: Session) -> dict[Cell, Weights]:
    """The weights that every forecast resolved by the record's end would give; empty without hindcasts.

    Only hindcasts that are there already count: none is computed here.
    """
    from tightrope.workflow.hindcast_report import available

    made = available(session)
    if made is None or not made.ahead:
        return {}
    inputs = {"ahead": digest({known: ahead_data(ahead) for known, ahead in made.ahead.items()})}
    data = session.run.chunk("pool-weights", lambda: _learn(session, made), inputs=inputs)
    return {Cell(*cell): Weights(np.array(weights), resolved) for cell, weights, resolved in data}


def _learn(session: Session, made: Hindcasts) -> list[Any]:
    material = session.material
    coded = record_of(material)
    targets = targets_of(coded, moves=material.moves, terminals=material.game.terminals)
    session.progress("learning pooling weights from the hindcasts", 0, None)
    laws = laws_of_all(material, made, targets, only=(MARKOV, REFERENCE))
    truth = resolve(targets, coded, origins=tuple(made.ahead))
    found = weights_at_end(laws, truth, targets, known=coded.periods[-1], step=step_of(material))
    return [[list(cell), w.weights.tolist(), w.resolved] for cell, w in found.items()]


def pooled_answers(
    session: Session, questions: Sequence[Question], answers: Answers
) -> dict[str, Pooled | str]:
    """The pooled forecast of each answered question, or why there is none. Asked at the record's end."""
    material, coded = session.material, record_of(session.material)
    weights = learned(session)
    chain = baselines.markov_chain(coded, moves=material.moves, rising=material.rising)
    found: dict[str, Pooled | str] = {}
    for question in questions:
        if question.id not in answers.ids:
            continue
        said = baselines.probability(chain, question.event)
        if said is None:
            known = answers.known
            why = joint.why_not(question.event, known=known) if isinstance(question.event, Compound) else ""
            found[question.id] = why or NO_CHAIN
            continue
        reference = None
        if about_merger(question) and material.rates:
            years = (question.scheduled_resolution_time - question.open_time).days / 365.25
            entered = outside_view(material.rates, years=years).probability
            reference = 1.0 - entered if isinstance(question.event, NoTerminal) else entered
        game = floor(answers.of(question.id), np.nan, shares=answers.conditions.get(question.id)).model
        found[question.id] = pooled(
            question.event,
            game=game,
            chain=said,
            reference=reference,
            learned=weights,
            known=answers.known,
            epsilon=epsilon(),
        )
    return found


def pooled_columns(found: Pooled | str | None) -> dict[str, Any]:
    """The columns `pooled` and `pooled_how` of a question's row."""
    if isinstance(found, Pooled):
        return {"pooled": found.probability, "pooled_how": how(found)}
    return {"pooled": None, "pooled_how": f"none: {found}" if found else ""}


def pooled_data(found: Pooled | str | None) -> Mapping[str, Any] | None:
    """The whole of a pooled forecast as plain data; None where there is none."""
    return asdict(found) if isinstance(found, Pooled) else None


def how(found: Pooled) -> str:
    """Whose weights a pooled forecast has: `game 0.42, Markov chain 0.58; learned from ...`."""
    weights = ", ".join(f"{name} {weight:.2f}" for name, weight in found.weights.items())
    if not found.horizon:
        return f"{weights}; equal, none were learned for it"
    return (
        f"{weights}; from {found.resolved} resolved forecasts of {KINDS[found.kind]} "
        f"{found.horizon} periods ahead"
    )


def pools_told(rows: Sequence[Mapping[str, Any]]) -> str:
    """A sentence on the pooled numbers of live questions; empty without any."""
    if not any(row["pooled"] is not None for row in rows):
        return ""
    none = ", ".join(row["id"] for row in rows if row["pooled"] is None)
    return (
        " The pooled ones stand beside them and are a log-linear pool of the game's mean, the Markov chain "
        "and, for a merger, the reference class, floored alike."
        + (f" There is none for {none}." if none else "")
    )
