"""The log posterior of a record, gated by the solver's certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tightrope.fit.priors import PriorSet, full_theta, slopes, values
from tightrope.game.equilibrium import TOLERANCE
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import Likelihood, value_and_gradient, value_only


@dataclass
class Target:
    """Log posterior density of the normal scores v: log-likelihood minus |v|²/2 (up to a constant).

    Each evaluation follows the principal branch anew, never from the last point: where
    there are several equilibria a warm start stays on one branch and a cold one finds
    another, and the density would depend on the way that led to a point. With `z`, every
    evaluation starts from that one fixed point instead (`near`), which is quicker. Either
    way the density is a function of the point. Evaluations without a certificate, or off
    the principal branch where that was asked for, are counted and their scores kept, so
    that a fit can say where in parameter space its solver failed.

    z      (n,) the fixed point that every solve starts from; None to follow the principal branch
    fixed  values that a reading of the case gives to parameters which are then not free
    """

    evidence: Evidence
    priors: PriorSet
    z: np.ndarray | None = None
    tolerance: float = TOLERANCE
    calls: int = 0
    failures: list[np.ndarray] = field(default_factory=list)
    fixed: Mapping[str, float] = field(default_factory=dict)

    def near(self, v: np.ndarray) -> Target:
        """The same target with every solve started from the equilibrium at v."""
        found = value_only(self.evidence, self.theta(v), tolerance=self.tolerance)
        return Target(self.evidence, self.priors, np.asarray(found.z), self.tolerance, fixed=dict(self.fixed))

    def theta(self, v: np.ndarray) -> np.ndarray:
        """The whole parameter vector at scores v."""
        free = dict(zip(self.priors.names, values(self.priors, v), strict=True))
        return full_theta(self.evidence.game.case, self.priors, {**self.fixed, **free})

    def likelihood(self, v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Log-likelihood, its gradient in v and its parts by row; nan without a certificate."""
        self.calls += 1
        game = self.evidence.game
        found, gradient = value_and_gradient(
            self.evidence, self.theta(v), warm=self.z, tolerance=self.tolerance
        )
        if not self._vouched(found):
            self.failures.append(np.array(v))
            return float("nan"), np.full(len(self.priors), np.nan), np.asarray(found.rows)
        index = [game.parameters.index(name) for name in self.priors.names]
        return float(found.value), gradient[index] * slopes(self.priors, v), np.asarray(found.rows)

    def value(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        """Log-likelihood and its parts by row, without a gradient; nan without a certificate."""
        self.calls += 1
        found = value_only(self.evidence, self.theta(v), warm=self.z, tolerance=self.tolerance)
        if not self._vouched(found):
            self.failures.append(np.array(v))
            return float("nan"), np.asarray(found.rows)
        return float(found.value), np.asarray(found.rows)

    def _vouched(self, found: Likelihood) -> bool:
        certified = float(found.residual) <= self.tolerance and (self.z is not None or bool(found.principal))
        return certified and bool(np.isfinite(float(found.value)))

    def __call__(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        """Log posterior and its gradient in v; nan without a certificate."""
        value, gradient, _ = self.likelihood(v)
        return value - 0.5 * float(v @ v), gradient - v
