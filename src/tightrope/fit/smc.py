"""The evidence once more, by tempered sequential Monte Carlo from the prior (Del Moral, Doucet & Jasra 2006).

Particles begin as prior draws. The likelihood is raised from power zero to one in stages, each as long as
leaves the weights worth half the particles; they are resampled and moved by elliptical slices at the power
reached, around the moments of the particles. The mean weights of all stages multiply to the evidence. Nothing
here knows of modes found by climbing, so a mode that both other estimates miss can show.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp

from tightrope.fit.ellipse import Density, Reference, advance
from tightrope.fit.evidence import Estimate, spread
from tightrope.fit.laplace import effective_size
from tightrope.fit.mixtures import CLOSE, fitted
from tightrope.fit.pieces import Keep
from tightrope.fit.weighing import Progress

Array = NDArray[Any]

PIECE = 20
STAGES = 200


@dataclass(frozen=True)
class Tempering:
    """How hard to try.

    particles  in each run
    moves      slices of each particle a stage
    repeats    runs, each from prior draws of its own
    worth      share of the particles that a stage's weights must be worth
    """

    particles: int = 500
    moves: int = 6
    repeats: int = 3
    worth: float = 0.5


class NoParticle(RuntimeError):
    """Too few prior draws have a certificate and a possible record."""


@dataclass(frozen=True)
class _Tempered:
    """A density whose likelihood is raised to a power; its rows are its log-likelihood."""

    density: Density
    power: float

    def value(self, v: Array) -> tuple[float, Array]:
        found, _ = self.density.value(v)
        return self.power * found, np.array([found])


def tempered(
    density: Density,
    size: int,
    *,
    tempering: Tempering,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Estimate:
    """The log evidence of a density in `size` normal scores under their standard normal prior.

    keep  called as keep(name, compute) for each piece of the work, as in `fit_record`

    Raises NoParticle where fewer than ten of the prior draws have a density.
    """
    about = on_progress or (lambda label, done, of: None)
    runs = [_run(density, size, tempering, seed, k, keep, about) for k in range(tempering.repeats)]
    repeats = tuple(run["log_evidence"] for run in runs)
    mean = float(logsumexp(repeats) - np.log(len(repeats)))
    return Estimate(
        "tempered SMC", mean, repeats, spread(repeats), sum(run["evaluations"] for run in runs),
        sum(run["failures"] for run in runs), min(run["effective"] for run in runs), float("nan"), "",
    )  # fmt: skip


def _run(
    density: Density, size: int, tempering: Tempering, seed: int, number: int, keep: Keep, about: Progress
) -> dict[str, Any]:
    n = tempering.particles
    generator = np.random.default_rng([seed, 5, number])
    points = generator.normal(size=(n, size))
    likelihood = np.empty(n)
    failures, evaluations, done = 0, n, 0
    for piece, some in enumerate(np.array_split(np.arange(n), range(PIECE, n, PIECE))):
        found = keep(f"smc-{number}-prior-{piece}", partial(_values, density, points[some]))
        likelihood[some] = [-np.inf if x is None else x for x in found]
        done += len(some)
        about(f"SMC run {number + 1}, prior draws", done, n)
    failures += int((~np.isfinite(likelihood)).sum())
    if np.isfinite(likelihood).sum() < 10:
        raise NoParticle(f"of {n} prior draws {n - failures} have a certificate: too few to begin with")
    power, total, least, stage = 0.0, 0.0, float(n), 0
    while True:
        step = _step(likelihood, 1.0 - power, tempering.worth * n)
        weights = step * likelihood
        total += float(logsumexp(weights) - np.log(n))
        least = min(least, effective_size(weights))
        power, stage = power + step, stage + 1
        if power >= 1.0 - 1e-12:
            break
        if stage == STAGES:
            raise NoParticle(f"after {STAGES} stages the likelihood has power {power:.3f} only")
        picks = _resampled(weights, generator)
        points, likelihood = points[picks], likelihood[picks]
        cloud = fitted(points, shape=np.eye(size), effective=0.5 * n, degrees=CLOSE)
        reference = Reference(cloud.means[0], cloud.roots[0], CLOSE)
        here = _Tempered(density, power)
        for piece, some in enumerate(np.array_split(np.arange(n), range(PIECE, n, PIECE))):
            work = partial(
                _moved, here, reference, points[some], likelihood[some], tempering.moves,
                [seed, 6, number, stage, piece],
            )  # fmt: skip
            made = keep(f"smc-{number}-{stage}-{piece}", work)
            points[some], likelihood[some] = made["points"], made["likelihood"]
            evaluations, failures = evaluations + made["evaluations"], failures + made["failures"]
            about(f"SMC run {number + 1}, stage {stage} to power {power:.3g}", int(some[-1]) + 1, n)
    return {"log_evidence": total, "evaluations": evaluations, "failures": failures, "effective": least}


def _step(likelihood: Array, left: float, worth: float) -> float:
    """The longest step of the power after which weights are worth so many particles, at most what is left."""
    # Points without a density weigh nothing whatever the step; what the others are worth sets its length.
    known = int(np.isfinite(likelihood).sum())
    worth = min(worth, 0.9 * known)

    def excess(step: float) -> float:
        return effective_size(step * likelihood) - worth

    if excess(left) >= 0:
        return left
    low = left
    while excess(low) < 0:
        low *= 0.5
    return float(brentq(excess, low, min(2.0 * low, left), xtol=1e-12))


def _resampled(log_weights: Array, generator: np.random.Generator) -> Array:
    """Numbers of particles by systematic resampling."""
    n = len(log_weights)
    edges = np.cumsum(np.exp(log_weights - logsumexp(log_weights)))
    picks = np.searchsorted(edges, (np.arange(n) + generator.uniform()) / n)
    return np.minimum(picks, n - 1)


def _values(density: Density, points: Array) -> list[float | None]:
    values = [float(density.value(point)[0]) for point in points]
    return [value if np.isfinite(value) else None for value in values]


def _moved(
    here: _Tempered, reference: Reference, points: Array, likelihood: Array, moves: int, seed: list[int]
) -> dict[str, Any]:
    """Particles moved, each with random numbers of its own."""
    found: dict[str, Any] = {"points": [], "likelihood": [], "evaluations": 0, "failures": 0}
    for k, (point, value) in enumerate(zip(points, likelihood, strict=True)):
        state = {
            "at": point.tolist(), "log_likelihood": here.power * float(value), "rows": [float(value)]
        }  # fmt: skip
        made = advance(here, reference, state, draws=moves, seed=[*seed, k], first=0)
        found["points"].append(made["state"]["at"])
        found["likelihood"].append(made["state"]["rows"][0])
        found["evaluations"] += made["evaluations"]
        found["failures"] += made["failures"]
    return found
