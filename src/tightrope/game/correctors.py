"""Ways back to a branch of solutions of z = T(z; s) from a point predicted beside it.

A point is x = (z, √n·s): s counts as much as all of z together. A correction moves across the
direction of travel, in the plane through the prediction. One way mixes sweeps and remembers
them from step to step of the walk; the other is Newton with GMRES on the full derivative,
plane included, which does not mind how replies chase each other (Keller 1977).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.sparse.linalg import gmres

from tightrope.compiled.kept import kept
from tightrope.game.anderson import Guess
from tightrope.game.mixing import Pairs, as_it_is, mixed_step_across, no_pairs, remember

ScaledMap = Callable[[Array, Any, Array], Array]
"""One sweep: (z, given, share of every precision) -> image of z."""

MEMORY = 12
KRYLOV = 60
WORSE = 1e3
"""A correction whose gap grows to this many times the lowest one seen has lost its way."""


class Memory(NamedTuple):
    """What mixing remembers: pairs of changes, and the last point with its gap."""

    pairs: Pairs
    x: Array
    gap: Array


class Corrected(NamedTuple):
    """A corrected point x, the sup norm of T(z; s) - z there, sweeps (or the like) taken, and the memory."""

    x: Array
    residual: Array
    sweeps: Array
    memory: Memory


class Correctors(NamedTuple):
    """Compiled pieces of a step. Directions have length one.

    mixing   (given, predicted x, direction, tolerance, most sweeps, memory) -> Corrected
    newton   (given, predicted x, direction, tolerance, most Newton steps, memory) -> Corrected
    tangent  (given, x, direction) -> the branch's direction at x, on `direction`'s side
    """

    mixing: Callable[[Any, Array, Array, float, int, Memory], Corrected]
    newton: Callable[[Any, Array, Array, float, int, Memory], Corrected]
    tangent: Callable[[Any, Array, Array], Array]


def no_memory(x: Array) -> Memory:
    """The memory of a walk that starts at x: one pair of length zero, and nothing else.

    Its types are those of a memory that a correction gives back: else each correction is compiled twice.
    """
    unknown = jnp.full(x.shape[0] - 1, jnp.nan, dtype=x.dtype)
    return Memory(no_pairs(MEMORY, x.shape[0], x.shape[0] - 1), x, unknown)


def correctors(
    function: ScaledMap, guess: Guess | None = None, *, of: Sequence[object] | None = None
) -> Correctors:
    """Compile the two ways back to the branch for one map.

    guess  how far the branch may be from a gap: it steers mixing, and preconditions Newton's linear systems
    of     what both close over (see `kept`)
    """

    def ahead(gap: Array, given: Any) -> Array:
        return gap if guess is None else guess(given, gap)

    def ahead_along(v: Array, given: Any) -> Array:
        return jnp.append(ahead(v[:-1], given), v[-1])

    def gap_at(x: Array, given: Any) -> Array:
        n = x.shape[0] - 1
        return function(x[:n], given, x[n] / jnp.sqrt(float(n))) - x[:n]

    def flat(x: Array, given: Any, through: Array, direction: Array) -> Array:
        """The gap, and how far x is behind the plane through a point."""
        return jnp.append(gap_at(x, given), -jnp.vdot(direction, x - through))

    def mixing(
        given: Any, predicted: Array, direction: Array, tolerance: Array, most: Array, memory: Memory
    ) -> Corrected:
        def step(state: _Mixing) -> _Mixing:
            gap = gap_at(state.x, given)
            residual = jnp.max(jnp.abs(gap))
            pairs = remember(state.memory.pairs, state.x - state.memory.x, gap - state.memory.gap)
            done = residual <= tolerance
            spread = as_it_is if guess is None else partial(guess, given)
            move = jnp.where(done, 0.0, mixed_step_across(pairs, gap, direction, spread))
            return _Mixing(
                state.x + move,
                residual,
                jnp.minimum(residual, state.lowest),
                Memory(pairs, state.x, gap),
                state.taken + 1,
            )

        infinite = jnp.asarray(jnp.inf)
        state = jax.lax.while_loop(
            lambda s: (s.residual > tolerance) & (s.taken < most) & ~(s.residual > WORSE * s.lowest),
            step,
            _Mixing(predicted, infinite, infinite, memory, jnp.asarray(0)),
        )
        return Corrected(state.memory.x, state.residual, state.taken, state.memory)

    def newton(
        given: Any, predicted: Array, direction: Array, tolerance: Array, most: Array, memory: Memory
    ) -> Corrected:
        def step(state: _Newton) -> _Newton:
            value, derivative = jax.linearize(lambda x: flat(x, given, predicted, direction), state.x)
            change, _ = gmres(  # type: ignore[no-untyped-call]
                lambda v: -derivative(ahead_along(v, given)),
                value,
                tol=1e-3,
                atol=0.0,
                restart=KRYLOV,
                maxiter=3,
                solve_method="incremental",
            )
            x = state.x + ahead_along(change, given)
            return _Newton(x, jnp.max(jnp.abs(gap_at(x, given))), state.residual, state.taken + 1)

        infinite = jnp.asarray(jnp.inf)
        state = jax.lax.while_loop(
            lambda s: (
                (s.taken < 1)
                | ((s.residual > tolerance) & (s.taken < most) & ((s.taken < 3) | (s.residual < s.before)))
            ),
            step,
            _Newton(predicted, infinite, infinite, jnp.asarray(0)),
        )
        return Corrected(state.x, state.residual, KRYLOV * state.taken, memory)

    def tangent(given: Any, x: Array, direction: Array) -> Array:
        _, derivative = jax.linearize(lambda y: flat(y, given, x, direction), x)
        solution, _ = gmres(  # type: ignore[no-untyped-call]
            lambda v: -derivative(ahead_along(v, given)),
            jnp.zeros_like(x).at[-1].set(1.0),
            tol=1e-4,
            atol=0.0,
            restart=KRYLOV,
            maxiter=4,
            solve_method="incremental",
        )
        along = ahead_along(solution, given)
        unit: Array = along / jnp.linalg.norm(along)
        return unit

    return Correctors(kept(mixing, of=of), kept(newton, of=of), kept(tangent, of=of))


class _Mixing(NamedTuple):
    x: Array
    residual: Array
    lowest: Array
    memory: Memory
    taken: Array


class _Newton(NamedTuple):
    x: Array
    residual: Array
    before: Array
    taken: Array
