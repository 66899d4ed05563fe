"""The plan of a sweep: which axes are alive where, against the arrays that a sweep really makes."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.small_games import interruption, rung, sequential
from tightrope.game import Game, compile_game
from tightrope.game.costs import period_costs
from tightrope.game.layout import start
from tightrope.game.primitives import primitives
from tightrope.game.roots import strategies_at

GAMES = [chase(), rung(), sequential(), interruption(), *(compile_game(random_case(n)) for n in range(6))]


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.case.case)
def test_a_move_carries_the_axes_of_its_strategies(game: Game) -> None:
    strategies = jax.eval_shape(
        lambda theta: strategies_at(game, start(game), primitives(game, theta), "agent"),
        jnp.zeros(len(game.parameters)),
    )
    met = set()
    for step in period_costs(game):
        if step.kind in ("move", "together"):
            for move in step.name.split():
                assert set(strategies[move].axes) <= set(step.axes)
                assert step.size >= strategies[move].data.size
                met.add(move)
    assert met == set(game.moves)


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.case.case)
def test_every_step_is_there_once_and_in_order(game: Game) -> None:
    steps = [s.name for s in period_costs(game) if "payoffs" not in s.kind]
    plan = []
    for step in game.plan.steps:
        if hasattr(step, "moves"):
            plan.append(" ".join(m.move for m in step.moves))
        elif hasattr(step, "variable"):
            plan.append(step.name)
    assert steps == plan
    for step in period_costs(game):
        assert step.cost >= step.size >= 1


def test_an_action_axis_dies_before_the_period_begins() -> None:
    """By hand: reply (2 actions) over step and offer; the offer closes whatever was said."""
    costs = {s.name: s for s in period_costs(rung()) if "payoffs" not in s.kind}
    assert set(costs["reply"].axes) == {"reply", "step", "offer"}
    assert costs["reply"].size == 8
    assert costs["reply"].cost == 2 * 8  # the logit, and the one player's mixture
    assert costs["close"].cost == 2 * 2 * 2  # step, offer, offer'
    assert set(costs["climb"].axes) == {"reply", "step", "step'", "offer"} - set()
    first = period_costs(rung())[0]
    assert "reply" not in first.axes
