"""Chains along gradients: known posteriors, slices between, failed points, resuming to the bit."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.record.small import compiled_once, seen_case
from tightrope.fit import leaps, nuts
from tightrope.fit.adaptation import begin, learn, schedule, settled, warming_data, warming_from
from tightrope.fit.chains import mixing
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories, nuts_chain
from tightrope.fit.posterior import Fit, compute_now, parameter_table
from tightrope.fit.priors import prior_set
from tightrope.fit.slices import gather_chains
from tightrope.fit.trajectories import informed, report, sampled_fit

CASE = seen_case()
GAME = compiled_once(CASE)
PRIORS = prior_set(CASE, "argument")  # a: normal(0, 1.5), b: lognormal, c: normal(0, 1), idle: beta
EVIDENCE: Any = SimpleNamespace(game=GAME, arrays={})
A, C = GAME.parameters.index("a"), GAME.parameters.index("c")
SUM, ERROR = 1.0, 0.3
# The record shows a + c with normal error; in normal scores a = 1.5 v, so this is the exact posterior.
ROW = np.array([1.5, 0.0, 1.0, 0.0])
EXACT = np.linalg.inv(np.eye(4) + np.outer(ROW, ROW) / ERROR**2)
MEAN = EXACT @ ROW * SUM / ERROR**2
EXACT_GIVEN = 1 / np.linalg.inv(EXACT)[0, 0]
AROUND = Laplace(MEAN, EXACT, 1.0)
FEW = Trajectories(("a",), chains=2, warmup=60, draws=400)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Stand a density with a known posterior in for the game's; points may be without a certificate."""

    def stand_in(certified: Callable[[Any], Any] = lambda theta: True) -> None:
        def likelihood(game: Any, arrays: Mapping[str, Any], theta: Any, z: Any, **_: Any) -> Any:
            value = -0.5 * ((theta[A] + theta[C] - SUM) / ERROR) ** 2
            return SimpleNamespace(value=value, residual=jnp.where(certified(theta), 0.0, 1.0))

        monkeypatch.setattr(leaps, "log_likelihood", likelihood)
        leaps.compiled.cache_clear()

    yield stand_in
    leaps.compiled.cache_clear()


def sampled(wanted: Trajectories, *, seed: int = 0) -> list[dict[str, Any]]:
    return [
        nuts_chain(
            EVIDENCE, PRIORS, around=AROUND, z=np.zeros(1), wanted=wanted, seed=seed, chain=chain,
            keep=compute_now,
        )
        for chain in range(wanted.chains)
    ]  # fmt: skip


def agrees(scores: np.ndarray, effective: np.ndarray) -> None:
    """Means within four standard errors, and covariances of what the record ties together."""
    flat = scores.reshape(-1, 4)
    error = np.sqrt(np.diag(EXACT) / effective)
    assert (np.abs(flat.mean(axis=0) - MEAN) < 4 * error).all()
    found = np.cov(flat.T)
    assert found[np.ix_([0, 2], [0, 2])] == pytest.approx(EXACT[np.ix_([0, 2], [0, 2])], abs=0.12)


@pytest.mark.long
def test_gradients_in_one_parameter_and_slices_in_the_others_sample_the_whole_posterior(
    shown: Callable[..., None],
) -> None:
    shown()
    parts = sampled(FEW)
    chains = gather_chains(parts)
    mixed = mixing(chains)
    assert mixed.usable
    agrees(chains.scores, mixed.bulk)
    told = report(parts, PRIORS.names, FEW)
    assert (told.divergent, len(told.failed), told.where) == (0, 0, ())
    assert told.evaluations > told.gradients > 0
    assert 0.7 < told.accepted <= 1.0
    theta = 1.5 * chains.scores[..., 0] + chains.scores[..., 2]
    assert chains.log_likelihood == pytest.approx(-0.5 * ((theta - SUM) / ERROR) ** 2, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("dense", [24, 2])
def test_gradients_in_all_parameters_sample_it_too(
    shown: Callable[..., None], monkeypatch: pytest.MonkeyPatch, dense: int
) -> None:
    """With a metric of all covariances, and in the approximation's coordinates with one of scales."""
    shown()
    monkeypatch.setattr(nuts, "DENSE", dense)
    everything = Trajectories(PRIORS.names, chains=2, warmup=100, draws=300)
    parts = sampled(everything)
    chains = gather_chains(parts)
    theta = 1.5 * chains.scores[..., 0] + chains.scores[..., 2]
    assert chains.log_likelihood == pytest.approx(-0.5 * ((theta - SUM) / ERROR) ** 2, abs=1e-9)
    if dense == 2:
        # The target is a standard normal in these coordinates: few steps, and none of them short.
        assert sum(part["gradients"] for part in parts) < 8 * 2 * 400
        assert min(part["step_size"] for part in parts) > 0.4
    assert mixing(chains).usable
    agrees(chains.scores, mixing(chains).bulk)


@pytest.mark.long
def test_what_is_held_stays_where_the_mode_has_it(shown: Callable[..., None]) -> None:
    """The conditional posterior of `a`, exact; a fit of `a` alone whose table says what is held."""
    shown()
    held = Trajectories(("a",), others="held", chains=2, warmup=60, draws=400)
    parts = sampled(held)
    scores = np.array([part["scores"] for part in parts])
    assert (scores[..., 1:] == MEAN[1:]).all()
    precision = np.linalg.inv(EXACT)
    assert scores[..., 0].std() == pytest.approx(1 / np.sqrt(precision[0, 0]), rel=0.15)
    base: Any = _fit_stub()
    fit, _ = sampled_fit(base, parts, wanted=held)
    assert fit.priors.names == ("a",)
    assert fit.laplace.covariance == pytest.approx(np.array([[1 / precision[0, 0]]]))
    rows = {row["name"]: row for row in parameter_table(CASE, fit)}
    assert rows["a"]["provenance"] == "estimated"
    assert rows["c"]["note"].startswith("held here")
    assert rows["lam"]["note"] == "fixed"
    assert rows["c"]["spread"] is None


@pytest.mark.long
def test_sets_of_chains_are_told_apart_and_put_together(shown: Callable[..., None]) -> None:
    """`a` given c at one place and at another: each set meets on its own, and most variance lies between."""
    shown()
    drawn = Trajectories(("a",), others="drawn", chains=2, warmup=60, draws=200)
    parts, means = [], []
    for place in (-2.0, 2.0):
        centre = np.array([0.0, 0.0, place, 0.0])
        parts += [
            nuts_chain(
                EVIDENCE, PRIORS, around=Laplace(centre, EXACT, 1.0), z=np.zeros(1), wanted=drawn, seed=0,
                chain=chain, keep=compute_now,
            )
            for chain in range(2)
        ]  # fmt: skip
        means.append((SUM - place) * 1.5 / ERROR**2 / (1 + 1.5**2 / ERROR**2))
    fit, told = sampled_fit(_fit_stub(), parts, wanted=drawn, outer=2)
    assert [one.usable for one in told.sets] == [True, True]
    for set_, mean in zip((parts[:2], parts[2:]), means, strict=True):
        draws = np.array([part["scores"] for part in set_])[..., 0]
        assert draws.mean() == pytest.approx(mean, abs=0.05)
    assert fit.chains is not None
    assert fit.chains.scores.shape == (2, 400, 1)
    assert fit.chains.flat.mean() == pytest.approx(np.mean(means), abs=0.05)
    assert mixing(fit.chains).usable
    assert told.between is not None
    assert told.between[0] == pytest.approx(np.var(means) / (np.var(means) + EXACT_GIVEN), abs=0.02)


def _fit_stub() -> Any:
    from tightrope.fit.laplace import Draws
    from tightrope.fit.mode import Mode
    from tightrope.fit.priors import full_theta, values

    none = np.zeros(1)
    positions = tuple(GAME.parameters.index(name) for name in PRIORS.names)
    return Fit(
        PRIORS, positions, (Mode("x", MEAN, 0.0, 0.0, "converged", 1, 0),),
        full_theta(CASE, PRIORS, values(PRIORS, MEAN)), 0.0, AROUND,
        Draws(np.zeros((1, 4)), none, none, np.zeros((1, 1)), 1.0, float("nan"), 0), 0, 1,
    )  # fmt: skip


def test_points_without_a_certificate_end_trajectories_and_are_kept(shown: Callable[..., None]) -> None:
    """No equilibrium below a = 0.3: draws stay above, failed points lie below, and `a` is named."""
    shown(lambda theta: theta[A] >= 0.3)
    parts = sampled(Trajectories(("a", "c"), chains=2, warmup=60, draws=400))
    scores = np.array([part["scores"] for part in parts])
    assert (1.5 * scores[..., 0] >= 0.3).all()
    told = report(parts, PRIORS.names, Trajectories(("a", "c")))
    assert len(told.failed) > 20
    assert (1.5 * told.failed[:, 0] < 0.3).all()
    assert told.divergent > 0
    # the record ties c to a, so both are named
    where = {row.name: row for row in told.where}
    assert where["a"].failed < where["a"].rest
    assert where["c"].failed > where["c"].rest
    assert "idle" not in where
    # the truncated normal, by brute force
    exact = np.random.default_rng(0).multivariate_normal(MEAN, EXACT, size=400_000)
    exact = exact[1.5 * exact[:, 0] >= 0.3]
    assert scores[..., 0].mean() == pytest.approx(exact[:, 0].mean(), abs=0.08)


def test_a_chain_that_is_cut_off_goes_on_to_the_same_bits(shown: Callable[..., None]) -> None:
    """Cut in the warm-up and again after it: states of step size and metric are kept too."""
    shown()
    wanted = Trajectories(("a", "c"), chains=1, warmup=40, draws=30)
    whole = sampled(wanted)[0]
    store: dict[str, Any] = {}

    def run(most: int) -> dict[str, Any]:
        made = 0

        def keep(name: str, compute: Callable[[], Any]) -> Any:
            nonlocal made
            if name not in store:
                if made == most:
                    raise KeyboardInterrupt
                made += 1
                store[name] = json.dumps(compute())
            return json.loads(store[name])

        return nuts_chain(
            EVIDENCE, PRIORS, around=AROUND, z=np.zeros(1), wanted=wanted, seed=0, chain=0, keep=keep
        )

    for most in (3, 3):
        with pytest.raises(KeyboardInterrupt):
            run(most)
    again = run(99)
    assert again["scores"] == whole["scores"]
    assert again["step_size"] == whole["step_size"]
    assert len(whole["scores"]) == 30


def test_a_density_that_no_prior_draw_has_is_refused(shown: Callable[..., None]) -> None:
    shown(lambda theta: theta[A] > 1e9)
    with pytest.raises(RuntimeError, match="draws from the priors"):
        sampled(FEW)


def test_warm_up_is_blackjax_s_own() -> None:
    """Step by step against the library's whole schedule, on made-up positions and acceptances."""
    from blackjax.adaptation.window_adaptation import base, build_schedule

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        start, update, final = base(False, target_acceptance_rate=0.85)
    generator = np.random.default_rng(4)
    theirs = start(jnp.zeros(3), 0.5)
    ours = begin(np.eye(3), target=0.85)
    step = jax.jit(update)
    plan = schedule(150)
    assert [tuple(x) for x in plan] == [(int(a), bool(b)) for a, b in build_schedule(150)]
    for number, (kind, last) in enumerate(plan):
        position, rate = jnp.asarray(generator.normal(size=3) * [1.0, 0.2, 3.0]), generator.uniform()
        theirs = step(theirs, (jnp.asarray(kind), jnp.asarray(last)), position, rate)
        ours = learn(0.85)(ours, jnp.asarray(bool(kind)), jnp.asarray(last), position, jnp.asarray(rate))
        if number == 70:  # and through storage
            ours = warming_from(json.loads(json.dumps(warming_data(ours))), size=3, target=0.85)
        assert float(ours.step_size) == pytest.approx(float(theirs.step_size), rel=1e-12)
    size, mass = final(theirs)
    assert float(settled(ours, target=0.85).step_size) == pytest.approx(float(size), rel=1e-12)
    assert np.asarray(ours.inverse_mass) == pytest.approx(np.asarray(mass), rel=1e-12)


@pytest.mark.long
def test_on_a_game_they_agree_with_slices() -> None:
    """Two samplers of one posterior that runs through an equilibrium."""
    from tests.fit.test_posterior import evidence
    from tests.fit.test_slices import with_chains
    from tightrope.fit.target import Target

    fit = with_chains()
    assert fit.chains is not None
    z = Target(evidence(), fit.priors).near(fit.modes[0].scores).z
    assert z is not None
    names = informed(fit, 2)
    assert "idle" not in names
    wanted = Trajectories(names, chains=2, warmup=80, draws=250)
    parts = [
        nuts_chain(
            evidence(), fit.priors, around=fit.laplace, z=z, wanted=wanted, seed=1, chain=k, keep=compute_now
        )
        for k in range(2)
    ]
    other, told = sampled_fit(fit, parts, wanted=wanted)
    assert other.chains is not None
    mine, theirs = mixing(other.chains), mixing(fit.chains)
    assert mine.usable
    sd = fit.chains.flat.std(axis=0)
    error = sd * np.sqrt(1 / mine.bulk + 1 / theirs.bulk)
    assert (np.abs(other.chains.flat.mean(axis=0) - fit.chains.flat.mean(axis=0)) < 4 * error).all()
    assert other.chains.flat.std(axis=0) == pytest.approx(sd, rel=0.3)
    # At the first steps of warm-up a trajectory may fly to where floats hold no probability of the record.
    assert all(np.abs(point).max() > 8 for point in told.failed)
