"""Games with variables that never fall, solved block by block; see test_methods for the common contract."""

from __future__ import annotations

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from tests.game.small_games import case, rung, weakness
from tightrope.game import Game, compile_game, solve
from tightrope.game.blocks import block_function, cut
from tightrope.game.changed import held
from tightrope.game.layout import start
from tightrope.game.named import Named
from tightrope.game.ordering import sweep_plan
from tightrope.game.prepared import prepared, prepared_sweep, primitives_function
from tightrope.game.primitives import Primitives

TOLERANCE = 1e-11


@cache
def climb() -> Game:
    """A union that only rises, by a rung from play and more by a leap; trust goes both ways; time runs on.

    Two moves are made at once and a third one follows. The client sees the climb otherwise.
    """
    return compile_game(
        case(
            "climb",
            states={
                "trust": ["broken", "whole"],
                "union": ["loose", "treaty", "merged"],
                "deadline": ["ahead", "past"],
            },
            parameters={"delta": 0.9, "lam": 2.0, "drift": -1.5, "leave": 0.02},
            period=[
                {"nature": "end", "exit": {"prob": "leave*(union == merged)"}, "to": {"over": 1}},
                {"together": [
                    {"move": "press", "player": "patron", "actions": ["hold", "press", "pay"],
                     "precision": "lam"},
                    {"move": "reply", "player": "client", "actions": ["stall", "sign"], "precision": "2*lam",
                     "available": {"sign": "union != merged"}}]},
                {"nature": "climb", "changes": "union",
                 "steps": {"up": {"logit": "-2 + 3*(reply == sign) + (press == press)"}},
                 "viewpoints": {"client": {"steps": {"up": {"logit": "-2 + 2*(reply == sign)"}}}}},
                {"move": "visit", "player": "client", "actions": ["stay", "go"], "precision": "lam"},
                {"pay": "payoffs"},
                {"nature": "mood", "changes": "trust", "steps": {
                    "up": {"logit": "-1 + (press == pay) + (visit == go)"}, "down": {"logit": "drift"}}},
                {"nature": "clock", "changes": "deadline", "steps": {"up": {"prob": "0.3"}}},
                {"nature": "leap", "changes": "union", "set": [
                    {"when": "deadline == past and trust == broken and visit == go", "to": "merged"}]},
            ],
            payoffs={
                "patron": {"union": "union*(1 + (deadline == past))", "cost": "-(press == pay)"},
                "client": {"rule": "-0.8*union", "aid": "1.5*(press == pay)*(reply == sign)",
                           "trust": "0.3*trust", "fear": "-(press == press)*(reply == stall)",
                           "visit": "-0.2*(visit == go)"},
            },
            terminals={"over": {"patron": "5", "client": "-4"}},
        )
    )  # fmt: skip


def numbers_of(game: Game) -> Primitives:
    return primitives_function(game)(jnp.asarray(game.theta()))


def test_a_game_is_cut_along_what_never_falls() -> None:
    how = cut(climb(), numbers_of(climb()))
    # The leap may lead from any rung to the highest, two up; and the climb by one.
    assert how.rising == ("union", "deadline")
    ends = how.at(len(sweep_plan(climb()).steps) - 1)
    assert ends == {"union": 1 + 1 + 2, "deadline": 2}
    assert how.at(-1) == {"union": 1, "deadline": 1}
    assert cut(rung(), numbers_of(rung())).rising == ("step", "offer")
    assert cut(weakness(), numbers_of(weakness())).rising == ("moment",)


def test_nothing_is_cut_along_what_changes_before_players_move_at_once() -> None:
    period = list(climb().case.period)
    clock = next(k for k, item in enumerate(period) if getattr(item, "nature", "") == "clock")
    early = compile_game(climb().case.model_copy(update={"period": [period.pop(clock), *period]}))
    assert cut(early, numbers_of(early)).rising == ("union",)


def test_laws_changed_from_outside_are_not_taken_to_rise() -> None:
    game, numbers = climb(), numbers_of(climb())
    (number,) = [k for k, s in enumerate(game.plan.steps) if getattr(s, "name", "") == "clock"]
    unknown = {view: Named(law.data, law.axes) for view, law in numbers.kernels[number].items()}
    changed = numbers._replace(kernels={**numbers.kernels, number: unknown})
    assert cut(game, changed).rising == ("union",)
    # A variable that is held still never falls either.
    assert cut(game, held(game, numbers, ["union"])).rising == ("union", "deadline")


def test_blocks_find_what_plain_sweeps_find() -> None:
    """And their residual is that of the whole game: were the blocks wrong together it would say so."""
    game, numbers = climb(), numbers_of(climb())
    found = solve(game, method="blocks", tolerance=TOLERANCE).require()
    assert found.certificate.method == "blocks"
    assert found.certificate.residual <= TOLERANCE
    sweep, given = prepared_sweep(game, "agent"), prepared(game, numbers)
    plain = jax.jit(lambda z: jax.lax.fori_loop(0, 400, lambda _, z: sweep(z, given), z))(start(game))
    assert np.max(np.abs(np.asarray(plain) - found.z)) < 1e-9
    root = block_function(game, "agent", TOLERANCE)(numbers, jnp.asarray(found.z), near=True)
    assert int(root.sweeps) < found.certificate.iterations
    assert float(root.residual) <= TOLERANCE
    near = game.theta({"drift": -1.45})
    warm = solve(game, near, method="blocks", tolerance=TOLERANCE, warm=found.z).require()
    cold = solve(game, near, method="blocks", tolerance=TOLERANCE).require()
    assert warm.certificate.iterations < cold.certificate.iterations
    assert np.max(np.abs(warm.values.values - cold.values.values)) < 1e-9
