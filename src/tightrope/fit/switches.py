r"""Savage-Dickey ratios: what the record says of a mechanism being off, from posterior draws (Dickey 1971).

Let c be the value at which a parameter's mechanism is off. The Bayes factor of "off" against "free" is the
posterior density at c over the prior density there, which is the likelihood at c with all other parameters
averaged out, over the evidence.

That ratio, as a function of the parameter, is estimated by tilting the prior: its logarithm is a polynomial
of degree one to three, fitted to the draws by maximum likelihood (an exponential family; Barron & Sheu 1991)
and chosen by BIC at their effective size. A normal likelihood is one of degree two. Where too few draws lie
near c the ratio would be an extrapolation and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import ndtr

from tightrope.case.prior import Prior
from tightrope.fit.chains import USABLE, Chains, mixing
from tightrope.fit.priors import PriorSet, distribution

Array = NDArray[Any]

DEGREES = (1, 2, 3)
NEAR = 0.1
"""Share of the prior around the off value in which draws are asked for."""
FEWEST = 10.0
_NODES, _SHARES = legendre.leggauss(400)
POINTS, WEIGHTS = 0.5 * (_NODES + 1.0), 0.5 * _SHARES
"""A quadrature of the unit interval, on which a prior's distribution function is uniform."""
STARTS_AT_ZERO = ("halfnormal", "exponential")


@dataclass(frozen=True)
class Ratio:
    """One mechanism.

    off         the value at which it is off
    log_factor  log Bayes factor of off against free, in nats; nan where it is refused
    error       its standard error
    near        independent draws, about, within a tenth of the prior around the off value
    flaw        why it is refused, or an empty string
    """

    name: str
    off: float
    log_factor: float
    error: float
    near: float
    flaw: str


def switches(priors: PriorSet) -> dict[str, float]:
    """The parameters whose prior begins at zero with a density there: mechanisms that may be absent."""
    return {
        name: 0.0
        for name, prior in zip(priors.names, priors.priors, strict=True)
        if prior.family in STARTS_AT_ZERO
    }


def ratios(priors: PriorSet, scores: Array, off: dict[str, float]) -> tuple[Ratio, ...]:
    """The ratio of each parameter in `off`, from chains of normal scores (chains, draws, parameters).

    off  parameter -> value at which it is off. Raises ValueError for a parameter that is not free.
    """
    if unknown := [name for name in off if name not in priors.names]:
        raise ValueError(f"not free: {', '.join(unknown)}")
    mixed = mixing(Chains(scores, np.zeros(scores.shape[:2]), 0))
    flat = scores.reshape(-1, scores.shape[-1])
    found = []
    for name, value in off.items():
        k = priors.names.index(name)
        found.append(
            ratio(
                name,
                priors.priors[k],
                value,
                flat[:, k],
                effective=float(mixed.bulk[k]),
                rhat=float(mixed.rhat[k]),
            )
        )
    return tuple(found)


def ratio(
    name: str, prior: Prior, off: float, scores: Array, *, effective: float, rhat: float = 1.0
) -> Ratio:
    """The ratio of one parameter from its normal scores (draws,), worth `effective` independent ones."""
    law = distribution(prior)
    u = ndtr(scores)
    at = float(law.cdf(off))
    near = float(effective * np.mean(np.abs(u - at) <= NEAR))
    flaw = ""
    if not rhat <= USABLE:
        flaw = f"the chains have not met (R-hat {rhat:.2f})"
    elif near < FEWEST:
        flaw = f"about {near:.0f} draws lie near it, {FEWEST:.0f} are asked for"
    if flaw:
        return Ratio(name, off, float("nan"), float("nan"), near, flaw)
    log_factor, error = log_tilt(
        law.ppf(POINTS), WEIGHTS, law.ppf(np.clip(u, 1e-12, 1 - 1e-12)), off, effective=effective
    )
    return Ratio(name, off, log_factor, error, near, "")


def log_tilt(
    points: Array, weights: Array, draws: Array, at: float, *, effective: float
) -> tuple[float, float]:
    """Log of the posterior's density over the prior's at a value, and its standard error.

    points, weights  (points,) a quadrature of the prior
    draws            (draws,) from the posterior
    """
    middle, scale = float(np.median(points)), float(np.subtract(*np.quantile(points, [0.9, 0.1])))
    best: tuple[float, float, float] | None = None
    for degree in DEGREES:
        powers = np.arange(1, degree + 1)

        def basis(x: Array, powers: Array = powers) -> Array:
            return np.asarray(((np.atleast_1d(x) - middle)[:, None] / scale) ** powers)

        grid, mean = basis(points), basis(draws).mean(axis=0)

        def unlikely(b: Array, grid: Array = grid, mean: Array = mean) -> tuple[float, Array]:
            exponent = grid @ b
            top = float(exponent.max())
            mass = weights * np.exp(exponent - top)
            total = float(mass.sum())
            return top + float(np.log(total)) - float(mean @ b), (mass @ grid) / total - mean

        fit = minimize(unlikely, np.zeros(degree), jac=True, method="BFGS")
        mass = weights * np.exp(grid @ fit.x - (grid @ fit.x).max())
        mass /= mass.sum()
        centre = mass @ grid
        information = (grid * mass[:, None]).T @ grid - np.outer(centre, centre)
        here = basis(np.array([at]))[0]
        log_norm = float(fit.fun + mean @ fit.x)
        pull = here - centre
        error = float(np.sqrt(pull @ np.linalg.solve(information, pull) / effective))
        criterion = 2.0 * effective * float(fit.fun) + degree * float(np.log(effective))
        if best is None or criterion < best[0]:
            best = (criterion, float(here @ fit.x) - log_norm, error)
    assert best is not None
    return best[1], best[2]


def ratios_data(found: Sequence[Ratio]) -> list[dict[str, Any]]:
    """Plain data, None for what is not finite."""
    return [
        {
            "name": r.name, "off": r.off, "log_factor": r.log_factor if np.isfinite(r.log_factor) else None,
            "error": r.error if np.isfinite(r.error) else None, "near": r.near, "flaw": r.flaw,
        }
        for r in found
    ]  # fmt: skip
