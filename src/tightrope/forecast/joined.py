"""Compound questions asked together: their automata, and their answers with conditions divided out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tightrope.forecast.automaton import Automaton, compile_event
from tightrope.forecast.compound import Tables, tabulate
from tightrope.forecast.events import All, Event, Given
from tightrope.game.compile import Game

LEAST = 1e-6
"""A condition less probable than this is refused: what a model says of a world that it rules out is noise."""


@dataclass(eq=False)
class Joined:
    """Automata of questions that wait for their answers; one with a condition has two."""

    automata: list[Automaton] = field(default_factory=list)
    places: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, game: Game, question: str, event: Event, *, first: str) -> None:
        """Compile a question's event. Raises `automaton.CannotFollow`, and adds nothing then."""
        wanted: Sequence[Event] = (event,)
        if isinstance(event, Given):
            wanted = (All((event.event, event.condition)), event.condition)
        counts = {name: terminal.counts_as for name, terminal in game.case.terminals.items()}
        made = [compile_event(e, levels=game.levels, terminals=counts, first=first) for e in wanted]
        start = len(self.automata)
        self.automata += made
        self.places[question] = tuple(range(start, start + len(made)))

    def tables(self, game: Game, periods: int = 0) -> Tables | None:
        """The automata laid side by side; None without any."""
        return tabulate(game, self.automata, periods=periods) if self.automata else None

    def read(
        self, values: np.ndarray, shares: np.ndarray | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, str]]:
        """Answers from the probabilities of the automata's events, (draws, automata).

        shares  what each draw counts; by default all alike

        Gives probabilities by draw, those of the conditions by draw, and reasons to refuse. A draw in which
        the condition cannot happen says nothing about the rest: it gets a zero that counts nothing.
        """
        found: dict[str, np.ndarray] = {}
        conditions: dict[str, np.ndarray] = {}
        refused: dict[str, str] = {}
        for question, places in self.places.items():
            if len(places) == 1:
                found[question] = np.clip(values[:, places[0]], 0.0, 1.0)
                continue
            both, condition = values[:, places[0]], values[:, places[1]]
            mean = float(np.average(condition, weights=shares))
            if not mean >= LEAST:
                refused[question] = f"its condition has a probability of {mean:.1g}, below {LEAST:g}"
                continue
            with np.errstate(invalid="ignore", divide="ignore"):
                found[question] = np.clip(np.where(condition > 0.0, both / condition, 0.0), 0.0, 1.0)
            conditions[question] = condition
        return found, conditions, refused
