"""The calendar of a case: periods of a quarter, a half-year or a year, and what a date means.

Record states stand at the start of a period and moves within it. So the state *on*
a date is that of the first period that starts on or after it, and a question asked
on a date knows only periods that had ended before.

>>> first = parse_period("1996Q1")
>>> str(first + 3), str(first + 4), parse_period("1997Q1") - first
('1996Q4', '1997Q1', 4)
>>> first.start.isoformat(), first.end.isoformat()
('1996-01-01', '1996-03-31')
>>> str(state_period(date(2025, 12, 31), "quarter"))
'2026Q1'
>>> str(last_known_period(date(2021, 5, 12), "quarter"))
'2021Q1'
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import total_ordering
from typing import Literal, overload

PeriodLength = Literal["quarter", "half-year", "year"]

_MONTHS: dict[PeriodLength, int] = {"quarter": 3, "half-year": 6, "year": 12}
_LETTER: dict[PeriodLength, str] = {"quarter": "Q", "half-year": "H", "year": ""}
_TEXT = re.compile(r"([0-9]{4})(?:([QH])([1-4]))?")
_EXAMPLE: dict[PeriodLength, str] = {"quarter": "1996Q1", "half-year": "1996H1", "year": "1996"}


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """One period of the calendar. `number` counts periods of this length since year 0.

    Periods of one length can be compared, added to (`period + 3`) and subtracted
    (`later - earlier`, a number of periods).
    """

    length: PeriodLength
    number: int

    def __post_init__(self) -> None:
        if not 1 <= self.year <= 9998:
            raise ValueError(f"year {self.year} is outside the calendar")

    @property
    def year(self) -> int:
        """The year that the period lies in."""
        return self.number * _MONTHS[self.length] // 12

    @property
    def start(self) -> date:
        """First day."""
        months = self.number * _MONTHS[self.length]
        return date(months // 12, months % 12 + 1, 1)

    @property
    def end(self) -> date:
        """Last day."""
        return _first_day_after(self) - timedelta(days=1)

    def __str__(self) -> str:
        if self.length == "year":
            return f"{self.year:04d}"
        within = self.number % (12 // _MONTHS[self.length]) + 1
        return f"{self.year:04d}{_LETTER[self.length]}{within}"

    def __lt__(self, other: Period) -> bool:
        return self.number < _same_length(self, other).number

    def __add__(self, periods: int) -> Period:
        return Period(self.length, self.number + periods)

    @overload
    def __sub__(self, other: Period) -> int: ...
    @overload
    def __sub__(self, other: int) -> Period: ...
    def __sub__(self, other: Period | int) -> Period | int:
        if isinstance(other, Period):
            return self.number - _same_length(self, other).number
        return self + -other


def _same_length(this: Period, other: Period) -> Period:
    if this.length != other.length:
        raise ValueError(f"{this} is a {this.length} and {other} a {other.length}")
    return other


def _first_day_after(period: Period) -> date:
    months = (period.number + 1) * _MONTHS[period.length]
    return date(months // 12, months % 12 + 1, 1)


def parse_period(text: str, length: PeriodLength | None = None) -> Period:
    """A period from `1996Q1`, `1996H1` or `1996`. Raises ValueError, also if it is not of `length`.

    >>> parse_period("1996H2").start.isoformat()
    '1996-07-01'
    >>> parse_period("1996", "quarter")
    Traceback (most recent call last):
    ...
    ValueError: '1996' is not a quarter (write it like 1996Q1)
    """
    match = _TEXT.fullmatch(text)
    if match is not None:
        year, letter, within = match.groups()
        found: PeriodLength = {"Q": "quarter", "H": "half-year", None: "year"}[letter]  # type: ignore[assignment]
        per_year = 12 // _MONTHS[found]
        position = int(within or 1)
        if position <= per_year and int(year) > 0 and length in (None, found):
            return Period(found, int(year) * per_year + position - 1)
    if length is None:
        raise ValueError(f"{text!r} is not a period (write it like {', '.join(_EXAMPLE.values())})")
    raise ValueError(f"{text!r} is not a {length} (write it like {_EXAMPLE[length]})")


def period_of(day: date, length: PeriodLength) -> Period:
    """The period that a day lies in.

    >>> str(period_of(date(2020, 8, 9), "half-year"))
    '2020H2'
    """
    return Period(length, (day.year * 12 + day.month - 1) // _MONTHS[length])


def first_period_starting_on_or_after(day: date, length: PeriodLength) -> Period:
    """The first period whose first day is `day` or later.

    >>> str(first_period_starting_on_or_after(date(2021, 4, 1), "quarter"))
    '2021Q2'
    >>> str(first_period_starting_on_or_after(date(2021, 4, 2), "quarter"))
    '2021Q3'
    """
    period = period_of(day, length)
    return period if period.start == day else period + 1


def state_period(day: date, length: PeriodLength) -> Period:
    """The period whose opening state counts as the state *on* `day`: the next to start.

    A deadline on the last day of a period is answered by the state that opens the
    next one; a deadline on the first day of a period by that day's own state.

    >>> str(state_period(date(2021, 6, 30), "quarter"))
    '2021Q3'
    """
    return first_period_starting_on_or_after(day, length)


def last_known_period(asked: date, length: PeriodLength) -> Period:
    """The last period that had ended before `asked`: all that a question asked then may know.

    >>> str(last_known_period(date(2021, 4, 1), "quarter"))
    '2021Q1'
    >>> str(last_known_period(date(2021, 3, 31), "quarter"))
    '2020Q4'
    """
    return period_of(asked, length) - 1
