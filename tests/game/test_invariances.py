"""What must not matter: the order of names, a constant added to payoffs, the unit of payoffs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from tightrope.case.schema import Case
from tightrope.game import Equilibrium, Game, compile_game, solve
from tightrope.game.equilibrium import primitives_function, strategies_function
from tightrope.game.layout import layout, start, unpack

Convention = Literal["agent", "ev1"]
CONVENTIONS: tuple[Convention, ...] = ("agent", "ev1")
DISCOUNTS = {"one": 0.85, "two": 0.7}


def data() -> dict[str, Any]:
    """Simultaneous and later moves, an ordered state, an unordered one, exits before and after payoffs.

    `shift` is added to every period payoff, with shift/(1-δ) at terminals; `unit` scales payoffs and
    divides precisions.
    """
    terms = {
        "one": {"rent": "unit*(0.6*rung*(mood == storm) - 0.4*push + 0.8*push*(reply == yield))",
                "calm": "unit*where(mood == calm, 0.3, -0.2)*guard", "shift": "shift"},
        "two": {"own": "unit*(0.7*(reply == stay) - 0.5*push*(reply == stay) + 0.2*(mood == fog))",
                "worth": "unit*(worth*(guard - 0.4) + 0.3*rung*guard)", "shift": "shift"},
    }  # fmt: skip
    ends = {
        "gone": {"one": "-1.2", "two": "0.3"}, "joined": {"one": "2.0*(mood == calm)", "two": "-1.5"},
    }  # fmt: skip
    numbers = {"lam": 1.8, "shift": 0.0, "unit": 1.0}
    return {
        "case": "plain", "title": "A game to be written in other ways",
        "calendar": {"period": "year", "first": "2000"},
        "players": {p: {"label": p, "discount": str(delta)} for p, delta in DISCOUNTS.items()},
        "states": {"rung": {"label": "r", "levels": ["low", "mid", "high"]},
                   "mood": {"label": "m", "levels": ["calm", "storm", "fog"]}},
        "tables": {"worth": {"by": ["mood", "reply"], "default": 0.1,
                             "values": {"calm": {"yield": 0.4}, "fog": {"stay": -0.3, "yield": 0.2}}}},
        "parameters": {n: {"value": v, "fixed": True, "why": "a test"} for n, v in numbers.items()},
        "terminals": {
            t: {"label": t, "payoffs": {p: f"unit*({x}) + shift/(1 - {DISCOUNTS[p]})" for p, x in by.items()}}
            for t, by in ends.items()
        },
        "period": [
            {"together": [
                {"move": "push", "player": "one", "actions": ["wait", "press"], "precision": "lam/unit"},
                {"move": "guard", "player": "two", "actions": ["open", "shut"], "precision": "0.7*lam/unit",
                 "available": {"shut": "mood != fog"}}]},
            {"nature": "slip", "exit": {"hazard": "0.05 + 0.1*push"},
             "to": {"gone": "1", "joined": "1 + guard"},
             "viewpoints": {"two": {"exit": {"hazard": "0.2"}}}},
            {"move": "reply", "player": "two", "actions": ["yield", "stay"], "precision": "1.2*lam/unit"},
            {"pay": "payoffs"},
            {"nature": "leave", "exit": {"logit": "-3 + 0.5*rung"}, "to": {"gone": "1"}},
            {"nature": "climb", "changes": "rung",
             "steps": {"down": {"hazard": "0.3*(reply == stay)"}, "up": {"hazard": "0.4*push"}}},
            {"nature": "turn", "changes": "mood",
             "weights": {"calm": "1", "storm": "0.5 + push", "fog": "0.2 + 0.1*rung"}},
        ],
        "payoffs": terms,
        "start": {"rung": "low", "mood": "calm"},
    }  # fmt: skip


def players_reversed(given: dict[str, Any]) -> dict[str, Any]:
    for part in ("players", "payoffs"):
        given[part] = dict(reversed(given[part].items()))
    return given


def states_reversed(given: dict[str, Any]) -> dict[str, Any]:
    given["states"] = dict(reversed(given["states"].items()))
    return given


def levels_moved(given: dict[str, Any]) -> dict[str, Any]:
    """The unordered state and two moves' actions in another order, the ordered state upside down."""
    given["states"]["mood"]["levels"] = ["fog", "calm", "storm"]
    given["states"]["rung"]["levels"] = ["high", "mid", "low"]
    period = given["period"]
    period[2]["actions"] = ["stay", "yield"]
    period[0]["together"][0]["actions"] = ["press", "wait"]
    steps = period[5]["steps"]
    period[5]["steps"] = {"down": steps["up"], "up": steps["down"]}
    return adjusted(given)


def adjusted(part: Any) -> Any:
    """Every expression that uses `rung` or `push` as a number, counted from the other end."""
    if isinstance(part, dict):
        return {key: adjusted(value) for key, value in part.items()}
    if isinstance(part, list):
        return [adjusted(value) for value in part]
    if isinstance(part, str) and any(mark in part for mark in "*+=("):
        return part.replace("rung", "(2 - rung)").replace("push", "(1 - push)")
    return part


RELABELLINGS = {"players": players_reversed, "states": states_reversed, "levels": levels_moved}


@cache
def plain() -> Game:
    return compile_game(Case.model_validate(data()))


@cache
def solved(convention: Convention, shift: float = 0.0, unit: float = 1.0) -> Equilibrium:
    theta = plain().theta({"shift": shift, "unit": unit})
    return solve(plain(), theta, convention=convention, tolerance=1e-12).require()


def iterated(game: Game, convention: Convention) -> tuple[dict[str, xr.DataArray], xr.DataArray]:
    """Strategies and values by plain sweeps: nothing but the game itself needs compiling."""
    look = strategies_function(game, convention)
    numbers, z = primitives_function(game)(jnp.asarray(game.theta())), start(game)
    for _ in range(400):
        strategies, image = look(z, numbers)
        residual, z = float(jnp.max(jnp.abs(image - z))), image
        if residual < 1e-12:
            break
    assert residual < 1e-12
    values, _ = unpack(game, z)

    def labelled(array: Any, dims: tuple[str, ...]) -> xr.DataArray:
        return xr.DataArray(np.asarray(array), dims=dims, coords={d: list(game.levels[d]) for d in dims})

    stacked = xr.concat(
        [labelled(values[p].data, game.states) for p in game.players],
        dim=xr.DataArray(list(game.players), dims="player", name="player"),
    )
    return {move: labelled(x.data, x.axes) for move, x in strategies.items()}, stacked


def same(found: xr.DataArray, expected: xr.DataArray, *, within: float) -> None:
    """Equal label by label, whatever the order of axes and labels."""
    assert set(found.dims) == set(expected.dims)
    aligned = found.sel({d: expected[d].values for d in expected.dims}).transpose(*expected.dims)
    assert float(np.max(np.abs(aligned.values - expected.values))) < within


def same_strategies(found: Mapping[str, xr.DataArray], expected: Mapping[str, xr.DataArray]) -> None:
    assert set(found) == set(expected)
    for move, table in expected.items():
        same(found[move], table, within=1e-9)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_game_is_worth_the_test(convention: Convention) -> None:
    """Strategies vary over every state, so that a mistaken order would be seen; z holds strategies too."""
    found = solved(convention)
    assert layout(plain()).mixed
    for move, table in found.strategies.items():
        for axis in ("rung", "mood"):
            assert float((table.max(axis) - table.min(axis)).max()) > 1e-3, (move, axis)


@pytest.mark.parametrize("which", RELABELLINGS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_relabelling_changes_nothing(which: str, convention: Convention) -> None:
    relabelled = RELABELLINGS[which](data())
    strategies, values = iterated(compile_game(Case.model_validate(relabelled)), convention)
    expected = solved(convention)
    same_strategies(strategies, expected.strategies)
    same(values, expected.values, within=1e-9)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("shift", [2.5, -7.0])
def test_a_constant_in_payoffs_shifts_values_alone(convention: Convention, shift: float) -> None:
    """c per period and c/(1-δ) at terminals: strategies stay, values rise by c/(1-δ)."""
    found, expected = solved(convention, shift=shift), solved(convention)
    same_strategies(found.strategies, expected.strategies)
    for player, delta in DISCOUNTS.items():
        moved = (found.values - expected.values).sel(player=player).values
        assert moved == pytest.approx(shift / (1 - delta), abs=1e-9)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("unit", [0.01, 40.0])
def test_the_unit_of_payoffs_scales_values_alone(convention: Convention, unit: float) -> None:
    """Payoffs times c with precision over c: strategies stay, values are c times as large."""
    found, expected = solved(convention, unit=unit), solved(convention)
    same_strategies(found.strategies, expected.strategies)
    same(found.values / unit, expected.values, within=1e-8)


def test_the_two_conventions_differ() -> None:
    a, b = solved("agent"), solved("ev1")
    assert max(float(np.max(np.abs(a.strategies[m] - b.strategies[m]))) for m in a.strategies) > 1e-3
