"""Do fears cluster on summits (each trip brings talk of lost sovereignty), and do they foretell anything?

Events and ledger statements are counted per period of the record. A statement or event whose date is too
loose for a period (a bare year) is left out and counted. Quarters are not independent, so the correlation's
interval comes from a moving-block bootstrap (Künsch 1989) and its p-value from all circular shifts of one
series against the other, which keep each series' own persistence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tightrope.case.calendar import PeriodLength, parse_period, period_of
from tightrope.forecast.ledger import FEAR, Prediction
from tightrope.forecast.scores import area_under_curve

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]


@dataclass(frozen=True)
class Counts:
    """How often something happened in each period; `left_out` could not be dated to one."""

    periods: tuple[str, ...]
    counts: tuple[int, ...]
    left_out: int


@dataclass(frozen=True, eq=False)
class SummitHits:
    """Fears and summits by quarter, and what they have to do with each other and with later rises.

    table        per period: summits, fears, and whether `variable` rises within `horizon` periods
    correlation  of fears with summits (Pearson), its block-bootstrap interval, and the one-sided p-value
                 of circular shifts
    mean_with, mean_without   fears per quarter with and without a summit
    auc          of fears for a later rise, standard error (Hanley & McNeil) and interval; `rises` says how
                 many different rises it rests on: with two, the interval is a lower bound on the doubt
    """

    table: pd.DataFrame
    n: int
    summits: int
    fears: int
    left_out: int
    correlation: float
    correlation_interval: tuple[float, float]
    shift_p: float
    mean_with: float
    mean_without: float
    auc: float
    auc_error: float
    auc_interval: tuple[float, float]
    rises: int


def event_counts(
    events: Iterable[Mapping[str, str]], *, kinds: Sequence[str], periods: Sequence[str]
) -> Counts:
    """Dated events of some kinds per period. Events dated to a year only are left out."""
    dates = [(e["date"], e.get("precision", "day")) for e in events if e["kind"] in kinds]
    loose = sum(precision == "year" for _, precision in dates)
    days = [date.fromisoformat(day) for day, precision in dates if precision != "year"]
    return _count(days, periods, loose)


def statement_counts(
    predictions: Iterable[Prediction],
    *,
    event: str = "merger",
    at_least: float = FEAR,
    periods: Sequence[str],
) -> Counts:
    """Ledger statements per period that give `event` a probability of `at_least`. Bare years are left out."""
    kept = [p.made_on for p in predictions if p.event == event and p.implied_probability >= at_least]
    days = [date.fromisoformat(made if len(made) == 10 else f"{made}-01") for made in kept if len(made) > 4]
    return _count(days, periods, len(kept) - len(days))


def summit_hits(
    events: Iterable[Mapping[str, str]],
    predictions: Iterable[Prediction],
    *,
    periods: Sequence[str],
    levels: Array,
    kinds: Sequence[str] = ("summit",),
    event: str = "merger",
    at_least: float = FEAR,
    horizon: int = 4,
    seed: int = 0,
    draws: int = 2000,
    block: int = 8,
) -> SummitHits:
    """Count summits and fears per period and relate them to each other and to later rises.

    periods  the record's periods, consecutive
    levels   (periods,) level index of the variable whose rise is feared, at the start of each period
    horizon  a rise counts for a period if it happens from the next period's start to this many later; the
             last `horizon` periods are left out of the AUC, since their future is not in the record
    """
    import pandas as pd

    summits = event_counts(events, kinds=kinds, periods=periods)
    fears = statement_counts(predictions, event=event, at_least=at_least, periods=periods)
    s, f = (np.asarray(c.counts, dtype=float) for c in (summits, fears))
    level = np.asarray(levels)
    n = len(periods)
    if len(level) != n:
        raise ValueError(f"levels has {len(level)} entries for {n} periods")
    rises = np.diff(level) > 0
    known = n - horizon
    ahead = np.array([rises[t : t + horizon].any() for t in range(max(known, 0))], dtype=int)
    auc, error = area_under_curve(ahead, f[: max(known, 0)])
    with_summit = s > 0
    table = pd.DataFrame({"period": list(periods), "summits": s.astype(int), "fears": f.astype(int)})
    table["rise_ahead"] = pd.array([*ahead.tolist(), *[None] * (n - len(ahead))], dtype="Int64")
    return SummitHits(
        table=table.set_index("period"),
        n=n,
        summits=int(s.sum()),
        fears=int(f.sum()),
        left_out=summits.left_out + fears.left_out,
        correlation=_correlation(s, f),
        correlation_interval=_block_interval(s, f, seed=seed, draws=draws, block=block),
        shift_p=_shift_p(s, f),
        mean_with=float(f[with_summit].mean()) if with_summit.any() else float("nan"),
        mean_without=float(f[~with_summit].mean()) if (~with_summit).any() else float("nan"),
        auc=auc,
        auc_error=error,
        auc_interval=(max(0.0, auc - 1.96 * error), min(1.0, auc + 1.96 * error)),
        rises=int(rises.sum()),
    )


def _count(days: Sequence[date], periods: Sequence[str], loose: int) -> Counts:
    """Count days per period; days outside the periods are none of the record's and are not reported."""
    index = {period: i for i, period in enumerate(periods)}
    counts = [0] * len(periods)
    length: PeriodLength = parse_period(periods[0]).length
    for day in days:
        at = index.get(str(period_of(day, length)))
        if at is not None:
            counts[at] += 1
    return Counts(tuple(periods), tuple(counts), loose)


def _correlation(a: Array, b: Array) -> float:
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _shift_p(a: Array, b: Array) -> float:
    """Share of all circular shifts of b (the unshifted included) that correlate at least as much with a."""
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    found = np.array([_correlation(a, np.roll(b, k)) for k in range(len(a))])
    return float(np.mean(found >= found[0] - 1e-12))


def _block_interval(a: Array, b: Array, *, seed: int, draws: int, block: int) -> tuple[float, float]:
    """95 % percentile interval of the correlation under a moving-block bootstrap of whole periods."""
    n = len(a)
    block = min(block, n)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n - block + 1, size=(draws, -(-n // block)))
    rows = (starts[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :n]
    with np.errstate(invalid="ignore", divide="ignore"):
        x, y = a[rows], b[rows]
        x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
        found = (x * y).sum(axis=1) / np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
    low, high = np.nanpercentile(found, [2.5, 97.5]) if np.isfinite(found).any() else (np.nan, np.nan)
    return float(low), float(high)
