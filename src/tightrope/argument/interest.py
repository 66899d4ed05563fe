"""Which draws of a sample show the outcome that is asked about; those without a value are never classed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tightrope.argument.sample import Sample, SampleError, TooFew

SAME = 1e-9
"""Values closer than this are equal, so that no draw is set apart by rounding."""
LEAST = 5
"""Fewer draws than this with the outcome, or without it, describe nothing."""


@dataclass(frozen=True, eq=False)
class Interest:
    """A sample and the draws in it that show the outcome.

    rule    the outcome in words, such as `merged_decade > 0.05`
    inside  (n,) whether the draw shows it; False also where the draw has no value
    """

    sample: Sample
    rule: str
    inside: np.ndarray

    def __post_init__(self) -> None:
        if self.inside.shape != self.sample.good.shape or (self.inside & ~self.sample.good).any():
            raise SampleError("an outcome is shown by certified draws only, one entry a draw")

    @property
    def labels(self) -> np.ndarray:
        """(certified,) 1 where a certified draw shows the outcome, else 0; in the order of `inputs()`."""
        return np.asarray(self.inside[self.sample.good], dtype=float)

    @property
    def share(self) -> float:
        """Share of certified draws that show it, nan without any."""
        return float(self.labels.mean()) if len(self.labels) else float("nan")

    def enough(self) -> Interest:
        """Itself. Raises TooFew with fewer than `LEAST` certified draws on either side."""
        yes = int(self.labels.sum())
        no = len(self.labels) - yes
        if min(yes, no) < LEAST:
            raise TooFew(
                f"{self.rule} in {yes} of {len(self.labels)} certified draws; at least {LEAST} with it and "
                f"{LEAST} without are needed to say what sets them apart"
            )
        return self


def above(sample: Sample, threshold: float) -> Interest:
    """Draws whose value lies above a threshold."""
    return Interest(
        sample, f"{sample.quantity} > {threshold:.4g}", _where(sample, sample.outputs > threshold)
    )


def below(sample: Sample, threshold: float) -> Interest:
    """Draws whose value lies below a threshold."""
    return Interest(
        sample, f"{sample.quantity} < {threshold:.4g}", _where(sample, sample.outputs < threshold)
    )


def highest(sample: Sample, share: float) -> Interest:
    """The draws with the highest values, this share of the certified ones.

    Raises TooFew without a certified draw, or where values differ by rounding alone.
    """
    if not 0.0 < share < 1.0:
        raise SampleError(f"{share:g} is no share of the draws; write one between 0 and 1")
    values = sample.outputs[sample.good]
    if not len(values):
        raise TooFew(f"no draw has a certified value of {sample.quantity}")
    if np.ptp(values) <= SAME:
        raise TooFew(f"{sample.quantity} is {values[0]:.6g} in every draw: none is higher than another")
    return above(sample, float(np.quantile(values, 1.0 - share)))


def shown(sample: Sample) -> Interest:
    """Draws whose value is not zero, for samples that say yes or no, such as whether a claim fails."""
    return Interest(sample, sample.quantity, _where(sample, sample.outputs != 0))


def _where(sample: Sample, condition: np.ndarray) -> np.ndarray:
    return np.asarray(condition & sample.good, dtype=bool)
