"""The plan of a sweep: which axes are alive where, against the arrays that a sweep really makes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.small_games import interruption, rung, sequential
from tests.game.test_ordering import ladders
from tightrope.game import Game, compile_game
from tightrope.game.costs import period_costs
from tightrope.game.layout import start
from tightrope.game.named import Named
from tightrope.game.ordering import sweep_plan
from tightrope.game.prepared import prepared
from tightrope.game.primitives import primitives
from tightrope.game.roots import strategies_at
from tightrope.game.sweep import backward

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


class Noted(dict[int, Any]):
    """Laws by step, and which of them were asked for, in this order."""

    def __init__(self, laws: Any, asked: list[int]) -> None:
        super().__init__(laws)
        self.asked = asked

    def __getitem__(self, step: int) -> Any:
        if not self.asked or self.asked[-1] != step:
            self.asked.append(step)
        return super().__getitem__(step)


@pytest.mark.parametrize("game", [*GAMES, compile_game(ladders())], ids=lambda game: game.case.case)
def test_every_step_is_there_once_and_in_the_order_in_which_sweeps_take_it(game: Game) -> None:
    """The plan that is shown is the one that is used: what a sweep asks for, from the period's end."""
    asked: list[int] = []

    def sweep(theta: jax.Array) -> jax.Array:
        given = prepared(game, primitives(game, theta))
        laws = given.numbers._replace(kernels=Noted(given.numbers.kernels, asked))
        values = {p: Named(jnp.zeros(game.shape), game.states) for p in game.players}
        backward(game, values, laws, between=given.between)
        return theta

    jax.eval_shape(sweep, jnp.zeros(len(game.parameters)))
    costs = period_costs(game)
    changes = [game.plan.steps[step].name for step in asked[::-1]]  # type: ignore[union-attr]
    assert [s.name for s in costs if s.kind == "change"] == changes
    shown = [name for s in costs if s.kind != "payoffs" for name in s.name.split()]
    there = [name for step in sweep_plan(game).steps for name in names(step)]
    assert shown == there
    assert sorted(there) == sorted(name for step in game.plan.steps for name in names(step))
    for step in costs:
        assert step.cost >= 1
        assert step.size >= 1


def names(step: Any) -> list[str]:
    """What a step of a plan is called, one name a move."""
    return [m.move for m in step.moves] if hasattr(step, "moves") else [step.name]


def test_an_action_axis_dies_before_the_period_begins() -> None:
    """By hand: reply (2 actions) over step and offer; the offer closes whatever was said.

    From `open` its law may lead to both levels, from `closed` to one: three products for two numbers.
    """
    costs = {s.name: s for s in period_costs(rung()) if "payoffs" not in s.kind}
    assert set(costs["reply"].axes) == {"reply", "step", "offer"}
    assert costs["reply"].size == 8
    assert costs["reply"].cost == 2 * 8  # the logit, and the one player's mixture
    assert costs["close"].cost == 2 * 3  # step; offer and offer'
    assert set(costs["climb"].axes) == {"reply", "step", "step'", "offer"}
    assert costs["climb"].cost == 2 * 2 * 3  # reply, offer; step and step'
    first = period_costs(rung())[0]
    assert "reply" not in first.axes
