"""Long horizons tend to the stationary game, which is the slow coding's fixed point too."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.slow import Slow
from tests.game.small_games import simultaneous
from tightrope.game import Game, compile_game, solve, solve_finite
from tightrope.game.layout import layout, pack, random_start, start, unpack

DISCOUNTS = {"one": 0.9, "two": 0.55}


@cache
def game() -> Game:
    return compile_game(random_case(1))


def test_the_fixed_point_of_the_slow_coding() -> None:
    """A hundred and fifty sweeps of the slow coding from zero come as near as the discount allows."""
    slow = Slow(game().case, dict(zip(game().parameters, game().theta(), strict=True)))
    values: dict[Any, Any] = {slow.key(s): dict.fromkeys(DISCOUNTS, 0.0) for s in slow.starts()}
    for _ in range(150):
        values, _ = slow.sweep(values)
    found = solve(game(), tolerance=1e-12).require()
    for player, discount in DISCOUNTS.items():
        here = found.values.sel(player=player).values
        gap = max(abs(float(here[key]) - value[player]) for key, value in values.items())
        assert gap < 1e-11 + 20 * discount**150


def test_a_long_finite_horizon_tends_to_the_stationary_game() -> None:
    near = solve_finite(game(), periods=300)
    assert near.certificate.status == "finite horizon"
    assert near.certificate.good
    found = solve(game(), tolerance=1e-12).require()
    assert np.max(np.abs(near.values.values - found.values.values)) < 1e-11
    for move, strategy in found.strategies.items():
        assert np.max(np.abs(near.strategies[move].values - strategy.values)) < 1e-11


def test_what_backward_induction_refuses() -> None:
    with pytest.raises(ValueError, match="not unique"):
        solve_finite(simultaneous(), periods=3)
    with pytest.raises(ValueError, match="at least one period"):
        solve_finite(game(), periods=0)


def test_unknowns_survive_packing() -> None:
    for here in (game(), simultaneous()):
        z = random_start(here, scale=2.0, seed=0)
        assert z.shape == start(here).shape == (layout(here).length,)
        assert np.array_equal(pack(here, *unpack(here, z)), z)
