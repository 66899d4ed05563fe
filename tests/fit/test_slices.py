"""Chains by elliptical slice sampling: they draw from the posterior, resume to the bit, report mixing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.fit.test_posterior import evidence, fitted
from tightrope.fit.chains import Chains, chains_data, chains_from, mixing
from tightrope.fit.posterior import Effort, Fit, fit_record, parameter_table, resample
from tightrope.fit.slices import Sampling, sample
from tightrope.fit.store import fit_data, fit_from
from tightrope.fit.target import Target

SAMPLING = Sampling(chains=2, warmup=20, draws=300)


@cache
def with_chains() -> Fit:
    return fit_record(evidence(), prior_class="argument", effort=Effort(1, 40, 10, sampling=SAMPLING), seed=3)


@pytest.mark.long
def test_chains_agree_with_weighted_draws() -> None:
    """Two routes to one posterior: means within four standard errors, spreads within a quarter."""
    chains = with_chains().chains
    assert chains is not None
    assert chains.scores.shape == (2, 300, len(fitted().priors))
    found = mixing(chains)
    assert found.usable
    drawn, weights = fitted().draws.scores, fitted().draws.weights
    mean = weights @ drawn
    sd = np.sqrt(weights @ (drawn - mean) ** 2)
    error = sd * np.sqrt(1 / found.bulk + 1 / fitted().draws.effective)
    assert (np.abs(chains.flat.mean(axis=0) - mean) < 4 * error).all()
    assert chains.flat.std(axis=0) == pytest.approx(sd, rel=0.25)


@pytest.mark.long
def test_the_likelihood_of_a_draw_is_the_record_s() -> None:
    fit = with_chains()
    assert fit.chains is not None
    target = Target(evidence(), fit.priors).near(fit.modes[0].scores)
    for k in (0, 150, 299):
        value, _ = target.value(fit.chains.scores[1, k])
        assert fit.chains.log_likelihood[1, k] == pytest.approx(value, abs=1e-6)


@pytest.mark.long
def test_chains_are_what_the_posterior_is_read_from() -> None:
    fit = with_chains()
    assert fit.source == "chains"
    assert fit.chains is not None
    assert fit.spread == pytest.approx(fit.chains.flat.std(axis=0), rel=1e-12)
    drawn = resample(fit, size=600, seed=0)
    k = fit.priors.names.index("a")
    row = next(r for r in parameter_table(evidence().game.case, fit) if r["name"] == "a")
    low, high = np.quantile(drawn[:, fit.positions[k]], [0.05, 0.95])
    assert (row["lower"], row["upper"]) == pytest.approx((low, high), rel=0.02)


@pytest.mark.long
def test_a_chain_that_is_cut_off_goes_on_to_the_same_bits() -> None:
    fit = with_chains()
    local = Target(evidence(), fit.priors).near(fit.modes[0].scores)
    assert local.z is not None
    store: dict[str, Any] = {}
    computed: list[str] = []

    def run(stop: int | None) -> dict[str, Any]:
        def keep(name: str, compute: Callable[[], Any]) -> Any:
            if name not in store:
                if stop is not None and len(computed) >= stop:
                    raise KeyboardInterrupt
                store[name] = json.dumps(compute())
                computed.append(name)
            return json.loads(store[name])

        assert local.z is not None
        return sample(
            evidence(), fit.priors, around=fit.laplace, z=local.z, sampling=replace(SAMPLING, draws=60),
            seed=3, chain=0, keep=keep,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        run(2)
    before = list(computed)
    cut = run(None)
    assert computed[: len(before)] == before
    assert len(computed) == len(set(computed))
    assert fit.chains is not None
    assert np.array_equal(np.array(cut["scores"]), fit.chains.scores[0, :60])


@pytest.mark.long
def test_chains_survive_storage() -> None:
    fit = with_chains()
    again = fit_from(json.loads(json.dumps(fit_data(fit))))
    assert fit.chains is not None
    assert again.chains is not None
    assert np.array_equal(again.chains.scores, fit.chains.scores)
    assert chains_from(chains_data(fit.chains)).evaluations == fit.chains.evaluations
    assert fit_from(fit_data(fitted())).chains is None


def test_what_was_found_of_chains_is_kept_with_them_and_not_with_a_changed_copy() -> None:
    scores = np.random.default_rng(1).normal(size=(4, 100, 2))
    chains = Chains(scores, np.zeros((4, 100)), 7)
    data = json.loads(json.dumps(chains_data(chains)))
    again = chains_from(data)
    for name in ("rhat", "bulk", "tail"):
        assert np.array_equal(getattr(mixing(again), name), getattr(mixing(chains), name))
    data["mixing"]["rhat"] = [2.0, 2.0]
    assert mixing(chains_from(data)).rhat.tolist() == [2.0, 2.0]  # read, not found anew
    moved = scores + np.array([0.0, 0.0, 0.0, 3.0])[:, None, None]
    assert not mixing(replace(again, scores=moved)).usable
    assert mixing(chains_from({k: v for k, v in data.items() if k != "mixing"})).usable


def test_mixing_tells_good_chains_from_bad() -> None:
    generator = np.random.default_rng(0)
    good = generator.normal(size=(4, 500, 3))
    found = mixing(Chains(good, np.zeros((4, 500)), 0))
    assert found.good
    assert found.usable
    assert (found.bulk > 1500).all()
    apart = good + np.array([0.0, 0.0, 0.0, 3.0])[:, None, None]
    assert not mixing(Chains(apart, np.zeros((4, 500)), 0)).usable
    slow = np.cumsum(good, axis=1)
    assert not mixing(Chains(slow, np.zeros((4, 500)), 0)).good
    with pytest.raises(ValueError, match="four draws"):
        mixing(Chains(good[:, :3], np.zeros((4, 3)), 0))


@pytest.mark.long
def test_a_parameter_on_which_chains_disagree_is_not_called_estimated() -> None:
    fit = with_chains()
    assert fit.chains is not None
    k = fit.priors.names.index("a")
    case = evidence().game.case

    def row(found: Fit) -> dict[str, Any]:
        return next(r for r in parameter_table(case, found) if r["name"] == "a")

    assert row(fit)["provenance"] == "estimated"
    moved = np.array(fit.chains.scores)
    moved[1, :, k] += 4 * moved[..., k].std()
    apart = replace(fit, chains=replace(fit.chains, scores=moved))
    assert row(apart)["provenance"] == case.parameters["a"].source
    assert "chains disagree" in row(apart)["note"]
