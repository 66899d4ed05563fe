r"""The evidence of a reading, $Z = \int_C L(v)\,\varphi(v)\,dv$, by importance and by bridge sampling.

v are normal scores, $\varphi$ their standard normal prior, L the record's likelihood and C the
certified set: where the solver vouches for an equilibrium. What lies outside counts as nothing, so
Z is a lower bound of the whole, and the prior share of C is printed with it.

Importance sampling draws from a mixture q over the modes found and averages $L\varphi/q$.
Bridge sampling (Meng & Wong 1996; Gronau et al. 2017) compares posterior draws with draws from a
density g fitted to other posterior draws. They fail differently: the first where q misses mass, the
second where the draws did. Both are repeated, and both are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logsumexp

from tightrope.fit.laplace import effective_size, pareto_shape

Array = NDArray[Any]
Method = Literal[
    "importance sampling",
    "importance sampling in stages",
    "bridge sampling",
    "closed form",
    "tempered SMC",
]

APART = 0.5
"""Two estimates further apart than this, in nats, leave the evidence unresolved."""
TIMES = 3.0
NEGLIGIBLE = 0.1
"""Estimates closer than this agree, however small their spread: a finding needs ten times as much."""
NOT_MIXED = "the chains have not mixed"
NO_MASS = "the mass of the surrogate's posterior is uncertain"
NO_OVERLAP = "their draws hardly overlap with those they are bridged to"
SHAPE = 0.7
FEWEST = 20.0


@dataclass(frozen=True)
class Estimate:
    """One estimate of a log evidence, in nats.

    repeats      the estimate from each repeat alone
    spread       standard deviation over the repeats
    evaluations  of the likelihood, and how many of them had no certificate (`failures`)
    effective    effective size of the weights or draws
    shape        Pareto shape of the largest weights; nan where there are no weights
    flaw         why it is not to be trusted, or an empty string
    """

    method: Method
    log_evidence: float
    repeats: tuple[float, ...]
    spread: float
    evaluations: int
    failures: int
    effective: float
    shape: float
    flaw: str


def estimate_data(estimate: Estimate) -> dict[str, Any]:
    """Plain data, None for what is not finite."""
    data = asdict(estimate)
    for name in ("log_evidence", "spread", "effective", "shape"):
        data[name] = float(data[name]) if np.isfinite(data[name]) else None
    return data | {"repeats": [float(x) if np.isfinite(x) else None for x in estimate.repeats]}


def estimate_from(data: Mapping[str, Any]) -> Estimate:
    """Inverse of `estimate_data`; an infinite number comes back as nan."""
    found = {name: float("nan") if value is None else value for name, value in data.items()}
    repeats = tuple(float("nan") if x is None else x for x in data["repeats"])
    return Estimate(**(found | {"repeats": repeats}))


def from_weights(blocks: Sequence[Array]) -> Estimate:
    """Importance sampling from blocks of log weights (likelihood times prior over proposal), one a repeat.

    A draw without a certificate has log weight -inf and counts among the draws.
    """
    whole = np.concatenate(blocks)
    repeats = tuple(_log_mean(block) for block in blocks)
    shape, effective = pareto_shape(whole), effective_size(whole)
    flaw = ""
    if not shape <= SHAPE:
        flaw = f"the weights have no reliable mean (Pareto shape {shape:.2f}, at most {SHAPE:g} is asked for)"
    elif effective < FEWEST:
        flaw = f"the weights are worth {effective:.0f} draws, {FEWEST:.0f} are asked for"
    return Estimate(
        "importance sampling", _log_mean(whole), repeats, spread(repeats), len(whole),
        int((~np.isfinite(whole)).sum()), effective, shape, flaw,
    )  # fmt: skip


def bridge(posterior: Array, proposal: Array, *, effective: float) -> float:
    r"""Log evidence by the optimal bridge (Meng & Wong 1996, equation 4.1; Gronau et al. 2017, 15).

    posterior  (n,) log of $L\varphi/g$ at posterior draws
    proposal   (m,) the same at draws from g; -inf without a certificate
    effective  how many independent draws the posterior draws are worth

    The equation says that the two samples, pooled, are told apart by r/Z as a logistic regression would
    tell them; its sides are monotone in Z, so it is solved by bracketing, which always ends, where the
    usual iteration creeps once the samples hardly overlap. -inf if no draw from g has a certificate.
    """
    if not np.isfinite(proposal).any():
        return -np.inf
    ratio = np.log(float(len(proposal)) / effective)

    def excess(guess: float) -> float:
        taken = effective * np.mean(expit(ratio + guess - posterior))
        return float(taken - len(proposal) * np.mean(expit(proposal - guess - ratio)))

    both = np.concatenate([posterior, proposal[np.isfinite(proposal)]])
    low, high = float(both.min()) - abs(ratio) - 50.0, float(both.max()) + abs(ratio) + 50.0
    return float(brentq(excess, low, high, xtol=1e-10))


def bridge_error(posterior: Array, proposal: Array, *, effective: float, log_evidence: float) -> float:
    """Standard error of a bridge, from how far its two samples overlap (Frühwirth-Schnatter 2004, section 3).

    Arguments as for `bridge`, and what that gave; in nats. Infinite if no draw of the proposal has a
    certificate. It is as good as `effective` is: chains that have not met are worth less than they say.
    """
    if not np.isfinite(log_evidence):
        return float("inf")
    ratio = np.log(float(len(proposal)) / effective)
    taken = expit(ratio + log_evidence - posterior)
    given = expit(proposal - log_evidence - ratio)
    shares = [float(np.var(x) / np.mean(x) ** 2) for x in (taken, given)]
    return float(np.sqrt(shares[0] / effective + shares[1] / len(proposal)))


def from_bridges(
    repeats: Sequence[float],
    *,
    evaluations: int,
    failures: int,
    effective: float,
    rhat: float,
    usable: float,
    errors: Sequence[float] = (),
) -> Estimate:
    """Bridge sampling from its repeats.

    Chains that have not met (R-hat above `usable`) are a flaw, and so are draws that hardly overlap with
    those of the proposal (a standard error above half a nat).

    errors  of the repeats (`bridge_error`)
    """
    mean = float(np.mean(repeats)) if len(repeats) else float("nan")
    flaws = [] if rhat <= usable else [f"{NOT_MIXED} (largest R-hat {rhat:.2f})"]
    if (worst := max(errors, default=0.0)) > APART:
        flaws.append(f"{NO_OVERLAP} (standard error {worst:.1f} nats)")
    return Estimate(
        "bridge sampling", mean, tuple(repeats), spread(repeats), evaluations, failures, effective,
        float("nan"), "; ".join(flaws),
    )  # fmt: skip


def spread(repeats: Sequence[float]) -> float:
    """Standard deviation over repeats; nan with fewer than two."""
    return float(np.std(repeats, ddof=1)) if len(repeats) > 1 else float("nan")


def unresolved(first: Estimate, second: Estimate) -> str:
    """Why two estimates do not settle an evidence, or an empty string.

    They must be free of flaws and agree to 0.5 nats and to three times the repeat spread (a tenth of a
    nat is let pass).
    """
    flaws = [e.flaw for e in (first, second) if e.flaw]
    gap = abs(first.log_evidence - second.log_evidence)
    if not np.isfinite(gap):
        flaws.append("an estimate is missing")
    elif gap > APART:
        flaws.append(f"the estimates differ by {gap:.1f} nats")
    else:
        noise = float(np.hypot(first.spread, second.spread))
        # `not >=` so that a spread that cannot be told refuses as well.
        if gap > NEGLIGIBLE and not gap <= TIMES * noise:
            flaws.append(f"the estimates differ by {gap:.2f} nats, their repeats only by {noise:.2f}")
    return "; ".join(flaws)


def combined(first: Estimate, second: Estimate) -> float:
    """The log evidence that two estimates agree on: their mean."""
    return 0.5 * (first.log_evidence + second.log_evidence)


def _log_mean(log_values: Array) -> float:
    return float(logsumexp(log_values) - np.log(len(log_values)))
