"""Reliability by CORP: consistent, optimally binned, reproducible, by pool-adjacent-violators.

Isotonic regression of what came on what was forecast gives the recalibrated probabilities, with no bins to
choose; the Brier score then splits into miscalibration, discrimination and uncertainty (Dimitriadis, Gneiting
& Jordan 2021). The consistency band says how far the curve strays from the diagonal by chance alone when the
forecasts are right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from tightrope.forecast.scores import brier

Array = NDArray[Any]

FEWEST = 20
"""Below so many resolved cases no band is drawn: it would be an ornament."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """A CORP reliability curve.

    forecast      (n,) ascending
    recalibrated  (n,) isotonic regression of what came
    lower, upper  (n,) consistency band under calibration, or None where there are too few cases
    miscalibration, discrimination, uncertainty   score = MCB - DSC + UNC, exactly; the first two are
                  never negative
    """

    forecast: Array
    recalibrated: Array
    lower: Array | None
    upper: Array | None
    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float
    n: int


def corp(
    observed: ArrayLike,
    forecast: ArrayLike,
    *,
    cases: int | None = None,
    level: float = 0.9,
    draws: int = 500,
    seed: int = 0,
) -> Reliability:
    """The reliability curve of forecasts of binary events.

    observed  (n,) of 0 and 1; forecast (n,) in [0, 1]
    cases     separate cases behind the n events, where several belong to one (default n): decides whether
              there is a band
    level     coverage of the band, pointwise; it takes events as independent given the forecasts
    """
    y, f = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (observed, forecast))
    if y.shape != f.shape or y.ndim != 1 or len(y) == 0:
        raise ValueError("observed and forecast must be lists of one length, not empty")
    order = np.argsort(f, kind="stable")
    y, f = y[order], f[order]
    score = float(np.mean(brier(y, f)))
    values, where, size = np.unique(f, return_inverse=True, return_counts=True)
    again = _recalibrated(y, where, size)
    best, constant = float(np.mean((again - y) ** 2)), float(y.mean() * (1.0 - y.mean()))
    lower = upper = None
    if (len(y) if cases is None else cases) >= FEWEST:
        generator = np.random.default_rng(seed)
        curves = np.stack(
            [_recalibrated((generator.random(len(f)) < f).astype(float), where, size) for _ in range(draws)]
        )
        tail = (1.0 - level) / 2.0
        lower, upper = np.quantile(curves, tail, axis=0), np.quantile(curves, 1.0 - tail, axis=0)
    return Reliability(
        forecast=values[where],
        recalibrated=again,
        lower=lower,
        upper=upper,
        score=score,
        miscalibration=score - best,
        discrimination=constant - best,
        uncertainty=constant,
        n=len(y),
    )


def _recalibrated(y: Array, where: Array, size: Array) -> Array:
    """Isotonic regression on distinct forecasts: equal forecasts get one probability."""
    rate = np.bincount(where, weights=y, minlength=len(size)) / size
    return np.asarray(isotonic_regression(rate, weights=size.astype(float)).x)[where]
