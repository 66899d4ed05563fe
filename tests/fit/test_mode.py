"""Climbs on densities that line searches stumble over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from tightrope.fit.mode import Mode, find_mode

TOP = np.array([1.0, -0.5, 0.3])


@dataclass
class Hill:
    """A normal density, all but zero far from its top: there it has no slope, or no certificate."""

    sharp: float
    edge: float
    slopeless: bool = False
    calls: int = 0
    failures: list[Any] = field(default_factory=list)

    def __call__(self, v: np.ndarray) -> tuple[float, np.ndarray]:
        self.calls += 1
        away = v - TOP
        if np.abs(v).max() > self.edge:
            lost = np.full(len(v), np.nan)
            if self.slopeless:
                return -0.5 * self.sharp * float(away @ away), lost
            self.failures.append(v)
            return float("nan"), lost
        return -0.5 * self.sharp * float(away @ away), -self.sharp * away


def climbed(hill: Hill, start: np.ndarray) -> Mode:
    return find_mode(hill, start, name="x", steps=60)  # type: ignore[arg-type]


@pytest.mark.parametrize("slopeless", [False, True])
@pytest.mark.parametrize("edge", [1.5, 3.0])
def test_a_steep_start_is_climbed_all_the_way(edge: float, slopeless: bool) -> None:
    """The first gradient points far beyond the edge; a climb that went there would come back and stop."""
    hill = Hill(sharp=60.0, edge=edge, slopeless=slopeless)
    found = climbed(hill, np.array([-1.2, 0.9, 0.0]))
    assert found.status == "converged"
    assert found.scores == pytest.approx(TOP, abs=2e-3)
    assert found.calls == hill.calls <= 40
    assert found.failures == len(hill.failures)


def test_no_evaluation_is_made_twice() -> None:
    hill = Hill(sharp=1.0, edge=9.0)
    found = climbed(hill, TOP + 0.3)
    assert found.status == "converged"
    assert hill.calls <= 4


def test_a_start_without_a_certificate_is_told() -> None:
    found = climbed(Hill(sharp=1.0, edge=0.1), np.array([-1.2, 0.9, 0.0]))
    assert found.status == "no certified start"
    assert (found.calls, found.failures) == (1, 1)
    assert np.isnan(found.log_posterior)
