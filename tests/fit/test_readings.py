"""Readings of a small game weighed: against quadrature, and over priors of other spreads."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.special import logsumexp

from tests.record.small import coded, compiled_once, tiny_case
from tightrope.case.prior import Prior
from tightrope.fit.evidence import unresolved
from tightrope.fit.posterior import compute_now
from tightrope.fit.priors import full_theta, values
from tightrope.fit.readings import Effort, Reading, free_parameters, prior_points, scaled, weigh_reading
from tightrope.fit.recoding import averaged, recoded, shift
from tightrope.fit.target import Target
from tightrope.fit.weighing import Weighed, Weighing, weighed_from
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import prepare_record, value_only

EFFORT = Effort(
    climbs=2, steps=30, share=6,
    weighing=Weighing(repeats=3, pilots=1, draws=60, chains=2, warmup=40, kept=80, proposals=60),
)  # fmt: skip
CASE = tiny_case()
RUNG = np.eye(2)[[0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]]
PUSH = np.eye(2)[(np.random.default_rng(3).uniform(size=15) < 0.6).astype(int)]
PUSH[4] = [0.3, 0.7]
READINGS = {
    "all": Reading(prior_class="argument"),
    "fixed": Reading({"lam": 0.3}, prior_class="argument"),
    "wide": Reading(prior_class="argument", scale=2.0),
}


@cache
def evidence() -> Evidence:
    game = compiled_once(CASE)
    return prepare_record(game, coded(game, {"rung": RUNG, "push": PUSH}, rows=15))


@cache
def found(name: str) -> tuple[dict[str, Any], Weighed]:
    data = weigh_reading(
        evidence(), READINGS[name], starts=[("given", {"a": 0.5})], effort=EFFORT, seed=4, keep=compute_now
    )
    return data, weighed_from(data)


def by_quadrature(reading: Reading, *, points: int = 9, record: Evidence | None = None) -> float:
    """Gauss-Hermite over the normal scores of every free parameter, each point solved anew."""
    priors = free_parameters(CASE, reading)
    nodes, weights = np.polynomial.hermite_e.hermegauss(points)
    weights = np.log(weights / weights.sum())
    grid = np.stack(np.meshgrid(*[np.arange(points)] * len(priors), indexing="ij"), axis=-1)
    terms = []
    for index in grid.reshape(-1, len(priors)):
        free = dict(zip(priors.names, values(priors, nodes[index]), strict=True))
        theta = full_theta(CASE, priors, {**reading.fixed, **free})
        terms.append(float(value_only(record or evidence(), theta).value) + weights[index].sum())
    return float(logsumexp(terms))


@pytest.mark.long
@pytest.mark.parametrize("name", READINGS)
def test_the_evidence_of_a_reading_is_that_of_quadrature(name: str) -> None:
    data, weighed = found(name)
    exact = by_quadrature(READINGS[name])
    assert weighed.importance.log_evidence == pytest.approx(exact, abs=0.1)
    assert weighed.bridge.log_evidence == pytest.approx(exact, abs=0.2)
    assert unresolved(weighed.importance, weighed.bridge) == ""
    assert (data["certified"], data["prior_draws"]) == (6, 6)


@pytest.mark.long
def test_a_fixed_parameter_is_no_longer_free_and_keeps_its_value() -> None:
    data, _ = found("fixed")
    assert data["names"] == ["a"]
    assert data["fixed"] == {"lam": 0.3}
    assert [m["start"] for m in data["modes"]].count("given") == 1
    assert set(found("all")[0]["names"]) == {"a", "lam"}


def test_readings_share_the_luck_of_what_they_share() -> None:
    everything = free_parameters(CASE, READINGS["all"])
    fewer = free_parameters(CASE, READINGS["fixed"])
    whole = prior_points(CASE, everything, size=5, seed=1)
    part = prior_points(CASE, fewer, size=5, seed=1)
    assert part[:, 0] == pytest.approx(whole[:, everything.names.index("a")])


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (Prior("normal", (0.4, 0.5)), Prior("normal", (0.4, 1.0))),
        (Prior("lognormal", (0.4, 0.5)), Prior("lognormal", (0.4, 1.0))),
        (Prior("halfnormal", (0.4,)), Prior("halfnormal", (0.8,))),
        (Prior("exponential", (0.4,)), Prior("exponential", (0.8,))),
        (Prior("beta", (1.0, 1.0)), Prior("beta", (1.0, 1.0))),
        (Prior("uniform", (0.0, 2.0)), Prior("uniform", (0.0, 2.0))),
    ],
)
def test_spreads_are_multiplied_and_middles_kept(prior: Prior, expected: Prior) -> None:
    assert scaled(prior, 2.0) == expected
    assert scaled(scaled(prior, 2.0), 0.5) == prior


def test_a_reading_that_certifies_nowhere_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Target, "_vouched", lambda self, found: False)
    with pytest.raises(RuntimeError, match="no start reached a certified equilibrium"):
        weigh_reading(evidence(), READINGS["all"], starts=[], effort=EFFORT, seed=4, keep=compute_now)


@pytest.mark.long
def test_reweighed_draws_give_the_evidence_of_another_coding() -> None:
    data, weighed = found("all")
    other = prepare_record(
        evidence().game, coded(evidence().game, {"rung": RUNG, "push": np.roll(PUSH, 1, axis=0)}, rows=15)
    )
    priors = free_parameters(CASE, READINGS["all"])
    target = Target(evidence(), priors).near(np.array(data["modes"][0]["scores"]))
    ratios = recoded(target, {"same": evidence(), "other": other}, weighed.sample)
    assert ratios["same"] == pytest.approx([0.0] * len(weighed.sample), abs=1e-9)
    moved = shift(ratios["other"])
    assert moved.flaw == ""
    exact = by_quadrature(READINGS["all"], record=other) - by_quadrature(READINGS["all"])
    assert moved.nats == pytest.approx(exact, abs=0.1)
    mixed = averaged(target, [(0.7, evidence()), (0.3, other)], weighed.sample)
    assert mixed == pytest.approx(np.logaddexp(np.log(0.7), np.log(0.3) + np.array(ratios["other"])))
    assert shift(mixed).nats == pytest.approx(float(np.log(0.7 + 0.3 * np.exp(exact))), abs=0.05)


def test_a_coding_that_few_draws_meet_is_not_told() -> None:
    ratios: list[float | None] = [-50.0] * 99 + [0.0]
    found = shift(ratios)
    assert "hardly meet" in found.flaw
    assert found.nats == pytest.approx(-np.log(100))
    assert shift([None, 0.0, *[0.0] * 40]).nats == pytest.approx(0.0)
    assert shift([None]).flaw == "no draw is certified"
