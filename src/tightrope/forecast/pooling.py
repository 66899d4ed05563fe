r"""Pooled forecasts: a log-linear pool of several, its weights learned from what is already resolved.

The pool of laws $f_i$ is $f(y) \propto \prod_i f_i(y)^{w_i}$, with weights on the simplex (Genest & Zidek
1986). Weights minimise the log score of past forecasts plus a pull to equal weights,

$$\sum_t m_t\, s(y_t, f_w) + \kappa\, KL(1/K \,\|\, w),$$

where a forecast h periods ahead counts $m_t = \min(1, step/h)$ because its neighbours overlap with it. With
nothing resolved the weights are equal. Only forecasts whose outcome was in the record when the new one is
made may be handed over: `resolved_before` picks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.case.calendar import parse_period
from tightrope.forecast.targets import Key

Array = NDArray[Any]

STRENGTH = 10.0
"""Resolved forecasts that the pull to equal weights is worth. Assumed; never tuned on scores."""

SMALLEST = 1e-6
"""Probabilities are raised to this before pooling: a nought of one forecaster would be a veto."""


def pool(laws: Sequence[Array], weights: Array) -> Array:
    """Log-linear pool of laws, each (..., levels), with one weight a law.

    >>> pool([np.array([0.5, 0.5]), np.array([0.1, 0.9])], np.array([0.5, 0.5])).round(3).tolist()
    [0.25, 0.75]
    """
    mixed, total = _mixed(_logs(laws), weights)
    return np.asarray(np.exp(mixed - total))


def learn_weights(
    past: Sequence[tuple[Sequence[Array], Array, float]], *, size: int, strength: float = STRENGTH
) -> Array:
    """Weights of `size` forecasters from resolved forecasts, (size,), summing to one.

    past  (laws of the forecasters, weights of what came, multiplicity m) of each; laws may differ in length
    """
    equal = np.full(size, 1.0 / size)
    if not past or size == 1:
        return equal
    from scipy.optimize import minimize
    from scipy.special import softmax

    groups: dict[int, list[tuple[Array, Array, float]]] = {}
    for laws, came, m in past:
        groups.setdefault(len(came), []).append((_logs(laws), came, m))
    stacked = [
        (np.stack([logs for logs, _, _ in items], axis=1), np.stack([came for _, came, _ in items]),
         np.array([m for _, _, m in items]))
        for items in groups.values()
    ]  # fmt: skip

    def loss(v: Array) -> tuple[float, Array]:
        w = softmax(np.concatenate([[0.0], v]))
        value = strength * float(equal @ (np.log(equal) - np.log(w)))
        slope = -strength * equal / w
        for logs, came, m in stacked:
            mixed, total = _mixed(logs, w)
            value -= float(m @ (came * (mixed - total)).sum(axis=-1))
            # The log of the pool is convex in the weights: what came, less what the pool expected.
            slope += np.einsum("n,nl,knl->k", m, np.exp(mixed - total) - came, logs)
        return value, (w * (slope - w @ slope))[1:]

    limits = [(-20.0, 20.0)] * (size - 1)
    found = minimize(loss, np.zeros(size - 1), jac=True, method="L-BFGS-B", bounds=limits)
    return np.asarray(softmax(np.concatenate([[0.0], found.x])))


def _logs(laws: Sequence[Array]) -> Array:
    return np.stack([np.log(np.maximum(law, SMALLEST)) for law in laws])


def _mixed(logs: Array, weights: Array) -> tuple[Array, Array]:
    """Weighted logs, (..., levels), and the log of their sum, (..., 1)."""
    mixed = np.tensordot(weights, logs, axes=1)
    top = mixed.max(axis=-1, keepdims=True)
    return mixed, top + np.log(np.exp(mixed - top).sum(axis=-1, keepdims=True))


def resolved_before(keys: Iterable[Key], *, known: str, extra: int = 0) -> list[Key]:
    """The forecasts whose outcome was known when period `known` had ended.

    extra  periods that resolution takes beyond the horizon (a terminal: one, its period must have ended)
    """
    now = parse_period(known)
    return [key for key in keys if (parse_period(key.known) + key.horizon + extra) - now <= 0]


def multiplicity(horizon: int, *, step: int) -> float:
    """What a forecast counts for, its neighbours `step` periods apart overlapping with it."""
    return min(1.0, step / horizon)


def floored(law: Array, outside: Array, *, weight: float) -> Array:
    """The linear floor: (1 - weight) law + weight outside. The weight is stated, never learned."""
    return np.asarray((1.0 - weight) * law + weight * outside)
