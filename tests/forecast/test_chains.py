"""Chains: closed forms, enumeration of every path, and what smoothing may and may not do."""

from __future__ import annotations

import doctest
import itertools

import numpy as np
import pytest

from tightrope.forecast import chains
from tightrope.forecast.chains import Chain

LEVELS = ("a", "b", "c")


def random_chain(seed):
    rng = np.random.default_rng(seed)
    return Chain(LEVELS, rng.dirichlet(np.ones(3), size=3), rng.dirichlet(np.ones(3)))


def paths(chain, steps):
    """Every path of `steps` periods ahead, with its probability."""
    for path in itertools.product(range(3), repeat=steps + 1):
        p = chain.now[path[0]]
        for one, two in itertools.pairwise(path):
            p *= chain.transition[one, two]
        yield path[1:], p


def test_doctests():
    result = doctest.testmod(chains)
    assert result.attempted >= 1
    assert result.failed == 0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 5), (3, 6)])
@pytest.mark.parametrize("wanted", [("b",), ("a", "c")])
def test_counts_equal_the_enumeration_of_paths(seed, first, last, wanted):
    chain = random_chain(seed)
    inside = [LEVELS.index(w) for w in wanted]
    for needed in range(last - first + 3):
        expected = sum(
            p for path, p in paths(chain, last) if sum(s in inside for s in path[first - 1 : last]) >= needed
        )
        found = chains.counts_at_least(chain, wanted=wanted, first=first, last=last, at_least=needed)
        assert found == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("seed", range(3))
def test_at_and_hits_equal_the_enumeration_of_paths(seed):
    chain = random_chain(seed)
    assert chains.at(chain, wanted=("b", "c"), steps=4) == pytest.approx(
        sum(p for path, p in paths(chain, 4) if path[3] in (1, 2)), abs=1e-13
    )
    assert chains.hits(chain, wanted=("c",), first=2, last=4) == pytest.approx(
        sum(p for path, p in paths(chain, 4) if 2 in path[1:4]), abs=1e-13
    )


def test_hitting_an_absorbing_level_is_geometric():
    q = 0.07
    chain = Chain(("out", "in"), np.array([[1 - q, q], [0.0, 1.0]]), np.array([1.0, 0.0]))
    for last in (1, 10, 40):
        assert chains.hits(chain, wanted=("in",), first=1, last=last) == pytest.approx(1 - (1 - q) ** last)


def test_independent_draws_are_binomial():
    from scipy.stats import binom

    chain = Chain(("no", "yes"), np.tile([0.7, 0.3], (2, 1)), np.array([0.2, 0.8]))
    for needed in range(12):
        assert chains.counts_at_least(
            chain, wanted=("yes",), first=1, last=10, at_least=needed
        ) == pytest.approx(binom.sf(needed - 1, 10, 0.3), abs=1e-12)


def test_a_sure_record_gives_the_smoothed_counts():
    path = [0, 0, 1, 1, 1, 0, 1]
    centre = np.array([[0.9, 0.1], [0.2, 0.8]])
    chain = chains.fit_chain(("a", "b"), np.eye(2)[path], centre=centre, strength=[2.0, 4.0])
    # from a: one stay, two leave; from b: two stay, one leaves
    expected = np.array([[1 + 1.8, 2 + 0.2], [1 + 0.8, 2 + 3.2]]) / [[5.0], [7.0]]
    np.testing.assert_allclose(chain.transition, expected, rtol=1e-14)
    np.testing.assert_array_equal(chain.now, [0.0, 1.0])


def test_missing_rows_are_skipped_with_their_steps_and_scale_does_not_matter():
    path = np.eye(3)[[0, 1, 2, 2, 0, 1]]
    gap = path.copy()
    gap[2] = 1.0
    counts = chains.transition_counts(gap)
    assert counts.sum() == 3
    assert counts[1].sum() == 0
    scaled = path * np.arange(1, 7)[:, None]
    np.testing.assert_allclose(chains.transition_counts(scaled), chains.transition_counts(path))


def test_the_latest_law_looks_through_missing_rows():
    transition = random_chain(7).transition
    seen = np.vstack([np.eye(3)[[0, 1]], np.ones((2, 3))])
    expected = np.linalg.matrix_power(transition, 2)[1]
    np.testing.assert_allclose(chains.latest(seen, transition), expected, rtol=1e-13)


def test_steps_that_cannot_happen_stay_impossible_however_uncertain_the_rows():
    rng = np.random.default_rng(3)
    evidence = rng.uniform(0.1, 1.0, size=(30, 3))
    centre = np.array([[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]])
    chain = chains.fit_chain(LEVELS, evidence, centre=centre, strength=1.0)
    assert np.all(chain.transition[centre == 0] == 0)
    np.testing.assert_allclose(chain.transition.sum(axis=1), 1.0, rtol=1e-14)


def test_more_strength_moves_a_row_towards_its_centre():
    centre = np.full((2, 2), 0.5)
    found = [
        chains.fit_chain(("a", "b"), np.eye(2)[[0] * 20], centre=centre, strength=s).transition[0, 1]
        for s in (0.5, 2.0, 50.0)
    ]
    assert found == pytest.approx([0.25 / 19.5, 1 / 21, 25 / 69])


def test_a_long_simulated_history_recovers_its_chain():
    truth = random_chain(11)
    rng = np.random.default_rng(0)
    path = [0]
    for _ in range(20_000):
        path.append(rng.choice(3, p=truth.transition[path[-1]]))
    chain = chains.fit_chain(LEVELS, np.eye(3)[path], centre=np.full((3, 3), 1 / 3), strength=1.5)
    np.testing.assert_allclose(chain.transition, truth.transition, atol=0.02)


def test_errors_teach():
    sure = np.eye(2)[[0, 1]]
    with pytest.raises(ValueError, match="strength must be positive"):
        chains.fit_chain(("a", "b"), sure, centre=np.full((2, 2), 0.5), strength=0.0)
    with pytest.raises(ValueError, match="must sum to 1"):
        chains.fit_chain(("a", "b"), sure, centre=np.full((2, 2), 0.4), strength=1.0)
    with pytest.raises(ValueError, match="row 2 of the evidence has no weight"):
        chains.transition_counts(np.array([[1.0, 0.0], [0.0, 0.0]]))
    with pytest.raises(ValueError, match="row 2 is impossible"):
        chains.latest(sure, np.eye(2))
    with pytest.raises(ValueError, match="no such level: z"):
        chains.at(random_chain(1), wanted=("z",), steps=1)
