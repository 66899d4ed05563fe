"""Probabilities without and with a scenario on the same draws, and what their difference comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tightrope.forecast.answers import weighted_quantile

STILL = 1e-9
"""Changes smaller than this are rounding: fixed points are found to such a residual."""

Summary = tuple[float, float, float]
"""Mean, and the 5 % and 95 % quantiles over draws."""


@dataclass(frozen=True)
class Compared:
    """One question without and with a scenario.

    difference    of the two means: `within` + `learnt`
    within        mean change within a draw, draws counting as they do with the scenario
    learnt        change of the baseline's mean by what is observed making some draws likelier than others;
                  zero where nothing is observed
    lower, upper  90 % interval over draws of the change within a draw
    raised        share of draws in which the scenario raises the probability by more than rounding
    effective     draws that carry the answer with the scenario (Kish 1965)
    """

    before: Summary
    after: Summary
    difference: float
    within: float
    learnt: float
    lower: float
    upper: float
    raised: float
    effective: float


@dataclass(frozen=True, eq=False)
class Paired:
    """Probabilities without and with a scenario, by draw certified in both.

    ids             questions answered
    before, after   (draws, questions)
    shares_before, shares_after  (draws, questions) what each draw counts: the probability of a question's
                    condition and of what is observed; else one
    refused         question -> why it is not answered
    statuses        how many draws: `failed without`, `failed with`, and by the status of the scenario's play
    worst           largest residual of any solve that is used
    """

    ids: tuple[str, ...]
    before: np.ndarray
    after: np.ndarray
    shares_before: np.ndarray
    shares_after: np.ndarray
    refused: Mapping[str, str]
    statuses: Mapping[str, int]
    worst: float

    def compared(self, question: str) -> Compared:
        """One question without and with the scenario."""
        k = self.ids.index(question)
        before, after = self.before[:, k], self.after[:, k]
        w, v = self.shares_before[:, k], self.shares_after[:, k]
        change = after - before
        within = float(np.average(change, weights=v))
        learnt = float(np.average(before, weights=v) - np.average(before, weights=w))
        return Compared(
            before=_summary(before, w),
            after=_summary(after, v),
            difference=within + learnt,
            within=within,
            learnt=learnt,
            lower=weighted_quantile(change, v, 0.05),
            upper=weighted_quantile(change, v, 0.95),
            raised=float(v[change > STILL].sum() / v.sum()),
            effective=float(v.sum() ** 2 / (v**2).sum()),
        )


def _summary(values: np.ndarray, weights: np.ndarray) -> Summary:
    mean = float(np.average(values, weights=weights))
    return mean, weighted_quantile(values, weights, 0.05), weighted_quantile(values, weights, 0.95)
