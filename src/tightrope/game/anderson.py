"""Rounds of Anderson mixing, with plain sweeps between where mixing loses its way.

Plain sweeps are sure-footed but slow: they contract at the rate of the discount factor. Mixing the last
few of them (Anderson 1965; Walker & Ni 2011) is quick once replies have nearly settled, and lost before
that. So rounds of the one and of the other take turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from tightrope.game.mixing import Pairs, as_it_is, mixed_step, no_pairs, remember

Map = Callable[[Array, Any], Array]
Guess = Callable[[Any, Array], Array]
"""(given, gap) -> how far the fixed point may be (`mixing.Spread`, before what it is given)."""

MEMORY = 8
PATIENCE = 20
REST = 30.0
REST_GROWS = 1.5
WORSE = 10.0
SWEEPS = 1_000


class Mixing(NamedTuple):
    """The state of mixing: the point, the best one seen, the last point and its gap, and the memory."""

    z: Array
    best: Array
    best_residual: Array
    round_residual: Array
    last: Array
    last_gap: Array
    pairs: Pairs
    taken: Array
    since: Array
    resting: Array
    rest: Array


def begin(z0: Array) -> Mixing:
    """The state before the first sweep, at z0, shape (n,)."""
    n, zero, infinite = z0.shape[0], jnp.asarray(0), jnp.asarray(jnp.inf)
    return Mixing(
        z0, z0, infinite, infinite, z0, jnp.zeros(n), no_pairs(MEMORY, n, n), zero, zero, zero,
        jnp.asarray(REST),
    )  # fmt: skip


def mix(
    function: Map,
    state: Mixing,
    given: Any,
    *,
    tolerance: Array | float,
    most: Array | int = SWEEPS,
    guess: Guess | None = None,
) -> Mixing:
    """Go on until the best residual is at `tolerance` or `most` sweeps have been taken in all. Traceable.

    Far from a solution mixing extrapolates replies that are about to change, and loses its
    way where plain sweeps do not. So when the residual has not halved within PATIENCE sweeps
    (or grows tenfold) the memory is cleared and plain sweeps are taken, more of them each time.
    """
    spread = as_it_is if guess is None else (lambda gap: guess(given, gap))

    def step(state: Mixing) -> Mixing:
        gap = function(state.z, given) - state.z
        residual = jnp.max(jnp.abs(gap))
        resting = state.resting > 0
        since = jnp.where(resting | (residual < 0.5 * state.round_residual), 0, state.since + 1)
        lost = ~resting & ~(residual < WORSE * state.round_residual)
        stalled = lost | (since >= PATIENCE)
        plain = resting | stalled
        # While sweeps are plain the memory stays empty.
        pairs = remember(
            state.pairs._replace(used=jnp.where(plain, 0.0, state.pairs.used)),
            state.z - state.last,
            gap - state.last_gap,
            jnp.where(plain | (state.taken == 0), 0.0, 1.0),
        )
        better = residual < state.best_residual
        best = jnp.where(better, state.z, state.best)
        return Mixing(
            jnp.where(lost, best, state.z + jnp.where(plain, gap, mixed_step(pairs, gap, spread))),
            best,
            jnp.minimum(residual, state.best_residual),
            jnp.where(plain, jnp.inf, jnp.minimum(residual, state.round_residual)),
            state.z,
            gap,
            pairs,
            state.taken + 1,
            jnp.where(stalled, 0, since),
            jnp.where(stalled, jnp.round(state.rest).astype(int), jnp.maximum(state.resting - 1, 0)),
            jnp.where(stalled, REST_GROWS * state.rest, state.rest),
        )

    return jax.lax.while_loop(lambda s: (s.best_residual > tolerance) & (s.taken < most), step, state)
