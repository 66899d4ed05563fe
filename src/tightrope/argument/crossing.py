"""Where along one parameter a probability passes a mark: met by continuation, then settled by fresh solves.

Steps from neighbour to neighbour, then a bracketing root finder (Brent 1973). Continuation can carry a
solution past the place where its branch turns, so the crossing met is tried afresh on either side and moved
to where solutions from no neighbour have it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from tightrope.argument.rulers import Ruler
from tightrope.game.certificate import Certificate, NotCertified
from tightrope.game.equilibrium import Equilibrium, solve

LONGEST = 0.5
"""Longest step, in prior sds."""
CLOSE = 1e-5
"""How closely a crossing is bracketed, in prior sds."""
ASIDE = 1e-3
"""How far to either side it is confirmed, in prior sds."""
FIRST = 20 * ASIDE
"""First step in which it is looked for again, in prior sds."""
TRIES = 6
"""Doublings of that step."""

Chance = Callable[[Equilibrium], float]


@dataclass(frozen=True)
class Side:
    """One side of a crossing: the parameter's value, the probability there, and what vouches for it."""

    value: float
    probability: float
    certificate: Certificate


@dataclass(frozen=True)
class Met:
    """How far a walk one way came.

    distance     to a crossing, in prior sds, signed; inf: none was met; None: a solve failed before
    value        of the parameter where the walk ended
    probability  there
    """

    distance: float | None
    value: float
    probability: float


@dataclass(frozen=True)
class Settled:
    """A crossing among solutions from no neighbour.

    distance  to it, in prior sds, signed
    sides     just before and just beyond
    tight     whether they are close together; else a solve between them failed
    """

    distance: float
    sides: tuple[Side, Side]
    tight: bool


def moved(found: Equilibrium, parameter: str, value: float) -> np.ndarray:
    """The parameter vector with one parameter at another value."""
    theta = found.theta.copy()
    theta[found.game.parameters.index(parameter)] = value
    return theta


def meet(
    found: Equilibrium, ruler: Ruler, chance: Chance, *, way: int, mark: float, limit: float = math.inf
) -> Met:
    """Walk from neighbour to neighbour, `way` up (1) or down (-1), until the probability passes the mark.

    limit  in prior sds; the walk ends there
    """
    before = chance(found)
    u, warm, seen = ruler.here, found.z, before
    end = min(ruler.high, u + limit) if way > 0 else max(ruler.low, u - limit)

    def near(x: float, neighbour: np.ndarray) -> Equilibrium:
        theta = moved(found, ruler.parameter, ruler.value(x))
        return solve(found.game, theta, convention=found.convention, warm=neighbour)

    while u != end:
        # The end itself at last: a step computed to it may miss it by rounding, for ever.
        beyond = end if abs(end - u) <= LONGEST else u + way * LONGEST
        there = near(beyond, warm)
        if not there.certificate.good:
            return Met(None, ruler.value(u), seen)
        value = chance(there)
        if (value - mark) * (mark - before) >= 0:
            # The ends are not solved again: from the other end's solution one might land elsewhere.
            known = {u: seen - mark, beyond: value - mark}

            def height(x: float, known: dict[float, float] = known, neighbour: np.ndarray = warm) -> float:
                if x not in known:
                    known[x] = chance(near(x, neighbour).require()) - mark
                return known[x]

            try:
                root = float(brentq(height, u, beyond, xtol=CLOSE))
            except NotCertified:
                return Met(None, ruler.value(u), seen)
            return Met(root - ruler.here, ruler.value(beyond), value)
        u, warm, seen = beyond, there.z, value
    return Met(math.inf, ruler.value(u), seen)


def settle_crossing(
    found: Equilibrium, ruler: Ruler, chance: Chance, *, distance: float, mark: float
) -> Settled:
    """The crossing among solutions from no neighbour, close to one that was met at `distance`.

    Where both sides of it say the same, it is looked for nearer (or farther) in steps that double, and halved
    down. Without success: the sides of the one met.
    """
    way, before, known = math.copysign(1.0, distance), chance(found), dict[float, Side]()

    def afresh(u: float) -> Side:
        u = min(max(u, ruler.low), ruler.high)
        if u not in known:
            theta = moved(found, ruler.parameter, ruler.value(u))
            there = solve(found.game, theta, convention=found.convention)
            value = chance(there) if there.certificate.good else math.nan
            known[u] = Side(ruler.value(u), value, there.certificate)
        return known[u]

    def past(u: float) -> bool | None:
        side = afresh(u)
        return (side.probability - mark) * (mark - before) >= 0 if side.certificate.good else None

    here = ruler.here + distance
    low, high = here - way * ASIDE, here + way * ASIDE
    told = past(low)
    if told is not None and told == past(high):
        bracket = _look_further(past, low, high, way=way, back=told, here=ruler.here)
        if bracket is not None:
            low, high = bracket
            here = (low + high) / 2
    return Settled(here - ruler.here, (afresh(low), afresh(high)), abs(high - low) <= 2.01 * ASIDE)


def _look_further(
    past: Callable[[float], bool | None], low: float, high: float, *, way: float, back: bool, here: float
) -> tuple[float, float] | None:
    """Two points with the crossing between them, as close as certified solves allow; None: not found."""
    step = FIRST
    for _ in range(TRIES):
        low, high = (low - way * step, low) if back else (high, high + way * step)
        told = past(low if back else high)
        if told is None or (low - here) * way < 0:
            return None
        if told != back:
            break
        step *= 2
    else:
        return None
    while abs(high - low) > 2 * ASIDE:
        middle = (low + high) / 2
        told = past(middle)
        if told is None:
            break
        low, high = (low, middle) if told else (middle, high)
    return low, high
