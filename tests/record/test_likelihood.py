"""The record's gradient against differences, its traced twin and the mean score of simulated records."""

from __future__ import annotations

import math
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.record.small import Solved, coded, everything, seen, tiny_case
from tests.record.test_filter import CLIMATE, KIND, LADDER, PUSH, REPLY, filtered
from tightrope.game.equilibrium import start
from tightrope.game.prepared import chains_at
from tightrope.record.coding import truncate
from tightrope.record.filter import Evidence, prepare
from tightrope.record.likelihood import log_likelihood, prepare_record, value_and_gradient, value_only
from tightrope.record.simulate import simulate

TIGHT = 1e-12


@cache
def soft() -> Evidence:
    """A soft record of the game with every feature."""
    weights = {"ladder": LADDER, "climate": CLIMATE, "push": PUSH, "reply": REPLY, "kind": KIND}
    return prepare_record(everything().game, coded(everything().game, weights, rows=4))


def test_gradient_agrees_with_central_differences() -> None:
    """To 1e-6 relative, the equilibrium solved to 1e-12 (fourth-order differences)."""
    evidence, theta = soft(), everything().theta
    found, gradient = value_and_gradient(evidence, theta, tolerance=TIGHT)
    assert float(found.residual) <= TIGHT
    step = 2e-3

    def at(k: int, by: float) -> float:
        moved = theta.copy()
        moved[k] += by
        return float(value_only(evidence, moved, warm=found.z, tolerance=TIGHT).value)

    for k, name in enumerate(everything().game.parameters):
        near = (at(k, step) - at(k, -step)) / (2 * step)
        far = (at(k, 2 * step) - at(k, -2 * step)) / (4 * step)
        assert abs(gradient[k]) > 1e-4, name
        assert gradient[k] == pytest.approx((4 * near - far) / 3, rel=1e-6), name


def test_gradient_in_pieces_is_the_traced_gradient() -> None:
    """The pieces compiled apart and jax.grad through the whole give the same numbers."""
    solved = Solved(tiny_case())
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=ROWS, seed=4)
    evidence = prepare(solved.game, record, solved.numbers, solved.strategies)

    def value(theta: jax.Array) -> jax.Array:
        return log_likelihood(solved.game, evidence.arrays, theta, start(solved.game), tolerance=TIGHT).value

    whole, traced = jax.jit(jax.value_and_grad(value))(jnp.asarray(solved.theta))
    found, gradient = value_and_gradient(evidence, solved.theta, tolerance=TIGHT)
    assert float(whole) == pytest.approx(float(found.value), abs=1e-11)
    assert gradient == pytest.approx(np.asarray(traced), rel=1e-8, abs=1e-10)
    assert float(found.value) == pytest.approx(float(np.sum(found.rows)), abs=1e-12)


@pytest.mark.long
def test_a_neighbour_s_chains_steer_and_change_nothing() -> None:
    """Started and steered from elsewhere, with a gradient as accurate as samplers ask for."""
    solved, evidence = everything(), soft()
    game, theta = solved.game, solved.theta
    neighbour = 1.1 * theta
    near = value_only(evidence, neighbour)
    chains = chains_at(game, neighbour, np.asarray(near.z))

    def value(theta: jax.Array) -> jax.Array:
        return log_likelihood(
            game, evidence.arrays, theta, near.z, tolerance=TIGHT, chains=chains, adjoint=1e-6
        ).value

    found, traced = jax.jit(jax.value_and_grad(value))(jnp.asarray(theta))
    exact, gradient = value_and_gradient(evidence, theta, tolerance=TIGHT)
    assert float(found) == pytest.approx(float(exact.value), abs=1e-10)
    assert np.asarray(traced) == pytest.approx(gradient, rel=1e-4, abs=1e-5)


def test_rows_that_only_lengthen_a_record_change_nothing() -> None:
    """Same value, parts and gradient with and without them."""
    solved = Solved(tiny_case())
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=ROWS, seed=4)
    given = solved.game, record, solved.numbers, solved.strategies
    plain, longer = prepare(*given), prepare(*given, bucket=5)
    assert len(longer.arrays["live"]) == 10
    for part in ("value", "rows"):
        assert np.asarray(getattr(value_only(longer, solved.theta), part)) == pytest.approx(
            np.asarray(getattr(value_only(plain, solved.theta), part)), abs=1e-13
        )
    expected = value_and_gradient(plain, solved.theta, tolerance=TIGHT)
    found = value_and_gradient(longer, solved.theta, tolerance=TIGHT)
    assert found[0].rows.shape == (ROWS,)
    assert found[1] == pytest.approx(expected[1], abs=1e-12)
    assert np.isfinite(found[1]).all()


def test_no_gradient_without_a_certificate() -> None:
    lost = np.full_like(everything().z, np.nan)
    found, gradient = value_and_gradient(soft(), everything().theta, warm=lost, tolerance=TIGHT)
    assert not float(found.residual) <= TIGHT
    assert np.isnan(gradient).all()


ROWS, RECORDS = 8, 300


@cache
def many(exits: bool) -> tuple[np.ndarray, np.ndarray, int]:
    """Log-likelihoods and scores of simulated records that lasted, and how many were simulated."""
    solved = seen(exits)
    values, scores, warm = [], [], jnp.asarray(solved.z)
    for seed in range(RECORDS):
        record = simulate(solved.game, solved.numbers, solved.strategies, periods=ROWS, seed=seed)
        if len(record) < ROWS:
            continue
        evidence = prepare(solved.game, record, solved.numbers, solved.strategies)
        found, gradient = value_and_gradient(evidence, solved.theta, warm=warm)
        values.append(float(found.value))
        scores.append(gradient)
    return np.array(values), np.array(scores), RECORDS


def free_positions(solved: Solved) -> list[int]:
    return [solved.game.parameters.index(name) for name in ("a", "b", "c", "lam", "delta")]


def test_mean_score_of_simulated_records_is_zero() -> None:
    """Within three standard errors in each parameter, and jointly by Hotelling's statistic."""
    _, scores, _ = many(False)
    chosen = scores[:, free_positions(seen())]
    mean, error = chosen.mean(axis=0), chosen.std(axis=0, ddof=1) / math.sqrt(RECORDS)
    assert (error > 1e-3).all()
    assert (np.abs(mean) < 3 * error).all(), mean / error
    joint = float(mean @ np.linalg.solve(np.cov(chosen.T) / RECORDS, mean))
    assert joint < 20.5  # 99.9 % of chi-squared with five degrees of freedom


def test_survival_is_part_of_the_score() -> None:
    """E[score; the game lasts] is the gradient of the probability that it lasts."""
    solved = seen(exits=True)
    _, scores, count = many(True)
    assert 0.2 < len(scores) / count < 0.9
    places = free_positions(solved)
    padded = np.zeros((count, len(places)))
    padded[: len(scores)] = scores[:, places]
    unseen = prepare_record(solved.game, coded(solved.game, {}, rows=ROWS))
    lasting, slope = value_and_gradient(unseen, solved.theta)
    expected = math.exp(float(lasting.value)) * slope[places]
    error = padded.std(axis=0, ddof=1) / math.sqrt(count)
    assert (np.abs(padded.mean(axis=0) - expected) < 3 * error).all()
    share = math.exp(float(lasting.value))
    assert abs(len(scores) / count - share) < 3 * math.sqrt(share * (1 - share) / count)


def expected_log_likelihood(solved: Solved, rows: int) -> float:
    """E[log P(record)] when everything is seen: minus the entropy of moves and states, row by row."""
    states = dict.fromkeys((tuple(x.values()) for x in solved.slow.starts()), 0.0)
    total = 0.0
    for p, point in solved.starts():
        states[tuple(point.values())] += p
        total += p * math.log(p)
    for row in range(rows):
        moved = dict.fromkeys(states, 0.0)
        for state, p in states.items():
            if not p:
                continue
            outcomes: dict[tuple[int, ...], float] = {}
            point = dict(zip(solved.game.states, state, strict=True))
            until = solved.final if row + 1 == rows else None
            for q, end in solved.histories(point, until=until):
                if not q:
                    continue
                assert not isinstance(end, str)
                key = tuple(end.values())
                outcomes[key] = outcomes.get(key, 0.0) + q
                moved[tuple(end[s] for s in solved.game.states)] += p * q
            total += p * sum(q * math.log(q) for q in outcomes.values())
        states = moved
    return total


def test_mean_log_likelihood_is_minus_the_entropy() -> None:
    values, _, _ = many(False)
    error = values.std(ddof=1) / math.sqrt(RECORDS)
    assert abs(values.mean() - expected_log_likelihood(seen(), ROWS)) < 3 * error
    assert error < 0.2


def test_a_shorter_record_is_the_first_part_of_the_longer_one() -> None:
    """Each row's part depends on rows up to it, never on later ones."""
    solved = seen()
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=6, seed=3)
    _, whole = filtered(solved, record)
    _, found = filtered(solved, truncate(record, before=record.periods[4]))
    assert np.asarray(found.log_probability) == pytest.approx(
        np.asarray(whole.log_probability)[:4], abs=1e-12
    )
