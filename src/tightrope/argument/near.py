"""The one way in which draws and ablations are solved: where a solve begins and what is tried next."""

from __future__ import annotations

import numpy as np

from tightrope.game.compile import Game
from tightrope.game.equilibrium import Convention, Equilibrium, solve


def solve_near(
    game: Game, theta: np.ndarray, *, warm: np.ndarray | None = None, convention: Convention = "agent"
) -> Equilibrium:
    """The equilibrium at `theta`, with its certificate, good or not.

    Without `warm` the solve begins at zero values, so that what is found depends on the point alone: this
    is how prior draws are solved. With `warm` it begins at that fixed point and, where that leads to no
    certificate, at zero values: an ablation begins at the solution of the whole game, which keeps it on
    the branch that it is compared with, and a posterior draw at the mode's, from where the fit's density
    solves too.

    Where a game has several equilibria neither need be the principal branch's, which would take some
    twenty times as long to follow. The certificate names the branch.
    """
    theta = np.asarray(theta, dtype=float)
    if warm is not None:
        found = solve(game, theta, convention=convention, warm=warm)
        if found.certificate.good:
            return found
    return solve(game, theta, convention=convention, branch="direct")


__all__ = ["solve_near"]
