r"""What another coding of the record does to an evidence, from posterior draws under this one.

$Z'/Z = E[L'/L]$ over the posterior under the first coding. Play does not depend on the coding, so each draw
is solved once and only the record is filtered again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from tightrope.fit.evidence import FEWEST, SHAPE
from tightrope.fit.laplace import effective_size, pareto_shape
from tightrope.fit.target import Target
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import filter_record, value_only

Array = NDArray[Any]


@dataclass(frozen=True)
class Shift:
    """By how many nats another coding moves a log evidence; `flaw` says why draws cannot tell."""

    nats: float
    effective: float
    flaw: str


def recoded(
    target: Target,
    others: Mapping[str, Evidence],
    sample: Array,
    *,
    on_step: Callable[[int, int], None] | None = None,
) -> dict[str, list[float | None]]:
    """Log-likelihood ratio of each other coding to the target's own at each draw; None without a certificate.

    target  whose solves start at the fixed point that the draws were made with (`Target.near`)
    others  the same game's record under other codings
    sample  (draws, parameters) posterior draws
    """
    found: dict[str, list[float | None]] = {name: [] for name in others}
    for number, v in enumerate(sample, start=1):
        theta = target.theta(v)
        here = value_only(target.evidence, theta, warm=target.z, tolerance=target.tolerance)
        certified = float(here.residual) <= target.tolerance
        for name, other in others.items():
            there = float(np.sum(filter_record(other, theta, np.asarray(here.z)).log_probability))
            ratio = there - float(here.value)
            # An impossible record under the other coding is a ratio of zero, not a failure.
            found[name].append(max(ratio, -1e6) if certified and not np.isnan(ratio) else None)
        if on_step is not None:
            on_step(number, len(sample))
    return found


def averaged(
    target: Target,
    others: Iterable[tuple[float, Evidence]],
    sample: Array,
    *,
    on_step: Callable[[int], None] | None = None,
) -> list[float | None]:
    """Log of the weighted sum of likelihoods over codings, less the target's own, at each draw.

    others   weight and record of each coding; taken one at a time, so that they need not all be held
    target, sample  as in `recoded`
    on_step  called with how many codings are done

    Play is solved once a draw. None without a certificate.
    """
    solved: list[tuple[Array, Array, float] | None] = []
    for v in sample:
        theta = target.theta(v)
        here = value_only(target.evidence, theta, warm=target.z, tolerance=target.tolerance)
        good = float(here.residual) <= target.tolerance and np.isfinite(float(here.value))
        solved.append((theta, np.asarray(here.z), float(here.value)) if good else None)
    totals = np.full(len(sample), -np.inf)
    for number, (weight, other) in enumerate(others, start=1):
        for k, known in enumerate(solved):
            if known is not None:
                theta, z, own = known
                there = float(np.sum(filter_record(other, theta, z).log_probability))
                totals[k] = np.logaddexp(totals[k], np.log(weight) + there - own)
        if on_step is not None:
            on_step(number)
    return [
        None if known is None or np.isnan(total) else max(float(total), -1e6)
        for known, total in zip(solved, totals, strict=True)
    ]


def shift(ratios: Sequence[float | None]) -> Shift:
    """The log of the mean ratio, refused where a few draws carry it."""
    known = np.array([r for r in ratios if r is not None])
    if not len(known):
        return Shift(float("nan"), 0.0, "no draw is certified")
    effective, shape = effective_size(known), pareto_shape(known)
    flaw = ""
    if effective < min(FEWEST, 0.5 * len(known)) or shape > SHAPE:
        flaw = f"the draws under the printed codes hardly meet it (worth {effective:.0f} of {len(known)})"
    return Shift(float(logsumexp(known) - np.log(len(known))), effective, flaw)
