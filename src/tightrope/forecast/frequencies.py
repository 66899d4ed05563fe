"""Smoothed frequencies of a coded record, the material of the baselines.

One convention throughout: half a pseudo-event for each thing that can happen (Jeffreys 1946; Krichevsky &
Trofimov 1981), spread by what comparable rows or variables did. `docs/ledger-and-baselines.md` says how it
was chosen and what had been seen by then.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.forecast.chains import shares, transition_counts
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]


@dataclass(frozen=True)
class PooledSteps:
    """Rates a period at which state variables take a step up or down, all of them together."""

    up: float
    down: float


def pooled_steps(coded: CodedRecord, variables: Collection[str]) -> PooledSteps:
    """Step rates of some states together: (expected steps + 1/2)/(exposed periods + 1).

    A period is exposed to a step up if the variable stands below its highest level, to one down if above its
    lowest. A change of two levels counts once.
    """
    up, down, room_up, room_down = 0.5, 0.5, 1.0, 1.0
    for name in variables:
        moved = transition_counts(coded.weights[name])
        up += float(np.triu(moved, 1).sum())
        down += float(np.tril(moved, -1).sum())
        room_up += float(moved[:-1].sum())
        room_down += float(moved[1:].sum())
    return PooledSteps(up / room_up, down / room_down)


def step_law(coded: CodedRecord, name: str, *, moves: Collection[str], rising: Collection[str]) -> Array:
    """The law of a state that takes one step at the pooled rates of its kind, else stays: (levels, levels).

    Kinds are the variables in `rising`, which never fall, and the other states.
    """
    kind = [v for v in coded.levels if v not in moves and (v in rising) == (name in rising)]
    pooled = pooled_steps(coded, kind)
    size = len(coded.levels[name])
    law = np.zeros((size, size))
    for i in range(size):
        up = pooled.up if i + 1 < size else 0.0
        down = pooled.down if i > 0 and name not in rising else 0.0
        # Both rates can be near one half in a record of a few rows.
        scale = 1.0 / max(1.0, up + down)
        if up:
            law[i, i + 1] = up * scale
        if down:
            law[i, i - 1] = down * scale
        law[i, i] = max(0.0, 1.0 - law[i].sum())
    return law


def step_strength(law: Array) -> Array:
    """Pseudo-transitions of each row, so that each possible step weighs half an event on average: (levels,).

    A row that cannot move gets one, which changes nothing.

    >>> step_strength(np.array([[0.98, 0.02], [0.0, 1.0]])).round(6).tolist()
    [25.0, 1.0]
    """
    leaving = law.sum(axis=1) - np.diag(law)
    steps = (law > 0).sum(axis=1) - (np.diag(law) > 0)
    return np.where(steps > 0, 0.5 * steps / np.where(leaving > 0, leaving, 1.0), 1.0)


def frequency(coded: CodedRecord, name: str) -> Array:
    """Overall frequencies over the rows that say something, half a pseudo-count a level: (levels,)."""
    share, said = shares(coded.weights[name])
    counts = share[said].sum(axis=0) + 0.5
    return np.asarray(counts / counts.sum())


def excess_repetition(coded: CodedRecord, name: str) -> float:
    """How much more often two neighbouring rows agree than independent draws would, in [0, 1)."""
    overall = frequency(coded, name)
    moved = transition_counts(coded.weights[name])
    chance = float(overall @ overall)
    same = (float(np.trace(moved)) + chance) / (float(moved.sum()) + 1.0)
    return min(max((same - chance) / (1.0 - chance), 0.0), 1.0 - 1e-9)
