"""Scenarios: named what-ifs of a case, in a file of their own that the case names.

A step does something (`tightrope.case.doing`) or says what is seen to happen (`observe`, an event in the
words of questions). `announced` says whether the players know what will be done before it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from tightrope.case.calendar import parse_period
from tightrope.case.checker import Checker
from tightrope.case.doing import Do, PlayMove, clash
from tightrope.case.doing_parse import StepError, parse_do
from tightrope.case.errors import CaseError, Problem, near_or_list
from tightrope.case.marks import Source, Where
from tightrope.case.mentions import mentions_of
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, resolve_all
from tightrope.case.schema import Case, Identifier, Noun, PlayerMove, Together
from tightrope.case.source import read_source
from tightrope.case.translate import problems_from


class ScenarioStep(Noun):
    """Exactly one of `do` (an intervention) and `observe` (an event that is taken to happen)."""

    do: str | None = None
    observe: str | None = None


class Scenario(Noun):
    """A named what-if.

    announced   whether players know what will be done
    known_to    only these of them know; by default all
    known_from  the period from which they do; by default the first after the record
    """

    about: str = Field(min_length=1)
    announced: Literal["yes", "no"]
    known_to: tuple[Identifier, ...] = ()
    known_from: str | None = None
    steps: tuple[ScenarioStep, ...] = Field(min_length=1, max_length=40)


class ScenarioFile(Noun):
    """A file of scenarios, by name."""

    scenarios: dict[Identifier, Scenario] = Field(min_length=1, max_length=200)


@dataclass(frozen=True)
class Scenarios:
    """A file of scenarios as read: the nouns, and where each stands."""

    named: Mapping[str, Scenario]
    source: Source


def read_scenarios(path: Path) -> Scenarios:
    """Read a file of scenarios. Raises CaseError with every fault of form."""
    source = read_source(path)
    try:
        return Scenarios(ScenarioFile.model_validate(source.data).scenarios, source)
    except ValidationError as error:
        raise CaseError(problems_from(error, source, root=ScenarioFile)) from None


def scenario_problems(found: Scenarios, case: Case) -> list[Problem]:
    """Everything wrong with the scenarios that can be said without a record: names, times, conditions."""
    problems: list[Problem] = []

    def say(where: Where, message: str, hint: str = "", character: int | None = None) -> None:
        problems.append(found.source.problem(where, message, hint, character=character))

    for name, scenario in found.named.items():
        dos: list[Do] = []
        for number, step in enumerate(scenario.steps):
            where: Where = ("scenarios", name, "steps", number)
            if (step.do is None) == (step.observe is None):
                say(where, "a step has one of `do` and `observe`")
            if step.do is None:
                continue
            try:
                do = read_do(step.do, case)
            except StepError as error:
                say((*where, "do"), error.message, error.hint, error.character)
                continue
            if why := clash(do, dos):
                say((*where, "do"), why)
            dos.append(do)
        for place, player in enumerate(scenario.known_to):
            if player not in case.players:
                hint = near_or_list(player, case.players)
                say(("scenarios", name, "known_to", place), f"{player!r} is not a player", hint)
        if scenario.announced == "no" and (scenario.known_to or scenario.known_from is not None):
            say(
                ("scenarios", name, "announced"), "nobody knows of what is not announced: leave `known_…` out"
            )
        if scenario.known_from is not None:
            try:
                parse_period(scenario.known_from, case.calendar.period)
            except ValueError as error:
                say(("scenarios", name, "known_from"), str(error))
    return problems


def read_do(text: str, case: Case) -> Do:
    """One step, its condition looked up too. Raises StepError.

    A condition may mention states, and moves made before in the period.
    """
    do = parse_do(text, case)
    if isinstance(do, PlayMove) and do.condition is not None:
        _check_condition(do, do.condition, text.rindex(do.condition.text), case)
    return do


def _check_condition(do: PlayMove, condition: Expression, offset: int, case: Case) -> None:
    scope = Scope.of(case)
    node, faults = resolve_all(condition.node, scope)
    if faults:
        raise StepError(faults[0].message, faults[0].hint, offset + faults[0].column)
    mention = mentions_of(case, scope).of(node)
    hidden = _not_before(do.name, case)
    for name in sorted(mention.variables if mention is not None else ()):
        if name in hidden:
            raise StepError(
                f"{name} is not made before {do.name}: a condition sees what stands then", "", offset
            )


def _not_before(move: str, case: Case) -> set[str]:
    """The move itself, those made at the same time, and later ones."""
    found: set[str] = set()
    for item in reversed(case.period):
        names = {
            m.move
            for m in (item.together if isinstance(item, Together) else (item,))
            if isinstance(m, PlayerMove)
        }
        found |= names
        if move in names:
            break
    return found


def check_scenarios(checker: Checker) -> None:
    """The file of scenarios reads, and each step names what is there."""
    name = checker.case.scenarios
    if name is None or not (path := checker.folder.folder / name).is_file():
        return
    try:
        checker.problems += scenario_problems(read_scenarios(path), checker.case)
    except CaseError as error:
        checker.problems += error.problems
