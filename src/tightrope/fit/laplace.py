"""Laplace approximation at a mode, and importance-weighted draws that correct it.

The curvature comes from central differences of exact gradients. Draws are taken
from a multivariate t around the mode and weighted by posterior over proposal, so
that what the normal approximation gets wrong is corrected where draws reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tightrope.fit.target import Target

DEGREES = 30.0


@dataclass(frozen=True, eq=False)
class Laplace:
    """A normal approximation in normal scores: `mean` (parameters,), `covariance` (parameters, parameters).

    smallest  smallest eigenvalue of the negative Hessian before it was floored: a
              value well below 1 says that the mode is flat or not a mode there
    """

    mean: np.ndarray
    covariance: np.ndarray
    smallest: float


@dataclass(frozen=True, eq=False)
class Draws:
    """Weighted posterior draws.

    scores                (draws, parameters)
    log_weights           (draws,) posterior over proposal, up to a constant; -inf where not certified
    log_likelihood        (draws,)
    rows                  (draws, rows) log-likelihood by period
    effective             effective sample size (Kish)
    shape                 Pareto shape of the largest weights; above 0.7 the weights are not to be trusted
    failures              draws without a certificate
    """

    scores: np.ndarray
    log_weights: np.ndarray
    log_likelihood: np.ndarray
    rows: np.ndarray
    effective: float
    shape: float
    failures: int

    @property
    def weights(self) -> np.ndarray:
        """Normalised weights, shape (draws,)."""
        w = np.exp(self.log_weights - np.max(self.log_weights))
        return np.asarray(w / w.sum())


def curvature(
    target: Target,
    mode: np.ndarray,
    *,
    step: float = 0.02,
    on_step: Callable[[int, int], None] | None = None,
) -> Laplace:
    """The Laplace approximation at a mode. A direction whose solve fails keeps its prior curvature."""
    n = len(mode)
    hessian = -np.eye(n)
    for k in range(n):
        ends = []
        for sign in (1.0, -1.0):
            v = np.array(mode)
            v[k] += sign * step
            ends.append(target(v)[1])
        column = (ends[0] - ends[1]) / (2.0 * step)
        if np.isfinite(column).all():
            hessian[:, k] = column
        if on_step is not None:
            on_step(k + 1, n)
    precision = -0.5 * (hessian + hessian.T)
    eigenvalues, vectors = np.linalg.eigh(precision)
    floored = np.maximum(eigenvalues, 0.25)
    covariance = (vectors / floored) @ vectors.T
    return Laplace(np.array(mode), covariance, float(eigenvalues.min()))


def importance(
    target: Target,
    laplace: Laplace,
    *,
    size: int,
    seed: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Draws:
    """Draws from a t proposal with `DEGREES` degrees of freedom, weighted to the posterior."""
    n = len(laplace.mean)
    proposal = stats.multivariate_t(
        laplace.mean, laplace.covariance * (DEGREES - 2.0) / DEGREES, df=DEGREES, seed=seed
    )
    scores = np.atleast_2d(proposal.rvs(size=size)).reshape(size, n)
    scores[0] = laplace.mean
    log_proposal = np.atleast_1d(proposal.logpdf(scores))
    likelihood = np.full(size, -np.inf)
    rows = np.full((size, target.evidence.support.rows), np.nan)
    failures = 0
    for k in range(size):
        value, _, parts = target.likelihood(scores[k])
        if np.isfinite(value):
            likelihood[k] = value
            rows[k] = parts
        else:
            failures += 1
        if on_step is not None:
            on_step(k + 1, size)
    log_weights = likelihood - 0.5 * np.sum(scores**2, axis=1) - log_proposal
    return Draws(
        scores, log_weights, likelihood, rows, effective_size(log_weights), pareto_shape(log_weights), failures
    )


def effective_size(log_weights: np.ndarray) -> float:
    """Kish's effective sample size, (Σw)²/Σw² (Kish 1965)."""
    w = np.exp(log_weights - np.max(log_weights))
    return float(w.sum() ** 2 / (w**2).sum())


def pareto_shape(log_weights: np.ndarray) -> float:
    """Shape of a generalised Pareto fitted to the largest weights (Vehtari et al. 2024); nan if too few."""
    finite = np.sort(log_weights[np.isfinite(log_weights)])
    count = int(min(0.2 * len(finite), 3.0 * np.sqrt(len(finite))))
    if count < 5:
        return float("nan")
    w = np.exp(finite - finite[-1])
    excess = w[-count:] - w[-count - 1]
    if not (excess > 0).any():
        return float("nan")
    return float(stats.genpareto.fit(excess[excess > 0], floc=0.0)[0])
