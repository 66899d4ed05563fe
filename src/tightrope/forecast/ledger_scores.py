"""What a ledger's scores are worth: with intervals, with words read otherwise, on common questions only.

Statements of one month echo each other, so the interval of a mean score comes from a bootstrap that draws
whole months (Field & Welsh 2007). It is not given below `FEWEST` months. Groups answered different
questions and are therefore listed by name, never by score; two are compared on the questions both answered.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tightrope.forecast.ledger import Prediction, score_ledger
from tightrope.forecast.scores import brier
from tightrope.forecast.words import Reading, Table, nearest

if TYPE_CHECKING:
    import pandas as pd

By = Literal["event", "year", "forecaster", "forecaster_kind", "venue", "leaning"]
FEWEST = 5
"""Months, or common questions, below which no interval is given."""


class NotComparable(ValueError):
    """Two groups without a common question, or a group that the ledger does not have."""


@dataclass(frozen=True)
class Comparison:
    """Mean Brier scores of two groups over the questions that both answered; difference is first - second."""

    first: str
    second: str
    questions: tuple[str, ...]
    first_brier: float
    second_brier: float
    difference: float
    interval: tuple[float, float] | None


def score_groups(
    predictions: Iterable[Prediction],
    *,
    by: By = "event",
    baseline: float = 0.02,
    seed: int = 0,
    draws: int = 2000,
) -> pd.DataFrame:
    """`score_ledger` with `months` (of statements) and 95 % limits `low`, `high` of each mean Brier score.

    Groups stand in the order of their names. Raises NotComparable for leanings that are not coded.
    """
    every = list(predictions)
    if by == "leaning" and not any(p.leaning for p in every):
        raise NotComparable("no leaning is coded in this ledger: give it a column `leaning`")

    def key(p: Prediction) -> Any:
        return getattr(p, by) or "not coded"

    table = score_ledger(every, by=key, baseline=baseline).rename_axis(by)
    closed = [p for p in every if p.resolution != "open"]
    months, limits = [], []
    for name in table.index:
        group = closed if name == "all" else [p for p in closed if key(p) == name]
        found = month_bootstrap(group, seed=seed, draws=draws)
        months.append(len({p.made_on[:7] for p in group}))
        limits.append((float("nan"), float("nan")) if found is None else found)
    return table.assign(months=months, low=[low for low, _ in limits], high=[high for _, high in limits])


def month_bootstrap(
    predictions: Sequence[Prediction], *, seed: int = 0, draws: int = 2000
) -> tuple[float, float] | None:
    """95 % limits of the mean Brier score when whole months are drawn again; None below `FEWEST` months."""
    months = sorted({p.made_on[:7] for p in predictions})
    if len(months) < FEWEST:
        return None
    place = {month: i for i, month in enumerate(months)}
    where = np.array([place[p.made_on[:7]] for p in predictions])
    sums = np.bincount(where, weights=_brier(predictions))
    sizes = np.bincount(where)
    rows = np.random.default_rng(seed).integers(0, len(months), size=(draws, len(months)))
    low, high = np.quantile(sums[rows].sum(axis=1) / sizes[rows].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def question_of(prediction: Prediction) -> str:
    """What was asked: the event by its deadline, or the event from the year of the statement on.

    The resolution is part of it, so that windows of different length do not pass for one question.
    """
    if prediction.deadline is not None:
        return f"{prediction.event} by {prediction.deadline.isoformat()}: {prediction.resolution}"
    return f"{prediction.event}, asked in {prediction.year}: {prediction.resolution}"


def compare(
    predictions: Iterable[Prediction], *, by: By, first: str, second: str, seed: int = 0, draws: int = 2000
) -> Comparison:
    """Compare two groups on their common resolved questions; several statements on one count as their mean.

    Statements on the event `other` are left out, since no two of them ask the same.

    Raises NotComparable where there is none, or for a group that is not there, with a near match.
    """
    closed = [p for p in predictions if p.resolution != "open" and p.event != "other"]
    groups = {str(getattr(p, by)) for p in closed}
    for name in (first, second):
        if name not in groups:
            near = difflib.get_close_matches(name, groups, 1)
            raise NotComparable(f"no {by} {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    means = []
    for name in (first, second):
        by_question: dict[str, list[Prediction]] = {}
        for p in closed:
            if str(getattr(p, by)) == name:
                by_question.setdefault(question_of(p), []).append(p)
        means.append({question: float(_brier(rows).mean()) for question, rows in by_question.items()})
    common = sorted(means[0].keys() & means[1].keys())
    if not common:
        raise NotComparable(
            f"{first} and {second} answered no common question, so their scores cannot be compared "
            f"({len(means[0])} and {len(means[1])} questions)"
        )
    a, b = (np.array([group[question] for question in common]) for group in means)
    interval = None
    if len(common) >= FEWEST:
        rows = np.random.default_rng(seed).integers(0, len(common), size=(draws, len(common)))
        low, high = np.quantile((a - b)[rows].mean(axis=1), [0.025, 0.975])
        interval = (float(low), float(high))
    first_mean, second_mean = float(a.mean()), float(b.mean())
    return Comparison(
        first, second, tuple(common), first_mean, second_mean, first_mean - second_mean, interval
    )


def word_sensitivity(predictions: Iterable[Prediction], *, baseline: float = 0.02) -> pd.DataFrame:
    """Scores when each coded probability is read as the nearest word of a table.

    A coded probability is one coder's number for words. It is replaced by the number of the nearest word, and
    by the end of that word's range that is kindest and harshest to the statement. A number on the page itself
    stays. Rows: as coded, then each table's middle, kindest, harshest, then the constant; columns n, mean_p,
    brier.
    """
    import pandas as pd

    closed = [p for p in predictions if p.resolution != "open"]
    y = np.array([float(p.resolution == "yes") for p in closed])

    def read(table: Table, pick: Callable[[Reading, bool], float]) -> list[float]:
        return [
            p.implied_probability
            if p.stated_probability is not None
            else pick(nearest(p.implied_probability, table=table), p.resolution == "yes")
            for p in closed
        ]

    readings: dict[str, list[float]] = {"as coded": [p.implied_probability for p in closed]}
    tables: tuple[Table, ...] = ("icd203", "kent")
    for table in tables:
        readings[f"{table}, middle"] = read(table, lambda r, came: r.middle)
        readings[f"{table}, kindest"] = read(table, lambda r, came: r.high if came else r.low)
        readings[f"{table}, harshest"] = read(table, lambda r, came: r.low if came else r.high)
    readings[f"always {baseline:g}"] = [baseline] * len(closed)
    rows = {
        name: {"n": len(f), "mean_p": float(np.mean(f)), "brier": float(brier(y, f).mean())}
        for name, f in readings.items()
        if f
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("words read")


def steps_that_came(
    predictions: Iterable[Prediction], *, events: Collection[str], baseline: float = 0.02
) -> pd.DataFrame:
    """Events of which at least one statement came true: how often, and how much was expected.

    events  the limited steps
    Columns: n, yes, came (share), mean_p, gap (came - mean_p: positive is under-predicted),
    mean_p_where_came, brier, baseline_brier.
    """
    import pandas as pd

    closed = [p for p in predictions if p.resolution != "open" and p.event in set(events)]
    rows = {}
    for event in sorted({p.event for p in closed if p.resolution == "yes"}):
        group = [p for p in closed if p.event == event]
        y = np.array([float(p.resolution == "yes") for p in group])
        f = np.array([p.implied_probability for p in group])
        rows[event] = {
            "n": len(group),
            "yes": int(y.sum()),
            "came": float(y.mean()),
            "mean_p": float(f.mean()),
            "gap": float(y.mean() - f.mean()),
            "mean_p_where_came": float(f[y == 1].mean()),
            "brier": float(brier(y, f).mean()),
            "baseline_brier": float(brier(y, baseline).mean()),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("event")


def _brier(predictions: Sequence[Prediction]) -> np.ndarray:
    y = [float(p.resolution == "yes") for p in predictions]
    return brier(y, [p.implied_probability for p in predictions])
