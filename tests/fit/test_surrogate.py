"""Surrogates and the chains they propose for: exact whatever the surrogate is worth, held to brute force."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tightrope.fit.chains import Chains, mixing
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories
from tightrope.fit.posterior import compute_now
from tightrope.fit.surrogate import Seen, covariance, guessed, learned
from tightrope.fit.surrogate_chains import surrogate_chain
from tightrope.fit.teaching import Learned, learn

NAMES = ("a", "b", "c", "idle")
SAMPLED = NAMES[:3]
AROUND = Laplace(np.array([0.5, 0.1, 0.0, 0.3]), np.diag([0.1, 0.2, 0.5, 1.0]), 1.0)
WANTED = Trajectories(SAMPLED, others="held", chains=2, warmup=40, draws=400, surrogate=True)


def log_likelihood(v: Any) -> Any:
    """A banana in `a` and `b` with a skewed `c`; nothing of `idle`. Parameters lie on the last axis."""
    a, b, c = v[..., 0], v[..., 1], v[..., 2]
    bent = -0.5 * ((a - 0.5) / 0.3) ** 2 - 0.5 * ((b - 0.4 * a**2 - 0.3 * c) / 0.4) ** 2
    return bent - jnp.log1p(jnp.exp(3 * c))


class Known:
    """A target with that likelihood; certified where `certified` says so."""

    priors = SimpleNamespace(names=NAMES)

    def __init__(self, certified: Callable[[Any], Any] = lambda v: np.full(v.shape[:-1], True)) -> None:
        self.certified, self.calls = certified, 0

    def value(self, v: Any) -> tuple[float, Any]:
        self.calls += 1
        return (float(log_likelihood(v)) if self.certified(v) else float("nan")), None

    def likelihood(self, v: Any) -> tuple[float, Any, Any]:
        value, _ = self.value(v)
        return value, np.asarray(jax.grad(log_likelihood)(jnp.asarray(v))), None


def exact(certified: Callable[[Any], Any] = lambda v: np.full(v.shape[:-1], True)) -> tuple[Any, Any]:
    """Posterior means and sds of the three, by a million prior draws."""
    v = np.random.default_rng(0).normal(size=(1_000_000, 3))
    log_weight = np.where(certified(v), np.asarray(log_likelihood(v)), -np.inf)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = weight @ v
    return mean, np.sqrt(weight @ (v - mean) ** 2)


def taught(target: Any) -> Learned:
    return learn(target, AROUND, sampled=SAMPLED, seed=0, keep=compute_now)


def chains_of(target: Any, found: Learned) -> list[dict[str, Any]]:
    return [
        surrogate_chain(target, AROUND, taught=found, wanted=WANTED, seed=1, chain=k, keep=compute_now)
        for k in range(2)
    ]


def agree(parts: list[dict[str, Any]], mean: Any, sd: Any) -> None:
    scores = np.array([part["scores"] for part in parts])[..., :3]
    mixed = mixing(Chains(scores, np.zeros(scores.shape[:2]), 0))
    assert mixed.usable
    assert (np.abs(scores.reshape(-1, 3).mean(axis=0) - mean) < 4 * sd / np.sqrt(mixed.bulk)).all()
    assert scores.reshape(-1, 3).std(axis=0) == pytest.approx(sd, rel=0.2)


def test_covariances_are_those_of_a_process_and_its_slopes() -> None:
    """Against central differences of the squared exponential itself."""
    x, length, step = np.random.default_rng(1).normal(size=(3, 2)), 1.7, 1e-4

    def kernel(p: Any, q: Any) -> float:
        return float(np.exp(-0.5 * ((p - q) ** 2).sum() / length**2))

    whole = covariance(x, length)
    assert whole == pytest.approx(whole.T)
    for i in range(3):
        for j in range(3):
            assert whole[i, j] == pytest.approx(kernel(x[i], x[j]))
            for b, e in enumerate(np.eye(2) * step):
                slope = (kernel(x[i], x[j] + e) - kernel(x[i], x[j] - e)) / (2 * step)
                assert whole[i, 3 + 2 * j + b] == pytest.approx(slope, abs=1e-7)
                for a, f in enumerate(np.eye(2) * step):
                    twice = (
                        kernel(x[i] + f, x[j] + e) - kernel(x[i] - f, x[j] + e)
                        - kernel(x[i] + f, x[j] - e) + kernel(x[i] - f, x[j] - e)
                    ) / (4 * step**2)  # fmt: skip
                    assert whole[3 + 2 * i + a, 3 + 2 * j + b] == pytest.approx(twice, abs=1e-6)
    turn = np.array([[0.6], [0.8]])
    along = np.block([[np.eye(3), np.zeros((3, 3))], [np.zeros((6, 3)), np.kron(np.eye(3), turn)]])
    assert covariance(x, length, turn) == pytest.approx(along.T @ whole @ along)


def test_a_surrogate_goes_through_what_it_has_seen() -> None:
    """Values and gradients; and between points it is right to a few hundredths of a nat."""
    generator = np.random.default_rng(2)
    root = np.diag([0.3, 0.45, 0.7])
    points = AROUND.mean[:3] + generator.normal(size=(80, 3)) @ root
    values = np.asarray(log_likelihood(points))
    slopes = np.asarray(jax.vmap(jax.grad(log_likelihood))(jnp.asarray(points)))
    found = learned(Seen(points, values, slopes), centre=AROUND.mean[:3], root=root, room=100)
    at = jax.jit(jax.vmap(jax.value_and_grad(lambda s: guessed(found, s))))
    said, sloped = at(jnp.asarray(points))
    assert np.asarray(said) == pytest.approx(values, abs=0.01)
    assert np.asarray(sloped) == pytest.approx(slopes, abs=0.05)
    other = AROUND.mean[:3] + 0.8 * generator.normal(size=(50, 3)) @ root
    assert np.std(np.asarray(at(jnp.asarray(other))[0]) - np.asarray(log_likelihood(other))) < 0.1


@pytest.mark.long
def test_draws_are_the_posterior_s_and_cost_one_solve_each() -> None:
    target = Known()
    found = taught(target)
    assert found.errors[-1] < 0.4
    assert target.calls == found.seen
    before = target.calls
    parts = chains_of(target, found)
    assert target.calls - before <= 2 * (40 + 400 + 5)
    assert np.mean([part["accepted"] for part in parts]) > 0.9
    agree(parts, *exact())
    assert all(row[3] == AROUND.mean[3] for part in parts for row in part["scores"])


@pytest.mark.long
def test_a_bad_surrogate_costs_refusals_and_no_truth() -> None:
    """Half as wide and off by a third of an sd: draws are still the posterior's."""
    found = taught(Known())
    good = found.surrogate
    spoilt = good._replace(
        curve=2.0 * good.curve, slope=good.slope + 0.3, values=0.5 * good.values, slopes=0.5 * good.slopes
    )
    parts = chains_of(Known(), Learned(spoilt, found.size, found.seen, found.failed, found.errors))
    assert 0.2 < np.mean([part["accepted"] for part in parts]) < 0.9
    agree(parts, *exact())


@pytest.mark.long
def test_there_are_no_draws_without_a_certificate() -> None:
    """No equilibrium where a > 0.6: the posterior is cut off there, and what failed is kept."""

    def certified(v: Any) -> Any:
        return v[..., 0] <= 0.6

    target = Known(certified)
    found = taught(target)
    assert found.failed > 0
    parts = chains_of(target, found)
    scores = np.array([part["scores"] for part in parts])
    assert (scores[..., 0] <= 0.6).all()
    assert all(row[0] > 0.6 for part in parts for row in part["failed"])
    assert sum(len(part["failed"]) for part in parts) > 50
    agree(parts, *exact(certified))


@pytest.mark.long
def test_a_chain_that_is_cut_off_goes_on_to_the_same_bits() -> None:
    store: dict[str, str] = {}

    def keeping(most: int) -> Callable[[str, Callable[[], Any]], Any]:
        made = 0

        def keep(name: str, compute: Callable[[], Any]) -> Any:
            nonlocal made
            if name not in store:
                if made == most:
                    raise KeyboardInterrupt
                value = json.dumps(compute())
                made += 1
                store[name] = value
            return json.loads(store[name])

        return keep

    def whole(most: int) -> dict[str, Any]:
        keep = keeping(most)
        found = learn(Known(), AROUND, sampled=SAMPLED, seed=3, keep=keep)  # type: ignore[arg-type]
        return surrogate_chain(
            Known(),
            AROUND,
            taught=found,
            wanted=WANTED,
            seed=1,
            chain=0,
            keep=keep,  # type: ignore[arg-type]
        )

    for most in (1, 4):
        with pytest.raises(KeyboardInterrupt):
            whole(most)
    again = whole(999)
    store.clear()
    assert whole(999)["scores"] == again["scores"]


def test_nothing_is_learned_where_hardly_a_point_is_certified() -> None:
    with pytest.raises(RuntimeError, match="too few certified points"):
        taught(Known(lambda v: v[..., 0] > 1e9))
