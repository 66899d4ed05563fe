"""The chance of an event in a window before any headline: given, or of the reference class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tightrope.case.load import CaseFolder
from tightrope.forecast.reference_class import Rate, load_rates, outside_view

FEARED = "merger"
"""The ledger's event that the reference class, and the terminal of `MERGER`, speak about."""

SOURCES = ("reference-class", "pooled")


class HeadlineError(ValueError):
    """A window, a rate, a prior or a case that `headline` cannot use."""


@dataclass(frozen=True)
class Prior:
    """A chance in the window, or the rate that gives it; where it comes from; its parts if it is a pool."""

    chance: float | Rate
    source: str
    notes: tuple[str, ...] = ()
    pool: Mapping[str, Any] | None = None


def years_of(first: date, last: date) -> float:
    """The length of a window, both days included."""
    return ((last - first).days + 1) / 365.25


def reference_prior(source: CaseFolder, *, event: str, first: date, last: date) -> Prior:
    """The reference class's. Raises HeadlineError for an event or a case that it does not speak about."""
    if source.case.reference_class is None or event != FEARED:
        raise HeadlineError(f"nothing gives a prior for {event}: say --prior")
    rates = load_rates(source.folder / source.case.reference_class / "rates.csv")
    return Prior(
        outside_view(rates, years=years_of(first, last)).rate,
        "reference class",
        (
            "the prior is the reference class alone, without model or Markov chain; "
            "`--prior-from pooled` has all three, from a fit",
        ),
    )
