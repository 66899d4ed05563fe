"""New rows: weights from the record's own filter, forecasts from tracks after the longer record."""

from __future__ import annotations

from datetime import date
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from tests.record.small import seen
from tightrope.case.calendar import parse_period
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
from tightrope.forecast.laws import laws_of
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.forecast.tracks import probability, propagate
from tightrope.forecast.updated import Updated
from tightrope.forecast.updating import GOES_ON, ImpossibleRows, update
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.coding import CodedRecord, truncate
from tightrope.record.filter import prepare
from tightrope.record.likelihood import filter_record
from tightrope.record.simulate import simulate

NEW = 2
LATE = {"first": "1992Q1", "last": "1992Q4"}
EVENTS: dict[str, Event] = {
    "R": Reaches("rung", ("high",), **LATE),
    "A": At("climate", ("storm",), "1992Q2"),
    "M": AnyMove("reply", "yield", **LATE),
    "T": EnteredTerminal(("gone",), "1992Q4"),
    "W": AnyMove("push", "press", "1991Q3", "1992Q2"),  # begins within the new rows
    "J": Some((All((At("rung", ("low",), "1992Q1"), Not(AnyMove("push", "press", **LATE)))),
               EnteredTerminal(("gone",), "1992Q2"))),
}  # fmt: skip
GIVEN = Given(EVENTS["R"], At("climate", ("calm",), "1992Q1"))


def question(name: str, event: Event) -> Question:
    return Question(
        id=name, question="?", event_expression="-", event=event, open_time=date(1991, 7, 1),
        scheduled_resolution_time=date(1992, 12, 31), resolution="open",
    )  # fmt: skip


@cache
def record() -> CodedRecord:
    """Eight quarters, the last two of them new: 1991Q3 and 1991Q4."""
    solved = seen(exits=True)
    for seed in range(200):
        found = simulate(solved.game, solved.numbers, solved.strategies, periods=8, seed=seed)
        if len(found) == 8:
            return found
    raise AssertionError("the game never lasts")


def with_weights(coded: CodedRecord, name: str, row: int, weights: list[float]) -> CodedRecord:
    table = coded.weights[name].copy()
    table[row] = weights
    printed = coded.printed[name].copy()
    printed[row] = int(np.argmax(weights))
    return CodedRecord(
        coded.periods, coded.levels, {**coded.weights, name: table}, {**coded.printed, name: printed},
        coded.events, coded.notes, coded.confidence,
    )  # fmt: skip


def last_rows(coded: CodedRecord) -> CodedRecord:
    return CodedRecord(
        coded.periods[-NEW:],
        coded.levels,
        {n: w[-NEW:] for n, w in coded.weights.items()},
        {n: p[-NEW:] for n, p in coded.printed.items()},
        coded.events[-NEW:],
        coded.notes[-NEW:],
        coded.confidence[-NEW:],
    )


def thetas() -> np.ndarray:
    game = seen(exits=True).game
    return np.array([game.theta({"quit": 0.15, "c": c, "a": a}) for c, a in
                     [(-0.3, 0.9), (np.nan, 0.1), (0.4, 0.2), (0.1, 1.4)]])  # fmt: skip


def updated(coded: CodedRecord, events: dict[str, Event]) -> Updated:
    solved = seen(exits=True)
    old = truncate(coded, before="1991Q3")
    evidence = prepare(solved.game, old, solved.numbers, solved.strategies)
    asked = [question(name, event) for name, event in events.items()]
    return update(evidence, thetas(), last_rows(coded), asked)


def again(coded: CodedRecord, events: dict[str, Event]) -> tuple[np.ndarray, np.ndarray]:
    """Likelihood of the new rows by draw, and probabilities after them, by the filter and by tracks."""
    solved = seen(exits=True)
    game = solved.game
    evidence = prepare(game, coded, solved.numbers, solved.strategies)
    likelihoods, values = [], []
    for theta in thetas()[[0, 2, 3]]:
        z = solve(game, theta, tolerance=1e-11).require().z
        numbers = primitives_function(game)(jnp.asarray(theta))
        strategies, _ = strategies_function(game, "agent")(jnp.asarray(z), numbers)
        filtered = filter_record(evidence, theta, z)
        likelihoods.append(np.exp(np.asarray(filtered.log_probability)[-NEW:].sum()))
        live = next_opening(evidence, filtered, numbers, strategies)
        first = str(parse_period(coded.periods[-1]) + 1)
        paths = propagate(game, laws_of(numbers, strategies), live, list(events.values()), first=first)
        values.append([probability(game, paths, e, first=first) for e in events.values()])
    return np.array(likelihoods), np.array(values)


SINGLE = {name: EVENTS[name] for name in "RAMT"}


def test_weights_and_forecasts_are_those_of_the_longer_record() -> None:
    found = updated(record(), SINGLE)
    likelihoods, values = again(record(), SINGLE)
    assert found.failed == 1
    assert np.exp(found.log_weights[-1]) == pytest.approx(likelihoods, rel=1e-7)
    assert found.values[-1] == pytest.approx(values, abs=1e-8)
    weights = likelihoods / likelihoods.sum()
    assert found.forecasts[-1] == pytest.approx(weights @ values, abs=1e-8)
    assert found.effective[-1] == pytest.approx(1 / (weights**2).sum(), rel=1e-6)
    assert 1.0 < found.effective[-1] < 3.0 == found.effective[0]


def test_a_doubtful_code_is_a_mixture_of_the_histories_that_it_leaves_open() -> None:
    """P(event | code) by the rule of total probability, each history taken by the filter and tracks."""
    hard = [with_weights(record(), "reply", 6, w) for w in ([1.0, 0.0], [0.0, 1.0])]
    parts = [again(coded, SINGLE) for coded in hard]
    chances = np.array([w * likelihood for w, (likelihood, _) in zip((0.3, 0.7), parts, strict=True)])
    expected = sum(c[:, None] * values for c, (_, values) in zip(chances, parts, strict=True))
    found = updated(with_weights(record(), "reply", 6, [0.3, 0.7]), SINGLE)
    assert np.exp(found.log_weights[-1]) == pytest.approx(chances.sum(axis=0), rel=1e-7)
    assert found.values[-1] == pytest.approx(expected / chances.sum(axis=0)[:, None], abs=1e-8)


def test_the_parts_sum_to_the_whole_change_and_come_in_the_period_s_order() -> None:
    found = updated(record(), EVENTS)
    whole = found.forecasts[-1] - found.forecasts[0]
    assert found.parts.sum(axis=0) == pytest.approx(whole, abs=1e-15)
    assert np.abs(whole).max() > 0.01
    names = [step.name for step in found.steps]
    assert names == [GOES_ON, "rung", "climate", "push", "reply"] * NEW
    assert [step.period for step in found.steps] == ["1991Q3"] * 5 + ["1991Q4"] * 5
    before = updated(record(), SINGLE).values[0]
    assert found.values[0][:, :4] == pytest.approx(before, abs=1e-12)


def test_an_event_within_the_new_rows_is_read_off_them() -> None:
    pressed = with_weights(record(), "push", 6, [0.0, 1.0])
    found = updated(pressed, EVENTS)
    column = found.ids.index("W")
    assert found.values[-1][:, column] == pytest.approx(np.ones(3), abs=1e-12)
    assert (found.values[0][:, column] < 0.99).all()
    assert found.settled.tolist() == [name == "W" for name in found.ids]
    waited = with_weights(with_weights(record(), "push", 6, [1.0, 0.0]), "push", 7, [1.0, 0.0])
    rest = again(waited, {"W": AnyMove("push", "press", "1992Q1", "1992Q2")})[1]
    found = updated(waited, EVENTS)
    assert found.values[-1][:, column] == pytest.approx(rest[:, 0], abs=1e-8)


def test_a_condition_is_divided_out_after_the_draws_are_averaged() -> None:
    both = All((GIVEN.event, GIVEN.condition))
    found = updated(record(), {"G": GIVEN, "B": both, "C": GIVEN.condition})
    ratio = found.forecasts[:, 1] / found.forecasts[:, 2]
    assert found.forecasts[:, 0] == pytest.approx(ratio, abs=1e-12)


def test_what_cannot_be_followed_is_named() -> None:
    past = AnyMove("push", "press", "1991Q2", "1991Q4")
    found = updated(record(), {"P": past, "U": Unanswerable("not coded"), "R": EVENTS["R"]})
    assert found.ids == ("R",)
    assert "begins before 1991Q3" in found.refused["P"]
    assert found.refused["U"] == "not coded"


def test_impossible_rows_and_rows_that_do_not_follow_are_refused() -> None:
    jump = with_weights(record(), "rung", 6, [1.0, 0.0, 0.0])
    jump = with_weights(jump, "rung", 7, [0.0, 0.0, 1.0])  # two rungs in one quarter
    with pytest.raises(ImpossibleRows, match="1991Q4: no draw gives rung high any chance"):
        updated(jump, SINGLE)
    solved = seen(exits=True)
    evidence = prepare(solved.game, truncate(record(), before="1991Q2"), solved.numbers, solved.strategies)
    with pytest.raises(ValueError, match="begin in 1991Q3; 1991Q2 is due"):
        update(evidence, thetas(), last_rows(record()), [])
