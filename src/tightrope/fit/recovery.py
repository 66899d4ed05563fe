"""Whether intervals cover the truth as often as they say, and how much of it is recovered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from tightrope.fit.calibration import holm

INTERVAL = 0.9


@dataclass(frozen=True)
class Recovered:
    """One parameter over many simulations, all in normal scores (prior sd 1).

    inside         simulations whose central interval of `INTERVAL` holds the truth, of `n`
    low, high      95 % limits of that share (Clopper & Pearson 1934)
    p, adjusted    that the share is what the interval says: exact binomial test, and Holm's correction
    correlation    of posterior means with truths; nan where either does not vary
    error          root mean squared distance of the posterior mean from the truth; 1 is the prior's own
    spread         mean posterior sd; 1 is the prior's own
    """

    name: str
    inside: int
    n: int
    low: float
    high: float
    p: float
    adjusted: float
    correlation: float
    error: float
    spread: float


def recovered(results: Sequence[Mapping[str, Any]], route: str) -> tuple[Recovered, ...]:
    """Coverage and recovery of each parameter by one route of simulations of one length."""
    known = [r for r in results if route in r["routes"]]
    if not known:
        return ()
    truth = np.array([r["truth"] for r in known])
    below, mean, sd = (np.array([r["routes"][route][key] for r in known]) for key in ("below", "mean", "sd"))
    edge = 0.5 * (1.0 - INTERVAL)
    inside = ((below >= edge) & (below <= 1.0 - edge)).sum(axis=0)
    tests = [stats.binomtest(int(k), len(known), INTERVAL) for k in inside]
    limits = [test.proportion_ci(0.95) for test in tests]
    p = [float(test.pvalue) for test in tests]
    return tuple(
        Recovered(
            name, int(inside[k]), len(known), float(limits[k].low), float(limits[k].high), p[k], adjusted,
            _correlation(truth[:, k], mean[:, k]), float(np.sqrt(np.mean((mean[:, k] - truth[:, k]) ** 2))),
            float(np.mean(sd[:, k])),
        )
        for k, (name, adjusted) in enumerate(zip(known[0]["names"], holm(p), strict=True))
    )  # fmt: skip


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 3 or np.std(one) == 0 or np.std(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
