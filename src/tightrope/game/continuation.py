"""Continuation in precision: reach a hard equilibrium by way of easier ones.

At precision zero play is uniform and the equilibrium unique. Where a direct solve
fails, every mover's precision is scaled down to where it succeeds and raised in
steps, each solve starting from the last (the principal branch of Turocy 2005, by
natural continuation: a fold is reported as a failure, not followed).
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from tightrope.game.fixed_point import Root
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives

Find = Callable[[Primitives, Array], Root]

FIRST_STEP = 0.5
SMALLEST_STEP = 0.04
MOST_SOLVES = 16
MOST_FAILURES = 4


def find_root(
    find: Find, numbers: Primitives, z0: Array, *, easy: Array, tolerance: float
) -> tuple[Root, str]:
    """The fixed point from z0, by continuation in precision where the direct way fails; and the method.

    find  a direct solve, (primitives, start) -> root
    easy  where the first solve of a continuation starts

    The root that comes back may still have a residual above the tolerance: the best
    there is, for the certificate to judge.
    """
    direct = find(numbers, z0)
    name = method_of(direct)
    if float(direct.residual) <= tolerance:
        return direct, name
    reached, step, failures = 0.0, FIRST_STEP, 0
    z = easy
    for _ in range(MOST_SOLVES):
        share = min(1.0, reached + step)
        trial = find(scale_precision(numbers, share), z)
        if float(trial.residual) <= tolerance:
            if share == 1.0:
                return trial, f"{name}, continuation in precision"
            reached, z, step = share, trial.z, 1.5 * step
            continue
        failures += 1
        step *= 0.5
        if step < SMALLEST_STEP or failures >= MOST_FAILURES:
            break
    return direct, f"{name}, continuation in precision up to {reached:.2f}"


def method_of(root: Root) -> str:
    """What a direct solve used."""
    return "anderson" if int(root.steps) == 0 else "anderson, newton-krylov"


def scale_precision(numbers: Primitives, share: float) -> Primitives:
    """The same primitives with every precision multiplied by `share`."""
    scaled = {
        move: Named(precision.data * jnp.asarray(share), precision.axes)
        for move, precision in numbers.precision.items()
    }
    return numbers._replace(precision=scaled)
