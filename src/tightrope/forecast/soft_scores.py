"""Proper scores of forecasts over several outcomes, judged by a record that may be unsure what came.

Each is the expectation of a score over the weights of the outcomes; lower is better. The scores of a sure
outcome come from scoringrules. A part that only the weights decide is the same for every forecaster, so
differences between forecasters keep their meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scoringrules as sr
from numpy.typing import ArrayLike, NDArray

from tightrope.forecast.scores import CLIP

Array = NDArray[Any]


def expected_log(truth: ArrayLike, forecast: ArrayLike, *, clip: float = CLIP) -> Array:
    r"""Expected log score in nats, $-\sum_k p_k \ln f_k$ (Good 1952).

    truth, forecast  (..., levels), last axis sums to one

    Forecasts are raised to at least `clip` and normalised again, so that no single one is infinite. The clip
    is part of the score: print it beside the number.

    >>> expected_log([0.0, 1.0], [0.5, 0.5]).round(4).item()
    0.6931
    """
    p, f = _checked(truth, forecast)
    f = np.maximum(f, clip)
    f = f / f.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.asarray(sr.log_score(np.ones_like(f), f))
        return np.asarray(np.where(p > 0, p * each, 0.0).sum(axis=-1))


def expected_brier(truth: ArrayLike, forecast: ArrayLike) -> Array:
    r"""Expected Brier score over all outcomes, $\sum_y p_y \sum_k (f_k - 1\{y = k\})^2$ (Brier 1950).

    With two outcomes it is twice the usual score of an event.

    >>> expected_brier([0.0, 1.0], [0.25, 0.75]).item()
    0.125
    """
    p, f = _checked(truth, forecast)
    total = np.zeros(f.shape[:-1])
    for y in range(f.shape[-1]):
        came = np.zeros(f.shape)
        came[..., y] = 1.0
        total = total + p[..., y] * np.asarray(sr.brier_score(came, f)).sum(axis=-1)
    return np.asarray(total)


def expected_ranked(truth: ArrayLike, forecast: ArrayLike) -> Array:
    r"""Expected ranked probability score, $\sum_y p_y \sum_k (F_k - 1\{y \le k\})^2$ (Epstein 1969).

    Levels must be in order. Not divided by the number of levels less one.

    >>> expected_ranked([1.0, 0.0, 0.0], [0.2, 0.5, 0.3]).round(2).item()
    0.73
    """
    p, f = _checked(truth, forecast)
    total = np.zeros(f.shape[:-1])
    for y in range(f.shape[-1]):
        total = total + p[..., y] * np.asarray(sr.rps_score(np.full(f.shape[:-1], y + 1), f))
    return np.asarray(total)


def _checked(truth: ArrayLike, forecast: ArrayLike) -> tuple[Array, Array]:
    p, f = np.asarray(truth, dtype=float), np.asarray(forecast, dtype=float)
    for what, x in (("truth", p), ("forecast", f)):
        if np.any(x < 0) or not np.allclose(x.sum(axis=-1), 1.0, atol=1e-9):
            raise ValueError(f"{what}: weights must be non-negative and sum to 1 over the last axis")
    if p.shape[-1] != f.shape[-1]:
        raise ValueError(f"{p.shape[-1]} outcomes came where {f.shape[-1]} were forecast")
    p, f = np.broadcast_arrays(p, f)
    return p, f
