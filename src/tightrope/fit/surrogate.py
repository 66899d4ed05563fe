"""A stand-in for the log-likelihood in a few parameters, learned from its values and gradients.

A quadratic and, on what it leaves, a Gaussian process with a squared-exponential kernel, conditioned on both
(Rasmussen 2003; Solak et al. 2003). It is cheap, smooth and wrong; `surrogate_chains` puts it right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

Numbers = NDArray[Any]

LENGTHS = (1.5, 2.0, 3.0, 4.5, 6.5, 9.0, 13.0)
"""Length scales tried, in posterior sds."""
NOISE = 1e-4
"""What is left of a datum, as a share of the process's sd: it keeps the system well posed."""
DEEP = 60.0
"""Points so many nats below the best one are left out: no draw goes there, and they bend what is near."""


class Surrogate(NamedTuple):
    """The stand-in; a pytree of arrays, its points padded to one size so that programs are compiled once.

    centre, white    x = white @ (s - centre) are its coordinates
    level, slope, curve  its quadratic: level + slope·x + x·curve·x/2
    points, values, slopes, length  its process: Σ k(x, x_i)(values_i + slopes_i·(x - x_i)/length²)
    top  what the process stays below
    """

    centre: Array
    white: Array
    level: Array
    slope: Array
    curve: Array
    points: Array
    values: Array
    slopes: Array
    length: Array
    top: Array


UNBOUNDED = 1e9
"""A `top` that changes nothing."""


def guessed(found: Surrogate, s: Array) -> Array:
    """The stand-in's log-likelihood at scores s, shape (parameters,). Traceable."""
    x = found.white @ (s - found.centre)
    apart = x - found.points
    near = jnp.exp(-0.5 * jnp.sum(apart**2, axis=1) / found.length**2)
    process = near @ (found.values + jnp.sum(found.slopes * apart, axis=1) / found.length**2)
    bounded = -jnp.logaddexp(-process, -found.top)
    return found.level + found.slope @ x + 0.5 * x @ found.curve @ x + bounded


@dataclass(frozen=True, eq=False)
class Seen:
    """Log-likelihoods (n,) and their gradients (n, parameters) at points (n, parameters), all certified."""

    points: Numbers
    values: Numbers
    gradients: Numbers

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            np.concatenate([self.points, other.points]),
            np.concatenate([self.values, other.values]),
            np.concatenate([self.gradients, other.gradients]),
        )


def learned(seen: Seen, *, centre: Numbers, root: Numbers, room: int) -> Surrogate:
    """The stand-in that what was seen teaches.

    centre, root  where the posterior is thought to lie, and a Cholesky factor of its covariance
    room          points to make room for, at least as many as were seen
    """
    good = seen.values > seen.values.max() - DEEP
    white = np.linalg.inv(root)
    x = (seen.points[good] - centre) @ white.T
    values, slopes = seen.values[good], seen.gradients[good] @ root
    level, slope, curve = _quadratic(x, values, slopes)
    rest = values - level - x @ slope - 0.5 * np.einsum("ni,ij,nj->n", x, curve, x)
    rest_slopes = slopes - slope - x @ curve
    length, alpha, beta = _process(x, rest, rest_slopes)
    n, d = x.shape
    padded = np.zeros((3, room, d))
    padded[0, :n], padded[1, :n, 0], padded[2, :n] = x, alpha, beta
    return Surrogate(
        jnp.asarray(centre), jnp.asarray(white), jnp.asarray(level), jnp.asarray(slope), jnp.asarray(curve),
        jnp.asarray(padded[0]), jnp.asarray(padded[1, :, 0]), jnp.asarray(padded[2]), jnp.asarray(length),
        jnp.asarray(UNBOUNDED),
    )  # fmt: skip


def surrogate_data(found: Surrogate) -> list[Any]:
    """Plain data."""
    return [np.asarray(part).tolist() for part in found]


def surrogate_from(data: list[Any]) -> Surrogate:
    """Inverse of `surrogate_data`."""
    return Surrogate(*(jnp.asarray(np.array(part, dtype=float)) for part in data))


def _quadratic(x: Numbers, values: Numbers, slopes: Numbers) -> tuple[float, Numbers, Numbers]:
    """Least squares on values and gradients, near points counting more; never curved upwards."""
    n, d = x.shape
    pairs = [(a, b) for a in range(d) for b in range(a, d)]
    size = 1 + d + len(pairs)
    rows = np.zeros((n, 1 + d, size))
    rows[:, 0, 0] = 1.0
    rows[:, 0, 1 : 1 + d] = x
    for a in range(d):
        rows[:, 1 + a, 1 + a] = 1.0
    for k, (a, b) in enumerate(pairs, start=1 + d):
        half = 0.5 if a == b else 1.0
        rows[:, 0, k] = half * x[:, a] * x[:, b]
        rows[:, 1 + a, k] += half * x[:, b]
        rows[:, 1 + b, k] += half * x[:, a]
    weight = np.exp(0.25 * np.maximum(values - values.max(), -40.0))[:, None]
    data = np.concatenate([values[:, None], slopes], axis=1)
    left = (rows * weight[..., None]).reshape(-1, size)
    ridge = 1e-3 * np.eye(size)[1 + d :]
    found = np.linalg.lstsq(
        np.concatenate([left, ridge]),
        np.concatenate([(data * weight).reshape(-1), np.zeros(len(ridge))]),
        rcond=None,
    )[0]
    curve = np.zeros((d, d))
    for k, (a, b) in enumerate(pairs, start=1 + d):
        curve[a, b] = curve[b, a] = found[k]
    bent, vectors = np.linalg.eigh(curve)
    return float(found[0]), found[1 : 1 + d], (vectors * np.minimum(bent, 0.0)) @ vectors.T


def _process(x: Numbers, values: Numbers, slopes: Numbers) -> tuple[float, Numbers, Numbers]:
    """Length scale of the highest marginal likelihood, and the weights of values and gradients."""
    n, d = x.shape
    data = np.concatenate([values, slopes.reshape(-1)])
    best: tuple[float, float, Numbers] | None = None
    for length in LENGTHS:
        kernel = covariance(x, length)
        kernel[np.diag_indices_from(kernel)] += NOISE**2 * np.where(np.arange(len(data)) < n, 1.0, length**-2)
        try:
            factor = cho_factor(kernel, lower=True, overwrite_a=True)
        except np.linalg.LinAlgError:
            continue
        weights = cho_solve(factor, data)
        scale = max(float(data @ weights) / len(data), 1e-300)
        height = -0.5 * len(data) * np.log(scale) - float(np.log(np.diag(factor[0])).sum())
        if best is None or height > best[0]:
            best = (height, length, weights)
    if best is None:
        raise RuntimeError("no length scale gives a covariance that can be factored")
    _, length, weights = best
    return length, weights[:n], weights[n:].reshape(n, d)


def covariance(x: Numbers, length: float, basis: Numbers | None = None) -> Numbers:
    """Covariance (n + n·d, n + n·d) of values and slopes of a process of variance one at points x (n, d).

    basis  (d, k) slopes are taken along its columns alone; they are n·k then
    """
    n = len(x)
    apart = (x[:, None, :] - x[None, :, :]) / length**2
    near = np.exp(-0.5 * length**2 * (apart**2).sum(axis=-1))
    if basis is not None:
        apart = apart @ basis
    d = apart.shape[-1]
    whole = np.empty((n + n * d, n + n * d))
    whole[:n, :n] = near
    crossed = (near[..., None] * apart).reshape(n, n * d)
    whole[:n, n:], whole[n:, :n] = crossed, crossed.T
    bent = np.eye(d) / length**2 - apart[..., :, None] * apart[..., None, :]
    whole[n:, n:] = (near[..., None, None] * bent).transpose(0, 2, 1, 3).reshape(n * d, n * d)
    return whole
