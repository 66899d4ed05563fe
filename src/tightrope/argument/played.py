"""How a scenario is played at one draw: who knows of it foresees it, the others are surprised each period."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from tightrope.argument.effects import ending, in_force, put_by
from tightrope.argument.timeline import Timeline
from tightrope.case.doing import Do
from tightrope.forecast.laws import Laws, laws_of
from tightrope.forecast.over_draws import Solved
from tightrope.forecast.staged import Passing
from tightrope.game.changed import restricted
from tightrope.game.compile import Game
from tightrope.game.equilibrium import strategies_function
from tightrope.game.primitives import Primitives
from tightrope.game.roots import TOLERANCE
from tightrope.game.unfolding import Stage, settle, unfold
from tightrope.game.walk import Strategies


@dataclass(frozen=True, eq=False)
class Played:
    """How a scenario passes at one draw.

    passing   laws and interventions, by period
    status    `stationary` (nobody needed to think again), `finite horizon`, or `converged` for a new
              stationary game from the last change on
    residual  of that game; zero where none was solved
    """

    passing: tuple[Passing, ...]
    status: str
    residual: float


@dataclass(frozen=True, eq=False)
class _InForce:
    """The game while some steps are in force. `blind`: play by those who know of nothing."""

    numbers: Primitives
    blind: Strategies
    laws: Laws


def play(game: Game, theta: np.ndarray, base: Solved, timeline: Timeline, *, periods: int) -> Played | None:
    """A scenario at one draw, from its baseline; None where the changed game has no certified equilibrium.

    Players who know of it play, from `since` on, the backward induction against all that is to come.
    Everybody else plays the equilibrium of the game as it was, cut to the actions that are left. A new
    stationary game is solved from the old one as its neighbour.
    """
    memo: dict[tuple[Do, ...], _InForce] = {}

    def during(dos: tuple[Do, ...]) -> _InForce:
        if dos not in memo:
            numbers, left = in_force(game, theta, dos, base.numbers)
            blind = restricted(game, base.strategies, left)
            memo[dos] = _InForce(numbers, blind, laws_of(numbers, blind))
        return memo[dos]

    length, since, foreseen = len(timeline.active), timeline.since, bool(timeline.aware)
    ever = during(timeline.ever)
    z, last, status, residual = base.z, ever.laws, "stationary", 0.0
    if foreseen and timeline.ever:
        z, residual = settle(game, ever.numbers, warm=base.z)
        if not residual <= TOLERANCE:
            return None
        anew, _ = strategies_function(game, "agent")(jnp.asarray(z), ever.numbers)
        last, status = laws_of(ever.numbers, anew), "converged"
    laws = [during(timeline.at(k)).laws for k in range(max(length, since))]
    if foreseen and since < length:
        blind = [m.move for m in game.plan.moves() if m.player not in timeline.aware]
        stages = []
        for dos in timeline.active[since:]:
            now = during(dos)
            stages.append(Stage(now.numbers, put_by(dos), ending(dos), {m: now.blind[m] for m in blind}))
        foresight = unfold(game, z, stages)
        laws[since:] = [laws_of(s.numbers, chosen) for s, chosen in zip(stages, foresight, strict=True)]
        status = status if timeline.ever else "finite horizon"

    def passing(period: int) -> Passing:
        law = laws[period] if period < len(laws) else last
        if period >= length:
            return Passing(law)  # what is held for ever was put there already
        dos = timeline.active[period]
        return Passing(law, put_by(dos), ending(dos))

    return Played(tuple(passing(k) for k in range(periods)), status, residual)
