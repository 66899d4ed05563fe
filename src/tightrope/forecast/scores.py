"""Scores of probability forecasts and their decompositions.

Pure functions in the order `score(observed, forecast)`; lower is better for every score.
The proper scores come from scoringrules; the decompositions are written out here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tightrope.forecast.words import BANDS, verbal

Array = NDArray[Any]

CLIP = 0.001
"""Log scores are taken at forecasts moved into [CLIP, 1 - CLIP], so that no single one is infinite."""


def brier(observed: ArrayLike, forecast: ArrayLike) -> Array:
    r"""Brier score of each forecast, $(f - y)^2$ (Brier 1950).

    observed  0 or 1; forecast in [0, 1]; both broadcast. Raises ValueError outside those ranges.

    >>> brier([1, 0], [0.75, 0.5]).tolist()
    [0.0625, 0.25]
    """
    import scoringrules as sr

    y, f = _binary(observed, forecast)
    return np.asarray(sr.brier_score(y, f))


def log_score(observed: ArrayLike, forecast: ArrayLike, *, clip: float = CLIP) -> Array:
    r"""Logarithmic score in nats, $-\ln|f + y - 1|$ (Good 1952), at forecasts clipped to [clip, 1 - clip].

    With `clip=0` a sure miss scores infinity. The clip is part of the score: print it beside the number.

    >>> log_score([1, 0], [0.5, 0.5]).round(4).tolist()
    [0.6931, 0.6931]
    >>> round(float(log_score(1, 0.0)), 4)
    6.9078
    """
    import scoringrules as sr

    if not 0.0 <= clip < 0.5:
        raise ValueError(f"clip must lie in [0, 0.5), got {clip}")
    y, f = _binary(observed, forecast)
    with np.errstate(divide="ignore"):
        return np.asarray(sr.log_score(y, np.clip(f, clip, 1.0 - clip)))


def ranked_probability(observed: ArrayLike, forecast: ArrayLike) -> Array:
    r"""Ranked probability score, $\sum_k (F_k - 1\{y \le k\})^2$ (Epstein 1969; Murphy 1971).

    observed  (...) index of the level that came, from 0; forecast (..., levels), last axis sums to one.
    Not divided by the number of levels less one; with two levels it equals the Brier score.

    >>> ranked_probability(0, [0.2, 0.5, 0.3]).round(2).item()
    0.73
    """
    import scoringrules as sr

    levels = np.asarray(observed)
    f = np.asarray(forecast, dtype=float)
    if np.any(f < 0) or not np.allclose(f.sum(axis=-1), 1.0, atol=1e-9):
        raise ValueError("forecast probabilities must be non-negative and sum to 1 over the last axis")
    if np.any(levels < 0) or np.any(levels >= f.shape[-1]):
        raise ValueError(f"observed must be a level index from 0 to {f.shape[-1] - 1}")
    return np.asarray(sr.rps_score(levels + 1, f))


@dataclass(frozen=True)
class Decomposition:
    """A mean score split into reliability - resolution + uncertainty."""

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    n: int
    bins: int


def murphy(observed: ArrayLike, forecast: ArrayLike) -> Decomposition:
    r"""Brier score = REL - RES + UNC over bins of equal forecasts (Murphy 1973).

    $REL = \sum_k (n_k/n)(f_k - \bar y_k)^2$, $RES = \sum_k (n_k/n)(\bar y_k - \bar y)^2$,
    $UNC = \bar y(1 - \bar y)$. Bins are the distinct forecasts, so the identity is exact.

    >>> d = murphy([0, 0, 0, 0, 1, 1, 0, 1, 1, 0], [0.1] * 5 + [0.6] * 5)
    >>> [round(x, 3) for x in (d.score, d.reliability, d.resolution, d.uncertainty)]
    [0.205, 0.005, 0.04, 0.24]
    """
    return _decompose(
        observed,
        forecast,
        divergence=lambda y, f: (f - y) ** 2,
        entropy=lambda y: y * (1.0 - y),
    )


def decompose_log_score(observed: ArrayLike, forecast: ArrayLike, *, clip: float = CLIP) -> Decomposition:
    r"""Log score = REL - RES + UNC (Bröcker 2009; Weijs, van Nooijen & van de Giesen 2010).

    $REL = \sum_k (n_k/n) D(\bar y_k \| f_k)$, $RES = \sum_k (n_k/n) D(\bar y_k \| \bar y)$ and
    $UNC = H(\bar y)$, with D the Kullback-Leibler divergence of two-point laws, in nats.

    >>> d = decompose_log_score([0, 0, 0, 0, 1, 1, 0, 1, 1, 0], [0.1] * 5 + [0.6] * 5)
    >>> [round(x, 4) for x in (d.score, d.reliability, d.resolution, d.uncertainty)]
    [0.6089, 0.0222, 0.0863, 0.673]
    """
    y, f = _binary(observed, forecast)
    return _decompose(y, np.clip(f, clip, 1.0 - clip), divergence=_divergence, entropy=_entropy)


def skill(score: float, baseline: float) -> float:
    """Skill against a baseline's score, 1 - score/baseline: 1 is perfect, 0 no better, negative worse.

    Not a number where the baseline is perfect. Both must be means over the same questions.

    >>> skill(0.1, 0.2)
    0.5
    """
    return float("nan") if baseline == 0 else 1.0 - score / baseline


@dataclass(frozen=True)
class NoEventBound:
    """What n trials without the event say about its probability per trial."""

    n: int
    jeffreys_mean: float
    laplace: float
    upper95: float


def no_event_bound(n: int) -> NoEventBound:
    r"""Probability per trial after n trials without the event ("rule of three").

    Posterior means under Beta(1/2, 1/2), $\frac{1}{2}/(n+1)$, and under Beta(1, 1), $1/(n+2)$
    (Laplace); exact 95 % upper bound $1 - 0.05^{1/n}$, near 3/n (Hanley & Lippman-Hand 1983).

    >>> [round(x, 4) for x in (no_event_bound(40).jeffreys_mean, no_event_bound(40).upper95)]
    [0.0122, 0.0722]
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    return NoEventBound(n, 0.5 / (n + 1), 1.0 / (n + 2), 1.0 - 0.05 ** (1.0 / n))


def area_under_curve(observed: Sequence[int] | Array, score: ArrayLike) -> tuple[float, float]:
    """AUC of a score for a binary outcome, ties counted half, and its standard error.

    Returns (AUC, standard error by Hanley & McNeil 1982); (nan, nan) where one class is empty. The error
    treats cases as independent, which neighbouring periods are not.

    >>> auc, error = area_under_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> auc, round(error, 3)
    (0.75, 0.276)
    """
    y = np.asarray(observed)
    s = np.asarray(score, dtype=float)
    up, down = s[y == 1], s[y == 0]
    if len(up) == 0 or len(down) == 0:
        return float("nan"), float("nan")
    difference = up[:, None] - down[None, :]
    auc = float(np.mean((difference > 0) + 0.5 * (difference == 0)))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (len(up) - 1) * (q1 - auc**2) + (len(down) - 1) * (q2 - auc**2)
    return auc, float(np.sqrt(max(spread, 0.0) / (len(up) * len(down))))


def _binary(observed: ArrayLike, forecast: ArrayLike) -> tuple[Array, Array]:
    y, f = np.asarray(observed, dtype=float), np.asarray(forecast, dtype=float)
    if not np.all((y == 0) | (y == 1)):
        raise ValueError("observed must be 0 or 1 everywhere; leave open questions out")
    if not np.all((f >= 0) & (f <= 1)):
        raise ValueError("forecasts must be probabilities in [0, 1], without gaps")
    return y, f


def _decompose(
    observed: ArrayLike,
    forecast: ArrayLike,
    *,
    divergence: Callable[[Array, Array], Array],
    entropy: Callable[[Array], Array],
) -> Decomposition:
    y, f = (np.atleast_1d(a) for a in _binary(observed, forecast))
    if y.shape != f.shape or y.ndim != 1 or len(y) == 0:
        raise ValueError("observed and forecast must be lists of one length, not empty")
    values, where = np.unique(f, return_inverse=True)
    size = np.bincount(where)
    rate = np.bincount(where, weights=y) / size
    mean = np.full_like(rate, y.mean())
    share = size / len(y)
    return Decomposition(
        score=float(np.mean(divergence(y, f) + entropy(y))),
        reliability=float(share @ divergence(rate, values)),
        resolution=float(share @ divergence(rate, mean)),
        uncertainty=float(entropy(y.mean())),
        n=len(y),
        bins=len(values),
    )


def _divergence(p: Array, q: Array) -> Array:
    from scipy.special import rel_entr

    return np.asarray(rel_entr(p, q) + rel_entr(1.0 - p, 1.0 - q))


def _entropy(p: Array) -> Array:
    from scipy.special import entr

    return np.asarray(entr(p) + entr(1.0 - p))


__all__ = [
    "BANDS",
    "CLIP",
    "Decomposition",
    "NoEventBound",
    "area_under_curve",
    "brier",
    "decompose_log_score",
    "log_score",
    "murphy",
    "no_event_bound",
    "ranked_probability",
    "skill",
    "verbal",
]
