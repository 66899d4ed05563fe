"""What a surrogate makes of the posterior, without a single solve: draws of it, moves in it, and its mass.

It is a density that is known everywhere and near the exact one, so estimates of the evidence begin from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tightrope.fit.broad import normal_part
from tightrope.fit.evidence import bridge
from tightrope.fit.surrogate import Numbers, guessed
from tightrope.fit.teaching import Learned, programs

BURNT, THINNED = 200, 8
"""Trajectories that are dropped first, and trajectories from one draw to the next."""
BATCH = 64


@dataclass(frozen=True, eq=False)
class SurrogatePosterior:
    """The density L(v) φ(v) of normal scores v, with the surrogate's likelihood in place of the exact one."""

    taught: Learned

    def said(self, points: Numbers) -> Numbers:
        """Log-likelihoods (n,) that the surrogate says of points (n, parameters)."""
        return np.asarray(_said()(self.taught.surrogate, jnp.asarray(points)))

    def draws(self, count: int, *, seed: list[int]) -> Numbers:
        """Draws (count, parameters), by Hamiltonian trajectories."""
        run, _ = programs()
        taught, root = self.taught, self.taught.root
        key, begin = jax.random.key(_number(seed)), jnp.zeros(len(root))
        _, (path, _) = run(
            key, begin, taught.surrogate, jnp.asarray(root), jnp.asarray(taught.size),
            jnp.asarray(taught.longest), count=BURNT + THINNED * count,
        )  # fmt: skip
        kept = np.asarray(path)[BURNT + THINNED - 1 :: THINNED]
        return np.asarray(np.asarray(taught.surrogate.centre) + kept @ root.T)

    def moved(self, point: Numbers, *, seed: list[int]) -> Numbers:
        """A point that trajectories from this one reach, reversibly for this density."""
        run, _ = programs()
        taught, root = self.taught, self.taught.root
        centre = np.asarray(taught.surrogate.centre)
        u = jnp.asarray(np.asarray(taught.surrogate.white) @ (point - centre))
        y, _ = run(
            jax.random.key(_number(seed)), u, taught.surrogate, jnp.asarray(root),
            jnp.asarray(taught.size), jnp.asarray(taught.longest), count=taught.turns,
        )  # fmt: skip
        return np.asarray(centre + root @ np.asarray(y))

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


def _number(seed: list[int]) -> int:
    return int(np.random.default_rng([*seed, 7]).integers(2**62))
