"""Scores of a ledger: intervals that cover, words read otherwise, and no ranking across questions."""

from __future__ import annotations

import doctest
import math
from pathlib import Path

import numpy as np
import pytest

from tightrope.forecast import ledger_scores
from tightrope.forecast.ledger import Prediction, load_predictions, score_ledger
from tightrope.forecast.ledger_rows import read_events
from tightrope.forecast.ledger_scores import (
    NotComparable,
    compare,
    month_bootstrap,
    score_groups,
    steps_that_came,
)

FILE = Path(__file__).parents[2] / "cases" / "russia-belarus" / "predictions.csv"
LEDGER = load_predictions(FILE)
LIMITED = {e.event for e in read_events(FILE) if e.scope == "limited"}


def statement(id, *, who="a", event="merger", p=0.4, came="no", made="2019-03", deadline="", **more):
    fields = {
        "id": id,
        "made_on": made,
        "forecaster": who,
        "forecaster_kind": "k",
        "venue": "v",
        "statement": "",
    }
    fields |= {"event": event, "implied_probability": p, "resolution": came, "resolved_on": "2030-01-01"}
    return Prediction.model_validate({**fields, "deadline": deadline, **more})


def test_doctests():
    assert doctest.testmod(ledger_scores).failed == 0


@pytest.mark.parametrize("by", ["event", "year", "forecaster", "forecaster_kind", "venue"])
def test_groups_are_those_of_the_plain_scores_in_the_order_of_their_names(by):
    found = score_groups(LEDGER, by=by, draws=50)
    plain = score_ledger(LEDGER, by=lambda p: getattr(p, by))
    assert list(found.index) == list(plain.index) == [*sorted(found.index[:-1]), "all"]
    assert found.n.tolist() == plain.n.tolist()
    np.testing.assert_array_equal(found.brier, plain.brier)
    shown = found[found.low.notna()]
    assert (shown.low <= shown.brier).all()
    assert (shown.brier <= shown.high).all()
    assert (found.low.isna() == (found.months < ledger_scores.FEWEST)).all()


def test_leanings_must_be_coded():
    with pytest.raises(NotComparable, match="column `leaning`"):
        score_groups(LEDGER, by="leaning")
    rows = [statement("A", leaning="left"), statement("B", leaning="right", p=0.2), statement("C")]
    found = score_groups(rows, by="leaning")
    assert list(found.index) == ["left", "not coded", "right", "all"]
    assert found.loc["right"].brier == pytest.approx(0.04)


def test_the_interval_covers_the_truth_when_months_echo():
    rng = np.random.default_rng(3)
    hits = 0
    for trial in range(200):
        level = rng.uniform(0.0, 1.0, size=30)
        rows = [
            statement(f"A{m}-{k}", p=float(level[m]), made=f"{2000 + m // 12}-{m % 12 + 1:02d}")
            for m in range(30)
            for k in range(1 + m % 3)
        ]
        low, high = month_bootstrap(rows, seed=trial, draws=400)
        hits += low <= 1 / 3 <= high
    assert 0.88 <= hits / 200 <= 0.99
    assert month_bootstrap(rows[:4]) is None


def test_groups_without_a_common_question_are_not_compared():
    rows = [
        statement("A", who="ann", deadline="2020-12-31"),
        statement("B", who="ben", deadline="2021-12-31"),
        statement("C", who="cat", event="other"),
        statement("D", who="dan", event="other"),
    ]
    with pytest.raises(NotComparable, match="no common question"):
        compare(rows, by="forecaster", first="ann", second="ben")
    with pytest.raises(NotComparable, match="did you mean 'ben'"):
        compare(rows, by="forecaster", first="ann", second="bem")
    with pytest.raises(NotComparable, match="no forecaster 'cat'"):
        compare(rows, by="forecaster", first="cat", second="dan")


def test_a_comparison_uses_the_common_questions_only():
    rows = [
        statement("A1", who="ann", p=0.5, deadline="2020-12-31"),
        statement("A2", who="ann", p=0.1, deadline="2020-12-31"),
        statement("A3", who="ann", p=1.0),
        statement("B1", who="ben", p=0.2, deadline="2020-12-31"),
        statement("B2", who="ben", p=0.0, event="leader-exit"),
    ]
    found = compare(rows, by="forecaster", first="ann", second="ben")
    assert found.questions == ("merger by 2020-12-31: no",)
    assert found.first_brier == pytest.approx((0.25 + 0.01) / 2)
    assert found.second_brier == pytest.approx(0.04)
    assert found.interval is None


def test_words_read_at_their_kindest_and_harshest_enclose_the_score():
    table = ledger_scores.word_sensitivity(LEDGER)
    assert table.loc["as coded"].brier == pytest.approx(score_ledger(LEDGER).loc["all"].brier)
    assert table.loc["always 0.02"].brier == pytest.approx(score_ledger(LEDGER).loc["all"].baseline_brier)
    for words in ("icd203", "kent"):
        kind, middle, harsh = (
            table.loc[f"{words}, {how}"].brier for how in ("kindest", "middle", "harshest")
        )
        assert kind < middle < harsh
        # Whatever the table, the statements lose to the constant.
        assert kind > table.loc["always 0.02"].brier


def test_words_by_hand_and_a_stated_number_stays():
    rows = [
        statement("A", p=0.7),
        statement("B", p=0.1, came="yes"),
        statement("C", p=0.6, stated_probability=0.6),
    ]
    table = ledger_scores.word_sensitivity(rows)
    assert table.loc["kent, middle"].brier == pytest.approx((0.75**2 + 0.93**2 + 0.36) / 3)
    assert table.loc["kent, kindest"].brier == pytest.approx((0.63**2 + 0.88**2 + 0.36) / 3)
    assert table.loc["icd203, harshest"].brier == pytest.approx((0.80**2 + 0.95**2 + 0.36) / 3)


def test_the_limited_steps_of_the_notes():
    steps = steps_that_came(LEDGER, events=LIMITED)
    assert list(steps.index) == ["constitution", "nuclear-hosting", "road-maps"]
    assert [(int(r.yes), int(r.n)) for r in steps.itertuples()] == [(3, 4), (3, 3), (2, 5)]
    assert [f"{x:.3f}" for x in steps.mean_p] == ["0.595", "0.467", "0.700"]
    assert steps.gap["nuclear-hosting"] > steps.gap["constitution"] > 0 > steps.gap["road-maps"]
    assert (steps.brier < steps.baseline_brier).all()
    assert steps_that_came(LEDGER, events=()).empty
    assert math.isclose(steps.mean_p_where_came["road-maps"], 0.675)
