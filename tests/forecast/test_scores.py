"""Scores against closed forms and hand-made cases."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from tightrope.forecast import scores

P = [0.1] * 5 + [0.6] * 5
Y = [0, 0, 0, 0, 1, 1, 0, 1, 1, 0]


def test_doctests():
    result = doctest.testmod(scores)
    assert result.attempted >= 8
    assert result.failed == 0


def test_murphy_target():
    d = scores.murphy(Y, P)
    assert d.score == pytest.approx(0.205, abs=1e-12)
    assert d.reliability == pytest.approx(0.005, abs=1e-12)
    assert d.resolution == pytest.approx(0.04, abs=1e-12)
    assert d.uncertainty == pytest.approx(0.24, abs=1e-12)


def test_log_score_target():
    d = scores.decompose_log_score(Y, P)
    assert d.score == pytest.approx(0.6089085490671633, abs=1e-12)
    assert d.reliability == pytest.approx(0.02220150379344117, abs=1e-12)
    assert d.resolution == pytest.approx(0.0863046217355343, abs=1e-12)
    assert d.uncertainty == pytest.approx(0.6730116670092565, abs=1e-12)


def test_rule_of_three_target():
    bound = scores.no_event_bound(40)
    assert bound.jeffreys_mean == pytest.approx(0.012195121951219513, abs=1e-12)
    assert bound.laplace == pytest.approx(0.023809523809523808, abs=1e-12)
    assert bound.upper95 == pytest.approx(0.0721575245055146, abs=1e-12)


@pytest.mark.parametrize("decompose", [scores.murphy, scores.decompose_log_score])
def test_decompositions_add_up_and_match_the_mean_score(decompose):
    rng = np.random.default_rng(3)
    forecast = rng.choice([0.02, 0.3, 0.5, 0.85], size=200)
    observed = (rng.random(200) < forecast).astype(int)
    d = decompose(observed, forecast)
    assert d.score == pytest.approx(d.reliability - d.resolution + d.uncertainty, abs=1e-12)
    score = scores.brier if decompose is scores.murphy else scores.log_score
    assert d.score == pytest.approx(float(score(observed, forecast).mean()), abs=1e-12)
    assert d.bins == 4


def test_ranked_probability_is_the_sum_of_brier_scores_of_the_cumulative_events():
    rng = np.random.default_rng(4)
    forecast = rng.dirichlet(np.ones(4), size=20)
    observed = rng.integers(0, 4, size=20)
    above = np.cumsum(forecast, axis=1)[:, :-1]
    expected = sum(scores.brier(observed <= k, above[:, k]) for k in range(3))
    np.testing.assert_allclose(scores.ranked_probability(observed, forecast), expected, atol=1e-12)


def test_clip_is_what_keeps_a_sure_miss_finite():
    assert np.isinf(scores.log_score(1, 0.0, clip=0.0))
    assert float(scores.log_score(1, 0.0, clip=0.01)) == pytest.approx(-np.log(0.01))


def test_words_change_at_the_directives_edges():
    words = [scores.verbal(p) for p in (0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)]
    assert words == [word for _, _, word in scores.BANDS]
    assert scores.verbal(0.05) == "very unlikely"
    assert scores.verbal(0.2) == "unlikely"
    assert scores.verbal(0.45) == scores.verbal(0.55) == "roughly even chance"
    assert scores.verbal(0.8) == "likely"
    assert scores.verbal(0.99) == "almost certain"
    assert scores.verbal(0.995) == "more than 99 %"


def test_auc_of_noise_perfect_order_and_one_class():
    assert scores.area_under_curve([0, 0, 1], [1.0, 2.0, 3.0])[0] == 1.0
    assert scores.area_under_curve([0, 1, 0, 1], [1.0, 1.0, 1.0, 1.0])[0] == 0.5
    assert np.isnan(scores.area_under_curve([0, 0], [1.0, 2.0])[0])


@pytest.mark.parametrize(
    "call",
    [
        lambda: scores.brier([0.5], [0.5]),
        lambda: scores.brier([1], [1.5]),
        lambda: scores.brier([1], [float("nan")]),
        lambda: scores.ranked_probability(3, [0.5, 0.3, 0.2]),
        lambda: scores.ranked_probability(0, [0.5, 0.3, 0.3]),
        lambda: scores.log_score([1], [0.5], clip=0.7),
        lambda: scores.murphy([], []),
        lambda: scores.verbal(1.2),
        lambda: scores.no_event_bound(0),
    ],
)
def test_nonsense_is_refused(call):
    with pytest.raises(ValueError):
        call()
