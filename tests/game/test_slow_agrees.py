"""The package's sweep and the slow coding agree on random small games, point by point."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.slow import Point, Slow
from tightrope.case.schema import Case, NatureMove
from tightrope.game import compile_game, solve_finite
from tightrope.game.compile import Game
from tightrope.game.forward import pull, push
from tightrope.game.layout import layout
from tightrope.game.named import Named, broadcast
from tightrope.game.primitives import primitives
from tightrope.game.sweep import backward

NUMBERS = tuple(range(12))


def together(number: int) -> bool:
    return number % 4 == 3


@cache
def compiled(number: int) -> tuple[Game, Slow, Any]:
    """A game, its slow twin, and one traced function that does everything this file compares."""
    case = random_case(number, together=together(number))
    game = compile_game(case)
    theta = game.theta()

    def everything(vector: Any, values: Any, guess: Any, f: Any, ended: Any, live: Any, gone: Any) -> Any:
        numbers = primitives(game, vector)
        out = {
            convention: backward(game, values, numbers, convention=convention, guess=guess)
            for convention in ("agent", "ev1")
        }
        strategies = out["agent"][1]
        back = pull(game, numbers, strategies, f, ended)
        return out, back, push(game, numbers, strategies, live, gone)

    return game, Slow(case, dict(zip(game.parameters, theta, strict=True))), jax.jit(everything)


@cache
def results(number: int) -> dict[str, Any]:
    """Random inputs for game `number`, and what the package makes of them."""
    game, _, everything = compiled(number)
    generator = np.random.default_rng(number)
    values = {p: Named(jnp.asarray(generator.normal(size=game.shape)), game.states) for p in game.players}
    guess = {}
    for name, axes, shape in layout(game).mixed:
        weights = generator.exponential(size=shape) + 0.1
        weights /= weights.sum(axes.index(name), keepdims=True)
        guess[name] = Named(jnp.asarray(weights), axes)
    f = generator.normal(size=game.shape)
    live = generator.exponential(size=game.shape)
    ended = dict(zip(game.terminals, generator.normal(size=2), strict=True))
    gone = dict(zip(game.terminals, generator.exponential(size=2), strict=True))
    whole = live.sum() + sum(gone.values())
    live, gone = live / whole, {name: x / whole for name, x in gone.items()}
    there = {name: jnp.asarray(x) for name, x in gone.items()}
    out, back, pushed = everything(game.theta(), values, guess, f, ended, live, there)
    return {"values": values, "guess": guess, "f": f, "live": live, "ended": ended, "gone": gone,
            "out": out, "back": np.asarray(back), "pushed": pushed}  # fmt: skip


def at(x: Named, move: str, point: Point, size: int) -> list[float]:
    """The probabilities of a move at a point, read from a named array."""
    data = np.asarray(x.data)
    return [float(data[tuple(a if axis == move else point[axis] for axis in x.axes)]) for a in range(size)]


def test_random_games_cover_the_language() -> None:
    seen: set[str] = set()

    def note(law: Any, prefix: str) -> None:
        if law.steps is not None:
            for link in filter(None, (law.steps.down, law.steps.up)):
                seen.add(prefix + "steps " + next(k for k, v in link if v is not None))
            if law.steps.down is None or law.steps.up is None:
                seen.add(prefix + "one way")
        if law.weights is not None:
            seen.add(prefix + ("moves" if "stay" in law.weights else "weights"))
        if law.set is not None:
            seen.add(prefix + "set")
        if law.exit is not None:
            seen.add(prefix + "exit " + next(k for k, v in law.exit if v is not None))
        if law.to is not None:
            seen.add(prefix + "to")

    cases: list[Case] = [random_case(n, together=together(n)) for n in NUMBERS]
    for case in cases:
        for item in case.period:
            seen.add(type(item).__name__)
            if isinstance(item, NatureMove):
                note(item, "")
                for view in item.viewpoints.values():
                    note(view, "view ")
            moves = getattr(item, "together", [item])
            if any(getattr(move, "available", None) for move in moves):
                seen.add("available")
    wanted = {"NatureMove", "PlayerMove", "Together", "Pay", "available", "steps logit", "steps hazard",
              "steps prob", "one way", "moves", "weights", "set", "exit logit", "exit hazard", "exit prob",
              "to", "view to", "view set"}  # fmt: skip
    assert wanted <= seen
    assert any(name.startswith("view exit") for name in seen)
    assert any(name.startswith("view steps") for name in seen)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("convention", ["agent", "ev1"])
def test_one_sweep(number: int, convention: str) -> None:
    game, slow, _ = compiled(number)
    given = results(number)
    values = {
        key: {p: float(given["values"][p].data[key]) for p in game.players}
        for key in map(slow.key, slow.starts())
    }

    def guess(move: str, point: Point) -> list[float]:
        return at(given["guess"][move], move, point, game.sizes[move])

    expected, seen = slow.sweep(values, convention=convention, guess=guess)
    new, strategies = given["out"][convention]
    for player in game.players:
        found = np.asarray(broadcast(new[player], game.states, game.sizes).data)
        for key, value in expected.items():
            assert found[key] == pytest.approx(value[player], abs=1e-10)
    for move, rows in seen.items():
        assert rows
        for point, odds in rows:
            assert at(strategies[move], move, point, game.sizes[move]) == pytest.approx(odds, abs=1e-10)


@pytest.mark.parametrize("number", NUMBERS)
def test_pull_is_the_worlds_expectation(number: int) -> None:
    game, slow, _ = compiled(number)
    given = results(number)
    strategies = given["out"]["agent"][1]
    f = {key: float(given["f"][key]) for key in map(slow.key, slow.starts())}
    expected = slow.expect(
        f, given["ended"], lambda move, point: at(strategies[move], move, point, game.sizes[move])
    )
    for key, value in expected.items():
        assert given["back"][key] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("number", NUMBERS)
def test_push_is_the_transpose_of_pull(number: int) -> None:
    """<push μ, f> = <μ, pull f>, terminals kept as coordinates, and no probability is lost."""
    given = results(number)
    moved, ended = given["pushed"]
    left = float(np.sum(np.asarray(moved) * given["f"]))
    left += sum(float(ended[name]) * given["ended"][name] for name in ended)
    right = float(np.sum(given["live"] * given["back"]))
    right += sum(given["gone"][name] * given["ended"][name] for name in ended)
    assert left == pytest.approx(right, abs=1e-12)
    assert float(np.sum(np.asarray(moved))) + sum(map(float, ended.values())) == pytest.approx(1.0, abs=1e-12)
    assert float(np.min(np.asarray(moved))) >= -1e-15


def test_backward_induction_is_the_slow_sweep_repeated() -> None:
    game, slow, _ = compiled(4)
    final = {"one": 0.3, "two": -1.0}
    values = {key: dict(final) for key in map(slow.key, slow.starts())}
    for _ in range(7):
        values, seen = slow.sweep(values)
    found = solve_finite(game, periods=7, final=final)
    assert found.certificate.good
    for key, value in values.items():
        for player in game.players:
            assert float(found.values.sel(player=player).values[key]) == pytest.approx(
                value[player], abs=1e-10
            )
    for move, rows in seen.items():
        for point, odds in rows:
            strategy = found.strategies[move]
            here = {axis: game.levels[axis][point[axis]] for axis in map(str, strategy.dims) if axis != move}
            assert strategy.sel(here).values == pytest.approx(odds, abs=1e-10)
