"""A headline as evidence: "he will give it up at the summit".

Two rates make its worth: how often such a headline came before a meeting that brought nothing (false
alarms), and how often it came before the thing itself (hits). The first is counted in the ledger's coverage
of past summits. The second has never been seen for an event that never happened, so it is an assumption: by
default the rate at which limited steps that did come had been announced, with a lever and a curve to see
what it does. How long before a meeting a headline counts is a choice too, and a strong one.

Coverage is what a search found. A false alarm that it missed makes the headline look better than it is.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from tightrope.forecast.ledger import FEAR, Prediction
from tightrope.forecast.reference_class import Rate

LEAD = 90
"""Days before a meeting or a step in which a headline about it counts: a quarter."""

GRID = 61
"""Points for each uncertain rate when limits are read off."""


@dataclass(frozen=True)
class Share:
    """`hits` of `n` occasions; `sure` of them by statements whose loose dates leave no doubt."""

    hits: int
    sure: int
    n: int

    @property
    def beta(self) -> tuple[float, float]:
        """The Jeffreys posterior of the rate, a Beta law."""
        return self.hits + 0.5, self.n - self.hits + 0.5


@dataclass(frozen=True)
class Update:
    """Before and after a headline, with 90 % limits over the uncertain rates.

    ratio  likelihood ratio: the mean hit rate over the mean false-alarm rate
    """

    before: float
    after: float
    low: float
    high: float
    ratio: float


def false_alarms(
    events: Iterable[Mapping[str, str]],
    predictions: Iterable[Prediction],
    *,
    event: str = "merger",
    kinds: Sequence[str] = ("summit",),
    lead: int = LEAD,
    at_least: float = FEAR,
) -> Share:
    """How many past meetings had a headline in the `lead` days up to them, though the event did not follow.

    A meeting dated to a year only is left out, and so is one with the event within `lead` days after it.
    A statement dated to a month counts if the month touches the window; `sure` asks that it lies inside.
    """
    statements = [p for p in predictions if p.event == event]
    came = {p.resolved_on for p in statements if p.resolution == "yes" and p.resolved_on is not None}
    meetings = []
    for row in events:
        if row["kind"] in kinds and row.get("precision", "day") != "year":
            day = date.fromisoformat(row["date"])
            monthly = row.get("precision") == "month"
            last = day.replace(day=calendar.monthrange(day.year, day.month)[1]) if monthly else day
            if not any(day <= end <= last + timedelta(days=lead) for end in came):
                meetings.append((day - timedelta(days=lead), last))
    return _share(meetings, [statements] * len(meetings), at_least)


def steps_announced(
    predictions: Iterable[Prediction],
    *,
    events: Collection[str],
    lead: int = LEAD,
    at_least: float = FEAR,
) -> Share:
    """How many limited steps that came had a headline in the `lead` days up to them.

    events  the limited steps
    """
    every = [p for p in predictions if p.event in set(events)]
    steps = sorted({(p.event, p.resolved_on) for p in every if p.resolution == "yes" and p.resolved_on})
    windows = [(day - timedelta(days=lead), day) for _, day in steps]
    return _share(windows, [[p for p in every if p.event == name] for name, _ in steps], at_least)


def update(
    prior: float | Rate,
    *,
    years: float,
    hit: tuple[float, float] | float,
    false_alarm: tuple[float, float] | float,
) -> Update:
    r"""The chance of the event in a window after one headline, $\frac{h\pi}{h\pi + f(1-\pi)}$.

    prior            a probability, or the rate (its Jeffreys posterior) that gives it over `years`
    hit, false_alarm a rate, or the (a, b) of its Beta law

    For one headline the answer needs the means of the two rates only, whatever their laws; the limits come
    from a grid over equally likely values of all that is uncertain.

    >>> found = update(0.003, years=5, hit=0.8, false_alarm=0.6)
    >>> round(found.after, 5), round(found.ratio, 3)
    (0.004, 1.333)
    """
    from scipy.special import gammaincinv  # the quantile of a gamma law; scipy.stats loads for a second

    middles = (np.arange(GRID) + 0.5) / GRID
    if isinstance(prior, Rate):
        rates = gammaincinv(prior.events + 0.5, middles) / prior.exposure
        chances = -np.expm1(-rates * years)
        before = float(-np.expm1(-(prior.events + 0.5) * np.log1p(years / prior.exposure)))
    else:
        if not 0.0 <= prior <= 1.0:
            raise ValueError(f"a prior is a probability, not {prior}")
        chances, before = np.array([prior]), prior
    h, mean_h = _law(hit, middles)
    f, mean_f = _law(false_alarm, middles)
    values = posterior(chances[:, None, None], h[:, None], f)
    low, high = np.quantile(values, [0.05, 0.95], method="hazen")  # the grid holds middles
    after = float(posterior(np.array(before), np.array(mean_h), np.array(mean_f)))
    ratio = mean_h / mean_f if mean_f > 0 else float("inf")
    return Update(before, after, float(low), float(high), ratio)


def curve(
    prior: float, *, false_alarm: tuple[float, float] | float, hits: Sequence[float]
) -> list[tuple[float, float]]:
    """(hit rate, chance after the headline) for each of `hits`: what the assumption does."""
    _, mean = _law(false_alarm, np.array([0.5]))
    return [(float(h), float(posterior(np.array(prior), np.array(h), np.array(mean)))) for h in hits]


def posterior(prior: np.ndarray, hit: np.ndarray, false_alarm: np.ndarray) -> np.ndarray:
    """Bayes' rule; where the headline is impossible either way, the prior stays."""
    top = hit * prior
    bottom = top + false_alarm * (1.0 - prior)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(bottom > 0, top / bottom, prior))


def _law(rate: tuple[float, float] | float, middles: np.ndarray) -> tuple[np.ndarray, float]:
    from scipy.special import betaincinv

    if isinstance(rate, tuple):
        a, b = rate
        if not (a > 0 and b > 0):
            raise ValueError(f"a Beta law needs two numbers above 0, not {a:g} and {b:g}")
        return np.asarray(betaincinv(a, b, middles)), a / (a + b)
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"a rate lies in [0, 1], not {rate}")
    return np.array([rate]), rate


def _share(
    windows: Sequence[tuple[date, date]], statements: Sequence[Sequence[Prediction]], at_least: float
) -> Share:
    hits = sure = 0
    for (first, last), rows in zip(windows, statements, strict=True):
        spans = [s for p in rows if p.implied_probability >= at_least and (s := _span(p)) is not None]
        hits += any(a <= last and first <= b for a, b in spans)
        sure += any(first <= a and b <= last for a, b in spans)
    return Share(hits, sure, len(windows))


def _span(prediction: Prediction) -> tuple[date, date] | None:
    """First and last day on which a statement can have been made; None for a bare year."""
    last = prediction.last_day_made
    if len(prediction.made_on) == 4:
        return None
    return (last if len(prediction.made_on) == 10 else last.replace(day=1)), last
