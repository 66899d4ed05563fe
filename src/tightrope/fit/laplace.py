"""Laplace approximation at a mode, and importance-weighted draws that correct it.

The curvature comes from central differences of exact gradients. Draws are taken
from a multivariate t around the mode and weighted by posterior over proposal, so
that what the normal approximation gets wrong is corrected where draws reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from tightrope.fit.pieces import Each, in_turn
from tightrope.fit.target import Target

DEGREES = 30.0
JUMP = 0.02
"""A step over which density and gradients disagree by more nats than this has left the branch."""


@dataclass(frozen=True, eq=False)
class Laplace:
    """A normal approximation in normal scores: `mean` (parameters,), `covariance` (parameters, parameters).

    smallest  smallest eigenvalue of the negative Hessian before it was floored: a
              value well below 1 says that the mode is flat or not a mode there
    failures  evaluations without a certificate
    """

    mean: np.ndarray
    covariance: np.ndarray
    smallest: float
    failures: int = 0


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
    central: bool = True,
    on_step: Callable[[int, int], None] | None = None,
    each: Each = in_turn,
) -> Laplace:
    """The Laplace approximation at a mode.

    A direction in which a solve fails, or in which the density jumps to another
    branch of equilibria, keeps its prior curvature; so does one in which the
    likelihood curves the wrong way, so that no posterior is wider than its prior.

    central  differences on both sides; else on one, at half the work and an error of the order of `step`
    each     how to go through the directions
    """
    n = len(mode)
    hessian = -np.eye(n)
    before = len(target.failures)
    value, here = target(mode)

    def probe(k: int, by: float) -> np.ndarray:
        """The gradient at a small step; nan where the density jumps on the way there."""
        v = np.array(mode)
        v[k] += by
        there, gradient = target(v)
        if abs(there - value - by * 0.5 * (here[k] + gradient[k])) > JUMP:
            return np.full(n, np.nan)
        return gradient

    done: list[int] = []

    def column(k: int) -> np.ndarray:
        ahead = probe(k, step)
        found = (ahead - probe(k, -step)) / (2.0 * step) if central else (ahead - here) / step
        done.append(k)
        if on_step is not None:
            on_step(len(done), n)
        return np.asarray(found)

    for k, found in enumerate(each(column, range(n))):
        if np.isfinite(found).all():
            hessian[:, k] = found
    precision = -0.5 * (hessian + hessian.T)
    eigenvalues, vectors = np.linalg.eigh(precision)
    floored = np.maximum(eigenvalues, 1.0)
    covariance = (vectors / floored) @ vectors.T
    return Laplace(np.array(mode), covariance, float(eigenvalues.min()), len(target.failures) - before)


def importance(
    target: Target,
    laplace: Laplace,
    *,
    size: int,
    seed: int,
    first_at_mode: bool = False,
    on_step: Callable[[int, int], None] | None = None,
    each: Each = in_turn,
) -> dict[str, Any]:
    """A block of draws from a t proposal with `DEGREES` degrees of freedom, as plain data for `gather`.

    first_at_mode  let the first draw be the mode itself
    each           how to go through the draws
    """
    n = len(laplace.mean)
    scores = np.atleast_2d(_proposal(laplace, seed).rvs(size=size)).reshape(size, n)
    if first_at_mode:
        scores[0] = laplace.mean
    done: list[int] = []

    def solved(k: int) -> tuple[float | None, list[float] | None]:
        value, parts = target.value(scores[k])
        done.append(k)
        if on_step is not None:
            on_step(len(done), size)
        return (float(value), parts.tolist()) if np.isfinite(value) else (None, None)

    found = each(solved, range(size))
    return {
        "scores": scores.tolist(),
        "log_likelihood": [value for value, _ in found],
        "rows": [rows for _, rows in found],
    }


def gather(laplace: Laplace, blocks: list[dict[str, Any]]) -> Draws:
    """Weight the draws of all blocks to the posterior. Draws without a certificate weigh nothing."""
    scores = np.concatenate([np.array(block["scores"]) for block in blocks])
    found = [value for block in blocks for value in block["log_likelihood"]]
    likelihood = np.array([-np.inf if value is None else value for value in found])
    parts = [row for block in blocks for row in block["rows"]]
    length = max((len(row) for row in parts if row is not None), default=0)
    rows = np.array([np.full(length, np.nan) if row is None else row for row in parts])
    log_proposal = np.atleast_1d(_proposal(laplace, 0).logpdf(scores))
    log_weights = likelihood - 0.5 * np.sum(scores**2, axis=1) - log_proposal
    failures = int(np.sum(~np.isfinite(likelihood)))
    return Draws(
        scores,
        log_weights,
        likelihood,
        rows,
        effective_size(log_weights),
        pareto_shape(log_weights),
        failures,
    )


def _proposal(laplace: Laplace, seed: int) -> Any:
    shape = laplace.covariance * (DEGREES - 2.0) / DEGREES
    return stats.multivariate_t(laplace.mean, shape, df=DEGREES, seed=seed)


def as_plain(laplace: Laplace) -> dict[str, Any]:
    """A Laplace approximation as plain data."""
    return {
        "mean": laplace.mean.tolist(),
        "covariance": laplace.covariance.tolist(),
        "smallest": laplace.smallest,
        "failures": laplace.failures,
    }


def laplace_from(data: dict[str, Any]) -> Laplace:
    """Inverse of `as_plain`."""
    return Laplace(
        np.array(data["mean"]),
        np.array(data["covariance"]),
        float(data["smallest"]),
        int(data.get("failures", 0)),
    )


def effective_size(log_weights: np.ndarray) -> float:
    """Kish's effective sample size, (Σw)²/Σw² (Kish 1965); zero where nothing has any weight."""
    if not np.isfinite(log_weights).any():
        return 0.0
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
