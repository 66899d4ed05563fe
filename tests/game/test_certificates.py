"""What a solution's certificate says, and that nothing rests on a bad one."""

from __future__ import annotations

import json
from functools import cache
from typing import get_args

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

from tests.game.chase import chase, chase_case
from tests.game.slow import Point, Slow
from tightrope.game import Equilibrium, NotCertified, solve
from tightrope.game.certificate import Branch, Status
from tightrope.game.equilibrium import primitives_function
from tightrope.game.forward import push
from tightrope.game.named import Named

HARD, HOPELESS = 300.0, 1e6


@cache
def solved(**values: float) -> Equilibrium:
    return solve(chase(), chase().theta(values))


def gap(a: Equilibrium, b: Equilibrium) -> float:
    """Largest difference in any choice probability."""
    return max(float(np.max(np.abs(a.strategies[m].values - b.strategies[m].values))) for m in a.strategies)


def sharp(precision: float, *, branch: Branch = "direct") -> Equilibrium:
    return solve(chase(), chase().theta({"lam": precision, "lam2": precision}), branch=branch)


def slow_residual(found: Equilibrium) -> float:
    """Sup norm of one sweep of the slow coding less the values, strategies of the others given."""
    slow = Slow(chase_case(), dict(zip(found.game.parameters, found.theta, strict=True)))
    values = {
        slow.key(p): {w: float(found.values.sel(player=w).values[slow.key(p)]) for w in found.game.players}
        for p in slow.starts()
    }

    def guess(move: str, point: Point) -> list[float]:
        table = found.strategies[move]
        here = {str(a): found.game.levels[str(a)][point[str(a)]] for a in table.dims if a != move}
        return [float(x) for x in table.sel(here).values]

    new, _ = slow.sweep(values, guess=guess)
    return max(abs(new[key][who] - values[key][who]) for key in values for who in values[key])


def test_a_good_certificate() -> None:
    found = solved()
    certificate = found.certificate
    assert certificate.good
    assert certificate.status == "converged"
    assert certificate.residual <= certificate.tolerance == 1e-9
    assert certificate.strategy_residual < 1e-7
    assert certificate.iterations > 0
    assert found.require() is found
    assert np.isnan(certificate.agreement)
    assert certificate.restarts == 0
    assert json.loads(json.dumps(certificate.as_dict()))["status"] == "converged"
    assert "converged" in str(certificate)
    assert slow_residual(found) < 1e-8


def test_extreme_precision_cycles_and_is_refused() -> None:
    """Best replies chase each other: no probability sits still, and the certificate says so."""
    found = sharp(HOPELESS)
    assert found.certificate.status == "cycling"
    assert not found.certificate.good
    assert found.certificate.residual > 1e-3
    with pytest.raises(NotCertified, match="cycling") as caught:
        found.require()
    assert caught.value.certificate is found.certificate


def test_numbers_that_overflow_do_not_converge() -> None:
    found = solve(chase(), chase().theta({"bias": float("nan")}))
    assert found.certificate.status == "not converged"
    with pytest.raises(NotCertified, match="not converged"):
        found.require()


def test_status_words_are_the_four_of_the_design() -> None:
    assert set(get_args(Status)) == {"converged", "cycling", "not converged", "finite horizon"}


def test_the_principal_branch_reaches_what_a_direct_solve_does_not() -> None:
    assert not sharp(HARD).certificate.good
    found = sharp(HARD, branch="principal").require()
    assert found.certificate.branch == "principal"
    assert found.certificate.method.startswith("pseudo-arclength")
    assert found.certificate.residual <= found.certificate.tolerance
    assert slow_residual(found) < 1e-7


def test_a_branch_that_is_lost_says_how_far_it_was_followed() -> None:
    found = sharp(HOPELESS, branch="principal")
    assert not found.certificate.good
    assert found.certificate.branch == "direct"
    share = float(found.certificate.method.split("principal branch followed up to ")[1])
    assert 0 <= share < 1


def test_the_principal_branch_is_the_default_and_agrees_where_the_equilibrium_is_alone() -> None:
    traced, direct = solve(chase()), solve(chase(), branch="direct")
    assert (traced.certificate.branch, direct.certificate.branch) == ("principal", "direct")
    assert traced.certificate.turns == ()
    assert gap(traced, direct) < 1e-8


def test_a_warm_branch_needs_a_start() -> None:
    with pytest.raises(ValueError, match="start from"):
        solve(chase(), branch="warm")


def test_a_warm_start_gives_the_same_answer() -> None:
    cold = solved(lam=5.0, bias=0.6)
    warm = solve(chase(), cold.theta, warm=solved().z)
    assert gap(solved(), cold) > 1e-2
    assert gap(warm, cold) < 1e-8
    assert float(np.max(np.abs(warm.values.values - cold.values.values))) < 1e-7
    assert solve(chase(), warm=solved().z).certificate.iterations <= 1


def test_two_solves_give_the_same_bits() -> None:
    first, second = solve(chase()), solve(chase())
    assert first.z.tobytes() == second.z.tobytes()
    for move, table in first.strategies.items():
        assert table.values.tobytes() == second.strategies[move].values.tobytes()
    assert str(first.certificate) == str(second.certificate)


def test_restarts_agree_on_a_unique_equilibrium_and_differ_where_there_are_several() -> None:
    alone = solve(chase(), restarts=4).certificate
    assert alone.restarts == 4
    assert alone.agreement < 1e-7
    assert "4 restarts agree" in str(alone)
    several = solve(chase(), chase().theta({"wants": -1.0, "lam": 8.0, "lam2": 8.0}), restarts=6).certificate
    assert several.good
    assert several.agreement > 0.5


def test_simultaneous_moves_without_a_future_are_the_static_logit_equilibrium() -> None:
    """At δ = 0: p = σ(λ((1+b)(1-q) - q)), q = σ(λ₂(2p - 1)), solved here by bisection."""
    found = solved(delta=0.0, lam=5.0, lam2=3.0).require()

    def seek(p: float) -> float:
        return 1 / (1 + np.exp(-3.0 * (2 * p - 1)))

    def excess(p: float) -> float:
        q = seek(p)
        return p - 1 / (1 + np.exp(-5.0 * (1.2 * (1 - q) - q)))

    p = brentq(excess, 0.0, 1.0, xtol=1e-14)
    assert found.strategies["hide"].sel(hide="left").values == pytest.approx(p, abs=1e-8)
    assert found.strategies["seek"].sel(seek="left").values == pytest.approx(seek(p), abs=1e-8)


def test_each_move_has_its_own_precision() -> None:
    blind = solved(lam=0.0)
    assert blind.strategies["hide"].values == pytest.approx(0.5, abs=1e-12)
    assert float(np.max(np.abs(blind.strategies["seek"].values - 0.5))) < 1e-8  # nothing to seek by
    other = solved(lam2=0.0)
    assert other.strategies["seek"].values == pytest.approx(0.5, abs=1e-12)
    left = other.strategies["hide"].sel(hide="left").values
    assert (left > 0.55).all()  # the bias is all that One can play on
    assert gap(solved(), solved(lam2=6.0)) > 1e-3


def test_viewpoints_move_strategies_and_never_the_world() -> None:
    """What One believes changes how both play; given strategies, the world moves as before."""
    seen, other = solved(), solved(view=0.0)
    for move in ("hide", "seek"):
        change = np.max(np.abs(seen.strategies[move].values - other.strategies[move].values))
        assert float(change) > 1e-4, move
    game = chase()
    fixed = {m: Named(jnp.asarray(x.values), tuple(map(str, x.dims))) for m, x in seen.strategies.items()}
    live = jnp.asarray([[0.4, 0.1], [0.2, 0.3]])
    moved = []
    for theta in (seen.theta, other.theta):
        numbers = primitives_function(game)(jnp.asarray(theta))
        moved.append(np.asarray(push(game, numbers, fixed, live, {})[0]))
    assert moved[0] == pytest.approx(moved[1], abs=1e-15)
    assert moved[0].sum() == pytest.approx(1.0, abs=1e-14)
    assert float(np.max(np.abs(moved[0] - np.asarray(live)))) > 0.01
