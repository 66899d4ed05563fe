"""Scores against soft truth: closed forms, scoringrules itself, and propriety."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
import scoringrules as sr

from tightrope.forecast import scores, soft_scores
from tightrope.forecast.soft_scores import expected_brier, expected_log, expected_ranked

ALL = (expected_log, expected_brier, expected_ranked)


def laws(n: int, levels: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(levels), size=n)


def test_doctests() -> None:
    result = doctest.testmod(soft_scores)
    assert result.attempted >= 3
    assert result.failed == 0


def test_a_sure_outcome_gives_the_usual_scores() -> None:
    f = laws(50, 4, 1)
    y = np.random.default_rng(2).integers(0, 4, size=50)
    sure = np.eye(4)[y]
    assert expected_log(sure, f, clip=0.0) == pytest.approx(-np.log(f[np.arange(50), y]))
    assert expected_brier(sure, f) == pytest.approx(((f - sure) ** 2).sum(axis=1))
    assert expected_ranked(sure, f) == pytest.approx(scores.ranked_probability(y, f))
    assert expected_ranked(sure, f) == pytest.approx(sr.rps_score(y + 1, f))
    below = (np.cumsum(f, axis=1) - (y[:, None] <= np.arange(4))) ** 2
    assert expected_ranked(sure, f) == pytest.approx(below.sum(axis=1))


def test_two_outcomes_give_twice_the_brier_score_of_the_event() -> None:
    p = np.array([0.1, 0.7, 0.95])
    f = np.stack([1 - p, p], axis=1)
    came = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    assert expected_brier(came, f) == pytest.approx(2 * scores.brier([0, 1, 1], p))
    assert expected_ranked(came, f) == pytest.approx(scores.brier([0, 1, 1], p))


@pytest.mark.parametrize("score", ALL)
def test_soft_truth_is_the_mean_over_sure_ones(score) -> None:  # type: ignore[no-untyped-def]
    f, p = laws(20, 3, 3), laws(20, 3, 4)
    each = np.stack([score(np.tile(np.eye(3)[y], (20, 1)), f) for y in range(3)], axis=1)
    assert score(p, f) == pytest.approx((p * each).sum(axis=1))


@pytest.mark.parametrize("score", ALL)
def test_nothing_beats_saying_the_weights_themselves(score) -> None:  # type: ignore[no-untyped-def]
    p = np.array([0.5, 0.3, 0.2])
    best = score(p, p)
    for f in laws(200, 3, 5):
        assert score(p, f) > best


def test_the_clip_bounds_the_log_score() -> None:
    worst = expected_log([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], clip=0.001)
    assert worst == pytest.approx(-np.log(0.001 / 1.002))


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(ValueError, match="truth"):
        expected_log([0.5, 0.6], [0.5, 0.5])
    with pytest.raises(ValueError, match="forecast"):
        expected_brier([0.5, 0.5], [0.5, 0.6])
    with pytest.raises(ValueError, match="3 outcomes came where 2"):
        expected_brier([1.0, 0.0, 0.0], [0.5, 0.5])
