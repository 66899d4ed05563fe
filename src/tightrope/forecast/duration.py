"""Spot and time-weighted scores of a question that was forecast more than once.

The spot score is that of one forecast, by default the first: what was said when the question was asked. The
time-weighted score lets each forecast stand until the next, from the first one to the day on which the
question was resolved, and averages the score over those days: who sees it coming earlier does better.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date


def spot(scores: Sequence[float]) -> float:
    """Score of the first forecast."""
    if not scores:
        raise ValueError("no forecast to score")
    return float(scores[0])


def time_weighted(scores: Sequence[float], made_on: Sequence[date], *, closed: date) -> float:
    """Mean score over the days on which each forecast stood, from the first to `closed`.

    scores   of each forecast, in the order in which they were made
    made_on  the day of each; a day's last forecast is the one that stands
    closed   the day of resolution, on which nothing stands any more

    >>> time_weighted([0.25, 0.01], [date(2020, 1, 1), date(2020, 1, 31)], closed=date(2020, 2, 10))
    0.19
    """
    if len(scores) != len(made_on) or not scores:
        raise ValueError("each score needs the day of its forecast, and there must be one")
    if list(made_on) != sorted(made_on):
        raise ValueError("forecasts must be in the order in which they were made")
    if not made_on[0] < closed:
        raise ValueError(
            f"the first forecast ({made_on[0]}) was not made before the question closed ({closed})"
        )
    ends = [min(day, closed) for day in (*made_on[1:], closed)]
    days = [max((end - min(begin, closed)).days, 0) for begin, end in zip(made_on, ends, strict=True)]
    return float(sum(s * d for s, d in zip(scores, days, strict=True)) / sum(days))
