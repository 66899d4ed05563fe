"""Scenario discovery: the box in parameter space in which an outcome is common (PRIM).

Patient rule induction (Friedman and Fisher 1999) peels the sample from the sides towards a box dense in the
outcome; each step trades coverage (share of all draws with the outcome that the box holds) for density (share
of the box's draws that show it). As scenario discovery it is Bryant and Lempert's (2010); the algorithm is
ema-workbench's (Kwakkel 2017), run as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tightrope.argument.extra import kept_apart, require
from tightrope.argument.interest import Interest
from tightrope.argument.sample import SampleError

if TYPE_CHECKING:
    import pandas as pd

PEEL, PASTE, LEAST_MASS = 0.05, 0.05, 0.05
"""Shares of the box's draws taken off or put back in a step, and of all draws that a box must keep."""
BY_CHANCE = 0.05
"""A limit whose quasi-p value is above this may be there by chance."""
ANY = 1e-9
"""The library gives no trajectory where the last box is less dense than its threshold; we want it always."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Discovery:
    """Boxes in which an outcome is common, each less wide and denser than the one before.

    interest    the sample and the outcome
    tradeoff    box -> coverage, density, mass (share of certified draws inside), restricted (parameters with
                a limit), n and k (draws inside, of these with the outcome), agreement (harmonic mean of
                coverage and density), sure (whether it has limits and every one is beyond chance)
    boxes       one row a box and restricted parameter: low, high (nan where open), low_quantile,
                high_quantile (of the parameter's prior), qp_low, qp_high (quasi-p: the chance that the box
                without this limit would be so dense by luck)
    chosen      the box that is shown
    resampled   parameter -> percentage of half samples whose box of this coverage, and of this density, has
                a limit on it; empty if there were none
    held_out    one row a half sample: coverage and density of its box in the other half, and that half's
                share of draws with the outcome
    """

    interest: Interest
    tradeoff: pd.DataFrame
    boxes: pd.DataFrame
    chosen: int
    resampled: pd.DataFrame
    held_out: pd.DataFrame

    def limits(self, box: int | None = None) -> pd.DataFrame:
        """Parameter -> limits of a box (default: the chosen one), the smallest quasi-p first."""
        number = self.chosen if box is None else box
        if number not in self.tradeoff.index:
            raise SampleError(f"there is no box {number}; boxes go from 0 to {self.tradeoff.index[-1]}")
        rows = self.boxes[self.boxes["box"] == number].drop(columns="box").set_index("parameter")
        order = np.argsort(rows[["qp_low", "qp_high"]].min(axis=1).to_numpy(), kind="stable")
        return rows.iloc[order]

    def holds(self, points: pd.DataFrame, box: int | None = None) -> np.ndarray:
        """(n,) whether each row of a table of parameters lies in the box."""
        inside = np.ones(len(points), dtype=bool)
        for name, row in self.limits(box).iterrows():
            inside &= ~(points[name].to_numpy() < row["low"]) & ~(points[name].to_numpy() > row["high"])
        return inside


def discover(
    interest: Interest,
    *,
    box: int | None = None,
    resamples: int = 10,
    halves: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Discovery:
    """The box that sets an outcome apart, with the trade-off that led to it.

    box        number of the box to show; by default that with the best agreement of coverage and density
               among those whose every limit is beyond chance, or among all where there is none such; of
               equals that with the fewest limits
    resamples  half samples for the library's reproducibility statistics, 0 for none
    halves     half samples whose box is tried on the other half, 0 for none
    seed       for the halves; the box itself has no chance in it
    progress   called with (fits done, of)

    Raises TooFew without enough draws, SampleError for a box that is not there, MissingExtra without the
    library.
    """
    import pandas as pd

    interest.enough()
    points, labels = interest.sample.inputs().reset_index(drop=True), interest.labels
    of = 1 + resamples + halves

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, of)

    with kept_apart(seed):
        tell(0)
        found = _box(points, labels)
        tell(1)
        reproduced = pd.DataFrame(columns=["coverage", "density"], dtype=float).rename_axis("parameter")
        tradeoff = _tradeoff(found)
        chosen = _best(tradeoff) if box is None else box
        if chosen not in tradeoff.index:
            raise SampleError(f"there is no box {chosen}; boxes go from 0 to {tradeoff.index[-1]}")
        if resamples:
            table = found.resample(i=chosen, iterations=resamples)
            reproduced = table.set_axis(["coverage", "density"], axis=1).rename_axis("parameter")
            tell(1 + resamples)
        generator = np.random.default_rng(seed)
        held = []
        for number in range(halves):
            held.append(_held_out(points, labels, generator.permutation(len(points))))
            tell(2 + resamples + number)
    boxes = pd.DataFrame(
        [row for number in tradeoff.index for row in _limits(found, number, interest)],
        columns=[
            "box", "parameter", "low", "high", "low_quantile", "high_quantile", "qp_low", "qp_high",
        ],
    )  # fmt: skip
    kept = pd.DataFrame(
        [row for row in held if row is not None], columns=["coverage", "density", "share"], dtype=float
    )
    return Discovery(interest, tradeoff, boxes, int(chosen), reproduced, kept.rename_axis("half"))


def _box(points: pd.DataFrame, labels: np.ndarray) -> Any:
    """The library's box with its whole peeling and pasting trajectory."""
    require("ema_workbench", library="ema-workbench", what="PRIM")
    from ema_workbench.analysis import prim

    machine = prim.Prim(
        points, labels, threshold=ANY, peel_alpha=PEEL, paste_alpha=PASTE, mass_min=LEAST_MASS
    )
    return machine.find_box()


def _tradeoff(found: Any) -> pd.DataFrame:
    table = found.peeling_trajectory.reset_index(drop=True)
    kept = table[["coverage", "density", "mass"]].astype(float)
    for ours, theirs in (("restricted", "res_dim"), ("n", "n"), ("k", "k")):
        kept[ours] = table[theirs].astype(int)
    both = kept["coverage"] + kept["density"]
    kept["agreement"] = (2 * kept["coverage"] * kept["density"] / both.where(both > 0)).fillna(0.0)
    kept["sure"] = [bool(limits) and _sure(limits.values()) for limits in found.qp]
    return kept.rename_axis("box")


def _sure(limits: Iterable[Sequence[float]]) -> bool:
    """Whether all quasi-p values are low; the library writes -1 where an end is open."""
    return all(value <= BY_CHANCE for ends in limits for value in ends)


def _best(tradeoff: pd.DataFrame) -> int:
    sure = tradeoff[tradeoff["sure"]]
    order = (sure if len(sure) else tradeoff).sort_values(
        ["agreement", "restricted"], ascending=[False, True], kind="stable"
    )
    return int(order.index[0])


def _limits(found: Any, number: int, interest: Interest) -> list[dict[str, Any]]:
    """The restricted parameters of one box of the trajectory."""
    limits, open_limits = found.box_lims[number], found.box_lims[0]
    rows = []
    for name, (qp_low, qp_high) in found.qp[number].items():
        low, high = (float(limits[name].iloc[k]) for k in (0, 1))
        closed = [low != float(open_limits[name].iloc[0]), high != float(open_limits[name].iloc[1])]
        ends = [value if is_closed else np.nan for value, is_closed in zip((low, high), closed, strict=True)]
        quantiles = _quantiles(interest, name, ends)
        rows.append(
            {
                "box": number,
                "parameter": name,
                "low": ends[0],
                "high": ends[1],
                "low_quantile": quantiles[0],
                "high_quantile": quantiles[1],
                "qp_low": qp_low if closed[0] else np.nan,
                "qp_high": qp_high if closed[1] else np.nan,
            }
        )
    return rows


def _quantiles(interest: Interest, name: str, ends: list[float]) -> np.ndarray:
    """Where limits lie in a parameter's prior, between the draws' own quantiles."""
    design = interest.sample.design
    column = design.names.index(name)
    order = np.argsort(design.points[:, column], kind="stable")
    found = np.interp(ends, design.points[order, column], design.quantiles[order, column])
    return np.where(np.isnan(ends), np.nan, found)


def _held_out(points: pd.DataFrame, labels: np.ndarray, order: np.ndarray) -> dict[str, float] | None:
    """A half's best box, tried on the other half; None where all or none of either half show the outcome."""
    first, second = order[: len(order) // 2], order[len(order) // 2 :]
    if any(labels[part].min() == labels[part].max() for part in (first, second)):
        return None
    found = _box(points.iloc[first].reset_index(drop=True), labels[first])
    limits = found.box_lims[_best(_tradeoff(found))]
    there, shown = points.iloc[second], labels[second]
    initial = found.box_lims[0]
    inside = np.ones(len(there), dtype=bool)
    for name in there.columns:
        # A side that was never peeled is open: the half's own extremes are no limit.
        for k, beyond in ((0, np.less), (1, np.greater)):
            if float(limits[name].iloc[k]) != float(initial[name].iloc[k]):
                inside &= ~beyond(there[name].to_numpy(), float(limits[name].iloc[k]))
    density = float(shown[inside].mean()) if inside.any() else float("nan")
    return {
        "coverage": float(shown[inside].sum() / shown.sum()),
        "density": density,
        "share": float(shown.mean()),
    }
