r"""Multinomial logit of a move on the states in which it is made: a rival that knows states but no strategy.

$P(a \mid x) \propto \exp(\alpha_a + \beta_a \cdot x)$ (McFadden 1974), with each state's level spread evenly
over [0, 1]. Fitted by penalised likelihood: slopes are normal with standard deviation `SLOPE_SD` (a climb of
a whole scale changes log-odds by about so much), and half a pseudo-row of each action stands at the mean of
the states, so that an action never seen keeps some probability and, with no slopes, the fit is the smoothed
frequency of the other baselines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.forecast import chains
from tightrope.forecast.baselines import Chains
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]

SLOPE_SD = 1.0
"""Prior standard deviation of a slope. Assumed; never tuned on scores."""

PSEUDO = 0.5


@dataclass(frozen=True, eq=False)
class Logit:
    """A fitted move.

    states      the explaining states, in order
    intercepts  (actions,), the first one zero
    slopes      (actions, states)
    """

    move: str
    actions: tuple[str, ...]
    states: tuple[str, ...]
    intercepts: Array
    slopes: Array


def fit_logit(coded: CodedRecord, move: str, *, states: Sequence[str]) -> Logit:
    """Fit a move on states, over the rows that say something of the move.

    An uncertain code counts in part for each of its levels, on either side. Raises RuntimeError where the
    optimiser ends away from the maximum.
    """
    made, said = chains.shares(coded.weights[move])
    x = np.stack([_scores(coded.weights[s]) for s in states], axis=1) if states else np.zeros((len(coded), 0))
    x, y = x[said], made[said]
    centre = x.mean(axis=0) if len(x) else np.full(x.shape[1], 0.5)
    size = y.shape[1]
    x = np.vstack([x, np.tile(centre, (size, 1))])
    y = np.vstack([y, PSEUDO * np.eye(size)])
    intercepts, slopes = maximise(x, y, sd=SLOPE_SD)
    return Logit(move, coded.levels[move], tuple(states), intercepts, slopes)


def maximise(x: Array, y: Array, *, sd: float) -> tuple[Array, Array]:
    """Intercepts (actions,) and slopes (actions, states) of greatest penalised likelihood.

    x  (rows, states); y  (rows, actions) weights of what was done
    """
    from scipy.optimize import minimize
    from scipy.special import logsumexp, softmax

    size, width = y.shape[1], x.shape[1]
    weight = y.sum(axis=1, keepdims=True)

    # Adding one number to all intercepts changes nothing, so the first stays at zero.
    wide = np.hstack([np.ones((len(x), 1)), x])
    ridge = np.tile(np.concatenate([[0.0], np.full(width, 1.0 / sd**2)]), size)[1:]

    def unpack(v: Array) -> tuple[Array, Array]:
        table = np.concatenate([[0.0], v]).reshape(size, width + 1)
        return table[:, 0], table[:, 1:]

    def odds(v: Array) -> Array:
        a, b = unpack(v)
        return np.asarray(a + x @ b.T)

    def negative(v: Array) -> float:
        o = odds(v)
        missed = np.sum(weight[:, 0] * logsumexp(o, axis=1)) - np.sum(y * o)
        return float(missed + 0.5 * np.sum(ridge * v**2))

    def slope(v: Array) -> Array:
        miss = weight * softmax(odds(v), axis=1) - y
        return np.asarray((miss.T @ wide).ravel()[1:] + ridge * v)

    def bend(v: Array) -> Array:
        p = softmax(odds(v), axis=1)
        apart = weight[:, :, None] * (p[:, :, None] * np.eye(size) - p[:, :, None] * p[:, None, :])
        whole = np.einsum("nij,nk,nl->ikjl", apart, wide, wide).reshape((size * (width + 1),) * 2)
        return np.asarray(whole[1:, 1:] + np.diag(ridge))

    start = np.zeros(size * (width + 1) - 1)
    found = minimize(negative, start, jac=slope, hess=bend, method="trust-exact", options={"gtol": 1e-8})
    # The slope adds up over rows, and so does its rounding.
    if np.max(np.abs(slope(found.x)), initial=0.0) > 1e-6 * max(1.0, float(weight.sum())):
        raise RuntimeError(f"the multinomial logit has no maximum where its optimiser ended: {found.message}")
    return unpack(found.x)


def law_at(logit: Logit, points: Array) -> Array:
    """Probabilities of the actions at states, (..., states) in [0, 1] to (..., actions)."""
    from scipy.special import softmax

    return np.asarray(softmax(logit.intercepts + points @ logit.slopes.T, axis=-1))


def law_ahead(logit: Logit, markov: Chains, *, steps: int) -> Array:
    """Distribution of the move so many periods ahead, (actions,).

    The states are carried there by the Markov chain, in which they are independent of each other; the
    expectation over all combinations of their levels is exact.
    """
    joint = np.ones(())
    axes = []
    for name in logit.states:
        chain: chains.Chain = markov.chains[name]
        joint = joint[..., None] * chains.ahead(chain, steps=steps)
        axes.append(_spread(len(chain.levels)))
    if not axes:
        return law_at(logit, np.zeros(0))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return np.asarray(np.tensordot(joint, law_at(logit, points), axes=joint.ndim))


def fit_logits(coded: CodedRecord, *, moves: Sequence[str]) -> Mapping[str, Logit]:
    """Each coded move on all coded states."""
    states = [name for name in coded.levels if name not in moves]
    return {move: fit_logit(coded, move, states=states) for move in moves if move in coded.levels}


def _spread(size: int) -> Array:
    return np.linspace(0.0, 1.0, size)


def _scores(weights: Array) -> Array:
    """Expected place on the scale of each row, (rows,)."""
    share, _ = chains.shares(weights)
    return np.asarray(share @ _spread(weights.shape[1]))
