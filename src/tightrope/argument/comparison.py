"""Readings set against each other by their evidence, and each Bayes factor split over a record's periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tightrope.fit.evidence import NO_MASS, TIMES, Estimate, combined, unresolved

Array = NDArray[Any]
Verdict = Literal["favoured", "disfavoured", "no finding", "unresolved", "refused"]

FINDING = 1.0
"""A log Bayes factor below one nat is no finding."""
SHARE_APART = 0.05
"""Readings whose certified shares of the prior differ by more cannot be compared."""
ROUNDING = 1e-9
UNBIASED = ("importance sampling", "importance sampling in stages", "tempered SMC")
"""Estimators whose mean is the evidence itself."""
SELDOM = 0.05
"""How often a bound may be wrong, at most."""


@dataclass(frozen=True, eq=False)
class Standing:
    """A reading with its evidence.

    first, second  two estimates of its log evidence
    certified      share of its prior that the solver certifies; one for a rival that solves nothing
    rows           (periods,) posterior mean of the log-likelihood by period
    parameters     how many are free
    strategic      whether it is a game
    """

    name: str
    about: str
    first: Estimate
    second: Estimate
    certified: float
    rows: Array
    parameters: int
    strategic: bool = True

    @property
    def log_evidence(self) -> float:
        """The mean of both estimates, in nats."""
        return combined(self.first, self.second)

    @property
    def unresolved(self) -> str:
        """Why the estimates do not settle it, or an empty string."""
        return unresolved(self.first, self.second)

    @property
    def learned(self) -> float:
        """What the parameters had to learn, in nats: mean log-likelihood less log evidence.

        It is the divergence of the posterior from the prior, the price of freedom; a negative one shows
        that the estimates are off.
        """
        return float(self.rows.sum()) - self.log_evidence


@dataclass(frozen=True)
class Factor:
    """One reading against another.

    log_factor       log evidence of `name` less that of `other`, in nats
    first, second    the same by each estimator alone
    verdict          of `name`; `why` says what stands behind `unresolved` and `refused`
    least            nats that `other` is ahead by at least, 19 times in 20; None where nothing bounds it
    """

    name: str
    other: str
    log_factor: float
    first: float
    second: float
    verdict: Verdict
    why: str
    least: float | None = None


def at_least(s: Standing) -> float | None:
    """What a reading's log evidence falls short of once in twenty at most, or None.

    The mean of weights is unbiased for the evidence, so that it exceeds it twentyfold once in twenty at most
    (Markov's inequality): however badly particles mix, its logarithm less three nats is a bound (Grosse,
    Ghahramani & Adams 2015). Nothing of the kind bounds it from above. Stages are as long as their particles
    ask for, which leaves a bias of the order of one over their number, and what they begin from must have a
    known mass.
    """
    if s.first.method not in UNBIASED or not np.isfinite(s.first.log_evidence):
        return None
    if NO_MASS in s.first.flaw:
        return None
    return float(s.first.log_evidence + np.log(SELDOM))


def at_most(s: Standing) -> float | None:
    """The larger of two estimates that settle an evidence, and three spreads; None if they do not."""
    if s.unresolved:
        return None
    noise = float(np.hypot(np.nan_to_num(s.first.spread), np.nan_to_num(s.second.spread)))
    return max(s.first.log_evidence, s.second.log_evidence) + TIMES * noise


def factor(one: Standing, other: Standing) -> Factor:
    """The log Bayes factor of one reading over another, and what may be said of it."""
    gap = one.log_evidence - other.log_evidence
    apart = abs(one.certified - other.certified)
    verdict: Verdict
    why = ""
    if apart > SHARE_APART + ROUNDING:
        verdict = "refused"
        why = (
            f"{100 * one.certified:.0f} % of the prior of {one.name} is certified and "
            f"{100 * other.certified:.0f} % of that of {other.name}"
        )
    elif one.unresolved or other.unresolved:
        verdict = "unresolved"
        why = "; ".join(f"{s.name}: {s.unresolved}" for s in (one, other) if s.unresolved)
    elif abs(gap) < FINDING:
        verdict = "no finding"
    else:
        verdict = "favoured" if gap > 0 else "disfavoured"
    below, above = at_least(other), at_most(one)
    # What is not certified counts as nothing: `other` may lack it and still be ahead, `one` may not.
    whole = verdict != "refused" or one.certified >= 1.0
    least = below - above if below is not None and above is not None and whole else None
    return Factor(
        one.name, other.name, gap, one.first.log_evidence - other.first.log_evidence,
        one.second.log_evidence - other.second.log_evidence, verdict, why, least,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Split:
    """A log Bayes factor over the periods of a record; `periods` and `learning` sum to `total`.

    periods   (rows,) posterior mean log-likelihood of the one less that of the other, in nats
    learning  what is left: the other's parameters had to learn so much more
    """

    name: str
    other: str
    periods: Array
    learning: float

    @property
    def total(self) -> float:
        """The log Bayes factor."""
        return float(self.periods.sum()) + self.learning


def split(one: Standing, other: Standing) -> Split:
    r"""Where a log Bayes factor comes from.

    $\log Z = \sum_t E[\ell_t] - D$ with the posterior mean of each period's log-likelihood and the
    divergence D of the posterior from the prior (Bayes' theorem, averaged over the posterior). A period's
    part says how much better the one accounts for it once both have seen the whole record; the last part is
    what fitting cost.
    """
    return Split(one.name, other.name, one.rows - other.rows, other.learned - one.learned)


def telling(found: Split, *, top: int) -> list[int]:
    """Numbers of the rows that tell the two apart most, by size, at most `top`."""
    order = np.argsort(-np.abs(found.periods), kind="stable")
    return [int(k) for k in order[:top]]


def against(standings: Sequence[Standing], name: str) -> list[Factor]:
    """Every other reading against the one called `name`, in order."""
    base = next(s for s in standings if s.name == name)
    return [factor(s, base) for s in standings if s is not base]
