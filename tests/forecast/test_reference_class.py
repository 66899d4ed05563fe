"""The reference class: closed forms, the numbers of the notes, and recounting from the raw lists."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tightrope.forecast import reference_class as rc

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cases" / "russia-belarus" / "reference-class"
RAW = os.environ.get("TIGHTROPE_RAW", "")
RATES = rc.load_rates(FOLDER / "rates.csv")

# The sets of NOTES.md: events, exposure and the exact 95 % limits in % a year, to four digits
NOTES = [
    ("state-year", "1816-2016", "merger or annexation", 28, 15951, 0.1166, 0.2537),
    ("state-year", "1816-1945", "merger or annexation", 22, 5433, 0.2538, 0.6131),
    ("state-year", "1946-2016", "merger or annexation", 6, 10518, 0.0209, 0.1242),
    ("state-year", "1946-2025", "merger or annexation", 6, 12273, 0.0179, 0.1064),
    ("state-year", "1991-2016", "merger or annexation", 0, 4957, 0.0000, 0.0744),
    ("state-year", "1991-2025", "merger or annexation", 0, 6712, 0.0000, 0.0550),
    ("state-year", "1816-2016", "voluntary merger", 12, 15951, 0.0389, 0.1314),
    ("state-year", "1816-2016", "with occupation", 45, 15951, 0.2058, 0.3775),
    ("dyad-year", "1816-2016", "any", 17, 71894, 0.0138, 0.0379),
    ("dyad-year", "1816-2016", "land", 15, 4231, 0.1984, 0.5847),
    ("dyad-year", "1816-2016", "land, defence pact", 11, 1278, 0.4297, 1.5401),
    ("dyad-year", "1816-1945", "land, defence pact", 11, 494, 1.1116, 3.9842),
    ("dyad-year", "1946-2016", "land", 0, 2096, 0.0000, 0.1760),
    ("dyad-year", "1946-2016", "land, defence pact", 0, 784, 0.0000, 0.4705),
    ("dyad-year", "1946-2016", "land, defence pact, Russia", 0, 444, 0.0000, 0.8308),
    ("dyad-year", "1991-2016", "land, defence pact", 0, 287, 0.0000, 1.2853),
    ("dyad-year", "1991-2016", "land, defence pact, Russia", 0, 108, 0.0000, 3.4156),
]


def test_doctests():
    result = doctest.testmod(rc)
    assert result.attempted >= 4
    assert result.failed == 0


@pytest.mark.parametrize(("unit", "period", "filter", "events", "exposure", "low", "high"), NOTES)
def test_rates_are_those_of_the_notes(unit, period, filter, events, exposure, low, high):
    rate = rc.find_rate(RATES, unit, period, filter)
    assert (rate.events, rate.exposure) == (events, exposure)
    found = 100 * np.array(rate.interval())
    np.testing.assert_allclose(found, [low, high], rtol=0, atol=5.01e-5)


def test_the_eleven_allied_events_are_two_episodes():
    assert rc.find_rate(RATES, "dyad-year", "1816-2016", "land, defence pact").episodes == 2


def test_exact_interval_has_its_coverage_at_both_ends():
    low, high = rc.Rate("", "", "", 4, 1.0).interval(0.9)
    assert stats.poisson.sf(3, low) == pytest.approx(0.05, abs=1e-12)
    assert stats.poisson.cdf(4, high) == pytest.approx(0.05, abs=1e-12)


def test_probability_integrates_over_the_posterior():
    rate = rc.Rate("", "", "", 2, 150.0)
    draws = stats.gamma(2.5, scale=1 / 150.0)
    expected = draws.expect(lambda r: -np.expm1(-7.0 * r))
    assert rc.probability_by(rate, years=7).probability == pytest.approx(expected, abs=1e-8)


def test_outside_view_stays_in_the_notes_ranges():
    five, ten = (rc.outside_view(RATES, years=y) for y in (5, 10))
    assert 0.003 <= five.probability <= 0.005
    assert 0.005 <= ten.probability <= 0.01
    assert five.high == pytest.approx(0.023, abs=5e-4)
    assert ten.high == pytest.approx(0.046, abs=5e-4)
    assert five.low == ten.low == 0.0
    assert rc.outside_view(RATES, years=0).probability == 0.0


def test_unknown_sets_and_broken_rows_are_named():
    with pytest.raises(KeyError, match="did you mean dyad-year / 1946-2016 / land"):
        rc.find_rate(RATES, "dyad-year", "1946-2016", "lnd")
    with pytest.raises(ValueError, match="row 1"):
        rc.read_rates([{"unit": "u", "period": "p", "filter": "f", "events": "x", "exposure": "1"}])
    with pytest.raises(ValueError, match="exposure > 0"):
        rc.read_rates([{"unit": "u", "period": "p", "filter": "f", "events": "1", "exposure": "0"}])


def test_table_has_a_row_a_rate():
    table = rc.rates_table(RATES)
    assert len(table) == len(RATES)
    assert (table["low"] <= table["% a year"]).all()
    assert (table["% a year"] <= table["high"]).all()


@pytest.mark.skipif(not RAW, reason="raw state lists are not bundled; set TIGHTROPE_RAW to a folder of them")
def test_recounting_from_the_raw_lists_gives_the_table():
    from tightrope.forecast.reference_counts import recompute

    counted = recompute(RAW, exits=FOLDER / "exits_cow.csv", exits_gw=FOLDER / "exits_gw.csv")
    again = rc.read_rates(counted.astype(object).where(counted.notna(), "").astype(str).to_dict("records"))
    assert set(again) == set(RATES)
