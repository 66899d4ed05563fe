"""What would flip a choice: the nearest parameter value, or level, at which another action is likelier.

A level is looked up at the same equilibrium. A parameter is moved, everybody answers, and the game
is solved again: the implicit function theorem says which parameters are worth trying and which way
to go, continuation from neighbour to neighbour and a bracketing root finder (Brent 1973) find the
crossing, and two fresh solves, one on either side, confirm it. Steps from neighbour to neighbour
can pass over a pair of crossings, so the one found is the nearest *met*.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from tightrope.argument.odds import odds_gradient
from tightrope.argument.reasons import Reason
from tightrope.argument.rulers import Ruler
from tightrope.game.certificate import Certificate, NotCertified
from tightrope.game.equilibrium import Equilibrium, solve

LONGEST = 0.5
"""Longest step between neighbours, in prior sds."""
CLOSE = 1e-6
"""How closely a crossing is bracketed, in prior sds."""
ASIDE = 1e-3
"""How far to either side of a crossing it is confirmed, in prior sds."""
LEAP = 0.1
"""Log-odds that large so close to a crossing were leapt over and not passed through."""


@dataclass(frozen=True)
class Side:
    """One side of a crossing: the parameter's value, the likeliest action there, and what vouches for it."""

    value: float
    likeliest: str
    probabilities: Mapping[str, float]
    certificate: Certificate


@dataclass(frozen=True)
class ParameterFlip:
    """The nearest value of a parameter at which another action overtakes the likeliest one.

    distance  from the value now, in prior sds (the ruler's units), signed
    sides     before and after the crossing, each solved afresh
    jump      whether the odds leap across even rather than pass through it
    """

    parameter: str
    now: float
    value: float
    distance: float
    sides: tuple[Side, Side]
    jump: bool

    @property
    def to(self) -> str:
        """The action that is likelier beyond the crossing."""
        return self.sides[1].likeliest

    @property
    def confirmed(self) -> bool:
        """Whether both sides are certified and differ in what is likeliest."""
        good = all(side.certificate.good for side in self.sides)
        return good and self.sides[0].likeliest != self.sides[1].likeliest


@dataclass(frozen=True)
class Searched:
    """What a search for parameter flips came to.

    flips    found, nearest first
    tried    parameters that were moved; `untried` those whose first-order distance was larger
    lost     parameters on whose way a solve could not be certified before anything flipped
    """

    flips: tuple[ParameterFlip, ...]
    tried: tuple[str, ...]
    untried: tuple[str, ...]
    lost: tuple[str, ...]


@dataclass(frozen=True)
class LevelFlip:
    """The nearest level of a state variable (or other action of an earlier move) that flips the choice.

    level is None where no level does; `steps` counts levels from here.
    """

    variable: str
    now: str
    level: str | None
    steps: int
    to: str | None
    probability: float


def level_flips(found: Equilibrium, why: Reason, *, against: str = "") -> list[LevelFlip]:
    """For each variable that the mover sees: the nearest of its levels at which another action is likelier.

    against  that action must be the likelier one; by default any other

    All else at the point stays as it is. Raises NotCertified without a good certificate.
    """
    game = found.require().game
    table = found.strategies[why.move]
    flips = []
    for name in table.dims:
        if name not in why.point:
            continue
        name = str(name)
        levels, best = game.levels[name], LevelFlip(name, why.point[name], None, 0, None, math.nan)
        here = levels.index(why.point[name])
        for place in sorted(range(len(levels)), key=lambda k: abs(k - here)):
            there = {**why.point, name: levels[place]}
            odds = table.sel({n: there[n] for n in map(str, table.dims) if n in there})
            chances = dict(zip(game.levels[why.move], odds.values.tolist(), strict=True))
            if overtaken(chances, why.likeliest, against):
                to = against or max(chances, key=chances.__getitem__)
                steps = place - here if name in game.states else 1
                best = LevelFlip(name, why.point[name], levels[place], steps, to, chances[to])
                break
        flips.append(best)
    return flips


def overtaken(chances: Mapping[str, float], action: str, against: str = "") -> bool:
    """Whether `against` (by default any other action) is likelier than `action`."""
    rivals = [against] if against else [name for name in chances if name != action]
    return any(chances[rival] > chances[action] for rival in rivals)


def parameter_flips(
    found: Equilibrium,
    why: Reason,
    measures: Sequence[Ruler],
    *,
    against: str = "",
    most: int = 3,
    tries: int = 8,
    on_progress: Callable[[int, int], None] | None = None,
) -> Searched:
    """The parameters that flip the choice by the smallest change of one alone, nearest first.

    measures  the parameters to look at, each with its ruler
    against   the action that must become likelier than the one that is likeliest now; by default any
    most      how many flips to return; tries: how many parameters to move, the most promising first
    on_progress  called with (parameters moved, of how many)

    Raises NotCertified without a good certificate, ValueError where `against` is the likeliest already.
    """
    if against == why.likeliest:
        raise ValueError(f"{against} is the likeliest action here already")
    game = found.require().game
    chances = _chances(found, why)
    rivals = [against] if against else [a for a in chances if a != why.likeliest and chances[a] > 0]
    gap = {rival: math.log(chances[why.likeliest] / chances[rival]) for rival in rivals}
    slope = {rival: odds_gradient(found, why.move, why.point, why.likeliest, rival) for rival in rivals}
    place = {name: k for k, name in enumerate(game.parameters)}
    hopes: list[tuple[float, float, Ruler]] = []
    for ruler in measures:
        step = 1e-4
        per_sd = (ruler.value(ruler.here + step) - ruler.value(ruler.here - step)) / (2 * step)
        slopes = {rival: float(slope[rival][place[ruler.parameter]]) * per_sd for rival in rivals}
        moves = [(gap[r] / abs(s), -math.copysign(1.0, s)) for r, s in slopes.items() if s and np.isfinite(s)]
        if moves:
            hopes.append((*min(moves), ruler))
    hopes.sort(key=lambda hope: hope[0])
    chosen, rest = hopes[:tries], hopes[tries:]
    met: list[tuple[float, Ruler]] = []
    lost: list[str] = []
    for number, (far, way, ruler) in enumerate(chosen):
        limit = abs(met[most - 1][0]) if len(met) >= most else math.inf
        found_at = _search(found, why, ruler, against=against, first=far, way=way, limit=limit)
        if found_at is None:
            lost.append(ruler.parameter)
        elif math.isfinite(found_at):
            met = sorted([*met, (found_at, ruler)], key=lambda pair: abs(pair[0]))
        if on_progress is not None:
            on_progress(number + 1, len(chosen))
    return Searched(
        tuple(_confirmed(found, why, ruler, against, distance) for distance, ruler in met[:most]),
        tuple(ruler.parameter for _, _, ruler in chosen),
        tuple(ruler.parameter for _, _, ruler in rest),
        tuple(lost),
    )


def _chances(found: Equilibrium, why: Reason) -> dict[str, float]:
    table = found.strategies[why.move]
    odds = table.sel({n: why.point[n] for n in map(str, table.dims) if n in why.point})
    return dict(zip(found.game.levels[why.move], odds.values.tolist(), strict=True))


def _lead(chances: Mapping[str, float], action: str, against: str) -> float:
    """Log-odds of an action against its strongest rival (or `against`)."""
    rivals = [against] if against else [a for a in chances if a != action]
    strongest = max(chances[rival] for rival in rivals)
    return math.log(max(chances[action], 1e-300) / max(strongest, 1e-300))


def _search(
    found: Equilibrium,
    why: Reason,
    ruler: Ruler,
    *,
    against: str,
    first: float,
    way: float,
    limit: float,
) -> float | None:
    """Walk along one parameter until the lead is lost: the distance, inf if never, None if solves fail."""
    game = found.game
    place = game.parameters.index(ruler.parameter)
    warm = found.z

    def solved(u: float) -> Equilibrium:
        nonlocal warm
        theta = found.theta.copy()
        theta[place] = ruler.value(u)
        there = solve(game, theta, convention=found.convention, warm=warm)
        if not there.certificate.good:
            there = solve(game, theta, convention=found.convention)
        if there.certificate.good:
            warm = there.z
        return there

    known: dict[float, float] = {}

    def lead(u: float) -> float:
        # The ends are not solved again: from the other end's solution one might land elsewhere.
        if u not in known:
            known[u] = _lead(_chances(solved(u).require(), why), why.likeliest, against)
        return known[u]

    u, end = ruler.here, ruler.high if way > 0 else ruler.low
    ahead = _lead(_chances(found, why), why.likeliest, against)
    step = min(max(first, 0.02), LONGEST)
    while True:
        beyond = min(u + step, end) if way > 0 else max(u - step, end)
        if beyond == u or abs(u - ruler.here) >= limit:
            return math.inf
        there = solved(beyond)
        if not there.certificate.good:
            return None
        behind = _lead(_chances(there, why), why.likeliest, against)
        if behind <= 0:
            break
        u, ahead, step = beyond, behind, LONGEST
    known |= {u: ahead, beyond: behind}
    try:
        return float(brentq(lead, u, beyond, xtol=CLOSE)) - ruler.here
    except NotCertified:
        return None


def _confirmed(found: Equilibrium, why: Reason, ruler: Ruler, against: str, distance: float) -> ParameterFlip:
    """A crossing with the game solved afresh, from no neighbour, a little before and a little beyond it."""
    place = found.game.parameters.index(ruler.parameter)
    sides = []
    for aside in (-ASIDE, ASIDE):
        theta = found.theta.copy()
        there = ruler.here + distance + math.copysign(aside, distance * aside)
        theta[place] = ruler.value(min(max(there, ruler.low), ruler.high))
        again = solve(found.game, theta, convention=found.convention)
        chances = _chances(again, why)
        likeliest = max(chances, key=chances.__getitem__)
        sides.append(Side(float(theta[place]), likeliest, chances, again.certificate))
    leads = [abs(_lead(side.probabilities, why.likeliest, against)) for side in sides]
    return ParameterFlip(
        ruler.parameter,
        float(found.theta[place]),
        ruler.value(ruler.here + distance),
        distance,
        (sides[0], sides[1]),
        jump=max(leads) > LEAP,
    )


__all__ = [
    "LevelFlip",
    "ParameterFlip",
    "Searched",
    "Side",
    "level_flips",
    "overtaken",
    "parameter_flips",
]
