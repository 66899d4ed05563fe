"""Information, what cannot be told apart, and profile likelihoods."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from tests.fit.test_posterior import ROWS, TRUTH, evidence, fitted
from tightrope.fit.information import each, expected, flat_directions, observed
from tightrope.fit.laplace import Laplace
from tightrope.fit.located import located
from tightrope.fit.priors import values
from tightrope.fit.profile import DROP, Profile, profile
from tightrope.fit.target import Target

NAMES = ("level", "slope", "precision", "idle")


def seen_through(*rows: tuple[float, ...]) -> np.ndarray:
    """The information of a record that shows these combinations of parameters, each with unit error."""
    table = np.array(rows)
    return np.asarray(table.T @ table)


def test_a_sum_that_alone_is_seen_is_a_flat_difference() -> None:
    information = seen_through((3.0, 3.0, 0.0, 0.0), (0.0, 0.0, 2.0, 0.0))
    (flat,) = flat_directions(information, NAMES)
    assert str(flat) == "level against slope"
    assert flat.seen == pytest.approx(0.0, abs=1e-12)
    assert dict(flat.parts)["level"] == pytest.approx(-dict(flat.parts)["slope"])
    # moving along it changes nothing that the record shows
    direction = np.array([dict(flat.parts).get(name, 0.0) for name in NAMES])
    assert direction @ information @ direction == pytest.approx(0.0, abs=1e-12)


def test_a_ratio_is_flat_in_the_same_direction() -> None:
    (flat,) = flat_directions(seen_through((2.0, -2.0, 0.0, 0.0)), NAMES)
    assert str(flat) == "level with slope"


def test_what_is_told_apart_or_not_seen_alone_is_not_named() -> None:
    apart = seen_through((3.0, 3.0, 0.0, 0.0), (3.0, -3.0, 0.0, 0.0))
    assert flat_directions(apart, NAMES) == ()
    assert flat_directions(seen_through((0.3, 0.3, 0.0, 0.0)), NAMES) == ()


def test_three_parameters_of_which_one_combination_is_seen_leave_two_flat() -> None:
    flats = flat_directions(seen_through((3.0, 3.0, 3.0, 0.0)), NAMES)
    assert len(flats) == 2
    assert all(f.seen < 1e-9 and "idle" not in str(f) for f in flats)


def test_alone_and_together_are_conditional_and_marginal_sds() -> None:
    rows = {r.name: r for r in each(seen_through((3.0, 3.0, 0.0, 0.0)), NAMES)}
    assert rows["level"].alone == pytest.approx(1 / np.sqrt(10.0))
    # of the sum, whose prior variance is 2, 1/(1/2 + 9) is left; of the difference all 2
    assert rows["level"].together == pytest.approx(np.sqrt((1 / 9.5 + 2.0) / 4))
    assert rows["idle"].alone == rows["idle"].together == 1.0


def test_observed_information_is_the_curvature_less_the_prior_s() -> None:
    precision = np.diag([5.0, 1.0])
    found = observed(Laplace(np.zeros(2), np.linalg.inv(precision), 1.0))
    assert found == pytest.approx(np.diag([4.0, 0.0]))


@pytest.mark.long
def test_expected_information_agrees_with_what_a_long_record_shows() -> None:
    """Six hundred rows show about what is expected of them, and nothing of the idle parameter."""
    fit = fitted()
    local = Target(evidence(), fit.priors).near(fit.modes[0].scores)
    found = expected(local, fit.modes[0].scores, periods=ROWS, records=60, seed=1)
    assert (found.records, found.without) == (60, 0)
    seen = observed(fit.laplace)
    informative = [k for k, name in enumerate(fit.priors.names) if name in TRUTH]
    ratio = np.diag(found.matrix)[informative] / np.diag(seen)[informative]
    assert ratio == pytest.approx(np.ones(len(ratio)), abs=0.5)
    idle = fit.priors.names.index("idle")
    assert abs(found.matrix[idle]).max() < 1e-12
    half = expected(local, fit.modes[0].scores, periods=ROWS // 2, records=60, seed=2)
    share = np.trace(half.matrix) / np.trace(found.matrix)
    assert share == pytest.approx(0.5, abs=0.2)


@cache
def profiled(name: str) -> Profile:
    fit = fitted()
    local = Target(evidence(), fit.priors).near(fit.modes[0].scores)
    return profile(local, fit, name, steps=30, grid=(-1.0, 0.0, 0.5, 1.0))


@pytest.mark.long
def test_a_profile_tops_at_the_mode_without_the_parameter_s_prior() -> None:
    fit, found = fitted(), profiled("a")
    k = fit.priors.names.index("a")
    at = fit.modes[0].scores
    (middle,) = [p for p in found.points if p.score == pytest.approx(at[k])]
    assert middle.height == pytest.approx(fit.modes[0].log_posterior + 0.5 * at[k] ** 2, abs=1e-3)
    assert [p.status for p in found.points] == ["converged"] * len(found.points)
    for p in found.points:
        own = values(fit.priors, np.where(np.arange(len(at)) == k, p.score, at))[k]
        assert p.value == pytest.approx(own)
    assert min(found.drops) == 0.0


@pytest.mark.long
def test_its_interval_is_about_the_normal_one_of_the_likelihood() -> None:
    fit, found = fitted(), profiled("a")
    assert found.low is not None
    assert found.high is not None
    k = fit.priors.names.index("a")
    posterior = 1.0 / fit.laplace.covariance[k, k]
    # Without the prior of `a` (normal, sd 1.5) the precision is less by one and the middle further out.
    middle, sd = fit.modes[0].scores[k] * posterior / (posterior - 1.0), 1.0 / np.sqrt(posterior - 1.0)
    for end, side in ((found.low, -1.0), (found.high, 1.0)):
        assert end == pytest.approx(1.5 * (middle + side * norm.ppf(0.975) * sd), abs=0.15 * 1.5 * sd)
    assert norm.ppf(0.975) ** 2 / 2 == pytest.approx(DROP, abs=2e-3)


@pytest.mark.long
def test_a_parameter_that_does_nothing_has_a_flat_profile_without_ends() -> None:
    found = profiled("idle")
    assert max(found.drops) < 1e-3
    assert (found.low, found.high) == (None, None)


@pytest.mark.long
def test_a_profile_resumes_from_its_points() -> None:
    fit = fitted()
    local = Target(evidence(), fit.priors).near(fit.modes[0].scores)
    kept: dict[str, Any] = {}
    made: list[str] = []

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        if name not in kept:
            made.append(name)
            kept[name] = json.loads(json.dumps(compute()))
        return kept[name]

    first = profile(local, fit, "b", steps=20, grid=(0.0, 0.5), keep=keep)
    assert len(made) == 3
    del kept[made[-1]]
    again = profile(local, fit, "b", steps=20, grid=(0.0, 0.5), keep=keep)
    assert len(made) == 4
    assert [p.height for p in again.points] == pytest.approx([p.height for p in first.points], abs=1e-6)
    with pytest.raises(ValueError, match="lam is not a free parameter"):
        profile(local, fit, "lam")


def test_failed_points_are_told_by_what_sets_them_apart() -> None:
    generator = np.random.default_rng(0)
    rest = generator.normal(size=(300, 3))
    failed = generator.normal(size=(40, 3)) * 0.5 + np.array([0.0, 2.0, -0.1])
    found = located(failed, rest, ["a", "b", "c"])
    assert [f.name for f in found] == ["b"]
    assert str(found[0]).startswith("b is high (+1.9 prior sds")
    assert located(failed[:3], rest, ["a", "b", "c"]) == ()
