"""Laplace and importance weights on targets whose posterior is known exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest
from scipy import stats

from tightrope.fit.laplace import (
    Laplace,
    as_plain,
    curvature,
    effective_size,
    gather,
    importance,
    laplace_from,
    pareto_shape,
)
from tightrope.fit.mode import find_mode
from tightrope.fit.posterior import trusted
from tightrope.fit.target import Target

PRECISION = np.array([[3.0, 1.0, 0.0], [1.0, 2.0, -0.5], [0.0, -0.5, 0.4]])
CENTRE = np.array([0.8, -0.5, 1.5])
EXACT = np.linalg.inv(PRECISION + np.eye(3))
MODE = EXACT @ PRECISION @ CENTRE


def never(v: np.ndarray) -> bool:
    return False


@dataclass
class Toy:
    """A normal likelihood under the standard normal prior; it fails where `fails` says so."""

    precision: np.ndarray = field(default_factory=lambda: PRECISION)
    centre: np.ndarray = field(default_factory=lambda: CENTRE)
    fails: Any = never
    calls: int = 0
    failures: list[np.ndarray] = field(default_factory=list)

    def likelihood(self, v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        self.calls += 1
        if self.fails(v):
            self.failures.append(np.array(v))
            return float("nan"), np.full(len(v), np.nan), np.full(2, np.nan)
        gap = v - self.centre
        value = -0.5 * float(gap @ self.precision @ gap)
        return value, -self.precision @ gap, np.array([0.25, 0.75]) * value

    def value(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        value, _, rows = self.likelihood(v)
        return value, rows

    def __call__(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient, _ = self.likelihood(v)
        return value - 0.5 * float(v @ v), gradient - v


def toy(**given: Any) -> Target:
    return cast(Target, Toy(**given))


def test_mode_and_curvature_are_exact_on_a_normal_target() -> None:
    target = toy()
    mode = find_mode(target, np.zeros(3), name="zero", tolerance=1e-4)
    assert mode.status == "converged"
    assert mode.scores == pytest.approx(MODE, abs=1e-3)
    assert mode.calls == target.calls
    around = curvature(target, MODE)
    assert around.mean == pytest.approx(MODE)
    assert around.covariance == pytest.approx(EXACT, abs=1e-12)
    assert around.smallest == pytest.approx(np.linalg.eigvalsh(PRECISION + np.eye(3)).min(), abs=1e-10)
    assert around.failures == 0


def test_a_flat_or_saddle_direction_never_widens_beyond_the_prior() -> None:
    around = curvature(toy(precision=np.diag([3.0, 0.0, -2.0])), np.zeros(3))
    assert np.sqrt(np.diag(around.covariance)) == pytest.approx([0.5, 1.0, 1.0])
    assert around.smallest == pytest.approx(-1.0)


@dataclass
class Folded(Toy):
    """A normal target whose density falls by a nat beyond a fold, as where a branch of equilibria ends."""

    def likelihood(self, v: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, gradient, rows = super().likelihood(v)
        return value - float(v[1] > 0.001), gradient - 40.0 * (v[1] > 0.001), rows


@pytest.mark.parametrize("central", [True, False])
def test_a_direction_that_leaves_the_branch_keeps_its_prior_curvature(central: bool) -> None:
    target = cast(Target, Folded(precision=np.diag([3.0, 8.0, 0.0])))
    around = curvature(target, np.zeros(3), central=central)
    assert np.diag(around.covariance) == pytest.approx([0.25, 1.0, 1.0])


def test_one_sided_curvature_is_exact_on_a_normal_target() -> None:
    assert curvature(toy(), MODE, central=False).covariance == pytest.approx(EXACT, abs=1e-10)


def test_a_direction_without_certificates_keeps_its_prior_curvature() -> None:
    target = toy(precision=np.diag([3.0, 8.0, 0.0]), fails=lambda v: v[1] > 0.001)
    around = curvature(target, np.zeros(3))
    assert np.diag(around.covariance) == pytest.approx([0.25, 1.0, 1.0])
    assert around.failures == len(target.failures) == 1
    assert target.failures[0] == pytest.approx([0.0, 0.02, 0.0])  # and it says where


def test_a_climb_retreats_from_failures_and_counts_them() -> None:
    target = toy(centre=np.array([3.0, 0.0, 0.0]), precision=np.eye(3) * 4, fails=lambda v: v[0] > 1.0)
    mode = find_mode(target, np.zeros(3), name="edge")
    assert 0.0 < mode.scores[0] <= 1.0
    assert mode.failures == len(target.failures) > 0
    assert all(v[0] > 1.0 for v in target.failures)
    lost = find_mode(toy(fails=lambda v: True), np.zeros(3), name="nowhere")
    assert np.isnan(lost.log_posterior)
    assert lost.status == "no certified start"


def test_weighted_draws_recover_a_normal_posterior() -> None:
    """Mean, covariance and the constant of integration, from a proposal that is off centre and too wide."""
    around = Laplace(MODE + 0.3, EXACT * 1.5, 1.0)
    draws = gather(around, [importance(toy(), around, size=1500, seed=k) for k in (1, 2)])
    assert draws.scores.shape == (3000, 3)
    assert trusted(draws)
    w = draws.weights[:, None]
    mean = (w * draws.scores).sum(axis=0)
    covariance = (w * (draws.scores - mean)).T @ (draws.scores - mean)
    error = np.sqrt(np.diag(EXACT) / draws.effective)
    assert (np.abs(mean - MODE) < 4 * error).all()
    variance = np.diag(EXACT)
    assert (
        np.abs(covariance - EXACT) < 4 * np.sqrt((np.outer(variance, variance) + EXACT**2) / draws.effective)
    ).all()
    top = draws.log_weights.max()
    constant = top + np.log(np.mean(np.exp(draws.log_weights - top)))
    height = float(toy()(MODE)[0])
    exact = height + 0.5 * np.log(np.linalg.det(2 * np.pi * EXACT))
    assert constant == pytest.approx(exact, abs=4 / np.sqrt(draws.effective))
    assert draws.rows.sum(axis=1) == pytest.approx(draws.log_likelihood)


def test_a_good_proposal_wastes_few_draws_and_a_bad_one_is_refused() -> None:
    exact = curvature(toy(), MODE)
    good = gather(exact, [importance(toy(), exact, size=400, seed=1, first_at_mode=True)])
    assert good.scores[0] == pytest.approx(MODE)
    assert good.effective > 360
    narrow = Laplace(MODE, EXACT / 25.0, 1.0)
    bad = gather(narrow, [importance(toy(), narrow, size=400, seed=1)])
    assert not trusted(bad)
    assert bad.effective < 0.5 * good.effective


def test_draws_without_a_certificate_weigh_nothing_and_are_located() -> None:
    target = toy(fails=lambda v: v[0] > MODE[0])
    around = Laplace(MODE, EXACT, 1.0)
    draws = gather(around, [importance(target, around, size=200, seed=4)])
    lost = ~np.isfinite(draws.log_likelihood)
    assert draws.failures == lost.sum() == len(target.failures)
    assert 60 < draws.failures < 140
    assert (draws.scores[lost, 0] > MODE[0]).all()
    assert draws.weights[lost].sum() == 0.0
    assert np.isnan(draws.rows[lost]).all()
    nothing = gather(around, [importance(toy(fails=lambda v: True), around, size=30, seed=4)])
    assert nothing.effective == 0.0
    assert not trusted(nothing)


def test_effective_size() -> None:
    assert effective_size(np.full(50, -900.0)) == pytest.approx(50)
    assert effective_size(np.array([0.0, -np.inf, -np.inf])) == pytest.approx(1)
    assert effective_size(np.log([1.0, 1.0, 2.0])) == pytest.approx(16 / 6)
    assert effective_size(np.full(4, -np.inf)) == 0.0


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.9])
def test_pareto_shape_finds_the_shape_of_pareto_weights(shape: float) -> None:
    generator = np.random.default_rng(8)
    found = [pareto_shape(-shape * np.log(generator.uniform(size=3000))) for _ in range(8)]
    assert np.mean(found) == pytest.approx(shape, abs=0.1)
    shifted = pareto_shape(500.0 - shape * np.log(np.random.default_rng(8).uniform(size=3000)))
    assert shifted == pytest.approx(found[0], abs=1e-3)  # a constant factor changes nothing


def test_pareto_shape_of_light_tails_is_low_and_few_weights_have_none() -> None:
    generator = np.random.default_rng(9)
    assert pareto_shape(np.log(generator.uniform(0.5, 1.0, size=2000))) < 0.0
    assert abs(pareto_shape(np.log(generator.exponential(size=2000)))) < 0.3
    assert np.isnan(pareto_shape(generator.normal(size=20)))
    assert np.isnan(pareto_shape(np.zeros(200)))


def test_laplace_survives_as_plain_data() -> None:
    around = Laplace(MODE, EXACT, 0.5, failures=2)
    again = laplace_from(as_plain(around))
    assert (again.mean == around.mean).all()
    assert (again.covariance == around.covariance).all()
    assert (again.smallest, again.failures) == (0.5, 2)


def test_proposal_has_the_covariance_of_the_approximation() -> None:
    around = Laplace(MODE, EXACT, 1.0)
    block = importance(toy(), around, size=4000, seed=2)
    found = np.cov(np.array(block["scores"]).T)
    assert found == pytest.approx(EXACT, abs=0.05)
    assert (
        stats.kstest(np.array(block["scores"])[:, 0], stats.norm(MODE[0], EXACT[0, 0] ** 0.5).cdf).pvalue
        > 1e-3
    )
