"""Logit choice: probabilities of a move's actions, expectations over them, and the log-sum."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.game import kernels
from tightrope.game.compile import Game
from tightrope.game.named import Named, add, combine, grouped, scalar, sum_product


def _odds(
    game: Game, value: Named, precision: Named, available: Named | None, move: str
) -> tuple[Array, tuple[str, ...], tuple[int, ...], int]:
    """Precision times value along the move's axis; minus infinity where an action is closed."""
    order = game.order
    if move not in value.axes:
        value = add(order, value, Named(jnp.zeros(game.sizes[move]), (move,)))
    limit = scalar(1.0) if available is None else available
    g = grouped(order, value, precision, limit, keep=(move,))
    (x, p, a), axes, shape, place = g.arrays, g.axes, g.shape, g.places[move]
    odds = x * p
    if available is not None:
        odds = jnp.where(a != 0, odds, -jnp.inf)
    return odds, axes, shape, place


def logit(game: Game, value: Named, precision: Named, available: Named | None, move: str) -> Named:
    """Logit choice probabilities along the axis `move` (McKelvey and Palfrey 1995)."""
    odds, axes, shape, place = _odds(game, value, precision, available, move)
    return Named(kernels.softmax(odds, place=place).reshape(shape), axes)


def mix(game: Game, f: Named, strategy: Named, move: str) -> Named:
    """Expectation of `f` over the actions of a move."""
    if move not in f.axes:
        return f
    return sum_product(game.order, strategy, f, move)


def surplus(game: Game, value: Named, precision: Named, available: Named | None, move: str) -> Named:
    """The log-sum value of a move, ln(sum exp(λ·value))/λ, without Euler's constant (Rust 1987)."""
    odds, axes, shape, place = _odds(game, value, precision, available, move)
    summed = jax.nn.logsumexp(odds, axis=place)
    where = axes.index(move)
    rest = Named(summed.reshape(shape[:where] + shape[where + 1 :]), axes[:where] + axes[where + 1 :])
    return combine(game.order, jnp.divide, rest, precision)


def deviation_gain(game: Game, value: Named, strategy: Named, available: Named | None, move: str) -> Named:
    """What the mover would gain, in payoff, by its best open action in place of its mixture."""
    limit = scalar(1.0) if available is None else available
    open_value = combine(game.order, lambda x, a: jnp.where(a != 0, x, -jnp.inf), value, limit)
    if move not in open_value.axes:
        return scalar(0.0)
    where = open_value.axes.index(move)
    best = Named(jnp.max(open_value.data, axis=where), open_value.axes[:where] + open_value.axes[where + 1 :])
    return combine(game.order, jnp.subtract, best, mix(game, value, strategy, move))
