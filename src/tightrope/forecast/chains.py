"""Markov chains on soft evidence: fitting one, and exact probabilities of what it does next.

A chain's evidence is the record's weights: an uncertain row counts in part for each of its levels, and a row
that says nothing (all weights equal, a missing move) is skipped together with the steps into and out of it.
Nothing here is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Chain:
    """A first-order chain over named levels.

    transition  (levels, levels), rows sum to one
    now         (levels,) distribution in the last known period
    """

    levels: tuple[str, ...]
    transition: Array
    now: Array


def shares(evidence: Array) -> tuple[Array, Array]:
    """Rows of weights normalised to one, (periods, levels), and which of them say anything, (periods,)."""
    total = evidence.sum(axis=1, keepdims=True)
    if not np.all(total > 0):
        raise ValueError(f"row {int(np.argmin(total)) + 1} of the evidence has no weight at all")
    return evidence / total, evidence.max(axis=1) > evidence.min(axis=1)


def transition_counts(evidence: Array) -> Array:
    """Expected counts of steps between neighbouring rows that both say something, (levels, levels).

    >>> transition_counts(np.array([[1, 0], [0, 1], [1, 1], [0, 1], [0.5, 0.4]])).round(3).tolist()
    [[0.0, 1.0], [0.556, 0.444]]
    """
    share, said = shares(evidence)
    both = said[:-1] & said[1:]
    return np.asarray(share[:-1][both].T @ share[1:][both])


def latest(evidence: Array, transition: Array) -> Array:
    """Distribution in the last row given all rows, from a uniform start (forward filter).

    Raises ValueError where the evidence is impossible under the transition.
    """
    size = len(transition)
    ahead = np.full(size, 1.0 / size)
    now = ahead
    for row, weights in enumerate(evidence, start=1):
        now = ahead * weights
        if not now.sum() > 0:
            raise ValueError(f"row {row} is impossible under the chain")
        now = now / now.sum()
        ahead = now @ transition
    return np.asarray(now)


def fit_chain(levels: Sequence[str], evidence: Array, *, centre: Array, strength: ArrayLike) -> Chain:
    r"""Posterior mean of a chain under a Dirichlet prior for each row.

    centre    (levels, levels) the law towards which each row is smoothed; a zero is a step that cannot happen
    strength  (levels,) or one number: pseudo-transitions s of a row, whose prior is Dirichlet(s * centre)

    $T_{ij} = (n_{ij} + s_i c_{ij}) / (n_i + s_i)$ with the expected counts n of `transition_counts`. Raises
    ValueError if a strength is not positive or a row of the centre does not sum to one.
    """
    if not np.allclose(centre.sum(axis=1), 1.0, atol=1e-9):
        raise ValueError("each row of the centre must sum to 1")
    size = len(centre)
    mass = np.broadcast_to(np.asarray(strength, dtype=float), (size,))[:, None]
    if not np.all(mass > 0):
        raise ValueError(f"strength must be positive, got {mass.min()}")
    counts = np.where(centre > 0, transition_counts(evidence), 0.0)
    transition = (counts + mass * centre) / (counts.sum(axis=1, keepdims=True) + mass)
    return Chain(tuple(levels), transition, latest(evidence, transition))


def ahead(chain: Chain, *, steps: int) -> Array:
    """Distribution over the levels after `steps` periods, (levels,)."""
    return np.asarray(chain.now @ np.linalg.matrix_power(chain.transition, steps))


def at(chain: Chain, *, wanted: Sequence[str], steps: int) -> float:
    """Probability of being at one of the levels after `steps` periods."""
    return float(ahead(chain, steps=steps) @ _mask(chain, wanted))


def hits(chain: Chain, *, wanted: Sequence[str], first: int, last: int) -> float:
    """Probability of being at one of the levels in some period from `first` to `last` steps ahead."""
    return counts_at_least(chain, wanted=wanted, first=first, last=last, at_least=1)


def counts_at_least(chain: Chain, *, wanted: Sequence[str], first: int, last: int, at_least: int) -> float:
    """Probability of being at one of the levels in at least so many of the periods `first` to `last` ahead.

    Exact: the joint law of level and capped count is pushed forward.
    """
    if at_least <= 0:
        return 1.0
    inside = _mask(chain, wanted)
    law = np.zeros((at_least + 1, len(chain.levels)))
    law[0] = ahead(chain, steps=first)
    for step in range(first, last + 1):
        if step > first:
            law = law @ chain.transition
        moved = law * inside
        law = law * (1.0 - inside)
        law[1:] += moved[:-1]
        law[-1] += moved[-1]
    return float(min(1.0, law[-1].sum()))


def _mask(chain: Chain, wanted: Sequence[str]) -> Array:
    unknown = [level for level in wanted if level not in chain.levels]
    if unknown:
        raise ValueError(f"no such level: {', '.join(unknown)} (levels: {', '.join(chain.levels)})")
    return np.array([float(level in wanted) for level in chain.levels])
