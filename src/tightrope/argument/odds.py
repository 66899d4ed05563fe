"""How the odds between two actions at a point move with each parameter, by the implicit function theorem."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.argument.reasons import Point
from tightrope.game.adjoint import total_gradient
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.primitives import Primitives
from tightrope.game.roots import Convention, strategies_at


def odds_gradient(found: Equilibrium, move: str, point: Point, action: str, against: str) -> np.ndarray:
    """How the log-odds ln σ(action)/σ(against) at a point move with each parameter; shape (parameters,).

    Everybody's answers are included. `point` names every axis of the strategy but the move. Raises
    NotCertified without a good certificate.
    """
    game = found.require().game
    axes = found.strategies[move].dims
    index = [game.levels[str(a)].index(point[str(a)]) if a != move else 0 for a in axes]
    pick = np.zeros((2, *found.strategies[move].shape))
    for row, name in enumerate((action, against)):
        index[axes.index(move)] = game.levels[move].index(name)
        pick[(row, *index)] = 1.0
    run = _odds_gradient(game, found.convention, move)
    found_slopes: np.ndarray = run(jnp.asarray(found.theta), jnp.asarray(found.z), jnp.asarray(pick))
    return found_slopes


@lru_cache(maxsize=64)
def _odds_gradient(game: Game, convention: Convention, move: str) -> Any:
    def odds(numbers: Primitives, z: Array, pick: Array) -> Array:
        table = strategies_at(game, z, numbers, convention)[move].data
        upper, lower = jnp.sum(pick[0] * table), jnp.sum(pick[1] * table)
        return jnp.log(upper) - jnp.log(lower)

    ready = primitives_function(game)
    slopes = jax.jit(jax.grad(odds, argnums=(0, 1)))
    total = total_gradient(game, convention)

    def run(theta: Array, z: Array, pick: Array) -> np.ndarray:
        numbers = ready(theta)
        direct, by_z = slopes(numbers, z, pick)
        return total(theta, numbers, z, direct, by_z)  # type: ignore[no-any-return]

    return run
