"""The smallest change of one parameter, from now on and known to all, that moves a probability past a mark.

The past is left alone: the probability is asked from the state as the unchanged game has it. Steps can pass
over a pair of crossings, so the one found is the nearest *met*.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tightrope.argument.crossing import Chance, Side, meet, settle_crossing
from tightrope.argument.rulers import Ruler
from tightrope.game.equilibrium import Equilibrium

LEAP = 0.02
"""A change of probability that large so close to a crossing is a leap."""
LEAST = 1e-12
"""Nearer to zero or one than this a probability has no log-odds to speak of."""
WAYS = {"down": -1, "up": 1}


@dataclass(frozen=True)
class Lever:
    """What a search along one parameter came to.

    before    the probability as things are
    value     at which the mark is passed; nan where it is not
    distance  to there in prior sds, signed
    sides     just before and just beyond, solved from no neighbour
    tight     whether they are close together; else a solve between them failed
    ends      (value, probability) where the walk down and the walk up ended
    lost      directions (`down`, `up`) in which a solve failed before the mark was passed
    """

    parameter: str
    now: float
    before: float
    mark: float
    value: float
    distance: float
    sides: tuple[Side, ...]
    tight: bool
    ends: tuple[tuple[float, float], ...]
    lost: tuple[str, ...]

    @property
    def leap(self) -> bool:
        """Whether the probability leaps past the mark, from one branch of equilibria to another."""
        if not self.tight or len(self.sides) != 2:
            return False
        return abs(self.sides[1].probability - self.sides[0].probability) > LEAP

    @property
    def left(self) -> float:
        """Log-odds between the mark and the nearest that either walk ended; zero where it was passed."""
        if math.isfinite(self.value):
            return 0.0
        return min(abs(_logit(p) - _logit(self.mark)) for _, p in self.ends)

    @property
    def confirmed(self) -> bool:
        """Whether both sides are certified and the mark lies between them."""
        if len(self.sides) != 2 or not all(side.certificate.good for side in self.sides):
            return False
        return (self.sides[0].probability - self.mark) * (self.sides[1].probability - self.mark) <= 0


def pull_lever(
    found: Equilibrium, ruler: Ruler, chance: Chance, *, mark: float, limit: float = math.inf
) -> Lever:
    """Find the nearest value of a parameter at which a probability passes `mark`.

    found   the game as it is
    chance  equilibrium -> probability
    limit   in prior sds; nothing farther is looked at

    Raises NotCertified without a good certificate.
    """
    before = chance(found.require())
    walks, lost, nearest = [], [], math.inf
    for name, way in WAYS.items():
        met = meet(found, ruler, chance, way=way, mark=mark, limit=min(limit, abs(nearest)))
        walks.append((met.value, met.probability))
        if met.distance is None:
            lost.append(name)
        elif abs(met.distance) < abs(nearest):
            nearest = met.distance
    here = found.game.parameters.index(ruler.parameter)
    common = {
        "parameter": ruler.parameter, "now": float(found.theta[here]), "before": before, "mark": mark,
        "ends": tuple(walks), "lost": tuple(lost),
    }  # fmt: skip
    if not math.isfinite(nearest):
        return Lever(value=math.nan, distance=math.nan, sides=(), tight=True, **common)  # type: ignore[arg-type]
    there = settle_crossing(found, ruler, chance, distance=nearest, mark=mark)
    return Lever(
        value=ruler.value(ruler.here + there.distance),
        distance=there.distance,
        sides=there.sides,
        tight=there.tight,
        **common,  # type: ignore[arg-type]
    )


def _logit(p: float) -> float:
    p = min(max(p, LEAST), 1.0 - LEAST)
    return math.log(p) - math.log1p(-p)
