"""The principal branch: from uniform play at precision zero to the first crossing of the target.

At precision zero play is uniform and the equilibrium unique; for almost every game the
equilibria at higher precision form a branch that begins there (McKelvey & Palfrey 1995;
Turocy 2005). Every mover's precision is multiplied by a share s, and the branch followed
through (z, s) by pseudo-arclength, so that it may turn back at folds (Keller 1977; Allgower
& Georg 1990). Where it first reaches s = 1 lies the equilibrium that is selected.

A step predicts the next point and corrects on the plane through it across the direction of
travel. Two ways of doing so take turns. The quick one extrapolates the last three points and
mixes sweeps. Where it fails twice running, some steps go along the tangent and are corrected
by Newton with GMRES. A point is taken only when the correction is small beside the step;
that is what keeps the walk on its branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax.numpy as jnp
from jax import Array

from tightrope.game.correctors import KRYLOV, Corrected, Correctors, correctors, no_memory
from tightrope.game.fixed_point import Root

PATH_TOLERANCE = 1e-4
NEWTON_TOLERANCE = 1e-6
FIRST_SHARE = 0.01
NEAR, NEAR_SURE = 0.15, 0.4
"""A correction of more than this share of the step may have left the branch (mixing; Newton)."""
WANTED = 0.05
STRAIGHT = 0.8
SHORTEST = 1e-5
MOST_STEPS = 400
FARTHEST = 1e9
FURTHEST_SHARE = 3.0
"""Where a walk that looks for later crossings gives up."""
QUICK_SWEEPS, SLOW_SWEEPS = 60, 300
SURE_STEPS = 4
"""Steps taken by Newton after mixing has failed twice running, before it is tried again."""
NEWTON_STEPS = 6


@dataclass(frozen=True)
class Trace:
    """A walk along the principal branch.

    root     where it ended; its residual is that of z = T(z) at the full precisions
    arrived  whether that is the branch's first crossing of them
    reached  the largest share of the precisions on the way
    turns    shares at which the branch turned round, in the order met; read off a parabola through
             three points, to about 0.005
    steps    points taken on the branch
    later    (n,) each: further crossings of the full precisions on the same branch, where asked for
    """

    root: Root
    arrived: bool
    reached: float
    turns: tuple[float, ...]
    steps: int
    later: tuple[Array, ...] = ()


class _Walk:
    """The last three points on a branch, how far apart they lie, and what the walk has met."""

    def __init__(self, given: Any, ways: Correctors, first: Array) -> None:
        self.given, self.ways = given, ways
        self.memory = no_memory(first)
        self.points: list[Array] = []
        self.along: list[float] = []
        self.turns: list[float] = []
        self.sweeps = self.steps = self.sure = self.failed = 0
        self.reached = 0.0

    def correct(
        self, predicted: Array, direction: Array, *, tolerance: float, most: int = QUICK_SWEEPS
    ) -> Corrected | None:
        """The point of the branch beside a prediction; None where the correction does not settle."""
        if self.sure:
            way, goal, limit = self.ways.newton, min(NEWTON_TOLERANCE, tolerance), NEWTON_STEPS
        else:
            way, goal, limit = self.ways.mixing, tolerance, most
        found = way(self.given, predicted, direction, goal, limit, self.memory)
        self.sweeps += int(found.sweeps)
        if float(found.residual) <= goal:
            self.memory = found.memory
            return found
        return None

    def fail(self, step: float) -> float:
        """Note a failed step; the length of the next one."""
        self.failed += 1
        if self.sure or self.failed == 1:
            return 0.4 * step
        self.sure = SURE_STEPS
        return step

    def ahead(self, step: float) -> Array:
        """The next point, predicted by whichever way is in use."""
        if not self.sure:
            return self._extrapolate(step)
        self.sweeps += KRYLOV
        last = self.points[-1] - self.points[-2]
        unit = self.ways.tangent(self.given, self.points[-1], last / jnp.linalg.norm(last))
        return self.points[-1] + step * unit * math.sqrt(unit.shape[0] - 1)

    def add(self, point: Array) -> None:
        if self.points:
            distance = _length(point - self.points[-1])
            self.along.append(self.along[-1] + distance)
            if len(self.points) > 1:
                shares = [_share(x) for x in (*self.points[-2:], point)]
                if (shares[1] - shares[0]) * (shares[2] - shares[1]) < 0:
                    self.turns.append(_vertex(self.along[-3:], shares))
        else:
            self.along.append(0.0)
        self.points, self.along = [*self.points, point][-3:], self.along[-3:]
        self.reached = max(self.reached, _share(point))
        self.steps += 1
        self.failed, self.sure = 0, max(0, self.sure - 1)

    def _extrapolate(self, step: float) -> Array:
        """The branch a step further, by the polynomial through the last points."""
        at = self.along[-1] + step
        predicted = jnp.zeros_like(self.points[-1])
        for k, point in enumerate(self.points):
            weight = 1.0
            for j, other in enumerate(self.along):
                if j != k:
                    weight *= (at - other) / (self.along[k] - other)
            predicted = predicted + weight * point
        return predicted

    def straight(self, point: Array) -> bool:
        """Whether a step to this point goes on in the direction of the last one."""
        last, new = self.points[-1] - self.points[-2], point - self.points[-1]
        cosine = float(jnp.vdot(last, new)) / (last.shape[0] - 1) / (_length(last) * _length(new) + 1e-300)
        return cosine > STRAIGHT


def trace(
    ways: Correctors,
    given: Any,
    easy: Array,
    *,
    tolerance: float,
    crossings: int = 1,
    refresh: Callable[[Any, Array, float], Any] | None = None,
) -> Trace:
    """Follow the branch from `easy` at share zero to its first crossing of share one.

    ways       from `correctors`
    given      what the map needs beside z and the share
    easy       (n,) where the walk starts; the solution at share zero is found from it
    tolerance  sup norm of T(z) - z asked of a crossing; points on the way need less
    crossings  how many crossings to look for; the first one is the root, the rest are `later`
    refresh    (given, z, share) -> what is given from a point of the branch on, where corrections are steered
               by play there

    Raises nothing: a walk that is lost says so (`arrived`), and how far it came (`reached`).
    """
    n = easy.shape[0]
    root_n = math.sqrt(n)
    walk = _Walk(given, ways, jnp.append(easy, 0.0))
    upward = jnp.zeros(n + 1).at[n].set(1.0)
    for share in (0.0, FIRST_SHARE):
        predicted = jnp.append(walk.points[-1][:n] if walk.points else easy, share * root_n)
        found = walk.correct(predicted, upward, tolerance=NEWTON_TOLERANCE, most=SLOW_SWEEPS)
        if found is None:
            return _end(walk, predicted, False)
        walk.add(found.x)
    step = 2.0 * walk.along[-1]
    beyond: Array | None = None
    side, met = 1.0, list[Array]()
    while walk.steps < MOST_STEPS and step > SHORTEST:
        last = walk.points[-1]
        predicted = walk.ahead(step) if beyond is None else beyond
        crosses = side * (_share(predicted) - 1.0) >= 0.0
        if crosses:
            part = (1.0 - _share(last)) / (_share(predicted) - _share(last))
            predicted = (last + part * (predicted - last)).at[n].set(root_n)
            found = walk.correct(predicted, upward, tolerance=tolerance, most=SLOW_SWEEPS)
        else:
            direction = (predicted - last) / jnp.linalg.norm(predicted - last)
            found = walk.correct(predicted, direction, tolerance=min(PATH_TOLERANCE, 1e-3 * step))
        beyond = None
        moved = float("inf") if found is None else _length(found.x - predicted) / step
        far = moved > NEAR_SURE if walk.sure else moved > NEAR or (found and not walk.straight(found.x))
        if found is None or far:
            step = walk.fail(step)
            continue
        if not crosses and side * (_share(found.x) - 1.0) >= 0.0:
            beyond = found.x
            continue
        walk.add(found.x)
        if refresh is not None:
            walk.given = refresh(walk.given, found.x[:n], _share(found.x))
        if crosses:
            met.append(found.x)
            side = -side
            if len(met) == crossings:
                break
        if not 0.0 <= _share(found.x) <= FURTHEST_SHARE or _length(found.x) > FARTHEST:
            break
        step *= min(2.0, max(0.5, (WANTED / max(moved, 1e-4)) ** 0.5))
    if not met:
        return _end(walk, walk.points[-1], False)
    return replace(_end(walk, met[0], True), later=tuple(x[:n] for x in met[1:]))


def _end(walk: _Walk, x: Array, arrived: bool) -> Trace:
    n = x.shape[0] - 1
    upward = jnp.zeros(n + 1).at[n].set(1.0)
    full = x.at[n].set(math.sqrt(n))
    residual = walk.ways.mixing(walk.given, full, upward, 1e300, 1, no_memory(full)).residual
    root = Root(x[:n], residual, jnp.asarray(walk.sweeps), jnp.asarray(0), jnp.asarray(False))
    return Trace(root, arrived, walk.reached, tuple(walk.turns), walk.steps)


def _vertex(along: list[float], shares: list[float]) -> float:
    """Where the parabola through three points (distance along the branch, share) turns round."""
    (a, b, c), (x, y, z) = along, shares
    first, second = (y - x) / (b - a), (z - y) / (c - b)
    bend = (second - first) / (c - a)
    at = 0.5 * (a + b) - 0.5 * first / bend
    return x + (at - a) * (first + bend * (at - b))


def _length(x: Array) -> float:
    """Root mean square of x: one unit of share counts as much as one unit in every value."""
    return float(jnp.sqrt(jnp.vdot(x, x) / (x.shape[0] - 1)))


def _share(x: Array) -> float:
    return float(x[-1]) / math.sqrt(x.shape[0] - 1)


__all__ = ["Correctors", "Trace", "correctors", "trace"]
