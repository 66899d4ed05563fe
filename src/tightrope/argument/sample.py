"""Points in parameter space and what a model gives there, in one object so that they cannot be mismatched.

A `Design` is a table of points that was laid out for one analysis; a `Sample` is a design with an output and
a status for every point. Analyses take samples and nothing else: none can be handed outputs of other points,
or a design that was laid out for something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import norm

from tightrope.case.prior import Prior
from tightrope.fit.priors import FARTHEST, PriorSet, distribution, scores, values

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["draws", "saltelli", "one at a time"]
Status = Literal["certified", "undefined", "not certified"]
STATUSES: tuple[Status, ...] = ("certified", "undefined", "not certified")


class SampleError(ValueError):
    """A design or sample whose parts do not belong together, or that is not what an analysis needs."""


class TooFew(RuntimeError):
    """An analysis has too few certified points to say anything."""


@dataclass(frozen=True, eq=False)
class Design:
    """Points at which a model is to be evaluated.

    kind       what they were laid out for
    names      (k,) the parameters that vary; all others stay where they are
    points     (n, k) in the parameters' own units
    quantiles  (n, k) the same as probabilities below, under each parameter's prior
    block      points that belong together, row by row: 1 for draws, k + 2 or 2k + 2 for Saltelli's design
    second     whether Saltelli's design has the points for interactions of two

    Raises SampleError where the shapes do not fit.
    """

    kind: Kind
    names: tuple[str, ...]
    points: np.ndarray
    quantiles: np.ndarray
    block: int = 1
    second: bool = False

    def __post_init__(self) -> None:
        shape = (len(self.points), len(self.names))
        if self.points.shape != shape or self.quantiles.shape != shape or not self.names:
            raise SampleError(
                f"points {self.points.shape} and quantiles {self.quantiles.shape} for {len(self.names)} "
                "parameters"
            )
        if self.block < 1 or len(self.points) % self.block:
            raise SampleError(f"{len(self.points)} points are no whole number of blocks of {self.block}")

    def __len__(self) -> int:
        return len(self.points)

    def thetas(self, base: np.ndarray, parameters: Sequence[str]) -> np.ndarray:
        """Whole vectors (n, parameters): `base`, in the order of `parameters`, with these replaced."""
        found = np.tile(np.asarray(base, dtype=float), (len(self), 1))
        found[:, [list(parameters).index(name) for name in self.names]] = self.points
        return found


@dataclass(frozen=True, eq=False)
class Sample:
    """A design with what came of each of its points.

    quantity  what was measured
    outputs   (n,) its values, nan where there is none
    statuses  (n,) certified (a value), undefined (solved, but the quantity has no value there) or
              not certified (no equilibrium to measure at)

    Raises SampleError where lengths differ, or a value stands where the status says that there is none.
    """

    design: Design
    quantity: str
    outputs: np.ndarray
    statuses: tuple[Status, ...]

    def __post_init__(self) -> None:
        if self.outputs.shape != (len(self.design),) or len(self.statuses) != len(self.design):
            raise SampleError(
                f"{len(self.design)} points, {self.outputs.shape} outputs and {len(self.statuses)} statuses"
            )
        if set(self.statuses) - set(STATUSES):
            raise SampleError(f"no such status: {sorted(set(self.statuses) - set(STATUSES))}")
        if not np.array_equal(np.isfinite(self.outputs), self.good):
            raise SampleError("a point has a finite output if and only if its status is certified")

    @property
    def good(self) -> np.ndarray:
        """(n,) whether the point has a value that may be used."""
        return np.array([status == "certified" for status in self.statuses], dtype=bool)

    @property
    def counts(self) -> dict[str, int]:
        """Points by status, every status named."""
        return {status: Counter(self.statuses)[status] for status in STATUSES}

    @property
    def blocks(self) -> np.ndarray:
        """(blocks,) whether every point of the block has a value."""
        return np.asarray(self.good.reshape(-1, self.design.block).all(axis=1))

    def inputs(self) -> pd.DataFrame:
        """Certified points × parameters, in their own units; the index is the point's number."""
        import pandas as pd

        frame = pd.DataFrame(self.design.points, columns=list(self.design.names)).rename_axis("draw")
        return frame.loc[self.good]

    def table(self) -> pd.DataFrame:
        """All points: the parameters, then `output` and `status`."""
        import pandas as pd

        frame = pd.DataFrame(self.design.points, columns=list(self.design.names)).rename_axis("draw")
        return frame.assign(output=self.outputs, status=list(self.statuses))


def prior_draws(priors: PriorSet, *, size: int, seed: int) -> Design:
    """Independent draws from the priors. A longer design begins with the points of a shorter one."""
    drawn = np.random.default_rng(seed).normal(size=(size, len(priors)))
    return _at(priors, drawn, "draws")


def given_draws(priors: PriorSet, points: np.ndarray) -> Design:
    """Draws from elsewhere, such as a posterior: `points` (n, parameters) in their own units."""
    points = np.asarray(points, dtype=float)
    below = norm.cdf(np.array([scores(priors, row) for row in points]).reshape(points.shape))
    return Design("draws", priors.names, points, below)


def saltelli(priors: PriorSet, *, base: int, seed: int, second: bool = False) -> Design:
    """Saltelli's extension of a scrambled Sobol sequence, in the priors' quantiles (Saltelli et al. 2010).

    base    rows of the underlying sequence, a power of two; the design has base·(k + 2) points, with
            `second` base·(2k + 2)
    Raises SampleError for a base that is no power of two, and MissingExtra without SALib.
    """
    from tightrope.argument.extra import kept_apart, require

    if base < 2 or base & (base - 1):
        raise SampleError(f"{base} rows: the sequence is balanced only over a power of two, such as 64")
    require("SALib", library="SALib", what="Saltelli's design")
    from SALib.sample import sobol

    with kept_apart(seed):
        unit = sobol.sample(problem(len(priors)), base, calc_second_order=second, seed=seed)
    width = 2 * len(priors) + 2 if second else len(priors) + 2
    with np.errstate(divide="ignore"):
        drawn = norm.ppf(unit)
    return _at(priors, drawn, "saltelli", block=width, second=second)


def one_at_a_time(priors: PriorSet, at: np.ndarray, *, low: float = 0.1, high: float = 0.9) -> Design:
    """`at` (parameters of the priors,), then each parameter alone at its prior's low and high quantile.

    1 + 2k points: the base, and two a parameter in the order of the priors.
    """
    if not 0.0 < low < high < 1.0:
        raise SampleError(f"{low:g} and {high:g} are no low and high quantile")
    at = np.asarray(at, dtype=float)
    points = np.tile(at, (1 + 2 * len(priors), 1))
    for end, quantile in enumerate((low, high)):
        ends = values(priors, np.full(len(priors), norm.ppf(quantile)))
        for k, value in enumerate(ends):
            points[1 + 2 * k + end, k] = value
    below = norm.cdf(np.array([scores(priors, row) for row in points]))
    return Design("one at a time", priors.names, points, below)


def problem(size: int) -> dict[str, object]:
    """The unit cube as SALib describes it. Its own names: SALib forbids some endings that ours may have."""
    return {"num_vars": size, "names": [f"x{k}" for k in range(size)], "bounds": [[0.0, 1.0]] * size}


def _at(priors: PriorSet, drawn: np.ndarray, kind: Kind, *, block: int = 1, second: bool = False) -> Design:
    drawn = np.clip(drawn, -FARTHEST, FARTHEST)
    columns = [_column(prior, v) for prior, v in zip(priors.priors, drawn.T, strict=True)]
    return Design(kind, priors.names, np.stack(columns, axis=1), np.asarray(norm.cdf(drawn)), block, second)


def _column(prior: Prior, v: np.ndarray) -> np.ndarray:
    """Normal scores of one parameter to its own units, as `fit.priors.values` has them, all at once."""
    if prior.family == "normal":
        return np.asarray(prior.arguments[0] + prior.arguments[1] * v)
    if prior.family == "lognormal":
        return np.asarray(prior.arguments[0] * np.exp(prior.arguments[1] * v))
    law = distribution(prior)
    return np.asarray(np.where(v > 0, law.isf(norm.sf(v)), law.ppf(norm.cdf(v))))
