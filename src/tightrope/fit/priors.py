"""Prior distributions: sampling, log densities, and the map to unconstrained coordinates.

A free parameter x is fitted as u with x = x(u): the identity on the real line, exp on
the positive half-line, a scaled logistic on an interval. Densities of u carry the
Jacobian, so a mode in u is a mode of the posterior in those coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.scipy import stats

from tightrope.case.prior import Prior
from tightrope.case.schema import Case, PriorClass


@dataclass(frozen=True)
class PriorSet:
    """The free parameters of a case under one prior class.

    names   free parameters, in the order of u
    priors  their priors, same order
    """

    prior_class: PriorClass
    names: tuple[str, ...]
    priors: tuple[Prior, ...]

    def __len__(self) -> int:
        return len(self.names)


def prior_set(case: Case, prior_class: PriorClass, *, only: Sequence[str] | None = None) -> PriorSet:
    """The case's free parameters and their priors in one class (all of them, or those in `only`)."""
    chosen = [
        (name, parameter.prior[prior_class])
        for name, parameter in case.parameters.items()
        if not parameter.fixed and (only is None or name in only)
    ]
    return PriorSet(prior_class, tuple(n for n, _ in chosen), tuple(p for _, p in chosen))


def draw(priors: PriorSet, *, size: int, seed: int) -> np.ndarray:
    """Independent draws, shape (size, parameters), in the parameters' own units."""
    generator = np.random.default_rng(seed)
    columns = [_draw(prior, generator, size) for prior in priors.priors]
    return np.stack(columns, axis=1) if columns else np.zeros((size, 0))


def _draw(prior: Prior, generator: np.random.Generator, size: int) -> np.ndarray:
    a = prior.arguments
    match prior.family:
        case "normal":
            return generator.normal(a[0], a[1], size)
        case "lognormal":
            return a[0] * np.exp(generator.normal(0.0, a[1], size))
        case "halfnormal":
            return np.abs(generator.normal(0.0, a[0], size))
        case "exponential":
            return generator.exponential(a[0], size)
        case "uniform":
            return generator.uniform(a[0], a[1], size)
        case "beta":
            return generator.beta(a[0], a[1], size)
        case _:
            raise ValueError(f"no such family: {prior.family}")


def log_density(prior: Prior, x: Array) -> Array:
    """Log density of the prior at x, in the parameter's own units."""
    a = prior.arguments
    match prior.family:
        case "normal":
            return stats.norm.logpdf(x, a[0], a[1])
        case "lognormal":
            return stats.norm.logpdf(jnp.log(x), jnp.log(a[0]), a[1]) - jnp.log(x)
        case "halfnormal":
            return stats.norm.logpdf(x, 0.0, a[0]) + jnp.log(2.0)
        case "exponential":
            return -x / a[0] - jnp.log(a[0])
        case "uniform":
            return stats.uniform.logpdf(x, a[0], a[1] - a[0])
        case "beta":
            return stats.beta.logpdf(x, a[0], a[1])
        case _:
            raise ValueError(f"no such family: {prior.family}")


def constrain(priors: PriorSet, u: Array) -> Array:
    """Unconstrained u, shape (parameters,), to the parameters' own units."""
    parts = []
    for number, prior in enumerate(priors.priors):
        low, high = prior.support
        if np.isinf(low):
            parts.append(u[number])
        elif np.isinf(high):
            parts.append(low + jnp.exp(u[number]))
        else:
            parts.append(low + (high - low) / (1.0 + jnp.exp(-u[number])))
    return jnp.stack(parts) if parts else jnp.zeros(0)


def unconstrain(priors: PriorSet, x: np.ndarray) -> np.ndarray:
    """Inverse of `constrain`; values on the edge of the support are moved just inside."""
    parts = []
    for number, prior in enumerate(priors.priors):
        low, high = prior.support
        value = float(x[number])
        if np.isinf(low):
            parts.append(value)
        elif np.isinf(high):
            parts.append(float(np.log(max(value - low, 1e-12))))
        else:
            share = min(max((value - low) / (high - low), 1e-9), 1 - 1e-9)
            parts.append(float(np.log(share / (1.0 - share))))
    return np.array(parts)


def log_prior(priors: PriorSet, u: Array) -> Array:
    """Log density of u: the priors' densities and the Jacobian of `constrain`."""
    x = constrain(priors, u)
    total = jnp.asarray(0.0)
    for number, prior in enumerate(priors.priors):
        low, high = prior.support
        total = total + log_density(prior, x[number])
        if np.isinf(low):
            continue
        if np.isinf(high):
            total = total + u[number]
        else:
            share = (x[number] - low) / (high - low)
            total = total + jnp.log(high - low) + jnp.log(share) + jnp.log1p(-share)
    return total


def full_theta(case: Case, priors: PriorSet, values: Mapping[str, float] | np.ndarray) -> np.ndarray:
    """A whole parameter vector: the reference values with the free ones replaced."""
    given = values if isinstance(values, Mapping) else dict(zip(priors.names, values, strict=True))
    return np.array([given.get(n, p.value) for n, p in case.parameters.items()], dtype=float)
