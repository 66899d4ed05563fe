"""Skill and its moving-block bootstrap: blocks by hand, coverage on autoregressive data, faults."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from tightrope.forecast import duration, skill
from tightrope.forecast.skill import block_length, block_picks, skill_against


def test_doctests() -> None:
    for module in (skill, duration):
        result = doctest.testmod(module)
        assert result.attempted >= 1
        assert result.failed == 0


def test_blocks_are_at_least_the_overlap_and_never_too_long() -> None:
    assert block_length(25, horizon=20, step=4) == 5
    assert block_length(27, horizon=1, step=4) == 3
    assert block_length(28, horizon=1, step=4) == 4
    assert block_length(2, horizon=20, step=4) == 2
    assert block_length(1, horizon=1, step=4) == 1


def test_picks_are_runs_of_neighbours() -> None:
    picks = block_picks(10, block=4, draws=500, seed=1)
    assert picks.shape == (500, 10)
    assert picks.min() == 0
    assert picks.max() == 9
    for begin, end in ((0, 4), (4, 8), (8, 10)):
        assert np.all(np.diff(picks[:, begin:end], axis=1) == 1)
    assert set(picks[:, 0]) == set(range(7))  # every start that fits


def autoregressive(n: int, *, phi: float, generator: np.random.Generator) -> np.ndarray:
    x = np.zeros(n + 50)
    for t in range(1, len(x)):
        x[t] = phi * x[t - 1] + generator.normal()
    return x[50:]


def test_blocks_widen_the_interval_on_dependent_data_towards_what_it_should_be() -> None:
    """AR(1): the variance of a mean is (1 + phi)/(1 - phi) times that of independent data, about."""
    generator = np.random.default_rng(5)
    n, phi = 400, 0.7
    x = 10.0 + autoregressive(n, phi=phi, generator=generator)
    found = {}
    for block in (1, 25):
        picks = block_picks(n, block=block, draws=2000, seed=3)
        found[block] = float(np.var(x[picks].mean(axis=1)))
    independent, true = np.var(x) / n, np.var(x) / n * (1 + phi) / (1 - phi)
    assert found[1] == pytest.approx(independent, rel=0.15)
    assert 0.6 * true < found[25] < 1.2 * true


def test_the_interval_covers_the_true_skill_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(6)
    covered = []
    for trial in range(150):
        common = autoregressive(200, phi=0.5, generator=generator)
        own = autoregressive(200, phi=0.5, generator=generator)
        rival = 10.0 + common
        score = 8.0 + common + 0.5 * own  # true skill 0.2
        found = skill_against(score, rival, block=12, seed=trial, draws=400)
        covered.append(found.lower <= 0.2 <= found.upper)
    assert 0.86 < np.mean(covered) <= 1.0


def test_skill_against_oneself_is_nothing_for_certain() -> None:
    s = np.random.default_rng(1).random(25)
    found = skill_against(s, s, block=3, seed=0)
    assert (found.skill, found.lower, found.upper, found.beats) == (0.0, 0.0, 0.0, 0.5)
    assert found.effective == pytest.approx(25 / 3)


def test_too_few_blocks_give_no_interval() -> None:
    found = skill_against([1.0, 2.0, 3.0, 4.0, 5.0], [2.0] * 5, block=2, seed=0)
    assert found.skill == pytest.approx(-0.5)
    assert np.isnan([found.lower, found.upper, found.beats]).all()


def test_faults_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        skill_against([1.0], [1.0, 2.0], block=1, seed=0)
    with pytest.raises(ValueError, match="gaps"):
        skill_against([1.0, float("nan")], [1.0, 2.0], block=1, seed=0)
    with pytest.raises(ValueError, match="does not fit"):
        skill_against([1.0], [1.0], block=2, seed=0)
