"""The probability of an event from a fixed start, as a function of the equilibrium."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from tightrope.forecast.compound import probabilities
from tightrope.forecast.events import Event
from tightrope.forecast.joined import Joined
from tightrope.forecast.laws import laws_of
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function, strategies_function


class TooUnlikely(ValueError):
    """A condition that hardly ever happens, so that what is asked under it is noise."""


def outlook(game: Game, event: Event, start: np.ndarray, *, first: str) -> Callable[[Equilibrium], float]:
    """An event's probability from a distribution (*states) as the period `first` opens.

    The distribution stays what it is, whatever the equilibrium. Raises `forecast.automaton.CannotFollow` for
    an event that no automaton follows; the function that it gives raises TooUnlikely for a condition below
    `joined.LEAST`.
    """
    joined = Joined()
    joined.add(game, "asked", event, first=first)
    tables = joined.tables(game)
    assert tables is not None

    def chance(found: Equilibrium) -> float:
        numbers = primitives_function(game)(jnp.asarray(found.theta))
        strategies, _ = strategies_function(game, found.convention)(jnp.asarray(found.z), numbers)
        values = probabilities(game, laws_of(numbers, strategies), start, tables)
        given, _, unlikely = joined.read(values[None])
        if unlikely:
            raise TooUnlikely("; ".join(unlikely.values()))
        return float(given["asked"][0])

    return chance
