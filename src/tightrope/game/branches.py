"""Several equilibria of one game: later crossings of the principal branch, and what random starts find.

A search shows equilibria that are there; it never shows that there are no others.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.game.layout import random_start
from tightrope.game.roots import TOLERANCE, Convention, branch_function, primitives_function

APART = 1e-5
"""Two solutions whose choice probabilities differ by less than this count as one."""


@dataclass(frozen=True)
class Branch:
    """One equilibrium of several.

    equilibrium  with its certificate; the first of a list is the selected one
    distance     largest gap in any choice probability from the first
    found_by     `principal`, `later crossing` of that branch, `zero values` or `start N`
    times        how many ways led to it
    """

    equilibrium: Equilibrium
    distance: float
    found_by: str
    times: int


def find_branches(
    game: Game,
    theta: np.ndarray | None = None,
    *,
    starts: int = 16,
    crossings: int = 3,
    seed: int = 0,
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
) -> list[Branch]:
    """Distinct certified equilibria at theta, the selected one first, then by distance from it.

    starts     random starts: values as large as those of the selected equilibrium, any strategies
    crossings  of the full precisions to look for on the principal branch
    seed       of the random starts

    Where the principal branch is lost, the equilibrium found from zero values comes first and its
    certificate says so. The list is empty where nothing is certified.
    """
    vector = np.asarray(game.theta() if theta is None else theta, dtype=float)
    walk = branch_function(game, convention)(
        primitives_function(game)(jnp.asarray(vector)), tolerance, crossings
    )
    first = solve(game, vector, convention=convention, tolerance=tolerance)
    direct = solve(game, vector, convention=convention, tolerance=tolerance, branch="direct")
    name = "principal" if first.certificate.branch == "principal" else "zero values"
    found = [(first, name), (direct, "zero values")]
    for z in walk.later:
        there = solve(game, vector, convention=convention, tolerance=tolerance, warm=np.asarray(z))
        found.append((there, "later crossing"))
    scale = max(1.0, float(np.max(np.abs(np.nan_to_num(first.z)))))
    for number in range(starts):
        begin = np.asarray(random_start(game, scale=scale, seed=seed + number))
        there = solve(game, vector, convention=convention, tolerance=tolerance, warm=begin)
        found.append((there, f"start {number}"))
    distinct: list[Branch] = []
    for equilibrium, by in found:
        if not equilibrium.certificate.good:
            continue
        for place, known in enumerate(distinct):
            if strategy_gap(known.equilibrium, equilibrium) < APART:
                distinct[place] = Branch(known.equilibrium, known.distance, known.found_by, known.times + 1)
                break
        else:
            far = strategy_gap(distinct[0].equilibrium, equilibrium) if distinct else 0.0
            distinct.append(Branch(equilibrium, far, by, 1))
    return distinct[:1] + sorted(distinct[1:], key=lambda branch: branch.distance)


def strategy_gap(a: Equilibrium, b: Equilibrium) -> float:
    """Largest difference in any choice probability between two solutions of one game."""
    return max(
        (float(np.max(np.abs(a.strategies[m].values - b.strategies[m].values))) for m in a.strategies),
        default=0.0,
    )
