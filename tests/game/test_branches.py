"""Several equilibria, many draws at once, and comparative statics."""

from __future__ import annotations

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.small_games import rung, simultaneous
from tests.game.test_continuation import MIXED, WAYS, bend
from tightrope.game import Game, NotCertified, compile_game, solve
from tightrope.game.batch import solve_many
from tightrope.game.branches import find_branches
from tightrope.game.continuation import trace
from tightrope.game.forward import push
from tightrope.game.roots import primitives_function, strategies_function
from tightrope.game.statics import start_weights, statics


def test_later_crossings_of_the_same_branch_come_in_its_order() -> None:
    found = trace(WAYS, jnp.asarray(1.3), jnp.zeros(3), tolerance=1e-11, crossings=3)
    assert found.arrived
    assert len(found.later) == 2
    roots = sorted(r.real for r in np.roots([1.3 / 3, -1.5 * 1.3, 2 * 1.3, -1]))
    for z, w in zip((found.root.z, *found.later), roots, strict=True):
        assert bend(w, 1.3) == pytest.approx(1.0)
        assert np.asarray(z) == pytest.approx(MIXED @ np.array([w, w, np.sin(w)]), abs=1e-7)


def test_all_three_equilibria_of_a_coordination_game_are_found() -> None:
    """Both want to match; log-odds x of either solve x = λ((2 + bias)·p(x) - 1): three roots.

    The game has two states that never meet, so that its equilibria are pairs of those three.
    """
    game, precision, bias = simultaneous(), 6.0, 0.05
    values = {"lam_row": precision, "lam_column": precision, "delta": 0.0,
              "a00": 1.0 + bias, "a11": 1.0, "b00": 1.0 + bias, "b11": 1.0}  # fmt: skip

    def excess(x: float) -> float:
        return float(x - precision * ((2 + bias) / (1 + np.exp(-x)) - 1))

    grid = np.linspace(-8, 8, 4001)
    signs = np.array([excess(x) for x in grid])
    roots = [brentq(excess, grid[i], grid[i + 1]) for i in np.flatnonzero(signs[:-1] * signs[1:] < 0)]
    assert len(roots) == 3
    expected = sorted(1 / (1 + np.exp(-x)) for x in roots)
    found = find_branches(game, game.theta(values), starts=24)
    assert found[0].found_by == "principal"
    assert found[0].distance == 0.0
    ups = [b.equilibrium.strategies["row"].sel(row="up").values.ravel() for b in found]
    assert ups[0] == pytest.approx([expected[-1]] * 2, abs=1e-7)  # the bias points up
    near = [np.abs(np.array(expected)[:, None] - up) for up in ups]
    assert max(float(x.min(axis=0).max()) for x in near) < 1e-6
    pairs = [tuple(x.argmin(axis=0)) for x in near]
    assert len(set(pairs)) == len(pairs) > 4
    assert {place for pair in pairs for place in pair} == {0, 1, 2}
    for branch, up in zip(found, ups, strict=True):
        assert branch.equilibrium.certificate.good
        assert branch.distance == pytest.approx(float(np.max(ups[0] - up)), abs=1e-6)
    assert sum(b.times for b in found) <= 2 + 24 + 2
    again = find_branches(game, game.theta(values), starts=24)
    assert [(b.found_by, b.times, b.distance) for b in again] == [
        (b.found_by, b.times, b.distance) for b in found
    ]


def test_an_equilibrium_that_is_alone_is_listed_once() -> None:
    (only,) = find_branches(chase(), starts=3)
    assert only.found_by == "principal"
    assert only.times >= 4


def test_one_failing_draw_harms_no_other() -> None:
    game = chase()
    rows = np.stack([game.theta(), game.theta({"bias": float("nan")}), game.theta({"lam": 5.0})])
    batch = solve_many(game, rows)
    assert batch.good.tolist() == [True, False, True]
    assert batch.status["status"].values.tolist() == ["converged", "not converged", "converged"]
    values = batch.values()
    assert np.isnan(values.isel(draw=1).values).all()
    for draw in (0, 2):
        alone = solve(game, rows[draw])
        assert values.isel(draw=draw).values.tobytes() == alone.values.values.tobytes()
    with pytest.raises(ValueError, match="none of the draws"):
        solve_many(game, rows[1:2]).values()
    with pytest.raises(ValueError, match="parameters"):
        solve_many(game, rows[:, :2])


@cache
def drawn(number: int) -> Game:
    return compile_game(random_case(number))


@pytest.mark.parametrize("quantity", ["one", "m1=go"])
def test_statics_agree_with_differences(quantity: str) -> None:
    game = drawn(1)
    theta = game.theta()
    table = statics(solve(game, theta, branch="direct", tolerance=1e-12), quantity)
    for place, name in enumerate(game.parameters):
        sides = []
        for step in (1e-5, -1e-5):
            there = theta.copy()
            there[place] += step
            found = solve(game, there, branch="direct", tolerance=1e-12)
            sides.append(statics(found, quantity).attrs["value"])
        slope = (sides[0] - sides[1]) / 2e-5
        here = table.sel(parameter=name)
        assert here["derivative"].item() == pytest.approx(slope, abs=1e-6)
        assert here["elasticity"].item() == pytest.approx(
            slope * theta[place] / table.attrs["value"], abs=1e-5
        )


def test_statics_of_a_choice_whose_answer_is_known() -> None:
    """A transfer moves log-odds by precision times itself, so dP/dτ = λ·P(1 - P)."""
    game = rung()
    found = solve(game, game.theta({"tau": 0.3}), tolerance=1e-12).require()
    table = statics(found, "reply=accept", start={"step": "low", "offer": "open"})
    chance = found.strategies["reply"].sel(reply="accept", step="low", offer="open").item()
    assert table.attrs["value"] == pytest.approx(chance, abs=1e-12)
    lam = game.theta()[game.parameters.index("lam")]
    assert table["derivative"].sel(parameter="tau").item() == pytest.approx(
        lam * chance * (1 - chance), rel=1e-8
    )


@pytest.mark.long
def test_the_chance_of_an_action_leaves_out_games_that_ended_before_it() -> None:
    """Summed over actions it is the mass that reaches the move, which the forward operator carries too."""
    game = drawn(4)
    found = solve(game, branch="direct").require()
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, "agent")(jnp.asarray(found.z), numbers)
    last = game.moves[-1]
    whole = sum(statics(found, f"{last}={a}").attrs["value"] for a in game.levels[last])
    live = jnp.asarray(start_weights(game))
    gone = {name: jnp.zeros(()) for name in game.terminals}
    moved, ended = push(game, numbers, strategies, live, gone)
    assert float(jnp.sum(moved)) - 1e-12 <= whole <= 1.0 + 1e-12
    assert float(jnp.sum(moved)) + sum(float(x) for x in ended.values()) == pytest.approx(1.0)


def test_unknown_quantities_are_named() -> None:
    found = solve(rung())
    for wrong in ("reply=shrug", "answer=accept", "patron"):
        with pytest.raises(KeyError, match=wrong.split("=")[-1] if "reply" in wrong else wrong.split("=")[0]):
            statics(found, wrong)
    with pytest.raises(KeyError, match="levels"):
        statics(found, "client", start={"step": "middle", "offer": "open"})
    with pytest.raises(NotCertified):
        statics(solve(chase(), chase().theta({"bias": float("nan")})), "one")
