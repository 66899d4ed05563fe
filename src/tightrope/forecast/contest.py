"""The contest of a hindcast: game, pool and rivals on the same keys, scored, and who wins where."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tightrope.forecast.pooled import Cell, Weights
from tightrope.forecast.pooling import floored, learn_weights, multiplicity, pool, resolved_before
from tightrope.forecast.rivals import MARKOV, REFERENCE
from tightrope.forecast.skill import block_length, skill_against
from tightrope.forecast.soft_scores import expected_brier, expected_log, expected_ranked
from tightrope.forecast.targets import Key, Target, Truth

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]
Forecasts = Mapping[str, Mapping[Key, Array]]
"""Forecaster -> key -> (levels,) probabilities."""

GAME, BARE, POOLED = "game", "game, unfloored", "pooled"
PRIMARY = "log_score"
"""The score whose skill is printed first: strictly proper, and what pooling weights are learned by."""


def with_pool(
    forecasts: Forecasts, truth: Truth, targets: Collection[Target], *, epsilon: float, step: int
) -> tuple[dict[str, dict[Key, Array]], dict[Key, Array]]:
    """Add the floored game and the pool to forecasts that hold `game, unfloored` and the rivals.

    The pool is of the game, the Markov chain and the reference class where there is one. Its weights are
    learned apart for each kind of target and horizon, from forecasts resolved by the origin; the floor's
    outside view is the reference class for a merger, else the Markov chain.

    step  periods between origins. Returns the forecasts and each key's pooling weights.
    """
    made: dict[str, dict[Key, Array]] = {name: dict(laws) for name, laws in forecasts.items()}
    made |= {GAME: {}, POOLED: {}}
    used: dict[Key, Array] = {}
    for cell, keys in _cells(forecasts, targets).items():
        for known in sorted({key.known for key in keys}):
            weights = _learned(cell, keys, forecasts, truth, known=known, step=step).weights
            for key in (k for k in keys if k.known == known):
                members = _members(forecasts, key)
                outside = members[-1] if len(members) > 2 else members[1]
                used[key] = weights
                made[GAME][key] = floored(members[0], outside, weight=epsilon)
                made[POOLED][key] = floored(pool(members, weights), outside, weight=epsilon)
    return made, used


def weights_at_end(
    forecasts: Forecasts, truth: Truth, targets: Collection[Target], *, known: str, step: int
) -> dict[Cell, Weights]:
    """The pooling weights that everything resolved when period `known` had ended would give a new forecast.

    forecasts  hold `game, unfloored`, the Markov chain and, where it speaks, the reference class
    """
    return {
        cell: _learned(cell, keys, forecasts, truth, known=known, step=step)
        for cell, keys in _cells(forecasts, targets).items()
    }


def _cells(forecasts: Forecasts, targets: Collection[Target]) -> dict[Cell, list[Key]]:
    """The forecasts that weights are learned from together."""
    kind = {t.name: t.kind for t in targets}
    cells: dict[Cell, list[Key]] = {}
    for key in forecasts[BARE]:
        cell = Cell(kind[key.target], key.horizon, len(_members(forecasts, key)))
        cells.setdefault(cell, []).append(key)
    return cells


def _learned(
    cell: Cell, keys: Sequence[Key], forecasts: Forecasts, truth: Truth, *, known: str, step: int
) -> Weights:
    """Weights from the forecasts of a cell whose outcome was in the record when `known` had ended."""
    earlier = resolved_before(keys, known=known, extra=int(cell.kind == "ends"))
    past = [
        (_members(forecasts, key), truth.shares[key], multiplicity(cell.horizon, step=step))
        for key in earlier
        if key in truth.shares
    ]
    return Weights(learn_weights(past, size=cell.members), len(past))


def _members(forecasts: Forecasts, key: Key) -> list[Array]:
    """Laws of game, Markov chain and, where it speaks, reference class."""
    found = [forecasts[BARE][key], forecasts[MARKOV][key]]
    if key in forecasts.get(REFERENCE, {}):
        found.append(forecasts[REFERENCE][key])
    return found


def score_table(forecasts: Forecasts, truth: Truth, targets: Collection[Target]) -> pd.DataFrame:
    """Every resolved forecast's scores: known, horizon, target, kind, forecaster, log_score, brier, ranked.

    The ranked score is for states alone, whose levels are in order; nan elsewhere.
    """
    import pandas as pd

    frames = []
    for target in targets:
        keys = [key for key in truth.shares if key.target == target.name]
        for name, laws in forecasts.items():
            here = [key for key in keys if key in laws]
            if not here:
                continue
            came = np.stack([truth.shares[key] for key in here])
            law = np.stack([laws[key] for key in here])
            ordered = target.kind == "states"
            frames.append(
                pd.DataFrame(
                    {
                        "known": [key.known for key in here],
                        "horizon": [key.horizon for key in here],
                        "target": target.name,
                        "kind": target.kind,
                        "forecaster": name,
                        "log_score": expected_log(came, law),
                        "brier": expected_brier(came, law),
                        "ranked": expected_ranked(came, law) if ordered else np.nan,
                    }
                )
            )
    columns = ["known", "horizon", "target", "kind", "forecaster", "log_score", "brier", "ranked"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def skill_table(
    scores: pd.DataFrame, *, groups: Mapping[str, Sequence[str]], step: int, seed: int
) -> pd.DataFrame:
    """Mean scores and skill by group of targets, horizon and forecaster.

    groups  name -> targets, scored together: an origin's score is the mean over its resolved targets
    step    periods between origins

    The rival is the reference class where it speaks about every target of a group, else the Markov chain.

    Columns: group, horizon, forecaster, rival, n (origins), cases (forecasts), block, effective, and for each
    score its mean, skill against the rival and the skill's 95 % limits (`log_skill`, `log_lower`, ...);
    `beats`: share of draws in which its mean log score is lower than the rival's; `best`:
    whether its mean log score is the lowest of the group and horizon. A forecaster that does not speak about
    every target of a group from every origin is left out of it.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for group, names in groups.items():
        part = scores[scores["target"].isin(list(names))]
        for horizon, here in part.groupby("horizon", sort=True):
            rows += _cell(group, int(horizon), here, step=step, seed=seed)
    return pd.DataFrame(rows, columns=list(COLUMNS))


_SHORT = {"log_score": "log", "brier": "brier", "ranked": "ranked"}
COLUMNS = (
    "group", "horizon", "forecaster", "rival", "n", "cases", "block", "effective", "best", "beats",
    *(f"{s}_{end}" for s in ("log", "brier", "ranked") for end in ("score", "skill", "lower", "upper")),
)  # fmt: skip


def _cell(group: str, horizon: int, here: pd.DataFrame, *, step: int, seed: int) -> list[dict[str, Any]]:
    """Rows of one group and horizon, one a forecaster."""
    reference = here[here["forecaster"] == MARKOV]
    cases = set(zip(reference["known"], reference["target"], strict=True))
    by_origin: dict[str, pd.DataFrame] = {}
    for name, mine in here.groupby("forecaster", sort=False):
        if set(zip(mine["known"], mine["target"], strict=True)) == cases:
            by_origin[str(name)] = mine.groupby("known", sort=True)[list(_SHORT)].mean(skipna=False)
    if MARKOV not in by_origin:
        return []
    opponent = REFERENCE if REFERENCE in by_origin else MARKOV
    rival = by_origin[opponent]
    block = block_length(len(rival), horizon=horizon, step=step)
    rows = []
    for name, table in by_origin.items():
        row: dict[str, Any] = {"group": group, "horizon": horizon, "forecaster": name}
        row |= {"rival": opponent, "cases": len(cases)}
        for score, short in _SHORT.items():
            mine = table[score].to_numpy(float)
            if not np.all(np.isfinite(mine)):
                row |= {f"{short}{end}": float("nan") for end in ("_score", "_skill", "_lower", "_upper")}
                continue
            found = skill_against(mine, rival[score].to_numpy(float), block=block, seed=seed)
            row |= {f"{short}_score": found.score, f"{short}_skill": found.skill}
            row |= {f"{short}_lower": found.lower, f"{short}_upper": found.upper}
            row |= {"n": found.n, "block": found.block, "effective": found.effective}
            if score == PRIMARY:
                row["beats"] = found.beats
        rows.append(row)
    lowest = min(row["log_score"] for row in rows)
    return [row | {"best": bool(row["log_score"] == lowest)} for row in rows]
