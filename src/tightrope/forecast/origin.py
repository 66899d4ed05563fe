"""What is known at an origin: the state distribution when the first unknown period opens."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.compiled.kept import kept
from tightrope.game.compile import Game
from tightrope.game.forward import push
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives
from tightrope.game.walk import Strategies
from tightrope.record.filter import Evidence, Filtered, row_to_grid


@lru_cache(maxsize=16)
def _pusher(game: Game) -> Any:
    def run(numbers: Primitives, strategies: Strategies, live: Array, weights: dict[str, Array]) -> Array:
        gone = {name: jnp.zeros(()) for name in game.terminals}
        moved, _ = push(
            game, numbers, strategies, live, gone, weights={m: Named(w, (m,)) for m, w in weights.items()}
        )
        return moved / jnp.sum(moved)

    return kept(run, of=[game])


def next_opening(
    evidence: Evidence, filtered: Filtered, numbers: Primitives, strategies: Strategies
) -> np.ndarray:
    """Distribution over states, (*states), when the period after the record's last one opens.

    The last row's moves are conditioned on, and so is the fact that the game goes on.
    """
    game, support = evidence.game, evidence.support
    row = support.rows - 1
    last = row_to_grid(evidence, np.asarray(filtered.states[row]), row)
    weights = {}
    for move in game.moves:
        table = np.zeros(len(game.levels[move]))
        np.maximum.at(table, support.levels[move][-1], support.weights[move][-1])
        weights[move] = jnp.asarray(table)
    return np.asarray(_pusher(game)(numbers, strategies, jnp.asarray(last), weights))
