"""The exact posterior of one parameter given all others, by the trapezoidal rule on its normal score.

No sampler stands between the likelihood and the answer, so that what a fit to a simulated record says here
tells of the simulator, the solver and the filter alone. The density may have edges, where one equilibrium
ends and another takes over, and holes without a certificate, which count as nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WIDEST = 4.5
"""The prior's mass beyond, in sds on both sides together, is below 1e-5."""
FIRST, MORE, ROUNDS = 25, 24, 4
"""Points at first, in each later round, and later rounds at most."""
DEEP = 10.0
"""Where the density is so many nats below its highest it is not looked at more closely."""
CLOSE = 0.002
"""Rounds end when no quantile's probability moved by more."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """One parameter's posterior on a grid.

    points       (n,) normal scores, rising
    likelihoods  (n,) log-likelihood there, -inf without a certificate
    masses       (n,) posterior probability that each point stands for
    below        (n,) posterior probability of lying below each point
    moved        the most that any of these probabilities moved in the last round
    """

    points: np.ndarray
    likelihoods: np.ndarray
    masses: np.ndarray
    below: np.ndarray
    moved: float

    def under(self, score: float) -> float:
        """The posterior probability of lying below a score."""
        return float(np.interp(score, self.points, self.below))

    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation."""
        mean = float(self.masses @ self.points)
        return mean, float(np.sqrt(self.masses @ (self.points - mean) ** 2))


def posterior_of_one(log_likelihood: Callable[[float], float]) -> Posterior:
    """The posterior under a standard normal prior, its grid refined round by round where the mass lies.

    log_likelihood  at a score; nan without a certificate

    Raises RuntimeError where no point has a certificate.
    """
    points, values = np.empty(0), np.empty(0)
    fresh = np.linspace(-WIDEST, WIDEST, FIRST)
    before: tuple[np.ndarray, np.ndarray] | None = None
    moved = np.inf
    for _ in range(ROUNDS + 1):
        seen = [log_likelihood(float(x)) for x in fresh]
        points, values = np.append(points, fresh), np.append(values, seen)
        order = np.argsort(points)
        points, values = points[order], values[order]
        density = np.where(np.isfinite(values), values, -np.inf) - 0.5 * points**2
        if not np.isfinite(density).any():
            raise RuntimeError("no point of the grid has a certificate")
        below = _cumulative(points, density)
        if before is not None:
            moved = float(np.max(np.abs(np.interp(points, *before) - below)))
            if moved < CLOSE:
                break
        before = points, below
        fresh = _between(points, density)
    weights = np.exp(density - density.max()) * np.gradient(points)
    weights[[0, -1]] *= 0.5
    found = np.where(np.isfinite(values), values, -np.inf)
    return Posterior(points, found, weights / weights.sum(), below, moved)


def _cumulative(points: np.ndarray, density: np.ndarray) -> np.ndarray:
    height = np.exp(density - density.max())
    area = np.append(0.0, np.cumsum(0.5 * np.diff(points) * (height[1:] + height[:-1])))
    below: np.ndarray = area / area[-1]
    return below


def _between(points: np.ndarray, density: np.ndarray) -> np.ndarray:
    """New points: the middles of the cells that hold or change most, halved again where they still do."""
    height = np.exp(np.maximum(density - density.max(), -DEEP))
    worth = np.diff(points) * (height[1:] + height[:-1] + np.abs(np.diff(height)))
    worth[np.maximum(height[1:], height[:-1]) <= np.exp(-DEEP)] = 0.0
    chosen: list[float] = []
    cells = [(float(w), float(a), float(b)) for w, a, b in zip(worth, points[:-1], points[1:], strict=True)]
    for _ in range(MORE):
        cells.sort()
        weight, low, high = cells.pop()
        middle = 0.5 * (low + high)
        chosen.append(middle)
        cells += [(0.5 * weight, low, middle), (0.5 * weight, middle, high)]
    return np.array(sorted(chosen))


__all__ = ["Posterior", "posterior_of_one"]
