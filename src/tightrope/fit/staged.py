"""Importance sampling in stages, from a normal that is near the posterior (Neal 2001; Del Moral et al. 2006).

Where the weights of draws from one proposal have no reliable mean, the way from the proposal to the posterior
is cut into stages. In the normal's own coordinates its density is standard normal, and what the posterior has
beyond it stands for the likelihood: tempering that from power zero to one is what `smc` does from the prior,
with a much shorter way to go.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tightrope.fit.ellipse import Array, Density
from tightrope.fit.evidence import APART, Estimate
from tightrope.fit.laplace import Laplace
from tightrope.fit.pieces import Keep
from tightrope.fit.smc import Tempering, tempered
from tightrope.fit.weighing import Progress


@dataclass(frozen=True, eq=False)
class Beyond:
    """What a density under a standard normal prior has beyond a normal, in that normal's coordinates."""

    density: Density
    mean: Array
    root: Array

    def value(self, w: Array) -> tuple[float, Array]:
        """Log of posterior over normal at v = mean + root w, unnormalised; nan without a certificate."""
        v = self.mean + self.root @ w
        found, rows = self.density.value(v)
        volume = float(np.log(np.diagonal(self.root)).sum())
        return found - 0.5 * float(v @ v) + 0.5 * float(w @ w) + volume, rows


def staged(
    density: Density,
    normal: Laplace,
    *,
    tempering: Tempering,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Estimate:
    """The log evidence of a density by importance sampling in stages from a normal.

    Runs that spread over more than half a nat are a flaw: particles were too few.

    keep  called as keep(name, compute) for each piece of the work, as in `fit_record`

    Raises NoParticle where fewer than ten draws of the normal have a density.
    """
    beyond = Beyond(density, normal.mean, np.linalg.cholesky(normal.covariance))

    def apart(name: str, compute: Callable[[], Any]) -> Any:
        return keep(f"staged-{name}", compute)

    found = tempered(
        beyond, len(normal.mean), tempering=tempering, seed=seed, keep=apart, on_progress=on_progress
    )
    flaw = "" if found.spread <= APART else f"its runs differ by {found.spread:.1f} nats (one sd)"
    return replace(found, method="importance sampling in stages", flaw=flaw)
