"""Answers by parameter draw, and the floor that an outside view puts under them."""

from __future__ import annotations

import json
from datetime import date
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from tests.record.small import seen
from tightrope.forecast.answers import (
    EPSILON_PRIOR,
    Answers,
    answer,
    as_data,
    epsilon,
    floor,
    from_data,
    weighted_quantile,
)
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    EnteredTerminal,
    Event,
    Given,
    Not,
    Reaches,
    Some,
    Unanswerable,
)
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.forecast.tracks import laws_of, probability, propagate
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.filter import Evidence, prepare
from tightrope.record.likelihood import filter_record
from tightrope.record.simulate import simulate

FIRST = "1991Q3"
EVENTS: dict[str, Event] = {
    "R": Reaches("rung", ("high",), "1991Q3", "1992Q3"),
    "A": At("climate", ("storm",), "1992Q1"),
    "U": Unanswerable("not coded"),
    "M": AnyMove("reply", "yield", "1991Q3", "1991Q4"),
    "T": EnteredTerminal(("gone",), "1992Q3"),
}


def question(name: str, events: dict[str, Event] = EVENTS) -> Question:
    return Question(
        id=name, question="?", event_expression="-", event=events[name], open_time=date(1991, 7, 1),
        scheduled_resolution_time=date(1992, 7, 1), resolution="open",
    )  # fmt: skip


@cache
def evidence() -> Evidence:
    solved = seen(exits=True)
    for seed in range(50):
        record = simulate(solved.game, solved.numbers, solved.strategies, periods=6, seed=seed)
        if len(record) == 6:
            return prepare(solved.game, record, solved.numbers, solved.strategies)
    raise AssertionError("the game never lasts")


def thetas() -> np.ndarray:
    """Three draws; the solver can certify nothing for the middle one."""
    game = seen(exits=True).game
    return np.array([game.theta({"quit": 0.15, "c": c}) for c in (-0.3, np.nan, 0.4)])


@cache
def answered() -> Answers:
    return answer(evidence(), thetas(), [question(name) for name in EVENTS], periods=7)


def test_only_answerable_questions_are_answered() -> None:
    assert answered().ids == ("R", "A", "M", "T")
    assert answered().probabilities.shape == (2, 4)
    assert answered().known == "1991Q2"


def test_draws_without_a_certificate_are_counted_and_left_out() -> None:
    assert answered().failed == 1
    assert 0.0 <= answered().worst <= 1e-9
    with pytest.raises(ValueError, match="none of 1 parameter draws"):
        answer(evidence(), thetas()[1:2], [question("R")])


def test_each_draw_is_solved_filtered_and_propagated_by_itself() -> None:
    game = seen(exits=True).game
    for row, theta in zip(answered().probabilities, thetas()[[0, 2]], strict=True):
        z = solve(game, theta, tolerance=1e-9).require().z
        numbers = primitives_function(game)(jnp.asarray(theta))
        strategies, _ = strategies_function(game, "agent")(jnp.asarray(z), numbers)
        live = next_opening(evidence(), filter_record(evidence(), theta, z), numbers, strategies)
        events = [EVENTS[name] for name in answered().ids]
        paths = propagate(game, laws_of(numbers, strategies), live, events, first=FIRST)
        expected = [probability(game, paths, event, first=FIRST) for event in events]
        assert row == pytest.approx(expected, abs=1e-8)
    assert (answered().probabilities[0] != answered().probabilities[1]).all()


def test_paths_cover_the_periods_asked_for_and_conserve_mass() -> None:
    found = answered()
    assert found.openings == ("1991Q3", "1991Q4", "1992Q1", "1992Q2", "1992Q3", "1992Q4", "1993Q1", "1993Q2")
    for table in found.marginal.values():
        assert table.sum(axis=2) + found.ended["gone"] == pytest.approx(np.ones((2, 8)), abs=1e-12)
    assert found.probabilities[:, 3] == pytest.approx(found.ended["gone"][:, 4])
    assert (found.ended["gone"][:, 0] == 0).all()


def test_a_warm_start_changes_nothing_that_matters() -> None:
    again = answer(evidence(), thetas()[[0, 2]], [question("R")], warm=np.asarray(seen(exits=True).z))
    assert again.probabilities[:, 0] == pytest.approx(answered().probabilities[:, 0], abs=1e-7)


JOINED: dict[str, Event] = {
    "B": All((EVENTS["R"], Not(EVENTS["M"]))),
    "R": EVENTS["R"],
    "C": EVENTS["A"],
    "G": Given(EVENTS["R"], EVENTS["A"]),
    "GB": All((EVENTS["R"], EVENTS["A"])),
    "P": Some((EVENTS["R"], AnyMove("reply", "yield", "1990Q1", "1991Q4"))),
    "N": Given(EVENTS["R"], All((EVENTS["A"], Not(EVENTS["A"])))),
}


def test_joined_questions_are_answered_beside_single_ones() -> None:
    found = answer(evidence(), thetas(), [question(name, JOINED) for name in JOINED])
    assert found.ids == ("B", "R", "C", "G", "GB")
    assert found.of("R") == pytest.approx(answered().of("R"), abs=1e-12)
    assert (found.of("B") < found.of("R")).all()
    assert found.conditions["G"] == pytest.approx(found.of("C"), abs=1e-12)
    assert found.of("G") * found.of("C") == pytest.approx(found.of("GB"), abs=1e-12)
    assert "begins before 1991Q3" in found.refused["P"]
    assert "below 1e-06" in found.refused["N"]
    again = from_data(json.loads(json.dumps(as_data(found))))
    assert again.refused == found.refused
    assert (again.conditions["G"] == found.conditions["G"]).all()


def test_a_condition_weighs_the_draws() -> None:
    """P(R given A) over the posterior is a ratio of means, not the mean of ratios."""
    found = answer(evidence(), thetas(), [question(name, JOINED) for name in ("G", "GB", "C")])
    printed = floor(found.of("G"), 0.2, shares=found.conditions["G"])
    assert printed.model == pytest.approx(found.of("GB").mean() / found.of("C").mean(), abs=1e-12)
    assert printed.probability == pytest.approx(0.9 * printed.model + 0.1 * 0.2)
    assert abs(printed.model - found.of("G").mean()) > 1e-6
    assert printed.lower <= printed.probability <= printed.upper


def test_without_an_outside_view_the_model_stands_alone() -> None:
    draws = np.array([0.1, 0.2, 0.6])
    found = floor(draws, float("nan"))
    assert found.probability == found.model == pytest.approx(0.3)
    assert (found.lower, found.upper) == (np.quantile(draws, 0.05), np.quantile(draws, 0.95))
    assert np.isnan(found.outside)


def test_a_weighted_quantile_is_that_of_a_sample_with_repetitions() -> None:
    values, weights = np.array([0.5, 0.1, 0.9, 0.3]), np.array([3, 2, 1, 4])
    sample = np.repeat(values, weights)
    for level in (0.05, 0.25, 0.5, 0.61, 0.95):
        expected = np.quantile(sample, level, method="inverted_cdf")
        assert weighted_quantile(values, weights, level) == expected


def test_answers_survive_as_plain_data() -> None:
    found, again = answered(), from_data(json.loads(json.dumps(as_data(answered()))))
    assert (again.known, again.ids, again.openings) == (found.known, found.ids, found.openings)
    assert (again.failed, again.worst) == (found.failed, found.worst)
    assert (again.probabilities == found.probabilities).all()
    for name in found.marginal:
        assert (again.marginal[name] == found.marginal[name]).all()
    assert (again.ended["gone"] == found.ended["gone"]).all()
    bare = answer(evidence(), thetas()[:1], [], periods=1)
    assert from_data(as_data(bare)).probabilities.shape == bare.probabilities.shape == (1, 0)


probabilities = st.floats(0.0, 1.0)


@given(st.lists(probabilities, min_size=1, max_size=30), probabilities)
def test_floored_forecasts_keep_their_order_and_their_floor(draws: list[float], outside: float) -> None:
    found = floor(np.array(draws), outside)
    e = epsilon()
    assert found.lower <= found.upper
    assert found.probability == pytest.approx((1 - e) * np.mean(draws) + e * outside)
    assert found.model == pytest.approx(np.mean(draws))
    low, high = (1 - e) * min(draws) + e * outside, (1 - e) * max(draws) + e * outside
    for value in (found.lower, found.probability, found.upper):
        assert low - 1e-12 <= value <= high + 1e-12
        assert value >= e * outside - 1e-12
        assert value <= 1 - e * (1 - outside) + 1e-12
    # printed as impossible (certain) only where the model and the outside view both say so
    if outside > 1e-300:
        assert found.lower > 0.0
    if outside < 1.0 - 1e-12:
        assert found.upper < 1.0


def test_the_floor_is_never_reached_from_one_side_alone() -> None:
    never, always = np.zeros(20), np.ones(20)
    assert floor(never, 0.0).probability == 0.0
    assert floor(always, 1.0).probability == pytest.approx(1.0)
    assert floor(never, 0.02).probability == pytest.approx(0.1 * 0.02)
    assert floor(always, 0.98).probability == pytest.approx(1 - 0.1 * 0.02)
    assert floor(always, 0.2, weight=0.5).probability == pytest.approx(0.6)


def test_epsilon_is_the_mean_of_its_stated_prior() -> None:
    prior = beta(*EPSILON_PRIOR)
    assert epsilon() == pytest.approx(prior.mean()) == pytest.approx(0.1)
    assert prior.cdf(0.25) == pytest.approx(0.92, abs=0.01)  # as its docstring says
