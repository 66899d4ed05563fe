"""Savage-Dickey ratios against Bayes factors by quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from tightrope.case.prior import Prior
from tightrope.fit.priors import PriorSet, distribution
from tightrope.fit.switches import FEWEST, POINTS, WEIGHTS, log_tilt, ratio, ratios, ratios_data, switches

HALF = Prior("halfnormal", (0.7,))
LOG = Prior("lognormal", (0.5, 0.8))
POISSON = Prior("exponential", (0.6,))


def exact(prior: Prior, off: float, seen: float, sd: float) -> float:
    """Log Bayes factor of the parameter at `off` against free, of one normal observation of it."""
    law = distribution(prior)
    top = float(law.ppf(1 - 1e-9))
    whole, _ = quad(
        lambda x: law.pdf(x) * norm.pdf(seen, x, sd), 0, top, points=[min(max(seen, 0), top)], limit=400
    )
    return float(norm.logpdf(seen, off, sd) - np.log(whole))


def posterior(prior: Prior, seen: float, sd: float, *, size: int, seed: int) -> np.ndarray:
    """Independent posterior draws as normal scores, by rejection from the prior."""
    generator = np.random.default_rng(seed)
    found: list[float] = []
    law = distribution(prior)
    best = norm.logpdf(seen, max(seen, 0.0), sd)
    while len(found) < size:
        v = generator.normal(size=20_000)
        x = law.ppf(norm.cdf(v))
        keep = np.log(generator.uniform(size=len(v))) < norm.logpdf(seen, x, sd) - best
        found += v[keep].tolist()
    return np.array(found[:size])


@pytest.mark.parametrize(
    ("prior", "off", "seen", "sd"),
    [(HALF, 0.0, 0.2, 0.5), (HALF, 0.0, -0.3, 0.4), (HALF, 0.0, 0.9, 0.6), (POISSON, 0.0, 0.5, 0.7),
     (LOG, 0.4, 0.5, 0.3), (LOG, 0.0, 0.2, 0.5)],
)  # fmt: skip
def test_the_ratio_is_the_bayes_factor(prior: Prior, off: float, seen: float, sd: float) -> None:
    """Within three of its standard errors, and its error is about the scatter over sets of draws."""
    truth = exact(prior, off, seen, sd)
    made = [
        ratio("x", prior, off, posterior(prior, seen, sd, size=800, seed=k), effective=800) for k in range(12)
    ]
    assert all(r.flaw == "" for r in made)
    mean = float(np.mean([r.log_factor for r in made]))
    error = float(np.mean([r.error for r in made]))
    assert mean == pytest.approx(truth, abs=0.12)
    assert max(abs(r.log_factor - truth) for r in made) < 4 * error + 0.1
    assert 0.4 * error < np.std([r.log_factor for r in made], ddof=1) < 2.0 * error


def test_draws_that_say_nothing_give_a_ratio_of_one() -> None:
    v = np.random.default_rng(0).normal(size=4000)
    found = ratio("x", HALF, 0.0, v, effective=4000)
    assert found.log_factor == pytest.approx(0.0, abs=3 * found.error)
    assert found.error < 0.06


def test_a_mechanism_that_no_draw_comes_near_is_refused() -> None:
    draws = posterior(HALF, 1.6, 0.15, size=800, seed=1)
    found = ratio("x", HALF, 0.0, draws, effective=800)
    assert np.isnan(found.log_factor)
    assert "draws lie near it" in found.flaw
    assert found.near < FEWEST
    (plain,) = ratios_data([found])
    assert plain["log_factor"] is None
    few = ratio("x", HALF, 0.0, np.random.default_rng(0).normal(size=4000), effective=50)
    assert "asked for" in few.flaw


def test_chains_that_have_not_met_give_no_ratio() -> None:
    priors = PriorSet("agnostic", ("a", "b"), (HALF, LOG))
    generator = np.random.default_rng(3)
    scores = generator.normal(size=(4, 400, 2))
    assert switches(priors) == {"a": 0.0}
    (good,) = ratios(priors, scores, switches(priors))
    assert good.flaw == ""
    assert good.log_factor == pytest.approx(0.0, abs=4 * good.error)
    scores[0] += 3.0
    (bad,) = ratios(priors, scores, {"a": 0.0})
    assert "not met" in bad.flaw
    with pytest.raises(ValueError, match="not free: c"):
        ratios(priors, scores, {"c": 0.0})


def test_tilted_densities_are_normalised() -> None:
    draws = posterior(HALF, 0.4, 0.3, size=3000, seed=1)
    law = distribution(HALF)
    x = law.ppf(norm.cdf(draws))
    tilt = [
        log_tilt(law.ppf(POINTS), WEIGHTS, x, float(at), effective=3000)[0] for at in law.ppf(POINTS[::4])
    ]
    mass = float((np.exp(tilt) * WEIGHTS[::4]).sum() / WEIGHTS[::4].sum())
    assert mass == pytest.approx(1.0, abs=0.02)
