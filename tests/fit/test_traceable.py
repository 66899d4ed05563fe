"""Prior quantiles in JAX against scipy's, value and slope, far into both tails."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from tests.record.small import seen
from tightrope.case.prior import to_prior
from tightrope.fit.priors import PriorSet, full_theta, prior_set, slopes, values
from tightrope.fit.traceable import quantile, theta_function

SCORES = np.array([-6.0, -3.0, -1.0, -0.2, 0.0, 0.4, 1.5, 3.0, 6.0])


@pytest.mark.parametrize(
    "text",
    [
        "normal(mean=-1, sd=2)",
        "lognormal(median=0.3, sigma=0.8)",
        "halfnormal(scale=0.4)",
        "exponential(mean=2)",
        "uniform(low=-1, high=3)",
        "beta(a=1, b=1)",
        "beta(a=2.5, b=7)",
        "beta(a=0.6, b=0.8)",
    ],
)
def test_quantiles_and_slopes_are_scipys(text: str) -> None:
    prior = to_prior(text)
    for score in SCORES:
        alone = PriorSet("agnostic", ("x",), (prior,))
        at = np.array([score])
        found = float(quantile(prior, score))
        assert found == pytest.approx(values(alone, at)[0], rel=1e-7, abs=1e-12), score
        slope = float(jax.grad(lambda v: quantile(prior, v))(float(score)))
        assert slope == pytest.approx(slopes(alone, at)[0], rel=1e-5, abs=1e-12), score


def test_the_whole_parameter_vector_is_the_one_of_the_fit() -> None:
    case = seen().game.case
    priors = prior_set(case, "agnostic")
    point = np.linspace(-1.5, 1.5, len(priors))
    expected = full_theta(case, priors, values(priors, point))
    assert np.asarray(theta_function(case, priors)(point)) == pytest.approx(expected, rel=1e-9)
