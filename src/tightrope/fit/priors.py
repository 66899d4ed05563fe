"""Prior distributions and the coordinates in which a case is fitted.

Every free parameter x is fitted through its normal score v, x = F⁻¹(Φ(v)) with F
the prior's distribution function. In these coordinates the prior is exactly
standard normal, whatever its family, so a direction about which the record says
nothing stays exactly standard normal in the posterior, and the posterior sd of v
is the ratio of posterior to prior spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import stats

from tightrope.case.prior import Prior
from tightrope.case.schema import Case, PriorClass

FARTHEST = 8.0
"""Normal scores are kept within this many prior sds: beyond it a distribution function is 0 or 1."""


@dataclass(frozen=True)
class PriorSet:
    """The free parameters of a case under one prior class.

    names   free parameters, in the order of every score vector
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


@lru_cache(maxsize=1024)
def distribution(prior: Prior) -> Any:
    """The prior as a frozen scipy distribution."""
    a = prior.arguments
    match prior.family:
        case "normal":
            return stats.norm(a[0], a[1])
        case "lognormal":
            return stats.lognorm(s=a[1], scale=a[0])
        case "halfnormal":
            return stats.halfnorm(scale=a[0])
        case "exponential":
            return stats.expon(scale=a[0])
        case "uniform":
            return stats.uniform(a[0], a[1] - a[0])
        case "beta":
            return stats.beta(a[0], a[1])
        case _:
            raise ValueError(f"no such family: {prior.family}")


def draw(priors: PriorSet, *, size: int, seed: int) -> np.ndarray:
    """Independent prior draws, shape (size, parameters), in the parameters' own units."""
    scores = np.random.default_rng(seed).normal(size=(size, len(priors)))
    return np.stack([values(priors, row) for row in scores]) if size else np.zeros((0, len(priors)))


def values(priors: PriorSet, scores: np.ndarray) -> np.ndarray:
    """Normal scores, shape (parameters,), to the parameters' own units."""
    return np.array([_value(p, float(v)) for p, v in zip(priors.priors, scores, strict=True)])


def slopes(priors: PriorSet, scores: np.ndarray) -> np.ndarray:
    """dx/dv at each score, shape (parameters,)."""
    return np.array([_slope(p, float(v)) for p, v in zip(priors.priors, scores, strict=True)])


def scores(priors: PriorSet, given: Sequence[float] | np.ndarray) -> np.ndarray:
    """Inverse of `values`, kept within FARTHEST."""
    return np.array([_score(p, float(x)) for p, x in zip(priors.priors, given, strict=True)])


def _value(prior: Prior, v: float) -> float:
    v = min(max(v, -FARTHEST), FARTHEST)
    if prior.family == "normal":
        return prior.arguments[0] + prior.arguments[1] * v
    if prior.family == "lognormal":
        return float(prior.arguments[0] * np.exp(prior.arguments[1] * v))
    d = distribution(prior)
    return float(d.isf(stats.norm.sf(v)) if v > 0 else d.ppf(stats.norm.cdf(v)))


def _slope(prior: Prior, v: float) -> float:
    if prior.family == "normal":
        return prior.arguments[1]
    x = _value(prior, v)
    if prior.family == "lognormal":
        return prior.arguments[1] * x
    density = float(distribution(prior).pdf(x))
    return float(stats.norm.pdf(min(max(v, -FARTHEST), FARTHEST)) / density) if density > 0 else 0.0


def _score(prior: Prior, x: float) -> float:
    d = distribution(prior)
    below = float(d.cdf(x))
    v = float(stats.norm.isf(d.sf(x)) if below > 0.5 else stats.norm.ppf(below))
    return min(max(v, -FARTHEST), FARTHEST)


def full_theta(case: Case, priors: PriorSet, given: Mapping[str, float] | np.ndarray) -> np.ndarray:
    """A whole parameter vector: the reference values with the free ones replaced."""
    chosen = given if isinstance(given, Mapping) else dict(zip(priors.names, given, strict=True))
    return np.array([chosen.get(n, p.value) for n, p in case.parameters.items()], dtype=float)
