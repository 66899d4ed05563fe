"""Densities with a known evidence: the known evidence itself, by integrals made otherwise."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from tightrope.fit.analytic import (
    APART,
    BEND,
    CENTRE,
    SD,
    SIZE,
    WITHIN,
    Analytic,
    analytic_cases,
    banana,
    normal,
    two_modes,
    weigh_analytic,
)
from tightrope.fit.evidence import unresolved
from tightrope.fit.posterior import compute_now


def one(centre: float, sd: float) -> float:
    """One dimension of a normal likelihood under the standard normal prior, by quadrature."""
    found, _ = quad(lambda x: stats.norm.pdf(centre, x, sd) * stats.norm.pdf(x), -12, 12, points=[centre])
    return float(np.log(found))


def test_the_normal_one_is_a_product_of_integrals() -> None:
    assert normal().exact == pytest.approx(sum(one(c, s) for c, s in zip(CENTRE, SD, strict=True)), abs=1e-6)


def test_the_two_modes_share_all_but_one_dimension() -> None:
    rest = sum(one(0.0, s) for s in SD[1:])
    both = np.log(0.7 * np.exp(one(APART, 0.4)) + 0.3 * np.exp(one(-APART, 0.4)))
    assert two_modes().exact == pytest.approx(both + rest, abs=1e-6)


def test_the_banana_bends_in_two_dimensions() -> None:
    x, y = np.meshgrid(np.linspace(-7, 7, 1401), np.linspace(-7, 7, 1401), indexing="ij")
    density = stats.norm.pdf(y, BEND * x**2, 0.4) * stats.norm.pdf(x) * stats.norm.pdf(y)
    bent = np.log(density.sum() * 0.01**2)
    rest = sum(one(c, s) for c, s in zip(CENTRE[2:], SD[2:], strict=True))
    assert banana().exact == pytest.approx(bent + rest, abs=1e-5)


def test_the_likelihoods_are_what_they_say() -> None:
    v = np.random.default_rng(0).normal(size=SIZE)
    assert float(normal().log_likelihood(jnp.asarray(v))) == pytest.approx(
        stats.norm.logpdf(v, CENTRE, SD).sum()
    )
    bent = stats.norm.logpdf(v[1], BEND * v[0] ** 2, 0.4) + stats.norm.logpdf(v[2:], CENTRE[2:], SD[2:]).sum()
    assert banana().value(v)[0] == pytest.approx(bent)


@pytest.mark.parametrize("case", list(analytic_cases()), ids=lambda case: case.name)
def test_modes_are_modes(case: Analytic) -> None:
    modes, heights = case.modes()
    assert len(modes) == len(case.starts)
    for mode, height in zip(modes, heights, strict=True):
        at = case.value(mode.mean)[0] - 0.5 * float(mode.mean @ mode.mean)
        assert at == pytest.approx(height, abs=1e-9)
        for step in np.eye(SIZE) * 0.05:
            away = mode.mean + step
            assert case.value(away)[0] - 0.5 * float(away @ away) < height
        assert mode.smallest >= 0.9


@pytest.mark.long
@pytest.mark.parametrize("case", list(analytic_cases()), ids=lambda case: case.name)
def test_both_estimates_are_within_a_fifth_of_a_nat(case: Analytic) -> None:
    found = weigh_analytic(case, seed=5, keep=compute_now)
    assert abs(found.importance.log_evidence - case.exact) <= WITHIN
    assert abs(found.bridge.log_evidence - case.exact) <= WITHIN
    assert unresolved(found.importance, found.bridge) == ""
