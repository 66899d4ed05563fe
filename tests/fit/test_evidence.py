"""Bridge, importance weights, mixtures, and the rule that refuses an evidence, on cases known exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tightrope.fit.evidence import (
    Estimate,
    bridge,
    bridge_error,
    combined,
    from_bridges,
    from_weights,
    unresolved,
)
from tightrope.fit.laplace import Laplace
from tightrope.fit.mixtures import (
    Mixture,
    adapted,
    around_modes,
    draw,
    fitted,
    log_density,
    moments,
    without_prior,
)

COVARIANCE = np.array([[1.0, 0.3], [0.3, 0.5]])
MEAN = np.array([0.5, -1.0])


def mixture(degrees: float = 5.0) -> Mixture:
    return Mixture(
        np.array([0.3, 0.7]),
        np.array([MEAN, [2.0, 2.0]]),
        np.stack([np.linalg.cholesky(COVARIANCE), np.eye(2)]),
        np.array([degrees, np.inf]),
    )


def test_the_density_of_a_mixture_is_scipys() -> None:
    points = np.random.default_rng(1).normal(size=(20, 2)) * 2
    expected = 0.3 * stats.multivariate_t(MEAN, COVARIANCE, df=5).pdf(points)
    expected += 0.7 * stats.multivariate_normal([2.0, 2.0], np.eye(2)).pdf(points)
    assert log_density(mixture(), points) == pytest.approx(np.log(expected))


def test_draws_have_the_density_that_is_printed_for_them() -> None:
    """The mean of another density over the mixture's, at its draws, is one."""
    points = draw(mixture(), size=40_000, generator=np.random.default_rng(2))
    other = stats.multivariate_normal([1.0, 0.5], np.eye(2)).logpdf(points)
    assert np.mean(np.exp(other - log_density(mixture(), points))) == pytest.approx(1.0, abs=0.02)
    heavy = replace(mixture(degrees=50.0), weights=np.array([1.0, 0.0]) + 1e-300)
    found = draw(heavy, size=40_000, generator=np.random.default_rng(3))
    assert found.mean(axis=0) == pytest.approx(MEAN, abs=0.03)
    assert np.cov(found.T) == pytest.approx(COVARIANCE * 50 / 48, abs=0.03)


def test_modes_weigh_by_their_laplace_evidence_and_the_prior_is_mixed_in() -> None:
    tight = Laplace(np.zeros(2), 0.25 * np.eye(2), 1.0)
    wide = Laplace(np.ones(2), np.eye(2), 1.0)
    found = around_modes([tight, wide], [0.0, 0.0], prior_share=0.1)
    assert found.weights == pytest.approx([0.9 * 0.2, 0.9 * 0.8, 0.1])
    assert without_prior(found).weights == pytest.approx([0.2, 0.8])
    faint = around_modes([tight, wide], [0.0, 50.0], prior_share=0.0)
    assert faint.weights[0] == pytest.approx(0.05 / 1.05)
    mean, covariance = moments(without_prior(found))
    assert mean == pytest.approx([0.8, 0.8])
    assert covariance == pytest.approx(0.2 * 0.25 * np.eye(2) + 0.8 * np.eye(2) + 0.16 * np.ones((2, 2)))


def test_few_draws_keep_the_shape_and_many_replace_it() -> None:
    generator = np.random.default_rng(4)
    draws = generator.multivariate_normal(MEAN, COVARIANCE, size=4000)
    many = fitted(draws, shape=np.eye(2), effective=4000)
    assert many.roots[0] @ many.roots[0].T == pytest.approx(COVARIANCE, abs=0.05)
    assert many.means[0] == pytest.approx(MEAN, abs=0.05)
    few = fitted(draws[:6], shape=np.eye(2), effective=2)
    spread = few.roots[0] @ few.roots[0].T
    assert abs(spread[0, 1]) < 0.1 * spread[0, 0]


def test_weighted_draws_move_a_mixture_to_where_the_target_is() -> None:
    start = around_modes([Laplace(np.zeros(2), np.eye(2), 1.0)], [0.0])
    target = stats.multivariate_normal([2.5, -2.0], 0.2 * np.eye(2))
    points = draw(start, size=600, generator=np.random.default_rng(5))
    log_weights = target.logpdf(points) - log_density(start, points)
    better = adapted(start, points, log_weights, shape=np.eye(2))
    assert better.weights.sum() == pytest.approx(1.0)
    fresh = draw(better, size=600, generator=np.random.default_rng(6))
    before = from_weights([log_weights])
    after = from_weights([target.logpdf(fresh) - log_density(better, fresh)])
    assert after.effective > 3 * before.effective
    assert after.log_evidence == pytest.approx(0.0, abs=0.2)
    nothing = adapted(start, points, np.full(600, -np.inf), shape=np.eye(2))
    assert nothing is start


def test_the_bridge_is_exact_up_to_noise_between_two_normals() -> None:
    """Unnormalised target exp(3) N(0, 1), proposal N(0.4, 1.2): the answer is 3."""
    generator = np.random.default_rng(7)
    g = stats.norm(0.4, 1.2)
    found = []
    for _ in range(20):
        posterior, proposal = generator.normal(size=2000), g.rvs(2000, random_state=generator)
        found.append(
            bridge(
                3.0 + stats.norm.logpdf(posterior) - g.logpdf(posterior),
                3.0 + stats.norm.logpdf(proposal) - g.logpdf(proposal),
                effective=2000,
            )
        )
    assert np.mean(found) == pytest.approx(3.0, abs=4 * np.std(found) / np.sqrt(20))
    assert np.std(found) < 0.03


@pytest.mark.parametrize("apart", [0.25, 5.0, 20.0])
def test_the_bridge_solves_meng_and_wongs_equation(apart: float) -> None:
    """The optimal bridge is the r with mean(w/(n w + m r)) over g = r mean(1/(n w + m r)) over p."""
    generator = np.random.default_rng(8)
    above, below = generator.normal(size=50) + apart, generator.normal(size=30) - apart
    below[3] = -np.inf
    r = np.exp(bridge(above, below, effective=20.0))
    upper = np.mean(np.exp(below) / (20 * np.exp(below) + 30 * r))
    assert upper / np.mean(1 / (20 * np.exp(above) + 30 * r)) == pytest.approx(r, rel=1e-8)


@pytest.mark.parametrize("apart", [0.4, 2.5])
def test_a_bridges_error_is_the_spread_of_its_repeats(apart: float) -> None:
    """Normals nearer and further apart; independent draws, so that they are worth their number."""
    generator = np.random.default_rng(12)
    g = stats.norm(apart, 1.0)
    found, errors = [], []
    for _ in range(200):
        posterior, proposal = generator.normal(size=400), g.rvs(400, random_state=generator)
        above, below = (stats.norm.logpdf(x) - g.logpdf(x) for x in (posterior, proposal))
        found.append(bridge(above, below, effective=400))
        errors.append(bridge_error(above, below, effective=400, log_evidence=found[-1]))
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(found), rel=0.15)


def test_samples_that_hardly_overlap_are_a_flaw() -> None:
    generator = np.random.default_rng(13)
    above, below = generator.normal(14.0, 3.0, size=200), generator.normal(-3.0, 4.0, size=80)
    error = bridge_error(above, below, effective=20, log_evidence=bridge(above, below, effective=20))
    found = from_bridges([0.0, 0.0], rhat=1.0, usable=1.1, errors=[0.1, error], **GOOD)
    assert "hardly overlap" in found.flaw
    assert from_bridges([0.0, 0.0], rhat=1.0, usable=1.1, errors=[0.1, 0.2], **GOOD).flaw == ""


def test_a_bridge_to_nowhere_has_no_length() -> None:
    assert bridge(np.zeros(5), np.full(4, -np.inf), effective=5.0) == -np.inf
    assert bridge_error(np.zeros(5), np.full(4, -np.inf), effective=5.0, log_evidence=-np.inf) == np.inf


def test_weights_give_their_mean_and_uncertified_draws_count() -> None:
    block = np.log(
        np.array([1.0, 2.0, 3.0, 0.0, 4.0]), where=[True, True, True, False, True], out=np.full(5, -np.inf)
    )
    found = from_weights([block, block])
    assert found.log_evidence == pytest.approx(np.log(2.0))
    assert (found.failures, found.evaluations, found.spread) == (2, 10, 0.0)


GOOD: dict[str, Any] = {"evaluations": 100, "failures": 0, "effective": 500.0}


def pair(gap: float, spread: float) -> tuple[Estimate, Estimate]:
    half = spread / 2.0
    first = Estimate("importance sampling", 0.0, (-half, half), spread, shape=0.2, flaw="", **GOOD)
    second = from_bridges([gap, gap], rhat=1.0, usable=1.1, **GOOD)
    return first, second


@pytest.mark.parametrize(
    ("gap", "spread", "says"),
    [
        (0.05, 0.0, ""),  # a tenth of a nat is let pass
        (0.3, 0.2, ""),
        (0.3, 0.05, "their repeats only by 0.05"),
        (0.3, float("nan"), "their repeats only by"),
        (0.6, 1.0, "differ by 0.6 nats"),
        (float("nan"), 0.1, "missing"),
    ],
)
def test_an_evidence_is_unresolved_beyond_half_a_nat_or_three_spreads(
    gap: float, spread: float, says: str
) -> None:
    first, second = pair(gap, spread)
    why = unresolved(first, second)
    assert says in why
    assert bool(says) == bool(why)
    if not why:
        assert combined(first, second) == pytest.approx(gap / 2)


def test_flaws_of_either_estimate_leave_it_unresolved() -> None:
    first, second = pair(0.0, 0.1)
    assert "mixed" in unresolved(first, from_bridges([0.0, 0.0], rhat=1.3, usable=1.1, **GOOD))
    heavy = from_weights([np.random.default_rng(9).standard_cauchy(500) * 2, np.zeros(500)])
    assert heavy.flaw
    assert heavy.flaw in unresolved(heavy, second)
