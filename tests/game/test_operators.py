"""Pull and push beside plain enumeration: weights, inserted factors, terminals kept as coordinates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.slow import Slow
from tests.record.small import Solved, everything_case
from tightrope.game import compile_game, solve_finite
from tightrope.game.forward import pull, push
from tightrope.game.named import Named
from tightrope.game.plan import Change, Choice

CASES = {
    "everything": everything_case(),
    "together": random_case(3, together=True),
    "laws": random_case(5),
}
Point = Mapping[str, int]
Factor = Callable[[Point], float]


@cache
def solved(name: str) -> Solved:
    """A game with arbitrary strategies: the operators must not care where these come from."""
    return Solved(CASES[name], seed=7)


@cache
def factors(name: str) -> tuple[dict[str, Named], dict[int, Named]]:
    """Random weights of every move, by a state too, and a random insert at every position."""
    game, generator = solved(name).game, np.random.default_rng(11)

    def draw(names: set[str]) -> Named:
        axes = game.order.sort(names)
        return Named(jnp.asarray(generator.uniform(0.2, 1.7, [game.sizes[a] for a in axes])), axes)

    weights, inserts, so_far = {}, {}, set()
    for position in range(-1, len(game.plan.steps)):
        if position >= 0:
            step = game.plan.steps[position]
            if isinstance(step, Choice):
                made = {move.move for move in step.moves}
                weights |= {move: draw({move, game.states[0]}) for move in made}
                so_far |= made
        inserts[position] = draw({game.states[-1], *so_far})
    return weights, inserts


@cache
def operators(name: str) -> Any:
    """Compiled: f, terminals, start distribution, gone -> pulled and pushed, plain and weighted."""
    given = solved(name)
    weights, inserts = factors(name)

    def run(f: Any, ended: Any, live: Any, gone: Any) -> Any:
        out = []
        for extra in ({}, {"weights": weights, "inserts": inserts}):
            out.append(pull(given.game, given.numbers, given.strategies, f, ended, **extra))
            out.append(push(given.game, given.numbers, given.strategies, live, gone, **extra))
        return out

    return jax.jit(run)


def inputs(name: str, seed: int) -> tuple[Any, dict[str, float], Any, dict[str, Any]]:
    game, generator = solved(name).game, np.random.default_rng(seed)
    f = generator.normal(size=game.shape)
    ended = {t: float(generator.normal()) for t in game.terminals}
    live = generator.exponential(size=game.shape)
    gone = {t: jnp.asarray(generator.exponential()) for t in game.terminals}
    whole = live.sum() + sum(map(float, gone.values()))
    return f, ended, live / whole, {t: x / whole for t, x in gone.items()}


def value_at(x: Named, point: Point) -> float:
    return float(np.asarray(x.data)[tuple(point[a] for a in x.axes)])


def enumerated(name: str, f: Any, ended: Mapping[str, float], point: Point, *, weighted: bool) -> float:
    """The weighted expectation from one start state, history by history in plain Python."""
    given = solved(name)
    weights, inserts = factors(name) if weighted else ({}, {})

    def moment(item: int, point: Point) -> float:
        factor = value_at(inserts[item - 1], point) if weighted else 1.0
        if item == len(given.slow.steps):
            return factor * float(f[given.slow.key(point)])
        whole = 0.0
        for p, then in given.branches(given.slow.steps[item], point):
            if isinstance(then, str):
                whole += p * ended[then]
                continue
            made = [m for m in weights if m in then and m not in point]
            seen = float(np.prod([value_at(weights[m], then) for m in made])) if made else 1.0
            whole += p * seen * moment(item + 1, then)
        return factor * whole

    return moment(0, point)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_pull_is_the_sum_over_histories(name: str, weighted: bool) -> None:
    f, ended, live, gone = inputs(name, 1)
    found = np.asarray(operators(name)(f, ended, live, gone)[2 if weighted else 0])
    for point in solved(name).slow.starts():
        expected = enumerated(name, f, ended, point, weighted=weighted)
        assert found[solved(name).slow.key(point)] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_push_is_the_transpose_of_pull(name: str, weighted: bool, seed: int) -> None:
    """<push μ, f> = <μ, pull f> to 1e-12, with weights and inserts too; what was gone stays gone."""
    f, ended, live, gone = inputs(name, seed)
    back, (moved, left) = operators(name)(f, ended, live, gone)[2 * weighted : 2 * weighted + 2]
    pushed = float(np.sum(np.asarray(moved) * f)) + sum(float(left[t]) * ended[t] for t in ended)
    pulled = float(np.sum(live * np.asarray(back))) + sum(float(gone[t]) * ended[t] for t in ended)
    assert pushed == pytest.approx(pulled, abs=1e-12)
    assert abs(pulled) > 1e-3


@pytest.mark.parametrize("name", CASES)
def test_mass_is_conserved_period_after_period(name: str) -> None:
    f, ended, live, gone = inputs(name, 4)
    for _ in range(12):
        live, gone = operators(name)(f, ended, live, gone)[1]
        assert float(np.min(np.asarray(live))) >= -1e-15
        assert float(jnp.sum(live)) + sum(map(float, gone.values())) == pytest.approx(1.0, abs=1e-12)
    assert solved(name).game.terminals
    assert sum(map(float, gone.values())) > 0.01


def test_factors_stand_where_states_and_moves_do() -> None:
    """The random inserts above reach over a move and a change of the state that they mention."""
    game = solved("everything").game
    _, inserts = factors("everything")
    last = game.states[-1]
    assert any(set(x.axes) & set(game.moves) for x in inserts.values())
    assert any(isinstance(step, Change) and step.variable == last for step in game.plan.steps)


@pytest.mark.parametrize("convention", ["agent", "ev1"])
def test_finite_horizons_are_slow_sweeps_and_pay_terminals(convention: Any) -> None:
    """Backward induction period by period; a terminal's payoff moves values as the slow coding says."""
    case = CASES["everything"]
    game = solved("everything").game
    for changed in (0.6, -1.1):
        theta = game.theta({"a": changed})
        slow = Slow(case, dict(zip(game.parameters, theta, strict=True)))
        values = {slow.key(point): dict.fromkeys(game.players, 0.25) for point in slow.starts()}
        for _ in range(3):
            values, _ = slow.sweep(values, convention=convention)
        found = solve_finite(
            game, theta, periods=3, final=dict.fromkeys(game.players, 0.25), convention=convention
        )
        assert found.certificate.status == "finite horizon"
        for key, expected in values.items():
            for player in game.players:
                assert float(found.values.sel(player=player).values[key]) == pytest.approx(
                    expected[player], abs=1e-10
                )


def test_a_finite_horizon_of_simultaneous_moves_is_refused() -> None:
    with pytest.raises(ValueError, match="simultaneous"):
        solve_finite(compile_game(CASES["together"]), periods=2)
    with pytest.raises(ValueError, match="at least one period"):
        solve_finite(solved("everything").game, periods=0)
