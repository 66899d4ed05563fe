"""Records with a known truth: parameters drawn from the priors, and a history that the game then makes.

The pair is drawn from the joint law that a posterior assumes, given that the record has a given length. The
event that it has is one of the record alone, so that the posterior given such a record is the ordinary one:
draws whose game ended sooner may be passed over without harm (but not kept for another try with the same
parameters, which would favour those under which games last).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tightrope.fit.priors import PriorSet, full_theta, values
from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.coding import CodedRecord
from tightrope.record.simulate import simulate

MOST = 400
"""Pairs drawn before giving up."""


class GamesEndSooner(RuntimeError):
    """No draw from the priors made a record of the length asked for."""


@dataclass(frozen=True, eq=False)
class Truth:
    """A record and the parameters that made it.

    scores       (parameters,) normal scores of the free parameters
    uncertified  draws passed over for want of a certificate, or because the principal branch was lost
    ended        draws passed over because the game ended before the record was long enough
    """

    scores: np.ndarray
    record: CodedRecord
    uncertified: int
    ended: int


def draw_truth(
    game: Game,
    priors: PriorSet,
    *,
    periods: int,
    seed: int,
    most: int = MOST,
    near: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Truth:
    """Parameters from the priors and a record of exactly `periods` periods, coded without doubt.

    near  scores (parameters,) -> the scores beside them whose equilibrium theirs is solved from, as a
          density does that starts there (`Target.near`); by default play is that of the principal branch

    Raises GamesEndSooner after `most` draws.
    """
    generator = np.random.default_rng(seed)
    look = strategies_function(game, "agent")
    uncertified = ended = 0
    for _ in range(most):
        scores = generator.normal(size=len(priors))
        path = int(generator.integers(2**62))
        theta = full_theta(game.case, priors, values(priors, scores))
        if near is None:
            found = solve(game, theta)
        else:
            beside = full_theta(game.case, priors, values(priors, near(scores)))
            found = solve(game, theta, warm=solve(game, beside).z)
        if not found.certificate.good or (near is None and found.certificate.branch != "principal"):
            uncertified += 1
            continue
        numbers = primitives_function(game)(theta)
        strategies, _ = look(found.z, numbers)
        record = simulate(game, numbers, strategies, periods=periods, seed=path, keep_last=True)
        if len(record) == periods:
            return Truth(scores, record, uncertified, ended)
        ended += 1
    raise GamesEndSooner(
        f"none of {most} draws from the priors made a record of {periods} periods "
        f"({ended} games ended sooner, {uncertified} had no certificate)"
    )
