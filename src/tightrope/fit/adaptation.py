"""Warm-up of a Hamiltonian sampler: step size by dual averaging, metric from windows of draws (BlackJAX's).

BlackJAX runs a whole warm-up in one call. Here it goes draw by draw, so that one that is cut off goes on.
A metric is dense, or the variances alone: a few dozen draws say nothing of thousands of covariances.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

FIRST_STEP = 0.5


class Warming(NamedTuple):
    """Where a warm-up stands: dual averaging, running covariance, and what the next draw is made with."""

    averaging: Any
    metric: Any
    step_size: Array
    inverse_mass: Array


def schedule(draws: int) -> list[tuple[int, bool]]:
    """For each draw of a warm-up whether the metric learns from it, and whether its window ends there."""
    from blackjax.adaptation.staged_adaptation import build_schedule

    return [(int(kind), bool(last)) for kind, last in build_schedule(draws)]


@lru_cache(maxsize=8)
def _parts(target: float, dense: bool = True) -> tuple[Any, Any]:
    from blackjax.adaptation.mass_matrix import mass_matrix_adaptation
    from blackjax.adaptation.step_size import dual_averaging_adaptation

    return dual_averaging_adaptation(target), mass_matrix_adaptation(not dense)


def begin(covariance: np.ndarray, *, target: float) -> Warming:
    """The start of a warm-up.

    covariance  a guess at the posterior's, (parameters, parameters); (parameters,) for a metric of variances
    """
    (start, _, _), (metric, _, _) = _parts(target, covariance.ndim == 2)
    guess = jnp.asarray(covariance)
    averaging = jax.tree.map(lambda x: jnp.asarray(x, dtype=float), start(FIRST_STEP))
    gathered = jax.tree.map(jnp.asarray, metric(len(covariance), guess))
    return Warming(averaging, gathered, jnp.asarray(FIRST_STEP), guess)


@lru_cache(maxsize=8)
def learn(target: float, dense: bool = True) -> Any:
    """Compiled: (warming, learns, last, position, acceptance) -> warming after one draw."""
    (start, average, settled), (_, gather, close) = _parts(target, dense)

    @jax.jit
    def run(now: Warming, learns: Array, last: Array, position: Array, acceptance: Array) -> Warming:
        averaging = average(now.averaging, acceptance)
        metric = jax.lax.cond(learns, lambda: gather(now.metric, position), lambda: now.metric)
        moved = Warming(averaging, metric, jnp.exp(averaging.log_step_size), now.inverse_mass)

        def end_window() -> Warming:
            fresh = close(moved.metric)
            again = jax.tree.map(lambda x: jnp.asarray(x, dtype=float), start(settled(moved.averaging)))
            return Warming(again, fresh, jnp.exp(again.log_step_size), fresh.inverse_mass_matrix)

        found: Warming = jax.lax.cond(last, end_window, lambda: moved)
        return found

    return run


def settled(now: Warming, *, target: float) -> Warming:
    """The warm-up's last word: the averaged step size."""
    (_, _, final), _ = _parts(target)
    found: Warming = now._replace(step_size=jnp.asarray(final(now.averaging)))
    return found


def warming_data(now: Warming) -> list[Any]:
    """Plain data."""
    return [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(now)]


def warming_from(data: list[Any], *, size: int, target: float, dense: bool = True) -> Warming:
    """Inverse of `warming_data`, for `size` parameters."""
    like = begin(np.eye(size) if dense else np.ones(size), target=target)
    leaves, structure = jax.tree.flatten(like)
    given = [jnp.asarray(x, dtype=leaf.dtype) for x, leaf in zip(data, leaves, strict=True)]
    found: Warming = jax.tree.unflatten(structure, given)
    return found
