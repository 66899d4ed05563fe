"""The evidence by tempered sequential Monte Carlo (Neal 2001; Del Moral, Doucet & Jasra 2006).

Particles begin as draws of a density whose mass is known: the prior here, a surrogate's posterior in
`staged`. What the posterior has beyond it is raised from power zero to one in stages, each as long as leaves
the weights worth half the particles; they are resampled and moved at the power reached. The mean weights of
all stages multiply to the evidence. From the prior, nothing knows of modes found by climbing, so a mode that
both other estimates miss can show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp

from tightrope.fit.ellipse import Density, Reference, advance
from tightrope.fit.evidence import Estimate, Method, spread
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
    moves      of each particle a stage
    repeats    runs, each from draws of its own
    worth      share of the particles that a stage's weights must be worth
    """

    particles: int = 500
    moves: int = 6
    repeats: int = 3
    worth: float = 0.5


class NoParticle(RuntimeError):
    """Too few of the first draws have a certificate and a possible record."""


class Moved(NamedTuple):
    """Where a particle went, what the posterior has there beyond the first density, and what that cost."""

    point: Array
    height: float
    evaluations: int
    failures: int


Move = Callable[[int, Array, float, list[int]], Moved]
"""Called as move(place in the cloud, point, height, seed)."""


class Route(Protocol):
    """A way from a density to the posterior."""

    def begin(self, count: int, seed: list[int]) -> Array:
        """Draws (count, parameters) of the density."""
        ...

    def height(self, point: Array) -> float:
        """Log of what the posterior has beyond it, unnormalised; nan without a certificate."""
        ...

    def mover(self, cloud: Array, power: float) -> Move:
        """A move that leaves the density times that to the power as it is."""
        ...


@dataclass(frozen=True, eq=False)
class FromPrior:
    """From the standard normal prior of `size` normal scores; heights are log-likelihoods."""

    density: Density
    size: int

    def begin(self, count: int, seed: list[int]) -> Array:
        """Prior draws."""
        return np.random.default_rng(seed).normal(size=(count, self.size))

    def height(self, point: Array) -> float:
        """The log-likelihood."""
        return float(self.density.value(point)[0])

    def mover(self, cloud: Array, power: float) -> Move:
        """Elliptical slices: the first half of the particles around the second, and the other way round.

        A particle must not shape its own reference. In many dimensions a cloud that is fitted to itself draws
        its particles inwards, and the evidence comes out low, by nats, in every run alike. Resampling leaves
        copies of a particle next to each other, so halves in this order share one at most.
        """
        half = len(cloud) // 2
        here = _Tempered(self.density, power)
        references = [_reference(cloud[half:]), _reference(cloud[:half])]

        def move(place: int, point: Array, height: float, seed: list[int]) -> Moved:
            state = {"at": point.tolist(), "log_likelihood": power * height, "rows": [height]}
            made = advance(here, references[place >= half], state, draws=1, seed=seed, first=0)
            last = made["state"]
            return Moved(np.array(last["at"]), last["rows"][0], made["evaluations"], made["failures"])

        return move


def _reference(points: Array) -> Reference:
    cloud = fitted(points, shape=np.eye(points.shape[1]), effective=0.5 * len(points), degrees=CLOSE)
    return Reference(cloud.means[0], cloud.roots[0], CLOSE)


@dataclass(frozen=True)
class _Tempered:
    """A density whose likelihood is raised to a power; its rows are its log-likelihood."""

    density: Density
    power: float

    def value(self, v: Array) -> tuple[float, Array]:
        found, _ = self.density.value(v)
        return self.power * found, np.array([found])


def tempered(
    route: Route,
    *,
    tempering: Tempering,
    seed: int,
    keep: Keep,
    method: Method = "tempered SMC",
    on_progress: Progress | None = None,
) -> Estimate:
    """Log of the posterior's mass over that of the density where the route begins.

    From the prior that is the log evidence.

    keep  called as keep(name, compute) for each piece of the work, as in `fit_record`

    Raises NoParticle where fewer than ten of the first draws have a density.
    """
    about = on_progress or (lambda label, done, of: None)
    runs = [_run(route, tempering, seed, k, keep, about) for k in range(tempering.repeats)]
    repeats = tuple(run["log_evidence"] for run in runs)
    mean = float(logsumexp(repeats) - np.log(len(repeats)))
    return Estimate(
        method, mean, repeats, spread(repeats), sum(run["evaluations"] for run in runs),
        sum(run["failures"] for run in runs), min(run["effective"] for run in runs), float("nan"), "",
    )  # fmt: skip


def _run(
    route: Route, tempering: Tempering, seed: int, number: int, keep: Keep, about: Progress
) -> dict[str, Any]:
    n = tempering.particles
    points = route.begin(n, [seed, 5, number])
    generator = np.random.default_rng([seed, 5, number, 1])
    heights = np.empty(n)
    failures, evaluations, done = 0, n, 0
    for piece, some in enumerate(np.array_split(np.arange(n), range(PIECE, n, PIECE))):
        found = keep(f"smc-{number}-prior-{piece}", partial(_heights, route, points[some]))
        heights[some] = [-np.inf if x is None else x for x in found]
        done += len(some)
        about(f"SMC run {number + 1}, first draws", done, n)
    failures += int((~np.isfinite(heights)).sum())
    if np.isfinite(heights).sum() < 10:
        raise NoParticle(f"of {n} first draws {n - failures} have a certificate: too few to begin with")
    power, total, least, stage = 0.0, 0.0, float(n), 0
    while True:
        step = _step(heights, 1.0 - power, tempering.worth * n)
        weights = step * heights
        total += float(logsumexp(weights) - np.log(n))
        least = min(least, effective_size(weights))
        power, stage = power + step, stage + 1
        if power >= 1.0 - 1e-12:
            break
        if stage == STAGES:
            raise NoParticle(f"after {STAGES} stages the likelihood has power {power:.3f} only")
        picks = _resampled(weights, generator)
        points, heights = points[picks], heights[picks]
        move = route.mover(points.copy(), power)
        for piece, some in enumerate(np.array_split(np.arange(n), range(PIECE, n, PIECE))):
            work = partial(
                _moved, move, some, points[some], heights[some], tempering.moves, [seed, 6, number, stage]
            )
            made = keep(f"smc-{number}-{stage}-{piece}", work)
            points[some], heights[some] = made["points"], made["heights"]
            evaluations, failures = evaluations + made["evaluations"], failures + made["failures"]
            about(f"SMC run {number + 1}, stage {stage} to power {power:.3g}", int(some[-1]) + 1, n)
    return {"log_evidence": total, "evaluations": evaluations, "failures": failures, "effective": least}


def _step(heights: Array, left: float, worth: float) -> float:
    """The longest step of the power after which weights are worth so many particles, at most what is left."""
    # Points without a density weigh nothing whatever the step; what the others are worth sets its length.
    known = int(np.isfinite(heights).sum())
    worth = min(worth, 0.9 * known)

    def excess(step: float) -> float:
        return effective_size(step * heights) - worth

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


def _heights(route: Route, points: Array) -> list[float | None]:
    values = [float(route.height(point)) for point in points]
    return [value if np.isfinite(value) else None for value in values]


def _moved(
    move: Move, places: Array, points: Array, heights: Array, moves: int, seed: list[int]
) -> dict[str, Any]:
    """Particles moved, each with random numbers of its own."""
    found: dict[str, Any] = {"points": [], "heights": [], "evaluations": 0, "failures": 0}
    for place, point, height in zip(places, points, heights, strict=True):
        now = Moved(point, float(height), 0, 0)
        for k in range(moves):
            now = move(int(place), now.point, now.height, [*seed, int(place), k])
            found["evaluations"] += now.evaluations
            found["failures"] += now.failures
        found["points"].append(now.point.tolist())
        found["heights"].append(now.height)
    return found
