"""Closed forms of tests/game/targets.json, solved by the package. Sources stand in that file.

The rest of them, and the account of them all, are in tests/game/test_targets.py.
"""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tests.game import small_games
from tightrope.game import Equilibrium, Game, solve, solve_finite
from tightrope.game.equilibrium import primitives_function
from tightrope.game.forward import pull, push
from tightrope.game.layout import random_start


@cache
def targets() -> dict[str, Any]:
    rows = json.loads((Path(__file__).parent / "targets.json").read_text())["targets"]
    return {row["id"]: row for row in rows}


def target(name: str) -> tuple[dict[str, Any], dict[str, Any], float]:
    row = targets()[name]
    return row["params"], row["answer"], row["tol"]


def solved(game: Game, **values: Any) -> Equilibrium:
    convention = values.pop("convention", "agent")
    warm = values.pop("warm", None)
    found = solve(game, game.theta(values), convention=convention, tolerance=1e-13, warm=warm)
    return found.require()


def bimatrix(a: Any, b: Any) -> dict[str, float]:
    """Payoff parameters of a two-by-two game."""
    named = {f"a{r}{c}": float(a[r][c]) for r in (0, 1) for c in (0, 1)}
    return named | {f"b{r}{c}": float(b[r][c]) for r in (0, 1) for c in (0, 1)}


def chance(found: Equilibrium, move: str, action: str, **where: str) -> float:
    """The probability of an action, which must be the same wherever `where` leaves the point open."""
    strategy = found.strategies[move]
    here = strategy.sel({k: v for k, v in (where | {move: action}).items() if k in strategy.dims}).values
    assert np.ptp(here) < 1e-12
    return float(np.mean(here))


def log_odds(found: Equilibrium, move: str, yes: str, no: str, **where: str) -> float:
    return math.log(chance(found, move, yes, **where)) - math.log(chance(found, move, no, **where))


def test_agent_and_ev1_values() -> None:
    params, answer, tol = target("ev1_vs_aqre")
    game = small_games.choices()
    for convention, key in (("agent", "V_aqre"), ("ev1", "V_ev1")):
        found = solved(game, delta=params["d"], convention=convention)
        value = float(found.values.sel(player="one", question="unit"))
        assert value == pytest.approx(answer[key], abs=tol)
        p = chance(found, "answer", "no", question="unit")
        assert p == pytest.approx(answer["p"], abs=tol)


def test_leader_and_follower_repeated() -> None:
    params, answer, tol = target("sequential_aqre_repeated")
    found = solved(
        small_games.sequential(),
        **bimatrix(params["A"], params["B"]),
        lam_row=params["lamL"],
        lam_column=params["lamF"],
        delta=params["d"],
    )
    for row, first in zip(("up", "down"), (0, 1), strict=True):
        assert chance(found, "row", row) == pytest.approx(answer["p_leader"][first], abs=tol)
        for column, second in zip(("left", "right"), (0, 1), strict=True):
            p = chance(found, "column", column, row=row)
            assert p == pytest.approx(answer["p_follower"][first][second], abs=tol)
    assert found.values.sel(player="rows").values == pytest.approx(answer["V_leader"], abs=tol)
    assert found.values.sel(player="columns").values == pytest.approx(answer["V_follower"], abs=tol)


def test_two_node_deterrence() -> None:
    params, answer, tol = target("signorino")
    one, two = params["U1"], params["U2"]
    found = solved(
        small_games.sequential(),
        **bimatrix([[one["SQ"], one["SQ"]], [one["Cap"], one["War"]]], [[0, 0], [two["Cap"], two["War"]]]),
        lam_row=params["lam"],
        lam_column=params["lam"],
    )
    attack = chance(found, "row", "down")
    resist = chance(found, "column", "right", row="down")
    assert resist == pytest.approx(answer["p_resist"], abs=tol)
    assert attack == pytest.approx(answer["p_attack"], abs=tol)
    assert 1 - attack == pytest.approx(answer["P_SQ"], abs=tol)
    assert attack * (1 - resist) == pytest.approx(answer["P_Cap"], abs=tol)
    assert attack * resist == pytest.approx(answer["P_War"], abs=tol)


def test_matching_pennies_path() -> None:
    ochs, _, _ = target("mp95_ochs")
    params, answer, tol = target("qre_path")
    payoffs = bimatrix(ochs["row"], ochs["col"])
    assert [point["lam"] for point in answer["path"]] == params["lams"]
    for point in answer["path"]:
        found = solved(small_games.simultaneous(), **payoffs, lam_row=point["lam"], lam_column=point["lam"])
        assert chance(found, "row", "up") == pytest.approx(point["pU"], abs=tol)
        assert chance(found, "column", "left") == pytest.approx(point["pL"], abs=tol)


def test_matching_pennies_likelihood() -> None:
    params, answer, tol = target("mp95_ochs")
    payoffs, counts = bimatrix(params["row"], params["col"]), params["counts"]

    def log_likelihood(lam: float) -> float:
        found = solved(small_games.simultaneous(), **payoffs, lam_row=lam, lam_column=lam)
        up = chance(found, "row", "up")
        left = chance(found, "column", "left")
        return (
            counts["U"] * math.log(up) + counts["D"] * math.log(1 - up)
            + counts["L"] * math.log(left) + counts["R"] * math.log(1 - left)
        )  # fmt: skip

    best = minimize_scalar(
        lambda lam: -log_likelihood(lam), bounds=(0.2, 6.0), method="bounded", options={"xatol": 1e-6}
    )
    assert best.x == pytest.approx(answer["lam"], abs=tol)
    assert -best.fun == pytest.approx(answer["loglik"], abs=tol)
    found = solved(small_games.simultaneous(), **payoffs, lam_row=best.x, lam_column=best.x)
    assert chance(found, "row", "up") == pytest.approx(answer["pU"], abs=tol)
    assert chance(found, "column", "left") == pytest.approx(answer["pL"], abs=tol)


def test_coordination_has_several_equilibria_only_beyond_the_fork() -> None:
    params, answer, tol = target("qre_bifurcation")
    game = small_games.simultaneous()
    payoffs = bimatrix([[1, 0], [0, 1]], [[1, 0], [0, 1]])

    def look(lam: float) -> Equilibrium:
        theta = game.theta(payoffs | {"lam_row": lam, "lam_column": lam})
        return solve(game, theta, tolerance=1e-12, restarts=8, seed=1).require()

    assert look(answer["critical"] - 0.1).certificate.agreement < 1e-6
    assert look(params["lam"]).certificate.agreement > 0.1
    ends: set[float] = set()
    for seed in range(8):
        z = np.asarray(random_start(game, scale=1.0, seed=seed))
        found = solved(game, **payoffs, lam_row=params["lam"], lam_column=params["lam"], warm=z)
        ends |= set(np.atleast_1d(found.strategies["row"].sel(row="up").values).tolist())
    known = (answer["p_low"], 0.5, answer["p_high"])
    assert all(min(abs(end - p) for p in known) < tol for end in ends)
    assert any(abs(end - answer["p_high"]) < tol for end in ends)
    assert any(abs(end - answer["p_low"]) < tol for end in ends)


def test_hirschman_interruption() -> None:
    params, answer, tol = target("hirschman")
    for found, loss in zip(params["mu"], answer["L"], strict=True):
        here = solved(small_games.interruption(), delta=params["d"], loss=params["G"], found=found)
        assert float(here.values.sel(player="one", supply="cut")) == pytest.approx(loss, abs=tol)


def test_price_of_a_rung() -> None:
    params, answer, tol = target("piecemeal_price")
    values = {"delta": params["d"], "share": params["m"], "h0": params["h0"], "h1": params["h1"]}
    found = solved(small_games.rung(), **values, tau=answer["tau_star"])
    after = found.values.sel(player="client", offer="closed")
    assert float(after.sel(step="low")) == pytest.approx(answer["V_h0"], abs=tol)
    assert float(after.sel(step="high")) == pytest.approx(answer["V_h1"], abs=tol)
    where = {"step": "low", "offer": "open"}
    assert log_odds(found, "reply", "accept", "refuse", **where) == pytest.approx(0.0, abs=10 * tol)
    less = solved(small_games.rung(), **values, tau=answer["tau_star"] - 0.01, lam=50.0)
    assert log_odds(less, "reply", "accept", "refuse", **where) == pytest.approx(-0.5, abs=1e-7)


def test_waiting_for_a_larger_cake() -> None:
    params, answer, tol = target("merlo_wilson_delay")
    found = solved(
        small_games.cake(), delta=params["d"], small_cake=params["cake"][0], large_cake=params["cake"][1]
    )
    values = found.values.sel(player="sides").values
    assert values == pytest.approx(answer["w"], abs=tol)
    waits = chance(found, "both", "wait", cake="small") > 0.5
    assert waits is answer["delay_in_small"]
    ratio = answer["threshold_cake_ratio"]
    even = solved(small_games.cake(), delta=params["d"], small_cake=1.0, large_cake=ratio)
    assert log_odds(even, "both", "wait", "deal", cake="small") / 200.0 == pytest.approx(0.0, abs=tol)


def decided(**values: float) -> Equilibrium:
    """The declining side's choice; the game is over after one period, whatever it does."""
    game = small_games.shift()
    return solve_finite(game, game.theta(values), periods=1).require()


def test_a_shift_of_power_that_no_division_survives() -> None:
    params, answer, tol = target("powell_shift")
    values = {
        "delta": params["d"], "p_now": params["p_t"], "cost": params["c2"], "rival_cost": params["c1"],
    }  # fmt: skip
    found = decided(**values, p_later=params["p_t1"])
    gain = log_odds(found, "side", "fight", "wait")
    assert gain == pytest.approx(answer["lhs"] - answer["rhs"], abs=tol)
    assert (gain > 0) is answer["inefficient"]
    even = decided(**values, p_later=answer["critical_p_t1"])
    assert log_odds(even, "side", "fight", "wait") == pytest.approx(0.0, abs=tol)


def test_a_lumpy_rung_is_resisted() -> None:
    params, answer, tol = target("fearon_lumpy_rung")
    d, x = params["d"], params["x"]

    def power(at: float) -> float:
        return float(params["a"] * at + params["b"])

    def resistance(jump: float) -> float:
        found = decided(
            delta=d, p_now=power(x), p_later=power(jump), cost=params["cD"],
            rival_cost=params["cR"], today=1 - jump,
        )  # fmt: skip
        return log_odds(found, "side", "fight", "wait") * (1 - d)

    for jump, gain, resist in zip(params["jumps"], answer["gain"], answer["resist"], strict=True):
        surplus = resistance(jump)
        assert surplus + params["cR"] + params["cD"] == pytest.approx(gain, abs=tol)
        assert (surplus > 0) is resist
    assert resistance(answer["critical_x1"]) == pytest.approx(0.0, abs=tol)


def test_prices_of_a_yes() -> None:
    params, answer, tol = target("aid_price_linear")
    game = small_games.choices()
    for size, tau in zip(params["W"], answer["tau_private"], strict=True):
        found = solved(game, sigma=params["sigma"], size=size, base=params["R"], tau=tau)
        assert log_odds(found, "answer", "yes", "no", question="private") == pytest.approx(0.0, abs=tol)
    found = solved(game, sigma=params["sigma"], base=params["R"], tau=answer["tau_log"])
    assert log_odds(found, "answer", "yes", "no", question="log_utility") == pytest.approx(0.0, abs=tol)
    params, answer, tol = target("drezner")
    for kept, concession in zip(params["k"], answer["c_star"], strict=True):
        found = solved(game, threat=params["cT"], kept=kept, concession=concession)
        assert log_odds(found, "answer", "yes", "no", question="leverage") == pytest.approx(0.0, abs=tol)


def test_a_deal_that_enforces_itself() -> None:
    params, answer, tol = target("grim_trade")
    values = {"support": params["tau"], "cost": params["kappa"]}
    even = solved(small_games.trust(), **values, delta=answer["d_star"])
    assert log_odds(even, "client", "align", "renege", trust="whole") == pytest.approx(0.0, abs=10 * tol)
    for step in (-0.05, 0.05):
        found = solved(small_games.trust(), **values, delta=answer["d_star"] + step)
        assert log_odds(found, "client", "align", "renege", trust="whole") * step > 0


def walk(game: Game, start: list[float], periods: int, **values: float) -> list[tuple[np.ndarray, float]]:
    """Live distribution and probability of having ended, after each of some periods."""
    numbers = primitives_function(game)(jnp.asarray(game.theta(values)))
    (end,) = game.terminals
    live, gone, path = jnp.asarray(start), {end: jnp.asarray(0.0)}, []
    for _ in range(periods):
        live, gone = push(game, numbers, {}, live, gone)
        path.append((np.asarray(live), float(gone[end])))
    return path


def test_absorption() -> None:
    params, answer, tol = target("absorption")
    (_, up, _), (down, _, end), _ = params["P"]
    game = small_games.chain()
    values = {"up": up, "down": down, "end_high": end}
    path = walk(game, [1.0, 0.0], 20, **values)
    assert path[-1][1] == pytest.approx(answer["p20"], abs=tol)
    numbers = primitives_function(game)(jnp.asarray(game.theta(values)))
    columns = [pull(game, numbers, {}, jnp.asarray(f), {"merged": 0.0}) for f in np.eye(2)]
    stay = np.stack([np.asarray(column) for column in columns], axis=1)
    assert stay == pytest.approx(np.array(params["P"])[:2, :2], abs=1e-15)
    assert np.linalg.solve(np.eye(2) - stay, np.ones(2)) == pytest.approx(answer["t"], abs=tol)


def test_silence_is_evidence() -> None:
    """A secret deal leaks with probability v a period; nothing has leaked."""
    params, answer, tol = target("silence")
    h, v, n = params["h"], params["v"], params["n"]
    values = {"up": 0.0, "down": 0.0, "end_low": 0.0, "end_high": v}
    live, _ = walk(small_games.chain(), [1 - h, h], n, **values)[-1]
    posterior = live[1] / live.sum()
    assert posterior == pytest.approx(answer["posterior"], abs=tol)
    assert (posterior / (1 - posterior)) / (h / (1 - h)) == pytest.approx(answer["bayes_factor"], abs=tol)


def test_when_if_ever() -> None:
    params, answer, tol = target("when_if_ever")
    h1, h2, h3 = params["h"]
    path = walk(small_games.weakness(), [1.0, 0, 0, 0], 3, h1=h1, h2=h2, h3=h3)
    ended = np.diff([0.0, *(gone for _, gone in path)])
    assert ended / ended.sum() == pytest.approx(answer["weights"], abs=tol)
