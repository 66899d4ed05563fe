"""Records made of weights alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.record.coding import CodedRecord


def record(weights: Mapping[str, np.ndarray], *, first: str = "2000Q1") -> CodedRecord:
    """A record with these weights, levels named after their variable."""
    n = len(next(iter(weights.values())))
    said = {v: w.max(axis=1) > w.min(axis=1) for v, w in weights.items()}
    return CodedRecord(
        periods=tuple(str(parse_period(first) + k) for k in range(n)),
        levels={v: tuple(f"{v}{k}" for k in range(w.shape[1])) for v, w in weights.items()},
        weights={v: np.asarray(w, dtype=float) for v, w in weights.items()},
        printed={v: np.where(said[v], np.argmax(w, axis=1), -1) for v, w in weights.items()},
        events=((),) * n,
        notes=("",) * n,
        confidence=("",) * n,
    )
