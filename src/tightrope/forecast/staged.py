"""Probabilities of events when the laws change from period to period, and interventions on the way.

The same automata and the same backward walk as `tightrope.forecast.compound`, one period at a time. A state
put at a level as a period opens is read at that level by whatever looks at that opening.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np

from tightrope.forecast.compound import Tables, ahead, cut
from tightrope.forecast.laws import Laws, above, floors
from tightrope.game.changed import put_at
from tightrope.game.compile import Game


@dataclass(frozen=True, eq=False)
class Passing:
    """How one period passes.

    laws  of nature and of play
    put   state -> level at which it is put as the period opens
    ends  a terminal in which the game ends at the period's end
    """

    laws: Laws
    put: Mapping[str, str] = field(default_factory=dict)
    ends: str = ""


def staged_probabilities(
    game: Game, periods: Sequence[Passing], start: np.ndarray, tables: Tables
) -> np.ndarray:
    """The probability of each event, (events,), from a distribution (*states) at the first opening.

    periods  one for each of `tables.periods`; a further one says only how the last opening is

    Raises game.changed.NeverFalls for a state that never falls and is put below where it stands.
    """
    floor = floors(game, start)
    small = cut(game, start, floor)
    cut_down: dict[int, Laws] = {}
    last = tables.periods

    def opened(value: jnp.ndarray, number: int) -> jnp.ndarray:
        return put_at(game, value, periods[number].put, lowest=floor) if number < len(periods) else value

    value = opened(ahead(game, periods[0].laws, small.shape, tables, floor, opening=last), last)
    for number in reversed(range(last)):
        passing = periods[number]
        if passing.ends:
            done = jnp.asarray(tables.ended[passing.ends][number])
            value = jnp.broadcast_to(done.reshape(-1, *([1] * small.ndim)), value.shape)
        laws = cut_down.setdefault(id(passing.laws), above(passing.laws, floor))
        value = ahead(game, laws, small.shape, tables, floor, opening=number, then=(number + 1, value))
        value = opened(value, number)
    return np.asarray(np.tensordot(np.asarray(value)[tables.begin], small, axes=small.ndim))
