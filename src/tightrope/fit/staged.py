"""Importance sampling in stages, from a surrogate's posterior (Neal 2001; Del Moral et al. 2006).

Draws of the surrogate's posterior cost no solve, and its mass is known without one. What the exact likelihood
has beyond the surrogate's is raised from power zero to one, as `smc` does from the prior, with a much shorter
way to go: at low powers nearly every proposal of the surrogate is accepted, so that particles go anywhere
before they are held to the exact density.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tightrope.fit.ellipse import Array, Density
from tightrope.fit.evidence import APART, Estimate
from tightrope.fit.pieces import Keep
from tightrope.fit.smc import Move, Moved, Tempering, tempered
from tightrope.fit.surrogate_posterior import SurrogatePosterior, key_of
from tightrope.fit.weighing import Progress


@dataclass(frozen=True, eq=False)
class FromSurrogate:
    """From a surrogate's posterior; heights are what it says too little of log-likelihoods."""

    density: Density
    surrogate: SurrogatePosterior

    def begin(self, count: int, seed: list[int]) -> Array:
        """Draws of it."""
        return self.surrogate.draws(count, seed=seed)

    def height(self, point: Array) -> float:
        """Exact log-likelihood less the surrogate's."""
        return self.surrogate.above(point, float(self.density.value(point)[0]))

    def mover(self, cloud: Array, power: float) -> Move:
        """Its proposals, accepted by the ratio of exact likelihood to its own, to the power (Metropolis)."""

        def move(place: int, point: Array, height: float, seed: list[int]) -> Moved:
            found = self.surrogate.tried(point, height, self.density.value, key=key_of(seed), power=power)
            if np.random.default_rng(seed).uniform() < found.chance:
                return Moved(found.point, found.above, 1, 0)
            return Moved(point, height, 1, int(found.failed))

        return move


def staged(
    density: Density,
    surrogate: SurrogatePosterior,
    *,
    mass: float,
    tempering: Tempering,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Estimate:
    """The log evidence of a density by importance sampling in stages from a surrogate's posterior.

    Runs that spread over more than half a nat are a flaw: particles were too few.

    mass  the log of the integral of that posterior
    keep  called as keep(name, compute) for each piece of the work, as in `fit_record`

    Raises NoParticle where fewer than ten of its draws have a density.
    """

    def apart(name: str, compute: Callable[[], Any]) -> Any:
        return keep(f"staged-{name}", compute)

    found = tempered(
        FromSurrogate(density, surrogate), tempering=tempering, seed=seed, keep=apart,
        method="importance sampling in stages", on_progress=on_progress,
    )  # fmt: skip
    flaw = "" if found.spread <= APART else f"its runs differ by {found.spread:.1f} nats (one sd)"
    repeats = tuple(mass + x for x in found.repeats)
    return replace(found, log_evidence=mass + found.log_evidence, repeats=repeats, flaw=flaw)
