"""What a surrogate makes of the posterior, without a single solve: draws of it, moves in it, and its mass.

It is a density that is known everywhere and near the exact one, so estimates of the evidence begin from it,
and chains of exact draws are proposed by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from tightrope.fit.broad import normal_part
from tightrope.fit.evidence import bridge
from tightrope.fit.surrogate import Numbers, guessed
from tightrope.fit.teaching import Learned, runner

BURNT, THINNED = 200, 8
"""Trajectories that are dropped first, and trajectories from one draw to the next."""
BATCH = 64


Exact = Callable[[Numbers], tuple[float, Any]]
"""The exact log-likelihood of normal scores, -inf without a certificate, and by row."""


@dataclass(frozen=True, eq=False)
class Tried:
    """A proposal beside the exact density.

    value, by_row  its exact log-likelihood, -inf without a certificate
    above          nats by which the surrogate says too little of it
    chance         that it is taken
    rate           acceptance rate of the surrogate's own trajectories
    """

    point: Numbers
    value: float
    by_row: Any
    above: float
    chance: float
    rate: float

    @property
    def failed(self) -> bool:
        """Whether it has no certificate."""
        return not np.isfinite(self.value)


@dataclass(frozen=True, eq=False)
class SurrogatePosterior:
    """The density L(v) φ(v) of normal scores v, with the surrogate's likelihood in place of the exact one."""

    taught: Learned

    def said(self, points: Numbers) -> Numbers:
        """Log-likelihoods (n,) that the surrogate says of points (n, parameters)."""
        return np.asarray(_said()(self.taught.surrogate, jnp.asarray(points)))

    def draws(self, count: int, *, seed: list[int]) -> Numbers:
        """Draws (count, parameters), by Hamiltonian trajectories."""
        run = runner()
        taught, root = self.taught, self.taught.root
        key, begin = key_of(seed), jnp.zeros(len(root))
        _, (path, _) = run(
            key, begin, taught.surrogate, jnp.asarray(root), jnp.asarray(taught.size),
            jnp.asarray(taught.longest), count=BURNT + THINNED * count,
        )  # fmt: skip
        kept = np.asarray(path)[BURNT + THINNED - 1 :: THINNED]
        return np.asarray(np.asarray(taught.surrogate.centre) + kept @ root.T)

    def moved(self, point: Numbers, *, key: Array) -> tuple[Numbers, float]:
        """A point that trajectories from this one reach, reversibly for this density; how well they kept it.

        The latter is the mean acceptance rate of their ends, by which a step size is judged.
        """
        run = runner()
        taught, root = self.taught, self.taught.root
        longest = taught.longest
        if taught.short:
            # A length of its own for each proposal, whatever the point: so it stays reversible.
            key, tossed = jax.random.split(key)
            longest = min(longest, taught.short) if bool(jax.random.bernoulli(tossed)) else longest
        centre = np.asarray(taught.surrogate.centre)
        u = jnp.asarray(np.asarray(taught.surrogate.white) @ (point - centre))
        y, (_, rates) = run(
            key, u, taught.surrogate, jnp.asarray(root),
            jnp.asarray(taught.size), jnp.asarray(longest), count=taught.turns,
        )  # fmt: skip
        return np.asarray(centre + root @ np.asarray(y)), float(np.mean(rates))

    def above(self, point: Numbers, value: float) -> float:
        """What it says too little of a point's exact log-likelihood, in nats."""
        return value - float(self.said(point[None])[0])

    def tried(self, point: Numbers, above: float, exact: Exact, *, key: Array, power: float = 1.0) -> Tried:
        r"""Its proposal from a point, and the chance by which the exact density takes it (Liu 2001).

        $\min(1, [(L/S)(y) / (L/S)(x)]^p)$, L the exact likelihood and S the surrogate's; the prior is in
        both and cancels.

        above  of the point the proposal is made from
        power  p; at one, what is taken is a draw of the exact posterior's, below one of what lies between
        """
        new, rate = self.moved(point, key=key)
        value, by_row = exact(new)
        if not np.isfinite(value):
            return Tried(new, value, by_row, -np.inf, 0.0, rate)
        there = self.above(new, value)
        return Tried(new, value, by_row, there, float(np.exp(min(0.0, power * (there - above)))), rate)

    def log_mass(self, *, count: int, seed: list[int]) -> float:
        """Log of the integral of the density, by bridge sampling from its normal part; no solve is needed."""
        normal = normal_part(self.taught.surrogate)
        root = np.linalg.cholesky(normal.covariance)
        white = np.random.default_rng(seed).normal(size=(count, len(root)))
        drawn = self.draws(count, seed=seed)

        def over(points: Numbers) -> Numbers:
            away = np.linalg.solve(root, (points - normal.mean).T)
            volume = float(np.log(np.diagonal(root)).sum())
            normals = 0.5 * (away**2).sum(axis=0) + volume - 0.5 * (points**2).sum(axis=1)
            return np.asarray(self.said(points) + normals)

        return bridge(over(drawn), over(normal.mean + white @ root.T), effective=0.5 * count)


@lru_cache(maxsize=1)
def _said() -> Any:
    return jax.jit(lambda found, points: jax.lax.map(lambda s: guessed(found, s), points, batch_size=BATCH))


def key_of(seed: list[int]) -> Array:
    """A random key of its own for each list of whole numbers."""
    return jax.random.key(_number(seed))


def _number(seed: list[int]) -> int:
    return int(np.random.default_rng([*seed, 7]).integers(2**62))
