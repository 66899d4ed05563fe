"""Sensitivity against a game whose indices are known, and samples that cannot be mismatched."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import additive
import numpy as np
import pytest
from scipy.stats import norm

from tightrope.argument.sample import (
    Design,
    Sample,
    SampleError,
    TooFew,
    given_draws,
    one_at_a_time,
    prior_draws,
    saltelli,
)
from tightrope.argument.sensitivity import Sobol, given_data, sobol, tornado
from tightrope.case.prior import FAMILIES, Prior
from tightrope.fit.priors import PriorSet, draw, prior_set

PRIORS = prior_set(additive.game().case, "agnostic")
TRUTH = additive.indices()


def by_hand(design: Design, *, lost: int = 0) -> Sample:
    """The game's value from its formula; the first `lost` points have no certificate."""
    outputs = additive.value(design.points)
    outputs[:lost] = np.nan
    statuses = ("not certified",) * lost + ("certified",) * (len(design) - lost)
    return Sample(design, "worth", outputs, statuses)


@pytest.fixture(scope="module")
def solved() -> Sobol:
    """Sobol indices of the game itself, solved at every point of the design."""
    design = saltelli(PRIORS, base=128, seed=4)
    sample = additive.played(design).sample(design, "worth")
    np.testing.assert_allclose(sample.outputs, additive.value(design.points), atol=1e-9)
    return sobol(sample, seed=4)


@pytest.mark.parametrize("name", list(TRUTH))
def test_sobol_indices_of_an_additive_game_are_the_analytic_ones(solved: Sobol, name: str) -> None:
    row, (first, total) = solved.table.loc[name], TRUTH[name]
    assert row["first_low"] <= first <= row["first_high"]
    assert row["total_low"] <= total <= row["total_high"]
    assert row["first"] == pytest.approx(first, abs=0.12)
    assert row["total"] == pytest.approx(total, abs=0.12)


def test_the_variance_is_that_of_the_sum(solved: Sobol) -> None:
    sd = additive.SD
    variance = 4 * (sd["alpha"] ** 2 + 4 * sd["beta"] ** 2 + (sd["gamma"] * sd["factor"]) ** 2)
    assert solved.variance == pytest.approx(variance, rel=0.1)
    assert (solved.blocks, solved.dropped) == (128, 0)


def test_interactions_are_found_where_there_is_a_product() -> None:
    result = sobol(by_hand(saltelli(PRIORS, base=1024, seed=1, second=True)))
    pairs = result.interactions
    whole = TRUTH["gamma"][1]
    assert pairs.index[0] == ("gamma", "factor")
    assert pairs.loc[("gamma", "factor"), "low"] <= whole <= pairs.loc[("gamma", "factor"), "high"]
    assert pairs["share"].iloc[1:].abs().max() < 0.05
    assert len(pairs) == 10


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = []
    for seed in range(20):
        table = sobol(by_hand(saltelli(PRIORS, base=256, seed=seed)), seed=seed).table
        for name, (first, total) in TRUTH.items():
            row = table.loc[name]
            held += [row["first_low"] <= first <= row["first_high"]]
            held += [row["total_low"] <= total <= row["total_high"]]
    assert np.mean(held) >= 0.9


def test_a_block_with_a_lost_point_is_dropped_whole() -> None:
    design = saltelli(PRIORS, base=64, seed=0)
    torn = by_hand(design, lost=design.block + 1)  # one whole block, and one point of the next
    result = sobol(torn)
    assert (result.blocks, result.dropped, result.dropped_share) == (62, 2, 2 / 64)
    rest = slice(2 * design.block, None)
    kept = Design("saltelli", design.names, design.points[rest], design.quantiles[rest], design.block)
    assert result.table.equals(sobol(by_hand(kept)).table)
    with pytest.raises(TooFew, match="7 of 64"):
        sobol(by_hand(design, lost=57 * design.block))


def test_designs_lie_where_their_priors_say() -> None:
    design = saltelli(PRIORS, base=64, seed=3)
    again = saltelli(PRIORS, base=64, seed=3)
    np.testing.assert_array_equal(design.points, again.points)
    assert design.block == 7
    assert len(design) == 64 * 7
    ends = np.array([additive.SD[name] * 3**0.5 for name in PRIORS.names])
    np.testing.assert_allclose(design.points, (2 * design.quantiles - 1) * ends, atol=1e-9)
    first, last = design.points[0], design.points[design.block - 1]
    for k in range(len(PRIORS)):  # the block's middle rows are the first with one entry of the last
        mixed = first.copy()
        mixed[k] = last[k]
        np.testing.assert_array_equal(design.points[1 + k], mixed)
    short, long = (prior_draws(PRIORS, size=size, seed=5) for size in (10, 25))
    np.testing.assert_array_equal(short.points, long.points[:10])
    families = ("normal", "lognormal", "halfnormal", "exponential", "uniform", "beta")
    every = PriorSet("agnostic", families, tuple(Prior(f, (0.5, 2.0)[: len(FAMILIES[f])]) for f in families))
    np.testing.assert_array_equal(prior_draws(every, size=10, seed=5).points, draw(every, size=10, seed=5))
    back = given_draws(PRIORS, short.points)
    np.testing.assert_allclose(back.quantiles, short.quantiles, atol=1e-9)
    with pytest.raises(SampleError, match="power of two"):
        saltelli(PRIORS, base=100, seed=0)


def test_the_tornado_is_what_each_parameter_does_alone() -> None:
    at = np.array([0.2, 0.1, 0.3, 0.4, 0.0])
    design = one_at_a_time(PRIORS, at, low=0.1, high=0.9)
    result = tornado(additive.played(design).sample(design, "worth"))
    span = 2 * 0.8 * 3**0.5  # 10 % to 90 % of a uniform, per sd
    sd = additive.SD
    swings = {
        "alpha": 2 * sd["alpha"] * span,
        "beta": 4 * sd["beta"] * span,
        "gamma": 2 * 0.4 * sd["gamma"] * span,
        "factor": 2 * 0.3 * sd["factor"] * span,
        "idle": 0.0,
    }
    assert result.base == pytest.approx(float(additive.value(at[None])[0]))
    for name, swing in swings.items():
        assert result.table.loc[name, "swing"] == pytest.approx(swing, abs=1e-9), name
    sizes = result.table["swing"].abs().tolist()
    assert sizes == sorted(sizes, reverse=True)
    lost = tornado(by_hand(design, lost=2))  # the base, and the low end of the first parameter
    assert np.isnan(lost.base)
    assert np.isnan(lost.table.loc["alpha", "swing"])
    assert lost.table.index[-1] == "alpha"
    assert lost.table.loc["alpha", "status_low"] == "not certified"


def test_given_data_indices_rank_what_matters_above_noise() -> None:
    result = given_data(by_hand(prior_draws(PRIORS, size=150, seed=1), lost=10), deltas=2, resamples=3)
    assert (result.draws, result.dropped) == (140, 10)
    assert result.table.index[0] == "alpha"
    assert result.table.loc["alpha", "pawn"] > result.floor["pawn"]
    assert result.table.loc["alpha", "delta"] > result.floor["delta"]
    assert result.table.loc["idle", "pawn"] < 1.5 * result.floor["pawn"]
    assert result.table["delta"].notna().sum() == 2
    with pytest.raises(TooFew, match="20 of 150"):
        given_data(by_hand(prior_draws(PRIORS, size=150, seed=1), lost=130))


def test_delta_of_a_linear_normal_pair_is_near_its_exact_value() -> None:
    """With y = x the conditional density is a spike: delta is 1 in the limit, and 0 for the other column."""
    x = norm.ppf((np.arange(150) + 0.5) / 150)
    other = np.random.default_rng(0).permutation(x)
    points = np.stack([x, other], axis=1)
    design = Design("draws", ("x", "other"), points, norm.cdf(points))
    result = given_data(Sample(design, "y", x, ("certified",) * 150), resamples=3)
    assert result.table.loc["x", "delta"] > 0.6
    assert result.table.loc["other", "delta"] < 0.25
    assert result.table.loc["x", "correlation"] == pytest.approx(1.0)


def test_sample_and_analysis_cannot_be_mismatched() -> None:
    draws = by_hand(prior_draws(PRIORS, size=40, seed=0))
    design = saltelli(PRIORS, base=16, seed=0)
    with pytest.raises(SampleError, match="Saltelli"):
        sobol(draws)
    with pytest.raises(SampleError, match="need draws"):
        given_data(by_hand(design))
    with pytest.raises(SampleError, match="one parameter moved"):
        tornado(draws)
    with pytest.raises(SampleError, match="outputs"):
        Sample(design, "worth", draws.outputs, draws.statuses)
    with pytest.raises(SampleError, match="blocks"):
        Design("saltelli", design.names, design.points[:-1], design.quantiles[:-1], design.block)
    with pytest.raises(SampleError, match="if and only if"):
        replace(draws, statuses=("not certified", *draws.statuses[1:]))
    with pytest.raises(FrozenInstanceError):
        draws.outputs = draws.outputs[::-1]  # type: ignore[misc]
    with pytest.raises(TooFew, match="nothing to share"):
        sobol(Sample(design, "flat", np.ones(len(design)), ("certified",) * len(design)))
