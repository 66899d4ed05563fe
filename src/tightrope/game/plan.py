"""The static structure of a period: an ordered list of steps, and where payoffs enter.

Nothing here depends on parameter values. A *position* p is the moment right
after step p; position -1 is the start of the period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tightrope.case import syntax as s
from tightrope.case.schema import Case, Law, NatureMove, Pay, PlayerMove, Together

WORLD = "world"
"""The view in which forecasts and the record are computed, beside each player's own."""


def after(variable: str) -> str:
    """The axis name of a state variable just after nature has changed it."""
    return variable + "'"


@dataclass(frozen=True)
class Choice:
    """One or more player moves made at the same moment (more than one: simultaneous)."""

    moves: tuple[PlayerMove, ...]


@dataclass(frozen=True)
class Change:
    """Nature changes `variable` by `law`, or by `views[player]` in a player's eyes."""

    name: str
    variable: str
    law: Law
    views: Mapping[str, Law]


@dataclass(frozen=True)
class Exit:
    """Nature draws an exit to a terminal."""

    name: str
    law: Law
    views: Mapping[str, Law]


Step = Choice | Change | Exit


@dataclass(frozen=True)
class Term:
    """A named payoff term of a player, collected at `position`."""

    player: str
    name: str
    node: s.Node
    position: int


@dataclass(frozen=True)
class Plan:
    """Steps in order, the pay position, and each term at the earliest position that gives the same value.

    source  step -> its number in the game's own plan, by which laws are known; empty for that plan itself
    """

    steps: tuple[Step, ...]
    pay: int
    terms: tuple[Term, ...]
    source: tuple[int, ...] = ()

    def number(self, step: int) -> int:
        """The number of a step in the game's own plan."""
        return self.source[step] if self.source else step

    def moves(self) -> tuple[PlayerMove, ...]:
        """All player moves in order."""
        return tuple(m for step in self.steps if isinstance(step, Choice) for m in step.moves)

    def position_of(self, move: str) -> int:
        """The position right after a move."""
        for number, step in enumerate(self.steps):
            if isinstance(step, Choice) and any(m.move == move for m in step.moves):
                return number
        raise KeyError(move)


def merged_law(law: Law, view: Law) -> Law:
    """A player's view of a law: the fields it states replace the world's."""
    fields = {name: value for name, value in law_fields(view).items() if value is not None}
    if {"steps", "weights", "set"} & fields.keys():
        fields = {"steps": None, "weights": None, "set": None} | fields
    return Law(**(law_fields(law) | fields))


def law_fields(law: Law) -> dict[str, Any]:
    """The fields that make up a law, without those of a nature move."""
    return {name: getattr(law, name) for name in Law.model_fields}


def build_plan(
    case: Case, terms: Mapping[str, Mapping[str, s.Node]], mentions: Mapping[int, frozenset[str]]
) -> Plan:
    """Lay out the period.

    terms     player -> term name -> resolved node
    mentions  id(node) -> names of the states and moves that the node depends on
    """
    steps: list[Step] = []
    pay: int | None = None
    for item in case.period:
        if isinstance(item, NatureMove):
            law = Law(**law_fields(item))
            views = {player: merged_law(law, view) for player, view in item.viewpoints.items()}
            if item.changes is None:
                steps.append(Exit(item.nature, law, views))
            else:
                steps.append(Change(item.nature, item.changes, law, views))
        elif isinstance(item, PlayerMove):
            steps.append(Choice((item,)))
        elif isinstance(item, Together):
            steps.append(Choice(item.together))
        elif isinstance(item, Pay):
            pay = len(steps) - 1
    if pay is None:
        choices = [number for number, step in enumerate(steps) if isinstance(step, Choice)]
        pay = choices[-1] if choices else len(steps) - 1
    found = [
        Term(player, name, node, placed(steps, pay, mentions[id(node)]))
        for player, named in terms.items()
        for name, node in named.items()
    ]
    return Plan(tuple(steps), pay, tuple(found))


def placed(steps: Sequence[Step], pay: int, mentioned: frozenset[str]) -> int:
    """The first position at which a term that mentions these names has the value it has at `pay`.

    Collecting a term early keeps action axes short-lived. It may not pass a change
    of a state that it mentions, a move that it mentions, or any exit (a game that
    ends before payoffs are collected pays none of them).
    """
    position = pay
    while position >= 0:
        step = steps[position]
        if isinstance(step, Exit):
            break
        if isinstance(step, Change) and step.variable in mentioned:
            break
        if isinstance(step, Choice) and any(m.move in mentioned for m in step.moves):
            break
        position -= 1
    return position
