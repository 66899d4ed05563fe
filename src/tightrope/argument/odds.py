"""How the odds between two actions at a point move with each parameter, by the implicit function theorem."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.argument.reasons import Point
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, primitives_function
from tightrope.game.fixed_point import implicit_gradient
from tightrope.game.primitives import Primitives, primitives
from tightrope.game.roots import Convention, strategies_at, sweep_function


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
    return np.asarray(run(jnp.asarray(found.theta), jnp.asarray(found.z), jnp.asarray(pick)))


@lru_cache(maxsize=64)
def _odds_gradient(game: Game, convention: Convention, move: str) -> Any:
    sweep = sweep_function(game, convention)

    def odds(numbers: Primitives, z: Array, pick: Array) -> Array:
        table = strategies_at(game, z, numbers, convention)[move].data
        upper, lower = jnp.sum(pick[0] * table), jnp.sum(pick[1] * table)
        return jnp.log(upper) - jnp.log(lower)

    ready = primitives_function(game)
    slopes = jax.jit(jax.grad(odds, argnums=(0, 1)))
    adjoint = jax.jit(lambda numbers, z, by_z: implicit_gradient(sweep, z, numbers, by_z))
    back = jax.jit(lambda theta, cotangent: jax.vjp(lambda t: primitives(game, t), theta)[1](cotangent)[0])

    def run(theta: Array, z: Array, pick: Array) -> Array:
        numbers = ready(theta)
        direct, by_z = slopes(numbers, z, pick)
        whole = jax.tree_util.tree_map(jnp.add, direct, adjoint(numbers, z, by_z))
        return back(theta, whole)  # type: ignore[no-any-return]

    return run
