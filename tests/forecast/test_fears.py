"""Fears and summits: planted patterns are found, noise is not, and the case's own numbers hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope.forecast import fears
from tightrope.forecast.ledger import Prediction, load_predictions
from tightrope.record.reading import read_rows

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"
PERIODS = [f"{year}Q{q}" for year in range(2000, 2020) for q in (1, 2, 3, 4)]


def summit(period, precision="day"):
    year, quarter = period.split("Q")
    return {"date": f"{year}-{3 * int(quarter):02d}-10", "precision": precision, "kind": "summit"}


def fear(period, made=None, p=0.5):
    year, quarter = period.split("Q")
    made = made or f"{year}-{3 * int(quarter):02d}-11"
    rest = dict.fromkeys(("forecaster", "forecaster_kind", "venue", "statement"), "")
    row = {"id": "P", "made_on": made, "event": "merger", "implied_probability": p, "resolution": "open"}
    return Prediction.model_validate({**rest, **row})


def rising(*at):
    return np.array([sum(PERIODS.index(a) <= t for a in at) for t in range(len(PERIODS))])


def test_fears_that_follow_summits_are_found():
    chosen = PERIODS[3::7]
    found = fears.summit_hits(
        [summit(p) for p in chosen], [fear(p) for p in chosen], periods=PERIODS, levels=rising("2010Q1")
    )
    assert found.correlation == pytest.approx(1.0)
    assert (found.mean_with, found.mean_without) == (1.0, 0.0)
    assert found.shift_p < 0.2
    assert found.summits == found.fears == len(chosen)


def test_unrelated_series_are_not():
    rng = np.random.default_rng(5)
    s, f = (rng.choice(PERIODS, size=20).tolist() for _ in range(2))
    found = fears.summit_hits(
        [summit(p) for p in s], [fear(p) for p in f], periods=PERIODS, levels=rising("2010Q1")
    )
    assert found.correlation_interval[0] < 0 < found.correlation_interval[1]
    assert found.shift_p > 0.05


def test_fears_ahead_of_every_rise_and_nowhere_else_have_full_area():
    rises = ("2005Q1", "2012Q1")
    ahead = [PERIODS[PERIODS.index(r) - k] for r in rises for k in (1, 2)]
    found = fears.summit_hits([], [fear(p) for p in ahead], periods=PERIODS, levels=rising(*rises), horizon=2)
    assert found.auc == 1.0
    assert found.rises == 2
    assert np.isnan(found.correlation)
    # the last `horizon` periods have no known future
    assert found.table.rise_ahead.isna().sum() == 2


def test_loose_dates_and_weak_statements_are_left_out():
    events = [summit("2001Q1"), summit("2001Q1", "year")]
    assert fears.event_counts(events, kinds=["summit"], periods=PERIODS).left_out == 1
    statements = [
        fear("2001Q1"),
        fear("2001Q1", p=0.1),
        fear("2001Q1", made="2001-02"),
        fear("2001Q1", made="2001"),
    ]
    counts = fears.statement_counts(statements, periods=PERIODS)
    assert (counts.counts[PERIODS.index("2001Q1")], counts.left_out) == (2, 1)


def test_levels_must_match_the_periods():
    with pytest.raises(ValueError, match="3 entries for 80 periods"):
        fears.summit_hits([], [], periods=PERIODS, levels=np.zeros(3))


def test_the_case_counts_its_fourteen_summits_and_its_result_is_deterministic():
    rows = read_rows(CASE / "record.csv")
    levels = np.array([["loose", "treaty", "market", "currency"].index(row["union"]) for row in rows])
    events, statements = read_rows(CASE / "events.csv"), load_predictions(CASE / "predictions.csv")
    periods = [row["quarter"] for row in rows]
    one, two = (fears.summit_hits(events, statements, periods=periods, levels=levels) for _ in range(2))
    assert (one.n, one.summits, one.rises) == (118, 14, 2)
    assert one.correlation_interval == two.correlation_interval
    assert one.fears + one.left_out <= sum(
        p.event == "merger" and p.implied_probability >= 0.25 for p in statements
    )
