"""The split of values and log-odds by payoff term: it adds up, and each part is what it says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.small_games import interruption, rung
from tightrope.game import Game, NotCertified, compile_game, solve
from tightrope.game.equilibrium import Convention
from tightrope.game.explain import explain


@cache
def drawn(number: int) -> Game:
    return compile_game(random_case(number, together=number == 5))


@pytest.mark.parametrize("number", [1, pytest.param(5, marks=pytest.mark.long)])
@pytest.mark.parametrize("convention", ["agent", "ev1"])
def test_parts_add_up_to_values_and_log_odds(number: int, convention: Convention) -> None:
    game = drawn(number)
    found = solve(game, convention=convention, branch="direct", tolerance=1e-12).require()
    parts = explain(found)
    for player, table in parts.values.items():
        assert table.sum("part").values == pytest.approx(found.values.sel(player=player).values, abs=1e-9)
    for move, strategy in found.strategies.items():
        first, *others = game.levels[move]
        for other in others:
            split = parts.log_odds(move, other, first)
            with np.errstate(divide="ignore", invalid="ignore"):
                odds = np.log(strategy.sel({move: other}, drop=True) / strategy.sel({move: first}, drop=True))
            both = (split.sum("part", skipna=False) - odds).values
            assert np.nanmax(np.abs(both), initial=0.0) < 1e-9
            assert np.isfinite(odds.values).any()


def test_each_part_is_what_the_player_would_have_without_the_other_terms() -> None:
    """By hand: a loss while the supply is cut, worth loss/(1 - δ(1 - found)) from its start."""
    game = interruption()
    found = solve(game).require()
    parts = explain(found).values["one"]
    theta = dict(zip(game.parameters, found.theta, strict=True))
    worth = theta["loss"] / (1 - theta["delta"] * (1 - theta["found"]))
    assert parts.sel(part="loss", supply="cut").item() == pytest.approx(worth, abs=1e-10)
    assert parts.sel(part="loss", supply="replaced").item() == pytest.approx(0.0, abs=1e-12)


def test_the_flow_the_transfer_and_the_end_of_a_rung() -> None:
    """With the offer closed nobody moves: flow 1/(1 - δ(1 - h)) and the terminal's δ·h·W/(1 - δ(1 - h))."""
    game = rung()
    found = solve(game, game.theta({"tau": 0.7})).require()
    parts = explain(found)
    theta = dict(zip(game.parameters, found.theta, strict=True))
    delta, share = theta["delta"], theta["share"]
    for level, h in (("low", theta["h0"]), ("high", theta["h1"])):
        here = parts.values["client"].sel(step=level, offer="closed")
        left = 1 - delta * (1 - h)
        assert here.sel(part="flow").item() == pytest.approx(1 / left, abs=1e-9)
        assert here.sel(part="at merged").item() == pytest.approx(
            delta * h * share / (1 - delta) / left, abs=1e-9
        )
        assert here.sel(part="transfer").item() == pytest.approx(0.0, abs=1e-12)
    odds = parts.log_odds("reply", "accept", "refuse")
    assert np.isnan(odds.sel(offer="closed").values).all()
    now = odds.sel(part="transfer", step="low", offer="open").item()
    assert now == pytest.approx(theta["lam"] * 0.7, abs=1e-9)


def test_nothing_is_explained_without_a_certificate() -> None:
    lost = solve(chase(), chase().theta({"bias": float("nan")}), branch="direct")
    with pytest.raises(NotCertified):
        explain(lost)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(KeyError):
        explain(solve(rung())).log_odds("reply", "shrug", "refuse")
