"""`tightrope what-if --past P`: the smallest change of a parameter that takes a probability past a mark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tightrope.argument.crossing import Chance, Side
from tightrope.argument.lever import Lever, pull_lever
from tightrope.argument.outlook import outlook
from tightrope.argument.rulers import Ruler, rulers
from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import CannotFollow
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.game.equilibrium import Equilibrium, primitives_function, strategies_function
from tightrope.record.likelihood import filter_record
from tightrope.workflow import steps
from tightrope.workflow.scenario import Asked, ScenarioError, questions_for
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names
from tightrope.workflow.what_if import asked_of

NEAR = 1.0
"""How far every parameter is moved where none is named, in prior sds."""
TRIES = 6
"""How many are moved farther, the nearest to the mark first, where that was not enough."""

Data = dict[str, Any]


def lever_data(session: Session, asked: Asked) -> Data:
    """The smallest change of one parameter, at the mode of the fit, that moves a question past a mark.

    Raises ScenarioError, UnknownName, QuestionError, NotCertified, TooUnlikely and NoRecord.
    """
    material, mark = session.material, _mark(asked)
    free = _free(session, asked)
    question = questions_for(material, asked)[0]
    found = session.at_fit.require()
    chance = _chance(session, question, found)
    every = rulers(material.case, found.theta, prior_class=steps.FIT_CLASS)
    chosen = [ruler for ruler in every if ruler.parameter in free]
    search = _Search(session, question, chance, found, mark)
    if asked.levers:
        near, levers = [], _pulled(search, chosen, limit=math.inf)
    else:
        near = _pulled(search, chosen, limit=NEAR)
        levers = [one for one in near if one["confirmed"]]
        if not levers:
            order = sorted(range(len(near)), key=lambda k: float(near[k]["left"]))
            levers = _pulled(search, [chosen[k] for k in order[:TRIES]], limit=math.inf)
    return {
        "case": material.case.case,
        "question": {
            "id": question.id,
            "question": question.question,
            "event": question.event_expression,
            "deadline": question.scheduled_resolution_time.isoformat(),
        },
        "known_until": material.evidence.periods[-1],
        "before": chance(found),
        "past": mark,
        "levers": sorted(levers, key=_nearness),
        "moved": [one["parameter"] for one in near],
        "moved_by": NEAR,
        "lost": [one["parameter"] for one in near if one["lost"]],
        "warnings": list(session.warnings),
    }


def _mark(asked: Asked) -> float:
    if asked.past is None or not 0.0 < asked.past < 1.0:
        raise ScenarioError("--past is a probability between 0 and 1; --lever names what is changed for it")
    if asked.name or asked.do or asked.observe:
        raise ScenarioError("--past changes a parameter from now on, and nothing else is done beside it")
    return asked.past


def _free(session: Session, asked: Asked) -> set[str]:
    """Parameters that may be moved: those named, or all that are not fixed."""
    parameters = session.material.case.parameters
    wanted = known_names("parameter", asked.levers, list(parameters))
    for name in asked.levers:
        if parameters[name].fixed:
            raise ScenarioError(f"{name} is fixed: it has no prior to measure a change by")
    return wanted


def _chance(session: Session, question: Question, found: Equilibrium) -> Chance:
    """The question's probability from the record's end, as the game without any change has it."""
    evidence = session.material.evidence
    numbers = primitives_function(found.game)(found.theta)
    strategies = strategies_function(found.game, found.convention)(found.z, numbers)[0]
    start = next_opening(evidence, filter_record(evidence, found.theta, found.z), numbers, strategies)
    first = str(parse_period(evidence.periods[-1]) + 1)
    try:
        return outlook(found.game, question.event, start, first=first)
    except CannotFollow as error:
        raise ScenarioError(f"{question.event_expression}: {error}") from None


@dataclass(frozen=True, eq=False)
class _Search:
    session: Session
    question: Question
    chance: Chance
    found: Equilibrium
    mark: float


def _pulled(search: _Search, measures: Sequence[Ruler], *, limit: float) -> list[Data]:
    """Parameters moved one after another, none farther than the nearest crossing so far; kept by the run."""
    session, found = search.session, search.found
    label = "parameters moved" + (f" by {limit:.2g} sd" if math.isfinite(limit) else " up to the end")
    pulled: list[Data] = []
    for number, ruler in enumerate(measures):
        within = min([limit, *(abs(one["distance"]) for one in pulled if one["confirmed"])])

        def compute(ruler: Ruler = ruler, within: float = within) -> Data:
            return _plain(pull_lever(found, ruler, search.chance, mark=search.mark, limit=within))

        inputs = {
            "theta": found.theta.tolist(),
            "lever": ruler.parameter,
            "past": search.mark,
            "within": within if math.isfinite(within) else None,
            "asked": asked_of(search.question),
        }
        pulled.append(session.run.chunk(f"lever-{ruler.parameter}", compute, inputs=inputs))
        session.progress(label, number + 1, len(measures))
    return pulled


def _nearness(lever: Data) -> tuple[bool, float]:
    return not lever["confirmed"], math.inf if lever["distance"] is None else abs(lever["distance"])


def _plain(found: Lever) -> Data:
    met = math.isfinite(found.value)
    return {
        "parameter": found.parameter,
        "now": found.now,
        "value": found.value if met else None,
        "distance": found.distance if met else None,
        "confirmed": found.confirmed,
        "leap": found.leap,
        "tight": found.tight,
        "left": found.left,
        "sides": [_plain_side(side) for side in found.sides],
        "looked_at": [{"value": value, "probability": p} for value, p in found.ends],
        "lost": list(found.lost),
    }


def _plain_side(side: Side) -> Data:
    return {
        "value": side.value,
        "probability": side.probability if math.isfinite(side.probability) else None,
        "status": side.certificate.status,
        "residual": side.certificate.residual,
    }
