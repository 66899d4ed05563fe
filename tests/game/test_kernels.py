"""Loops over large arrays: the same numbers behind a wall and in front of it, forwards and transposed."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import softmax as scipy_softmax

from tests.game.random_games import random_case
from tests.game.slow import Slow
from tightrope.case.schema import Case
from tightrope.game import compile_game, kernels
from tightrope.game.equilibrium import prepared, prepared_sweep
from tightrope.game.layout import start
from tightrope.game.primitives import primitives

SHAPES = [
    # x, y, the axis that is summed over
    ((6, 4, 1, 2, 2), (1, 4, 150, 1, 2), 4),
    ((3, 3, 1), (1, 3, 900), 1),
    ((4, 1, 700), (4, 20, 700), 0),
    ((12, 3, 5), (1, 3, 5), 1),
    ((2, 1, 900), (2, 3, 900), 1),
    # axes too long to be written out
    ((3, 3, 25, 40), (1, 1, 1, 40), 3),
    ((2, 25, 1), (2, 25, 60), 2),
    ((5, 30, 1, 2), (5, 30, 40, 1), 1),
]


@pytest.mark.parametrize(("one", "two", "place"), SHAPES)
def test_contraction(one: tuple[int, ...], two: tuple[int, ...], place: int) -> None:
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=one), generator.normal(size=two)
    expected = np.sum(np.broadcast_to(x * y, np.broadcast_shapes(one, two)), axis=place)
    assert np.asarray(kernels.contract(x, y, place=place)) == pytest.approx(expected, abs=1e-12)
    u = generator.normal(size=expected.shape)
    for which, shape in ((0, one), (1, two)):
        other = (x, y)[1 - which]
        _, pull = jax.vjp(
            lambda t, o=other, w=which: kernels.contract(*((t, o) if w == 0 else (o, t)), place=place),
            jnp.asarray((x, y)[which]),
        )
        wide = np.broadcast_to(np.expand_dims(u, place) * other, np.broadcast_shapes(one, two))
        axes = tuple(n for n, size in enumerate(shape) if size == 1)
        assert np.asarray(pull(u)[0]) == pytest.approx(wide.sum(axis=axes, keepdims=True), abs=1e-11)


@pytest.mark.parametrize("shape", [(5, 4, 300), (5, 4, 3)])
def test_softmax(shape: tuple[int, ...]) -> None:
    odds = np.random.default_rng(1).normal(size=shape) * 300
    odds[2, 1] = -np.inf
    found = np.asarray(kernels.softmax(jnp.asarray(odds), place=1))
    assert found == pytest.approx(scipy_softmax(odds, axis=1), abs=1e-14)


@pytest.mark.parametrize("number", [5, pytest.param(7, marks=pytest.mark.long)])
def test_a_sweep_behind_walls(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small games stay in front of the walls; put these behind them, as the reference case is."""
    monkeypatch.setattr(kernels, "WALL", 0)
    case = random_case(number, together=number % 4 == 3)
    game = compile_game(case)
    sweep = prepared_sweep(game, "agent")

    def everything(theta: Any, z: Any, u: Any) -> Any:
        given = prepared(game, primitives(game, theta))
        new, pull = jax.vjp(lambda x: sweep(x, given), z)
        _, moved = jax.jvp(lambda x: sweep(x, given), (z,), (u,))
        return new, pull(u)[0], moved

    z = start(game)
    u = jnp.asarray(np.random.default_rng(2).normal(size=z.shape))
    lowered = jax.jit(everything).lower(jnp.asarray(game.theta()), z, u)
    assert 'inlineable = "false"' in lowered.as_text()
    new, pulled, moved = lowered.compile()(jnp.asarray(game.theta()), z, u)
    slow = Slow(case, dict(zip(game.parameters, game.theta().tolist(), strict=True)))
    zero = {slow.key(s): dict.fromkeys(game.players, 0.0) for s in slow.starts()}
    uniform = {m.move: [1 / len(m.actions)] * len(m.actions) for m in game.plan.moves()}
    expected, _ = slow.sweep(zero, guess=lambda move, point: uniform[move])
    values = np.asarray(new)[: len(game.players) * len(expected)].reshape(len(game.players), *game.shape)
    for key, value in expected.items():
        for place, player in enumerate(game.players):
            assert values[place][key] == pytest.approx(value[player], abs=1e-10)
    assert float(jnp.sum(pulled * u)) == pytest.approx(float(jnp.sum(u * moved)), abs=1e-11)


def test_links_far_out_are_legal_and_have_gradients() -> None:
    """Any parameter value is legal: log-odds of ±800 overflow an exponential, not a probability."""
    data: dict[str, Any] = {
        "case": "far-out", "title": "far out", "calendar": {"period": "year", "first": "2000"},
        "players": {"one": {"label": "one", "discount": "0.5"}},
        "states": {"rung": {"label": "r", "levels": ["low", "mid", "high"]}},
        "terminals": {"gone": {"label": "g", "payoffs": {"one": "1"}}},
        "parameters": {n: {"value": 0.0, "fixed": True, "why": "given"} for n in ("x", "y")},
        "period": [
            {"nature": "step", "changes": "rung", "steps": {"down": {"logit": "x"}, "up": {"logit": "y"}}},
            {"nature": "end", "exit": {"logit": "x + y"}, "to": {"gone": "logistic(y)"}},
            {"pay": "payoffs"},
        ],
        "payoffs": {"one": {"rung": "rung"}},
        "start": {"rung": "low"},
    }  # fmt: skip
    game = compile_game(Case.model_validate(data))
    read = jax.jit(lambda theta: primitives(game, theta).kernels[0]["world"].data)
    slope = jax.jit(
        jax.jacobian(
            lambda theta: (
                primitives(game, theta).kernels[0]["world"].data,
                primitives(game, theta).exits[1]["world"].probability.data,
            )
        )
    )
    near = np.asarray(read(jnp.asarray([0.3, -0.4])))
    odds = np.exp([0.3, 0.0, -0.4])
    assert near[1] == pytest.approx(odds / odds.sum(), abs=1e-15)
    assert near[0, 2] == near[2, 0] == 0
    for x, y, expected in (
        (800.0, -800.0, [1, 0, 0]),
        (-800.0, 800.0, [0, 0, 1]),
        (800.0, 800.0, [0.5, 0, 0.5]),
    ):
        theta = jnp.asarray([x, y])
        assert np.asarray(read(theta))[1] == pytest.approx(expected, abs=1e-12)
        assert all(np.all(np.isfinite(np.asarray(part))) for part in slope(theta))
