"""Baselines: hand-worked small records, no hindsight, and the reference case."""

from __future__ import annotations

import doctest
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from tightrope.case.load import load_case
from tightrope.forecast import baselines, frequencies
from tightrope.forecast.events import (
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    NoTerminal,
    Reaches,
    Unanswerable,
    names_of,
)
from tightrope.forecast.questions import load_questions
from tightrope.forecast.reference_class import load_rates, outside_view
from tightrope.record.coding import CodedRecord, code_record, truncate
from tightrope.record.reading import read_rows

FOLDER = Path(__file__).parents[2] / "cases" / "russia-belarus"


def coded(**columns):
    """A record from 2000Q1 with sure codes; None is a row that says nothing."""
    sizes = {"rung": 3, "weather": 3, "act": 2}
    names = {v: tuple(f"{v}{k}" for k in range(sizes[v])) for v in columns}
    weights = {
        v: np.array([np.ones(sizes[v]) if k is None else np.eye(sizes[v])[k] for k in column])
        for v, column in columns.items()
    }
    n = len(next(iter(columns.values())))
    return CodedRecord(
        periods=tuple(f"{2000 + k // 4}Q{k % 4 + 1}" for k in range(n)),
        levels=names,
        weights=weights,
        printed={v: np.array([-1 if k is None else k for k in c]) for v, c in columns.items()},
        events=((),) * n,
        notes=("",) * n,
        confidence=("",) * n,
    )


# ten quarters, so that 2002Q2 is the last known one
RECORD = coded(
    rung=[0, 0, 0, 1, 1, 1, 1, 1, 1, 1],
    weather=[1, 1, 2, 2, 1, 0, 0, 1, 1, 1],
    act=[0, 1, 1, None, 0, 0, 1, 1, 1, 1],
)
KINDS = {"moves": ("act",), "rising": ("rung",)}


def test_doctests():
    result = doctest.testmod(frequencies)
    assert result.attempted >= 1
    assert result.failed == 0


def test_pooled_steps_count_only_periods_with_room():
    # rung: one rise in nine periods, none at the top; never exposed to a fall but from rung1 (six periods)
    steps = frequencies.pooled_steps(RECORD, ["rung"])
    assert (steps.up, steps.down) == pytest.approx((1.5 / 10, 0.5 / 7))
    # weather: up steps 1>2, 0>1, down 2>1, 1>0; below the top in 7 of 9 periods, above the bottom in 7
    steps = frequencies.pooled_steps(RECORD, ["weather"])
    assert (steps.up, steps.down) == pytest.approx((2.5 / 8, 2.5 / 8))


def test_the_markov_chain_by_hand():
    made = baselines.markov_chain(RECORD, **KINDS)
    up = 1.5 / 10
    mass = 0.5 / up
    # rung1: six quiet periods and half a pseudo-step at the pooled rate
    assert made.chains["rung"].transition[1, 2] == pytest.approx(0.5 / (6 + mass))
    assert made.chains["rung"].transition[0, 1] == pytest.approx((1 + 0.5) / (3 + mass))
    assert np.all(np.tril(made.chains["rung"].transition, -1) == 0)
    # act: three observed 0s and six 1s; steps 0>1, 1>1, (gap), 0>0, 0>1, 1>1, 1>1, 1>1
    often = np.array([3.5, 6.5]) / 10
    np.testing.assert_allclose(
        made.chains["act"].transition, (np.array([[1, 2], [0, 4]]) + often) / [[4.0], [5.0]], rtol=1e-14
    )


def test_the_markov_chain_reaches_what_it_should():
    made = baselines.markov_chain(RECORD, **KINDS)
    q = made.chains["rung"].transition[1, 2]
    reach = Reaches("rung", ("rung2",), "2002Q3", "2003Q2")
    assert baselines.probability(made, reach) == pytest.approx(1 - (1 - q) ** 4)
    assert baselines.probability(made, At("rung", ("rung2",), "2003Q2")) == pytest.approx(1 - (1 - q) ** 4)
    p = made.chains["act"].transition[1]
    never = AnyMove("act", "act0", "2002Q3", "2002Q4")
    assert baselines.probability(made, never) == pytest.approx(1 - p[1] ** 2)


def test_persistence_repeats_and_else_draws_at_random():
    made = baselines.persistence(RECORD, **KINDS)
    often = np.array([3.5, 6.5]) / 10
    chance = often @ often
    keep = ((5 + chance) / 8 - chance) / (1 - chance)
    expected = keep * np.eye(2) + (1 - keep) * often
    np.testing.assert_allclose(made.chains["act"].transition, expected, rtol=1e-14)
    assert made.chains["rung"].transition[1].tolist() == pytest.approx([0, 1 - 0.15, 0.15])


def test_climatology_draws_each_period_by_itself():
    made = baselines.climatology(RECORD, moves=["act"])
    count = CountMove("act", "act1", 3, "2002Q3", "2003Q2")
    assert baselines.probability(made, count) == pytest.approx(binom.sf(2, 4, 0.65))
    assert baselines.probability(made, At("weather", ("weather2",), "2009Q1")) == pytest.approx(2.5 / 11.5)
    # weather2 entered once from the seven periods elsewhere
    entry, share = 1.5 / 8, 2.5 / 11.5
    reach = Reaches("weather", ("weather2",), "2002Q3", "2003Q1")
    assert baselines.probability(made, reach) == pytest.approx(share + (1 - share) * (1 - (1 - entry) ** 2))


def every(record):
    return (
        baselines.markov_chain(record, **KINDS),
        baselines.persistence(record, **KINDS),
        baselines.climatology(record, moves=KINDS["moves"]),
    )


def test_terminals_get_the_jeffreys_mean_of_a_quiet_record():
    rate = 0.5 / 11
    for made in every(RECORD):
        # entered by the opening of 2003Q1: an exit in 2002Q3 or 2002Q4
        assert baselines.probability(made, EnteredTerminal(("gone",), "2003Q1")) == pytest.approx(
            1 - (1 - rate) ** 2
        )
        assert baselines.probability(made, NoTerminal(("gone",), "2003Q1")) == pytest.approx((1 - rate) ** 2)
        assert baselines.probability(made, EnteredTerminal(("gone",), "2002Q3")) == 0


def test_what_is_not_coded_has_no_probability_and_what_is_known_is_refused():
    for made in every(RECORD):
        assert baselines.probability(made, Unanswerable("x")) is None
        with pytest.raises(ValueError, match="2002Q2 is not after 2002Q2"):
            baselines.probability(made, At("rung", ("rung1",), "2002Q2"))


def test_an_uncertain_row_lies_between_its_sure_readings():
    soft = {**RECORD.weights, "weather": RECORD.weights["weather"].copy()}
    soft["weather"][-1] = [0.0, 0.6, 0.4]
    event = At("weather", ("weather2",), "2002Q3")
    sure = [
        baselines.probability(
            baselines.persistence(coded(weather=[1, 1, 2, 2, 1, 0, 0, 1, 1, k]), moves=()), event
        )
        for k in (1, 2)
    ]
    mixed = baselines.probability(baselines.persistence(replace(RECORD, weights=soft), **KINDS), event)
    assert min(sure) < mixed < max(sure)


@pytest.fixture(scope="module")
def case():
    folder = load_case(FOLDER)
    names = names_of(folder.case)
    levels = {**{v: s.levels for v, s in folder.case.states.items()}, **names.moves}
    record = code_record(read_rows(FOLDER / "record.csv"), record=folder.case.record, levels=levels)
    past = load_questions(FOLDER / "questions.csv", names=names)
    live = load_questions(FOLDER / "live-questions.csv", names=names)
    return record, names, past, live, load_rates(FOLDER / "reference-class" / "rates.csv")


def test_the_case_is_answered_by_every_baseline(case):
    record, names, past, live, rates = case
    kinds = {"moves": tuple(names.moves), "rising": tuple(names.rising)}
    table = baselines.answer([*past, *live], record, rates=rates, **kinds)
    assert len(table) == 25 + 12
    merger = table.reference_class.notna()
    assert merger.sum() == 4
    assert (table.always[merger] == 0.02).all()
    theory_free = ["markov_chain", "persistence", "climatology"]
    assert table.loc[~merger, theory_free].notna().all().all()
    assert table.loc[merger, theory_free].isna().all().all()
    assert table.outside_view.between(0.0, 1.0, inclusive="neither").all()
    assert table.loc["L01", "outside_view"] == pytest.approx(
        outside_view(rates, years=5.9958).probability, rel=1e-3
    )
    # nothing that a live question asks about is printed as sure or impossible
    assert table.loc["L02":, "outside_view"].between(0.005, 0.995).all()


def test_baselines_read_no_row_after_the_origin(case):
    record, names, past, _, rates = case
    kinds = {"moves": tuple(names.moves), "rising": tuple(names.rising), "rates": rates}
    early = [q for q in past if q.open_time.year <= 2014]
    whole = baselines.answer(early, record, **kinds)
    cut = baselines.answer(early, truncate(record, before="2014Q2"), **kinds)
    scrambled = {v: w.copy() for v, w in record.weights.items()}
    start = record.periods.index("2014Q2")
    for w in scrambled.values():
        w[start:] = w[start:][::-1]
    other = baselines.answer(early, replace(record, weights=scrambled), **kinds)
    assert whole.equals(cut)
    assert whole.equals(other)


def test_rising_variables_never_fall_in_any_chain(case):
    record, names, *_ = case
    for make in (baselines.markov_chain, baselines.persistence):
        made = make(record, moves=tuple(names.moves), rising=tuple(names.rising))
        for name in names.rising:
            assert np.all(np.tril(made.chains[name].transition, -1) == 0)
        for chain in made.chains.values():
            np.testing.assert_allclose(chain.transition.sum(axis=1), 1.0, rtol=1e-12)
