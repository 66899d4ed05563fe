"""Profile likelihoods: how well the record is accounted for with one parameter held and the others fitted.

The others keep their priors: in seventy dimensions a likelihood alone is flat in most of them. What is
profiled is therefore the posterior without the prior of the parameter held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from tightrope.fit.mode import find_mode
from tightrope.fit.pieces import Keep
from tightrope.fit.posterior import Fit, compute_now
from tightrope.fit.priors import PriorSet, values
from tightrope.fit.target import Target
from tightrope.record.likelihood import value_only

GRID = (-2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
"""Normal scores at which a parameter is held, besides that of the mode."""
DROP = 1.92
"""Nats below the top that bound a 95 % likelihood interval: half the chi-squared quantile."""


@dataclass(frozen=True)
class Point:
    """One grid point.

    score, value  of the parameter held: normal score, and in its own units
    height        log-likelihood with the others' log prior at the best point found; nan without one
    status        of the climb of the others, as in `Mode`
    """

    score: float
    value: float
    height: float
    status: str
    calls: int
    failures: int


@dataclass(frozen=True)
class Profile:
    """A profile likelihood.

    points  in the order of the grid
    low, high  where it has dropped by 1.92 nats, in the parameter's own units; None where the grid ends first
    """

    name: str
    points: tuple[Point, ...]
    low: float | None
    high: float | None

    @property
    def top(self) -> float:
        """The greatest height."""
        return float(np.nanmax([p.height for p in self.points]))

    @property
    def drops(self) -> tuple[float, ...]:
        """Nats below the top at each point."""
        return tuple(self.top - p.height for p in self.points)


def profile(
    target: Target,
    fit: Fit,
    name: str,
    *,
    steps: int = 40,
    grid: Sequence[float] = GRID,
    keep: Keep = compute_now,
    on_step: Callable[[int, int], None] | None = None,
) -> Profile:
    """The profile of one free parameter.

    The grid is walked outward from the mode, each point begun from its neighbour nearer to it: from where the
    others stood there and from its fixed point. A neighbour without a certificate is passed over.

    target  of the record and priors of `fit`, its solves begun at the fixed point of the mode (`Target.near`)

    Raises ValueError for a name that is not free.
    """
    names = target.priors.names
    if name not in names:
        raise ValueError(f"{name} is not a free parameter")
    k = names.index(name)
    own = PriorSet(target.priors.prior_class, (name,), (target.priors.priors[k],))
    rest = PriorSet(
        target.priors.prior_class, names[:k] + names[k + 1 :],
        target.priors.priors[:k] + target.priors.priors[k + 1 :],
    )  # fmt: skip
    best = fit.modes[0].scores
    middle = float(np.clip(best[k], -6.0, 6.0))
    above = [x for x in sorted(grid) if x > middle + 1e-9]
    below = [x for x in sorted(grid, reverse=True) if x < middle - 1e-9]
    points: dict[float, Point] = {}
    total, done = 1 + len(above) + len(below), 0

    def local(score: float, z: np.ndarray | None) -> Target:
        fixed = {**target.fixed, name: float(values(own, np.array([score]))[0])}
        return Target(target.evidence, rest, z, target.tolerance, fixed=fixed)

    def held(score: float, start: np.ndarray, z: np.ndarray | None) -> dict[str, Any]:
        at = local(score, z)
        found = find_mode(at, start, name=f"{name} held", steps=steps)
        certain = bool(np.isfinite(found.log_posterior))
        return {
            "value": at.fixed[name], "scores": found.scores.tolist(), "status": found.status,
            "height": float(found.log_posterior) if certain else None,
            "calls": found.calls, "failures": found.failures,
        }  # fmt: skip

    def walk(
        scores: Sequence[float], start: np.ndarray, z: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Climb at each score in turn; returns where the first of them ended."""
        nonlocal done
        first = start, z
        for number, score in enumerate(scores):
            data = keep(f"profile-{name}-{score:.4f}", partial(held, score, start, z))
            height = float("nan") if data["height"] is None else float(data["height"])
            points[score] = Point(
                score, data["value"], height, data["status"], data["calls"], data["failures"]
            )
            done += 1
            if on_step is not None:
                on_step(done, total)
            if data["height"] is not None:
                start = np.array(data["scores"])
                solved = value_only(target.evidence, local(score, z).theta(start), warm=z)
                z = np.asarray(solved.z)
            if number == 0:
                first = start, z
        return first

    centre, z = walk([middle], np.delete(best, k), target.z)
    walk(above, centre, z)
    walk(below, centre, z)
    ordered = tuple(points[score] for score in sorted(points))
    low, high = _crossings(ordered, own)
    return Profile(name, ordered, low, high)


def _crossings(points: Sequence[Point], own: PriorSet) -> tuple[float | None, float | None]:
    """Where the profile has dropped by DROP on either side of its top.

    Between points the root of the drop goes in a straight line, which is right for a normal likelihood.
    """
    known = [p for p in points if np.isfinite(p.height)]
    if not known:
        return None, None
    heights = np.array([p.height for p in known])
    top = int(np.argmax(heights))
    roots = np.sqrt(heights[top] - heights)

    def side(order: Sequence[int]) -> float | None:
        for near, far in pairwise(order):
            if roots[far] >= np.sqrt(DROP):
                share = (np.sqrt(DROP) - roots[near]) / (roots[far] - roots[near])
                score = known[near].score + share * (known[far].score - known[near].score)
                return float(values(own, np.array([score]))[0])
        return None

    return side(range(top, -1, -1)), side(range(top, len(known)))
