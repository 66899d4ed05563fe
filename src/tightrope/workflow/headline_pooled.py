"""A headline's prior from the pool of game, Markov chain and reference class, which needs a fit."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np

from tightrope.case.bundled import find_case
from tightrope.case.calendar import period_of
from tightrope.forecast import baselines
from tightrope.forecast.answers import Answers, epsilon
from tightrope.forecast.events import EnteredTerminal
from tightrope.forecast.pooled import Pooled, pooled
from tightrope.forecast.reference_class import outside_view
from tightrope.forecast.words import percent
from tightrope.workflow.asking import answers_to, spot_question
from tightrope.workflow.contest import MERGER
from tightrope.workflow.headline_prior import FEARED, HeadlineError, Prior, reference_prior
from tightrope.workflow.origins import record_of
from tightrope.workflow.pooled import how, learned
from tightrope.workflow.session import SHIPPED, Session


def pooled_prior(session: Session, *, event: str, first: date, last: date) -> Prior:
    """The floored pool of game, Markov chain and reference class for the window.

    Given that nothing came before it. The game and the chain know whole periods: a window that cuts through
    one takes its share at a constant hazard. Raises HeadlineError for another event than a merger and for a
    window that does not lie after the record.
    """
    material = session.material
    if event != FEARED or MERGER not in material.game.terminals:
        raise HeadlineError(f"nothing pools a prior for {event}: say --prior")
    coded = record_of(material)
    length = material.case.calendar.period
    opens, closes = period_of(first, length), period_of(last, length)
    answers = _answers(session, str(closes + 1), closes.end)
    if str(opens) not in answers.openings:
        raise HeadlineError(
            f"the model's forecasts begin after {answers.known}, where the record ends; the window begins "
            f"on {first}. Say --prior, or --prior-from reference-class"
        )
    ended = answers.ended[MERGER].mean(axis=0)
    before, by = (float(ended[answers.openings.index(str(p))]) for p in (opens, closes + 1))
    chain = baselines.markov_chain(coded, moves=material.moves, rising=material.rising)
    whole = (closes.end - opens.start).days / 365.25
    found = pooled(
        EnteredTerminal((MERGER,), str(closes + 1)),
        game=(by - before) / (1.0 - before),
        chain=baselines.ended_within(chain, steps=closes - opens + 1),
        reference=outside_view(material.rates, years=whole).probability if material.rates else None,
        learned=learned(session),
        known=answers.known,
        epsilon=epsilon(),
    )
    share = ((last - first).days + 1) / ((closes.end - opens.start).days + 1)
    chance = float(-np.expm1(share * np.log1p(-found.probability)))
    return Prior(chance, _told(found), _notes(found, share), asdict(found))


def ships_hindcasts(case: Path | str) -> bool:
    """Whether a case comes with hindcasts, so that a pool's weights are more than equal ones."""
    place = find_case(case)
    folder = place if place.is_dir() else place.parent
    return any((folder / SHIPPED).glob("hindcast-*.json"))


def prior_at_hand(session: Session, *, event: str, first: date, last: date) -> Prior:
    """The pooled prior where it needs no new fit and the window lies ahead, else the reference class's."""
    why = "no fit to the record is there"
    if session.material.coded is not None and session.has_fit:
        try:
            return pooled_prior(session, event=event, first=first, last=last)
        except HeadlineError as error:
            why = str(error).split(";")[0]
    found = reference_prior(session.material.source, event=event, first=first, last=last)
    return replace(found, notes=(f"the prior is the reference class alone: {why}",))


def _answers(session: Session, opening: str, last: date) -> Answers:
    """Answers from the record's end that reach an opening: the live ones if they do."""
    live = session.live
    if live is not None and opening in live.openings:
        return live
    return answers_to(session, (spot_question(session.material, f"terminal {MERGER}", last.isoformat()),))


def _told(found: Pooled) -> str:
    members = ", ".join(f"{name} {percent(p)}" for name, p in found.members.items())
    return f"pooled ({members}; weights {how(found)})"


def _notes(found: Pooled, share: float) -> tuple[str, ...]:
    notes = ["the pooled prior is one number: the limits hold the doubt about the two rates, not about it"]
    if share < 1.0:
        notes.append(
            f"the window is {100 * share:.0f} % of the whole periods that hold it, and has that share of "
            "their hazard"
        )
    return tuple(notes)
