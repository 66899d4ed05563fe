r"""The evidence of a multinomial logit of each move on the states, the states themselves a Markov chain.

$P(a \mid x) \propto \exp(\alpha_a + \beta_a \cdot (x - 1/2))$ (McFadden 1974) with each state's level spread
over [0, 1], as in the forecasting baseline (`logit`), here with a proper prior on every coefficient: normal,
with standard deviation 1.5 for intercepts and 1 for slopes. A row's code counts as virtual evidence,
$\sum_a w_a P(a \mid x)$, so a missing move says nothing. Where a state's code is soft its mean place on the
scale stands for it: the one respect in which the sum over what the codes leave open is not exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from tightrope.fit.evidence import Estimate, from_weights
from tightrope.fit.laplace import Laplace
from tightrope.fit.mixtures import around_modes, draw, log_density
from tightrope.fit.posterior import compute_now
from tightrope.fit.weighing import Weighing, weigh
from tightrope.forecast import chains
from tightrope.forecast.chain_evidence import Rival, together
from tightrope.forecast.logit import SLOPE_SD
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]

INTERCEPT_SD = 1.5
QUICK = 1000
"""Draws of an evidence around the mode alone."""
WEIGHING = Weighing(repeats=4, pilots=2, draws=1000, chains=2, warmup=300, kept=600, proposals=500)


@dataclass(frozen=True, eq=False)
class MoveLogit:
    """A logit as a density in normal scores, actions by (one, states), flattened.

    x     (rows, 1 + states) what a row is seen through: one, and states about the middle of their scale
    seen  (rows, actions) virtual evidence
    """

    x: Array
    seen: Array

    @property
    def sds(self) -> Array:
        """Prior standard deviation of each coefficient, (actions, 1 + states)."""
        wide = np.full(self.x.shape[1], SLOPE_SD)
        wide[0] = INTERCEPT_SD
        return np.tile(wide, (self.seen.shape[1], 1))

    def value(self, v: Array) -> tuple[float, Array]:
        """Log-likelihood at normal scores v, and its rows."""
        rows = np.log((self.seen * self._law(v)).sum(axis=1))
        return float(rows.sum()), rows

    def values(self, points: Array) -> Array:
        """Log-likelihoods at many points (n, parameters), shape (n,)."""
        coefficients = points.reshape(len(points), *self.sds.shape) * self.sds
        laws = softmax(np.einsum("rx,nax->nra", self.x, coefficients), axis=2)
        return np.asarray(np.log((self.seen * laws).sum(axis=2)).sum(axis=1))

    def slope(self, v: Array) -> Array:
        """Derivative of the log-likelihood by v."""
        law = self._law(v)
        given = self.seen * law
        given /= given.sum(axis=1, keepdims=True)
        return np.asarray((((given - law).T @ self.x) * self.sds).ravel())

    def _law(self, v: Array) -> Array:
        coefficients = v.reshape(self.sds.shape) * self.sds
        return np.asarray(softmax(self.x @ coefficients.T, axis=1))


def move_logit(coded: CodedRecord, move: str, *, states: Sequence[str]) -> MoveLogit:
    """The logit of one move on states of a record."""
    columns = [np.ones(len(coded))]
    for name in states:
        share, _ = chains.shares(coded.weights[name])
        columns.append(share @ np.linspace(0.0, 1.0, share.shape[1]) - 0.5)
    return MoveLogit(np.stack(columns, axis=1), coded.weights[move])


def logit_evidence(
    coded: CodedRecord, *, moves: Sequence[str], weighing: Weighing = WEIGHING, seed: int
) -> Rival:
    """The evidence of the moves given the states, by both estimators, move by move."""
    states = [name for name in coded.levels if name not in moves]
    parts = []
    for number, move in enumerate(m for m in moves if m in coded.levels):
        density = move_logit(coded, move, states=states)
        around = laplace(density)
        height = density.value(around.mean)[0] - 0.5 * float(around.mean @ around.mean)
        found = weigh(density, [around], [height], weighing=weighing, seed=seed + number, keep=compute_now)
        parts.append(Rival(found.importance, found.bridge, found.rows, len(around.mean)))
    return together(parts)


def quick_evidence(density: MoveLogit, *, draws: int = QUICK, seed: int = 0) -> Estimate:
    """The evidence of one move's logit by importance sampling around its mode alone.

    For many codings of one record, where both estimators for each would take long.
    """
    around = laplace(density)
    proposal = around_modes([around], [0.0])
    points = draw(proposal, size=draws, generator=np.random.default_rng(seed))
    prior = -0.5 * (points**2).sum(axis=1) - 0.5 * points.shape[1] * np.log(2.0 * np.pi)
    return from_weights([density.values(points) + prior - log_density(proposal, points)])


def laplace(density: MoveLogit) -> Laplace:
    """The Laplace approximation of the posterior of a logit, by differences of exact gradients."""
    size = density.sds.size

    def negative(v: Array) -> tuple[float, Array]:
        return 0.5 * float(v @ v) - density.value(v)[0], v - density.slope(v)

    mode = minimize(negative, np.zeros(size), jac=True, method="L-BFGS-B", options={"gtol": 1e-7}).x
    step = 1e-4 * np.eye(size)
    precision = np.stack([(negative(mode + e)[1] - negative(mode - e)[1]) / 2e-4 for e in step])
    values, vectors = np.linalg.eigh(0.5 * (precision + precision.T))
    # Soft codes can bend the likelihood the wrong way; no posterior is taken to be wider than its prior.
    floored = np.maximum(values, 1.0)
    return Laplace(np.asarray(mode), (vectors / floored) @ vectors.T, float(values.min()))
