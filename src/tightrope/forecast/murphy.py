"""Murphy's decomposition of the Brier score over bins, exact for forecasts that differ within a bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tightrope.forecast.scores import brier

Array = NDArray[Any]

EDGES = tuple(k / 10 for k in range(1, 10))
"""Bins of ten per cent."""


@dataclass(frozen=True)
class Binned:
    """A mean Brier score as reliability - resolution + uncertainty.

    resolution is the generalised one: between bins, plus what forecasts tell apart inside them. Inside a bin
    this can be negative, so that the whole can be, a little.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    n: int
    bins: int


def murphy_binned(observed: ArrayLike, forecast: ArrayLike, *, edges: Sequence[float] = EDGES) -> Binned:
    r"""Split the Brier score of binary events by bins of forecasts (Murphy 1973; Stephenson et al. 2008).

    With $\bar f_k$ and $\bar y_k$ the means in bin k: $REL = \sum_k (n_k/n)(\bar f_k - \bar y_k)^2$,
    $RES = \sum_k (n_k/n)(\bar y_k - \bar y)^2 - WBV + WBC$ and $UNC = \bar y(1 - \bar y)$, where
    WBV is the variance of forecasts within bins and WBC twice their covariance with what came. The identity
    score = REL - RES + UNC then holds exactly, for any bins.

    observed  (n,) of 0 and 1; forecast (n,). A forecast on an edge belongs to the bin above.

    >>> d = murphy_binned([0, 0, 0, 0, 1, 1, 0, 1, 1, 0], [0.1] * 5 + [0.6] * 5)
    >>> [round(x, 3) for x in (d.score, d.reliability, d.resolution, d.uncertainty)]
    [0.205, 0.005, 0.04, 0.24]
    """
    y, f = (np.atleast_1d(np.asarray(a, dtype=float)) for a in (observed, forecast))
    if y.shape != f.shape or y.ndim != 1 or len(y) == 0:
        raise ValueError("observed and forecast must be lists of one length, not empty")
    score = float(np.mean(brier(y, f)))
    _, where = np.unique(np.digitize(f, edges), return_inverse=True)
    size = np.bincount(where)
    rate, level = (np.bincount(where, weights=a) / size for a in (y, f))
    share = size / len(y)
    away_f, away_y = f - level[where], y - rate[where]
    between = float(share @ (rate - y.mean()) ** 2)
    within = float(np.mean(away_f**2) - 2.0 * np.mean(away_f * away_y))
    return Binned(
        score=score,
        reliability=float(share @ (level - rate) ** 2),
        resolution=between - within,
        uncertainty=float(y.mean() * (1.0 - y.mean())),
        n=len(y),
        bins=len(size),
    )
