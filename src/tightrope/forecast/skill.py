"""Skill against a rival, with an interval that knows that neighbouring origins share their future.

Forecasts h periods ahead from origins nearer than h overlap, so origins are drawn in blocks at least as long
as the overlap (moving-block bootstrap, Künsch 1989). What is left of the origins when they are counted in
blocks is the effective number, and it is small: print it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tightrope.forecast.scores import skill

Array = NDArray[Any]

DRAWS = 2000
FEWEST_BLOCKS = 3
"""With fewer blocks there is nothing to draw from, and no interval."""


@dataclass(frozen=True)
class Skill:
    """Mean scores of a forecaster and a rival from the same origins, and the skill 1 - score/rival.

    lower, upper  95 % interval of the skill, nan where there are too few blocks
    beats         share of the bootstrap draws in which the forecaster's mean is the lower, nan likewise
    n             origins; `block` how many a block holds; `effective` n / block
    """

    score: float
    rival: float
    skill: float
    lower: float
    upper: float
    beats: float
    n: int
    block: int
    effective: float


def block_length(n: int, *, horizon: int, step: int) -> int:
    """Origins in a block: at least the overlap, at least n^(1/3) (rounded up), at most all.

    horizon  periods ahead; step  periods between origins

    >>> [block_length(25, horizon=h, step=4) for h in (1, 4, 8, 20)]
    [3, 3, 3, 5]
    """
    # A hair less than the root, so that the root of 27 is 3 and not the 3.0000000000000004 of some machines.
    root = math.ceil(math.pow(n, 1 / 3) - 1e-9)
    return max(1, min(n, max(math.ceil(horizon / step), root)))


def block_picks(n: int, *, block: int, draws: int, seed: int) -> Array:
    """Indices of moving-block bootstrap samples, (draws, n): blocks start anywhere they fit."""
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, n - block + 1, size=(draws, math.ceil(n / block)))
    return np.asarray((starts[..., None] + np.arange(block)).reshape(draws, -1)[:, :n])


def skill_against(
    score: Sequence[float] | ArrayLike,
    rival: Sequence[float] | ArrayLike,
    *,
    block: int,
    seed: int,
    draws: int = DRAWS,
) -> Skill:
    """Skill of a forecaster against a rival, their scores from the same origins in order, (n,).

    Both are drawn together. Raises ValueError for lists of different lengths, gaps or too long a block.
    """
    s, r = np.asarray(score, dtype=float), np.asarray(rival, dtype=float)
    n = len(s)
    if s.shape != r.shape or s.ndim != 1 or n == 0 or not np.all(np.isfinite(s) & np.isfinite(r)):
        raise ValueError("scores must be lists of one length, not empty, without gaps")
    if not 1 <= block <= n:
        raise ValueError(f"a block of {block} does not fit {n} origins")
    mean, other = float(s.mean()), float(r.mean())
    lower = upper = beats = float("nan")
    if n / block >= FEWEST_BLOCKS:
        picks = block_picks(n, block=block, draws=draws, seed=seed)
        drawn, beside = s[picks].mean(axis=1), r[picks].mean(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = 1.0 - drawn / beside
        ratio = ratio[np.isfinite(ratio)]
        if len(ratio):
            lower, upper = (float(q) for q in np.quantile(ratio, [0.025, 0.975]))
        beats = float(np.mean(drawn < beside) + 0.5 * np.mean(drawn == beside))
    return Skill(mean, other, skill(mean, other), lower, upper, beats, n, block, n / block)
