"""Simulation-based calibration: what it tests, what it catches, and that fits of a small game pass it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.record.small import compiled_once, matching_case, seen_case
from tightrope.fit import conditional, truths
from tightrope.fit.calibration import (
    LIKELIHOOD,
    RANKED,
    Setup,
    bins_for,
    holm,
    placed,
    ranks_by_name,
    simulation,
    uniformity,
)
from tightrope.fit.conditional import EXACT, ROUTE, simulation_given
from tightrope.fit.posterior import Effort
from tightrope.fit.priors import PriorSet, prior_set, values
from tightrope.fit.recovery import Recovered, recovered
from tightrope.fit.slices import Sampling
from tightrope.fit.truths import GamesEndSooner, Truth, draw_truth
from tightrope.game import Equilibrium, Game, compile_game, solve

SIMULATIONS = 200
SETUP = Setup("argument", 118, Effort(1, 60, 400, central=False, sampling=Sampling(2, 60, 200)))
"""With 200 weighted draws in place of 400 intervals are too rough at their ends: they hold `c` in 83 %."""


def conjugate(*, scale: float = 1.0, shift: float = 0.0, n: int = 400, seed: int = 0) -> list[dict[str, Any]]:
    """Simulations of a normal mean under a normal prior, whose posterior is known; spoilt on request."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        truth = generator.normal(size=3)
        seen = truth + 0.5 * generator.normal(size=3)
        mean, sd = 0.8 * seen + shift, np.sqrt(0.2) * scale
        draws = mean + sd * generator.normal(size=(500, 3))
        likelihood = -2.0 * ((draws - seen) ** 2).sum(axis=1)
        at = float(-2.0 * ((truth - seen) ** 2).sum())
        thin = np.linspace(0, 499, RANKED).astype(int)
        rank = int((likelihood[thin] < at).sum())
        place = placed(draws, truth) | {"log_likelihood": rank}
        found.append({"names": ["a", "b", "c"], "truth": truth.tolist(), "routes": {"chains": place}})
    return found


def verdicts(results: list[dict[str, Any]], route: str = "chains") -> tuple[bool, bool]:
    """Whether ranks are uniform, and whether intervals cover, each at five per cent over all quantities."""
    ranks = uniformity(ranks_by_name(results, route))
    return min(t.adjusted for t in ranks) >= 0.05, min(r.adjusted for r in recovered(results, route)) >= 0.05


def test_draws_from_the_posterior_pass() -> None:
    results = conjugate()
    assert verdicts(results) == (True, True)
    assert {t.name for t in uniformity(ranks_by_name(results, "chains"))} == {"a", "b", "c", LIKELIHOOD}
    for row in recovered(results, "chains"):
        assert row.spread == pytest.approx(np.sqrt(0.2), abs=0.01)
        assert row.error == pytest.approx(np.sqrt(0.2), rel=0.12)
        assert row.correlation == pytest.approx(np.sqrt(0.8), abs=0.04)
        assert row.low < 0.9 < row.high


@pytest.mark.parametrize("spoilt", [{"scale": 0.7}, {"scale": 1.4}, {"shift": 0.25}])
def test_what_is_not_the_posterior_is_caught(spoilt: dict[str, float]) -> None:
    uniform, covers = verdicts(conjugate(**spoilt))
    assert not uniform
    assert covers == ("shift" in spoilt and recovered(conjugate(**spoilt), "chains")[0].adjusted >= 0.05)


def test_a_false_alarm_is_as_rare_as_it_should_be() -> None:
    """Of two hundred good fits, about ten are doubted at five per cent."""
    alarms = 0
    for seed in range(200):
        ranks = {k: np.random.default_rng([seed, k]).integers(0, RANKED + 1, 200) for k in range(5)}
        tests = uniformity({str(k): r for k, r in ranks.items()})
        assert all(sum(t.counts) == 200 for t in tests)
        alarms += min(t.adjusted for t in tests) < 0.05
    assert stats.binomtest(alarms, 200, 0.05).pvalue > 1e-3


def test_bins_hold_ten_simulations_and_divide_the_ranks() -> None:
    assert [bins_for(n) for n in (5, 19, 20, 50, 100, 200, 249, 250, 5000)] == [
        1,
        1,
        2,
        5,
        10,
        10,
        10,
        25,
        50,
    ]
    assert uniformity({"a": np.zeros(9, dtype=int)}) == ()
    assert uniformity({}) == ()


def test_holm_is_bonferroni_for_the_smallest_and_never_falls() -> None:
    p = [0.2, 0.001, 0.03, 0.6, 0.012]
    assert holm(p) == pytest.approx([0.4, 0.005, 0.09, 0.6, 0.048])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_truth_is_ranked_among_draws_and_weights_count() -> None:
    draws = np.arange(100.0)[:, None] * np.ones(2)
    found = placed(draws, np.array([24.5, 200.0]))
    assert found["rank"] == [int((np.linspace(0, 99, RANKED).astype(int) < 24.5).sum()), RANKED]
    assert found["below"] == pytest.approx([0.25, 1.0])
    weights = np.where(np.arange(100) < 10, 0.1, 0.0)
    heavy = placed(draws, np.array([4.5, 4.5]), weights=weights, picks=np.arange(RANKED))
    assert heavy["below"] == pytest.approx([0.5, 0.5])
    assert heavy["mean"] == pytest.approx([4.5, 4.5])
    assert heavy["rank"] == [5, 5]
    with pytest.raises(ValueError, match="at least 49 draws"):
        placed(draws[:20], np.zeros(2))


def teaches(recovery: Mapping[str, Recovered], names: tuple[str, ...]) -> None:
    """What a record taught of a parameter shows in its mean.

    Over the prior, variances add up: that of posterior means and the mean posterior variance make one. So
    means correlate with truths by the root of one less the posterior variance, whatever the record teaches.
    """
    for name in names:
        row = recovery[name]
        assert row.spread < 0.8
        assert row.correlation == pytest.approx(np.sqrt(1 - row.spread**2), abs=0.1)


@cache
def simulated() -> tuple[dict[str, Any], ...]:
    game = compiled_once(seen_case())
    return tuple(simulation(game, setup=SETUP, seed=k) for k in range(SIMULATIONS))


@pytest.mark.long
def test_ranks_are_uniform_and_intervals_cover_on_a_small_game() -> None:
    """Chains and weighted draws over two hundred records of 118 periods, truths from the priors."""
    results = list(simulated())
    for route in ("chains", "weighted draws"):
        assert verdicts(results, route) == (True, True), route
    assert sum(r["failures"] for r in results) == 0
    recovery = {row.name: row for row in recovered(results, "chains")}
    assert recovery["idle"].spread == pytest.approx(1.0, abs=0.05)  # the record says nothing of it
    teaches(recovery, ("a", "b", "c"))


@pytest.mark.long
def test_a_fit_that_is_too_sure_of_itself_would_not_pass() -> None:
    """The same simulations, had the chains' spread been three quarters of what it was."""
    results = []
    for number, one in enumerate(simulated()):
        route = one["routes"]["chains"]
        normal = np.random.default_rng(number).normal(size=(400, len(one["truth"])))
        narrow = np.array(route["mean"]) + 0.75 * np.array(route["sd"]) * normal
        spoilt = placed(narrow, np.array(one["truth"])) | {"log_likelihood": None}
        results.append(one | {"routes": {"chains": spoilt}})
    assert verdicts(results) == (False, False)


@pytest.mark.long
def test_a_record_of_the_length_asked_for_or_none() -> None:
    """Draws whose game ended sooner are counted; where every game ends, no truth is made up."""
    case = seen_case()
    ends = dict(case.parameters)
    ends["quit"] = case.parameters["quit"].model_copy(update={"value": 0.1})
    mortal = compile_game(case.model_copy(update={"parameters": ends}))
    priors = prior_set(mortal.case, "argument")
    found = [draw_truth(mortal, priors, periods=6, seed=seed) for seed in range(4)]
    assert all(len(t.record) == 6 for t in found)
    assert sum(t.ended for t in found) > 0
    again = draw_truth(mortal, priors, periods=6, seed=2)
    assert (again.scores == found[2].scores).all()
    assert (again.record.printed["push"] == found[2].record.printed["push"]).all()
    with pytest.raises(GamesEndSooner, match="none of 3 draws"):
        draw_truth(mortal, priors, periods=3000, seed=0, most=3)


def test_draws_that_lose_the_principal_branch_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Play is that of the principal branch, so that a draw without one makes no record."""
    case = matching_case()
    game, priors = compiled_once(case), prior_set(case, "argument")
    lost: list[float] = []

    def solved(game: Game, theta: np.ndarray) -> Equilibrium:
        found = solve(game, theta, branch="principal" if lost else "direct")
        lost.append(float(theta[game.parameters.index("bias")]))
        return found

    monkeypatch.setattr(truths, "solve", solved)
    found = draw_truth(game, priors, periods=3, seed=4)
    assert (found.uncertified, len(lost)) == (1, 2)
    assert values(priors, found.scores)[0] == pytest.approx(lost[1])


@pytest.mark.long
def test_ranks_of_a_few_parameters_given_the_others_are_uniform() -> None:
    """Chains whose proposals a surrogate makes, over sixty records: two parameters given the rest."""
    effort = Effort(1, 60, 200, central=False, sampling=Sampling(2, 30, 150))
    setup = Setup("argument", 118, effort, sampled=("a", "c"))
    game = compiled_once(seen_case())
    results = [simulation_given(game, setup=setup, seed=k) for k in range(60)]
    assert {tuple(r["names"]) for r in results} == {("a", "c")}
    assert verdicts(results, ROUTE) == (True, True)
    assert all(r["routes"][ROUTE]["rhat"] < 1.2 for r in results)
    teaches({row.name: row for row in recovered(results, ROUTE)}, ("a", "c"))


@pytest.mark.long
def test_ranks_of_one_parameter_given_the_others_are_uniform() -> None:
    """By quadrature, over a hundred records; a posterior that is too narrow would not pass."""
    setup = Setup("argument", 118, Effort(1, 60, 200, central=False), sampled=("a",))
    game = compiled_once(seen_case())
    results = [simulation_given(game, setup=setup, seed=k) for k in range(100)]
    assert verdicts(results, EXACT) == (True, True)
    assert max(r["routes"][EXACT]["moved"] for r in results) < 0.01
    for one in results:
        (below,) = one["routes"][EXACT]["below"]
        narrow = float(stats.norm.cdf(2.0 * stats.norm.ppf(below)))
        one["routes"][EXACT] |= {"below": [narrow], "rank": [min(int(50 * narrow), 49)]}
    assert verdicts(results, EXACT) == (False, False)


@pytest.mark.long
def test_where_there_are_several_equilibria_record_and_density_mean_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Records of the equilibrium that the density solves for calibrate; those of the principal branch do not.

    The density starts at the prior median, where both matching `up` is the principal equilibrium. Below a
    bias of zero the principal one is `down`, which the density never thinks of.
    """
    setup = Setup("argument", 40, Effort(1, 60, 200, central=False), sampled=("bias",))
    case = matching_case()
    game, priors = compiled_once(case), prior_set(case, "argument")
    results = [simulation_given(game, setup=setup, seed=k) for k in range(100)]
    assert verdicts(results, EXACT) == (True, True)

    def principal(game: Game, priors: PriorSet, *, periods: int, seed: int, near: object) -> Truth:
        return draw_truth(game, priors, periods=periods, seed=seed)

    monkeypatch.setattr(conditional, "draw_truth", principal)
    others = [simulation_given(game, setup=setup, seed=k) for k in range(100)]
    assert [r["truth"] for r in others] == [r["truth"] for r in results]
    below = np.array([values(priors, np.array(r["truth"]))[0] < 0 for r in others])
    assert 20 < below.sum() < 60
    same = [a["routes"] == b["routes"] for a, b in zip(results, others, strict=True)]
    assert all(np.array(same)[~below])
    assert verdicts(others, EXACT)[1] is False
