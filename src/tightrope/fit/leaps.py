"""The steps of a chain along gradients, compiled: a trajectory, and a slice through the other parameters.

Both see the same density: that of the normal scores, with an equilibrium solved at each point from one given
neighbour, and zero where there is no certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.priors import PriorSet
from tightrope.fit.traceable import theta_function
from tightrope.game.chains import Chains
from tightrope.game.compile import Game
from tightrope.game.equilibrium import TOLERANCE
from tightrope.record.likelihood import log_likelihood

ADJOINT = 1e-4
"""Accuracy of a gradient's linear system: how well steps keep their energy hangs on it, and no draw does."""
Near = tuple[Array, Chains | None]
"""Where solves begin: a fixed point, and the chains there."""


def places(priors: PriorSet, sampled: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where the sampled parameters and the others stand in a score vector."""
    inside = np.array([name in sampled for name in priors.names])
    return np.flatnonzero(inside), np.flatnonzero(~inside)


@lru_cache(maxsize=8)
def compiled(game: Game, priors: PriorSet, sampled: tuple[str, ...], doublings: int) -> Any:
    """Compiled likelihood, start, step along gradients and step by slices.

    `r` are the scores of the other parameters, `u` those of the sampled ones in coordinates of their own,
    s = shape @ u. The record and where solves begin, a fixed point and its chains, are arguments.
    """
    from blackjax.mcmc import elliptical_slice, nuts

    theta = theta_function(game.case, priors)
    inside, outside = places(priors, sampled)

    def likelihood(s: Array, r: Array, arrays: Mapping[str, Any], near: Near) -> Array:
        whole = jnp.zeros(len(priors)).at[inside].set(s).at[outside].set(r)
        found = log_likelihood(game, arrays, theta(whole), near[0], chains=near[1], adjoint=ADJOINT)
        certified = (found.residual <= TOLERANCE) & jnp.isfinite(found.value)
        return jnp.where(certified, found.value, -jnp.inf)

    def density(r: Array, arrays: Mapping[str, Any], near: Near, shape: Array) -> Callable[[Array], Array]:
        def log_posterior(u: Array) -> Array:
            s = shape @ u
            here = jax.lax.stop_gradient(s)
            value, slope = jax.value_and_grad(likelihood)(here, r, arrays, near)
            known = jnp.isfinite(value) & jnp.all(jnp.isfinite(slope))
            value = jnp.where(known, value, -jnp.inf)
            # Where there is no certificate there is no slope either: the sampler must not see a nan.
            slope = jnp.where(known, slope, 0.0)
            return value + jnp.vdot(jax.lax.stop_gradient(slope), s - here) - 0.5 * jnp.vdot(s, s)

        return log_posterior

    def start(u: Array, r: Array, arrays: Mapping[str, Any], near: Near, shape: Array) -> Any:
        return nuts.init(u, density(r, arrays, near, shape))

    kernel = nuts.build_kernel()

    def move(
        key: Array, state: Any, r: Array, arrays: Any, near: Near, shape: Array, size: Array, mass: Array
    ) -> Any:
        return kernel(key, state, density(r, arrays, near, shape), size, mass, doublings)

    def slice_others(
        key: Array, s: Array, r: Array, arrays: Any, near: Near, mean: Array, root: Array
    ) -> tuple[Array, Array, Array]:
        def relative(r: Array) -> Array:
            standard = jax.scipy.linalg.solve_triangular(root, r - mean, lower=True)
            value = likelihood(s, r, arrays, near) - 0.5 * jnp.vdot(r, r) + 0.5 * jnp.vdot(standard, standard)
            return jnp.where(jnp.isnan(value), -jnp.inf, value)

        step = elliptical_slice.build_kernel(root @ root.T, mean)
        now, info = step(key, elliptical_slice.init(r, relative), relative)
        return now.position, now.logdensity, info.subiter

    return jax.jit(start), jax.jit(move), jax.jit(slice_others)
