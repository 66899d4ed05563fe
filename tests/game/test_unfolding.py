"""Play in a changing game, against closed forms and against the slow coding of a period."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from tests.game.chase import chase
from tests.game.slow import Slow
from tests.game.small_games import case
from tests.record.small import compiled_once, seen_case
from tightrope.game import compile_game, solve
from tightrope.game.changed import NeverFalls, closed, held, put_at, restricted
from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function, strategies_function
from tightrope.game.named import Named
from tightrope.game.unfolding import CannotUnfold, Stage, settle, unfold

LAM, DELTA, PRICE = 1.7, 0.9, 1.0


def sigma(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


@cache
def stock() -> Game:
    """One owner of one thing: sell it now at the price, or keep it. Sold, nothing is left to decide."""
    return compile_game(
        case(
            "stock",
            states={"store": ["sold", "full"]},
            parameters={"lam": LAM, "delta": DELTA, "price": PRICE},
            period=[
                {"move": "offer", "player": "owner", "actions": ["keep", "sell"], "precision": "lam"},
                {"nature": "gone", "changes": "store", "set": [{"when": "offer == sell", "to": "sold"}]},
            ],
            payoffs={"owner": {"sale": "price*(offer == sell)*(store == full)"}},
            terminals={"burnt": {"owner": "-0.5"}},
        )
    )


def full_value(price: float, later: float) -> tuple[float, float]:
    """Chance of selling a full store, and what it is worth, when keeping it is worth `later` afterwards."""
    chance = sigma(LAM * (price - DELTA * later))
    return chance, chance * price + (1 - chance) * DELTA * later


@cache
def forever() -> float:
    """What a full store is worth while the price stays."""
    return float(brentq(lambda v: full_value(PRICE, v)[1] - v, 0.0, 20.0, xtol=1e-14))


def selling(strategies: Any) -> float:
    x = strategies["offer"]
    index = tuple({"offer": 1, "store": 1}[axis] for axis in x.axes)
    return float(np.asarray(x.data)[index])


def numbers_of(game: Game, **values: float) -> Any:
    return primitives_function(game)(jnp.asarray(game.theta(values)))


def test_an_announced_price_is_waited_for_as_the_closed_form_says() -> None:
    game = stock()
    base = solve(game).require()
    high = 2.5
    plain, dear = numbers_of(game), numbers_of(game, price=high)
    waiting, then = unfold(game, base.z, [Stage(plain), Stage(dear)])
    sold_then, worth_then = full_value(high, forever())
    assert selling(then) == pytest.approx(sold_then, abs=1e-9)
    assert selling(waiting) == pytest.approx(full_value(PRICE, worth_then)[0], abs=1e-9)
    surprised = float(base.strategies["offer"].sel(offer="sell", store="full"))
    assert surprised == pytest.approx(full_value(PRICE, forever())[0], abs=1e-9)
    assert selling(waiting) < surprised - 0.1


def test_a_foreseen_end_and_a_foreseen_loss_make_one_sell() -> None:
    game = stock()
    base = solve(game).require()
    (ended,) = unfold(game, base.z, [Stage(numbers_of(game), ends="burnt")])
    # Whatever is done, the end is worth the same: only the price counts.
    assert selling(ended) == pytest.approx(sigma(LAM * PRICE), abs=1e-12)
    lost, _ = unfold(game, base.z, [Stage(numbers_of(game)), Stage(numbers_of(game), put={"store": "sold"})])
    assert selling(lost) == pytest.approx(sigma(LAM * PRICE), abs=1e-9)


def test_two_changed_periods_agree_with_the_slow_coding() -> None:
    game = compiled_once(seen_case())
    base = solve(game).require()
    after = {
        key: {p: float(base.values.sel(player=p).values[key]) for p in game.players}
        for key in np.ndindex(*game.shape)
    }
    settings = [{"a": 0.2, "quit": 0.3}, {"c": 1.5, "b": 0.1, "quit": 0.3}]
    stages = [
        Stage(numbers_of(game, **settings[0])),
        Stage(numbers_of(game, **settings[1]), put={"climate": "storm"}),
    ]
    found = unfold(game, base.z, stages)
    for setting, stage, strategies in reversed(list(zip(settings, stages, found, strict=True))):
        slow = Slow(game.case, dict(zip(game.parameters, game.theta(setting), strict=True)))
        values, seen = slow.sweep(after)
        for move, rows in seen.items():
            x = strategies[move]
            for point, odds in rows:
                at = tuple(slice(None) if axis == move else point[axis] for axis in x.axes)
                assert np.asarray(x.data)[at] == pytest.approx(odds, abs=1e-10)
        after = values
        if stage.put:
            after = {(rung, climate): values[rung, 1] for rung, climate in values}


def test_who_does_not_know_plays_on_and_who_knows_replies_to_that() -> None:
    game = compiled_once(seen_case())
    base = solve(game).require()
    numbers = numbers_of(game)
    blind, _ = strategies_function(game, "agent")(jnp.asarray(base.z), numbers)
    changed = numbers_of(game, b=6.0)
    (knows,) = unfold(game, base.z, [Stage(changed, fixed={"reply": blind["reply"]})])
    assert np.array_equal(np.asarray(knows["reply"].data), np.asarray(blind["reply"].data))
    # `b` is the replier's payoff only: if it does not know, the one who pushes has nothing to foresee.
    assert np.allclose(np.asarray(knows["push"].data), np.asarray(blind["push"].data), atol=1e-8)
    (both,) = unfold(game, base.z, [Stage(changed)])
    assert np.abs(np.asarray(both["push"].data) - np.asarray(blind["push"].data)).max() > 1e-3


def test_closing_an_action_is_choosing_among_the_others() -> None:
    game = stock()
    base = solve(game).require()
    numbers = numbers_of(game)
    only = {"offer": Named(jnp.array([1.0, 0.0]), ("offer",))}
    z, residual = settle(game, closed(game, numbers, only), warm=base.z)
    assert residual <= 1e-9
    assert np.allclose(z, 0.0, atol=1e-12)  # nothing can ever be sold
    look, _ = strategies_function(game, "agent")(jnp.asarray(base.z), numbers)
    assert selling(restricted(game, look, only)) == 0.0


def test_a_held_state_is_not_moved_by_nature() -> None:
    game = compiled_once(seen_case())
    plain = numbers_of(game)
    still = held(game, plain, {"climate"})
    for step, views in still.kernels.items():
        for view, kernel in views.items():
            before = plain.kernels[step][view]
            assert kernel.axes == before.axes
            if "climate'" not in kernel.axes:
                assert np.array_equal(np.asarray(kernel.data), np.asarray(before.data))
                continue
            moved = np.moveaxis(
                np.asarray(kernel.data),
                [kernel.axes.index("climate"), kernel.axes.index("climate'")],
                [-2, -1],
            )
            assert np.array_equal(moved, np.broadcast_to(np.eye(2), moved.shape))


def test_what_cannot_be_unfolded_is_refused() -> None:
    hide = chase()
    with pytest.raises(CannotUnfold, match="simultaneous"):
        unfold(hide, np.zeros(1), [Stage(numbers_of(hide))])
    with pytest.raises(NeverFalls, match="never falls"):
        put_at(stock(), jnp.zeros((1, 1)), {"store": "sold"}, lowest={"store": 1})
