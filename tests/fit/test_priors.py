"""Normal scores of every prior family against scipy's distributions."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.record.small import seen_case
from tightrope.case.prior import FAMILIES, to_prior
from tightrope.fit.priors import FARTHEST, PriorSet, draw, full_theta, prior_set, scores, slopes, values

KNOWN: dict[str, Any] = {
    "normal(mean=-0.3, sd=2)": stats.norm(-0.3, 2),
    "lognormal(median=0.42, sigma=0.6)": stats.lognorm(0.6, scale=0.42),
    "halfnormal(scale=1.7)": stats.halfnorm(scale=1.7),
    "exponential(mean=0.25)": stats.expon(scale=0.25),
    "uniform(low=-1, high=3)": stats.uniform(-1, 4),
    "beta(a=2, b=5)": stats.beta(2, 5),
}
SCORES = np.array([-5.0, -2.5, -1.0, -0.1, 0.0, 0.3, 1.0, 2.5, 5.0])


def alone(text: str) -> PriorSet:
    return PriorSet("agnostic", ("x",), (to_prior(text),))


def test_every_family_is_tried() -> None:
    assert {text.partition("(")[0] for text in KNOWN} == set(FAMILIES)


@pytest.mark.parametrize("text", KNOWN)
def test_values_are_quantiles(text: str) -> None:
    """x = F⁻¹(Φ(v)), in both tails."""
    found = np.array([values(alone(text), np.array([v]))[0] for v in SCORES])
    assert KNOWN[text].cdf(found) == pytest.approx(stats.norm.cdf(SCORES), rel=1e-9)
    assert KNOWN[text].sf(found) == pytest.approx(stats.norm.sf(SCORES), rel=1e-9)
    assert all(a < b for a, b in pairwise(found))


@pytest.mark.parametrize("text", KNOWN)
def test_scores_undo_values(text: str) -> None:
    for v in SCORES:
        x = values(alone(text), np.array([v]))
        assert scores(alone(text), x)[0] == pytest.approx(v, abs=1e-7)


@pytest.mark.parametrize("text", KNOWN)
def test_slopes_are_derivatives(text: str) -> None:
    step = 1e-4
    for v in SCORES:
        high, low = (values(alone(text), np.array([v + s]))[0] for s in (step, -step))
        found = slopes(alone(text), np.array([v]))[0]
        assert found == pytest.approx((high - low) / (2 * step), rel=1e-6)
        x = values(alone(text), np.array([v]))[0]
        assert found == pytest.approx(stats.norm.pdf(v) / KNOWN[text].pdf(x), rel=1e-7)


@pytest.mark.parametrize("text", KNOWN)
def test_scores_stay_within_reach(text: str) -> None:
    low, high = to_prior(text).support
    beyond = [low if np.isfinite(low) else -1e9, high if np.isfinite(high) else 1e9]
    found = scores(PriorSet("agnostic", ("x", "y"), (to_prior(text),) * 2), beyond)
    assert found.tolist() == [-FARTHEST, FARTHEST]
    assert np.isfinite(values(alone(text), np.array([50.0]))).all()


def test_draws_follow_the_priors() -> None:
    priors = PriorSet("agnostic", tuple(KNOWN), tuple(to_prior(text) for text in KNOWN))
    drawn = draw(priors, size=1500, seed=3)
    for column, text in zip(drawn.T, KNOWN, strict=True):
        assert stats.kstest(column, KNOWN[text].cdf).pvalue > 1e-3
    assert (draw(priors, size=5, seed=3) == draw(priors, size=5, seed=3)).all()
    assert draw(priors, size=0, seed=3).shape == (0, len(KNOWN))


def test_a_prior_set_holds_the_free_parameters_of_one_class() -> None:
    case = seen_case()
    argument, agnostic = prior_set(case, "argument"), prior_set(case, "agnostic")
    assert argument.names == agnostic.names == ("a", "b", "c", "idle")
    assert agnostic.priors[1] == to_prior("exponential(mean=1)")
    assert prior_set(case, "argument", only=["b"]).names == ("b",)
    theta = full_theta(case, argument, np.array([1.0, 2.0, 3.0, 0.25]))
    assert theta.tolist() == [1.0, 2.0, 3.0, 0.25, 1.6, 0.85, 0.0]
    assert full_theta(case, argument, {"c": 9.0})[2] == 9.0
