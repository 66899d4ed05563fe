"""A scenario's steps read against a case and its record: a timeline, what is observed, what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from tightrope.argument.effects import changed_theta, out_of_reach
from tightrope.argument.timeline import CannotDo, Timeline, lay_out
from tightrope.case.calendar import parse_period
from tightrope.case.doing import Do, SetParameter, clash
from tightrope.case.doing_parse import StepError
from tightrope.case.scenarios import Scenario, read_do
from tightrope.forecast.events import All, Event, Unanswerable
from tightrope.forecast.questions import Question, names_of, parse_event
from tightrope.game.checks import check_numbers
from tightrope.workflow.asking import today
from tightrope.workflow.material import Material
from tightrope.workflow.scenario import FAR_AHEAD, ScenarioError
from tightrope.workflow.session import Session


def read_steps(
    material: Material, scenario: Scenario, questions: Sequence[Question]
) -> tuple[Timeline, Event | None]:
    """A scenario as a timeline and what is observed. Raises ScenarioError, CannotDo and QuestionError."""
    dos = _read_dos(material, scenario)
    aware = tuple(scenario.known_to or material.case.players) if scenario.announced == "yes" and dos else ()
    known_from = scenario.known_from or "" if aware else ""
    first = str(parse_period(material.evidence.periods[-1]) + 1)
    try:
        timeline = lay_out(material.game, dos, first=first, aware=aware, known_from=known_from)
    except ValueError as error:
        raise error if isinstance(error, CannotDo) else ScenarioError(str(error)) from None
    lowest = _lowest(material)
    _stands_above(material, dos, lowest)
    for together in timeline.together():
        out_of_reach(material.game, material.game.theta(), together, lowest=lowest)
    begin = today(material)
    end = max((q.scheduled_resolution_time for q in questions), default=begin + FAR_AHEAD)
    return timeline, _read_observed(material, scenario, begin, end)


def _read_dos(material: Material, scenario: Scenario) -> list[Do]:
    dos: list[Do] = []
    for text in (step.do for step in scenario.steps):
        if text is None:
            continue
        try:
            do = read_do(text, material.case)
        except StepError as error:
            raise ScenarioError(f"do `{text}`: {error}") from None
        if why := clash(do, dos):
            raise ScenarioError(f"do `{text}`: {why}")
        dos.append(do)
    return dos


def _read_observed(material: Material, scenario: Scenario, begin: date, end: date) -> Event | None:
    events: list[Event] = []
    for text in (step.observe for step in scenario.steps):
        if text is None:
            continue
        event = parse_event(text, names=names_of(material.case), asked=begin, deadline=end)
        if isinstance(event, Unanswerable):
            raise ScenarioError(f"observe `{text}`: {event.reason}")
        events.append(event)
    if len(events) < 2:
        return events[0] if events else None
    return All(tuple(events))


def _lowest(material: Material) -> dict[str, int]:
    """The lowest level at which the record's end leaves each state that never falls."""
    support = material.evidence.support
    return {
        name: int(np.min(support.levels[name][-1]))
        for name, noun in material.case.states.items()
        if noun.direction == "up"
    }


def _stands_above(material: Material, dos: Sequence[Do], lowest: Mapping[str, int]) -> None:
    """Refuse to put a state that never falls below where the record has seen it."""
    for do in dos:
        level = getattr(do, "level", None)
        if level is None or do.name not in lowest:
            continue
        levels = material.case.states[do.name].levels
        if levels.index(level) < lowest[do.name]:
            last = levels[lowest[do.name]]
            raise CannotDo(f"{do.name} never falls, and the record ends at {last}: it cannot be {level}")


def refuse_illegal(session: Session, thetas: np.ndarray, timeline: Timeline) -> None:
    """Raise CannotDo for parameter values at which a law or a payoff of the case is illegal.

    thetas  (draws, parameters) at which the scenario is to be played
    """
    game = session.material.game
    moved = [
        together for together in timeline.together() if any(isinstance(do, SetParameter) for do in together)
    ]
    if not moved:
        return
    session.progress("valuing laws and payoffs under the scenario", 0, None)
    rows = np.array([changed_theta(game, theta, together) for together in moved for theta in thetas])
    faults = check_numbers(game, rows).faults
    if faults:
        told = "; ".join(f"{f.name}: {f.what} (at worst {f.worst:.4g})" for f in faults[:3])
        raise CannotDo(f"the scenario's parameters make the case illegal: {told}")
