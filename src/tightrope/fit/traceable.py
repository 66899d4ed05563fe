"""Prior quantiles as JAX functions, for samplers that trace the log density.

The same map as `tightrope.fit.priors.values`: a normal score v to the parameter
x = F⁻¹(Φ(v)), written so that both tails keep their digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.special import betainc, betaln, log_ndtr, ndtr, ndtri

from tightrope.case.prior import Prior
from tightrope.case.schema import Case
from tightrope.fit.priors import PriorSet

HALVINGS = 60


def theta_function(case: Case, priors: PriorSet) -> Callable[[Array], Array]:
    """`scores (free parameters,) -> theta (parameters of the case,)`, traceable and differentiable."""
    base = jnp.array([parameter.value for parameter in case.parameters.values()])
    positions = jnp.array([list(case.parameters).index(name) for name in priors.names])

    def theta(scores: Array) -> Array:
        found = jnp.stack([quantile(prior, scores[k]) for k, prior in enumerate(priors.priors)])
        whole: Array = base.at[positions].set(found)
        return whole

    return theta


def quantile(prior: Prior, score: Array) -> Array:
    """The prior's quantile at Φ(score)."""
    a = prior.arguments
    match prior.family:
        case "normal":
            return a[0] + a[1] * score
        case "lognormal":
            return a[0] * jnp.exp(a[1] * score)
        case "halfnormal":
            return -a[0] * ndtri(0.5 * ndtr(-score))
        case "exponential":
            return -a[0] * log_ndtr(-score)
        case "uniform":
            return a[0] + (a[1] - a[0]) * ndtr(score)
        case "beta":
            return _beta(score, a[0], a[1])
        case _:
            raise ValueError(f"no such family: {prior.family}")


def _beta(score: Array, a: float, b: float) -> Array:
    """Beta quantile by bisection; its slope by the inverse function theorem."""

    @jax.custom_jvp
    def solve(v: Array) -> Any:
        below = ndtr(v)

        def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
            low, high = ends
            middle = 0.5 * (low + high)
            left = betainc(a, b, middle) < below
            return jnp.where(left, middle, low), jnp.where(left, high, middle)

        low, high = jax.lax.fori_loop(0, HALVINGS, halve, (jnp.zeros_like(v), jnp.ones_like(v)))
        return 0.5 * (low + high)

    @solve.defjvp
    def slope(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
        (v,), (change,) = primals, tangents
        x = solve(v)
        log_density = (a - 1) * jnp.log(x) + (b - 1) * jnp.log1p(-x) - betaln(a, b)
        log_normal = -0.5 * v**2 - 0.5 * jnp.log(2 * jnp.pi)
        return x, change * jnp.exp(log_normal - log_density)

    found: Array = solve(score)
    return found
