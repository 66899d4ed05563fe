"""A headline and silence as evidence: Bayes by hand, simulated worlds, and the case's own counts."""

from __future__ import annotations

import doctest
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tightrope.forecast import headline, silence
from tightrope.forecast.headline import Share, curve, false_alarms, steps_announced, update
from tightrope.forecast.ledger import Prediction, load_predictions
from tightrope.forecast.reference_class import Rate, probability_by
from tightrope.forecast.silence import quarters_to_halve, quiet_chance
from tightrope.record.reading import read_rows

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"
LEDGER, EVENTS = load_predictions(CASE / "predictions.csv"), read_rows(CASE / "events.csv")
STEPS = ("nuclear-hosting", "constitution", "road-maps", "single-currency", "military-base", "energy-parity")


def statement(made, *, p=0.4, event="merger", came="no", on="2030-01-01"):
    fields = dict.fromkeys(("forecaster", "forecaster_kind", "venue", "statement"), "")
    fields |= {"id": "P", "made_on": made, "event": event, "implied_probability": p, "resolution": came}
    return Prediction.model_validate({**fields, "resolved_on": on})


def summit(day, precision="day", kind="summit"):
    return {"date": day, "precision": precision, "kind": kind}


@pytest.mark.parametrize("module", [headline, silence])
def test_doctests(module):
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0


def test_false_alarms_by_hand():
    rows = [
        summit("2020-06-10"),
        summit("2021-06-10"),
        summit("2022-06-01", "month"),
        summit("2023-01-01", "year"),
    ]
    rows += [summit("2019-01-01", kind="crisis")]
    said = [
        statement("2020-05-11"),  # 30 days before: in
        statement("2021-05-10"),  # 31 days before: out
        statement("2021-06-09", p=0.2),  # too weak
        statement("2021-06-10", event="leader-exit"),
        statement("2021"),  # too loose
        statement("2022-06-29"),  # the summit's month is not over
    ]
    assert false_alarms(rows, said, lead=30) == Share(2, 2, 3)
    assert false_alarms(rows, said, lead=31) == Share(3, 3, 3)
    assert false_alarms(rows, [statement("2020-05")], lead=30) == Share(1, 0, 3)
    assert false_alarms(rows, said, lead=30, at_least=0.1).hits == 3


def test_a_summit_that_the_event_followed_is_no_false_alarm():
    said = [statement("2020-06-01", came="yes", on="2020-06-20")]
    assert false_alarms([summit("2020-06-10")], said, lead=30).n == 0
    assert false_alarms([summit("2020-06-10")], said, lead=5).n == 1


def test_steps_that_came_count_once_however_often_they_were_announced():
    said = [
        statement("2020-05-01", event="step", came="yes", on="2020-06-01"),
        statement("2020-05-02", event="step", came="yes", on="2020-06-01"),
        statement("2020-01-01", event="late", came="yes", on="2020-06-01"),
        statement("2020-05-01", event="never"),
    ]
    assert steps_announced(said, events=("step", "late", "never"), lead=60) == Share(1, 1, 2)


def test_the_cases_own_counts():
    alarms = false_alarms(EVENTS, LEDGER)
    steps = steps_announced(LEDGER, events=STEPS)
    assert (alarms.hits, alarms.sure, alarms.n) == (6, 6, 14)
    assert (steps.hits, steps.n, steps.beta) == (3, 3, (3.5, 0.5))
    counts = [false_alarms(EVENTS, LEDGER, lead=days).hits for days in (30, 60, 90, 180, 365)]
    assert counts == sorted(counts)


def test_an_update_is_right_in_simulated_worlds():
    """Among drawn worlds with a headline, the event is as frequent as the update says."""
    rng = np.random.default_rng(11)
    n = 1_000_000
    hit, alarm = rng.beta(3.5, 0.5, n), rng.beta(6.5, 8.5, n)
    rate = Rate("", "", "", 2, 60.0)
    chance = -np.expm1(-5 * rng.gamma(2.5, 1 / 60, n))
    came = rng.random(n) < chance
    seen = rng.random(n) < np.where(came, hit, alarm)
    found = update(rate, years=5, hit=(3.5, 0.5), false_alarm=(6.5, 8.5))
    error = 4 * np.sqrt(found.after / seen.sum())
    assert came[seen].mean() == pytest.approx(found.after, abs=error)
    assert found.before == pytest.approx(probability_by(rate, years=5).probability, abs=1e-12)
    low, high = np.quantile(headline.posterior(chance, hit, alarm), [0.05, 0.95])
    assert (found.low, found.high) == (pytest.approx(low, rel=0.03), pytest.approx(high, rel=0.03))


def test_a_headline_that_comes_either_way_says_nothing_and_a_rarer_one_lowers():
    assert update(0.01, years=1, hit=0.4, false_alarm=0.4).after == pytest.approx(0.01, abs=1e-15)
    assert update(0.01, years=1, hit=0.2, false_alarm=0.4).after < 0.01
    assert update(0.01, years=1, hit=0.4, false_alarm=0.0).after == 1.0
    assert update(0.01, years=1, hit=0.0, false_alarm=0.0).after == 0.01
    after = [y for _, y in curve(0.01, false_alarm=(6.5, 8.5), hits=(0.1, 0.5, 1.0))]
    assert after == sorted(after)
    mean = update(0.01, years=1, hit=0.5, false_alarm=(6.5, 8.5)).after
    assert after[1] == mean
    for bad in ({"hit": 1.5}, {"hit": (0.0, 1.0)}, {"false_alarm": -0.1}):
        with pytest.raises(ValueError, match=r"rate lies|above 0"):
            update(0.01, years=1, **{"hit": 0.5, "false_alarm": 0.5, **bad})
    with pytest.raises(ValueError, match="a prior is a probability"):
        update(2.0, years=1, hit=0.5, false_alarm=0.5)


def test_silence_in_closed_form():
    for prior, leak, n in ((0.1, 0.05, 7), (0.5, 0.3, 20), (0.9, 0.01, 40)):
        odds = prior / (1 - prior) * (1 - leak) ** n
        assert quiet_chance(prior, quarters=n, leak=leak) == pytest.approx(odds / (1 + odds), abs=1e-14)
    n = quarters_to_halve(0.2)
    assert 0.8**n == pytest.approx(0.5)
    assert quiet_chance(0.3, quarters=0, leak=0.5) == 0.3
    assert quiet_chance(1.0, quarters=3, leak=1.0) == 1.0
    assert quiet_chance(0.4, quarters=1, leak=1.0) == 0.0


def test_silence_in_simulated_worlds_where_deals_are_struck_on_the_way():
    rng = np.random.default_rng(5)
    deal = rng.random(400_000) < 0.2
    quiet = np.ones_like(deal)
    for _ in range(6):
        deal = deal | (rng.random(len(deal)) < 0.03)
        quiet &= ~(deal & (rng.random(len(deal)) < 0.15))
    share = deal[quiet].mean()
    expected = quiet_chance(0.2, quarters=6, leak=0.15, struck=0.03)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(share / quiet.sum()))
    # In the long run leaks and new deals balance: the chance settles wherever it began.
    ends = [quiet_chance(p, quarters=2000, leak=0.15, struck=0.03) for p in (0.0, 0.99)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-12)
    assert ends[0] > 0.03


@pytest.mark.parametrize(
    ("more", "words"),
    [({"prior": 1.2}, "the prior"), ({"leak": -0.1}, "the leak rate"), ({"struck": 2.0}, "new deals")],
)
def test_silence_refuses_what_is_no_chance(more, words):
    with pytest.raises(ValueError, match=words):
        quiet_chance(**{"prior": 0.1, "quarters": 2, "leak": 0.1, **more})
    with pytest.raises(ValueError, match="must not be negative"):
        quiet_chance(0.1, quarters=-1, leak=0.1)
    with pytest.raises(ValueError, match="leak rate"):
        quarters_to_halve(1.1)


def test_limits_are_those_of_the_beta_law_when_only_the_hit_rate_is_unsure():
    found = update(0.01, years=1, hit=(3.5, 1.5), false_alarm=0.4)
    for limit, tail in ((found.low, 0.05), (found.high, 0.95)):
        hit = stats.beta(3.5, 1.5).ppf(tail)
        assert limit == pytest.approx(float(headline.posterior(np.array(0.01), hit, 0.4)), rel=0.02)


def test_windows_end_on_the_day_itself():
    day = date(2020, 6, 10)
    after = statement((day + timedelta(days=1)).isoformat())
    assert false_alarms([summit(day.isoformat())], [after], lead=30).hits == 0
    assert false_alarms([summit(day.isoformat())], [statement(day.isoformat())], lead=30).hits == 1
