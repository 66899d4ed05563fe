"""The scenario that is asked about: from the case's file or from the command line, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tightrope.case.calendar import parse_period
from tightrope.case.errors import Problem, near_or_list
from tightrope.case.load import CaseFolder
from tightrope.case.scenarios import Scenario, ScenarioStep, read_scenarios
from tightrope.forecast.events import Unanswerable
from tightrope.forecast.questions import Question, QuestionError, names_of, parse_event
from tightrope.workflow.text import known_names

if TYPE_CHECKING:
    from tightrope.workflow.material import Material

FAR_AHEAD = timedelta(days=3660)
"""How far ahead an observed event that names no deadline may look when nothing else is asked."""


class ScenarioError(ValueError):
    """A scenario that cannot be read or carried out; the message says what to write instead."""


@dataclass(frozen=True)
class Asked:
    """What is asked on the command line.

    name        a scenario of the case; else `do` and `observe`
    announced   True or False; None: as the scenario of the case says, and False where nothing is done
    known_to, known_from  who knows, and from when
    questions, event, by  what is compared; by default the live questions
    past        find the smallest change that takes the first of them past this probability
    levers      by changing one of these parameters; by default any
    """

    name: str = ""
    do: tuple[str, ...] = ()
    observe: tuple[str, ...] = ()
    announced: bool | None = None
    known_to: tuple[str, ...] = ()
    known_from: str = ""
    questions: tuple[str, ...] = ()
    event: str = ""
    by: str = ""
    past: float | None = None
    levers: tuple[str, ...] = ()


def scenarios_of(source: CaseFolder) -> Mapping[str, Scenario]:
    """The scenarios of a case, by name; none where it names no file of them."""
    if source.case.scenarios is None:
        return {}
    return read_scenarios(source.folder / source.case.scenarios).named


def observed_problems(source: CaseFolder) -> list[Problem]:
    """What is wrong with the events that scenarios observe, each with its place."""
    if source.case.scenarios is None:
        return []
    found = read_scenarios(source.folder / source.case.scenarios)
    names, begin = names_of(source.case), parse_period(source.case.calendar.first).start
    problems = []
    for name, scenario in found.named.items():
        for number, step in enumerate(scenario.steps):
            if step.observe is None:
                continue
            where = ("scenarios", name, "steps", number, "observe")
            try:
                event = parse_event(step.observe, names=names, asked=begin, deadline=begin + FAR_AHEAD)
            except QuestionError as error:
                problems += [found.source.problem(where, t.split(": ", 1)[1]) for t in error.problems]
                continue
            if isinstance(event, Unanswerable):
                problems.append(found.source.problem(where, event.reason))
    return problems


def listed(material: Material) -> dict[str, Any]:
    """The scenarios that a case has."""
    found = scenarios_of(material.source)
    return {
        "case": material.case.case,
        "scenarios": [{"name": name, "about": s.about, **described(s)} for name, s in found.items()],
    }


def described(scenario: Scenario) -> dict[str, Any]:
    """A scenario's steps and who knows of them, as plain data."""
    return {
        "do": [step.do for step in scenario.steps if step.do is not None],
        "observe": [step.observe for step in scenario.steps if step.observe is not None],
        "announced": scenario.announced == "yes",
        "known_to": list(scenario.known_to),
        "known_from": scenario.known_from or "",
    }


def chosen(material: Material, asked: Asked) -> Scenario:
    """The scenario that is asked for. Raises ScenarioError, and UnknownName with a near match."""
    spot = bool(asked.do or asked.observe)
    if bool(asked.name) == spot:
        raise ScenarioError("name a scenario of the case, or write --do and --observe: one of the two")
    _known_players(material, asked)
    if asked.name:
        known = scenarios_of(material.source)
        known_names("scenario", (asked.name,), list(known))
        return _asked_otherwise(known[asked.name], asked)
    steps = [ScenarioStep(do=text) for text in asked.do] + [ScenarioStep(observe=t) for t in asked.observe]
    return Scenario(
        about="asked on the command line",
        announced="yes" if asked.announced else "no",
        known_to=asked.known_to,
        known_from=asked.known_from or None,
        steps=tuple(steps),
    )


def refuse_unsaid(asked: Asked) -> None:
    """Raise ScenarioError where something is done and nobody said who knows of it."""
    if asked.do and asked.announced is None:
        raise ScenarioError("say --announced or --unannounced: whether the players know what will be done")


def _known_players(material: Material, asked: Asked) -> None:
    if (asked.known_to or asked.known_from) and asked.announced is not True:
        raise ScenarioError("--known-to and --known-from go with --announced")
    for player in asked.known_to:
        if player not in material.case.players:
            hint = near_or_list(player, material.case.players)
            raise ScenarioError(f"--known-to {player}: that is no player; {hint}")


def _asked_otherwise(scenario: Scenario, asked: Asked) -> Scenario:
    """A scenario of the case as its file has it, or known to others, to see what knowing of it does."""
    if asked.announced is None:
        return scenario
    knowing: dict[str, Any] = {"announced": "yes" if asked.announced else "no"}
    if not asked.announced or asked.known_to or asked.known_from:
        knowing |= {"known_to": asked.known_to, "known_from": asked.known_from or None}
    return scenario.model_copy(update=knowing)


def questions_for(material: Material, asked: Asked) -> tuple[Question, ...]:
    """What is compared: an event asked on the spot, or live questions."""
    # Here and not above: `tightrope check` reads scenarios too, and waits for nothing else of these rooms.
    from tightrope.workflow.asking import gather
    from tightrope.workflow.material import NoRecord
    from tightrope.workflow.update import questions_due

    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so there is no today to ask from")
    spot = gather(material, event=asked.event, by=asked.by, file=None)
    if spot is not None and not asked.questions:
        return spot.questions
    due = questions_due(material)
    wanted = known_names("question", asked.questions, [q.id for q in due])
    return (*(q for q in due if q.id in wanted), *(spot.questions if spot is not None else ()))
