"""Mixtures of multivariate t densities: what evidence is estimated with.

One component stands around each posterior mode, or one is fitted to posterior draws; a small share
of the prior may be mixed in, which bounds what a region that no mode covers can weigh (Hesterberg 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from tightrope.fit.laplace import Laplace, effective_size

Array = NDArray[Any]

DEGREES = 8.0
"""Of the proposal for importance sampling. Heavy tails cost little: of draws for a normal target in 15
dimensions 75 % are left, in 70 dimensions 43 %."""
HEAVIEST, LOCAL_SHARE = 3, 0.2
"""Components around heavy draws, and their share: they guard against thin places, and cost elsewhere."""
CLOSE = 30.0
"""Of a density fitted to posterior draws, which should be close to them more than safe."""
PRIOR_SHARE = 0.05
LEAST = 0.1
"""No mode has a smaller share of the mixture than so much of an equal one: heights can mislead."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weighted t components; infinite degrees of freedom: normal ones.

    weights  (components,)
    means    (components, parameters)
    roots    (components, parameters, parameters) lower Cholesky factors of the scale matrices
    degrees  (components,)
    """

    weights: Array
    means: Array
    roots: Array
    degrees: Array


def log_density(mixture: Mixture, points: Array) -> Array:
    """Log density at points (n, parameters), shape (n,), normalised."""
    parts = [
        np.log(weight) + _log_t(points, mean, root, float(nu))
        for weight, mean, root, nu in zip(
            mixture.weights, mixture.means, mixture.roots, mixture.degrees, strict=True
        )
    ]
    return np.asarray(logsumexp(np.stack(parts), axis=0))


def draw(mixture: Mixture, *, size: int, generator: np.random.Generator) -> Array:
    """Independent draws, shape (size, parameters)."""
    which = generator.choice(len(mixture.weights), size=size, p=mixture.weights)
    normal = generator.normal(size=(size, mixture.means.shape[1]))
    nu = mixture.degrees[which]
    heavy = np.isfinite(nu)
    stretch = np.ones(size)
    stretch[heavy] = np.sqrt(nu[heavy] / generator.chisquare(nu[heavy]))
    moved = np.einsum("nij,nj->ni", mixture.roots[which], normal)
    return np.asarray(mixture.means[which] + stretch[:, None] * moved)


def around_modes(
    modes: Sequence[Laplace],
    heights: Sequence[float],
    *,
    degrees: float = DEGREES,
    prior_share: float = PRIOR_SHARE,
) -> Mixture:
    """A t around each mode, weighted by its Laplace evidence, and a share of the standard normal prior.

    heights  log posterior at each mode, up to a common constant
    """
    size = len(modes[0].mean)
    roots = np.stack([np.linalg.cholesky(m.covariance) for m in modes])
    volume = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    mass = np.array(heights) + volume
    share = np.exp(mass - logsumexp(mass))
    share = np.maximum(share, LEAST / len(modes))
    share /= share.sum()
    return Mixture(
        np.append((1.0 - prior_share) * share, prior_share),
        np.vstack([[m.mean for m in modes], np.zeros((1, size))]),
        np.concatenate([roots, np.eye(size)[None]]),
        np.append(np.full(len(modes), degrees), np.inf),
    )


def without_prior(mixture: Mixture) -> Mixture:
    """The components around modes alone, of what `around_modes` made."""
    kept = mixture.weights[:-1] / mixture.weights[:-1].sum()
    return Mixture(kept, mixture.means[:-1], mixture.roots[:-1], mixture.degrees[:-1])


def moments(mixture: Mixture) -> tuple[Array, Array]:
    """Mean (parameters,) and covariance (parameters, parameters); scale matrices count as covariances."""
    mean = mixture.weights @ mixture.means
    apart = mixture.means - mean
    within = np.einsum("k,kij,klj->il", mixture.weights, mixture.roots, mixture.roots)
    return mean, np.asarray(within + (mixture.weights[:, None] * apart).T @ apart)


def fitted(draws: Array, *, shape: Array, effective: float, degrees: float = CLOSE) -> Mixture:
    """One t with the moments of draws (n, parameters), shrunk towards a shape known beforehand.

    shape      (parameters, parameters) Cholesky factor of the covariance that draws are shrunk towards
    effective  how many independent draws they are worth

    The shrinkage is the oracle approximating one (Chen, Wiesel, Eldar & Hero 2010), in coordinates
    in which the known shape is the unit matrix: few draws hardly move it, many replace it.
    """
    even = np.full(len(draws), 1.0 / len(draws))
    return _fitted(draws, even, shape=shape, effective=effective, degrees=degrees)


def adapted(mixture: Mixture, points: Array, log_weights: Array, *, shape: Array) -> Mixture:
    """A mixture taught by weighted draws from it: half of the new one is what they add.

    One t is fitted to the draws, their weights tempered until they are worth a tenth of them, so that a
    few heavy ones do not decide alone (adaptive importance sampling; Cappé et al. 2008). Others stand
    around the heaviest draws, where the mixture was thinnest for what lies there, with the moments of the
    draws nearest to each (incremental mixture importance sampling; Raftery & Bao 2010). Draws that say
    nothing leave the mixture as it is.

    shape  (parameters, parameters) Cholesky factor of a covariance that both are shrunk towards
    """
    if np.isfinite(log_weights).sum() < 3:
        return mixture
    tempered = _tempered(log_weights, worth=0.1 * len(points))
    weights = np.exp(tempered - logsumexp(tempered))
    parts = [_fitted(points, weights, shape=shape, effective=effective_size(tempered), degrees=DEGREES)]
    white = np.linalg.solve(shape, points.T).T
    free = np.isfinite(log_weights)
    near = max(10, len(points) // 10)
    for _ in range(HEAVIEST):
        if free.sum() < near:
            break
        centre = int(np.argmax(np.where(free, log_weights, -np.inf)))
        order = np.argsort(((white - white[centre]) ** 2).sum(axis=1) + np.where(free, 0.0, np.inf))[:near]
        local = _fitted(
            points[order], np.full(near, 1.0 / near), shape=shape, effective=near / 2, degrees=DEGREES
        )
        parts.append(Mixture(np.ones(1), points[centre][None], local.roots, local.degrees))
        free[order] = False
    local_share = LOCAL_SHARE if len(parts) > 1 else 0.0
    shares = [0.5 - local_share, *(local_share / (len(parts) - 1) for _ in parts[1:])]
    return Mixture(
        np.concatenate([shares, 0.5 * mixture.weights]),
        np.concatenate([*(p.means for p in parts), mixture.means]),
        np.concatenate([*(p.roots for p in parts), mixture.roots]),
        np.concatenate([*(p.degrees for p in parts), mixture.degrees]),
    )


def _tempered(log_weights: Array, *, worth: float) -> Array:
    """The highest power of the weights, at most the first, whose effective size is `worth`."""
    low, high = 0.0, 1.0
    if effective_size(log_weights) >= worth:
        return log_weights
    for _ in range(40):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective_size(_power(log_weights, middle)) >= worth else (low, middle)
    return _power(log_weights, low)


def _power(log_weights: Array, power: float) -> Array:
    return np.where(np.isfinite(log_weights), power * log_weights, -np.inf)


def _fitted(draws: Array, weights: Array, *, shape: Array, effective: float, degrees: float) -> Mixture:
    mean = weights @ draws
    white = np.linalg.solve(shape, (draws - mean).T)
    size, count = len(white), max(2.0, effective)
    sample = (weights * white) @ white.T
    scale = float(np.trace(sample)) / size
    squares = float((sample**2).sum())
    above = (1.0 - 2.0 / size) * squares + (scale * size) ** 2
    below = (count + 1.0 - 2.0 / size) * (squares - scale**2 * size)
    rho = 1.0 if below <= 0 else min(1.0, above / below)
    root = shape @ np.linalg.cholesky((1.0 - rho) * sample + rho * scale * np.eye(size))
    return Mixture(np.ones(1), mean[None], root[None], np.array([degrees]))


def _log_t(points: Array, mean: Array, root: Array, nu: float) -> Array:
    size = len(mean)
    square = (np.linalg.solve(root, (points - mean).T) ** 2).sum(axis=0)
    volume = float(np.log(np.diagonal(root)).sum())
    if not np.isfinite(nu):
        return np.asarray(-0.5 * square - volume - 0.5 * size * np.log(2 * np.pi))
    constant = float(gammaln((nu + size) / 2) - gammaln(nu / 2)) - 0.5 * size * np.log(nu * np.pi)
    return np.asarray(constant - volume - 0.5 * (nu + size) * np.log1p(square / nu))
