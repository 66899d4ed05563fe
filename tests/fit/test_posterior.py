"""A whole fit of a simulated record: recovery, provenance, resampling, storage, determinism."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from tests.record.small import coded, seen
from tightrope.fit.laplace import Draws, curvature
from tightrope.fit.mode import climb, find_mode
from tightrope.fit.posterior import Effort, Fit, fit_record, parameter_table, resample, trusted
from tightrope.fit.priors import scores, values
from tightrope.fit.store import fit_data, fit_from
from tightrope.fit.target import Target
from tightrope.record.filter import Evidence, prepare
from tightrope.record.simulate import simulate

ROWS = 600
EFFORT = Effort(starts=2, steps=40, draws=160)
TRUTH = {"a": 0.9, "b": 0.8, "c": -0.3}


@cache
def evidence() -> Evidence:
    solved = seen()
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=ROWS, seed=11)
    return prepare(solved.game, record, solved.numbers, solved.strategies)


def refit(keep: Callable[[str, Callable[[], Any]], Any] | None = None) -> Fit:
    given = {} if keep is None else {"keep": keep}
    return fit_record(evidence(), prior_class="argument", effort=EFFORT, seed=5, **given)


@cache
def fitted() -> Fit:
    return refit()


def test_the_mode_lies_near_the_truth() -> None:
    """Each parameter that the record bears on, within three posterior sds of what made the record."""
    fit = fitted()
    best = fit.modes[0]
    assert best.status == "converged"
    sd = np.sqrt(np.diag(fit.laplace.covariance))
    for name in TRUTH:
        k = fit.priors.names.index(name)
        true = scores(fit.priors, [TRUTH.get(n, 0.5) for n in fit.priors.names])[k]
        assert abs(best.scores[k] - true) < 3 * sd[k], name
        assert sd[k] < 0.5, name
        assert fit.theta[fit.positions[k]] == pytest.approx(values(fit.priors, best.scores)[k])


@pytest.mark.long
def test_modes_of_many_records_scatter_as_their_curvature_says() -> None:
    """Pooled over records: (mode - truth) in posterior covariances is chi-squared."""
    solved, priors = seen(), fitted().priors
    true = scores(priors, [TRUTH.get(name, 0.5) for name in priors.names])
    pooled = 0.0
    for seed in range(20, 26):
        record = simulate(solved.game, solved.numbers, solved.strategies, periods=ROWS, seed=seed)
        target = Target(prepare(solved.game, record, solved.numbers, solved.strategies), priors)
        mode = find_mode(target, true, name="truth")
        covariance = curvature(target, mode.scores).covariance[:3, :3]
        gap = (mode.scores - true)[:3]
        pooled += float(gap @ np.linalg.solve(covariance, gap))
    low, high = chi2(18).ppf([0.001, 0.999])
    assert low < pooled < high


def test_all_starts_climb_to_the_same_mode() -> None:
    fit = fitted()
    assert [m.start for m in sorted(fit.modes, key=lambda m: m.start)] == ["prior medians", "reference"]
    assert fit.modes[1].scores == pytest.approx(fit.modes[0].scores, abs=0.02)
    assert fit.modes[0].log_posterior >= fit.modes[1].log_posterior
    assert fit.failures == 0
    assert fit.calls >= sum(m.calls for m in fit.modes) + EFFORT.draws


def test_curvature_is_the_hessian_of_the_log_posterior() -> None:
    fit = fitted()
    target = Target(evidence(), fit.priors)
    mode, h = fit.modes[0].scores, 0.05
    precision = np.linalg.inv(fit.laplace.covariance)
    for k in range(2):
        e = np.eye(len(mode))[k] * h
        second = (target(mode + e)[0] - 2 * target(mode)[0] + target(mode - e)[0]) / h**2
        assert -second == pytest.approx(precision[k, k], rel=0.02)


def test_scores_of_the_target_are_chained_through_the_priors() -> None:
    fit = fitted()
    target = Target(evidence(), fit.priors)
    v, h = np.array([0.4, -0.7, 0.2, 1.1]), 1e-4
    gradient = target(v)[1]
    for k in range(4):
        e = np.eye(4)[k] * h
        assert gradient[k] == pytest.approx(
            (target(v + e)[0] - target(v - e)[0]) / (2 * h), rel=1e-4, abs=1e-5
        )


def test_parameters_carry_their_provenance() -> None:
    case = seen().game.case
    table = {row["name"]: row for row in parameter_table(case, fitted())}
    for name, true in TRUTH.items():
        row = table[name]
        assert row["provenance"] == "estimated"
        assert row["spread"] < 0.8
        assert row["lower"] < row["mode"] < row["upper"]
        assert row["lower"] - 0.3 < true < row["upper"] + 0.3
    idle = table["idle"]  # in no payoff that can change anything
    assert idle["spread"] == pytest.approx(1.0, abs=0.15)
    assert idle["provenance"] == "calibrated"
    assert idle["note"] == "the record says nothing about this" or idle["spread"] <= 0.95
    assert fitted().laplace.covariance[3, 3] == pytest.approx(1.0, abs=1e-6)
    assert table["lam"]["prior"] == "fixed"
    assert table["lam"]["spread"] is None
    assert set(table) == set(case.parameters)


def test_weighted_draws_agree_with_the_curvature_here() -> None:
    fit = fitted()
    assert trusted(fit.draws)
    curved = np.sqrt(np.diag(fit.laplace.covariance))
    assert fit.spread == pytest.approx(curved, rel=0.35)
    assert fit.spread != pytest.approx(curved, rel=1e-6)
    assert replace(fit, draws=replace(fit.draws, shape=0.9)).spread == pytest.approx(curved)


def test_log_likelihood_is_that_of_the_mode() -> None:
    fit = fitted()
    assert fit.draws.log_likelihood[0] == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert fit.draws.rows.shape == (EFFORT.draws, ROWS)
    assert fit.draws.rows.sum(axis=1) == pytest.approx(fit.draws.log_likelihood, abs=1e-8)
    penalty = 0.5 * float(fit.modes[0].scores @ fit.modes[0].scores)
    assert fit.modes[0].log_posterior == pytest.approx(fit.log_likelihood - penalty, abs=1e-6)


def test_resampled_draws_follow_the_weights() -> None:
    fit = fitted()
    drawn = resample(fit, size=4000, seed=2)
    assert drawn.shape == (4000, len(seen().game.parameters))
    assert (drawn[:, 4:] == fit.theta[4:]).all()  # fixed parameters stay
    found = np.array([values(fit.priors, row) for row in fit.draws.scores])
    mean = fit.draws.weights @ found
    assert drawn[:, :4].mean(axis=0) == pytest.approx(mean, abs=5e-3)
    # systematic: a draw of weight w comes either floor or ceil of size*w times
    for k in np.argsort(fit.draws.weights)[-5:]:
        times = int((drawn[:, :4] == found[k]).all(axis=1).sum())
        assert abs(times - 4000 * fit.draws.weights[k]) < 1
    assert (resample(fit, size=50, seed=2) == resample(fit, size=50, seed=2)).all()
    assert (resample(fit, size=50, seed=2) != resample(fit, size=50, seed=3)).any()


def test_untrusted_weights_give_way_to_the_curvature() -> None:
    fit = fitted()
    doubtful = replace(fit, draws=replace(fit.draws, shape=0.9))
    drawn = resample(doubtful, size=3000, seed=2)
    again = np.array([scores(fit.priors, row) for row in drawn[:, :4]])
    sd = np.sqrt(np.diag(fit.laplace.covariance))
    assert (np.abs(again.mean(axis=0) - fit.laplace.mean) < 4 * sd / np.sqrt(3000)).all()
    assert again.std(axis=0) == pytest.approx(sd, rel=0.08)
    few = replace(fit.draws, effective=19.0)
    assert not trusted(few)
    assert not trusted(replace(fit.draws, shape=float("nan")))


def same(one: Fit, two: Fit) -> None:
    assert one.priors == two.priors
    assert one.positions == two.positions
    assert (one.theta == two.theta).all()
    assert (one.log_likelihood, one.failures, one.calls) == (two.log_likelihood, two.failures, two.calls)
    assert (one.laplace.covariance == two.laplace.covariance).all()
    for name in ("scores", "log_weights", "log_likelihood", "rows"):
        assert np.array_equal(getattr(one.draws, name), getattr(two.draws, name), equal_nan=True)
    assert (one.draws.effective, one.draws.shape) == (two.draws.effective, two.draws.shape)
    for a, b in zip(one.modes, two.modes, strict=True):
        assert (a.start, a.status, a.calls, a.failures) == (b.start, b.status, b.calls, b.failures)
        assert (a.scores == b.scores).all()


def test_the_same_seed_gives_the_same_numbers_whatever_was_kept() -> None:
    """A run that finds its pieces stored ends with the numbers of one that computed them all."""
    kept: dict[str, Any] = {}

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        kept[name] = json.loads(json.dumps(compute()))
        return kept[name]

    same(refit(keep), fitted())
    assert {"climb-0", "climb-1", "curvature", "draws-0", "draws-1"} <= set(kept)
    same(refit(lambda name, compute: kept[name]), fitted())
    # interrupted between two blocks of draws
    same(refit(lambda name, compute: compute() if name == "draws-1" else kept[name]), fitted())


def test_a_fit_survives_as_plain_data() -> None:
    fit = fitted()
    lost = np.array(fit.draws.log_weights)
    lost[3] = -np.inf
    rows = np.array(fit.draws.rows)
    rows[3] = np.nan
    odd = replace(fit.priors.priors[0], arguments=(0.123456789, 1.0 / 3.0))
    hurt = replace(
        fit,
        draws=Draws(fit.draws.scores, lost, lost, rows, fit.draws.effective, fit.draws.shape, 1),
        priors=replace(fit.priors, priors=(odd, *fit.priors.priors[1:])),
    )
    for each in (fit, hurt):
        same(fit_from(json.loads(json.dumps(fit_data(each)))), each)


def test_a_fit_in_which_nothing_certifies_raises() -> None:
    solved = seen()
    frozen = np.zeros((2, 3))
    frozen[0, 0] = frozen[1, 2] = 1.0  # two rungs in one period: no such step
    impossible = prepare(
        solved.game, coded(solved.game, {"rung": frozen}, rows=2), solved.numbers, solved.strategies
    )
    with pytest.raises(RuntimeError, match="no start of the fit"):
        fit_record(impossible, prior_class="argument", effort=Effort(1, 1, 1), seed=0)


def test_failures_of_the_solver_are_counted_and_located() -> None:
    fit = fitted()
    target = Target(evidence(), fit.priors)
    value, gradient = target(np.array([0.0, np.nan, 0.0, 0.0]))
    assert np.isnan(value)
    assert np.isnan(gradient).all()
    assert len(target.failures) == 1
    assert np.array_equal(target.failures[0], [0.0, np.nan, 0.0, 0.0], equal_nan=True)
    assert target.calls == 1
    assert np.isfinite(target(np.zeros(4))[0])  # and the next one is not spoilt
    assert curvature(target, np.zeros(4)).failures == 0


def test_a_climb_ends_on_the_principal_branch() -> None:
    """Its value is that of the target which follows the principal branch, and its calls are all counted."""
    target = Target(evidence(), fitted().priors)
    start = np.zeros(len(target.priors))
    found = climb(target, start, name="medians", steps=40)
    assert found.status == "converged"
    assert found.log_posterior == pytest.approx(target(found.scores)[0], abs=1e-8)
    assert found.log_posterior == pytest.approx(fitted().modes[0].log_posterior, abs=1e-3)
    assert 1 < found.calls <= 41


def test_a_climb_off_the_principal_branch_says_so() -> None:
    class Lost(Target):
        def value(self, v: np.ndarray) -> tuple[float, np.ndarray]:
            return (float("nan"), np.zeros(0)) if self.z is None else super().value(v)

    found = climb(Lost(evidence(), fitted().priors), np.zeros(len(fitted().priors)), name="x", steps=3)
    assert np.isfinite(found.log_posterior)
    assert "branch is lost" in found.status
