"""The reference class: how often states have merged with or been annexed by others, as an outside view.

A rate is a count of events over an exposure in state- or dyad-years, taken as Poisson. Intervals are exact
(Garwood 1936); means are those of the Jeffreys posterior, a gamma law with shape k + 1/2 and rate n, so that
zero events in n years do not read as impossible (Jeffreys 1961, section 3.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

BEST_MATCH = ("dyad-year", "1946-2016", "land, defence pact")
"""States since 1946 with a defence pact with, and a land border to, a power ten times stronger."""


@dataclass(frozen=True)
class Rate:
    """Events over an exposure. `episodes` counts the separate occasions that the events belong to."""

    unit: str
    period: str
    filter: str
    events: int
    exposure: float
    episodes: int | None = None

    @property
    def per_year(self) -> float:
        """Maximum-likelihood rate a year, k/n."""
        return self.events / self.exposure

    @property
    def jeffreys_mean(self) -> float:
        """Posterior mean rate a year, (k + 1/2)/n.

        >>> round(100 * Rate("dyad-year", "1946-2016", "land, defence pact", 0, 784).jeffreys_mean, 3)
        0.064
        """
        return (self.events + 0.5) / self.exposure

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Exact interval of the rate a year (Garwood 1936), for a Poisson count.

        >>> low, high = Rate("state-year", "1946-2016", "merger or annexation", 6, 10518).interval()
        >>> round(100 * low, 3), round(100 * high, 3)
        (0.021, 0.124)
        """
        from scipy.special import gammaincinv  # the quantile of a gamma law; scipy.stats loads for a second

        tail = (1.0 - level) / 2.0
        low = float(gammaincinv(self.events, tail)) if self.events else 0.0
        return low / self.exposure, float(gammaincinv(self.events + 1, 1.0 - tail)) / self.exposure

    def jeffreys_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Equal-tailed interval of the Jeffreys posterior; with no event the lower limit is put at zero.

        >>> low, high = Rate("dyad-year", "1946-2016", "land, defence pact", 0, 784).jeffreys_interval()
        >>> low, round(100 * high, 3)
        (0.0, 0.32)
        """
        from scipy.special import gammaincinv

        tail = (1.0 - level) / 2.0
        low, high = (float(gammaincinv(self.events + 0.5, p) / self.exposure) for p in (tail, 1.0 - tail))
        return low if self.events else 0.0, high


@dataclass(frozen=True)
class OutsideView:
    """Probability of the event within `years`, with an interval, and the rate that it rests on."""

    years: float
    probability: float
    low: float
    high: float
    rate: Rate


def probability_by(rate: Rate, *, years: float, level: float = 0.95) -> OutsideView:
    r"""Probability of at least one event within `years`, for one state or dyad.

    The mean integrates $1 - e^{-rT}$ over the Jeffreys posterior of r, in closed form
    $1 - (n/(n+T))^{k+1/2}$; the interval maps the exact interval of the rate.

    >>> view = probability_by(Rate("dyad-year", "1946-2016", "land, defence pact", 0, 784), years=10)
    >>> round(100 * view.probability, 2), round(100 * view.high, 1)
    (0.63, 4.6)
    """
    from math import expm1, log1p

    if years < 0:
        raise ValueError(f"years must not be negative, got {years}")
    low, high = rate.interval(level)
    return OutsideView(
        years=years,
        probability=-expm1(-(rate.events + 0.5) * log1p(years / rate.exposure)),
        low=-expm1(-low * years),
        high=-expm1(-high * years),
        rate=rate,
    )


def outside_view(rates: Sequence[Rate], *, years: float, level: float = 0.95) -> OutsideView:
    """The outside view of "the client ends as a state" within `years`.

    The choice: the Jeffreys posterior of the best-matched set (`BEST_MATCH`: no event in 784 dyad-years). Its
    mean, 0.064 % a year, lies inside the 0.05-0.1 % that the state-years since 1946 give, and its exact upper
    limit, 0.47 % a year, is the highest figure that the sets since 1946 with enough exposure allow. The sets
    from before 1946 are not used: their eleven events are two episodes, and annexation was then lawful.
    """
    return probability_by(find_rate(rates, *BEST_MATCH), years=years, level=level)


def find_rate(rates: Sequence[Rate], unit: str, period: str, filter: str) -> Rate:
    """The rate of one set. Raises KeyError with a near match where there is none."""
    import difflib

    for rate in rates:
        if (rate.unit, rate.period, rate.filter) == (unit, period, filter):
            return rate
    wanted, known = f"{unit} / {period} / {filter}", [f"{r.unit} / {r.period} / {r.filter}" for r in rates]
    close = difflib.get_close_matches(wanted, known, n=1)
    raise KeyError(f"no rate for {wanted}" + (f"; did you mean {close[0]}?" if close else ""))


def read_rates(rows: Iterable[Mapping[str, str]]) -> tuple[Rate, ...]:
    """Rates from rows of text with the columns unit, period, filter, events, exposure, episodes.

    Raises ValueError for a count or exposure that is not one, naming the row.
    """
    found = []
    for i, row in enumerate(rows, start=1):
        try:
            events, exposure = int(row["events"]), float(row["exposure"])
            episodes = int(row["episodes"]) if row.get("episodes") else None
        except (KeyError, ValueError) as error:
            raise ValueError(f"rates, row {i}: {error}") from None
        if events < 0 or not exposure > 0:
            raise ValueError(f"rates, row {i}: needs events >= 0 and exposure > 0")
        found.append(Rate(row["unit"], row["period"], row["filter"], events, exposure, episodes))
    return tuple(found)


def load_rates(path: str | Path) -> tuple[Rate, ...]:
    """Rates of a case's derived table (`reference-class/rates.csv`)."""
    from tightrope.record.reading import read_rows

    return read_rates(read_rows(path))


def rates_table(rates: Sequence[Rate]) -> pd.DataFrame:
    """All rates with exact 95 % intervals and Jeffreys means, in % a year, and the share by ten years."""
    import pandas as pd

    return pd.DataFrame(
        {
            "unit": r.unit,
            "period": r.period,
            "filter": r.filter,
            "events": r.events,
            "exposure": r.exposure,
            "episodes": r.episodes,
            "% a year": 100 * r.per_year,
            "low": 100 * r.interval()[0],
            "high": 100 * r.interval()[1],
            "Jeffreys mean": 100 * r.jeffreys_mean,
            "% by ten years": 100 * probability_by(r, years=10).probability,
        }
        for r in rates
    )
