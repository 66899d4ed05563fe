"""Generalised elliptical slice sampling (Nishihara, Murray & Adams 2014) of any density, in numpy.

The chains of a whole fit (`slices`) trace the likelihood into one compiled program, a new one for each set of
free parameters. Here the density is only called: readings of a case then share what is compiled, and each
draw brings its log-likelihood by row along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

MOST = 60
"""Shrinkings of one bracket; after so many the chain stays where it is."""


class Density(Protocol):
    """Something with a log-likelihood under a standard normal prior."""

    def value(self, v: Array) -> tuple[float, Array]:
        """Log-likelihood at v and its parts by row; nan without a certificate."""
        ...


@dataclass(frozen=True, eq=False)
class Reference:
    """The t density that ellipses are drawn from: mean, Cholesky factor of its scale, degrees of freedom."""

    mean: Array
    root: Array
    degrees: float

    @cached_property
    def white(self) -> Array:
        """What turns its ellipses into circles, (parameters, parameters)."""
        return np.asarray(np.linalg.inv(self.root))

    def relative(self, v: Array) -> float:
        """Its log density at v, up to a constant."""
        square = float(((self.white @ (v - self.mean)) ** 2).sum())
        return -0.5 * (self.degrees + len(v)) * float(np.log1p(square / self.degrees))


def begin(density: Density, reference: Reference, *, at: Array, seed: list[int]) -> dict[str, Any]:
    """A certified state near `at`. Raises RuntimeError if there is none."""
    generator = np.random.default_rng(seed)
    for shrink in (1.0, 0.7, 0.5, 0.3, 0.1, 0.0):
        point = at + shrink * reference.root @ generator.normal(size=len(at))
        value, rows = density.value(point)
        if np.isfinite(value):
            return {"at": point.tolist(), "log_likelihood": float(value), "rows": rows.tolist()}
    raise RuntimeError("no certified point to start a chain from")


def advance(
    density: Density, reference: Reference, state: dict[str, Any], *, draws: int, seed: list[int], first: int
) -> dict[str, Any]:
    """The next `draws` draws from a state, as plain data; `state` in it is the last.

    Draw k of a chain has a generator of its own, seeded by `seed` and `first` + k, so that work may be cut
    anywhere.
    """
    x = np.array(state["at"])
    likelihood, rows = float(state["log_likelihood"]), list(state["rows"])
    scores, values, parts = [], [], []
    evaluations = failures = 0
    for k in range(first, first + draws):
        generator = np.random.default_rng([*seed, k])
        away = x - reference.mean
        square = float(((reference.white @ away) ** 2).sum())
        # The t is a normal of random scale; given the state that scale is inverse gamma.
        scale = 0.5 * (reference.degrees + square) / generator.gamma(0.5 * (reference.degrees + len(x)))
        other = np.sqrt(scale) * (reference.root @ generator.normal(size=len(x)))
        height = likelihood - 0.5 * float(x @ x) - reference.relative(x)
        level = height + float(np.log(generator.uniform()))
        angle = float(generator.uniform(0.0, 2 * np.pi))
        low, high = angle - 2 * np.pi, angle
        for _ in range(MOST):
            point = reference.mean + np.cos(angle) * away + np.sin(angle) * other
            found, by_row = density.value(point)
            evaluations += 1
            if not np.isfinite(found):
                failures += 1
            elif found - 0.5 * float(point @ point) - reference.relative(point) > level:
                x, likelihood, rows = point, float(found), np.asarray(by_row).tolist()
                break
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = float(generator.uniform(low, high))
        scores.append(x.tolist())
        values.append(likelihood)
        parts.append(rows)
    last = {"at": scores[-1], "log_likelihood": values[-1], "rows": parts[-1]}
    return {
        "scores": scores, "log_likelihood": values, "rows": parts,
        "evaluations": evaluations, "failures": failures, "state": last,
    }  # fmt: skip
