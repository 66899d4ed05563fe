"""The posterior of one parameter by quadrature, against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, truncnorm

from tightrope.fit.quadrature import posterior_of_one


@pytest.mark.parametrize(("seen", "error"), [(0.4, 1.0), (-1.3, 0.2), (2.0, 0.02), (0.0, 50.0)])
def test_a_normal_likelihood(seen: float, error: float) -> None:
    """The conjugate posterior: its probabilities, mean and standard deviation."""
    found = posterior_of_one(lambda x: -0.5 * ((x - seen) / error) ** 2)
    sd = 1.0 / np.sqrt(1.0 + error**-2)
    exact = norm(sd**2 * seen / error**2, sd)
    for level in (0.05, 0.3, 0.5, 0.9, 0.95):
        assert found.under(float(exact.ppf(level))) == pytest.approx(level, abs=0.005)
    assert found.moments() == pytest.approx((exact.mean(), exact.std()), abs=0.03 * sd)
    assert found.masses.sum() == pytest.approx(1.0)


def test_an_edge_and_a_hole() -> None:
    """Nothing is known and the solver fails above 0.3: the prior, cut off there."""
    found = posterior_of_one(lambda x: float("nan") if x > 0.3 else 0.0)
    exact = truncnorm(-np.inf, 0.3)
    for level in (0.05, 0.5, 0.95):
        assert found.under(float(exact.ppf(level))) == pytest.approx(level, abs=0.01)
    assert found.under(1.0) == 1.0


def test_a_step_between_two_equilibria_is_found() -> None:
    """A likelihood that jumps by two nats: the masses on both sides are in the ratio that it says."""
    found = posterior_of_one(lambda x: 2.0 * (x > 0.777))
    low, high = norm.cdf(0.777), np.exp(2.0) * norm.sf(0.777)
    assert found.under(0.777) == pytest.approx(low / (low + high), abs=0.01)


def test_no_certificate_anywhere_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="no point"):
        posterior_of_one(lambda x: float("nan"))
