"""Where in parameter space a solver fails: which parameters set failed points apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 5
APART = 2.5
"""Standard errors by which a parameter's mean at failed points must differ to be named."""


@dataclass(frozen=True)
class Located:
    """One parameter whose place differs between failed points and the rest.

    failed, rest  mean normal scores
    """

    name: str
    failed: float
    rest: float

    def __str__(self) -> str:
        side = "high" if self.failed > self.rest else "low"
        return f"{self.name} is {side} ({self.failed:+.1f} prior sds, elsewhere {self.rest:+.1f})"


def located(
    failed: np.ndarray, rest: np.ndarray, names: Sequence[str], *, top: int = 4
) -> tuple[Located, ...]:
    """The parameters that set failed points (points, parameters) apart from the rest, most telling first.

    Nothing with fewer than five failed points, or where no mean differs by 2.5 standard errors.
    """
    if len(failed) < FEWEST or len(rest) < FEWEST:
        return ()
    gap = failed.mean(axis=0) - rest.mean(axis=0)
    error = np.sqrt(failed.var(axis=0, ddof=1) / len(failed) + rest.var(axis=0, ddof=1) / len(rest))
    z = np.abs(gap) / np.maximum(error, 1e-12)
    order = [int(k) for k in np.argsort(-z) if z[k] > APART and abs(gap[k]) > 1e-9][:top]
    return tuple(Located(names[k], float(failed[:, k].mean()), float(rest[:, k].mean())) for k in order)
