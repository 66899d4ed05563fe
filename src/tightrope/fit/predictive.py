"""Posterior predictive checks: would the fitted game make records like the one at hand?

Histories are played from posterior draws and counted as the record is: how often each action is taken, how
often a move is the same as a period ago, how often each state steps up and down and where it stands (Rubin
1984; Gelman, Meng & Stern 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.coding import CodedRecord
from tightrope.record.simulate import simulate

OUTSIDE = 0.025
"""A tail probability below this, on either side, marks a count that the game does not reproduce."""
TRIES = 20


def statistics(
    record: CodedRecord, *, moves: Sequence[str], like: CodedRecord | None = None
) -> dict[str, float]:
    """Frequencies and transitions of a record, by name.

    Soft codes count as expected ones, as if each cell were independent of all others. Cells that say nothing
    count nowhere.

    like  leave out what this other record of the same length leaves out
    """
    found: dict[str, float] = {}
    for name, levels in record.levels.items():
        known = _known(record, name)
        if like is not None and name in like.weights:
            known &= _known(like, name)
        share = record.weights[name] / np.maximum(record.weights[name].sum(axis=1, keepdims=True), 1e-300)
        both = known[:-1] & known[1:]
        for k, level in enumerate(levels):
            found[f"{name} = {level}"] = _mean(share[known, k])
        before, after = share[:-1][both], share[1:][both]
        if name in moves:
            found[f"{name} as before"] = _mean((before * after).sum(axis=1))
        else:
            below = np.cumsum(before, axis=1) - before
            above = 1.0 - np.cumsum(before, axis=1)
            found[f"{name} steps up"] = _mean((after * below).sum(axis=1))
            found[f"{name} steps down"] = _mean((after * above).sum(axis=1))
    return found


def _known(record: CodedRecord, name: str) -> np.ndarray:
    table = record.weights[name]
    return np.asarray(table.max(axis=1) > table.min(axis=1))


def _mean(x: np.ndarray) -> float:
    return float(np.mean(x)) if len(x) else float("nan")


def replicates(
    game: Game,
    thetas: np.ndarray,
    *,
    record: CodedRecord,
    seed: int,
    warm: np.ndarray | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> list[dict[str, float] | str]:
    """Statistics of one history as long as the record from each parameter vector, or why there is none.

    thetas  (draws, parameters of the case)
    seed    of the draw with number 0; the others follow from it
    warm    a fixed point that solves start from; by default the direct solve

    The record's game had not ended by its last move. A history whose game ends sooner is played again, up to
    twenty times.
    """
    found: list[dict[str, float] | str] = []
    look = strategies_function(game, "agent")
    for number, theta in enumerate(thetas):
        generator = np.random.default_rng([seed, number])
        solved = solve(game, theta, warm=warm, branch=None if warm is not None else "direct")
        if not solved.certificate.good:
            found.append("no certificate")
        else:
            numbers = primitives_function(game)(theta)
            strategies, _ = look(solved.z, numbers)
            for _ in range(TRIES):
                path = int(generator.integers(2**62))
                played = simulate(game, numbers, strategies, periods=len(record), seed=path, keep_last=True)
                if len(played) == len(record):
                    found.append(statistics(played, moves=game.moves, like=record))
                    break
            else:
                found.append("the game ended sooner")
        if on_step is not None:
            on_step(number + 1, len(thetas))
    return found


@dataclass(frozen=True)
class Checked:
    """One count of the record beside the same in replicated histories.

    low, high  the central 90 % of the replicates
    p          share of replicates above the record's, those equal to it counting half
    """

    name: str
    record: float
    mean: float
    low: float
    high: float
    p: float

    @property
    def outside(self) -> bool:
        """Whether the record's count lies where at most one replicate in forty does."""
        return not OUTSIDE <= self.p <= 1.0 - OUTSIDE


def checked(
    record: CodedRecord, played: Sequence[Mapping[str, float]], *, moves: Sequence[str]
) -> tuple[Checked, ...]:
    """Every count of the record that is a number, beside the replicates'."""
    seen = statistics(record, moves=moves)
    rows = []
    for name, value in seen.items():
        others = np.array([one[name] for one in played if np.isfinite(one.get(name, np.nan))])
        if not np.isfinite(value) or not len(others):
            continue
        # Sums of soft codes differ from counts in the last digits; such a difference is none.
        equal = np.isclose(others, value, rtol=0, atol=1e-9)
        p = float(np.mean(np.where(equal, 0.5, others > value)))
        low, high = np.quantile(others, [0.05, 0.95])
        rows.append(Checked(name, value, float(np.mean(others)), float(low), float(high), p))
    return tuple(rows)


def played_data(found: Sequence[Mapping[str, float] | str]) -> list[dict[str, float | None] | str]:
    """Replicates as plain data."""
    return [
        one if isinstance(one, str) else {k: v if np.isfinite(v) else None for k, v in one.items()}
        for one in found
    ]


def played_from(data: Sequence[Any]) -> tuple[list[dict[str, float]], list[str]]:
    """The replicates of plain data, and the reasons where there was none."""
    good = [
        {k: float("nan") if v is None else float(v) for k, v in one.items()}
        for one in data
        if not isinstance(one, str)
    ]
    return good, [one for one in data if isinstance(one, str)]
