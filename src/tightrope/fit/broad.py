"""A stand-in for the log-likelihood in many parameters, from too few points for the one in `surrogate`.

The same form: a quadratic, and a Gaussian process on what it leaves. Here the quadratic is fitted to
gradients alone, as the symmetric matrix that is nearest to turning points into gradients; directions about
which they say nothing keep the mean square of the gradient as their curvature, which is the likelihood's part
of the posterior's precision (the information identity). The process sees all values, and gradients in the few
directions in which the quadratic errs most: all of them would be too many. It reaches to near neighbours
only, and hardly rises above the most that it had to make good anywhere: a process that has learned a steep
gradient has peaks where there are none, of a hundred nats, and chains of the surrogate would end there.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_continuous_lyapunov

from tightrope.fit.laplace import Laplace
from tightrope.fit.surrogate import Numbers, Seen, Surrogate, covariance

DIRECTIONS = 12
"""In which the process is told gradients."""
REACH = 0.6
"""Length scale of the process over the root of the number of parameters; two draws are 1.4 of that apart."""
NEAR, DEEP = 20.0, 25.0
"""Points so many nats below the best shape the coordinates, and so many all the rest."""
FEWEST = 60
"""Points that are used however deep they lie."""
ROOM = 3.0
"""How far the process may rise, in nats, above the most that it had to make good."""
ANCHOR = 1.0
"""How many points' worth the mean square of the gradient counts as the curvature."""
NOISE = 3e-3
"""What is left of a datum, as a share of the process's sd: it keeps the system well posed."""


def learned_broadly(seen: Seen, *, room: int) -> Surrogate:
    """The stand-in that what was seen teaches, in coordinates of its own.

    room  points to make room for, at least as many as were seen
    """
    size = seen.points.shape[1]
    near = _best(seen, NEAR)
    square = seen.gradients[near].T @ seen.gradients[near] / len(near)
    root = np.linalg.cholesky(np.linalg.inv(np.eye(size) + square))
    centre = seen.points[near].mean(axis=0)
    white = np.linalg.inv(root)
    some = _best(seen, DEEP)
    x, values, slopes = (seen.points[some] - centre) @ white.T, seen.values[some], seen.gradients[some] @ root
    slope, curve = _quadratic(x, slopes, anchor=-root.T @ square @ root)
    rest = values - x @ slope - 0.5 * np.einsum("ni,ij,nj->n", x, curve, x)
    level = float(rest.mean())
    alpha, beta = _process(x, rest - level, slopes - slope - x @ curve, length=reach(size))
    padded = np.zeros((3, room, size))
    padded[0, : len(x)], padded[1, : len(x), 0], padded[2, : len(x)] = x, alpha, beta
    process = (padded[0], padded[1, :, 0], padded[2], reach(size), float((rest - level).max()) + ROOM)
    return Surrogate(*(jnp.asarray(part) for part in (centre, white, level, slope, curve, *process)))


def reach(size: int) -> float:
    """Length scale of the process in so many parameters."""
    return float(REACH * np.sqrt(size))


def normal_part(found: Surrogate) -> Laplace:
    """The posterior by the quadratic alone, a normal: mean, covariance, and the least of its eigenvalues."""
    white = np.asarray(found.white)
    precision = np.eye(len(white)) - white.T @ np.asarray(found.curve) @ white
    covariance = np.linalg.inv(precision)
    covariance = 0.5 * (covariance + covariance.T)
    pull = white.T @ np.asarray(found.slope) + (precision - np.eye(len(white))) @ np.asarray(found.centre)
    return Laplace(covariance @ pull, covariance, float(np.linalg.eigvalsh(precision)[0]))


def _best(seen: Seen, deep: float) -> Numbers:
    """Which points lie at most so deep below the best one; the best few of them in any case."""
    order = np.argsort(-seen.values, kind="stable")
    count = max(int((seen.values > seen.values.max() - deep).sum()), FEWEST)
    return np.sort(order[:count])


def _quadratic(x: Numbers, slopes: Numbers, *, anchor: Numbers) -> tuple[Numbers, Numbers]:
    """Slope at the origin and curvature, by least squares on gradients; never curved upwards.

    The best symmetric C with C x + s = gradient solves C M + M C = N + Nᵀ, M and N the moments of points with
    themselves and with gradients.
    """
    middle, mean = x.mean(axis=0), slopes.mean(axis=0)
    x, slopes = x - middle, slopes - mean
    crossed = slopes.T @ x + ANCHOR * anchor
    moments = x.T @ x + ANCHOR * np.eye(x.shape[1])
    curve = solve_continuous_lyapunov(moments, crossed + crossed.T)
    bent, vectors = np.linalg.eigh(0.5 * (curve + curve.T))
    curve = (vectors * np.minimum(bent, 0.0)) @ vectors.T
    return mean - curve @ middle, curve


def _process(x: Numbers, rest: Numbers, slopes: Numbers, *, length: float) -> tuple[Numbers, Numbers]:
    """Weights of the values (n,), and of the gradients as vectors (n, parameters)."""
    n, size = x.shape
    count = min(DIRECTIONS, size)
    basis = np.linalg.eigh(slopes.T @ slopes)[1][:, ::-1][:, :count]
    kernel = covariance(x, length, basis)
    kernel[np.diag_indices_from(kernel)] += NOISE**2 * np.where(np.arange(len(kernel)) < n, 1.0, length**-2)
    data = np.concatenate([rest, (slopes @ basis).reshape(-1)])
    weights = cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), data)
    return weights[:n], weights[n:].reshape(n, count) @ basis.T
