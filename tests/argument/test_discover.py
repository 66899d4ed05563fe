"""What sets an outcome apart: a planted box, the library itself, and draws without a value."""

from __future__ import annotations

import warnings

import additive
import numpy as np
import pytest

import tightrope
from tightrope.argument.discover import Discovery, discover
from tightrope.argument.extra import MissingExtra, kept_apart
from tightrope.argument.interest import above, below, highest, shown
from tightrope.argument.sample import Design, Sample, SampleError, TooFew, prior_draws
from tightrope.argument.tree import classify
from tightrope.fit.priors import prior_set

NAMES = tuple(f"p{k}" for k in range(6))


def planted(size: int = 600, *, lost: int = 0, seed: int = 3) -> Sample:
    """Uniform draws whose value is high in `p0 > 0.6 and p1 < 0.5`; the first `lost` have no certificate."""
    points = np.random.default_rng(seed).random((size, len(NAMES)))
    outputs = np.where((points[:, 0] > 0.6) & (points[:, 1] < 0.5), 0.9, 0.1)
    outputs[:lost] = np.nan
    statuses = ("not certified",) * lost + ("certified",) * (size - lost)
    return Sample(Design("draws", NAMES, points, points), "planted", outputs, statuses)


@pytest.fixture(scope="module")
def found() -> Discovery:
    return discover(above(planted(), 0.5), resamples=4, halves=4, seed=1)


def test_the_planted_box_is_found(found: Discovery) -> None:
    chosen = found.tradeoff.loc[found.chosen]
    assert chosen["coverage"] > 0.9
    assert chosen["density"] > 0.9
    assert chosen["sure"]
    limits = found.limits()
    assert set(limits.index) == {"p0", "p1"}
    assert limits.loc["p0", "low"] == pytest.approx(0.6, abs=0.03)
    assert limits.loc["p1", "high"] == pytest.approx(0.5, abs=0.03)
    assert np.isnan(limits.loc["p0", "high"])
    assert np.isnan(limits.loc["p1", "low"])
    # the prior is uniform, so a limit lies at its own quantile
    assert limits.loc["p0", "low_quantile"] == pytest.approx(limits.loc["p0", "low"], abs=1e-9)
    assert set(found.resampled.index[found.resampled["density"] == 100.0]) == {"p0", "p1"}
    assert (found.held_out[["coverage", "density"]].mean() > 0.9).all()


def test_the_tradeoff_is_counted_from_the_draws(found: Discovery) -> None:
    sample, inside = found.interest.sample, found.interest.inside
    points = sample.inputs()
    for number in (0, found.chosen, int(found.tradeoff.index[-1])):
        row, here = found.tradeoff.loc[number], found.holds(points, number)
        assert here.sum() == row["n"]
        assert inside[here].sum() == row["k"]
        assert inside[here].sum() / inside.sum() == pytest.approx(row["coverage"])
        assert inside[here].mean() == pytest.approx(row["density"])


def test_it_is_what_the_library_finds_when_run_directly(found: Discovery) -> None:
    with kept_apart(0):
        from ema_workbench.analysis import prim

        sample = planted()
        labels = (sample.outputs > 0.5).astype(float)
        box = prim.Prim(sample.inputs(), labels, threshold=0.8).find_box()
    theirs = box.peeling_trajectory
    assert len(theirs) == len(found.tradeoff)
    for ours, name in (("coverage", "coverage"), ("density", "density"), ("restricted", "res_dim")):
        np.testing.assert_array_equal(found.tradeoff[ours], theirs[name])
    last = len(theirs) - 1
    for name, row in found.limits(last).iterrows():
        low, high = box.box_lims[last][name]
        assert np.isnan(row["low"]) or row["low"] == low
        assert np.isnan(row["high"]) or row["high"] == high
        assert {value for value in box.qp[last][name] if value >= 0} == {
            value for value in (row["qp_low"], row["qp_high"]) if not np.isnan(value)
        }


def test_draws_without_a_certificate_are_counted_apart() -> None:
    whole, torn = planted(), planted(lost=150)
    interest = above(torn, 0.5)
    assert torn.counts == {"certified": 450, "undefined": 0, "not certified": 150}
    assert len(interest.labels) == 450
    assert not interest.inside[:150].any()
    assert below(torn, 0.5).inside.sum() + interest.inside.sum() == 450
    assert highest(torn, 0.1).share <= 0.1
    found = discover(interest, resamples=0, halves=0)
    inside = (whole.outputs[150:] > 0.5).sum()
    assert found.tradeoff.loc[0, ["n", "k"]].tolist() == [450, inside]
    assert classify(interest).leaves["n"].sum() == 450


def test_the_same_seed_gives_the_same_box_and_leaves_numpy_and_warnings_alone() -> None:
    state, form = np.random.get_state()[1].tolist(), warnings.formatwarning  # noqa: NPY002
    one, two = (discover(above(planted(200), 0.5), resamples=2, halves=2, seed=7) for _ in range(2))
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    assert warnings.formatwarning is form
    assert one.boxes.equals(two.boxes)
    assert one.resampled.equals(two.resampled)
    assert one.held_out.equals(two.held_out)


def test_a_box_in_noise_does_not_hold_in_other_draws() -> None:
    points = np.random.default_rng(5).random((120, 12))
    names = tuple(f"q{k}" for k in range(12))
    outputs = np.random.default_rng(6).permutation(np.arange(120.0))
    noise = Sample(Design("draws", names, points, points), "noise", outputs, ("certified",) * 120)
    found = discover(highest(noise, 0.2), resamples=0, halves=6, seed=0)
    chosen = found.tradeoff.loc[found.chosen]
    assert chosen["density"] > 0.5  # in the draws that made it
    assert found.held_out["density"].mean() < 0.35  # in others: about the share of 0.2


def test_too_few_draws_and_unknown_boxes_are_refused(found: Discovery) -> None:
    with pytest.raises(TooFew, match="0 of 600"):
        discover(above(planted(), 2.0))
    with pytest.raises(SampleError, match="no box 999"):
        found.limits(999)
    flat = Sample(planted().design, "flat", 0.08 + 1e-15 * np.arange(600), ("certified",) * 600)
    with pytest.raises(TooFew, match="none is higher"):
        highest(flat, 0.2)
    with pytest.raises(SampleError, match="share"):
        highest(planted(), 1.5)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tightrope.argument.extra.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"tightrope\[discover\]"):
        discover(above(planted(), 0.5))
    with pytest.raises(MissingExtra, match="scikit-learn"):
        classify(above(planted(), 0.5))


def test_the_tree_cuts_at_the_planted_box() -> None:
    tree = classify(above(planted(), 0.5))
    best = tree.leaves.iloc[0]
    assert best["density"] == 1.0
    assert best["coverage"] == 1.0
    lower, upper = (float(part.split()[-1]) for part in best["rule"].split(" and "))
    assert best["rule"].startswith("p0 > ")
    assert (lower, upper) == (pytest.approx(0.6, abs=0.02), pytest.approx(0.5, abs=0.02))
    assert set(tree.weights.index[:2]) == {"p0", "p1"}
    assert tree.weights["weight"].iloc[:2].sum() > 0.99
    assert tree.accuracy > 0.95
    sample, leaves = tree.interest.sample, tree.leaves
    assert leaves["k"].sum() == tree.interest.inside.sum()
    assert leaves["n"].sum() == len(sample.inputs())


def test_a_box_of_a_solved_game_is_where_its_payoffs_say() -> None:
    game = additive.game()
    priors = prior_set(game.case, "agnostic", only=("alpha", "idle"))
    design = prior_draws(priors, size=150, seed=2)
    drawn = additive.played(design)
    sample = drawn.sample(design, "worth")
    thetas = design.thetas(game.theta(), game.parameters)
    np.testing.assert_allclose(sample.outputs, additive.value(thetas), atol=1e-9)
    found = discover(above(sample, 1.0), resamples=0, halves=0)  # worth is 2·alpha here
    limits = found.limits()
    assert list(limits.index) == ["alpha"]
    assert limits.loc["alpha", "low"] == pytest.approx(0.5, abs=0.1)


def test_a_claim_that_fails_is_an_outcome_too() -> None:
    game = additive.game()
    priors = prior_set(game.case, "agnostic", only=("alpha", "idle"))
    design = prior_draws(priors, size=40, seed=2)
    drawn = additive.played(design)
    failing = drawn.failing(design, "C1", game=game)
    alpha = design.points[:, 0]
    np.testing.assert_array_equal(failing.outputs, (alpha <= 0).astype(float))
    np.testing.assert_array_equal(shown(failing).inside, alpha <= 0)
    # C2 is about a state that is never there: no draw is classed for it
    nowhere = drawn.failing(design, "C2", game=game)
    assert nowhere.counts == {"certified": 0, "undefined": 40, "not certified": 0}
    with pytest.raises(SampleError, match="there are C1, C2"):
        drawn.failing(design, "X1", game=game)


def test_the_public_names_are_there() -> None:
    for name in ("discover", "classify", "sobol", "tornado", "given_data", "saltelli", "prior_draws"):
        assert callable(getattr(tightrope, name))
