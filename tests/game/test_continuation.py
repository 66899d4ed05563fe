"""The principal branch: turning points in closed form, first crossings against dense scans, lost walks."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from scipy.optimize import brentq

from tests.game.random_games import random_case
from tests.game.small_games import simultaneous
from tightrope.game import compile_game, solve
from tightrope.game.continuation import Trace, correctors, trace

MIXED = np.array([[1.0, 0.4, -0.2], [0.3, -1.2, 0.5], [0.1, 0.2, 0.9]])


def bend(w: Array | float, height: float) -> Array | float:
    """A cubic with turning points at w = 1 (height·5/6) and w = 2 (height·2/3), zero at zero."""
    return height * (w**3 / 3 - 1.5 * w**2 + 2 * w)


def curve(z: Array, height: Array, share: Array) -> Array:
    """A map whose fixed points are MIXED·w with bend(w₀) = s and the others fixed by w₀.

    Plain sweeps run away from the middle part of the curve, as replies that chase do.
    """
    w = jnp.linalg.solve(jnp.asarray(MIXED), z)
    pull = jnp.array([share - bend(w[0], height), w[0] - w[1], jnp.sin(w[0]) - w[2]])
    return jnp.asarray(MIXED) @ (w + 0.4 * pull)


WAYS = correctors(curve)


def walk(height: float, tolerance: float = 1e-11) -> Trace:
    return trace(WAYS, jnp.asarray(height), jnp.zeros(3), tolerance=tolerance)


def crossing(height: float) -> float:
    """The first w at which the cubic reaches one, by a scan that knows nothing of the walk."""
    grid = np.linspace(0.0, 4.0, 40_001)
    above = int(np.argmax(np.asarray(bend(grid, height)) >= 1.0))
    return float(brentq(lambda w: float(bend(w, height)) - 1.0, grid[above - 1], grid[above], xtol=1e-15))


@pytest.mark.parametrize("height", [0.5, 1.0, 1.15, 1.1999])
def test_a_folded_branch_is_followed_round_its_turning_points(height: float) -> None:
    found = walk(height)
    assert found.arrived
    assert found.reached == pytest.approx(1.0)
    assert found.turns == pytest.approx((height * 5 / 6, height * 2 / 3), abs=5e-3)
    w = crossing(height)
    assert w > 2.0
    expected = MIXED @ np.array([w, w, np.sin(w)])
    assert np.asarray(found.root.z) == pytest.approx(expected, abs=1e-8)
    assert float(found.root.residual) <= 1e-11


@pytest.mark.parametrize("height", [1.201, 1.3, 2.0, 6.0])
def test_the_first_crossing_is_taken_and_not_a_later_one(height: float) -> None:
    """Here the branch reaches one before it turns, and twice more behind the turns."""
    found = walk(height)
    assert found.arrived
    assert found.turns == ()
    w = crossing(height)
    assert w < 1.0
    later = [r.real for r in np.roots([height / 3, -1.5 * height, 2 * height, -1]) if abs(r.imag) < 1e-12]
    assert height > 1.5 or len(later) == 3
    assert np.asarray(found.root.z) == pytest.approx(MIXED @ np.array([w, w, np.sin(w)]), abs=1e-7)


def test_a_walk_that_is_lost_says_how_far_it_came() -> None:
    """The branch runs off to infinity at share 0.6: z = s/(0.6 - s)."""

    def runs_off(z: Array, given: Array, share: Array) -> Array:
        return z + 0.3 * (share - z * (given - share))

    found = trace(correctors(runs_off), jnp.asarray(0.6), jnp.zeros(1), tolerance=1e-9)
    assert not found.arrived
    assert found.turns == ()
    assert 0.55 < found.reached < 0.6
    assert float(found.root.residual) > 1e-3


def test_two_walks_give_the_same_bits() -> None:
    first, second = walk(1.0), walk(1.0)
    assert np.asarray(first.root.z).tobytes() == np.asarray(second.root.z).tobytes()
    assert (first.turns, first.steps, int(first.root.sweeps)) == (
        second.turns, second.steps, int(second.root.sweeps)
    )  # fmt: skip


@pytest.mark.parametrize("bias", [0.02, 0.1, -0.1, -0.02])
@pytest.mark.parametrize("precision", [1.0, 6.0, 30.0])
def test_a_coordination_game_goes_where_its_bias_points(bias: float, precision: float) -> None:
    """Both want to match; p = logistic(s·λ(2p - 1 + bias)) gives the share s at each p in closed form.

    From p = 1/2 the share grows with p on the side of the bias, so the first crossing is the only
    one there. Beyond some precision the game has two more equilibria on the other side.
    """
    game = simultaneous()
    values = {"lam_row": precision, "lam_column": precision, "delta": 0.0,
              "a00": 1.0 + bias, "a11": 1.0, "b00": 1.0 + bias, "b11": 1.0}  # fmt: skip
    found = solve(game, game.theta(values)).require()
    assert found.certificate.branch == "principal"
    assert found.certificate.turns == ()

    def excess(x: float) -> float:
        """Log-odds x of the first action, less what they answer to."""
        p = 1 / (1 + np.exp(-x))
        return float(x - precision * ((2 + bias) * p - 1))

    grid = np.sign(bias) * np.linspace(0.0, 2 * precision, 20_001)[1:]
    side = np.array([excess(x) for x in grid]) * np.sign(bias)
    first = int(np.argmax(side >= 0))
    before = grid[first - 1] if first else 0.0
    x = brentq(excess, *sorted((before, grid[first])), xtol=1e-14)
    p = 1 / (1 + np.exp(-x))
    for move, action in (("row", "up"), ("column", "left")):
        assert found.strategies[move].sel({move: action}).values == pytest.approx(p, abs=1e-7)


@pytest.mark.parametrize("number", [1, 2])
def test_it_equals_the_direct_solve_where_sweeps_contract(number: int) -> None:
    """Small random games at low precision: discounting makes the equilibrium unique."""
    game = compile_game(random_case(number))
    traced, direct = solve(game), solve(game, branch="direct")
    assert (traced.certificate.branch, direct.certificate.branch) == ("principal", "direct")
    assert traced.certificate.turns == ()
    assert np.max(np.abs(traced.values.values - direct.values.values)) < 1e-6
    for move, table in traced.strategies.items():
        assert np.max(np.abs(table.values - direct.strategies[move].values)) < 1e-8


def test_the_unit_of_payoffs_does_not_matter() -> None:
    """Payoffs a thousand times as large and precisions a thousandth: the same walk, bit by bit."""
    game = simultaneous()
    for unit in (2.0**-10, 2.0**10):
        values = {"lam_row": 5.0 / unit, "lam_column": 7.0 / unit, "delta": 0.4,
                  "a00": 1.2 * unit, "a11": unit, "b00": unit, "b11": 1.5 * unit}  # fmt: skip
        found = solve(game, game.theta(values)).require()
        base = {"lam_row": 5.0, "lam_column": 7.0, "delta": 0.4,
                "a00": 1.2, "a11": 1.0, "b00": 1.0, "b11": 1.5}  # fmt: skip
        same = solve(game, game.theta(base)).require()
        assert found.certificate.iterations == same.certificate.iterations
        assert found.certificate.residual == same.certificate.residual
        assert (found.values.values / unit).tobytes() == same.values.values.tobytes()
        assert found.certificate.deviation / unit == same.certificate.deviation


def test_the_gain_from_a_deviation_is_that_of_the_best_action() -> None:
    """Static: the gain is max(u) - E u at each move, from the strategies and payoffs alone."""
    game = simultaneous()
    values = {"lam_row": 2.0, "lam_column": 3.0, "delta": 0.0, "a00": 1.0, "a11": 0.3, "b01": 0.8, "b10": 0.5}
    found = solve(game, game.theta(values)).require()
    p = float(found.strategies["row"].values.reshape(2, -1)[0, 0])
    q = float(found.strategies["column"].values.reshape(2, -1)[0, 0])
    row, column = np.array([1.0 * q, 0.3 * (1 - q)]), np.array([0.5 * (1 - p), 0.8 * p])
    gains = [row.max() - row @ [p, 1 - p], column.max() - column @ [q, 1 - q]]
    assert found.certificate.deviation == pytest.approx(max(gains), abs=1e-9)
    assert found.certificate.deviation <= np.log(2) / 2.0
