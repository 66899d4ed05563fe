"""Comparative statics: how a named quantity moves with each parameter, by the implicit function theorem.

The quantity may depend on values, strategies and primitives; the equilibrium's own answer is in
the derivative (one adjoint system, no second solve).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.game.adjoint import total_gradient
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.forward import pull
from tightrope.game.layout import unpack
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives
from tightrope.game.roots import Convention, primitives_function, strategies_at

if TYPE_CHECKING:
    import xarray as xr

Kind = Literal["action", "value"]


def start_weights(game: Game, start: Mapping[str, Any] | None = None) -> np.ndarray:
    """Distribution over live states, shape (*states), from levels or weights by variable.

    start  state variable -> level, or level -> weight; default: the case's own start
    """
    weights = np.ones(game.shape)
    given = game.case.start if start is None else start
    for place, name in enumerate(game.states):
        entry = given[name]
        odds = {entry: 1.0} if isinstance(entry, str) else dict(entry)
        if not set(odds) <= set(game.levels[name]):
            raise KeyError(f"{name} has levels {list(game.levels[name])}, not {sorted(odds)}")
        row = np.array([float(odds.get(level, 0.0)) for level in game.levels[name]])
        shape = [-1 if n == place else 1 for n in range(len(game.shape))]
        weights = weights * (row / row.sum()).reshape(shape)
    return weights


def statics(found: Equilibrium, quantity: str, *, start: Mapping[str, Any] | None = None) -> xr.Dataset:
    """Value, derivative and elasticity of a quantity by parameter.

    quantity  `MOVE=ACTION`: the chance that the action is taken in the first period from `start`;
              or a player's name: its expected discounted payoff from there
    start     state variable -> level, or level -> weight; default: the case's own start

    Returns variables `derivative` and `elasticity` by `parameter` (elasticity: derivative · θ / quantity,
    zero where θ is zero), and the attribute `quantity`. Raises KeyError for an unknown name and
    NotCertified where the certificate is not good.
    """
    import xarray as xr

    game = found.require().game
    kind, names = _read(game, quantity)
    weights = start_weights(game, start)
    run = _gradient(game, found.convention, kind, names[0])
    pick = np.array([float(action in names[1:]) for action in game.levels.get(names[0], ())])
    value, slope = run(
        jnp.asarray(found.theta), jnp.asarray(found.z), jnp.asarray(weights), jnp.asarray(pick)
    )
    derivative = np.asarray(slope)
    elasticity = derivative * found.theta / float(value) if float(value) else np.full_like(derivative, np.nan)
    return xr.Dataset(
        {"derivative": ("parameter", derivative), "elasticity": ("parameter", elasticity)},
        coords={"parameter": list(game.parameters)},
        attrs={"quantity": quantity, "value": float(value)},
    )


def _read(game: Game, quantity: str) -> tuple[Kind, tuple[str, ...]]:
    move, equals, action = (part.strip() for part in quantity.partition("="))
    if not equals:
        if move not in game.players:
            raise KeyError(
                f"{move!r} is no player; write a player ({', '.join(game.players)}) or MOVE=ACTION"
            )
        return "value", (move,)
    if move not in game.moves:
        raise KeyError(f"{move!r} is no move; the moves are {', '.join(game.moves)}")
    if action not in game.levels[move]:
        raise KeyError(f"{move} has no action {action!r}; it has {', '.join(game.levels[move])}")
    return "action", (move, action)


@lru_cache(maxsize=64)
def _gradient(game: Game, convention: Convention, kind: Kind, name: str) -> Any:
    def quantity(numbers: Primitives, z: Array, weights: Array, pick: Array) -> Array:
        if kind == "value":
            return jnp.sum(weights * unpack(game, z)[0][name].data)
        strategies = strategies_at(game, z, numbers, convention)
        ended = dict.fromkeys(game.terminals, 1.0)

        def happens(odds: Array) -> Array:
            weight = {name: Named(odds, (name,))}
            return pull(game, numbers, strategies, jnp.ones(game.shape), ended, weights=weight)

        # With no action allowed what is left is the chance that the game ends before the move.
        chance = happens(pick) - happens(jnp.zeros_like(pick))
        return jnp.sum(weights * chance)

    ready = primitives_function(game)
    parts = jax.jit(jax.value_and_grad(quantity, argnums=(0, 1)))
    total = total_gradient(game, convention)

    def run(theta: Array, z: Array, weights: Array, pick: Array) -> tuple[Array, np.ndarray]:
        numbers = ready(theta)
        value, (direct, by_z) = parts(numbers, z, weights, pick)
        return value, total(theta, numbers, z, direct, by_z)

    return run
