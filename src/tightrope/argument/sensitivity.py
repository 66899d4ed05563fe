"""Which parameters a quantity answers to: Sobol indices, given-data indices, a tornado.

Each takes the `Sample` that was laid out for it. Points without a certificate are handled where they do least
harm, and their share is part of every result:

Sobol     the estimators set points of one block against each other, so a block with a point that has no value
          is dropped whole. What is left describes parameters at which all of a block's games solve: where
          these are not typical, neither are the indices.
given     draws are exchangeable: those without a value are left out.
tornado   a swing needs both ends: without one it is nan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tightrope.argument.extra import kept_apart, require
from tightrope.argument.interest import SAME
from tightrope.argument.sample import Sample, SampleError, TooFew, problem

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
LEAST_BLOCKS = 8
LEAST_DRAWS = 30
LEVEL = 0.95
SHUFFLES = 5
SLICES = 10
"""Conditioning intervals of PAWN; fewer where draws are few (five a slice at least)."""


@dataclass(frozen=True, eq=False)
class Sobol:
    """Shares of a quantity's variance under independent priors (Sobol 2001).

    table        parameter -> first (its own share), total (with all interactions), and the ends of their 95 %
                 intervals: first_low, first_high, total_low, total_high; the largest total first
    interactions  parameter × parameter -> share of the pair's interaction, its interval's ends `low`, `high`;
                 empty where the design has no points for them
    variance     of the quantity, in its units squared
    blocks, dropped  Saltelli blocks used and left out
    """

    sample: Sample
    table: pd.DataFrame
    interactions: pd.DataFrame
    variance: float
    blocks: int
    dropped: int

    @property
    def dropped_share(self) -> float:
        """Share of blocks that were left out."""
        return self.dropped / (self.blocks + self.dropped)


def sobol(sample: Sample, *, resamples: int = 200, seed: int = 0) -> Sobol:
    """Sobol indices from Saltelli's design (estimators: Saltelli et al. 2010, through SALib).

    resamples  bootstrap samples of blocks behind the intervals, which are normal

    Raises SampleError for a sample of another design, TooFew with fewer than 8 whole blocks or where the
    quantity does not vary, MissingExtra without SALib.
    """
    import pandas as pd

    design = sample.design
    if design.kind != "saltelli":
        raise SampleError(f"Sobol indices need Saltelli's design; these points are {design.kind}")
    require("SALib", library="SALib", what="Sobol analysis")
    from SALib.analyze import sobol as library

    whole = sample.blocks
    used, dropped = int(whole.sum()), int((~whole).sum())
    if used < LEAST_BLOCKS:
        raise TooFew(f"{used} of {len(whole)} blocks are certified throughout; {LEAST_BLOCKS} are needed")
    outputs = sample.outputs.reshape(len(whole), design.block)[whole].ravel()
    _varies(outputs, sample.quantity)
    with kept_apart(seed):
        # SALib takes a seed of 0 for none.
        found = library.analyze(
            problem(len(design.names)),
            outputs,
            calc_second_order=design.second,
            num_resamples=resamples,
            conf_level=LEVEL,
            seed=seed + 1,
        )
    columns: dict[str, np.ndarray] = {}
    for ours, theirs in (("first", "S1"), ("total", "ST")):
        value, half = np.asarray(found[theirs]), np.asarray(found[f"{theirs}_conf"])
        columns |= {ours: value, f"{ours}_low": value - half, f"{ours}_high": value + half}
    table = pd.DataFrame(columns, index=pd.Index(design.names, name="parameter"))
    pairs = _interactions(found, design.names) if design.second else []
    interactions = pd.DataFrame(pairs, columns=["parameter", "other", "share", "low", "high"])
    ends = outputs.reshape(used, design.block)[:, [0, -1]]
    return Sobol(
        sample,
        table.sort_values("total", ascending=False, kind="stable"),
        interactions.sort_values("share", ascending=False, kind="stable").set_index(["parameter", "other"]),
        float(np.var(ends)),
        used,
        dropped,
    )


def _interactions(found: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for j, name in enumerate(names):
        for k in range(j + 1, len(names)):
            value, half = float(found["S2"][j, k]), float(found["S2_conf"][j, k])
            rows.append(
                {
                    "parameter": name,
                    "other": names[k],
                    "share": value,
                    "low": value - half,
                    "high": value + half,
                }
            )
    return rows


@dataclass(frozen=True, eq=False)
class GivenData:
    """How far a quantity's distribution moves with each parameter, from draws that were made for another end.

    table   parameter -> pawn (Pianosi and Wagener 2018; median shift of the distribution function over
            slices), pawn_low, pawn_high (the least and greatest slice), correlation (Spearman's), delta
            (Borgonovo 2007; mean shift of the density), delta_low, delta_high (95 %); the largest pawn first.
            Delta is slow, so only the parameters with the largest pawn have one; it is nan for the others
    floor   pawn and delta of a parameter that does nothing: the largest of the shuffled columns. An index
            below it is noise
    draws, dropped  draws used and left out
    """

    sample: Sample
    table: pd.DataFrame
    floor: dict[str, float]
    draws: int
    dropped: int


def given_data(
    sample: Sample,
    *,
    deltas: int = 10,
    resamples: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> GivenData:
    """Delta and PAWN indices from draws, such as a posterior's.

    deltas     parameters that get a delta
    resamples  bootstrap samples behind its correction for bias and its interval

    The parameters of the draws may depend on each other, as a posterior's do: an index then holds what comes
    through other parameters too, and indices add up to nothing in particular.

    Raises SampleError for a sample that is not of draws, TooFew with fewer than 30 of them or where the
    quantity does not vary, MissingExtra without SALib.
    """
    import pandas as pd
    from scipy.stats import spearmanr

    design = sample.design
    if design.kind != "draws":
        raise SampleError(f"given-data indices need draws; these points are {design.kind}")
    require("SALib", library="SALib", what="given-data analysis")
    good = sample.good
    outputs, points = sample.outputs[good], design.points[good]
    if len(outputs) < LEAST_DRAWS:
        raise TooFew(f"{len(outputs)} of {len(good)} draws are certified; {LEAST_DRAWS} are needed")
    _varies(outputs, sample.quantity)
    moving = np.ptp(points, axis=0) > 0
    names = [name for name, moves in zip(design.names, moving, strict=True) if moves]
    points = points[:, moving]
    generator = np.random.default_rng(seed)
    rank = (np.arange(len(outputs)) + 0.5) / len(outputs)
    shuffled = np.stack([generator.permutation(rank) for _ in range(SHUFFLES)], axis=1)
    with kept_apart(seed):
        table = _steps(np.hstack([points, shuffled]), outputs)
        idle = table.iloc[len(names) :]
        table = table.iloc[: len(names)].set_axis(pd.Index(names, name="parameter"), axis=0)
        table["correlation"] = [float(spearmanr(column, outputs).statistic) for column in points.T]
        table = table.sort_values("pawn", ascending=False, kind="stable")
        chosen = list(table.index[:deltas])
        columns = [points[:, names.index(name)] for name in chosen] + list(shuffled.T)
        found = []
        for number, column in enumerate(columns):
            if progress is not None:
                progress(number, len(columns))
            found.append(_delta(column, outputs, resamples=resamples, seed=seed + 1 + number))
        if progress is not None:
            progress(len(columns), len(columns))
    shifts = pd.DataFrame(found[: len(chosen)], index=chosen, columns=["delta", "delta_low", "delta_high"])
    floor = {
        "pawn": float(idle["pawn"].max()),
        "delta": max((row[0] for row in found[len(chosen) :]), default=float("nan")),
    }
    return GivenData(sample, table.join(shifts), floor, len(outputs), int((~good).sum()))


def _steps(points: np.ndarray, outputs: np.ndarray) -> pd.DataFrame:
    """PAWN of every column."""
    import pandas as pd
    from SALib.analyze import pawn

    slices = max(2, min(SLICES, len(outputs) // 5))
    found = pawn.analyze(problem(points.shape[1]), points, outputs, S=slices)
    columns = {"pawn": "median", "pawn_low": "minimum", "pawn_high": "maximum"}
    return pd.DataFrame({ours: np.asarray(found[theirs]) for ours, theirs in columns.items()})


def _delta(
    column: np.ndarray, outputs: np.ndarray, *, resamples: int, seed: int
) -> tuple[float, float, float]:
    """Delta of one column with the ends of its interval, nan where SALib finds none."""
    from SALib.analyze import delta

    found = delta.analyze(
        problem(1),
        column[:, None],
        outputs,
        num_resamples=resamples,
        conf_level=LEVEL,
        seed=seed,
        method="delta",
    )
    # `raw` is the estimator of Plischke et al. (2013); `balanced` resamples evenly over a column's range.
    value, half = float(found["delta_raw"][0]), float(found["delta_raw_conf"][0])
    return value, value - half, value + half


@dataclass(frozen=True, eq=False)
class Tornado:
    """What each parameter does alone, from its prior's low to its high quantile.

    base   the quantity where nothing is moved, nan without a certificate
    table  parameter -> low, high (the ends, in its own units), at_low, at_high (the quantity there), swing
           (at_high - at_low; nan without both), status_low, status_high; the largest swing first
    """

    sample: Sample
    base: float
    table: pd.DataFrame


def tornado(sample: Sample) -> Tornado:
    """Swings from a one-at-a-time design. Raises SampleError for a sample of another design."""
    import pandas as pd

    design = sample.design
    if design.kind != "one at a time":
        raise SampleError(f"a tornado needs one parameter moved at a time; these points are {design.kind}")
    rows = []
    for k in range(len(design.names)):
        low, high = 1 + 2 * k, 2 + 2 * k
        rows.append(
            {
                "low": design.points[low, k],
                "high": design.points[high, k],
                "at_low": sample.outputs[low],
                "at_high": sample.outputs[high],
                "swing": sample.outputs[high] - sample.outputs[low],
                "status_low": sample.statuses[low],
                "status_high": sample.statuses[high],
            }
        )
    table = pd.DataFrame(rows, index=pd.Index(design.names, name="parameter"))
    order = np.argsort(-table["swing"].abs().to_numpy(), kind="stable")
    return Tornado(sample, float(sample.outputs[0]), table.iloc[order])


def _varies(outputs: np.ndarray, quantity: str) -> None:
    if np.ptp(outputs) <= SAME:
        raise TooFew(f"{quantity} is {outputs[0]:.6g} at every point: there is nothing to share out")
