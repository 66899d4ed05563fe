"""The multinomial logit: an independent optimiser, its limits, recovery, exact expectation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from tests.forecast.soft import record
from tightrope.forecast import baselines
from tightrope.forecast import frequencies as freq
from tightrope.forecast.logit import Logit, fit_logit, law_ahead, law_at, maximise
from tightrope.record.coding import CodedRecord


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.random((n, 2))
    b = np.array([[0.0, 0.0], [2.0, -1.0], [-1.5, 1.0]])
    odds = np.array([0.0, 0.3, -0.2]) + x @ b.T
    p = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    y = np.array([generator.multinomial(1, row) for row in p], dtype=float)
    return x, y, b


def test_it_finds_what_a_search_without_gradients_finds() -> None:
    x, y, _ = data(60, 1)

    def negative(v: np.ndarray) -> float:
        a, b = np.array([0.0, v[0], v[1]]), v[2:].reshape(3, 2)
        total = 0.5 * np.sum(b**2) / 0.8**2
        for row, made in zip(x, y, strict=True):
            odds = [a[k] + sum(b[k, j] * row[j] for j in range(2)) for k in range(3)]
            total -= np.log(np.exp(odds[int(np.argmax(made))]) / np.sum(np.exp(odds)))
        return float(total)

    slow = minimize(negative, np.zeros(8), method="Powell", options={"xtol": 1e-9, "ftol": 1e-13})
    a, b = maximise(x, y, sd=0.8)
    assert np.concatenate([a[1:], b.ravel()]) == pytest.approx(slow.x, abs=2e-4)
    # With a ridge on all slopes they sum to nothing over the actions.
    assert b.sum(axis=0) == pytest.approx(np.zeros(2), abs=1e-5)


def test_it_recovers_what_made_the_data() -> None:
    x, y, truth = data(20_000, 2)
    _, b = maximise(x, y, sd=100.0)
    assert b - b[0] == pytest.approx(truth, abs=0.25)


def small() -> CodedRecord:
    generator = np.random.default_rng(3)
    state = np.repeat([0, 1, 2, 1], 10)
    move = np.where(generator.random(40) < 0.2 + 0.3 * state, 1, 0)
    return record({"heat": np.eye(3)[state], "act": np.eye(2)[move]})


def test_without_states_it_is_the_smoothed_frequency() -> None:
    coded = small()
    fitted = fit_logit(coded, "act", states=[])
    assert law_at(fitted, np.zeros(0)) == pytest.approx(freq.frequency(coded, "act"), abs=1e-6)


def test_rows_without_the_move_are_left_out() -> None:
    coded = small()
    before = fit_logit(coded, "act", states=["heat"])
    weights = {n: np.vstack([w, w[:5]]) for n, w in coded.weights.items()}
    weights["act"][-5:] = 1.0
    after = fit_logit(record(weights), "act", states=["heat"])
    assert after.slopes == pytest.approx(before.slopes, abs=1e-6)


def test_an_action_never_seen_keeps_some_probability() -> None:
    coded = small()
    weights = dict(coded.weights)
    weights["act"] = np.hstack([weights["act"], np.zeros((40, 1))])
    fitted = fit_logit(record(weights), "act", states=["heat"])
    law = law_at(fitted, np.array([[0.0], [1.0]]))
    assert np.all(law[:, 2] > 0.002)
    assert law.sum(axis=1) == pytest.approx([1.0, 1.0])


def test_the_expectation_ahead_is_over_every_combination_of_levels() -> None:
    generator = np.random.default_rng(4)
    coded = record(
        {
            "one": np.eye(3)[np.tile([0, 1, 2, 1, 1], 6)],
            "two": np.eye(2)[generator.integers(0, 2, 30)],
            "act": np.eye(2)[generator.integers(0, 2, 30)],
        }
    )
    chain = baselines.markov_chain(coded, moves=["act"])
    fitted = Logit(
        "act", ("a", "b"), ("one", "two"), np.array([0.0, -0.4]), np.array([[0.5, 0.1], [-0.7, 2.0]])
    )
    for steps in (1, 7):
        laws = [baselines.law_ahead(chain, n, steps=steps) for n in ("one", "two")]
        slow = sum(
            laws[0][i] * laws[1][j] * law_at(fitted, np.array([i / 2, float(j)]))
            for i, j in itertools.product(range(3), range(2))
        )
        assert law_ahead(fitted, chain, steps=steps) == pytest.approx(slow)
