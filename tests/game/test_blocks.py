"""Games with variables that never fall, solved block by block; see test_methods for the common contract."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.small_games import case, rung, weakness
from tightrope.game import Game, compile_game, solve
from tightrope.game.blocks import block_function, cut
from tightrope.game.changed import held
from tightrope.game.layout import start
from tightrope.game.named import Named
from tightrope.game.ordering import sweep_plan
from tightrope.game.prepared import primitives_function
from tightrope.game.primitives import Primitives


@cache
def climb(*, together: bool = False) -> Game:
    """A union that only rises, by one rung from play and by up to two more from chance; trust goes both ways.

    A deadline passes, whatever is done. The second player sees the climb otherwise.
    """
    moves: list[dict[str, Any]] = [
        {"move": "press", "player": "patron", "actions": ["hold", "press", "pay"], "precision": "lam"},
        {"move": "reply", "player": "client", "actions": ["stall", "sign"], "precision": "2*lam",
         "available": {"sign": "union != merged"}},
    ]  # fmt: skip
    return compile_game(
        case(
            "climb-together" if together else "climb",
            states={
                "trust": ["broken", "thin", "whole"],
                "union": ["loose", "treaty", "shared", "merged"],
                "deadline": ["ahead", "past"],
            },
            parameters={"delta": 0.9, "lam": 2.0, "drift": -1.5, "leave": 0.02},
            period=[
                {"nature": "end", "exit": {"prob": "leave*(union == merged)"}, "to": {"over": 1}},
                *([{"together": moves}] if together else moves),
                {"nature": "climb", "changes": "union",
                 "steps": {"up": {"logit": "-2 + 3*(reply == sign) + (press == press)"}},
                 "viewpoints": {"client": {"steps": {"up": {"logit": "-2 + 2*(reply == sign)"}}}}},
                {"pay": "payoffs"},
                {"nature": "mood", "changes": "trust", "steps": {
                    "up": {"logit": "-1 + (press == pay)"}, "down": {"logit": "drift + 2*(press == press)"}}},
                {"nature": "clock", "changes": "deadline", "steps": {"up": {"prob": "0.3"}}},
                {"nature": "leap", "changes": "union", "set": [
                    {"when": "deadline == past and union == treaty and trust == broken", "to": "merged"}]},
            ],
            payoffs={
                "patron": {"union": "union*(1 + (deadline == past))", "cost": "-(press == pay)"},
                "client": {"rule": "-0.8*union", "aid": "1.5*(press == pay)*(reply == sign)",
                           "trust": "0.3*trust", "fear": "-(press == press)*(reply == stall)"},
            },
            terminals={"over": {"patron": "5", "client": "-4"}},
        )
    )  # fmt: skip


def numbers_of(game: Game) -> Primitives:
    return primitives_function(game)(jnp.asarray(game.theta()))


def test_a_game_is_cut_along_what_never_falls() -> None:
    how = cut(climb(), numbers_of(climb()))
    # The leap may lead from any rung to the highest, three up; and the climb by one.
    assert how.rising == ("union", "deadline")
    ends = how.at(len(sweep_plan(climb()).steps) - 1)
    assert ends == {"union": 1 + 1 + 3, "deadline": 2}
    assert how.at(-1) == {"union": 1, "deadline": 1}
    assert cut(rung(), numbers_of(rung())).rising == ("step", "offer")
    assert cut(weakness(), numbers_of(weakness())).rising == ("moment",)


def test_nothing_is_cut_where_players_move_at_once_after_a_climb() -> None:
    """The law of `union` comes after the simultaneous moves here and is cut; before them it would not be."""
    game = climb(together=True)
    assert cut(game, numbers_of(game)).rising == ("union", "deadline")
    period = list(game.case.period)
    clock = next(k for k, item in enumerate(period) if getattr(item, "nature", "") == "clock")
    early = game.case.model_copy(update={"period": [period.pop(clock), *period]})
    other = compile_game(early)
    assert cut(other, numbers_of(other)).rising == ("union",)


def test_laws_changed_from_outside_are_not_taken_to_rise() -> None:
    game, numbers = climb(), numbers_of(climb())
    (number,) = [k for k, s in enumerate(game.plan.steps) if getattr(s, "name", "") == "clock"]
    unknown = {view: Named(law.data, law.axes) for view, law in numbers.kernels[number].items()}
    changed = numbers._replace(kernels={**numbers.kernels, number: unknown})
    assert cut(game, changed).rising == ("union",)
    # A variable that is held still never falls either.
    assert cut(game, held(game, numbers, ["union"])).rising == ("union", "deadline")


GAMES = {
    "climb": climb,
    "at once": lambda: climb(together=True),
    "rung": rung,
    "random": lambda: compile_game(random_case(1)),
}


@pytest.mark.parametrize("convention", ["agent", "ev1"])
@pytest.mark.parametrize("name", list(GAMES))
def test_blocks_find_what_the_whole_game_finds(name: str, convention: Any) -> None:
    game = GAMES[name]()
    if convention == "ev1" and name != "climb":
        pytest.skip("one game is enough for the other convention")
    whole = solve(game, branch="direct", tolerance=1e-12, convention=convention).require()
    found = solve(game, method="blocks", tolerance=1e-12, convention=convention).require()
    assert found.certificate.method == "blocks"
    assert found.certificate.residual <= 1e-12
    assert np.max(np.abs(found.values.values - whole.values.values)) < 1e-9
    for move, table in found.strategies.items():
        assert np.max(np.abs(table.values - whole.strategies[move].values)) < 1e-9


def test_the_residual_is_that_of_the_whole_game() -> None:
    """Were the blocks wrong together the certificate would say so: its sweep is over all states."""
    game, numbers = climb(), numbers_of(climb())
    root = block_function(game, "agent", 1e-9)(numbers, start(game))
    found = solve(game, method="blocks")
    assert float(root.residual) == found.certificate.residual <= 1e-9
    assert np.array_equal(np.asarray(root.z), found.z)


def test_a_warm_start_takes_fewer_sweeps() -> None:
    game = climb()
    cold = solve(game, method="blocks").require()
    near = game.theta({"drift": -1.45})
    warm = solve(game, near, method="blocks", warm=cold.z).require()
    again = solve(game, near, method="blocks").require()
    assert warm.certificate.iterations < again.certificate.iterations
    assert np.max(np.abs(warm.values.values - again.values.values)) < 1e-7
