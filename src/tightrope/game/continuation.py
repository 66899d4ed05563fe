"""The principal branch: from uniform play at precision zero to the first crossing of the target.

At precision zero play is uniform and the equilibrium unique; for almost every game the
equilibria at higher precision form a branch that begins there (McKelvey & Palfrey 1995;
Turocy 2005). Every mover's precision is multiplied by a share s, and the branch followed
through (z, s) by pseudo-arclength, so that it may turn back at folds (Keller 1977; Allgower
& Georg 1990). Where it first reaches s = 1 lies the equilibrium that is selected.

A step predicts the next point and corrects on the plane through it across the direction of
travel. Two ways of doing so take turns. The quick one extrapolates the last three points and
corrects by Anderson mixing. Where that does not settle, some steps go along the tangent and are
corrected by Newton with GMRES. A point is taken only when the correction is small beside the
step; that is what keeps the walk on its branch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.scipy.sparse.linalg import gmres

from tightrope.game.fixed_point import Root, mixing_weights

ScaledMap = Callable[[Array, Any, Array], Array]
"""One sweep: (z, given, share of every precision) -> image of z."""

PATH_TOLERANCE = 1e-4
NEWTON_TOLERANCE = 1e-6
FIRST_SHARE = 0.01
NEAR, NEAR_SURE = 0.15, 0.4
"""A correction of more than this share of the step may have left the branch (mixing; Newton)."""
WANTED = 0.05
STRAIGHT = 0.8
SHORTEST = 1e-5
MOST_STEPS = 400
QUICK_SWEEPS, SLOW_SWEEPS = 45, 300
SURE_STEPS = 8
"""Steps taken by Newton after mixing has failed, before it is tried again."""
MEMORY = 12
KRYLOV = 60
NEWTON_STEPS = 6


class Corrected(NamedTuple):
    """A corrected point x = (z, √n·s), the sup norm of its gap, and the sweeps (or the like) it took."""

    x: Array
    residual: Array
    sweeps: Array


class Correctors(NamedTuple):
    """Compiled pieces of a step.

    mixing, newton  (given, predicted x, direction, tolerance, most) -> Corrected; `most` bounds
                    the sweeps of the one and the Newton steps of the other
    tangent         (given, x, direction) -> the branch's direction at x, on `direction`'s side
    """

    mixing: Callable[[Any, Array, Array, float, int], Corrected]
    newton: Callable[[Any, Array, Array, float, int], Corrected]
    tangent: Callable[[Any, Array, Array], Array]


@dataclass(frozen=True)
class Trace:
    """A walk along the principal branch.

    root     where it ended; its residual is that of z = T(z) at the full precisions
    arrived  whether that is the branch's first crossing of them
    reached  the largest share of the precisions on the way
    turns    shares at which the branch turned round, in the order met
    steps    points taken on the branch
    """

    root: Root
    arrived: bool
    reached: float
    turns: tuple[float, ...]
    steps: int


def correctors(function: ScaledMap) -> Correctors:
    """Compile the two ways back to the branch for one map."""

    def gap(x: Array, given: Any, predicted: Array, direction: Array) -> Array:
        """T(z; s) - z, and how far x is behind the plane through the prediction."""
        n = x.shape[0] - 1
        root_n = jnp.sqrt(float(n))
        z = x[:n]
        behind = -root_n * jnp.vdot(direction, x - predicted) / n
        return jnp.append(function(z, given, x[n] / root_n) - z, behind)

    def size(value: Array) -> Array:
        n = value.shape[0] - 1
        return jnp.maximum(jnp.max(jnp.abs(value[:n])), jnp.abs(value[n]) / jnp.sqrt(float(n)))

    @jax.jit
    def mixing(given: Any, predicted: Array, direction: Array, tolerance: Array, most: Array) -> Corrected:
        def step(state: _Mixing) -> _Mixing:
            value = gap(state.x, given, predicted, direction)
            residual = size(value)
            slot = state.taken % MEMORY
            image = state.x + value
            images = state.images.at[slot].set(image)
            gaps = state.gaps.at[slot].set(value)
            filled = state.filled.at[slot].set(1.0)
            weights = mixing_weights(gaps, value, filled.at[slot].set(0.0))
            mixed = image + weights @ (images - image)
            done = residual <= tolerance
            return _Mixing(
                jnp.where(done, state.x, mixed), residual, jnp.minimum(residual, state.lowest),
                images, gaps, filled, state.taken + 1,
            )  # fmt: skip

        length, infinite = predicted.shape[0], jnp.asarray(jnp.inf)
        memory = jnp.zeros((MEMORY, length))
        state = _Mixing(predicted, infinite, infinite, memory, memory, jnp.zeros(MEMORY), jnp.asarray(0))
        state = jax.lax.while_loop(
            lambda s: (s.residual > tolerance) & (s.taken < most) & ~(s.residual > 1e3 * s.lowest),
            step,
            state,
        )
        return Corrected(state.x, state.residual, state.taken)

    @jax.jit
    def newton(given: Any, predicted: Array, direction: Array, tolerance: Array, most: Array) -> Corrected:
        def step(state: _Newton) -> _Newton:
            value, derivative = jax.linearize(lambda x: gap(x, given, predicted, direction), state.x)
            change, _ = gmres(  # type: ignore[no-untyped-call]
                lambda v: -derivative(v),
                value,
                tol=1e-3,
                atol=0.0,
                restart=KRYLOV,
                maxiter=3,
                solve_method="incremental",
            )
            x = state.x + change
            residual = size(gap(x, given, predicted, direction))
            return _Newton(x, residual, state.residual, state.taken + 1)

        infinite = jnp.asarray(jnp.inf)
        state = jax.lax.while_loop(
            lambda s: (
                (s.taken < 1)
                | ((s.residual > tolerance) & (s.taken < most) & ((s.taken < 3) | (s.residual < s.before)))
            ),
            step,
            _Newton(predicted, infinite, infinite, jnp.asarray(0)),
        )
        return Corrected(state.x, state.residual, KRYLOV * state.taken)

    @jax.jit
    def tangent(given: Any, x: Array, direction: Array) -> Array:
        _, derivative = jax.linearize(lambda y: gap(y, given, x, direction), x)
        solution, _ = gmres(  # type: ignore[no-untyped-call]
            lambda v: -derivative(v),
            jnp.zeros_like(x).at[-1].set(1.0),
            tol=1e-4,
            atol=0.0,
            restart=KRYLOV,
            maxiter=4,
            solve_method="incremental",
        )
        return solution / jnp.sqrt(jnp.vdot(solution, solution) / (x.shape[0] - 1))  # type: ignore[no-any-return]

    return Correctors(mixing, newton, tangent)


class _Mixing(NamedTuple):
    x: Array
    residual: Array
    lowest: Array
    images: Array
    gaps: Array
    filled: Array
    taken: Array


class _Newton(NamedTuple):
    x: Array
    residual: Array
    before: Array
    taken: Array


class _Walk:
    """The last three points on a branch, how far apart they lie, and what the walk has met."""

    def __init__(self, given: Any, ways: Correctors) -> None:
        self.given, self.ways = given, ways
        self.points: list[Array] = []
        self.along: list[float] = []
        self.turns: list[float] = []
        self.sweeps = self.steps = self.sure = 0
        self.reached = 0.0

    def correct(
        self, predicted: Array, direction: Array, *, tolerance: float, most: int = QUICK_SWEEPS
    ) -> Corrected | None:
        """The point of the branch beside a prediction; None where the correction does not settle."""
        if self.sure:
            way, goal, limit = self.ways.newton, min(NEWTON_TOLERANCE, tolerance), NEWTON_STEPS
        else:
            way, goal, limit = self.ways.mixing, tolerance, most
        found = way(self.given, predicted, direction, goal, limit)
        self.sweeps += int(found.sweeps)
        return found if float(found.residual) <= goal else None

    def ahead(self, step: float) -> Array:
        """The next point, predicted by whichever way is in use."""
        if not self.sure:
            return self._extrapolate(step)
        self.sweeps += KRYLOV
        last = self.points[-1] - self.points[-2]
        return self.points[-1] + step * self.ways.tangent(self.given, self.points[-1], last / _length(last))

    def add(self, point: Array) -> None:
        if self.points:
            distance = _length(point - self.points[-1])
            self.along.append(self.along[-1] + distance)
            if len(self.points) > 1:
                before = _share(self.points[-1]) - _share(self.points[-2])
                if before * (_share(point) - _share(self.points[-1])) < 0:
                    self.turns.append(_share(self.points[-1]))
        else:
            self.along.append(0.0)
        self.points, self.along = [*self.points, point][-3:], self.along[-3:]
        self.reached = max(self.reached, _share(point))
        self.steps += 1

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


def trace(ways: Correctors, given: Any, easy: Array, *, tolerance: float) -> Trace:
    """Follow the branch from `easy` at share zero to its first crossing of share one.

    given  what the map needs beside z and the share
    """
    walk = _Walk(given, ways)
    n = easy.shape[0]
    upward = jnp.zeros(n + 1).at[n].set(jnp.sqrt(float(n)))
    for share in (0.0, FIRST_SHARE):
        predicted = jnp.append(walk.points[-1][:n] if walk.points else easy, share * jnp.sqrt(float(n)))
        found = walk.correct(predicted, upward, tolerance=NEWTON_TOLERANCE, most=SLOW_SWEEPS)
        if found is None:
            return _end(walk, predicted, False)
        walk.add(found.x)
    step = 2.0 * walk.along[-1]
    beyond: Array | None = None
    while walk.steps < MOST_STEPS and step > SHORTEST:
        last = walk.points[-1]
        predicted = walk.ahead(step) if beyond is None else beyond
        crosses = _share(predicted) >= 1.0
        if crosses:
            part = (1.0 - _share(last)) / (_share(predicted) - _share(last))
            predicted = (last + part * (predicted - last)).at[n].set(upward[n])
            found = walk.correct(predicted, upward, tolerance=tolerance, most=SLOW_SWEEPS)
        else:
            direction = (predicted - last) / _length(predicted - last)
            found = walk.correct(predicted, direction, tolerance=min(PATH_TOLERANCE, 1e-3 * step))
        beyond = None
        moved = float("inf") if found is None else _length(found.x - predicted) / step
        far = moved > NEAR_SURE if walk.sure else moved > NEAR or (found and not walk.straight(found.x))
        if found is None or far:
            # The sure way is tried at the same step first; what fails there is too long a step.
            step, walk.sure = (0.4 * step if walk.sure else step), SURE_STEPS
            continue
        if not crosses and _share(found.x) >= 1.0:
            beyond = found.x
            continue
        slow = not walk.sure and int(found.sweeps) > 0.7 * QUICK_SWEEPS
        walk.add(found.x)
        walk.sure = max(0, walk.sure - 1)
        if crosses:
            return _end(walk, found.x, True)
        if _share(found.x) < 0.0:
            break
        step *= 0.9 if slow else min(2.0, max(0.7, (WANTED / max(moved, 1e-4)) ** 0.5))
    return _end(walk, walk.points[-1], False)


def _end(walk: _Walk, x: Array, arrived: bool) -> Trace:
    n = x.shape[0] - 1
    upward = jnp.zeros(n + 1).at[n].set(jnp.sqrt(float(n)))
    full = x.at[n].set(jnp.sqrt(float(n)))
    residual = walk.ways.mixing(walk.given, full, upward, 1e300, 1).residual
    root = Root(x[:n], residual, jnp.asarray(walk.sweeps), jnp.asarray(0), jnp.asarray(False))
    return Trace(root, arrived, walk.reached, tuple(walk.turns), walk.steps)


def _length(x: Array) -> float:
    """Root mean square of x: one unit of share counts as much as one unit in every value."""
    return float(jnp.sqrt(jnp.vdot(x, x) / (x.shape[0] - 1)))


def _share(x: Array) -> float:
    return float(x[-1]) / math.sqrt(x.shape[0] - 1)
