"""Pull functions back and push distributions forward through a period, strategies held fixed.

`push` is the linear transpose of `pull`, obtained by transposing the traced walk,
so that the two cannot drift apart. Both use the world's view of nature, neither
discounts nor pays, and terminals are kept as coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.game.compile import Game
from tightrope.game.named import Named, broadcast
from tightrope.game.plan import WORLD
from tightrope.game.primitives import Primitives
from tightrope.game.walk import expectation


def pull(
    game: Game,
    numbers: Primitives,
    strategies: Mapping[str, Named],
    f: Array,
    ended: Mapping[str, Array | float],
    *,
    weights: Mapping[str, Named] | None = None,
    inserts: Mapping[int, Named] | None = None,
) -> Array:
    """Expectation of a function of the next period's state, as a function of this one's.

    f        (*states) value over live states at the end of the period
    ended    terminal -> value there
    weights  move -> factor by action (an indicator turns it into the probability of a move)
    inserts  position -> factor in the states and moves as they stand there
    """
    result = expectation(
        game,
        Named(f, game.states),
        kernels=lambda step: numbers.kernels[step][WORLD],
        exits=lambda step: numbers.exits[step][WORLD],
        strategies=strategies,
        terminals=ended,
        weights=weights,
        inserts=inserts,
    )
    return broadcast(result, game.states, game.sizes).data


def push(
    game: Game,
    numbers: Primitives,
    strategies: Mapping[str, Named],
    live: Array,
    gone: Mapping[str, Array],
    *,
    weights: Mapping[str, Named] | None = None,
    inserts: Mapping[int, Named] | None = None,
) -> tuple[Array, dict[str, Array]]:
    """A distribution at the start of a period to one at its end.

    live     (*states) probability of each live state
    gone     terminal -> probability of having ended there already

    With `weights` or `inserts` the result is a sub-distribution: the part of it in
    which the weighted event happened (what was gone before is passed on unweighted).
    """

    def linear(f: Array, ended: dict[str, Array]) -> Array:
        return pull(game, numbers, strategies, f, ended, weights=weights, inserts=inserts)

    zero = {name: jnp.zeros(()) for name in game.terminals}
    transpose = jax.linear_transpose(linear, jnp.zeros(game.shape), zero)
    moved, ended = transpose(live)
    return moved, {name: gone[name] + ended[name] for name in game.terminals}
