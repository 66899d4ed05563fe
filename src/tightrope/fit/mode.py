"""Posterior modes from several starts (maximum a posteriori in normal scores)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from tightrope.fit.target import Target

RETREAT = 50.0
"""A point without a certificate counts as so many nats below the best one. The line search interpolates: told
of a bottomless pit, it would step back to where it came from and take the climb for done."""
LONGEST = 2.0
"""The first step in prior sds, at most. Between bounds L-BFGS begins with the whole gradient, which may lead
to where the density is all but zero and its slopes cannot be told."""
ROUNDS = 3
SAME_BRANCH = 1e-4
"""Log posteriors closer than this, in nats, are taken to rest on the same equilibrium."""


@dataclass(frozen=True, eq=False)
class Mode:
    """One optimisation.

    scores         (parameters,) where it ended
    log_posterior  value there (up to the prior's constant)
    gradient_norm  sup norm of the gradient there, in prior sds
    status         `converged`, or what stopped it
    calls          evaluations of the log posterior
    failures       evaluations without a certificate
    """

    start: str
    scores: np.ndarray
    log_posterior: float
    gradient_norm: float
    status: str
    calls: int
    failures: int


def climb(
    target: Target,
    start: np.ndarray,
    *,
    name: str,
    steps: int,
    on_step: Callable[[int, float], None] | None = None,
) -> Mode:
    """Climb in rounds, each on the branch that is principal where it starts; the best end, valued there.

    Following one branch keeps the density smooth. A round may end where another branch is the
    principal one; then the next begins there, with half the steps. `gradient_norm` is that of
    the branch that was followed; the status says where that is not the one of the value.
    """
    calls = failures = 0
    point, best = start, None
    for number in range(ROUNDS):
        local = target.near(point)
        limit = steps if number == 0 else max(10, steps // 2)
        found = find_mode(local, point, name=name, steps=limit, on_step=on_step)
        calls, failures, point = calls + local.calls, failures + len(local.failures), found.scores
        value, status = _valued(target, point)
        same = status is None and abs(value - found.log_posterior) < SAME_BRANCH
        if not same:
            found = replace(
                found, log_posterior=value, status=status or "went beyond the principal branch's end"
            )
        if best is None or _height(found) > _height(best):
            best = found
        if same or best is not found:
            break
    assert best is not None
    target.calls += calls
    return replace(best, calls=calls, failures=failures)


def _height(mode: Mode) -> float:
    return mode.log_posterior if np.isfinite(mode.log_posterior) else -np.inf


def _valued(target: Target, point: np.ndarray) -> tuple[float, str | None]:
    """Log posterior on the principal branch; where that is lost, on what is found directly, and a status."""
    prior = 0.5 * float(point @ point)
    value, _ = target.value(point)
    if np.isfinite(value):
        return value - prior, None
    return target.near(point).value(point)[0] - prior, "on an equilibrium found directly: the branch is lost"


def find_mode(
    target: Target,
    start: np.ndarray,
    *,
    name: str,
    steps: int = 60,
    tolerance: float = 0.02,
    on_step: Callable[[int, float], None] | None = None,
) -> Mode:
    """Climb from one start with L-BFGS (Liu & Nocedal 1989).

    An evaluation without a certificate counts as a low value, which makes the line search
    retreat. Stops when no gradient component exceeds `tolerance` (in units of log posterior
    per prior sd), or after about `steps` evaluations.
    """
    calls, failures = target.calls, len(target.failures)
    point = np.array(start, dtype=float)
    value, gradient = target(point)
    if not _usable(value, gradient):
        nan = float("nan")
        return Mode(name, point, nan, nan, "no certified start", target.calls - calls,
                    len(target.failures) - failures)  # fmt: skip
    best, count = (value, point, gradient), 1
    if on_step is not None:
        on_step(count, value)
    # What L-BFGS sees is scaled so that its first step is no longer than LONGEST.
    scale = max(1.0, float(np.linalg.norm(gradient)) / LONGEST)

    def negative(v: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best, count
        if not np.array_equal(v, best[1]):
            count += 1
            value, gradient = target(v)
            if not _usable(value, gradient):
                return (RETREAT - best[0]) / scale, np.zeros_like(v)
            if value > best[0]:
                best = (value, np.array(v), gradient)
            if on_step is not None:
                on_step(count, best[0])
            return -value / scale, -gradient / scale
        return -best[0] / scale, -best[2] / scale

    message = ""
    while count < steps:
        reached = best[0]
        outcome = minimize(
            negative,
            point,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-6.0, 6.0)] * len(start),
            options={
                "maxiter": steps,
                "maxfun": steps - count + 1,
                "gtol": tolerance / scale,
                "ftol": 1e-9,
                "maxcor": 30,
            },
        )
        message = str(outcome.message).lower()
        # Where the certified set ends the line search gives up; a fresh start often finds another way.
        if np.max(np.abs(best[2])) <= 5 * tolerance or best[0] < reached + 0.01:
            break
        point = best[1]
    value, scores, gradient = best
    norm = float(np.max(np.abs(gradient)))
    status = "converged" if norm <= 5 * tolerance else message or "no steps were left"
    return Mode(name, scores, value, norm, status, target.calls - calls, len(target.failures) - failures)


def _usable(value: float, gradient: np.ndarray) -> bool:
    """Far out in the prior a certified point may have a density whose slopes cannot be told."""
    return bool(np.isfinite(value) and np.isfinite(gradient).all())
