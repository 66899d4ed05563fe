"""Pooling: limits, what is learned and from what alone, the floor."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tightrope.forecast import pooling
from tightrope.forecast.pooling import floored, learn_weights, multiplicity, pool, resolved_before
from tightrope.forecast.soft_scores import expected_log
from tightrope.forecast.targets import Key

GOOD, BAD = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.1, 0.8])


def past(n: int, *, seed: int = 0) -> list[tuple[list[np.ndarray], np.ndarray, float]]:
    """Resolved forecasts of which the first forecaster is right."""
    y = np.random.default_rng(seed).choice(3, size=n, p=GOOD)
    return [([GOOD, BAD], np.eye(3)[k], 1.0) for k in y]


def test_doctests() -> None:
    assert doctest.testmod(pooling).failed == 0


def test_a_pool_of_one_is_itself_and_of_equals_their_own() -> None:
    assert pool([GOOD], np.array([1.0])) == pytest.approx(GOOD)
    assert pool([GOOD, GOOD], np.array([0.3, 0.7])) == pytest.approx(GOOD)
    assert pool([GOOD, BAD], np.array([1.0, 0.0])) == pytest.approx(GOOD)


def test_equal_weights_are_the_geometric_mean() -> None:
    mean = np.sqrt(GOOD * BAD)
    assert pool([GOOD, BAD], np.array([0.5, 0.5])) == pytest.approx(mean / mean.sum())


@pytest.mark.parametrize("size", [1, 2, 3])
def test_weights_are_equal_with_nothing_resolved(size: int) -> None:
    assert learn_weights([], size=size) == pytest.approx(np.full(size, 1 / size), abs=0)


def test_weights_go_to_the_better_forecaster_the_more_is_resolved() -> None:
    found = [learn_weights(past(n), size=2)[0] for n in (1, 10, 100, 1000)]
    assert 0.4 < found[0] < 0.65
    assert found[1] < found[2] < found[3]
    assert found[3] > 0.9


def test_weights_are_those_of_a_plain_search() -> None:
    items = past(30, seed=2)

    def loss(w: float) -> float:
        weights = np.array([w, 1 - w])
        missed = sum(float(expected_log(came, pool(laws, weights), clip=0.0)) for laws, came, _ in items)
        return missed + 10.0 * (0.5 * np.log(0.5 / w) + 0.5 * np.log(0.5 / (1 - w)))

    slow = minimize_scalar(loss, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-9})
    assert learn_weights(items, size=2, strength=10.0)[0] == pytest.approx(slow.x, abs=1e-4)


def test_overlapping_forecasts_count_in_part() -> None:
    assert [multiplicity(h, step=4) for h in (1, 4, 8, 20)] == [1.0, 1.0, 0.5, 0.2]
    whole = learn_weights(past(10), size=2)
    fifths = [(laws, came, 0.2) for laws, came, _ in past(10) for _ in range(5)]
    assert learn_weights(fifths, size=2) == pytest.approx(whole, abs=1e-4)


def test_only_what_was_resolved_at_the_origin_is_looked_at() -> None:
    keys = [Key(f"{year}Q4", h, "x") for year in range(1999, 2005) for h in (1, 4, 8)]
    found = resolved_before(keys, known="2001Q4")
    assert {(k.known, k.horizon) for k in found} == {
        ("1999Q4", 1), ("1999Q4", 4), ("1999Q4", 8), ("2000Q4", 1), ("2000Q4", 4),
    }  # fmt: skip
    assert {(k.known, k.horizon) for k in resolved_before(keys, known="2001Q4", extra=1)} == {
        ("1999Q4", 1), ("1999Q4", 4), ("2000Q4", 1),
    }  # fmt: skip


def test_the_floor_is_linear() -> None:
    assert floored(GOOD, BAD, weight=0.1) == pytest.approx(0.9 * GOOD + 0.1 * BAD)


def test_a_nought_of_one_is_no_veto() -> None:
    law = pool([np.array([1.0, 0.0]), np.array([0.5, 0.5])], np.array([0.5, 0.5]))
    assert 0 < law[1] < 0.01
