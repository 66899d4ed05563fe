"""Base rates by filters: the numbers of the notes, the older table of rates, refusals that teach."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

import pytest
from scipy import stats

from tightrope.forecast import base_rates, exposure, unions
from tightrope.forecast.base_rates import FilterError, Filters, count
from tightrope.forecast.exposure import DYAD, MICRO, STATE, Cell
from tightrope.forecast.reference_class import Rate, find_rate, load_rates
from tightrope.record.reading import read_rows
from tightrope.workflow.base_rate import count_base_rate, read_exits

FOLDER = Path(__file__).parents[2] / "cases" / "russia-belarus" / "reference-class"
RAW = os.environ.get("TIGHTROPE_RAW", "")
raw_lists = pytest.mark.skipif(
    not RAW, reason="the raw lists are not bundled; TIGHTROPE_RAW names their folder"
)
CELLS = exposure.read_cells(FOLDER / "exposure.csv")
COW, GW = read_exits(FOLDER / "exits_cow.csv"), read_exits(FOLDER / "exits_gw.csv")


def counted(**filters):
    chosen = Filters(**filters)
    return count(CELLS, chosen, exits=GW if chosen.unit == MICRO else COW)


# The notes take an entry "not contiguous" for a land border; `as_published` counts that way.
LAND = {"border": "land", "ratio": 10, "as_published": True}
PACT = {**LAND, "pact": "defence"}
TRUE = {"border": "land", "ratio": 10, "pact": "defence"}

# NOTES.md, section by section: filters, events, exposure, % a year as printed, limits as printed
NOTES = [
    ({}, 28, 15951, "0.176", "0.117-0.254"),
    ({"until": 1945}, 22, 5433, "0.405", "0.254-0.613"),
    ({"since": 1946}, 6, 10518, "0.057", "0.021-0.124"),
    ({"since": 1946, "until": 2025}, 6, 12273, "0.049", "0.018-0.106"),
    ({"since": 1991}, 0, 4957, "0.000", "0.000-0.074"),
    ({"since": 1991, "until": 2025}, 0, 6712, "0.000", "0.000-0.055"),
    ({"kind": "voluntary"}, 12, 15951, "0.075", None),
    ({"kind": "voluntary", "since": 1946}, 5, 10518, "0.048", None),
    ({"kind": "occupation"}, 45, 15951, "0.282", None),
    ({"kind": "occupation", "since": 1946}, 6, 10518, "0.057", None),
    ({"microstates": True}, 30, 19864, "0.151", None),
    ({"microstates": True, "since": 1946}, 5, 11719, "0.043", None),
    ({"microstates": True, "since": 1991}, 0, 5804, "0.000", None),
    ({"ratio": 10}, 17, 71894, "0.024", "0.014-0.038"),
    (LAND, 15, 4231, "0.355", "0.198-0.585"),
    (PACT, 11, 1278, "0.861", "0.430-1.540"),
    ({**PACT, "until": 1945}, 11, 494, "2.227", "1.112-3.984"),
    ({**LAND, "since": 1946}, 0, 2096, "0.000", "0.000-0.176"),
    # The notes print this limit as 0.470; it is 0.47052.
    ({**PACT, "since": 1946}, 0, 784, "0.000", "0.000-0.471"),
    ({**PACT, "since": 1946, "patron": "USSR"}, 0, 444, "0.000", "0.000-0.831"),
    ({**PACT, "since": 1991}, 0, 287, "0.000", "0.000-1.285"),
    ({**PACT, "since": 1991, "patron": "Russia"}, 0, 108, "0.000", "0.000-3.416"),
    ({**PACT, "ratio": 5}, 11, 1509, "0.729", None),
]


@pytest.mark.parametrize("module", [base_rates, exposure])
def test_doctests(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(("filters", "events", "years", "rate", "limits"), NOTES)
def test_the_notes_come_out(filters, events, years, rate, limits):
    found = counted(**filters).rate
    assert (found.events, found.exposure) == (events, years)
    assert f"{100 * found.per_year:.3f}" == rate
    if limits is not None:
        assert "{:.3f}-{:.3f}".format(*(100 * x for x in found.interval())) == limits


@pytest.mark.parametrize(
    ("filters", "events", "years"),
    [
        (TRUE, 11, 1130),
        ({**TRUE, "since": 1946}, 0, 708),
        ({**TRUE, "since": 1946, "patron": "Russia"}, 0, 398),
        ({**TRUE, "since": 1946, "pact": "defence this year"}, 0, 699),
        ({"border": "land", "ratio": 10}, 15, 3581),
    ],
)
def test_borders_as_they_are(filters, events, years):
    """Without the entries "not contiguous". The notes' strict count, 698 dyad-years, is one year from 699."""
    found = counted(**filters).rate
    assert (found.events, found.exposure) == (events, years)
    assert counted(**filters, as_published=True).rate.exposure > years


def test_the_episodes_of_the_notes():
    allied = counted(**PACT)
    assert (allied.rate.events, allied.rate.episodes) == (11, 2)
    assert f"{100 * allied.by_episode.per_year:.2f}" == "0.16"
    assert len(allied.states) == 11
    assert [s for s in allied.states if s.endswith("1940")] == [
        "Estonia 1940",
        "Latvia 1940",
        "Lithuania 1940",
    ]
    assert counted(since=1946).states[0] == "Syria 1958"


@pytest.mark.parametrize(
    ("mean", "filters"),
    [
        ("0.010", {"since": 1991}),
        ("0.007", {"since": 1991, "until": 2025}),
        ("0.024", {**LAND, "since": 1946}),
        ("0.064", {**PACT, "since": 1946}),
        ("0.113", {**PACT, "since": 1946, "patron": "Russia"}),
        ("0.174", {**PACT, "since": 1991}),
        ("0.463", {**PACT, "since": 1991, "patron": "Russia"}),
    ],
)
def test_the_jeffreys_means_of_the_notes(mean, filters):
    assert f"{100 * counted(**filters).rate.jeffreys_mean:.3f}" == mean


def test_the_unions_of_the_notes():
    found = unions.count_unions(read_rows(FOLDER / "mergers.csv"), read_rows(FOLDER / "attempts.csv"))
    assert (found.unitary, found.unitary_alive) == (4, 3)
    assert (found.confederations, found.confederations_alive) == (6, 0)
    assert (found.papers, found.papers_of_pair) == (15, 5)


def test_the_older_table_of_rates_agrees_with_the_cells():
    kinds = {
        "merger or annexation": "merger",
        "voluntary merger": "voluntary",
        "merger or annexation outside war": "peaceful",
        "with occupation": "occupation",
    }
    dyads = {
        "any": {"ratio": 10},
        "land": LAND,
        "land, any pact": {**LAND, "pact": "any"},
        "land, defence pact": PACT,
        "land or 24 miles of sea, defence pact": {**PACT, "border": "sea"},
        "land, defence pact, ratio 5": {**PACT, "ratio": 5},
        "land, defence pact, Russia": {**PACT, "patron": "Russia"},
    }
    rates = load_rates(FOLDER / "rates.csv")
    for old in rates:
        first, last = (int(year) for year in old.period.split("-"))
        more = dyads[old.filter] if old.unit == DYAD else {"kind": kinds[old.filter]}
        new = counted(since=first, until=last, microstates=old.unit == MICRO, **more).rate
        assert (new.unit, new.events, new.exposure, new.episodes) == (
            old.unit,
            old.events,
            old.exposure,
            old.episodes,
        ), old
    assert find_rate(rates, DYAD, "1946-2016", "land").exposure == counted(since=1946, **LAND).rate.exposure


def test_filters_only_ever_narrow():
    near = [{"border": "land"}, {"border": "sea"}, {}]
    borders = [counted(ratio=2, pact="any", **border).rate.exposure for border in near]
    assert borders == sorted(set(borders))
    ratios = [counted(ratio=r).rate.exposure for r in (50, 20, 10, 5, 2)]
    assert ratios == sorted(set(ratios))
    powers = [names[0] for names in base_rates.PATRONS.values()]
    after_1945 = [power for power in powers if power not in ("Austria-Hungary", "Italy")]
    parts = [counted(ratio=10, patron=power, since=1946).rate.exposure for power in after_1945]
    assert sum(parts) == counted(ratio=10, since=1946).rate.exposure


def test_jeffreys_limits_are_quantiles_of_their_law():
    rate = Rate("", "", "", 3, 200.0)
    low, high = rate.jeffreys_interval(0.9)
    law = stats.gamma(3.5, scale=1 / 200)
    assert (law.cdf(low), law.cdf(high)) == (pytest.approx(0.05, abs=1e-10), pytest.approx(0.95, abs=1e-10))
    assert Rate("", "", "", 0, 200.0).jeffreys_interval()[0] == 0.0


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"since": 1947, "pact": "defence"}, "near it: 1946, 1951"),
        ({"until": 1948, "pact": "defence"}, "until 1948 cuts through"),
        ({"ratio": 7}, "ratio 7 cuts through a band of the table .it has 2, 5, 10"),
        ({"ratio": -1}, "above 0"),
        ({"patron": "Rusia"}, "did you mean Russia"),
        ({"patron": "Atlantis zzz"}, "the list has United States"),
        ({"kind": "voluntary", "border": "land"}, "state-years"),
        ({"microstates": True, "pact": "any"}, "no list of pairs"),
        ({"since": 1990, "until": 1980}, "before since"),
        ({"as_published": True, "ratio": 10}, "say which border"),
        ({"since": 1700}, "run from 1816 to 2025"),
        ({"until": 2020, "ratio": 10}, "run from 1816 to 2016"),
        ({"patron": "Italy", "since": 1946}, "nothing to count"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_a_reason(filters, words):
    with pytest.raises(FilterError, match=words):
        counted(**filters)


def test_the_table_reads_back_as_written_and_a_broken_row_is_named(tmp_path):
    file = tmp_path / "exposure.csv"
    text = exposure.cells_text(CELLS)
    assert text == (FOLDER / "exposure.csv").read_text()
    lines = text.splitlines()
    for bad, words in [
        (lines[5].replace("state-year", "state-yaer"), "none of"),
        (lines[5].replace("1820,1820", "1820,1819"), "first <= last"),
        (f"{lines[5]}1900", "an event outside 1820-1820"),
        (lines[5].replace("1820", "x", 1), "x"),
    ]:
        file.write_text("\n".join([*lines[:5], bad]) + "\n")
        with pytest.raises(exposure.ExposureError, match=rf"exposure\.csv:6: .*{words}"):
            exposure.read_cells(file)
    file.write_text("unit,first\nstate-year,1816\n")
    with pytest.raises(exposure.ExposureError, match=r"exposure\.csv:1: no column last"):
        exposure.read_cells(file)


def test_cells_add_up_by_hand():
    cells = [
        Cell(DYAD, 1900, 1904, 365, "land", "defence", 10.0, 7, (1901, 1904)),
        Cell(DYAD, 1900, 1904, 365, "land", "defence last year", 20.0, 2),
        Cell(DYAD, 1900, 1904, 200, "24 miles of sea", "other", 10.0, 4, (1902,)),
        Cell(DYAD, 1905, 1909, 365, "", "", 5.0, 3),
    ]
    found = count(cells, Filters(since=1900, until=1909, ratio=5))
    assert (found.rate.events, found.rate.exposure, found.rate.episodes) == (3, 16, 2)
    found = count(cells, Filters(since=1900, until=1904, pact="defence", ratio=10))
    assert (found.rate.events, found.rate.exposure, found.rate.episodes) == (2, 9, 1)
    strict = count(cells, Filters(since=1900, until=1904, pact="defence this year"))
    assert strict.rate.exposure == 7
    assert count(cells, Filters(since=1900, until=1904, pact="any")).rate.exposure == 13
    assert STATE not in {c.unit for c in cells}
    with pytest.raises(FilterError, match="no state-year"):
        count(cells, Filters(since=1900))


def test_a_missing_raw_list_is_named(tmp_path):
    with pytest.raises(exposure.ExposureError, match=r"no list cow_system2016\.csv"):
        count_base_rate(FOLDER, Filters(since=1947, ratio=7), raw=tmp_path)


@raw_lists
def test_the_table_is_what_the_raw_lists_sum_to():
    assert exposure.cells_from_raw(RAW, exits=FOLDER / "exits_cow.csv", span=exposure.SPAN) == CELLS


@raw_lists
def test_raw_lists_answer_any_year_and_ratio():
    raw = Path(RAW)
    assert count_base_rate(FOLDER, Filters(since=1946, **PACT), raw=raw).rate.exposure == 784
    chosen = [Filters(since=1947, border="land", pact="defence", ratio=ratio) for ratio in (5, 7, 10)]
    found = [count_base_rate(FOLDER, filters, raw=raw).rate.exposure for filters in chosen]
    assert found[0] > found[1] > found[2]
