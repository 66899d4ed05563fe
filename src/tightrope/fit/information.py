"""What a record can tell of parameters, each alone and all together, and which combinations it cannot see.

Everything is in normal scores, in which the prior of each parameter is standard normal: information of one
halves the prior's variance. *Observed* information is the curvature of this record's log-likelihood at the
mode; *expected* information is the variance of the score over records that the game would make there
(Fisher's), which no single record's luck moves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tightrope.fit.laplace import Laplace
from tightrope.fit.priors import slopes
from tightrope.fit.target import Target
from tightrope.game.equilibrium import primitives_function, strategies_function
from tightrope.record.likelihood import prepare_record, value_and_gradient, value_only
from tightrope.record.simulate import simulate

SEEN = 0.5625
"""Information from which a parameter alone would count as estimated: posterior sd 0.8 of the prior's."""
FLAT = 0.2
"""A combination is flat if it is seen so many times less sharply than its parts would be, each alone."""
PART = 0.3
TRIES = 20


@dataclass(frozen=True, eq=False)
class Expected:
    """Expected information, and how it was found.

    matrix       (parameters, parameters)
    records      simulated
    without      records whose game ended too soon, or whose score could not be told
    """

    matrix: np.ndarray
    records: int
    without: int


@dataclass(frozen=True)
class Seen:
    """One parameter: posterior sd over prior sd were all others known, and with all others free."""

    name: str
    alone: float
    together: float


@dataclass(frozen=True)
class Flat:
    """A combination that is hardly seen.

    parts   names with weights in prior sds, the largest first; the first weight is positive
    seen    its information beside that of its parts, each alone: 1 were they told apart
    """

    parts: tuple[tuple[str, float], ...]
    seen: float

    def __str__(self) -> str:
        (first, _), *rest = self.parts
        told = [f"{'with' if weight > 0 else 'against'} {name}" for name, weight in rest]
        return f"{first} {' and '.join(told)}" if told else first


def observed(laplace: Laplace) -> np.ndarray:
    """The observed information: the posterior's curvature at the mode less the prior's.

    Directions in which the likelihood curves the wrong way count as unseen.
    """
    return np.asarray(np.linalg.inv(laplace.covariance) - np.eye(len(laplace.mean)))


def expected(
    target: Target,
    at: np.ndarray,
    *,
    periods: int,
    records: int,
    seed: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Expected:
    """Fisher's information at scores `at` from simulated records: the mean outer product of their scores.

    The mean of the scores is zero and is not taken off. Raises RuntimeError where the point has no
    certificate.
    """
    game = target.evidence.game
    theta = target.theta(at)
    solved = value_only(target.evidence, theta, warm=target.z)
    if not float(solved.residual) <= target.tolerance:
        raise RuntimeError("the point at which information is asked for has no certificate")
    z = np.asarray(solved.z)
    numbers = primitives_function(game)(theta)
    strategies, _ = strategies_function(game, "agent")(z, numbers)
    positions = [game.parameters.index(name) for name in target.priors.names]
    scale = slopes(target.priors, at)
    generator = np.random.default_rng(seed)
    total, without = np.zeros((len(at), len(at))), 0
    for number in range(records):
        for _ in range(TRIES):
            path = int(generator.integers(2**62))
            record = simulate(game, numbers, strategies, periods=periods, seed=path, keep_last=True)
            if len(record) == periods:
                _, gradient = value_and_gradient(prepare_record(game, record), theta, warm=z)
                score = gradient[positions] * scale
                break
        else:
            score = np.full(len(at), np.nan)
        if np.isfinite(score).all():
            total += np.outer(score, score)
        else:
            without += 1
        if on_step is not None:
            on_step(number + 1, records)
    return Expected(total / max(1, records - without), records, without)


def each(information: np.ndarray, names: Sequence[str]) -> tuple[Seen, ...]:
    """What each parameter would show alone, and what it shows beside the others."""
    joint = np.linalg.inv(information + np.eye(len(names)))
    return tuple(
        Seen(name, float(1.0 / np.sqrt(1.0 + max(information[k, k], 0.0))), float(np.sqrt(joint[k, k])))
        for k, name in enumerate(names)
    )


def flat_directions(information: np.ndarray, names: Sequence[str], *, top: int = 5) -> tuple[Flat, ...]:
    """Combinations of parameters, each seen alone, that together are hardly seen; the flattest first.

    They are the weak eigenvectors of the information among parameters that would count as estimated alone,
    each scaled to have information one. A parameter that is not seen alone is no part of any.
    """
    seen = [k for k in range(len(names)) if information[k, k] >= SEEN]
    if len(seen) < 2:
        return ()
    root = np.sqrt(np.diag(information)[seen])
    scaled = information[np.ix_(seen, seen)] / np.outer(root, root)
    values, vectors = np.linalg.eigh(scaled)
    found: list[Flat] = []
    for value, vector in zip(values, vectors.T, strict=True):
        if value >= FLAT or len(found) == top:
            break
        order = [int(k) for k in np.argsort(-np.abs(vector)) if abs(vector[k]) >= PART]
        if len(order) < 2:
            continue
        sign = np.sign(vector[order[0]])
        parts = tuple((names[seen[k]], float(sign * vector[k] / root[k])) for k in order)
        found.append(Flat(parts, float(max(value, 0.0))))
    return tuple(found)
