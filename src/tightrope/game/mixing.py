"""Anderson mixing: the next point from the last few changes of a point and of its gap T(z) - z.

Each remembered pair says that a change dz of the point came with a change dg of the gap. The
next step is the combination of pairs that leaves the smallest gap, plus that gap itself
(Anderson 1965; Walker & Ni 2011). The Gram matrix is kept up to date one row at a time, so
that a step costs a few passes over the memory and no more.

Where a gap's whole way to the solution can be guessed (`Spread`), the guess takes the place of the gap that
the combination leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

RIDGE = 1e-13
Spread = Callable[[Array], Array]
"""Linear: from a gap to a guess at how far the solution is."""


def as_it_is(gap: Array) -> Array:
    """The guess of one who knows nothing: the gap itself."""
    return gap


class Pairs(NamedTuple):
    """The last few changes, each scaled so that its change of gap has length one.

    points  (memory, p) changes of the point; p is n, or n + 1 on a branch
    gaps    (memory, n) changes of the gap
    gram    (memory, memory) inner products of `gaps`
    used    (memory,) 1 where a row holds a pair
    slot    the row to be written next
    """

    points: Array
    gaps: Array
    gram: Array
    used: Array
    slot: Array


def no_pairs(memory: int, point: int, gap: int) -> Pairs:
    """An empty memory for points and gaps of the given lengths."""
    return Pairs(
        jnp.zeros((memory, point)),
        jnp.zeros((memory, gap)),
        jnp.zeros((memory, memory)),
        jnp.zeros(memory),
        jnp.zeros((), dtype=int),
    )


def remember(pairs: Pairs, point: Array, gap: Array, keep: Array | float = 1.0) -> Pairs:
    """The memory with one more pair, in place of the oldest; a row written with keep = 0 counts as empty."""
    length = jnp.sqrt(jnp.vdot(gap, gap))
    known = jnp.where((length > 0.0) & jnp.isfinite(length), 1.0, 0.0) * keep
    scale = jnp.where(known > 0.0, 1.0 / jnp.where(length > 0.0, length, 1.0), 0.0)
    unit = jnp.where(known > 0.0, gap * scale, 0.0)
    gaps = pairs.gaps.at[pairs.slot].set(unit)
    row = gaps @ unit
    return Pairs(
        pairs.points.at[pairs.slot].set(jnp.where(known > 0.0, point * scale, 0.0)),
        gaps,
        pairs.gram.at[pairs.slot].set(row).at[:, pairs.slot].set(row),
        pairs.used.at[pairs.slot].set(known),
        (pairs.slot + 1) % pairs.used.shape[0],
    )


def mixed_step(pairs: Pairs, gap: Array, spread: Spread = as_it_is) -> Array:
    """The step to take from a point with this gap, shape (n,)."""
    both = pairs.used[:, None] * pairs.used
    system = jnp.where(both > 0.0, pairs.gram, 0.0) + jnp.diag(RIDGE + (1.0 - pairs.used))
    weights = jnp.linalg.solve(system, -(pairs.gaps @ gap) * pairs.used) * pairs.used
    step: Array = weights @ pairs.points + spread(gap + weights @ pairs.gaps)
    return step


def mixed_step_across(pairs: Pairs, gap: Array, direction: Array, spread: Spread = as_it_is) -> Array:
    """The same for a point (z, √n·share) of a branch, shape (n + 1,): a step across `direction`.

    The pairs hold changes of share too; `direction` has length one. The combination is the one
    that leaves the smallest gap among those that stay in the plane.
    """
    n, memory = gap.shape[0], pairs.used.shape[0]
    both = pairs.used[:, None] * pairs.used
    # How far a gap, spread, moves along the direction: spread · direction, transposed once for all pairs.
    if spread is as_it_is:
        along = direction[:n]
    else:
        (along,) = jax.linear_transpose(spread, gap)(direction[:n])
    tilt = (pairs.points @ direction + pairs.gaps @ along) * pairs.used
    system = jnp.zeros((memory + 1, memory + 1))
    system = system.at[:memory, :memory].set(jnp.where(both > 0.0, pairs.gram, 0.0))
    system = system + jnp.diag(jnp.append(RIDGE + (1.0 - pairs.used), -1e-12))
    system = system.at[memory, :memory].set(tilt).at[:memory, memory].set(tilt)
    right = jnp.append(-(pairs.gaps @ gap) * pairs.used, -jnp.vdot(gap, along))
    weights = jnp.linalg.solve(system, right)[:memory] * pairs.used
    step = jnp.append(spread(gap + weights @ pairs.gaps), 0.0) + weights @ pairs.points
    across: Array = step - jnp.vdot(step, direction) * direction
    return across
