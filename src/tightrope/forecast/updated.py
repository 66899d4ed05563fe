"""What new rows made of draws and forecasts: weights, effective draws, and the parts of each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAST_SHARE = 0.2
"""With fewer effective draws than this share of all, the weights rest on a handful: a refit is needed."""


@dataclass(frozen=True)
class Step:
    """One observation: a period, a state or move (or that the game goes on through it), and the code seen."""

    period: str
    name: str
    seen: str


@dataclass(frozen=True, eq=False)
class Updated:
    """Draws and forecasts before (row 0) and after each observation.

    steps        the observations, in order
    ids          questions followed
    log_weights  (steps + 1, certified draws) log-likelihood of what was seen so far, given the old rows
    values       (steps + 1, certified draws, questions) probability of each event given what was seen
    shares       (steps + 1, certified draws, questions) probability of each question's condition, else one
    refused      question -> why it is not followed
    failed       draws without a certificate
    worst        largest residual among certified draws
    """

    steps: tuple[Step, ...]
    ids: tuple[str, ...]
    log_weights: np.ndarray
    values: np.ndarray
    shares: np.ndarray
    refused: Mapping[str, str]
    failed: int
    worst: float

    @property
    def weights(self) -> np.ndarray:
        """Normalised weights, (steps + 1, draws)."""
        w = np.exp(self.log_weights - self.log_weights.max(axis=1, keepdims=True))
        return np.asarray(w / w.sum(axis=1, keepdims=True))

    @property
    def effective(self) -> np.ndarray:
        """Effective draws after each observation (Kish 1965), (steps + 1,)."""
        return np.asarray(1.0 / (self.weights**2).sum(axis=1))

    @property
    def degenerate(self) -> bool:
        """Whether so few draws carry the weight that only a refit tells."""
        return bool(self.effective[-1] < LEAST_SHARE * self.log_weights.shape[1])

    @property
    def forecasts(self) -> np.ndarray:
        """Posterior means, (steps + 1, questions)."""
        w = self.weights[:, :, None] * self.shares
        return np.asarray((w * self.values).sum(axis=1) / w.sum(axis=1))

    @property
    def parts(self) -> np.ndarray:
        """What each observation adds, (steps, questions); each column sums to the whole change."""
        return np.diff(self.forecasts, axis=0)

    @property
    def settled(self) -> np.ndarray:
        """Whether the new rows leave no doubt in any draw, (questions,)."""
        last = self.values[-1]
        return np.asarray(((last < 1e-12) | (last > 1.0 - 1e-12)).all(axis=0))

    def as_data(self) -> dict[str, Any]:
        """Plain data, for a run's chunk; a draw without any chance has None for its log-weight."""
        return {
            "steps": [[s.period, s.name, s.seen] for s in self.steps],
            "ids": list(self.ids),
            "log_weights": [
                [x if np.isfinite(x) else None for x in row] for row in self.log_weights.tolist()
            ],
            "values": self.values.tolist(),
            "shares": self.shares.tolist(),
            "refused": dict(self.refused),
            "failed": self.failed,
            "worst": self.worst,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Updated:
        """Inverse of `as_data`."""
        logs = [[-np.inf if x is None else x for x in row] for row in data["log_weights"]]
        return cls(
            steps=tuple(Step(*s) for s in data["steps"]),
            ids=tuple(data["ids"]),
            log_weights=np.array(logs),
            values=np.array(data["values"]),
            shares=np.array(data["shares"]),
            refused=data["refused"],
            failed=int(data["failed"]),
            worst=float(data["worst"]),
        )
