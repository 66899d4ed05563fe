"""One contract for every way of solving, held on the same games."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.slow import Slow
from tests.game.small_games import trust
from tightrope.game import Equilibrium, Game, compile_game, solve, solve_finite

Way = Callable[[Game, np.ndarray], Equilibrium]

WAYS: dict[str, Way] = {
    "principal": lambda game, theta: solve(game, theta),
    "automatic": lambda game, theta: solve(game, theta, branch="direct"),
    "sweeps": lambda game, theta: solve(game, theta, method="sweeps"),
    "anderson": lambda game, theta: solve(game, theta, method="anderson"),
    "newton": lambda game, theta: solve(game, theta, method="newton"),
    "blocks": lambda game, theta: solve(game, theta, method="blocks"),
}


@cache
def drawn() -> Game:
    return compile_game(random_case(1))


GAMES: dict[str, tuple[Callable[[], Game], dict[str, float]]] = {
    "random": (drawn, {}),
    "simultaneous": (chase, {"lam": 1.0, "lam2": 1.0}),
    "trust": (trust, {}),
}
"""Games in which even plain sweeps settle."""


@pytest.fixture(params=list(GAMES))
def problem(request: pytest.FixtureRequest) -> tuple[Game, np.ndarray]:
    made, values = GAMES[str(request.param)]
    return made(), made().theta(values)


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_finds_the_same_equilibrium_and_vouches_for_it(
    problem: tuple[Game, np.ndarray], way: str
) -> None:
    game, theta = problem
    found = WAYS[way](game, theta).require()
    done = found.certificate
    assert done.status == "converged"
    assert done.residual <= done.tolerance == 1e-9
    assert done.strategy_residual < 1e-7
    assert done.deviation >= 0.0
    assert done.branch == ("principal" if way == "principal" else "direct")
    assert (done.method == way) == (way in ("sweeps", "anderson", "newton", "blocks"))
    reference = WAYS["automatic"](game, theta)
    assert np.max(np.abs(found.values.values - reference.values.values)) < 2e-7
    for move, table in found.strategies.items():
        assert table.values.sum(table.dims.index(move)) == pytest.approx(1.0, abs=1e-14)
        assert np.max(np.abs(table.values - reference.strategies[move].values)) < 2e-7


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_is_deterministic(way: str) -> None:
    first, second = WAYS[way](trust(), trust().theta()), WAYS[way](trust(), trust().theta())
    assert first.z.tobytes() == second.z.tobytes()
    assert str(first.certificate) == str(second.certificate)


@pytest.mark.parametrize("way", list(WAYS))
def test_no_way_vouches_for_numbers_that_are_not_numbers(way: str) -> None:
    found = WAYS[way](chase(), chase().theta({"bias": float("nan")}))
    assert not found.certificate.good


@pytest.mark.parametrize("way", list(WAYS))
def test_no_way_vouches_for_replies_that_never_settle(way: str) -> None:
    found = WAYS[way](chase(), chase().theta({"lam": 1e6, "lam2": 1e6}))
    assert not found.certificate.good
    assert found.certificate.residual > found.certificate.tolerance


def test_replies_that_chase_each_other_stop_plain_sweeps_and_no_other_way() -> None:
    """At the precisions of the case hiding and seeking go round in circles, sweep after sweep."""
    for way, solver in WAYS.items():
        done = solver(chase(), chase().theta()).certificate
        assert done.status == ("cycling" if way == "sweeps" else "converged"), way
    assert WAYS["sweeps"](chase(), chase().theta()).certificate.iterations < 2_000


def test_many_periods_of_backward_induction_come_to_the_same_values() -> None:
    """Where players discount, a long finite game's first period is the stationary game's."""
    game = trust()
    found = solve_finite(game, periods=120).require()
    assert found.certificate.status == "finite horizon"
    reference = solve(game)
    assert np.max(np.abs(found.values.values - reference.values.values)) < 1e-8
    for move, table in found.strategies.items():
        assert np.max(np.abs(table.values - reference.strategies[move].values)) < 1e-8


def test_backward_induction_is_that_many_sweeps_of_the_slow_coding() -> None:
    game, case = drawn(), random_case(1)
    slow = Slow(case, dict(zip(game.parameters, game.theta(), strict=True)))
    values = {slow.key(point): dict.fromkeys(game.players, 0.0) for point in slow.starts()}
    for _ in range(3):
        values, _ = slow.sweep(values)
    found = solve_finite(game, periods=3)
    for place, by_player in values.items():
        for player, value in by_player.items():
            assert found.values.sel(player=player).values[place] == pytest.approx(value, abs=1e-10)


def test_the_principal_branch_has_no_other_method() -> None:
    with pytest.raises(ValueError, match="walked"):
        solve(trust(), branch="principal", method="newton")
