"""Words for probabilities: both tables, and no sentence that mixes likelihood with confidence."""

from __future__ import annotations

import doctest
from itertools import pairwise

import pytest

from tightrope.forecast import words
from tightrope.forecast.words import UnknownWord, beside, nearest, percent, read_word, readings, verbal


def test_doctests():
    result = doctest.testmod(words)
    assert result.attempted >= 7
    assert result.failed == 0


def test_the_directives_bands_leave_no_gap_and_a_band_reads_as_itself():
    bands = readings("icd203")
    assert (bands[0].low, bands[-1].high) == (0.01, 0.99)
    assert all(a.high == b.low for a, b in pairwise(bands))
    for reading in bands:
        assert verbal(reading.middle) == reading.word == nearest(reading.middle).word


def test_kents_numbers_and_margins():
    # Kent (1964): 93 give or take about 6, 75 about 12, 50 about 10, 30 about 10, 7 about 5.
    found = {
        r.word: (r.middle, round(r.high - r.middle, 9), round(r.middle - r.low, 9)) for r in readings("kent")
    }
    assert found["almost certain"] == (0.93, 0.06, 0.06)
    assert found["probable"] == (0.75, 0.12, 0.12)
    assert found["chances about even"] == (0.5, 0.1, 0.1)
    assert found["probably not"] == (0.3, 0.1, 0.1)
    assert found["almost certainly not"] == (0.07, 0.05, 0.05)


def test_the_two_tables_disagree_about_one_word():
    assert read_word("almost certain", table="kent").low < read_word("almost certain").low


def test_an_unknown_word_gets_a_near_match():
    with pytest.raises(UnknownWord, match="did you mean 'very likely'"):
        read_word("very likly")
    with pytest.raises(UnknownWord, match="it has impossible"):
        read_word("qqq", table="kent")


@pytest.mark.parametrize("p", [0.0, 1e-7, 0.00999, 0.0101, 0.1, 0.5, 0.949, 0.995, 0.99996, 1.0])
def test_a_printed_number_is_never_rounded_to_a_certainty(p):
    shown = float(percent(p).removesuffix(" %")) / 100
    assert (shown in (0.0, 1.0)) == (p in (0.0, 1.0))
    assert abs(shown - p) <= 0.05 * min(p, 1 - p) + 1e-15
    assert verbal(p) in beside(p)


def test_mixed_sentences_are_found_across_words_and_not_across_stops():
    assert words.mixed_sentences("We judge with high confidence\nthat it is very likely.")
    assert words.mixed_sentences("It is remote, and we are confident.")
    assert not words.mixed_sentences("It is remote. We are confident.")
    assert not words.mixed_sentences("The 95 % confidence limits are wide.")
