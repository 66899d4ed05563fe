"""The evidence of the non-strategic rivals against closed forms and enumeration."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import betaln, gammaln

from tightrope.fit.evidence import unresolved
from tightrope.fit.weighing import Weighing
from tightrope.forecast.chain_evidence import (
    Amount,
    chain_evidence,
    chains_evidence,
    move_prior,
    no_end,
    row_probabilities,
    state_prior,
    together,
)
from tightrope.forecast.logit_evidence import MoveLogit, laplace, logit_evidence, move_logit, quick_evidence
from tightrope.record.coding import CodedRecord

SMALL = Amount(draws=800, repeats=3)


def closed_form(path: Any, alpha: np.ndarray, start: np.ndarray) -> float:
    """Probability of one path: Dirichlet-multinomial, a row at a time."""
    counts = np.zeros_like(alpha)
    for a, b in pairwise(path):
        counts[a, b] += 1
    found = float(np.log(start[path[0]])) if start[path[0]] > 0 else -np.inf
    for weights, seen in zip(alpha, counts, strict=True):
        free = weights > 0
        if (seen[~free] > 0).any():
            return -np.inf
        found += float(gammaln(weights.sum()) - gammaln(weights.sum() + seen.sum()))
        found += float((gammaln(weights[free] + seen[free]) - gammaln(weights[free])).sum())
    return found


def record(**weights: Any) -> CodedRecord:
    tables = {name: np.asarray(table, dtype=float) for name, table in weights.items()}
    rows = len(next(iter(tables.values())))
    return CodedRecord(
        periods=tuple(f"{2000 + k // 4}Q{k % 4 + 1}" for k in range(rows)),
        levels={name: tuple(f"l{i}" for i in range(t.shape[1])) for name, t in tables.items()},
        weights=tables,
        printed={name: np.argmax(t, axis=1) for name, t in tables.items()},
        events=((),) * rows, notes=("",) * rows, confidence=("high",) * rows,
    )  # fmt: skip


def test_a_record_without_doubt_has_the_dirichlet_multinomial_closed_form() -> None:
    path = np.random.default_rng(1).choice(3, size=60, p=[0.6, 0.3, 0.1])
    alpha, start = move_prior(3), np.full(3, 1 / 3)
    found = chain_evidence(np.eye(3)[path], alpha=alpha, start=start, amount=SMALL, seed=[1])
    exact = closed_form(path, alpha, start)
    assert found.second.log_evidence == pytest.approx(exact, abs=1e-9)
    assert found.second.spread == pytest.approx(0.0, abs=1e-9)
    assert found.first.log_evidence == pytest.approx(exact, abs=0.02)
    assert found.parameters == 6


@pytest.mark.parametrize("rising", [True, False])
def test_soft_codes_are_summed_over_every_path(rising: bool) -> None:
    generator = np.random.default_rng(2)
    weights = (
        generator.uniform(size=(7, 3)) * (generator.uniform(size=(7, 3)) > 0.3)
        + np.eye(3)[[0, 0, 1, 1, 1, 2, 2]]
    )
    weights[4] = 1.0  # a missing row
    alpha, start = state_prior(3, rising=rising), np.array([0.8, 0.2, 0.0])
    exact = -np.inf
    for path in product(range(3), repeat=7):
        with np.errstate(divide="ignore"):
            exact = np.logaddexp(
                exact, closed_form(path, alpha, start) + np.log(weights[range(7), path]).sum()
            )
    found = chain_evidence(weights, alpha=alpha, start=start, amount=Amount(4000, 4), seed=[2])
    for estimate in (found.first, found.second):
        assert estimate.log_evidence == pytest.approx(exact, abs=0.03)
    assert unresolved(found.first, found.second) == ""


def test_scaling_a_code_shifts_the_evidence_by_its_logarithm() -> None:
    weights = np.array([[1, 0], [0.7, 0.3], [0, 1], [0.2, 0.8]])
    halved = weights * np.array([[1.0], [0.5], [1.0], [1.0]])
    given: dict[str, Any] = {"alpha": move_prior(2), "start": np.full(2, 0.5), "amount": SMALL, "seed": [3]}
    first, second = chain_evidence(weights, **given), chain_evidence(halved, **given)
    assert second.first.log_evidence == pytest.approx(first.first.log_evidence - np.log(2))
    assert second.second.log_evidence == pytest.approx(first.second.log_evidence - np.log(2))


def test_rows_are_posterior_means_of_the_filter() -> None:
    """Two levels, one row uncertain: the mean over the posterior of the two-parameter chain by quadrature."""
    weights = np.array([[1, 0], [0.7, 0.3], [0, 1], [0, 1], [1, 0]])
    alpha, start = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([0.5, 0.5])
    grid = (np.arange(200) + 0.5) / 200
    a, b = (x.ravel() for x in np.meshgrid(grid, grid))
    matrices = np.stack([np.stack([a, 1 - a], -1), np.stack([1 - b, b], -1)], axis=1)
    by_row = row_probabilities(weights, matrices, start)
    prior = stats.beta(2, 1).logpdf(a) + stats.beta(3, 1).logpdf(b)
    share = np.exp(by_row.sum(axis=1) + prior)
    found = chain_evidence(weights, alpha=alpha, start=start, amount=Amount(6000, 4), seed=[4])
    assert found.rows == pytest.approx(share @ by_row / share.sum(), abs=0.01)
    assert found.first.log_evidence == pytest.approx(float(np.log(share.mean())), abs=0.02)


def test_priors_say_how_states_step_and_that_some_never_fall() -> None:
    free, rising = state_prior(4, rising=False), state_prior(4, rising=True)
    assert free.sum(axis=1) == pytest.approx(np.full(4, 10.0))
    assert free[1, 2] / free[1].sum() == pytest.approx(0.05)
    assert (np.tril(rising, -1) == 0).all()
    assert state_prior(3, rising=False, length="year")[0, 1] == pytest.approx(10 * (1 - 0.95**4))


def test_that_nothing_ended_is_a_beta_binomial() -> None:
    found = no_end(118, length="quarter")
    assert found.first.log_evidence == pytest.approx(betaln(0.5, 9.5 + 117) - betaln(0.5, 9.5))
    expected = integrate.quad(lambda q: np.log1p(-q) * stats.beta(0.5, 126.5).pdf(q), 0, 1)[0]
    assert found.rows[0] == 0.0
    assert found.rows[1:] == pytest.approx(np.full(117, expected), rel=1e-4)


def test_independent_parts_add_up() -> None:
    coded = record(
        rung=np.eye(3)[[0, 0, 0, 1, 1, 1, 1, 2]],
        push=[[0.9, 0.1]] * 4 + [[0, 1.0]] * 4,
        other=np.ones((8, 2)),
    )
    given: dict[str, Any] = {
        "moves": ("push",), "rising": ("rung",), "start": {"rung": np.eye(3)[0]}, "length": "quarter",
        "amount": SMALL, "seed": 5,
    }  # fmt: skip
    whole = chains_evidence(coded, names=("rung", "push", "other"), **given)
    apart = [chains_evidence(coded, names=(name,), **given) for name in coded.levels]
    assert whole.second.log_evidence == pytest.approx(sum(p.second.log_evidence for p in apart))
    assert whole.second.repeats == pytest.approx(np.sum([p.second.repeats for p in apart], axis=0))
    assert whole.first.spread == pytest.approx(np.hypot.reduce([p.first.spread for p in apart]))
    assert whole.rows == pytest.approx(np.sum([p.rows for p in apart], axis=0))
    assert apart[2].second.log_evidence == pytest.approx(0.0, abs=0.01)  # a column that says nothing
    with_end = together([whole, no_end(8, length="quarter")])
    assert len(with_end.first.repeats) == SMALL.repeats
    assert with_end.parameters == whole.parameters + 1


def test_an_impossible_record_is_refused() -> None:
    with pytest.raises(ValueError, match="row 2 is impossible"):
        chain_evidence(
            np.eye(2)[[1, 0]],
            alpha=state_prior(2, rising=True),
            start=np.full(2, 0.5),
            amount=SMALL,
            seed=[1],
        )


def test_the_logit_of_a_coin_agrees_with_quadrature() -> None:
    """Two actions and no state: the difference of intercepts is normal with variance 2 * 1.5**2."""
    seen = np.array([[1, 0]] * 9 + [[0, 1]] * 3 + [[0.6, 0.4], [1, 1]], dtype=float)
    coded = record(push=seen)
    few = Weighing(repeats=4, pilots=0, draws=300, chains=2, warmup=50, kept=200, proposals=200)
    found = logit_evidence(coded, moves=("push",), weighing=few, seed=1)

    def weighed(d: float) -> float:
        p = 1 / (1 + np.exp(-d))
        return float(stats.norm.pdf(d, 0, 1.5 * 2**0.5) * p**9 * (1 - p) ** 3 * (0.6 * p + 0.4 * (1 - p)))

    exact = float(np.log(integrate.quad(weighed, -12, 12)[0]))
    assert found.first.log_evidence == pytest.approx(exact, abs=0.05)
    assert found.second.log_evidence == pytest.approx(exact, abs=0.05)
    quick = quick_evidence(move_logit(coded, "push", states=[]), seed=2)
    assert quick.flaw == ""
    assert quick.log_evidence == pytest.approx(exact, abs=0.05)


def test_the_logit_slope_is_its_derivative_and_its_mode_a_maximum() -> None:
    generator = np.random.default_rng(6)
    coded = record(
        rung=generator.dirichlet(np.ones(3), size=40), push=generator.dirichlet(np.full(3, 0.3), size=40)
    )
    density = move_logit(coded, "push", states=["rung"])
    v = generator.normal(size=density.sds.size)
    assert density.values(np.stack([v, 2 * v])) == pytest.approx([density.value(x)[0] for x in (v, 2 * v)])
    for k in range(len(v)):
        e = np.eye(len(v))[k] * 1e-5
        assert density.slope(v)[k] == pytest.approx(
            (density.value(v + e)[0] - density.value(v - e)[0]) / 2e-5, abs=1e-5
        )
    around = laplace(density)
    assert density.slope(around.mean) == pytest.approx(around.mean, abs=1e-3)
    empty = MoveLogit(np.ones((5, 1)), np.ones((5, 2)))
    assert empty.value(np.array([0.3, -1.0]))[0] == pytest.approx(0.0)
