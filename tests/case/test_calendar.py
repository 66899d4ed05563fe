"""The calendar: periods count like months do, and a date knows its state."""

from __future__ import annotations

import doctest
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.case import calendar
from tightrope.case.calendar import (
    Period,
    PeriodLength,
    first_period_starting_on_or_after,
    last_known_period,
    parse_period,
    period_of,
    state_period,
)

LENGTHS: list[PeriodLength] = ["quarter", "half-year", "year"]
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MONTHS = {"quarter": 3, "half-year": 6, "year": 12}


def test_examples_in_the_documentation() -> None:
    results = doctest.testmod(calendar)
    assert results.attempted > 8
    assert results.failed == 0


@given(day=DAYS, length=st.sampled_from(LENGTHS))
def test_a_day_lies_in_its_period_and_periods_touch(day: date, length: PeriodLength) -> None:
    period = period_of(day, length)
    assert period.start <= day <= period.end
    assert (period + 1).start - period.end == timedelta(days=1)
    assert (period.start.month - 1) % MONTHS[length] == 0
    assert parse_period(str(period)) == parse_period(str(period), length) == period


@given(day=DAYS, length=st.sampled_from(LENGTHS), steps=st.integers(-300, 300))
def test_adding_and_subtracting_undo_each_other(day: date, length: PeriodLength, steps: int) -> None:
    period = period_of(day, length)
    later = period + steps
    assert later - period == steps
    assert later - steps == period
    assert (later > period) == (steps > 0) == (later.start > period.start)


@given(day=DAYS, length=st.sampled_from(LENGTHS))
def test_the_state_on_a_day_opens_the_period_that_starts_next(day: date, length: PeriodLength) -> None:
    found = state_period(day, length)
    assert found == first_period_starting_on_or_after(day, length)
    assert (found - 1).start < day <= found.start


@given(asked=DAYS, length=st.sampled_from(LENGTHS))
def test_a_question_knows_only_what_had_ended(asked: date, length: PeriodLength) -> None:
    known = last_known_period(asked, length)
    assert known.end < asked <= (known + 1).end


@pytest.mark.parametrize(
    "text",
    [
        "",
        "96Q1",
        "1996Q0",
        "1996Q5",
        "1996H3",
        "1996 Q1",
        "1996Q",
        "1996-01",
        "0000",
        "x",
        "1996q1",
        "1996Q1\n",
    ],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        parse_period(text)


def test_periods_of_different_lengths_do_not_mix() -> None:
    with pytest.raises(ValueError, match="and 1996 a year"):
        parse_period("1996Q1") - parse_period("1996")
    with pytest.raises(ValueError, match="and 1996 a year"):
        _ = parse_period("1996Q1") < parse_period("1996")
    with pytest.raises(ValueError, match="outside the calendar"):
        Period("year", 10_000)
